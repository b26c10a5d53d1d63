// status: how every stack and every node group of the cluster is, without changing anything.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_commands.h"
#include "cli/cluster_run.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/plan_listing.h"
#include "cli/table.h"
#include "cluster/objects.h"
#include "cluster/session_lock.h"
#include "state/state_store.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

enum class Condition : uint8_t {
  kNeverCreated,
  kTakenDown,
  kInStep,
  kChanged,
  kDrifted,
  kInterrupted,
  kLocked,
  kError
};

struct StackStatus {
  std::string name;
  Condition condition = Condition::kInStep;
  std::size_t objects = 0;
  plan::Counts counts;
  std::vector<std::string> drifted;  // addresses with what differs
  std::vector<std::string> errors;
  std::optional<state::LockInfo> lock;
};

const char* name_of(Condition condition) {
  switch (condition) {
    case Condition::kNeverCreated:
      return "never created";
    case Condition::kTakenDown:
      return "taken down";
    case Condition::kInStep:
      return "in step";
    case Condition::kChanged:
      return "changed in the files";
    case Condition::kDrifted:
      return "drifted";
    case Condition::kInterrupted:
      return "interrupted";
    case Condition::kLocked:
      return "locked";
    case Condition::kError:
      break;
  }
  return "error";
}

std::size_t objects_of(const state::State& state) {
  std::size_t count = 0;
  for (const auto& [address, resource] : state.resources) {
    if (address.mode == state::Mode::kManaged) count += resource.instances.size();
  }
  return count;
}

