// The cluster's groups as commands ask for and show them. nodes, ssh, status, roll and machines include it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/cluster_access.h"
#include "cli/context.h"
#include "cluster/groups.h"

namespace terrace::cli {

// All groups, or that of one role; nothing after an error was shown.
std::optional<std::vector<cluster::Group>> groups_of(Context& context, ClusterAccess& access, const std::string& role);

nlohmann::ordered_json node_json(const cluster::Node& node);

// Says why there are none: the role's stack was never created, or AWS has no such group. Gives exit code 1.
int no_nodes(Context& context, ClusterAccess& access, const std::string& role);

// Where the cluster's private key lies in its directory.
std::string key_path(const std::string& cluster);

}  // namespace terrace::cli
