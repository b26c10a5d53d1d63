#include "config/object_graph.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hcl/native_body.h"

namespace terrace::config {

void for_each_body_traversal(const hcl::Body& body, const std::function<void(const hcl::Traversal&)>& found) {
  if (const auto* native = dynamic_cast<const hcl::NativeBody*>(&body)) {
    for (const hcl::NativeAttribute& attribute : native->attributes)
      hcl::for_each_traversal(*attribute.expression, found);
    for (const hcl::NativeBlock& block : native->blocks) for_each_body_traversal(*block.body, found);
    return;
  }
  for (const hcl::Attribute& attribute : body.just_attributes().value)
    hcl::for_each_traversal(*attribute.expression, found);
}

class GraphBuilder {
 public:
  explicit GraphBuilder(const Configuration& configuration) : configuration_(configuration) {}

  Checked<ObjectGraph> build() {
    graph_.paths_.push_back(ModulePath{configuration_.root, 0, nullptr, ""});
    for (uint32_t path = 0; path < graph_.paths_.size(); ++path) add_objects(path);
    graph_.needs_.resize(graph_.objects_.size());
    for (uint32_t index = 0; index < graph_.objects_.size(); ++index) add_references(index);
    for (std::vector<uint32_t>& needs : graph_.needs_) {
      std::sort(needs.begin(), needs.end());
      needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
    }
    sort();
    return {std::move(graph_), std::move(diagnostics_)};
  }

 private:
  static std::string in(const ModulePath& path, const std::string& name) {
    return path.address.empty() ? name : path.address + "." + name;
  }

  void add(ObjectKind kind, uint32_t path, const void* subject, const SourceRange& range, std::string text) {
    graph_.by_text_.emplace(text, static_cast<uint32_t>(graph_.objects_.size()));
    graph_.objects_.push_back(Object{kind, path, subject, range, std::move(text)});
  }

  void add_objects(uint32_t path) {
    const Module& module = *graph_.paths_[path].module;
    std::string address = graph_.paths_[path].address;
    auto named = [&](const std::string& name) { return address.empty() ? name : address + "." + name; };
    for (const auto& [name, variable] : module.variables)
      add(ObjectKind::kVariable, path, &variable, variable.range, named("var." + name));
    for (const auto& [name, local] : module.locals)
      add(ObjectKind::kLocal, path, &local, local.range, named("local." + name));
    for (const auto& [name, output] : module.outputs)
      add(ObjectKind::kOutput, path, &output, output.range, named("output." + name));
    for (const ProviderConfig& provider : module.providers) {
      add(ObjectKind::kProvider, path, &provider, provider.range,
          named("provider." + provider.name + (provider.alias.empty() ? "" : "." + provider.alias)));
    }
    for (const auto& [key, resource] : module.resources)
      add(ObjectKind::kResource, path, &resource, resource.range, named(key));
    for (const auto& [name, call] : module.calls) {
      std::string text = named("module." + name);
      add(ObjectKind::kModuleCall, path, &call, call.range, text + " (expand)");
      add(ObjectKind::kModuleClose, path, &call, call.range, text);
      if (call.module != nullptr) graph_.paths_.push_back(ModulePath{call.module, path, &call, text});
    }
  }

  void need(uint32_t from, const std::string& text) {
    auto found = graph_.by_text_.find(text);
    if (found != graph_.by_text_.end() && found->second != from) graph_.needs_[from].push_back(found->second);
  }
  // An edge from an object to itself is a cycle, too, when the object refers to itself.
  void need_reference(uint32_t from, const std::string& text) {
    auto found = graph_.by_text_.find(text);
    if (found != graph_.by_text_.end()) graph_.needs_[from].push_back(found->second);
  }

  void references(uint32_t from, uint32_t path, const hcl::Expression* expression) {
    if (expression == nullptr) return;
    hcl::for_each_traversal(*expression, [&](const hcl::Traversal& traversal) { reference(from, path, traversal); });
  }

  void rules(uint32_t from, uint32_t path, const std::vector<CheckRule>& rules) {
    const Object& object = graph_.objects_[from];
    for (const CheckRule& rule : rules) {
      for (const hcl::Expression* expression : {rule.condition, rule.error_message}) {
        hcl::for_each_traversal(*expression, [&](const hcl::Traversal& traversal) {
          // A variable's own validation refers to it.
          bool itself = object.kind == ObjectKind::kVariable && traversal.root == "var" && !traversal.steps.empty() &&
                        traversal.steps[0].text == static_cast<const Variable*>(object.subject)->name;
          if (!itself && traversal.root != "self") reference(from, path, traversal);
        });
      }
    }
  }

