// A command of terrace's own as a child process, with what it prints as lines. The menu runs its actions through one.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace terrace::cli {

class Child {
 public:
  Child() = default;
  ~Child();  // interrupts what still runs, and waits for it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Starts this program with `arguments`, without colours and with nothing to read. False where no process could be
  // made.
  bool start(const std::vector<std::string>& arguments);
  bool running() const { return pid_ > 0; }
  // The lines that came since the last call, waiting up to `wait_ms` for the first; the last one may lack its end until
  // it comes. Gives the exit code when the process is over.
  std::optional<int> read(std::deque<std::string>& lines, int wait_ms);
  // As Ctrl-C: the first lets it finish what is in flight, the second ends it.
  void interrupt();

 private:
  pid_t pid_ = 0;
  int output_ = -1;
  std::string partial_;
};

}  // namespace terrace::cli
