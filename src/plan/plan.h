// A plan as data: what was read, what will change and in which order. The planner makes it, the commands show it, a
// plan file keeps it, apply runs it and decides nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "lang/path.h"
#include "lang/value.h"
#include "plan/execution_graph.h"
#include "state/state.h"

namespace terrace::plan {

enum class Mode : uint8_t { kNormal, kDestroy, kRefreshOnly };

enum class Action : uint8_t {
  kNoOp,
  kCreate,
  kRead,  // a data source whose configuration the apply will complete
  kUpdate,
  kDelete,
  kDeleteThenCreate,
  kCreateThenDelete,
  kForget,  // leaves the state without being destroyed
};
inline bool is_replace(Action action) {
  return action == Action::kDeleteThenCreate || action == Action::kCreateThenDelete;
}

// Why an action was chosen, by Terraform's names in its JSON output (action_reason()).
enum class ActionReason : uint8_t {
  kNone,
  kReplaceBecauseTainted,
  kReplaceBecauseCannotUpdate,
  kReplaceByRequest,
  kReplaceByTriggers,
  kDeleteBecauseNoResourceConfig,
  kDeleteBecauseNoModule,
  kDeleteBecauseWrongRepetition,
  kDeleteBecauseCountIndex,
  kDeleteBecauseEachKey,
  kReadBecauseConfigUnknown,
  kReadBecauseDependencyPending,
};
// "replace_because_tainted"; empty for kNone.
const char* action_reason(ActionReason reason);

// What is common to the instances of one resource.
struct PlannedResource {
  state::ResourceAddress address;
  std::string config_address;          // without instance keys: "module.a.aws_vpc.main"
  std::string provider;                // as the state writes it: provider["..."].alias
  std::string provider_source;         // "registry.terraform.io/hashicorp/aws"
  state::Dependencies dependencies;    // what the new objects' state will say
  bool create_before_destroy = false;  // its own or one that depends on it asks for it
  bool in_config = false;
  uint32_t unit = 0;  // where it is in the configuration: the index among Desired::resources()
};

// A change of one object. `before` and `after` have the marks of configuration and schema; `after` is unknown where
// only the apply will tell. Both are of the resource type's object; a missing side is null of it.
struct ResourceChange {
  uint32_t resource = 0;  // Plan::resources
  state::InstanceKey key;
  std::string deposed;  // key of a deposed object; empty for the current one
  Action action = Action::kNoOp;
  ActionReason reason = ActionReason::kNone;
  lang::Value before;
  lang::Value after;
  lang::Value config;  // what the block says, without marks; unknown parts are evaluated by the apply
  std::vector<lang::Path> replace_paths;  // attributes that force the replacement
  std::string private_data;               // of the provider's plan, for its apply
  std::string importing_id;               // of an import block; empty where nothing is imported
  state::InstanceKey previous_key;        // where the object was before it moved; equal to `key` where it did not
  bool moved = false;
};

struct OutputChange {
  Action action = Action::kNoOp;  // create, update, delete or no-op
  lang::Value before;             // null where there was none
  lang::Value after;              // marked, perhaps unknown
  bool sensitive = false;
};

// An object that refreshing found changed outside of the configuration's runs.
struct Drift {
  uint32_t resource = 0;
  state::InstanceKey key;
  std::string deposed;
  Action action = Action::kUpdate;  // update or delete
  lang::Value before;               // as the state had it
  lang::Value after;                // as the provider found it
};

struct Variable {
  lang::Value value;
  bool sensitive = false;
};

struct Plan {
  Mode mode = Mode::kNormal;
  std::string timestamp;  // RFC 3339; plantimestamp()
  std::vector<std::string> targets;
  std::vector<std::string> replaces;
  std::map<std::string, Variable> variables;

  std::vector<PlannedResource> resources;
  std::vector<ResourceChange> changes;  // by resource, then key; no-ops among them
  std::vector<Drift> drift;
  std::map<std::string, OutputChange> outputs;  // of the root module, no-ops among them
  std::vector<state::CheckResult> checks;

  state::State prior_state;    // refreshed; what the plan starts from
  state::State initial_state;  // lineage, serial and outputs as the state file had them; no resources
  ExecutionGraph graph;
  bool errored = false;  // planning ended with errors: what is there is not the whole

  const PlannedResource& resource_of(const ResourceChange& change) const { return resources[change.resource]; }
  std::string address_of(const ResourceChange& change) const {
    return resources[change.resource].address.instance_text(change.key);
  }
};

struct Counts {
  int create = 0;
  int update = 0;
  int destroy = 0;
  int import = 0;
  int forget = 0;
};
// As `Plan: 1 to add, 2 to change, 0 to destroy` counts: a replacement is one of each, reads and no-ops are none.
Counts count_changes(const Plan& plan);

// True when applying would change a resource, the outputs or, in the refresh-only mode, the state's objects.
bool applyable(const Plan& plan);
// What `-detailed-exitcode` calls changes.
bool has_changes(const Plan& plan);

// The root outputs as they will be, as one object: unknown where only the apply will tell, without marks. What a
// sibling stack that is planned in the same run is given.
lang::Value planned_outputs(const Plan& plan);

}  // namespace terrace::plan
