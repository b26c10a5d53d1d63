// aws_s3_object
#include <algorithm>

#include "aws/encoding.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  acl string oc api=-
  arn string c api=-
  bucket string r new api=-
  bucket_key_enabled bool oc api=-
  cache_control string o api=-
  checksum_algorithm string o api=-
  checksum_crc32 string c api=-
  checksum_crc32c string c api=-
  checksum_crc64nvme string c api=-
  checksum_sha1 string c api=-
  checksum_sha256 string c api=-
  content string o api=-
  content_base64 string o api=-
  content_disposition string o api=-
  content_encoding string o api=-
  content_language string o api=-
  content_type string oc api=-
  etag string oc api=-
  force_destroy bool o api=-
  id string oc api=-
  key string r new api=-
  kms_key_id string oc api=-
  metadata map(string) o api=-
  object_lock_legal_hold_status string o api=-
  object_lock_mode string o api=-
  object_lock_retain_until_date string o api=-
  region string oc new api=-
  server_side_encryption string oc api=-
  source string o api=-
  source_hash string o api=-
  storage_class string oc api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  version_id string c api=-
  website_redirect string o api=-
  block override_provider list max=1 api=- {
    block default_tags list max=1 {
      tags map(string) o
    }
  }
)";

constexpr std::pair<const char*, const char*> kHeaders[] = {
    {"cache_control", "CacheControl"},
    {"content_disposition", "ContentDisposition"},
    {"content_encoding", "ContentEncoding"},
    {"content_language", "ContentLanguage"},
    {"content_type", "ContentType"},
    {"server_side_encryption", "ServerSideEncryption"},
    {"storage_class", "StorageClass"},
    {"website_redirect", "WebsiteRedirectLocation"},
    {"kms_key_id", "SSEKMSKeyId"},
    {"acl", "ACL"},
    {"checksum_algorithm", "ChecksumAlgorithm"},
    {"object_lock_mode", "ObjectLockMode"},
    {"object_lock_legal_hold_status", "ObjectLockLegalHoldStatus"},
    {"object_lock_retain_until_date", "ObjectLockRetainUntilDate"}};

// The object's bytes as base64; false with a diagnostic where there are none to be had.
bool body_of(Context& c, std::string& body) {
  if (c.planned["content"].is_string()) {
    body = base64_encode(c.planned["content"].get<std::string>());
  } else if (c.planned["content_base64"].is_string()) {
    body = c.planned["content_base64"].get<std::string>();
  } else if (c.planned["source"].is_string()) {
    std::string path = c.planned["source"].get<std::string>();
    Result<std::string, FileError> file = c.backend.read_file(path);
    if (!file) return c.fail("reading the source of", file.error().message);
    body = base64_encode(*file);
  }
  return true;
}

std::string query_tags(const Json& tags) {
  std::string text;
  if (!tags.is_object()) return text;
  for (const auto& [key, value] : tags.items()) {
    text += (text.empty() ? "" : "&") + percent_encode(key) + "=" +
            percent_encode(value.is_string() ? value.get<std::string>() : "");
  }
  return text;
}

Task<bool> put(Context& c) {
  Json params = Json::object();
  params["Bucket"] = c.planned["bucket"];
  params["Key"] = c.planned["key"];
  std::string body;
  if (!body_of(c, body)) co_return false;
  params["Body"] = body;
  for (const auto& [attribute, member] : kHeaders) {
    if (!string_of(c.planned, attribute).empty()) params[member] = c.planned[attribute];
  }
  if (!params.contains("ContentType")) params["ContentType"] = "application/octet-stream";
  if (c.planned["bucket_key_enabled"].is_boolean()) params["BucketKeyEnabled"] = c.planned["bucket_key_enabled"];
  if (c.planned["metadata"].is_object() && !c.planned["metadata"].empty()) params["Metadata"] = c.planned["metadata"];
  std::string tags = query_tags(c.planned["tags_all"]);
  if (!tags.empty()) params["Tagging"] = tags;
  ApiResult done = co_await call_while(c, "s3", "PutObject", std::move(params), "NoSuchBucket|OperationAborted",
                                       std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), "uploading");
  c.state["id"] = string_of(c.planned, "bucket") + "/" + string_of(c.planned, "key");
  co_return true;
}

