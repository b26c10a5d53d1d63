"""The printed policy allows what terrace sends: all twelve stacks are made, planned and taken down through a proxy, and each request
is held against the policy by a mapping of its own, with the names that it carries. The document's policy is the command's."""
import fnmatch
import json
import pathlib
import re
import tempfile
import unittest
import urllib.parse

import cluster
import world

LIMIT = 6144
ACCOUNT = f'\nallowed_account_ids = ["{world.ACCOUNT}"]\n'
READING = re.compile(r"[a-z0-9-]+:(Describe|Get|List)[A-Za-z]+$")

# Parts of a bucket as actions name them; taking one off is putting another, but for policies.
OF_BUCKETS = {"tagging": "BucketTagging", "versioning": "BucketVersioning", "policy": "BucketPolicy", "logging": "BucketLogging",
              "publicAccessBlock": "BucketPublicAccessBlock", "encryption": "EncryptionConfiguration",
              "lifecycle": "LifecycleConfiguration", "ownershipControls": "BucketOwnershipControls"}
# Services whose operations stand in method and path.
BY_PATH = {
    "route53": ((r"POST /hostedzone$", "CreateHostedZone"), (r"GET /hostedzone/[^/]+$", "GetHostedZone"),
                (r"DELETE /hostedzone/[^/]+$", "DeleteHostedZone"), (r"POST /hostedzone/[^/]+$", "UpdateHostedZoneComment"),
                (r"GET /hostedzonesbyname$", "ListHostedZonesByName"), (r"GET /hostedzone/[^/]+/rrset$", "ListResourceRecordSets"),
                (r"POST /hostedzone/[^/]+/rrset/?$", "ChangeResourceRecordSets"), (r"GET /change/", "GetChange"),
                (r"POST /hostedzone/[^/]+/associatevpc$", "AssociateVPCWithHostedZone"),
                (r"POST /hostedzone/[^/]+/disassociatevpc$", "DisassociateVPCFromHostedZone"),
                (r"GET /tags/", "ListTagsForResource"), (r"POST /tags/", "ChangeTagsForResource")),
    "elasticfilesystem": ((r"POST /file-systems$", "CreateFileSystem"), (r"GET /file-systems$", "DescribeFileSystems"),
                          (r"DELETE /file-systems/[^/]+$", "DeleteFileSystem"),
                          (r"GET /file-systems/[^/]+/lifecycle-configuration$", "DescribeLifecycleConfiguration"),
                          (r"PUT /file-systems/[^/]+/lifecycle-configuration$", "PutLifecycleConfiguration"),
                          (r"GET /file-systems/[^/]+/backup-policy$", "DescribeBackupPolicy"),
                          (r"PUT /file-systems/[^/]+/backup-policy$", "PutBackupPolicy"),
                          (r"POST /mount-targets$", "CreateMountTarget"), (r"GET /mount-targets$", "DescribeMountTargets"),
                          (r"DELETE /mount-targets/[^/]+$", "DeleteMountTarget"),
                          (r"GET /mount-targets/[^/]+/security-groups$", "DescribeMountTargetSecurityGroups"),
                          (r"PUT /mount-targets/[^/]+/security-groups$", "ModifyMountTargetSecurityGroups")),
}


def arn(service, resource, region=world.REGION):
    return f"arn:aws:{service}:{region}:{world.ACCOUNT}:{resource}"


def of_s3(request):
    """[(action, ARN)] of a request to S3."""
    path, _, query = request.path.partition("?")
    bucket, _, key = urllib.parse.unquote(path.strip("/")).partition("/")
    asked = set(urllib.parse.parse_qs(query, keep_blank_values=True))
    method, place = request.method, f"arn:aws:s3:::{bucket}"
    if not bucket:
        return [("s3:ListAllMyBuckets", "*")]
    if key:
        if "tagging" in asked:
            return [(f"s3:{method.capitalize()}ObjectTagging", f"{place}/{key}")]
        action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject",
                  "DELETE": "DeleteObjectVersion" if "versionId" in asked else "DeleteObject"}[method]
        return [(f"s3:{action}", f"{place}/{key}")]
    part = next((OF_BUCKETS[each] for each in asked if each in OF_BUCKETS), None)
    if part:
        verb = {"GET": "Get", "PUT": "Put", "DELETE": "Delete" if part == "BucketPolicy" else "Put"}[method]
        return [(f"s3:{verb}{part}", place)]
    if "delete" in asked:
        keys = re.findall(r"<Key>(.*?)</Key>", request.body.decode())
        return [(action, f"{place}/{each}") for each in keys for action in ("s3:DeleteObject", "s3:DeleteObjectVersion")]
    action = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "ListBucket",
              "GET": "ListBucketVersions" if "versions" in asked else "ListBucket"}[method]
    return [(f"s3:{action}", place)]


