#include "aws/provider.h"

#include <algorithm>

#include <fmt/format.h>

#include "aws/policy.h"
#include "aws/tags.h"
#include "aws/values.h"

namespace terrace::aws {

namespace {

using lang::Type;
using lang::Value;

struct TypeInfo {
  const ResourceType* type = nullptr;
  std::vector<Row> rows;
};
struct DataInfo {
  const DataSource* source = nullptr;
  std::vector<Row> rows;
};

std::vector<Row> rows_of(const char* name, const char* table) {
  Result<std::vector<Row>, std::string> rows = parse_rows(table);
  if (!rows) {
    std::fputs(fmt::format("the table of {} is wrong: {}\n", name, rows.error()).c_str(), stderr);
    std::abort();
  }
  return *std::move(rows);
}

// The tables, read once.
struct Tables {
  std::map<std::string, TypeInfo, std::less<>> types;
  std::map<std::string, DataInfo, std::less<>> data;
  schema::ProviderSchema schema;

  Tables() {
    schema.provider = provider_block();
    for (const ResourceType& type : resource_types()) {
      TypeInfo info{&type, rows_of(type.name.c_str(), type.table)};
      schema.resources.emplace(type.name, schema::TypeSchema(0, block_of(info.rows)));
      types.emplace(type.name, std::move(info));
    }
    for (const DataSource& source : data_sources()) {
      DataInfo info{&source, rows_of(source.name.c_str(), source.table)};
      schema.data_sources.emplace(source.name, schema::TypeSchema(0, block_of(info.rows)));
      data.emplace(source.name, std::move(info));
    }
  }
};

const Tables& tables() {
  static const Tables kTables;
  return kTables;
}

Json with_defaults(const std::vector<Row>& rows) {
  Json state = Json::object();
  for (const Row& row : rows)
    state[row.name] = row.is_block && row.nesting != schema::Nesting::kSingle ? Json::array() : Json(nullptr);
  return state;
}

class AwsProvider final : public schema::Provider {
 public:
  AwsProvider(ProviderPool& pool, std::string working_directory)
      : pool_(pool), working_directory_(std::move(working_directory)) {}

  const schema::ProviderSchema& schema() const override { return tables().schema; }

  Diagnostics validate_provider(const Value& config) override {
    Diagnostics diagnostics;
    Json json = to_json(config);
    if (!json["allowed_account_ids"].is_null() && !json["forbidden_account_ids"].is_null()) {
      diagnostics.error("Conflicting configuration arguments",
                        "\"allowed_account_ids\": conflicts with forbidden_account_ids");
    }
    return diagnostics;
  }

  Diagnostics validate_resource(std::string_view type, const Value& config) override {
    Diagnostics diagnostics;
    auto found = tables().types.find(type);
    if (found == tables().types.end()) return diagnostics;
    Json json = to_json(config);
    check_choices(found->second.rows, json, "", diagnostics);
    if (found->second.type->validate != nullptr && config.is_wholly_known()) {
      for (const std::string& problem : found->second.type->validate(json))
        diagnostics.error("Invalid resource configuration", problem);
    }
    return diagnostics;
  }

  Diagnostics validate_data(std::string_view type, const Value& config) override {
    Diagnostics diagnostics;
    auto found = tables().data.find(type);
    if (found == tables().data.end()) return diagnostics;
    Json json = to_json(config);
    check_choices(found->second.rows, json, "", diagnostics);
    if (found->second.source->validate != nullptr && config.is_wholly_known()) {
      for (const std::string& problem : found->second.source->validate(json))
        diagnostics.error("Invalid data source configuration", problem);
    }
    return diagnostics;
  }

  Task<Diagnostics> configure(Value config) override {
    Diagnostics diagnostics;
    if (!config.is_wholly_known()) {
      diagnostics.error(
          "Provider configuration is not known yet",
          "An argument of the provider \"aws\" depends on a value that only an apply will tell, so nothing can be read "
          "or planned with it. Apply what it depends on first, with -target or in a stack of its own.");
      co_return diagnostics;
    }
    Json json = to_json(config);
    Checked<std::shared_ptr<Backend>> opened = co_await pool_.open(std::move(json));
    backend_ = opened.value;
    if (backend_) backend_->working_directory = working_directory_;
    co_return opened.diagnostics;
  }

