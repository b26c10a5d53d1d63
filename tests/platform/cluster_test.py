"""What the platform is on AWS once applied: addresses, doors, disks, roles and buckets, read back with boto3.

Needs TERRACE (the binary) in the environment and moto's Python."""
import base64
import hashlib
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "acceptance"))
import cluster  # noqa: E402
import world  # noqa: E402

ZONES = ["us-west-2a", "us-west-2b", "us-west-2c"]
TIERS = {"etcd": 1, "admiral": 2, "elb": 3, "rds": 4, "worker": 5}
AGENT = b"the agent's archive"
SSH = "198.51.100.7/32"  # as cluster.Cluster makes it


def tags(thing):
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}


class ClusterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.addClassCleanup(cls.moto.close)
        cls.cluster = cluster.Cluster(cls.moto.endpoint, 'etcd_size = 3\nssh_public_key = "ssh-ed25519 '
                                      'AAAAC3NzaC1lZDI1NTE5AAAAIBTDCQGbXpxDvlOYcGBRFkBGRS6hHCgAkkIJMxHkqSwU operator"\n')
        cls.addClassCleanup(cls.cluster.close)
        (cls.cluster.directory / "nodes" / "terraced.tar.gz").write_bytes(AGENT)
        cls.cluster.terrace("apply", "-auto-approve", "all")
        client = world.session(cls.moto.endpoint)
        cls.ec2, cls.s3, cls.iam, cls.autoscaling = client("ec2"), client("s3"), client("iam"), client("autoscaling")
        cls.vpc = cls.ec2.describe_vpcs(Filters=[{"Name": "tag:Cluster", "Values": ["harbor"]}])["Vpcs"][0]
        cls.of_vpc = [{"Name": "vpc-id", "Values": [cls.vpc["VpcId"]]}]

    def group(self, role):
        return self.ec2.describe_security_groups(Filters=[*self.of_vpc, {"Name": "group-name", "Values": [f"harbor-{role}"]}]
                                                 )["SecurityGroups"][0]["GroupId"]

    def template(self, role):
        return self.ec2.describe_launch_template_versions(LaunchTemplateName=f"harbor-{role}", Versions=["$Latest"]
                                                          )["LaunchTemplateVersions"][0]["LaunchTemplateData"]

    def policy(self, role):
        return self.iam.get_role_policy(RoleName=f"harbor-{role}", PolicyName="node")["PolicyDocument"]["Statement"]

    def test_addresses_are_those_of_the_plan(self):
        self.assertEqual(self.vpc["CidrBlock"], "10.10.0.0/16")
        subnets = self.ec2.describe_subnets(Filters=self.of_vpc)["Subnets"]
        found = {tags(s)["Name"]: (s["CidrBlock"], s["AvailabilityZone"], s["MapPublicIpOnLaunch"]) for s in subnets}
        expected = {f"harbor-{tier}-{zone}": (f"10.10.{number}.{64 * index}/26", zone, tier != "rds")
                    for tier, number in TIERS.items() for index, zone in enumerate(ZONES)}
        self.assertEqual(found, expected)

    def test_databases_have_no_way_to_the_internet(self):
        names = {s["SubnetId"]: tags(s)["Name"] for s in self.ec2.describe_subnets(Filters=self.of_vpc)["Subnets"]}
        outward = {}
        for table in self.ec2.describe_route_tables(Filters=self.of_vpc)["RouteTables"]:
            internet = any(r.get("GatewayId", "").startswith("igw-") for r in table["Routes"])
            outward.update({names[a["SubnetId"]]: internet for a in table["Associations"] if "SubnetId" in a})
        self.assertEqual(outward, {name: "-rds-" not in name for name in names.values()})

    def test_doors(self):
        for role, ports in {"etcd": [("tcp", 2379, 2379), ("tcp", 2380, 2380)],
                            "worker": [("tcp", 10, 65535), ("udp", 10, 65535)]}.items():
            rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [self.group(role)]}])
            inward = {(r["IpProtocol"], r["FromPort"], r["ToPort"], r["CidrIpv4"])
                      for r in rules["SecurityGroupRules"] if not r["IsEgress"]}
            self.assertEqual(inward, {(*port, "10.10.0.0/16") for port in ports} | {("tcp", 22, 22, SSH)}, role)

    def test_nodes(self):
        for role, size in {"etcd": (3, 3, 3), "worker": (1, 1, 2)}.items():
            group = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[f"harbor-{role}"])["AutoScalingGroups"][0]
            self.assertEqual((group["MinSize"], group["DesiredCapacity"], group["MaxSize"]), size)
            ids = [instance["InstanceId"] for instance in group["Instances"]]
            reservations = self.ec2.describe_instances(InstanceIds=ids)["Reservations"]
            instances = [instance for reservation in reservations for instance in reservation["Instances"]]
            self.assertEqual(len(instances), size[1])
            for instance in instances:
                self.assertEqual({k: v for k, v in tags(instance).items() if not k.startswith("aws:")},
                                 {"Name": f"harbor-{role}", "Role": role, "Cluster": "harbor", "Stack": role})
                self.assertEqual(instance["ImageId"], "ami-0f1a7ca4000000001")
                self.assertEqual(instance["InstanceType"], "t3.micro")

    def test_how_nodes_are_launched(self):
        for role in ("etcd", "worker"):
            template = self.template(role)
            self.assertEqual(template["MetadataOptions"]["HttpTokens"], "required")
            self.assertEqual(template["MetadataOptions"]["HttpPutResponseHopLimit"], 1)
            self.assertEqual(template["IamInstanceProfile"]["Name"], f"harbor-{role}")
            self.assertEqual(template["KeyName"], f"harbor-{role}")
            disks = {d["DeviceName"]: d["Ebs"] for d in template["BlockDeviceMappings"]}
            self.assertEqual({name: disk["VolumeSize"] for name, disk in disks.items()},
                             {"/dev/xvda": 12, "/dev/xvdb": 12, "/dev/xvdc": 100})
            self.assertTrue(all(disk["Encrypted"] and disk["VolumeType"] == "gp3" for disk in disks.values()), disks)
            self.assertEqual(json.loads(base64.b64decode(template["UserData"])), {"ignition": {"version": "3.3.0", "config": {
                "replace": {"source": f"s3://{world.ACCOUNT}-harbor-cloudinit/{role}/ignition.json"}}}})

    def test_the_configuration_is_where_user_data_says(self):
        for role in ("etcd", "worker"):
            body = self.s3.get_object(Bucket=f"{world.ACCOUNT}-harbor-cloudinit", Key=f"{role}/ignition.json")["Body"].read()
            files = {file["path"]: base64.b64decode(file["contents"]["source"].partition(",")[2]).decode()
                     for file in json.loads(body)["storage"]["files"] if file["contents"]["source"].startswith("data:")}
            self.assertIn(f"TERRACE_ETCD_INITIAL_CLUSTER=s3://{world.ACCOUNT}-harbor-cloudinit/etcd/initial-cluster\n",
                          files["/etc/terrace/node.env"])
            self.assertIn(f"TERRACE_ROLE={role}\n", files["/etc/terrace/node.env"])

    def fetched_agent(self, role):
        """What a node of the role fetches as its agent: (key, bytes), checked as Ignition does."""
        bucket = f"{world.ACCOUNT}-harbor-cloudinit"
        body = self.s3.get_object(Bucket=bucket, Key=f"{role}/ignition.json")["Body"].read()
        contents = next(file for file in json.loads(body)["storage"]["files"] if file["path"] == "/opt/terrace/terraced.tar.gz")["contents"]
        prefix = f"s3://{bucket}/"
        self.assertTrue(contents["source"].startswith(prefix), contents)
        key = contents["source"].removeprefix(prefix)
        archive = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        self.assertEqual(contents["verification"]["hash"], "sha512-" + hashlib.sha512(archive).hexdigest())
        return key, archive

    def test_nodes_fetch_the_agent_and_a_new_one_takes_its_place(self):
        old = {role: self.fetched_agent(role) for role in ("etcd", "worker")}
        self.assertEqual({archive for _, archive in old.values()}, {AGENT})
        (self.cluster.directory / "nodes" / "terraced.tar.gz").write_bytes(b"the next agent")
        self.cluster.terrace("apply", "-auto-approve", "etcd", "worker")
        for role in ("etcd", "worker"):
            key, archive = self.fetched_agent(role)
            self.assertEqual(archive, b"the next agent")
            found = self.s3.list_objects_v2(Bucket=f"{world.ACCOUNT}-harbor-cloudinit", Prefix=f"{role}/")["Contents"]
            self.assertEqual({object["Key"] for object in found}, {key, f"{role}/ignition.json"})

    def test_members_of_etcd_leave_before_their_instance_goes(self):
        # The emulator takes a group's hooks without keeping them, so what was asked for is read from the states.
        hooks = {}
        for role in ("etcd", "worker"):
            state = json.loads((self.cluster.directory / "stacks" / role / "terraform.tfstate").read_text())
            group = next(r for r in state["resources"] if r["type"] == "aws_autoscaling_group")["instances"][0]["attributes"]
            hooks[role] = [(hook["lifecycle_transition"], hook["heartbeat_timeout"], hook["default_result"])
                           for hook in group["initial_lifecycle_hook"]]
        self.assertEqual(hooks, {"etcd": [("autoscaling:EC2_INSTANCE_TERMINATING", 300, "CONTINUE")], "worker": []})

    def test_roles_have_only_what_they_need(self):
        bucket = f"arn:aws:s3:::{world.ACCOUNT}-harbor-cloudinit"
        allowed = {role: {(action, resource) for statement in self.policy(role) for action in statement["Action"]
                          for resource in statement["Resource"]} for role in ("etcd", "worker")}
        records = ["backup.json", "certificates/*", "cluster.json", "initial-cluster", "machines.json", "nodes/*", "requests/*",
                   "snapshots/*", "status.json"]
        parameter = f"arn:aws:ssm:{world.REGION}:{world.ACCOUNT}:parameter/harbor/etcd/ca"
        group = f"arn:aws:autoscaling:{world.REGION}:{world.ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/harbor-etcd"
        self.assertEqual(allowed["etcd"], {
            ("s3:GetObject", f"{bucket}/etcd/*"), ("s3:ListBucket", bucket),
            *((action, f"{bucket}/etcd/{name}") for action in ("s3:PutObject", "s3:DeleteObject") for name in records),
            ("ssm:GetParameter", parameter), ("ssm:PutParameter", parameter),
            ("autoscaling:DescribeAutoScalingGroups", "*"), ("autoscaling:DescribeAutoScalingInstances", "*"),
            ("autoscaling:DescribeLifecycleHooks", "*"), ("ec2:DescribeInstances", "*"),
            ("autoscaling:CompleteLifecycleAction", group)})
        self.assertEqual(allowed["worker"], {
            ("s3:GetObject", f"{bucket}/worker/*"), ("s3:GetObject", f"{bucket}/etcd/initial-cluster"),
            ("s3:GetObject", f"{bucket}/etcd/certificates/*"), ("s3:ListBucket", bucket),
            ("s3:PutObject", f"{bucket}/etcd/requests/${{aws:userid}}")})

    def test_buckets_are_private_versioned_and_deaf_to_plain_http(self):
        for purpose in ("cloudinit", "config", "jenkins", "dockerhub", "logs"):
            bucket = f"{world.ACCOUNT}-harbor-{purpose}"
            self.assertEqual(self.s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
            closed = self.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
            self.assertEqual(closed, dict.fromkeys(closed, True))
            self.assertEqual(len(closed), 4)
            rule = self.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
            self.assertEqual(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
            statement = json.loads(self.s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]
            self.assertEqual((statement["Effect"], statement["Action"]), ("Deny", "S3:*"))
            self.assertEqual(statement["Condition"], {"Bool": {"aws:SecureTransport": "false"}})
            self.assertEqual(statement["Resource"], [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"])


class NeighboursTest(unittest.TestCase):
    def test_two_clusters_share_an_account_and_a_region(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        before = world.inventory(moto.endpoint)
        first = cluster.Cluster(moto.endpoint)
        self.addCleanup(first.close)
        first.terrace("apply", "-auto-approve", "all")
        alone = world.added(world.inventory(moto.endpoint), before)

        second = cluster.Cluster(moto.endpoint)
        self.addCleanup(second.close)
        values = second.directory / "cluster.tfvars"
        values.write_text(values.read_text().replace('cluster_name = "harbor"', 'cluster_name = "haven"')
                          .replace(f'allow_ssh_cidr = ["{SSH}"]', "allow_ssh_cidr = []"))
        second.terrace("apply", "-auto-approve", "all")
        both = world.added(world.inventory(moto.endpoint), before)
        expected = {kind: 2 * len(ids) for kind, ids in alone.items()}
        expected["security_group_rules"] -= 2  # the second one's SSH is closed
        self.assertEqual({kind: len(ids) for kind, ids in both.items()}, expected)

        second.terrace("destroy", "-auto-approve", "all")
        self.assertEqual(world.added(world.inventory(moto.endpoint), before), alone)


if __name__ == "__main__":
    unittest.main()
