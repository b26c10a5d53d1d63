#include "providers/table_provider.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/value_json.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

schema::Block block_of(const std::vector<Field>& fields, const std::vector<schema::NestedBlock>& blocks) {
  schema::Block block;
  for (const Field& field : fields) {
    schema::Attribute made;
    made.name = field.name;
    made.type = field.type;
    made.required = field.mode == Mode::kRequired;
    made.optional = field.mode == Mode::kOptional || field.mode == Mode::kOptionalComputed;
    made.computed = field.mode == Mode::kComputed || field.mode == Mode::kOptionalComputed;
    made.sensitive = field.sensitive;
    made.deprecated = field.deprecated;
    block.attributes.push_back(std::move(made));
  }
  block.blocks = blocks;
  auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(block.attributes.begin(), block.attributes.end(), by_name);
  std::sort(block.blocks.begin(), block.blocks.end(), by_name);
  return block;
}

// Maps that differ only in keys whose value is null are the same to Terraform's providers.
bool same_but_nulls(const Value& a, const Value& b) {
  if (a.identical(b)) return true;
  if (a.type().kind() != lang::TypeKind::kMap || !a.is_known() || !b.is_known()) return false;
  auto content = [](const Value& map) {
    std::vector<Value::Member> kept;
    for (size_t i = 0; map.has_content() && i < map.length(); ++i) {
      if (!map.elements()[i].is_null()) kept.emplace_back(map.keys()[i], map.elements()[i]);
    }
    return Value::map(map.type().element(), std::move(kept));
  };
  return content(a).identical(content(b));
}

class TableProvider final : public schema::Provider {
 public:
  explicit TableProvider(Tables tables) : tables_(std::move(tables)) {
    schema_.provider = tables_.provider;
    for (const auto& [name, type] : tables_.resources) {
      schema_.resources.emplace(name, schema::TypeSchema(type.version, block_of(type.fields, type.blocks)));
    }
    for (const auto& [name, type] : tables_.data_sources) {
      schema_.data_sources.emplace(name, schema::TypeSchema(0, block_of(type.fields, type.blocks)));
    }
  }

  const schema::ProviderSchema& schema() const override { return schema_; }
  Diagnostics validate_provider(const Value&) override { return {}; }

  Diagnostics validate_resource(std::string_view type, const Value& config) override {
    Diagnostics diagnostics;
    const TableType& table = resource(type);
    if (table.validate) table.validate(config, diagnostics);
    return diagnostics;
  }

  Diagnostics validate_data(std::string_view type, const Value& config) override {
    Diagnostics diagnostics;
    const TableData& table = tables_.data_sources.at(std::string(type));
    if (table.validate) table.validate(config, diagnostics);
    return diagnostics;
  }

  Task<Diagnostics> configure(Value) override { co_return Diagnostics{}; }

  Checked<Value> upgrade_state(std::string_view type, int64_t version, const std::string& raw_json) override {
    const TableType& table = resource(type);
    const schema::TypeSchema& today = schema_.resources.find(type)->second;
    if (version > table.version) {
      return refusal("Unsupported state version",
                     fmt::format("The state has a {} of schema version {}, and this release knows version {}. A newer "
                                 "provider wrote it.",
                                 type, version, table.version));
    }
    Result<Value, std::string> old = state::decode_value(raw_json, today.implied_type);
    if (!old.ok()) return refusal("Unsupported state version", fmt::format("A stored {}: {}.", type, old.error()));
    return {table.upgrade ? table.upgrade(*old) : *old, {}};
  }

  Task<schema::ReadResponse> read_resource(schema::ReadRequest request) override {
    schema::ReadResponse response;
    response.private_data = request.private_data;
    response.new_state = request.current;
    const TableType& table = resource(request.type);
    if (table.read && !request.current.is_null()) {
      Checked<Value> read = table.read(request.current);
      response.new_state = read.value.is_null() ? Value::null(request.current.type()) : std::move(read.value);
      response.diagnostics = std::move(read.diagnostics);
    }
    co_return response;
  }

  Task<schema::PlanResponse> plan_resource(schema::PlanRequest request) override {
    schema::PlanResponse response;
    response.private_data = request.private_data;
    response.planned = request.proposed;
    if (request.proposed.is_null()) co_return response;
    const TableType& table = resource(request.type);
    bool create = request.prior.is_null();
    for (const Field& field : table.fields) {
      const char* name = field.name.c_str();
      if (!field.fallback.is_null() && request.config.attribute(name).is_null()) {
        response.planned = response.planned.with_attribute(name, field.fallback);
      } else if (create && response.planned.attribute(name).is_null() &&
                 (field.mode == Mode::kComputed || field.mode == Mode::kOptionalComputed)) {
        lang::Refinement refinement;
        refinement.not_null = field.name == "id";
        response.planned = response.planned.with_attribute(name, Value::unknown(field.type, refinement));
      }
      if (!create && field.replace &&
          !same_but_nulls(request.prior.attribute(name), response.planned.attribute(name))) {
        response.requires_replace.push_back({lang::PathStep::attribute(name)});
      }
    }
    for (const schema::NestedBlock& block : table.blocks) {
      const char* name = block.name.c_str();
      if (!create && table.replace_on_blocks &&
          !request.prior.attribute(name).identical(response.planned.attribute(name))) {
        response.requires_replace.push_back({lang::PathStep::attribute(name)});
      }
    }
    if (table.plan) table.plan(request, response);
    co_return response;
  }

