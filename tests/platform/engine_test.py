"""What an engine makes of the platform without any API: formatting, refused values, and the nodes' Ignition configurations.

usage: engine_test.py ENGINE [unittest arguments]

ENGINE is terrace or stock Terraform: both have to answer the same. TERRACE_ACCEPT=1 writes the expected configurations anew."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "platform"
GOLDEN = ROOT / "tests" / "golden" / "platform"
ENGINE = pathlib.Path(sys.argv.pop(1)).resolve()

RENDER = '''
module "node_config" {
  source   = "./modules/node-config"
  for_each = toset(["etcd", "worker", "admiral"])

  cluster_name   = "harbor"
  role           = each.key
  update_channel = "beta"

  cloudinit_bucket = "123456789012-harbor-cloudinit"

  settings = {
    reboot_window = "Sun 05:30 3h"
    time_zone     = ""
    flannel       = "10.2.0.0/16"
    apps          = null
  }

  environment = {
    TERRACE_REGION               = "us-west-2"
    TERRACE_ETCD_INITIAL_CLUSTER = "s3://123456789012-harbor-cloudinit/etcd/initial-cluster"
  }
}

output "json" {
  value = { for role, config in module.node_config : role => config.json }
}
'''


def engine(directory, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment.update(CHECKPOINT_DISABLE="1", NO_COLOR="1")
    return subprocess.run([ENGINE, *arguments], cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="terrace-platform-")
        self.addCleanup(folder.cleanup)
        self.directory = pathlib.Path(folder.name)

    def run_engine(self, *arguments, expect=0):
        done = engine(self.directory, *arguments)
        self.assertEqual(done.returncode, expect, f"{arguments}\n{done.stdout}{done.stderr}")
        return done


class FormatTest(Folder):
    def test_every_file_is_formatted(self):
        done = engine(PLATFORM, "fmt", "-check", "-recursive")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


class RefusedValuesTest(Folder):
    """Values that an operator can get wrong: refused before anything is asked or made, with a message that says what is right."""

    def plan(self, stack, **values):
        for path in (PLATFORM / "stacks" / stack).glob("*variables.tf"):
            shutil.copy(path, self.directory)
        values = {"cluster_name": "harbor", "region": "us-west-2", **values}
        self.run_engine("init", "-input=false")
        words = [f"-var={name}={value}" for name, value in values.items()]
        return engine(self.directory, "plan", "-input=false", "-no-color", *words)

    def assert_refused(self, stack, message, **values):
        done = self.plan(stack, **values)
        said = " ".join((done.stdout + done.stderr).replace("│", " ").split())
        self.assertEqual(done.returncode, 1, said)
        self.assertIn("Invalid value for variable", said)
        self.assertIn(message, said)

    def test_good_values_are_taken(self):
        for stack, values in {
            "vpc": {"vpc_cidr": "172.20.0.0/17", "zone_count": 2, "allowed_account_ids": '["123456789012"]', "topology": "private"},
            "s3": {"logs_days": 1}, "iam": {"cluster_name": "a"}, "route53": {"domain": "a.example.com"}, "rds": {"rds_storage_gib": 100},
            "admiral": {"admiral_load_balancers": '["ci", "dockerhub"]'},
            "etcd": {"etcd_size": 9, "update_channel": "lts", "allow_ssh_cidr": '["203.0.113.7/32", "198.51.100.0/24"]'},
            "worker": {"worker_size": "{ desired = 2 }", "worker_disk_gib": "{ data = 500 }"},
        }.items():
            done = self.plan(stack, **values)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_even_or_absurd_etcd_sizes(self):
        for size in (0, 2, 4, 6, 8, 10, 11, -1):
            self.assert_refused("etcd", "etcd_size must be 1, 3, 5, 7 or 9. An even number of members survives no more failures",
                                etcd_size=size)

    def test_what_the_other_stacks_refuse(self):
        for stack, name, value, message in (
                ("route53", "domain", "Example.com", "domain must be a domain name in lower case"),
                ("route53", "domain", "example.com.", "without a dot at its end"),
                ("rds", "rds_storage_gib", 10, "gp3 storage of RDS begins there"),
                ("rds", "rds_instance_class", "t3.micro", "such as db.t3.micro"),
                ("vpc", "topology", "secret", "topology must be public or private"),
                ("cloudtrail", "logs_days", 0, "logs_days must be at least 1"),
                ("admiral", "admiral_load_balancers", '["web"]', "admiral_load_balancers can name ci and dockerhub")):
            self.assert_refused(stack, message, **{name: value})

    def test_ssh_from_everywhere(self):
        for cidr in ('["0.0.0.0/0"]', '["203.0.113.7"]', '["somewhere"]'):
            self.assert_refused("worker", "allow_ssh_cidr must hold IPv4 blocks, such as 203.0.113.7/32", allow_ssh_cidr=cidr)

    def test_networks_that_leave_no_room(self):
        for cidr in ("10.10.0.0/19", "10.0.0.0/8", "10.10.0.0", "fd00::/16x"):
            self.assert_refused("vpc", "vpc_cidr must be an IPv4 block from /16 to /18", vpc_cidr=cidr)
        self.assert_refused("vpc", "zone_count must be 1, 2, 3 or 4", zone_count=5)

    def test_names_that_buckets_cannot_have(self):
        for name in ("Harbor", "1harbor", "harbor-", "", "x" * 33, "harbor_one"):
            self.assert_refused("s3", "cluster_name must be 1 to 32 lower-case letters", cluster_name=name)

    def test_regions_accounts_channels_and_bounds(self):
        self.assert_refused("iam", "region must be the name of an AWS region", region="Oregon")
        self.assert_refused("iam", "allowed_account_ids must be account ids", allowed_account_ids='["12345"]')
        self.assert_refused("etcd", "update_channel must be stable, beta, alpha or lts", update_channel="edge")
        self.assert_refused("worker", "worker_size must have 0 <= min <= desired <= max", worker_size="{ min = 3 }")


class NodeConfigTest(Folder):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory(prefix="terrace-platform-") as folder:
            for name in ("modules", "nodes"):
                shutil.copytree(PLATFORM / name, pathlib.Path(folder, name))
            pathlib.Path(folder, "main.tf").write_text(RENDER)
            for arguments in (["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]):
                done = engine(folder, *arguments)
                if done.returncode:
                    raise AssertionError(f"{arguments}\n{done.stdout}{done.stderr}")
            cls.configs = json.loads(engine(folder, "output", "-json", "json").stdout)

    def test_ignition_accepts_them(self):
        self.assertEqual(sorted(self.configs), ["admiral", "etcd", "worker"])
        for role, text in self.configs.items():
            path = self.directory / f"{role}.json"
            path.write_text(text)
            done = subprocess.run(["ignition-validate", path], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), role)

    def test_they_are_as_recorded(self):
        for role, text in self.configs.items():
            path = GOLDEN / f"{role}.ignition.json"
            readable = json.loads(text)
            for file in readable["storage"]["files"]:
                kind, _, content = file["contents"]["source"].partition(",")
                self.assertEqual(kind, "data:;base64")
                file["contents"]["source"] = base64.b64decode(content).decode().splitlines()
            for unit in readable["systemd"]["units"]:
                unit["contents"] = unit["contents"].splitlines()
            readable = json.dumps(readable, indent=2) + "\n"
            if os.environ.get("TERRACE_ACCEPT"):
                path.write_text(readable)
            self.assertEqual(readable, path.read_text(), role)

    def test_disks_are_formatted_once_and_mounted_by_label(self):
        for role, where in {"etcd": "/var/lib/etcd", "worker": "/opt/data", "admiral": "/opt/data"}.items():
            config = json.loads(self.configs[role])
            disks = {disk["label"]: disk for disk in config["storage"]["filesystems"]}
            self.assertEqual(sorted(disks), ["data", "docker"])
            self.assertTrue(all(disk["wipeFilesystem"] is False for disk in disks.values()))
            mounts = [unit["contents"] for unit in config["systemd"]["units"] if unit["name"].endswith(".mount")]
            for label, path in {"docker": "/var/lib/docker", "data": where}.items():
                self.assertEqual(sum(f"What=/dev/disk/by-label/{label}\nWhere={path}\n" in mount for mount in mounts), 1, role)

    def test_no_node_gets_another_roles_files(self):
        for role in ("etcd", "worker"):
            update = next(file for file in json.loads(self.configs[role])["storage"]["files"]
                          if file["path"] == "/etc/flatcar/update.conf")
            content = base64.b64decode(update["contents"]["source"].partition(",")[2]).decode()
            self.assertIn("GROUP=beta\n", content)
            units = {unit["name"]: unit["contents"] for unit in json.loads(self.configs[role])["systemd"]["units"]}
            self.assertEqual("terrace-etcd.service" in units, role == "etcd")
            self.assertEqual("opt-data.mount" in units, role == "worker")
            self.assertEqual("flanneld" in units["flannel.service"], role == "worker", "a member of etcd runs no flannel")


if __name__ == "__main__":
    unittest.main()
