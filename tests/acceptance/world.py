"""The small AWS that acceptance tests run against: moto_server as a process of its own, a proxy that counts and disturbs
what passes, and an inventory taken with boto3, which is not our client."""
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-west-2"
ACCOUNT = "123456789012"
AMIS = ROOT / "tests" / "fixtures" / "amis.json"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def moto_server_program():
    beside = pathlib.Path(sys.executable).parent / "moto_server"
    return str(beside) if beside.exists() else "moto_server"


class Moto:
    """moto_server on a free port of `host`; ended by its process id."""

    def __init__(self, host="127.0.0.1"):
        self.port = free_port()
        self.endpoint = f"http://{host}:{self.port}"
        environment = dict(os.environ, MOTO_AMIS_PATH=str(AMIS), MOTO_PORT=str(self.port))
        self.process = subprocess.Popen([moto_server_program(), "-H", host, "-p", str(self.port)], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"moto_server ended with {self.process.returncode}")
            with contextlib.suppress(OSError), socket.create_connection((host, self.port), 1):
                return
            if time.monotonic() > deadline:
                raise RuntimeError("moto_server did not listen within a minute")
            select.select([], [], [], 0.05)

    def reset(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/moto-api/reset")
        assert connection.getresponse().status == 200
        connection.close()

    def close(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Request:
    """What the proxy noted of one request: service and operation, as far as the wire shows them."""

    def __init__(self, method, path, headers, body):
        self.method, self.path = method, path
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("Authorization", ""))
        self.service = scope.group(1) if scope else "?"
        target = headers.get("X-Amz-Target", "")
        self.body = body
        self.parameters = urllib.parse.parse_qs(body.decode("latin-1")) if body[:7] != b"<?xml v" else {}
        action = self.parameters.get("Action")
        self.operation = target.split(".")[-1] if target else action[0] if action else f"{method} {self._shape()}"

    def _shape(self):
        path, _, query = self.path.partition("?")
        keys = sorted(urllib.parse.parse_qs(query, keep_blank_values=True))
        return ("bucket" if path.strip("/").count("/") == 0 else "object") + ("?" + "&".join(keys) if keys else "")

    def __repr__(self):
        return f"{self.service}:{self.operation}"


class Proxy:
    """Stands before `endpoint` and notes every request. `before(index, request)` and `after(index, request)` run around the
    forwarding; `before` may give (status, body) to answer in AWS's place, and `rewrite(request, content)` the content of an answer
    as AWS would have it."""

    def __init__(self, endpoint):
        self.requests, self.lock = [], threading.Lock()
        self.before = self.after = self.rewrite = None
        target = urllib.parse.urlsplit(endpoint)
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, self.headers, body)
                with proxy.lock:
                    proxy.requests.append(request)
                    index = len(proxy.requests)
                answer = proxy.before(index, request) if proxy.before else None
                if answer is None:
                    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
                    headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "content-length")}
                    connection.request(self.command, self.path, body, headers)
                    response = connection.getresponse()
                    status, content = response.status, response.read()
                    if proxy.rewrite:
                        content = proxy.rewrite(request, content)
                    kept = [(k, v) for k, v in response.getheaders()
                            if k.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server")]
                    length = response.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
                    connection.close()
                else:
                    status, content = answer
                    kept, length = [("x-amzn-RequestId", "from-the-proxy")], str(len(content))
                if proxy.after:
                    proxy.after(index, request)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    for name, value in kept:
                        self.send_header(name, value)
                    if length is not None:
                        self.send_header("Content-Length", length)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def clear(self):
        with self.lock:
            self.requests.clear()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def environment(endpoint, **more):
    """A clean environment for terrace: fake credentials, the given endpoint, nothing of the operator's own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    kept.update(AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="test-secret-key", AWS_ENDPOINT_URL=endpoint,
                AWS_EC2_METADATA_DISABLED="true", AWS_REGION=REGION, NO_COLOR="1", HOME="/nonexistent", **more)
    return kept


def session(endpoint):
    import boto3
    def client(name):
        return boto3.client(name, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="test",
                            aws_secret_access_key="test")
    return client


def inventory(endpoint):
    """Everything of the platform's kinds that the API holds: {type: set of ids as the state names them}."""
    client = session(endpoint)
    ec2, s3, iam, autoscaling = client("ec2"), client("s3"), client("iam"), client("autoscaling")

    def pages(api, operation, key):
        return [item for page in api.get_paginator(operation).paginate() for item in page[key]]

    tables = pages(ec2, "describe_route_tables", "RouteTables")
    groups = pages(ec2, "describe_security_groups", "SecurityGroups")
    born_with = {g["GroupId"] for g in groups if g["GroupName"] == "default"}  # every VPC has one, with rules
    buckets = [b["Name"] for b in s3.list_buckets()["Buckets"]]
    roles = [r["RoleName"] for r in pages(iam, "list_roles", "Roles")]
    return {
        "aws_vpc": {v["VpcId"] for v in pages(ec2, "describe_vpcs", "Vpcs")},
        "aws_internet_gateway": {g["InternetGatewayId"] for g in pages(ec2, "describe_internet_gateways", "InternetGateways")},
        "aws_subnet": {s["SubnetId"] for s in pages(ec2, "describe_subnets", "Subnets")},
        "aws_route_table": {t["RouteTableId"] for t in tables if not any(a.get("Main") for a in t["Associations"])},
        "aws_route_table_association": {a["RouteTableAssociationId"] for t in tables for a in t["Associations"] if not a.get("Main")},
        "aws_vpc_endpoint": {e["VpcEndpointId"] for e in pages(ec2, "describe_vpc_endpoints", "VpcEndpoints")
                             if e["State"].lower() not in ("deleting", "deleted")},
        "aws_security_group": {g["GroupId"] for g in groups} - born_with,
        "security_group_rules": {r["SecurityGroupRuleId"] for r in pages(ec2, "describe_security_group_rules", "SecurityGroupRules")
                                 if r["GroupId"] not in born_with},
        "aws_key_pair": {k["KeyName"] for k in ec2.describe_key_pairs()["KeyPairs"]},
        "aws_launch_template": {t["LaunchTemplateId"] for t in pages(ec2, "describe_launch_templates", "LaunchTemplates")},
        "aws_autoscaling_group": {g["AutoScalingGroupName"] for g in pages(autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups")},
        "aws_s3_bucket": set(buckets),
        "aws_s3_object": {f"{b}/{o['Key']}" for b in buckets for o in s3.list_objects_v2(Bucket=b).get("Contents", [])},
        "aws_iam_role": set(roles),
        "aws_iam_role_policy": {f"{r}:{p}" for r in roles for p in iam.list_role_policies(RoleName=r)["PolicyNames"]},
        "aws_iam_instance_profile": {p["InstanceProfileName"] for p in pages(iam, "list_instance_profiles", "InstanceProfiles")},
        "instances": {i["InstanceId"] for r in pages(ec2, "describe_instances", "Reservations") for i in r["Instances"]
                      if i["State"]["Name"] not in ("terminated", "shutting-down")},
    }


def added(now, before):
    """The part of an inventory that was not in `before`, empty kinds left out."""
    difference = {kind: ids - before.get(kind, set()) for kind, ids in now.items()}
    return {kind: ids for kind, ids in difference.items() if ids}


def in_states(cluster):
    """The same kinds as inventory(), as the state files of a cluster directory name them."""
    found = {}
    for path in sorted(pathlib.Path(cluster).glob("stacks/*/terraform.tfstate")):
        for resource in json.loads(path.read_text())["resources"]:
            if resource["mode"] != "managed":
                continue
            kind = resource["type"]
            kind = "security_group_rules" if kind.startswith("aws_vpc_security_group_") else kind
            for instance in resource["instances"]:
                attributes = instance["attributes"]
                if kind == "aws_s3_object":
                    identity = attributes["bucket"] + "/" + attributes["key"]
                else:
                    identity = attributes["id"]
                if identity in found.setdefault(kind, set()):
                    raise AssertionError(f"{kind} {identity} stands twice in the states")
                found[kind].add(identity)
    return found


class Terrace:
    """The binary under test, run in one directory with one environment."""

    def __init__(self, directory, environment):
        self.program = os.environ["TERRACE"]
        self.directory, self.environment = str(directory), environment

    def start(self, *arguments, **more):
        return subprocess.Popen([self.program, *arguments], cwd=self.directory, env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)

    def __call__(self, *arguments, expect=0, timeout=300):
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=timeout)
        if expect is not None and process.returncode != expect:
            raise AssertionError(f"terrace {' '.join(arguments)}: exit code {process.returncode}, expected {expect}\n{output}")
        return output
