// terrace taint and untaint
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/state_edit.h"
#include "state/address.h"

namespace terrace::cli {

namespace {

int set_taint(Context& context, const Arguments& arguments, bool taint) {
  StateEditFlags edit;
  bool allow_missing = false;
  Flags flags(taint ? "taint [options] ADDRESS" : "untaint [options] ADDRESS",
              taint ? "Marks an object as not working, so that the next apply replaces it. \"plan -replace\" does the "
                      "same without changing the state first."
                    : "Takes the mark away that an object is to be replaced.");
  flags.boolean("allow-missing", &allow_missing, "Succeed also where there is no such object.");
  edit.add_to(flags);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 1) return context.fail("Exactly one argument expected", "Give the address of one instance.");
  Result<state::Address, std::string> address = state::parse_instance_address(rest[0]);
  if (!address) return context.fail("Invalid address", address.error());
  if (address->resource.mode == state::Mode::kData)
    return context.fail("Invalid address", "Data sources are read at each plan; they can't be tainted.");
  bool missing = false;
  int code = edit_state(context, edit, taint ? "taint" : "untaint", [&](state::State& state) {
    const state::Instance* instance = state.find(address->resource, address->key);
    if (instance == nullptr || !instance->current) {
      missing = true;
      if (!allow_missing)
        context.fail("No such resource instance",
                     fmt::format("There is no resource instance in the state with the address {}. Nothing was changed.",
                                 rest[0]));
      return false;
    }
    if (!taint && !instance->current->tainted) {
      context.fail(
          "Resource instance is not tainted",
          fmt::format("Resource instance {} is not currently tainted, and so it cannot be untainted.", rest[0]));
      return false;
    }
    auto object = std::make_shared<state::Object>(*instance->current);
    object->tainted = taint;
    state.resources.at(address->resource).instances.at(address->key).current = std::move(object);
    return true;
  });
  if (missing && allow_missing) {
    context.print(fmt::format("No such resource instance: {}. Nothing was changed.\n", rest[0]));
    return 0;
  }
  if (code == 0)
    context.print(fmt::format("Resource instance {} has been {}.\n", rest[0],
                              taint ? "marked as tainted" : "successfully untainted"));
  return code;
}

}  // namespace

int taint_command(Context& context, const Arguments& arguments) {
  return set_taint(context, arguments, true);
}

int untaint_command(Context& context, const Arguments& arguments) {
  return set_taint(context, arguments, false);
}

}  // namespace terrace::cli
