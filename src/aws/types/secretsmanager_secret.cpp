// aws_secretsmanager_secret
#include <fmt/format.h>

#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=ARN
  description string o
  force_overwrite_replica_secret bool o default=false api=-
  id string oc api=-
  kms_key_id string o
  name string oc new
  name_prefix string oc new api=-
  policy string oc policy api=-
  recovery_window_in_days number o default=30 api=-
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  block replica set api=- {
    kms_key_id string oc
    last_accessed_date string c
    region string r
    status string c
    status_message string c
  }
)";

constexpr TagCalls kTags{"secretsmanager", "TagResource", "UntagResource", "Tags", "TagKeys"};

std::string name_for(const Context& c) {
  return name_or_generated(c, "name", "name_prefix", "terraform-");
}

// A principal or key that was just made is not known everywhere yet.
constexpr const char* kNotYet = "MalformedPolicyDocumentException|unsupported principal";

Json replicas_of(const Json& blocks) {
  Json list = Json::array();
  if (!blocks.is_array()) return list;
  for (const Json& block : blocks) {
    Json replica = one_member("Region", block["region"]);
    if (!string_of(block, "kms_key_id").empty()) replica["KmsKeyId"] = block["kms_key_id"];
    list.push_back(std::move(replica));
  }
  return list;
}

Task<bool> call(Context& c, const char* operation, Json params, const char* what) {
  params["SecretId"] = c.state["id"];
  ApiResult done =
      co_await call_while(c, "secretsmanager", operation, std::move(params), kNotYet, std::chrono::minutes(2));
  if (!done) co_return c.fail(done.error(), what);
  co_return true;
}

Task<bool> create(Context& c) {
  std::string name = name_for(c);
  Json params = one_member("Name", name);
  put_if_set(params, "Description", c, "description");
  put_if_set(params, "KmsKeyId", c, "kms_key_id");
  if (!c.token.empty()) params["ClientRequestToken"] = c.token;
  params["ForceOverwriteReplicaSecret"] = bool_of(c.planned, "force_overwrite_replica_secret");
  Json replicas = replicas_of(c.planned["replica"]);
  if (!replicas.empty()) params["AddReplicaRegions"] = std::move(replicas);
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  // One that was just deleted for good holds its name for some moments more.
  ApiResult made = co_await call_while(c, "secretsmanager", "CreateSecret", std::move(params), "scheduled for deletion",
                                       std::chrono::minutes(2));
  if (!made && made.error().message.find("scheduled for deletion") != std::string::npos)
    co_return c.fail("creating", fmt::format("a secret named {0} was deleted and waits in its recovery window, so that "
                                             "its name is taken: {1}. Give this one "
                                             "another name, or restore that one (aws secretsmanager restore-secret "
                                             "--secret-id {0}) and import it, or end "
                                             "its window (aws secretsmanager delete-secret "
                                             "--force-delete-without-recovery --secret-id {0}) and apply again",
                                             name, made.error().message));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["ARN"];
  if (string_of(c.planned, "policy").empty()) co_return true;
  Json policy = one_member("ResourcePolicy", c.planned["policy"]);
  bool ok = co_await call(c, "PutResourcePolicy", std::move(policy), "setting the policy of");
  co_return ok;
}

void take_replicas(Context& c, const Json& secret) {
  Json list = Json::array();
  for (const Json& status : secret.value("ReplicationStatus", Json::array())) {
    Json block = one_member("region", status["Region"]);
    block["kms_key_id"] = string_of(status, "KmsKeyId");
    block["last_accessed_date"] = string_of(status, "LastAccessedDate");
    block["status"] = string_of(status, "Status");
    block["status_message"] = string_of(status, "StatusMessage");
    list.push_back(std::move(block));
  }
  c.state["replica"] = std::move(list);
}

Task<bool> read(Context& c) {
  Json object = one_member("SecretId", c.state["id"]);
  ApiResult found = co_await c.backend.batches().share("secretsmanager", "DescribeSecret", object, c.region);
  if (!found && !is_code(found.error(), {"ResourceNotFoundException"})) co_return c.fail(found.error(), "reading");
  if (!found || found->contains("DeletedDate")) {
    c.state = nullptr;
    co_return true;
  }
  c.state["id"] = (*found)["ARN"];
  c.state["arn"] = (*found)["ARN"];
  c.state["name"] = (*found)["Name"];
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  take_text(c, "description", string_of(*found, "Description"));
  take_text(c, "kms_key_id", string_of(*found, "KmsKeyId"));
  take_replicas(c, *found);
  if (c.state["recovery_window_in_days"].is_null()) c.state["recovery_window_in_days"] = 30;
  if (c.state["force_overwrite_replica_secret"].is_null()) c.state["force_overwrite_replica_secret"] = false;
  c.state["tags_all"] = tag_map(found->value("Tags", Json::array()));
  ApiResult policy = co_await c.backend.batches().share("secretsmanager", "GetResourcePolicy", object, c.region);
  if (!policy) co_return c.fail(policy.error(), "reading the policy of");
  c.state["policy"] = string_of(*policy, "ResourcePolicy");
  co_return true;
}

