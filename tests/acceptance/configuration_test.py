"""terraced keeps a node to its configuration and its applications: read from where the user-data says, written where it differs, the
last good one kept."""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import nodes
import world

CONFIGURATION = "worker/ignition.json"


def inline(text):
    return {"source": "data:;base64," + base64.b64encode(text.encode()).decode()}


class OneNode(unittest.TestCase):
    def setUp(self):
        self.moto = world.Moto()
        self.addCleanup(self.moto.close)
        self.folder = tempfile.TemporaryDirectory(prefix="configuration-")
        self.addCleanup(self.folder.cleanup)
        self.account = nodes.Account(self.moto)
        self.node = nodes.Node(self.account, "worker", "i-0123456789abcdef0", "127.9.9.9", self.folder.name)
        self.addCleanup(self.node.close)
        self.node.metadata.documents["/latest/user-data"] = json.dumps({
            "ignition": {"version": "3.3.0", "config": {"replace": {"source": f"s3://{self.account.bucket}/{CONFIGURATION}"}}}})

    def path(self, path):
        return self.node.root / path.lstrip("/")

    def configure(self, files, units=(), **rest):
        text = json.dumps({"ignition": {"version": "3.3.0"}, "storage": {"files": files}, "systemd": {"units": list(units)}, **rest})
        self.account.s3.put_object(Bucket=self.account.bucket, Key=CONFIGURATION, Body=text.encode())
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def bootstrap(self, endpoint=None, supervisor="process", path=os.environ["PATH"]):
        environment = {"PATH": path, "AWS_ENDPOINT_URL": endpoint or self.moto.endpoint,
                       "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.node.metadata.endpoint}
        return subprocess.run([nodes.TERRACED, "bootstrap", f"-root={self.node.root}", f"-supervisor={supervisor}"], env=environment, text=True,
                              capture_output=True, timeout=60)


class Bootstrap(OneNode):
    def test_what_differs_is_written_and_what_went_away_is_removed(self):
        archive = os.urandom(3000)
        self.account.s3.put_object(Bucket=self.account.bucket, Key="worker/tool", Body=archive)
        tool = {"path": "/opt/tool", "mode": 0o755, "contents": {
            "source": f"s3://{self.account.bucket}/worker/tool", "verification": {"hash": "sha512-" + hashlib.sha512(archive).hexdigest()}}}
        old, mine = {"path": "/etc/old", "contents": inline("old\n")}, {"path": "/etc/mine", "contents": inline("theirs\n")}
        hook = {"path": "/etc/terrace/hooks.d/10-note", "contents": inline(f"echo ran >> {self.node.root}/hooks\n")}
        unit = {"name": "a.service", "enabled": True, "contents": "[Unit]\n", "dropins": [{"name": "10-more.conf", "contents": "[Service]\n"}]}
        self.configure([tool, old, mine, hook, {"path": "/etc/secret", "mode": 0o600, "contents": inline("s")}], [unit],
                       passwd={"users": [{"name": "core", "sshAuthorizedKeys": ["ssh-ed25519 AAAA me"]}]})
        done = self.bootstrap()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.path("/opt/tool").read_bytes(), archive)
        self.assertEqual(self.path("/opt/tool").stat().st_mode & 0o777, 0o755)
        self.assertEqual(self.path("/etc/secret").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.path("/etc/systemd/system/a.service.d/10-more.conf").read_text(), "[Service]\n")
        self.assertEqual(self.path("/home/core/.ssh/authorized_keys.d/ignition").read_text(), "ssh-ed25519 AAAA me\n")
        self.assertEqual(self.path("/hooks").read_text(), "ran\n")

        # Again: nothing is written, no hook runs.
        before = self.path("/etc/old").stat().st_ino
        done = self.bootstrap()
        self.assertIn("the node is as configuration", done.stderr)
        self.assertEqual((self.path("/etc/old").stat().st_ino, self.path("/hooks").read_text()), (before, "ran\n"))

        # What somebody broke is mended; what the configuration no longer has goes, but not what somebody changed.
        self.path("/opt/tool").write_bytes(b"broken")
        self.path("/etc/mine").write_text("mine\n")
        version = self.configure([tool, hook])
        done = self.bootstrap()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.path("/opt/tool").read_bytes(), archive)
        self.assertFalse(self.path("/etc/old").exists())
        self.assertEqual(self.path("/etc/mine").read_text(), "mine\n")
        self.assertFalse(self.path("/etc/systemd/system/a.service").exists())
        self.assertEqual(self.path("/hooks").read_text(), "ran\nran\n", "once more for another version")
        self.assertIn(version, done.stderr)

    def test_the_last_good_configuration_stays(self):
        self.configure([{"path": "/etc/a", "contents": inline("good\n")}])
        self.assertEqual(self.bootstrap().returncode, 0)
        for broken, words in [
                ([{"path": "/etc/a", "contents": {"source": "https://example.com/a"}}], "storage.files[0].contents.source: only data: and s3:"),
                ([{"path": "/etc/a", "contents": inline("new"), "append": [inline("more")]}], "storage.files[0].append"),
                ([{"path": "/etc/../../a"}], "no absolute path")]:
            self.configure(broken)
            done = self.bootstrap()
            self.assertIn(words, done.stderr)
            self.assertIn("the last good configuration counts", done.stderr)
            self.assertEqual(self.path("/etc/a").read_text(), "good\n")
        # Something else than was promised: nothing of it is written.
        self.configure([{"path": "/etc/first", "contents": inline("x")},
                        {"path": "/etc/a", "contents": {**inline("forged"), "verification": {"hash": "sha512-" + "0" * 128}}}])
        done = self.bootstrap()
        self.assertEqual(done.returncode, 1)
        self.assertIn("/etc/a: what the configuration holds has another SHA-512", done.stderr)
        self.assertFalse(self.path("/etc/first").exists())
        # S3 is away: a disk that was wiped in part is put right from what is kept.
        self.path("/etc/a").unlink()
        done = self.bootstrap("http://127.0.0.1:1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.path("/etc/a").read_text(), "good\n")

    def test_units_that_changed_are_restarted_but_never_etcd_under_its_members(self):
        tools = pathlib.Path(self.folder.name, "bin")
        tools.mkdir()
        (tools / "systemctl").write_text(f'#!/bin/sh\necho "$*" >> {self.folder.name}/asked\n')
        (tools / "systemctl").chmod(0o755)
        asked = lambda: pathlib.Path(self.folder.name, "asked").read_text().splitlines()  # noqa: E731
        unit = lambda name, text, **more: {"name": name, "contents": text, **more}  # noqa: E731
        drop_in = {"name": "docker.service", "dropins": [{"name": "10.conf", "contents": "[Service]\n"}]}
        path = f"{tools}:{os.environ['PATH']}"
        self.configure([], [unit("a.service", "[Unit]\n", enabled=True), drop_in])
        self.assertEqual(self.bootstrap(supervisor="systemd", path=path).returncode, 0)
        self.assertEqual(asked(), ["daemon-reload", "enable a.service", "restart a.service", "restart docker.service"])
        pathlib.Path(self.folder.name, "asked").unlink()
        drop_in["dropins"][0]["contents"] = "[Service]\nLimitCORE=0\n"
        self.configure([{"path": "/etc/terrace/etcd.env", "contents": inline("A=1\n")}],
                       [unit("a.service", "[Unit]\nAfter=b\n"), drop_in, unit("terrace-etcd.service", "[Unit]\n")])
        done = self.bootstrap(supervisor="systemd", path=path)
        self.assertEqual(asked(), ["daemon-reload", "restart a.service", "restart --no-block terraced.service"])
        for name in ("docker.service", "terrace-etcd.service"):
            self.assertIn(f"{name} has changed and waits for the next reboot", done.stderr)

    def test_a_node_without_any_says_so(self):
        done = self.bootstrap()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"s3://{self.account.bucket}/{CONFIGURATION} is not there", done.stderr)
        del self.node.metadata.documents["/latest/user-data"]
        self.assertIn("this instance has no user-data", self.bootstrap().stderr)
        self.node.metadata.documents["/latest/user-data"] = "#cloud-config\n"
        self.assertIn("user-data: it is not a JSON object", self.bootstrap().stderr)

    def test_a_running_node_takes_it_up_when_the_operator_says_so(self):
        self.configure([{"path": "/etc/a", "contents": inline("one\n")}])
        self.node.start("run")
        nodes.until("the first is taken up on boot", lambda: self.path("/etc/a").exists())
        version = self.configure([{"path": "/etc/a", "contents": inline("two\n")}])
        self.account.s3.put_object(Bucket=self.account.bucket, Key="worker/apply.json", Body=json.dumps({"version": version}).encode())
        nodes.until("the second is taken up at once", lambda: self.path("/etc/a").read_text() == "two\n")
        self.assertIn(f"the operator asks for configuration {version}", self.node.said())


