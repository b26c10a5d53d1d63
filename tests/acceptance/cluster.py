"""A cluster directory for the acceptance tests: `terrace new` and the few values that a test wants different."""
import pathlib
import tempfile

import world


class Cluster:
    """A cluster directory in a temporary folder, and terrace run in it against `endpoint`."""

    def __init__(self, endpoint, values=""):
        self.folder = tempfile.TemporaryDirectory(prefix="terrace-")
        self.terrace = world.Terrace(self.folder.name, world.environment(endpoint))
        self.terrace("new", "harbor", "-region", world.REGION, "-allow-ssh-cidr", "198.51.100.7/32")
        self.directory = pathlib.Path(self.folder.name, "harbor")
        if values:
            with open(self.directory / "cluster.tfvars", "a") as file:
                file.write("\n" + values)
        self.terrace = world.Terrace(self.directory, world.environment(endpoint))

    def states(self):
        return world.in_states(self.directory)

    def close(self):
        self.folder.cleanup()
