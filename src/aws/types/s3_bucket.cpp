// aws_s3_bucket
#include "aws/types/common.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  acceleration_status string oc api=-
  acl string oc api=-
  arn string c api=-
  bucket string oc new api=-
  bucket_domain_name string c api=-
  bucket_prefix string oc new api=-
  bucket_region string c api=-
  bucket_regional_domain_name string c api=-
  force_destroy bool o api=-
  hosted_zone_id string c api=-
  id string oc api=-
  object_lock_enabled bool oc new api=-
  policy string oc api=-
  region string oc new api=-
  request_payer string oc api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  website_domain string c api=-
  website_endpoint string c api=-
  block cors_rule list api=- {
    allowed_headers list(string) o
    allowed_methods list(string) r
    allowed_origins list(string) r
    expose_headers list(string) o
    max_age_seconds number o
  }
  block grant set api=- {
    id string o
    permissions set(string) r
    type string r
    uri string o
  }
  block lifecycle_rule list api=- {
    abort_incomplete_multipart_upload_days number o
    enabled bool r
    id string oc
    prefix string o
    tags map(string) o
    block expiration list max=1 {
      date string o
      days number o
      expired_object_delete_marker bool o
    }
    block noncurrent_version_expiration list max=1 {
      days number o
    }
    block noncurrent_version_transition set {
      days number o
      storage_class string r
    }
    block transition set {
      date string o
      days number o
      storage_class string r
    }
  }
  block logging list max=1 api=- {
    target_bucket string r
    target_prefix string o
  }
  block object_lock_configuration list max=1 api=- {
    object_lock_enabled string o
    block rule list max=1 {
      block default_retention list min=1 max=1 {
        days number o
        mode string r
        years number o
      }
    }
  }
  block replication_configuration list max=1 api=- {
    role string r
    block rules set min=1 {
      delete_marker_replication_status string o
      id string o
      prefix string o
      priority number o
      status string r
      block destination list min=1 max=1 {
        account_id string o
        bucket string r
        replica_kms_key_id string o
        storage_class string o
        block access_control_translation list max=1 {
          owner string r
        }
        block metrics list max=1 {
          minutes number o
          status string o
        }
        block replication_time list max=1 {
          minutes number o
          status string o
        }
      }
      block filter list max=1 {
        prefix string o
        tags map(string) o
      }
      block source_selection_criteria list max=1 {
        block sse_kms_encrypted_objects list max=1 {
          enabled bool r
        }
      }
    }
  }
  block server_side_encryption_configuration list max=1 api=- {
    block rule list min=1 max=1 {
      bucket_key_enabled bool o
      block apply_server_side_encryption_by_default list min=1 max=1 {
        kms_master_key_id string o
        sse_algorithm string r
      }
    }
  }
  block timeouts single {
    create string o
    delete string o
    read string o
    update string o
  }
  block versioning list max=1 api=- {
    enabled bool o
    mfa_delete bool o
  }
  block website list max=1 api=- {
    error_document string o
    index_document string o
    redirect_all_requests_to string o
    routing_rules string o
  }
)";

Task<bool> put_tags(Context& c) {
  Json params = Json::object();
  params["Bucket"] = c.state["id"];
  Json tags = tag_list(c.planned["tags_all"]);
  if (tags.empty()) {
    ApiResult done = co_await c.call("s3", "DeleteBucketTagging", params);
    if (!done) co_return c.fail(done.error(), "updating tags of");
    co_return true;
  }
  params["Tagging"] = Json::object();
  params["Tagging"]["TagSet"] = std::move(tags);
  ApiResult done = co_await call_while(c, "s3", "PutBucketTagging", params, "NoSuchBucket|OperationAborted",
                                       std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), "tagging");
  co_return true;
}

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "bucket", "bucket_prefix", "terraform-");
  Json params = Json::object();
  params["Bucket"] = name;
  if (c.region != "us-east-1") {
    params["CreateBucketConfiguration"] = Json::object();
    params["CreateBucketConfiguration"]["LocationConstraint"] = c.region;
  }
  if (bool_of(c.planned, "object_lock_enabled")) params["ObjectLockEnabledForBucket"] = true;
  ApiResult made = co_await call_while(c, "s3", "CreateBucket", params, "OperationAborted", std::chrono::minutes(2));
  if (!made && is_code(made.error(), {"BucketAlreadyExists"})) {
    co_return c.fail(
        "creating",
        "the name " + name +
            " is taken by another account's bucket: bucket names are the whole world's. Choose another cluster name.");
  }
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  c.state["bucket"] = name;
  bool ok = true;
  if (c.planned["tags_all"].is_object() && !c.planned["tags_all"].empty()) ok = co_await put_tags(c);
  co_return ok;
}