Task<bool> remove_replicas(Context& c, const Json& replicas) {
  Json regions = Json::array();
  for (const Json& replica : replicas) regions.push_back(replica["Region"]);
  Json params = one_member("RemoveReplicaRegions", std::move(regions));
  bool ok = co_await call(c, "RemoveRegionsFromReplication", std::move(params), "removing replicas of");
  co_return ok;
}

Task<bool> update_replicas(Context& c) {
  Json before = replicas_of(c.prior["replica"]), after = replicas_of(c.planned["replica"]);
  // A replica whose key AWS chose is the same one.
  for (Json& replica : after) {
    for (const Json& known : before) {
      if (known["Region"] == replica["Region"] && !replica.contains("KmsKeyId")) replica = known;
    }
  }
  Json gone = difference(before, after), added = difference(after, before);
  if (!gone.empty()) {
    bool ok = co_await remove_replicas(c, gone);
    if (!ok) co_return false;
  }
  if (added.empty()) co_return true;
  Json params = one_member("AddReplicaRegions", std::move(added));
  params["ForceOverwriteReplicaSecret"] = bool_of(c.planned, "force_overwrite_replica_secret");
  bool ok = co_await call(c, "ReplicateSecretToRegions", std::move(params), "replicating");
  co_return ok;
}

Task<bool> update(Context& c) {
  bool ok = true;
  if (c.changed("replica")) ok = co_await update_replicas(c);
  if (ok && (c.changed("description") || c.changed("kms_key_id"))) {
    Json params = one_member("Description", string_of(c.planned, "description"));
    std::string key = string_of(c.planned, "kms_key_id");
    // Without one of its own a secret is under the key that AWS keeps for the account.
    if (!key.empty()) params["KmsKeyId"] = key;
    if (key.empty() && c.changed("kms_key_id")) params["KmsKeyId"] = "alias/aws/secretsmanager";
    ok = co_await call(c, "UpdateSecret", std::move(params), "updating");
  }
  if (ok && c.changed("policy")) {
    std::string text = string_of(c.planned, "policy");
    Json params = Json::object();
    if (!text.empty()) params["ResourcePolicy"] = text;
    ok = co_await call(c, text.empty() ? "DeleteResourcePolicy" : "PutResourcePolicy", std::move(params),
                       "setting the policy of");
  }
  if (!ok) co_return false;
  Json object = one_member("SecretId", c.state["id"]);
  ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json replicas = replicas_of(c.prior["replica"]);
  if (!replicas.empty()) {
    bool ok = co_await remove_replicas(c, replicas);
    if (!ok) co_return false;
  }
  Json object = one_member("SecretId", c.state["id"]);
  Json params = object;
  const Json& days = c.prior["recovery_window_in_days"];
  if (days == Json(0)) {
    params["ForceDeleteWithoutRecovery"] = true;
  } else if (days.is_number()) {
    params["RecoveryWindowInDays"] = days;
  }
  ApiResult done = co_await c.call("secretsmanager", "DeleteSecret", std::move(params));
  if (!done && is_code(done.error(), {"ResourceNotFoundException"})) co_return true;
  if (!done) co_return c.fail(done.error(), "deleting");
  for (int attempt = 0; attempt < 30; ++attempt) {
    ApiResult left = co_await c.call("secretsmanager", "DescribeSecret", object);
    if (!left && is_code(left.error(), {"ResourceNotFoundException"})) co_return true;
    if (!left) co_return c.fail(left.error(), "waiting for the deletion of");
    if (left->contains("DeletedDate")) co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "it is still there after some minutes");
}

Task<bool> recover(Context& c) {
  Json params = one_member("SecretId", name_for(c));
  ApiResult found = co_await c.call("secretsmanager", "DescribeSecret", std::move(params));
  if (!found && is_code(found.error(), {"ResourceNotFoundException"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  bool ours = !found->contains("DeletedDate") && made_since(c, string_of(*found, "CreatedDate"));
  if (ours) c.state["id"] = (*found)["ARN"];
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  const Json& days = config["recovery_window_in_days"];
  if (days.is_number() && days != Json(0) && (days.get<int>() < 7 || days.get<int>() > 30))
    problems.push_back("recovery_window_in_days: 7 to 30 days, or 0 for a deletion without recovery; got " +
                       days.dump());
  if (!string_of(config, "name").empty() && !string_of(config, "name_prefix").empty())
    problems.push_back("name_prefix: conflicts with name");
  return problems;
}

}  // namespace

ResourceType secretsmanager_secret() {
  ResourceType type;
  type.name = "aws_secretsmanager_secret";
  type.table = kTable;
  type.service = "secretsmanager";
  type.title = "Secrets Manager Secret";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.validate = validate;
  type.reads = "secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy";
  type.changes =
      "secretsmanager:CreateSecret secretsmanager:DeleteResourcePolicy secretsmanager:DeleteSecret "
      "secretsmanager:PutResourcePolicy secretsmanager:RemoveRegionsFromReplication "
      "secretsmanager:ReplicateSecretToRegions secretsmanager:TagResource secretsmanager:UntagResource "
      "secretsmanager:UpdateSecret";
  return type;
}

}  // namespace terrace::aws::types
