"""terraced on etcd nodes: real etcd with certificates of its own on loopback addresses, against an emulated AWS."""
import os
import pathlib
import signal
import ssl
import stat
import subprocess
import tempfile
import unittest

import nodes
import world


class EtcdNodes(unittest.TestCase):
    def setUp(self):
        self.moto = world.Moto()
        self.addCleanup(self.moto.close)
        self.folder = tempfile.TemporaryDirectory(prefix="terraced-")
        self.addCleanup(self.folder.cleanup)
        self.account = nodes.Account(self.moto)
        self.nodes = {}

    def launch(self, size):
        self.account.make_group("etcd", size)
        for instance, address in self.account.instances("etcd").items():
            self.nodes[instance] = nodes.Node(self.account, "etcd", instance, address, self.folder.name)
            self.addCleanup(self.nodes[instance].close)
        for node in self.nodes.values():
            node.start("etcd")
        self.all_vote()

    def all_vote(self):
        names = set(self.nodes)
        try:
            nodes.until(f"{names} are the voters, seen by each",
                        lambda: all(nodes.voters(node) == names for node in self.nodes.values()), 90)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(node.said()[-4000:] for node in self.nodes.values())) from None

    def published(self):
        return ",".join(f"{n.instance}=https://{n.address}:2380" for _, n in sorted(self.nodes.items())) + "\n"

    def test_one_node_forms_a_cluster_of_one(self):
        self.launch(1)
        node, = self.nodes.values()
        nodes.until("the membership is published", lambda: self.account.object("etcd/initial-cluster") == self.published())
        nodes.Etcd(node).put("a", "1")
        self.assertEqual(node.end(), 0)
        self.assertIsNone(node.etcd_pid())
        node.start("etcd")
        self.all_vote()
        self.assertEqual(nodes.Etcd(node).get("a"), "1")

    def test_three_nodes_form_one_cluster_and_each_may_be_lost(self):
        self.launch(3)
        one, two, three = self.nodes.values()
        nodes.until("the membership is published", lambda: self.account.object("etcd/initial-cluster") == self.published())
        self.assertIn('"cluster_id"', self.account.object("etcd/cluster.json"))
        self.assertTrue(self.account.keys("etcd/snapshots/"), "a snapshot before each join")
        nodes.Etcd(one).put("a", "1")
        before = {name: member["ID"] for name, member in nodes.Etcd(one).members().items()}

        # etcd killed: it comes back with its data, as the same member.
        pid = two.etcd_pid()
        os.kill(pid, signal.SIGKILL)
        nodes.until("etcd runs again", lambda: two.etcd_pid() not in (None, pid))
        self.all_vote()
        self.assertEqual({name: member["ID"] for name, member in nodes.Etcd(two).members().items()}, before)
        self.assertEqual(nodes.Etcd(two).get("a"), "1")

        # The agent killed: etcd goes with it and comes with it.
        two.end(signal.SIGKILL)
        nodes.Etcd(one).put("a", "2")
        two.start("etcd")
        self.all_vote()
        self.assertEqual(nodes.Etcd(two).get("a"), "2")

        # Its data lost: it comes back as another member, a learner at first.
        three.end()
        three.wipe()
        three.start("etcd")
        self.all_vote()
        after = {name: member["ID"] for name, member in nodes.Etcd(one).members().items()}
        self.assertNotEqual(after[three.instance], before[three.instance])
        self.assertEqual(after[one.instance], before[one.instance])
        self.assertIn("promote-me", three.said())
        self.assertEqual(nodes.Etcd(three).get("a"), "2")

        self.nobody_without_a_certificate_is_heard(one)
        self.no_secret_shows()

    def nobody_without_a_certificate_is_heard(self, node):
        etcd = nodes.Etcd(node)
        etcd.context = ssl.create_default_context(cafile=str(node.root / "var/lib/terrace/tls/ca.pem"))
        with self.assertRaises(OSError):
            etcd.members()

    def no_secret_shows(self):
        ca = self.account.client("ssm").get_parameter(Name="/harbor/etcd/ca", WithDecryption=True)["Parameter"]
        self.assertEqual(ca["Type"], "SecureString")
        secrets = [line for line in ca["Value"].splitlines() if not line.startswith("-----")] + ["role-secret-key", "role-session-token"]
        for node in self.nodes.values():
            secrets += [line for line in (node.root / "var/lib/terrace/tls/node.key").read_text().splitlines()
                        if not line.startswith("-----")]
        public = ca["Value"].split("-----BEGIN PRIVATE KEY")[0]
        secrets = [secret for secret in secrets if len(secret) > 8 and secret not in public]
        for node in self.nodes.values():
            for pid in (node.process.pid, node.etcd_pid()):
                shown = pathlib.Path(f"/proc/{pid}/environ").read_text() + pathlib.Path(f"/proc/{pid}/cmdline").read_text()
                self.assertFalse([secret for secret in secrets if secret in shown])
            for path in node.root.rglob("*"):
                if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
                    text = path.read_bytes().decode("latin-1")
                    self.assertFalse([secret for secret in secrets if secret in text], path)


class CommandLine(unittest.TestCase):
    def run_with(self, *arguments, **variables):
        return subprocess.run([nodes.TERRACED, *arguments], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], **variables})

    def test_what_is_wrong_is_said(self):
        for arguments, words in [(["fly"], "there is no command fly"), (["run", "-supervisor=cron"], "systemd or process"),
                                 (["run", "-speed=9"], "no option -speed"), ([], "which command?")]:
            result = self.run_with(*arguments)
            self.assertEqual(result.returncode, 1)
            self.assertIn(words, result.stderr)

    def test_a_broken_node_file_ends_the_run(self):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, "etc/terrace/node.json")
            file.parent.mkdir(parents=True)
            for text, words in [("{", "not JSON"), ('{"colour": "red"}', "is no setting"), ('{"role": 7}', "must be a string")]:
                file.write_text(text)
                result = self.run_with("run", f"-root={root}")
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertIn("node.json", result.stderr)
                self.assertIn(words, result.stderr)


if __name__ == "__main__":
    unittest.main()
