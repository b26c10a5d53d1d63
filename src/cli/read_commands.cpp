#include "cli/read_commands.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/block_header.h"
#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/session.h"
#include "hcl/format.h"
#include "hcl/parser.h"
#include "lang/evaluator.h"
#include "lang/json.h"
#include "lang/value_text.h"
#include "plan/plan_file.h"
#include "state/session.h"
#include "state/value_json.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

// --- fmt

struct FmtFlags {
  bool check = false;
  bool diff = false;
  bool list = true;
  bool write = true;
  bool recursive = false;
};

class Formatter {
 public:
  Formatter(Context& context, FmtFlags flags) : context_(context), flags_(flags) {}

  int run(const Arguments& targets) {
    if (targets.size() == 1 && targets[0] == "-") return standard_input();
    if (targets.empty()) directory(".");
    for (const std::string& target : targets) {
      Result<FileInfo, FileError> info = context_.files.info(target);
      if (!info) {
        diagnostics_.error("Invalid target",
                           fmt::format("No file or directory at {}: {}.", target, info.error().message));
      } else if (info->is_directory) {
        directory(target);
      } else {
        file(target);
      }
    }
    context_.show(diagnostics_);
    if (diagnostics_.has_errors()) return 2;
    return flags_.check && changed_ ? 3 : 0;
  }

 private:
  static bool is_formatted(const std::string& name) {
    return name.ends_with(".tf") || name.ends_with(".tfvars") || name.ends_with(".tftest.hcl");
  }

  void directory(const std::string& path) {
    Result<std::vector<DirectoryEntry>, FileError> entries = context_.files.list(path);
    if (!entries) {
      diagnostics_.error("Invalid target", entries.error().message);
      return;
    }
    for (const DirectoryEntry& entry : *entries) {
      std::string child = path == "." ? entry.name : join_path(path, entry.name);
      if (entry.is_directory) {
        if (flags_.recursive && !entry.name.starts_with(".")) directory(child);
      } else if (is_formatted(entry.name)) {
        file(child);
      }
    }
  }

  std::optional<std::string> formatted(const std::string& name, const std::string& text) {
    auto source = std::make_shared<SourceFile>(SourceFile{name, text});
    kept_.push_back(source);
    Checked<hcl::File> parsed = hcl::parse_file(source);
    bool failed = parsed.diagnostics.has_errors();
    diagnostics_.append(std::move(parsed.diagnostics));
    if (failed) return std::nullopt;
    return hcl::format(text);
  }

  void file(const std::string& path) {
    Result<std::string, FileError> text = context_.files.read(path);
    if (!text) {
      diagnostics_.error("Failed to read file", text.error().message);
      return;
    }
    std::optional<std::string> result = formatted(path, *text);
    if (!result || *result == *text) return;
    changed_ = true;
    if (flags_.list) context_.print(path + "\n");
    if (flags_.diff) print_diff(path, *text, *result);
    if (flags_.write && !flags_.check) {
      Status<FileError> written = context_.files.write_atomic(path, *result, 0644);
      if (!written) diagnostics_.error("Failed to write file", written.error().message);
    }
  }

  // The lines that differ, between what is common at the start and at the end.
  void print_diff(const std::string& path, const std::string& before, const std::string& after) {
    auto lines = [](const std::string& text) {
      std::vector<std::string> all;
      for (std::size_t at = 0; at < text.size();) {
        std::size_t end = std::min(text.find('\n', at), text.size());
        all.push_back(text.substr(at, end - at));
        at = end + 1;
      }
      return all;
    };
    std::vector<std::string> a = lines(before), b = lines(after);
    std::size_t head = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
    std::size_t tail = 0;
    while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
    context_.print(fmt::format("--- old/{0}\n+++ new/{0}\n@@ -{1},{2} +{1},{3} @@\n", path, head + 1,
                               a.size() - head - tail, b.size() - head - tail));
    for (std::size_t i = head; i < a.size() - tail; ++i) context_.print("-" + a[i] + "\n");
    for (std::size_t i = head; i < b.size() - tail; ++i) context_.print("+" + b[i] + "\n");
  }

