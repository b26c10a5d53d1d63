// Makes the trees that plan and state texts are written from, out of a plan and the schemas of its providers.
#pragma once

#include "cli/display.h"
#include "cli/plan_text.h"
#include "lang/value.h"
#include "plan/plan.h"
#include "schema/provider.h"

namespace terrace::cli {

// A value without a schema: what outputs and attributes of dynamic type are shown as.
Display display_of(const lang::Value& value);
// The value of a resource's block; null where there is no object.
Display display_of(const lang::Value& value, const schema::Block& block);

PlanView plan_view(const plan::Plan& plan, schema::ProviderRegistry& providers);

}  // namespace terrace::cli
