// The registry of a cluster's machines: each node under a lease of its own in etcd, all of them published to the bucket
// by the leader's node. Nodes write it; `terrace machines` and the like read what is published with parse_machines().
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "node/etcd_client.h"
#include "node/settings.h"

namespace terrace::node {

struct Machine {
  std::string id;  // of the instance
  std::string address;
  std::map<std::string, std::string> metadata;  // env, platform, provider, region, role, zone
  bool operator==(const Machine&) const = default;
};

inline constexpr const char* kMachinePrefix = "terrace/nodes/";       // in etcd, with the id behind it
inline constexpr const char* kMachinesObject = "etcd/machines.json";  // in the bucket

Machine machine_of(const Settings& settings);
std::string to_text(const Machine& machine);
Result<Machine, std::string> parse_machine(const std::string& text);
// All of them, sorted by role and id, as the object holds them.
std::string to_text(std::vector<Machine> machines);
Result<std::vector<Machine>, std::string> parse_machines(const std::string& text);

// Keeps this node in the registry.
class Registration {
 public:
  // `endpoints` gives where etcd may be asked now.
  Registration(Loop& loop, EtcdClient& etcd, std::function<std::vector<std::string>()> endpoints, Machine me, Log& log)
      : loop_(loop), etcd_(etcd), endpoints_(std::move(endpoints)), me_(std::move(me)), log_(log) {}
  Task<void> keep();
  bool registered() const { return lease_ != 0; }

 private:
  Task<Status<std::string>> renew(std::string endpoint);

  Loop& loop_;
  EtcdClient& etcd_;
  std::function<std::vector<std::string>()> endpoints_;
  Machine me_;
  Log& log_;
  uint64_t lease_ = 0;
};

}  // namespace terrace::node
