// Replacing the nodes of a group in turn: what to do next, from what is seen now. Nothing is remembered between two
// looks, so that a roll that was killed goes on where it was. `terrace roll` looks, asks here, and does it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cluster/groups.h"

namespace terrace::cluster {

struct RollView {
  Group group;
  int64_t config_changed_s = 0;  // since 1970; a node that was launched before it has an older configuration
  // Of etcd: the instances that are voters and answer, as the leader's node published them. Nothing for other roles.
  std::optional<std::vector<std::string>> voters;
  std::vector<std::string> members;  // of etcd: the voters that it counts, well or not
  std::vector<std::string> asked;    // instances whose end was already asked for, and that may still be listed
  int64_t max_unavailable = 1;
};

struct RollStep {
  enum class Kind : uint8_t { kDone, kWait, kReplace, kRefuse };
  Kind kind = Kind::kDone;
  std::vector<std::string> instances;  // to be replaced now
  std::string why;                     // of a wait or a refusal, for a person
};

// The nodes that new ones would differ from: of another version of the launch template, or launched before the
// configuration changed. Oldest first.
std::vector<Node> outdated_nodes(const RollView& view);

// Never lets fewer nodes be ready than desired - max_unavailable; of etcd one at a time, and never fewer than its
// quorum.
RollStep next_roll_step(const RollView& view);

}  // namespace terrace::cluster
