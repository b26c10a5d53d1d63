// Attributes and tags of Elastic Load Balancing v2.
#include <algorithm>

#include "aws/types/lb.h"

namespace terrace::aws::types {

namespace {

constexpr Kind kTagsOf{"elbv2", "DescribeTags", "", "ResourceArns", "TagDescriptions", "ResourceArn", 20};
constexpr TagCalls kTags{"elbv2", "AddTags", "RemoveTags", "Tags", "TagKeys"};

const Row& row_of(const Context& context, const char* attribute) {
  return *std::find_if(context.rows.begin(), context.rows.end(), [&](const Row& row) { return row.name == attribute; });
}

std::string text_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? "" : value.dump();
}

bool is_nothing(const Json& value) {
  return value.is_null() || value == Json("") || value == Json(false) || value == Json(0);
}

// The key that an error says is not known or not possible here; empty where it says something else.
std::string refused_key(const std::string& message) {
  if (message.find("not recognized") == std::string::npos && message.find("not supported") == std::string::npos)
    return {};
  constexpr std::string_view kBefore = "attribute key '";
  std::size_t at = message.find(kBefore);
  if (at == std::string::npos) return {};
  at += kBefore.size();
  return message.substr(at, message.find('\'', at) - at);
}

}  // namespace

Json keyed_values(const Json& list) {
  Json values = Json::object();
  for (const Json& one : list) values[string_of(one, "Key")] = string_of(one, "Value");
  return values;
}

Json keyed_value(const char* key, const Json& value) {
  Json one = one_member("Key", key);
  one["Value"] = text_of(value);
  return one;
}

Json keyed_changes(const Context& context, std::span<const KeyedAttribute> attributes, unsigned kind) {
  Json list = Json::array();
  for (const KeyedAttribute& each : attributes) {
    if ((each.kinds & kind) == 0) continue;
    const Json& value = context.planned[each.attribute];
    if (context.prior.is_null()) {
      const std::optional<Json>& usual = row_of(context, each.attribute).default_value;
      if (value.is_null() || (usual ? value == *usual : is_nothing(value))) continue;
    } else if (!context.changed(each.attribute) || value.is_null()) {
      continue;
    }
    list.push_back(keyed_value(each.key, value));
  }
  return list;
}

void take_keyed(Context& context, std::span<const KeyedAttribute> attributes, unsigned kind, const Json& values) {
  for (const KeyedAttribute& each : attributes) {
    if ((each.kinds & kind) == 0 || !values.contains(each.key)) continue;
    std::string text = string_of(values, each.key);
    const Row& row = row_of(context, each.attribute);
    Json& value = context.state[each.attribute];
    if (row.type == "bool") {
      value = text == "true";
    } else if (row.type == "number") {
      value = std::strtoll(text.c_str(), nullptr, 10);
    } else {
      value = text;
    }
  }
}

Task<bool> put_keyed(Context& context, const char* operation, const char* arn_member, Json list) {
  while (!list.empty()) {
    Json params = one_member(arn_member, context.state["id"]);
    params["Attributes"] = list;
    ApiResult done = co_await context.call("elbv2", operation, std::move(params));
    if (done) co_return true;
    std::string refused = refused_key(done.error().message);
    Json rest = Json::array();
    for (const Json& one : list) {
      if (string_of(one, "Key") != refused) rest.push_back(one);
    }
    if (rest.size() == list.size()) co_return context.fail(done.error(), "setting attributes of");
    list = std::move(rest);
  }
  co_return true;
}

Task<bool> read_lb_tags(Context& context) {
  Result<Json, ApiError> tags = co_await context.describe(kTagsOf, context.text("id"));
  if (!tags) co_return context.fail(tags.error(), "reading tags of");
  context.state["tags_all"] = tags->is_null() ? Json::object() : tag_map(tags->value("Tags", Json::array()));
  co_return true;
}

Task<bool> update_lb_tags(Context& context) {
  Json object = one_member("ResourceArns", Json::array({context.state["id"]}));
  bool ok = co_await update_tags(context, kTags, std::move(object));
  co_return ok;
}

Task<Result<bool, ApiError>> has_lb_tags(Context& context, std::string arn) {
  Result<Json, ApiError> tags = co_await context.describe(kTagsOf, std::move(arn));
  if (!tags) co_return Failure<ApiError>{tags.error()};
  bool has = has_planned_tags(context, tags->is_null() ? Json::array() : tags->value("Tags", Json::array()));
  co_return has;
}

}  // namespace terrace::aws::types
