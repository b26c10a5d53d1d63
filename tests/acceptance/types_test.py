"""Every resource type through its life, on the fixtures of tests/fixtures/types/TYPE/: each .tf file there is a whole root
module, and they are applied one after the other onto one state. The object under test is TYPE.it.

After each step a plan is empty. A step named *updated.tf changes the object in place; then the step before it is applied
from a copy of the state, which is a change behind our back: the next plan sees it and wants to change it again. At the
end the object is imported by id and compared, deleted from a copy of the state, which the next plan sees as well, and
everything is destroyed without asking first what is still there.

rules.json beside them may say:
  import_id      how the id for the import is put together, "{id}" by default; null where hashicorp/aws has no import
  import_ignore  attributes that the API does not give back
  unset          {argument: why no fixture sets it}
  no_update      why nothing of it can be changed in place
  no_drift       {step: why the change back is not seen, or not as an update}; "it" for all of them
  drift_ignore   attributes whose change behind our back is not seen, with the reason: {attribute: why}
  no_blind_destroy  why a destroy that does not look first fails when it is gone
  no_vanish      why it can't be deleted behind our back
  default_tags   false where the emulator loses tags

usage: types_test.py [--part N/OF] [TYPE...]"""
import argparse
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

import world

FIXTURES = world.ROOT / "tests" / "fixtures" / "types"
# Types whose operations the emulator does not have.
NO_LIFE = {"aws_efs_backup_policy": "docs/moto-gaps.md: PutBackupPolicy"}
RENAMED = {f"security_group_{way}_rule": f"aws_vpc_security_group_{way}_rule" for way in ("ingress", "egress")}
TYPES = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())


PROVIDER = 'provider "aws" {\n  default_tags {\n    tags = { Suite = "types" }\n  }\n}\n\n'


class Life:
    def __init__(self, test, kind, folder, environment):
        self.test, self.kind, self.drifted = test, kind, False
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

    def planned_change(self):
        self.terrace("plan", "-out=tfplan")
        plan = json.loads(self.terrace("show", "-json", "tfplan"))
        return next(c["change"] for c in plan["resource_changes"] if c["address"] == f"{self.kind}.it")

    def elsewhere(self, name, path):
        """A copy of the directory with the configuration of `path`: an operator whose doings this state does not know."""
        folder = self.directory / name
        folder.mkdir()
        (folder / "main.tf").write_text(self.configuration(path))
        shutil.copy(self.directory / "terraform.tfstate", folder)
        other = Life.__new__(Life)
        other.kind, other.directory = self.kind, folder
        other.terrace = world.Terrace(folder, self.terrace.environment)
        return other

    def drift(self, before, path):
        """What `before` says is put in the place of what `path` says, behind our back."""
        other = self.elsewhere("drift-" + path.stem, before)
        other.terrace("apply", "-auto-approve", f"-target={self.kind}.it")
        ignored = set(self.rules.get("drift_ignore", {})) | set(self.rules.get("import_ignore", [])) | {"timeouts", "tags"}
        mine, theirs = self.attributes(), other.attributes()
        changed = {name for name in theirs if name not in ignored and self.plain(mine[name]) != self.plain(theirs[name])}
        if not changed:
            return
        self.drifted = True
        change = self.planned_change()
        self.test.assertEqual(change["actions"], ["update"], f"the plan passes over what was changed behind our back to {before.name}: {changed}")
        # What the other configuration leaves out, AWS has filled in with what it likes.
        unseen = {name: (theirs[name], change["before"].get(name)) for name in changed if self.plain(theirs[name])
                  and self.plain(theirs[name]) != self.plain(change["before"].get(name))}
        self.test.assertEqual(unseen, {}, f"changed behind our back to {before.name}, but read otherwise: (there, read)")
        self.settle(path)

    def vanish(self, path):
        """The object goes behind our back: the next plan makes it again, and a destroy that does not look first is as good."""
        other = self.elsewhere("vanish", path)
        other.terrace("destroy", "-auto-approve", f"-target={self.kind}.it")
        self.test.assertEqual(self.planned_change()["actions"], ["create"], "it was deleted behind our back")

    def step(self, path, before):
        self.put(path)
        if "updated" in path.name:
            self.test.assertEqual(self.planned_change()["actions"], ["update"], f"{path.name} is to change it in place")
        self.settle(path)
        if "updated" in path.name and path.stem not in self.rules.get("no_drift", {}):
            self.drift(before, path)

    def settle(self, path):
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
            return {k: self.plain(v) for k, v in value.items() if self.plain(v)} or None
        if isinstance(value, list):
            return sorted((self.plain(v) for v in value), key=json.dumps) or None
        if isinstance(value, str) and value.startswith("{"):
            return self.plain(json.loads(value))
        return value or None

    def live(self):
        steps = sorted((FIXTURES / self.kind).glob("*.tf"))
        names = [path.name for path in steps]
        if not any("updated" in name for name in names):
            self.test.assertIn("no_update", self.rules, f"{self.kind} has no *-updated.tf and no reason why")
        for before, path in zip([None] + steps, steps):
            self.step(path, before)
        if not self.drifted:
            self.test.assertIn("it", self.rules.get("no_drift", {"it": ""} if "no_update" in self.rules else {}),
                               f"no step of {self.kind} changes it behind our back, and there is no reason why")
        self.import_again(steps[-1])
        if "no_vanish" not in self.rules:
            self.vanish(steps[-1])
        blind = "no_vanish" not in self.rules and "no_blind_destroy" not in self.rules
        self.terrace("destroy", "-auto-approve", f"-refresh={'false' if blind else 'true'}")
        self.test.assertEqual(json.loads((self.directory / "terraform.tfstate").read_text())["resources"], [])


class TypesTest(unittest.TestCase):
    maxDiff = None

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


    def test_every_type_has_a_life(self):
        """The types are those that the functions of src/aws/types/types.h give; what has no life says why."""
        declared = (world.ROOT / "src" / "aws" / "types" / "types.h").read_text()
        listed = {RENAMED.get(name, f"aws_{name}") for name in re.findall(r"^ResourceType (\w+)\(\);", declared, re.M)}
        self.assertEqual(listed - set(NO_LIFE), set(TYPES))


for each in TYPES:
    setattr(TypesTest, f"test_{each}", lambda self, kind=each: self.life_of(kind))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", default="1/1")
    parser.add_argument("types", nargs="*")
    options = parser.parse_args()
    number, of = map(int, options.part.split("/"))
    every = unittest.defaultTestLoader.getTestCaseNames(TypesTest)
    names = [f"test_{name}" for name in options.types] or every[number - 1::of]
    unittest.main(argv=[sys.argv[0]] + [f"TypesTest.{name}" for name in names])
