#include "aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "aws/retry.h"
#include "aws/timestamp.h"
#include "support/scripted_network.h"

namespace terrace::aws {
namespace {

using Json = nlohmann::json;
using test::ScriptedNetwork;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kVpcs = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";

std::string ec2_error(const std::string& code) {
  return "<Response><Errors><Error><Code>" + code + "</Code><Message>m</Message></Error></Errors><RequestID>r-1" +
         "</RequestID></Response>";
}

class MemoryLog final : public Log {
 public:
  explicit MemoryLog(LogLevel level) : level_(level) {}
  bool enabled(LogLevel level) const override { return level >= level_; }
  void write(LogLevel, std::string_view message) override { text.append(message).append("\n"); }
  std::string text;

 private:
  LogLevel level_;
};

// Expires when told to and then has other keys.
class RenewableCredentials final : public CredentialsProvider {
 public:
  Task<CredentialsResult> credentials() override {
    Credentials keys;
    keys.access_key_id = "KEY" + std::to_string(generation);
    keys.secret_access_key = "TOPSECRET";
    keys.session_token = "TOKENSECRET";
    co_return keys;
  }
  void expired() override { ++generation; }
  int generation = 1;
};

struct ClientTest : testing::Test {
  VirtualClock clock;
  VirtualWaiter waiter{clock};
  Loop loop{clock, &waiter};
  ScriptedNetwork network;
  SeededRandom random{3};
  Models models;
  RenewableCredentials credentials;
  MemoryLog log{LogLevel::kTrace};
  ClientConfig config;
  std::vector<Attempt> attempts;

  ClientTest() {
    config.region = "eu-west-1";
    config.observer = [this](const Attempt& attempt) { attempts.push_back(attempt); };
  }

  ApiResult call(const char* service, const char* operation, Json params = Json::object()) {
    Client client(loop, network, random, models, credentials, config, log);
    return loop.run(client.call(service, operation, std::move(params)));
  }
};

TEST_F(ClientTest, SignsAndSendsToTheRegionsEndpoint) {
  network.answer(200, kVpcs);
  ApiResult result = call("ec2", "DescribeVpcs");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, (Json{{"Vpcs", Json::array()}}));
  ASSERT_EQ(network.requests().size(), 1u);
  const HttpRequest& request = network.requests()[0];
  EXPECT_EQ(request.url, "https://ec2.eu-west-1.amazonaws.com/");
  EXPECT_EQ(request.body, "Action=DescribeVpcs&Version=2016-11-15");
  EXPECT_THAT(*find_header(request.headers, "Authorization"), HasSubstr("KEY1/20231114/eu-west-1/ec2/aws4_request"));
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].status, 200);
}

TEST_F(ClientTest, WaitsOutThrottling) {
  network.answer(503, ec2_error("RequestLimitExceeded"));
  network.answer(400, ec2_error("Throttling"));
  network.answer(200, kVpcs);
  EXPECT_TRUE(call("ec2", "DescribeVpcs").ok());
  EXPECT_EQ(attempts.size(), 3u);
  EXPECT_GT(clock.monotonic().count(), 0) << "it waited in between";
  EXPECT_LE(clock.monotonic(), std::chrono::seconds(3)) << "at most 1 s and 2 s";
}

TEST_F(ClientTest, WaitsAsLongAsTheAnswerAsks) {
  network.answer(503, ec2_error("RequestLimitExceeded"), {{"Retry-After", "7"}});
  network.answer(200, kVpcs);
  EXPECT_TRUE(call("ec2", "DescribeVpcs").ok());
  EXPECT_GE(clock.monotonic(), std::chrono::seconds(7));
}

TEST_F(ClientTest, GivesUpAfterItsAttempts) {
  config.max_attempts = 4;
  network.otherwise([](const HttpRequest&) { return HttpResult(HttpResponse{500, {}, ec2_error("InternalError")}); });
  ApiResult result = call("ec2", "DescribeVpcs");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().attempts, 4);
  EXPECT_EQ(network.requests().size(), 4u);
  EXPECT_EQ(result.error().describe(),
            "operation error EC2: DescribeVpcs, exceeded maximum number of attempts, 4, https response error "
            "StatusCode: 500, RequestID: r-1, api error InternalError: m");
}

TEST_F(ClientTest, DoesNotRetryWhatAwsRefuses) {
  network.answer(400, ec2_error("InvalidVpcID.NotFound"));
  ApiResult result = call("ec2", "DescribeVpcs");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "InvalidVpcID.NotFound");
  EXPECT_EQ(network.requests().size(), 1u);
}

TEST_F(ClientTest, StopsEarlyWhereNothingListens) {
  network.otherwise([](const HttpRequest&) { return HttpResult(Failure(NetworkError{"refused", true, false})); });
  ApiResult result = call("ec2", "CreateVpc", {{"CidrBlock", "10.0.0.0/16"}});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ApiError::Kind::kNetwork);
  EXPECT_FALSE(result.error().maybe_done) << "no connection was made";
  EXPECT_EQ(network.requests().size(), 5u);
  EXPECT_LE(clock.monotonic(), std::chrono::seconds(15));
}

