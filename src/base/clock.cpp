#include "base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace terrace {

namespace {
Duration read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}
}  // namespace

Duration SystemClock::wall() const {
  return read_clock(CLOCK_REALTIME);
}
Duration SystemClock::monotonic() const {
  return read_clock(CLOCK_MONOTONIC);
}

std::string rfc3339(Duration wall) {
  std::time_t seconds = std::chrono::floor<std::chrono::seconds>(wall).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string rfc3339_nano(Duration wall) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(wall);
  int64_t fraction = (wall - seconds).count();
  std::string text = rfc3339(wall);
  if (fraction == 0) return text;
  std::string digits = fmt::format("{:09}", fraction);
  digits.erase(digits.find_last_not_of('0') + 1);
  text.pop_back();
  return text + "." + digits + "Z";
}

}  // namespace terrace
