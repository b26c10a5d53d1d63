// aws_cloudwatch_log_group
#include <algorithm>

#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  deletion_protection_enabled bool oc api=-
  id string oc api=-
  kms_key_id string o api=-
  log_group_class string oc new one_of=STANDARD|INFREQUENT_ACCESS|DELIVERY api=-
  name string oc new api=-
  name_prefix string oc new api=-
  region string oc new api=-
  retention_in_days number o default=0 api=-
  skip_destroy bool o default=false api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
)";

constexpr Kind kGroups{"logs", "DescribeLogGroups", "", "logGroupIdentifiers", "logGroups", "logGroupName", 50};
constexpr TagCalls kTags{"logs", "TagResource", "UntagResource", "tags", "tagKeys", false, true};

std::string name_for(const Context& c) {
  return name_or_generated(c, "name", "name_prefix", "terraform-");
}

Task<bool> call(Context& c, const char* operation, Json params, const char* what) {
  params["logGroupName"] = c.state["id"];
  // Two changes of one group at once get in each other's way.
  ApiResult done = co_await call_while(c, "logs", operation, std::move(params), "OperationAbortedException",
                                       std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), what);
  co_return true;
}

Task<bool> put_retention(Context& c) {
  const Json& days = c.planned["retention_in_days"];
  // A delivery group keeps everything for a day.
  if (string_of(c.planned, "log_group_class") == "DELIVERY") co_return true;
  bool forever = !days.is_number() || days == Json(0);
  Json params = Json::object();
  if (!forever) params["retentionInDays"] = days;
  bool ok = co_await call(c, forever ? "DeleteRetentionPolicy" : "PutRetentionPolicy", std::move(params),
                          "setting the retention of");
  co_return ok;
}

Task<bool> put_protection(Context& c) {
  Json params = one_member("logGroupIdentifier", c.state["id"]);
  params["deletionProtectionEnabled"] = bool_of(c.planned, "deletion_protection_enabled");
  ApiResult done = co_await c.call("logs", "PutLogGroupDeletionProtection", std::move(params));
  if (!done) co_return c.fail(done.error(), "setting the deletion protection of");
  co_return true;
}

Task<bool> create(Context& c) {
  std::string name = name_for(c);
  Json params = one_member("logGroupName", name);
  put_if_set(params, "kmsKeyId", c, "kms_key_id");
  put_if_set(params, "logGroupClass", c, "log_group_class");
  if (bool_of(c.planned, "deletion_protection_enabled")) params["deletionProtectionEnabled"] = true;
  if (c.planned["tags_all"].is_object() && !c.planned["tags_all"].empty()) params["tags"] = c.planned["tags_all"];
  ApiResult made = co_await call_while(c, "logs", "CreateLogGroup", std::move(params), "OperationAbortedException",
                                       std::chrono::minutes(1));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  bool ok = true;
  if (c.planned["retention_in_days"] != Json(0)) ok = co_await put_retention(c);
  co_return ok;
}

Task<bool> read(Context& c) {
  Result<Json, ApiError> found = co_await c.describe(kGroups, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& group = *found;
  if (group.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  std::string own = string_of(group, "arn");
  if (own.ends_with(":*")) own.resize(own.size() - 2);
  c.state["arn"] = own;
  c.state["name"] = group["logGroupName"];
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  take_text(c, "kms_key_id", string_of(group, "kmsKeyId"));
  std::string kind = string_of(group, "logGroupClass");
  if (!kind.empty() || c.state["log_group_class"].is_null())
    c.state["log_group_class"] = kind.empty() ? "STANDARD" : kind;
  if (kind != "DELIVERY") c.state["retention_in_days"] = group.value("retentionInDays", 0);
  c.state["deletion_protection_enabled"] = bool_of(group, "deletionProtectionEnabled");
  if (c.state["skip_destroy"].is_null()) c.state["skip_destroy"] = false;
  Json params = one_member("resourceArn", own);
  ApiResult tags = co_await c.backend.batches().share("logs", "ListTagsForResource", params, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tags->value("tags", Json::object());
  co_return true;
}

Task<bool> update(Context& c) {
  bool ok = true;
  if (c.changed("retention_in_days")) ok = co_await put_retention(c);
  if (ok && c.changed("kms_key_id")) {
    std::string key = string_of(c.planned, "kms_key_id");
    Json params = Json::object();
    if (!key.empty()) params["kmsKeyId"] = key;
    ok = co_await call(c, key.empty() ? "DisassociateKmsKey" : "AssociateKmsKey", std::move(params),
                       "setting the key of");
  }
  if (ok && c.changed("deletion_protection_enabled")) ok = co_await put_protection(c);
  if (!ok) co_return false;
  Json object = one_member("resourceArn", c.prior["arn"]);
  ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  if (bool_of(c.prior, "skip_destroy")) co_return true;
  if (bool_of(c.prior, "deletion_protection_enabled"))
    co_return c.fail("deleting",
                     "it is protected from deletion. To lift that, set deletion_protection_enabled = false and apply; "
                     "then destroy it");
  Json params = one_member("logGroupName", c.state["id"]);
  ApiResult done = co_await call_while(c, "logs", "DeleteLogGroup", std::move(params), "OperationAbortedException",
                                       std::chrono::minutes(1));
  if (!done && !is_code(done.error(), {"ResourceNotFoundException"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover(Context& c) {
  std::string name = name_for(c);
  Result<Json, ApiError> found = co_await c.describe(kGroups, name);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!found->is_object()) co_return true;
  // Milliseconds since 1970.
  int64_t created = found->value("creationTime", int64_t{0}) / 1000;
  if (made_since(c, std::to_string(created))) c.state["id"] = name;
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  static constexpr int kDays[] = {0,   1,   3,   5,   7,    14,   30,   60,   90,   120,  150, 180,
                                  365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
  std::vector<std::string> problems;
  const Json& days = config["retention_in_days"];
  if (days.is_number() && std::find(std::begin(kDays), std::end(kDays), days.get<int>()) == std::end(kDays))
    problems.push_back(
        "retention_in_days: CloudWatch Logs keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, "
        "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days, or with 0 for ever; got " +
        days.dump());
  if (!string_of(config, "name").empty() && !string_of(config, "name_prefix").empty())
    problems.push_back("name_prefix: conflicts with name");
  return problems;
}

}  // namespace

ResourceType cloudwatch_log_group() {
  ResourceType type;
  type.name = "aws_cloudwatch_log_group";
  type.table = kTable;
  type.service = "logs";
  type.title = "CloudWatch Logs Log Group";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.validate = validate;
  type.reads = "logs:DescribeLogGroups logs:ListTagsForResource";
  type.changes =
      "logs:AssociateKmsKey logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy "
      "logs:DisassociateKmsKey logs:PutLogGroupDeletionProtection logs:PutRetentionPolicy logs:TagResource "
      "logs:UntagResource";
  return type;
}

}  // namespace terrace::aws::types
