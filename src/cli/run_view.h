// What a run on a root module says while it plans and applies: as text for a person, or with -json as lines for a
// program (https://developer.hashicorp.com/terraform/internals/machine-readable-ui). plan, apply, destroy and refresh
// make one and say everything through it.
#pragma once

#include <memory>
#include <string>

#include "apply/apply.h"
#include "cli/context.h"
#include "cli/session.h"
#include "diag/diagnostic.h"
#include "plan/plan.h"
#include "plan/planner.h"

namespace terrace::cli {

class RunView {
 public:
  virtual ~RunView() = default;

  // Both live as long as the view.
  virtual plan::PlanObserver& plan_observer() = 0;
  virtual apply::Observer& apply_observer() = 0;

  virtual void diagnostics(const Diagnostics& diagnostics) = 0;
  // A plan; `errored` says that it is not the whole.
  virtual void planned(const plan::Plan& plan, schema::ProviderRegistry& registry, bool errored) = 0;
  // A plan that was read from a file, where it was shown when it was made.
  virtual void loaded(const plan::Plan& plan) = 0;
  // Where the plan was written; empty when it was not.
  virtual void saved(const plan::Plan& plan, const std::string& path) = 0;
  // The end of an apply and the state it left.
  virtual void applied(const apply::ApplyResult& result, const state::State& state, bool destroy) = 0;
};

// `compact_warnings`: only their summaries.
std::unique_ptr<RunView> make_text_view(Context& context, bool compact_warnings);
// `stack`: in a run across stacks the one that it speaks of, which every line names; empty in a root module.
std::unique_ptr<RunView> make_json_view(Context& context, std::string stack = {});
// One line of such a stream: Terraform's "machine-readable UI".
void print_json_line(Context& context, const char* level, const std::string& message, const char* type,
                     const nlohmann::ordered_json& more);
// The first line of such a stream, for a run across stacks.
void print_json_version(Context& context);

}  // namespace terrace::cli
