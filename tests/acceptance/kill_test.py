"""kill -9 after every n-th request of a full apply and of a full destroy; then the same command again. Nothing may be made
twice, nothing may exist that no state knows, nothing may be left.

The process is killed when the API has carried the request out and before the answer is read: the worst moment. All points are
tried when TERRACE_KILL_EVERY=1; without it, a spread of them that fits into continuous integration."""
import os
import unittest

import cluster
import world

EVERY = int(os.environ.get("TERRACE_KILL_EVERY", "0"))
SPREAD = 5


def points(total):
    step = EVERY if EVERY else max(1, total // SPREAD)
    return range(1, total + 1, step)


class KillTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.proxy = world.Proxy(cls.moto.endpoint)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.close()
        cls.moto.close()

    def setUp(self):
        self.fresh()
        self.killed = 0

    def fresh(self):
        self.proxy.before = self.proxy.after = None
        self.moto.reset()
        self.baseline = world.inventory(self.moto.endpoint)
        self.cluster = cluster.Cluster(self.proxy.endpoint)
        self.addCleanup(self.cluster.close)
        self.proxy.clear()

    def run_killed_at(self, point, *command):
        process = None

        def kill(index, request):
            if index == point and process is not None:
                process.kill()

        self.proxy.clear()
        self.proxy.after = kill
        process = self.cluster.terrace.start(*command)
        process.communicate(timeout=300)
        self.proxy.after = None
        self.killed += process.returncode == -9

    def assert_states_match_the_api(self, where):
        held = world.added(world.inventory(self.moto.endpoint), self.baseline)
        known = self.cluster.states()
        held.pop("instances", None)  # the groups' own
        for kind, ids in held.items():
            self.assertEqual(ids, known.get(kind, set()), f"{where}: {kind}")

    def test_apply_killed_after_any_request_goes_on_where_it_was(self):
        self.cluster.terrace("apply", "-auto-approve", "all")
        total = len(self.proxy.requests)
        self.assert_states_match_the_api("an apply that was not killed")
        for point in points(total):
            with self.subTest(killed_after_request=point, of=total):
                self.fresh()
                self.run_killed_at(point, "apply", "-auto-approve", "all")
                self.cluster.terrace("apply", "-auto-approve", "all")
                self.assert_states_match_the_api(f"killed after request {point} of {total}")
                self.cluster.terrace("plan", "-detailed-exitcode", "all", expect=0)
        self.assertGreater(self.killed, 0)
        print(f"apply: killed {self.killed} times over {total} requests, nothing lost and nothing doubled")

    def test_destroy_killed_after_any_request_leaves_nothing(self):
        self.cluster.terrace("apply", "-auto-approve", "all")
        self.proxy.clear()
        self.cluster.terrace("destroy", "-auto-approve", "all")
        total = len(self.proxy.requests)
        self.assertEqual(world.added(world.inventory(self.moto.endpoint), self.baseline), {})
        for point in points(total):
            with self.subTest(killed_after_request=point, of=total):
                self.fresh()
                self.cluster.terrace("apply", "-auto-approve", "all")
                self.run_killed_at(point, "destroy", "-auto-approve", "all")
                self.cluster.terrace("destroy", "-auto-approve", "all")
                self.assertEqual(world.added(world.inventory(self.moto.endpoint), self.baseline), {})
                self.assertEqual(self.cluster.states(), {})
        self.assertGreater(self.killed, 0)
        print(f"destroy: killed {self.killed} times over {total} requests, nothing left")


if __name__ == "__main__":
    unittest.main(verbosity=2)
