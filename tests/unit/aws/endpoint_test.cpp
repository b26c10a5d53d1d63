#include "aws/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/models.h"

namespace terrace::aws {
namespace {

using testing::HasSubstr;

struct EndpointTest : testing::Test {
  Models models;
  Partitions partitions;
  EndpointOptions options;

  EndpointTest() { options.region = "eu-central-1"; }
  Endpoint find(const char* service) {
    auto endpoint = resolve_endpoint(service, *models.service(service), partitions, options);
    EXPECT_TRUE(endpoint.ok());
    return endpoint.ok() ? *endpoint : Endpoint{};
  }
  std::string error(const char* service) {
    auto endpoint = resolve_endpoint(service, *models.service(service), partitions, options);
    return endpoint.ok() ? std::string() : endpoint.error();
  }
};

TEST_F(EndpointTest, NamesRegionalAndGlobalHosts) {
  EXPECT_EQ(find("ec2").host, "ec2.eu-central-1.amazonaws.com");
  EXPECT_EQ(find("elbv2").host, "elasticloadbalancing.eu-central-1.amazonaws.com");
  EXPECT_EQ(find("elbv2").signing_name, "elasticloadbalancing");
  EXPECT_EQ(find("sts").host, "sts.eu-central-1.amazonaws.com");
  EXPECT_EQ(find("iam").host, "iam.amazonaws.com");
  EXPECT_EQ(find("iam").signing_region, "us-east-1");
  EXPECT_EQ(find("route53").host, "route53.amazonaws.com");
}

TEST_F(EndpointTest, KnowsPartitions) {
  options.region = "cn-north-1";
  EXPECT_EQ(find("ec2").host, "ec2.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(find("iam").host, "iam.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(find("iam").signing_region, "cn-north-1");
  options.region = "us-gov-west-1";
  EXPECT_EQ(find("iam").host, "iam.us-gov.amazonaws.com");
  EXPECT_EQ(partitions.of_region("us-gov-west-1").id, "aws-us-gov");
  EXPECT_EQ(partitions.of_region("eu-north-7").id, "aws") << "by pattern";
  EXPECT_TRUE(partitions.known_region("eu-west-1"));
  EXPECT_FALSE(partitions.known_region("eu-north-7"));
}

TEST_F(EndpointTest, PutsBucketsIntoHostsWhereTheyFit) {
  options.bucket = "my-bucket";
  Endpoint endpoint = find("s3");
  EXPECT_EQ(endpoint.host, "my-bucket.s3.eu-central-1.amazonaws.com");
  EXPECT_TRUE(endpoint.bucket_in_host);
  options.bucket = "with.dots";
  EXPECT_EQ(find("s3").host, "s3.eu-central-1.amazonaws.com");
  options.bucket = "my-bucket";
  options.s3_use_path_style = true;
  EXPECT_EQ(find("s3").host, "s3.eu-central-1.amazonaws.com");
}

TEST_F(EndpointTest, TakesFipsAndDualStack) {
  options.use_fips = true;
  EXPECT_EQ(find("ec2").host, "ec2-fips.eu-central-1.amazonaws.com");
  options.use_fips = false;
  options.use_dual_stack = true;
  EXPECT_EQ(find("ec2").host, "ec2.eu-central-1.api.aws");
  EXPECT_EQ(find("s3").host, "s3.dualstack.eu-central-1.amazonaws.com");
}

TEST_F(EndpointTest, TakesCustomAddresses) {
  options.custom_url = "http://127.0.0.1:5000/base/";
  options.bucket = "my-bucket";
  Endpoint endpoint = find("s3");
  EXPECT_EQ(endpoint.scheme, "http");
  EXPECT_EQ(endpoint.host, "127.0.0.1:5000");
  EXPECT_EQ(endpoint.base_path, "/base");
  EXPECT_FALSE(endpoint.bucket_in_host);
  EXPECT_EQ(endpoint.signing_region, "eu-central-1");
}

TEST_F(EndpointTest, SaysWhatIsWrong) {
  options.custom_url = "127.0.0.1:5000";
  EXPECT_THAT(error("ec2"), HasSubstr("is not an http or https URL"));
  options.custom_url.clear();
  options.region = "";
  EXPECT_THAT(error("ec2"), HasSubstr("there is no region"));
  options.region = "evil.example.com/";
  EXPECT_THAT(error("ec2"), HasSubstr("is not the name of a region"));
}

TEST(ModelsTest, HoldEveryServiceWhole) {
  Models models;
  int operations = 0;
  for (const std::string& name : built_in_services()) {
    const ServiceModel* model = models.service(name);
    ASSERT_NE(model, nullptr) << name;
    EXPECT_FALSE(model->endpoint_prefix.empty()) << name;
    operations += static_cast<int>(model->operations().size());
  }
  EXPECT_GE(operations, 405);
  EXPECT_EQ(models.service("partitions"), nullptr);
  EXPECT_EQ(models.service("nothing"), nullptr);
}

}  // namespace
}  // namespace terrace::aws
