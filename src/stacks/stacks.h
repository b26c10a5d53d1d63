// The stacks of a cluster directory as a graph: which there are, what each needs, and in which order. The commands
// across stacks work on it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "config/module.h"
#include "diag/diagnostic.h"

namespace terrace::stacks {

// A folder of stacks/ with configuration files. `needs` are the stacks whose state one of its terraform_remote_state
// data sources reads: that is the only place where a dependency is written.
struct Stack {
  std::string name;
  std::string directory;  // from the cluster directory: "stacks/vpc"
  std::vector<std::string> needs;
  std::shared_ptr<config::Configuration> configuration;
};

class StackGraph {
 public:
  const std::map<std::string, Stack>& stacks() const { return stacks_; }
  const Stack& at(const std::string& name) const { return stacks_.at(name); }
  // Every stack after those it needs.
  const std::vector<std::string>& order() const { return order_; }

  // The named ones with all they need, or with `dependents` all that needs them, in order; only them with `only`. No
  // name, or "all", means every stack. An unknown name is an error that tells which there are.
  Checked<std::vector<std::string>> select(const std::vector<std::string>& names, bool only, bool dependents) const;

 private:
  friend Checked<StackGraph> find_stacks(FileSystem& files);
  std::map<std::string, Stack> stacks_;
  std::vector<std::string> order_;
};

// Reads the stacks of the cluster directory that is the working directory. Circles among them are errors.
Checked<StackGraph> find_stacks(FileSystem& files);

}  // namespace terrace::stacks
