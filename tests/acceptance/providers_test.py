"""`terrace providers` and `init -json`, as recorded from Terraform 1.11.4 where the two must agree."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

TERRACE = os.environ.get("TERRACE", "build/dev/terrace")
FILES = {
    "main.tf": 'module "a" {\n  source = "./a"\n}\nresource "terraform_data" "x" {}\n',
    "a/main.tf": 'module "b" {\n  source = "./b"\n}\nresource "terraform_data" "z" {}\n',
    "a/b/main.tf": 'output "o" {\n  value = 1\n}\n',
}
# Both of the real binary.
TREE = """
Providers required by configuration:
.
├── provider[terraform.io/builtin/terraform]
└── module.a
    ├── provider[terraform.io/builtin/terraform]
    └── module.b

"""
TERRAFORM_DATA = {"version": 0, "block": {"description_kind": "plain", "attributes": {
    "id": {"type": "string", "description_kind": "plain", "computed": True},
    "input": {"type": "dynamic", "description_kind": "plain", "optional": True},
    "output": {"type": "dynamic", "description_kind": "plain", "computed": True},
    "triggers_replace": {"type": "dynamic", "description_kind": "plain", "optional": True}}}}
MILESTONES = ["initializing_backend_message", "initializing_modules_message", "initializing_provider_plugin_message",
              "output_init_success_message", "output_init_success_cli_message"]


class Providers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="providers-")
        self.addCleanup(self.folder.cleanup)
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name, text):
        path = pathlib.Path(self.folder.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_in(self, *arguments, expect=0):
        done = subprocess.run([TERRACE, *arguments], cwd=self.folder.name, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout if expect == 0 else " ".join((done.stdout + done.stderr).split())

    def test_the_tree_is_terraforms(self):
        self.assertEqual(self.run_in("providers"), TREE)

    def test_versions_and_the_state_are_shown(self):
        self.write("aws.tf", 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n      version = "~> 6.0"\n    }\n  }\n}\n')
        self.run_in("apply", "-auto-approve")
        shown = self.run_in("providers")
        self.assertIn("├── provider[registry.terraform.io/hashicorp/aws] ~> 6.0\n", shown)
        self.assertTrue(shown.endswith("\nProviders required by state:\n\n    provider[terraform.io/builtin/terraform]\n\n"), shown)

    def test_schemas_are_those_of_the_providers_that_are_needed(self):
        schemas = json.loads(self.run_in("providers", "schema", "-json"))
        self.assertEqual((schemas["format_version"], list(schemas["provider_schemas"])), ("1.0", ["terraform.io/builtin/terraform"]))
        self.assertEqual(schemas["provider_schemas"]["terraform.io/builtin/terraform"]["resource_schemas"]["terraform_data"], TERRAFORM_DATA)
        self.write("aws.tf", 'resource "aws_security_group" "x" {}\n')
        aws = json.loads(self.run_in("providers", "schema", "-json"))["provider_schemas"]["registry.terraform.io/hashicorp/aws"]
        template = aws["resource_schemas"]["aws_launch_template"]["block"]
        self.assertEqual(template["block_types"]["metadata_options"]["nesting_mode"], "list")
        self.assertEqual(template["block_types"]["metadata_options"]["max_items"], 1)
        self.assertEqual(template["attributes"]["tags"]["type"], ["map", "string"])
        self.assertTrue(aws["resource_schemas"]["aws_db_instance"]["block"]["attributes"]["password"]["sensitive"])
        self.assertIn("default_tags", aws["provider"]["block"]["block_types"])
        self.assertIn("aws_caller_identity", aws["data_source_schemas"])

    def test_what_is_wrong_is_said(self):
        self.assertIn("The -json flag is needed", self.run_in("providers", "schema", expect=1))
        self.assertIn("none is downloaded", self.run_in("providers", "lock", expect=1))
        self.write("other.tf", 'resource "google_thing" "x" {}\n')
        self.assertIn("hashicorp/google is not part of terrace", self.run_in("providers", "schema", "-json", expect=1))

    def test_init_tells_its_milestones_as_json(self):
        lines = [json.loads(line) for line in self.run_in("init", "-json").splitlines()]
        self.assertEqual((lines[0]["type"], lines[0]["ui"]), ("version", "1.2"))
        self.assertEqual([line["message_code"] for line in lines if line["type"] == "init_output"], MILESTONES)
        self.assertTrue(all(line["@module"] == "terraform.ui" and line["@level"] == "info" for line in lines))
        self.write("bad.tf", 'resource "x" {\n')
        done = subprocess.run([TERRACE, "init", "-json"], cwd=self.folder.name, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        last = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((last["@level"], last["type"], last["diagnostic"]["range"]["filename"]), ("error", "diagnostic", "bad.tf"))
        for path in pathlib.Path(self.folder.name).glob("*.tf"):
            path.unlink()
        empty = [json.loads(line) for line in self.run_in("init", "-json").splitlines()]
        self.assertEqual(empty[-1]["message_code"], "output_init_empty_message")


if __name__ == "__main__":
    unittest.main()
