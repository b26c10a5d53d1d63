// The commands on one root module, in the directory of its configuration. In a cluster directory the same words work on
// stacks.
#pragma once

#include "cli/context.h"

namespace terrace::cli {

int init_command(Context& context, const Arguments& arguments);
int force_unlock_command(Context& context, const Arguments& arguments);
int validate_command(Context& context, const Arguments& arguments);
int plan_command(Context& context, const Arguments& arguments);
int apply_command(Context& context, const Arguments& arguments);
int destroy_command(Context& context, const Arguments& arguments);
int refresh_command(Context& context, const Arguments& arguments);

}  // namespace terrace::cli
