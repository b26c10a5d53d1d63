"""What plan, apply, show and output say to a person, held against recordings of stock Terraform: the steps run in one directory, one
after the other. Compared are the words and their lines, once ids and the program's name are made equal; sentences may break
elsewhere, and objects that are worked on at the same time may come in another order.

usage: text_test.py            compare
       text_test.py record     write tests/golden/cli_text/*.txt anew with the terraform on PATH"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import world

GOLDEN = world.ROOT / "tests" / "golden" / "cli_text"
STEPS = [
    ("plan-new", ["plan"]),
    ("apply-new", ["apply", "-auto-approve"]),
    ("plan-nothing", ["plan"]),
    ("show", ["show"]),
    ("output", ["output"]),
    ("state-show", ["state", "show", "terraform_data.object"]),
    ("plan-changed", ["plan", "-var=v=y"]),
    ("plan-target", ["plan", "-var=v=y", "-target=terraform_data.json"]),
    ("plan-replace", ["plan", "-replace=terraform_data.counted[0]"]),
    ("plan-refresh-only", ["plan", "-refresh-only", "-var=v=y"]),
    ("apply-changed", ["apply", "-auto-approve", "-var=v=y"]),
    ("plan-destroy", ["plan", "-destroy", "-var=v=y"]),
    ("destroy", ["destroy", "-auto-approve", "-var=v=y"]),
    ("show-empty", ["show"]),
]
WORK = re.compile(r"^\S+: (Creat|Creation|Modif|Modifications|Destr|Destruction|Refresh|Read|Still)")


def settled(text):
    """Without what differs from run to run; sentences as one line each, and the lines of work sorted."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"after \d+s", "after 0s", text)
    text = re.sub(r"^(\S+) \(deposed object \w+\): (Destr)", r"\1: \2", text, flags=re.M)
    lines, work = [], []
    for line in text.splitlines():
        # What belongs to the program and not to the configuration.
        if re.match(r"\s*(#|\w+\.\w+[.:\[])", line) is None:
            line = re.sub(r"\bTerraform\b|\bterraform(?= (plan|apply|init))", "terrace", line)
        if WORK.match(line):
            work.append(line)
        elif re.match(r"[A-Z(\w]", line) and lines and re.match(r"[A-Z(\w]", lines[-1]) and " = " not in line:
            lines[-1] += " " + line
        else:
            lines.append(line)
    return "\n".join(lines + sorted(work)).replace("the terrace state", "the state").strip() + "\n"


def run(program, environment):
    with tempfile.TemporaryDirectory(prefix="terrace-text-") as folder:
        directory = pathlib.Path(folder, "c")
        shutil.copytree(GOLDEN / "configuration", directory)
        subprocess.run([program, "init"], cwd=directory, env=environment, stdout=subprocess.DEVNULL, check=True)
        for name, arguments in STEPS:
            done = subprocess.run([program, *arguments, "-no-color"] if arguments[0] != "state" else [program, *arguments], cwd=directory,
                                  env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            yield name, f"exit code {done.returncode}\n{settled(done.stdout)}"


class TextTest(unittest.TestCase):
    maxDiff = None

    def test_as_recorded(self):
        for name, found in run(os.environ["TERRACE"], world.environment("http://127.0.0.1:9")):
            with self.subTest(step=name):
                self.assertEqual(found, (GOLDEN / f"{name}.txt").read_text())


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        for name, found in run("terraform", dict(os.environ, CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE=os.devnull, NO_COLOR="1")):
            (GOLDEN / f"{name}.txt").write_text(found)
    else:
        unittest.main()
