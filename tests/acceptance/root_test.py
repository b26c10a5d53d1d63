"""One root module as an operator uses it: exit codes, outputs, bad input and bad days. No AWS is needed."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import unittest

import world

DATA = 'resource "terraform_data" "%s" {\n  input = %s\n}\n'


class RootTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="terrace-")
        self.addCleanup(self.folder.cleanup)
        self.directory = pathlib.Path(self.folder.name)
        self.terrace = world.Terrace(self.directory, world.environment("http://127.0.0.1:9"))

    def write(self, text, name="main.tf"):
        (self.directory / name).write_text(text)

    def state(self):
        return json.loads((self.directory / "terraform.tfstate").read_text())

    def refused(self, *words, command=("plan",)):
        output = self.terrace(*command, expect=1)
        flowing = " ".join(output.split())  # details are wrapped
        for word in words:
            self.assertIn(word, flowing)
        return output

    def test_create_change_show_and_destroy(self):
        self.write('variable "n" {\n  default = 2\n}\n' + 'resource "terraform_data" "a" {\n  count = var.n\n  input = count.index\n}\n'
                   'output "all" {\n  value = terraform_data.a[*].output\n}\n')
        self.assertIn("Plan: 2 to add, 0 to change, 0 to destroy.", self.terrace("plan", "-detailed-exitcode", expect=2))
        self.assertIn("Apply complete! Resources: 2 added, 0 changed, 0 destroyed.", self.terrace("apply", "-auto-approve"))
        self.terrace("plan", "-detailed-exitcode", expect=0)
        self.assertEqual(json.loads(self.terrace("output", "-json"))["all"], {"sensitive": False, "type": ["tuple", ["number", "number"]], "value": [0, 1]})
        self.assertEqual(self.terrace("state", "list"), "terraform_data.a[0]\nterraform_data.a[1]\n")
        self.assertIn("1 to destroy", self.terrace("plan", "-var=n=1", "-detailed-exitcode", expect=2))
        self.assertIn("Destroy complete! Resources: 2 destroyed.", self.terrace("destroy", "-auto-approve"))
        self.assertEqual(self.state()["resources"], [])

    def test_a_saved_plan_is_applied_once(self):
        self.write(DATA % ("a", '"x"'))
        self.terrace("plan", "-out=tfplan")
        self.assertEqual((self.directory / "tfplan").stat().st_mode & 0o777, 0o600)
        self.assertEqual(json.loads(self.terrace("show", "-json", "tfplan"))["resource_changes"][0]["change"]["actions"], ["create"])
        self.terrace("apply", "tfplan")
        self.refused("Saved plan is stale", command=("apply", "tfplan"))

    def test_init_takes_terraforms_flags(self):
        self.write(DATA % ("a", '"x"'))
        for words in (["-migrate-state"], ["-force-copy"], ["-reconfigure"], ["-upgrade"], ["-lockfile=readonly"], ["-lock=false", "-lock-timeout=5s"],
                      ["-backend=false"]):
            self.assertIn("successfully initialized", self.terrace("init", *words))
        self.refused("-lockfile=readonly", command=("init", "-lockfile=no"))
        self.refused("backend \"local\"", command=("init", "-backend-config=path=x"))

    def test_a_local_lock_is_its_holders(self):
        self.refused("Which lock?", command=("force-unlock",))
        self.refused("Local state cannot be unlocked by another process", command=("force-unlock", "-force", "0123"))

    def test_without_approval_nothing_is_changed(self):
        self.write(DATA % ("a", '"x"'))
        self.assertIn("Apply cancelled", self.terrace("apply", expect=1))
        self.assertFalse((self.directory / "terraform.tfstate").exists())

    def test_secrets_are_hidden(self):
        self.write('variable "p" {\n  sensitive = true\n}\n' + DATA % ("a", "var.p") + 'output "p" {\n  value     = var.p\n  sensitive = true\n}\n')
        output = self.terrace("plan", "-var=p=hunter2") + self.terrace("apply", "-auto-approve", "-var=p=hunter2") + self.terrace("output")
        self.assertNotIn("hunter2", output)
        self.assertEqual(self.terrace("output", "-raw", "p"), "hunter2")

    def test_the_state_is_mended_by_hand(self):
        self.write('resource "terraform_data" "a" {\n  count = 2\n}\n' + DATA % ("b", "1"))
        self.terrace("apply", "-auto-approve")
        listed = lambda: self.terrace("state", "list").split()
        self.assertIn("Would move", self.terrace("state", "mv", "-dry-run", "terraform_data.b", "terraform_data.c"))
        self.assertEqual(listed(), ["terraform_data.a[0]", "terraform_data.a[1]", "terraform_data.b"])
        self.assertIn("Successfully moved 1 object(s).", self.terrace("state", "mv", "terraform_data.b", "module.m.terraform_data.c"))
        self.terrace("state", "mv", "module.m", "module.n[0]")
        self.assertEqual(listed(), ["terraform_data.a[0]", "terraform_data.a[1]", "module.n[0].terraform_data.c"])
        self.refused("is there already", command=("state", "mv", "terraform_data.a[0]", "terraform_data.a[1]"))
        self.refused("the types must be the same", command=("state", "mv", "terraform_data.a[0]", "aws_vpc.a"))
        self.assertIn("Successfully removed 2 resource instance(s).", self.terrace("state", "rm", "terraform_data.a"))
        self.refused("holds no object", command=("state", "rm", "terraform_data.a"))
        self.refused("is no resource address", command=("state", "rm", "terraform_data"))
        self.assertTrue(list(self.directory.glob("terraform.tfstate.*.backup")))

    def test_a_tainted_object_is_replaced(self):
        self.write(DATA % ("a", "1"))
        self.terrace("apply", "-auto-approve")
        self.terrace("taint", "terraform_data.a")
        self.assertIn("is tainted, so must be replaced", self.terrace("plan"))
        self.terrace("untaint", "terraform_data.a")
        self.terrace("plan", "-detailed-exitcode", expect=0)
        self.refused("not currently tainted", command=("untaint", "terraform_data.a"))
        self.refused("No such resource instance", command=("taint", "terraform_data.b"))
        self.terrace("taint", "-allow-missing", "terraform_data.b")

    def test_a_state_is_pushed_only_over_its_own_past(self):
        self.write(DATA % ("a", "1"))
        self.terrace("apply", "-auto-approve")
        pushed = json.loads(self.terrace("state", "pull"))
        self.write(json.dumps(pushed), "same.json")
        self.terrace("state", "push", "same.json")
        self.write(json.dumps({**pushed, "serial": 0}), "older.json")
        self.refused("over newer state", command=("state", "push", "older.json"))
        self.write(json.dumps({**pushed, "lineage": "another"}), "other.json")
        self.refused("unrelated state", command=("state", "push", "other.json"))
        self.write(json.dumps({**pushed, "serial": self.state()["serial"], "resources": []}), "differs.json")
        self.refused("same serial", command=("state", "push", "differs.json"))
        self.assertEqual(len(self.state()["resources"]), 1)
        self.terrace("state", "push", "-force", "differs.json")
        self.assertEqual(self.state()["resources"], [])

    def test_import_refuses_what_is_not_in_the_configuration(self):
        self.write(DATA % ("a", "1"))
        self.refused("does not exist in the configuration", command=("import", "terraform_data.b", "x"))
        self.refused("is no resource address", command=("import", "terraform_data", "x"))
        self.terrace("import", "terraform_data.a", "kept-id")
        self.assertEqual(self.state()["resources"][0]["instances"][0]["attributes"]["id"], "kept-id")
        self.refused("already managed", command=("import", "terraform_data.a", "kept-id"))

    def test_bad_configurations_are_refused_at_their_place(self):
        cases = [
            ('resource "terraform_data" "a" {\n  input = \n}\n', "Invalid expression", "main.tf line 2"),
            ('resource "terraform_data" "a" {\n  colour = "red"\n}\n', "Unsupported argument", "colour"),
            ('resource "aws_nonsense" "a" {}\n', "aws_nonsense", "main.tf line 1"),
            ('variable "n" {\n  type = number\n}\n' + DATA % ("a", "var.n"), "No value for required variable", "\"n\""),
            (DATA % ("a", "terraform_data.b.output") + DATA % ("b", "terraform_data.a.output"), "Cycle", "terraform_data.a → terraform_data.b"),
            (DATA % ("a", "1") + DATA % ("a", "2"), "Duplicate resource \"terraform_data\" configuration", "main.tf line 4"),
            (DATA % ("a", "local.nothing"), "Reference to undeclared local value", "nothing"),
            ('terraform {\n  required_providers {\n    google = {\n      source = "hashicorp/google"\n    }\n  }\n}\n', "not part of terrace", "registry.terraform.io/hashicorp/aws"),
        ]
        for text, *words in cases:
            with self.subTest(words[0]):
                self.write(text)
                self.refused(*words)
                self.assertFalse((self.directory / "terraform.tfstate").exists())

    def test_a_state_that_cannot_be_read_is_left_as_it_is(self):
        self.write(DATA % ("a", '"x"'))
        for content, word in [('{"version": 5, "terraform_version": "9.0.0", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}', "version"),
                              ('{"version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "x", "outp', "terraform.tfstate")]:
            with self.subTest(content[:20]):
                self.write(content, "terraform.tfstate")
                self.refused(word, command=("apply", "-auto-approve"))
                self.assertEqual((self.directory / "terraform.tfstate").read_text(), content)

    def test_two_operators_at_once(self):
        # The first one waits at its question with the lock held.
        self.write(DATA % ("a", '"x"'))
        first = subprocess.Popen([self.terrace.program, "apply"], cwd=self.directory, env=self.terrace.environment, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(first.stdout.close)
        shown = ""
        while "Enter a value:" not in shown:
            shown += first.stdout.read(1)
        output = self.refused("Error acquiring the state lock", "OperationTypeApply", command=("apply", "-auto-approve"))
        self.assertIn("Who:", output)
        first.stdin.write("yes\n")
        first.stdin.close()
        self.assertEqual(first.wait(60), 0)
        self.terrace("plan", "-detailed-exitcode", expect=0)

    def test_no_credentials_names_every_source(self):
        self.write('provider "aws" {\n  region = "us-west-2"\n}\n\ndata "aws_caller_identity" "me" {}\n')
        environment = {k: v for k, v in self.terrace.environment.items() if not k.startswith("AWS_")}
        environment["AWS_EC2_METADATA_DISABLED"] = "true"
        self.terrace = world.Terrace(self.directory, environment)
        self.refused("No valid credential sources found", "environment", "profile")

    def test_an_api_that_cannot_be_reached(self):
        self.write('provider "aws" {\n  region = "us-west-2"\n  max_retries = 1\n}\n\ndata "aws_caller_identity" "me" {}\n')
        self.refused("127.0.0.1")

    def test_the_wrong_account_is_refused_before_anything(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        self.terrace = world.Terrace(self.directory, world.environment(moto.endpoint))
        self.write('provider "aws" {\n  region              = "us-west-2"\n  allowed_account_ids = ["999999999999"]\n}\n\nresource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n')
        before = world.inventory(moto.endpoint)
        self.refused("AWS account ID not allowed", "123456789012", "999999999999", command=("apply", "-auto-approve"))
        self.assertEqual(world.inventory(moto.endpoint), before)

    def test_an_error_in_the_middle_keeps_what_was_made(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        proxy = world.Proxy(moto.endpoint)
        self.addCleanup(proxy.close)
        self.terrace = world.Terrace(self.directory, world.environment(proxy.endpoint))
        self.write('provider "aws" {\n  region = "us-west-2"\n}\n\nresource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n\n'
                   'resource "aws_subnet" "a" {\n  vpc_id     = aws_vpc.main.id\n  cidr_block = "10.0.1.0/24"\n}\n')
        denied = (b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation."
                  b"</Message></Error></Errors><RequestID>abc-123</RequestID></Response>")
        proxy.before = lambda index, request: (403, denied) if request.operation == "CreateSubnet" else None
        self.refused("UnauthorizedOperation", "RequestID: from-the-proxy", "aws_subnet.a", command=("apply", "-auto-approve"))
        self.assertEqual([r["type"] for r in self.state()["resources"]], ["aws_vpc"])
        proxy.before = None
        self.terrace("apply", "-auto-approve")
        self.terrace("plan", "-detailed-exitcode", expect=0)

    def test_ctrl_c_finishes_what_is_in_flight_and_saves(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        proxy = world.Proxy(moto.endpoint)
        self.addCleanup(proxy.close)
        self.terrace = world.Terrace(self.directory, world.environment(proxy.endpoint))
        self.write('provider "aws" {\n  region = "us-west-2"\n}\n\nresource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n\n'
                   'resource "aws_subnet" "a" {\n  vpc_id     = aws_vpc.main.id\n  cidr_block = "10.0.1.0/24"\n}\n')
        process = None

        def interrupt(index, request):
            if request.operation == "CreateVpc":
                process.send_signal(signal.SIGINT)

        proxy.after = interrupt
        process = self.terrace.start("apply", "-auto-approve")
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, output)
        self.assertIn("Interrupt received", output)
        self.assertEqual([r["type"] for r in self.state()["resources"]], ["aws_vpc"])
        proxy.after = None
        self.terrace("apply", "-auto-approve")
        self.terrace("plan", "-detailed-exitcode", expect=0)

    def test_ctrl_c_twice_stops_at_once_and_loses_nothing(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        proxy = world.Proxy(moto.endpoint)
        self.addCleanup(proxy.close)
        self.terrace = world.Terrace(self.directory, world.environment(proxy.endpoint))
        self.write('provider "aws" {\n  region = "us-west-2"\n}\n\nresource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n')
        before = world.inventory(moto.endpoint)
        ended = threading.Event()

        def interrupt_twice(index, request):
            # AWS has made it; the answer does not come before the program has ended.
            if request.operation == "CreateVpc":
                process.send_signal(signal.SIGINT)
                self.assertIn("Interrupt received", said_until(process, "Interrupt received"))
                process.send_signal(signal.SIGINT)
                ended.wait(60)

        def said_until(process, word):
            said = ""
            while word not in said:
                said += process.stdout.read(1) or self.fail(said)
            return said

        proxy.after = interrupt_twice
        process = self.terrace.start("apply", "-auto-approve")
        self.assertNotEqual(process.wait(60), 0)
        ended.set()
        rest = process.stdout.read()
        process.stdout.close()
        self.assertIn("again", rest)
        proxy.after = None
        self.terrace("apply", "-auto-approve")
        self.terrace("plan", "-detailed-exitcode", expect=0)
        self.assertEqual(len(world.added(world.inventory(moto.endpoint), before)["aws_vpc"]), 1)

    def test_throttling_and_failing_answers_are_tried_again(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        proxy = world.Proxy(moto.endpoint)
        self.addCleanup(proxy.close)
        self.terrace = world.Terrace(self.directory, world.environment(proxy.endpoint))
        self.write('provider "aws" {\n  region = "us-west-2"\n}\n\nresource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n')
        answers = {"CreateVpc": [(503, b"<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Slow down.</Message></Error></Errors></Response>"),
                                 (500, b"<Response><Errors><Error><Code>InternalError</Code><Message>Sorry.</Message></Error></Errors></Response>")],
                   "DescribeVpcs": [(503, b"not even XML")]}
        proxy.before = lambda index, request: answers[request.operation].pop() if answers.get(request.operation) else None
        self.terrace("apply", "-auto-approve")
        self.assertEqual([len(left) for left in answers.values()], [0, 0])
        self.terrace("plan", "-detailed-exitcode", expect=0)
        # One that never ends is told, with what was asked and how often.
        proxy.before = lambda index, request: (500, b"<Response><Errors><Error><Code>InternalError</Code><Message>Sorry.</Message></Error></Errors></Response>")
        self.terrace.environment["AWS_MAX_ATTEMPTS"] = "2"
        proxy.clear()
        self.refused("InternalError", "RequestID: from-the-proxy")
        self.assertEqual(len(self.state()["resources"]), 1)

    def test_targets_are_planned_with_what_they_need_and_a_warning(self):
        self.write(DATA % ("a", "1") + DATA % ("b", "terraform_data.a.output") + DATA % ("c", "2")
                   + 'output "b" {\n  value = terraform_data.b.output\n}\n\noutput "c" {\n  value = terraform_data.c.output\n}\n\noutput "one" {\n  value = 1\n}\n')
        planned = self.terrace("plan", "-target=terraform_data.b")
        self.assertIn("Plan: 2 to add", planned)
        self.assertIn("Warning: Resource targeting is in effect", planned)
        self.assertIn("Warning: Applied changes may be incomplete", self.terrace("apply", "-auto-approve", "-target=terraform_data.b"))
        self.assertEqual(sorted(self.state()["outputs"]), ["b"])
        self.assertIn("Plan: 1 to add", self.terrace("plan"))
        self.assertIn("Resource targeting is in effect", self.terrace("plan", "-target=terraform_data.nothing"))

    def test_objects_are_found_by_the_settings_of_their_provider(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        self.terrace = world.Terrace(self.directory, world.environment(moto.endpoint))
        provider = 'provider "aws" {\n  region = "eu-west-1"\n}\n\nprovider "aws" {\n  alias  = "second"\n  region = "eu-central-1"\n}\n\n'
        vpc = 'resource "aws_vpc" "%s" {\n  provider   = %s\n  cidr_block = "10.0.0.0/16"\n}\n\n'
        self.write(provider + vpc % ("a", "aws") + vpc % ("b", "aws.second"))
        self.terrace("apply", "-auto-approve")
        # No resource uses the providers any more; what they made is still found, in their regions and not in the environment's.
        self.write(provider)
        self.assertIn("Plan: 0 to add, 0 to change, 2 to destroy.", self.terrace("plan"))
        self.write(provider.split("provider", 2)[0] + "provider" + provider.split("provider", 2)[1])
        self.refused("Provider configuration not present", "second", command=("apply", "-auto-approve"))
        self.assertEqual(len(self.state()["resources"]), 2)
        self.write(provider)
        self.terrace("apply", "-auto-approve")
        self.assertEqual(self.state()["resources"], [])

    def test_a_provider_that_is_not_configured_is_an_error(self):
        self.write('resource "aws_vpc" "a" {\n  provider   = aws.nowhere\n  cidr_block = "10.0.0.0/16"\n}\n')
        self.refused("nowhere", "main.tf line 2")

    def test_what_is_wrong_in_the_files_is_said_before_anything_is_asked(self):
        self.write('provider "aws" {\n  region = "us-west-2"\n}\n\nresource "aws_vpc" "main" {\n  colour = "red"\n}\n')
        self.assertNotIn("credentials", self.refused("Unsupported argument", "colour"))

    def test_places_in_a_cluster_name_the_stack(self):
        self.terrace("new", "demo")
        inside = world.Terrace(self.directory / "demo", {**self.terrace.environment, "AWS_MAX_ATTEMPTS": "1"})
        self.assertIn("on stacks/s3/providers.tf line", inside("plan", "s3", expect=1))

    def test_console_lines_go_on_while_brackets_are_open(self):
        self.write("")
        done = subprocess.run([self.terrace.program, "console"], input='{\n  a = [\n    1,\n  ]\n}\n', cwd=self.directory,
                              env=self.terrace.environment, text=True, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, '{\n  "a" = [\n    1,\n  ]\n}\n'))

    def test_a_full_disk_loses_nothing(self):
        self.write('resource "terraform_data" "a" {\n  count = 40\n  input = "${count.index} ${join("", [for i in range(400) : "abcdefghij"])}"\n}\n')
        # The limit stands for the disk: what is written beyond it fails as ENOSPC does.
        limited = f"trap '' XFSZ; ulimit -f 100; exec {self.terrace.program} apply -auto-approve -no-color"
        done = subprocess.run(["bash", "-c", limited], cwd=self.directory, env=self.terrace.environment, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout[-500:] + done.stderr[-500:])
        everything = done.stdout + done.stderr + "".join(p.read_text() for p in self.directory.iterdir())
        self.assertIn("terraform.tfstate", everything)
        # Whatever was made is found again by the next run.
        self.terrace("apply", "-auto-approve")
        self.assertEqual(len(self.state()["resources"][0]["instances"]), 40)
        self.terrace("plan", "-detailed-exitcode", expect=0)

    def test_fmt_and_validate(self):
        self.write('resource "terraform_data" "a"{\ninput="x"\n}\n')
        self.assertEqual(self.terrace("fmt", "-check", expect=3), "main.tf\n")
        self.terrace("fmt")
        self.assertEqual((self.directory / "main.tf").read_text(), 'resource "terraform_data" "a" {\n  input = "x"\n}\n')
        self.assertTrue(json.loads(self.terrace("validate", "-json"))["valid"])

    def test_words_that_are_no_commands(self):
        self.assertIn('Did you mean "plan"?', self.terrace("plam", expect=1))
        self.assertIn("terrace v", self.terrace("version"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