  Checked<Value> upgrade_state(std::string_view type, int64_t version, const std::string& raw_json) override {
    Checked<Value> result;
    int64_t newest = tables().types.find(type)->second.type->schema_version;
    if (version > newest) {
      result.diagnostics.error("Resource instance managed by newer provider version",
                               fmt::format("The state holds {} in the schema version {}, and terrace knows them up to "
                                           "{}. A newer provider wrote it; use a newer terrace.",
                                           type, version, newest));
      return result;
    }
    const schema::TypeSchema& schema = tables().schema.resources.find(type)->second;
    Json json = Json::parse(raw_json, nullptr, false);
    if (!json.is_object()) {
      result.diagnostics.error("Unreadable stored object",
                               fmt::format("The stored attributes of {} are no JSON object.", type));
      return result;
    }
    result.value = from_json(json, schema.implied_type);
    return result;
  }

  Task<schema::ReadResponse> read_resource(schema::ReadRequest request) override {
    schema::ReadResponse response;
    Json current = to_json(request.current);
    Context context = make_context(request.type, current);
    context.state = std::move(current);
    bool ok = co_await read_object(context);
    response.diagnostics = std::move(context.diagnostics);
    const Type& type = implied_type(request.type);
    response.new_state = !ok                       ? request.current
                         : context.state.is_null() ? Value::null(type)
                                                   : from_json(context.state, type);
    response.private_data = request.private_data;
    co_return response;
  }

  Task<schema::PlanResponse> plan_resource(schema::PlanRequest request) override {
    schema::PlanResponse response;
    response.private_data = request.private_data;
    response.planned = plan(request, response.requires_replace);
    co_return response;
  }

  Task<schema::ApplyResponse> apply_resource(schema::ApplyRequest request) override {
    schema::ApplyResponse response;
    const Type& implied = implied_type(request.type);
    Json prior = to_json(request.prior);
    Json planned = to_json(request.planned);
    Context context = make_context(request.type, planned.is_null() ? prior : planned);
    context.prior = prior;
    context.planned = planned;
    context.config = to_json(request.config);
    context.token = request.intent_token;
    const ResourceType& type = context.type;
    bool ok = false;
    if (planned.is_null()) {
      context.state = prior;
      ok = co_await type.remove(context);
      if (ok) context.state = nullptr;
    } else if (prior.is_null()) {
      ok = co_await create(context);
    } else {
      ok = co_await update(context);
    }
    response.diagnostics = std::move(context.diagnostics);
    if (!ok && context.state.is_object() && context.state["id"].is_null()) context.state = nullptr;
    if (!ok && !response.diagnostics.has_errors())
      response.diagnostics.error("Operation failed", fmt::format("{} did not succeed and gave no reason.", type.title));
    response.new_state = context.state.is_null() ? Value::null(implied) : from_json(context.state, implied);
    response.private_data = request.private_data;
    co_return response;
  }

  Task<schema::ImportResponse> import_resource(std::string type, std::string id) override {
    schema::ImportResponse response;
    auto found = tables().types.find(type);
    if (found == tables().types.end()) {
      response.diagnostics.error("Unknown resource type", fmt::format("terrace has no resource type \"{}\".", type));
      co_return response;
    }
    Json start = with_defaults(found->second.rows);
    start["id"] = id;
    Context context = make_context(type, start);
    if (found->second.type->regional) start["region"] = context.region;
    context.state = std::move(start);
    bool ok = true;
    if (found->second.type->import != nullptr) ok = co_await found->second.type->import(context);
    response.diagnostics = std::move(context.diagnostics);
    if (ok) response.objects.push_back({type, from_json(context.state, implied_type(type)), ""});
    co_return response;
  }

