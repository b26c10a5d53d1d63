#include "aws/policy.h"

#include <algorithm>
#include <set>
#include <vector>

namespace terrace::aws {

namespace {

using Json = nlohmann::json;

// One value or a list of them as a sorted list without repetitions. An account's number stands for its root's ARN.
Json set_of(const Json& value, bool principals) {
  std::set<Json> values;
  for (const Json& each : value.is_array() ? value : Json::array({value})) {
    values.insert(each);
    if (!principals || !each.is_string()) continue;
    // arn:PARTITION:iam::ACCOUNT:root
    std::string text = each.get<std::string>();
    std::size_t account = text.find(":iam::");
    if (!text.starts_with("arn:") || account == std::string::npos || !text.ends_with(":root")) continue;
    values.erase(each);
    values.insert(text.substr(account + 6, text.size() - account - 11));
  }
  return Json(std::vector<Json>(values.begin(), values.end()));
}

// A statement in one of the forms that mean the same.
Json plain(Json statement) {
  if (!statement.is_object()) return statement;
  for (const char* name : {"Action", "NotAction", "Resource", "NotResource"}) {
    if (statement.contains(name)) statement[name] = set_of(statement[name], false);
  }
  for (const char* name : {"Principal", "NotPrincipal"}) {
    if (!statement.contains(name) || !statement[name].is_object()) continue;
    Json kinds = Json::object();
    for (const auto& [kind, value] : statement[name].items()) {
      Json all = set_of(value, kind == "AWS");
      if (!all.empty()) kinds[kind] = std::move(all);
    }
    statement[name] = std::move(kinds);
  }
  if (statement.contains("Condition") && statement["Condition"].is_object()) {
    for (auto& [test, variables] : statement["Condition"].items()) {
      if (!variables.is_object()) continue;
      for (auto& [variable, value] : variables.items()) {
        value = set_of(value, false);
        for (Json& each : value) {
          if (!each.is_string()) each = each.dump();
        }
      }
    }
  }
  if (statement.contains("Sid") && statement["Sid"] == Json("")) statement.erase("Sid");
  if (statement.contains("Effect") && statement["Effect"].is_string()) {
    std::string effect = statement["Effect"].get<std::string>();
    for (char& c : effect) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    statement["Effect"] = effect;
  }
  return statement;
}

}  // namespace

bool same_policy(const std::string& a, const std::string& b) {
  if (a == b) return true;
  Json left = Json::parse(a, nullptr, false);
  Json right = Json::parse(b, nullptr, false);
  if (left.is_discarded() || right.is_discarded()) return false;
  for (Json* policy : {&left, &right}) {
    if (!policy->is_object() || !policy->contains("Statement")) continue;
    std::vector<Json> statements;
    const Json& given = (*policy)["Statement"];
    for (const Json& each : given.is_array() ? given : Json::array({given})) statements.push_back(plain(each));
    std::sort(statements.begin(), statements.end());
    (*policy)["Statement"] = statements;
  }
  return left == right;
}

}  // namespace terrace::aws
