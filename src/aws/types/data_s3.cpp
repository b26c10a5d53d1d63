// Data sources aws_s3_bucket and aws_s3_object
#include <algorithm>

#include "aws/encoding.h"
#include "aws/timestamp.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kBucketTable = R"(
  arn string c
  bucket string r
  bucket_domain_name string c
  bucket_region string c
  bucket_regional_domain_name string c
  hosted_zone_id string c
  id string oc
  region string oc
  website_domain string c
  website_endpoint string c
)";
constexpr const char* kObjectTable = R"(
  arn string c
  body string c
  bucket string r
  bucket_key_enabled bool c
  cache_control string c
  checksum_crc32 string c api=ChecksumCRC32
  checksum_crc32c string c api=ChecksumCRC32C
  checksum_crc64nvme string c api=ChecksumCRC64NVME
  checksum_mode string o one_of=ENABLED
  checksum_sha1 string c api=ChecksumSHA1
  checksum_sha256 string c api=ChecksumSHA256
  content_disposition string c
  content_encoding string c
  content_language string c
  content_length number c
  content_type string c
  etag string c api=-
  expiration string c
  expires string c
  id string oc
  key string r
  last_modified string c api=-
  metadata map(string) c api=-
  object_lock_legal_hold_status string c
  object_lock_mode string c
  object_lock_retain_until_date string c
  range string o
  region string oc
  server_side_encryption string c
  sse_kms_key_id string c api=SSEKMSKeyId
  storage_class string c
  tags map(string) oc
  version_id string oc
  website_redirect_location string c
)";

// The endpoint of websites: with a dash before the region in the oldest regions, with a dot in the others.
std::string website_domain(const Context& c) {
  static constexpr const char* kOldest[] = {"us-east-1",      "us-west-1",      "us-west-2",
                                            "ap-southeast-1", "ap-southeast-2", "ap-northeast-1",
                                            "eu-west-1",      "sa-east-1",      "us-gov-west-1"};
  bool old = std::find(std::begin(kOldest), std::end(kOldest), c.region) != std::end(kOldest);
  return std::string("s3-website") + (old ? "-" : ".") + c.region + "." + c.backend.partition().dns_suffix;
}

Task<bool> read_bucket(Context& c) {
  std::string name = string_of(c.config, "bucket");
  Json params = one_member("Bucket", name);
  ApiResult head = co_await c.backend.batches().share("s3", "HeadBucket", params, c.region);
  if (!head && head.error().status == 404)
    co_return c.fail("reading the bucket " + name, "there is no bucket of this name");
  if (!head) co_return c.fail(head.error(), "reading the bucket " + name);
  const Partition& partition = c.backend.partition();
  std::string region = string_of(*head, "BucketRegion");
  if (region.empty()) region = c.region;
  c.state["id"] = name;
  c.state["arn"] = arn(c, "s3", "", "", name);
  c.state["bucket_domain_name"] = name + ".s3." + partition.dns_suffix;
  c.state["bucket_region"] = region;
  c.state["bucket_regional_domain_name"] = name + ".s3." + region + "." + partition.dns_suffix;
  c.state["hosted_zone_id"] = website_zone(region);
  ApiResult site = co_await c.backend.batches().share("s3", "GetBucketWebsite", params, c.region);
  bool plain = !site && is_code(site.error(), {"NoSuchWebsiteConfiguration", "NotImplemented", "MethodNotAllowed"});
  if (!site && !plain) co_return c.fail(site.error(), "reading the website of the bucket " + name);
  c.state["website_domain"] = site ? website_domain(c) : "";
  c.state["website_endpoint"] = site ? name + "." + website_domain(c) : "";
  co_return true;
}

// Only text can be a value of the language.
bool is_text(const std::string& type) {
  static constexpr const char* kTexts[] = {"application/json",      "application/ld+json",  "application/x-httpd-php",
                                           "application/xhtml+xml", "application/x-csh",    "application/x-sh",
                                           "application/xml",       "application/atom+xml", "application/x-sql",
                                           "application/yaml",      "application/x-yaml",   "application/toml",
                                           "application/javascript"};
  std::string plain = type.substr(0, type.find(';'));
  return plain.starts_with("text/") || std::find(std::begin(kTexts), std::end(kTexts), plain) != std::end(kTexts);
}

// Mon, 02 Jan 2006 15:04:05 UTC
std::string modified(const Json& head) {
  std::optional<Duration> moment = parse_timestamp(string_of(head, "LastModified"));
  if (!moment) return {};
  std::string text = http_date(*moment);
  return text.substr(0, text.rfind(' ')) + " UTC";
}

Task<bool> read_body(Context& c, Json params) {
  ApiResult object = co_await c.backend.batches().share("s3", "GetObject", std::move(params), c.region);
  if (!object) co_return c.fail(object.error(), "reading the object " + c.text("id"));
  c.state["body"] = base64_decode(string_of(*object, "Body")).value_or("");
  co_return true;
}

Task<bool> read_object(Context& c) {
  std::string bucket = string_of(c.config, "bucket"), key = string_of(c.config, "key");
  std::string place = bucket + "/" + key;
  Json params = one_member("Bucket", bucket);
  params["Key"] = key;
  std::string version = string_of(c.config, "version_id");
  if (!version.empty()) params["VersionId"] = version;
  Json ask = params;
  for (const auto& [attribute, member] : {std::pair("range", "Range"), std::pair("checksum_mode", "ChecksumMode")}) {
    if (!string_of(c.config, attribute).empty()) ask[member] = c.config[attribute];
  }
  ApiResult head = co_await c.backend.batches().share("s3", "HeadObject", ask, c.region);
  if (!head && head.error().status == 404)
    co_return c.fail("reading the object " + place, "there is no such object, or no such bucket");
  if (!head) co_return c.fail(head.error(), "reading the object " + place);
  if (bool_of(*head, "DeleteMarker")) co_return c.fail("reading the object " + place, "it was deleted");
  c.state = from_api(c.rows, *head, c.state);
  c.state["bucket"] = bucket;
  c.state["key"] = key;
  c.state["id"] = version.empty() ? place : place + "@" + version;
  c.state["arn"] = arn(c, "s3", "", "", place);
  c.state["last_modified"] = modified(*head);
  c.state["metadata"] = head->value("Metadata", Json::object());
  std::string etag = string_of(*head, "ETag");
  if (etag.size() > 1 && etag.front() == '"') etag = etag.substr(1, etag.size() - 2);
  c.state["etag"] = etag;
  if (string_of(c.state, "storage_class").empty()) c.state["storage_class"] = "STANDARD";
  for (const Row& row : c.rows) {
    if (row.type == "string" && row.computed && c.state[row.name].is_null()) c.state[row.name] = "";
  }
  if (c.state["bucket_key_enabled"].is_null()) c.state["bucket_key_enabled"] = false;
  c.state["body"] = nullptr;
  if (is_text(string_of(c.state, "content_type"))) {
    bool ok = co_await read_body(c, std::move(ask));
    if (!ok) co_return false;
  }
  ApiResult tags = co_await c.backend.batches().share("s3", "GetObjectTagging", params, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of the object " + place);
  c.state["tags"] = tag_map(tags->value("TagSet", Json::array()));
  co_return true;
}

}  // namespace

DataSource s3_bucket_data() {
  return {"aws_s3_bucket", kBucketTable, read_bucket, "s3:GetBucketWebsite s3:HeadBucket", true};
}
DataSource s3_object_data() {
  return {"aws_s3_object", kObjectTable, read_object, "s3:GetObject s3:GetObjectTagging s3:HeadObject", true};
}

}  // namespace terrace::aws::types