  Task<schema::DataResponse> read_data(schema::DataRequest request) override {
    schema::DataResponse response;
    const DataInfo& info = tables().data.find(request.type)->second;
    Json config = to_json(with_row_defaults(info.rows, request.config, request.config));
    static const ResourceType kNoType;
    Context context{*backend_, kNoType, info.rows, region_of(config), config, nullptr, nullptr, nullptr, "", 0, {}};
    context.state = with_defaults(info.rows);
    for (const auto& [name, value] : config.items()) context.state[name] = value;
    if (info.source->regional && context.state.contains("region") && context.state["region"].is_null())
      context.state["region"] = context.region;
    bool ok = co_await info.source->read(context);
    response.diagnostics = std::move(context.diagnostics);
    const Type& type = tables().schema.data_sources.find(request.type)->second.implied_type;
    response.state = ok ? from_json(context.state, type) : Value::null(type);
    co_return response;
  }

  bool needs_intent(std::string_view) const override { return true; }

  Task<schema::ReadResponse> recover_create(schema::RecoverRequest request) override {
    schema::ReadResponse response;
    const Type& implied = implied_type(request.type);
    Json planned = to_json(request.planned);
    Context context = make_context(request.type, planned);
    context.planned = planned;
    context.config = planned;
    context.state = planned;
    context.state["id"] = nullptr;
    context.token = request.intent_token;
    context.intent_time_s = request.intent_time_s;
    bool ok = true;
    if (context.type.recover != nullptr) ok = co_await context.type.recover(context);
    if (ok && context.state.is_object() && !context.state["id"].is_null()) ok = co_await read_object(context);
    response.diagnostics = std::move(context.diagnostics);
    bool found = ok && context.state.is_object() && !context.state["id"].is_null();
    response.new_state = found ? from_json(context.state, implied) : Value::null(implied);
    co_return response;
  }

 private:
  static const Type& implied_type(const std::string& type) {
    return tables().schema.resources.find(type)->second.implied_type;
  }

  std::string region_of(const Json& attributes) const {
    if (attributes.is_object() && attributes.contains("region") && attributes["region"].is_string())
      return attributes["region"].get<std::string>();
    return backend_ ? backend_->region() : std::string();
  }

  Context make_context(const std::string& name, const Json& attributes) {
    const TypeInfo& info = tables().types.find(name)->second;
    return Context{*backend_, *info.type, info.rows, region_of(attributes), nullptr, nullptr, nullptr, nullptr,
                   "",        0,          {}};
  }

  static void check_choices(const std::vector<Row>& rows, const Json& json, const std::string& place,
                            Diagnostics& diagnostics) {
    if (!json.is_object()) return;
    for (const Row& row : rows) {
      auto found = json.find(row.name);
      if (found == json.end() || found->is_null()) continue;
      if (row.is_block) {
        for (const Json& each : found->is_array() ? *found : Json::array({*found}))
          check_choices(row.rows, each, place + row.name + ".", diagnostics);
        continue;
      }
      if (row.one_of.empty() || !found->is_string()) continue;
      std::string value = found->get<std::string>();
      if (std::find(row.one_of.begin(), row.one_of.end(), value) != row.one_of.end()) continue;
      std::string choices;
      for (const std::string& choice : row.one_of)
        choices += fmt::format("{}\"{}\"", choices.empty() ? "" : " ", choice);
      diagnostics.error(fmt::format("expected {}{} to be one of [{}], got {}", place, row.name, choices, value), "");
    }
  }

  // --- planning

