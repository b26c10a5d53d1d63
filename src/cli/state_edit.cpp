#include "cli/state_edit.h"

#include <fmt/format.h>

#include "cli/session.h"
#include "state/state_store.h"

namespace terrace::cli {

namespace {

Task<Diagnostics> run_edit(state::StateSession& session, const StateEditFlags& flags, std::string operation,
                           const std::function<bool(state::State&)>& change, bool& changed) {
  Diagnostics diagnostics;
  if (flags.lock) {
    diagnostics = co_await session.lock(std::move(operation), flags.lock_timeout);
    if (diagnostics.has_errors()) co_return diagnostics;
  }
  Diagnostics opened = co_await session.open();
  diagnostics.append(std::move(opened));
  if (diagnostics.has_errors()) co_return diagnostics;
  if (!session.open_intents().empty()) {
    diagnostics.error("An interrupted run is not settled yet",
                      fmt::format("A run on {} was killed while it made or destroyed objects, and the state does not "
                                  "have them yet. Run \"terrace plan\" or \"terrace apply\" first: it finds out what "
                                  "became of them. Nothing was changed.",
                                  session.store().name()));
    co_return diagnostics;
  }
  changed = change(session.state());
  if (!changed) co_return diagnostics;
  Diagnostics saved = co_await session.save();
  diagnostics.append(std::move(saved));
  co_return diagnostics;
}

}  // namespace

void StateEditFlags::add_to(Flags& flags) {
  flags.text("state", &path, "PATH", "The state file.");
  flags.text("backup", &backup, "PATH", "Where the state before the change is kept.");
  flags.boolean("lock", &lock, "Don't hold a state lock during the operation with -lock=false.");
  flags.duration("lock-timeout", &lock_timeout, "DURATION", "How long to try for the state lock.");
}

int edit_state(Context& context, const StateEditFlags& flags, const std::string& operation,
               const std::function<bool(state::State&)>& change) {
  state::LocalStateStore::Options options;
  options.path = flags.path;
  options.write_path = flags.path;
  options.backup_path = flags.backup;
  if (options.backup_path.empty()) {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(context.clock.wall()).count();
    options.backup_path = fmt::format("{}.{}.backup", flags.path, seconds);
  }
  state::LocalStateStore store(context.files, context.loop, context.random, process_identity(), options);
  state::StateSession session(store, context.files, context.loop, context.random, "errored.tfstate",
                              [&context](const std::string& text) { context.print(text); });
  bool changed = false;
  Diagnostics diagnostics = context.loop.run(run_edit(session, flags, operation, change, changed));
  diagnostics.append(context.loop.run(session.unlock()));
  context.show(diagnostics);
  return changed && !diagnostics.has_errors() ? 0 : 1;
}

}  // namespace terrace::cli
