// What IAM has to allow an operator of stacks: a policy derived from the resource types and data sources that their
// configurations use, without asking AWS. The command permissions prints it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "aws/permissions.h"
#include "diag/diagnostic.h"
#include "stacks/stacks.h"

namespace terrace::cluster {

using OrderedJson = nlohmann::ordered_json;

// The most characters that AWS takes in a managed policy, white space not counted.
inline constexpr std::size_t kManagedPolicyLimit = 6144;

enum class Powers : uint8_t { kPlan, kEverything };

// An IAM policy document that lets its holder plan the named stacks or, with kEverything, also apply and destroy them
// and run the commands on the cluster. A type that terrace does not have is an error.
Checked<OrderedJson> operator_policy(const stacks::StackGraph& stacks, const std::vector<std::string>& names,
                                     const aws::PolicyNames& policy_names, Powers powers);

// Characters as AWS counts them.
std::size_t policy_size(const OrderedJson& policy);

// The same permissions in documents of at most `limit` characters; a statement that alone is larger is cut in two.
std::vector<OrderedJson> split_policy(const OrderedJson& policy, std::size_t limit = kManagedPolicyLimit);

}  // namespace terrace::cluster
