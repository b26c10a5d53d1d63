// terrace output
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/state_json.h"
#include "cli/state_view.h"
#include "lang/value_text.h"
#include "state/value_json.h"

namespace terrace::cli {

using Json = nlohmann::ordered_json;

namespace {

int no_outputs(Context& context) {
  context.show(Diagnostics(Diagnostic{
      Severity::kWarning,
      "No outputs found",
      "The state file either has no outputs defined, or all the defined outputs are empty. Please define an output in "
      "your configuration with the `output` keyword and run `terrace refresh` for it to become available.",
      {},
      {},
      {},
      {},
      {}}));
  return 0;
}

}  // namespace

int output_command(Context& context, const Arguments& arguments) {
  bool json = false, raw = false;
  std::string path = "terraform.tfstate";
  Flags flags("output [options] [NAME]", "Shows outputs of the state. In a cluster directory: output [STACK...|all].");
  flags.boolean("json", &json, "As JSON.");
  flags.boolean("raw", &raw, "The one named, as its plain text.");
  flags.text("state", &path, "PATH", "The state file.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return output_stacks(context, json, rest);
  if (rest.size() > 1)
    return context.fail("Unexpected argument",
                        "The output command expects exactly one argument with the name of an output variable or no "
                        "arguments to show all outputs.");
  if (raw && json) return context.fail("Invalid output format", "The -raw and -json options are mutually-exclusive.");
  if (raw && rest.empty())
    return context.fail("Output name required",
                        "You must give the name of a single output value when using the -raw option.");
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  if (rest.empty()) {
    if (state->outputs.empty() && !json) return no_outputs(context);
    context.print(json ? outputs_json(*state) : outputs_text(*state, context));
    return 0;
  }
  auto found = state->outputs.find(rest[0]);
  if (found == state->outputs.end()) {
    return context.fail(fmt::format("Output \"{}\" not found", rest[0]),
                        "The output variable requested could not be found in the state file. If you recently added "
                        "this to your configuration, be sure to run `terrace apply`, since the state won't be updated "
                        "with new output variables until that command is run.");
  }
  Result<lang::Type, std::string> type = state::decode_type(found->second.type);
  Result<lang::Value, std::string> value = type ? state::decode_value(found->second.value, *type)
                                                : Result<lang::Value, std::string>(Failure<std::string>{type.error()});
  if (!value) return context.fail("Unreadable output", value.error());
  if (json) {
    context.print(Json::parse(found->second.value).dump() + "\n");
  } else if (raw) {
    if (value->is_null() || !value->type().is_primitive()) {
      return context.fail("Unsupported value for raw output",
                          fmt::format("The -raw option only supports strings, numbers, and boolean values, but output "
                                      "value \"{}\" is {}.\n\nUse the -json option for machine-readable "
                                      "representations of output values that have complex types.",
                                      rest[0], value->is_null() ? "null" : value->type().friendly_name()));
    }
    context.print(value->type().kind() == lang::TypeKind::kString ? value->as_string() : lang::value_text(*value));
  } else {
    context.print(lang::value_text(*value) + "\n");
  }
  return 0;
}

}  // namespace terrace::cli
