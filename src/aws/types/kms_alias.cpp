// aws_kms_alias
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  id string oc api=-
  name string oc new api=-
  name_prefix string oc new api=-
  region string oc new api=-
  target_key_arn string c api=-
  target_key_id string r api=-
)";

// The alias of this name; null where there is none. All aliases of a region come with one listing.
Task<bool> find(Context& c, std::string name, Json& found) {
  Json nothing = Json::object();
  ApiResult all = co_await c.backend.batches().share_all("kms", "ListAliases", nothing, c.region);
  if (!all) co_return c.fail(all.error(), "reading");
  found = nullptr;
  for (const Json& alias : all->value("Aliases", Json::array())) {
    if (string_of(alias, "AliasName") == name) found = alias;
  }
  co_return true;
}

std::string name_for(const Context& c) {
  return name_or_generated(c, "name", "name_prefix", "alias/terraform-");
}

Task<bool> create(Context& c) {
  std::string name = name_for(c);
  Json params = one_member("AliasName", name);
  params["TargetKeyId"] = c.planned["target_key_id"];
  // A key that was just made is not known everywhere yet.
  ApiResult made =
      co_await call_while(c, "kms", "CreateAlias", std::move(params), "NotFoundException", std::chrono::minutes(1));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  co_return true;
}

Task<bool> read(Context& c) {
  Json alias;
  bool ok = co_await find(c, c.text("id"), alias);
  if (!ok) co_return false;
  if (alias.is_null() || string_of(alias, "TargetKeyId").empty()) {
    c.state = nullptr;
    co_return true;
  }
  std::string own = string_of(alias, "AliasArn"), name = string_of(alias, "AliasName");
  std::string key = string_of(alias, "TargetKeyId");
  std::string key_arn = own.substr(0, own.size() - name.size()) + "key/" + key;
  c.state["arn"] = own;
  c.state["name"] = name;
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  c.state["target_key_arn"] = key_arn;
  // The configuration may name the key by its ARN.
  if (string_of(c.state, "target_key_id") != key_arn) c.state["target_key_id"] = key;
  co_return true;
}

Task<bool> update(Context& c) {
  if (!c.changed("target_key_id")) co_return true;
  Json params = one_member("AliasName", c.state["id"]);
  params["TargetKeyId"] = c.planned["target_key_id"];
  ApiResult done = co_await c.call("kms", "UpdateAlias", std::move(params));
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> remove(Context& c) {
  Json params = one_member("AliasName", c.state["id"]);
  ApiResult done = co_await c.call("kms", "DeleteAlias", std::move(params));
  if (!done && !is_code(done.error(), {"NotFoundException"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover(Context& c) {
  std::string name = name_for(c);
  Json alias;
  bool ok = co_await find(c, name, alias);
  if (ok && alias.is_object() && made_since(c, string_of(alias, "CreationDate"))) c.state["id"] = name;
  co_return ok;
}

void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown, std::vector<std::string>&) {
  if (!prior.is_object()) return;
  // The same key by its other name.
  std::string before = string_of(prior, "target_key_id"), after = string_of(planned, "target_key_id");
  if (before.ends_with("key/" + after) || after.ends_with("key/" + before)) planned["target_key_id"] = before;
  if (planned["target_key_id"] != prior["target_key_id"]) unknown.push_back("target_key_arn");
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  for (const char* name : {"name", "name_prefix"}) {
    std::string given = string_of(config, name);
    if (given.empty()) continue;
    if (!given.starts_with("alias/"))
      problems.push_back(std::string(name) + ": an alias begins with \"alias/\": " + given);
    if (given.starts_with("alias/aws/"))
      problems.push_back(std::string(name) + ": names that begin with \"alias/aws/\" are AWS's own: " + given);
  }
  if (!string_of(config, "name").empty() && !string_of(config, "name_prefix").empty())
    problems.push_back("name_prefix: conflicts with name");
  return problems;
}

}  // namespace

ResourceType kms_alias() {
  ResourceType type;
  type.name = "aws_kms_alias";
  type.table = kTable;
  type.service = "kms";
  type.title = "KMS Alias";
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.validate = validate;
  type.reads = "kms:ListAliases";
  type.changes = "kms:CreateAlias kms:DeleteAlias kms:UpdateAlias";
  return type;
}

}  // namespace terrace::aws::types
