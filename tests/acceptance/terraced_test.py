"""terraced on etcd nodes: real etcd with certificates of its own on loopback addresses, against an emulated AWS."""
import json
import os
import pathlib
import signal
import ssl
import stat
import subprocess
import tempfile
import unittest

import cluster
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

    def launch_workers(self, size):
        self.account.make_group("worker", size)
        workers = [nodes.Node(self.account, "worker", instance, address, self.folder.name)
                   for instance, address in self.account.instances("worker").items()]
        for worker in workers:
            self.addCleanup(worker.close)
            worker.start()
        return workers

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

    def test_etcd_as_a_unit_of_systemds_outlives_terraced(self):
        self.account.make_group("etcd", 1)
        (instance, address), = self.account.instances("etcd").items()
        node = self.nodes[instance] = nodes.Node(self.account, "etcd", instance, address, self.folder.name)
        self.addCleanup(node.close)
        systemd = nodes.Systemd(node)
        self.addCleanup(systemd.close)
        node.start("etcd", "systemd", systemd.path)
        self.all_vote()
        nodes.Etcd(node).put("a", "1")
        pid = systemd.pid()
        self.assertIsNone(node.etcd_pid(), "it is no child of terraced")
        self.assertEqual(node.end(), 0)
        self.assertEqual(nodes.Etcd(node).get("a"), "1")

        # Another terraced takes it as it is, and starts it where it has ended.
        node.start("etcd", "systemd", systemd.path)
        nodes.until("the node is well", node.healthy)
        self.assertEqual(systemd.pid(), pid)
        os.kill(pid, signal.SIGKILL)
        nodes.until("etcd runs again", lambda: systemd.pid() not in (None, pid))
        self.all_vote()
        self.assertEqual(nodes.Etcd(node).get("a"), "1")
        self.assertEqual({line.split()[-1] for line in systemd.asked()}, {"terrace-etcd.service"})

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

    def test_a_worker_reaches_etcd_without_knowing_its_members(self):
        worker, = self.launch_workers(1)  # before there is a cluster
        self.launch(3)
        nodes.until("the worker is well", worker.healthy)
        local = nodes.LocalEtcd(worker)
        local.put("a", "1")
        self.assertEqual(local.get("a"), "1")
        grpc = subprocess.run(["etcdctl", f"--endpoints={worker.address}:2399", "get", "--print-value-only", "a"], text=True,
                              capture_output=True, timeout=30, env={"PATH": os.environ["PATH"], "ETCDCTL_API": "3"})
        self.assertEqual(grpc.stdout, "1\n", grpc.stderr)

        # Whichever member is away, the endpoint goes to another.
        for node in self.nodes.values():
            node.end()
            nodes.until("a write through the worker", lambda: self.writes(local, node.instance), 30)
            node.start("etcd")
            self.all_vote()

        # What the leader's node publishes.
        everyone = sorted([*self.nodes, worker.instance])
        machines = nodes.until("everybody is registered", lambda: self.registry() if sorted(self.registry()) == everyone else None)
        self.assertEqual(machines[worker.instance]["address"], worker.address)
        self.assertEqual(machines[worker.instance]["metadata"], {
            "env": nodes.CLUSTER, "platform": "ec2", "provider": "aws", "region": world.REGION, "role": "worker",
            "zone": world.REGION + "a"})
        status = nodes.until("the state is published", lambda: self.status() if len(self.status().get("members", [])) == 3 else None)
        self.assertEqual({each["name"] for each in status["members"]}, set(self.nodes))
        nodes.until("each node is well", lambda: all(node.healthy() for node in self.nodes.values()))
        told = subprocess.run([nodes.TERRACED, "status", f"-root={worker.root}"], capture_output=True, text=True, timeout=30)
        self.assertEqual((told.returncode, json.loads(told.stdout)["healthy"]), (0, True), told.stderr)
        metrics = worker.page("/metrics")[1]
        self.assertIn("\nterraced_etcd_reached 1\n", metrics)
        self.assertIn("# TYPE terraced_endpoint_connections_total counter", metrics)

        # A worker's certificate is for clients alone, and a request in another's name gets none.
        certificate = subprocess.run(["openssl", "x509", "-in", worker.root / "var/lib/terrace/tls/node.pem", "-noout", "-text"],
                                     capture_output=True, text=True, check=True).stdout
        self.assertIn(worker.instance, certificate)
        self.assertNotIn("TLS Web Server Authentication", certificate)
        self.account.s3.put_object(Bucket=self.account.bucket, Key="etcd/requests/AROA:i-0stranger", Body=b"a request")
        nodes.until("the request of a stranger is refused", lambda: not self.account.keys("etcd/requests/"))
        self.assertIsNone(self.account.object("etcd/certificates/i-0stranger.pem"))

    def test_an_operator_takes_snapshots_and_goes_back_to_one(self):
        operator = cluster.Cluster(self.moto.endpoint)
        self.addCleanup(operator.close)
        terrace = operator.terrace
        self.assertIn("no cluster has formed", terrace("etcd", "status", expect=1))
        self.launch(1)
        node, = self.nodes.values()
        etcd = nodes.Etcd(node)
        etcd.put("a", "1")
        snapshot = terrace("etcd", "backup").strip()
        self.assertTrue(snapshot.startswith(f"s3://{self.account.bucket}/etcd/snapshots/"), snapshot)
        self.assertIsNone(self.account.object("etcd/backup.json"))
        name = snapshot.rsplit("/", 1)[1]
        self.assertIn(name, terrace("etcd", "snapshots"))
        status = terrace("etcd", "status")
        self.assertIn("1 of 1 members healthy", status)
        self.assertRegex(status, f"{node.instance} .* leader +healthy +3\\.")
        before = json.loads(terrace("etcd", "members", "-json"))["cluster_id"]

        etcd.put("a", "2")
        self.assertIn("There is no snapshot", terrace("etcd", "restore", "-auto-approve", "yesterday.db", expect=1))
        self.assertIn("Restore cancelled", terrace("etcd", "restore", name, expect=1))
        self.assertEqual(etcd.get("a"), "2")
        terrace("etcd", "restore", "-auto-approve", name)
        nodes.until("the snapshot is what etcd holds", lambda: nodes.voters(node) == {node.instance} and self.reads(etcd, "a") == "1")
        nodes.until("the new cluster is published", lambda: self.status()["cluster_id"] != before)
        self.assertTrue((node.root / "var/lib/etcd/previous/data/member").is_dir())

    def reads(self, etcd, key):
        try:
            return etcd.get(key)
        except OSError:
            return None

    def writes(self, etcd, value):
        try:
            etcd.put("b", value)
            return etcd.get("b") == value
        except OSError:
            return False

    def registry(self):
        text = self.account.object("etcd/machines.json")
        return {each["id"]: each for each in json.loads(text)["machines"]} if text else {}

    def status(self):
        text = self.account.object("etcd/status.json")
        return json.loads(text) if text else {}

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

    def test_status_says_that_nothing_runs(self):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root, "etc/terrace/node.json")
            file.parent.mkdir(parents=True)
            file.write_text('{"health": "127.0.0.1:1"}')
            result = self.run_with("status", f"-root={root}")
        self.assertEqual(result.returncode, 1)
        self.assertIn('does "terraced run" run?', result.stderr)

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
