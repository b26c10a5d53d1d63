"""Every data source once: a configuration that makes what the source reads, applied, and the source's attributes as the
state has them. One test function a data source, named after it.

usage: data_test.py [DataTest.test_NAME...]"""
import json
import pathlib
import tempfile
import unittest

import world


class DataTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()

    @classmethod
    def tearDownClass(cls):
        cls.moto.close()

    def setUp(self):
        self.moto.reset()
        self.folder = tempfile.TemporaryDirectory(prefix="terrace-data-")
        self.directory = pathlib.Path(self.folder.name)
        self.terrace = world.Terrace(self.directory, world.environment(self.moto.endpoint))

    def tearDown(self):
        self.folder.cleanup()

    def apply(self, configuration):
        """Applies it; the plan after that is empty. Gives the attributes of data sources as {"TYPE.NAME": {...}}."""
        (self.directory / "main.tf").write_text(configuration)
        self.terrace("apply", "-auto-approve")
        self.assertIn("No changes.", self.terrace("plan", "-detailed-exitcode"))
        state = json.loads((self.directory / "terraform.tfstate").read_text())
        return {f"{r['type']}.{r['name']}": r["instances"][0]["attributes"] for r in state["resources"] if r["mode"] == "data"}

    def refused(self, configuration):
        """What a plan says against it."""
        (self.directory / "main.tf").write_text(configuration)
        return self.terrace("plan", expect=1)

    def subset(self, wanted, found):
        self.assertEqual(wanted, {name: found.get(name) for name in wanted})

    def test_elb_service_account(self):
        found = self.apply("""
            data "aws_elb_service_account" "here" {}
            data "aws_elb_service_account" "there" { region = "eu-central-1" }
        """)
        self.subset({"id": "797873946194", "arn": "arn:aws:iam::797873946194:root"}, found["aws_elb_service_account.here"])
        self.subset({"id": "054676820928", "region": "eu-central-1"}, found["aws_elb_service_account.there"])
        message = self.refused('data "aws_elb_service_account" "new" { region = "ap-southeast-5" }')
        self.assertIn("names the service logdelivery.elasticloadbalancing.amazonaws.com", message)

    def test_s3_bucket(self):
        s3 = world.session(self.moto.endpoint)("s3")
        place = {"LocationConstraint": world.REGION}
        for name in ("plain", "site"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
        s3.put_bucket_website(Bucket="site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
        found = self.apply("""
            data "aws_s3_bucket" "plain" { bucket = "plain" }
            data "aws_s3_bucket" "site" { bucket = "site" }
        """)
        self.subset({"id": "plain", "arn": "arn:aws:s3:::plain", "bucket_domain_name": "plain.s3.amazonaws.com",
                     "bucket_region": "us-west-2", "bucket_regional_domain_name": "plain.s3.us-west-2.amazonaws.com",
                     "hosted_zone_id": "Z3BJ6K6RIION7M", "website_endpoint": "", "website_domain": ""},
                    found["aws_s3_bucket.plain"])
        self.subset({"website_endpoint": "site.s3-website-us-west-2.amazonaws.com",
                     "website_domain": "s3-website-us-west-2.amazonaws.com"}, found["aws_s3_bucket.site"])
        self.assertIn("there is no bucket of this name", self.refused('data "aws_s3_bucket" "none" { bucket = "none" }'))

    def test_s3_object(self):
        s3 = world.session(self.moto.endpoint)("s3")
        s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": world.REGION})
        s3.put_bucket_versioning(Bucket="files", VersioningConfiguration={"Status": "Enabled"})
        first = s3.put_object(Bucket="files", Key="a/config.json", Body=b'{"a":1}', ContentType="application/json",
                              CacheControl="no-cache", Metadata={"made": "here"}, Tagging="Name=config")
        s3.put_object(Bucket="files", Key="a/config.json", Body=b'{"a":2}', ContentType="application/json")
        s3.put_object(Bucket="files", Key="binary", Body=b"\xff\x00", ContentType="application/octet-stream")
        found = self.apply(f"""
            data "aws_s3_object" "now" {{
              bucket = "files"
              key    = "a/config.json"
            }}
            data "aws_s3_object" "then" {{
              bucket     = "files"
              key        = "a/config.json"
              version_id = "{first["VersionId"]}"
            }}
            data "aws_s3_object" "part" {{
              bucket = "files"
              key    = "a/config.json"
              range  = "bytes=0-3"
            }}
            data "aws_s3_object" "binary" {{
              bucket = "files"
              key    = "binary"
            }}
        """)
        self.subset({"id": "files/a/config.json", "body": '{"a":2}', "content_length": 7, "tags": {}, "storage_class": "STANDARD",
                     "content_type": "application/json", "arn": "arn:aws:s3:::files/a/config.json"}, found["aws_s3_object.now"])
        then = found["aws_s3_object.then"]
        self.subset({"body": '{"a":1}', "cache_control": "no-cache", "metadata": {"made": "here"}, "tags": {"Name": "config"},
                     "version_id": first["VersionId"], "etag": first["ETag"].strip('"')}, then)
        self.assertRegex(then["last_modified"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC$")
        self.assertEqual(found["aws_s3_object.part"]["body"], '{"a"')
        self.assertIsNone(found["aws_s3_object.binary"]["body"])
        self.assertIn("there is no such object", self.refused('data "aws_s3_object" "none" {\n bucket = "files"\n key = "no"\n}'))

    def test_secretsmanager_secret_version(self):
        secrets = world.session(self.moto.endpoint)("secretsmanager")
        arn = secrets.create_secret(Name="token", SecretString="the first")["ARN"]
        first = secrets.get_secret_value(SecretId=arn)["VersionId"]
        second = secrets.put_secret_value(SecretId=arn, SecretString="the second")["VersionId"]
        secrets.create_secret(Name="bytes", SecretBinary=b"\x01\x02")
        found = self.apply(f"""
            data "aws_secretsmanager_secret_version" "now" {{ secret_id = "token" }}
            data "aws_secretsmanager_secret_version" "stage" {{
              secret_id     = "{arn}"
              version_stage = "AWSPREVIOUS"
            }}
            data "aws_secretsmanager_secret_version" "version" {{
              secret_id  = "{arn}"
              version_id = "{first}"
            }}
            data "aws_secretsmanager_secret_version" "bytes" {{ secret_id = "bytes" }}
            output "shown" {{
              value     = data.aws_secretsmanager_secret_version.now.secret_string
              sensitive = true
            }}
        """)
        now = found["aws_secretsmanager_secret_version.now"]
        self.subset({"arn": arn, "id": "token|AWSCURRENT", "secret_string": "the second", "version_id": second,
                     "version_stages": ["AWSCURRENT"]}, now)
        self.assertRegex(now["created_date"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(found["aws_secretsmanager_secret_version.stage"]["secret_string"], "the first")
        self.assertEqual(found["aws_secretsmanager_secret_version.version"]["version_stages"], ["AWSPREVIOUS"])
        self.assertEqual(found["aws_secretsmanager_secret_version.bytes"]["secret_binary"], "AQI=")
        self.assertNotIn("the second", self.terrace("show"), "a secret is shown")
        message = self.refused('data "aws_secretsmanager_secret_version" "none" { secret_id = "none" }')
        self.assertIn("ResourceNotFoundException", message)


if __name__ == "__main__":
    unittest.main()
