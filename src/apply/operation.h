// One run on one root module, from its files to its state: load, open, plan or take a saved plan, apply, close. The
// commands make one for a directory, src/stacks one for each stack; whoever makes it shows what it says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apply/apply.h"
#include "apply/directory_view.h"
#include "base/log.h"
#include "config/object_graph.h"
#include "config/variables.h"
#include "plan/configured.h"
#include "plan/plan_file.h"
#include "plan/planner.h"
#include "schema/provider.h"
#include "state/session.h"

namespace terrace::apply {

// What a run needs from outside; all of it outlives the operation.
struct Effects {
  FileSystem& files;
  Loop& loop;
  Random& random;
  schema::ProviderRegistry& providers;
  plan::PlanObserver* plan_observer = nullptr;          // may be null
  std::function<void(const std::string&)> print_state;  // when a state can be stored nowhere
};

struct OperationSettings {
  std::string directory;          // of the root module; empty for the process's own
  std::string working_directory;  // absolute, what path.cwd says
  std::string workspace = "default";
  config::VariableSources variables;  // `directory` is filled in
  std::string state_path;             // -state; empty: what the backend block says, or terraform.tfstate
  std::string state_out_path;         // -state-out
  std::string backup_path;            // -backup
  bool lock = true;
  Duration lock_timeout{0};
  state::Identity identity;
};

class Operation {
 public:
  Operation(Effects effects, OperationSettings settings);
  ~Operation();

  // Reads the configuration and orders its objects. Enough for validate() and graph.
  Diagnostics load();
  // plan::validate() of what load() read.
  Diagnostics validate();
  // Validates, gives the variables their values, locks the state and reads it. `operation` is what the lock says:
  // OperationTypePlan, OperationTypeApply.
  Task<Diagnostics> open(std::string operation);
  // PlanOptions::variables are filled in.
  Task<Diagnostics> plan(plan::PlanOptions options);
  Task<ApplyResult> apply(Options options);
  // Unlocks. A second call does nothing.
  Task<Diagnostics> close();

  // The plan with all that apply needs, for plan_file.h.
  plan::SavedPlan saved() const;
  // In place of load() and plan(): takes the configuration and variables of a plan file; then open(), then restore().
  Diagnostics load(const plan::SavedPlan& saved);
  Diagnostics restore(plan::Plan plan) { return run_->restore(std::move(plan)); }

  bool loaded() const { return graph_.has_value(); }
  const config::Configuration& configuration() const { return *configuration_; }
  const config::ObjectGraph& graph() const { return *graph_; }
  plan::Configured& desired() { return *desired_; }
  plan::PlanRun& run() { return *run_; }
  state::StateSession& session() { return *session_; }
  const OperationSettings& settings() const { return settings_; }

 private:
  Diagnostics load_from(FileSystem& files);
  Diagnostics choose_state_path();
  lang::FunctionContext functions();

  Effects effects_;
  OperationSettings settings_;
  DirectoryView files_;
  std::unique_ptr<DirectoryView> saved_files_;  // of a plan file
  std::shared_ptr<config::Configuration> configuration_;
  std::optional<config::ObjectGraph> graph_;
  std::map<std::string, plan::Variable> variables_;
  bool variables_given_ = false;
  Duration plan_time_{0};  // what plantimestamp() says
  std::vector<SourceFilePtr> kept_sources_;
  std::unique_ptr<plan::Configured> desired_;
  std::unique_ptr<state::LocalStateStore> store_;
  std::unique_ptr<state::StateSession> session_;
  std::unique_ptr<plan::PlanRun> run_;
};

}  // namespace terrace::apply
