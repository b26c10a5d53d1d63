// aws_secretsmanager_secret_version, as resource type and as data source
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  has_secret_string_wo bool c api=-
  id string oc api=-
  region string oc new api=-
  secret_binary string o new secret api=-
  secret_id string r new api=-
  secret_string string o new secret api=-
  secret_string_wo string o secret wo api=-
  secret_string_wo_version number o new api=-
  version_id string c api=-
  version_stages set(string) oc api=-
)";
constexpr const char* kDataTable = R"(
  arn string c
  created_date string c
  id string oc
  region string oc
  secret_binary string c secret
  secret_id string r
  secret_string string c secret
  version_id string oc
  version_stage string o
  version_stages set(string) c
)";

constexpr const char* kCurrent = "AWSCURRENT";
constexpr const char* kPrevious = "AWSPREVIOUS";

// Of a secret that is being deleted nothing can be read any more.
bool is_gone(const ApiError& error) {
  return is_code(error, {"ResourceNotFoundException"}) ||
         error.message.find("because it was deleted") != std::string::npos ||
         error.message.find("because it was marked for deletion") != std::string::npos;
}

Json version_params(const Context& c) {
  std::string id = c.text("id");
  std::size_t bar = id.rfind('|');
  Json params = one_member("SecretId", id.substr(0, bar));
  params["VersionId"] = id.substr(bar + 1);
  return params;
}

bool is_write_only(const Context& c) {
  const Json& said = c.config.is_object() ? c.config : c.state;
  return said["secret_string_wo_version"].is_number();
}

Task<bool> create(Context& c) {
  Json params = one_member("SecretId", c.planned["secret_id"]);
  // The token becomes the version's id, so that a repetition makes no other version.
  if (!c.token.empty()) params["ClientRequestToken"] = c.token;
  put_if_set(params, "SecretBinary", c, "secret_binary");
  put_if_set(params, "SecretString", c, "secret_string");
  if (is_write_only(c)) params["SecretString"] = string_of(c.config, "secret_string_wo");
  if (c.planned["version_stages"].is_array() && !c.planned["version_stages"].empty())
    params["VersionStages"] = c.planned["version_stages"];
  ApiResult made = co_await call_while(c, "secretsmanager", "PutSecretValue", std::move(params),
                                       "ResourceNotFoundException", std::chrono::seconds(30));
  if (!made) co_return c.fail(made.error(), "putting the value of");
  c.state["id"] = string_of(c.planned, "secret_id") + "|" + string_of(*made, "VersionId");
  co_return true;
}

Task<bool> read(Context& c) {
  Json params = version_params(c);
  ApiResult found = co_await c.backend.batches().share("secretsmanager", "GetSecretValue", params, c.region);
  if (!found && is_gone(found.error())) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  c.state["arn"] = (*found)["ARN"];
  c.state["secret_id"] = params["SecretId"];
  c.state["version_id"] = (*found)["VersionId"];
  c.state["version_stages"] = found->value("VersionStages", Json::array());
  take_text(c, "secret_binary", string_of(*found, "SecretBinary"));
  bool write_only = is_write_only(c);
  c.state["has_secret_string_wo"] = write_only ? Json(true) : Json(nullptr);
  c.state["secret_string_wo"] = nullptr;
  if (write_only) {
    c.state["secret_string"] = nullptr;
  } else {
    take_text(c, "secret_string", string_of(*found, "SecretString"));
  }
  co_return true;
}

Task<bool> move_stage(Context& c, Json params, const Json& stage) {
  Json object = version_params(c);
  params["SecretId"] = object["SecretId"];
  params["VersionStage"] = stage;
  ApiResult done = co_await c.call("secretsmanager", "UpdateSecretVersionStage", std::move(params));
  if (!done && !is_gone(done.error())) co_return c.fail(done.error(), "moving a stage of");
  co_return true;
}

// The version of the secret that has a stage; empty where none has.
Task<bool> find_stage(Context& c, const Json& stage, std::string& version) {
  Json object = version_params(c);
  object.erase("VersionId");
  ApiResult secret = co_await c.call("secretsmanager", "DescribeSecret", std::move(object));
  if (!secret) co_return c.fail(secret.error(), "looking for the stages of");
  version.clear();
  const Json versions = secret->value("VersionIdsToStages", Json::object());
  for (const auto& [id, stages] : versions.items()) {
    if (!difference(Json::array({stage}), stages).empty()) continue;
    version = id;
  }
  co_return true;
}

