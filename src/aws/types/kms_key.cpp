// aws_kms_key
#include <fmt/format.h>

#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c
  bypass_policy_lockout_safety_check bool o default=false api=-
  custom_key_store_id string o new
  customer_master_key_spec string o default="SYMMETRIC_DEFAULT" new api=KeySpec
  deletion_window_in_days number o api=-
  description string oc
  enable_key_rotation bool o default=false api=-
  id string oc api=-
  is_enabled bool o default=true api=-
  key_id string c
  key_usage string o default="ENCRYPT_DECRYPT" new
  multi_region bool oc new
  policy string oc policy api=-
  region string oc new api=-
  rotation_period_in_days number oc api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  xks_key_id string o new
  block timeouts single api=- {
    create string o
  }
)";

constexpr TagCalls kTags{"kms", "TagResource", "UntagResource", "Tags", "TagKeys", false, false, "TagKey", "TagValue"};

// A policy may name principals that were just made.
constexpr const char* kNotYet = "MalformedPolicyDocumentException";
// A new key is not known everywhere yet.
constexpr const char* kNewKey = "NotFoundException";

Task<bool> call(Context& c, const char* operation, Json params, const char* retry, const char* what) {
  params["KeyId"] = c.state["id"];
  ApiResult done = co_await call_while(c, "kms", operation, std::move(params), retry, std::chrono::minutes(2));
  if (!done) co_return c.fail(done.error(), what);
  co_return true;
}

Task<bool> put_rotation(Context& c) {
  bool on = bool_of(c.planned, "enable_key_rotation");
  Json params = Json::object();
  const Json& period = c.planned["rotation_period_in_days"];
  if (on && period.is_number() && period != Json(0)) params["RotationPeriodInDays"] = period;
  bool ok = co_await call(c, on ? "EnableKeyRotation" : "DisableKeyRotation", std::move(params), kNewKey,
                          "setting the rotation of");
  co_return ok;
}

Task<bool> put_enabled(Context& c) {
  Json params = Json::object();
  bool on = bool_of(c.planned, "is_enabled");
  bool ok =
      co_await call(c, on ? "EnableKey" : "DisableKey", std::move(params), kNewKey, on ? "enabling" : "disabling");
  co_return ok;
}

Task<bool> create(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "kms", "CreateKey"));
  if (!string_of(c.planned, "policy").empty()) params["Policy"] = c.planned["policy"];
  if (bool_of(c.planned, "bypass_policy_lockout_safety_check")) params["BypassPolicyLockoutSafetyCheck"] = true;
  if (!string_of(c.planned, "custom_key_store_id").empty())
    params["Origin"] = string_of(c.planned, "xks_key_id").empty() ? "AWS_CLOUDHSM" : "EXTERNAL_KEY_STORE";
  Json tags = named_tags(c.planned["tags_all"], "TagKey", "TagValue");
  // CreateKey takes no token: an interrupted one is found again by this tag.
  Json own = one_member("TagKey", kIntentTag);
  own["TagValue"] = c.token;
  if (!c.token.empty()) tags.push_back(std::move(own));
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await call_while(c, "kms", "CreateKey", std::move(params), kNotYet,
                                       timeout_of(c, "create", std::chrono::minutes(2)));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["KeyMetadata"]["KeyId"];
  bool ok = true;
  if (bool_of(c.planned, "enable_key_rotation")) ok = co_await put_rotation(c);
  if (ok && !bool_of(c.planned, "is_enabled")) ok = co_await put_enabled(c);
  co_return ok;
}

Task<bool> read_policy(Context& c, const Json& object) {
  Json params = object;
  params["PolicyName"] = "default";
  ApiResult policy = co_await c.backend.batches().share("kms", "GetKeyPolicy", params, c.region);
  if (!policy) co_return c.fail(policy.error(), "reading the policy of");
  c.state["policy"] = string_of(*policy, "Policy");
  co_return true;
}

// Only symmetric keys whose material is AWS's own rotate.
Task<bool> read_rotation(Context& c, const Json& object, const Json& key) {
  c.state["enable_key_rotation"] = false;
  bool rotates = string_of(key, "KeySpec") == "SYMMETRIC_DEFAULT" && string_of(key, "KeyUsage") == "ENCRYPT_DECRYPT" &&
                 string_of(key, "Origin") == "AWS_KMS";
  if (rotates) {
    ApiResult rotation = co_await c.backend.batches().share("kms", "GetKeyRotationStatus", object, c.region);
    if (!rotation && !is_code(rotation.error(), {"UnsupportedOperationException", "AccessDeniedException"}))
      co_return c.fail(rotation.error(), "reading the rotation of");
    if (rotation) {
      c.state["enable_key_rotation"] = bool_of(*rotation, "KeyRotationEnabled");
      if (rotation->contains("RotationPeriodInDays"))
        c.state["rotation_period_in_days"] = (*rotation)["RotationPeriodInDays"];
    }
  }
  if (c.state["rotation_period_in_days"].is_null()) c.state["rotation_period_in_days"] = 0;
  co_return true;
}

