// The API models that are built into the program: src/aws/model/*.json, compressed, unpacked when first asked for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "aws/model.h"

namespace terrace::aws {

// Keeps the models it has read. One a process; the Client and the table checks borrow it.
class Models {
 public:
  Models();
  ~Models();
  Models(const Models&) = delete;
  Models& operator=(const Models&) = delete;

  // The model of `service` (botocore's folder name: "ec2", "elbv2"), or null where there is none built in.
  const ServiceModel* service(std::string_view service);

 private:
  std::map<std::string, std::unique_ptr<ServiceModel>, std::less<>> models_;
};

// Names of the services built in, sorted.
std::vector<std::string> built_in_services();

// The text of a built-in file ("ec2", "partitions"), unpacked; empty where there is none.
std::string built_in_model(std::string_view name);

}  // namespace terrace::aws
