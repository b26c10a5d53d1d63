// A plan as one compressed file: the configuration it was made from, its variables, what it starts from and what it
// will do. `plan -out` writes it, `show` and `apply` read it. It holds secrets, so it is written with mode 0600.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "diag/diagnostic.h"
#include "plan/plan.h"
#include "schema/provider.h"

namespace terrace::plan {

struct SavedPlan {
  Plan plan;
  std::map<std::string, std::string> sources;   // every file of the configuration, by path
  std::map<std::string, std::string> settings;  // what else the commands must know: state path, workspace, directory
};

// True when the bytes begin as a plan file does.
bool is_plan_file(std::string_view bytes);
std::string encode_plan(const SavedPlan& saved, schema::ProviderRegistry& providers);
// `name` is for the messages.
Checked<SavedPlan> decode_plan(std::string_view bytes, const std::string& name, schema::ProviderRegistry& providers);

}  // namespace terrace::plan
