"""What an operator does to nodes: their configuration shown, compared and pushed; the nodes replaced in turn; the registry of
machines; the trail; and differences as patches show them. Each also where the stack was never created, and with bad input."""
import datetime
import json
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import cluster
import world

BUCKET = f"{world.ACCOUNT}-harbor-cloudinit"


def wait_for(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        threading.Event().wait(0.05)


class Operator(unittest.TestCase):
    values = ""
    stacks = cluster.FIVE
    up = ["all"]

    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.addClassCleanup(cls.moto.close)
        cls.cluster = cluster.Cluster(cls.moto.endpoint, cls.values, cls.stacks)
        cls.addClassCleanup(cls.cluster.close)
        if cls.up:
            cls.cluster.terrace("up", "-auto-approve", *cls.up)
        client = world.session(cls.moto.endpoint)
        cls.s3, cls.autoscaling, cls.ec2 = client("s3"), client("autoscaling"), client("ec2")

    def terrace(self, *arguments, expect=0):
        return self.cluster.terrace(*arguments, expect=expect)

    def stored(self, role):
        return self.s3.get_object(Bucket=BUCKET, Key=f"{role}/ignition.json")

    def group(self, role):
        return self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[f"harbor-{role}"])["AutoScalingGroups"][0]

    def nodes(self, role):
        return {i["InstanceId"]: i["LaunchTemplate"]["Version"] for i in self.group(role)["Instances"]}


class ConfigTest(Operator):
    def test_show_prints_files_and_units_by_name(self):
        shown = self.terrace("config", "show", "worker")
        self.assertIn(f"s3://{BUCKET}/worker/ignition.json", shown)
        self.assertIn("==== /etc/terrace/node.env (mode 644)\n", shown)
        self.assertIn("TERRACE_ROLE=worker\n", shown)
        self.assertIn("==== unit opt-data.mount (enabled)\n[Unit]\n", shown)
        self.assertEqual(json.loads(self.terrace("config", "show", "-json", "worker")), json.loads(self.stored("worker")["Body"].read()))

    def test_a_change_is_shown_pushed_and_touches_nothing_else(self):
        self.assertIn("is as the files have it", self.terrace("config", "diff", "worker"))
        before, etag = self.nodes("worker"), self.stored("etcd")["ETag"]
        motd = self.cluster.directory / "nodes" / "worker" / "files" / "etc" / "motd"
        motd.write_text("Welcome to ${cluster_name}.\n")
        self.addCleanup(self.push_without, motd)
        differs = self.terrace("config", "diff", "worker", expect=2)
        self.assertIn("+==== /etc/motd (mode 644)\n+Welcome to harbor.\n", differs)
        self.assertIn("@@ -", differs)
        self.assertTrue(json.loads(self.terrace("config", "diff", "-json", "worker", expect=2))["differs"])
        self.terrace("config", "push", "-auto-approve", "worker")
        self.assertIn("Welcome to harbor.", self.terrace("config", "show", "worker"))
        self.assertIn("is as the files have it", self.terrace("config", "diff", "worker"))
        self.assertEqual((self.nodes("worker"), self.stored("etcd")["ETag"]), (before, etag))
        self.terrace("config", "push", "-auto-approve", "worker")  # nothing more to do

    def push_without(self, path):
        path.unlink()
        self.terrace("config", "push", "-auto-approve", "worker")

    def test_what_cannot_be(self):
        self.assertIn("There is no role vpc", self.terrace("config", "show", "vpc", expect=1))
        self.assertIn("There is no role wroker", self.terrace("config", "diff", "wroker", expect=1))
        self.assertIn("Which role?", self.terrace("config", "push", expect=1))

    def test_a_configuration_that_was_deleted_is_missed_and_put_back(self):
        self.s3.delete_object(Bucket=BUCKET, Key="etcd/ignition.json")
        self.assertIn("terrace config push etcd", self.terrace("config", "show", "etcd", expect=1))
        self.terrace("config", "push", "-auto-approve", "etcd")
        self.assertIn("TERRACE_ROLE=etcd\n", self.terrace("config", "show", "etcd"))


