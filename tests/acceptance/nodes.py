"""Nodes of a cluster on this machine: an instance metadata service each, addresses of the loopback block as the instances',
terraced with a root of its own, and what a test wants to know of the etcd they form."""
import base64
import http.client
import http.server
import json
import os
import pathlib
import select
import shutil
import signal
import ssl
import subprocess
import threading
import time
import urllib.request

import world

TERRACED = os.environ.get("TERRACED") or str(pathlib.Path(os.environ.get("TERRACE", "build/dev/terrace")).with_name("terraced"))
CLUSTER = "harbor"


def until(what, condition, seconds=60):
    """Gives the first true value of `condition`; looks again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        select.select([], [], [], 0.1)


class Metadata:
    """The instance metadata service of one instance, version 2 alone."""

    def __init__(self, instance, address, tags, listen=("127.0.0.1", 0)):
        self.documents = {
            "/latest/dynamic/instance-identity/document": json.dumps({
                "instanceId": instance, "privateIp": address, "accountId": world.ACCOUNT, "region": world.REGION,
                "availabilityZone": world.REGION + "a"}),
            "/latest/meta-data/placement/region": world.REGION,
            "/latest/meta-data/iam/security-credentials/": "node",
            "/latest/meta-data/iam/security-credentials/node": json.dumps({
                "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "role-secret-key",
                "Token": "role-session-token", "Expiration": "2099-01-01T00:00:00Z"}),
        }
        self.documents.update({f"/latest/meta-data/tags/instance/{name}": value for name, value in tags.items()})
        documents = self.documents

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_PUT(self):
                known = self.path == "/latest/api/token" and self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
                self.answer(200 if known else 400, b"the-token" if known else b"")

            def do_GET(self):
                if self.headers.get("X-aws-ec2-metadata-token") != "the-token":
                    self.answer(401, b"")
                elif self.path in documents:
                    self.answer(200, documents[self.path].encode())
                else:
                    self.answer(404, b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(listen, Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://{listen[0]}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Account:
    """An emulated account with the bucket of a cluster and autoscaling groups whose instances have addresses of `block`, by
    default one of loopback addresses."""

    def __init__(self, moto, block=None):
        self.moto, self.client = moto, world.session(moto.endpoint)
        self.bucket = f"{world.ACCOUNT}-{CLUSTER}-cloudinit"
        self.s3 = self.client("s3")
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": world.REGION})
        ec2 = self.client("ec2")
        # A block for each run: two of them at the same time do not meet.
        block = block or f"127.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}.0/24"
        vpc = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=world.REGION + "a")["Subnet"]["SubnetId"]
        self.autoscaling = self.client("autoscaling")
        image = ec2.describe_images(Owners=["075585003325"])["Images"][0]["ImageId"]
        ec2.create_launch_template(LaunchTemplateName="node", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"})

    def make_group(self, role, size):
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=f"{CLUSTER}-{role}", MinSize=0, MaxSize=9, DesiredCapacity=size, VPCZoneIdentifier=self.subnet,
            LaunchTemplate={"LaunchTemplateName": "node", "Version": "$Latest"},
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": True, "ResourceId": f"{CLUSTER}-{role}",
                   "ResourceType": "auto-scaling-group"} for key, value in (("Cluster", CLUSTER), ("Role", role))])

    def instances(self, role):
        """{instance id: address} of the group's instances."""
        group = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[f"{CLUSTER}-{role}"])["AutoScalingGroups"][0]
        ids = [each["InstanceId"] for each in group["Instances"]]
        if not ids:
            return {}
        answer = self.client("ec2").describe_instances(InstanceIds=ids)
        return {i["InstanceId"]: i["PrivateIpAddress"] for r in answer["Reservations"] for i in r["Instances"]}

    def object(self, key):
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()
        except self.s3.exceptions.NoSuchKey:
            return None

    def keys(self, prefix):
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]