  int standard_input() {
    std::string text = context_.terminal.read_all();
    std::optional<std::string> result = formatted("<stdin>", text);
    context_.show(diagnostics_);
    if (!result) return 2;
    if (!flags_.check) context_.print(*result);
    return flags_.check && *result != text ? 3 : 0;
  }

  Context& context_;
  FmtFlags flags_;
  Diagnostics diagnostics_;
  std::vector<SourceFilePtr> kept_;
  bool changed_ = false;
};

// --- states

const schema::TypeSchema* schema_of(schema::ProviderRegistry& registry, const std::string& provider,
                                    const state::ResourceAddress& address) {
  const schema::ProviderSchema* schema = registry.schema(plan::provider_source(provider));
  if (schema == nullptr) return nullptr;
  const auto& types = address.mode == state::Mode::kData ? schema->data_sources : schema->resources;
  auto found = types.find(address.type);
  return found == types.end() ? nullptr : &found->second;
}

std::optional<lang::Value> value_of(const state::Object& object, const schema::TypeSchema& type) {
  Result<lang::Value, std::string> value = state::decode_value(object.attributes, type.implied_type);
  if (!value) return std::nullopt;
  lang::Value marked = schema::mark_sensitive(type.block, *value);
  if (!object.sensitive_attributes.empty()) {
    Result<std::vector<lang::Path>, std::string> paths = state::decode_paths(object.sensitive_attributes);
    if (paths) {
      std::vector<lang::PathMarks> marks;
      for (lang::Path& path : *paths) marks.push_back({std::move(path), lang::Marks::kSensitive});
      marked = lang::mark_paths(marked, marks);
    }
  }
  return marked;
}

std::string object_listing(schema::ProviderRegistry& registry, const state::ResourceAddress& address,
                           const state::Resource& resource, const state::InstanceKey& key, const std::string& deposed,
                           const state::Object& object, bool color) {
  const schema::TypeSchema* type = schema_of(registry, resource.provider, address);
  if (type == nullptr)
    return fmt::format("# {}: the provider {} is not built in\n", address.instance_text(key),
                       plan::provider_source(resource.provider));
  std::optional<lang::Value> value = value_of(object, *type);
  if (!value) return fmt::format("# {}: the stored object can't be read by its schema\n", address.instance_text(key));
  ChangeView view;
  view.address = address.instance_text(key);
  view.type = address.type;
  view.name = address.name;
  view.module = address.module;
  view.is_data = address.mode == state::Mode::kData;
  view.index_key = state::key_text(key);
  view.deposed = deposed;
  view.after = display_of(*value, type->block);
  return object_text(view, object.tainted ? "tainted" : "", color);
}

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

std::string state_json(schema::ProviderRegistry& registry, const state::State& state) {
  Json json = {{"format_version", "1.0"}};
  if (state.empty()) return json.dump() + "\n";
  json["terraform_version"] = state.terraform_version;
  Json values = Json::object();
  if (!state.outputs.empty()) {
    for (const auto& [name, output] : state.outputs) values["outputs"][name] = output_json(output, false);
  }
  values["root_module"] = module_json(registry, state, "");
  json["values"] = values;
  return json.dump() + "\n";
}

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
  json["prior_state"] = Json::parse(state_json(registry, plan.prior_state));
  json["timestamp"] = plan.timestamp;
  json["applyable"] = plan::applyable(plan);
  json["complete"] = plan.targets.empty() && !plan.errored;
  json["errored"] = plan.errored;
  return json.dump() + "\n";
}

int no_outputs(Context& context) {
  context.show(Diagnostics(Diagnostic{
      Severity::kWarning,
      "No outputs found",
      "The state file either has no outputs defined, or all the defined outputs are empty. Please define an output in "
      "your configuration with the `output` keyword and run `terrace refresh` for it to become available.",
      {},
      {},
      {},
      {},
      {}}));
  return 0;
}

