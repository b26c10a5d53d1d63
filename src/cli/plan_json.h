// A plan as `show -json` prints it (https://developer.hashicorp.com/terraform/internals/json-format).
#pragma once

#include <string>

#include "config/object_graph.h"
#include "plan/plan.h"
#include "schema/provider.h"

namespace terrace::cli {

// `graph` is that of the configuration the plan was made from.
std::string plan_json(schema::ProviderRegistry& registry, const plan::Plan& plan, const config::ObjectGraph& graph);

}  // namespace terrace::cli
