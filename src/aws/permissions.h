// What IAM has to allow for an operation: the actions, what AWS asks for beside them, and the resources that these can
// be narrowed to by a cluster's name. `terrace permissions` makes policies of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace terrace::aws {

struct ResourceType;

struct Permission {
  std::string service;  // of the operation, as the tables name it: "elbv2"
  std::string action;   // as IAM names it: "elasticloadbalancing:CreateLoadBalancer"
  // The service that does it on the caller's behalf, or that gets the role: "rds". Empty where the caller acts itself.
  std::string through;

  auto operator<=>(const Permission&) const = default;
};

// What an operation, "s3:HeadBucket", needs.
std::vector<Permission> permissions_of(std::string_view operation);

// The names of operations in a table's text.
std::vector<std::string> operations_in(std::string_view text);
// All that objects of a type need from their creation to their end; the reading ones alone with `read_only`.
std::vector<std::string> operations_of(const ResourceType& type, bool read_only);

// Of what the names in a policy are made.
struct PolicyNames {
  std::string partition;              // "aws"
  std::string dns_suffix;             // "amazonaws.com"
  std::string region;                 // "us-west-2"
  std::vector<std::string> accounts;  // empty: not known, and every account fits
  std::string cluster;
};

// Where and when a permission holds. Permissions with the same `sid` have the same scope.
struct Scope {
  std::string sid;                     // "IamRoles", "KmsForRds"
  std::vector<std::string> resources;  // ARNs, or "*" alone
  std::string condition_key;           // empty: no condition
  std::string condition_value;
};

Scope scope_of(const Permission& permission, const PolicyNames& names);

}  // namespace terrace::aws