class Applications(OneNode):
    def git(self, *words):
        subprocess.run(["git", "-C", self.folder.name, "-c", "user.name=a", "-c", "user.email=a@example.com", *words], check=True,
                       capture_output=True)

    def commit(self, text):
        path = pathlib.Path(self.folder.name, "repository", "app")
        path.write_text(text)
        for words in (["add", "app"], ["commit", "-qm", text]):
            self.git("-C", "repository", *words)

    def sync(self, apps, until):
        self.path("/etc/terrace/node.json").write_text(json.dumps({"apps": apps, "apps_branch": "main", "apps_folder": "/apps"}))
        self.node.start("sync")
        nodes.until("the applications are there", until)
        self.assertEqual(self.node.end(), 0)

    def current(self):
        path = self.path("/apps/current/app")
        return path.read_text() if path.exists() else None

    def test_a_git_repository_is_followed_version_by_version(self):
        self.git("init", "-qb", "main", "repository")
        repository = f"file://{self.folder.name}/repository"
        for text in ("one", "two", "three"):
            self.commit(text)
            self.sync(repository, lambda: self.current() == text)  # noqa: B023
        releases = [path.name for path in self.path("/apps/releases").iterdir()]
        self.assertEqual(len(releases), 2, "the one that counts, and the one before")
        self.assertFalse(self.path("/apps/current/.git").exists())
        # It is away: the last good one stays.
        pathlib.Path(self.folder.name, "repository").rename(pathlib.Path(self.folder.name, "elsewhere"))
        self.sync(repository, lambda: "the last good version stays" in self.node.said())
        self.assertEqual(self.current(), "three")

    def test_an_s3_prefix_is_followed_and_leads_nowhere_else(self):
        put = lambda key, text: self.account.s3.put_object(Bucket=self.account.bucket, Key=key, Body=text.encode())  # noqa: E731
        put("apps/app", "one")
        put("apps/more/deep", "deep")
        put("apps/../etc/passwd", "no")
        prefix = f"s3://{self.account.bucket}/apps/"
        self.sync(prefix, lambda: self.current() == "one")
        self.assertEqual(self.path("/apps/current/more/deep").read_text(), "deep")
        self.assertFalse(list(self.path("/apps").rglob("passwd")))
        put("apps/app", "two")
        self.account.s3.delete_object(Bucket=self.account.bucket, Key="apps/more/deep")
        self.sync(prefix, lambda: self.current() == "two")
        self.assertFalse(self.path("/apps/current/more").exists())

    def test_a_deploy_key_that_is_not_there_is_named(self):
        self.sync("git@git.example.com:apps.git", lambda: "the deploy key, parameter /harbor/apps/deploy-key" in self.node.said())
        self.path("/etc/terrace/node.json").write_text("{}")
        self.node.start("sync")
        self.assertEqual(self.node.process.wait(30), 1)
        self.assertIn("there is no application repository", self.node.said())


if __name__ == "__main__":
    unittest.main()
