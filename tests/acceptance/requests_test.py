"""How many requests a plan without changes makes: at most two a kind of object outside S3 and IAM, at most 60 for the five
stacks, and no more with 200 subnets and 200 rules added."""
import collections
import unittest

import cluster
import world

MANY = '''
resource "aws_subnet" "many" {
  count      = 200
  vpc_id     = aws_vpc.%s.id
  cidr_block = cidrsubnet(aws_vpc.%s.cidr_block, 12, 3000 + count.index)
}

resource "aws_security_group" "many" {
  count  = 4
  name   = "many-${count.index}"
  vpc_id = aws_vpc.%s.id
}

resource "aws_vpc_security_group_ingress_rule" "many" {
  count             = 200
  security_group_id = aws_security_group.many[count.index %% 4].id
  ip_protocol       = "tcp"
  from_port         = 1000 + count.index
  to_port           = 1000 + count.index
  cidr_ipv4         = "10.0.0.0/8"
}
'''


class RequestsTest(unittest.TestCase):
    def setUp(self):
        self.moto = world.Moto()
        self.addCleanup(self.moto.close)
        self.proxy = world.Proxy(self.moto.endpoint)
        self.addCleanup(self.proxy.close)
        self.cluster = cluster.Cluster(self.proxy.endpoint)
        self.addCleanup(self.cluster.close)

    def plan_requests(self, stack):
        self.proxy.clear()
        self.cluster.terrace("plan", "-detailed-exitcode", stack, expect=0)
        return collections.Counter((r.service, r.operation) for r in self.proxy.requests)

    def assert_batched(self, counted):
        self.assertGreater(sum(counted.values()), 0)
        for (service, operation), count in counted.items():
            # These answer for one object at a time.
            if service not in ("s3", "iam", "route53", "elasticfilesystem"):
                self.assertLessEqual(count, 2, f"{service} {operation} in {counted}")

    def test_a_plan_of_the_five_stacks_without_changes(self):
        self.cluster.terrace("apply", "-auto-approve", "all")
        counted = self.plan_requests("all")
        print("five stacks:", sum(counted.values()), "requests:", dict(counted))
        self.assert_batched(counted)
        self.assertLessEqual(sum(counted.values()), 60, counted)

    def test_a_plan_of_the_twelve_stacks_without_changes(self):
        whole = cluster.Cluster(self.proxy.endpoint, cluster.EVERYTHING, cluster.TWELVE)
        self.addCleanup(whole.close)
        self.cluster = whole
        whole.terrace("apply", "-auto-approve", "all")
        counted = self.plan_requests("all")
        print("twelve stacks:", sum(counted.values()), "requests:", dict(counted))
        self.assert_batched(counted)
        self.assertLessEqual(sum(counted.values()), 100, counted)

    def test_two_hundred_subnets_and_rules_cost_no_more(self):
        name = next(line.split('"')[3] for file in (self.cluster.directory / "stacks" / "vpc").glob("*.tf")
                    for line in file.read_text().splitlines() if line.startswith('resource "aws_vpc" '))
        (self.cluster.directory / "stacks" / "vpc" / "many.tf").write_text(MANY % (name, name, name))
        self.cluster.terrace("apply", "-auto-approve", "vpc")
        counted = self.plan_requests("vpc")
        print("vpc with 200 subnets and 200 rules more:", sum(counted.values()), "requests:", dict(counted))
        self.assert_batched(counted)
        self.assertLessEqual(sum(counted.values()), 60, counted)


if __name__ == "__main__":
    unittest.main(verbosity=2)
