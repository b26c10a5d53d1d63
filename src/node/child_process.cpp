#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/supervisor.h"

namespace terrace::node {

namespace {

constexpr Duration kLook = std::chrono::milliseconds(20);
constexpr Duration kPatience = std::chrono::seconds(10);  // etcd may outlive SIGTERM while it has no quorum

// In the child, after fork: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, char* const* environment, pid_t parent, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it ended before that was set
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvpe(arguments[0], arguments, environment);
  const int code = errno;
  [[maybe_unused]] const ssize_t written = ::write(report, &code, sizeof(code));
  ::_exit(127);
}

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ChildProcess::ChildProcess(Loop& loop, std::vector<std::string> arguments)
    : loop_(loop), arguments_(std::move(arguments)) {}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

Status<std::string> ChildProcess::start() {
  if (running()) return {};
  std::vector<char*> arguments;
  for (std::string& each : arguments_) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  const char* path = std::getenv("PATH");
  std::string path_entry = std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path);
  char* environment[] = {path_entry.data(), nullptr};
  int report[2];  // closed by exec; errno arrives where exec fails
  if (::pipe2(report, O_CLOEXEC) != 0) return Failure{std::string("pipe: ") + std::strerror(errno)};
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(arguments.data(), environment, parent, report[1]);
  const int fork_code = errno;
  ::close(report[1]);
  int code = 0;
  const bool failed = pid_ > 0 && ::read(report[0], &code, sizeof(code)) == sizeof(code);
  ::close(report[0]);
  if (pid_ < 0) {
    pid_ = 0;
    return Failure{std::string("fork: ") + std::strerror(fork_code)};
  }
  if (!failed) return {};
  ::waitpid(pid_, &status_, 0);
  pid_ = 0;
  return Failure{arguments_[0] + " cannot be run: " + std::strerror(code)};
}

bool ChildProcess::running() {
  if (pid_ != 0 && ::waitpid(pid_, &status_, WNOHANG) != 0) pid_ = 0;
  return pid_ != 0;
}

Task<void> ChildProcess::stop() {
  if (!running()) co_return;
  ::kill(pid_, SIGTERM);
  const Duration end = loop_.clock().monotonic() + kPatience;
  bool forced = false;
  while (running()) {
    if (!forced && loop_.clock().monotonic() >= end) {
      forced = true;
      ::kill(pid_, SIGKILL);
    }
    co_await loop_.sleep(kLook);
  }
}

Task<int> ChildProcess::ended() {
  while (running()) co_await loop_.sleep(kLook);
  co_return exit_code(status_);
}

int ChildProcess::wait() {
  while (pid_ != 0) {
    if (::waitpid(pid_, &status_, 0) == pid_ || errno != EINTR) pid_ = 0;
  }
  return exit_code(status_);
}

}  // namespace terrace::node
