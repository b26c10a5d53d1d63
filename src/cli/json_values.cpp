#include "cli/json_values.h"

#include <set>

#include "lang/json.h"

namespace terrace::cli {

namespace {

bool is_mapping(const lang::Type& type) {
  return type.is_object() || type.kind() == lang::TypeKind::kMap;
}

const std::string& member_name(const lang::Value& value, std::size_t index) {
  return value.type().is_object() ? value.type().attributes()[index].name : value.keys()[index];
}

// The address of the module around `module` that lies in `parent`: one more step.
std::string child_of(const std::string& module, const std::string& parent) {
  std::size_t from = parent.empty() ? 0 : parent.size() + 1;
  bool quoted = false;
  for (std::size_t at = from + 7; at < module.size(); ++at) {
    if (module[at] == '"' && module[at - 1] != '\\') quoted = !quoted;
    if (!quoted && module.compare(at, 8, ".module.") == 0) return module.substr(0, at);
  }
  return module;
}

}  // namespace

OrderedJson known_json(const lang::Value& value) {
  if (!value.has_content()) return nullptr;
  if (value.type().is_primitive()) return OrderedJson::parse(lang::encode_json(value));
  if (is_mapping(value.type())) {
    OrderedJson json = OrderedJson::object();
    for (std::size_t i = 0; i < value.length(); ++i) {
      if (value.elements()[i].is_known()) json[member_name(value, i)] = known_json(value.elements()[i]);
    }
    return json;
  }
  OrderedJson json = OrderedJson::array();
  for (const lang::Value& element : value.elements()) json.push_back(known_json(element));
  return json;
}

OrderedJson sensitive_json(const lang::Value& value) {
  if (value.has(lang::Marks::kSensitive)) return true;
  const lang::Type& type = value.type();
  if (value.is_null() || type.is_primitive() || type.is_dynamic()) return false;
  if (is_mapping(type)) {
    OrderedJson json = OrderedJson::object();
    for (std::size_t i = 0; value.is_known() && i < value.length(); ++i) {
      OrderedJson inner = sensitive_json(value.elements()[i]);
      if (inner != OrderedJson(false)) json[member_name(value, i)] = std::move(inner);
    }
    return json;
  }
  OrderedJson json = OrderedJson::array();
  if (value.is_known()) {
    for (const lang::Value& element : value.elements()) json.push_back(sensitive_json(element));
  }
  return json;
}

OrderedJson unknown_json(const lang::Value& value) {
  if (!value.is_known()) return true;
  const lang::Type& type = value.type();
  if (value.is_null() || type.is_primitive()) return false;
  if (is_mapping(type)) {
    OrderedJson json = OrderedJson::object();
    for (std::size_t i = 0; i < value.length(); ++i) {
      OrderedJson inner = unknown_json(value.elements()[i]);
      if (inner != OrderedJson(false)) json[member_name(value, i)] = std::move(inner);
    }
    return json;
  }
  OrderedJson json = OrderedJson::array();
  for (const lang::Value& element : value.elements()) json.push_back(unknown_json(element));
  return json;
}

bool wholly_known(const lang::Value& value) {
  if (!value.is_known()) return false;
  if (!value.has_content() || value.type().is_primitive()) return true;
  for (const lang::Value& element : value.elements()) {
    if (!wholly_known(element)) return false;
  }
  return true;
}

OrderedJson key_json(const state::InstanceKey& key) {
  if (const auto* index = std::get_if<int64_t>(&key)) return *index;
  if (const auto* name = std::get_if<std::string>(&key)) return *name;
  return nullptr;
}

void ModuleTree::add(const std::string& module, OrderedJson resource) {
  resources_.try_emplace(module, OrderedJson::array()).first->second.push_back(std::move(resource));
}

OrderedJson ModuleTree::json() const {
  return module_json("");
}

OrderedJson ModuleTree::module_json(const std::string& module) const {
  OrderedJson json = OrderedJson::object();
  auto own = resources_.find(module);
  if (own != resources_.end()) json["resources"] = own->second;
  if (!module.empty()) json["address"] = module;
  std::set<std::string> children;
  for (const auto& [address, resources] : resources_) {
    if (module.empty() ? !address.empty() : address.starts_with(module + ".module.")) {
      children.insert(child_of(address, module));
    }
  }
  for (const std::string& child : children) json["child_modules"].push_back(module_json(child));
  return json;
}

}  // namespace terrace::cli
