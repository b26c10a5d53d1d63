// providers: which providers a configuration and its state need, and what the built-in ones know.
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "config/module.h"
#include "state/value_json.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

// The tree of what a module and its children require, as Terraform draws it.
struct Requirements {
  std::map<std::string, std::string> providers;  // source to version constraint
  std::map<std::string, Requirements> children;  // by the call's name
};

Requirements requirements_of(const config::Module& module) {
  Requirements found;
  for (const auto& [name, required] : module.required_providers)
    found.providers[module.provider_source(name)] = required.version;
  for (const auto& [address, resource] : module.resources)
    found.providers.try_emplace(module.provider_source(resource.provider_reference().name));
  for (const config::ProviderConfig& each : module.providers)
    found.providers.try_emplace(module.provider_source(each.name));
  for (const auto& [name, call] : module.calls) {
    if (call.module != nullptr) found.children[name] = requirements_of(*call.module);
  }
  return found;
}

void draw(const Requirements& requirements, const std::string& indent, std::string* out) {
  std::size_t left = requirements.providers.size() + requirements.children.size();
  const auto branch = [&]() -> const char* { return --left == 0 ? "└── " : "├── "; };
  for (const auto& [source, version] : requirements.providers)
    *out += fmt::format("{}{}provider[{}]{}\n", indent, branch(), source, version.empty() ? "" : " " + version);
  for (const auto& [name, child] : requirements.children) {
    *out += fmt::format("{}{}module.{}\n", indent, branch(), name);
    draw(child, indent + (left == 0 ? "    " : "│   "), out);
  }
}

// "registry.terraform.io/hashicorp/aws" of `module.a.provider["registry.terraform.io/hashicorp/aws"].west`.
std::string source_in(const std::string& provider) {
  const std::size_t open = provider.find("provider[\"");
  if (open == std::string::npos) return provider;
  const std::size_t begin = open + std::string_view("provider[\"").size();
  return provider.substr(begin, provider.find('"', begin) - begin);
}

Json attribute_json(const schema::Attribute& attribute) {
  Json json = {{"type", Json::parse(state::encode_type(attribute.type))}, {"description_kind", "plain"}};
  if (attribute.required) json["required"] = true;
  if (attribute.optional) json["optional"] = true;
  if (attribute.computed) json["computed"] = true;
  if (attribute.sensitive) json["sensitive"] = true;
  if (attribute.write_only) json["write_only"] = true;
  if (!attribute.deprecated.empty()) json["deprecated"] = true;
  return json;
}

Json block_json(const schema::Block& block) {
  Json json = Json::object();
  for (const schema::Attribute& each : block.attributes) json["attributes"][each.name] = attribute_json(each);
  for (const schema::NestedBlock& each : block.blocks) {
    constexpr const char* kModes[] = {"single", "list", "set", "map"};
    Json nested = {{"nesting_mode", kModes[static_cast<int>(each.nesting)]}, {"block", block_json(each.block)}};
    if (each.min_items != 0) nested["min_items"] = each.min_items;
    if (each.max_items != 0) nested["max_items"] = each.max_items;
    json["block_types"][each.name] = std::move(nested);
  }
  json["description_kind"] = "plain";
  return json;
}

Json types_json(const std::map<std::string, schema::TypeSchema, std::less<>>& types) {
  Json json = Json::object();
  for (const auto& [name, type] : types) json[name] = {{"version", type.version}, {"block", block_json(type.block)}};
  return json;
}

// What the directory's configuration requires; false after errors were shown.
bool read_requirements(Context& context, Requirements* found) {
  Checked<std::shared_ptr<config::Configuration>> loaded = config::load_configuration(context.files, ".");
  context.show(loaded.diagnostics);
  if (loaded.diagnostics.has_errors()) return false;
  *found = requirements_of(*loaded.value->root);
  return true;
}

void collect(const Requirements& requirements, std::set<std::string>* sources) {
  for (const auto& [source, version] : requirements.providers) sources->insert(source);
  for (const auto& [name, child] : requirements.children) collect(child, sources);
}

// The providers of the objects in the state; nothing where there is no state. False after an error was shown.
bool read_state_providers(Context& context, std::set<std::string>* sources) {
  const Result<std::string, FileError> text = context.files.read("terraform.tfstate");
  if (!text.ok())
    return text.error().not_found() || context.fail("The state cannot be read", text.error().message) == 0;
  const Json document = Json::parse(*text, nullptr, false);
  if (!document.is_object() || !document.contains("resources"))
    return context.fail("The state cannot be read", "terraform.tfstate holds no state.") == 0;
  for (const Json& resource : document["resources"])
    sources->insert(source_in(resource.value("provider", std::string())));
  return true;
}

int schema_subcommand(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags(
      "providers schema -json",
      "Writes the schemas of the providers that the configuration and its state need: their arguments, resource "
      "types and data sources.");
  flags.boolean("json", &json, "Write them as JSON, which is the only form.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!json)
    return context.fail("The -json flag is needed",
                        "Schemas are written as JSON alone: terrace providers schema -json.");
  Requirements requirements;
  std::set<std::string> sources;
  if (!read_requirements(context, &requirements) || !read_state_providers(context, &sources)) return 1;
  collect(requirements, &sources);
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  Json schemas = Json::object();
  for (const std::string& source : sources) {
    const schema::ProviderSchema* schema = registry.schema(source);
    if (schema == nullptr)
      return context.fail("Provider is not built in", source + " is not part of terrace, which runs no plugins.");
    Json provider = {{"version", 0}};
    if (!schema->provider.attributes.empty() || !schema->provider.blocks.empty())
      provider["block"] = block_json(schema->provider);
    schemas[source] = {{"provider", std::move(provider)},
                       {"resource_schemas", types_json(schema->resources)},
                       {"data_source_schemas", types_json(schema->data_sources)}};
  }
  context.print(Json{{"format_version", "1.0"}, {"provider_schemas", std::move(schemas)}}.dump() + "\n");
  return 0;
}

}  // namespace

int providers_command(Context& context, const Arguments& arguments) {
  if (!arguments.empty() && arguments[0] == "schema")
    return schema_subcommand(context, Arguments(arguments.begin() + 1, arguments.end()));
  if (!arguments.empty() && (arguments[0] == "lock" || arguments[0] == "mirror"))
    return context.fail(
        "There is nothing to " + arguments[0],
        "Providers are built into terrace: none is downloaded, so that none is locked or mirrored. Stock "
        "Terraform does it in this directory, too.");
  Flags flags(
      "providers [schema -json]",
      "Shows which providers the configuration, module by module, and its state need. \"providers schema -json\" "
      "writes what those know.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!rest.empty()) return context.fail("There is no command providers " + rest[0], "There is \"providers schema\".");
  Requirements requirements;
  std::set<std::string> in_state;
  if (!read_requirements(context, &requirements) || !read_state_providers(context, &in_state)) return 1;
  std::string text = "\nProviders required by configuration:\n.\n";
  draw(requirements, "", &text);
  text += "\n";
  if (!in_state.empty()) {
    text += "Providers required by state:\n\n";
    for (const std::string& source : in_state) text += fmt::format("    provider[{}]\n\n", source);
  }
  context.print(text);
  return 0;
}

}  // namespace terrace::cli
