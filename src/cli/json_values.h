// Values in the shapes of Terraform's JSON formats for states and plans: what is known, what is not, what is sensitive
// (https://developer.hashicorp.com/terraform/internals/json-format). state_json and plan_json include it.
#pragma once

#include <nlohmann/json.hpp>

#include "lang/value.h"
#include "state/state.h"

namespace terrace::cli {

using OrderedJson = nlohmann::ordered_json;

// The known parts: unknown ones are left out of objects and maps, and null in lists.
OrderedJson known_json(const lang::Value& value);
// True for what is sensitive, in the value's shape; object members with nothing sensitive in them are left out.
OrderedJson sensitive_json(const lang::Value& value);
// True for what is unknown, in the value's shape; false for a value that is wholly known where it has no shape.
OrderedJson unknown_json(const lang::Value& value);
bool wholly_known(const lang::Value& value);

// Null for the key of an instance without one.
OrderedJson key_json(const state::InstanceKey& key);

// A tree of modules from a list of resources: puts each resource's JSON where its module instance is.
class ModuleTree {
 public:
  void add(const std::string& module, OrderedJson resource);
  // {"resources": [...], "child_modules": [...]}
  OrderedJson json() const;

 private:
  OrderedJson module_json(const std::string& module) const;
  std::map<std::string, OrderedJson> resources_;
};

}  // namespace terrace::cli
