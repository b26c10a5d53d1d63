#include "cluster/objects.h"

#include <nlohmann/json.hpp>

#include "aws/encoding.h"

namespace terrace::cluster {

namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* member) {
  auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_absent(const aws::ApiError& error) {
  return error.status == 404 || error.code == "NoSuchKey" || error.code == "NoSuchBucket";
}

Json address(std::string bucket, std::string key) {
  Json params = Json::object();
  params["Bucket"] = std::move(bucket);
  params["Key"] = std::move(key);
  return params;
}

}  // namespace

Task<Result<std::optional<StoredObject>, aws::ApiError>> read_object(aws::Backend& backend, std::string bucket,
                                                                     std::string key) {
  Json params = address(std::move(bucket), std::move(key));
  aws::ApiResult answer = co_await backend.client().call("s3", "GetObject", std::move(params));
  std::optional<StoredObject> found;
  if (!answer) {
    if (!is_absent(answer.error())) co_return Failure<aws::ApiError>{answer.error()};
    co_return found;
  }
  found.emplace();
  found->body = aws::base64_decode(text_of(*answer, "Body")).value_or("");
  found->etag = text_of(*answer, "ETag");
  found->version_id = text_of(*answer, "VersionId");
  found->modified = text_of(*answer, "LastModified");
  co_return found;
}

Task<Result<bool, aws::ApiError>> write_object(aws::Backend& backend, std::string bucket, std::string key,
                                               std::string body, Overwrite overwrite, std::string content_type) {
  Json params = address(std::move(bucket), std::move(key));
  params["Body"] = aws::base64_encode(body);
  if (!content_type.empty()) params["ContentType"] = content_type;
  if (overwrite == Overwrite::kNever) params["IfNoneMatch"] = "*";
  aws::ApiResult answer = co_await backend.client().call("s3", "PutObject", std::move(params));
  if (answer) co_return true;
  const std::string& code = answer.error().code;
  if (code == "PreconditionFailed" || code == "ConditionalRequestConflict") co_return false;
  co_return Failure<aws::ApiError>{answer.error()};
}

Task<Result<bool, aws::ApiError>> write_secret_object(aws::Backend& backend, std::string bucket, std::string key,
                                                      std::string body, std::string content_type) {
  Json params = address(std::move(bucket), std::move(key));
  params["Body"] = aws::base64_encode(body);
  params["ContentType"] = content_type;
  params["ServerSideEncryption"] = "aws:kms";
  aws::ApiResult answer = co_await backend.client().call("s3", "PutObject", std::move(params));
  if (!answer) co_return Failure<aws::ApiError>{answer.error()};
  co_return true;
}

Task<Result<bool, aws::ApiError>> remove_object(aws::Backend& backend, std::string bucket, std::string key) {
  Json params = Json::object();
  params["Bucket"] = bucket;
  params["Prefix"] = key;
  aws::ApiResult listed = co_await backend.client().call_all("s3", "ListObjectVersions", std::move(params));
  if (!listed) {
    if (is_absent(listed.error())) co_return false;
    co_return Failure<aws::ApiError>{listed.error()};
  }
  bool removed = false;
  for (const char* kind : {"Versions", "DeleteMarkers"}) {
    Json versions = listed->value(kind, Json::array());
    for (const Json& version : versions) {
      if (text_of(version, "Key") != key) continue;
      Json one = address(bucket, key);
      std::string id = text_of(version, "VersionId");
      if (!id.empty() && id != "null") one["VersionId"] = id;
      aws::ApiResult done = co_await backend.client().call("s3", "DeleteObject", std::move(one));
      if (!done && !is_absent(done.error())) co_return Failure<aws::ApiError>{done.error()};
      removed = true;
    }
  }
  co_return removed;
}

Task<Result<std::vector<std::string>, aws::ApiError>> list_objects(aws::Backend& backend, std::string bucket,
                                                                   std::string prefix) {
  Json params = Json::object();
  params["Bucket"] = std::move(bucket);
  params["Prefix"] = std::move(prefix);
  aws::ApiResult listed = co_await backend.client().call_all("s3", "ListObjectsV2", std::move(params));
  std::vector<std::string> keys;
  if (!listed) {
    if (!is_absent(listed.error())) co_return Failure<aws::ApiError>{listed.error()};
    co_return keys;
  }
  Json contents = listed->value("Contents", Json::array());
  for (const Json& object : contents) keys.push_back(text_of(object, "Key"));
  co_return keys;
}

}  // namespace terrace::cluster
