#include "cli/plan_json.h"

#include "cli/configuration_json.h"
#include "cli/json_values.h"
#include "cli/state_json.h"
#include "cli/version.h"
#include "plan/planner.h"
#include "state/value_json.h"

namespace terrace::cli {

namespace {

using Json = OrderedJson;

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

Json change_json(plan::Action action, const lang::Value& before, const lang::Value& after) {
  Json change = {{"actions", Json::parse(change_actions(action))}, {"before", known_json(before)}};
  if (wholly_known(after) || known_json(after) != Json(nullptr)) change["after"] = known_json(after);
  return change;
}

Json resource_change_json(const plan::ResourceChange& change) {
  Json json = change_json(change.action, change.before, change.after);
  bool known = wholly_known(change.after);
  json["after_unknown"] = known ? Json::object() : unknown_json(change.after);
  json["before_sensitive"] = sensitive_json(change.before);
  json["after_sensitive"] = sensitive_json(change.after);
  if (!change.replace_paths.empty()) json["replace_paths"] = Json::array();
  for (const lang::Path& path : change.replace_paths) {
    Json steps = Json::array();
    for (const lang::PathStep& step : path)
      steps.push_back(step.kind == lang::PathStep::Kind::kAttribute ? Json(step.name) : known_json(step.key));
    json["replace_paths"].push_back(steps);
  }
  if (!change.importing_id.empty()) json["importing"] = {{"id", change.importing_id}};
  return json;
}

// How a resource instance is named in every part of a plan's JSON.
Json name_json(const plan::PlannedResource& resource, const state::InstanceKey& key, bool with_module) {
  Json json = {{"address", resource.address.instance_text(key)}};
  if (with_module && !resource.address.module.empty()) json["module_address"] = resource.address.module;
  json["mode"] = resource.address.mode == state::Mode::kData ? "data" : "managed";
  json["type"] = resource.address.type;
  json["name"] = resource.address.name;
  if (Json index = key_json(key); !index.is_null()) json["index"] = index;
  json["provider_name"] = resource.provider_source;
  return json;
}

const schema::TypeSchema* schema_of(schema::ProviderRegistry& registry, const plan::PlannedResource& resource) {
  const schema::ProviderSchema* provider = registry.schema(resource.provider_source);
  if (provider == nullptr) return nullptr;
  const auto& types = resource.address.mode == state::Mode::kData ? provider->data_sources : provider->resources;
  auto found = types.find(resource.address.type);
  return found == types.end() ? nullptr : &found->second;
}

Json output_value_json(const plan::OutputChange& output) {
  Json json = {{"sensitive", output.sensitive}};
  if (wholly_known(output.after)) {
    json["type"] = Json::parse(state::encode_type(output.after.type()));
    json["value"] = known_json(output.after);
  }
  return json;
}

Json planned_values_json(schema::ProviderRegistry& registry, const plan::Plan& plan) {
  Json json = Json::object();
  for (const auto& [name, output] : plan.outputs) {
    if (output.action != plan::Action::kDelete) json["outputs"][name] = output_value_json(output);
  }
  ModuleTree tree;
  for (const plan::ResourceChange& change : plan.changes) {
    if (change.after.is_null() || !change.deposed.empty()) continue;
    const plan::PlannedResource& resource = plan.resource_of(change);
    Json value = name_json(resource, change.key, false);
    const schema::TypeSchema* type = schema_of(registry, resource);
    value["schema_version"] = type == nullptr ? 0 : type->version;
    value["values"] = known_json(change.after);
    value["sensitive_values"] = sensitive_json(change.after);
    tree.add(resource.address.module, std::move(value));
  }
  json["root_module"] = tree.json();
  return json;
}

// The state that the plan starts from, with the outputs that are known already.
Json prior_state_json(schema::ProviderRegistry& registry, const plan::Plan& plan) {
  state::State state = plan.prior_state;
  for (const auto& [name, output] : plan.outputs) {
    if (output.action != plan::Action::kCreate || !wholly_known(output.after)) continue;
    state.outputs[name] = {known_json(output.after).dump(), state::encode_type(output.after.type()), output.sensitive};
  }
  return state_json(registry, state);
}

}  // namespace

std::string plan_json(schema::ProviderRegistry& registry, const plan::Plan& plan, const config::ObjectGraph& graph) {
  Json json = {{"format_version", "1.2"}, {"terraform_version", kLanguageVersion}};
  for (const auto& [name, variable] : graph.paths()[0].module->variables) {
    auto given = plan.variables.find(name);
    if (given != plan.variables.end()) {
      json["variables"][name]["value"] = known_json(given->second.value);
    } else if (variable.default_value) {
      json["variables"][name]["value"] = known_json(*variable.default_value);
    }
  }
  json["planned_values"] = planned_values_json(registry, plan);
  for (const plan::Drift& drift : plan.drift) {
    plan::ResourceChange change;
    change.action = drift.action;
    change.before = drift.before;
    change.after = drift.after;
    Json one = name_json(plan.resources[drift.resource], drift.key, true);
    if (!drift.deposed.empty()) one["deposed"] = drift.deposed;
    one["change"] = resource_change_json(change);
    json["resource_drift"].push_back(one);
  }
  for (const plan::ResourceChange& change : plan.changes) {
    const plan::PlannedResource& resource = plan.resource_of(change);
    Json one = name_json(resource, change.key, true);
    if (change.moved) one["previous_address"] = resource.address.instance_text(change.previous_key);
    if (!change.deposed.empty()) one["deposed"] = change.deposed;
    one["change"] = resource_change_json(change);
    std::string reason = plan::action_reason(change.reason);
    if (!reason.empty()) one["action_reason"] = reason;
    json["resource_changes"].push_back(one);
  }
  for (const auto& [name, output] : plan.outputs) {
    Json one = change_json(output.action, output.before, output.after);
    one["after_unknown"] = wholly_known(output.after) ? Json(false) : unknown_json(output.after);
    one["before_sensitive"] = output.sensitive;
    one["after_sensitive"] = output.sensitive;
    json["output_changes"][name] = one;
  }
  json["prior_state"] = prior_state_json(registry, plan);
  json["configuration"] = configuration_json(graph, registry);
  Json relevant = relevant_attributes_json(graph, plan);
  if (!relevant.empty()) json["relevant_attributes"] = relevant;
  json["timestamp"] = plan.timestamp;
  json["applyable"] = plan::applyable(plan);
  json["complete"] = plan.targets.empty() && !plan.errored;
  json["errored"] = plan.errored;
  return json.dump() + "\n";
}

}  // namespace terrace::cli
