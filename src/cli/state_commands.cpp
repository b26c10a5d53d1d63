// terrace state: list, show, pull, rm, mv, push.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/state_edit.h"
#include "cli/state_view.h"
#include "state/address.h"

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
      context.print(object_listing(registry, address, resource, key, "", *instance.current, context.terminal.color()) +
                    "\n");
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

// The instances that an address holds.
std::vector<std::pair<state::ResourceAddress, state::InstanceKey>> instances_of(const state::State& state,
                                                                                const state::Address& wanted) {
  std::vector<std::pair<state::ResourceAddress, state::InstanceKey>> found;
  for (const auto& [address, resource] : state.resources) {
    for (const auto& [key, instance] : resource.instances) {
      if (wanted.contains(address, key)) found.emplace_back(address, key);
    }
  }
  return found;
}

int no_match(Context& context, const std::string& address) {
  return context.fail("Invalid target address",
                      fmt::format("The state holds no object that \"{}\" names. To see what it holds, use \"terrace "
                                  "state list\". Nothing was changed.",
                                  address));
}

int state_rm(Context& context, const Arguments& arguments) {
  StateEditFlags edit;
  bool dry_run = false;
  Flags flags("state rm [options] ADDRESS...",
              "Forgets objects: they stay as they are in AWS and are no longer managed from here.");
  flags.boolean("dry-run", &dry_run, "Only say what would be forgotten.");
  edit.add_to(flags);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.empty())
    return context.fail("At least one address is required", "Give addresses as \"terrace state list\" prints them.");
  std::vector<state::Address> wanted;
  for (const std::string& text : rest) {
    Result<state::Address, std::string> address = state::parse_address(text);
    if (!address) return context.fail("Invalid target address", address.error());
    wanted.push_back(std::move(*address));
  }
  int removed = 0;
  int code = edit_state(context, edit, "state-rm", [&](state::State& state) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!instances_of(state, wanted[i]).empty()) continue;
      no_match(context, rest[i]);
      return false;
    }
    for (const state::Address& each : wanted) {
      for (const auto& [address, key] : instances_of(state, each)) {
        context.print(fmt::format("{} {}\n", dry_run ? "Would remove" : "Removed", address.instance_text(key)));
        ++removed;
        if (dry_run) continue;
        state.resources.at(address).instances[key] = {};
        state.prune(address, key);
      }
    }
    return !dry_run;
  });
  if (code == 0) context.print(fmt::format("Successfully removed {} resource instance(s).\n", removed));
  return dry_run && removed > 0 ? 0 : code;
}

// Where an object goes: `to` as it is for an instance or resource, else the same place in the other module.
std::pair<state::ResourceAddress, state::InstanceKey> moved(const state::ResourceAddress& address,
                                                            const state::InstanceKey& key, const state::Address& from,
                                                            const state::Address& to) {
  state::ResourceAddress target = address;
  if (from.is_module()) {
    target.module = to.resource.module + address.module.substr(from.resource.module.size());
    return {target, key};
  }
  if (to.is_module()) {
    target.module = to.resource.module;
    return {target, key};
  }
  return {to.resource, from.has_key || to.has_key ? to.key : key};
}

// What speaks against a move; empty where nothing does.
std::string against_move(const state::Address& from, const state::Address& to) {
  if (from.is_module() && !to.is_module()) return "A module can only be moved to a module.";
  if (from.is_module() || to.is_module()) return {};
  if (from.resource.mode != to.resource.mode || from.resource.type != to.resource.type)
    return fmt::format("An object of {} can't become one of {}: the types must be the same.", from.resource.type,
                       to.resource.type);
  return {};
}

