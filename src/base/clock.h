// The clock as an effect: wall time for records, monotonic time for waiting. Whoever needs time is given a Clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace terrace {

using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since 1970-01-01T00:00:00Z.
  virtual Duration wall() const = 0;
  // Nanoseconds since some fixed moment; never goes back.
  virtual Duration monotonic() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Duration wall() const override;
  Duration monotonic() const override;
};

// A clock that moves only when a test moves it.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Duration wall = std::chrono::seconds(1'700'000'000)) : start_(wall) {}
  Duration wall() const override { return start_ + elapsed_; }
  Duration monotonic() const override { return elapsed_; }
  void advance(Duration by) { elapsed_ += by; }

 private:
  Duration start_;
  Duration elapsed_{0};
};

// RFC 3339 in UTC to the second: 2015-08-30T12:36:00Z. `wall` as from Clock::wall().
std::string rfc3339(Duration wall);
// RFC 3339 in UTC to the nanosecond, trailing zeros left out.
std::string rfc3339_nano(Duration wall);

}  // namespace terrace
