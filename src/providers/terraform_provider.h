// The provider terraform.io/builtin/terraform: terraform_data, and the data source terraform_remote_state. src/cli puts
// it into the registry.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/file_system.h"
#include "base/random.h"
#include "lang/value.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kTerraformSource = "terraform.io/builtin/terraform";

// The stacks that are planned or applied in the same run. A terraform_remote_state that points at the state of one of
// them is given its outputs as they are planned, unknown where they are.
class SiblingOutputs {
 public:
  virtual ~SiblingOutputs() = default;
  // The root outputs as an object, or nothing when no stack of this run owns the state file; waits until that stack is
  // planned. `state_path` is absolute or relative to the process's working directory, without "." and ".." parts where
  // they can be resolved.
  virtual Task<std::optional<lang::Value>> outputs_for(std::string state_path) = 0;
};

// `working_directory` is what a relative path of a local backend starts from; empty means the process's own. `siblings`
// may be null.
std::unique_ptr<schema::Provider> make_terraform_provider(FileSystem& files, Random& random,
                                                          std::string working_directory, SiblingOutputs* siblings);

}  // namespace terrace::providers