Task<bool> update(Context& c) {
  if (!c.changed("version_stages")) co_return true;
  std::string own = string_of(version_params(c), "VersionId");
  Json added = difference(c.planned["version_stages"], c.prior["version_stages"]);
  Json gone = difference(c.prior["version_stages"], c.planned["version_stages"]);
  bool current = false;
  for (const Json& stage : added) {
    std::string holder;
    bool ok = co_await find_stage(c, stage, holder);
    if (!ok) co_return false;
    Json params = one_member("MoveToVersionId", own);
    if (!holder.empty() && holder != own) params["RemoveFromVersionId"] = holder;
    ok = co_await move_stage(c, std::move(params), stage);
    if (!ok) co_return false;
    current = current || stage == Json(kCurrent);
  }
  for (const Json& stage : gone) {
    // AWS moves these two by itself.
    if (stage == Json(kCurrent) || (current && stage == Json(kPrevious))) continue;
    Json params = one_member("RemoveFromVersionId", own);
    bool ok = co_await move_stage(c, std::move(params), stage);
    if (!ok) co_return false;
  }
  co_return true;
}

// A version can't be deleted: without stages AWS drops it. The stage AWSCURRENT can't be taken off, only moved, so the
// current version goes with its secret.
Task<bool> remove(Context& c) {
  const Json stages = c.prior["version_stages"].is_array() ? c.prior["version_stages"] : Json::array();
  std::string own = string_of(version_params(c), "VersionId");
  for (const Json& stage : stages) {
    if (stage == Json(kCurrent)) continue;
    Json params = one_member("RemoveFromVersionId", own);
    bool ok = co_await move_stage(c, std::move(params), stage);
    if (!ok) co_return false;
  }
  co_return true;
}

Task<bool> recover(Context& c) {
  if (c.token.empty() || string_of(c.planned, "secret_id").empty()) co_return true;
  Json params = one_member("SecretId", c.planned["secret_id"]);
  ApiResult secret = co_await c.call("secretsmanager", "DescribeSecret", std::move(params));
  if (!secret && is_gone(secret.error())) co_return true;
  if (!secret) co_return c.fail(secret.error(), "looking for");
  if (secret->value("VersionIdsToStages", Json::object()).contains(c.token))
    c.state["id"] = string_of(c.planned, "secret_id") + "|" + c.token;
  co_return true;
}

// SECRET_ID|VERSION_ID
Task<bool> import(Context& c) {
  std::string id = c.text("id");
  std::size_t bar = id.rfind('|');
  if (bar == std::string::npos || bar == 0 || bar + 1 == id.size())
    co_return c.fail("importing", "the id must be SECRET_ID|VERSION_ID");
  c.state["secret_id"] = id.substr(0, bar);
  c.state["version_id"] = id.substr(bar + 1);
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  int given = 0;
  for (const char* name : {"secret_binary", "secret_string", "secret_string_wo"})
    given += config[name].is_null() ? 0 : 1;
  if (given > 1)
    problems.push_back(
        "secret_string: only one of \"secret_string\", \"secret_binary\" and \"secret_string_wo\" can be set");
  if (config["secret_string_wo"].is_null() != config["secret_string_wo_version"].is_null())
    problems.push_back("secret_string_wo_version: secret_string_wo and secret_string_wo_version go together");
  return problems;
}

Task<bool> read_data(Context& c) {
  Json params = one_member("SecretId", c.config["secret_id"]);
  std::string version = string_of(c.config, "version_id"), stage = string_of(c.config, "version_stage");
  if (!version.empty()) params["VersionId"] = version;
  if (!stage.empty() || version.empty()) params["VersionStage"] = stage.empty() ? kCurrent : stage;
  ApiResult found = co_await c.backend.batches().share("secretsmanager", "GetSecretValue", params, c.region);
  std::string id = string_of(c.config, "secret_id");
  if (!found) co_return c.fail(found.error(), "reading the value of the secret " + id);
  c.state["id"] = id + "|" + (version.empty() ? string_of(params, "VersionStage") : version);
  c.state["arn"] = (*found)["ARN"];
  c.state["created_date"] = string_of(*found, "CreatedDate");
  c.state["secret_binary"] = string_of(*found, "SecretBinary");
  c.state["secret_string"] = string_of(*found, "SecretString");
  c.state["version_id"] = (*found)["VersionId"];
  c.state["version_stages"] = found->value("VersionStages", Json::array());
  co_return true;
}

}  // namespace

ResourceType secretsmanager_secret_version() {
  ResourceType type;
  type.name = "aws_secretsmanager_secret_version";
  type.table = kTable;
  type.service = "secretsmanager";
  type.title = "Secrets Manager Secret Version";
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.validate = validate;
  type.reads = "secretsmanager:DescribeSecret secretsmanager:GetSecretValue";
  type.changes = "secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage";
  return type;
}

DataSource secretsmanager_secret_version_data() {
  return {"aws_secretsmanager_secret_version", kDataTable, read_data, "secretsmanager:GetSecretValue", true};
}

}  // namespace terrace::aws::types
