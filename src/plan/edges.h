// Draws the execution graph of a plan's changes. Internal to src/plan.
#pragma once

#include <vector>

#include "plan/plan.h"
#include "plan/units.h"

namespace terrace::plan {

// `changes_of`: for each unit, the indices of its changes.
void make_edges(Plan& plan, const Units& units, const std::vector<std::vector<uint32_t>>& changes_of);

}  // namespace terrace::plan