  Task<schema::ApplyResponse> apply_resource(schema::ApplyRequest request) override {
    schema::ApplyResponse response;
    response.private_data = request.private_data;
    response.new_state = request.planned;
    const TableType& table = resource(request.type);
    if (request.planned.is_null()) {
      if (table.destroy) response.diagnostics = co_await table.destroy(request.prior);
      if (response.diagnostics.has_errors()) response.new_state = request.prior;
    } else if (request.prior.is_null()) {
      Checked<Value> made = co_await table.create(request.planned);
      response.diagnostics = std::move(made.diagnostics);
      response.new_state = made.value.is_null() ? Value::null(request.planned.type()) : std::move(made.value);
    } else if (table.update) {
      Checked<Value> made = co_await table.update(request.prior, request.planned);
      response.diagnostics = std::move(made.diagnostics);
      response.new_state = made.value.is_null() ? request.prior : std::move(made.value);
    }
    co_return response;
  }

  Task<schema::ImportResponse> import_resource(std::string type, std::string id) override {
    schema::ImportResponse response;
    const TableType& table = resource(type);
    if (!table.import) {
      response.diagnostics.error("Resource Import Not Implemented",
                                 fmt::format("Objects of the type {} can't be imported: they are nothing but what the "
                                             "state says. Create a new one.",
                                             type));
      co_return response;
    }
    Checked<Value> imported = table.import(id, schema::empty_value(schema_.resources.find(type)->second.block));
    response.diagnostics = std::move(imported.diagnostics);
    if (!response.diagnostics.has_errors()) response.objects.push_back({type, std::move(imported.value), ""});
    co_return response;
  }

  Task<schema::DataResponse> read_data(schema::DataRequest request) override {
    schema::DataResponse response;
    const TableData& table = tables_.data_sources.at(request.type);
    Checked<Value> read = co_await table.read(request.config);
    response.state = std::move(read.value);
    response.diagnostics = std::move(read.diagnostics);
    co_return response;
  }

  bool needs_intent(std::string_view) const override { return false; }
  Task<schema::ReadResponse> recover_create(schema::RecoverRequest request) override {
    schema::ReadResponse response;
    response.new_state = Value::null(request.planned.type());
    co_return response;
  }

 private:
  const TableType& resource(std::string_view type) const { return tables_.resources.at(std::string(type)); }

  Tables tables_;
  schema::ProviderSchema schema_;
};

}  // namespace

std::unique_ptr<schema::Provider> make_table_provider(Tables tables) {
  return std::make_unique<TableProvider>(std::move(tables));
}

Value with(Value object, std::vector<Value::Member> attributes) {
  for (Value::Member& attribute : attributes) {
    object = object.with_attribute(attribute.first, std::move(attribute.second));
  }
  return object;
}

std::string text_of(const Value& object, const char* attribute) {
  const Value& value = object.attribute(attribute);
  return value.has_content() ? value.as_string() : std::string();
}

int64_t number_of(const Value& object, const char* attribute, int64_t otherwise) {
  const Value& value = object.attribute(attribute);
  return value.has_content() ? value.as_number().to_int64().value_or(otherwise) : otherwise;
}

bool truth_of(const Value& object, const char* attribute) {
  const Value& value = object.attribute(attribute);
  return value.has_content() && value.as_bool();
}

Task<Checked<Value>> done(Checked<Value> result) {
  co_return result;
}

Checked<Value> refusal(std::string summary, std::string detail) {
  Checked<Value> result;
  result.diagnostics.error(std::move(summary), std::move(detail));
  return result;
}

void at_least(const Value& config, const char* attribute, int64_t least, Diagnostics& diagnostics) {
  const Value& value = config.attribute(attribute);
  if (!value.has_content()) return;
  std::optional<int64_t> number = value.as_number().to_int64();
  if (number && *number >= least) return;
  diagnostics.error("Invalid Attribute Value", fmt::format("Attribute {} value must be at least {}, got: {}", attribute,
                                                           least, value.as_number().text()));
}

}  // namespace terrace::providers
