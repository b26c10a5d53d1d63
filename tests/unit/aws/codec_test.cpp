#include "aws/codec.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "aws/models.h"
#include "aws/timestamp.h"

namespace terrace::aws {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// Each line of a golden file, recorded from botocore by tools/record_wire_cases.py.
std::vector<nlohmann::ordered_json> golden(const char* name) {
  std::ifstream file(std::string(TERRACE_SOURCE_DIR "/tests/golden/aws/") + name);
  std::vector<nlohmann::ordered_json> cases;
  for (std::string line; std::getline(file, line);) cases.push_back(nlohmann::ordered_json::parse(line));
  return cases;
}

std::string latin1_to_bytes(const std::string& utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      bytes += utf8[i];
    } else {
      bytes += static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 63));
    }
  }
  return bytes;
}

TEST(Codec, WritesRequestsAsBotocore) {
  Models models;
  SeededRandom random(1);
  auto cases = golden("serialize.jsonl");
  EXPECT_GT(cases.size(), 100u);
  for (const auto& item : cases) {
    const ServiceModel* service = models.service(item["service"].get<std::string>());
    ASSERT_NE(service, nullptr);
    const Operation* operation = service->operation(item["operation"].get<std::string>());
    ASSERT_NE(operation, nullptr);
    auto request = serialize(*service, *operation, item["params"], random);
    ASSERT_TRUE(request.ok()) << item["operation"] << request.error();
    const auto& expected = item["request"];
    EXPECT_EQ(request->method, expected["method"]);
    EXPECT_EQ(request->path + (request->query.empty() ? "" : "?" + request->query), expected["uri"]) << item;
    std::string body = latin1_to_bytes(expected["body"]);
    if (body.empty()) {
      EXPECT_EQ(request->body, "") << item;
    } else if (service->protocol == Protocol::kJson || service->protocol == Protocol::kRestJson) {
      EXPECT_EQ(Json::parse(request->body, nullptr, false), Json::parse(body, nullptr, false)) << item;
    } else if (service->protocol != Protocol::kRestXml) {
      EXPECT_EQ(request->body, body) << item;
    }
    for (const auto& [name, value] : expected["headers"].items()) {
      const std::string* header = find_header(request->headers, name);
      ASSERT_NE(header, nullptr) << name << item;
      EXPECT_EQ(*header, value) << item;
    }
  }
}

TEST(Codec, ReadsAnswersAsBotocore) {
  Models models;
  auto cases = golden("parse.jsonl");
  EXPECT_GT(cases.size(), 100u);
  for (const auto& item : cases) {
    const ServiceModel* service = models.service(item["service"].get<std::string>());
    const Operation* operation = service->operation(item["operation"].get<std::string>());
    HttpResponse response;
    response.status = item["response"]["status_code"];
    for (const auto& [name, value] : item["response"]["headers"].items()) response.headers.emplace_back(name, value);
    if (item["response"].contains("body_base64")) {
      response.body = *base64_decode(item["response"]["body_base64"].get<std::string>());
    } else {
      response.body = item["response"]["body"];
    }
    auto result = parse_response(*service, *operation, response);
    ASSERT_TRUE(result.ok()) << item;
    EXPECT_EQ(*result, Json(item["result"])) << item["service"] << item["operation"];
  }
}

// Whatever a broken server, proxy or attacker sends: an answer or an error, and always JSON that can be written out.
TEST(Codec, SurvivesBrokenAnswers) {
  Models models;
  SeededRandom random(99);
  for (const auto& item : golden("parse.jsonl")) {
    const ServiceModel* service = models.service(item["service"].get<std::string>());
    const Operation* operation = service->operation(item["operation"].get<std::string>());
    std::string body = item["response"].contains("body_base64")
                           ? *base64_decode(item["response"]["body_base64"].get<std::string>())
                           : item["response"]["body"].get<std::string>();
    for (int i = 0; i < 8; ++i) {
      HttpResponse response{i % 2 == 0 ? 200 : 400, {{"x-amzn-errortype", "\xff#"}}, body};
      std::size_t changes = 1 + random.next_u64() % 4;
      for (std::size_t change = 0; change < changes && !response.body.empty(); ++change) {
        std::size_t at = random.next_u64() % response.body.size();
        if (random.next_u64() % 3 == 0) {
          response.body.resize(at);
        } else {
          response.body[at] = static_cast<char>(random.next_u64());
        }
      }
      auto result = parse_response(*service, *operation, response);
      if (result.ok()) {
        EXPECT_FALSE(result->dump().empty());
      } else {
        EXPECT_FALSE(result.error().describe().empty());
        if (result.error().details != nullptr) {
          EXPECT_FALSE(result.error().details->dump().empty());
        }
      }
    }
  }
}

struct Fixture : testing::Test {
  Models models;
  SeededRandom random{7};

