// The resource types and data sources, one function each; all.cpp lists them.
#pragma once

#include "aws/table.h"

namespace terrace::aws::types {

ResourceType autoscaling_group();
ResourceType internet_gateway();
ResourceType key_pair();
ResourceType launch_template();
ResourceType route();
ResourceType route_table();
ResourceType route_table_association();
ResourceType security_group();
ResourceType security_group_egress_rule();
ResourceType security_group_ingress_rule();
ResourceType subnet();
ResourceType vpc();
ResourceType vpc_endpoint();

}  // namespace terrace::aws::types