  void reference(uint32_t from, uint32_t path, const hcl::Traversal& traversal, bool depends_on = false) {
    const ModulePath& place = graph_.paths_[path];
    const std::string& root = traversal.root;
    auto step = [&](std::size_t i) {
      return i < traversal.steps.size() && traversal.steps[i].kind == hcl::TraversalStep::Kind::kAttribute
                 ? traversal.steps[i].text
                 : std::string();
    };
    if (root == "var" || root == "local") {
      need_reference(from, in(place, root + "." + step(0)));
    } else if (root == "module") {
      module_reference(from, path, traversal, depends_on);
    } else if (root == "each" || root == "count" || root == "path" || root == "terraform" || root == "self") {
      return;
    } else {
      std::string address = root + "." + step(0);
      if (root == "data") address += "." + step(1);
      if (root == "resource") address = step(0) + "." + step(1);
      if (place.module->resources.count(address) == 0) {
        if (depends_on) undeclared(traversal, place, address);
        return;
      }
      need_reference(from, in(place, address));
    }
  }

  void undeclared(const hcl::Traversal& traversal, const ModulePath& place, const std::string& address) {
    diagnostics_.error("Reference to undeclared resource",
                       fmt::format("A managed resource \"{}\" has not been declared in {}.", address,
                                   place.address.empty() ? "the root module" : place.address),
                       traversal.range());
  }

  // module.x.out needs that output; the module as a whole needs all of them. In depends_on it means everything inside.
  void module_reference(uint32_t from, uint32_t path, const hcl::Traversal& traversal, bool depends_on) {
    const ModulePath& place = graph_.paths_[path];
    std::string name = traversal.steps.empty() ? "" : traversal.steps[0].text;
    auto call = place.module->calls.find(name);
    if (call == place.module->calls.end() || call->second.module == nullptr) return;
    std::string module_text = in(place, "module." + name);
    if (depends_on) return need_reference(from, module_text);
    need_reference(from, module_text + " (expand)");
    const std::string* output = nullptr;
    for (std::size_t i = 1; i < traversal.steps.size(); ++i) {
      if (traversal.steps[i].kind != hcl::TraversalStep::Kind::kAttribute) continue;
      output = &traversal.steps[i].text;
      break;
    }
    if (output != nullptr && call->second.module->outputs.count(*output) != 0)
      return need_reference(from, module_text + ".output." + *output);
    for (const auto& [each, declared] : call->second.module->outputs)
      need_reference(from, module_text + ".output." + each);
  }

  void add_references(uint32_t index) {
    const Object object = graph_.objects_[index];
    uint32_t path = object.module_path;
    const ModulePath place = graph_.paths_[path];
    // Everything in a called module needs to know its instances.
    if (place.call != nullptr) need(index, place.address + " (expand)");
    switch (object.kind) {
      case ObjectKind::kVariable: {
        const auto& variable = *static_cast<const Variable*>(object.subject);
        rules(index, path, variable.validations);
        if (place.call == nullptr) return;
        auto argument = place.call->arguments.find(variable.name);
        if (argument != place.call->arguments.end()) references(index, place.parent, argument->second.expression);
        return;
      }
      case ObjectKind::kLocal:
        return references(index, path, static_cast<const Local*>(object.subject)->expression);
      case ObjectKind::kOutput: {
        const auto& output = *static_cast<const Output*>(object.subject);
        references(index, path, output.expression);
        for (const hcl::Traversal& traversal : output.depends_on) reference(index, path, traversal, true);
        return rules(index, path, output.preconditions);
      }
      case ObjectKind::kModuleCall: {
        const auto& call = *static_cast<const ModuleCall*>(object.subject);
        references(index, path, call.count);
        references(index, path, call.for_each);
        for (const hcl::Traversal& traversal : call.depends_on) reference(index, path, traversal, true);
        return;
      }
      case ObjectKind::kModuleClose:
        return close_module(index, object);
      case ObjectKind::kProvider:
        return for_each_body_traversal(*static_cast<const ProviderConfig*>(object.subject)->body,
                                       [&](const hcl::Traversal& traversal) { reference(index, path, traversal); });
      case ObjectKind::kResource:
        return resource_references(index, object.resource(), path);
    }
  }

  void close_module(uint32_t index, const Object& object) {
    need(index, object.text + " (expand)");
    const auto& call = *static_cast<const ModuleCall*>(object.subject);
    if (call.module == nullptr) return;
    for (const auto& [name, resource] : call.module->resources) need(index, object.text + "." + name);
    for (const auto& [name, output] : call.module->outputs) need(index, object.text + ".output." + name);
    for (const auto& [name, inner] : call.module->calls) need(index, object.text + ".module." + name);
  }

