// The resources of a configuration as DOT, for one root module and for the stacks of a cluster.
#pragma once

#include <string>

#include "config/object_graph.h"

namespace terrace::cli {

// The resources of a configuration and their dependencies as DOT: a whole graph, or with `cluster` the inside of a
// subgraph whose nodes carry that name.
std::string resource_graph(const config::ObjectGraph& graph, const std::string& cluster, const std::string& indent);

}  // namespace terrace::cli
