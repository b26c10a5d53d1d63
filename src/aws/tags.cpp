#include "aws/tags.h"

namespace terrace::aws {

Json tag_list(const Json& tags) {
  Json list = Json::array();
  if (!tags.is_object()) return list;
  for (const auto& [key, value] : tags.items()) {
    Json tag = Json::object();
    tag["Key"] = key;
    tag["Value"] = value.is_string() ? value : Json("");
    list.push_back(std::move(tag));
  }
  return list;
}

Json tag_map(const Json& list) {
  Json map = Json::object();
  if (!list.is_array()) return map;
  for (const Json& tag : list) {
    if (tag.contains("Key")) map[tag["Key"].get<std::string>()] = tag.value("Value", std::string());
  }
  return map;
}

Json tag_specifications(const Context& context, const char* resource_type, bool intent) {
  Json tags = tag_list(context.planned.value("tags_all", Json()));
  if (intent && !context.token.empty()) {
    Json own = Json::object();
    own["Key"] = kIntentTag;
    own["Value"] = context.token;
    tags.push_back(std::move(own));
  }
  Json specifications = Json::array();
  if (tags.empty()) return specifications;
  Json one = Json::object();
  one["ResourceType"] = resource_type;
  one["Tags"] = std::move(tags);
  specifications.push_back(std::move(one));
  return specifications;
}

bool has_planned_tags(const Context& context, const Json& tags) {
  const Json planned = context.planned.is_object() ? context.planned.value("tags_all", Json()) : Json();
  if (!planned.is_object()) return true;
  Json found = tag_map(tags);
  for (const auto& [key, value] : planned.items()) {
    if (!found.contains(key) || found[key] != value) return false;
  }
  return true;
}

void split_tags(const Backend& backend, Context& context) {
  Json all = Json::object();
  Json own = Json::object();
  const Json given = context.state.contains("tags") ? context.state["tags"] : Json(nullptr);
  const Json found = context.state.contains("tags_all") ? context.state["tags_all"] : Json(nullptr);
  if (found.is_object()) {
    for (const auto& [key, value] : found.items()) {
      bool ignored = key.starts_with("aws:") || key.starts_with(kOwnTags) || backend.ignored_tags.contains(key);
      for (const std::string& prefix : backend.ignored_tag_prefixes) ignored = ignored || key.starts_with(prefix);
      if (ignored) continue;
      all[key] = value;
      auto fallback = backend.default_tags.find(key);
      bool repeated = given.is_object() && given.contains(key);
      if (fallback == backend.default_tags.end() || value != Json(fallback->second) || repeated) own[key] = value;
    }
  }
  context.state["tags_all"] = all;
  context.state["tags"] = own.empty() && !given.is_object() ? Json(nullptr) : own;
}

TagChanges tag_changes(const Context& context) {
  TagChanges changes;
  const Json before = context.prior.is_object() ? context.prior.value("tags_all", Json()) : Json();
  const Json after = context.planned.is_object() ? context.planned.value("tags_all", Json()) : Json();
  if (after.is_object()) {
    for (const auto& [key, value] : after.items()) {
      if (!before.is_object() || !before.contains(key) || before[key] != value) changes.set[key] = value;
    }
  }
  if (before.is_object()) {
    for (const auto& [key, value] : before.items()) {
      if (!after.is_object() || !after.contains(key)) changes.remove.push_back(key);
    }
  }
  return changes;
}

Task<bool> update_ec2_tags(Context& context) {
  TagChanges changes = tag_changes(context);
  std::string id = context.text("id");
  if (context.planned.contains("key_pair_id") && context.state["key_pair_id"].is_string())
    id = context.state["key_pair_id"].get<std::string>();
  Json resources = Json::array();
  resources.push_back(id);
  if (!changes.remove.empty()) {
    Json tags = Json::array();
    for (const std::string& name : changes.remove) {
      Json tag = Json::object();
      tag["Key"] = name;
      tags.push_back(std::move(tag));
    }
    Json params = Json::object();
    params["Resources"] = resources;
    params["Tags"] = std::move(tags);
    ApiResult done = co_await context.call("ec2", "DeleteTags", params);
    if (!done) co_return context.fail(done.error(), "updating tags of");
  }
  if (!changes.set.empty()) {
    Json params = Json::object();
    params["Resources"] = resources;
    params["Tags"] = tag_list(changes.set);
    ApiResult done = co_await context.call("ec2", "CreateTags", params);
    if (!done) co_return context.fail(done.error(), "updating tags of");
  }
  co_return true;
}

Task<Result<Json, ApiError>> find_by_intent(Context& context, const char* operation, const char* result,
                                            const char* id) {
  Json filter = Json::object();
  filter["Name"] = std::string("tag:") + kIntentTag;
  filter["Values"] = Json::array();
  filter["Values"].push_back(context.token);
  Json params = Json::object();
  params["Filters"] = Json::array();
  params["Filters"].push_back(filter);
  ApiResult answer = co_await context.call("ec2", operation, params);
  if (!answer) co_return Failure<ApiError>{answer.error()};
  Json found = nullptr;
  if (answer->contains(result) && !(*answer)[result].empty()) found = (*answer)[result][0].value(id, Json());
  co_return found;
}

}  // namespace terrace::aws
