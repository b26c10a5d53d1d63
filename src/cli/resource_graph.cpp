#include "cli/resource_graph.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace terrace::cli {

namespace {

DrawnChange drawn(plan::Action action) {
  switch (action) {
    case plan::Action::kNoOp:
      return DrawnChange::kNone;
    case plan::Action::kCreate:
      return DrawnChange::kCreate;
    case plan::Action::kRead:
      return DrawnChange::kRead;
    case plan::Action::kUpdate:
      return DrawnChange::kUpdate;
    case plan::Action::kDelete:
      return DrawnChange::kDelete;
    case plan::Action::kDeleteThenCreate:
    case plan::Action::kCreateThenDelete:
      return DrawnChange::kReplace;
    case plan::Action::kForget:
      return DrawnChange::kForget;
  }
  return DrawnChange::kNone;
}

// What happens to all instances of a resource together: the gravest of it; some made and others destroyed is a
// replacement.
struct Change {
  DrawnChange change = DrawnChange::kNone;
  int instances = 0;
  const plan::PlannedResource* resource = nullptr;

  void add(DrawnChange more) {
    auto rank = [](DrawnChange c) {
      static constexpr int kRanks[] = {0, 3, 1, 2, 5, 4, 1};  // by DrawnChange
      return kRanks[static_cast<size_t>(c)];
    };
    bool both = (change == DrawnChange::kCreate && more == DrawnChange::kDelete) ||
                (change == DrawnChange::kDelete && more == DrawnChange::kCreate);
    change = both ? DrawnChange::kReplace : rank(more) > rank(change) ? more : change;
  }
};

std::map<std::string, Change> changes_of(const plan::Plan* plan) {
  std::map<std::string, Change> changes;
  if (plan == nullptr) return changes;
  for (const plan::ResourceChange& change : plan->changes) {
    const plan::PlannedResource& resource = plan->resource_of(change);
    Change& whole = changes[resource.config_address];
    whole.resource = &resource;
    whole.add(drawn(change.action));
    whole.instances += change.deposed.empty() ? 1 : 0;
  }
  return changes;
}

std::string counted(const std::string& name, int instances) {
  return instances > 1 ? fmt::format("{} ({})", name, instances) : name;
}

class Builder {
 public:
  Builder(Drawing& drawing, const config::ObjectGraph& graph, const ResourceGraphOptions& options)
      : drawing_(drawing), graph_(graph), options_(options), changes_(changes_of(options.plan)) {
    prefix_ = options.stack.empty() ? "" : options.stack + ": ";
  }

  std::optional<size_t> build() {
    drawing_.shows_plan = drawing_.shows_plan || options_.plan != nullptr;
    if (!options_.stack.empty()) {
      stack_box_ = drawing_.boxes.size();
      drawing_.boxes.push_back({options_.stack, options_.stack, std::nullopt, true});
    }
    add_nodes();
    add_arrows();
    add_removed();
    return stack_box_;
  }

 private:
  bool is_resource(uint32_t object) const { return graph_.objects()[object].kind == config::ObjectKind::kResource; }

  // The box of a place in the tree of modules.
  std::optional<size_t> box_of(uint32_t path) {
    if (path == 0) return stack_box_;
    auto known = module_boxes_.find(path);
    if (known != module_boxes_.end()) return known->second;
    const config::ModulePath& module = graph_.paths()[path];
    std::optional<size_t> parent = box_of(module.parent);
    size_t box = drawing_.boxes.size();
    drawing_.boxes.push_back({prefix_ + module.address, "module " + module.call->name, parent, false});
    module_boxes_[path] = box;
    return box;
  }

  void add_nodes() {
    std::vector<uint32_t> resources;
    for (uint32_t i = 0; i < graph_.objects().size(); ++i) {
      if (is_resource(i)) resources.push_back(i);
    }
    std::sort(resources.begin(), resources.end(),
              [&](uint32_t a, uint32_t b) { return graph_.objects()[a].text < graph_.objects()[b].text; });
    for (uint32_t i : resources) {
      const config::Object& object = graph_.objects()[i];
      const config::Resource& resource = object.resource();
      bool is_data = resource.mode == config::ResourceMode::kData;
      if (options_.without_remote_state && is_data && resource.type == "terraform_remote_state") continue;
      Drawing::Node node{prefix_ + object.text, resource.type, resource.name, box_of(object.module_path), is_data, {}};
      auto change = changes_.find(object.text);
      if (change != changes_.end()) {
        node.change = change->second.change;
        node.name = counted(node.name, change->second.instances);
        changes_.erase(change);
      }
      nodes_[i] = drawing_.nodes.size();
      drawing_.nodes.push_back(std::move(node));
    }
  }

  void add_arrows() {
    for (const auto& [from, node] : nodes_) {
      std::vector<uint32_t> waiting = graph_.needs(from);
      std::set<uint32_t> seen(waiting.begin(), waiting.end());
      while (!waiting.empty()) {
        uint32_t next = waiting.back();
        waiting.pop_back();
        if (is_resource(next)) {
          auto to = nodes_.find(next);
          if (to != nodes_.end()) drawing_.arrows.emplace_back(node, to->second);
          continue;
        }
        for (uint32_t more : graph_.needs(next)) {
          if (seen.insert(more).second) waiting.push_back(more);
        }
      }
    }
  }

  // What the configuration has no block for any more.
  void add_removed() {
    for (const auto& [address, change] : changes_) {
      if (change.change == DrawnChange::kNone) continue;
      const state::ResourceAddress& resource = change.resource->address;
      drawing_.nodes.push_back({prefix_ + address, resource.type, counted(resource.name, change.instances), stack_box_,
                                resource.mode == state::Mode::kData, change.change});
    }
  }

  Drawing& drawing_;
  const config::ObjectGraph& graph_;
  const ResourceGraphOptions& options_;
  std::map<std::string, Change> changes_;
  std::string prefix_;
  std::optional<size_t> stack_box_;
  std::map<uint32_t, size_t> module_boxes_;
  std::map<uint32_t, size_t> nodes_;  // by object
};

}  // namespace

std::optional<size_t> add_resources(Drawing& drawing, const config::ObjectGraph& graph,
                                    const ResourceGraphOptions& options) {
  return Builder(drawing, graph, options).build();
}

}  // namespace terrace::cli