TEST_F(ClientTest, DoesNotRepeatACreationThatMayHaveBeenDone) {
  network.fail(NetworkError{"connection reset", true, true});
  ApiResult result = call("ec2", "CreateVpc", {{"CidrBlock", "10.0.0.0/16"}});
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error().maybe_done);
  EXPECT_EQ(network.requests().size(), 1u);
}

TEST_F(ClientTest, RepeatsACreationWithTheSameToken) {
  network.fail(NetworkError{"connection reset", true, true});
  network.answer(200, "<CreateNatGatewayResponse/>");
  EXPECT_TRUE(call("ec2", "CreateNatGateway", {{"SubnetId", "subnet-1"}}).ok());
  ASSERT_EQ(network.requests().size(), 2u);
  EXPECT_EQ(network.requests()[0].body, network.requests()[1].body);
  EXPECT_THAT(network.requests()[0].body, HasSubstr("ClientToken="));
}

TEST_F(ClientTest, RepeatsReadsThatGotLost) {
  network.fail(NetworkError{"connection reset", true, true});
  network.answer(200, kVpcs);
  EXPECT_TRUE(call("ec2", "DescribeVpcs").ok());
}

TEST_F(ClientTest, DoesNotBelieveForeignServersForLong) {
  network.otherwise([](const HttpRequest&) { return HttpResult(HttpResponse{500, {}, "<html>oops</html>"}); });
  EXPECT_FALSE(call("ec2", "DescribeVpcs").ok());
  EXPECT_EQ(network.requests().size(), 3u);
}

TEST_F(ClientTest, CorrectsItsClock) {
  Duration theirs = clock.wall() + std::chrono::hours(2);
  network.answer(403, ec2_error("RequestExpired"), {{"Date", http_date(theirs)}});
  network.answer(200, kVpcs);
  EXPECT_TRUE(call("ec2", "DescribeVpcs").ok());
  EXPECT_EQ(clock.monotonic().count(), 0) << "at once";
  std::string date = *find_header(network.requests()[1].headers, "X-Amz-Date");
  EXPECT_EQ(date, "20231115T001320Z");
}

TEST_F(ClientTest, FetchesNewCredentialsWhenTheyExpire) {
  network.answer(400, ec2_error("ExpiredToken"));
  network.answer(200, kVpcs);
  EXPECT_TRUE(call("ec2", "DescribeVpcs").ok());
  EXPECT_THAT(*find_header(network.requests()[1].headers, "Authorization"), HasSubstr("KEY2/"));
}

TEST_F(ClientTest, FollowsABucketToItsRegion) {
  network.answer(301, "<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>",
                 {{"x-amz-bucket-region", "us-west-2"}});
  network.answer(200, "<VersioningConfiguration/>");
  EXPECT_TRUE(call("s3", "GetBucketVersioning", {{"Bucket", "my-bucket"}}).ok());
  EXPECT_EQ(network.requests()[0].url, "https://my-bucket.s3.eu-west-1.amazonaws.com/?versioning");
  EXPECT_EQ(network.requests()[1].url, "https://my-bucket.s3.us-west-2.amazonaws.com/?versioning");
}

TEST_F(ClientTest, PutsPagesTogether) {
  network.answer(200,
                 "<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet><nextToken>t</nextToken>"
                 "</DescribeVpcsResponse>");
  network.answer(200,
                 "<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-2</vpcId></item></vpcSet></DescribeVpcsResponse>");
  Client client(loop, network, random, models, credentials, config, log);
  ApiResult result = loop.run(client.call_all("ec2", "DescribeVpcs", Json::object()));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, (Json{{"Vpcs", {{{"VpcId", "vpc-1"}}, {{"VpcId", "vpc-2"}}}}}));
  EXPECT_THAT(network.requests()[1].body, HasSubstr("NextToken=t"));
}

TEST_F(ClientTest, PutsPagesOfSeveralTokensTogether) {
  network.answer(200,
                 "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>a.</Name>"
                 "</ResourceRecordSet></ResourceRecordSets><IsTruncated>true</IsTruncated><NextRecordName>b."
                 "</NextRecordName><NextRecordType>A</NextRecordType></ListResourceRecordSetsResponse>");
  network.answer(200,
                 "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>b.</Name>"
                 "</ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated>"
                 "</ListResourceRecordSetsResponse>");
  Client client(loop, network, random, models, credentials, config, log);
  ApiResult result = loop.run(client.call_all("route53", "ListResourceRecordSets", {{"HostedZoneId", "Z1"}}));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ((*result)["ResourceRecordSets"].size(), 2u);
  EXPECT_THAT(network.requests()[1].url, HasSubstr("name=b.&type=A"));
  EXPECT_THAT(network.requests()[0].url, HasSubstr("https://route53.amazonaws.com/"));
}

