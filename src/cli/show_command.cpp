// terrace show
#include <fmt/format.h>

#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/plan_json.h"
#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/session.h"
#include "cli/state_json.h"
#include "cli/state_view.h"
#include "plan/plan_file.h"

namespace terrace::cli {

int show_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("show [options] [PATH]",
              "Shows the state, a state file or a plan file. In a cluster directory: show [STACK...|all].");
  flags.boolean("json", &json, "As JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return show_stacks(context, json, rest);
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  std::string path = rest.empty() ? "terraform.tfstate" : rest[0];
  if (!rest.empty()) {
    Result<std::string, FileError> bytes = context.files.read(path);
    if (!bytes)
      return context.fail("Failed to load plan", fmt::format("Couldn't load the file: {}.", bytes.error().message));
    if (plan::is_plan_file(*bytes)) {
      Checked<plan::SavedPlan> saved = plan::decode_plan(*bytes, path, registry);
      context.show(saved.diagnostics);
      if (saved.diagnostics.has_errors()) return 1;
      if (json) {
        RunFlags run;
        apply::Operation operation({context.files, context.loop, context.random, registry, nullptr, nullptr},
                                   run.settings(context, ""));
        Diagnostics loaded = operation.load(saved.value);
        context.show(loaded);
        if (loaded.has_errors()) return 1;
        context.print(plan_json(registry, saved.value.plan, operation.graph()));
      } else {
        context.print(
            plan_text(plan_view(saved.value.plan, registry), context.terminal.color(), context.terminal.width()));
      }
      return 0;
    }
  }
  std::optional<state::State> state = read_state(context, path);
  if (!state) return 1;
  if (json) {
    context.print(state_json(registry, *state).dump() + "\n");
  } else {
    std::string text = state_text(context, *state);
    context.print(text.empty() ? (state->lineage.empty() ? "No state.\n"
                                                         : "The state file is empty. No resources are represented.\n")
                               : text);
  }
  return 0;
}

}  // namespace terrace::cli
