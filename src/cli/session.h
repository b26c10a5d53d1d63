// What the commands on root modules share: the providers of the process, the flags of Terraform's plan and apply,
// signals, and the texts of progress. One file a command uses it; the commands across stacks do, too.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apply/apply.h"
#include "apply/operation.h"
#include "aws/provider.h"
#include "cli/aws_access.h"
#include "cli/context.h"
#include "cli/flags.h"
#include "providers/registry.h"
#include "providers/terraform_provider.h"

namespace terrace::cli {

// The providers of a run. One a process, so that equal configurations share their way to AWS.
class Providers {
 public:
  // `siblings` may be null; without `aws` they open a way of their own. Both outlive the providers.
  Providers(Context& context, providers::SiblingOutputs* siblings, AwsAccess* aws = nullptr);
  ~Providers();
  // The registry for a root module in `directory`, which its relative paths to other states start from.
  schema::ProviderRegistry& registry(const std::string& directory);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The flags of plan, apply, destroy and refresh.
struct RunFlags {
  std::vector<config::VariableOption> variables;
  std::vector<std::string> targets;
  std::vector<std::string> replaces;
  bool destroy = false;
  bool refresh_only = false;
  bool refresh = true;
  bool lock = true;
  Duration lock_timeout{0};
  int parallelism = 10;
  bool input = true;
  bool json = false;
  bool compact_warnings = false;
  bool auto_approve = false;
  bool detailed_exitcode = false;
  bool only = false;
  std::string out;
  std::string state;
  std::string state_out;
  std::string backup;

  void add_to(Flags& flags, bool planning, bool applying);
  // What is wrong with the addresses of -target and -replace, and with flags that exclude each other. Addresses are
  // put into the one form that plans have. One that names nothing is no error, in Terraform neither.
  Diagnostics check();
  plan::PlanOptions plan_options() const;
  // Settings for a run in `directory`; empty for the working directory.
  apply::OperationSettings settings(Context& context, const std::string& directory) const;
};

// Ctrl-C and SIGTERM: the first asks the apply to finish what is in flight, the second ends the process.
class Signals {
 public:
  explicit Signals(Context& context);
  ~Signals();
  apply::Interrupt interrupt;

 private:
  Context& context_;
};

// Prints what an apply does, a line each. `prefix` stands before every address: the stack's name.
class ApplyPrinter : public apply::Observer {
 public:
  ApplyPrinter(Context& context, std::string prefix = {}) : context_(context), prefix_(std::move(prefix)) {}
  void started(const Event& event) override;
  void still_running(const Event& event) override;
  void completed(const Event& event) override;
  void failed(const Event& event) override;

 protected:
  // One line, with its line break.
  virtual void print(const std::string& line) { context_.print(line); }
  Context& context_;

 private:
  std::string subject(const Event& event) const;
  std::string prefix_;
};

// "Apply complete! Resources: 1 added, 0 changed, 0 destroyed."
std::string apply_summary(const apply::ApplyResult& result, bool destroy);

// `name = value` for each output of a state, as `terrace output` prints them; sensitive ones hidden.
std::string outputs_text(const state::State& state, Context& context);

std::string working_directory();
// Who runs this process, for locks.
state::Identity process_identity();
// Asks with Terraform's words; true for "yes" alone.
bool approve(Context& context, const std::string& question, const std::string& detail,
             const std::string& wanted = "yes");

}  // namespace terrace::cli
