// Every resource type and data source that terrace has, by name.
#include "aws/types/types.h"

namespace terrace::aws {

const std::vector<ResourceType>& resource_types() {
  static const std::vector<ResourceType> kTypes = {types::internet_gateway(), types::subnet(), types::vpc()};
  return kTypes;
}

const std::vector<DataSource>& data_sources() {
  static const std::vector<DataSource> kSources = {};
  return kSources;
}

}  // namespace terrace::aws
