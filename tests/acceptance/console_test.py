"""What `terrace console` answers, held against recordings of stock Terraform 1.11: expressions.txt has an expression after ">>> "
and what stock prints for it. Where terrace answers otherwise on purpose, differences.txt has the answer, under a line that says
why. Errors are compared by their words, without the place and the line breaks.

usage: console_test.py            compare
       console_test.py record     write expressions.txt anew with the terraform on PATH"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import termios
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


# What is typed at a terminal, a line each, and what stock Terraform 1.11 answers on one; errors by their summaries.
TYPED = [
    (["[1,", "2", "]"], "[\n  1,\n  2,\n]\n"),
    (["(", "1 +", "2)"], "3\n"),
    (["<<EOT", "hello", "world", "EOT"], "<<EOT\nhello\nworld\n\nEOT\n"),
    (["upper(<<-EOT", "  hello", "  EOT", ")"], "<<EOT\nHELLO\n\nEOT\n"),
    (["<<EOT", " EOT", "6"], '""\n6\n'),
    (["<<EOT", "a ${", "1", "}", "EOT", "5"], "<<EOT\na 1\n\nEOT\n5\n"),
    (["{", "a=1", "b=2", "}"], '{\n  "a" = 1\n  "b" = 2\n}\n'),
    (["{ a = <<E", "x}", "E", "}"], '{\n  "a" = <<-EOT\n  x}\n  \n  EOT\n}\n'),
    (["[<<A", "x", "A", ",<<B", "b", "B", "]"], "[\n  <<-EOT\n  x\n  \n  EOT,\n  <<-EOT\n  b\n  \n  EOT,\n]\n"),
    (["[ # [", "]"], "[]\n"),
    (['"a{"'], '"a{"\n'),
    (["[", "exit", "]", "7"], "Error: Invalid reference\n7\n"),
    (["[", "", "7"], "Error: Missing expression\n7\n"),
    (["<<EOT", "a", "", "5"], "Error: Unterminated template string\n5\n"),
    (["1 +", "2"], "Error: Missing expression\n2\n"),
    (["[1))", "2"], "Error: Missing item separator\n2\n"),
    (["]", "[", "]"], "Error: Invalid expression\n[]\n"),
    (["[", "1 2", "]", "9"], "Error: Missing item separator\n9\n"),
]


class Typed(unittest.TestCase):
    def test_an_expression_goes_on_over_lines_as_in_stock_terraform(self):
        with tempfile.TemporaryDirectory(prefix="console-") as folder:
            for lines, answer in TYPED:
                with self.subTest(lines):
                    self.assertEqual(self.type(lines, folder), answer)

    def type(self, lines, folder):
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(folder)
            os.execv(os.environ["TERRACE"], ["terrace", "console", "-no-color"])
        settings = termios.tcgetattr(terminal)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, settings)
        shown = self.until_prompt(terminal)
        for line in lines:
            os.write(terminal, line.encode() + b"\n")
            shown += self.until_prompt(terminal)
        os.write(terminal, b"exit\n")
        os.waitpid(process, 0)
        os.close(terminal)
        # An error with its place and its details becomes its summary.
        shown = re.sub(r"\n(Error: .*\n)\n  on .*\n(?: +\d+: .*\n)*\n(?:(?!> ).+\n)+\n?", r"\1", shown.replace("\r\n", "\n"))
        shown = re.sub(r"^(> |: )+", "", shown, flags=re.M)
        return shown

    def until_prompt(self, terminal):
        shown = ""
        while not re.search(r"^(> |: )+$", shown.rsplit("\n", 1)[-1]):
            ready, _, _ = select.select([terminal], [], [], 30)
            self.assertTrue(ready, f"no prompt after {shown!r}")
            shown += os.read(terminal, 65536).decode()
        return shown


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