class MachinesTest(Operator):
    def test_from_the_groups_until_one_registers_then_from_etcd(self):
        ids = {**self.nodes("etcd"), **self.nodes("worker")}
        shown = self.terrace("machines")
        self.assertIn("No machine has registered in etcd yet", shown)
        found = json.loads(self.terrace("machines", "-json"))
        self.assertEqual((found["source"], {machine["id"] for machine in found["machines"]}), ("groups", set(ids)))
        self.assertEqual({machine["metadata"]["role"] for machine in found["machines"]}, {"etcd", "worker"})
        registered = [{"id": "i-0abc", "address": "10.10.1.9", "metadata": {"env": "harbor", "role": "etcd"}}]
        self.s3.put_object(Bucket=BUCKET, Key="etcd/machines.json", Body=json.dumps({"machines": registered}))
        self.addCleanup(self.s3.delete_object, Bucket=BUCKET, Key="etcd/machines.json")
        shown = self.terrace("machines")
        self.assertIn("Registered in etcd, published", shown)
        self.assertIn("i-0abc   10.10.1.9  env=harbor,role=etcd", shown)
        found = json.loads(self.terrace("machines", "-json"))
        self.assertEqual(found, {"source": "etcd", "machines": registered})
        self.s3.put_object(Bucket=BUCKET, Key="etcd/machines.json", Body="no JSON")
        self.assertIn("The registry of machines cannot be read", self.terrace("machines", expect=1))


class RollTest(Operator):
    values = "etcd_size = 3\nworker_size = { min = 3, desired = 3, max = 4 }\n"

    def make_outdated(self, role, word):
        """Changes the role's configuration, later than its nodes were launched. (The emulator says of every instance that it was
        made from the newest version of the launch template.)"""
        launched = max(i["LaunchTime"] for r in self.ec2.describe_instances(InstanceIds=list(self.nodes(role)))["Reservations"]
                       for i in r["Instances"])
        wait_for("a later second", lambda: time.time() > launched.timestamp() + 1)
        (self.cluster.directory / "nodes" / role / "files" / "etc" / "motd").write_text(word + "\n")
        self.terrace("config", "push", "-auto-approve", role)

    def test_workers_one_after_the_other(self):
        self.assertIn("are up to date and ready", self.terrace("roll", "worker"))
        before = self.nodes("worker")
        self.make_outdated("worker", "first")
        dry = self.terrace("roll", "-dry-run", "worker")
        self.assertIn("3 of 3 nodes of harbor-worker are out of date", dry)
        self.assertEqual(self.nodes("worker"), before)
        self.assertIn("older configuration", dry)
        self.assertIn("Roll cancelled. Nothing was changed.", self.terrace("roll", "worker", expect=1))  # nobody answers
        self.assertEqual(self.nodes("worker"), before)
        events = [json.loads(line) for line in self.terrace("roll", "-auto-approve", "-json", "worker").splitlines()]
        self.assertEqual([e["instance"] for e in events if e["type"] == "replace"], events[0]["outdated"])
        self.assertEqual(set(events[0]["outdated"]), set(before))
        self.assertEqual(events[-1], {"type": "done", "replaced": 3})
        after = self.nodes("worker")
        self.assertEqual((len(after), set(after) & set(before), len(set(after.values()))), (3, set(), 1))

    def test_after_kill_9_the_next_goes_on(self):
        self.make_outdated("worker", "second")
        before = set(self.nodes("worker"))
        process = self.cluster.terrace.start("roll", "-auto-approve", "worker")
        wait_for("one node is replaced", lambda: set(self.nodes("worker")) - before)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.assertTrue(set(self.nodes("worker")) & before)
        self.terrace("roll", "-auto-approve", "worker")
        after = self.nodes("worker")
        self.assertEqual((len(after), set(after) & before), (3, set()))

    def test_etcd_only_while_its_leader_publishes_and_never_two_at_once(self):
        stop, whole, least = threading.Event(), threading.Event(), [3]

        def publish():
            """Plays etcd: a node of the group is a voter when it has been seen twice."""
            seen = set()
            while not stop.is_set():
                now = [i for i in self.nodes("etcd")]
                voters = [i for i in now if i in seen]
                seen = set(now)
                least[0] = min(least[0], len(voters) if voters else 3)
                report = {"time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "cluster_id": "1", "leader": "1",
                          "members": [{"id": f"{n + 1:x}", "name": i, "address": f"10.10.1.{n + 10}", "healthy": True, "learner": i not in voters}
                                      for n, i in enumerate(now)], "alarms": [], "newest_snapshot": ""}
                self.s3.put_object(Bucket=BUCKET, Key="etcd/status.json", Body=json.dumps(report))
                if len(voters) == 3:
                    whole.set()
                stop.wait(0.3)

        self.make_outdated("etcd", "third")
        before = set(self.nodes("etcd"))
        silent = self.terrace("roll", "-auto-approve", "-timeout=1s", "etcd", expect=1)
        self.assertIn("0 of 3 nodes are ready: etcd's nodes have published nothing", silent)
        self.assertEqual(set(self.nodes("etcd")), before)
        publisher = threading.Thread(target=publish)
        publisher.start()
        try:
            self.assertTrue(whole.wait(60))
            self.terrace("roll", "-auto-approve", "-max-unavailable=3", "etcd")
        finally:
            stop.set()
            publisher.join()
        after = set(self.nodes("etcd"))
        self.assertEqual((len(after), after & before), (3, set()))
        self.assertGreaterEqual(least[0], 2)

    def test_what_is_refused(self):
        self.assertIn("Which role?", self.terrace("roll", expect=1))
        self.assertIn("There is no group of role vpc", self.terrace("roll", "vpc", expect=1))
        self.assertIn("-max-unavailable must be 1 or more", self.terrace("roll", "-max-unavailable=0", "worker", expect=1))
        self.autoscaling.suspend_processes(AutoScalingGroupName="harbor-worker", ScalingProcesses=["Launch"])
        self.addCleanup(self.autoscaling.resume_processes, AutoScalingGroupName="harbor-worker", ScalingProcesses=["Launch"])
        self.assertIn("the process Launch of the group harbor-worker is suspended", self.terrace("roll", "worker", expect=1))

    def test_a_locked_cluster_is_left_alone(self):
        lock = {"id": "1", "who": "somebody@elsewhere", "created": "2026-01-01T00:00:00Z", "why": "mine"}
        bucket = f"{world.ACCOUNT}-harbor-config"
        self.s3.put_object(Bucket=bucket, Key="session-lock.json", Body=json.dumps(lock))
        self.addCleanup(self.s3.delete_object, Bucket=bucket, Key="session-lock.json")
        for words in (["roll", "-auto-approve", "worker"], ["config", "push", "-auto-approve", "worker"]):
            self.assertIn("somebody@elsewhere", self.terrace(*words, expect=1))
        self.terrace("roll", "-dry-run", "worker")


