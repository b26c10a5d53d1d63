// The resources of a configuration as a drawing: of one root module, or of a stack among others. The command graph
// includes it.
#pragma once

#include <optional>
#include <string>

#include "cli/drawing.h"
#include "config/object_graph.h"
#include "plan/plan.h"

namespace terrace::cli {

struct ResourceGraphOptions {
  std::string stack;  // its box is made, and its nodes' ids begin with it; empty for a root module alone
  bool without_remote_state = false;  // arrows between stacks stand for what those data sources read
  const plan::Plan* plan = nullptr;   // colours the nodes, and adds those that it destroys
};

// Adds the resources with their modules' boxes, and an arrow to every resource that one reaches through locals,
// variables and outputs. Gives the stack's box.
std::optional<size_t> add_resources(Drawing& drawing, const config::ObjectGraph& graph,
                                    const ResourceGraphOptions& options);

}  // namespace terrace::cli
