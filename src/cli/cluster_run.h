// One run over the stacks of a cluster: planned side by side, applied as soon as the stacks that each needs are done.
// plan, apply, destroy, refresh, up, down and status make one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/cluster_access.h"
#include "cli/context.h"
#include "cli/progress.h"
#include "cli/run_view.h"
#include "cli/session.h"
#include "plan/plan.h"
#include "providers/terraform_provider.h"

namespace terrace::cli {

// How a run's plans are shown before they are approved.
enum class Listing : uint8_t {
  kFull,     // as Terraform shows a plan
  kCompact,  // a line an object
};

class ClusterRun final : public providers::SiblingOutputs {
 public:
  // `access` outlives the run.
  ClusterRun(Context& context, ClusterAccess& access, RunFlags flags);
  ~ClusterRun() override;

  // Reads the cluster directory and chooses stacks: the named ones with those they need, or that need them where
  // `dependents`; none or "all" means every one. False after an error was shown.
  bool find(const Arguments& names, bool dependents);
  const std::vector<std::string>& selected() const { return selected_; }
  // Takes a stack out of the run; what others read of it comes from its state.
  void leave_out(const std::string& name) { std::erase(selected_, name); }

  // Opens and plans every selected stack. `operation` is what the locks say.
  void plan(const char* operation);
  // Shows the plans and the total. Gives the exit code: 1 when a plan failed.
  int show_plans(Listing listing);
  bool has_changes() const { return changed_stacks() > 0; }
  // Nothing where the plan failed before anything could be compared; plan_errors() then says why.
  const plan::Plan* plan_of(const std::string& name) const;
  const Diagnostics& plan_errors(const std::string& name) const;

  // Asks for the approval of everything that was shown. False when it was not given.
  bool approved();
  // Applies every stack when those it needs are done; what does not need a failed one goes on. Gives the exit code.
  int apply(Signals& signals);
  // Lets go of the states' locks.
  void close();

  schema::ProviderRegistry& registry(const std::string& name);
  Task<std::optional<lang::Value>> outputs_for(std::string state_path) override;

 private:
  struct StackRun;
  class Printer;

  std::string heading(const std::string& name) const;
  // With -json the stack's lines; null otherwise.
  RunView* view_of(const std::string& name) const;
  void tell(const std::string& name, const Diagnostics& diagnostics);
  void tell_error(const std::string& name, std::string summary, std::string detail);
  std::size_t changed_stacks() const;
  Task<void> plan_all(const char* operation);
  Task<void> plan_one(std::string name, std::string operation);
  StackRun* owner_of(const std::string& state_path) const;
  std::optional<lang::Value> planned_outputs_of(const StackRun& run) const;
  std::vector<std::string> waits_for(const std::string& name) const;
  Task<void> apply_all(Signals& signals);
  Task<void> apply_one(std::string name, Signals& signals);
  Task<bool> apply_stack(std::string name, StackRun& run, Signals& signals);
  Task<bool> plan_again(std::string name, StackRun& run);
  bool depends_on_changed(const std::string& name) const;
  int summarize() const;

  Context& context_;
  ClusterAccess& access_;
  RunFlags flags_;
  Providers providers_;
  std::vector<std::string> selected_;
  std::map<std::string, std::unique_ptr<StackRun>> runs_;
  std::unique_ptr<Progress> progress_;  // while it is applied
};

}  // namespace terrace::cli
