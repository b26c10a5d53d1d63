// terrace state: list, show, pull.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/state_view.h"

namespace terrace::cli {

using Json = nlohmann::ordered_json;

namespace {

int state_list(Context& context, const Arguments& arguments) {
  std::string path = "terraform.tfstate";
  std::string id;
  Flags flags("state list [options] [ADDRESS...]", "Lists the objects of the state.");
  flags.text("state", &path, "PATH", "The state file.");
  flags.text("id", &id, "ID", "Only objects with this id.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  if (!context.files.exists(path) && state->empty()) {
    return context.fail("No state file was found!",
                        "State management commands require a state file. Run this command in a directory where terrace "
                        "has been run or use the -state flag to point the command to a specific state location.");
  }
  for (const auto& [address, resource] : state->resources) {
    for (const auto& [key, instance] : resource.instances) {
      std::string text = address.instance_text(key);
      bool wanted = rest.empty();
      for (const std::string& prefix : rest) {
        wanted = wanted || text == prefix ||
                 (text.starts_with(prefix) && (text[prefix.size()] == '.' || text[prefix.size()] == '['));
      }
      if (!id.empty()) {
        Json attributes = instance.current ? Json::parse(instance.current->attributes) : Json::object();
        wanted = wanted && attributes.value("id", Json()) == Json(id);
      }
      if (wanted) context.print(text + "\n");
    }
  }
  return 0;
}

int state_show(Context& context, const Arguments& arguments) {
  std::string path = "terraform.tfstate";
  Flags flags("state show [options] ADDRESS", "Shows one object of the state.");
  flags.text("state", &path, "PATH", "The state file.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 1)
    return context.fail("Exactly one argument expected",
                        "Give the address of one instance, as \"terrace state list\" prints them.");
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  for (const auto& [address, resource] : state->resources) {
    for (const auto& [key, instance] : resource.instances) {
      if (address.instance_text(key) != rest[0] || !instance.current) continue;
      context.print(object_listing(registry, address, resource, key, "", *instance.current, context.terminal.color()));
      return 0;
    }
  }
  return context.fail("No instance found for the given address!",
                      "This command requires that the address references one specific instance. To view the available "
                      "instances, use \"terrace state list\".");
}

int state_pull(Context& context, const Arguments& arguments) {
  Flags flags("state pull [options]", "Prints the state as it is stored.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  std::optional<state::State> state = read_state(context, "terraform.tfstate");
  if (!state) return 1;
  if (!state->lineage.empty()) context.print(state::serialize_state(*state));
  return 0;
}

constexpr Command kStateCommands[] = {
    {"list", "List the objects of the state", state_list, true},
    {"show", "Show one object of the state", state_show, true},
    {"pull", "Print the state", state_pull, true},
};

}  // namespace

int state_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "state", "This command has subcommands for looking at the state.", kStateCommands,
                        arguments);
}

}  // namespace terrace::cli
