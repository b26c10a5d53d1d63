// Values of root variables: from TF_VAR_ names, terraform.tfvars, *.auto.tfvars, -var-file and -var, in Terraform's
// order.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/file_system.h"
#include "config/module.h"
#include "diag/diagnostic.h"
#include "lang/value.h"

namespace terrace::config {

// One -var or -var-file, in the order of the command line.
struct VariableOption {
  enum class Kind : uint8_t { kValue, kFile };
  Kind kind = Kind::kValue;
  std::string text;  // NAME=VALUE, or a path
};

struct VariableSources {
  std::string directory;  // of the root module: terraform.tfvars and *.auto.tfvars
  std::vector<std::pair<std::string, std::string>> environment;  // whole environment: TF_VAR_ names are taken
  std::vector<VariableOption> options;
  bool undeclared_in_files_allowed = false;  // files that several stacks share hold more than one declares
};

// The value of every variable that is given one, converted to its type. A variable without a value and default is an
// error, as is a -var for a name that is not declared; in files that is a warning. `sources_kept` keeps the files alive
// that diagnostics point into.
Checked<std::map<std::string, lang::Value>> collect_variables(FileSystem& files, const Module& module,
                                                              const VariableSources& sources,
                                                              std::vector<SourceFilePtr>& sources_kept);

}  // namespace terrace::config
