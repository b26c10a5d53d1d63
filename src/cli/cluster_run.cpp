#include "cli/cluster_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/cluster_commands.h"
#include "cli/plan_listing.h"
#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/progress.h"
#include "cluster/values.h"

namespace terrace::cli {

namespace {

// Does the new plan do nothing that the approved one did not say?
std::string unapproved(const plan::Plan& approved, const plan::Plan& now) {
  std::map<std::string, plan::Action> known;
  for (const plan::ResourceChange& change : approved.changes)
    known[approved.address_of(change) + change.deposed] = change.action;
  for (const plan::ResourceChange& change : now.changes) {
    if (change.action == plan::Action::kNoOp || change.action == plan::Action::kRead) continue;
    auto found = known.find(now.address_of(change) + change.deposed);
    if (found == known.end() || (found->second != change.action && !plan::is_replace(found->second)))
      return now.address_of(change);
  }
  return {};
}

}  // namespace

struct ClusterRun::StackRun {
  explicit StackRun(Loop& loop) : planned(loop), finished(loop) {}
  std::unique_ptr<RunView> view;  // with -json
  std::unique_ptr<apply::Operation> operation;
  Diagnostics diagnostics;
  Event planned;
  Event finished;     // its apply is over, or will not begin
  bool made = false;  // there is a plan, perhaps with errors
  bool failed = false;
  bool changed = false;      // by this run
  bool not_applied = false;  // what needs it cannot begin
  std::string outcome;       // of the apply, for the summary
};

// Prints what one stack does above the line of progress.
class ClusterRun::Printer final : public ApplyPrinter {
 public:
  Printer(Context& context, Progress& progress, const std::string& stack)
      : ApplyPrinter(context, stack + ": "), progress_(progress), stack_(stack) {}
  void completed(const Event& event) override {
    ApplyPrinter::completed(event);
    if (event.step != plan::Step::kReadData) progress_.step(stack_);
  }

