// Commands that only read: fmt, output, show, state, graph, console.
#pragma once

#include "cli/context.h"
#include "config/object_graph.h"
#include "state/state.h"

namespace terrace::cli {

int fmt_command(Context& context, const Arguments& arguments);
int output_command(Context& context, const Arguments& arguments);
int show_command(Context& context, const Arguments& arguments);
int state_command(Context& context, const Arguments& arguments);
int graph_command(Context& context, const Arguments& arguments);
int console_command(Context& context, const Arguments& arguments);

// The state file at `path` with what a killed run's journal adds; empty where there is none. nullopt after an error was
// shown.
std::optional<state::State> read_state(Context& context, const std::string& path);

// Every object of a state as `show` lists it.
std::string state_text(Context& context, const state::State& state);

// The resources of a configuration and their dependencies as DOT: a whole graph, or with `cluster` the inside of a
// subgraph whose nodes carry that name.
std::string resource_graph(const config::ObjectGraph& graph, const std::string& cluster, const std::string& indent);

// {"name": {"sensitive": false, "type": ..., "value": ...}}
std::string outputs_json(const state::State& state);

}  // namespace terrace::cli
