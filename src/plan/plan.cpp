#include "plan/plan.h"

namespace terrace::plan {

const char* action_reason(ActionReason reason) {
  switch (reason) {
    case ActionReason::kNone:
      return "";
    case ActionReason::kReplaceBecauseTainted:
      return "replace_because_tainted";
    case ActionReason::kReplaceBecauseCannotUpdate:
      return "replace_because_cannot_update";
    case ActionReason::kReplaceByRequest:
      return "replace_by_request";
    case ActionReason::kReplaceByTriggers:
      return "replace_by_triggers";
    case ActionReason::kDeleteBecauseNoResourceConfig:
      return "delete_because_no_resource_config";
    case ActionReason::kDeleteBecauseNoModule:
      return "delete_because_no_module";
    case ActionReason::kDeleteBecauseWrongRepetition:
      return "delete_because_wrong_repetition";
    case ActionReason::kDeleteBecauseCountIndex:
      return "delete_because_count_index";
    case ActionReason::kDeleteBecauseEachKey:
      return "delete_because_each_key";
    case ActionReason::kReadBecauseConfigUnknown:
      return "read_because_config_unknown";
    case ActionReason::kReadBecauseDependencyPending:
      return "read_because_dependency_pending";
  }
  return "";
}

Counts count_changes(const Plan& plan) {
  Counts counts;
  for (const ResourceChange& change : plan.changes) {
    bool replace = is_replace(change.action);
    counts.create += change.action == Action::kCreate || replace;
    counts.update += change.action == Action::kUpdate;
    counts.destroy += change.action == Action::kDelete || replace;
    counts.forget += change.action == Action::kForget;
    counts.import += !change.importing_id.empty();
  }
  return counts;
}

bool has_changes(const Plan& plan) {
  for (const ResourceChange& change : plan.changes) {
    if (change.action != Action::kNoOp || !change.importing_id.empty() || change.moved) return true;
  }
  for (const auto& [name, output] : plan.outputs) {
    if (output.action != Action::kNoOp) return true;
  }
  return plan.mode == Mode::kRefreshOnly && !plan.drift.empty();
}

bool applyable(const Plan& plan) {
  return !plan.errored && has_changes(plan);
}

lang::Value planned_outputs(const Plan& plan) {
  std::vector<lang::Value::Member> members;
  for (const auto& [name, output] : plan.outputs) {
    if (output.action != Action::kDelete) members.emplace_back(name, output.after.without_marks_deep());
  }
  return lang::Value::object(std::move(members));
}

}  // namespace terrace::plan
