// aws_s3_bucket_ownership_controls, aws_s3_bucket_lifecycle_configuration, aws_s3_bucket_logging
#include "aws/types/s3_setting.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kOwnershipTable = R"(
  bucket string r new api=-
  id string oc api=-
  region string oc new api=-
  block rule list min=1 max=1 api=- {
    object_ownership string r
  }
)";
constexpr const char* kLifecycleTable = R"(
  bucket string r new api=-
  expected_bucket_owner string oc new api=-
  id string c api=-
  region string oc new api=-
  transition_default_minimum_object_size string oc api=-
  block rule list api=- {
    id string r
    prefix string oc
    status string r
    block abort_incomplete_multipart_upload list {
      days_after_initiation number o
    }
    block expiration list {
      date string o
      days number oc
      expired_object_delete_marker bool oc
    }
    block filter list {
      object_size_greater_than number oc
      object_size_less_than number oc
      prefix string oc
      block and list {
        object_size_greater_than number oc
        object_size_less_than number oc
        prefix string oc
        tags map(string) o
      }
      block tag list {
        key string r
        value string r
      }
    }
    block noncurrent_version_expiration list {
      newer_noncurrent_versions number o
      noncurrent_days number r
    }
    block noncurrent_version_transition set {
      newer_noncurrent_versions number o
      noncurrent_days number r
      storage_class string r
    }
    block transition set {
      date string o
      days number oc
      storage_class string r
    }
  }
  block timeouts single api=- {
    create string o
    update string o
  }
)";
constexpr const char* kLoggingTable = R"(
  bucket string r new api=-
  expected_bucket_owner string o new api=-
  id string oc api=-
  region string oc new api=-
  target_bucket string r api=-
  target_prefix string r api=-
  block target_grant set api=- {
    permission string r
    block grantee list min=1 max=1 {
      display_name string c
      email_address string o
      id string o
      type string r
      uri string o
    }
  }
  block target_object_key_format list max=1 api=- {
    block partitioned_prefix list max=1 {
      partition_date_source string r
    }
    block simple_prefix list max=1 {
    }
  }
)";

Json single(Json object) {
  Json list = Json::array();
  list.push_back(std::move(object));
  return list;
}

// --- ownership

Task<bool> put_ownership(Context& c) {
  Json params = bucket_params(c.planned);
  Json rule = Json::object();
  rule["ObjectOwnership"] = c.planned["rule"][0]["object_ownership"];
  params["OwnershipControls"] = Json::object();
  params["OwnershipControls"]["Rules"] = single(std::move(rule));
  bool ok = co_await put_setting(c, "PutBucketOwnershipControls", std::move(params));
  co_return ok;
}

Task<bool> read_ownership(Context& c) {
  Json answer;
  bool ok = co_await get_setting(c, "GetBucketOwnershipControls", "OwnershipControlsNotFoundError", answer);
  if (!ok || c.state.is_null()) co_return ok;
  Json rules = Json::array();
  const Json controls = answer.value("OwnershipControls", Json::object());
  for (const Json& rule : controls.value("Rules", Json::array())) {
    Json one = Json::object();
    one["object_ownership"] = rule["ObjectOwnership"];
    rules.push_back(std::move(one));
  }
  c.state["rule"] = std::move(rules);
  co_return true;
}

Task<bool> remove_ownership(Context& c) {
  bool ok = co_await remove_setting(c, "DeleteBucketOwnershipControls", "OwnershipControlsNotFoundError");
  co_return ok;
}

Task<bool> recover_ownership(Context& c) {
  bool ok = co_await recover_setting(c, read_ownership);
  co_return ok;
}

// --- lifecycle

bool is_set(const Json& value) {
  return !value.is_null() && !(value.is_string() && value.get_ref<const std::string&>().empty());
}

void put(Json& object, const char* member, const Json& block, const char* attribute) {
  if (is_set(block[attribute])) object[member] = block[attribute];
}

Json tags_of(const Json& map) {
  return map.is_object() ? tag_list(map) : Json::array();
}

