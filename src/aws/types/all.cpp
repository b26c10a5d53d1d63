// Every resource type and data source that terrace has, by name.
#include "aws/types/types.h"

namespace terrace::aws {

const std::vector<ResourceType>& resource_types() {
  static const std::vector<ResourceType> kTypes = {types::autoscaling_group(),
                                                   types::internet_gateway(),
                                                   types::key_pair(),
                                                   types::launch_template(),
                                                   types::route(),
                                                   types::route_table(),
                                                   types::route_table_association(),
                                                   types::security_group(),
                                                   types::security_group_egress_rule(),
                                                   types::security_group_ingress_rule(),
                                                   types::subnet(),
                                                   types::vpc(),
                                                   types::vpc_endpoint()};
  return kTypes;
}

const std::vector<DataSource>& data_sources() {
  static const std::vector<DataSource> kSources = {};
  return kSources;
}

}  // namespace terrace::aws
