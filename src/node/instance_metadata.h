// The instance metadata service, version 2: a token first, then what is asked for with it. src/node only.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/network.h"
#include "base/result.h"
#include "base/task.h"

namespace terrace::node {

class InstanceMetadata {
 public:
  // `endpoint`: "http://169.254.169.254".
  InstanceMetadata(Network& network, const Clock& clock, std::string endpoint);

  // The text under /latest/`path`; nothing where the service knows no such path. The error says what went wrong.
  Task<Result<std::optional<std::string>, std::string>> get(std::string path);

 private:
  Task<Status<std::string>> renew_token();

  Network& network_;
  const Clock& clock_;
  std::string endpoint_;
  std::string token_;
  Duration token_ends_{0};  // monotonic
};

}  // namespace terrace::node
