"""The archive of terraced that nodes get: whole in itself, small, and the same bytes for the same program."""
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MB = 1_000_000


class AgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="agent-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.archive = cls.pack("terraced.tar.gz")
        cls.root = cls.folder / "root"
        (cls.root / "opt" / "terrace").mkdir(parents=True)
        subprocess.run(["tar", "-xzf", cls.archive, "-C", cls.root / "opt" / "terrace"], check=True)

    @classmethod
    def pack(cls, name):
        subprocess.run([ROOT / "tools" / "pack-agent", os.environ["TERRACED"], cls.folder / name], check=True)
        return cls.folder / name

    def test_it_runs_where_there_is_nothing_else(self):
        inside = ["/opt/terrace/lib/ld-linux-x86-64.so.2", "--library-path", "/opt/terrace/lib", "/opt/terrace/bin/terraced"]
        for arguments, code, words in ((["-help"], 0, "Usage: terraced COMMAND"), (["dance"], 1, "there is no command dance"),
                                       (["status"], 1, "terraced")):
            done = subprocess.run(["unshare", "--map-root-user", "chroot", self.root, *inside, *arguments], capture_output=True, text=True,
                                  timeout=60, env={"PATH": os.environ["PATH"]})
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn(words, done.stdout + done.stderr)

    def test_people_start_it_by_one_word(self):
        link = self.folder / "terraced"
        link.symlink_to(self.root / "opt" / "terrace" / "terraced")
        done = subprocess.run([link, "-help"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Usage: terraced COMMAND", done.stdout)

    def test_it_is_small(self):
        # 25 MB with the optimised program, which takes 2.6; this one is as the tests have it.
        terrace = self.root / "opt" / "terrace"
        self.assertLess(sum(path.stat().st_size for path in (terrace / "lib").iterdir()), 22.4 * MB)
        self.assertLess((terrace / "bin" / "terraced").stat().st_size, 8 * MB)
        self.assertLess(self.archive.stat().st_size, 13 * MB)

    def test_the_same_program_gives_the_same_bytes(self):
        self.assertEqual(self.pack("again.tar.gz").read_bytes(), self.archive.read_bytes())


if __name__ == "__main__":
    unittest.main()
