#include "lab/namespaces.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace terrace::lab {

namespace {

// What failed, and why, in a form that fits through a pipe.
struct Fault {
  char what[64];
  int code;
};

std::string text_of(const std::string& what, int code) {
  return what + ": " + std::strerror(code);
}

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& each : texts) out.push_back(const_cast<char*>(each.c_str()));
  out.push_back(nullptr);
  return out;
}

[[noreturn]] void give_up(int report, const char* what) {
  Fault fault{};
  fault.code = errno;
  std::strncpy(fault.what, what, sizeof(fault.what) - 1);
  [[maybe_unused]] const ssize_t written = ::write(report, &fault, sizeof(fault));
  ::_exit(127);
}

void default_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
}

// The child of start_contained(): this process has one thread, so everything may be called here.
[[noreturn]] void become(const Contained& contained, int report) {
  default_signals();
  if (contained.with_caller && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(report, "prctl");
  ::setsid();
  if (!contained.network.empty()) {
    const Descriptor network(contained.network);
    if (network.get() < 0 || ::setns(network.get(), CLONE_NEWNET) != 0)
      give_up(report, "entering the network namespace");
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up(report, "making mounts private");
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    give_up(report, "mounting /proc");
  const int log = ::open(contained.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) give_up(report, "opening its log");
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, 0);
  ::dup2(log, 1);
  ::dup2(log, 2);
  if (::chdir(contained.directory.c_str()) != 0) give_up(report, "entering its directory");
  std::vector<char*> arguments = pointers(contained.arguments);
  std::vector<char*> environment = pointers(contained.environment);
  ::execvpe(arguments[0], arguments.data(), environment.data());
  give_up(report, "running its program");
}

}  // namespace

Result<pid_t, std::string> start_contained(const Contained& contained) {
  int report[2];  // closed by exec; a Fault arrives where something before it failed
  if (::pipe2(report, O_CLOEXEC) != 0) return Failure{text_of("pipe", errno)};
  unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;
  if (contained.network.empty()) flags |= CLONE_NEWNET;
  // The raw call with no stack of its own returns twice, as fork() does.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0UL));
  if (pid == 0) become(contained, report[1]);
  const int clone_code = errno;
  ::close(report[1]);
  Fault fault{};
  const bool failed = pid > 0 && ::read(report[0], &fault, sizeof(fault)) == sizeof(fault);
  ::close(report[0]);
  if (pid < 0) return Failure{text_of("new namespaces", clone_code)};
  if (!failed) return pid;
  ::waitpid(pid, nullptr, 0);
  return Failure{text_of(contained.arguments[0] + ": " + fault.what, fault.code)};
}

Status<std::string> inside_network(const std::string& path, const std::function<void()>& work) {
  const Descriptor mine("/proc/thread-self/ns/net");
  const Descriptor wanted(path);
  if (mine.get() < 0 || wanted.get() < 0) return Failure{text_of(path, errno)};
  if (::setns(wanted.get(), CLONE_NEWNET) != 0) return Failure{text_of("entering " + path, errno)};
  work();
  if (::setns(mine.get(), CLONE_NEWNET) != 0) return Failure{text_of("leaving " + path, errno)};
  return {};
}

Status<std::string> join_network(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/root" + kNetworkFile;
  const Descriptor wanted(path);
  if (wanted.get() < 0 || ::setns(wanted.get(), CLONE_NEWNET) != 0) return Failure{text_of("entering " + path, errno)};
  return {};
}

Result<int, std::string> run_inside(pid_t pid, const std::string& network, const std::string& directory,
                                    const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& environment) {
  const pid_t child = ::fork();
  if (child < 0) return Failure{text_of("fork", errno)};
  if (child == 0) {
    default_signals();
    const std::string process = "/proc/" + std::to_string(pid) + "/ns/";
    const Descriptor processes(process + "pid");
    const Descriptor mounts(process + "mnt");
    const Descriptor hub_network("/proc/" + std::to_string(pid) + "/root" + kNetworkFile);
    const auto fail = [](const std::string& what) {
      const std::string text = "terrace lab: " + what + ": " + std::strerror(errno) + "\n";
      [[maybe_unused]] const ssize_t written = ::write(2, text.data(), text.size());
      ::_exit(127);
    };
    if (::setns(processes.get(), CLONE_NEWPID) != 0 || ::setns(hub_network.get(), CLONE_NEWNET) != 0 ||
        ::setns(mounts.get(), CLONE_NEWNS) != 0)
      fail("entering the lab");
    if (!network.empty()) {
      const Descriptor node(network);
      if (::setns(node.get(), CLONE_NEWNET) != 0) fail("entering " + network);
    }
    if (::chdir(directory.c_str()) != 0) fail(directory);
    // A process enters a process namespace by its children only.
    const pid_t inner = ::fork();
    if (inner < 0) fail("fork");
    if (inner == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      std::vector<char*> words = pointers(arguments);
      std::vector<char*> variables = pointers(environment);
      ::execvpe(words[0], words.data(), variables.data());
      fail(arguments[0]);
    }
    ::signal(SIGINT, SIG_IGN);  // Ctrl-C is the program's
    int status = 0;
    while (::waitpid(inner, &status, 0) < 0 && errno == EINTR) {
    }
    ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

uint64_t start_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::stringstream text;
  text << file.rdbuf();
  // Field 22 (proc(5)), counted behind the name, which may hold anything.
  const std::string content = text.str();
  const size_t name_end = content.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::stringstream fields(content.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  uint64_t start = 0;
  fields >> start;
  return start;
}

}  // namespace terrace::lab
