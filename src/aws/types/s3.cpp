#include "aws/types/s3.h"

#include "aws/timestamp.h"

namespace terrace::aws::types {

bool made_since(const Context& context, const std::string& created) {
  constexpr Duration kClockDifference = std::chrono::minutes(5);
  std::optional<Duration> moment = parse_timestamp(created);
  return !moment || *moment + kClockDifference >= std::chrono::seconds(context.intent_time_s);
}

}  // namespace terrace::aws::types
