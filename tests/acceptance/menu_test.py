"""The menu on a terminal: tmux types and reads the screen."""
import os
import subprocess
import threading
import time
import unittest
import uuid

import cluster
import world


class Terminal:
    """A tmux session of its own socket, which is ended with it."""

    def __init__(self, directory, environment, width=110, height=30):
        self.socket = "menu-" + uuid.uuid4().hex[:12]
        words = [f"{name}={value}" for name, value in environment.items() if name.startswith(("AWS_", "HOME", "PATH"))]
        self.tmux("-f", os.devnull, "new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(directory),
                  "env", "TERM=screen", "LC_ALL=C.UTF-8", *words, "sh")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.socket, *words], capture_output=True, text=True, check=True, timeout=60).stdout

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def until(self, *words, seconds=60, gone=False):
        """The screen once all of `words` stand on it, or none of them where `gone`."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if all((word in screen) != gone for word in words):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"{words} {'still' if gone else 'not'} on the screen after {seconds} s:\n{screen}")
            time.sleep(0.05)

    def close(self):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], capture_output=True)


class MenuTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.addClassCleanup(cls.moto.close)

    def setUp(self):
        self.moto.reset()
        self.cluster = cluster.Cluster(self.moto.endpoint)
        self.addCleanup(self.cluster.close)

    def menu(self, **size):
        terminal = Terminal(self.cluster.directory, self.cluster.terrace.environment, **size)
        self.addCleanup(terminal.close)
        terminal.keys(os.environ["TERRACE"] + " menu; echo left with $?", "Enter")
        terminal.until("terrace: harbor", "never created")
        return terminal

    def test_a_stack_is_planned_made_and_taken_down(self):
        terminal = self.menu()
        screen = terminal.until("0 of 5 made", "vpc", "worker", "certificates")
        self.assertIn("q leaves", screen)
        # The rows are: all, then the stacks as they are made; s3 is the first.
        self.assertLess(screen.index(" s3 "), screen.index(" iam "))
        terminal.keys("Down", "Enter", "Enter")
        terminal.until("Total of all stacks: 29 to add", "(done)")
        terminal.keys("Down", "Enter")
        terminal.until('Type "yes" and Enter')
        terminal.keys("no", "Enter")
        terminal.until("Not confirmed. Nothing was changed.")
        terminal.keys("Enter")
        terminal.until('Type "yes" and Enter')
        terminal.keys("yes", "Enter")
        terminal.until("Apply complete!", "29 objects", "1 of 5 made")
        terminal.keys("Down", "Enter")
        terminal.until('Type "harbor" and Enter')
        terminal.keys("harbor", "Enter")
        terminal.until("Destroy complete!", "taken down", "0 of 5 made")
        terminal.keys("q")
        terminal.until("left with 0")

    def test_failures_stand_in_the_log_with_their_exit_code(self):
        terminal = self.menu()
        terminal.keys(*["Down"] * 8, "Right")  # etcd cluster: status
        terminal.until("snapshots")
        terminal.keys("Enter")
        terminal.until("$ terrace etcd status", "(exit code 1)")
        terminal.keys("q")
        terminal.until("left with 0")

    def test_it_fits_small_screens_and_follows_their_size(self):
        terminal = self.menu(width=80, height=24)
        terminal.tmux("resize-window", "-x", "60", "-y", "8")
        terminal.until("q leaves")
        for _ in range(12):
            terminal.keys("Down")
        terminal.until("session")
        terminal.tmux("resize-window", "-x", "100", "-y", "30")
        terminal.until("never created", "session", "worker")
        terminal.keys("C-c")
        terminal.until("left with 0")

    def test_ctrl_c_interrupts_what_runs_and_the_menu_stays(self):
        proxy = world.Proxy(self.moto.endpoint)
        self.addCleanup(proxy.close)
        held, go = threading.Event(), threading.Event()
        self.addCleanup(go.set)

        def hold(_, request):
            if request.operation == "CreateVpc":
                held.set()
                go.wait(60)

        proxy.before = hold
        self.cluster.terrace.environment["AWS_ENDPOINT_URL"] = proxy.endpoint
        terminal = self.menu()
        terminal.keys("Down", "Down", "Down", "Enter", "Down", "Enter")
        terminal.until("terrace up -auto-approve vpc", 'Type "yes"')
        terminal.keys("yes", "Enter")
        self.assertTrue(held.wait(60))
        terminal.keys("q")
        terminal.until("It still runs")
        terminal.keys("C-c")
        terminal.until("it finishes what is in flight")
        go.set()
        terminal.until("(exit code 1)")
        terminal.keys("q")
        terminal.until("left with 0")
        self.cluster.terrace("up", "-auto-approve", "vpc")

    def test_without_a_terminal_or_a_cluster(self):
        self.assertIn("The menu needs a terminal", self.cluster.terrace("menu", expect=1))
        self.assertIn("Not a cluster directory", world.Terrace("/", self.cluster.terrace.environment)("menu", expect=1))


if __name__ == "__main__":
    unittest.main()
