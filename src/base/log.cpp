#include "base/log.h"

#include <cctype>
#include <cstdio>
#include <utility>

namespace terrace {

namespace {

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "TRACE";
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarn:
      return "WARN";
    case LogLevel::kError:
      return "ERROR";
    case LogLevel::kOff:
      break;
  }
  return "OFF";
}

class LineLog final : public Log {
 public:
  LineLog(LogLevel level, Clock& clock, std::unique_ptr<AppendFile> file)
      : level_(level), clock_(clock), file_(std::move(file)) {}

  bool enabled(LogLevel level) const override { return level_ != LogLevel::kOff && level >= level_; }

  void write(LogLevel level, std::string_view message) override {
    if (!enabled(level)) return;
    std::string line = rfc3339_nano(clock_.wall()) + " [" + level_name(level) + "] ";
    line.append(message).append("\n");
    bool written = file_ != nullptr && file_->append(line).ok();
    if (!written) std::fwrite(line.data(), 1, line.size(), stderr);
  }

 private:
  LogLevel level_;
  Clock& clock_;
  std::unique_ptr<AppendFile> file_;
};

}  // namespace

LogLevel parse_log_level(std::string_view text) {
  std::string upper;
  for (char c : text) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper.empty() || upper == "OFF") return LogLevel::kOff;
  for (LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (upper == level_name(level)) return level;
  }
  return LogLevel::kTrace;
}

std::unique_ptr<Log> open_log(LogLevel level, const std::string& path, Clock& clock, FileSystem& files) {
  if (level == LogLevel::kOff) return std::make_unique<NoLog>();
  std::unique_ptr<AppendFile> file;
  if (!path.empty()) {
    constexpr uint32_t kOwnerOnly = 0600;
    auto opened = files.open_append(path, kOwnerOnly);
    if (opened.ok()) file = std::move(opened).value();
  }
  return std::make_unique<LineLog>(level, clock, std::move(file));
}

}  // namespace terrace