int state_list(Context& context, const Arguments& arguments) {
  std::string path = "terraform.tfstate";
  std::string id;
  Flags flags("state list [options] [ADDRESS...]", "Lists the objects of the state.");
  flags.text("state", &path, "PATH", "The state file.");
  flags.text("id", &id, "ID", "Only objects with this id.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  if (!context.files.exists(path) && state->empty()) {
    return context.fail("No state file was found!",
                        "State management commands require a state file. Run this command in a directory where terrace "
                        "has been run or use the -state flag to point the command to a specific state location.");
  }
  for (const auto& [address, resource] : state->resources) {
    for (const auto& [key, instance] : resource.instances) {
      std::string text = address.instance_text(key);
      bool wanted = rest.empty();
      for (const std::string& prefix : rest) {
        wanted = wanted || text == prefix ||
                 (text.starts_with(prefix) && (text[prefix.size()] == '.' || text[prefix.size()] == '['));
      }
      if (!id.empty()) {
        Json attributes = instance.current ? Json::parse(instance.current->attributes) : Json::object();
        wanted = wanted && attributes.value("id", Json()) == Json(id);
      }
      if (wanted) context.print(text + "\n");
    }
  }
  return 0;
}

int state_show(Context& context, const Arguments& arguments) {
  std::string path = "terraform.tfstate";
  Flags flags("state show [options] ADDRESS", "Shows one object of the state.");
  flags.text("state", &path, "PATH", "The state file.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 1)
    return context.fail("Exactly one argument expected",
                        "Give the address of one instance, as \"terrace state list\" prints them.");
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  for (const auto& [address, resource] : state->resources) {
    for (const auto& [key, instance] : resource.instances) {
      if (address.instance_text(key) != rest[0] || !instance.current) continue;
      context.print(object_listing(registry, address, resource, key, "", *instance.current, context.terminal.color()));
      return 0;
    }
  }
  return context.fail("No instance found for the given address!",
                      "This command requires that the address references one specific instance. To view the available "
                      "instances, use \"terrace state list\".");
}

int state_pull(Context& context, const Arguments& arguments) {
  Flags flags("state pull [options]", "Prints the state as it is stored.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  std::optional<state::State> state = read_state(context, "terraform.tfstate");
  if (!state) return 1;
  if (!state->lineage.empty()) context.print(state::serialize_state(*state));
  return 0;
}

constexpr Command kStateCommands[] = {
    {"list", "List the objects of the state", state_list, true},
    {"show", "Show one object of the state", state_show, true},
    {"pull", "Print the state", state_pull, true},
};

std::string dot_quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// What the console knows of resources: the objects of the state.
class StateValues final : public config::ResourceValues {
 public:
  StateValues(const state::State& state, schema::ProviderRegistry& registry) : state_(state), registry_(registry) {}
  lang::Value resource_value(const config::ModuleInstance& module, const config::Resource& resource) override {
    state::ResourceAddress address{
        module.address, resource.mode == config::ResourceMode::kData ? state::Mode::kData : state::Mode::kManaged,
        resource.type, resource.name};
    auto found = state_.resources.find(address);
    if (found == state_.resources.end()) return lang::Value::dynamic();
    const schema::TypeSchema* type = schema_of(registry_, found->second.provider, address);
    if (type == nullptr) return lang::Value::dynamic();
    std::vector<lang::Value> list;
    std::vector<lang::Value::Member> members;
    for (const auto& [key, instance] : found->second.instances) {
      if (!instance.current) continue;
      std::optional<lang::Value> value = value_of(*instance.current, *type);
      if (!value) return lang::Value::dynamic();
      if (const auto* name = std::get_if<std::string>(&key)) {
        members.emplace_back(*name, *value);
      } else if (std::holds_alternative<int64_t>(key)) {
        list.push_back(*value);
      } else {
        return *value;
      }
    }
    if (!members.empty() || resource.for_each != nullptr) return lang::Value::object(std::move(members));
    return lang::Value::tuple(std::move(list));
  }

 private:
  const state::State& state_;
  schema::ProviderRegistry& registry_;
};

}  // namespace

std::optional<state::State> read_state(Context& context, const std::string& path) {
  state::LocalStateStore::Options options;
  options.path = path;
  options.write_path = path;
  state::LocalStateStore store(context.files, context.loop, context.random, {}, options);
  state::StateSession session(store, context.files, context.loop, context.random);
  Diagnostics diagnostics = context.loop.run(session.open());
  context.show(diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return session.state();
}

std::string state_text(Context& context, const state::State& state) {
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  std::string text;
  for (const auto& [address, resource] : state.resources) {
    for (const auto& [key, instance] : resource.instances) {
      if (instance.current)
        text +=
            object_listing(registry, address, resource, key, "", *instance.current, context.terminal.color()) + "\n";
      for (const auto& [deposed, object] : instance.deposed)
        text += object_listing(registry, address, resource, key, deposed, *object, context.terminal.color()) + "\n";
    }
  }
  std::string outputs = outputs_text(state, context);
  if (!outputs.empty()) text += "\nOutputs:\n\n" + outputs;
  return text;
}

std::string outputs_json(const state::State& state) {
  Json json = Json::object();
  for (const auto& [name, output] : state.outputs) json[name] = output_json(output, true);
  return json.dump(2) + "\n";
}

int fmt_command(Context& context, const Arguments& arguments) {
  FmtFlags fmt;
  Flags flags("fmt [options] [TARGET...]",
              "Rewrites configuration files in the canonical style. \"-\" formats standard input.");
  flags.boolean("check", &fmt.check, "Write nothing; exit code 3 when a file is not formatted.");
  flags.boolean("diff", &fmt.diff, "Show what changes.");
  flags.boolean("list", &fmt.list, "List the files that change. Defaults to true.");
  flags.boolean("write", &fmt.write, "Write the files. Defaults to true.");
  flags.boolean("recursive", &fmt.recursive, "Go into directories, too.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  return Formatter(context, fmt).run(rest);
}

int output_command(Context& context, const Arguments& arguments) {
  bool json = false, raw = false;
  std::string path = "terraform.tfstate";
  Flags flags("output [options] [NAME]", "Shows outputs of the state. In a cluster directory: output [STACK...|all].");
  flags.boolean("json", &json, "As JSON.");
  flags.boolean("raw", &raw, "The one named, as its plain text.");
  flags.text("state", &path, "PATH", "The state file.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return output_stacks(context, json, rest);
  if (rest.size() > 1)
    return context.fail("Unexpected argument",
                        "The output command expects exactly one argument with the name of an output variable or no "
                        "arguments to show all outputs.");
  if (raw && json) return context.fail("Invalid output format", "The -raw and -json options are mutually-exclusive.");
  if (raw && rest.empty())
    return context.fail("Output name required",
                        "You must give the name of a single output value when using the -raw option.");
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  if (rest.empty()) {
    if (state->outputs.empty() && !json) return no_outputs(context);
    context.print(json ? outputs_json(*state) : outputs_text(*state, context));
    return 0;
  }
  auto found = state->outputs.find(rest[0]);
  if (found == state->outputs.end()) {
    return context.fail(fmt::format("Output \"{}\" not found", rest[0]),
                        "The output variable requested could not be found in the state file. If you recently added "
                        "this to your configuration, be sure to run `terrace apply`, since the state won't be updated "
                        "with new output variables until that command is run.");
  }
  Result<lang::Type, std::string> type = state::decode_type(found->second.type);
  Result<lang::Value, std::string> value = type ? state::decode_value(found->second.value, *type)
                                                : Result<lang::Value, std::string>(Failure<std::string>{type.error()});
  if (!value) return context.fail("Unreadable output", value.error());
  if (json) {
    context.print(Json::parse(found->second.value).dump() + "\n");
  } else if (raw) {
    if (value->is_null() || !value->type().is_primitive()) {
      return context.fail("Unsupported value for raw output",
                          fmt::format("The -raw option only supports strings, numbers, and boolean values, but output "
                                      "value \"{}\" is {}.\n\nUse the -json option for machine-readable "
                                      "representations of output values that have complex types.",
                                      rest[0], value->is_null() ? "null" : value->type().friendly_name()));
    }
    context.print(value->type().kind() == lang::TypeKind::kString ? value->as_string() : lang::value_text(*value));
  } else {
    context.print(lang::value_text(*value) + "\n");
  }
  return 0;
}

int show_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("show [options] [PATH]",
              "Shows the state, a state file or a plan file. In a cluster directory: show [STACK...|all].");
  flags.boolean("json", &json, "As JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return show_stacks(context, json, rest);
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  std::string path = rest.empty() ? "terraform.tfstate" : rest[0];
  if (!rest.empty()) {
    Result<std::string, FileError> bytes = context.files.read(path);
    if (!bytes)
      return context.fail("Failed to load plan", fmt::format("Couldn't load the file: {}.", bytes.error().message));
    if (plan::is_plan_file(*bytes)) {
      Checked<plan::SavedPlan> saved = plan::decode_plan(*bytes, path, registry);
      context.show(saved.diagnostics);
      if (saved.diagnostics.has_errors()) return 1;
      if (json) {
        context.print(plan_json(registry, saved.value.plan));
      } else {
        context.print(
            plan_text(plan_view(saved.value.plan, registry), context.terminal.color(), context.terminal.width()));
      }
      return 0;
    }
  }
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  if (json) {
    context.print(state_json(registry, *state));
  } else {
    std::string text = state_text(context, *state);
    context.print(text.empty() ? (state->lineage.empty() ? "No state.\n"
                                                         : "The state file is empty. No resources are represented.\n")
                               : text);
  }
  return 0;
}

int state_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "state", "This command has subcommands for looking at the state.", kStateCommands,
                        arguments);
}

int graph_command(Context& context, const Arguments& arguments) {
  Flags flags("graph [options]",
              "Draws what depends on what, as DOT for Graphviz. In a cluster directory: graph [STACK...|all].");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return graph_stacks(context, rest);
  Providers providers(context, nullptr);
  RunFlags run;
  apply::Effects effects{
      context.files, context.loop, context.random, providers.registry(working_directory()), nullptr, {}};
  apply::Operation operation(effects, run.settings(context, ""));
  Diagnostics diagnostics = operation.load();
  context.show(diagnostics);
  if (diagnostics.has_errors()) return 1;
  context.print(resource_graph(operation.graph(), "", ""));
  return 0;
}

std::string resource_graph(const config::ObjectGraph& graph, const std::string& cluster, const std::string& indent) {
  // Resources only: an edge goes to every resource that is reached through locals, variables and outputs.
  const std::vector<config::Object>& objects = graph.objects();
  auto is_resource = [&](uint32_t i) { return objects[i].kind == config::ObjectKind::kResource; };
  std::string prefix = cluster.empty() ? "" : cluster + ": ";
  std::map<std::string, std::vector<uint32_t>> by_module;
  for (uint32_t i = 0; i < objects.size(); ++i) {
    if (is_resource(i)) by_module[graph.paths()[objects[i].module_path].address].push_back(i);
  }
  std::string text;
  std::string pad = indent + "  ";
  if (cluster.empty()) text += "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n";
  for (auto& [module, members] : by_module) {
    std::sort(members.begin(), members.end(),
              [&](uint32_t a, uint32_t b) { return objects[a].text < objects[b].text; });
    std::string inner = pad;
    if (!module.empty()) {
      text += fmt::format("{}subgraph {} {{\n{}  label = {}\n{}  fontname = \"sans-serif\"\n", pad,
                          dot_quoted("cluster_" + prefix + module), pad, dot_quoted(module), pad);
      inner += "  ";
    }
    for (uint32_t i : members)
      text += fmt::format("{}{} [label={}];\n", inner, dot_quoted(prefix + objects[i].text),
                          dot_quoted(objects[i].resource().address()));
    if (!module.empty()) text += pad + "}\n";
  }
  std::vector<std::string> edges;
  for (uint32_t i = 0; i < objects.size(); ++i) {
    if (!is_resource(i)) continue;
    std::vector<uint32_t> waiting = graph.needs(i);
    std::set<uint32_t> seen(waiting.begin(), waiting.end());
    while (!waiting.empty()) {
      uint32_t next = waiting.back();
      waiting.pop_back();
      if (is_resource(next)) {
        edges.push_back(fmt::format("{}{} -> {};\n", pad, dot_quoted(prefix + objects[i].text),
                                    dot_quoted(prefix + objects[next].text)));
        continue;
      }
      for (uint32_t more : graph.needs(next)) {
        if (seen.insert(more).second) waiting.push_back(more);
      }
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  for (const std::string& edge : edges) text += edge;
  if (cluster.empty()) text += "}\n";
  return text;
}

int console_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags("console [options]", "Evaluates expressions, a line each.");
  run.add_to(flags, false, false);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  Checked<std::shared_ptr<config::Configuration>> loaded = config::load_configuration(context.files, ".");
  context.show(loaded.diagnostics);
  if (loaded.diagnostics.has_errors()) return 1;
  std::vector<SourceFilePtr> kept;
  config::VariableSources sources = run.settings(context, "").variables;
  sources.directory = ".";
  Checked<std::map<std::string, lang::Value>> variables =
      config::collect_variables(context.files, *loaded.value->root, sources, kept);
  // A variable without a value is unknown here, as in Terraform's console.
  Diagnostics shown;
  for (const Diagnostic& diagnostic : variables.diagnostics.items()) {
    if (diagnostic.summary != "No value for required variable") shown.add(diagnostic);
  }
  context.show(shown);
  if (shown.has_errors()) return 1;
  std::optional<state::State> state = read_state(context, run.state.empty() ? "terraform.tfstate" : run.state);
  if (!state) return 1;
  lang::FunctionContext functions;
  functions.files = &context.files;
  functions.clock = &context.clock;
  functions.random = &context.random;
  functions.plan_time = context.clock.wall();
  StateValues resources(*state, registry);
  config::Evaluation evaluation(*loaded.value, variables.value, functions, resources, "default");
  // Without a terminal only the last result is printed, as Terraform's console does with piped input.
  bool interactive = context.terminal.input_is_terminal();
  std::string last;
  while (true) {
    if (interactive) context.print("> ");
    std::optional<std::string> line = context.terminal.read_line();
    if (!line) break;
    std::string text = *line;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (text == "exit") break;
    // An expression may go on over lines while brackets are open.
    auto source = std::make_shared<SourceFile>(SourceFile{"<console-input>", text});
    kept.push_back(source);
    Checked<hcl::ExpressionPtr> expression = hcl::parse_expression(*source);
    Diagnostics diagnostics = std::move(expression.diagnostics);
    std::string printed;
    if (expression.value) {
      lang::Value value = evaluation.evaluate(*expression.value, evaluation.root(), {}, diagnostics);
      if (!diagnostics.has_errors()) printed = lang::value_text(value) + "\n";
    }
    context.show(diagnostics);
    if (diagnostics.has_errors()) {
      if (!interactive) return 1;
      continue;
    }
    if (interactive) {
      context.print(printed);
    } else {
      last = std::move(printed);
    }
  }
  if (!last.empty()) context.print(last);
  return 0;
}

}  // namespace terrace::cli
