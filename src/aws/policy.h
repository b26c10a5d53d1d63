// IAM policy documents: as the data source aws_iam_policy_document writes them, and compared by meaning. Included by
// the provider and by the data source.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace terrace::aws {

// A document in the data source's two forms, with the id that hashicorp/aws gives it.
struct PolicyDocument {
  std::string json;      // indented by two spaces
  std::string minified;  // without whitespace
  std::string id;
};

// The document of the arguments of aws_iam_policy_document (as JSON, defaults filled in), byte for byte as
// hashicorp/aws writes it. The error says which statement or source document is wrong and why.
Result<PolicyDocument, std::string> write_policy_document(const nlohmann::json& arguments);

// Two policies that AWS takes for the same: whatever the order of statements, actions, resources and principals, with a
// single value alone or in a list, with an account by its number or by the ARN of its root. Texts that are no policies
// are compared as JSON, and else as text.
bool same_policy(const std::string& a, const std::string& b);

}  // namespace terrace::aws
