// Flatcar Container Linux images on EC2. image asks for the newest; the platform's node-group module asks in the same
// words.
#pragma once

#include <optional>
#include <string>

#include "aws/backend.h"

namespace terrace::cluster {

// The account that Flatcar publishes from (https://www.flatcar.org/docs/latest/installing/cloud/aws-ec2/).
inline constexpr const char* kFlatcarAccount = "075585003325";

struct Image {
  std::string id;
  std::string name;     // "Flatcar-stable-3975.2.0-hvm"
  std::string created;  // RFC 3339
};

// The newest x86-64 HVM image of a channel in the client's region; nothing where there is none.
Task<Result<std::optional<Image>, aws::ApiError>> newest_image(aws::Backend& backend, std::string channel);

}  // namespace terrace::cluster
