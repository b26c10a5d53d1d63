#include "aws/types/s3_setting.h"

namespace terrace::aws::types {

namespace {

Task<bool> import_setting(Context& c) {
  c.state["bucket"] = c.state["id"];
  co_return true;
}

}  // namespace

Json bucket_params(const Json& attributes) {
  Json params = Json::object();
  params["Bucket"] = attributes["bucket"];
  if (attributes.contains("expected_bucket_owner") && attributes["expected_bucket_owner"].is_string() &&
      !attributes["expected_bucket_owner"].get_ref<const std::string&>().empty()) {
    params["ExpectedBucketOwner"] = attributes["expected_bucket_owner"];
  }
  return params;
}

Task<bool> put_setting(Context& c, const char* operation, Json params) {
  ApiResult done = co_await call_while(c, "s3", operation, std::move(params),
                                       "NoSuchBucket|OperationAborted|MalformedPolicy", std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["id"] = c.state["bucket"];
  co_return true;
}

Task<bool> get_setting(Context& c, const char* operation, const char* absent, Json& answer) {
  Json params = bucket_params(c.state);
  ApiResult result = co_await c.backend.batches().share("s3", operation, params, c.region);
  if (!result && (is_code(result.error(), {"NoSuchBucket"}) || result.error().code == absent)) {
    c.state = nullptr;
    co_return true;
  }
  if (!result) co_return c.fail(result.error(), "reading");
  answer = *result;
  co_return true;
}

Task<bool> remove_setting(Context& c, const char* operation, const char* absent) {
  Json params = bucket_params(c.prior);
  ApiResult done = co_await c.call("s3", operation, params);
  if (!done && !is_code(done.error(), {"NoSuchBucket"}) && done.error().code != absent)
    co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover_setting(Context& c, Hook read) {
  c.state["id"] = c.planned["bucket"];
  Json before = c.state;
  bool ok = co_await read(c);
  if (ok && c.state.is_object()) {
    c.state = before;
  } else if (ok) {
    c.state = before;
    c.state["id"] = nullptr;
  }
  co_return ok;
}

ResourceType setting_type(const char* name, const char* title, const char* table, Hook put_hook, Hook read, Hook remove,
                          Hook recover) {
  ResourceType type;
  type.name = name;
  type.table = table;
  type.service = "s3";
  type.title = title;
  type.create = put_hook;
  type.update = put_hook;
  type.read = read;
  type.remove = remove;
  type.recover = recover;
  type.import = import_setting;
  return type;
}

}  // namespace terrace::aws::types
