#include "providers/terraform_provider.h"

#include <fmt/format.h>

#include "lang/path.h"
#include "state/state.h"
#include "state/value_json.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

schema::Attribute attribute(std::string name, Type type, bool required, bool optional, bool computed) {
  schema::Attribute made;
  made.name = std::move(name);
  made.type = std::move(type);
  made.required = required;
  made.optional = optional;
  made.computed = computed;
  return made;
}

schema::ProviderSchema make_schema() {
  schema::ProviderSchema all;
  schema::Block data;
  data.attributes = {
      attribute("id", Type::string(), false, false, true),
      attribute("input", Type::dynamic(), false, true, false),
      attribute("output", Type::dynamic(), false, false, true),
      attribute("triggers_replace", Type::dynamic(), false, true, false),
  };
  all.resources.emplace("terraform_data", schema::TypeSchema(0, std::move(data)));
  schema::Block remote;
  remote.attributes = {
      attribute("backend", Type::string(), true, false, false),
      attribute("config", Type::dynamic(), false, true, false),
      attribute("defaults", Type::dynamic(), false, true, false),
      attribute("outputs", Type::dynamic(), false, false, true),
      attribute("workspace", Type::string(), false, true, false),
  };
  all.data_sources.emplace("terraform_remote_state", schema::TypeSchema(0, std::move(remote)));
  return all;
}

Value data_object(Value id, Value input, Value output, Value triggers) {
  return Value::object({{"id", std::move(id)},
                        {"input", std::move(input)},
                        {"output", std::move(output)},
                        {"triggers_replace", std::move(triggers)}});
}