class TrailTest(Operator):
    values = "buckets_force_destroy = true\n"
    stacks = ("cloudtrail", "vpc")
    up = []

    def test_its_life(self):
        self.assertIn("never created", self.terrace("cloudtrail", "show", expect=1))
        self.assertIn("7 to add, 0 to change, 0 to destroy", self.terrace("cloudtrail", "create", "-dry-run"))
        self.assertIn("never created", self.terrace("cloudtrail", "show", expect=1))
        self.terrace("cloudtrail", "create", "-auto-approve")
        self.terrace("cloudtrail", "create", "-auto-approve")
        shown = self.terrace("cloudtrail", "show")
        self.assertIn(f"bucket   {world.ACCOUNT}-harbor-cloudtrail\nregions  all\nlogging  on\n", shown)
        self.assertTrue(json.loads(self.terrace("cloudtrail", "show", "-json"))["is_logging"])
        self.terrace("cloudtrail", "delete", "-dry-run")
        self.assertIn("logging  on", self.terrace("cloudtrail", "show"))
        self.terrace("cloudtrail", "delete", "-auto-approve")
        self.assertIn("never created", self.terrace("cloudtrail", "show", expect=1))
        self.terrace("cloudtrail", "delete", "-auto-approve")


class NeverCreatedTest(Operator):
    up = []

    def test_each_says_so(self):
        for words in (["config", "show", "worker"], ["config", "diff", "etcd"], ["config", "push", "-auto-approve", "etcd"], ["roll", "worker"]):
            with self.subTest(words=words):
                self.assertIn("was never created", self.terrace(*words, expect=1))
        self.assertIn("The cluster has no nodes", self.terrace("machines", expect=1))
        self.assertEqual(json.loads(self.terrace("machines", "-json")), {"source": "groups", "machines": []})


class DifferenceTest(unittest.TestCase):
    def test_fmt_shows_the_hunks_that_diff_shows(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "main.tf")
            lines = [f"value_{n:02} = {n}" for n in range(40)]
            for n in (0, 5, 6, 20, 39):
                lines[n] = lines[n].replace(" = ", "=")
            path.write_text("locals {\n" + "\n".join("  " + line for line in lines) + "\n}\n")
            before = path.read_text()
            terrace = world.Terrace(folder, world.environment("http://127.0.0.1:1"))
            shown = terrace("fmt", "-diff", "-write=false", "main.tf")
            terrace("fmt", "main.tf")
            wanted = subprocess.run(["diff", "-u", "--label=old/main.tf", "--label=new/main.tf", "-", path], input=before, capture_output=True,
                                    text=True).stdout
            self.assertEqual(shown.partition("--- ")[2], wanted.partition("--- ")[2])


if __name__ == "__main__":
    unittest.main()
