// The dependency graph of a configuration: what each object refers to. Objects are those of the files, per place in the
// tree of modules, not per instance: its size is that of the configuration. Locals, variables and outputs stay nodes,
// so that nothing is multiplied out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/module.h"
#include "diag/diagnostic.h"

namespace terrace::config {

enum class ObjectKind : uint8_t { kVariable, kLocal, kOutput, kModuleCall, kModuleClose, kResource, kProvider };

struct Object {
  ObjectKind kind = ObjectKind::kResource;
  uint32_t module_path = 0;  // ObjectGraph::paths
  const void* subject =
      nullptr;  // the Variable, Local, Output, ModuleCall (for both of its nodes), Resource or ProviderConfig
  SourceRange range;
  std::string text;  // "module.a.aws_vpc.main", "local.x", "provider.aws"

  const Resource& resource() const { return *static_cast<const Resource*>(subject); }
};

// A place in the tree of modules: the calls from the root to it.
struct ModulePath {
  const Module* module = nullptr;
  uint32_t parent = 0;               // itself for the root, which is path 0
  const ModuleCall* call = nullptr;  // null for the root
  std::string address;               // module.a.module.b
};

class ObjectGraph {
 public:
  const std::vector<Object>& objects() const { return objects_; }
  const std::vector<ModulePath>& paths() const { return paths_; }
  // The objects that `index` refers to, each once.
  const std::vector<uint32_t>& needs(uint32_t index) const { return needs_[index]; }
  // Every object after all that it needs. Only of a graph without cycles.
  const std::vector<uint32_t>& order() const { return order_; }
  // The node of a resource, or -1.
  int64_t find(uint32_t module_path, const void* subject) const;
  // The ProviderConfig that `resource` in `module_path` uses, and the path where it stands: its own module's, or
  // through the `providers` of calls and by inheritance a parent's. Null where none is written: the provider then has
  // no settings.
  const ProviderConfig* provider_of(uint32_t module_path, const ProviderReference& reference, uint32_t& found_in) const;
  // The source address behind a resource's provider.
  std::string provider_source(uint32_t module_path, const ProviderReference& reference) const;

 private:
  friend class GraphBuilder;
  std::vector<Object> objects_;
  std::vector<ModulePath> paths_;
  std::vector<std::vector<uint32_t>> needs_;
  std::vector<uint32_t> order_;
  std::unordered_map<std::string, uint32_t> by_text_;
};

// Makes the graph. References to what does not exist, and cycles with their path, are errors.
Checked<ObjectGraph> build_object_graph(const Configuration& configuration);

// Calls `found` for every traversal in a body, blocks inside included: what the body refers to.
void for_each_body_traversal(const hcl::Body& body, const std::function<void(const hcl::Traversal&)>& found);

}  // namespace terrace::config
