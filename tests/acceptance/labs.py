"""All that docs/node.md says a cluster survives, in the lab, with real etcd and a client that never pauses. ./terrace-dev lab-test runs
it and prints how long each recovery took; `labs.py NAME...` runs those cases alone.

A time is from the fault to the first write that is acknowledged again (for cases that lose the quorum or the leader), and to the
moment when every node is well again and etcd counts just the instances of the group."""
import pathlib
import subprocess
import time

import lab
import nodes

RESULTS = []


def note(case, writes, whole):
    show = lambda seconds: "-" if seconds is None else f"{seconds:.1f} s"  # noqa: E731
    RESULTS.append((case, show(writes), show(whole)))
    print(f"{case}: writes again after {show(writes)}, whole after {show(whole)}", flush=True)


class Forming(lab.LabCase):
    def form(self, size):
        began = time.monotonic()
        one = lab.Lab(f"-size={size}", "-workers=1")
        self.addCleanup(one.close)
        one.until_well(size)
        events = one.status()["events"]
        note(f"form {size}, all at once (with making the stacks)", None, time.monotonic() - began)
        self.assertTrue(any("leads etcd" in each["text"] for each in events))
        one.start_client()
        one.until_writes()
        self.nothing_is_lost(one)

    def test_form_1(self):
        self.form(1)

    def test_form_3(self):
        self.form(3)

    def test_form_5(self):
        self.form(5)

    def late(self, case, stays, others):
        """`stays` of three do not come up until the others have waited: nobody forms a cluster without them."""
        one = lab.Lab("-size=1", "-workers=1")
        self.addCleanup(one.close)
        one.until_well(1)
        # From here on as if the group had been made anew: what etcd was is gone, on disks and in the bucket.
        one.run("scale", "3")
        one.until_well(3)
        one.run("kill", "-stay", "etcd")
        self.forget(one)
        names = sorted(one.nodes())
        for name in names:
            one.run("wipe", name)
        for name in names[:stays]:
            one.run("kill", "-stay", name)
        waiting = names[stays:]
        began = time.monotonic()
        one.until(f"{waiting} wait for the whole group", lambda status: all(
            "has not reported" in each["health"]["etcd"]["why"] for each in status["nodes"]
            if each["name"] in waiting and each["health"]) and sum(1 for each in status["nodes"] if each["name"] in waiting and each["health"]) == len(waiting), 60)
        nodes.until("they go on waiting", lambda: time.monotonic() - began > others, others + 5)
        self.assertNotIn("etcd/cluster.json", one.run("exec", "aws", "s3", "ls", "--recursive", "s3://123456789012-lab-cloudinit/etcd/"))
        began = time.monotonic()
        for name in names[:stays]:
            one.run("boot", name)
        one.until_well(3)
        note(case, None, time.monotonic() - began)
        one.start_client()
        one.until_writes()
        self.nothing_is_lost(one)

    def forget(self, one):
        one.run("exec", "aws", "s3", "rm", "--recursive", "s3://123456789012-lab-cloudinit/etcd/", "--exclude", "*ignition.json",
                "--exclude", "*terraced*")

    def test_form_3_with_one_that_is_late_by_minutes(self):
        self.late("form 3, one late by two minutes (since it is there)", 1, 120)

    def test_form_3_staggered(self):
        self.late("form 3, two late by twenty seconds (since they are there)", 2, 20)


