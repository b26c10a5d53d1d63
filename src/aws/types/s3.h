// What the types of S3 and IAM share.
#pragma once

#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

// True when `created`, a time of the API's, is not before the intent was written, clocks' differences allowed for.
bool made_since(const Context& context, const std::string& created);

// Route 53's hosted zone of S3's website endpoint in a region; empty where there is none.
std::string website_zone(const std::string& region);

}  // namespace terrace::aws::types
