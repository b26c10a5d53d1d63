// aws_instance in parts: instance.cpp has the table and reads, instance_launch.cpp makes, stops, starts and ends
// instances, instance_update.cpp changes them.
#pragma once

#include <string>

#include "aws/types/volumes.h"

namespace terrace::aws::types {

extern const Kind kInstances;

Task<bool> launch_instance(Context& context);
Task<bool> update_instance(Context& context);
Task<bool> terminate_instance(Context& context);
Task<bool> recover_instance(Context& context);

// The first object of a block that occurs once; an empty one where there is none.
Json only_block(const Json& attributes, const char* name);

// The volume of the instance's device, as DescribeInstances names it; empty where there is none.
std::string volume_of_device(const Json& instance, const std::string& device);

// The network interface that is the instance's first; an empty object where there is none.
Json first_interface(const Json& instance);

// ModifyInstanceAttribute with one member.
Task<bool> modify_attribute(Context& context, const char* member, Json value);

// Sets and takes off tags of EC2 objects that are no resources of their own here.
Task<bool> change_tags(Context& context, std::vector<std::string> ids, Json before, Json after);

}  // namespace terrace::aws::types
