// The tables hold what AWS's Service Authorization Reference says on its pages "Actions, resources, and condition keys
// for Amazon S3" (..."for Amazon EC2", "...Amazon EC2 Auto Scaling", "...AWS Identity and Access Management",
// "...Amazon RDS", "...Amazon Elastic File System", "...Elastic Load Balancing", "...AWS CloudTrail", "...Amazon Route
// 53", "...AWS Key Management Service", "...AWS Secrets Manager", "...AWS Systems Manager"). Left out is what these
// pages list for objects that no type here makes: trails of an organization, images named by SSM parameters, databases
// of tenants.
#include "aws/permissions.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "aws/table.h"

namespace terrace::aws {

namespace {

struct Entry {
  std::string_view key;
  std::string_view value;
};

// IAM's prefix of a service, where it differs from the model's name.
constexpr Entry kPrefixes[] = {
    {"efs", "elasticfilesystem"},
    {"elb", "elasticloadbalancing"},
    {"elbv2", "elasticloadbalancing"},
};

// The actions that allow an operation, where they are not the one of its name. S3 names settings of buckets its own
// way, and says that an object is not there only to those who may list the bucket; to others it says that they may not
// read.
constexpr Entry kActions[] = {
    {"s3:DeleteBucketEncryption", "PutEncryptionConfiguration"},
    {"s3:DeleteBucketLifecycle", "PutLifecycleConfiguration"},
    {"s3:DeleteBucketOwnershipControls", "PutBucketOwnershipControls"},
    {"s3:DeleteBucketTagging", "PutBucketTagging"},
    {"s3:DeleteObject", "DeleteObject DeleteObjectVersion"},
    {"s3:DeleteObjects", "DeleteObject DeleteObjectVersion"},
    {"s3:DeletePublicAccessBlock", "PutBucketPublicAccessBlock"},
    {"s3:GetBucketEncryption", "GetEncryptionConfiguration"},
    {"s3:GetBucketLifecycleConfiguration", "GetLifecycleConfiguration"},
    {"s3:GetObject", "GetObject ListBucket"},
    {"s3:GetPublicAccessBlock", "GetBucketPublicAccessBlock"},
    {"s3:HeadBucket", "ListBucket"},
    {"s3:HeadObject", "GetObject ListBucket"},
    {"s3:ListBuckets", "ListAllMyBuckets"},
    {"s3:ListObjectVersions", "ListBucketVersions"},
    {"s3:ListObjectsV2", "ListBucket"},
    {"s3:PutBucketEncryption", "PutEncryptionConfiguration"},
    {"s3:PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"},
    {"s3:PutPublicAccessBlock", "PutBucketPublicAccessBlock"},
};

// The column "Dependent actions" of the reference, and the service-linked roles of each service's own guide. ACTION@X
// is what the service X does on the caller's behalf, a role that is handed to X, or the role that belongs to X.
constexpr Entry kDependents[] = {
    // A group checks what the template would launch. "Control Amazon EC2 launch template usage in Auto Scaling groups"
    {"autoscaling:CreateAutoScalingGroup",
     "ec2:RunInstances ec2:CreateTags iam:PassRole@ec2 iam:CreateServiceLinkedRole@autoscaling"},
    {"autoscaling:UpdateAutoScalingGroup", "ec2:RunInstances ec2:CreateTags iam:PassRole@ec2"},
    {"ec2:AssociateIamInstanceProfile", "iam:PassRole@ec2"},
    {"ec2:CreateVpcEndpoint",
     "ec2:DescribeVpcs ec2:DescribeSubnets ec2:DescribeSecurityGroups route53:AssociateVPCWithHostedZone"},
    {"ec2:ImportKeyPair", "ec2:CreateTags"},
    {"ec2:ReplaceIamInstanceProfileAssociation", "iam:PassRole@ec2"},
    {"ec2:RunInstances", "ec2:CreateTags iam:PassRole@ec2"},
    // Required permissions of the operation in the EFS API reference.
    {"efs:CreateFileSystem",
     "efs:TagResource kms:CreateGrant@elasticfilesystem kms:DescribeKey@elasticfilesystem "
     "iam:CreateServiceLinkedRole@elasticfilesystem"},
    {"efs:CreateMountTarget", "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets"},
    {"efs:DeleteMountTarget", "ec2:DeleteNetworkInterface"},
    {"efs:ModifyMountTargetSecurityGroups", "ec2:ModifyNetworkInterfaceAttribute"},
    {"elb:CreateLoadBalancer", "elb:AddTags iam:CreateServiceLinkedRole@elasticloadbalancing"},
    {"elbv2:CreateLoadBalancer", "elbv2:AddTags iam:CreateServiceLinkedRole@elasticloadbalancing"},
    {"iam:AddRoleToInstanceProfile", "iam:PassRole@ec2"},
    {"kms:CreateKey", "iam:CreateServiceLinkedRole@mrk.kms"},
    // "Password management with Amazon RDS and AWS Secrets Manager": the secret is the caller's to make.
    {"rds:CreateDBInstance",
     "rds:AddTagsToResource secretsmanager:CreateSecret@rds secretsmanager:TagResource@rds kms:CreateGrant@rds "
     "kms:DescribeKey@rds kms:DescribeKey@secretsmanager kms:Decrypt@secretsmanager kms:GenerateDataKey@secretsmanager "
     "iam:PassRole@monitoring.rds iam:CreateServiceLinkedRole@rds"},
    {"rds:DeleteDBInstance", "rds:CreateDBSnapshot rds:AddTagsToResource"},
    {"rds:ModifyDBInstance",
     "secretsmanager:CreateSecret@rds secretsmanager:TagResource@rds secretsmanager:RotateSecret@rds "
     "kms:CreateGrant@rds kms:DescribeKey@rds kms:DescribeKey@secretsmanager kms:Decrypt@secretsmanager "
     "kms:GenerateDataKey@secretsmanager iam:PassRole@monitoring.rds"},
    {"route53:AssociateVPCWithHostedZone", "ec2:DescribeVpcs"},
    {"route53:CreateHostedZone", "ec2:DescribeVpcs"},
    {"route53:DisassociateVPCFromHostedZone", "ec2:DescribeVpcs"},
    // Objects that are encrypted by KMS. "Protecting data with server-side encryption" in the S3 guide
    {"s3:GetObject", "kms:Decrypt@s3"},
    {"s3:PutObject", "kms:GenerateDataKey@s3"},
    {"secretsmanager:CreateSecret", "kms:GenerateDataKey@secretsmanager kms:Decrypt@secretsmanager"},
    {"secretsmanager:GetSecretValue", "kms:Decrypt@secretsmanager"},
    {"secretsmanager:PutSecretValue", "kms:GenerateDataKey@secretsmanager"},
    // "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString parameters"
    {"ssm:GetParameter", "kms:Decrypt@ssm"},
    {"ssm:GetParameters", "kms:Decrypt@ssm"},
    {"ssm:PutParameter", "ssm:AddTagsToResource kms:Encrypt@ssm"},
};

// What a service's actions can be narrowed to, because the cluster's name stands in the names of the objects: {p}, {r},
// {a}, {c} are the partition, the region, the account and the cluster, {t} is the other service. Actions that no row
// has hold for every resource: AWS knows no resource for them, or its name comes from AWS.
struct Narrowing {
  std::string_view service;
  std::string_view sid;
  std::string_view resources;
  std::string_view actions;
};
constexpr Narrowing kScopes[] = {
    {"s3", "Buckets", "arn:{p}:s3:::{a}-{c}-*",
     "CreateBucket DeleteBucket DeleteBucketPolicy GetBucketLogging GetBucketOwnershipControls GetBucketPolicy "
     "GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration "
     "GetLifecycleConfiguration ListBucket ListBucketVersions PutBucketLogging PutBucketOwnershipControls "
     "PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration "
     "PutLifecycleConfiguration"},
    {"s3", "Objects", "arn:{p}:s3:::{a}-{c}-*/*",
     "DeleteObject DeleteObjectVersion GetObject GetObjectTagging PutObject PutObjectAcl PutObjectLegalHold "
     "PutObjectRetention PutObjectTagging"},
    {"iam", "Roles", "arn:{p}:iam::{a}:role/{c}-*",
     "AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy GetRole "
     "GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies PutRolePermissionsBoundary "
     "PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole"},
    {"iam", "PassRole", "arn:{p}:iam::{a}:role/{c}-*", "PassRole"},
    {"iam", "ServiceLinkedRole", "arn:{p}:iam::{a}:role/aws-service-role/{t}.amazonaws.com/*",
     "CreateServiceLinkedRole"},
    {"iam", "InstanceProfiles", "arn:{p}:iam::{a}:instance-profile/{c}-*",
     "AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile "
     "RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile"},
    {"iam", "Users", "arn:{p}:iam::{a}:user/{c}-*",
     "AttachUserPolicy CreateAccessKey CreateUser DeactivateMFADevice DeleteAccessKey DeleteLoginProfile DeleteUser "
     "DeleteUserPermissionsBoundary DeleteUserPolicy DetachUserPolicy GetAccessKeyLastUsed GetUser GetUserPolicy "
     "ListAccessKeys ListAttachedUserPolicies ListGroupsForUser ListMFADevices ListUserPolicies "
     "PutUserPermissionsBoundary PutUserPolicy TagUser UntagUser UpdateAccessKey UpdateUser"},
    {"iam", "ServerCertificates", "arn:{p}:iam::{a}:server-certificate/{c}-*",
     "DeleteServerCertificate GetServerCertificate TagServerCertificate UntagServerCertificate "
     "UpdateServerCertificate UploadServerCertificate"},
    {"iam", "Policies", "arn:{p}:iam::{a}:policy/{c}-*",
     "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion "
     "ListPolicyVersions TagPolicy UntagPolicy"},
    {"autoscaling", "Groups", "arn:{p}:autoscaling:{r}:{a}:autoScalingGroup:*:autoScalingGroupName/{c}-*",
     "CreateAutoScalingGroup CreateOrUpdateTags DeleteAutoScalingGroup DeleteLifecycleHook DeletePolicy "
     "DeleteScheduledAction DeleteTags DisableMetricsCollection EnableMetricsCollection PutLifecycleHook "
     "PutScalingPolicy PutScheduledUpdateGroupAction ResumeProcesses SuspendProcesses "
     "TerminateInstanceInAutoScalingGroup UpdateAutoScalingGroup"},
    {"cloudtrail", "Trails", "arn:{p}:cloudtrail:{r}:{a}:trail/{c} arn:{p}:cloudtrail:{r}:{a}:trail/{c}-*",
     "AddTags CreateTrail DeleteTrail GetEventSelectors GetInsightSelectors GetTrailStatus ListTags PutEventSelectors "
     "PutInsightSelectors RemoveTags StartLogging StopLogging UpdateTrail"},
    {"elb", "Balancers", "arn:{p}:elasticloadbalancing:{r}:{a}:loadbalancer/{c}-*",
     "AddTags ApplySecurityGroupsToLoadBalancer AttachLoadBalancerToSubnets ConfigureHealthCheck CreateLoadBalancer "
     "CreateLoadBalancerListeners DeleteLoadBalancer DeleteLoadBalancerListeners DeregisterInstancesFromLoadBalancer "
     "DetachLoadBalancerFromSubnets DisableAvailabilityZonesForLoadBalancer EnableAvailabilityZonesForLoadBalancer "
     "ModifyLoadBalancerAttributes RegisterInstancesWithLoadBalancer RemoveTags"},
    // AWS's own parameter and option groups are used where a database names none.
    {"rds", "Databases",
     "arn:{p}:rds:{r}:{a}:db:{c}-* arn:{p}:rds:{r}:{a}:subgrp:{c}-* arn:{p}:rds:{r}:{a}:pg:{c}-* "
     "arn:{p}:rds:{r}:{a}:snapshot:{c}-* arn:{p}:rds:{r}:{a}:pg:default* arn:{p}:rds:{r}:{a}:og:default*",
     "AddTagsToResource CreateDBInstance CreateDBInstanceReadReplica CreateDBParameterGroup CreateDBSnapshot "
     "CreateDBSubnetGroup DeleteDBInstance DeleteDBParameterGroup DeleteDBSubnetGroup ModifyDBInstance "
     "ModifyDBParameterGroup ModifyDBSubnetGroup PromoteReadReplica RemoveTagsFromResource ResetDBParameterGroup "
     "RestoreDBInstanceFromDBSnapshot RestoreDBInstanceFromS3 RestoreDBInstanceToPointInTime"},
    {"ssm", "Parameters", "arn:{p}:ssm:{r}:{a}:parameter/{c}/*",
     "AddTagsToResource DeleteParameter GetParameter GetParameters ListTagsForResource PutParameter "
     "RemoveTagsFromResource"},
};
// The secrets that RDS makes are called after it.
constexpr std::string_view kSecretsOfAService = "arn:{p}:secretsmanager:{r}:{a}:secret:{t}!*";

std::string_view found_in(const Entry* begin, const Entry* end, std::string_view key) {
  for (const Entry* entry = begin; entry != end; ++entry) {
    if (entry->key == key) return entry->value;
  }
  return {};
}

template <std::size_t N>
std::string_view look_up(const Entry (&entries)[N], std::string_view key) {
  return found_in(entries, entries + N, key);
}

std::string prefix_of(std::string_view service) {
  std::string_view prefix = look_up(kPrefixes, service);
  return std::string(prefix.empty() ? service : prefix);
}

// "rds" as "Rds", "monitoring.rds" as "MonitoringRds": letters and digits are all that a Sid may have.
std::string sid_word(std::string_view text) {
  std::string word;
  bool start = true;
  for (unsigned char c : text) {
    if (std::isalnum(c) != 0) word += static_cast<char>(start ? std::toupper(c) : c);
    start = std::isalnum(c) == 0;
  }
  return word;
}

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

std::vector<std::string> resources_of(std::string_view templates, const PolicyNames& names, std::string_view through) {
  std::vector<std::string> resources;
  const std::vector<std::string> any = {"*"};
  for (const std::string& each : operations_in(templates)) {
    for (const std::string& account : names.accounts.empty() ? any : names.accounts) {
      resources.push_back(fmt::format(fmt::runtime(each), fmt::arg("p", names.partition), fmt::arg("r", names.region),
                                      fmt::arg("a", account), fmt::arg("c", names.cluster), fmt::arg("t", through)));
    }
  }
  return resources;
}

}  // namespace

std::vector<std::string> operations_in(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::vector<std::string> operations_of(const ResourceType& type, bool read_only) {
  std::vector<std::string> operations = operations_in(type.reads);
  if (read_only) return operations;
  for (std::string& operation : operations_in(type.changes)) operations.push_back(std::move(operation));
  if (type.tags == TagStyle::kEc2) {
    operations.emplace_back("ec2:CreateTags");
    operations.emplace_back("ec2:DeleteTags");
  }
  return operations;
}

std::vector<Permission> permissions_of(std::string_view operation) {
  std::size_t colon = operation.find(':');
  std::string service(operation.substr(0, colon));
  std::string_view actions = look_up(kActions, operation);
  if (actions.empty()) actions = operation.substr(colon + 1);
  std::vector<Permission> permissions;
  for (const std::string& action : operations_in(actions))
    permissions.push_back({service, prefix_of(service) + ":" + action, ""});
  for (const std::string& dependent : operations_in(look_up(kDependents, operation))) {
    std::size_t middle = dependent.find(':'), at = std::min(dependent.find('@'), dependent.size());
    std::string owner = dependent.substr(0, middle);
    permissions.push_back({owner, prefix_of(owner) + dependent.substr(middle, at - middle),
                           at == dependent.size() ? "" : dependent.substr(at + 1)});
  }
  return permissions;
}

Scope scope_of(const Permission& permission, const PolicyNames& names) {
  const std::string& through = permission.through;
  std::string_view action = std::string_view(permission.action).substr(permission.action.find(':') + 1);
  Scope scope{sid_word(permission.service), {"*"}, "", ""};
  for (const Narrowing& row : kScopes) {
    if (row.service != permission.service || !has_word(row.actions, action)) continue;
    scope.sid += row.sid;
    scope.resources = resources_of(row.resources, names, through);
  }
  if (through.empty()) return scope;
  scope.sid += "For" + sid_word(through);
  if (permission.service == "kms") {
    scope.condition_key = "kms:ViaService";
    scope.condition_value = fmt::format("{}.{}.{}", through, names.region, names.dns_suffix);
  } else if (permission.service == "secretsmanager") {
    scope.resources = resources_of(kSecretsOfAService, names, through);
  } else if (action == "PassRole") {
    scope.condition_key = "iam:PassedToService";
    // Of all services, EC2 alone is called otherwise in other partitions.
    scope.condition_value = fmt::format("{}.{}", through, through == "ec2" ? names.dns_suffix : "amazonaws.com");
  } else if (action == "CreateServiceLinkedRole") {
    scope.condition_key = "iam:AWSServiceName";
    scope.condition_value = through + ".amazonaws.com";
  }
  return scope;
}

}  // namespace terrace::aws
