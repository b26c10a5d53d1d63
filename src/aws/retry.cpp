#include "aws/retry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace terrace::aws {

namespace {

// The lists of AWS's SDKs.
constexpr std::array<std::string_view, 16> kThrottlingCodes = {"Throttling",
                                                               "ThrottlingException",
                                                               "ThrottledException",
                                                               "RequestThrottledException",
                                                               "RequestThrottled",
                                                               "TooManyRequestsException",
                                                               "ProvisionedThroughputExceededException",
                                                               "TransactionInProgressException",
                                                               "RequestLimitExceeded",
                                                               "Client.RequestLimitExceeded",
                                                               "BandwidthLimitExceeded",
                                                               "LimitExceededException",
                                                               "SlowDown",
                                                               "PriorRequestNotComplete",
                                                               "EC2ThrottledException",
                                                               "RequestRateExceeded"};
constexpr std::array<std::string_view, 3> kTransientCodes = {"RequestTimeout", "RequestTimeoutException",
                                                             "IDPCommunicationError"};

// Creations and other verbs that do their work again when they are asked again.
constexpr std::array<std::string_view, 15> kOnceOnly = {"Create",  "Run",      "Allocate", "Import",  "Copy",
                                                        "Restore", "Upload",   "Send",     "Publish", "Start",
                                                        "Request", "Generate", "Complete", "Reboot",  "Authorize"};
constexpr std::array<std::string_view, 3> kCreatesTheSame = {"CreateTags", "CreateOrUpdateTags", "CreateDefaultVpc"};
constexpr std::array<std::string_view, 6> kTokenMembers = {"ClientToken",     "ClientRequestToken", "CreationToken",
                                                           "CallerReference", "IdempotencyToken",   "CreatorRequestId"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

RetryKind classify(const ApiError& error) {
  if (error.kind == ApiError::Kind::kResponse) return RetryKind::kForeign;
  if (contains(kThrottlingCodes, error.code) || error.status == 429) return RetryKind::kThrottled;
  if (contains(kTransientCodes, error.code)) return RetryKind::kTransient;
  bool foreign = error.code == std::to_string(error.status);
  switch (error.status) {
    case 500:
      return foreign ? RetryKind::kForeign : RetryKind::kTransient;
    case 502:
    case 504:
      return foreign ? RetryKind::kLost : RetryKind::kTransient;
    case 503:
      return RetryKind::kTransient;
    default:
      return RetryKind::kNone;
  }
}

RetryKind classify(const NetworkError& error) {
  if (!error.retryable) return RetryKind::kNone;
  return error.maybe_received ? RetryKind::kLost : RetryKind::kUnreachable;
}

bool is_repeatable(const Operation& operation, const nlohmann::json& params) {
  if (operation.method != "POST" || contains(kCreatesTheSame, operation.name)) return true;
  bool once_only = std::any_of(kOnceOnly.begin(), kOnceOnly.end(),
                               [&](std::string_view verb) { return operation.name.starts_with(verb); });
  if (!once_only) return true;
  if (operation.input.shape != nullptr) {
    for (const Member& member : operation.input.shape->members) {
      if (member.reference.idempotency_token) return true;
    }
  }
  return std::any_of(kTokenMembers.begin(), kTokenMembers.end(),
                     [&](std::string_view name) { return params.contains(name); });
}

int attempts_allowed(RetryKind kind, int max_attempts) {
  constexpr int kUnreachableAttempts = 5;  // about 8 s in all: an address that is wrong stays wrong
  constexpr int kForeignAttempts = 3;
  switch (kind) {
    case RetryKind::kNone:
      return 1;
    case RetryKind::kUnreachable:
      return std::min(max_attempts, kUnreachableAttempts);
    case RetryKind::kForeign:
      return std::min(max_attempts, kForeignAttempts);
    default:
      return max_attempts;
  }
}

Duration retry_delay(int retry, const HttpResponse* response, Random& random) {
  constexpr double kLongest = 20;
  constexpr double kLongestAsked = 60;
  double seconds = random.uniform() * std::min(std::ldexp(1.0, std::min(retry, 10)), kLongest);
  if (response != nullptr) {
    double asked = 0;
    if (const std::string* header = find_header(response->headers, "x-amz-retry-after")) {
      asked = std::strtod(header->c_str(), nullptr) / 1000;
    } else if (const std::string* after = find_header(response->headers, "Retry-After")) {
      asked = std::strtod(after->c_str(), nullptr);
    }
    if (std::isfinite(asked)) seconds = std::max(seconds, std::min(asked, kLongestAsked));
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

int RetryQuota::take(RetryKind kind) {
  int cost = kind == RetryKind::kLost || kind == RetryKind::kUnreachable ? 10 : 5;
  if (tokens_ < cost) return 0;
  tokens_ -= cost;
  return cost;
}

void RetryQuota::give_back(int cost) {
  tokens_ = std::min(kCapacity, tokens_ + std::max(cost, 1));
}

}  // namespace terrace::aws
