"""Real etcd under terraced in network namespaces, with cables that can be cut: each node has a namespace of its own with a veth
on a bridge, and finds its metadata at 169.254.169.254. The test runs itself again in new network and process namespaces, so that
the kernel removes every process, interface and address with it, however it ends, and nothing it sends leaves the machine."""
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import unittest

import nodes
import world

BLOCK, HUB = "10.77.0.0/24", "10.77.0.2"  # AWS keeps the first addresses of a subnet: no instance has them
SERVER = """
import sys, threading
sys.path.insert(0, sys.argv[1])
import nodes, json
nodes.Metadata(*sys.argv[2:4], json.loads(sys.argv[4]), ("169.254.169.254", 80))
print("ready", flush=True)
threading.Event().wait()
"""


def run(*words):
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


class CabledNode(nodes.Node):
    """A node in a network namespace, which a shell that waits holds; `cable` is the bridge's end of its veth."""

    def __init__(self, account, instance, address, folder, number):
        super().__init__(account, "etcd", instance, address, folder)
        self.cable = f"cable{number}"
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; read end"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        run("ip", "link", "set", self.cable, "master", "bridge", "up")
        run(*self.inside("ip", "link", "set", "lo", "up"))
        run(*self.inside("ip", "address", "add", "169.254.169.254/32", "dev", "lo"))
        run(*self.inside("ip", "address", "add", f"{address}/24", "dev", "eth0"))
        run(*self.inside("ip", "link", "set", "eth0", "up"))
        tags = json.dumps({"Cluster": nodes.CLUSTER, "Role": "etcd"})
        folder_of_tests = str(pathlib.Path(__file__).parent)
        self.server = subprocess.Popen(self.inside(sys.executable, "-c", SERVER, folder_of_tests, instance, address, tags),
                                       stdout=subprocess.PIPE)
        self.server.stdout.readline()

    def inside(self, *words):
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", *words]

    def start(self, command="etcd"):
        environment = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": self.account.moto.endpoint}
        self.process = subprocess.Popen(self.inside(nodes.TERRACED, command, f"-root={self.root}", "-supervisor=process"),
                                        env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def cut(self):
        run("ip", "link", "set", self.cable, "down")

    def heal(self):
        run("ip", "link", "set", self.cable, "up")

    def close(self):
        super().close()
        for process in (self.server, self.holder):
            process.kill()
            process.communicate()


class Partition(unittest.TestCase):
    def setUp(self):
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "bridge", "type", "bridge")
        run("ip", "address", "add", f"{HUB}/24", "dev", "bridge")
        run("ip", "link", "set", "bridge", "up")
        moto = world.Moto(HUB)
        self.addCleanup(moto.close)
        folder = tempfile.TemporaryDirectory(prefix="partition-")
        self.addCleanup(folder.cleanup)
        account = nodes.Account(moto, BLOCK)
        account.make_group("etcd", 3)
        self.nodes = {}
        for number, (instance, address) in enumerate(account.instances("etcd").items()):
            self.nodes[instance] = CabledNode(account, instance, address, folder.name, number)
            self.addCleanup(self.nodes[instance].close)
            self.nodes[instance].start()
        self.all_vote()

    def all_vote(self):
        names = set(self.nodes)
        try:
            nodes.until(f"{names} are the voters, seen by each",
                        lambda: all(nodes.voters(node) == names for node in self.nodes.values()), 90)
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(node.said()[-4000:] for node in self.nodes.values())) from None

    def acknowledged(self, node, value):
        """Whether `node` acknowledges a write of `value`; what it does is checked in the end."""
        try:
            nodes.Etcd(node).put(f"written/{value}", value)
        except (OSError, ssl.SSLError):
            return False
        self.written.append(value)
        return True

    def test_a_leader_without_its_cable_is_replaced_and_comes_back_with_every_write(self):
        self.written = []
        first, *_ = self.nodes.values()
        nodes.until("a write before", lambda: self.acknowledged(first, "before"))
        members = nodes.Etcd(first).members()
        leader_id = nodes.Etcd(first).call("maintenance/status")["leader"]
        leader = next(self.nodes[name] for name, member in members.items() if member["ID"] == leader_id)
        others = [node for node in self.nodes.values() if node is not leader]

        leader.cut()
        nodes.until("the others acknowledge a write", lambda: self.acknowledged(others[0], "leader-cut"), 30)
        self.assertNotEqual(nodes.Etcd(others[0]).call("maintenance/status")["leader"], leader_id)

        # One of three alone acknowledges nothing.
        others[1].cut()
        nodes.until("the last one has no leader",
                    lambda: nodes.Etcd(others[0]).call("maintenance/status").get("leader", "0") == "0", 30)
        self.assertFalse(self.acknowledged(others[0], "alone"))

        leader.heal()
        others[1].heal()
        self.all_vote()
        for node in self.nodes.values():
            for value in self.written:
                self.assertEqual(nodes.Etcd(node).get(f"written/{value}"), value)
        self.assertEqual({name: each["ID"] for name, each in nodes.Etcd(leader).members().items()},
                         {name: each["ID"] for name, each in members.items()}, "no member was replaced for a cut cable")


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("partition_test.py makes network namespaces: run it as root")
    if os.environ.get("PARTITION_INSIDE") != "1":
        os.environ["PARTITION_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, *sys.argv])
    unittest.main()