  Value plan(const schema::PlanRequest& request, std::vector<lang::Path>& requires_replace) {
    const TypeInfo& info = tables().types.find(request.type)->second;
    const schema::TypeSchema& schema = tables().schema.resources.find(request.type)->second;
    if (request.proposed.is_null()) return request.proposed;
    bool create = request.prior.is_null();
    Value planned = with_row_defaults(info.rows, request.config, request.proposed);
    if (info.type->regional && planned.find_attribute("region") != nullptr && planned.attribute("region").is_null()) {
      planned = planned.with_attribute("region", Value::string(backend_->region()));
    }
    if (info.type->tags != TagStyle::kNone && planned.find_attribute("tags_all") != nullptr)
      planned = planned.with_attribute("tags_all", all_tags(planned));
    if (create) {
      planned = schema::computed_unknown(schema.block, planned);
      run_plan_hook(info, request, planned, requires_replace);
      return planned;
    }
    for (const Row& row : info.rows) {
      if (row.policy) planned = keep_policy(row.name, request.prior, std::move(planned));
      if (!row.is_block) continue;
      if (!planned.attribute(row.name).identical(request.prior.attribute(row.name)))
        planned = planned.with_attribute(row.name, nested_unknown(schema.block, row.name, planned));
    }
    if (planned.identical(request.prior)) return request.prior;
    compare(info.rows, request.prior, planned, {}, requires_replace);
    run_plan_hook(info, request, planned, requires_replace);
    return planned;
  }

  // `value` with the tables' defaults where `config` says nothing.
  static Value with_row_defaults(const std::vector<Row>& rows, const Value& config, Value value) {
    for (const Row& row : rows) {
      if (!row.is_block && row.default_value && config.attribute(row.name).is_null())
        value = value.with_attribute(row.name, from_json(*row.default_value, value.attribute(row.name).type()));
      if (row.is_block && has_defaults(row.rows))
        value = value.with_attribute(row.name, with_block_defaults(row, value.attribute(row.name)));
    }
    return value;
  }

  static bool has_defaults(const std::vector<Row>& rows) {
    return std::any_of(rows.begin(), rows.end(), [](const Row& row) {
      return row.is_block ? has_defaults(row.rows) : row.default_value.has_value();
    });
  }

  // The defaults of the arguments inside a block's objects.
  static Value with_block_defaults(const Row& block, const Value& value) {
    if (!value.has_content()) return value;
    auto fill = [&](Value object) {
      if (!object.has_content()) return object;
      for (const Row& row : block.rows) {
        const Value& current = object.attribute(row.name);
        if (row.is_block && has_defaults(row.rows)) {
          object = object.with_attribute(row.name, with_block_defaults(row, current));
        } else if (!row.is_block && row.default_value && current.is_null()) {
          object = object.with_attribute(row.name, from_json(*row.default_value, current.type()));
        }
      }
      return object;
    };
    if (block.nesting == schema::Nesting::kSingle) return fill(value);
    std::vector<Value> elements;
    for (const Value& element : value.elements()) elements.push_back(fill(element));
    const Type& element_type = value.type().element();
    return block.nesting == schema::Nesting::kSet ? Value::set(element_type, std::move(elements))
                                                  : Value::list(element_type, std::move(elements));
  }

  static Value nested_unknown(const schema::Block& block, const std::string& name, const Value& planned) {
    // Only this block's computed attributes become unknown.
    schema::Block one;
    one.blocks.push_back(*block.find_block(name));
    std::vector<Value::Member> members;
    members.emplace_back(name, planned.attribute(name));
    return schema::computed_unknown(one, Value::object(std::move(members))).attribute(name);
  }

  Value all_tags(const Value& planned) const {
    const Value* tags = planned.find_attribute("tags");
    if (tags != nullptr && !tags->is_wholly_known()) return Value::unknown(Type::map(Type::string()));
    std::vector<Value::Member> members;
    if (backend_) {
      for (const auto& [key, value] : backend_->default_tags) members.emplace_back(key, Value::string(value));
    }
    if (tags != nullptr && tags->has_content()) {
      for (std::size_t i = 0; i < tags->length(); ++i) members.emplace_back(tags->keys()[i], tags->elements()[i]);
    }
    return Value::map(Type::string(), std::move(members));
  }

  // A policy that is written otherwise and means the same is no change.
  static Value keep_policy(const std::string& name, const Value& prior, Value planned) {
    const Value& before = prior.attribute(name);
    const Value& after = planned.attribute(name);
    if (!before.has_content() || !after.has_content() || !same_policy(before.as_string(), after.as_string()))
      return planned;
    return planned.with_attribute(name, before);
  }

