// Policy documents: the expectations are those of hashicorp/aws's documentation and acceptance tests, in the form that
// it writes since version 5 (no empty Sid).
#include <gtest/gtest.h>

#include "aws/policy.h"

namespace terrace::aws {
namespace {

using Json = nlohmann::json;

// Arguments with the table's defaults, as the provider fills them in.
Json arguments(Json given) {
  if (!given.contains("version")) given["version"] = "2012-10-17";
  for (Json& statement : given["statement"]) {
    if (!statement.contains("effect")) statement["effect"] = "Allow";
  }
  return given;
}

std::string written(Json given) {
  auto result = write_policy_document(arguments(std::move(given)));
  return result.ok() ? result->json : "error: " + result.error();
}

std::string minified(Json given) {
  auto result = write_policy_document(arguments(std::move(given)));
  return result.ok() ? result->minified : "error: " + result.error();
}

TEST(PolicyDocument, TheProvidersOwnExample) {
  Json given = {
      {"policy_id", "policy_id"},
      {"statement",
       {{{"sid", "1"}, {"actions", {"s3:GetBucketLocation", "s3:ListAllMyBuckets"}}, {"resources", {"arn:aws:s3:::*"}}},
        {{"actions", {"s3:ListBucket"}},
         {"resources", {"arn:aws:s3:::foo"}},
         {"condition",
          {{{"test", "StringLike"}, {"variable", "s3:prefix"}, {"values", {"home/", "", "home/&{aws:username}/"}}}}},
         {"not_principals", {{{"type", "AWS"}, {"identifiers", {"arn:blahblah:example"}}}}}},
        {{"actions", {"s3:*"}},
         {"resources", {"arn:aws:s3:::foo/home/&{aws:username}", "arn:aws:s3:::foo/home/&{aws:username}/*"}},
         {"principals", {{{"type", "AWS"}, {"identifiers", {"arn:blahblah:example", "arn:blahblahblah:example"}}}}}},
        {{"effect", "Deny"}, {"not_actions", {"s3:*"}}, {"not_resources", {"arn:aws:s3:::*"}}},
        {{"actions", {"kinesis:*"}}, {"principals", {{{"type", "AWS"}, {"identifiers", {"*"}}}}}},
        {{"actions", {"firehose:*"}}, {"principals", {{{"type", "*"}, {"identifiers", {"*"}}}}}}}}};
  EXPECT_EQ(written(given), R"({
  "Version": "2012-10-17",
  "Id": "policy_id",
  "Statement": [
    {
      "Sid": "1",
      "Effect": "Allow",
      "Action": [
        "s3:ListAllMyBuckets",
        "s3:GetBucketLocation"
      ],
      "Resource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "s3:ListBucket",
      "Resource": "arn:aws:s3:::foo",
      "NotPrincipal": {
        "AWS": "arn:blahblah:example"
      },
      "Condition": {
        "StringLike": {
          "s3:prefix": [
            "home/",
            "",
            "home/${aws:username}/"
          ]
        }
      }
    },
    {
      "Effect": "Allow",
      "Action": "s3:*",
      "Resource": [
        "arn:aws:s3:::foo/home/${aws:username}/*",
        "arn:aws:s3:::foo/home/${aws:username}"
      ],
      "Principal": {
        "AWS": [
          "arn:blahblahblah:example",
          "arn:blahblah:example"
        ]
      }
    },
    {
      "Effect": "Deny",
      "NotAction": "s3:*",
      "NotResource": "arn:aws:s3:::*"
    },
    {
      "Effect": "Allow",
      "Action": "kinesis:*",
      "Principal": {
        "AWS": "*"
      }
    },
    {
      "Effect": "Allow",
      "Action": "firehose:*",
      "Principal": "*"
    }
  ]
})");
}

TEST(PolicyDocument, ConditionsOfOneTestJoin) {
  Json given = {
      {"statement",
       {{{"actions", {"kms:Decrypt", "kms:GenerateDataKey"}},
         {"resources", {"*"}},
         {"condition",
          {{{"test", "ForAnyValue:StringEquals"}, {"variable", "kms:EncryptionContext:service"}, {"values", {"pi"}}},
           {{"test", "ForAnyValue:StringEquals"},
            {"variable", "kms:EncryptionContext:aws:pi:service"},
            {"values", {"rds"}}}}}}}}};
  EXPECT_EQ(minified(given),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["kms:GenerateDataKey","kms:Decrypt"],)"
            R"("Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContext:aws:pi:service":"rds",)"
            R"("kms:EncryptionContext:service":"pi"}}}]})");
}