TEST_F(ClientTest, NamesWhatIsWrongWithACall) {
  EXPECT_THAT(call("ec2", "DescribeVpc").error().describe(), HasSubstr("no operation called DescribeVpc"));
  EXPECT_THAT(call("ec3", "X").error().describe(), HasSubstr("no model of a service called ec3"));
  EXPECT_THAT(call("ec2", "DescribeVpcs", {{"Vpc", 1}}).error().describe(), HasSubstr("Vpc: there is no such member"));
  config.region.clear();
  EXPECT_THAT(call("ec2", "DescribeVpcs").error().describe(), HasSubstr("there is no region"));
  EXPECT_TRUE(network.requests().empty());
}

TEST_F(ClientTest, LogsWithoutSecrets) {
  network.answer(200, "<CreateLaunchTemplateResponse/>");
  ASSERT_TRUE(call("ec2", "CreateLaunchTemplate",
                   {{"LaunchTemplateName", "lt"}, {"LaunchTemplateData", {{"UserData", "U0VDUkVU"}}}})
                  .ok());
  EXPECT_THAT(log.text, HasSubstr("CreateLaunchTemplate"));
  EXPECT_THAT(log.text, HasSubstr("\"lt\""));
  for (const char* secret : {"U0VDUkVU", "TOPSECRET", "TOKENSECRET", "Signature="}) {
    EXPECT_THAT(log.text, Not(HasSubstr(secret)));
  }
}

TEST_F(ClientTest, StopsRetryingWhenEverythingFails) {
  config.max_attempts = 25;
  network.otherwise([](const HttpRequest&) { return HttpResult(HttpResponse{500, {}, ec2_error("InternalError")}); });
  Client client(loop, network, random, models, credentials, config, log);
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(loop.run(client.call("ec2", "DescribeVpcs", Json::object())).ok());
  }
  // 500 tokens pay for 100 retries beside the first try of each call.
  EXPECT_EQ(network.requests().size(), 106u);
}

TEST_F(ClientTest, HoldsRequestsInFlightToItsLimit) {
  struct SlowNetwork final : Network {
    explicit SlowNetwork(Loop& used) : loop(used) {}
    Loop& loop;
    int now = 0;
    int most = 0;
    Task<HttpResult> send(HttpRequest) override {
      most = std::max(most, ++now);
      co_await loop.sleep(std::chrono::seconds(1));
      --now;
      co_return HttpResponse{200, {}, kVpcs};
    }
  };
  SlowNetwork slow(loop);
  config.requests_in_flight = 3;
  Client client(loop, slow, random, models, credentials, config, log);
  struct Run {
    static Task<void> one(Client& client, int& good) {
      ApiResult result = co_await client.call("ec2", "DescribeVpcs", Json::object());
      good += result.ok() ? 1 : 0;
    }
    static Task<void> all(Loop& loop, Client& client, int& good) {
      TaskGroup group(loop);
      for (int i = 0; i < 10; ++i) group.add(one(client, good));
      co_await group.join();
    }
  };
  int good = 0;
  loop.run(Run::all(loop, client, good));
  EXPECT_EQ(good, 10);
  EXPECT_EQ(slow.most, 3);
}

TEST(Retry, JittersWithinItsBounds) {
  SeededRandom random(11);
  Duration longest{0};
  for (int i = 0; i < 1000; ++i) longest = std::max(longest, retry_delay(2, nullptr, random));
  EXPECT_LE(longest, std::chrono::seconds(4));
  EXPECT_GT(longest, std::chrono::milliseconds(3900));
  for (int i = 0; i < 1000; ++i) EXPECT_LE(retry_delay(40, nullptr, random), std::chrono::seconds(20));
}

TEST(Retry, KnowsWhatMayBeRepeated) {
  Models models;
  const ServiceModel& ec2 = *models.service("ec2");
  EXPECT_TRUE(is_repeatable(*ec2.operation("DescribeVpcs"), Json::object()));
  EXPECT_TRUE(is_repeatable(*ec2.operation("DeleteVpc"), Json::object()));
  EXPECT_TRUE(is_repeatable(*ec2.operation("CreateTags"), Json::object()));
  EXPECT_FALSE(is_repeatable(*ec2.operation("CreateVpc"), Json::object()));
  EXPECT_FALSE(is_repeatable(*ec2.operation("AllocateAddress"), Json::object()));
  EXPECT_TRUE(is_repeatable(*ec2.operation("RunInstances"), Json::object())) << "its token is drawn";
  EXPECT_TRUE(is_repeatable(*models.service("s3")->operation("PutObject"), Json::object()));
  EXPECT_TRUE(is_repeatable(*models.service("efs")->operation("CreateFileSystem"), {{"CreationToken", "t"}}));
}

}  // namespace
}  // namespace terrace::aws