Task<bool> read(Context& c) {
  Json params = Json::object();
  params["Bucket"] = c.state["bucket"];
  params["Key"] = c.state["key"];
  ApiResult head = co_await c.call("s3", "HeadObject", params);
  if (!head && (head.error().status == 404 || is_code(head.error(), {"NoSuchKey", "NotFound", "NoSuchBucket"}))) {
    c.state = nullptr;
    co_return true;
  }
  if (!head) co_return c.fail(head.error(), "reading");
  std::string bucket = string_of(c.state, "bucket");
  c.state["id"] = bucket + "/" + string_of(c.state, "key");
  c.state["arn"] = arn(c, "s3", "", "", bucket + "/" + string_of(c.state, "key"));
  std::string etag = string_of(*head, "ETag");
  if (etag.size() > 1 && etag.front() == '"') etag = etag.substr(1, etag.size() - 2);
  c.state["etag"] = etag;
  c.state["version_id"] = string_of(*head, "VersionId") == "null" ? "" : string_of(*head, "VersionId");
  for (const auto& [attribute, member] : kHeaders) {
    std::string name(attribute);
    if (name == "acl" || name == "checksum_algorithm") continue;
    std::string value = string_of(*head, member);
    bool computed =
        name == "content_type" || name == "server_side_encryption" || name == "storage_class" || name == "kms_key_id";
    if (!value.empty() || c.state[name].is_string()) c.state[name] = value;
    if (name == "storage_class" && value.empty()) c.state[name] = "STANDARD";
    if (computed && c.state[name].is_null()) c.state[name] = "";
  }
  // A key that the bucket's own encryption chose is not the configuration's.
  if (c.state["bucket_key_enabled"].is_null()) c.state["bucket_key_enabled"] = bool_of(*head, "BucketKeyEnabled");
  for (const char* sum :
       {"checksum_crc32", "checksum_crc32c", "checksum_crc64nvme", "checksum_sha1", "checksum_sha256"}) {
    if (c.state[sum].is_null()) c.state[sum] = "";
  }
  const Json metadata = head->value("Metadata", Json::object());
  if (!metadata.empty() || c.state["metadata"].is_object()) c.state["metadata"] = metadata;
  bool tagged = (head->contains("TagCount") && (*head)["TagCount"].is_number() && (*head)["TagCount"].get<int>() > 0) ||
                (c.state["tags_all"].is_object() && !c.state["tags_all"].empty());
  c.state["tags_all"] = Json::object();
  if (tagged) {
    ApiResult tags = co_await c.call("s3", "GetObjectTagging", params);
    if (!tags) co_return c.fail(tags.error(), "reading tags of");
    c.state["tags_all"] = tag_map(tags->value("TagSet", Json::array()));
  }
  co_return true;
}

// What is written with the object: a change of it is another version of the object. Its ACL, tags and locks are set on
// the version that is there.
constexpr const char* kContent[] = {"bucket_key_enabled",
                                    "cache_control",
                                    "checksum_algorithm",
                                    "content",
                                    "content_base64",
                                    "content_type",
                                    "content_encoding",
                                    "content_disposition",
                                    "content_language",
                                    "etag",
                                    "kms_key_id",
                                    "metadata",
                                    "source",
                                    "source_hash",
                                    "storage_class",
                                    "server_side_encryption",
                                    "website_redirect"};

