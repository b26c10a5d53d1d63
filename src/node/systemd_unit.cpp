#include <fmt/format.h>

#include "node/supervisor.h"

namespace terrace::node {

namespace {

// Its exit status, or why it cannot be run. What it has to say goes to standard error.
Result<int, std::string> systemctl(Loop& loop, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "systemctl");
  ChildProcess asked(loop, std::move(arguments));
  const Status<std::string> started = asked.start();
  if (!started.ok()) return Failure{started.error()};
  return asked.wait();
}

}  // namespace

Status<std::string> SystemdUnit::start() {
  Result<int, std::string> code = systemctl(loop_, {"start", unit_});
  if (code.ok() && *code != 0) {
    // A unit that was started too often is not started again before that is forgiven.
    const Result<int, std::string> forgiven = systemctl(loop_, {"reset-failed", unit_});
    if (forgiven.ok() && *forgiven == 0) code = systemctl(loop_, {"start", unit_});
  }
  if (!code.ok()) return Failure{code.error()};
  if (*code == 0) return {};
  return Failure{
      fmt::format("systemctl start {0} ended with status {1}; systemctl status {0} tells why", unit_, *code)};
}

Task<void> SystemdUnit::stop() {
  // It ends when the unit has; the unit's TimeoutStopSec says when that is by force.
  ChildProcess asked(loop_, {"systemctl", "stop", unit_});
  if (asked.start().ok()) co_await asked.ended();
}

bool SystemdUnit::running() {
  const Result<int, std::string> code = systemctl(loop_, {"is-active", "--quiet", unit_});
  return code.ok() && *code == 0;
}

}  // namespace terrace::node
