#include "cli/child.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace terrace::cli {

Child::~Child() {
  std::deque<std::string> lines;
  if (running()) interrupt();
  while (running()) read(lines, 1000);
}

bool Child::start(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  std::vector<std::string> words = {"terrace"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    setpgid(0, 0);  // the terminal's Ctrl-C is for the menu, which passes it on
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    setenv("NO_COLOR", "1", 1);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  close(ends[1]);
  if (pid_ < 0) {
    close(ends[0]);
    pid_ = 0;
    return false;
  }
  output_ = ends[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
  partial_.clear();
  return true;
}

std::optional<int> Child::read(std::deque<std::string>& lines, int wait_ms) {
  pollfd ready{output_, POLLIN, 0};
  if (poll(&ready, 1, wait_ms) <= 0) return std::nullopt;
  char buffer[8192];
  ssize_t got;
  while ((got = ::read(output_, buffer, sizeof buffer)) > 0) {
    for (ssize_t i = 0; i < got; ++i) {
      if (buffer[i] == '\n') {
        lines.push_back(std::move(partial_));
        partial_.clear();
      } else if (buffer[i] != '\r') {
        partial_ += buffer[i];
      }
    }
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (!partial_.empty()) lines.push_back(std::move(partial_));
  partial_.clear();
  close(output_);
  output_ = -1;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Child::interrupt() {
  if (running()) kill(pid_, SIGINT);
}

}  // namespace terrace::cli
