"""`terrace lab`, and real etcd in it through what happens to clusters: formed, its leader killed, a disk lost, grown and shrunk, while
a client writes without pause. The rest of the cases is in labs.py, which ./terrace-dev lab-test runs."""
import os
import pathlib
import signal
import subprocess

import lab
import nodes
from lab import Checker  # noqa: F401: the checker is tested with what it checks


class Cases(lab.LabCase):
    def test_a_cluster_lives_through_a_killed_leader_a_lost_disk_and_changes_of_its_size(self):
        before = set(pathlib.Path("/proc").glob("[0-9]*"))
        interfaces = sorted(os.listdir("/sys/class/net"))
        one = lab.Lab("-size=3", "-workers=1")
        self.addCleanup(one.close)
        one.until_well(3)
        cluster = one.cluster_id()
        one.start_client()

        one.run("kill", "leader")
        one.until_writes()
        one.until_well(3)

        one.run("wipe", "follower")
        one.until_writes()
        one.until_well(3)

        one.run("scale", "5")
        one.until_well(5)
        one.run("scale", "3")
        one.until_well(3)
        self.assertEqual(one.cluster_id(), cluster, "it is the same cluster")
        self.nothing_is_lost(one)

        # Nothing of it shows outside, and kill -9 of its own process leaves no process behind.
        self.assertEqual(sorted(os.listdir("/sys/class/net")), interfaces)
        os.kill(one.hub(), signal.SIGKILL)
        nodes.until("the lab has ended", lambda: "The lab has ended" in subprocess.run(
            [lab.TERRACE, "lab", "status", f"-dir={one.directory}"], env=lab.environment(), capture_output=True, text=True).stderr, 30)
        mine = [path for path in set(pathlib.Path("/proc").glob("[0-9]*")) - before if str(one.directory) in self.words_of(path)]
        self.assertEqual(mine, [])
        one.run("down")
        self.assertFalse(one.directory.exists())

    def words_of(self, path):
        try:
            return (path / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""

    def test_two_labs_with_the_same_addresses_do_not_meet(self):
        labs = [lab.Lab("-size=1", "-workers=0"), lab.Lab("-size=1", "-workers=0")]
        for each in labs:
            self.addCleanup(each.close)
        here, there = [each.nodes()["etcd-1"] for each in labs]
        subnets = [each["address"].rsplit(".", 1)[0] for each in (here, there)]
        self.assertEqual(subnets[0], subnets[1])
        self.assertNotEqual(here["id"], there["id"])
        self.assertIn("There is a lab already", labs[0].run("up", expect=1))
        labs[0].run("down")
        self.assertEqual([each["state"] for each in labs[1].nodes().values()], ["well"])

    def test_what_is_wrong_is_said(self):
        def fails(*words, directory="/nonexistent/lab"):
            done = subprocess.run([lab.TERRACE, "lab", words[0], f"-dir={directory}", *words[1:]], env=lab.environment(),
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            return " ".join(done.stderr.split())
        self.assertIn("-size must be 1, 3, 5, 7 or 9", fails("up", "-size=4"))
        self.assertIn("-workers must be from 0 to 20", fails("up", "-workers=21"))
        self.assertIn("There is no lab", fails("status"))
        self.assertIn("There is no lab", fails("kill", "leader"))
        self.assertIn("Which node?", fails("kill"))
        self.assertIn("Usage: terrace lab scale", fails("scale", "many"))
        self.assertIn("is there, and no lab made it", fails("up", directory="/proc"))
        done = subprocess.run([lab.TERRACE, "lab", "up"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("moto_server is not here", done.stderr)

    def test_ctrl_c_takes_a_half_made_lab_away(self):
        one = lab.Lab()
        self.addCleanup(one.close)
        up = subprocess.Popen([lab.TERRACE, "lab", "up", f"-dir={one.directory}"], env=lab.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL, start_new_session=True)
        for line in up.stdout:
            if "is launched" in line:
                break
        os.killpg(up.pid, signal.SIGINT)
        rest = up.communicate(timeout=60)[0]
        self.assertEqual(up.returncode, 130, rest)
        self.assertIn("the lab is taken down", rest)
        self.assertFalse(one.directory.exists())


if __name__ == "__main__":
    lab.main()
