// terraced: the agent on every node of a cluster (docs/node.md). This file reads the command line, makes the effects
// and runs the node's program.
#include <cstdio>
#include <cstring>

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "node/program.h"

namespace {

namespace node = terrace::node;

constexpr const char* kUsage = R"(Usage: terraced COMMAND [options]

The agent on every node of a cluster.

Commands:
  run          Everything that the node's role asks for
  etcd         The same on etcd nodes, without their configuration; refuses others
  bootstrap    Take up the configuration that the node's user-data names, once
  sync         Only keep the application repository
  reboot-lock  Only reboot in turn with the other nodes of the role
  register     Only keep this node in the registry
  status       What the running agent says of this node, as JSON; exit code 1 where it is not well

Options:
  -root=DIR             Where the node's files are: put before every path (default /)
  -supervisor=KIND      Who runs etcd: systemd, or process for a child of terraced
                        (default systemd)
  -help                 This text
)";

struct Request {
  std::string command;
  node::ProgramOptions options;
  bool help = false;
  std::string problem;
};

Request parse(const std::vector<std::string>& arguments) {
  Request request;
  for (const std::string& argument : arguments) {
    const size_t dashes = argument.starts_with("--") ? 2 : argument.starts_with("-") ? 1 : 0;
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(dashes, equals == std::string::npos ? equals : equals - dashes);
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    if (dashes == 0) {
      if (!request.command.empty()) request.problem = "one command at a time: \"" + argument + "\" is too much";
      request.command = argument;
    } else if (name == "help" || name == "h") {
      request.help = true;
    } else if (name == "root") {
      request.options.root = value;
      if (value.empty()) request.problem = "-root must name a directory: -root=/mnt/node";
    } else if (name == "supervisor") {
      request.options.systemd = value == "systemd";
      if (value != "systemd" && value != "process")
        request.problem = "-supervisor=" + value + ": it must be systemd or process";
    } else {
      request.problem = "there is no option -" + name;
    }
  }
  using node::Part;
  static const std::map<std::string, Part> kParts = {{"run", Part::kAll},
                                                     {"etcd", Part::kEtcd},
                                                     {"bootstrap", Part::kBootstrap},
                                                     {"sync", Part::kSync},
                                                     {"reboot-lock", Part::kRebootLock},
                                                     {"register", Part::kRegister}};
  const auto part = kParts.find(request.command);
  if (part != kParts.end()) request.options.part = part->second;
  const bool known = part != kParts.end() || request.command == "status";
  if (request.problem.empty() && !request.help && !known)
    request.problem = request.command.empty() ? "which command?" : "there is no command " + request.command;
  return request;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace terrace;
  const Request request = parse(std::vector<std::string>(argv + 1, argv + argc));
  if (request.help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (!request.problem.empty()) {
    std::fprintf(stderr, "terraced: %s\nterraced -help lists what there is.\n", request.problem.c_str());
    return 1;
  }

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  SystemClock clock;
  SystemFileSystem files;
  SystemRandom random;
  Loop loop(clock, nullptr);
  aws::Environment environment = aws::process_environment();
  CurlOptions options;
  options.ca_bundle = ca_bundle_from_environment([](const char* name) { return getenv(name); });
  options.user_agent = "terraced";
  CurlNetwork network(loop, std::move(options));
  loop.set_waiter(&network);
  Event stop(loop);
  const int signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  network.set_wakeup(signal_fd, [&stop, signal_fd] {
    signalfd_siginfo received;
    while (read(signal_fd, &received, sizeof(received)) == sizeof(received)) stop.set();
  });

  const node::ProgramEffects effects{clock, files, random, loop, network};
  if (request.command == "status") return loop.run(node::print_status(effects, request.options.root));
  node::Program program(effects, request.options, std::move(environment));
  const int code = loop.run(program.run(stop));
  loop.drop_tasks();
  return code;
}
