"""What the platform's files promise as files: shared ones are the same, everything is described, and the READMEs and
cluster.tfvars speak of exactly what is there."""
import pathlib
import re
import unittest

PLATFORM = pathlib.Path(__file__).resolve().parents[2] / "platform"
STACKS = ["vpc", "s3", "iam", "etcd", "worker", "admiral", "cloudtrail", "efs", "elb-ci", "elb-dockerhub", "rds", "route53"]
NODE_STACKS = ["etcd", "worker", "admiral"]
FOLDERS = [path for kind in ("stacks", "modules") for path in sorted((PLATFORM / kind).iterdir())]
BLOCK = re.compile(r'^(variable|output) "([^"]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def declared(folder, kind):
    """{name: body} of the folder's variables or outputs."""
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
    return {name: body for found, name, body in BLOCK.findall(text) if found == kind}


def documented(folder, heading):
    """Names in the first column of the table under a heading of the folder's README."""
    text = (folder / "README.md").read_text()
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| `([^`]+)` \|", section.group(1), re.MULTILINE) if section else []


class FilesTest(unittest.TestCase):
    def test_the_twelve_stacks_are_there(self):
        self.assertEqual(sorted(path.name for path in (PLATFORM / "stacks").iterdir()), sorted(STACKS))

    def test_shared_files_are_the_same_in_every_stack(self):
        for name, stacks in {"versions.tf": STACKS, "providers.tf": STACKS, "cluster_variables.tf": STACKS,
                             "node_variables.tf": NODE_STACKS}.items():
            contents = {(PLATFORM / "stacks" / stack / name).read_text() for stack in stacks}
            self.assertEqual(len(contents), 1, f"{name} differs between stacks")

    def test_everything_is_described_and_typed(self):
        for folder in FOLDERS:
            for kind in ("variable", "output"):
                for name, body in declared(folder, kind).items():
                    with self.subTest(folder=folder.name, name=name):
                        self.assertRegex(body, r'(?m)^  description = ".+\."$')
                        if kind == "variable":
                            self.assertRegex(body, r"(?m)^  type +=")

    def test_readmes_list_every_variable_and_output(self):
        for folder in FOLDERS:
            with self.subTest(folder=folder.name):
                self.assertEqual(sorted(documented(folder, "Variables")), sorted(declared(folder, "variable")))
                self.assertEqual(sorted(documented(folder, "Outputs")), sorted(declared(folder, "output")))

    def test_cluster_values_are_the_union_of_what_stacks_declare(self):
        text = (PLATFORM / "cluster" / "cluster.tfvars").read_text()
        named = re.findall(r"^(?:# )?([a-z_]+) +=", text, re.MULTILINE)
        wanted = {name for stack in STACKS for name in declared(PLATFORM / "stacks" / stack, "variable")}
        self.assertEqual(sorted(named), sorted(wanted))

    def test_only_what_must_be_chosen_is_set(self):
        text = (PLATFORM / "cluster" / "cluster.tfvars").read_text()
        self.assertEqual(re.findall(r"^([a-z_]+) += (.+)$", text, re.MULTILINE),
                         [("cluster_name", '"@CLUSTER_NAME@"'), ("region", '"@REGION@"'),
                          ("allow_ssh_cidr", '"@ALLOW_SSH_CIDR@"')])


if __name__ == "__main__":
    unittest.main()
