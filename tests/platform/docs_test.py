"""The documents name what is there: commands that terrace has, tests that run, files that exist."""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "platform").rglob("*.md"))]
TERRACE = os.environ["TERRACE"]


def commands():
    said = subprocess.run([TERRACE, "-help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  ([a-z][a-z-]+) +[A-Z]", said, re.MULTILINE))


class DocsTest(unittest.TestCase):
    def test_every_command_that_a_document_names_is_there(self):
        known = commands() | {"help"}
        self.assertIn("plan", known)
        for document in DOCUMENTS:
            text = document.read_text()
            code = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL) + re.findall(r"`[^`\n]+`", text)
            # A command stands at the start of a line or behind the prompt; global options before it.
            named = re.findall(r"^`?(?:\$ )?terrace ((?:-[a-z]+(?:=\S+)? )*)([a-z][a-z-]*)", "\n".join(code), re.MULTILINE)
            for _, name in named:
                with self.subTest(document=str(document.relative_to(ROOT)), command=name):
                    self.assertIn(name, known)

    def test_every_link_leads_to_a_file(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
                if "://" in target:
                    continue
                with self.subTest(document=str(document.relative_to(ROOT)), target=target):
                    self.assertTrue((document.parent / target).exists())

    def test_what_came_from_the_original_is_shown_by_tests_that_run(self):
        listed = subprocess.run(["ctest", "--show-only=human"], cwd=os.environ["BUILD"], capture_output=True, text=True, check=True).stdout
        tests = re.findall(r"Test +#\d+: (\S+)", listed)
        named = set()
        for line in (ROOT / "docs" / "from-the-original.md").read_text().splitlines():
            if line.startswith("| ") and line.count("|") >= 4:
                named.update(re.findall(r"`([a-z]+(?:/[A-Za-z]*)?)`", line.rsplit("|", 2)[1]))
        named.discard("check")
        self.assertGreater(len(named), 10)
        for name in sorted(named):
            with self.subTest(test=name):
                self.assertTrue(any(test == name or test.startswith(name if name.endswith("/") else name + ".") for test in tests) or
                                (name == "acceptance/stock" and not any("acceptance/stock" in test for test in tests)))


if __name__ == "__main__":
    unittest.main()