TEST(PolicyDocument, PrincipalsOfSeveralTypesAndOfOneTypeTwice) {
  Json given = {{"statement",
                 {{{"actions", {"sts:AssumeRole"}},
                   {"principals",
                    {{{"type", "Service"}, {"identifiers", {"firehose.amazonaws.com"}}},
                     {{"type", "AWS"}, {"identifiers", {"arn:aws:iam::1:role/r"}}},
                     {{"type", "Federated"},
                      {"identifiers", {"arn:aws:iam::1:saml-provider/p", "cognito-identity.amazonaws.com"}}}}}}}}};
  EXPECT_EQ(minified(given),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{)"
            R"("AWS":"arn:aws:iam::1:role/r","Federated":["cognito-identity.amazonaws.com",)"
            R"("arn:aws:iam::1:saml-provider/p"],"Service":"firehose.amazonaws.com"}}]})");
  // Sets are walked by the text of their elements' CRC-32, as Terraform's SDK does: "identifiers:{a;};type:AWS;" is
  // 2142700431 and the one with b 3263000385.
  Json twice = {
      {"statement",
       {{{"actions", {"a"}},
         {"principals", {{{"type", "AWS"}, {"identifiers", {"a"}}}, {{"type", "AWS"}, {"identifiers", {"b"}}}}}}}}};
  std::string forward = minified(twice);
  EXPECT_NE(forward.find(R"("Principal":{"AWS":["a","b"]})"), std::string::npos) << forward;
  std::swap(twice["statement"][0]["principals"][0], twice["statement"][0]["principals"][1]);
  EXPECT_EQ(forward, minified(twice)) << "the order of a set's elements in the file means nothing";
}