Json filter_of(const Json& rule) {
  Json filter = Json::object();
  if (rule["filter"].empty()) {
    if (!is_set(rule["prefix"])) filter["Prefix"] = "";
    return filter;
  }
  const Json& block = rule["filter"][0];
  if (block.is_null()) {
    filter["Prefix"] = "";
    return filter;
  }
  if (!block["and"].empty()) {
    const Json& both = block["and"][0];
    Json all = Json::object();
    put(all, "Prefix", both, "prefix");
    put(all, "ObjectSizeGreaterThan", both, "object_size_greater_than");
    put(all, "ObjectSizeLessThan", both, "object_size_less_than");
    Json tags = tags_of(both["tags"]);
    if (!tags.empty()) all["Tags"] = std::move(tags);
    filter["And"] = std::move(all);
    return filter;
  }
  if (!block["tag"].empty()) {
    Json tag = Json::object();
    tag["Key"] = block["tag"][0]["key"];
    tag["Value"] = block["tag"][0]["value"];
    filter["Tag"] = std::move(tag);
    return filter;
  }
  put(filter, "ObjectSizeGreaterThan", block, "object_size_greater_than");
  put(filter, "ObjectSizeLessThan", block, "object_size_less_than");
  if (filter.empty()) filter["Prefix"] = is_set(block["prefix"]) ? block["prefix"] : Json("");
  return filter;
}

Json transitions_of(const Json& blocks, bool noncurrent) {
  Json list = Json::array();
  for (const Json& block : blocks) {
    Json one = Json::object();
    one["StorageClass"] = block["storage_class"];
    if (noncurrent) {
      put(one, "NoncurrentDays", block, "noncurrent_days");
      put(one, "NewerNoncurrentVersions", block, "newer_noncurrent_versions");
    } else {
      put(one, "Date", block, "date");
      if (!one.contains("Date")) put(one, "Days", block, "days");
    }
    list.push_back(std::move(one));
  }
  return list;
}

Json rule_params(const Json& rule) {
  Json out = Json::object();
  out["ID"] = rule["id"];
  out["Status"] = rule["status"];
  Json filter = filter_of(rule);
  if (filter.empty()) {
    out["Prefix"] = rule["prefix"];
  } else {
    out["Filter"] = std::move(filter);
  }
  for (const Json& block : rule["abort_incomplete_multipart_upload"]) {
    Json one = Json::object();
    put(one, "DaysAfterInitiation", block, "days_after_initiation");
    out["AbortIncompleteMultipartUpload"] = std::move(one);
  }
  for (const Json& block : rule["expiration"]) {
    Json one = Json::object();
    put(one, "Date", block, "date");
    bool days = block["days"].is_number() && block["days"] != Json(0);
    if (days) one["Days"] = block["days"];
    if (!days && !one.contains("Date")) put(one, "ExpiredObjectDeleteMarker", block, "expired_object_delete_marker");
    out["Expiration"] = std::move(one);
  }
  for (const Json& block : rule["noncurrent_version_expiration"]) {
    Json one = Json::object();
    put(one, "NoncurrentDays", block, "noncurrent_days");
    put(one, "NewerNoncurrentVersions", block, "newer_noncurrent_versions");
    out["NoncurrentVersionExpiration"] = std::move(one);
  }
  Json current = transitions_of(rule["transition"], false),
       old = transitions_of(rule["noncurrent_version_transition"], true);
  if (!current.empty()) out["Transitions"] = std::move(current);
  if (!old.empty()) out["NoncurrentVersionTransitions"] = std::move(old);
  return out;
}

Task<bool> put_lifecycle(Context& c) {
  Json params = bucket_params(c.planned);
  Json rules = Json::array();
  for (const Json& rule : c.planned["rule"]) rules.push_back(rule_params(rule));
  params["LifecycleConfiguration"] = Json::object();
  params["LifecycleConfiguration"]["Rules"] = std::move(rules);
  put_if_set(params, "TransitionDefaultMinimumObjectSize", c, "transition_default_minimum_object_size");
  bool ok = co_await put_setting(c, "PutBucketLifecycleConfiguration", std::move(params));
  co_return ok;
}

Json member(const Json& object, const char* name) {
  return object.contains(name) ? object[name] : Json(nullptr);
}

Json filter_block(const Json& filter) {
  Json block = Json::object();
  const Json both = filter.value("And", Json());
  block["prefix"] = filter.contains("Prefix") ? filter["Prefix"] : Json("");
  block["object_size_greater_than"] = member(filter, "ObjectSizeGreaterThan");
  block["object_size_less_than"] = member(filter, "ObjectSizeLessThan");
  block["and"] = Json::array();
  block["tag"] = Json::array();
  if (both.is_object()) {
    Json one = Json::object();
    one["prefix"] = both.contains("Prefix") ? both["Prefix"] : Json("");
    one["object_size_greater_than"] = both.contains("ObjectSizeGreaterThan") ? both["ObjectSizeGreaterThan"] : Json(0);
    one["object_size_less_than"] = both.contains("ObjectSizeLessThan") ? both["ObjectSizeLessThan"] : Json(0);
    Json tags = tag_map(both.value("Tags", Json::array()));
    one["tags"] = tags.empty() ? Json(nullptr) : std::move(tags);
    block["and"] = single(std::move(one));
  }
  if (filter.contains("Tag")) {
    Json one = Json::object();
    one["key"] = filter["Tag"]["Key"];
    one["value"] = filter["Tag"]["Value"];
    block["tag"] = single(std::move(one));
  }
  return block;
}

