#include "cli/progress.h"

#include <algorithm>

#include <fmt/format.h>

namespace terrace::cli {

void Progress::add(const std::string& stack, int total) {
  stacks_.push_back({stack, 0, total, Phase::kWaiting});
}

Progress::Stack& Progress::at(const std::string& name) {
  return *std::find_if(stacks_.begin(), stacks_.end(), [&](const Stack& stack) { return stack.name == name; });
}

void Progress::begin(const std::string& stack) {
  at(stack).phase = Phase::kRunning;
  draw();
}

void Progress::step(const std::string& stack) {
  Stack& found = at(stack);
  found.done = std::min(found.done + 1, found.total);
  draw();
}

void Progress::finish(const std::string& stack, bool failed) {
  at(stack).phase = failed ? Phase::kFailed : Phase::kDone;
  draw();
}

void Progress::print(const std::string& text) {
  aside([&] { context_.print(text); });
}

void Progress::aside(const std::function<void()>& write) {
  clear();
  write();
  draw();
}

// Only what fits: finished and waiting stacks are counted, running ones are named.
std::string Progress::line() const {
  int done = 0, waiting = 0, failed = 0;
  std::string running;
  for (const Stack& stack : stacks_) {
    done += stack.phase == Phase::kDone ? 1 : 0;
    waiting += stack.phase == Phase::kWaiting ? 1 : 0;
    failed += stack.phase == Phase::kFailed ? 1 : 0;
    if (stack.phase == Phase::kRunning)
      running += fmt::format("{}{} {}/{}", running.empty() ? "" : " | ", stack.name, stack.done, stack.total);
  }
  std::string text = fmt::format("{} of {} stacks done", done, stacks_.size());
  if (failed > 0) text += fmt::format(", {} failed", failed);
  if (waiting > 0) text += fmt::format(", {} waiting", waiting);
  if (!running.empty()) text += ": " + running;
  std::size_t width = static_cast<std::size_t>(std::max(context_.terminal.width() - 1, 20));
  return text.size() > width ? text.substr(0, width - 3) + "..." : text;
}

void Progress::clear() {
  if (drawn_) context_.print("\r\x1b[K");
  drawn_ = false;
}

void Progress::draw() {
  if (!shown_) return;
  if (!context_.terminal.is_live()) return;
  context_.print("\r\x1b[K" + line());
  drawn_ = true;
}

}  // namespace terrace::cli