// "a/./b/../c" as "a/c"; leading ".." parts stay.
std::string clean_path(std::string_view path) {
  std::vector<std::string_view> parts;
  bool absolute = !path.empty() && path[0] == '/';
  while (!path.empty()) {
    size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..")
      parts.pop_back();
    else if (part != ".." || !absolute)
      parts.push_back(part);
  }
  std::string out = absolute ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

class TerraformProvider final : public schema::Provider {
 public:
  TerraformProvider(FileSystem& files, Random& random, std::string working_directory, SiblingOutputs* siblings)
      : files_(files),
        random_(random),
        working_directory_(std::move(working_directory)),
        siblings_(siblings),
        schema_(make_schema()) {}

  const schema::ProviderSchema& schema() const override { return schema_; }
  Diagnostics validate_provider(const Value&) override { return {}; }
  Diagnostics validate_resource(std::string_view, const Value&) override { return {}; }

  Diagnostics validate_data(std::string_view, const Value& config) override {
    Diagnostics diagnostics;
    const Value& backend = config.attribute("backend");
    if (backend.has_content() && backend.as_string() != "local") {
      diagnostics.error(
          "Invalid backend configuration",
          fmt::format("There is no backend type named \"{}\" here. This release reads other states with the "
                      "backend \"local\": set backend = \"local\" and config = {{ path = \"...\" }}.",
                      backend.as_string()));
    }
    return diagnostics;
  }

  Task<Diagnostics> configure(Value) override { co_return Diagnostics{}; }

  Checked<Value> upgrade_state(std::string_view type, int64_t version, const std::string&) override {
    Checked<Value> result;
    result.diagnostics.error(
        "Unsupported state version",
        fmt::format("The state has a {} of schema version {}, and this release knows version 0. A newer "
                    "program wrote it.",
                    type, version));
    return result;
  }

  Task<schema::ReadResponse> read_resource(schema::ReadRequest request) override {
    schema::ReadResponse response;
    response.new_state = request.current;
    co_return response;
  }

  Task<schema::PlanResponse> plan_resource(schema::PlanRequest request) override {
    schema::PlanResponse response;
    response.planned = request.proposed;
    if (request.proposed.is_null()) co_return response;
    const Value& input = request.proposed.attribute("input");
    const Value& triggers = request.proposed.attribute("triggers_replace");
    // The output follows the input, which the apply may yet make null or of another type.
    Value output = input.is_null() ? Value() : Value::unknown(input.type());
    if (request.prior.is_null()) {
      lang::Refinement not_null;
      not_null.not_null = true;
      response.planned = data_object(Value::unknown(Type::string(), not_null), input, output, triggers);
      co_return response;
    }
    if (!request.prior.attribute("triggers_replace").identical(triggers)) {
      response.requires_replace.push_back({lang::PathStep::attribute("triggers_replace")});
    }
    if (!request.prior.attribute("input").identical(input)) {
      response.planned = data_object(request.proposed.attribute("id"), input, output, triggers);
    }
    co_return response;
  }

  Task<schema::ApplyResponse> apply_resource(schema::ApplyRequest request) override {
    schema::ApplyResponse response;
    response.new_state = request.planned;
    if (request.planned.is_null()) co_return response;
    const Value& input = request.planned.attribute("input");
    const Value& planned_id = request.planned.attribute("id");
    Value id = planned_id.has_content() ? planned_id : Value::string(random_.uuid());
    response.new_state = data_object(std::move(id), input, input, request.planned.attribute("triggers_replace"));
    co_return response;
  }

  Task<schema::ImportResponse> import_resource(std::string type, std::string id) override {
    schema::ImportResponse response;
    response.objects.push_back(
        {std::move(type), data_object(Value::string(std::move(id)), Value(), Value(), Value()), ""});
    co_return response;
  }

  Task<schema::DataResponse> read_data(schema::DataRequest request) override {
    schema::DataResponse response = co_await remote_state(request.config);
    co_return response;
  }

  bool needs_intent(std::string_view) const override { return false; }
  Task<schema::ReadResponse> recover_create(schema::RecoverRequest request) override {
    schema::ReadResponse response;
    response.new_state = Value::null(request.planned.type());
    co_return response;
  }

 private:
  // The state's path as a local backend resolves it, relative to the process's working directory.
  std::string state_path(const Value& config) const {
    auto setting = [&config](const char* name, const char* otherwise) {
      const Value* value = nullptr;
      if (const Value* settings = &config.attribute("config"); settings->has_content()) {
        value = settings->type().is_object()                      ? settings->find_attribute(name)
                : settings->type().kind() == lang::TypeKind::kMap ? settings->find_key(name)
                                                                  : nullptr;
      }
      bool text = value && value->has_content() && value->type().kind() == lang::TypeKind::kString;
      return text ? value->as_string() : std::string(otherwise);
    };
    const Value& workspace = config.attribute("workspace");
    std::string path = setting("path", "terraform.tfstate");
    if (workspace.has_content() && workspace.as_string() != "default") {
      path = setting("workspace_dir", "terraform.tfstate.d") + "/" + workspace.as_string() + "/terraform.tfstate";
    }
    return clean_path(join_path(working_directory_, path));
  }

  Task<schema::DataResponse> remote_state(Value config) {
    schema::DataResponse response;
    response.diagnostics = validate_data("terraform_remote_state", config);
    if (response.diagnostics.has_errors()) co_return response;
    std::string path = state_path(config);
    std::optional<Value> outputs;
    if (siblings_ != nullptr) outputs = co_await siblings_->outputs_for(path);
    if (!outputs) outputs = stored_outputs(path, response.diagnostics);
    if (response.diagnostics.has_errors()) co_return response;
    const Value& defaults = config.attribute("defaults");
    response.state = Value::object({{"backend", config.attribute("backend")},
                                    {"config", config.attribute("config")},
                                    {"defaults", defaults},
                                    {"outputs", with_defaults(*outputs, defaults)},
                                    {"workspace", config.attribute("workspace")}});
    co_return response;
  }

  static Value with_defaults(const Value& outputs, const Value& defaults) {
    if (!defaults.has_content() || !outputs.has_content()) return outputs;
    std::vector<Value::Member> members;
    for (size_t i = 0; i < defaults.length(); ++i) {
      members.emplace_back(defaults.type().is_object() ? defaults.type().attributes()[i].name : defaults.keys()[i],
                           defaults.elements()[i]);
    }
    for (size_t i = 0; i < outputs.length(); ++i) {
      const std::string& name = outputs.type().attributes()[i].name;
      bool replaced = false;
      for (Value::Member& member : members) {
        if (member.first != name) continue;
        member.second = outputs.elements()[i];
        replaced = true;
      }
      if (!replaced) members.emplace_back(name, outputs.elements()[i]);
    }
    return Value::object(std::move(members));
  }

  Value stored_outputs(const std::string& path, Diagnostics& diagnostics) {
    Result<std::string, FileError> text = files_.read(path);
    if (!text.ok() || text->empty()) {
      diagnostics.error(
          "Unable to find remote state",
          fmt::format("No stored state was found for the given workspace in the given backend: {}. Apply the "
                      "configuration that it belongs to first.",
                      text.ok() ? path + " is empty" : text.error().message));
      return Value();
    }
    Checked<state::State> state = state::parse_state(*text, path);
    diagnostics.append(std::move(state.diagnostics));
    std::vector<Value::Member> members;
    for (const auto& [name, output] : state.value.outputs) {
      Result<Type, std::string> type = state::decode_type(output.type);
      if (!type.ok()) {
        diagnostics.error("Unsupported state file format",
                          fmt::format("The output {} of {}: {}.", name, path, type.error()));
        continue;
      }
      Result<Value, std::string> value = state::decode_value(output.value, *type);
      if (value.ok())
        members.emplace_back(name, std::move(*value));
      else
        diagnostics.error("Unsupported state file format",
                          fmt::format("The output {} of {}: {}.", name, path, value.error()));
    }
    return Value::object(std::move(members));
  }

  FileSystem& files_;
  Random& random_;
  std::string working_directory_;
  SiblingOutputs* siblings_;
  schema::ProviderSchema schema_;
};

}  // namespace

std::unique_ptr<schema::Provider> make_terraform_provider(FileSystem& files, Random& random,
                                                          std::string working_directory, SiblingOutputs* siblings) {
  return std::make_unique<TerraformProvider>(files, random, std::move(working_directory), siblings);
}

}  // namespace terrace::providers
