#include "cli/cluster_commands.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/resource_graph.h"
#include "cli/state_json.h"
#include "cli/state_view.h"
#include "cluster/new_cluster.h"
#include "cluster/values.h"
#include "stacks/stacks.h"

namespace terrace::cli {

namespace {

// The stacks of one run, planned side by side: what reads another's outputs waits until that one is planned.
class ClusterRun final : public providers::SiblingOutputs {
 public:
  ClusterRun(Context& context, RunFlags flags)
      : context_(context), flags_(std::move(flags)), providers_(context, this) {}

  bool find(const Arguments& names, bool dependents) {
    Checked<stacks::StackGraph> found = stacks::find_stacks(context_.files);
    context_.show(found.diagnostics);
    if (found.diagnostics.has_errors()) return false;
    graph_ = std::move(found.value);
    Checked<std::vector<std::string>> selected = graph_.select(names, flags_.only, dependents);
    context_.show(selected.diagnostics);
    if (selected.diagnostics.has_errors()) return false;
    selected_ = std::move(selected.value);
    if (!flags_.targets.empty() && selected_.size() > 1) {
      context_.fail("Targets need one stack", "-target names objects of one stack. Name that stack and give -only.");
      return false;
    }
    return true;
  }

  const std::vector<std::string>& selected() const { return selected_; }

  // Opens and plans every selected stack.
  void plan(const char* operation) {
    for (const std::string& name : selected_) runs_.emplace(name, std::make_unique<StackRun>(context_.loop));
    context_.loop.run(plan_all(operation));
  }

  Task<std::optional<lang::Value>> outputs_for(std::string state_path) override {
    std::optional<lang::Value> outputs;
    StackRun* run = applying_ ? nullptr : owner_of(state_path);
    if (run != nullptr) {
      Event& planned = run->planned;
      co_await planned;
      outputs = planned_outputs_of(*run);
    }
    co_return outputs;
  }

