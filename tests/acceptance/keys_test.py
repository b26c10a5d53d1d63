"""The cluster's ssh key: in the cluster directory, in EC2, encrypted in the config bucket, in a real ssh-agent, on the nodes; on a
second machine, with bad input, and when runs are killed."""
import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import cluster
import world

BUCKET = f"{world.ACCOUNT}-harbor-config"
STORED = "keypairs/harbor.pem"


class Agent:
    """A real ssh-agent on a socket of its own; ended by its process id."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="agent-")
        self.socket = self.folder.name + "/socket"
        self.process = subprocess.Popen(["ssh-agent", "-D", "-a", self.socket], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self.socket)
                return
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("ssh-agent did not listen")
            select.select([], [], [], 0.02)

    def fingerprints(self):
        listed = subprocess.run(["ssh-add", "-l"], env=dict(os.environ, SSH_AUTH_SOCK=self.socket), capture_output=True, text=True)
        return re.findall(r"SHA256:\S+", listed.stdout)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class KeysTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.proxy = world.Proxy(cls.moto.endpoint)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.close()
        cls.moto.close()

    def setUp(self):
        self.proxy.before = self.proxy.after = None
        self.moto.reset()
        self.agent = Agent()
        self.addCleanup(self.agent.close)
        self.cluster = self.new_directory()
        self.terrace, self.directory = self.cluster.terrace, self.cluster.directory
        client = world.session(self.moto.endpoint)
        self.ec2, self.s3 = client("ec2"), client("s3")

    def new_directory(self):
        made = cluster.Cluster(self.proxy.endpoint)
        self.addCleanup(made.close)
        made.terrace.environment["SSH_AUTH_SOCK"] = self.agent.socket
        return made

    def bucket(self):
        self.terrace("up", "-auto-approve", "s3")

    def key(self, of=None):
        return (of or self.cluster).directory / "keys/harbor.pem"

    def fingerprint(self, of=None):
        """As ssh-keygen reads the private key."""
        return subprocess.run(["ssh-keygen", "-l", "-f", self.key(of)], capture_output=True, text=True, check=True).stdout.split()[1]

    def pairs(self):
        return {pair["KeyName"]: pair["PublicKey"] for pair in self.ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]}

    def stored(self):
        found = self.s3.get_object(Bucket=BUCKET, Key=STORED)
        self.assertEqual(found["ServerSideEncryption"], "aws:kms")
        return found["Body"].read().decode()

    def where(self, code=0, of=None):
        return json.loads((of or self.cluster).terrace("keys", "exists", "-json", expect=code))

    def refused(self, *command, words, of=None):
        output = " ".join((of or self.cluster).terrace("keys", *command, expect=1).split())
        for word in words:
            self.assertIn(word, output)

    def assert_whole(self):
        public = subprocess.run(["ssh-keygen", "-y", "-f", self.key()], capture_output=True, text=True, check=True).stdout.split()[:2]
        self.assertEqual(self.pairs()["harbor"].split()[:2], public)
        self.assertEqual(pathlib.Path(str(self.key()) + ".pub").read_text().split()[:2], public)
        self.assertEqual(self.stored(), self.key().read_text())
        self.assertEqual(stat.S_IMODE(self.key().stat().st_mode), 0o600)
        self.assertEqual(self.agent.fingerprints(), [self.fingerprint()])
        self.assertEqual(self.where(), {"name": "harbor", "file": "keys/harbor.pem", "key_pair_id": self.where()["key_pair_id"],
                                        "key_pair_is_same": True, "stored": True, "stored_is_same": True,
                                        "fingerprint": self.fingerprint()})

    def test_a_whole_life(self):
        self.bucket()
        self.assertEqual(self.where(1)["file"], None)
        self.refused("add", words=["There is no key to add", "terrace keys create"])
        self.assertIn("There is no key", self.terrace("keys", "delete"))
        self.assertIn("is ready", self.terrace("keys", "create"))
        self.assert_whole()
        before = self.key().read_text()
        self.terrace("keys", "create")
        self.assertEqual(self.key().read_text(), before)
        self.assert_whole()
        self.assertIn("*.pem", (self.directory / ".gitignore").read_text().split())

        self.refused("delete", words=["Nothing was deleted"])
        self.assert_whole()
        self.terrace("keys", "delete", "-auto-approve")
        self.assertEqual(list((self.directory / "keys").iterdir()), [])
        self.assertEqual((self.pairs(), self.agent.fingerprints()), ({}, []))
        # No version of the object is left, so that the bucket can go.
        versions = self.s3.list_object_versions(Bucket=BUCKET)
        self.assertEqual(versions.get("Versions", []) + versions.get("DeleteMarkers", []), [])
        self.terrace("down", "-auto-approve", "s3")
        self.assertIn("There is no key", self.terrace("keys", "delete"))

    def test_before_there_is_a_bucket(self):
        self.assertIn("the stack s3 was never created", self.terrace("keys", "exists", expect=1))
        self.assertIn("The config bucket was never created", self.terrace("keys", "create"))
        self.assertEqual(self.where(1)["stored"], False)
        self.bucket()
        self.assertIn("missing", self.terrace("keys", "exists", expect=1))
        self.terrace("keys", "create")
        self.assert_whole()

    def test_a_second_machine_fetches_the_key(self):
        self.bucket()
        self.terrace("keys", "create")
        other = self.new_directory()
        shutil.copytree(self.directory / "stacks/s3", other.directory / "stacks/s3", dirs_exist_ok=True)  # its state, too
        self.refused("add", of=self.new_directory(), words=["There is no key to add"])  # without that, nobody knows of the bucket
        other.terrace("keys", "add")
        self.assertEqual(self.key(other).read_text(), self.key().read_text())
        self.assertEqual(stat.S_IMODE(self.key(other).stat().st_mode), 0o600)
        self.assertEqual(self.where(of=other)["fingerprint"], self.fingerprint())
        other.terrace("keys", "create")
        self.assert_whole()

    def test_different_keys_are_told_apart(self):
        self.bucket()
        self.terrace("keys", "create")
        right = self.key().read_text()
        for path in (self.key(), pathlib.Path(str(self.key()) + ".pub")):
            path.unlink()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key()], check=True)
        self.assertIn("another key", self.terrace("keys", "exists", expect=1))
        self.assertEqual((self.where(1)["key_pair_is_same"], self.where(1)["stored_is_same"]), (False, False))
        self.refused("create", words=["EC2 has another key", "Move that file away"])
        self.assertEqual(self.stored(), right)
        self.ec2.delete_key_pair(KeyName="harbor")
        self.refused("create", words=["Two different keys", f"s3://{BUCKET}/{STORED}"])
        self.assertEqual((self.stored(), self.pairs()), (right, {}))
        self.key().unlink()
        self.terrace("keys", "create")
        self.agent.close()
        self.assertEqual(self.key().read_text(), right)

    def test_a_pair_whose_private_half_is_elsewhere(self):
        self.ec2.create_key_pair(KeyName="harbor")
        self.refused("create", words=["The private key is elsewhere", "terrace keys delete"])
        self.assertFalse(self.key().exists())
        self.terrace("keys", "delete", "-auto-approve")
        self.terrace("keys", "create")

    def test_a_file_that_is_no_key(self):
        self.key().parent.mkdir()
        self.key().write_text("nonsense")
        self.refused("create", words=["The private key can't be read", "keys/harbor.pem is no private key"])
        self.assertEqual((self.pairs(), self.key().read_text()), ({}, "nonsense"))

    def test_without_an_agent(self):
        del self.terrace.environment["SSH_AUTH_SOCK"]
        self.assertIn("No ssh-agent is running", self.terrace("keys", "create"))
        self.refused("add", words=["No ssh-agent is running", "eval $(ssh-agent)"])
        self.terrace.environment["SSH_AUTH_SOCK"] = str(self.directory / "nobody")
        self.refused("add", words=["The ssh-agent did not take the key"])

    def test_no_secret_leaves(self):
        self.bucket()
        self.terrace.environment.update(TF_LOG="trace", TF_LOG_PATH=str(self.directory / "log"))
        output = self.terrace("keys", "create") + self.terrace("keys", "exists") + self.terrace("keys", "exists", "-json")
        log = (self.directory / "log").read_text()
        self.assertIn("PutObject", log)
        for text in (output, log):
            self.assertNotIn("PRIVATE KEY", text)
            for line in self.key().read_text().split("\n")[1:-2]:
                self.assertNotIn(line, text)

    def test_nodes_get_the_key(self):
        self.terrace("keys", "create")
        self.terrace("up", "-auto-approve", "etcd")
        template, = self.ec2.describe_launch_template_versions(LaunchTemplateName="harbor-etcd", Versions=["$Latest"])["LaunchTemplateVersions"]
        self.assertEqual(template["LaunchTemplateData"]["KeyName"], "harbor-etcd")
        self.assertEqual(self.pairs()["harbor-etcd"].split()[:2], self.pairs()["harbor"].split()[:2])
        self.terrace("plan", "-detailed-exitcode", "etcd", expect=0)

    def test_the_session_lock_is_honoured(self):
        self.bucket()
        lock = {"id": "1", "who": "ada@tower", "created": "2026-01-01T00:00:00Z", "why": "rolling etcd"}
        self.s3.put_object(Bucket=BUCKET, Key="session-lock.json", Body=json.dumps(lock).encode())
        for command in (("create",), ("delete", "-auto-approve")):
            self.refused(*command, words=["ada@tower", "rolling etcd", "Nothing was changed"])
        self.where(1)
        self.assertFalse(self.key().exists())

    def test_two_at_once_make_one_key(self):
        self.bucket()
        other = self.new_directory()
        shutil.copytree(self.directory / "stacks/s3", other.directory / "stacks/s3", dirs_exist_ok=True)
        both_looked = threading.Barrier(2)

        def meet(_, request):
            if request.operation == "ImportKeyPair":
                both_looked.wait(60)

        self.proxy.before = meet
        runs = [self.terrace.start("keys", "create"), other.terrace.start("keys", "create")]
        outputs = [run.communicate(timeout=60)[0] for run in runs]
        self.proxy.before = None
        codes = [run.returncode for run in runs]
        self.assertEqual(sorted(codes), [0, 1], outputs)
        won, lost = (self.cluster, other) if codes[0] == 0 else (other, self.cluster)
        self.assertEqual(self.stored(), self.key(won).read_text())
        self.refused("create", of=lost, words=["EC2 has another key", "Move that file away"])
        self.key(lost).unlink()
        lost.terrace("keys", "create")
        self.assertEqual(self.key(lost).read_text(), self.key(won).read_text())

    def test_killed_at_any_request_goes_on(self):
        self.bucket()
        for command in (("create",), ("delete", "-auto-approve")):
            for moment in ("before", "after"):
                for point in range(1, 100):
                    self.proxy.before = self.proxy.after = None
                    self.terrace("keys", "delete", "-auto-approve")
                    if command[0] == "delete":
                        self.terrace("keys", "create")
                    process, started = None, len(self.proxy.requests)

                    def kill(index, _):
                        if process is not None and index - started == point:
                            process.kill()

                    setattr(self.proxy, moment, kill)
                    process = self.terrace.start("keys", *command)
                    process.communicate(timeout=60)
                    self.proxy.before = self.proxy.after = None
                    if process.returncode == 0:
                        break
                    self.assertEqual(process.returncode, -9)
                    self.terrace("keys", *command)
                    if command[0] == "create":
                        self.assert_whole()
                    else:
                        self.assertEqual((self.pairs(), self.where(1)["file"], self.where(1)["stored"]), ({}, None, False))
                self.assertGreater(point, 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
