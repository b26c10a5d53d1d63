// Small objects in the cluster's buckets: read, written if nobody else was first, removed with all their versions.
// Session locks, keys, certificates and node configurations lie in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/backend.h"

namespace terrace::cluster {

struct StoredObject {
  std::string body;
  std::string etag;        // with its quotes
  std::string version_id;  // empty in a bucket without versions
  std::string modified;    // RFC 3339
};

// Nothing where the object or its bucket does not exist.
Task<Result<std::optional<StoredObject>, aws::ApiError>> read_object(aws::Backend& backend, std::string bucket,
                                                                     std::string key);

enum class Overwrite : uint8_t { kAlways, kNever };

// False where `overwrite` forbids it because the object exists. `content_type` may be empty.
Task<Result<bool, aws::ApiError>> write_object(aws::Backend& backend, std::string bucket, std::string key,
                                               std::string body, Overwrite overwrite, std::string content_type = {});

// The same over whatever lies there, encrypted with the account's S3 key in KMS: who reads it needs both services.
Task<Result<bool, aws::ApiError>> write_secret_object(aws::Backend& backend, std::string bucket, std::string key,
                                                      std::string body, std::string content_type);

// Removes every version and delete marker of the object. True where there was one.
Task<Result<bool, aws::ApiError>> remove_object(aws::Backend& backend, std::string bucket, std::string key);

// The keys that begin with `prefix`.
Task<Result<std::vector<std::string>, aws::ApiError>> list_objects(aws::Backend& backend, std::string bucket,
                                                                   std::string prefix);

}  // namespace terrace::cluster
