// The resource types and data sources, one function each; all.cpp lists them.
#pragma once

#include "aws/table.h"

namespace terrace::aws::types {

ResourceType vpc();
ResourceType internet_gateway();
ResourceType subnet();

}  // namespace terrace::aws::types