int state_mv(Context& context, const Arguments& arguments) {
  StateEditFlags edit;
  bool dry_run = false;
  Flags flags("state mv [options] SOURCE DESTINATION",
              "Gives objects of the state another address. What they are in AWS does not change.");
  flags.boolean("dry-run", &dry_run, "Only say what would be moved.");
  edit.add_to(flags);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 2) return context.fail("Two addresses are needed", "Give where the object is and where it goes.");
  Result<state::Address, std::string> from = state::parse_address(rest[0]);
  if (!from) return context.fail("Invalid source address", from.error());
  Result<state::Address, std::string> to = state::parse_address(rest[1]);
  if (!to) return context.fail("Invalid destination address", to.error());
  std::string against = against_move(*from, *to);
  if (!against.empty()) return context.fail("Invalid state move request", against + " Nothing was changed.");
  int count = 0;
  int code = edit_state(context, edit, "state-mv", [&](state::State& state) {
    auto found = instances_of(state, *from);
    if (found.empty()) {
      no_match(context, rest[0]);
      return false;
    }
    for (const auto& [address, key] : found) {
      auto [target, target_key] = moved(address, key, *from, *to);
      const state::Instance* there = state.find(target, target_key);
      if (there == nullptr) continue;
      context.fail("Invalid state move request",
                   fmt::format("{} is there already. Nothing was changed.", target.instance_text(target_key)));
      return false;
    }
    for (const auto& [address, key] : found) {
      auto [target, target_key] = moved(address, key, *from, *to);
      context.print(fmt::format("{} \"{}\" to \"{}\"\n", dry_run ? "Would move" : "Move", address.instance_text(key),
                                target.instance_text(target_key)));
      ++count;
      if (dry_run) continue;
      state::Resource& resource = state.resources.at(address);
      state::Instance instance = std::move(resource.instances[key]);
      std::string provider = resource.provider;
      resource.instances[key] = {};
      state.prune(address, key);
      state.at(target, target_key, provider) = std::move(instance);
    }
    return !dry_run;
  });
  if (code == 0) context.print(fmt::format("Successfully moved {} object(s).\n", count));
  return dry_run && count > 0 ? 0 : code;
}

int state_push(Context& context, const Arguments& arguments) {
  StateEditFlags edit;
  bool force = false;
  Flags flags("state push [options] PATH", "Replaces the state by a file, or with \"-\" by standard input.");
  flags.boolean("force", &force, "Also where the lineage differs or the serial is older.");
  edit.add_to(flags);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 1)
    return context.fail("Exactly one argument expected", "Give the path of a state file, or \"-\".");
  std::string text;
  if (rest[0] == "-") {
    text = context.terminal.read_all();
  } else {
    Result<std::string, FileError> read = context.files.read(rest[0]);
    if (!read) return context.fail("Failed to read the state file", read.error().message);
    text = std::move(*read);
  }
  Checked<state::State> pushed = state::parse_state(text, rest[0]);
  context.show(pushed.diagnostics);
  if (pushed.diagnostics.has_errors()) return 1;
  return edit_state(context, edit, "state-push", [&](state::State& state) {
    if (!state.lineage.empty() && !force) {
      if (pushed.value.lineage != state.lineage) {
        context.fail("Failed to write state",
                     fmt::format("Cannot import state with lineage \"{}\" over unrelated state with lineage \"{}\". "
                                 "Give -force if you are sure. Nothing was changed.",
                                 pushed.value.lineage, state.lineage));
        return false;
      }
      if (pushed.value.serial < state.serial) {
        context.fail("Failed to write state",
                     fmt::format("Cannot import state with serial {} over newer state with serial {}. Give -force if "
                                 "you are sure. Nothing was changed.",
                                 pushed.value.serial, state.serial));
        return false;
      }
      if (pushed.value.serial == state.serial && !state::same_content(state, pushed.value)) {
        context.fail("Failed to write state",
                     fmt::format("Cannot overwrite existing state with serial {} with a different state that has the "
                                 "same serial. Give -force if you are sure. Nothing was changed.",
                                 state.serial));
        return false;
      }
    }
    int64_t serial = std::max(state.serial, pushed.value.serial - 1);
    state = std::move(pushed.value);
    state.serial = serial;
    return true;
  });
}

constexpr Command kStateCommands[] = {
    {"list", "List the objects of the state", state_list, true},
    {"show", "Show one object of the state", state_show, true},
    {"mv", "Give objects another address", state_mv, true},
    {"pull", "Print the state", state_pull, true},
    {"push", "Replace the state by a file", state_push, true},
    {"rm", "Forget objects without destroying them", state_rm, true},
};

}  // namespace

int state_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "state", "This command has subcommands for looking at the state.", kStateCommands,
                        arguments);
}

}  // namespace terrace::cli
