#include "node/journal.h"

#include <unistd.h>

namespace terrace::node {

namespace {

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
    case LogLevel::kOff:
      break;
  }
  return "error";
}

// What others sent may hold anything: an entry stays one line.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string journal_line(Duration wall, std::string_view part, LogLevel level, std::string_view message) {
  std::string line = "time=" + rfc3339(wall) + " level=" + name_of(level) + " part=";
  line.append(part).append(" msg=").append(quoted(message)).append("\n");
  return line;
}

void Journal::write(LogLevel level, std::string_view message) {
  if (!enabled(level)) return;
  const std::string line = journal_line(clock_.wall(), part_, level, message);
  // One write an entry, so that lines of several processes do not mix. Where it fails there is nobody to tell.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace terrace::node
