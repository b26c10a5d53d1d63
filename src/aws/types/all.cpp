// Every resource type and data source that terrace has, by name.
#include "aws/types/types.h"

namespace terrace::aws {

const std::vector<ResourceType>& resource_types() {
  static const std::vector<ResourceType> kTypes = {types::autoscaling_group(),
                                                   types::iam_instance_profile(),
                                                   types::iam_role(),
                                                   types::iam_role_policy(),
                                                   types::internet_gateway(),
                                                   types::key_pair(),
                                                   types::launch_template(),
                                                   types::route(),
                                                   types::route_table(),
                                                   types::route_table_association(),
                                                   types::s3_bucket(),
                                                   types::s3_bucket_policy(),
                                                   types::s3_bucket_public_access_block(),
                                                   types::s3_bucket_server_side_encryption_configuration(),
                                                   types::s3_bucket_versioning(),
                                                   types::s3_object(),
                                                   types::security_group(),
                                                   types::security_group_egress_rule(),
                                                   types::security_group_ingress_rule(),
                                                   types::subnet(),
                                                   types::vpc(),
                                                   types::vpc_endpoint()};
  return kTypes;
}

const std::vector<DataSource>& data_sources() {
  static const std::vector<DataSource> kSources = {types::ami(), types::availability_zones(), types::caller_identity(),
                                                   types::partition(), types::region()};
  return kSources;
}

}  // namespace terrace::aws
