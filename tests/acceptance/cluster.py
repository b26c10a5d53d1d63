"""A cluster directory for the acceptance tests: `terrace new` and the few values that a test wants different."""
import pathlib
import shutil
import tempfile

import world


# The stacks of a plain cluster, and all that the platform has.
FIVE = ("vpc", "s3", "iam", "etcd", "worker")
TWELVE = (*FIVE, "admiral", "cloudtrail", "efs", "elb-ci", "elb-dockerhub", "rds", "route53")

# What lets all twelve be made, and taken down again, on the emulated AWS, which knows no backups of file systems.
EVERYTHING = """
domain                  = "example.com"
rds_deletion_protection = false
rds_skip_final_snapshot = true
buckets_force_destroy   = true
deployment_user         = true
efs_backups             = false
"""


class Cluster:
    """A cluster directory in a temporary folder, and terrace run in it against `endpoint`."""

    def __init__(self, endpoint, values="", stacks=FIVE):
        self.folder = tempfile.TemporaryDirectory(prefix="terrace-")
        self.terrace = world.Terrace(self.folder.name, world.environment(endpoint))
        self.terrace("new", "harbor", "-region", world.REGION, "-allow-ssh-cidr", "198.51.100.7/32")
        self.directory = pathlib.Path(self.folder.name, "harbor")
        for stack in set(TWELVE) - set(stacks):
            shutil.rmtree(self.directory / "stacks" / stack)
        if values:
            with open(self.directory / "cluster.tfvars", "a") as file:
                file.write("\n" + values)
        self.terrace = world.Terrace(self.directory, world.environment(endpoint))

    def states(self):
        return world.in_states(self.directory)

    def close(self):
        self.folder.cleanup()