  void resource_references(uint32_t index, const Resource& resource, uint32_t path) {
    for_each_body_traversal(*resource.body, [&](const hcl::Traversal& traversal) {
      if (traversal.root != "self") reference(index, path, traversal);
    });
    for (const hcl::Traversal& traversal : resource.depends_on) reference(index, path, traversal, true);
    uint32_t found_in = 0;
    const ProviderConfig* provider = graph_.provider_of(path, resource.provider_reference(), found_in);
    if (provider != nullptr) {
      need(index, in(graph_.paths_[found_in],
                     "provider." + provider->name + (provider->alias.empty() ? "" : "." + provider->alias)));
    } else if (const ProviderReference wanted = resource.provider_reference(); !wanted.alias.empty()) {
      diagnostics_.error(
          "Provider configuration not present",
          fmt::format(
              "{} asks for the provider configuration {}, and {} has no block provider \"{}\" with alias = \"{}\", "
              "nor is one passed to it by the argument \"providers\" of a module call.",
              graph_.objects_[index].text, wanted.text(), path == 0 ? "the root module" : graph_.paths_[path].address,
              wanted.name, wanted.alias),
          wanted.range);
    }
  }

  // Depth first; a cycle is told by the objects on it.
  void sort() {
    enum : uint8_t { kNew, kOpen, kDone };
    std::vector<uint8_t> state(graph_.objects_.size(), kNew);
    struct Frame {
      uint32_t object;
      std::size_t next;
    };
    for (uint32_t start = 0; start < graph_.objects_.size(); ++start) {
      if (state[start] != kNew) continue;
      std::vector<Frame> stack = {{start, 0}};
      state[start] = kOpen;
      while (!stack.empty()) {
        Frame& frame = stack.back();
        const std::vector<uint32_t>& needs = graph_.needs_[frame.object];
        if (frame.next == needs.size()) {
          state[frame.object] = kDone;
          graph_.order_.push_back(frame.object);
          stack.pop_back();
          continue;
        }
        uint32_t next = needs[frame.next++];
        if (state[next] == kNew) {
          state[next] = kOpen;
          stack.push_back({next, 0});
        } else if (state[next] == kOpen) {
          std::vector<uint32_t> cycle;
          for (const Frame& each : stack) {
            if (!cycle.empty() || each.object == next) cycle.push_back(each.object);
          }
          report_cycle(cycle);
        }
      }
    }
  }

  void report_cycle(const std::vector<uint32_t>& cycle) {
    const Object& first = graph_.objects_[cycle[0]];
    if (cycle.size() == 1) {
      diagnostics_.error("Self-referential block",
                         fmt::format("Configuration for {} may not refer to itself.", first.text), first.range);
      return;
    }
    std::string path = first.text;
    std::string places;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const Object& object = graph_.objects_[cycle[i]];
      path += " → " + graph_.objects_[cycle[(i + 1) % cycle.size()]].text;
      places += fmt::format("\n  {} ({}:{})", object.text, object.range.file == nullptr ? "" : object.range.file->path,
                            object.range.start.line);
    }
    diagnostics_.error("Cycle",
                       fmt::format("Each of these needs the next one, and the last needs the first, so there is no "
                                   "order in which they could be evaluated: {}.\n{}\n\nTake one of these "
                                   "references out, for example by moving what both need into a value of its own.",
                                   path, places),
                       first.range);
  }

  const Configuration& configuration_;
  ObjectGraph graph_;
  Diagnostics diagnostics_;
};

Checked<ObjectGraph> build_object_graph(const Configuration& configuration) {
  return GraphBuilder(configuration).build();
}

int64_t ObjectGraph::find(uint32_t module_path, const void* subject) const {
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    if (objects_[i].module_path == module_path && objects_[i].subject == subject) return static_cast<int64_t>(i);
  }
  return -1;
}

const ProviderConfig* ObjectGraph::provider_of(uint32_t module_path, const ProviderReference& reference,
                                               uint32_t& found_in) const {
  ProviderReference wanted = reference;
  for (uint32_t path = module_path;; path = paths_[path].parent) {
    for (const ProviderConfig& provider : paths_[path].module->providers) {
      if (provider.name == wanted.name && provider.alias == wanted.alias) {
        found_in = path;
        return &provider;
      }
    }
    const ModuleCall* call = paths_[path].call;
    if (call == nullptr) return nullptr;
    auto passed = call->providers.find(wanted.text());
    if (passed != call->providers.end()) {
      wanted = passed->second;
    } else if (!wanted.alias.empty()) {
      return nullptr;
    }
  }
}

std::string ObjectGraph::provider_source(uint32_t module_path, const ProviderReference& reference) const {
  return paths_[module_path].module->provider_source(reference.name);
}

}  // namespace terrace::config