def name_in(parameters, *names):
    return next((parameters[name][0] for name in names if name in parameters), None)


def needed(request):
    """[(action, ARN)] that IAM would look for in a policy; the ARN is "*" where AWS gives the object its name."""
    service, operation, parameters = request.service, request.operation, request.parameters
    if service == "s3":
        return of_s3(request)
    if service in BY_PATH:
        call = f"{request.method} " + re.sub(r"^/20\d\d-\d\d-\d\d", "", request.path.partition("?")[0])
        return [(f"{service}:{next(name for pattern, name in BY_PATH[service] if re.match(pattern, call))}", "*")]
    action = f"{service}:{operation}"
    if operation == "DescribeTrails" or (READING.match(action) and service not in ("iam", "ssm", "cloudtrail")):
        return [(action, "*")]
    if service == "iam":
        for parameter, kind in (("InstanceProfileName", "instance-profile"), ("RoleName", "role"), ("UserName", "user"),
                                ("ServerCertificateName", "server-certificate")):
            if parameter in parameters:
                return [(action, arn("iam", f"{kind}/{parameters[parameter][0]}", ""))]
    if service == "autoscaling":
        name = name_in(parameters, "AutoScalingGroupName", "Tags.member.1.ResourceId")
        name = name or "harbor-worker"  # TerminateInstanceInAutoScalingGroup names the instance alone
        return [(action, arn("autoscaling", f"autoScalingGroup:8-4:autoScalingGroupName/{name}"))]
    if service == "elasticloadbalancing":
        return [(action, arn(service, "loadbalancer/" + name_in(parameters, "LoadBalancerName", "LoadBalancerNames.member.1")))]
    if service == "rds":
        if "ResourceName" in parameters:
            return [(action, parameters["ResourceName"][0])]
        kinds = (("db", "DBInstanceIdentifier"), ("subgrp", "DBSubnetGroupName"))
        return [(action, arn("rds", f"{kind}:{parameters[name][0]}")) for kind, name in kinds if name in parameters]
    if service in ("cloudtrail", "ssm"):
        body = json.loads(request.body or b"{}")
        kind = "trail/" if service == "cloudtrail" else "parameter"
        names = next(body[each] for each in ("Name", "TrailName", "ResourceId", "ResourceIdList") if each in body)
        return [(action, name if name.startswith("arn:") else arn(service, kind + name))
                for name in (names if isinstance(names, list) else [names])]
    return [(action, "*")]


