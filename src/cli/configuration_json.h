// A configuration as `show -json` of a plan tells it: modules with their resources, expressions by what they refer to,
// and the attributes that the plan's changes depend on
// (https://developer.hashicorp.com/terraform/internals/json-format).
#pragma once

#include "cli/json_values.h"
#include "config/object_graph.h"
#include "plan/plan.h"
#include "schema/provider.h"

namespace terrace::cli {

// The member "configuration".
OrderedJson configuration_json(const config::ObjectGraph& graph, schema::ProviderRegistry& registry);

// The member "relevant_attributes": what the changed resources and outputs refer to, through variables, locals and
// outputs of modules down to attributes of resources.
OrderedJson relevant_attributes_json(const config::ObjectGraph& graph, const plan::Plan& plan);

}  // namespace terrace::cli
