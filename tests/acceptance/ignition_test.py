"""Ignition's own engine on what the platform has nodes get: its first boot, fetched through instance metadata and from the emulated
AWS, must make the same files as the agent does on every later one. The test runs itself again in namespaces of its own: the engine looks
at 169.254.169.254 and writes below a folder."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import cluster
import nodes
import world

ENGINE = "/usr/lib/dracut/modules.d/30ignition/ignition"
LINK_LOCAL = ("169.254.169.254", 80)


def tree(root):
    """{path: (mode, content)} of the files below it."""
    return {str(path.relative_to(root)): (path.stat().st_mode & 0o7777, path.read_bytes()) for path in root.rglob("*") if path.is_file()}


class FirstBoot(unittest.TestCase):
    def ignition(self, stage):
        done = subprocess.run([ENGINE, "--platform=aws", f"--stage={stage}", f"--root={self.root}", f"--config-cache={self.folder}/cache.json",
                               f"--neednet={self.folder}/neednet", f"--state-file={self.folder}/state", "--log-to-stdout"],
                              capture_output=True, text=True, timeout=120,
                              env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}"})
        wrong = [line for line in done.stdout.splitlines() if line.startswith(("CRITICAL", "ERROR"))]
        self.assertEqual(done.returncode, 0, "\n".join(wrong) + done.stderr[-3000:])
        return done.stdout

    def test_the_engine_and_the_agent_make_the_same_files(self):
        for words in ("link set lo up", f"address add {LINK_LOCAL[0]}/32 dev lo"):
            subprocess.run(["ip", *words.split()], check=True)
        moto = world.Moto()
        self.addCleanup(moto.close)
        platform = cluster.Cluster(moto.endpoint)
        self.addCleanup(platform.close)
        (platform.directory / "nodes/terraced.tar.gz").unlink(missing_ok=True)  # the engine could not fetch it from here
        platform.terrace("up", "-auto-approve", "worker")
        ec2 = world.session(moto.endpoint)("ec2")
        template = ec2.describe_launch_template_versions(LaunchTemplateName="harbor-worker", Versions=["$Latest"])
        user_data = template["LaunchTemplateVersions"][0]["LaunchTemplateData"]["UserData"]
        first_stage = json.loads(base64.b64decode(user_data))
        source = first_stage["ignition"]["config"]["replace"]["source"]
        self.assertTrue(source.startswith(f"s3://{world.ACCOUNT}-harbor-cloudinit/worker/"), source)
        folder = tempfile.TemporaryDirectory(prefix="ignition-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.root = self.folder / "root"
        # What the engine expects of a system that labels its files, and a tool for it that labels none.
        (self.root / "etc/selinux/none/contexts/files").mkdir(parents=True)
        (self.root / "etc/selinux/config").write_text("SELINUX=permissive\nSELINUXTYPE=none\n")
        (self.root / "etc/selinux/none/contexts/files/file_contexts").touch()
        (self.root / "usr").mkdir()
        tool = self.folder / "bin/setfiles"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\nexit 0\n")
        tool.chmod(0o755)
        metadata = nodes.Metadata("i-0123456789abcdef0", "10.10.5.4", {}, LINK_LOCAL)
        self.addCleanup(metadata.close)

        # The engine's SDK speaks to AWS's own S3 and nowhere else, so it is sent to the same object by a signed URL.
        bucket, key = source.removeprefix("s3://").split("/", 1)
        url = world.session(moto.endpoint)("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        metadata.documents["/2019-10-01/user-data"] = json.dumps(first_stage).replace(source, url)
        self.assertIn("fetch: fetch passed", self.ignition("fetch"))
        self.ignition("files")

        metadata.documents["/latest/user-data"] = json.dumps(first_stage)
        agent = self.folder / "agent"
        done = subprocess.run([nodes.TERRACED, "bootstrap", f"-root={agent}", "-supervisor=process"], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": moto.endpoint})
        self.assertEqual(done.returncode, 0, done.stderr)

        by_engine, by_agent = tree(self.root), tree(agent)
        preset = by_engine.pop("etc/systemd/system-preset/20-ignition.preset")[1].decode()
        self.assertIn("enable terraced.service\n", preset)
        by_engine = {path: content for path, content in by_engine.items()
                     if not path.startswith("etc/selinux/") and path != "etc/.ignition-result.json"}
        by_agent = {path: content for path, content in by_agent.items() if not path.startswith("var/lib/terrace/")}
        self.assertEqual(sorted(by_engine), sorted(by_agent))
        self.assertEqual([path for path, content in by_engine.items() if by_agent[path] != content], [])
        self.assertIn("etc/terrace/node.json", by_engine)


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("ignition_test.py makes namespaces: run it as root")
    if os.environ.get("IGNITION_INSIDE") != "1":
        os.environ["IGNITION_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])
    unittest.main()