 private:
  void print(const std::string& line) override { progress_.print(line); }
  Progress& progress_;
  std::string stack_;
};

ClusterRun::ClusterRun(Context& context, ClusterAccess& access, RunFlags flags)
    : context_(context), access_(access), flags_(std::move(flags)), providers_(context, this, &access.aws_access()) {}

ClusterRun::~ClusterRun() = default;

bool ClusterRun::find(const Arguments& names, bool dependents) {
  Diagnostics wrong = flags_.check();
  context_.show(wrong);
  if (wrong.has_errors()) return false;
  if (!access_.read(flags_.variables)) return false;
  Checked<std::vector<std::string>> selected = access_.stacks().select(names, flags_.only, dependents);
  context_.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return false;
  selected_ = std::move(selected.value);
  if (!flags_.targets.empty() && selected_.size() > 1) {
    context_.fail("Targets need one stack", "-target names objects of one stack. Name that stack and give -only.");
    return false;
  }
  return true;
}

void ClusterRun::plan(const char* operation) {
  if (flags_.json) print_json_version(context_);
  for (const std::string& name : selected_) {
    auto [run, added] = runs_.emplace(name, std::make_unique<StackRun>(context_.loop));
    if (flags_.json) run->second->view = make_json_view(context_, name);
  }
  context_.loop.run(plan_all(operation));
}

Task<std::optional<lang::Value>> ClusterRun::outputs_for(std::string state_path) {
  std::optional<lang::Value> outputs;
  StackRun* run = progress_ ? nullptr : owner_of(state_path);
  if (run != nullptr) {
    Event& planned = run->planned;
    co_await planned;
    outputs = planned_outputs_of(*run);
  }
  co_return outputs;
}

RunView* ClusterRun::view_of(const std::string& name) const {
  return runs_.at(name)->view.get();
}

void ClusterRun::tell(const std::string& name, const Diagnostics& diagnostics) {
  if (RunView* view = view_of(name)) {
    view->diagnostics(diagnostics);
  } else if (progress_) {
    progress_->aside([&] { context_.show(diagnostics, access_.stacks().at(name).directory); });
  } else {
    context_.show(diagnostics, access_.stacks().at(name).directory);
  }
}

void ClusterRun::tell_error(const std::string& name, std::string summary, std::string detail) {
  Diagnostics diagnostics;
  diagnostics.error(std::move(summary), std::move(detail));
  tell(name, diagnostics);
}

int ClusterRun::show_plans(Listing listing) {
  bool failed = false;
  if (flags_.json) {
    for (const std::string& name : selected_) {
      StackRun& run = *runs_.at(name);
      if (run.operation && run.made)
        run.view->planned(run.operation->run().plan(), registry(name), run.diagnostics.has_errors());
      run.view->diagnostics(run.diagnostics);
      failed = failed || run.failed;
    }
    return failed ? 1 : 0;
  }
  plan::Counts total;
  bool color = context_.terminal.color();
  for (const std::string& name : selected_) {
    StackRun& run = *runs_.at(name);
    bool has_plan = run.operation && run.made;
    bool changes = has_plan && plan::has_changes(run.operation->run().plan());
    if (listing == Listing::kFull || changes || run.failed)
      context_.print(context_.style("\n[bold]") + heading(name) + context_.style("[reset]") + "\n");
    if (has_plan) {
      const plan::Plan& plan = run.operation->run().plan();
      plan::Counts counts = plan::count_changes(plan);
      if (changes) {
        context_.print(listing == Listing::kFull
                           ? plan_text(plan_view(plan, registry(name)), color, context_.terminal.width())
                           : plan_listing(plan, color));
      } else if (!run.failed && listing == Listing::kFull) {
        context_.print("No changes.\n");
      }
      total.create += counts.create;
      total.update += counts.update;
      total.destroy += counts.destroy;
    }
    context_.show(run.diagnostics, access_.stacks().at(name).directory);
    failed = failed || run.failed;
  }
  std::size_t changed = changed_stacks();
  if (!failed && changed == 0) {
    context_.print(
        context_.style(
            "\n[bold][green]No changes.[reset][bold] Your infrastructure matches the configuration of all ") +
        fmt::format("{} stacks.\n", selected_.size()) + context_.style("[reset]"));
  } else {
    context_.print(context_.style("\n[bold]Total of all stacks:[reset] ") +
                   fmt::format("{} to add, {} to change, {} to destroy, in {} of {} stacks.\n", total.create,
                               total.update, total.destroy, changed, selected_.size()));
  }
  return failed ? 1 : 0;
}

const plan::Plan* ClusterRun::plan_of(const std::string& name) const {
  const StackRun& run = *runs_.at(name);
  return run.operation && run.made && !run.failed ? &run.operation->run().plan() : nullptr;
}

const Diagnostics& ClusterRun::plan_errors(const std::string& name) const {
  return runs_.at(name)->diagnostics;
}

bool ClusterRun::approved() {
  if (flags_.auto_approve) return true;
  if (!flags_.input || flags_.json) {
    tell_error(
        selected_.front(), "Nothing is approved",
        fmt::format("Nothing can be asked with {}. Give -auto-approve.", flags_.json ? "-json" : "-input=false"));
    return false;
  }
  std::string listed;
  for (const std::string& name : selected_) listed += (listed.empty() ? "" : ", ") + name;
  std::string cluster = access_.values().name;
  std::string wanted = flags_.destroy && !cluster.empty() ? cluster : "yes";
  std::string question =
      flags_.destroy ? "Do you really want to destroy what is shown above?" : "Do you want to perform these actions?";
  std::string detail =
      flags_.destroy
          ? fmt::format(
                "  Everything of the stacks {} goes, in the reverse order of their needs. There is no undo.\n"
                "  Type the cluster's name, {}, to confirm.",
                listed, wanted)
          : fmt::format(
                "  terrace will perform the actions of all stacks ({}).\n  Only 'yes' will be accepted to approve.",
                listed);
  if (approve(context_, question, detail, wanted)) return true;
  context_.print(flags_.destroy ? "Destroy cancelled. Nothing was changed.\n"
                                : "Apply cancelled. Nothing was changed.\n");
  return false;
}

int ClusterRun::apply(Signals& signals) {
  progress_ = std::make_unique<Progress>(context_, !flags_.json);
  for (const std::string& name : selected_) {
    const plan::Plan* plan = plan_of(name);
    plan::Counts counts = plan == nullptr ? plan::Counts() : plan::count_changes(*plan);
    progress_->add(name, counts.create + counts.update + counts.destroy);
  }
  context_.loop.run(apply_all(signals));
  int code = 0;
  progress_->aside([&] { code = summarize(); });
  progress_.reset();
  return code;
}

void ClusterRun::close() {
  for (auto& [name, run] : runs_) {
    if (run->operation) tell(name, context_.loop.run(run->operation->close()));
  }
}

schema::ProviderRegistry& ClusterRun::registry(const std::string& name) {
  return providers_.registry(join_path(working_directory(), access_.stacks().at(name).directory));
}

std::string ClusterRun::heading(const std::string& name) const {
  std::string line = "──── " + name + " ";
  for (int i = static_cast<int>(name.size()) + 6; i < std::min(context_.terminal.width(), 100); ++i) line += "─";
  return line;
}

std::size_t ClusterRun::changed_stacks() const {
  std::size_t changed = 0;
  for (const auto& [name, run] : runs_) changed += run->made && plan::has_changes(run->operation->run().plan()) ? 1 : 0;
  return changed;
}

Task<void> ClusterRun::plan_all(const char* operation) {
  TaskGroup group(context_.loop);
  for (const std::string& name : selected_) group.add(plan_one(name, operation));
  co_await group.join();
}

Task<void> ClusterRun::plan_one(std::string name, std::string operation) {
  StackRun& run = *runs_.at(name);
  run.diagnostics = Diagnostics();
  run.made = false;
  RunFlags flags = flags_;
  flags.variables.insert(flags.variables.begin(),
                         {config::VariableOption::Kind::kFile, join_path(working_directory(), cluster::kValuesFile)});
  apply::OperationSettings settings = flags.settings(context_, access_.stacks().at(name).directory);
  settings.variables.undeclared_in_files_allowed = true;
  plan::PlanObserver* observer = run.view ? &run.view->plan_observer() : nullptr;
  apply::Effects effects{
      context_.files, context_.loop, context_.random, registry(name), observer, [this](const std::string& text) {
        if (!flags_.json) context_.print(text);
      }};
  run.operation = std::make_unique<apply::Operation>(effects, std::move(settings));
  Diagnostics loaded = run.operation->load();
  run.diagnostics.append(std::move(loaded));
  if (!run.diagnostics.has_errors()) {
    Diagnostics opened = co_await run.operation->open(operation);
    run.diagnostics.append(std::move(opened));
  }
  if (!run.diagnostics.has_errors()) {
    run.made = true;
    plan::PlanOptions options = flags_.plan_options();
    Diagnostics planned = co_await run.operation->plan(std::move(options));
    run.diagnostics.append(std::move(planned));
  }
  run.failed = run.diagnostics.has_errors();
  run.planned.set();
}

// The stack of this run whose state lies at `state_path`.
ClusterRun::StackRun* ClusterRun::owner_of(const std::string& state_path) const {
  for (const auto& [name, run] : runs_) {
    if (state_path == join_path(working_directory(), access_.stacks().at(name).directory + "/terraform.tfstate"))
      return run.get();
  }
  return nullptr;
}

// Nothing where the state file tells it: when objects are destroyed or only read.
std::optional<lang::Value> ClusterRun::planned_outputs_of(const StackRun& run) const {
  // What went wrong in the other stack is said there; here nothing can be known.
  if (run.failed) return lang::Value::dynamic();
  if (flags_.destroy || flags_.refresh_only) return std::nullopt;
  return plan::planned_outputs(run.operation->run().plan());
}

// The stacks of this run that have to be done before `name`: those it needs, or those that need it where all is
// destroyed.
std::vector<std::string> ClusterRun::waits_for(const std::string& name) const {
  std::vector<std::string> before;
  for (const std::string& other : selected_) {
    const std::string& needing = flags_.destroy ? other : name;
    const std::string& needed = flags_.destroy ? name : other;
    const std::vector<std::string>& needs = access_.stacks().at(needing).needs;
    if (std::find(needs.begin(), needs.end(), needed) != needs.end()) before.push_back(other);
  }
  return before;
}

Task<void> ClusterRun::apply_all(Signals& signals) {
  TaskGroup group(context_.loop);
  for (const std::string& name : selected_) group.add(apply_one(name, signals));
  co_await group.join();
}

Task<void> ClusterRun::apply_one(std::string name, Signals& signals) {
  StackRun& run = *runs_.at(name);
  std::string blocked;
  std::vector<std::string> before = waits_for(name);
  for (const std::string& other : before) {
    Event& finished = runs_.at(other)->finished;
    co_await finished;
    if (blocked.empty() && runs_.at(other)->not_applied) blocked = other;
  }
  if (signals.interrupt.requested) {
    run.outcome = "not begun: interrupted";
  } else if (!blocked.empty()) {
    run.outcome = flags_.destroy ? fmt::format("not begun: {}, which failed, needs it", blocked)
                                 : fmt::format("not begun: it needs {}, which failed", blocked);
  } else if (run.failed) {
    run.outcome = "not begun: its plan failed";
  }
  run.not_applied = !run.outcome.empty();
  if (!run.not_applied) {
    progress_->begin(name);
    bool applied = co_await apply_stack(name, run, signals);
    run.not_applied = !applied;
  }
  progress_->finish(name, run.not_applied);
  run.finished.set();
}

// A stack that others' outputs were unknown to is planned again with what they have become; the new plan may do
// nothing that was not shown.
Task<bool> ClusterRun::plan_again(std::string name, StackRun& run) {
  plan::Plan approved = run.operation->run().plan();
  Diagnostics closed = co_await run.operation->close();
  run.operation.reset();
  std::string operation = "OperationTypeApply";
  co_await plan_one(name, std::move(operation));
  if (run.failed || closed.has_errors()) {
    tell(name, closed);
    tell(name, run.diagnostics);
    run.outcome = "failed while it was planned with the real values of the stacks it needs";
    co_return false;
  }
  std::string surprise = unapproved(approved, run.operation->run().plan());
  if (surprise.empty()) co_return true;
  tell_error(
      name, "The plan has changed",
      fmt::format("With the real values of the stacks that {} needs, {} would change in a way that the plan did not "
                  "show. Nothing of this stack was changed. Run the command again to see and approve it.",
                  name, surprise));
  run.outcome = "not begun: its plan changed, run again";
  co_return false;
}

Task<bool> ClusterRun::apply_stack(std::string name, StackRun& run, Signals& signals) {
  bool reads_others = !flags_.destroy && !flags_.refresh_only;
  if (reads_others && depends_on_changed(name)) {
    bool as_shown = co_await plan_again(name, run);
    if (!as_shown) co_return false;
  }
  if (!plan::applyable(run.operation->run().plan())) {
    run.outcome = "no changes";
    co_return true;
  }
  Printer printer(context_, *progress_, name);
  apply::Options options;
  options.parallelism = flags_.parallelism;
  options.interrupt = &signals.interrupt;
  options.observer = run.view ? &run.view->apply_observer() : &printer;
  run.changed = true;
  apply::ApplyResult result = co_await run.operation->apply(options);
  tell(name, result.diagnostics);
  if (run.view) run.view->applied(result, run.operation->session().state(), flags_.destroy);
  bool failed = result.diagnostics.has_errors() || result.interrupted;
  run.outcome = fmt::format("{} added, {} changed, {} destroyed", result.added, result.changed, result.destroyed);
  if (failed) run.outcome += fmt::format("; stopped with {} not begun", result.skipped.size());
  co_return !failed;
}

bool ClusterRun::depends_on_changed(const std::string& name) const {
  const std::vector<std::string>& needs = access_.stacks().at(name).needs;
  return std::any_of(needs.begin(), needs.end(), [&](const std::string& needed) {
    auto run = runs_.find(needed);
    return run != runs_.end() && run->second->changed;
  });
}

int ClusterRun::summarize() const {
  if (flags_.json)
    return std::any_of(runs_.begin(), runs_.end(), [](const auto& run) { return run.second->not_applied; });
  std::vector<std::string> order = selected_;
  if (flags_.destroy) std::reverse(order.begin(), order.end());
  bool failed = std::any_of(runs_.begin(), runs_.end(), [](const auto& run) { return run.second->not_applied; });
  context_.print(context_.style(failed ? "\n[bold]" : "\n[bold][green]") + (flags_.destroy ? "Destroy " : "Apply ") +
                 (failed ? "did not complete." : "complete!") + context_.style("[reset]") + "\n");
  std::size_t widest = 0;
  for (const std::string& name : order) widest = std::max(widest, name.size());
  for (const std::string& name : order) {
    const StackRun& run = *runs_.at(name);
    context_.print(fmt::format("  {} {:<{}}  {}\n", run.not_applied ? "!" : "·", name, widest, run.outcome));
  }
  if (!failed) return 0;
  context_.print(
      "\nEverything that was made is in the states. Mend the cause and run the same command again: it goes on from "
      "there.\n");
  return 1;
}

}  // namespace terrace::cli
