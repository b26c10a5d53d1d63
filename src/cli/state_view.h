// Reading a state file and showing its objects: for show, state, console and the commands across stacks.
#pragma once

#include <optional>
#include <string>

#include "cli/context.h"
#include "lang/value.h"
#include "schema/provider.h"
#include "state/state.h"

namespace terrace::cli {

// The schema of a resource of the state; null where no provider here has it.
const schema::TypeSchema* schema_of(schema::ProviderRegistry& registry, const std::string& provider,
                                    const state::ResourceAddress& address);

// A stored object by its schema, with what is sensitive marked; nothing where it does not fit the schema.
std::optional<lang::Value> value_of(const state::Object& object, const schema::TypeSchema& type);

// One object as `state show` prints it.
std::string object_listing(schema::ProviderRegistry& registry, const state::ResourceAddress& address,
                           const state::Resource& resource, const state::InstanceKey& key, const std::string& deposed,
                           const state::Object& object, bool color);

// The state file at `path` with what a killed run's journal adds; empty where there is none. nullopt after an error was
// shown.
std::optional<state::State> read_state(Context& context, const std::string& path);

// Every object of a state as `show` lists it.
std::string state_text(Context& context, const state::State& state);

}  // namespace terrace::cli
