// Takes an object that exists into the state, under an address of the configuration. `terrace import` calls it.
#pragma once

#include <string>

#include "base/loop.h"
#include "diag/diagnostic.h"
#include "plan/planner.h"
#include "state/session.h"

namespace terrace::apply {

// Asks the provider for the object with this id, reads it whole and saves the state. An address that has an object
// already, or that the configuration does not have, is an error. `address` and `key` are of an instance; `provider` as
// the state writes it.
Task<Diagnostics> import_object(plan::PlanRun& run, state::StateSession& session, state::ResourceAddress address,
                                state::InstanceKey key, std::string provider, std::string id);

}  // namespace terrace::apply
