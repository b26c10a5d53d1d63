// The debug log that TF_LOG and TF_LOG_PATH ask for. Whoever has something to say for an operator who looks for a fault
// is given a Log; what is written has been cleared of secrets by its writer.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_system.h"

namespace terrace {

enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kOff };

class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(LogLevel level) const = 0;
  // One entry; newlines in `message` are kept.
  virtual void write(LogLevel level, std::string_view message) = 0;
};

// Says nothing.
class NoLog final : public Log {
 public:
  bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, std::string_view) override {}
};

// TF_LOG's value as a level: TRACE, DEBUG, INFO, WARN, ERROR in any case; OFF or nothing turn the log off; anything
// else, JSON among it, is TRACE, as in Terraform.
LogLevel parse_log_level(std::string_view text);

// Entries of `level` and above as `2015-08-30T12:36:00Z [DEBUG] message` lines appended to `path` (made with mode
// 0600), or to standard error where `path` is empty or cannot be opened.
std::unique_ptr<Log> open_log(LogLevel level, const std::string& path, Clock& clock, FileSystem& files);

}  // namespace terrace