TEST(PolicyDocument, SourceAndOverrideDocuments) {
  std::string ec2 = written({{"statement",
                              {{{"actions", {"ec2:*"}}, {"resources", {"*"}}},
                               {{"sid", "SidToOverride"}, {"actions", {"s3:*"}}, {"resources", {"*"}}}}}});
  Json source = {{"source_policy_documents", {ec2}},
                 {"statement",
                  {{{"sid", "SidToOverride"},
                    {"actions", {"s3:*"}},
                    {"resources", {"arn:aws:s3:::somebucket", "arn:aws:s3:::somebucket/*"}}}}}};
  EXPECT_EQ(minified(source),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"},)"
            R"({"Sid":"SidToOverride","Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::somebucket/*",)"
            R"("arn:aws:s3:::somebucket"]}]})");
  std::string one =
      written({{"statement", {{{"sid", "P"}, {"actions", {"ec2:DescribeAccountAttributes"}}, {"resources", {"*"}}}}}});
  std::string other = written({{"statement", {{{"sid", "P"}, {"actions", {"s3:GetObject"}}, {"resources", {"*"}}}}}});
  EXPECT_EQ(minified({{"source_policy_documents", {one}}, {"override_policy_documents", {other}}}),
            R"({"Version":"2012-10-17","Statement":[{"Sid":"P","Effect":"Allow","Action":"s3:GetObject",)"
            R"("Resource":"*"}]})");
  EXPECT_EQ(written({{"source_policy_documents", {one, other}}}),
            "error: merging source document 1: duplicate Sid (P) in source_policy_documents (statement 0). Remove the "
            "Sid or ensure Sids are unique.");
}

TEST(PolicyDocument, OverridesComeInTheirOrder) {
  auto document = [](const char* sid, const char* effect, const char* action) {
    Json one = {{"effect", effect}, {"actions", {action}}, {"resources", {"*"}}};
    if (sid[0] != '\0') one["sid"] = sid;
    return one;
  };
  std::string first = written({{"statement", {document("One", "Allow", "s3:*")}}});
  std::string second = written({{"statement", {document("", "Allow", "ec2:*"), document("Two", "Allow", "iam:*")}}});
  std::string third = written({{"statement", {document("One", "Deny", "logs:*")}}});
  EXPECT_EQ(
      minified({{"override_policy_documents", {first, second, third}}, {"statement", {document("Two", "Deny", "*")}}}),
      R"({"Version":"2012-10-17","Statement":[{"Sid":"Two","Effect":"Allow","Action":"iam:*","Resource":"*"},)"
      R"({"Sid":"One","Effect":"Deny","Action":"logs:*","Resource":"*"},)"
      R"({"Effect":"Allow","Action":"ec2:*","Resource":"*"}]})");
}

TEST(PolicyDocument, SourcesKeepTheirOwnWaysOfWriting) {
  // Lists of one stay lists, orders stay; a star alone is a principal; members are found whatever their case.
  std::string source = R"({"version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["b","c","a"],"Principal":"*",
    "Resource":["x"],"Condition":{"Bool":{"aws:SecureTransport":false},"StringEquals":{"k":["v"]}}},
    {"Effect":"Deny","NotPrincipal":{"AWS":["1","2"]}}]})";
  EXPECT_EQ(minified({{"source_policy_documents", {source}}}),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["b","c","a"],"Resource":["x"],)"
            R"("Principal":"*","Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"k":"v"}}},)"
            R"({"Effect":"Deny","NotPrincipal":{"AWS":["2","1"]}}]})");
  EXPECT_EQ(written({{"source_policy_documents", {R"({"Statement":{"Effect":"Allow"}})"}}}),
            "error: merging source document 0: Statement must be a list");
}

TEST(PolicyDocument, EscapesAsGoDoesAndKnowsTheOldVersion) {
  EXPECT_EQ(minified({{"statement", {{{"actions", {"a<b&c"}}}}}}),
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a\u003cb\u0026c"}]})");
  EXPECT_EQ(minified({{"version", "2008-10-17"}, {"statement", {{{"resources", {"r"}}}}}}),
            R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Resource":"r"}]})");
  EXPECT_EQ(written({{"version", "2008-10-17"}, {"statement", {{{"resources", {"&{x}"}}}}}}),
            "error: reading resources: found &{ sequence in (&{x}), which is not supported in document version "
            "2008-10-17");
  EXPECT_EQ(written({{"statement", {{{"sid", "1"}}, {{"sid", "1"}}}}}),
            "error: duplicate Sid (1). Remove the Sid or ensure the Sid is unique.");
  EXPECT_EQ(written({{"policy_id", nullptr}}), "{\n  \"Version\": \"2012-10-17\"\n}");
}

TEST(PolicyMeaning, OrderAndListsMeanNothing) {
  EXPECT_TRUE(same_policy(
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":["b","a"]},
          {"Sid":"x","Effect":"Deny","Action":["q","p"],"Resource":"*","Principal":{"AWS":"123456789012"}}]})",
      R"({"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Deny","Action":["p","q"],"Resource":["*"],
          "Principal":{"AWS":["arn:aws:iam::123456789012:root"]}},
          {"Effect":"Allow","Action":["s3:Get*"],"Resource":["a","b"]}]})"));
  EXPECT_TRUE(same_policy(R"({"Statement":{"Effect":"Allow","Action":"a","Condition":{"Bool":{"x":true}}}})",
                          R"({"Statement":[{"Effect":"allow","Action":["a"],"Condition":{"Bool":{"x":["true"]}}}]})"));
  EXPECT_TRUE(same_policy("not json", "not json"));
}

TEST(PolicyMeaning, OtherActionsSidsPrincipalsAreOtherPolicies) {
  const char* base = R"({"Statement":[{"Sid":"a","Effect":"Allow","Action":"s3:Get*","Principal":{"AWS":"1"}}]})";
  EXPECT_FALSE(
      same_policy(base, R"({"Statement":[{"Sid":"b","Effect":"Allow","Action":"s3:Get*","Principal":{"AWS":"1"}}]})"));
  EXPECT_FALSE(
      same_policy(base, R"({"Statement":[{"Sid":"a","Effect":"Deny","Action":"s3:Get*","Principal":{"AWS":"1"}}]})"));
  EXPECT_FALSE(same_policy(
      base, R"({"Statement":[{"Sid":"a","Effect":"Allow","Action":["s3:Get*","s3:Put*"],"Principal":{"AWS":"1"}}]})"));
  EXPECT_FALSE(same_policy(base, R"({"Statement":[{"Sid":"a","Effect":"Allow","Action":"s3:Get*","Principal":"*"}]})"));
  EXPECT_FALSE(same_policy(base, "nonsense"));
}

}  // namespace
}  // namespace terrace::aws
