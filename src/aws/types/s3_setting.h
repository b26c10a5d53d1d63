// What the types of a bucket's settings do alike: each is one document of the bucket that is put, got and taken off.
#pragma once

#include "aws/types/common.h"

namespace terrace::aws::types {

// Bucket, and ExpectedBucketOwner where the attributes name one.
Json bucket_params(const Json& attributes);

// Writes the setting; a bucket that was just made may not be there for everyone yet.
Task<bool> put_setting(Context& context, const char* operation, Json params);

// The answer to a read; a null state where the bucket or, by the error code `absent`, the setting is gone.
Task<bool> get_setting(Context& context, const char* operation, const char* absent, Json& answer);

Task<bool> remove_setting(Context& context, const char* operation, const char* absent);

// A setting that is there is as good as made: writing it again changes nothing.
Task<bool> recover_setting(Context& context, Hook read);

// A type whose id is the bucket's name.
ResourceType setting_type(const char* name, const char* title, const char* table, Hook put, Hook read, Hook remove,
                          Hook recover);

}  // namespace terrace::aws::types
