#include "cli/cluster_access.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_commands.h"
#include "cli/session.h"
#include "cli/state_view.h"
#include "cluster/session_lock.h"

namespace terrace::cli {

bool ClusterAccess::read(const std::vector<config::VariableOption>& options) {
  if (!is_cluster_directory(context_)) {
    not_a_cluster(context_);
    return false;
  }
  Checked<stacks::StackGraph> found = stacks::find_stacks(context_.files);
  context_.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return false;
  stacks_ = std::move(found.value);
  values_ = cluster::read_values(context_.files, stacks_, context_.environment.all(), options);
  was_read_ = true;
  return true;
}

bool ClusterAccess::require_values() const {
  context_.show(values_.diagnostics);
  return !values_.diagnostics.has_errors();
}

bool ClusterAccess::connect() {
  if (backend_) return true;
  if (!was_read_ && !read()) return false;
  if (!require_values()) return false;
  nlohmann::json config = values().provider_config();
  Checked<std::shared_ptr<aws::Backend>> opened = context_.loop.run(aws_.pool.open(std::move(config)));
  context_.show(opened.diagnostics);
  backend_ = std::move(opened.value);
  return !opened.diagnostics.has_errors() && backend_ != nullptr;
}

std::string ClusterAccess::bucket(const std::string& purpose) const {
  return fmt::format("{}-{}-{}", backend_->account_id, values().name, purpose);
}

const state::State& ClusterAccess::state(const std::string& stack) {
  auto known = states_.find(stack);
  if (known != states_.end()) return known->second;
  state::State& state = states_[stack];
  auto found = stacks_.stacks().find(stack);
  if (found == stacks_.stacks().end()) return state;
  std::optional<state::State> read = read_state(context_, found->second.directory + "/terraform.tfstate");
  if (read) state = std::move(*read);
  return state;
}

bool ClusterAccess::check_session_lock() {
  if (!was_created("s3")) return true;  // there is no bucket yet that it could lie in
  if (!connect()) return false;
  Result<std::optional<cluster::SessionLock>, aws::ApiError> lock =
      context_.loop.run(cluster::read_session_lock(aws(), bucket("config")));
  if (!lock) {
    fail("Reading the cluster's session lock", lock.error());
    return false;
  }
  if (!lock->has_value()) return true;
  state::Identity me = process_identity();
  if ((*lock)->who == me.user + "@" + me.host) return true;
  context_.fail(
      "The cluster is locked",
      fmt::format("{} holds the session lock. Nothing was changed. Ask them to finish, or, where the holder is "
                  "gone for good, take it away with \"terrace session unlock -force\".",
                  cluster::describe(**lock)));
  return false;
}

int ClusterAccess::fail(const std::string& what, const aws::ApiError& error) const {
  return context_.fail(what + " failed", error.describe());
}

int ClusterAccess::never_created(const std::string& stack) const {
  return context_.fail(
      fmt::format("The stack {} was never created", stack),
      fmt::format("Nothing of it is in its state, so there is nothing to show. \"terrace up {}\" makes "
                  "it with all that it needs.",
                  stack));
}

}  // namespace terrace::cli
