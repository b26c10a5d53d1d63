"""What `terrace console` answers, held against recordings of stock Terraform 1.11: expressions.txt has an expression after ">>> "
and what stock prints for it. Where terrace answers otherwise on purpose, differences.txt has the answer, under a line that says
why. Errors are compared by their words, without the place and the line breaks.

usage: console_test.py            compare
       console_test.py record     write expressions.txt anew with the terraform on PATH"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import world

GOLDEN = world.ROOT / "tests" / "golden" / "console"


def answers(path):
    """{expression: answer} of a file of ">>> EXPRESSION" and answers; lines that start with "### " say why."""
    text = re.sub(r"^### .*\n", "", path.read_text(encoding="utf-8"), flags=re.M)
    return dict(item.split("\n", 1) for item in re.split(r"^>>> ", text, flags=re.M)[1:])


def words(answer):
    """An answer as it is, an error as its words alone."""
    if "Error: " not in answer:
        return answer
    answer = re.sub(r"[│╷╵] ?", "", answer)
    answer = re.sub(r"^  on .*\n(  .*\n)*", "", answer, flags=re.M)
    return " ".join(answer.split())


class Console(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="console-"))
        shutil.copytree(GOLDEN / "files", self.directory / "t")

    def tearDown(self):
        shutil.rmtree(self.directory)

    def ask(self, program, expression):
        environment = {**os.environ, "NO_COLOR": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": "/dev/null"}
        done = subprocess.run([program, "console", "-no-color"], input=expression + "\n", text=True, capture_output=True,
                              cwd=self.directory, env=environment, timeout=60)
        return done.stdout + done.stderr

    def test_answers_as_stock_terraform_does(self):
        expected = {**answers(GOLDEN / "expressions.txt"), **answers(GOLDEN / "differences.txt")}
        self.assertGreater(len(expected), 900)
        for expression, answer in expected.items():
            with self.subTest(expression):
                self.assertEqual(words(self.ask(os.environ["TERRACE"], expression)), words(answer))


def record():
    console = Console()
    console.setUp()
    path = GOLDEN / "expressions.txt"
    recorded = [f">>> {expression}\n{console.ask('terraform', expression)}" for expression in answers(path)]
    path.write_text("".join(recorded), encoding="utf-8")
    console.tearDown()


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        record()
    else:
        unittest.main()