Json rule_block(const Json& rule, const Json& before) {
  Json block = Json::object();
  block["id"] = rule["ID"];
  block["status"] = rule["Status"];
  block["prefix"] = rule.contains("Prefix") ? rule["Prefix"] : Json("");
  block["filter"] = Json::array();
  bool wanted = !before.is_object() || !before["filter"].empty();
  if (rule.contains("Filter") && rule["Filter"].is_object() && wanted)
    block["filter"] = single(filter_block(rule["Filter"]));
  block["abort_incomplete_multipart_upload"] = Json::array();
  if (const Json abort = rule.value("AbortIncompleteMultipartUpload", Json()); abort.is_object()) {
    Json one = Json::object();
    one["days_after_initiation"] = member(abort, "DaysAfterInitiation");
    block["abort_incomplete_multipart_upload"] = single(std::move(one));
  }
  block["expiration"] = Json::array();
  if (const Json expiration = rule.value("Expiration", Json()); expiration.is_object()) {
    Json one = Json::object();
    one["date"] = member(expiration, "Date");
    one["days"] = expiration.contains("Days") ? expiration["Days"] : Json(0);
    one["expired_object_delete_marker"] = bool_of(expiration, "ExpiredObjectDeleteMarker");
    block["expiration"] = single(std::move(one));
  }
  block["noncurrent_version_expiration"] = Json::array();
  if (const Json expiration = rule.value("NoncurrentVersionExpiration", Json()); expiration.is_object()) {
    Json one = Json::object();
    one["noncurrent_days"] = member(expiration, "NoncurrentDays");
    one["newer_noncurrent_versions"] = member(expiration, "NewerNoncurrentVersions");
    block["noncurrent_version_expiration"] = single(std::move(one));
  }
  block["transition"] = Json::array();
  for (const Json& transition : rule.value("Transitions", Json::array())) {
    Json one = Json::object();
    one["date"] = member(transition, "Date");
    one["days"] = transition.contains("Days") ? transition["Days"] : Json(0);
    one["storage_class"] = transition["StorageClass"];
    block["transition"].push_back(std::move(one));
  }
  block["noncurrent_version_transition"] = Json::array();
  for (const Json& transition : rule.value("NoncurrentVersionTransitions", Json::array())) {
    Json one = Json::object();
    one["noncurrent_days"] = member(transition, "NoncurrentDays");
    one["newer_noncurrent_versions"] = member(transition, "NewerNoncurrentVersions");
    one["storage_class"] = transition["StorageClass"];
    block["noncurrent_version_transition"].push_back(std::move(one));
  }
  return block;
}

Task<bool> read_lifecycle(Context& c) {
  Json answer;
  Json before = c.state["rule"];
  bool ok = co_await get_setting(c, "GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration", answer);
  if (!ok || c.state.is_null()) co_return ok;
  Json rules = Json::array();
  for (const Json& rule : answer.value("Rules", Json::array())) {
    Json known;
    for (const Json& one : before) {
      if (one["id"] == rule["ID"]) known = one;
    }
    rules.push_back(rule_block(rule, known));
  }
  c.state["rule"] = std::move(rules);
  c.state["transition_default_minimum_object_size"] =
      answer.value("TransitionDefaultMinimumObjectSize", "all_storage_classes_128K");
  c.state["expected_bucket_owner"] = string_of(c.state, "expected_bucket_owner");
  co_return true;
}

Task<bool> remove_lifecycle(Context& c) {
  bool ok = co_await remove_setting(c, "DeleteBucketLifecycle", "NoSuchLifecycleConfiguration");
  co_return ok;
}

Task<bool> recover_lifecycle(Context& c) {
  bool ok = co_await recover_setting(c, read_lifecycle);
  co_return ok;
}

// --- logging

