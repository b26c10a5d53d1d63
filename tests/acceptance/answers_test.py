"""What the emulated AWS forgets or gets wrong, answered as AWS documents it: a proxy mends the answers on their way, so that these
arguments have their life, too (docs/moto-gaps.md)."""
import json
import pathlib
import re
import tempfile
import unittest

import world

VPC = """
resource "aws_vpc" "main" {
  cidr_block = "10.20.0.0/16"
}

resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.20.0.0/24"
}
"""
GROUP = VPC + """
resource "aws_launch_template" "main" {
  name          = "main"
  image_id      = "ami-0f1a7ca4000000001"
  instance_type = "t3.micro"
}

resource "aws_autoscaling_group" "main" {
  name                = "main"
  min_size            = 0
  max_size            = 0
  vpc_zone_identifier = [aws_subnet.a.id]

  launch_template {
    id = aws_launch_template.main.id
  }
}
"""


class AnswersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.addClassCleanup(cls.moto.close)

    def setUp(self):
        self.moto.reset()
        self.proxy = world.Proxy(self.moto.endpoint)
        self.addCleanup(self.proxy.close)
        folder = tempfile.TemporaryDirectory(prefix="answers-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.terrace = world.Terrace(self.folder, world.environment(self.proxy.endpoint))

    def apply(self, text):
        """Applies a configuration, which then has nothing to do; gives the attributes of each resource by its address."""
        (self.folder / "main.tf").write_text(text)
        self.terrace("apply", "-auto-approve")
        self.terrace("plan", "-detailed-exitcode")
        state = json.loads((self.folder / "terraform.tfstate").read_text())
        return {f"{r['type']}.{r['name']}": r["instances"][0]["attributes"] for r in state["resources"] if r["instances"]}

    def test_a_lifecycle_hook_keeps_its_metadata_and_has_no_target_of_its_own(self):
        metadata = []

        def rewrite(request, content):
            if request.operation == "PutLifecycleHook":
                metadata[:] = request.parameters.get("NotificationMetadata", [])
            if request.operation == "DescribeLifecycleHooks":
                content = re.sub(rb"\s*<(NotificationTargetARN|RoleARN)>[^<]*</[^>]*>", b"", content)
                if metadata:
                    content = content.replace(b"<LifecycleHookName>",
                                              b"<NotificationMetadata>%s</NotificationMetadata><LifecycleHookName>" % metadata[0].encode())
            return content

        self.proxy.rewrite = rewrite
        hook = GROUP + """
            resource "aws_autoscaling_lifecycle_hook" "it" {
              name                   = "it"
              autoscaling_group_name = aws_autoscaling_group.main.name
              lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
              notification_metadata  = "WORDS"
            }"""
        for words in ("leave first", "leave slowly"):
            made = self.apply(hook.replace("WORDS", words))["aws_autoscaling_lifecycle_hook.it"]
            self.assertEqual(made["notification_metadata"], words)
            self.assertFalse(made["notification_target_arn"] or made["role_arn"])
        self.terrace("destroy", "-auto-approve")

    def test_a_scaling_policy_that_is_off_stays_off_and_needs_no_cooldown(self):
        enabled = []

        def rewrite(request, content):
            if request.operation == "PutScalingPolicy":
                enabled[:] = request.parameters.get("Enabled", ["true"])
            if request.operation == "DescribePolicies":
                content = re.sub(rb"\s*<(Cooldown|Enabled)>[^<]*</[^>]*>", b"", content)
                content = content.replace(b"<PolicyName>", b"<Enabled>%s</Enabled><PolicyName>" % enabled[0].encode())
            return content

        self.proxy.rewrite = rewrite
        policy = GROUP + """
            resource "aws_autoscaling_policy" "it" {
              name                   = "it"
              autoscaling_group_name = aws_autoscaling_group.main.name
              adjustment_type        = "ChangeInCapacity"
              scaling_adjustment     = 1
              enabled                = ENABLED
            }"""
        for value in (False, True):
            made = self.apply(policy.replace("ENABLED", json.dumps(value)))["aws_autoscaling_policy.it"]
            self.assertEqual(made["enabled"], value)

    def test_a_listener_speaks_another_protocol_with_its_instances(self):
        def rewrite(request, content):
            if request.operation == "DescribeLoadBalancers":
                content = content.replace(b"<InstanceProtocol>SSL<", b"<InstanceProtocol>TCP<").replace(b"<InstanceProtocol>ssl<", b"<InstanceProtocol>tcp<")
                content = content.replace(b"<LoadBalancerName>", b"<CanonicalHostedZoneNameID>Z1H1FL5HABSF5</CanonicalHostedZoneNameID><LoadBalancerName>")
            return content

        self.proxy.rewrite = rewrite
        made = self.apply(VPC + """
            resource "aws_acm_certificate" "it" {
              domain_name       = "example.com"
              validation_method = "DNS"
            }

            resource "aws_elb" "it" {
              name    = "it"
              subnets = [aws_subnet.a.id]

              listener {
                lb_port            = 443
                lb_protocol        = "ssl"
                instance_port      = 8080
                instance_protocol  = "tcp"
                ssl_certificate_id = aws_acm_certificate.it.arn
              }
            }""")["aws_elb.it"]
        self.assertEqual(made["zone_id"], "Z1H1FL5HABSF5")
        self.assertEqual(made["listener"][0]["instance_protocol"], "tcp")

    def test_a_file_system_is_saved_until_it_is_said_not_to_be(self):
        status = ["DISABLED"]

        def before(_, request):
            if "/backup-policy" not in request.path:
                return None
            if request.method == "PUT":
                status[0] = json.loads(request.body)["BackupPolicy"]["Status"]
            return 200, json.dumps({"BackupPolicy": {"Status": status[0]}}).encode()

        self.proxy.before = before
        policy = """
            resource "aws_efs_file_system" "main" {{
            }}

            resource "aws_efs_backup_policy" "it" {{
              file_system_id = aws_efs_file_system.main.id

              backup_policy {{
                status = "{status}"
              }}
            }}"""
        for wanted in ("ENABLED", "DISABLED", "ENABLED"):
            made = self.apply(policy.format(status=wanted))["aws_efs_backup_policy.it"]
            self.assertEqual((made["backup_policy"][0]["status"], status[0]), (wanted, wanted))
        status[0] = "DISABLED"  # behind our back
        self.assertIn('"DISABLED" -> "ENABLED"', self.terrace("plan", "-detailed-exitcode", expect=2))
        self.terrace("apply", "-auto-approve")
        self.terrace("destroy", "-auto-approve")
        self.assertEqual(status[0], "DISABLED")

    def test_a_database_whose_name_another_has_taken_is_gone(self):
        ids = {"kind": b"FIRST"}
        self.proxy.rewrite = lambda request, content: re.sub(rb"<DbiResourceId>[^<]*<", b"<DbiResourceId>db-%s<" % ids["kind"], content)
        made = self.apply("""
            resource "aws_db_instance" "it" {
              identifier          = "it"
              engine              = "postgres"
              instance_class      = "db.t3.micro"
              allocated_storage   = 20
              username            = "admin_of_it"
              password            = "not-for-long"
              skip_final_snapshot = true
            }""")["aws_db_instance.it"]
        self.assertEqual((made["id"], made["identifier"]), ("db-FIRST", "it"))
        ids["kind"] = b"SECOND"
        self.assertIn("1 to add, 0 to change, 0 to destroy", self.terrace("plan", "-detailed-exitcode", expect=2))


if __name__ == "__main__":
    unittest.main()
