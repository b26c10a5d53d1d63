"""A lab for a test: `terrace lab` driven as an operator drives it, with a client that writes without pause, and what must hold of
all that the client was told."""
import base64
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import nodes

TERRACE = os.environ.get("TERRACE", "build/dev/terrace")
CLIENT = pathlib.Path(__file__).with_name("lab_client.py")


def environment():
    """PATH with moto_server; nothing of an account."""
    return {"PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": os.environ.get("HOME", "/root")}


class Lab:
    """With `options` of `lab up` it is up when it is made; without any there is only the place for it."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="lab-")
        self.directory = pathlib.Path(self.folder.name, "lab")
        self.client = None
        self.number = 0
        try:
            if options:
                self.run("up", *options)
        except BaseException:
            self.close()
            raise

    def run(self, verb, *words, expect=0):
        done = subprocess.run([TERRACE, "lab", verb, f"-dir={self.directory}", *words], env=environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=600)
        if done.returncode != expect:
            raise AssertionError(f"terrace lab {verb} {' '.join(words)}: exit code {done.returncode}, expected {expect}\n"
                                 f"{done.stdout}\n{self.logs()}")
        return done.stdout

    def logs(self):
        texts = [f"== {path}\n" + "\n".join([line for line in path.read_text(errors="replace").splitlines() if "part=" in line][-25:])
                 for path in sorted(self.directory.glob("nodes/*/log"))]
        return "\n".join(texts)

    def status(self):
        return json.loads(self.run("status", "-json"))

    def nodes(self, role="etcd"):
        return {each["name"]: each for each in self.status()["nodes"] if each["role"] == role}

    def hub(self):
        return json.loads((self.directory / "lab.json").read_text())["pid"]

    def until(self, what, condition, seconds=120):
        """Seconds until `condition` of the status was true."""
        began = time.monotonic()
        last = {}

        def holds():
            last.update(self.status())
            return condition(last)
        try:
            nodes.until(what, holds, seconds)
        except AssertionError as error:
            told = "\n".join(f"{each['name']} {each['state']} {each['health']}" for each in last["nodes"])
            events = "\n".join(each["text"] for each in last["events"])
            raise AssertionError(f"{error}\n{told}\n{events}\n{self.logs()}") from None
        return time.monotonic() - began

    def until_well(self, etcd, workers=1, seconds=120):
        """Until there are so many nodes, all of them well, one etcd leads and counts just these members."""
        def well(status):
            states = [(each["role"], each["state"]) for each in status["nodes"]]
            leaders = [each for each in status["nodes"] if each["health"] and each["health"]["etcd"].get("leader")]
            return sorted(states) == sorted([("etcd", "well")] * etcd + [("worker", "well")] * workers) and len(leaders) == 1
        took = self.until(f"{etcd} of etcd and {workers} workers are well", well, seconds)
        names = {each["id"] for each in self.nodes().values()}
        nodes.until("the members are the instances", lambda: {each["name"] for each in self.members()} == names, 30)
        return took

    def etcdctl(self, *words, node="worker-1"):
        return self.run("exec", f"-node={node}", "env", "ETCDCTL_API=3", "etcdctl", "--command-timeout=5s", *words)

    def members(self):
        """As etcd counts them, by a linearizable read."""
        try:
            return json.loads(self.etcdctl("member", "list", "-w", "json"))["members"]
        except (AssertionError, json.JSONDecodeError):
            return []

    def cluster_id(self):
        return json.loads(self.etcdctl("get", "none", "-w", "json"))["header"]["cluster_id"]

    def acknowledges(self, key, value):
        return subprocess.run([TERRACE, "lab", "exec", f"-dir={self.directory}", "-node=worker-1", "env", "ETCDCTL_API=3", "etcdctl",
                               "--command-timeout=2s", "put", key, value], env=environment(), capture_output=True,
                              timeout=60).returncode == 0

    # ---- The client ------------------------------------------------------------------------------------------------

    def start_client(self):
        self.number += 1
        self.record = pathlib.Path(self.folder.name, f"client-{self.number}")
        self.client = subprocess.Popen(
            [TERRACE, "lab", "exec", f"-dir={self.directory}", "-node=worker-1", sys.executable, str(CLIENT), str(self.record)],
            env=environment(), stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, start_new_session=True)
        assert self.client.stdout.readline() == "writing\n"

    def acknowledged(self):
        """How many writes were so far."""
        return (self.record / "written").read_text().count("\n")

    def until_writes(self, seconds=60):
        """Seconds until one more write is acknowledged."""
        before, began = self.acknowledged(), time.monotonic()
        nodes.until("a write is acknowledged", lambda: self.acknowledged() > before, seconds)
        return time.monotonic() - began

    def end_client(self):
        """Ends it, and gives what it was told: numbers of keys, operations on the register."""
        os.killpg(self.client.pid, signal.SIGTERM)
        self.client.communicate(timeout=30)
        self.client = None
        written = [int(line) for line in (self.record / "written").read_text().split()]
        return written, [json.loads(line) for line in (self.record / "register").read_text().splitlines()]

    def stored(self):
        """Numbers of the keys that etcd holds."""
        answer = json.loads(self.etcdctl("get", "--prefix", "client/written/", "--keys-only", "-w", "json"))
        return {int(base64.b64decode(each["key"]).decode().rsplit("/", 1)[1]) for each in answer.get("kvs", [])}

    def close(self):
        if self.client is not None:
            os.killpg(self.client.pid, signal.SIGKILL)
            self.client.communicate()
        if self.directory.exists():
            subprocess.run([TERRACE, "lab", "down", f"-dir={self.directory}"], env=environment(), capture_output=True, timeout=60)
        self.folder.cleanup()


def not_linearizable(operations):
    """The first two operations on the register that no order can have, or None. etcd's revisions give the order: a value has that of
    its write. Each operation must then be after all that ended before it began (Herlihy and Wing, 1990)."""
    values = {each["revision"]: each["value"] for each in operations if each["kind"] == "write"}
    by_end = sorted(operations, key=lambda each: each["ended"])
    newest, index = None, 0
    for each in sorted(operations, key=lambda each: each["began"]):
        while index < len(by_end) and by_end[index]["ended"] < each["began"]:
            if newest is None or by_end[index]["revision"] > newest["revision"]:
                newest = by_end[index]
            index += 1
        if newest is not None and each["revision"] < newest["revision"]:
            return newest, each
        if each["kind"] == "write" and newest is not None and each["revision"] == newest["revision"]:
            return newest, each
        if each["kind"] == "read" and each["revision"] in values and values[each["revision"]] != each["value"]:
            return values[each["revision"]], each
    return None


class LabCase(unittest.TestCase):
    """What every case ends with."""

    def nothing_is_lost(self, lab):
        before = lab.acknowledged()
        nodes.until("some more writes", lambda: lab.acknowledged() > before + 20)
        written, operations = lab.end_client()
        lost = set(written) - lab.stored()
        self.assertFalse(lost, f"{len(lost)} of {len(written)} acknowledged writes are lost")
        self.assertIsNone(not_linearizable(operations), f"of {len(operations)} operations on the register")
        return len(written), len(operations)


def main():
    if os.geteuid() != 0:
        sys.exit("a lab needs root: run this test as root")
    unittest.main()


class Checker(unittest.TestCase):
    """The checker itself: it must see what is wrong."""

    def operation(self, kind, began, ended, value, revision):
        return {"kind": kind, "began": began, "ended": ended, "value": value, "revision": revision}

    def test_it_sees_stale_reads_and_values_from_nowhere(self):
        write, read = (lambda *a: self.operation("write", *a)), (lambda *a: self.operation("read", *a))
        good = [write(0, 1, "a", 5), read(2, 3, "a", 5), write(2, 6, "b", 7), read(4, 5, "b", 7), read(4, 5, "a", 5)]
        self.assertIsNone(not_linearizable(good))
        self.assertIsNotNone(not_linearizable(good + [read(7, 8, "a", 5)]), "older than what ended before it")
        self.assertIsNotNone(not_linearizable(good + [read(7, 8, "c", 7)]), "another value than was written there")
        self.assertIsNotNone(not_linearizable(good + [read(7, 8, None, 0)]), "nothing, after something")
        self.assertIsNotNone(not_linearizable([read(0, 1, "a", 5), write(2, 3, "b", 5)]), "a write in the place of another")