Task<bool> set(Context& c, const char* operation, const char* member, Json value, bool bypass) {
  Json params = Json::object();
  params["Bucket"] = c.planned["bucket"];
  params["Key"] = c.planned["key"];
  params[member] = std::move(value);
  if (bypass) params["BypassGovernanceRetention"] = true;
  ApiResult done = co_await c.call("s3", operation, std::move(params));
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> set_locks(Context& c) {
  bool ok = true;
  if (c.changed("object_lock_legal_hold_status")) {
    Json hold = Json::object();
    std::string status = string_of(c.planned, "object_lock_legal_hold_status");
    hold["Status"] = status.empty() ? "OFF" : status;
    ok = co_await set(c, "PutObjectLegalHold", "LegalHold", std::move(hold), false);
  }
  if (!ok || (!c.changed("object_lock_mode") && !c.changed("object_lock_retain_until_date"))) co_return ok;
  Json retention = Json::object();
  if (!string_of(c.planned, "object_lock_mode").empty()) retention["Mode"] = c.planned["object_lock_mode"];
  if (!string_of(c.planned, "object_lock_retain_until_date").empty())
    retention["RetainUntilDate"] = c.planned["object_lock_retain_until_date"];
  // A shorter retention, or none, goes against the one that is there.
  ok = co_await set(c, "PutObjectRetention", "Retention", std::move(retention), true);
  co_return ok;
}

Task<bool> update(Context& c) {
  bool written = false;
  for (const char* name : kContent) written = written || c.changed(name);
  bool ok = true;
  if (written) {
    ok = co_await put(c);
    co_return ok;
  }
  if (c.changed("acl") && !string_of(c.planned, "acl").empty()) {
    Json acl = c.planned["acl"];
    ok = co_await set(c, "PutObjectAcl", "ACL", std::move(acl), false);
  }
  if (ok) ok = co_await set_locks(c);
  if (ok && c.changed("tags_all")) {
    Json tagging = Json::object();
    tagging["TagSet"] = tag_list(c.planned["tags_all"]);
    ok = co_await set(c, "PutObjectTagging", "Tagging", std::move(tagging), false);
  }
  co_return ok;
}

// Every version goes, so that the bucket can go, too.
Task<bool> remove(Context& c) {
  std::string key = string_of(c.prior, "key");
  Json list = Json::object();
  list["Bucket"] = c.prior["bucket"];
  list["Prefix"] = key;
  ApiResult versions = co_await c.call("s3", "ListObjectVersions", list);
  if (!versions && is_code(versions.error(), {"NoSuchBucket"})) co_return true;
  if (!versions) co_return c.fail(versions.error(), "listing the versions of");
  Json objects = versions_of(*versions, &key);
  std::string bucket = string_of(c.prior, "bucket");
  bool ok = co_await delete_objects(c, bucket, std::move(objects), bool_of(c.prior, "force_destroy"));
  co_return ok;
}

Task<bool> recover(Context& c) {
  Json params = Json::object();
  params["Bucket"] = c.planned["bucket"];
  params["Key"] = c.planned["key"];
  ApiResult head = co_await c.call("s3", "HeadObject", params);
  if (!head && head.error().status == 404) co_return true;
  if (!head) co_return c.fail(head.error(), "looking for");
  if (made_since(c, string_of(*head, "LastModified")))
    c.state["id"] = string_of(c.planned, "bucket") + "/" + string_of(c.planned, "key");
  co_return true;
}

// BUCKET/KEY or s3://BUCKET/KEY
Task<bool> import(Context& c) {
  std::string id = c.text("id");
  if (id.starts_with("s3://")) id = id.substr(5);
  std::size_t slash = id.find('/');
  if (slash == std::string::npos) co_return c.fail("importing", "the id must be BUCKET/KEY or s3://BUCKET/KEY");
  c.state["bucket"] = id.substr(0, slash);
  c.state["key"] = id.substr(slash + 1);
  c.state["id"] = id;
  co_return true;
}

// New content has a new ETag and version.
void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>&) {
  if (!prior.is_object()) return;
  bool content = false;
  for (const char* name : kContent)
    content =
        content || prior[name] != planned[name] || std::find(unknown.begin(), unknown.end(), name) != unknown.end();
  if (!content) return;
  unknown.push_back("version_id");
  if (config["etag"].is_null()) unknown.push_back("etag");
  for (const char* sum :
       {"checksum_crc32", "checksum_crc32c", "checksum_crc64nvme", "checksum_sha1", "checksum_sha256"})
    unknown.push_back(sum);
}

}  // namespace

ResourceType s3_object() {
  ResourceType type;
  type.name = "aws_s3_object";
  type.table = kTable;
  type.service = "s3";
  type.title = "S3 Object";
  type.tags = TagStyle::kS3Object;
  type.create = put;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.plan = plan;
  type.reads = "s3:GetObjectTagging s3:HeadObject";
  type.changes =
      "s3:DeleteObjects s3:ListObjectVersions s3:PutObject s3:PutObjectAcl s3:PutObjectLegalHold "
      "s3:PutObjectRetention s3:PutObjectTagging";
  return type;
}

}  // namespace terrace::aws::types
