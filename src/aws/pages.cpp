#include "aws/pages.h"

#include <nlohmann/json.hpp>

#include "aws/encoding.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::json;

// The value at a dotted path; `[-1]` after a name takes a list's last element. Null where there is none.
const Json* at_path(const Json& json, std::string_view path) {
  const Json* at = &json;
  while (!path.empty()) {
    std::size_t dot = path.find('.');
    std::string_view name = path.substr(0, dot);
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    constexpr std::string_view kLast = "[-1]";
    bool last = name.ends_with(kLast);
    if (last) name.remove_suffix(kLast.size());
    if (!at->is_object()) return nullptr;
    auto found = at->find(name);
    if (found == at->end()) return nullptr;
    at = &*found;
    if (last) {
      if (!at->is_array() || at->empty()) return nullptr;
      at = &at->back();
    }
  }
  return at;
}

bool is_nothing(const Json* value) {
  return value == nullptr || value->is_null() || (value->is_string() && value->get_ref<const std::string&>().empty()) ||
         (value->is_boolean() && !value->get<bool>());
}

// The first of the alternatives `a || b` that is there.
const Json* evaluate(const Json& json, std::string_view expression) {
  constexpr std::string_view kOr = "||";
  while (true) {
    std::size_t end = expression.find(kOr);
    const Json* value = at_path(json, trim(expression.substr(0, end)));
    if (!is_nothing(value)) return value;
    if (end == std::string_view::npos) return nullptr;
    expression.remove_prefix(end + kOr.size());
  }
}

Json& make_path(Json& json, std::string_view path) {
  Json* at = &json;
  while (!path.empty()) {
    std::size_t dot = path.find('.');
    at = &(*at)[std::string(path.substr(0, dot))];
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return *at;
}

}  // namespace

bool next_page(const Paginator& paginator, const Json& page, Json& params) {
  if (!paginator.more_results.empty() && is_nothing(evaluate(page, paginator.more_results))) return false;
  bool any = false;
  bool changed = false;
  for (std::size_t i = 0; i < paginator.input_tokens.size() && i < paginator.output_tokens.size(); ++i) {
    const Json* token = evaluate(page, paginator.output_tokens[i]);
    const std::string& name = paginator.input_tokens[i];
    if (token == nullptr) {
      params.erase(name);
      continue;
    }
    any = true;
    auto before = params.find(name);
    changed = changed || before == params.end() || *before != *token;
    params[name] = *token;
  }
  // The same tokens again would give the same page for ever.
  return any && changed;
}

void append_page(const Paginator& paginator, Json page, Json& all) {
  for (const std::string& key : paginator.result_keys) {
    const Json* more = at_path(page, key);
    if (more == nullptr || more->is_null()) continue;
    Json& place = make_path(all, key);
    if (place.is_null()) {
      place = *more;
    } else if (place.is_array() && more->is_array()) {
      for (const Json& item : *more) place.push_back(item);
    } else if (place.is_number_integer() && more->is_number_integer()) {
      place = place.get<int64_t>() + more->get<int64_t>();
    } else if (place.is_string() && more->is_string()) {
      place = place.get<std::string>() + more->get<std::string>();
    }
  }
}

void drop_tokens(const Paginator& paginator, Json& all) {
  for (const std::string& token : paginator.output_tokens) {
    if (token.find_first_of(".|[") == std::string::npos) all.erase(token);
  }
  if (!paginator.more_results.empty()) all.erase(paginator.more_results);
}

}  // namespace terrace::aws