class Losing(lab.LabCase):
    """One cluster of three for many faults, each healed before the next."""

    @classmethod
    def setUpClass(cls):
        cls.lab = lab.Lab("-size=3", "-workers=1")
        cls.addClassCleanup(cls.lab.close)

    def setUp(self):
        self.lab.until_well(3)
        self.cluster = self.lab.cluster_id()
        self.lab.start_client()
        self.lab.until_writes()

    def survives(self, case, *words, same_cluster=True, replaces=0):
        before = {each["id"] for each in self.lab.nodes().values()}
        began = time.monotonic()
        self.lab.run(*words)
        writes = self.lab.until_writes(120)
        nodes.until("the group has replaced them", lambda: len(before - {each["id"] for each in self.lab.nodes().values()}) == replaces, 120)
        self.lab.until_well(3, seconds=180)
        note(case, writes, time.monotonic() - began)
        if same_cluster:
            self.assertEqual(self.lab.cluster_id(), self.cluster)
        self.nothing_is_lost(self.lab)

    def test_kill_the_leader(self):
        self.survives("kill the leader", "kill", "leader")

    def test_kill_a_follower(self):
        self.survives("kill a follower", "kill", "follower")

    def test_kill_a_majority(self):
        self.survives("kill a majority", "kill", "majority")

    def test_kill_all(self):
        self.survives("kill all", "kill", "all")

    def test_wipe_one(self):
        self.survives("wipe one", "wipe", "follower")

    def test_wipe_the_leader(self):
        self.survives("wipe the leader", "wipe", "leader")

    def test_roll_every_node(self):
        self.survives("roll every node", "roll", "etcd", replaces=3)

    def test_replace_an_instance(self):
        self.survives("replace an instance", "replace", "leader", replaces=1)

    def test_cut_one(self):
        self.cut("cut one follower", "follower")

    def test_cut_the_leader(self):
        self.cut("cut the leader", "leader")

    def cut(self, case, who):
        name = self.lab.run("cut", who).split()[1]
        writes = self.lab.until_writes()
        self.lab.until("it is alone", lambda status: all(each["state"] == "well" for each in status["nodes"] if not each["cut"]))
        began = time.monotonic()
        self.lab.run("heal", name)
        self.lab.until_well(3)
        note(case + " (whole since it is healed)", writes, time.monotonic() - began)
        self.assertEqual(self.lab.cluster_id(), self.cluster)
        self.nothing_is_lost(self.lab)

    def test_a_node_that_was_down_for_long_comes_back_as_the_same_member(self):
        before = {each["name"]: each["ID"] for each in self.lab.members()}
        name = self.lab.run("kill", "-stay", "follower").split()[1]
        writes = self.lab.until_writes()
        began = time.monotonic()
        nodes.until("longer than the grace period", lambda: time.monotonic() - began > 90, 100)
        began = time.monotonic()
        self.lab.run("boot", name)
        self.lab.until_well(3)
        note("a node down for 90 s (whole since it boots)", writes, time.monotonic() - began)
        self.assertEqual({each["name"]: each["ID"] for each in self.lab.members()}, before)
        self.nothing_is_lost(self.lab)

    def test_reboots_go_one_after_the_other(self):
        """All want to reboot at once; the client goes on writing, and never more than one is away."""
        began = time.monotonic()
        self.lab.run("exec", "sed", "-i", "s/^# reboot_window.*/reboot_window = \"\"/", "cluster.tfvars")
        self.lab.run("exec", "terrace", "apply", "-auto-approve", "etcd")
        self.lab.run("kill", "etcd")  # each takes up the new window as it boots
        self.lab.until_well(3)
        boots = {name: each["boots"] for name, each in self.lab.nodes().items()}
        for each in self.lab.nodes().values():
            run = pathlib.Path(each["disk"], "run")
            run.mkdir(exist_ok=True)
            (run / "reboot-required").touch()
        fewest = [3]

        def all_have(status):
            members = [each for each in status["nodes"] if each["role"] == "etcd"]
            fewest.append(sum(each["state"] == "well" for each in members))
            return all(each["boots"] > boots[each["name"]] for each in members)
        self.lab.until("each has rebooted", all_have, 180)
        self.lab.until_well(3)
        note("reboots of all three, in turn", None, time.monotonic() - began)
        self.assertGreaterEqual(min(fewest), 2, "one at a time")
        self.nothing_is_lost(self.lab)

    def test_a_slow_disk(self):
        """Each sync of the leader's disk takes a fifth of a second: writes go on, slower or under another leader."""
        leader = next(each for each in self.lab.nodes().values() if each["health"]["etcd"]["leader"])
        etcd = [path.name for path in pathlib.Path("/proc").glob("[0-9]*") if self.runs_etcd_of(path, leader["disk"])]
        self.assertEqual(len(etcd), 1)
        slow = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=200ms", "-p", etcd[0]],
                                stderr=subprocess.DEVNULL)
        self.addCleanup(slow.wait)
        self.addCleanup(slow.terminate)
        began, before = time.monotonic(), self.lab.acknowledged()
        nodes.until("twenty seconds", lambda: time.monotonic() - began > 20, 30)
        rate = (self.lab.acknowledged() - before) / 20
        slow.terminate()
        slow.wait()
        began = time.monotonic()
        self.lab.until_well(3)
        note(f"the leader's disk syncs in 200 ms for 20 s ({rate:.0f} writes a second meanwhile)", self.lab.until_writes(),
             time.monotonic() - began)
        self.assertGreater(rate, 1)
        self.assertEqual(self.lab.cluster_id(), self.cluster)
        self.nothing_is_lost(self.lab)

    def runs_etcd_of(self, path, disk):
        try:
            return (path / "cmdline").read_bytes().startswith(b"etcd\0") and disk.encode() in (path / "cmdline").read_bytes()
        except OSError:
            return False

    def test_the_api_is_away_while_all_start(self):
        self.lab.run("cut", "api")
        began = time.monotonic()
        self.lab.run("kill", "etcd")
        writes = self.lab.until_writes(120)
        note("kill all of etcd while AWS is away", writes, None)
        self.assertEqual(self.lab.cluster_id(), self.cluster)
        self.lab.run("heal")
        self.lab.until_well(3, seconds=180)
        note("the same, since the kill, with AWS back", None, time.monotonic() - began)
        self.nothing_is_lost(self.lab)


