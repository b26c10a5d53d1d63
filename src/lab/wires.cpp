#include "lab/wires.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "lab/namespaces.h"
#include "node/supervisor.h"

namespace terrace::lab {

namespace {

const std::string kBridge = "lab";

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

Status<std::string> Wires::run(const std::string& what, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "ip");
  node::ChildProcess tool(loop_, std::move(arguments));
  const Status<std::string> started = tool.start();
  if (!started.ok()) return started;
  if (const int code = tool.wait(); code != 0) return Failure{fmt::format("{} failed: ip ended with {}", what, code)};
  return {};
}

Status<std::string> Wires::start() {
  // Namespaces get their names under /run, which is the hub's own from here on.
  if (::mount("lab", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") != 0)
    return Failure{std::string("mounting /run: ") + std::strerror(errno)};
  // The hub's thread visits the networks of its nodes: others find its own here.
  std::ofstream(kNetworkFile).close();
  if (::mount("/proc/self/ns/net", kNetworkFile, nullptr, MS_BIND, nullptr) != 0)
    return Failure{std::string("mounting ") + kNetworkFile + ": " + std::strerror(errno)};
  for (const std::string& line : {
           std::string("link set lo up"),
           "link add " + kBridge + " type bridge",
           fmt::format("address add {}/32 dev {}", kHubAddress, kBridge),
           "link set " + kBridge + " up",
           // Whatever address a node has, it is on this wire.
           "route add default dev " + kBridge,
       }) {
    const Status<std::string> done = run("making the lab's bridge", words_of(line));
    if (!done.ok()) return done;
  }
  return {};
}

Status<std::string> Wires::add(const std::string& node, const std::string& address) {
  const std::string cable = fmt::format("cable{}", ++cables_made_);
  for (const std::string& line : {
           "netns add " + node,
           fmt::format("link add {} type veth peer name eth0 netns {}", cable, node),
           fmt::format("link set {} master {} up", cable, kBridge),
           fmt::format("-n {} link set lo up", node),
           fmt::format("-n {} address add 169.254.169.254/32 dev lo", node),
           fmt::format("-n {} address add {}/32 dev eth0", node, address),
           fmt::format("-n {} link set eth0 up", node),
           fmt::format("-n {} route add default dev eth0", node),
       }) {
    const Status<std::string> done = run("wiring " + node, words_of(line));
    if (!done.ok()) {
      remove(node);
      return done;
    }
  }
  cables_[node] = Cable{cable, kBridge};
  return {};
}

void Wires::remove(const std::string& node) {
  const auto known = cables_.find(node);
  if (known != cables_.end()) {
    (void)run("unplugging " + node, {"link", "delete", known->second.name});
    cables_.erase(known);
  }
  (void)run("removing " + node, {"netns", "delete", node});
}

Status<std::string> Wires::plug(const std::string& node, const std::string& bridge) {
  Cable& cable = cables_.at(node);
  const Status<std::string> done = run("plugging " + node, {"link", "set", cable.name, "master", bridge});
  if (done.ok()) cable.bridge = bridge;
  return done;
}

Status<std::string> Wires::cut(const std::vector<std::string>& nodes) {
  const std::string side = fmt::format("side{}", ++sides_made_);
  Status<std::string> done = run("making a side", {"link", "add", side, "type", "bridge"});
  if (done.ok()) done = run("making a side", {"link", "set", side, "up"});
  for (const std::string& node : nodes) {
    if (done.ok()) done = plug(node, side);
  }
  return done;
}

Status<std::string> Wires::heal(const std::vector<std::string>& nodes) {
  for (const std::string& node : nodes) {
    const std::string side = cables_.at(node).bridge;
    if (side == kBridge) continue;
    const Status<std::string> done = plug(node, kBridge);
    if (!done.ok()) return done;
    bool empty = true;
    for (const auto& [other, cable] : cables_) empty = empty && cable.bridge != side;
    if (empty) (void)run("removing a side", {"link", "delete", side});
  }
  return {};
}

Status<std::string> Wires::set_api(bool reachable) {
  if (reachable == has_api_) return {};
  const std::string address = std::string(kHubAddress) + "/32";
  const Status<std::string> done =
      run("moving the API", {"address", reachable ? "add" : "delete", address, "dev", kBridge});
  if (!done.ok()) return done;
  has_api_ = reachable;
  // The route goes with the last address.
  return reachable ? run("moving the API", {"route", "replace", "default", "dev", kBridge}) : done;
}

bool Wires::is_cut(const std::string& node) const {
  const auto known = cables_.find(node);
  return known != cables_.end() && known->second.bridge != kBridge;
}

}  // namespace terrace::lab
