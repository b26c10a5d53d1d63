// What instances and volumes share: aws_instance, aws_ebs_volume, aws_volume_attachment.
#pragma once

#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

extern const Kind kVolumes;

// ModifyVolume, and waits until the volume serves with what was changed.
Task<bool> modify_volume(Context& context, std::string id, Json params, Duration limit);

// Stops or starts an instance and waits until it has; one that is so already is left alone, and a terminated one is as
// good as stopped.
Task<bool> stop_instance(Context& context, std::string id, Duration limit);
Task<bool> start_instance(Context& context, std::string id, Duration limit);

}  // namespace terrace::aws::types