Task<bool> read(Context& c) {
  std::string name = c.text("id");
  Json params = Json::object();
  params["Bucket"] = name;
  // The tags tell at once whether the bucket is there.
  ApiResult tags = co_await c.backend.batches().share("s3", "GetBucketTagging", params, c.region);
  if (!tags && is_code(tags.error(), {"NoSuchBucket"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!tags && !is_code(tags.error(), {"NoSuchTagSet", "NoSuchTagSetError"})) co_return c.fail(tags.error(), "reading");
  c.state["tags_all"] = tags ? tag_map(tags->value("TagSet", Json::array())) : Json::object();
  const Partition& partition = c.backend.partition();
  c.state["bucket"] = name;
  c.state["arn"] = arn(c, "s3", "", "", name);
  c.state["bucket_domain_name"] = name + ".s3." + partition.dns_suffix;
  c.state["bucket_regional_domain_name"] = name + ".s3." + c.region + "." + partition.dns_suffix;
  c.state["bucket_region"] = c.region;
  c.state["hosted_zone_id"] = website_zone(c.region);
  if (c.state["bucket_prefix"].is_null()) c.state["bucket_prefix"] = "";
  if (c.state["object_lock_enabled"].is_null()) c.state["object_lock_enabled"] = false;
  if (c.state["request_payer"].is_null()) c.state["request_payer"] = "BucketOwner";
  for (const char* text : {"acceleration_status", "policy"}) {
    if (c.state[text].is_null()) c.state[text] = "";
  }
  co_return true;
}

Task<bool> update(Context& c) {
  bool ok = true;
  if (c.changed("tags_all")) ok = co_await put_tags(c);
  co_return ok;
}

// Deletes every version of every object: force_destroy.
Task<bool> empty_bucket(Context& c) {
  for (int round = 0; round < 1000; ++round) {
    Json params = Json::object();
    params["Bucket"] = c.state["id"];
    ApiResult listed = co_await c.call("s3", "ListObjectVersions", params);
    if (!listed) co_return c.fail(listed.error(), "emptying");
    Json objects = versions_of(*listed);
    if (objects.empty()) co_return true;
    std::string bucket = c.text("id");
    bool deleted = co_await delete_objects(c, bucket, std::move(objects), bool_of(c.prior, "object_lock_enabled"));
    if (!deleted) co_return false;
  }
  co_return c.fail("emptying", "objects keep appearing in it");
}

Task<bool> remove(Context& c) {
  Json params = Json::object();
  params["Bucket"] = c.state["id"];
  ApiResult done = co_await call_while(c, "s3", "DeleteBucket", params, "OperationAborted", std::chrono::minutes(2));
  if (!done && is_code(done.error(), {"BucketNotEmpty"})) {
    if (!bool_of(c.prior, "force_destroy")) {
      co_return c.fail("deleting",
                       "the bucket is not empty. Empty it, or set force_destroy = true (buckets_force_destroy in "
                       "cluster.tfvars), apply, and destroy again; that deletes everything in it, old versions too.");
    }
    bool emptied = co_await empty_bucket(c);
    if (!emptied) co_return false;
    done = co_await c.call("s3", "DeleteBucket", params);
  }
  if (!done && !is_code(done.error(), {"NoSuchBucket"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// Ours, by the name, and made since the intent was written.
Task<bool> recover(Context& c) {
  std::string name = name_or_generated(c, "bucket", "bucket_prefix", "terraform-");
  Json params = Json::object();
  ApiResult listed = co_await c.backend.batches().share("s3", "ListBuckets", params, c.region);
  if (!listed) co_return c.fail(listed.error(), "looking for");
  for (const Json& bucket : listed->value("Buckets", Json::array())) {
    if (string_of(bucket, "Name") == name && made_since(c, string_of(bucket, "CreationDate"))) {
      c.state["id"] = name;
      c.state["bucket"] = name;
    }
  }
  co_return true;
}

// Settings that hashicorp/aws keeps on the bucket for old configurations are resources of their own here.
std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  for (const char* name : {"acceleration_status", "acl", "cors_rule", "grant", "lifecycle_rule", "logging",
                           "object_lock_configuration", "policy", "replication_configuration", "request_payer",
                           "server_side_encryption_configuration", "versioning", "website"}) {
    auto given = config.find(name);
    if (given == config.end() || given->is_null() || (given->is_array() && given->empty())) continue;
    problems.push_back(std::string(name) +
                       " can't be set on the bucket: write it as a resource of its own, such as "
                       "aws_s3_bucket_versioning or aws_s3_bucket_policy");
  }
  return problems;
}

}  // namespace

ResourceType s3_bucket() {
  ResourceType type;
  type.name = "aws_s3_bucket";
  type.table = kTable;
  type.service = "s3";
  type.title = "S3 Bucket";
  type.tags = TagStyle::kS3Bucket;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.validate = validate;
  type.reads = "s3:GetBucketTagging s3:ListBuckets";
  type.changes =
      "s3:CreateBucket s3:DeleteBucket s3:DeleteBucketTagging s3:DeleteObjects s3:ListObjectVersions "
      "s3:PutBucketTagging";
  return type;
}

}  // namespace terrace::aws::types
