// A program that is kept for this node: started, stopped, asked whether it runs. etcd is one; the node's program makes
// a child of its own for it, or lets systemd.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"

namespace terrace::node {

class Supervisor {
 public:
  virtual ~Supervisor() = default;
  virtual Status<std::string> start() = 0;
  // It has ended when this returns, if need be by force.
  virtual Task<void> stop() = 0;
  virtual bool running() = 0;
};

// A child of this process: it shares standard error and ends with it. Of the environment it gets PATH alone.
class ChildProcess final : public Supervisor {
 public:
  // `arguments` begin with the program, which is looked up on PATH.
  ChildProcess(Loop& loop, std::vector<std::string> arguments);
  ~ChildProcess() override;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  Status<std::string> start() override;
  Task<void> stop() override;
  bool running() override;
  // Waits until it ends by itself: its exit status, or 128 and the signal's number.
  Task<int> ended();
  // The same, and nothing else of this process goes on meanwhile: for programs that are done at once.
  int wait();

 private:
  Loop& loop_;
  std::vector<std::string> arguments_;
  pid_t pid_ = 0;
  int status_ = 0;
};

// A unit of systemd's, asked by `systemctl`, which is looked up on PATH. It outlives this process.
class SystemdUnit final : public Supervisor {
 public:
  // `unit` is its whole name, as in "terrace-etcd.service".
  SystemdUnit(Loop& loop, std::string unit) : loop_(loop), unit_(std::move(unit)) {}

  Status<std::string> start() override;
  Task<void> stop() override;
  // A unit that waits to be restarted does not run; start() then starts it at once.
  bool running() override;

 private:
  Loop& loop_;
  std::string unit_;
};

}  // namespace terrace::node
