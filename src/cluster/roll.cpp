#include "cluster/roll.h"

#include <algorithm>

#include <fmt/format.h>

namespace terrace::cluster {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_ready(const RollView& view, const Node& node) {
  if (!node.in_service() || contains(view.asked, node.id)) return false;
  return !view.voters || contains(*view.voters, node.id);
}

RollStep refuse(std::string why) {
  return {RollStep::Kind::kRefuse, {}, std::move(why)};
}

}  // namespace

std::vector<Node> outdated_nodes(const RollView& view) {
  std::vector<Node> found;
  for (const Node& node : view.group.nodes) {
    if (contains(view.asked, node.id) || node.lifecycle.starts_with("Terminat")) continue;
    const bool of_another_template =
        !node.template_version.empty() && node.template_version != view.group.template_version;
    const bool of_another_configuration = node.launched_s != 0 && node.launched_s < view.config_changed_s;
    if (of_another_template || of_another_configuration) found.push_back(node);
  }
  return found;
}

RollStep next_roll_step(const RollView& view) {
  const Group& group = view.group;
  for (const char* process : {"Launch", "Terminate"}) {
    if (contains(group.suspended, process))
      return refuse(
          fmt::format("the process {} of the group {} is suspended, so that it would not replace a node. Resume it "
                      "(aws autoscaling resume-processes), then roll",
                      process, group.name));
  }
  const std::vector<Node> outdated = outdated_nodes(view);
  const auto ready =
      std::count_if(group.nodes.begin(), group.nodes.end(), [&](const Node& node) { return is_ready(view, node); });
  const std::string count = fmt::format("{} of {} nodes are ready", ready, group.desired);
  if (outdated.empty()) {
    if (ready >= group.desired) return {};
    return {RollStep::Kind::kWait, {}, count};
  }
  int64_t least = group.desired - view.max_unavailable;
  if (view.voters) {
    if (group.desired < 3)
      return refuse(
          fmt::format("etcd has {} member{}: its end would be the end of the cluster. Set etcd_size to 3, apply, "
                      "wait until \"terrace etcd status\" shows three, then roll",
                      group.desired, group.desired == 1 ? "" : "s"));
    least = std::max(group.desired - 1, group.desired / 2 + 1);
    // A member whose instance is gone counts for the quorum until it is removed: with one more gone it may be lost.
    for (const std::string& member : view.members) {
      const bool is_here =
          std::any_of(group.nodes.begin(), group.nodes.end(), [&](const Node& node) { return node.id == member; });
      if (!is_here)
        return {RollStep::Kind::kWait, {}, "etcd still counts " + member + ", which is gone, among its members"};
    }
  }
  RollStep step{RollStep::Kind::kReplace, {}, {}};
  for (const Node& node : outdated) {
    if (ready - static_cast<int64_t>(step.instances.size()) <= least) break;
    if (is_ready(view, node)) step.instances.push_back(node.id);
  }
  if (!step.instances.empty()) return step;
  return {RollStep::Kind::kWait, {}, count};
}

}  // namespace terrace::cluster
