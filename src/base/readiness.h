// Waiting for a socket as an effect: whoever serves or opens connections of its own on the loop is given a Readiness.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/task.h"

namespace terrace {

enum class Want : uint8_t { kRead, kWrite };

class Readiness {
 public:
  virtual ~Readiness() = default;
  // True once `fd` can be read or written or has failed; false where `timeout` passed first.
  virtual Task<bool> ready(int fd, Want want, Duration timeout) = 0;
};

}  // namespace terrace
