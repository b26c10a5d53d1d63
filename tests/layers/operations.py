"""Every operation of AWS's that the sources name is in the model of its service; one that is not would be missed only when it is
first called."""
import json
import pathlib
import re
import unittest

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"
VERBS = ("Add|Allocate|Apply|Assign|Associate|Attach|Authorize|Change|Complete|Copy|Create|Delete|Deregister|Describe|Detach|Disable|"
         "Disassociate|Enable|Get|Import|List|Modify|Put|Release|Remove|Replace|Request|Reset|Resume|Revoke|Run|Set|Start|Stop|Suspend|"
         "Tag|Terminate|Unassign|Untag|Update")
NAMED = re.compile(rf'"([a-z0-9-]+)",\s*"((?:{VERBS})[A-Z][A-Za-z0-9]*)"')


class OperationsTest(unittest.TestCase):
    def test_models_have_what_the_sources_call(self):
        models = {path.stem: set(json.loads(path.read_text()).get("operations", {})) for path in (SRC / "aws" / "model").glob("*.json")}
        named = {(service, operation) for path in SRC.rglob("*.cpp") for service, operation in NAMED.findall(path.read_text())
                 if service in models}
        self.assertGreater(len(named), 150)
        self.assertEqual({(service, operation) for service, operation in named if operation not in models[service]}, set())


if __name__ == "__main__":
    unittest.main()
