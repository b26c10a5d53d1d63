// terraced: what a node of each role runs, put together from its parts. src/terraced.cpp makes the effects and calls
// it.
#pragma once

#include <memory>
#include <string>

#include "aws/session.h"
#include "base/curl_network.h"

namespace terrace::node {

struct ProgramEffects {
  Clock& clock;
  FileSystem& files;
  Random& random;
  Loop& loop;
  CurlNetwork& network;
};

// What of the node's program runs. Those between nodes and etcd are for nodes that are no members: members have them in
// kEtcd.
enum class Part : uint8_t {
  kAll,         // what the role asks for
  kEtcd,        // of etcd nodes, and refuses others
  kBootstrap,   // takes up the configuration and ends
  kSync,        // the application repository
  kRebootLock,  // reboots in turn
  kRegister,    // the place in the registry
};

struct ProgramOptions {
  std::string root = "/";
  bool systemd = true;  // otherwise etcd is a child of this process
  Part part = Part::kAll;
};

// Prints what the running agent says of this node: 0 where it is well, 1 where it is not, or does not answer.
Task<int> print_status(const ProgramEffects& effects, std::string root);

// One run of a node. What its tasks use lives here: the loop must have dropped them before it goes.
class Program {
 public:
  Program(const ProgramEffects& effects, ProgramOptions options, aws::Environment environment);
  ~Program();

  // Runs until `stop` is set. The exit code: 1 where somebody has to mend something first, which the log then says.
  Task<int> run(Event& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace terrace::node