  WireRequest write(const char* service, const char* operation, nlohmann::ordered_json params) {
    const ServiceModel* model = models.service(service);
    auto request = serialize(*model, *model->operation(operation), params, random);
    EXPECT_TRUE(request.ok()) << (request.ok() ? "" : request.error());
    return request.ok() ? *request : WireRequest{};
  }

  ApiError read_error(const char* service, const char* operation, int status, std::string body, Headers headers = {}) {
    const ServiceModel* model = models.service(service);
    auto result = parse_response(*model, *model->operation(operation), HttpResponse{status, headers, body});
    EXPECT_FALSE(result.ok());
    return result.ok() ? ApiError{} : result.error();
  }
};

using CodecTest = Fixture;

TEST_F(CodecTest, WritesXmlBodiesWithNamespacesAndEscapes) {
  WireRequest request = write("s3", "PutBucketTagging",
                              {{"Bucket", "b"}, {"Tagging", {{"TagSet", {{{"Key", "a<b"}, {"Value", "c&d"}}}}}}});
  EXPECT_EQ(request.path, "/b");
  EXPECT_EQ(request.query, "tagging");
  EXPECT_EQ(request.body,
            "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Key>a&lt;b</Key>"
            "<Value>c&amp;d</Value></Tag></TagSet></Tagging>");
  ASSERT_NE(find_header(request.headers, "x-amz-checksum-crc32"), nullptr) << "S3 demands a checksum here";
}

TEST_F(CodecTest, SendsTheChecksumThatTheCallerChooses) {
  WireRequest request = write(
      "s3", "PutObject", {{"Bucket", "b"}, {"Key", "k/1 2"}, {"Body", "Ym9keQ=="}, {"ChecksumAlgorithm", "SHA256"}});
  EXPECT_EQ(request.path, "/b/k/1%202");
  EXPECT_EQ(request.body, "body");
  EXPECT_EQ(*find_header(request.headers, "x-amz-checksum-sha256"), "Iw2DWNyOiJC0xY3utikS7i8gNXrpKlzIYbmOaP4xrLU=");
}

TEST_F(CodecTest, DrawsIdempotencyTokensOnce) {
  const Operation& operation = *models.service("ec2")->operation("CreateNatGateway");
  Json params = {{"SubnetId", "subnet-1"}};
  fill_idempotency_tokens(operation, params, random);
  std::string token = params["ClientToken"];
  EXPECT_EQ(token.size(), 36u);
  fill_idempotency_tokens(operation, params, random);
  EXPECT_EQ(params["ClientToken"], token);
}

TEST_F(CodecTest, ChecksParameters) {
  const Operation& operation = *models.service("ec2")->operation("DescribeVpcs");
  EXPECT_THAT(check_parameters(operation, {{"VpcIds", {"vpc-1"}}}), testing::IsEmpty());
  EXPECT_THAT(check_parameters(operation, {{"VpcIds", "vpc-1"}}), ElementsAre("VpcIds: a list is needed"));
  EXPECT_THAT(check_parameters(operation, {{"Filters", {{{"Nmae", "x"}}}}}),
              ElementsAre("Filters[0].Nmae: there is no such member in Filter"));
  EXPECT_THAT(check_parameters(*models.service("s3")->operation("GetObject"), {{"Bucket", "b"}}),
              ElementsAre("Key: it must be set"));
}

TEST_F(CodecTest, ReadsErrorsOfEveryProtocol) {
  ApiError error = read_error("ec2", "DescribeVpcs", 400,
                              "<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidVpcID.NotFound</Code>"
                              "<Message>The vpc ID 'vpc-1' does not exist</Message></Error></Errors>"
                              "<RequestID>ea966190</RequestID></Response>");
  EXPECT_EQ(error.code, "InvalidVpcID.NotFound");
  EXPECT_EQ(error.message, "The vpc ID 'vpc-1' does not exist");
  EXPECT_EQ(error.request_id, "ea966190");

  error = read_error("iam", "GetRole", 404,
                     "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"
                     "<Code>NoSuchEntity</Code><Message>Role not found</Message></Error><RequestId>7a62</RequestId>"
                     "</ErrorResponse>");
  EXPECT_EQ(error.code, "NoSuchEntity");
  EXPECT_EQ(error.shape, "NoSuchEntityException");
  EXPECT_EQ(error.request_id, "7a62");

  error = read_error("s3", "HeadBucket", 404, "", {{"x-amz-request-id", "R1"}});
  EXPECT_EQ(error.code, "404");
  EXPECT_EQ(error.message, "Not Found");
  EXPECT_EQ(error.request_id, "R1");

  error =
      read_error("s3", "GetBucketPolicy", 404, "<Error><Code>NoSuchBucketPolicy</Code><Message>none</Message></Error>");
  EXPECT_EQ(error.code, "NoSuchBucketPolicy");

  error =
      read_error("kms", "DescribeKey", 400, R"({"__type":"com.amazonaws.kms#NotFoundException","message":"no key"})",
                 {{"x-amzn-RequestId", "R2"}});
  EXPECT_EQ(error.code, "NotFoundException");
  EXPECT_EQ(error.message, "no key");
  EXPECT_EQ(error.request_id, "R2");

  error = read_error("efs", "DescribeFileSystems", 404, R"({"ErrorCode":"FileSystemNotFound","Message":"gone"})",
                     {{"x-amzn-ErrorType", "FileSystemNotFound:http://internal/"}});
  EXPECT_EQ(error.code, "FileSystemNotFound");

  error = read_error("sqs", "GetQueueUrl", 400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"})",
                     {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}});
  EXPECT_EQ(error.code, "AWS.SimpleQueueService.NonExistentQueue");
  EXPECT_EQ(error.shape, "QueueDoesNotExist");
}