class Node:
    """One instance: its metadata service, its root, its terraced."""

    def __init__(self, account, role, instance, address, folder):
        self.account, self.instance, self.address = account, instance, address
        self.root = pathlib.Path(folder, instance)
        (self.root / "etc/terrace").mkdir(parents=True)
        (self.root / "etc/terrace/node.json").write_text(json.dumps({"health": f"{address}:9977", "endpoint": f"{address}:2399"}))
        self.metadata = Metadata(instance, address, {"Cluster": CLUSTER, "Role": role})
        self.log = open(self.root / "log", "a+")
        self.process = None

    def start(self, command="run", supervisor="process", path=os.environ["PATH"]):
        environment = {"PATH": path, "AWS_ENDPOINT_URL": self.account.moto.endpoint,
                       "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.endpoint}
        self.process = subprocess.Popen([TERRACED, command, f"-root={self.root}", f"-supervisor={supervisor}"], env=environment,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def wipe(self):
        shutil.rmtree(self.root / "var/lib/etcd")

    def etcd_pid(self):
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rsplit(")", 1)
                if int(fields[1].split()[1]) == self.process.pid and "(etcd" in fields[0]:
                    return int(path.parent.name)
            except (OSError, ProcessLookupError):
                continue
        return None

    def page(self, path):
        """Status and text of a page of the node's loopback port; nothing where it does not answer."""
        try:
            connection = http.client.HTTPConnection(self.address, 9977, timeout=5)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return None, ""

    def healthy(self):
        return self.page("/health")[0] == 200

    def said(self):
        return (self.root / "log").read_text()

    def close(self):
        if self.process and self.process.poll() is None:
            self.end(signal.SIGKILL)
        self.metadata.close()
        self.log.close()


class Systemd:
    """A systemctl on a PATH of its own, which runs etcd as a daemon of the node's: what terraced asks it is kept in a file."""

    def __init__(self, node):
        self.folder = node.root / "systemd"
        self.folder.mkdir()
        self.path = f"{self.folder}:{os.environ['PATH']}"
        tool = self.folder / "systemctl"
        tool.write_text(f"""#!/bin/bash
cd {self.folder}
echo "$*" >> asked
runs() {{ [ -s pid ] && grep -qs '^State:.[^Z]' "/proc/$(<pid)/status"; }}
case $1 in
  start) runs || {{ setsid etcd --config-file={node.root}/var/lib/terrace/etcd.json > log 2>&1 < /dev/null & echo $! > pid; }} ;;
  stop) ! runs || {{ kill "$(<pid)"; while runs; do sleep 0.05; done; }} ;;
  is-active) runs || exit 3 ;;
  *) exit 1 ;;
esac
""")
        tool.chmod(0o755)

    def asked(self):
        return (self.folder / "asked").read_text().splitlines()

    def pid(self):
        """The process of etcd, where it runs."""
        try:
            pid = int((self.folder / "pid").read_text())
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, ValueError):
            return None
        return None if state == "Z" else pid

    def close(self):
        if pid := self.pid():
            os.kill(pid, signal.SIGKILL)


class Etcd:
    """A client that knows the nodes' certificates."""

    def __init__(self, node):
        self.base = f"https://{node.address}:2379"
        tls = node.root / "var/lib/terrace/tls"
        self.context = ssl.create_default_context(cafile=str(tls / "ca.pem"))
        self.context.load_cert_chain(tls / "node.pem", tls / "node.key")

    def call(self, method, **body):
        request = urllib.request.Request(f"{self.base}/v3/{method}", json.dumps(body).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context))
        with opener.open(request, timeout=5) as answer:
            return json.load(answer)

    def members(self):
        return {each.get("name", ""): each for each in self.call("cluster/member/list")["members"]}

    def put(self, key, value):
        self.call("kv/put", key=base64.b64encode(key.encode()).decode(), value=base64.b64encode(value.encode()).decode())

    def get(self, key):
        found = self.call("kv/range", key=base64.b64encode(key.encode()).decode()).get("kvs", [])
        return base64.b64decode(found[0]["value"]).decode() if found else None


class LocalEtcd(Etcd):
    """A client on a node that is no member: it knows of no certificates."""

    def __init__(self, node):
        self.base, self.context = f"http://{node.address}:2399", None


def voters(node):
    """The names of the voters, as a linearizable read at `node` has them; empty where it does not answer."""
    try:
        etcd = Etcd(node)
        etcd.get("terrace")
        return {name for name, member in etcd.members().items() if name and not member.get("isLearner")}
    except (OSError, KeyError, ssl.SSLError):
        return set()
