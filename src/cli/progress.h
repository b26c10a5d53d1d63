// The line at the foot of the screen that says how far every stack is. Elsewhere than on a terminal there is none, and
// lines are printed as they come.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/context.h"

namespace terrace::cli {

class Progress {
 public:
  // Nothing is drawn unless `shown`.
  Progress(Context& context, bool shown) : context_(context), shown_(shown) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Every stack is named once, in the order they are shown; `total` steps are to be done.
  void add(const std::string& stack, int total);
  void begin(const std::string& stack);
  void step(const std::string& stack);
  void finish(const std::string& stack, bool failed);
  // Prints above the line.
  void print(const std::string& text);
  // Runs what writes by itself, with the line out of the way.
  void aside(const std::function<void()>& write);

 private:
  enum class Phase : uint8_t { kWaiting, kRunning, kDone, kFailed };
  struct Stack {
    std::string name;
    int done = 0;
    int total = 0;
    Phase phase = Phase::kWaiting;
  };
  Stack& at(const std::string& name);
  std::string line() const;
  void clear();
  void draw();

  Context& context_;
  std::vector<Stack> stacks_;
  bool shown_;
  bool drawn_ = false;
};

}  // namespace terrace::cli
