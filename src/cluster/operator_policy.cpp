#include "cluster/operator_policy.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "aws/table.h"

namespace terrace::cluster {

namespace {

// What the commands on a cluster send by themselves: nodes, image, keys, certs, config, roll, session, etcd, machines.
constexpr const char* kCommandOperations =
    "autoscaling:DescribeAutoScalingGroups autoscaling:TerminateInstanceInAutoScalingGroup ec2:DeleteKeyPair "
    "ec2:DescribeImages ec2:DescribeInstances ec2:DescribeKeyPairs ec2:DescribeLaunchTemplateVersions "
    "ec2:ImportKeyPair s3:DeleteObject s3:GetObject s3:ListObjectVersions s3:ListObjectsV2 s3:PutObject "
    "ssm:DeleteParameter ssm:GetParameter ssm:PutParameter";

// What every run sends before anything else.
constexpr const char* kIdentity = "sts:GetCallerIdentity";

struct Tables {
  std::map<std::string, const aws::ResourceType*> types;
  std::map<std::string, const aws::DataSource*> data;

  Tables() {
    for (const aws::ResourceType& type : aws::resource_types()) types.emplace(type.name, &type);
    for (const aws::DataSource& source : aws::data_sources()) data.emplace(source.name, &source);
  }
};

void add(const std::vector<std::string>& operations, std::set<aws::Permission>& permissions) {
  for (const std::string& operation : operations) {
    for (aws::Permission& permission : aws::permissions_of(operation)) permissions.insert(std::move(permission));
  }
}

void add_module(const config::Module& module, const Tables& tables, bool read_only,
                std::set<aws::Permission>& permissions, Diagnostics& diagnostics) {
  for (const auto& [address, resource] : module.resources) {
    if (!resource.type.starts_with("aws_")) continue;
    if (resource.mode == config::ResourceMode::kData) {
      auto source = tables.data.find(resource.type);
      if (source != tables.data.end()) {
        add(aws::operations_in(source->second->reads), permissions);
        continue;
      }
    } else {
      auto type = tables.types.find(resource.type);
      if (type != tables.types.end()) {
        add(aws::operations_of(*type->second, read_only), permissions);
        continue;
      }
    }
    diagnostics.error("Permissions of this type are not known",
                      fmt::format("{}/{} uses {}, and terrace has no such {}, so it can't say what that needs.",
                                  module.directory, address, resource.type,
                                  resource.mode == config::ResourceMode::kData ? "data source" : "resource type"));
  }
}

OrderedJson document(OrderedJson statements) {
  return OrderedJson{{"Version", "2012-10-17"}, {"Statement", std::move(statements)}};
}

// One statement a scope.
OrderedJson statements_of(const std::set<aws::Permission>& permissions, const aws::PolicyNames& names) {
  std::map<std::string, std::pair<aws::Scope, std::set<std::string>>> scopes;
  for (const aws::Permission& permission : permissions) {
    aws::Scope scope = aws::scope_of(permission, names);
    auto& [held, actions] = scopes[scope.sid];
    held = std::move(scope);
    actions.insert(permission.action);
  }
  OrderedJson statements = OrderedJson::array();
  for (const auto& [sid, held] : scopes) {
    const auto& [scope, actions] = held;
    OrderedJson statement{{"Sid", sid}, {"Effect", "Allow"}, {"Action", actions}};
    if (scope.resources.size() == 1) {
      statement["Resource"] = scope.resources.front();
    } else {
      statement["Resource"] = scope.resources;
    }
    if (!scope.condition_key.empty())
      statement["Condition"]["StringEquals"][scope.condition_key] = scope.condition_value;
    statements.push_back(std::move(statement));
  }
  return statements;
}

// `statement`, in parts that each fit into a document of their own.
std::vector<OrderedJson> parts_of(const OrderedJson& statement, std::size_t limit) {
  if (policy_size(document(OrderedJson::array({statement}))) <= limit || statement["Action"].size() < 2)
    return {statement};
  std::vector<OrderedJson> parts;
  const OrderedJson& actions = statement["Action"];
  std::ptrdiff_t middle = static_cast<std::ptrdiff_t>(actions.size() / 2);
  for (int half = 0; half < 2; ++half) {
    OrderedJson part = statement;
    part["Sid"] = statement["Sid"].get<std::string>() + (half == 0 ? "A" : "B");
    part["Action"] = OrderedJson(half == 0 ? std::vector<OrderedJson>(actions.begin(), actions.begin() + middle)
                                           : std::vector<OrderedJson>(actions.begin() + middle, actions.end()));
    for (OrderedJson& each : parts_of(part, limit)) parts.push_back(std::move(each));
  }
  return parts;
}

}  // namespace

Checked<OrderedJson> operator_policy(const stacks::StackGraph& stacks, const std::vector<std::string>& names,
                                     const aws::PolicyNames& policy_names, Powers powers) {
  Checked<OrderedJson> result;
  const Tables tables;
  std::set<aws::Permission> permissions;
  add({kIdentity}, permissions);
  if (powers == Powers::kEverything) add(aws::operations_in(kCommandOperations), permissions);
  std::set<std::string> seen;
  for (const std::string& name : names) {
    for (const auto& [directory, module] : stacks.at(name).configuration->modules) {
      if (seen.insert(directory).second)
        add_module(*module, tables, powers == Powers::kPlan, permissions, result.diagnostics);
    }
  }
  result.value = document(statements_of(permissions, policy_names));
  return result;
}

std::size_t policy_size(const OrderedJson& policy) {
  return policy.dump().size();
}

std::vector<OrderedJson> split_policy(const OrderedJson& policy, std::size_t limit) {
  std::vector<OrderedJson> documents;
  OrderedJson statements = OrderedJson::array();
  for (const OrderedJson& whole : policy["Statement"]) {
    for (OrderedJson& statement : parts_of(whole, limit)) {
      OrderedJson longer = statements;
      longer.push_back(statement);
      if (!statements.empty() && policy_size(document(longer)) > limit) {
        documents.push_back(document(std::move(statements)));
        longer = OrderedJson::array({statement});
      }
      statements = std::move(longer);
    }
  }
  documents.push_back(document(std::move(statements)));
  return documents;
}

}  // namespace terrace::cluster
