// What IAM calls the operations of the tables, and to what it narrows them.
#include "aws/permissions.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/models.h"
#include "aws/table.h"

namespace terrace::aws {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const PolicyNames kNames{"aws", "amazonaws.com", "us-west-2", {"123456789012"}, "harbor"};

std::vector<std::string> actions_of(std::string_view operation) {
  std::vector<std::string> actions;
  for (const Permission& permission : permissions_of(operation))
    actions.push_back(permission.action + (permission.through.empty() ? "" : "@" + permission.through));
  return actions;
}

TEST(Permissions, AnOperationIsItsOwnActionWithTheServicesPrefix) {
  EXPECT_THAT(actions_of("ec2:DescribeVpcs"), ElementsAre("ec2:DescribeVpcs"));
  EXPECT_THAT(actions_of("elbv2:CreateListener"), ElementsAre("elasticloadbalancing:CreateListener"));
  EXPECT_THAT(actions_of("efs:DeleteFileSystem"), ElementsAre("elasticfilesystem:DeleteFileSystem"));
  EXPECT_THAT(actions_of("cloudwatch:PutMetricAlarm"), ElementsAre("cloudwatch:PutMetricAlarm"));
}

TEST(Permissions, S3NamesItsActionsItsOwnWay) {
  EXPECT_THAT(actions_of("s3:HeadBucket"), ElementsAre("s3:ListBucket"));
  EXPECT_THAT(actions_of("s3:GetBucketEncryption"), ElementsAre("s3:GetEncryptionConfiguration"));
  EXPECT_THAT(actions_of("s3:DeleteObjects"), ElementsAre("s3:DeleteObject", "s3:DeleteObjectVersion"));
  EXPECT_THAT(actions_of("s3:ListObjectVersions"), ElementsAre("s3:ListBucketVersions"));
  EXPECT_THAT(actions_of("s3:GetObject"), ElementsAre("s3:GetObject", "s3:ListBucket", "kms:Decrypt@s3"));
  EXPECT_THAT(actions_of("s3:PutBucketTagging"), ElementsAre("s3:PutBucketTagging"));
}

TEST(Permissions, WhatAwsAsksForBesideTheActionIsThere) {
  EXPECT_THAT(actions_of("autoscaling:CreateAutoScalingGroup"),
              AllOf(Contains("ec2:RunInstances"), Contains("ec2:CreateTags"), Contains("iam:PassRole@ec2"),
                    Contains("iam:CreateServiceLinkedRole@autoscaling")));
  EXPECT_THAT(actions_of("rds:CreateDBInstance"),
              AllOf(Contains("secretsmanager:CreateSecret@rds"), Contains("kms:CreateGrant@rds")));
  EXPECT_THAT(actions_of("efs:CreateFileSystem"), Contains("elasticfilesystem:TagResource"));
}

TEST(Permissions, NamesThatTheClusterGivesNarrowTheResources) {
  EXPECT_THAT(scope_of({"s3", "s3:PutBucketTagging", ""}, kNames).resources,
              ElementsAre("arn:aws:s3:::123456789012-harbor-*"));
  EXPECT_THAT(scope_of({"s3", "s3:GetObject", ""}, kNames).resources,
              ElementsAre("arn:aws:s3:::123456789012-harbor-*/*"));
  Scope roles = scope_of({"iam", "iam:GetRole", ""}, kNames);
  EXPECT_EQ(roles.sid, "IamRoles");
  EXPECT_THAT(roles.resources, ElementsAre("arn:aws:iam::123456789012:role/harbor-*"));
  // Ids come from AWS, and lists have no resource.
  EXPECT_THAT(scope_of({"ec2", "ec2:DeleteVpc", ""}, kNames).resources, ElementsAre("*"));
  EXPECT_THAT(scope_of({"s3", "s3:ListAllMyBuckets", ""}, kNames).resources, ElementsAre("*"));
  // An action whose name begins as another's is not that one.
  EXPECT_THAT(scope_of({"iam", "iam:ListRoles", ""}, kNames).resources, ElementsAre("*"));
}

TEST(Permissions, AccountsAndPartitionsAreTheClusters) {
  PolicyNames names = kNames;
  names.accounts = {};
  EXPECT_THAT(scope_of({"iam", "iam:GetRole", ""}, names).resources, ElementsAre("arn:aws:iam::*:role/harbor-*"));
  EXPECT_THAT(scope_of({"s3", "s3:ListBucket", ""}, names).resources, ElementsAre("arn:aws:s3:::*-harbor-*"));
  names.accounts = {"111111111111", "222222222222"};
  EXPECT_THAT(scope_of({"iam", "iam:GetRole", ""}, names).resources,
              ElementsAre("arn:aws:iam::111111111111:role/harbor-*", "arn:aws:iam::222222222222:role/harbor-*"));
  names = {"aws-cn", "amazonaws.com.cn", "cn-north-1", {"111111111111"}, "harbor"};
  EXPECT_THAT(scope_of({"iam", "iam:GetRole", ""}, names).resources,
              ElementsAre("arn:aws-cn:iam::111111111111:role/harbor-*"));
  EXPECT_EQ(scope_of({"iam", "iam:PassRole", "ec2"}, names).condition_value, "ec2.amazonaws.com.cn");
}

TEST(Permissions, WhatAServiceDoesForTheCallerIsBoundToIt) {
  Scope pass = scope_of({"iam", "iam:PassRole", "ec2"}, kNames);
  EXPECT_EQ(pass.sid, "IamPassRoleForEc2");
  EXPECT_THAT(pass.resources, ElementsAre("arn:aws:iam::123456789012:role/harbor-*"));
  EXPECT_EQ(pass.condition_key, "iam:PassedToService");
  EXPECT_EQ(pass.condition_value, "ec2.amazonaws.com");
  Scope key = scope_of({"kms", "kms:CreateGrant", "rds"}, kNames);
  EXPECT_EQ(key.condition_key, "kms:ViaService");
  EXPECT_EQ(key.condition_value, "rds.us-west-2.amazonaws.com");
  Scope role = scope_of({"iam", "iam:CreateServiceLinkedRole", "rds"}, kNames);
  EXPECT_THAT(role.resources, ElementsAre("arn:aws:iam::123456789012:role/aws-service-role/rds.amazonaws.com/*"));
  EXPECT_EQ(role.condition_value, "rds.amazonaws.com");
  EXPECT_THAT(scope_of({"secretsmanager", "secretsmanager:CreateSecret", "rds"}, kNames).resources,
              ElementsAre("arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!*"));
}

TEST(Permissions, TagsOfEc2AreTheProvidersOwnWork) {
  for (const ResourceType& type : resource_types()) {
    if (type.name != "aws_subnet") continue;
    EXPECT_THAT(operations_of(type, true), ElementsAre("ec2:DescribeSubnets"));
    EXPECT_THAT(operations_of(type, false), AllOf(Contains("ec2:CreateSubnet"), Contains("ec2:DeleteTags")));
  }
}

TEST(Permissions, EveryTypeNamesOperationsThatExistAndNoActionIsAPattern) {
  Models models;
  std::map<std::string, std::set<std::string>> scopes;  // of each Sid
  for (const ResourceType& type : resource_types()) {
    SCOPED_TRACE(type.name);
    EXPECT_FALSE(operations_in(type.reads).empty());
    EXPECT_FALSE(operations_in(type.changes).empty());
    for (const std::string& operation : operations_of(type, false)) {
      std::size_t colon = operation.find(':');
      ASSERT_NE(colon, std::string::npos) << operation;
      const ServiceModel* service = models.service(operation.substr(0, colon));
      ASSERT_NE(service, nullptr) << operation;
      EXPECT_NE(service->operation(operation.substr(colon + 1)), nullptr) << operation;
      for (const Permission& permission : permissions_of(operation)) {
        EXPECT_THAT(permission.action, AllOf(HasSubstr(":"), Not(HasSubstr("*"))));
        Scope scope = scope_of(permission, kNames);
        EXPECT_EQ(scope.sid.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
                  std::string::npos)
            << scope.sid;
        std::string text = scope.condition_key + scope.condition_value;
        for (const std::string& resource : scope.resources) text += " " + resource;
        scopes[scope.sid].insert(text);
      }
    }
  }
  for (const auto& [sid, texts] : scopes) EXPECT_EQ(texts.size(), 1U) << sid;
}

}  // namespace
}  // namespace terrace::aws
