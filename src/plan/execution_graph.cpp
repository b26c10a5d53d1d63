#include "plan/execution_graph.h"

#include <fmt/format.h>

#include "plan/plan.h"

namespace terrace::plan {

const char* step_text(Step step) {
  switch (step) {
    case Step::kCreate:
      return "create";
    case Step::kUpdate:
      return "update";
    case Step::kDelete:
      return "delete";
    case Step::kDeleteReplaced:
      return "delete replaced";
    case Step::kReadData:
      return "read";
    case Step::kForget:
      return "forget";
    case Step::kCreatesDone:
      return "creates done";
    case Step::kDestroysDone:
      return "destroys done";
      return "output";
  }
  return "";
}

size_t ExecutionGraph::edges() const {
  size_t count = 0;
  for (const std::vector<uint32_t>& needs : needs_) count += needs.size();
  return count;
}

int64_t ExecutionGraph::find_cycle() const {
  std::vector<std::vector<uint32_t>> dependents(nodes_.size());
  std::vector<uint32_t> waiting(nodes_.size());
  std::vector<uint32_t> ready;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    waiting[node] = static_cast<uint32_t>(needs_[node].size());
    if (waiting[node] == 0) ready.push_back(node);
    for (uint32_t needed : needs_[node]) dependents[needed].push_back(node);
  }
  size_t done = 0;
  while (!ready.empty()) {
    uint32_t node = ready.back();
    ready.pop_back();
    ++done;
    for (uint32_t dependent : dependents[node]) {
      if (--waiting[dependent] == 0) ready.push_back(dependent);
    }
  }
  if (done == nodes_.size()) return -1;
  for (uint32_t node = 0; node < nodes_.size(); ++node) {
    if (waiting[node] > 0) return node;
  }
  return -1;
}

std::string print_graph(const Plan& plan) {
  std::string out;
  const ExecutionGraph& graph = plan.graph;
  for (uint32_t i = 0; i < graph.size(); ++i) {
    const Node& node = graph.nodes()[i];
    std::string subject;
    if (node.step == Step::kCreatesDone || node.step == Step::kDestroysDone) {
      subject = plan.resources[node.subject].address.text();
    } else {
      const ResourceChange& change = plan.changes[node.subject];
      subject = plan.address_of(change);
      if (!change.deposed.empty()) subject += " (deposed object " + change.deposed + ")";
    }
    out += fmt::format("{} {} {}", i, step_text(node.step), subject);
    const char* separator = " <- ";
    for (uint32_t needed : graph.needs(i)) {
      out += fmt::format("{}{}", separator, needed);
      separator = ", ";
    }
    out += '\n';
  }
  return out;
}

}  // namespace terrace::plan