TEST_F(CodecTest, TakesForeignAnswersForWhatTheyAre) {
  ApiError error = read_error("ec2", "DescribeVpcs", 502, "<html><body>Bad gateway</body></html>");
  EXPECT_EQ(error.code, "502");
  EXPECT_EQ(error.message, "Bad Gateway");
  error = read_error("ec2", "DescribeVpcs", 200, "{\"not\": \"xml\"");
  EXPECT_EQ(error.kind, ApiError::Kind::kResponse);
  error = read_error("s3", "CopyObject", 200, "<Error><Code>InternalError</Code><Message>late</Message></Error>");
  EXPECT_EQ(error.code, "InternalError");
  EXPECT_EQ(error.status, 500);
}

TEST_F(CodecTest, HidesSecretsForLogs) {
  const Operation& launch = *models.service("ec2")->operation("CreateLaunchTemplate");
  Json shown = redact(launch.input, {{"LaunchTemplateName", "n"}, {"LaunchTemplateData", {{"UserData", "c2VjcmV0"}}}});
  EXPECT_EQ(shown["LaunchTemplateData"]["UserData"], "(sensitive)");
  EXPECT_EQ(shown["LaunchTemplateName"], "n");
  const Operation& secret = *models.service("secretsmanager")->operation("PutSecretValue");
  EXPECT_EQ(redact(secret.input, {{"SecretId", "s"}, {"SecretString", "p"}})["SecretString"], "(sensitive)");
  const Operation& role = *models.service("sts")->operation("AssumeRole");
  std::string text = redact(role.output, {{"Credentials", {{"SecretAccessKey", "k"}, {"SessionToken", "t"}}}}).dump();
  EXPECT_EQ(text.find("\"k\""), std::string::npos);
  EXPECT_EQ(text.find("\"t\""), std::string::npos);
}

TEST(Timestamps, ReadAndWriteEveryForm) {
  EXPECT_EQ(iso8601_exact(*parse_timestamp("2015-01-25T08:00:00Z")), "2015-01-25T08:00:00Z");
  EXPECT_EQ(iso8601_exact(*parse_timestamp("2015-01-25T09:30:00.5+01:30")), "2015-01-25T08:00:00.5Z");
  EXPECT_EQ(iso8601_exact(*parse_timestamp("Sun, 25 Jan 2015 08:00:00 GMT")), "2015-01-25T08:00:00Z");
  EXPECT_EQ(iso8601_exact(*parse_timestamp("1422172800.123")), "2015-01-25T08:00:00.123Z");
  EXPECT_EQ(iso8601_exact(timestamp_of_seconds(1422172800.946)), "2015-01-25T08:00:00.946Z");
  EXPECT_EQ(http_date(std::chrono::seconds(1422172800)), "Sun, 25 Jan 2015 08:00:00 GMT");
  EXPECT_EQ(unix_seconds(std::chrono::milliseconds(1422172800500)), "1422172800.5");
  EXPECT_FALSE(parse_timestamp("yesterday"));
  EXPECT_FALSE(parse_timestamp(""));
  EXPECT_FALSE(parse_timestamp("9999-12-31T23:59:59Z")) << "more than a Duration holds: results keep the text";
}

TEST(Encoding, IsTheStandardsOwn) {
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_decode("Zm9vYg==").value_or("?"), "foob");
  EXPECT_EQ(base64_decode("Zm9vYmE").value_or("?"), "fooba");
  EXPECT_FALSE(base64_decode("Zm9v!"));
  EXPECT_EQ(percent_encode("a b/c~ü"), "a%20b%2Fc~%C3%BC");
  EXPECT_EQ(percent_decode("a%20b%2"), "a b%2");
  EXPECT_EQ(hex_encode(crc32("123456789")), "cbf43926");
  EXPECT_EQ(hex_encode(crc32c("123456789")), "e3069283");
  EXPECT_EQ(to_utf8("ü\xff€\xe2\x82"), "ü\xef\xbf\xbd€\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(hex_encode(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
}

}  // namespace
}  // namespace terrace::aws
