// What the types of RDS share.
#pragma once

#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

// Sets tags_all of the object with this ARN.
Task<bool> read_rds_tags(Context& context, std::string arn);
Task<bool> update_rds_tags(Context& context, std::string arn);

}  // namespace terrace::aws::types
