// When a call is tried again: the standard retry mode of AWS's SDKs. src/aws only.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "aws/codec.h"
#include "base/network.h"
#include "base/random.h"

namespace terrace::aws {

enum class RetryKind : uint8_t {
  kNone,         // the answer stands
  kThrottled,    // AWS asks for patience
  kTransient,    // a fault that passes
  kUnreachable,  // no connection could be made
  kLost,         // sent, but no answer came
  kForeign,      // a server error that no AWS service worded
};

// What `error`, an answer of AWS's, calls for.
RetryKind classify(const ApiError& error);
// What a failed exchange calls for.
RetryKind classify(const NetworkError& error);

// Whether sending the request twice can do no harm though the first may have been carried out: reads, changes that come
// to the same, and creations with an idempotency token.
bool is_repeatable(const Operation& operation, const nlohmann::json& params);

// The most tries that errors of `kind` are worth, of `max_attempts`.
int attempts_allowed(RetryKind kind, int max_attempts);

// Full jitter: anything from nothing to 2^retry seconds (retry counts from 0), at most 20 s, but no less than the
// answer's Retry-After (capped at a minute). `response` may be null.
Duration retry_delay(int retry, const HttpResponse* response, Random& random);

// Pays for retries so that a client in trouble does not make the trouble worse: 500 tokens; a retry costs 5, after a
// lost or refused connection 10; a success gives back what its retries cost, or 1.
class RetryQuota {
 public:
  // Takes the price of a retry and says how much it was; 0 where there is not enough left.
  int take(RetryKind kind);
  void give_back(int cost);
  int left() const { return tokens_; }

 private:
  static constexpr int kCapacity = 500;
  int tokens_ = kCapacity;
};

}  // namespace terrace::aws
