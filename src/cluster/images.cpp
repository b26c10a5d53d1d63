#include "cluster/images.h"

#include <nlohmann/json.hpp>

namespace terrace::cluster {

using Json = nlohmann::json;

Task<Result<std::optional<Image>, aws::ApiError>> newest_image(aws::Backend& backend, std::string channel) {
  Json params = Json::object();
  params["Owners"] = Json::array();
  params["Owners"].push_back(kFlatcarAccount);
  params["Filters"] = Json::array();
  auto filter = [&](const char* name, const std::string& value) {
    Json one = Json::object();
    one["Name"] = name;
    one["Values"] = Json::array();
    one["Values"].push_back(value);
    params["Filters"].push_back(std::move(one));
  };
  filter("name", "Flatcar-" + channel + "-*-hvm");
  filter("architecture", "x86_64");
  filter("virtualization-type", "hvm");
  aws::ApiResult answer = co_await backend.client().call_all("ec2", "DescribeImages", std::move(params));
  if (!answer) co_return Failure<aws::ApiError>{answer.error()};
  std::optional<Image> newest;
  Json images = answer->value("Images", Json::array());
  for (const Json& image : images) {
    Image one{image.value("ImageId", ""), image.value("Name", ""), image.value("CreationDate", "")};
    if (!newest || one.created > newest->created) newest = std::move(one);
  }
  co_return newest;
}

}  // namespace terrace::cluster
