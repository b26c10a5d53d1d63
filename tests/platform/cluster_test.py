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
            ("s3:PutObject", f"{bucket}/etcd/requests/${{aws:userid}}"),
            ("s3:ListBucket", f"arn:aws:s3:::{world.ACCOUNT}-harbor-config"),
            ("s3:GetObject", f"arn:aws:s3:::{world.ACCOUNT}-harbor-config/apps/*"),
            ("ssm:GetParameter", f"arn:aws:ssm:{world.REGION}:{world.ACCOUNT}:parameter/harbor/apps/deploy-key")})

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


class TwelveStacksTest(unittest.TestCase):
    """All of the platform, with private nodes: what it is on AWS, that a second plan has nothing to do, and its end."""

    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.addClassCleanup(cls.moto.close)
        cls.before = world.inventory(cls.moto.endpoint)
        cls.cluster = cluster.Cluster(cls.moto.endpoint, cluster.EVERYTHING + 'topology = "private"\nadmiral_load_balancers = ["ci"]\n'
                                      'worker_spot = { instance_types = ["t3.medium", "t3a.medium"], on_demand_base = 1 }\n',
                                      cluster.TWELVE)
        cls.addClassCleanup(cls.cluster.close)
        cls.cluster.terrace("up", "-auto-approve", "all")
        cls.client = staticmethod(world.session(cls.moto.endpoint))

    def of(self, kind):
        """Attributes of every managed object of a type, all instances of each resource."""
        found = []
        for path in sorted(self.cluster.directory.glob("stacks/*/terraform.tfstate")):
            for resource in json.loads(path.read_text())["resources"]:
                if resource["mode"] == "managed" and resource["type"] == kind:
                    found += [instance["attributes"] for instance in resource["instances"]]
        self.assertTrue(found, kind)
        return found

    def test_a_second_plan_changes_nothing(self):
        self.cluster.terrace("plan", "-detailed-exitcode", "all", expect=0)

    def test_workers_are_spot_instances_of_several_types(self):
        autoscaling = world.session(self.moto.endpoint)("autoscaling")
        groups = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["harbor-worker"])["AutoScalingGroups"]
        policy = groups[0]["MixedInstancesPolicy"]
        self.assertEqual([each["InstanceType"] for each in policy["LaunchTemplate"]["Overrides"]], ["t3.medium", "t3a.medium"])
        distribution = policy["InstancesDistribution"]
        self.assertEqual((distribution["OnDemandBaseCapacity"], distribution["OnDemandPercentageAboveBaseCapacity"]), (1, 0))
        self.assertNotIn("LaunchTemplate", groups[0])
        shown = json.loads(self.cluster.terrace("nodes", "-json", "worker"))
        self.assertTrue(shown)

    def test_private_nodes_have_no_public_address_and_a_way_out(self):
        ec2 = self.client("ec2")
        subnets = {tags(s)["Name"].rsplit("-us-", 1)[0]: s["MapPublicIpOnLaunch"] for s in ec2.describe_subnets()["Subnets"] if s.get("Tags")}
        self.assertEqual(subnets, {"harbor-etcd": False, "harbor-admiral": False, "harbor-elb": True, "harbor-rds": False, "harbor-worker": False})
        gateways = ec2.describe_nat_gateways()["NatGateways"]
        self.assertEqual(len(gateways), 1)
        table = ec2.describe_route_tables(Filters=[{"Name": "tag:Name", "Values": ["harbor-nat"]}])["RouteTables"][0]
        self.assertIn(("0.0.0.0/0", gateways[0]["NatGatewayId"]), {(r.get("DestinationCidrBlock"), r.get("NatGatewayId")) for r in table["Routes"]})
        self.assertEqual(len([a for a in table["Associations"] if "SubnetId" in a]), 9)

    def test_only_load_balancers_are_open_to_the_world_and_only_on_80_and_443(self):
        ec2 = self.client("ec2")
        names = {g["GroupId"]: g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"]}
        open_to_all = {(names[r["GroupId"]], r["FromPort"], r["ToPort"]) for r in ec2.describe_security_group_rules()["SecurityGroupRules"]
                       if not r["IsEgress"] and r.get("CidrIpv4") == "0.0.0.0/0"}
        self.assertEqual(open_to_all, {("harbor-ci-elb", 80, 80)})

    def test_no_bucket_is_public_and_every_bucket_is_encrypted_versioned_and_tidied(self):
        s3 = self.client("s3")
        buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        self.assertEqual(len(buckets), 6)
        for bucket in buckets:
            with self.subTest(bucket=bucket):
                closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
                self.assertEqual((len(closed), set(closed.values())), (4, {True}))
                self.assertTrue(s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"])
                self.assertEqual(s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
                if bucket.endswith("-config"):
                    continue  # of this one every version is kept
                rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
                self.assertEqual(rules["tidy"]["NoncurrentVersionExpiration"]["NoncurrentDays"], 30)
                expires = rules.get("expire", {}).get("Expiration", {}).get("Days")
                self.assertEqual(expires, 365 if bucket.endswith(("-logs", "-cloudtrail")) else None)

    def test_databases_are_private_encrypted_and_their_passwords_unknown_to_us(self):
        databases = self.client("rds").describe_db_instances()["DBInstances"]
        self.assertEqual({d["Engine"] for d in databases}, {"postgres", "mysql"})
        for database in databases:
            self.assertFalse(database["PubliclyAccessible"])
            self.assertTrue(database["StorageEncrypted"])
            self.assertTrue(database["MasterUserSecret"]["SecretArn"])
            self.assertEqual(database["BackupRetentionPeriod"], 7)
        for attributes in self.of("aws_db_instance"):
            self.assertFalse(attributes["password"])

    def test_disks_and_file_systems_are_encrypted(self):
        self.assertTrue(all(f["Encrypted"] for f in self.client("efs").describe_file_systems()["FileSystems"]))
        for template in self.of("aws_launch_template"):
            for disk in template["block_device_mappings"]:
                self.assertEqual(disk["ebs"][0]["encrypted"], "true")

    def test_no_policy_allows_everything_on_everything(self):
        for kind in ("aws_iam_role_policy", "aws_iam_user_policy", "aws_s3_bucket_policy"):
            for attributes in self.of(kind):
                for statement in json.loads(attributes["policy"])["Statement"]:
                    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                    if statement["Effect"] == "Allow":
                        self.assertFalse([a for a in actions if "*" in a], statement)
                        self.assertTrue("*" not in resources or all(":Describe" in a for a in actions), statement)
                        self.assertNotEqual(statement.get("Principal"), "*")

    def test_user_data_and_outputs_hold_no_secret(self):
        for template in self.of("aws_launch_template"):
            self.assertEqual(set(json.loads(base64.b64decode(template["user_data"]))["ignition"]), {"version", "config"})
        outputs = self.cluster.terrace("output", "-json", "all")
        for word in ("PRIVATE KEY", "password", "AKIA"):
            self.assertNotIn(word, outputs)

    def test_every_name_is_in_its_zone(self):
        route53 = self.client("route53")
        names = {}
        for zone in route53.list_hosted_zones()["HostedZones"]:
            records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
            names[zone["Name"]] = (zone["Config"]["PrivateZone"], {r["Name"].partition(".")[0] for r in records if r["Type"] == "CNAME"})
        self.assertEqual(names, {"example.com.": (False, {"ci", "postgresdb", "mysqldb"}), "cluster.local.": (True, {"ci", "postgresdb", "mysqldb"})})

    def test_the_trail_sees_all_regions_and_writes_to_its_own_bucket(self):
        trail = self.client("cloudtrail").describe_trails()["trailList"][0]
        self.assertTrue(trail["IsMultiRegionTrail"] and trail["LogFileValidationEnabled"])
        self.assertEqual(trail["S3BucketName"], f"{world.ACCOUNT}-harbor-cloudtrail")

    def test_admiral_stands_behind_its_load_balancer(self):
        group = self.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=["harbor-admiral"])["AutoScalingGroups"][0]
        self.assertEqual(group["LoadBalancerNames"], ["harbor-ci"])
        balancer = self.client("elb").describe_load_balancers()["LoadBalancerDescriptions"][0]
        self.assertEqual((balancer["HealthCheck"]["Target"], balancer["HealthCheck"]["HealthyThreshold"], balancer["HealthCheck"]["Interval"]),
                         ("TCP:8080", 5, 30))

    def test_zz_nothing_is_left_when_all_is_down(self):
        self.cluster.terrace("down", "-auto-approve", "all")
        self.assertEqual(world.added(world.inventory(self.moto.endpoint), self.before), {})
        left = {"databases": self.client("rds").describe_db_instances()["DBInstances"],
                "file systems": self.client("efs").describe_file_systems()["FileSystems"],
                "zones": self.client("route53").list_hosted_zones()["HostedZones"],
                "trails": self.client("cloudtrail").describe_trails()["trailList"],
                "load balancers": self.client("elb").describe_load_balancers()["LoadBalancerDescriptions"],
                "users": self.client("iam").list_users()["Users"],
                "addresses": self.client("ec2").describe_addresses()["Addresses"]}
        self.assertEqual({kind: found for kind, found in left.items() if found}, {})


class JsonLinesTest(unittest.TestCase):
    """With -json a run across stacks writes lines for a program, each with the stack that it speaks of."""

    def lines(self, *arguments, expect=0):
        lines = [json.loads(line) for line in self.cluster.terrace(*arguments, expect=expect).splitlines()]
        self.assertEqual(lines[0]["type"], "version")
        self.assertEqual([line for line in lines[1:] if line.get("stack") not in ("vpc", "s3", "iam")], [])
        return lines

    def test_up_and_down(self):
        moto = world.Moto()
        self.addCleanup(moto.close)
        self.cluster = cluster.Cluster(moto.endpoint, stacks=("vpc", "s3", "iam"))
        self.addCleanup(self.cluster.close)
        unasked = self.lines("up", "-json", "all", expect=1)
        self.assertEqual(unasked[-1]["type"], "diagnostic")
        self.assertIn("-auto-approve", unasked[-1]["diagnostic"]["detail"])
        planned = self.lines("plan", "-json", "-detailed-exitcode", "all", expect=2)
        made = self.lines("up", "-json", "-auto-approve", "all")
        for stack in ("vpc", "s3", "iam"):
            plan, apply = [next(line["changes"] for line in lines if line["type"] == "change_summary" and line["stack"] == stack
                                and line["changes"]["operation"] == operation) for lines, operation in ((planned, "plan"), (made, "apply"))]
            self.assertEqual(plan["add"], apply["add"])
            done = [line for line in made if line["type"] == "apply_complete" and line["stack"] == stack and line["hook"]["action"] == "create"]
            self.assertEqual(len(done), apply["add"])
        again = self.lines("plan", "-json", "-detailed-exitcode", "all")
        self.assertTrue(any(line["type"] == "refresh_complete" for line in again))
        (self.cluster.directory / "stacks" / "iam" / "wrong.tf").write_text("output \"wrong\" {\n  value = var.missing\n}\n")
        wrong = [line for line in self.lines("plan", "-json", "all", expect=1) if line["type"] == "diagnostic"]
        self.assertEqual([(line["stack"], line["diagnostic"]["severity"]) for line in wrong], [("iam", "error")])
        (self.cluster.directory / "stacks" / "iam" / "wrong.tf").unlink()
        gone = self.lines("down", "-json", "-auto-approve", "all")
        self.assertEqual(sum(line["changes"]["remove"] for line in gone if line["type"] == "change_summary" and line["changes"]["operation"] == "destroy"),
                         sum(line["changes"]["add"] for line in planned if line["type"] == "change_summary"))


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
