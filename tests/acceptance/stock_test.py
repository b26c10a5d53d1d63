"""Stock Terraform as a referee of what terrace wrote: it reads every attribute of the states and finds no change, and the
states hold exactly the attributes that hashicorp/aws would store. Runs where the referee's tools, go and terraform are."""
import os
import pathlib
import subprocess
import unittest

import cluster
import world

TOOLS = pathlib.Path(os.environ["TERRACE_REFEREE"])
STACKS = list(cluster.TWELVE)


class StockTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.cluster = cluster.Cluster(cls.moto.endpoint, cluster.EVERYTHING, cluster.TWELVE)
        cls.cluster.terrace("apply", "-auto-approve", "all")

    @classmethod
    def tearDownClass(cls):
        cls.cluster.close()
        cls.moto.close()

    def stock(self, stack, *arguments):
        done = subprocess.run([TOOLS / "stock-terraform" / "stock", *arguments], cwd=self.cluster.directory / "stacks" / stack,
                              capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def test_stock_terraform_validates_each_stack_and_finds_no_change(self):
        for stack in STACKS:
            with self.subTest(stack=stack):
                code, output = self.stock(stack, "init", "-backend=false", "-input=false", "-no-color")
                self.assertEqual(code, 0, output)
                code, output = self.stock(stack, "validate", "-no-color")
                self.assertEqual(code, 0, output)
                code, output = self.stock(stack, "init", "-input=false", "-no-color")
                self.assertEqual(code, 0, output)
                code, output = self.stock(stack, "plan", "-refresh=false", "-input=false", "-no-color", "-detailed-exitcode",
                                          "-var-file=../../cluster.tfvars")
                self.assertEqual(code, 0, output)
                self.assertIn("No changes.", output)

    def test_stock_terraform_lists_and_pulls_the_states(self):
        for stack in STACKS:
            with self.subTest(stack=stack):
                code, listed = self.stock(stack, "state", "list")
                self.assertEqual(code, 0, listed)
                ours = world.Terrace(self.cluster.directory / "stacks" / stack, self.cluster.terrace.environment)
                self.assertEqual(listed, ours("state", "list"))

    def test_the_states_hold_what_the_provider_would_store(self):
        states = sorted(str(p) for p in self.cluster.directory.glob("stacks/*/terraform.tfstate"))
        self.assertEqual(len(states), len(STACKS))
        done = subprocess.run([TOOLS / "state-against-schema.py", *states], capture_output=True, text=True)
        print(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
