// Secrets of the cluster in SSM's Parameter Store, each a SecureString that nodes read with their role. The command
// certs includes it.
#pragma once

#include <optional>
#include <string>

#include "aws/backend.h"

namespace terrace::cluster {

// The decrypted value; nothing where there is no such parameter.
Task<Result<std::optional<std::string>, aws::ApiError>> read_parameter(aws::Backend& backend, std::string name);

// Makes the parameter, encrypted with the account's SSM key in KMS and tagged with the cluster's name, or gives an
// existing one (`exists`) a new value. AWS refuses values of more than 4096 bytes.
Task<Result<bool, aws::ApiError>> write_parameter(aws::Backend& backend, std::string name, std::string value,
                                                  std::string description, std::string cluster, bool exists);

// True where there was one.
Task<Result<bool, aws::ApiError>> remove_parameter(aws::Backend& backend, std::string name);

}  // namespace terrace::cluster
