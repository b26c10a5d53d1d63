// What the operator has chosen: the values of a cluster directory's variables. Every verb of the operator reads them.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/file_system.h"
#include "config/variables.h"
#include "diag/diagnostic.h"
#include "lang/value.h"
#include "stacks/stacks.h"

namespace terrace::cluster {

// The file at the root of a cluster directory.
inline constexpr const char* kValuesFile = "cluster.tfvars";

struct Values {
  std::string name;
  std::string region;
  std::string profile;                           // empty: as the environment says
  std::vector<std::string> allowed_account_ids;  // empty: every account
  std::map<std::string, lang::Value> all;        // of every variable that a stack declares, defaults included

  // A string variable; `otherwise` where no stack declares it or it is null.
  std::string text(const std::string& name, std::string otherwise = {}) const;
  // The arguments of a provider block that means this cluster's account and region.
  nlohmann::json provider_config() const;
};

// The values as a plan would take them: `options` of the command line before cluster.tfvars, that before TF_VAR_ names
// of the environment, and those before the defaults.
Checked<Values> read_values(FileSystem& files, const stacks::StackGraph& stacks,
                            const std::map<std::string, std::string>& environment,
                            const std::vector<config::VariableOption>& options = {});

}  // namespace terrace::cluster
