// The program's log: one line an entry to standard error, which the journal takes. src/node makes one for each part.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"

namespace terrace::node {

// time=2026-11-26T16:00:00Z level=info part=etcd msg="it is up"
class Journal final : public Log {
 public:
  Journal(const Clock& clock, std::string part, LogLevel level = LogLevel::kInfo)
      : clock_(clock), part_(std::move(part)), level_(level) {}
  bool enabled(LogLevel level) const override { return level >= level_; }
  void write(LogLevel level, std::string_view message) override;

 private:
  const Clock& clock_;
  std::string part_;
  LogLevel level_;
};

// The entry with its line break.
std::string journal_line(Duration wall, std::string_view part, LogLevel level, std::string_view message);

}  // namespace terrace::node