// Who holds the state's lock now. What a killed process left behind counts for nothing.
std::optional<state::LockInfo> holder_of(Context& context, const std::string& directory) {
  std::string state = directory + "/terraform.tfstate";
  std::string info = directory + "/.terraform.tfstate.lock.info";
  if (!context.files.exists(state) || !context.files.exists(info)) return std::nullopt;
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> lock = context.files.try_lock(state);
  if (!lock || lock->has_value()) return std::nullopt;
  Result<std::string, FileError> text = context.files.read(info);
  return text ? state::parse_lock_info(*text) : state::LockInfo();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// What of a drift an apply would put back: arguments that the configuration wants otherwise. Attributes that AWS or
// other objects of the cluster fill in are no drift.
std::vector<std::string> put_back(const plan::Drift& drift, const plan::ResourceChange& change) {
  std::vector<std::string> names = changed_attributes(drift.before, drift.after);
  std::vector<std::string> planned = changed_attributes(change.before, change.after);
  std::erase_if(
      names, [&](const std::string& name) { return std::find(planned.begin(), planned.end(), name) == planned.end(); });
  return names;
}

// A change of an object that drifted is the drift's, not the files'.
void judge(StackStatus& status, const plan::Plan& plan) {
  std::map<std::string, const plan::ResourceChange*> changes;
  for (const plan::ResourceChange& change : plan.changes) {
    if (change.action != plan::Action::kNoOp && change.action != plan::Action::kRead)
      changes[plan.address_of(change)] = &change;
  }
  for (const plan::Drift& drift : plan.drift) {
    std::string address = plan.resources[drift.resource].address.instance_text(drift.key);
    auto change = changes.find(address);
    bool gone = drift.action == plan::Action::kDelete;
    if (!gone && change == changes.end()) continue;
    std::vector<std::string> names = gone ? std::vector<std::string>() : put_back(drift, *change->second);
    if (!gone && names.empty()) continue;
    status.drifted.push_back(gone ? address + " is gone" : address + ": " + joined(names));
    if (change != changes.end()) changes.erase(change);
  }
  status.counts = plan::count_changes(plan);
  bool outputs = std::any_of(plan.outputs.begin(), plan.outputs.end(),
                             [](const auto& output) { return output.second.action != plan::Action::kNoOp; });
  bool by_files = !changes.empty() || (status.drifted.empty() && outputs);
  status.condition = by_files                  ? Condition::kChanged
                     : !status.drifted.empty() ? Condition::kDrifted
                                               : Condition::kInStep;
}

std::string sentence(const StackStatus& status) {
  std::string text = name_of(status.condition);
  const plan::Counts& counts = status.counts;
  if (status.condition == Condition::kChanged || status.condition == Condition::kDrifted) {
    std::string more;
    if (!status.drifted.empty()) more = fmt::format("{} drifted", status.drifted.size());
    if (counts.create + counts.update + counts.destroy > 0)
      more += fmt::format("{}{} to add, {} to change, {} to destroy", more.empty() ? "" : "; ", counts.create,
                          counts.update, counts.destroy);
    if (!more.empty()) text += " (" + more + ")";
  }
  return text;
}

// The configuration that a node of the group would fetch now.
struct NodeConfig {
  std::string version;
  std::string modified;
};

class StatusReport {
 public:
  StatusReport(Context& context, RunFlags flags) : context_(context), access_(context), run_(context, access_, flags) {}

  int make(const Arguments& names) {
    if (!run_.find(names, false)) return 1;
    if (!access_.connect()) return 1;
    look_at_states();
    run_.plan("OperationTypePlan");
    for (StackStatus& status : stacks_) finish(status);
    run_.close();
    return look_at_cloud() ? 0 : 1;
  }

  void print_text() const;
  void print_json() const;

 private:
  void look_at_states() {
    std::vector<std::string> names = run_.selected();
    for (const std::string& name : names) {
      StackStatus status;
      status.name = name;
      const std::string& directory = access_.stacks().at(name).directory;
      const state::State& state = access_.state(name);
      status.objects = objects_of(state);
      status.lock = holder_of(context_, directory);
      if (status.lock) {
        status.condition = Condition::kLocked;
      } else if (context_.files.exists(directory + "/terraform.tfstate.journal")) {
        status.condition = Condition::kInterrupted;
      } else if (state.resources.empty()) {
        status.condition = state.lineage.empty() ? Condition::kNeverCreated : Condition::kTakenDown;
      }
      if (status.condition != Condition::kInStep) run_.leave_out(name);
      stacks_.push_back(std::move(status));
    }
  }

  void finish(StackStatus& status) {
    if (status.condition != Condition::kInStep) return;
    const plan::Plan* plan = run_.plan_of(status.name);
    if (plan != nullptr) return judge(status, *plan);
    status.condition = Condition::kError;
    for (const Diagnostic& diagnostic : run_.plan_errors(status.name).items())
      status.errors.push_back(diagnostic.summary + ": " + diagnostic.detail);
  }

  bool look_at_cloud() {
    std::optional<std::vector<cluster::Group>> groups = groups_of(context_, access_, "");
    if (!groups) return false;
    groups_ = std::move(*groups);
    if (!access_.was_created("s3")) return true;
    Result<std::optional<cluster::SessionLock>, aws::ApiError> lock =
        context_.loop.run(cluster::read_session_lock(access_.aws(), access_.bucket("config")));
    if (!lock) return access_.fail("Reading the session lock", lock.error()) == 0;
    session_lock_ = std::move(*lock);
    for (const cluster::Group& group : groups_) {
      Result<std::optional<cluster::StoredObject>, aws::ApiError> object = context_.loop.run(
          cluster::read_object(access_.aws(), access_.bucket("cloudinit"), group.role + "/ignition.json"));
      if (!object) return access_.fail("Reading a node configuration", object.error()) == 0;
      if (!object->has_value()) continue;
      std::string etag = (*object)->etag;
      std::erase(etag, '"');
      configs_[group.role] = {etag.substr(0, 8), (*object)->modified};
    }
    return true;
  }

  Context& context_;
  ClusterAccess access_;
  ClusterRun run_;
  std::vector<StackStatus> stacks_;
  std::vector<cluster::Group> groups_;
  std::map<std::string, NodeConfig> configs_;
  std::optional<cluster::SessionLock> session_lock_;
};

std::string lock_text(const StackStatus& status) {
  if (!status.lock) return "";
  return fmt::format("{} since {}", status.lock->who, status.lock->created);
}

void StatusReport::print_text() const {
  bool color = context_.terminal.color();
  context_.print(context_.style("[bold]") + access_.values().name + context_.style("[reset]") +
                 fmt::format("  {}, account {}\n", access_.values().region, access_.account()));
  if (session_lock_) context_.print("session lock: " + cluster::describe(*session_lock_) + "\n");
  std::vector<std::vector<std::string>> rows = {{"STACK", "OBJECTS", "STATUS", "LOCK"}};
  for (const StackStatus& status : stacks_)
    rows.push_back(
        {status.name, status.objects == 0 ? "-" : std::to_string(status.objects), sentence(status), lock_text(status)});
  context_.print("\n" + table_text(rows, color));
  for (const StackStatus& status : stacks_) {
    for (const std::string& drift : status.drifted)
      context_.print(fmt::format("\n{}: drifted: {}", status.name, drift));
    for (const std::string& error : status.errors) context_.print(fmt::format("\n{}: {}", status.name, error));
    if (!status.drifted.empty() || !status.errors.empty()) context_.print("\n");
    if (status.condition == Condition::kInterrupted)
      context_.print(fmt::format("\n{}: a run was ended in the middle. \"terrace up {}\" goes on from there.\n",
                                 status.name, status.name));
  }
  if (groups_.empty()) return;
  int64_t now = std::chrono::duration_cast<std::chrono::seconds>(context_.clock.wall()).count();
  rows = {{"GROUP", "DESIRED", "IN SERVICE", "ZONES", "OLDEST", "IMAGE", "TEMPLATE", "CONFIGURATION"}};
  for (const cluster::Group& group : groups_) {
    std::set<std::string> zones;
    for (const cluster::Node& node : group.nodes) zones.insert(node.zone);
    std::string in_zones = joined(std::vector<std::string>(zones.begin(), zones.end()));
    auto config = configs_.find(group.role);
    std::size_t old = group.outdated().size();
    rows.push_back({group.role, std::to_string(group.desired), std::to_string(group.in_service()),
                    zones.empty() ? "-" : in_zones,
                    group.nodes.empty() ? "-" : age_text(group.nodes.front().launched_s, now), group.image_id,
                    "v" + group.template_version + (old > 0 ? fmt::format(" ({} older)", old) : ""),
                    config == configs_.end() ? "-" : config->second.version + " of " + config->second.modified});
  }
  context_.print("\n" + table_text(rows, color));
}

void StatusReport::print_json() const {
  Json json = {{"cluster", access_.values().name}, {"region", access_.values().region}, {"account", access_.account()}};
  json["session_lock"] = nullptr;
  if (session_lock_) json["session_lock"] = Json::parse(cluster::session_lock_json(*session_lock_));
  json["stacks"] = Json::array();
  for (const StackStatus& status : stacks_) {
    Json stack = {{"name", status.name},
                  {"status", name_of(status.condition)},
                  {"objects", status.objects},
                  {"add", status.counts.create},
                  {"change", status.counts.update},
                  {"destroy", status.counts.destroy},
                  {"drifted", status.drifted},
                  {"errors", status.errors}};
    stack["lock"] = nullptr;
    if (status.lock) {
      stack["lock"] = {
          {"who", status.lock->who}, {"operation", status.lock->operation}, {"created", status.lock->created}};
    }
    json["stacks"].push_back(std::move(stack));
  }
  json["groups"] = Json::array();
  for (const cluster::Group& group : groups_) {
    Json one = {{"name", group.name},         {"role", group.role},
                {"min", group.min},           {"desired", group.desired},
                {"max", group.max},           {"in_service", group.in_service()},
                {"image_id", group.image_id}, {"template_version", group.template_version}};
    auto config = configs_.find(group.role);
    one["configuration"] = nullptr;
    if (config != configs_.end())
      one["configuration"] = {{"version", config->second.version}, {"modified", config->second.modified}};
    one["nodes"] = Json::array();
    for (const cluster::Node& node : group.nodes) one["nodes"].push_back(node_json(node));
    json["groups"].push_back(std::move(one));
  }
  context_.print(json.dump(2) + "\n");
}

}  // namespace

int status_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("status [options] [STACK...|all]",
              "Says of each stack whether it was created, is in step with the files, has drifted or is locked, and of "
              "each node group how its instances are. Changes nothing and locks nothing.");
  flags.boolean("json", &json, "Write the report as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  RunFlags run;
  run.lock = false;
  run.only = !rest.empty();
  StatusReport report(context, run);
  if (int code = report.make(rest); code != 0) return code;
  if (json) {
    report.print_json();
  } else {
    report.print_text();
  }
  return 0;
}

}  // namespace terrace::cli
