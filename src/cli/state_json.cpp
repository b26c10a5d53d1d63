#include "cli/state_json.h"

#include "cli/json_values.h"
#include "cli/state_view.h"
#include "plan/planner.h"

namespace terrace::cli {

namespace {

using Json = OrderedJson;

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
  if (Json index = key_json(key); !index.is_null()) json["index"] = index;
  json["provider_name"] = plan::provider_source(resource.provider);
  json["schema_version"] = object.schema_version;
  const schema::TypeSchema* type = schema_of(registry, resource.provider, address);
  std::optional<lang::Value> value = type == nullptr ? std::nullopt : value_of(object, *type);
  // Without a schema that fits, what is stored says all there is to know.
  json["values"] = value ? known_json(*value) : Json::parse(object.attributes);
  json["sensitive_values"] = value ? sensitive_json(*value) : Json::object();
  if (object.dependencies && !object.dependencies->empty()) {
    Json list = Json::array();
    for (const std::string* name : *object.dependencies) list.push_back(*name);
    json["depends_on"] = list;
  }
  if (object.tainted) json["tainted"] = true;
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
  ModuleTree tree;
  for (const auto& [address, resource] : state.resources) {
    for (const auto& [key, instance] : resource.instances) {
      if (instance.current)
        tree.add(address.module, instance_json(registry, address, resource, key, *instance.current));
    }
  }
  values["root_module"] = tree.json();
  json["values"] = values;
  return json;
}

std::string outputs_json(const state::State& state) {
  Json json = Json::object();
  for (const auto& [name, output] : state.outputs) json[name] = output_json(output, true);
  return json.dump(2) + "\n";
}

}  // namespace terrace::cli
