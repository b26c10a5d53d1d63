// A command's way into its cluster: the directory it runs in, the operator's values, and AWS in the cluster's account
// and region. Every command on a cluster opens one.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "aws/backend.h"
#include "cli/aws_access.h"
#include "cli/context.h"
#include "cluster/groups.h"
#include "cluster/values.h"
#include "config/variables.h"
#include "stacks/stacks.h"
#include "state/state.h"

namespace terrace::cli {

class ClusterAccess {
 public:
  explicit ClusterAccess(Context& context) : context_(context), aws_(context) {}

  // Reads stacks and values of the working directory; `options` are -var and -var-file. False after an error was shown.
  // What is wrong with the values is said by connect(), or by the plan of the stack that needs them.
  bool read(const std::vector<config::VariableOption>& options = {});
  // Shows what is wrong with the values; false where something is.
  bool require_values() const;
  // Opens AWS: credentials are tried and the account is checked against allowed_account_ids. Reads before, where
  // nothing is read yet.
  bool connect();

  // Every changing command asks: refuses, with an error, while somebody else has locked the cluster. Opens AWS.
  bool check_session_lock();

  const stacks::StackGraph& stacks() const { return stacks_; }
  const cluster::Values& values() const { return values_.value; }
  aws::Backend& aws() { return *backend_; }
  AwsAccess& aws_access() { return aws_; }
  const std::string& account() const { return backend_->account_id; }
  // <account>-<cluster>-<purpose>
  std::string bucket(const std::string& purpose) const;
  // The state of a stack as it is stored; empty where there is no such stack or it was never created.
  const state::State& state(const std::string& stack);

  // Shows what a call failed with: "Error: reading nodes: ...". Gives exit code 1.
  int fail(const std::string& what, const aws::ApiError& error) const;
  // Says that a stack was never created and how to make it. Gives exit code 1.
  int never_created(const std::string& stack) const;
  bool was_created(const std::string& stack) { return !state(stack).resources.empty(); }

 private:
  Context& context_;
  AwsAccess aws_;
  stacks::StackGraph stacks_;
  Checked<cluster::Values> values_;
  bool was_read_ = false;
  std::shared_ptr<aws::Backend> backend_;
  std::map<std::string, state::State> states_;
};

}  // namespace terrace::cli
