// One change of a stored state by hand: locked, backed up, written whole. state mv, rm and push, taint and untaint use
// it.
#pragma once

#include <functional>
#include <string>

#include "cli/context.h"
#include "cli/flags.h"
#include "state/session.h"

namespace terrace::cli {

// Flags of the commands that change a state.
struct StateEditFlags {
  std::string path = "terraform.tfstate";
  std::string backup;
  bool lock = true;
  Duration lock_timeout{0};
  void add_to(Flags& flags);
};

// Locks and reads the state, lets `change` work on it, writes it where `change` gives true. The state before is kept
// beside it under the name Terraform gives it (terraform.tfstate.SECONDS.backup). Gives the exit code.
int edit_state(Context& context, const StateEditFlags& flags, const std::string& operation,
               const std::function<bool(state::State&)>& change);

}  // namespace terrace::cli