  // The places of changes that replace the object.
  static void compare(const std::vector<Row>& rows, const Value& prior, const Value& planned, const lang::Path& place,
                      std::vector<lang::Path>& replaces) {
    for (const Row& row : rows) {
      const Value& before = prior.attribute(row.name);
      const Value& after = planned.attribute(row.name);
      if (before.identical(after)) continue;
      lang::Path path = place;
      path.push_back(lang::PathStep::attribute(row.name));
      if (!row.is_block || row.force_new) {
        if (row.force_new) replaces.push_back(path);
        continue;
      }
      if (row.nesting != schema::Nesting::kList || !before.has_content() || !after.has_content()) continue;
      for (std::size_t i = 0; i < std::min(before.length(), after.length()); ++i) {
        lang::Path element = path;
        element.push_back(lang::PathStep::index(Value::number(static_cast<int64_t>(i))));
        compare(row.rows, before.elements()[i], after.elements()[i], element, replaces);
      }
    }
  }

  static void run_plan_hook(const TypeInfo& info, const schema::PlanRequest& request, Value& planned,
                            std::vector<lang::Path>& requires_replace) {
    if (info.type->plan == nullptr) return;
    Json json = to_json(planned);
    Json before = json;
    std::vector<std::string> unknown, replace;
    for (const Row& row : info.rows) {
      if (!planned.attribute(row.name).is_known()) unknown.push_back(row.name);
    }
    info.type->plan(to_json(request.config), to_json(request.prior), json, unknown, replace);
    for (const auto& [name, value] : json.items()) {
      if (value != before[name])
        planned = planned.with_attribute(name, from_json(value, planned.attribute(name).type()));
    }
    for (const std::string& name : unknown) {
      if (request.config.attribute(name).is_null())
        planned = planned.with_attribute(name, Value::unknown(planned.attribute(name).type()));
    }
    for (const std::string& name : replace) requires_replace.push_back({lang::PathStep::attribute(name)});
  }

  // --- doing

  Task<bool> read_object(Context& context) {
    Json before = context.state;
    bool ok = co_await context.type.read(context);
    // AWS writes policies in its own way: the text stays while it means the same.
    for (const Row& row : context.rows) {
      if (!ok || !row.policy || !context.state.is_object() || !context.state[row.name].is_string()) continue;
      const Json known = before.is_object() ? before.value(row.name, Json()) : Json();
      if (known.is_string() && same_policy(known.get<std::string>(), context.state[row.name].get<std::string>()))
        context.state[row.name] = known;
    }
    // States of older providers have no region; another one than the provider's would be named.
    if (ok && context.type.regional && context.state.is_object() && context.state["region"].is_null()) {
      context.state["region"] = context.region;
    }
    if (ok && context.state.is_object() && context.type.tags != TagStyle::kNone) split_tags(*backend_, context);
    co_return ok;
  }

  Task<bool> create(Context& context) {
    context.state = context.planned;
    context.state["id"] = nullptr;
    bool ok = co_await context.type.create(context);
    if (!ok) co_return false;
    // What was just made may not be visible everywhere yet.
    for (int attempt = 0; attempt < 12; ++attempt) {
      Json made = context.state;
      bool read = co_await read_object(context);
      if (!read) {
        context.state = std::move(made);
        co_return false;
      }
      if (!context.state.is_null()) co_return true;
      context.state = std::move(made);
      Duration pause = std::chrono::milliseconds(250 << std::min(attempt, 5));
      co_await backend_->loop().sleep(pause);
    }
    co_return context.fail("reading", "it was created, but the API does not show it");
  }

  Task<bool> update(Context& context) {
    context.state = context.planned;
    for (const auto& [name, value] : context.prior.items()) {
      if (context.state[name].is_null() && !value.is_null() && is_computed(context.type.name, name))
        context.state[name] = value;
    }
    bool ok = true;
    if (context.type.update != nullptr) ok = co_await context.type.update(context);
    if (ok && context.type.tags == TagStyle::kEc2 && context.changed("tags_all"))
      ok = co_await update_ec2_tags(context);
    if (!ok) {
      // What of it was changed the next plan finds out by reading.
      context.state = context.prior;
      co_return false;
    }
    Json done = context.state;
    bool read = co_await read_object(context);
    if (!read || context.state.is_null()) context.state = std::move(done);
    co_return read;
  }