def allows(policy, action, resource, **given):
    """Whether a statement has the action, the resource, and no condition but what is given."""
    for statement in policy["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        condition = statement.get("Condition", {}).get("StringEquals", {})
        if action in statement["Action"] and any(fnmatch.fnmatchcase(resource, each) for each in resources):
            if all(given.get(key.replace(":", "_")) == value for key, value in condition.items()):
                return True
    return False


def actions_of(policy):
    return [action for statement in policy["Statement"] for action in statement["Action"]]


def documents_in(text):
    """The JSON documents that stand one after the other."""
    found, at = [], 0
    while at < len(text.rstrip()):
        document, at = json.JSONDecoder().raw_decode(text, at)
        found.append(document)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def size(document):
    return len(re.sub(r"\s", "", json.dumps(document)))


class WhatIsSentTest(unittest.TestCase):
    """One life of the twelve stacks and of the operator's commands, its requests noted by what they were for."""

    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.addClassCleanup(cls.moto.close)
        cls.proxy = world.Proxy(cls.moto.endpoint)
        cls.addClassCleanup(cls.proxy.close)
        cls.cluster = cluster.Cluster(cls.proxy.endpoint, cluster.EVERYTHING + ACCOUNT, cluster.TWELVE)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.terrace.environment["TERRACE_CA_PASSPHRASE"] = "correct horse battery"
        (cls.cluster.directory / "nodes" / "terraced.tar.gz").write_bytes(b"the agent's archive")
        run = cls.cluster.terrace
        cls.policy = json.loads(run("permissions", "-json", "all").partition("\nThis policy")[0])
        cls.plan_policy = json.loads(run("permissions", "-read-only", "all"))
        cls.before = len(cls.proxy.requests)
        planned = cls.sent(run, "plan", "all")
        cls.changes = cls.sent(run, "up", "-auto-approve", "all")
        (cls.cluster.directory / "nodes" / "worker" / "files" / "etc" / "motd").write_text("Welcome.\n")
        planned += cls.sent(run, "plan", "all")
        cls.planned = planned
        cls.commands = [request for words in (
            ("keys", "create"), ("keys", "exists"), ("certs", "create"), ("certs", "show"), ("session", "lock", "-why=a test"),
            ("session", "show"), ("config", "diff", "worker"), ("config", "push", "-auto-approve", "worker"), ("nodes",), ("status",),
            ("image",), ("machines",), ("etcd", "status"), ("cloudtrail", "show"), ("up", "-auto-approve", "worker"),
            ("roll", "-auto-approve", "worker"),
            ("session", "unlock"), ("certs", "delete", "-auto-approve"), ("keys", "delete", "-auto-approve"),
        ) for request in cls.sent(run, *words, expect=None)]
        cls.changes += cls.sent(run, "down", "-auto-approve", "all")

    @classmethod
    def sent(cls, run, *arguments, **more):
        cls.proxy.clear()
        run(*arguments, **more)
        return list(cls.proxy.requests)

    def assert_allowed(self, policy, requests):
        refused = {(action, resource) for request in requests for action, resource in needed(request)
                   if not allows(policy, action, resource)}
        self.assertEqual(refused, set())

    def test_printing_the_policy_asks_nothing_of_aws(self):
        self.assertEqual(self.before, 0)

    def test_the_policy_allows_what_up_and_down_send(self):
        operations = {repr(request) for request in self.changes}
        self.assertGreater(len(operations), 100)
        for one in ("ec2:CreateVpc", "autoscaling:DeleteAutoScalingGroup", "rds:CreateDBInstance", "iam:PutRolePolicy",
                    "elasticloadbalancing:CreateLoadBalancer", "cloudtrail:CreateTrail"):
            self.assertIn(one, operations)
        self.assert_allowed(self.policy, self.changes)

    def test_the_policy_allows_what_the_commands_send(self):
        operations = {repr(request) for request in self.commands}
        for one in ("ec2:ImportKeyPair", "ec2:DeleteKeyPair", "ec2:DescribeInstances", "ssm:PutParameter", "ssm:DeleteParameter",
                    "autoscaling:TerminateInstanceInAutoScalingGroup", "s3:PUT object", "s3:GET object"):
            self.assertIn(one, operations)
        self.assert_allowed(self.policy, self.commands)

    def test_a_plan_needs_no_more_than_the_policy_that_only_reads(self):
        self.assertGreater(len({repr(request) for request in self.planned}), 40)
        self.assert_allowed(self.plan_policy, self.planned)
        changing = [action for action in actions_of(self.plan_policy) if not READING.match(action)]
        self.assertEqual(changing, [])
        for statement in self.plan_policy["Statement"]:
            self.assertNotIn("Condition", statement)

    def test_what_aws_asks_for_beside_the_operations_is_there(self):
        role = arn("iam", "role/harbor-worker", "")
        self.assertTrue(allows(self.policy, "iam:PassRole", role, iam_PassedToService="ec2.amazonaws.com"))
        self.assertFalse(allows(self.policy, "iam:PassRole", role))
        self.assertFalse(allows(self.policy, "iam:PassRole", arn("iam", "role/admin", ""), iam_PassedToService="ec2.amazonaws.com"))
        for action in ("ec2:RunInstances", "ec2:CreateTags", "ec2:CreateNetworkInterface", "elasticfilesystem:TagResource"):
            self.assertTrue(allows(self.policy, action, "*"), action)
        for service in ("autoscaling", "elasticloadbalancing", "rds", "elasticfilesystem"):
            linked = arn("iam", f"role/aws-service-role/{service}.amazonaws.com/AWSServiceRole", "")
            self.assertTrue(allows(self.policy, "iam:CreateServiceLinkedRole", linked, iam_AWSServiceName=f"{service}.amazonaws.com"))
        for action, service in (("Decrypt", "s3"), ("GenerateDataKey", "s3"), ("Encrypt", "ssm"), ("CreateGrant", "rds")):
            self.assertTrue(allows(self.policy, f"kms:{action}", "*", kms_ViaService=f"{service}.{world.REGION}.amazonaws.com"))
            self.assertFalse(allows(self.policy, f"kms:{action}", "*"))
        self.assertTrue(allows(self.policy, "secretsmanager:CreateSecret", arn("secretsmanager", "secret:rds!db-1")))
        self.assertFalse(allows(self.policy, "secretsmanager:CreateSecret", arn("secretsmanager", "secret:mine")))

    def test_nothing_of_another_cluster_is_within_reach(self):
        for action, resource in (("s3:GetObject", "arn:aws:s3:::123456789012-other-config/keypairs/other"),
                                 ("s3:DeleteBucket", "arn:aws:s3:::123456789012-harbour-logs"),
                                 ("iam:PutRolePolicy", arn("iam", "role/other-worker", "")),
                                 ("rds:DeleteDBInstance", arn("rds", "db:other-postgres")),
                                 ("ssm:GetParameter", arn("ssm", "parameter/other/etcd/ca")),
                                 ("autoscaling:DeleteAutoScalingGroup",
                                  arn("autoscaling", "autoScalingGroup:8-4:autoScalingGroupName/other-worker"))):
            self.assertFalse(allows(self.policy, action, resource), action)


class CommandTest(unittest.TestCase):
    """Without credentials, and with nothing that exists."""

    def setUp(self):
        self.cluster = cluster.Cluster("http://127.0.0.1:9", ACCOUNT, cluster.TWELVE)
        self.addCleanup(self.cluster.close)
        self.cluster.terrace.environment = {name: value for name, value in self.cluster.terrace.environment.items()
                                            if not name.startswith("AWS_")}

    def permissions(self, *arguments):
        return self.cluster.terrace("permissions", *arguments)

    def test_no_action_is_a_pattern_and_sids_are_words(self):
        [policy] = documents_in(self.permissions("all").partition("\nThis policy")[0])
        self.assertEqual(policy["Version"], "2012-10-17")
        self.assertFalse([action for action in actions_of(policy) if "*" in action])
        sids = [statement["Sid"] for statement in policy["Statement"]]
        self.assertEqual(len(sids), len(set(sids)))
        for sid in sids:
            self.assertRegex(sid, "^[A-Z][A-Za-z0-9]*$")

    def test_a_stack_needs_what_its_types_need_and_with_only_nothing_of_others(self):
        services = {action.split(":")[0] for action in actions_of(json.loads(self.permissions("-only", "vpc")))}
        self.assertIn("ec2", services)
        self.assertFalse({"rds", "elasticfilesystem", "route53domains", "cloudtrail"} & services)
        efs = set(actions_of(json.loads(self.permissions("efs"))))
        self.assertIn("ec2:CreateVpc", efs)
        self.assertIn("elasticfilesystem:CreateMountTarget", efs)
        self.assertNotIn("ec2:CreateVpc", actions_of(json.loads(self.permissions("-only", "efs"))))

    def test_a_policy_that_is_too_large_says_so_beside_it_and_is_split(self):
        self.assertRegex(self.permissions("all"), r"\nThis policy has \d+ characters, and AWS takes 6144")
        [whole] = documents_in(self.permissions("all").partition("\nThis policy")[0])
        self.assertGreater(size(whole), LIMIT)
        parts = documents_in(self.permissions("-split", "all"))
        self.assertGreater(len(parts), 1)
        for part in parts:
            self.assertLessEqual(size(part), LIMIT)
        self.assertEqual(sorted(action for part in parts for action in actions_of(part)), sorted(actions_of(whole)))
        with tempfile.TemporaryDirectory() as folder:
            named = self.permissions(f"-out={folder}", "all").split()
            self.assertEqual([json.loads(pathlib.Path(name).read_text()) for name in named], parts)
            self.assertEqual(pathlib.Path(named[0]).name, "harbor-operator-1.json")

    def test_a_stack_that_is_not_there_is_an_error_like_everywhere(self):
        said = self.cluster.terrace("permissions", "efss", expect=1)
        self.assertIn('There is no stack "efss". Did you mean "efs"?', " ".join(said.replace("│", " ").split()))

    def test_a_type_that_terrace_does_not_have_is_an_error(self):
        (self.cluster.directory / "stacks" / "vpc" / "more.tf").write_text('resource "aws_vpn_gateway" "this" {}\n')
        said = " ".join(self.cluster.terrace("permissions", "vpc", expect=1).replace("│", " ").split())
        self.assertIn("stacks/vpc/aws_vpn_gateway.this uses aws_vpn_gateway, and terrace has no such resource type", said)

    def test_without_an_account_every_account_fits(self):
        values = self.cluster.directory / "cluster.tfvars"
        values.write_text(values.read_text().replace(ACCOUNT, ""))
        self.assertIn('"arn:aws:s3:::*-harbor-*"', self.permissions("s3"))

    def test_outside_of_a_cluster(self):
        with tempfile.TemporaryDirectory() as folder:
            said = world.Terrace(folder, self.cluster.terrace.environment)("permissions", expect=1)
            self.assertIn("Not a cluster directory", said)


class DocumentTest(unittest.TestCase):
    def test_the_policy_in_the_document_is_the_commands(self):
        text = (world.ROOT / "docs" / "permissions.md").read_text()
        with tempfile.TemporaryDirectory(prefix="terrace-") as folder:
            terrace = world.Terrace(folder, world.environment("http://127.0.0.1:9"))
            terrace("new", "my-cluster", "-region", world.REGION, "-allow-ssh-cidr", "198.51.100.7/32")
            directory = pathlib.Path(folder, "my-cluster")
            with open(directory / "cluster.tfvars", "a") as file:
                file.write(ACCOUNT)
            printed = world.Terrace(directory, terrace.environment)("permissions", "-split", "all")
        written = re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        self.assertEqual("".join(written), printed, "docs/permissions.md: put in what terrace permissions -split all prints")


if __name__ == "__main__":
    unittest.main(verbosity=2)
