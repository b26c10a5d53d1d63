// The client against an emulated AWS, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "aws/client.h"
#include "base/curl_network.h"
#include "support/moto_server.h"

namespace terrace::aws {
namespace {

using Json = nlohmann::json;

struct MotoTest : testing::Test {
  SystemClock clock;
  Loop loop{clock, nullptr};
  CurlNetwork network{loop, CurlOptions{}};
  SystemRandom random;
  Models models;
  StaticCredentials credentials{Credentials{"testing", "testing", "", std::nullopt, "test"}};
  NoLog log;
  ClientConfig config;
  std::unique_ptr<Client> client;
  int requests = 0;

  MotoTest() {
    loop.set_waiter(&network);
    config.region = "eu-west-1";
    config.endpoint_url = test::shared_moto_server().url();
    config.observer = [this](const Attempt&) { ++requests; };
    client = std::make_unique<Client>(loop, network, random, models, credentials, config, log);
  }

  Json call(const char* service, const char* operation, Json params = Json::object()) {
    ApiResult result = loop.run(client->call(service, operation, std::move(params)));
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().describe());
    return result.ok() ? *result : Json();
  }
};

TEST_F(MotoTest, SpeaksEc2) {
  Json made =
      call("ec2", "CreateVpc",
           {{"CidrBlock", "10.7.0.0/16"},
            {"TagSpecifications", {{{"ResourceType", "vpc"}, {"Tags", {{{"Key", "Name"}, {"Value", "ü&x"}}}}}}}});
  std::string id = made["Vpc"]["VpcId"];
  Json found = call("ec2", "DescribeVpcs", {{"VpcIds", {id}}});
  ASSERT_EQ(found["Vpcs"].size(), 1u);
  EXPECT_EQ(found["Vpcs"][0]["CidrBlock"], "10.7.0.0/16");
  EXPECT_EQ(found["Vpcs"][0]["Tags"], (Json{{{"Key", "Name"}, {"Value", "ü&x"}}}));
  call("ec2", "DeleteVpc", {{"VpcId", id}});
  ApiResult gone = loop.run(client->call("ec2", "DescribeVpcs", {{"VpcIds", {id}}}));
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, "InvalidVpcID.NotFound");
  EXPECT_EQ(gone.error().status, 400);
  EXPECT_FALSE(gone.error().request_id.empty());
  EXPECT_EQ(requests, 4);
}

TEST_F(MotoTest, SpeaksRestXml) {
  call("s3", "CreateBucket",
       {{"Bucket", "client-test"}, {"CreateBucketConfiguration", {{"LocationConstraint", "eu-west-1"}}}});
  call("s3", "PutBucketVersioning", {{"Bucket", "client-test"}, {"VersioningConfiguration", {{"Status", "Enabled"}}}});
  EXPECT_EQ(call("s3", "GetBucketVersioning", {{"Bucket", "client-test"}})["Status"], "Enabled");
  call("s3", "PutObject",
       {{"Bucket", "client-test"}, {"Key", "a key/ü+1"}, {"Body", "Ym9keQ=="}, {"Metadata", {{"who", "me"}}}});
  Json got = call("s3", "GetObject", {{"Bucket", "client-test"}, {"Key", "a key/ü+1"}});
  EXPECT_EQ(got["Body"], "Ym9keQ==");
  EXPECT_EQ(got["Metadata"], (Json{{"who", "me"}}));
  ApiResult missing = loop.run(client->call("s3", "HeadObject", {{"Bucket", "client-test"}, {"Key", "no"}}));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, "404");
  ApiResult policy = loop.run(client->call("s3", "GetBucketPolicy", {{"Bucket", "client-test"}}));
  ASSERT_FALSE(policy.ok());
  EXPECT_EQ(policy.error().code, "NoSuchBucketPolicy");
}

TEST_F(MotoTest, SpeaksQueryAndJson) {
  EXPECT_EQ(call("sts", "GetCallerIdentity")["Account"], "123456789012");
  call("iam", "CreateRole",
       {{"RoleName", "client-test"}, {"AssumeRolePolicyDocument", "{\"Version\":\"2012-10-17\"}"}});
  EXPECT_EQ(call("iam", "GetRole", {{"RoleName", "client-test"}})["Role"]["RoleName"], "client-test");
  std::string key = call("kms", "CreateKey")["KeyMetadata"]["KeyId"];
  EXPECT_EQ(call("kms", "DescribeKey", {{"KeyId", key}})["KeyMetadata"]["KeyState"], "Enabled");
  call("ssm", "PutParameter", {{"Name", "/client-test"}, {"Value", "v"}, {"Type", "String"}});
  EXPECT_EQ(call("ssm", "GetParameter", {{"Name", "/client-test"}})["Parameter"]["Value"], "v");
  EXPECT_TRUE(call("efs", "DescribeFileSystems")["FileSystems"].is_array());
  EXPECT_TRUE(call("route53", "ListHostedZones")["HostedZones"].is_array());
  EXPECT_TRUE(call("autoscaling", "DescribeAutoScalingGroups")["AutoScalingGroups"].is_array());
}

TEST_F(MotoTest, KeepsManyRequestsInFlight) {
  struct Run {
    static Task<void> one(Client& client, int& good) {
      ApiResult result = co_await client.call("ec2", "DescribeRegions", Json::object());
      good += result.ok() && !(*result)["Regions"].empty() ? 1 : 0;
    }
    static Task<void> all(Loop& loop, Client& client, int& good) {
      TaskGroup group(loop);
      for (int i = 0; i < 30; ++i) group.add(one(client, good));
      co_await group.join();
    }
  };
  int good = 0;
  loop.run(Run::all(loop, *client, good));
  EXPECT_EQ(good, 30);
}

TEST_F(MotoTest, AssumesRoles) {
  struct NoProcess final : ProcessRunner {
    Result<std::string, std::string> run(const std::string&) override { return Failure(std::string("none")); }
  } processes;
  SystemFileSystem files;
  Environment environment = {{"AWS_ACCESS_KEY_ID", "testing"}, {"AWS_SECRET_ACCESS_KEY", "testing"}};
  CredentialSettings settings;
  settings.sts_endpoint = config.endpoint_url;
  settings.assume_roles.push_back(AssumeRole{"arn:aws:iam::123456789012:role/any", {}, {}, {}, {}, {}, {}});
  CredentialChain chain(loop, network, files, random, models, processes, environment, settings, log);
  CredentialsResult keys = loop.run(chain.credentials());
  ASSERT_TRUE(keys.ok()) << keys.error().describe();
  EXPECT_TRUE(keys->access_key_id.starts_with("ASIA"));
  EXPECT_FALSE(keys->session_token.empty());
  EXPECT_TRUE(keys->expires.has_value());
}

}  // namespace
}  // namespace terrace::aws
