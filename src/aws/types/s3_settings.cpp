// The settings of a bucket that are resources of their own: versioning, public access, encryption, policy.
#include "aws/types/s3_setting.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kVersioningTable = R"(
  bucket string r new api=-
  expected_bucket_owner string o new api=-
  id string oc api=-
  mfa string o api=-
  region string oc new api=-
  block versioning_configuration list min=1 max=1 api=- {
    mfa_delete string oc api=-
    status string r api=-
  }
)";
constexpr const char* kPublicAccessTable = R"(
  block_public_acls bool o
  block_public_policy bool o
  bucket string r new api=-
  id string oc api=-
  ignore_public_acls bool o
  region string oc new api=-
  restrict_public_buckets bool o
  skip_destroy bool o api=-
)";
constexpr const char* kEncryptionTable = R"(
  bucket string r new api=-
  expected_bucket_owner string o new api=-
  id string oc api=-
  region string oc new api=-
  block rule set min=1 api=- {
    blocked_encryption_types list(string) o
    bucket_key_enabled bool o
    block apply_server_side_encryption_by_default list max=1 {
      kms_master_key_id string o
      sse_algorithm string r
    }
  }
)";
constexpr const char* kPolicyTable = R"(
  bucket string r new api=-
  id string oc api=-
  policy string r policy api=-
  region string oc new api=-
)";

// --- versioning

Task<bool> put_versioning(Context& c) {
  Json params = bucket_params(c.planned);
  const Json& block = c.planned["versioning_configuration"][0];
  Json configuration = Json::object();
  if (string_of(block, "status") != "Disabled") configuration["Status"] = block["status"];
  if (!string_of(block, "mfa_delete").empty()) configuration["MFADelete"] = block["mfa_delete"];
  params["VersioningConfiguration"] = std::move(configuration);
  if (!string_of(c.planned, "mfa").empty()) params["MFA"] = c.planned["mfa"];
  bool ok = co_await put_setting(c, "PutBucketVersioning", std::move(params));
  co_return ok;
}

Task<bool> read_versioning(Context& c) {
  Json answer;
  bool ok = co_await get_setting(c, "GetBucketVersioning", "", answer);
  if (!ok || c.state.is_null()) co_return ok;
  Json block = Json::object();
  block["status"] = string_of(answer, "Status").empty() ? Json("Disabled") : answer["Status"];
  block["mfa_delete"] = answer.value("MFADelete", std::string());
  c.state["versioning_configuration"] = Json::array();
  c.state["versioning_configuration"].push_back(std::move(block));
  co_return true;
}

Task<bool> remove_versioning(Context& c) {
  const Json blocks = c.prior["versioning_configuration"];
  if (blocks.is_array() && !blocks.empty() && string_of(blocks[0], "status") == "Disabled") co_return true;
  Json params = bucket_params(c.prior);
  params["VersioningConfiguration"] = Json::object();
  params["VersioningConfiguration"]["Status"] = "Suspended";
  ApiResult done = co_await c.call("s3", "PutBucketVersioning", params);
  if (!done && !is_code(done.error(), {"NoSuchBucket"})) co_return c.fail(done.error(), "suspending");
  co_return true;
}

Task<bool> recover_versioning(Context& c) {
  bool ok = co_await recover_setting(c, read_versioning);
  co_return ok;
}

// --- public access

constexpr std::pair<const char*, const char*> kBlocks[] = {{"block_public_acls", "BlockPublicAcls"},
                                                           {"block_public_policy", "BlockPublicPolicy"},
                                                           {"ignore_public_acls", "IgnorePublicAcls"},
                                                           {"restrict_public_buckets", "RestrictPublicBuckets"}};

Task<bool> put_public_access(Context& c) {
  Json params = bucket_params(c.planned);
  Json configuration = Json::object();
  for (const auto& [attribute, member] : kBlocks) configuration[member] = bool_of(c.planned, attribute);
  params["PublicAccessBlockConfiguration"] = std::move(configuration);
  bool ok = co_await put_setting(c, "PutPublicAccessBlock", std::move(params));
  co_return ok;
}

Task<bool> read_public_access(Context& c) {
  Json answer;
  bool ok = co_await get_setting(c, "GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration", answer);
  if (!ok || c.state.is_null()) co_return ok;
  const Json configuration = answer.value("PublicAccessBlockConfiguration", Json::object());
  for (const auto& [attribute, member] : kBlocks) {
    bool on = bool_of(configuration, member);
    if (on || c.state[attribute].is_boolean()) c.state[attribute] = on;
  }
  co_return true;
}

Task<bool> remove_public_access(Context& c) {
  if (bool_of(c.prior, "skip_destroy")) co_return true;
  bool ok = co_await remove_setting(c, "DeletePublicAccessBlock", "NoSuchPublicAccessBlockConfiguration");
  co_return ok;
}
Task<bool> recover_public_access(Context& c) {
  bool ok = co_await recover_setting(c, read_public_access);
  co_return ok;
}

// --- encryption

