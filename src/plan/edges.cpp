#include "plan/edges.h"

#include <algorithm>
#include <cassert>

namespace terrace::plan {

namespace {

constexpr int64_t kNothing = -1;

// The rules:
//   a create, update or read waits for everything that its resource needs to be made;
//   the destruction of an object waits for the destruction of whatever was made with it;
//   delete-then-create: the new object waits for the old one's destruction;
//   create-then-delete: the old object's destruction waits for the new one and for everything that changes over to it;
//   a destruction without a successor waits for those that stop using the object, unless that would be a circle.
class Edges {
 public:
  Edges(Plan& plan, const Units& units, const std::vector<std::vector<uint32_t>>& changes_of, bool updates_first)
      : plan_(plan), units_(units), changes_of_(changes_of), updates_first_(updates_first) {}

  ExecutionGraph make() {
    made_.assign(units_.size(), kNothing);
    destroyed_.assign(units_.size(), kNothing);
    create_of_.assign(plan_.changes.size(), kNothing);
    for (uint32_t unit : units_.order()) add_creates(unit);
    for (uint32_t unit : units_.destroy_order()) add_destroys(unit);
    return std::move(graph_);
  }

 private:
  // One node that stands for all of `nodes`: nothing, the only one, or a group.
  int64_t join(std::vector<uint32_t> nodes, Step step, uint32_t unit) {
    if (nodes.empty()) return kNothing;
    if (nodes.size() == 1) return nodes[0];
    uint32_t group = graph_.add(step, resource_of(unit));
    for (uint32_t node : nodes) graph_.add_edge(group, node);
    return group;
  }

  // A planned resource that the group can be shown as.
  uint32_t resource_of(uint32_t unit) const {
    return changes_of_[unit].empty() ? 0 : plan_.changes[changes_of_[unit][0]].resource;
  }

  static bool creates(Action action) {
    return action == Action::kCreate || action == Action::kUpdate || action == Action::kRead || is_replace(action);
  }

  std::vector<uint32_t> present(const std::vector<uint32_t>& units, const std::vector<int64_t>& of) const {
    std::vector<uint32_t> nodes;
    for (uint32_t unit : units) {
      if (of[unit] != kNothing) nodes.push_back(static_cast<uint32_t>(of[unit]));
    }
    return nodes;
  }

  void add_creates(uint32_t unit) {
    std::vector<uint32_t> needed = present(units_[unit].needs, made_);
    size_t count = 0;
    for (uint32_t index : changes_of_[unit]) count += creates(plan_.changes[index].action);
    if (count == 0) {
      // Only resources of the configuration make anything that others wait for.
      if (units_[unit].in_config) made_[unit] = join(std::move(needed), Step::kCreatesDone, unit);
      return;
    }
    // Many instances with many needs meet in one node.
    if (count > 1 && needed.size() > 1)
      needed = {static_cast<uint32_t>(join(std::move(needed), Step::kCreatesDone, unit))};
    std::vector<uint32_t> nodes;
    for (uint32_t index : changes_of_[unit]) {
      Action action = plan_.changes[index].action;
      if (!creates(action)) continue;
      Step step = action == Action::kRead ? Step::kReadData : action == Action::kUpdate ? Step::kUpdate : Step::kCreate;
      uint32_t node = graph_.add(step, index);
      for (uint32_t need : needed) graph_.add_edge(node, need);
      create_of_[index] = node;
      nodes.push_back(node);
    }
    made_[unit] = join(std::move(nodes), Step::kCreatesDone, unit);
  }

  void add_destroys(uint32_t unit) {
    const Unit& here = units_[unit];
    std::vector<uint32_t> destroyed = present(here.destroy_dependents, destroyed_);
    size_t count = 0;
    bool after_updates = false;
    for (uint32_t index : changes_of_[unit]) {
      Action action = plan_.changes[index].action;
      count += action == Action::kDelete || action == Action::kForget || is_replace(action);
      after_updates = after_updates || waits_for_updates(action);
    }
    if (count == 0) {
      destroyed_[unit] = join(std::move(destroyed), Step::kDestroysDone, unit);
      return;
    }
    std::vector<uint32_t> updated;
    if (after_updates) {
      // Those that use it now, and those that did and don't any more.
      std::vector<uint32_t> users = here.dependents;
      users.insert(users.end(), here.destroy_dependents.begin(), here.destroy_dependents.end());
      std::sort(users.begin(), users.end());
      users.erase(std::unique(users.begin(), users.end()), users.end());
      updated = present(users, made_);
    }
    if (count > 1 && destroyed.size() > 1)
      destroyed = {static_cast<uint32_t>(join(std::move(destroyed), Step::kDestroysDone, unit))};
    if (count > 1 && updated.size() > 1)
      updated = {static_cast<uint32_t>(join(std::move(updated), Step::kCreatesDone, unit))};
    std::vector<uint32_t> nodes;
    for (uint32_t index : changes_of_[unit]) {
      Action action = plan_.changes[index].action;
      if (action != Action::kDelete && action != Action::kForget && !is_replace(action)) continue;
      Step step = action == Action::kForget             ? Step::kForget
                  : action == Action::kCreateThenDelete ? Step::kDeleteReplaced
                                                        : Step::kDelete;
      uint32_t node = graph_.add(step, index);
      for (uint32_t need : destroyed) graph_.add_edge(node, need);
      if (waits_for_updates(action)) {
        for (uint32_t need : updated) graph_.add_edge(node, need);
      }
      if (action == Action::kCreateThenDelete) graph_.add_edge(node, static_cast<uint32_t>(create_of_[index]));
      if (action == Action::kDeleteThenCreate) graph_.add_edge(static_cast<uint32_t>(create_of_[index]), node);
      nodes.push_back(node);
    }
    destroyed_[unit] = join(std::move(nodes), Step::kDestroysDone, unit);
  }

  bool waits_for_updates(Action action) const {
    if (action == Action::kCreateThenDelete) return true;
    return action == Action::kDelete && updates_first_;
  }

  Plan& plan_;
  const Units& units_;
  const std::vector<std::vector<uint32_t>>& changes_of_;
  bool updates_first_;
  ExecutionGraph graph_;
  std::vector<int64_t> made_;       // by unit: the node after which it is as planned
  std::vector<int64_t> destroyed_;  // by unit: the node after which what goes of it, and of what needs it, is gone
  std::vector<int64_t> create_of_;  // by change
};

}  // namespace

void make_edges(Plan& plan, const Units& units, const std::vector<std::vector<uint32_t>>& changes_of) {
  bool any = false;
  for (const ResourceChange& change : plan.changes) any = any || change.action != Action::kNoOp;
  if (!any) return;
  plan.graph = Edges(plan, units, changes_of, true).make();
  if (plan.graph.find_cycle() < 0) return;
  plan.graph = Edges(plan, units, changes_of, false).make();
  assert(plan.graph.find_cycle() < 0);
}

}  // namespace terrace::plan
