// The lab's network: a bridge that its nodes' cables end on, and side bridges for nodes that are cut off. It is made in
// the network namespace that the hub lives in, and vanishes with it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/result.h"

namespace terrace::lab {

// Where nodes find the API. Link-local (RFC 3927): no subnet of a cluster contains it.
inline constexpr const char* kHubAddress = "169.254.254.1";

class Wires {
 public:
  explicit Wires(Loop& loop) : loop_(loop) {}

  // Makes the bridge. The error names the step; what the tool said is in the hub's log.
  Status<std::string> start();
  // A network namespace for a node with one interface of `address`, and 169.254.169.254 on its loopback.
  Status<std::string> add(const std::string& node, const std::string& address);
  void remove(const std::string& node);

  // The nodes hear each other and nothing else: one side of a partition.
  Status<std::string> cut(const std::vector<std::string>& nodes);
  Status<std::string> heal(const std::vector<std::string>& nodes);
  // The API is out of reach of every node, or back.
  Status<std::string> set_api(bool reachable);

  bool is_cut(const std::string& node) const;
  bool has_api() const { return has_api_; }
  // The namespace, for start_contained() and inside_network().
  static std::string path_of(const std::string& node) { return "/run/netns/" + node; }

 private:
  struct Cable {
    std::string name;    // of the bridge's end
    std::string bridge;  // that it is plugged into
  };
  Status<std::string> run(const std::string& what, std::vector<std::string> arguments);
  Status<std::string> plug(const std::string& node, const std::string& bridge);

  Loop& loop_;
  std::map<std::string, Cable> cables_;
  int cables_made_ = 0;
  int sides_made_ = 0;
  bool has_api_ = true;
};

}  // namespace terrace::lab