  // Shows all plans and the total. Gives the exit code: 1 when a plan failed.
  int show_plans() {
    bool failed = false;
    plan::Counts total;
    for (const std::string& name : selected_) {
      StackRun& run = *runs_.at(name);
      context_.print(context_.style("\n[bold]") + heading(name) + context_.style("[reset]") + "\n");
      if (run.operation && run.made) {
        const plan::Plan& plan = run.operation->run().plan();
        plan::Counts counts = plan::count_changes(plan);
        if (plan::has_changes(plan)) {
          context_.print(
              plan_text(plan_view(plan, registry(name)), context_.terminal.color(), context_.terminal.width()));
        } else if (!run.failed) {
          context_.print("No changes.\n");
        }
        total.create += counts.create;
        total.update += counts.update;
        total.destroy += counts.destroy;
      }
      context_.show(run.diagnostics);
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

  bool has_changes() const { return changed_stacks() > 0; }

  // Applies stack after stack in the order of their needs; what does not need a failed one goes on.
  int apply(Signals& signals) {
    applying_ = true;
    std::vector<std::string> order = selected_;
    if (flags_.destroy) std::reverse(order.begin(), order.end());
    std::set<std::string> failed;
    for (const std::string& name : order) {
      StackRun& run = *runs_.at(name);
      std::string blocked = blocked_by(name, failed);
      if (signals.interrupt.requested || !blocked.empty()) {
        run.outcome = signals.interrupt.requested ? "not begun: interrupted"
                                                  : "not begun: it needs " + blocked + ", which failed";
        if (flags_.destroy && !blocked.empty()) run.outcome = "not begun: " + blocked + ", which failed, needs it";
        failed.insert(name);
        continue;
      }
      if (!apply_stack(name, run, signals)) failed.insert(name);
    }
    return summarize(order, failed);
  }

  void close() {
    for (auto& [name, run] : runs_) {
      if (run->operation) context_.show(context_.loop.run(run->operation->close()));
    }
  }

  schema::ProviderRegistry& registry(const std::string& name) {
    return providers_.registry(join_path(working_directory(), graph_.at(name).directory));
  }
  const stacks::StackGraph& graph() const { return graph_; }

 private:
  struct StackRun {
    explicit StackRun(Loop& loop) : planned(loop) {}
    std::unique_ptr<apply::Operation> operation;
    Diagnostics diagnostics;
    Event planned;
    bool made = false;  // there is a plan, perhaps with errors
    bool failed = false;
    std::string outcome;  // of the apply, for the summary
  };

  std::string heading(const std::string& name) const {
    std::string line = "──── " + name + " ";
    for (int i = static_cast<int>(name.size()) + 6; i < std::min(context_.terminal.width(), 100); ++i) line += "─";
    return line;
  }

  std::size_t changed_stacks() const {
    std::size_t changed = 0;
    for (const auto& [name, run] : runs_)
      changed += run->made && plan::has_changes(run->operation->run().plan()) ? 1 : 0;
    return changed;
  }

  Task<void> plan_all(const char* operation) {
    TaskGroup group(context_.loop);
    for (const std::string& name : selected_) group.add(plan_one(name, operation));
    co_await group.join();
  }

  Task<void> plan_one(std::string name, std::string operation) {
    StackRun& run = *runs_.at(name);
    run.diagnostics = Diagnostics();
    RunFlags flags = flags_;
    flags.variables.insert(flags.variables.begin(),
                           {config::VariableOption::Kind::kFile, join_path(working_directory(), cluster::kValuesFile)});
    apply::OperationSettings settings = flags.settings(context_, graph_.at(name).directory);
    settings.variables.undeclared_in_files_allowed = true;
    apply::Effects effects{context_.files, context_.loop, context_.random,
                           registry(name), nullptr,       [this](const std::string& text) { context_.print(text); }};
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

  std::string blocked_by(const std::string& name, const std::set<std::string>& failed) const {
    if (!flags_.destroy) {
      for (const std::string& needed : graph_.at(name).needs) {
        if (failed.count(needed) != 0) return needed;
      }
      return {};
    }
    for (const std::string& other : selected_) {
      const std::vector<std::string>& needs = graph_.at(other).needs;
      if (failed.count(other) != 0 && std::find(needs.begin(), needs.end(), name) != needs.end()) return other;
    }
    return {};
  }

  // The stack of this run whose state lies at `state_path`.
  StackRun* owner_of(const std::string& state_path) const {
    for (const auto& [name, run] : runs_) {
      if (state_path == join_path(working_directory(), graph_.at(name).directory + "/terraform.tfstate"))
        return run.get();
    }
    return nullptr;
  }

  // Nothing where the state file tells it: when objects are destroyed or only read.
  std::optional<lang::Value> planned_outputs_of(const StackRun& run) const {
    // What went wrong in the other stack is said there; here nothing can be known.
    if (run.failed) return lang::Value::dynamic();
    if (flags_.destroy || flags_.refresh_only) return std::nullopt;
    return plan::planned_outputs(run.operation->run().plan());
  }

  // Does the new plan do nothing that the approved one did not say?
  static std::string unapproved(const plan::Plan& approved, const plan::Plan& now) {
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

  // A stack that others' outputs were unknown to is planned again with what they have become; the new plan may do
  // nothing that was not shown.
  bool plan_again(const std::string& name, StackRun& run) {
    plan::Plan approved = run.operation->run().plan();
    context_.loop.run(close_one(run));
    run.operation.reset();
    context_.loop.run(plan_one(name, "OperationTypeApply"));
    if (run.failed) {
      context_.show(run.diagnostics);
      run.outcome = "failed while it was planned with the real values of the stacks it needs";
      return false;
    }
    std::string surprise = unapproved(approved, run.operation->run().plan());
    if (surprise.empty()) return true;
    context_.fail(
        "The plan has changed",
        fmt::format("With the real values of the stacks that {} needs, {} would change in a way that the plan did not "
                    "show. Nothing of this stack was changed. Run the command again to see and approve it.",
                    name, surprise));
    run.outcome = "not begun: its plan changed, run again";
    return false;
  }

  Task<void> close_one(StackRun& run) {
    Diagnostics closed = co_await run.operation->close();
    (void)closed;
  }

  bool apply_stack(const std::string& name, StackRun& run, Signals& signals) {
    bool needs_others = !graph_.at(name).needs.empty() && !flags_.destroy && !flags_.refresh_only;
    if (run.failed) {
      run.outcome = "not begun: its plan failed";
      return false;
    }
    if (needs_others && depends_on_changed(name) && !plan_again(name, run)) return false;
    const plan::Plan& plan = run.operation->run().plan();
    if (!plan::applyable(plan)) {
      run.outcome = "no changes";
      return true;
    }
    ApplyPrinter printer(context_, name + ": ");
    apply::Options options;
    options.parallelism = flags_.parallelism;
    options.interrupt = &signals.interrupt;
    options.observer = &printer;
    apply::ApplyResult result = context_.loop.run(run.operation->apply(options));
    context_.show(result.diagnostics);
    changed_.insert(name);
    bool failed = result.diagnostics.has_errors() || result.interrupted;
    run.outcome = fmt::format("{} added, {} changed, {} destroyed", result.added, result.changed, result.destroyed);
    if (failed) run.outcome += fmt::format("; stopped with {} not begun", result.skipped.size());
    return !failed;
  }

  bool depends_on_changed(const std::string& name) const {
    for (const std::string& needed : graph_.at(name).needs) {
      if (changed_.count(needed) != 0) return true;
    }
    return false;
  }

  int summarize(const std::vector<std::string>& order, const std::set<std::string>& failed) {
    context_.print(context_.style(failed.empty() ? "\n[bold][green]" : "\n[bold]") +
                   (flags_.destroy ? "Destroy " : "Apply ") + (failed.empty() ? "complete!" : "did not complete.") +
                   context_.style("[reset]") + "\n");
    std::size_t widest = 0;
    for (const std::string& name : order) widest = std::max(widest, name.size());
    for (const std::string& name : order) {
      const char* mark = failed.count(name) != 0 ? "!" : "·";
      context_.print(fmt::format("  {} {:<{}}  {}\n", mark, name, widest, runs_.at(name)->outcome));
    }
    if (!failed.empty()) {
      context_.print(
          "\nEverything that was made is in the states. Mend the cause and run the same command again: it goes on from "
          "there.\n");
      return 1;
    }
    return 0;
  }

  Context& context_;
  RunFlags flags_;
  Providers providers_;
  stacks::StackGraph graph_;
  std::vector<std::string> selected_;
  std::map<std::string, std::unique_ptr<StackRun>> runs_;
  std::set<std::string> changed_;  // stacks that this run has applied changes to
  bool applying_ = false;
};

std::string cluster_name(Context& context) {
  Result<std::string, FileError> text = context.files.read(cluster::kValuesFile);
  if (!text) return "yes";
  std::size_t at = text->find("\ncluster_name");
  if (text->starts_with("cluster_name")) at = 0;
  std::size_t open = at == std::string::npos ? at : text->find('"', at);
  std::size_t close = open == std::string::npos ? open : text->find('"', open + 1);
  return close == std::string::npos ? "yes" : text->substr(open + 1, close - open - 1);
}

}  // namespace

bool is_cluster_directory(Context& context) {
  Result<FileInfo, FileError> stacks = context.files.info("stacks");
  return stacks && stacks->is_directory && context.files.exists(cluster::kValuesFile);
}

int plan_stacks(Context& context, const RunFlags& flags, const Arguments& names) {
  Signals signals(context);
  if (!flags.out.empty())
    return context.fail("Plans of several stacks can't be saved",
                        "-out belongs to one root module: change to stacks/NAME, or use -chdir=stacks/NAME with "
                        "-var-file=../../cluster.tfvars.");
  ClusterRun run(context, flags);
  if (!run.find(names, flags.destroy)) return 1;
  run.plan("OperationTypePlan");
  int code = run.show_plans();
  run.close();
  if (code != 0) return code;
  return flags.detailed_exitcode && run.has_changes() ? 2 : 0;
}

int apply_stacks(Context& context, const RunFlags& flags, const Arguments& names) {
  Signals signals(context);
  ClusterRun run(context, flags);
  if (!run.find(names, flags.destroy)) return 1;
  run.plan("OperationTypeApply");
  int code = run.show_plans();
  if (code == 0 && run.has_changes() && !flags.auto_approve) {
    std::string listed;
    for (const std::string& name : run.selected()) listed += (listed.empty() ? "" : ", ") + name;
    std::string wanted = flags.destroy ? cluster_name(context) : "yes";
    if (!flags.input) {
      code = context.fail("Nothing is approved", "Nothing can be asked with -input=false. Give -auto-approve.");
    } else if (!approve(context,
                        flags.destroy ? "Do you really want to destroy what is shown above?"
                                      : "Do you want to perform these actions?",
                        flags.destroy
                            ? fmt::format("  Everything of the stacks {} goes, in the reverse order of their needs. "
                                          "There is no undo.\n  Type the cluster's name, {}, to confirm.",
                                          listed, wanted)
                            : fmt::format("  terrace will perform the actions of all stacks ({}).\n  Only 'yes' will "
                                          "be accepted to approve.",
                                          listed),
                        wanted)) {
      context.print(flags.destroy ? "Destroy cancelled. Nothing was changed.\n"
                                  : "Apply cancelled. Nothing was changed.\n");
      code = 1;
    }
  }
  if (code == 0) code = run.apply(signals);
  run.close();
  return code;
}

int new_command(Context& context, const Arguments& arguments) {
  std::string region;
  std::vector<std::string> cidrs;
  Flags flags("new NAME [options]",
              "Writes a cluster directory called NAME: stacks, modules, cluster.tfvars, README and Makefile.");
  flags.text("region", &region, "REGION", "The AWS region. Defaults to AWS_REGION, or us-west-2.");
  flags.list("allow-ssh-cidr", &cidrs, "CIDR", "Who may ssh to the nodes. Defaults to this machine's public address.");
  Arguments rest;
  // The name may stand before the options.
  Arguments ordered = arguments;
  std::string name;
  if (!ordered.empty() && !ordered[0].starts_with("-")) {
    name = ordered[0];
    ordered.erase(ordered.begin());
  }
  if (auto code = context.parse(flags, ordered, &rest)) return *code;
  if (name.empty() && rest.size() == 1) {
    name = rest[0];
    rest.clear();
  }
  if (name.empty() || !rest.empty())
    return context.fail("One name is needed",
                        "Give the cluster's name: terrace new NAME [-region REGION] [-allow-ssh-cidr CIDR].");
  if (region.empty()) region = context.environment.get("AWS_REGION");
  if (region.empty()) region = context.environment.get("AWS_DEFAULT_REGION");
  if (region.empty()) region = "us-west-2";
  bool found = !cidrs.empty();
  if (!found) {
    std::optional<std::string> address = context.loop.run(cluster::find_public_address(context.network));
    if (address) cidrs.push_back(*address + "/32");
  }
  std::string directory = name;
  std::size_t slash = name.find_last_of('/');
  std::string cluster = slash == std::string::npos ? name : name.substr(slash + 1);
  Checked<std::vector<std::string>> written =
      cluster::write_cluster(context.files, {directory, cluster, region, cidrs});
  context.show(written.diagnostics);
  if (written.diagnostics.has_errors()) return 1;
  context.print(context.style("[bold]") +
                fmt::format("Wrote the cluster {} to {}/ ({} files).", cluster, directory, written.value.size()) +
                context.style("[reset]") + "\n\n");
  if (cidrs.empty()) {
    context.print(
        "SSH to the nodes is closed: this machine's public address was not found. To open it, set allow_ssh_cidr in "
        "cluster.tfvars.\n\n");
  } else {
    context.print(fmt::format("SSH to the nodes is open to {} only; allow_ssh_cidr in cluster.tfvars says so.\n\n",
                              fmt::join(cidrs, ", ")));
  }
  context.print(
      fmt::format("Next:\n  cd {}\n  $EDITOR cluster.tfvars     # the few values to choose stand at the top\n  terrace "
                  "plan all           # everything, before anything exists\n  terrace apply all\n",
                  directory));
  return 0;
}

int output_stacks(Context& context, bool json, const Arguments& names) {
  Checked<stacks::StackGraph> found = stacks::find_stacks(context.files);
  context.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return 1;
  Checked<std::vector<std::string>> selected = found.value.select(names, true, false);
  context.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return 1;
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const std::string& name : selected.value) {
    std::optional<state::State> state = read_state(context, found.value.at(name).directory + "/terraform.tfstate");
    if (!state) return 1;
    if (json) {
      object[name] = nlohmann::ordered_json::parse(outputs_json(*state));
    } else {
      context.print(context.style("[bold]") + name + context.style("[reset]") +
                    (state->lineage.empty()   ? "  (never created)\n"
                     : state->outputs.empty() ? "  (no outputs)\n"
                                              : "\n"));
      std::string text = outputs_text(*state, context);
      for (std::size_t at = 0; at < text.size();) {
        std::size_t end = std::min(text.find('\n', at), text.size());
        context.print("  " + text.substr(at, end - at) + "\n");
        at = end + 1;
      }
    }
  }
  if (json) context.print(object.dump(2) + "\n");
  return 0;
}

int show_stacks(Context& context, bool json, const Arguments& names) {
  if (json) return context.fail("One stack at a time as JSON", "Use -chdir=stacks/NAME with show -json.");
  Checked<stacks::StackGraph> found = stacks::find_stacks(context.files);
  context.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return 1;
  Checked<std::vector<std::string>> selected = found.value.select(names, true, false);
  context.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return 1;
  for (const std::string& name : selected.value) {
    std::optional<state::State> state = read_state(context, found.value.at(name).directory + "/terraform.tfstate");
    if (!state) return 1;
    context.print(context.style("[bold]") + "──── " + name + context.style("[reset]") + "\n");
    std::string text = state_text(context, *state);
    context.print(text.empty() ? (state->lineage.empty() ? "Never created.\n\n" : "Nothing exists.\n\n") : text + "\n");
  }
  return 0;
}

int graph_stacks(Context& context, const Arguments& names) {
  Checked<stacks::StackGraph> found = stacks::find_stacks(context.files);
  context.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return 1;
  Checked<std::vector<std::string>> selected = found.value.select(names, false, false);
  context.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return 1;
  context.print(
      "digraph G {\n  rankdir = \"RL\";\n  compound = true;\n  node [shape = rect, fontname = \"sans-serif\"];\n");
  std::map<std::string, std::string> first;  // a node of each stack, for the edges between stacks
  for (const std::string& name : selected.value) {
    Checked<config::ObjectGraph> graph = config::build_object_graph(*found.value.at(name).configuration);
    context.show(graph.diagnostics);
    if (graph.diagnostics.has_errors()) return 1;
    context.print(
        fmt::format("  subgraph \"cluster_{0}\" {{\n    label = \"{0}\"\n    fontname = \"sans-serif\"\n", name));
    context.print(resource_graph(graph.value, name, "  "));
    context.print("  }\n");
    for (const config::Object& object : graph.value.objects()) {
      if (object.kind == config::ObjectKind::kResource && first.count(name) == 0)
        first[name] = name + ": " + object.text;
    }
  }
  for (const std::string& name : selected.value) {
    for (const std::string& needed : found.value.at(name).needs) {
      if (first.count(name) == 0 || first.count(needed) == 0) continue;
      context.print(fmt::format("  \"{}\" -> \"{}\" [ltail = \"cluster_{}\", lhead = \"cluster_{}\"];\n", first[name],
                                first[needed], name, needed));
    }
  }
  context.print("}\n");
  return 0;
}

}  // namespace terrace::cli
