"""Graphs as DOT, SVG and PNG: of a stack, of the cluster, and coloured by a plan."""
import struct
import unittest
import xml.etree.ElementTree as xml

import cluster
import world


class GraphTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()

    @classmethod
    def tearDownClass(cls):
        cls.moto.close()

    def setUp(self):
        self.cluster = cluster.Cluster(self.moto.endpoint)
        self.addCleanup(self.cluster.close)
        self.terrace, self.directory = self.cluster.terrace, self.cluster.directory

    def svg(self, *arguments, terrace=None):
        """Every text of the picture, and the fill of each node by its title."""
        root = xml.fromstring((terrace or self.terrace)("graph", "-format=svg", *arguments))
        name = "{http://www.w3.org/2000/svg}"
        fills = {}
        for group in root.iter(name + "g"):
            if group.get("class") == "node":
                shape = group.find(name + "path")
                fills[group.find(name + "title").text] = None if shape is None else shape.get("fill")
        return {text.text for text in root.iter(name + "text")}, fills

    def stack(self, name):
        return world.Terrace(self.directory / "stacks" / name, self.terrace.environment)

    def refused(self, *arguments, words):
        output = " ".join(self.terrace("graph", *arguments, expect=1).split())
        for word in words:
            self.assertIn(word, output)

    def test_a_root_module(self):
        root = self.stack("vpc")
        dot = root("graph")
        self.assertIn('"aws_internet_gateway.this" -> "aws_vpc.this";', dot)
        self.assertIn('subgraph "cluster_module.tier"', dot)
        self.assertNotIn('"aws_route.internet" -> "aws_vpc.this"', dot)  # the gateway and the table say it
        texts, _ = self.svg(terrace=root)
        self.assertTrue({"aws_vpc", "module tier", "data aws_availability_zones"} <= texts, texts)

    def test_a_whole_cluster_as_a_picture(self):
        dot = self.terrace("graph")
        for stack in ("vpc", "s3", "iam", "etcd", "worker"):
            self.assertIn(f'subgraph "cluster_{stack}"', dot)
        self.assertIn('lhead = "cluster_etcd"', dot)
        self.assertNotIn("terraform_remote_state", dot)
        self.assertEqual(self.terrace("graph", "all"), dot)
        texts, _ = self.svg()
        self.assertTrue({"vpc", "s3", "iam", "etcd", "worker", "aws_autoscaling_group"} <= texts, texts)
        self.assertIn("Wrote cluster.png", self.terrace("graph", "-out=cluster.png"))
        picture = (self.directory / "cluster.png").read_bytes()
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", picture[16:24])
        self.assertGreater(width, 1000)
        self.assertGreater(height, 300)
        one = self.terrace("graph", "vpc")
        self.assertNotIn("cluster_iam", one)

    def test_colours_of_a_plan(self):
        root = self.stack("vpc")
        values = ("-var-file=../../cluster.tfvars",)
        root("plan", *values, "-out=tfplan")
        texts, fills = self.svg("-plan=tfplan", terrace=root)
        created = fills["aws_vpc.this"]
        self.assertIn("created", texts)
        self.assertIn("this (15)", texts)  # the subnets
        self.assertNotEqual(fills["data.aws_availability_zones.available"], created)
        _, whole = self.svg("-plan=stacks/vpc/tfplan")
        self.assertEqual(whole["vpc: aws_vpc.this"], created)
        self.assertNotEqual(whole["s3: module.bucket.aws_s3_bucket.this"], created)
        root("apply", "tfplan")

        main = self.directory / "stacks/vpc/main.tf"
        main.write_text(main.read_text().replace("enable_dns_hostnames", "enable_network_address_usage_metrics = true\n  enable_dns_hostnames", 1)
                        + '\nresource "aws_route_table" "more" {\n  vpc_id = aws_vpc.this.id\n}\n')
        root("plan", *values, "-out=tfplan")
        texts, fills = self.svg("-plan=tfplan", terrace=root)
        self.assertEqual(fills["aws_route_table.more"], created)
        self.assertTrue({"created", "updated in place", "not changed"} <= texts, texts)
        self.assertEqual(len({fills[name] for name in ("aws_route_table.more", "aws_vpc.this", "aws_internet_gateway.this")}), 3)
        root("plan", *values, "-destroy", "-out=tfplan")
        texts, fills = self.svg("-plan=tfplan", terrace=root)
        self.assertIn("destroyed", texts)
        self.assertEqual(fills["aws_vpc.this"], fills["module.tier.aws_subnet.this"])

    def test_bad_input(self):
        self.refused("-format=gif", words=['"gif" is none of dot, svg and png'])
        self.refused("-out=picture.jpg", words=['"jpg" is none of dot, svg and png'])
        self.refused("nowhere", words=["There is no stack \"nowhere\""])
        self.refused("-plan=tfplan", words=["Whose plan is this?", "-plan=stacks/NAME/tfplan"])
        self.refused("-plan=stacks/vpc/tfplan", words=["Failed to load plan"])
        self.refused("-plan=stacks/vpc/main.tf", words=["This is no plan file"])
        self.refused("-out=nowhere/graph.svg", words=["The graph was not written"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
