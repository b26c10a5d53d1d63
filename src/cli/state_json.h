// The state as `show -json` and `output -json` print it
// (https://developer.hashicorp.com/terraform/internals/json-format).
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "schema/provider.h"
#include "state/state.h"

namespace terrace::cli {

nlohmann::ordered_json state_json(schema::ProviderRegistry& registry, const state::State& state);

// {"name": {"sensitive": false, "type": ..., "value": ...}}
std::string outputs_json(const state::State& state);

}  // namespace terrace::cli