Task<bool> put_encryption(Context& c) {
  Json params = bucket_params(c.planned);
  Json rules = Json::array();
  for (const Json& block : c.planned["rule"]) {
    Json rule = Json::object();
    const Json defaults = block.value("apply_server_side_encryption_by_default", Json::array());
    if (defaults.is_array() && !defaults.empty()) {
      Json by_default = Json::object();
      by_default["SSEAlgorithm"] = defaults[0]["sse_algorithm"];
      if (!string_of(defaults[0], "kms_master_key_id").empty())
        by_default["KMSMasterKeyID"] = defaults[0]["kms_master_key_id"];
      rule["ApplyServerSideEncryptionByDefault"] = std::move(by_default);
    }
    if (block["bucket_key_enabled"].is_boolean()) rule["BucketKeyEnabled"] = block["bucket_key_enabled"];
    rules.push_back(std::move(rule));
  }
  params["ServerSideEncryptionConfiguration"] = Json::object();
  params["ServerSideEncryptionConfiguration"]["Rules"] = std::move(rules);
  bool ok = co_await put_setting(c, "PutBucketEncryption", std::move(params));
  co_return ok;
}

Task<bool> read_encryption(Context& c) {
  Json answer;
  bool ok = co_await get_setting(c, "GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError", answer);
  if (!ok || c.state.is_null()) co_return ok;
  const Json before = c.state["rule"].is_array() ? c.state["rule"] : Json::array();
  Json rules = Json::array();
  for (const Json& rule :
       answer.value("ServerSideEncryptionConfiguration", Json::object()).value("Rules", Json::array())) {
    Json block = before.size() > rules.size() ? before[rules.size()] : Json::object();
    const Json by_default = rule.value("ApplyServerSideEncryptionByDefault", Json::object());
    block["apply_server_side_encryption_by_default"] = Json::array();
    if (!by_default.empty()) {
      Json one = Json::object();
      one["sse_algorithm"] = by_default.value("SSEAlgorithm", Json());
      one["kms_master_key_id"] = by_default.value("KMSMasterKeyID", Json(""));
      const Json old = before.size() > rules.size()
                           ? before[rules.size()].value("apply_server_side_encryption_by_default", Json::array())
                           : Json::array();
      if (one["kms_master_key_id"] == Json("") && old.is_array() && !old.empty() &&
          old[0].value("kms_master_key_id", Json()).is_null())
        one["kms_master_key_id"] = nullptr;
      block["apply_server_side_encryption_by_default"].push_back(std::move(one));
    }
    bool key = bool_of(rule, "BucketKeyEnabled");
    if (key || (block.contains("bucket_key_enabled") && block["bucket_key_enabled"].is_boolean()))
      block["bucket_key_enabled"] = key;
    if (!block.contains("bucket_key_enabled")) block["bucket_key_enabled"] = nullptr;
    if (!block.contains("blocked_encryption_types")) block["blocked_encryption_types"] = nullptr;
    rules.push_back(std::move(block));
  }
  c.state["rule"] = rules;
  co_return true;
}

Task<bool> remove_encryption(Context& c) {
  bool ok = co_await remove_setting(c, "DeleteBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError");
  co_return ok;
}
Task<bool> recover_encryption(Context& c) {
  bool ok = co_await recover_setting(c, read_encryption);
  co_return ok;
}

// --- policy

Task<bool> put_policy(Context& c) {
  Json params = bucket_params(c.planned);
  params["Policy"] = c.planned["policy"];
  bool ok = co_await put_setting(c, "PutBucketPolicy", std::move(params));
  co_return ok;
}

Task<bool> read_policy(Context& c) {
  Json answer;
  bool ok = co_await get_setting(c, "GetBucketPolicy", "NoSuchBucketPolicy", answer);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["policy"] = string_of(answer, "Policy");
  co_return true;
}

Task<bool> remove_policy(Context& c) {
  bool ok = co_await remove_setting(c, "DeleteBucketPolicy", "NoSuchBucketPolicy");
  co_return ok;
}
Task<bool> recover_policy(Context& c) {
  bool ok = co_await recover_setting(c, read_policy);
  co_return ok;
}

}  // namespace

ResourceType s3_bucket_versioning() {
  ResourceType type = setting_type("aws_s3_bucket_versioning", "S3 Bucket Versioning", kVersioningTable, put_versioning,
                                   read_versioning, remove_versioning, recover_versioning);
  type.reads = "s3:GetBucketVersioning";
  type.changes = "s3:PutBucketVersioning";
  return type;
}
ResourceType s3_bucket_public_access_block() {
  ResourceType type =
      setting_type("aws_s3_bucket_public_access_block", "S3 Bucket Public Access Block", kPublicAccessTable,
                   put_public_access, read_public_access, remove_public_access, recover_public_access);
  type.reads = "s3:GetPublicAccessBlock";
  type.changes = "s3:DeletePublicAccessBlock s3:PutPublicAccessBlock";
  return type;
}
ResourceType s3_bucket_server_side_encryption_configuration() {
  ResourceType type = setting_type("aws_s3_bucket_server_side_encryption_configuration",
                                   "S3 Bucket Server-side Encryption Configuration", kEncryptionTable, put_encryption,
                                   read_encryption, remove_encryption, recover_encryption);
  type.reads = "s3:GetBucketEncryption";
  type.changes = "s3:DeleteBucketEncryption s3:PutBucketEncryption";
  return type;
}
ResourceType s3_bucket_policy() {
  ResourceType type = setting_type("aws_s3_bucket_policy", "S3 Bucket Policy", kPolicyTable, put_policy, read_policy,
                                   remove_policy, recover_policy);
  type.reads = "s3:GetBucketPolicy";
  type.changes = "s3:DeleteBucketPolicy s3:PutBucketPolicy";
  return type;
}

}  // namespace terrace::aws::types
