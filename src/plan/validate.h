// Checks a configuration as far as that can be done without values of variables, state, credentials or network:
// `terrace validate` and whoever wants to fail early.
#pragma once

#include "config/object_graph.h"
#include "diag/diagnostic.h"
#include "lang/function.h"
#include "schema/provider.h"

namespace terrace::plan {

// Every block decoded by its schema and validated by its provider, with variables and resources unknown. Blocks whose
// count or for_each depends on these are left to the plan.
Diagnostics validate(const config::Configuration& configuration, const config::ObjectGraph& graph,
                     lang::FunctionContext functions, schema::ProviderRegistry& providers);

}  // namespace terrace::plan
