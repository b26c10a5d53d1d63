#include "cli/plan_json.h"

#include "cli/state_json.h"
#include "lang/json.h"
#include "plan/planner.h"
#include "state/value_json.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string change_actions(plan::Action action) {
  switch (action) {
    case plan::Action::kCreate:
      return R"(["create"])";
    case plan::Action::kRead:
      return R"(["read"])";
    case plan::Action::kUpdate:
      return R"(["update"])";
    case plan::Action::kDelete:
      return R"(["delete"])";
    case plan::Action::kDeleteThenCreate:
      return R"(["delete","create"])";
    case plan::Action::kCreateThenDelete:
      return R"(["create","delete"])";
    case plan::Action::kForget:
      return R"(["forget"])";
    default:
      return R"(["no-op"])";
  }
}

// Known parts of a value; unknown ones are left out of objects and null in lists.
Json known_json(const lang::Value& value) {
  if (!value.has_content()) return nullptr;
  const lang::Type& type = value.type();
  if (type.is_primitive()) return Json::parse(lang::encode_json(value));
  if (type.is_object() || type.kind() == lang::TypeKind::kMap) {
    Json json = Json::object();
    for (std::size_t i = 0; i < value.length(); ++i) {
      if (value.elements()[i].is_known())
        json[type.is_object() ? type.attributes()[i].name : value.keys()[i]] = known_json(value.elements()[i]);
    }
    return json;
  }
  Json json = Json::array();
  for (const lang::Value& element : value.elements()) json.push_back(known_json(element));
  return json;
}

// True where `test` holds, in the shape of the value; parts without are left out or false.
template <typename Test>
Json places(const lang::Value& value, Test test) {
  if (test(value)) return true;
  if (!value.has_content() || value.type().is_primitive()) return false;
  const lang::Type& type = value.type();
  if (type.is_object() || type.kind() == lang::TypeKind::kMap) {
    Json json = Json::object();
    for (std::size_t i = 0; i < value.length(); ++i) {
      Json inner = places(value.elements()[i], test);
      if (inner != Json(false)) json[type.is_object() ? type.attributes()[i].name : value.keys()[i]] = inner;
    }
    return json;
  }
  Json json = Json::array();
  for (const lang::Value& element : value.elements()) json.push_back(places(element, test));
  return json;
}

Json change_json(plan::Action action, const lang::Value& before, const lang::Value& after) {
  auto unknown = [](const lang::Value& v) { return !v.is_known(); };
  auto sensitive = [](const lang::Value& v) { return v.has(lang::Marks::kSensitive); };
  Json change = {{"actions", Json::parse(change_actions(action))}, {"before", known_json(before)}};
  change["after"] = known_json(after);
  change["after_unknown"] =
      after.is_null() ? Json(action == plan::Action::kDelete ? Json::object() : Json(false)) : places(after, unknown);
  change["before_sensitive"] = before.is_null() ? Json(false) : places(before, sensitive);
  change["after_sensitive"] = after.is_null() ? Json(false) : places(after, sensitive);
  return change;
}

}  // namespace

std::string plan_json(schema::ProviderRegistry& registry, const plan::Plan& plan) {
  Json json = {{"format_version", "1.2"}, {"terraform_version", "1.11.4"}};
  for (const auto& [name, variable] : plan.variables) json["variables"][name]["value"] = known_json(variable.value);
  Json changes = Json::array();
  Json planned = Json::array();
  for (const plan::ResourceChange& change : plan.changes) {
    const plan::PlannedResource& resource = plan.resource_of(change);
    Json one = {{"address", plan.address_of(change)}};
    if (!resource.address.module.empty()) one["module_address"] = resource.address.module;
    one["mode"] = resource.address.mode == state::Mode::kData ? "data" : "managed";
    one["type"] = resource.address.type;
    one["name"] = resource.address.name;
    if (const auto* index = std::get_if<int64_t>(&change.key)) one["index"] = *index;
    if (const auto* name = std::get_if<std::string>(&change.key)) one["index"] = *name;
    one["provider_name"] = resource.provider_source;
    if (!change.deposed.empty()) one["deposed"] = change.deposed;
    Json inner = change_json(change.action, change.before, change.after);
    if (!change.replace_paths.empty()) inner["replace_paths"] = Json::array();
    for (const lang::Path& path : change.replace_paths) {
      Json steps = Json::array();
      for (const lang::PathStep& step : path)
        steps.push_back(step.kind == lang::PathStep::Kind::kAttribute ? Json(step.name) : known_json(step.key));
      inner["replace_paths"].push_back(steps);
    }
    one["change"] = inner;
    std::string reason = plan::action_reason(change.reason);
    if (!reason.empty()) one["action_reason"] = reason;
    changes.push_back(one);
    if (change.after.is_null()) continue;
    Json value = {{"address", one["address"]}, {"mode", one["mode"]}, {"type", one["type"]}, {"name", one["name"]}};
    if (one.contains("index")) value["index"] = one["index"];
    value["provider_name"] = one["provider_name"];
    value["values"] = inner["after"];
    value["sensitive_values"] = inner["after_sensitive"].is_boolean() ? Json::object() : inner["after_sensitive"];
    planned.push_back(value);
  }
  Json outputs = Json::object();
  for (const auto& [name, output] : plan.outputs) {
    outputs[name] = change_json(output.action, output.before, output.after);
    if (output.after.is_known() && output.action != plan::Action::kDelete) {
      json["planned_values"]["outputs"][name] = {{"sensitive", output.sensitive},
                                                 {"type", Json::parse(state::encode_type(output.after.type()))},
                                                 {"value", known_json(output.after)}};
    } else if (output.action != plan::Action::kDelete) {
      json["planned_values"]["outputs"][name] = {{"sensitive", output.sensitive}};
    }
  }
  json["planned_values"]["root_module"] = planned.empty() ? Json::object() : Json({{"resources", planned}});
  json["resource_changes"] = changes;
  json["output_changes"] = outputs;
  json["prior_state"] = state_json(registry, plan.prior_state);
  json["timestamp"] = plan.timestamp;
  json["applyable"] = plan::applyable(plan);
  json["complete"] = plan.targets.empty() && !plan.errored;
  json["errored"] = plan.errored;
  return json.dump() + "\n";
}

}  // namespace terrace::cli
