// A plan as `show -json` prints it (https://developer.hashicorp.com/terraform/internals/json-format).
#pragma once

#include <string>

#include "plan/plan.h"
#include "schema/provider.h"

namespace terrace::cli {

std::string plan_json(schema::ProviderRegistry& registry, const plan::Plan& plan);

}  // namespace terrace::cli
