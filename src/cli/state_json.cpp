#include "cli/state_json.h"

#include <set>

#include "cli/state_view.h"
#include "plan/planner.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

// Outputs as they stand in "values" and in `output -json`.
Json output_json(const state::Output& output, bool with_type) {
  Json json = {{"sensitive", output.sensitive}};
  if (with_type) json["type"] = Json::parse(output.type);
  json["value"] = Json::parse(output.value);
  if (!with_type) json["type"] = Json::parse(output.type);
  return json;
}

Json instance_json(schema::ProviderRegistry& registry, const state::ResourceAddress& address,
                   const state::Resource& resource, const state::InstanceKey& key, const state::Object& object) {
  Json json = {{"address", address.instance_text(key)},
               {"mode", address.mode == state::Mode::kData ? "data" : "managed"},
               {"type", address.type},
               {"name", address.name}};
  if (const auto* index = std::get_if<int64_t>(&key)) json["index"] = *index;
  if (const auto* name = std::get_if<std::string>(&key)) json["index"] = *name;
  json["provider_name"] = plan::provider_source(resource.provider);
  json["schema_version"] = object.schema_version;
  json["values"] = Json::parse(object.attributes);
  Json sensitive = Json::object();
  const schema::TypeSchema* type = schema_of(registry, resource.provider, address);
  if (type != nullptr) {
    for (const schema::Attribute& attribute : type->block.attributes) {
      if (attribute.sensitive) sensitive[attribute.name] = true;
    }
  }
  if (!object.sensitive_attributes.empty()) {
    for (const Json& path : Json::parse(object.sensitive_attributes)) {
      if (!path.empty() && path[0].value("type", "") == "get_attr")
        sensitive[path[0]["value"].get<std::string>()] = true;
    }
  }
  json["sensitive_values"] = sensitive;
  if (object.dependencies && !object.dependencies->empty()) {
    Json list = Json::array();
    for (const std::string* name : *object.dependencies) list.push_back(*name);
    json["depends_on"] = list;
  }
  if (object.tainted) json["tainted"] = true;
  return json;
}

Json module_json(schema::ProviderRegistry& registry, const state::State& state, const std::string& module) {
  Json json = Json::object();
  Json resources = Json::array();
  std::set<std::string> children;
  for (const auto& [address, resource] : state.resources) {
    if (address.module == module) {
      for (const auto& [key, instance] : resource.instances) {
        if (instance.current) resources.push_back(instance_json(registry, address, resource, key, *instance.current));
      }
    } else if (module.empty() || address.module.starts_with(module + ".module.")) {
      // The child of this module that the resource is in: up to the next module step outside of quotes.
      std::size_t from = module.empty() ? 0 : module.size() + 1;
      std::size_t end = from + 7;
      bool quoted = false;
      for (; end < address.module.size(); ++end) {
        if (address.module[end] == '"') quoted = !quoted;
        if (!quoted && address.module.substr(end, 8) == ".module.") break;
      }
      children.insert(address.module.substr(0, end));
    }
  }
  if (!resources.empty()) json["resources"] = resources;
  if (!module.empty()) json["address"] = module;
  if (!children.empty()) {
    Json list = Json::array();
    for (const std::string& child : children) list.push_back(module_json(registry, state, child));
    json["child_modules"] = list;
  }
  return json;
}

}  // namespace

Json state_json(schema::ProviderRegistry& registry, const state::State& state) {
  Json json = {{"format_version", "1.0"}};
  if (state.empty()) return json;
  json["terraform_version"] = state.terraform_version;
  Json values = Json::object();
  if (!state.outputs.empty()) {
    for (const auto& [name, output] : state.outputs) values["outputs"][name] = output_json(output, false);
  }
  values["root_module"] = module_json(registry, state, "");
  json["values"] = values;
  return json;
}

std::string outputs_json(const state::State& state) {
  Json json = Json::object();
  for (const auto& [name, output] : state.outputs) json[name] = output_json(output, true);
  return json.dump(2) + "\n";
}

}  // namespace terrace::cli
