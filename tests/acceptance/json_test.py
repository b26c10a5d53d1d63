"""What -json prints, held against recordings of stock Terraform: the lines of plan, apply and destroy, and `show -json` of plans
and states. Each step of STEPS runs in one directory, after the others; what it prints is compared after times and ids are made
equal. Lines are compared as sets: which object comes first is the scheduler's.

usage: json_test.py            compare
       json_test.py record     write tests/golden/cli_json/*.json anew with the terraform on PATH"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import world

GOLDEN = world.ROOT / "tests" / "golden" / "cli_json"
STEPS = [
    ("plan-new", ["plan", "-json", "-out=p"]),
    ("show-plan-new", ["show", "-json", "p"]),
    ("apply-plan", ["apply", "-json", "p"]),
    ("show-state", ["show", "-json"]),
    ("plan-nothing", ["plan", "-json", "-out=p"]),
    ("show-plan-nothing", ["show", "-json", "p"]),
    ("plan-changed", ["plan", "-json", "-var", "v=y", "-out=p"]),
    ("show-plan-changed", ["show", "-json", "p"]),
    ("apply-changed", ["apply", "-json", "-auto-approve", "-var", "v=y"]),
    ("apply-unasked", ["apply", "-json"]),
    ("plan-refresh-only", ["plan", "-json", "-refresh-only"]),
    ("plan-undeclared", ["plan", "-json", "-var", "zz=1"]),
    ("plan-replace", ["plan", "-json", "-var", "v=y", "-replace=terraform_data.first"]),
    ("output", ["output", "-json"]),
    ("plan-destroy", ["plan", "-json", "-destroy", "-out=p"]),
    ("show-plan-destroy", ["show", "-json", "p"]),
    ("destroy", ["destroy", "-json", "-auto-approve"]),
    ("show-empty", ["show", "-json"]),
]


# More configurations, for the shapes of values, of plans and of states.
SHAPES = ["values", "modules"]
SHAPE_STEPS = [
    ("validate", ["validate", "-json"]),
    ("plan-new", ["plan", "-json", "-out=p"]),
    ("show-plan-new", ["show", "-json", "p"]),
    ("apply", ["apply", "-json", "p"]),
    ("show-state", ["show", "-json", "terraform.tfstate"]),
    ("plan-nothing", ["plan", "-json", "-out=p"]),
    ("show-plan-nothing", ["show", "-json", "p"]),
    ("plan-destroy", ["plan", "-json", "-destroy", "-out=p"]),
    ("show-plan-destroy", ["show", "-json", "p"]),
    ("output", ["output", "-json"]),
]


def settled(value):
    """Without what differs from run to run, and with the program's own name."""
    if isinstance(value, dict):
        return {k: settled(v) for k, v in sorted(value.items()) if k not in ("@timestamp", "timestamp")}
    if isinstance(value, list):
        return [settled(v) for v in value]
    if isinstance(value, str):
        value = value.replace("Terraform cannot ask", "terrace cannot ask")
        return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", value)
    return value


def read(text):
    documents, decoder, at = [], json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        document, at = decoder.raw_decode(text, at)
        documents.append(settled(document))
    for document in documents:
        if "relevant_attributes" in document:
            document["relevant_attributes"].sort(key=json.dumps)
        if "resource_drift" in document:
            document["resource_drift"].sort(key=json.dumps)
    return sorted(documents, key=json.dumps)


def run(program, environment, golden=GOLDEN, steps=None):
    """The name of each step, and its exit code with the documents that it printed."""
    with tempfile.TemporaryDirectory(prefix="terrace-json-") as folder:
        directory = pathlib.Path(folder, "c")
        shutil.copytree(golden / "configuration", directory)
        subprocess.run([program, "init"], cwd=directory, env=environment, stdout=subprocess.DEVNULL, check=True)
        for name, arguments in steps or STEPS:
            done = subprocess.run([program, *arguments], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            yield name, {"exit_code": done.returncode, "documents": read(done.stdout)}


def differences(expected, found, path=""):
    """Lines that say where two documents differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            if key not in found:
                yield f"{path}.{key} is missing: {json.dumps(expected[key])[:200]}"
            elif key not in expected:
                yield f"{path}.{key} is foreign: {json.dumps(found[key])[:200]}"
            else:
                yield from differences(expected[key], found[key], f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) != len(found):
        for one in (one for one in expected if expected.count(one) > found.count(one)):
            yield f"{path} lacks {json.dumps(one)[:300]}"
        for one in (one for one in found if found.count(one) > expected.count(one)):
            yield f"{path} has too much: {json.dumps(one)[:300]}"
    elif isinstance(expected, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip(expected, found)):
            yield from differences(one, other, f"{path}[{index}]")
    elif expected != found:
        yield f"{path}: {json.dumps(found)[:300]} in place of {json.dumps(expected)[:300]}"


class JsonTest(unittest.TestCase):
    maxDiff = None

    def test_as_recorded(self):
        for name, found in run(os.environ["TERRACE"], world.environment("http://127.0.0.1:9")):
            expected = json.loads((GOLDEN / f"{name}.json").read_text())
            if "destroy" in name:
                # A destroy needs no data source, and does not read them.
                expected["documents"] = [d for d in expected["documents"] if d.get("hook", {}).get("action") != "read"]
            with self.subTest(step=name):
                lines = list(differences(expected, found))
                self.assertEqual(lines, [], f"{name}:\n" + "\n".join(lines))

    def test_shapes_are_as_recorded(self):
        for shape in SHAPES:
            golden = GOLDEN / "shapes" / shape
            for name, found in run(os.environ["TERRACE"], world.environment("http://127.0.0.1:9"), golden, SHAPE_STEPS):
                with self.subTest(shape=shape, step=name):
                    lines = list(differences(json.loads((golden / f"{name}.json").read_text()), found))
                    self.assertEqual(lines, [], f"{shape} {name}:\n" + "\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1:] == ["record"]:
        stock = dict(os.environ, CHECKPOINT_DISABLE="1", TF_CLI_CONFIG_FILE=os.devnull)
        for golden, steps in [(GOLDEN, STEPS), *((GOLDEN / "shapes" / shape, SHAPE_STEPS) for shape in SHAPES)]:
            for name, found in run("terraform", stock, golden, steps):
                (golden / f"{name}.json").write_text(json.dumps(found, indent=1 if golden == GOLDEN else None) + "\n")
    else:
        unittest.main()
