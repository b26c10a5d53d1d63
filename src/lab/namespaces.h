// Linux namespaces (namespaces(7)): processes that the kernel ends together, and sockets inside another network. The
// lab's hub and its nodes live in them. Everything here needs root.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace terrace::lab {

struct Contained {
  std::vector<std::string> arguments;    // the program first, by its path or looked up on PATH
  std::vector<std::string> environment;  // all of it: NAME=value
  std::string directory;                 // to run in
  std::string log;                       // where both outputs are appended
  std::string network;                   // the network namespace to enter; empty for a new one of its own
  bool with_caller = false;              // it ends with this process
};

// Starts a program as the first process of process and mount namespaces of its own, with a /proc that shows no others:
// when it ends, or is killed, the kernel kills everything it started. Gives its process id; the caller waits for it.
Result<pid_t, std::string> start_contained(const Contained& contained);

// Runs `work` while this thread is inside the network namespace at `path`: sockets made then belong to it for good.
Status<std::string> inside_network(const std::string& path, const std::function<void()>& work);

// Where a hub keeps a name of its own network namespace, in its own /run.
inline constexpr const char* kNetworkFile = "/run/lab-network";

// Moves this process into the network namespace of the hub `pid` for good. Fails until the hub has made it.
Status<std::string> join_network(pid_t pid);

// Runs a program in the namespaces of the hub `pid`, or in those with another network ("/run/netns/NAME", as the hub
// sees it), with this process's terminal. Gives its exit code.
Result<int, std::string> run_inside(pid_t pid, const std::string& network, const std::string& directory,
                                    const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& environment);

// When a process began, in the kernel's clock ticks since boot: together with its id it names one process only. 0 for
// none.
uint64_t start_of(pid_t pid);

}  // namespace terrace::lab
