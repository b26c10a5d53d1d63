"""What -target and -replace do with addresses that are wrong or name nothing, held against recordings of stock Terraform 1.11:
tests/golden/addresses/recorded.txt has the flags of a plan after ">>> ", its exit code, and of its output the lines that say what became
of the addresses. The details of errors are terrace's own and are not compared.

usage: addresses_test.py            compare
       addresses_test.py record     write recorded.txt anew with the terraform on PATH"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

import world

GOLDEN = world.ROOT / "tests" / "golden" / "addresses"
TOLD = re.compile(r"(Error|Warning): |Plan: |No changes|.*as requested|.*-replace=\"|Your force-replace|To force")


def told(output):
    """The lines that matter; a warning's sentences as one line."""
    text = re.sub(r"\x1b\[[0-9;]*m|[│╷╵] ?", "", output)
    text = re.sub(r"(?<=\S)\n(?=[a-z])", " ", text)
    return "".join(line.rstrip() + "\n" for line in text.splitlines() if TOLD.match(line))


def answers(program, environment, questions):
    with tempfile.TemporaryDirectory(prefix="terrace-addresses-") as folder:
        directory = pathlib.Path(folder, "c")
        shutil.copytree(GOLDEN / "configuration", directory)

        def run(*arguments):
            return subprocess.run([program, *arguments], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)

        run("init")
        run("apply", "-auto-approve", "-no-color").check_returncode()
        for question in questions:
            done = run("plan", "-no-color", *shlex.split(question))
            yield question, f"exit code {done.returncode}\n{told(done.stdout)}"


def recorded():
    return dict(part.split("\n", 1) for part in re.split(r"^>>> ", (GOLDEN / "recorded.txt").read_text(), flags=re.M)[1:])


class AddressesTest(unittest.TestCase):
    maxDiff = None

    def test_as_recorded(self):
        expected = recorded()
        self.assertGreater(len(expected), 40)
        for question, found in answers(os.environ["TERRACE"], world.environment("http://127.0.0.1:9"), expected):
            with self.subTest(question):
                self.assertEqual(found, expected[question])

    def test_a_warning_keeps_to_its_module(self):
        """Stock Terraform also warns of the same resource in other modules, which was not asked for."""
        question = "-replace=module.m.terraform_data.several"
        ((_, found),) = answers(os.environ["TERRACE"], world.environment("http://127.0.0.1:9"), [question])
        self.assertEqual(re.findall(r"-replace=(.*)", found),
                         [f'"module.m.terraform_data.several[{key}]"' for key in range(2)])


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        stock = dict(os.environ, CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE=os.devnull, NO_COLOR="1")
        text = "".join(f">>> {question}\n{answer}" for question, answer in answers("terraform", stock, recorded()))
        (GOLDEN / "recorded.txt").write_text(text)
    else:
        unittest.main()
