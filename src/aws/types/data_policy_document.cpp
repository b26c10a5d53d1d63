// aws_iam_policy_document: written from its arguments alone.
#include <algorithm>

#include <fmt/format.h>

#include "aws/policy.h"
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  id string oc api=-
  json string c
  minified_json string c
  override_json string o
  override_policy_documents list(string) o
  policy_id string o
  source_json string o
  source_policy_documents list(string) o
  version string o default="2012-10-17" one_of=2008-10-17|2012-10-17
  block statement list {
    actions set(string) o
    effect string o default="Allow" one_of=Allow|Deny
    not_actions set(string) o
    not_resources set(string) o
    resources set(string) o
    sid string o
    block condition set {
      test string r
      values list(string) r
      variable string r
    }
    block not_principals set {
      identifiers set(string) r
      type string r
    }
    block principals set {
      identifiers set(string) r
      type string r
    }
  }
)";

Task<bool> read(Context& c) {
  Result<PolicyDocument, std::string> written = write_policy_document(c.config);
  if (!written) co_return c.fail("writing IAM Policy Document", written.error());
  c.state["id"] = written->id;
  c.state["json"] = written->json;
  c.state["minified_json"] = written->minified;
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  for (const auto& [name, instead] :
       {std::pair("source_json", "source_policy_documents"), std::pair("override_json", "override_policy_documents")}) {
    if (!string_of(config, name).empty())
      problems.push_back(fmt::format("{} is not used any more and must be empty: write it as {}", name, instead));
    if (!config[instead].is_array()) continue;
    for (std::size_t i = 0; i < config[instead].size(); ++i) {
      const Json& text = config[instead][i];
      if (text.is_string() && !Json::accept(text.get<std::string>()))
        problems.push_back(fmt::format("{}[{}] contains an invalid JSON", instead, i));
    }
  }
  for (const Json& statement : config.value("statement", Json::array())) {
    std::string sid = string_of(statement, "sid");
    bool plain =
        std::all_of(sid.begin(), sid.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)); });
    if (!plain)
      problems.push_back(fmt::format("statement.sid must only include alphanumeric characters, got \"{}\"", sid));
  }
  return problems;
}

}  // namespace

DataSource policy_document() {
  return {"aws_iam_policy_document", kTable, read, "", false, validate};
}

}  // namespace terrace::aws::types
