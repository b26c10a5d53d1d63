// The resource types and data sources, one function each; all.cpp lists them.
#pragma once

#include "aws/table.h"

namespace terrace::aws::types {

ResourceType autoscaling_group();
ResourceType iam_instance_profile();
ResourceType iam_role();
ResourceType iam_role_policy();
ResourceType internet_gateway();
ResourceType key_pair();
ResourceType launch_template();
ResourceType route();
ResourceType route_table();
ResourceType route_table_association();
ResourceType s3_bucket();
ResourceType s3_bucket_policy();
ResourceType s3_bucket_public_access_block();
ResourceType s3_bucket_server_side_encryption_configuration();
ResourceType s3_bucket_versioning();
ResourceType s3_object();
ResourceType security_group();
ResourceType security_group_egress_rule();
ResourceType security_group_ingress_rule();
ResourceType subnet();
ResourceType vpc();
ResourceType vpc_endpoint();

DataSource ami();
DataSource availability_zones();
DataSource caller_identity();
DataSource partition();
DataSource region();

}  // namespace terrace::aws::types
