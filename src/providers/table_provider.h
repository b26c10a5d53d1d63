// TableProvider: a provider whose types are lists of fields and a few functions on values: what the small built-in
// providers have in common. Included by the providers random, null, time, local and tls.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/provider.h"

namespace terrace::providers {

enum class Mode : uint8_t { kRequired, kOptional, kComputed, kOptionalComputed };

// One attribute of a type and how it is planned.
struct Field {
  std::string name;
  lang::Type type;
  Mode mode = Mode::kOptional;
  bool replace = false;  // a change makes a new object
  bool sensitive = false;
  lang::Value fallback = lang::Value();  // what an argument that is left out is; the untyped null for none
  std::string deprecated = {};
};

// A resource type. Functions that are left empty do nothing: read keeps the state, update takes the plan over.
struct TableType {
  int64_t version = 0;
  std::vector<Field> fields;
  std::vector<schema::NestedBlock> blocks = {};
  bool replace_on_blocks = false;
  std::string import_summary = {};  // of the error for a type that can't be imported or an id that is no id

  // `config` may hold unknowns.
  std::function<void(const lang::Value& config, Diagnostics&)> validate = {};
  // Adds to the plan of an update; also reports requires_replace.
  std::function<void(const schema::PlanRequest&, schema::PlanResponse&)> plan = {};
  // The finished object of a plan whose computed attributes are unknown; null with an error.
  std::function<Task<Checked<lang::Value>>(lang::Value planned)> create = {};
  std::function<Task<Checked<lang::Value>>(lang::Value prior, lang::Value planned)> update = {};
  std::function<Task<Diagnostics>(lang::Value prior)> destroy = {};
  // Null for an object that is gone.
  std::function<Checked<lang::Value>(const lang::Value& current)> read = {};
  // `empty` is an object of the type with every attribute null.
  std::function<Checked<lang::Value>(const std::string& id, const lang::Value& empty)> import = {};
  // An object of an older schema version in today's attributes, null where the old one had none.
  std::function<lang::Value(lang::Value old)> upgrade = {};
};

struct TableData {
  std::vector<Field> fields;
  std::vector<schema::NestedBlock> blocks = {};
  std::function<void(const lang::Value& config, Diagnostics&)> validate = {};
  std::function<Task<Checked<lang::Value>>(lang::Value config)> read = {};
};

struct Tables {
  schema::Block provider;
  std::map<std::string, TableType> resources;
  std::map<std::string, TableData> data_sources;
};

std::unique_ptr<schema::Provider> make_table_provider(Tables tables);

// `object` with attributes replaced.
lang::Value with(lang::Value object, std::vector<lang::Value::Member> attributes);
// The text of a string attribute; empty for null and unknown.
std::string text_of(const lang::Value& object, const char* attribute);
// A whole number attribute, `otherwise` for null, unknown and what is no whole number.
int64_t number_of(const lang::Value& object, const char* attribute, int64_t otherwise = 0);
bool truth_of(const lang::Value& object, const char* attribute);
// A task that has its result.
Task<Checked<lang::Value>> done(Checked<lang::Value> result);
// An error without a value.
Checked<lang::Value> refusal(std::string summary, std::string detail);
// Reports when the whole number `attribute` is given and less than `least`, in the words of Terraform's providers.
void at_least(const lang::Value& config, const char* attribute, int64_t least, Diagnostics& diagnostics);

}  // namespace terrace::providers