Task<bool> put_logging(Context& c) {
  Json logging = Json::object();
  logging["TargetBucket"] = c.planned["target_bucket"];
  logging["TargetPrefix"] = c.planned["target_prefix"];
  Json grants = Json::array();
  for (const Json& grant : c.planned["target_grant"]) {
    const Json& who = grant["grantee"][0];
    Json grantee = Json::object();
    grantee["Type"] = who["type"];
    put(grantee, "EmailAddress", who, "email_address");
    put(grantee, "ID", who, "id");
    put(grantee, "URI", who, "uri");
    Json one = Json::object();
    one["Grantee"] = std::move(grantee);
    one["Permission"] = grant["permission"];
    grants.push_back(std::move(one));
  }
  if (!grants.empty()) logging["TargetGrants"] = std::move(grants);
  for (const Json& format : c.planned["target_object_key_format"]) {
    Json key = Json::object();
    for (const Json& partitioned : format["partitioned_prefix"]) {
      key["PartitionedPrefix"] = Json::object();
      key["PartitionedPrefix"]["PartitionDateSource"] = partitioned["partition_date_source"];
    }
    if (!format["simple_prefix"].empty()) key["SimplePrefix"] = Json::object();
    logging["TargetObjectKeyFormat"] = std::move(key);
  }
  Json params = bucket_params(c.planned);
  params["BucketLoggingStatus"] = Json::object();
  params["BucketLoggingStatus"]["LoggingEnabled"] = std::move(logging);
  bool ok = co_await put_setting(c, "PutBucketLogging", std::move(params));
  co_return ok;
}

Task<bool> read_logging(Context& c) {
  Json answer;
  bool ok = co_await get_setting(c, "GetBucketLogging", "", answer);
  if (!ok || c.state.is_null()) co_return ok;
  const Json logging = answer.value("LoggingEnabled", Json());
  if (!logging.is_object() || string_of(logging, "TargetBucket").empty()) {
    c.state = nullptr;
    co_return true;
  }
  c.state["target_bucket"] = logging["TargetBucket"];
  c.state["target_prefix"] = string_of(logging, "TargetPrefix");
  Json grants = Json::array();
  for (const Json& grant : logging.value("TargetGrants", Json::array())) {
    const Json& grantee = grant["Grantee"];
    Json who = Json::object();
    who["type"] = grantee["Type"];
    who["email_address"] = member(grantee, "EmailAddress");
    who["id"] = member(grantee, "ID");
    who["uri"] = member(grantee, "URI");
    who["display_name"] = string_of(grantee, "DisplayName");
    Json one = Json::object();
    one["grantee"] = single(std::move(who));
    one["permission"] = grant["Permission"];
    grants.push_back(std::move(one));
  }
  c.state["target_grant"] = std::move(grants);
  Json formats = Json::array();
  if (const Json key = logging.value("TargetObjectKeyFormat", Json()); key.is_object() && !key.empty()) {
    Json one = Json::object();
    one["partitioned_prefix"] = Json::array();
    one["simple_prefix"] = Json::array();
    if (key.contains("PartitionedPrefix")) {
      Json partitioned = Json::object();
      partitioned["partition_date_source"] = member(key["PartitionedPrefix"], "PartitionDateSource");
      one["partitioned_prefix"] = single(std::move(partitioned));
    } else {
      one["simple_prefix"] = single(Json::object());
    }
    formats = single(std::move(one));
  }
  c.state["target_object_key_format"] = std::move(formats);
  co_return true;
}

Task<bool> remove_logging(Context& c) {
  Json params = bucket_params(c.prior);
  params["BucketLoggingStatus"] = Json::object();
  ApiResult done = co_await c.call("s3", "PutBucketLogging", std::move(params));
  if (!done && !is_code(done.error(), {"NoSuchBucket"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover_logging(Context& c) {
  bool ok = co_await recover_setting(c, read_logging);
  co_return ok;
}

}  // namespace

ResourceType s3_bucket_ownership_controls() {
  ResourceType type = setting_type("aws_s3_bucket_ownership_controls", "S3 Bucket Ownership Controls", kOwnershipTable,
                                   put_ownership, read_ownership, remove_ownership, recover_ownership);
  type.reads = "s3:GetBucketOwnershipControls";
  type.changes = "s3:DeleteBucketOwnershipControls s3:PutBucketOwnershipControls";
  return type;
}

ResourceType s3_bucket_lifecycle_configuration() {
  ResourceType type = setting_type("aws_s3_bucket_lifecycle_configuration", "S3 Bucket Lifecycle Configuration",
                                   kLifecycleTable, put_lifecycle, read_lifecycle, remove_lifecycle, recover_lifecycle);
  type.reads = "s3:GetBucketLifecycleConfiguration";
  type.changes = "s3:DeleteBucketLifecycle s3:PutBucketLifecycleConfiguration";
  return type;
}

ResourceType s3_bucket_logging() {
  ResourceType type = setting_type("aws_s3_bucket_logging", "S3 Bucket Logging", kLoggingTable, put_logging,
                                   read_logging, remove_logging, recover_logging);
  type.reads = "s3:GetBucketLogging";
  type.changes = "s3:PutBucketLogging";
  return type;
}

}  // namespace terrace::aws::types