class Splitting(lab.LabCase):
    def test_split_two_of_five(self):
        one = lab.Lab("-size=5", "-workers=1")
        self.addCleanup(one.close)
        one.until_well(5)
        cluster = one.cluster_id()
        one.start_client()
        one.until_writes()
        names = sorted(one.nodes())
        leader = next(name for name, each in one.nodes().items() if each["health"]["etcd"]["leader"])
        minority = [leader, next(name for name in names if name != leader)]
        one.run("cut", *minority)
        writes = one.until_writes()
        began = time.monotonic()
        one.run("heal")
        one.until_well(5)
        note("split 2/3 with the leader in the minority (whole since it is healed)", writes, time.monotonic() - began)
        self.assertEqual(one.cluster_id(), cluster)
        began = time.monotonic()
        one.run("scale", "3")
        one.until_well(3)
        note("5 -> 3", one.until_writes(), time.monotonic() - began)
        began = time.monotonic()
        one.run("scale", "5")
        one.until_well(5)
        note("3 -> 5", one.until_writes(), time.monotonic() - began)
        self.assertEqual(one.cluster_id(), cluster)
        self.nothing_is_lost(one)


class Restoring(lab.LabCase):
    """Where data are lost: nobody forms a second cluster, and an operator goes back to a snapshot."""

    def lose(self, case, who):
        one = lab.Lab("-size=3", "-workers=1")
        self.addCleanup(one.close)
        one.until_well(3)
        cluster = one.cluster_id()
        one.etcdctl("put", "kept", "yes")
        one.run("exec", "terrace", "etcd", "backup")
        one.etcdctl("put", "kept", "no")
        one.run("wipe", who)
        one.until("each node without data waits for the operator", lambda status: sum(
            "restore a snapshot" in each["health"]["etcd"]["why"] for each in status["nodes"]
            if each["role"] == "etcd" and each["health"]) >= (3 if who == "etcd" else 2), 90)
        self.assertFalse(one.acknowledges("second", "cluster"), "no second cluster")
        began = time.monotonic()
        one.run("exec", "terrace", "etcd", "restore", "-auto-approve")
        one.until_well(3, seconds=180)
        note(case, None, time.monotonic() - began)
        self.assertEqual(one.etcdctl("get", "--print-value-only", "kept"), "yes\n")
        self.assertNotEqual(one.cluster_id(), cluster, "under a new token")

    def test_wipe_a_majority(self):
        self.lose("wipe a majority, then terrace etcd restore (whole since the restore)", "majority")

    def test_wipe_all(self):
        self.lose("wipe all of etcd, then terrace etcd restore (whole since the restore)", "etcd")


if __name__ == "__main__":
    try:
        lab.main()
    finally:
        if RESULTS:
            width = max(len(case) for case, *_ in RESULTS)
            print(f"\n{'case':{width}}  {'writes again':>12}  {'whole again':>11}")
            for case, writes, whole in RESULTS:
                print(f"{case:{width}}  {writes:>12}  {whole:>11}")
