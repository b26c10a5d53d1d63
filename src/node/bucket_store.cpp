#include "node/bucket_store.h"

#include <nlohmann/json.hpp>

#include "aws/encoding.h"

namespace terrace::node {

namespace {

using Json = nlohmann::json;

Json address(const std::string& bucket, std::string key) {
  Json params = Json::object();
  params["Bucket"] = bucket;
  params["Key"] = std::move(key);
  return params;
}

}  // namespace

Task<Result<std::optional<StoredObject>, std::string>> BucketStore::get(std::string key) {
  using Answer = Result<std::optional<StoredObject>, std::string>;
  Json params = address(bucket_, std::move(key));
  const std::string service = "s3";
  const std::string operation = "GetObject";
  aws::ApiResult answer = co_await client_.call(service, operation, std::move(params));
  if (!answer.ok()) {
    // A bucket that is not there is a fault, not an absent object.
    const bool absent = answer.error().code == "NoSuchKey";
    if (absent) co_return Answer(std::optional<StoredObject>());
    co_return Answer(Failure{answer.error().describe()});
  }
  StoredObject object;
  object.content = aws::base64_decode(answer->value("Body", std::string())).value_or("");
  object.etag = answer->value("ETag", std::string());
  co_return Answer(std::optional<StoredObject>(std::move(object)));
}

Task<Result<bool, std::string>> BucketStore::write(std::string key, std::string content, std::string header,
                                                   std::string etag) {
  Json params = address(bucket_, std::move(key));
  params["Body"] = aws::base64_encode(content);
  if (!header.empty()) params[header] = std::move(etag);
  const std::string service = "s3";
  const std::string operation = "PutObject";
  const aws::ApiResult answer = co_await client_.call(service, operation, std::move(params));
  if (answer.ok()) co_return true;
  const std::string& code = answer.error().code;
  const bool condition = code == "PreconditionFailed" || code == "ConditionalRequestConflict";
  if (!header.empty() && (condition || code == "NoSuchKey")) co_return false;
  co_return Failure{answer.error().describe()};
}

Task<Status<std::string>> BucketStore::put(std::string key, std::string content) {
  const std::string none;
  const Result<bool, std::string> done = co_await write(std::move(key), std::move(content), none, none);
  if (!done.ok()) co_return Failure{done.error()};
  co_return Status<std::string>();
}

Task<Result<bool, std::string>> BucketStore::put_if_absent(std::string key, std::string content) {
  return write(std::move(key), std::move(content), "IfNoneMatch", "*");
}

Task<Result<bool, std::string>> BucketStore::put_if_match(std::string key, std::string content, std::string etag) {
  return write(std::move(key), std::move(content), "IfMatch", std::move(etag));
}

Task<Result<std::vector<std::string>, std::string>> BucketStore::list_keys(std::string prefix) {
  Json params = Json::object();
  params["Bucket"] = bucket_;
  params["Prefix"] = std::move(prefix);
  const std::string service = "s3";
  const std::string operation = "ListObjectsV2";
  const aws::ApiResult answer = co_await client_.call_all(service, operation, std::move(params));
  if (!answer.ok()) co_return Failure{answer.error().describe()};
  std::vector<std::string> keys;
  const auto contents = answer->find("Contents");
  if (contents != answer->end())
    for (const Json& each : *contents) keys.push_back(each.value("Key", std::string()));
  co_return keys;
}

Task<Status<std::string>> BucketStore::erase(std::string key) {
  Json params = address(bucket_, std::move(key));
  const std::string service = "s3";
  const std::string operation = "DeleteObject";
  const aws::ApiResult answer = co_await client_.call(service, operation, std::move(params));
  if (!answer.ok()) co_return Failure{answer.error().describe()};
  co_return Status<std::string>();
}

}  // namespace terrace::node
