// What apply does, as a graph by index: steps and what each has to wait for. Instances of one resource do not know each
// other's: a group node stands between resources, so that n instances that need m others cost n + m edges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "state/state.h"

namespace terrace::plan {

enum class Step : uint8_t {
  kCreate,          // of a change that creates or replaces
  kUpdate,          // in place
  kDelete,          // of the current object, or the one that a change names by its deposed key
  kDeleteReplaced,  // the old object of a create-then-delete, deposed when the create began
  kReadData,        // a data source that waited for the apply
  kForget,          // out of the state only
  kCreatesDone,     // group: everything of a resource that others wait for before they begin
  kDestroysDone,    // group: everything of a resource that is destroyed
};
const char* step_text(Step step);

struct Node {
  Step step = Step::kCreate;
  uint32_t subject = 0;  // Plan::changes; Plan::resources for the groups
};

class ExecutionGraph {
 public:
  uint32_t add(Step step, uint32_t subject) {
    nodes_.push_back(Node{step, subject});
    needs_.emplace_back();
    return static_cast<uint32_t>(nodes_.size() - 1);
  }
  // `node` starts when `needed` has succeeded.
  void add_edge(uint32_t node, uint32_t needed) { needs_[node].push_back(needed); }

  size_t size() const { return nodes_.size(); }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<uint32_t>& needs(uint32_t node) const { return needs_[node]; }
  size_t edges() const;
  // A node on a cycle, or -1: a plan that could never be carried out.
  int64_t find_cycle() const;

 private:
  std::vector<Node> nodes_;
  std::vector<std::vector<uint32_t>> needs_;
};

struct Plan;
// One line a node: its number, step and subject, and the numbers it waits for.
std::string print_graph(const Plan& plan);

}  // namespace terrace::plan
