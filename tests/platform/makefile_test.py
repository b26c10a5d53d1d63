"""The Makefile of a cluster directory: every target of the original's, and ours, is one call of terrace. A stand-in on PATH
notes what it was called with."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

MAKEFILE = pathlib.Path(__file__).resolve().parents[2] / "platform" / "cluster" / "Makefile"
STACKS = ["admiral", "cloudtrail", "efs", "elb-ci", "elb-dockerhub", "etcd", "iam", "mine", "rds", "route53", "s3", "vpc", "worker"]
STAND_IN = '#!/bin/sh\necho "$@" >>"$CALLS"\n'


class MakefileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="makefile-")
        self.addCleanup(folder.cleanup)
        self.directory = pathlib.Path(folder.name)
        shutil.copy(MAKEFILE, self.directory)
        for stack in STACKS:
            (self.directory / "stacks" / stack).mkdir(parents=True)
            (self.directory / "stacks" / stack / "main.tf").touch()
        program = self.directory / "bin" / "terrace"
        program.parent.mkdir()
        program.write_text(STAND_IN)
        program.chmod(0o755)
        self.calls = self.directory / "calls"

    def make(self, *arguments):
        """The calls of terrace that a run of make with `arguments` made."""
        self.calls.write_text("")
        environment = {**os.environ, "PATH": f"{self.directory}/bin:{os.environ['PATH']}", "CALLS": str(self.calls)}
        environment.pop("TERRACE", None)
        done = subprocess.run(["make", *arguments], cwd=self.directory, env=environment, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.output = done.stdout
        return self.calls.read_text().splitlines()

    def test_every_stack_has_every_target_also_one_that_was_added(self):
        for stack in STACKS:
            for target, call in {stack: "up", f"plan_{stack}": "plan", f"plan_destroy_{stack}": "plan -destroy", f"refresh_{stack}": "refresh",
                                 f"destroy_{stack}": "down", f"show_{stack}": "show", f"output_{stack}": "output",
                                 f"graph_{stack}": "graph"}.items():
                with self.subTest(target):
                    self.assertEqual(self.make(target), [f"{call} {stack}"])

    def test_the_targets_that_are_not_of_one_stack(self):
        calls = {
            "": "up all", "all": "up all", "create_all": "up all", "plan_all": "plan all", "plan_destroy_all": "plan -destroy all",
            "destroy_all": "down all", "refresh_all": "refresh all", "show": "show all", "show_all": "show all", "graph": "graph all",
            "elb": "up elb-ci elb-dockerhub", "destroy_elb": "down elb-ci elb-dockerhub", "get_etcd_ips": "nodes etcd",
            "get_worker_ips": "nodes worker", "get_admiral_ips": "nodes admiral", "get_vpc_id": "vpc-id", "get_elb_names": "elb-name",
            "get_ami": "image", "get_rds_passwords": "output rds", "upload_worker": "config push worker", "roll_etcd": "roll etcd",
            "create_keypair": "keys create", "add_keypair": "keys add", "keypair_exists": "keys exists", "destroy_keypair": "keys delete",
            "certs": "certs create", "show_certs": "certs show", "lock": "session lock", "unlock": "session unlock",
            "show_lock": "session show", "create_cloudtrail_all": "cloudtrail create", "show_cloudtrail_all": "cloudtrail show",
            "delete_cloudtrail_all": "cloudtrail delete", "status": "status", "menu": "menu", "list_machines": "machines", "permissions": "permissions all",
        }
        for target, call in calls.items():
            with self.subTest(target):
                self.assertEqual(self.make(*target.split()), [call])

    def test_options_go_with_the_command(self):
        self.assertEqual(self.make("plan_etcd", "ARGS=-only -no-color"), ["plan -only -no-color etcd"])

    def test_init_checks_every_stack(self):
        self.assertEqual(self.make("init"), [f"-chdir=stacks/{stack} init" for stack in STACKS])

    def test_help_names_every_kind_of_target(self):
        self.assertEqual(self.make("help"), [])
        for word in [*STACKS, "plan_<stack>", "destroy_<stack>", "get_<role>_ips", "upload_<role>", "roll_<role>", "certs", "lock", "menu"]:
            self.assertIn(word, self.output)

    def test_a_target_that_is_not_there_is_an_error(self):
        done = subprocess.run(["make", "vpcc"], cwd=self.directory, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("No rule to make target", done.stderr)


if __name__ == "__main__":
    unittest.main()
