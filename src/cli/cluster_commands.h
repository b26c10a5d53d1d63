// The commands on the stacks of a cluster directory.
#pragma once

#include "cli/cluster_run.h"
#include "cli/context.h"
#include "cli/session.h"

namespace terrace::cli {

// True in a directory that has a cluster.tfvars and a folder stacks/.
bool is_cluster_directory(Context& context);
// Says that the working directory is none. Gives exit code 1.
int not_a_cluster(Context& context);

int new_command(Context& context, const Arguments& arguments);
// plan, and apply, destroy and refresh, of the named stacks (none, or "all": every one) with those they need.
int plan_stacks(Context& context, const RunFlags& flags, const Arguments& names);
int apply_stacks(Context& context, const RunFlags& flags, const Arguments& names, Listing listing = Listing::kFull);
int output_stacks(Context& context, bool json, const Arguments& names);
int show_stacks(Context& context, bool json, const Arguments& names);

}  // namespace terrace::cli
