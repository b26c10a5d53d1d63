// What the stacks' states say about the cluster, without asking AWS: outputs and attributes of objects.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "state/state.h"

namespace terrace::cluster {

// A root output; null where there is none.
nlohmann::json output_of(const state::State& state, const std::string& name);

// The attributes of every object of one managed type, by address.
std::vector<std::pair<std::string, nlohmann::json>> objects_of_type(const state::State& state, const std::string& type);

}  // namespace terrace::cluster
