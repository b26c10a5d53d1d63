"""Every resource type through its life, on the fixtures of tests/fixtures/types/TYPE/: each .tf file there is a whole root
module, and they are applied one after the other onto one state. The object under test is TYPE.it. After each step a plan is
empty; *-updated.tf changes it in place; then it is imported by id and compared; at the end everything is destroyed.

rules.json beside them may say:
  import_id      how the id for the import is put together, "{id}" by default; null where hashicorp/aws has no import
  import_ignore  attributes that the API does not give back
  unset          {argument: why no fixture sets it}
  no_update      why nothing of it can be changed in place
  default_tags   false where the emulator loses tags

usage: types_test.py [TYPE...]"""
import json
import pathlib
import re
import sys
import tempfile
import unittest

import world

FIXTURES = world.ROOT / "tests" / "fixtures" / "types"
TYPES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


PROVIDER = 'provider "aws" {\n  default_tags {\n    tags = { Suite = "types" }\n  }\n}\n\n'


class Life:
    def __init__(self, test, kind, folder, environment):
        self.test, self.kind = test, kind
        self.directory = pathlib.Path(folder, kind)
        self.directory.mkdir()
        self.terrace = world.Terrace(self.directory, environment)
        rules = FIXTURES / kind / "rules.json"
        self.rules = json.loads(rules.read_text()) if rules.exists() else {}

    def configuration(self, path):
        return (PROVIDER if self.rules.get("default_tags", True) else "") + path.read_text()

    def put(self, path):
        (self.directory / "main.tf").write_text(self.configuration(path))

    def attributes(self):
        state = json.loads((self.directory / "terraform.tfstate").read_text())
        for resource in state["resources"]:
            if resource["type"] == self.kind and resource["name"] == "it" and resource["mode"] == "managed":
                return resource["instances"][0]["attributes"]
        raise AssertionError(f"{self.kind}.it is not in the state")

    def planned_action(self):
        self.terrace("plan", "-out=tfplan")
        plan = json.loads(self.terrace("show", "-json", "tfplan"))
        return next(c["change"]["actions"] for c in plan["resource_changes"] if c["address"] == f"{self.kind}.it")

    def step(self, path):
        self.put(path)
        if "updated" in path.name:
            self.test.assertEqual(self.planned_action(), ["update"], f"{path.name} is to change it in place")
        self.terrace("apply", "-auto-approve")
        again = self.terrace("plan", "-detailed-exitcode", expect=None)
        self.test.assertIn("No changes.", again, f"after {path.name} the plan is not empty:\n{again}")

    def import_again(self, path):
        wanted = self.attributes()
        pattern = self.rules.get("import_id", "{id}")
        if pattern is None:
            return
        id = re.sub(r"\{(\w+)\}", lambda match: str(wanted[match.group(1)]), pattern)
        folder = self.directory / "imported"
        folder.mkdir()
        (folder / "main.tf").write_text(self.configuration(path))
        # What the configuration refers to is in the state already; only the object itself is left out of it.
        state = json.loads((self.directory / "terraform.tfstate").read_text())
        state["resources"] = [r for r in state["resources"] if (r["type"], r["name"], r["mode"]) != (self.kind, "it", "managed")]
        (folder / "terraform.tfstate").write_text(json.dumps(state))
        imported = world.Terrace(folder, self.terrace.environment)
        imported("import", f"{self.kind}.it", id)
        state = json.loads((folder / "terraform.tfstate").read_text())
        found = next(r for r in state["resources"] if (r["type"], r["name"]) == (self.kind, "it"))["instances"][0]["attributes"]
        ignored = set(self.rules.get("import_ignore", [])) | {"timeouts", "tags"}
        different = {name: (wanted[name], found.get(name)) for name in wanted
                     if name not in ignored and self.plain(wanted[name]) != self.plain(found.get(name))}
        self.test.assertEqual(different, {}, "what was imported differs from what was applied")

    def plain(self, value):
        """Nothing, empty, false and zero are the same: an import can't tell what the configuration left out."""
        if isinstance(value, dict):
            return {k: self.plain(v) for k, v in value.items() if self.plain(v)}
        if isinstance(value, list):
            return sorted((self.plain(v) for v in value), key=json.dumps)
        return value or None

    def live(self):
        steps = sorted((FIXTURES / self.kind).glob("*.tf"))
        names = [path.name for path in steps]
        if not any("updated" in name for name in names):
            self.test.assertIn("no_update", self.rules, f"{self.kind} has no *-updated.tf and no reason why")
        for path in steps:
            self.step(path)
        self.import_again(steps[-1])
        self.terrace("destroy", "-auto-approve")
        self.test.assertEqual(json.loads((self.directory / "terraform.tfstate").read_text())["resources"], [])


class TypesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.folder = tempfile.TemporaryDirectory(prefix="terrace-types-")

    @classmethod
    def tearDownClass(cls):
        cls.moto.close()
        cls.folder.cleanup()

    def life_of(self, kind):
        self.moto.reset()
        Life(self, kind, self.folder.name, world.environment(self.moto.endpoint)).live()


for each in TYPES:
    setattr(TypesTest, f"test_{each}", lambda self, kind=each: self.life_of(kind))

if __name__ == "__main__":
    named = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    unittest.main(argv=[sys.argv[0]] + [a for a in sys.argv[1:] if a.startswith("-")] + [f"TypesTest.test_{name}" for name in named])