  static bool is_computed(const std::string& type, const std::string& name) {
    const schema::Attribute* attribute = tables().schema.resources.find(type)->second.block.find_attribute(name);
    return attribute != nullptr && attribute->computed;
  }

  ProviderPool& pool_;
  std::string working_directory_;
  std::shared_ptr<Backend> backend_;
};

std::vector<std::string> strings_of(const Json& list) {
  std::vector<std::string> strings;
  if (!list.is_array()) return strings;
  for (const Json& each : list) {
    if (each.is_string()) strings.push_back(each.get<std::string>());
  }
  return strings;
}

std::optional<bool> flag_of(const Json& config, const char* name) {
  auto found = config.find(name);
  return found == config.end() || !found->is_boolean() ? std::nullopt : std::optional<bool>(found->get<bool>());
}

SessionSettings session_settings(const Json& config) {
  SessionSettings settings;
  auto text = [&](const char* name) {
    return config.contains(name) && config[name].is_string() ? config[name].get<std::string>() : std::string();
  };
  settings.config.region = text("region");
  settings.config.profile = text("profile");
  settings.config.files.config_files = strings_of(config.value("shared_config_files", Json()));
  settings.config.files.credentials_files = strings_of(config.value("shared_credentials_files", Json()));
  settings.config.use_fips = flag_of(config, "use_fips_endpoint");
  settings.config.use_dual_stack = flag_of(config, "use_dualstack_endpoint");
  settings.config.s3_use_path_style = flag_of(config, "s3_use_path_style");
  if (config.contains("max_retries") && config["max_retries"].is_number())
    settings.config.max_retries = config["max_retries"].get<int>();
  for (const Json& block : config.value("endpoints", Json::array())) {
    for (const auto& [name, url] : block.items()) {
      if (url.is_string() && !url.get_ref<const std::string&>().empty())
        settings.config.endpoints[name] = url.get<std::string>();
    }
  }
  settings.access_key = text("access_key");
  settings.secret_key = text("secret_key");
  settings.token = text("token");
  settings.metadata_endpoint = text("ec2_metadata_service_endpoint");
  settings.skip_metadata_api = text("skip_metadata_api_check") == "true";
  for (const Json& block : config.value("assume_role", Json::array())) {
    AssumeRole role;
    role.role_arn = block["role_arn"].is_string() ? block["role_arn"].get<std::string>() : "";
    role.session_name = block["session_name"].is_string() ? block["session_name"].get<std::string>() : "";
    role.external_id = block["external_id"].is_string() ? block["external_id"].get<std::string>() : "";
    if (!role.role_arn.empty()) settings.assume_roles.push_back(std::move(role));
  }
  return settings;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void take_tags(const Json& config, Backend& backend) {
  for (const Json& block : config.value("default_tags", Json::array())) {
    if (!block["tags"].is_object()) continue;
    for (const auto& [name, value] : block["tags"].items()) {
      backend.default_tags[name] = value.is_string() ? value.get<std::string>() : "";
    }
  }
  for (const Json& block : config.value("ignore_tags", Json::array())) {
    for (const std::string& name : strings_of(block.value("keys", Json()))) backend.ignored_tags.insert(name);
    for (const std::string& prefix : strings_of(block.value("key_prefixes", Json()))) {
      backend.ignored_tag_prefixes.push_back(prefix);
    }
  }
}

void check_account(const Json& config, const std::string& account, Diagnostics& diagnostics) {
  std::vector<std::string> allowed = strings_of(config.value("allowed_account_ids", Json()));
  std::vector<std::string> forbidden = strings_of(config.value("forbidden_account_ids", Json()));
  bool is_allowed = allowed.empty() || std::find(allowed.begin(), allowed.end(), account) != allowed.end();
  bool is_forbidden = std::find(forbidden.begin(), forbidden.end(), account) != forbidden.end();
  if (is_allowed && !is_forbidden) return;
  diagnostics.error(
      "AWS account ID not allowed",
      fmt::format("The credentials belong to the account {}, but {}. Nothing was changed. Use credentials of the right "
                  "account, or change {} in the provider block or cluster.tfvars.",
                  account,
                  is_forbidden ? "forbidden_account_ids names it" : "allowed_account_ids has only " + listed(allowed),
                  is_forbidden ? "forbidden_account_ids" : "allowed_account_ids"));
}

}  // namespace

Task<ApiResult> Context::call(std::string service, std::string operation, Json params) {
  CallOptions options;
  options.region = region;
  ApiResult result =
      co_await backend.client().call(std::move(service), std::move(operation), std::move(params), options);
  co_return result;
}

Task<Result<Json, ApiError>> Context::describe(const Kind& kind, std::string id) {
  Result<Json, ApiError> result = co_await backend.batches().load(kind, region, std::move(id));
  co_return result;
}

std::string Backend::generated_name(const std::string& prefix, const std::string& token) {
  std::string digits;
  for (char c : token) {
    if (c != '-' && digits.size() < 26) digits += c;
  }
  return prefix + digits;
}

Task<Checked<std::shared_ptr<Backend>>> ProviderPool::open(Json config) {
  Json way = config;
  for (const char* apart : {"default_tags", "ignore_tags", "allowed_account_ids", "forbidden_account_ids"})
    way.erase(apart);
  std::string key = way.dump();
  std::shared_ptr<Entry>& slot = entries_[key];
  if (!slot) {
    slot = std::make_shared<Entry>(effects_.loop);
    effects_.loop.spawn(connect(std::move(way), slot));
  }
  std::shared_ptr<Entry> entry = slot;
  co_await entry->done;
  Checked<std::shared_ptr<Backend>> result;
  result.diagnostics = entry->result.diagnostics;
  if (result.diagnostics.has_errors()) co_return result;
  check_account(config, entry->result.value->account_id, result.diagnostics);
  if (result.diagnostics.has_errors()) co_return result;
  result.value = std::make_shared<Backend>(entry->result.value, effects_.random, effects_.files);
  take_tags(config, *result.value);
  co_return result;
}

Task<void> ProviderPool::connect(Json config, std::shared_ptr<Entry> entry) {
  SessionSettings settings = session_settings(config);
  Result<std::unique_ptr<Session>, std::string> session =
      co_await Session::open(effects_, std::move(settings), environment_);
  Diagnostics& diagnostics = entry->result.diagnostics;
  if (!session) {
    diagnostics.error("Invalid provider configuration", session.error());
  } else if ((*session)->region().empty()) {
    diagnostics.error("Invalid AWS Region",
                      "No region is set. Set the argument \"region\" of the provider block, AWS_REGION, or the region "
                      "of the profile.");
  } else {
    auto connection = std::make_shared<Connection>(std::move(session).value());
    bool skip = flag_of(config, "skip_credentials_validation").value_or(false) &&
                flag_of(config, "skip_requesting_account_id").value_or(false);
    if (!skip) {
      Json nothing = Json::object();
      ApiResult identity = co_await connection->session->client().call("sts", "GetCallerIdentity", nothing);
      if (identity) {
        connection->caller_identity = *identity;
        connection->account_id = identity->value("Account", std::string());
      } else {
        diagnostics.error(identity.error().kind == ApiError::Kind::kCredentials
                              ? "No valid credential sources found"
                              : "Retrieving AWS account details: validating provider credentials",
                          identity.error().describe());
      }
    }
    if (!diagnostics.has_errors()) entry->result.value = std::move(connection);
  }
  entry->done.set();
}

std::unique_ptr<schema::Provider> make_aws_provider(ProviderPool& pool, std::string working_directory) {
  return std::make_unique<AwsProvider>(pool, std::move(working_directory));
}

}  // namespace terrace::aws
