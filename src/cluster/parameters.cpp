#include "cluster/parameters.h"

#include <nlohmann/json.hpp>

namespace terrace::cluster {

namespace {

using Json = nlohmann::json;

Json named(std::string name) {
  Json params = Json::object();
  params["Name"] = std::move(name);
  return params;
}

}  // namespace

Task<Result<std::optional<std::string>, aws::ApiError>> read_parameter(aws::Backend& backend, std::string name) {
  Json params = named(std::move(name));
  params["WithDecryption"] = true;
  aws::ApiResult answer = co_await backend.client().call("ssm", "GetParameter", std::move(params));
  std::optional<std::string> value;
  if (!answer) {
    if (answer.error().code != "ParameterNotFound") co_return Failure<aws::ApiError>{answer.error()};
    co_return value;
  }
  value = answer->value("Parameter", Json::object()).value("Value", "");
  co_return value;
}

Task<Result<bool, aws::ApiError>> write_parameter(aws::Backend& backend, std::string name, std::string value,
                                                  std::string description, std::string cluster, bool exists) {
  Json params = named(std::move(name));
  params["Type"] = "SecureString";
  params["Value"] = std::move(value);
  params["Description"] = std::move(description);
  params["Overwrite"] = exists;
  if (!exists) {  // AWS takes tags with a new parameter only
    Json tag = Json::object();
    tag["Key"] = "Cluster";
    tag["Value"] = std::move(cluster);
    params["Tags"] = Json::array({std::move(tag)});
  }
  aws::ApiResult answer = co_await backend.client().call("ssm", "PutParameter", std::move(params));
  if (!answer) co_return Failure<aws::ApiError>{answer.error()};
  co_return true;
}

Task<Result<bool, aws::ApiError>> remove_parameter(aws::Backend& backend, std::string name) {
  Json params = named(std::move(name));
  aws::ApiResult answer = co_await backend.client().call("ssm", "DeleteParameter", std::move(params));
  if (answer) co_return true;
  if (answer.error().code == "ParameterNotFound") co_return false;
  co_return Failure<aws::ApiError>{answer.error()};
}

}  // namespace terrace::cluster
