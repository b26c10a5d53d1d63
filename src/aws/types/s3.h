// What the types of S3 and IAM share.
#pragma once

#include <string>

#include "aws/types/common.h"

namespace terrace::aws::types {

// True when `created`, a time of the API's, is not before the intent was written, clocks' differences allowed for.
bool made_since(const Context& context, const std::string& created);

// The versions of a listing's answer (ListObjectVersions) as objects of DeleteObjects; of one key where one is given.
// The version of an object that was written without versioning is called "null".
Json versions_of(const Json& listing, const std::string* key = nullptr);

// Deletes these objects, a thousand of one call's at most. Their own errors count as the call's: S3 answers with 200
// and names them in it.
Task<bool> delete_objects(Context& context, std::string bucket, Json objects, bool bypass_governance);

// Route 53's hosted zone of S3's website endpoint in a region; empty where there is none.
std::string website_zone(const std::string& region);

}  // namespace terrace::aws::types