Task<bool> read(Context& c) {
  Json object = one_member("KeyId", c.state["id"]);
  ApiResult answer = co_await c.backend.batches().share("kms", "DescribeKey", object, c.region);
  if (!answer && !is_code(answer.error(), {"NotFoundException"})) co_return c.fail(answer.error(), "reading");
  const Json key = answer ? answer->value("KeyMetadata", Json::object()) : Json::object();
  std::string status = string_of(key, "KeyState");
  if (!answer || status == "PendingDeletion" || status == "PendingReplicaDeletion") {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, key, c.state);
  c.state["id"] = key["KeyId"];
  c.state["is_enabled"] = bool_of(key, "Enabled");
  c.state["multi_region"] = bool_of(key, "MultiRegion");
  if (const Json external = key.value("XksKeyConfiguration", Json()); external.is_object())
    c.state["xks_key_id"] = string_of(external, "Id");
  bool ok = co_await read_policy(c, object);
  if (ok) ok = co_await read_rotation(c, object, key);
  if (!ok) co_return false;
  ApiResult tags = co_await c.backend.batches().share_all("kms", "ListResourceTags", object, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tags_of(tags->value("Tags", Json::array()), "TagKey", "TagValue");
  co_return true;
}

Task<bool> update(Context& c) {
  bool ok = true;
  // A disabled key's rotation can't be changed.
  if (c.changed("is_enabled") && bool_of(c.planned, "is_enabled")) ok = co_await put_enabled(c);
  if (ok && (c.changed("enable_key_rotation") || c.changed("rotation_period_in_days"))) ok = co_await put_rotation(c);
  if (ok && c.changed("description")) {
    Json params = one_member("Description", string_of(c.planned, "description"));
    ok = co_await call(c, "UpdateKeyDescription", std::move(params), "", "updating");
  }
  if (ok && c.changed("policy") && !string_of(c.planned, "policy").empty()) {
    Json params = one_member("Policy", c.planned["policy"]);
    params["PolicyName"] = "default";
    params["BypassPolicyLockoutSafetyCheck"] = bool_of(c.planned, "bypass_policy_lockout_safety_check");
    ok = co_await call(c, "PutKeyPolicy", std::move(params), kNotYet, "setting the policy of");
  }
  if (!ok) co_return false;
  Json object = one_member("KeyId", c.state["id"]);
  ok = co_await update_tags(c, kTags, std::move(object));
  if (ok && c.changed("is_enabled") && !bool_of(c.planned, "is_enabled")) ok = co_await put_enabled(c);
  co_return ok;
}

// AWS keeps a key for some days more, in which the deletion can be cancelled.
Task<bool> remove(Context& c) {
  Json params = one_member("KeyId", c.state["id"]);
  if (c.prior["deletion_window_in_days"].is_number())
    params["PendingWindowInDays"] = c.prior["deletion_window_in_days"];
  ApiResult done = co_await c.call("kms", "ScheduleKeyDeletion", std::move(params));
  if (done || is_code(done.error(), {"NotFoundException"})) co_return true;
  bool pending = is_code(done.error(), {"KMSInvalidStateException"}) &&
                 done.error().message.find("is pending deletion") != std::string::npos;
  if (!pending) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover(Context& c) {
  Json nothing = Json::object();
  ApiResult keys = co_await c.backend.batches().share_all("kms", "ListKeys", nothing, c.region);
  if (!keys) co_return c.fail(keys.error(), "looking for");
  for (const Json& key : keys->value("Keys", Json::array())) {
    Json object = one_member("KeyId", key["KeyId"]);
    ApiResult tags = co_await c.backend.batches().share_all("kms", "ListResourceTags", object, c.region);
    // Keys of others, whose tags may not be read, are not ours.
    if (!tags) continue;
    const Json found = tags_of(tags->value("Tags", Json::array()), "TagKey", "TagValue");
    if (!c.token.empty() && string_of(found, kIntentTag) == c.token) c.state["id"] = key["KeyId"];
  }
  co_return true;
}

// By id or ARN.
Task<bool> import(Context& c) {
  std::string id = c.text("id");
  c.state["id"] = id.substr(id.rfind('/') + 1);
  c.state["bypass_policy_lockout_safety_check"] = false;
  co_return true;
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>&) {
  if (prior.is_object() && prior["enable_key_rotation"] != planned["enable_key_rotation"] &&
      config["rotation_period_in_days"].is_null())
    unknown.push_back("rotation_period_in_days");
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  auto in_range = [&](const char* attribute, int64_t least, int64_t most) {
    const Json& value = config[attribute];
    if (value.is_number() && (value.get<int64_t>() < least || value.get<int64_t>() > most))
      problems.push_back(
          fmt::format("{}: expected to be in the range ({} - {}), got {}", attribute, least, most, value.dump()));
  };
  in_range("deletion_window_in_days", 7, 30);
  in_range("rotation_period_in_days", 90, 2560);
  if (config["rotation_period_in_days"].is_number() && !bool_of(config, "enable_key_rotation"))
    problems.push_back("rotation_period_in_days: says something only with enable_key_rotation = true");
  std::string policy = string_of(config, "policy");
  if (!policy.empty() && Json::parse(policy, nullptr, false).is_discarded())
    problems.push_back("policy: this is no JSON document");
  return problems;
}

}  // namespace

ResourceType kms_key() {
  ResourceType type;
  type.name = "aws_kms_key";
  type.table = kTable;
  type.service = "kms";
  type.title = "KMS Key";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.plan = plan;
  type.validate = validate;
  type.reads = "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListKeys kms:ListResourceTags";
  type.changes =
      "kms:CreateKey kms:DisableKey kms:DisableKeyRotation kms:EnableKey kms:EnableKeyRotation "
      "kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource kms:UpdateKeyDescription";
  return type;
}

}  // namespace terrace::aws::types
