// init, validate, plan, apply, destroy, refresh on one root module.
#include "cli/root_commands.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/block_header.h"
#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/session.h"
#include "diag/render.h"
#include "lang/function.h"
#include "plan/plan_file.h"
#include "plan/validate.h"

namespace terrace::cli {

namespace {

apply::Effects effects_of(Context& context, schema::ProviderRegistry& registry, plan::PlanObserver* observer) {
  return apply::Effects{context.files, context.loop, context.random,
                        registry,      observer,     [&context](const std::string& text) { context.print(text); }};
}

// Says which object is read, as Terraform's plan does.
class RefreshPrinter final : public plan::PlanObserver {
 public:
  explicit RefreshPrinter(Context& context) : context_(context) {}
  void refresh_started(const std::string& address, const std::string& id) override {
    context_.print(fmt::format("{}: Refreshing state...{}\n", address, id.empty() ? "" : fmt::format(" [id={}]", id)));
  }
  void read_started(const std::string& address) override { context_.print(fmt::format("{}: Reading...\n", address)); }
  void read_completed(const std::string& address, const std::string& id, Duration elapsed) override {
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
    context_.print(fmt::format("{}: Read complete after {}s{}\n", address, seconds,
                               id.empty() ? "" : fmt::format(" [id={}]", id)));
  }

 private:
  Context& context_;
};

bool has_configuration(Context& context) {
  Result<std::vector<DirectoryEntry>, FileError> entries = context.files.list(".");
  if (!entries) return false;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name.ends_with(".tf") || entry.name.ends_with(".tf.json")) return true;
  }
  return false;
}

int no_configuration(Context& context) {
  return context.fail(
      "No configuration files",
      "The directory has no configuration files, which are called *.tf or *.tf.json, and is no cluster directory, "
      "which has a cluster.tfvars and stacks. Change to the directory of a configuration or cluster, or use -chdir.");
}

// Every provider that the configuration names is one that terrace has.
Diagnostics check_providers(const config::ObjectGraph& graph, schema::ProviderRegistry& registry) {
  Diagnostics diagnostics;
  std::string known;
  for (const std::string& source : registry.sources()) known += (known.empty() ? "" : ", ") + source;
  for (const config::ModulePath& path : graph.paths()) {
    for (const auto& [name, required] : path.module->required_providers) {
      std::string source = path.module->provider_source(name);
      if (registry.schema(source) == nullptr) {
        diagnostics.error(
            "Provider is not built in",
            fmt::format(
                "The provider {} is not part of terrace, which runs no plugins. The providers that there are: {}.",
                source, known),
            required.range);
      }
    }
  }
  return diagnostics;
}

// Runs plan and, where asked, apply; the one path of plan, apply, destroy and refresh.
class RootRun {
 public:
  RootRun(Context& context, RunFlags flags)
      : context_(context),
        flags_(std::move(flags)),
        providers_(context, nullptr),
        registry_(providers_.registry(working_directory())) {}

  int plan() {
    Signals signals(context_);
    start(flags_.json ? nullptr : &printer_);
    Diagnostics diagnostics = context_.loop.run(make_plan("OperationTypePlan"));
    int code = show_plan(diagnostics);
    if (code == 0 && !flags_.out.empty()) code = write_plan();
    Diagnostics closed = context_.loop.run(operation_->close());
    context_.show(closed);
    if (code != 0) return code;
    bool changes = plan::has_changes(operation_->run().plan());
    if (flags_.out.empty() && changes && !flags_.json) {
      context_.print(rule_text(context_.terminal.color(), context_.terminal.width()) +
                     "\nNote: You didn't use the -out option to save this plan, so terrace can't guarantee to "
                     "take\nexactly these actions if you run \"terrace apply\" now.\n");
    }
    return flags_.detailed_exitcode && changes ? 2 : 0;
  }

  int apply() {
    Signals signals(context_);
    start(flags_.json ? nullptr : &printer_);
    Diagnostics diagnostics = context_.loop.run(make_plan("OperationTypeApply"));
    int code = show_plan(diagnostics);
    if (code == 0 && plan::applyable(operation_->run().plan()) && !flags_.auto_approve) code = ask();
    if (code == 0) code = carry_out(signals);
    Diagnostics closed = context_.loop.run(operation_->close());
    context_.show(closed);
    return code;
  }

  int apply_file(const std::string& path) {
    Signals signals(context_);
    Result<std::string, FileError> bytes = context_.files.read(path);
    if (!bytes)
      return context_.fail("Failed to load plan file",
                           bytes.error().message + ". Give the path of a file that \"terrace plan -out\" wrote.");
    Checked<plan::SavedPlan> saved = plan::decode_plan(*bytes, path, registry_);
    context_.show(saved.diagnostics);
    if (saved.diagnostics.has_errors()) return 1;
    start(nullptr);
    Diagnostics diagnostics = operation_->load(saved.value);
    if (!diagnostics.has_errors()) diagnostics.append(context_.loop.run(operation_->open("OperationTypeApply")));
    if (!diagnostics.has_errors()) diagnostics.append(operation_->restore(std::move(saved.value.plan)));
    context_.show(diagnostics);
    int code = diagnostics.has_errors() ? 1 : carry_out(signals);
    Diagnostics closed = context_.loop.run(operation_->close());
    context_.show(closed);
    return code;
  }

 private:
  void start(plan::PlanObserver* observer) {
    operation_ =
        std::make_unique<apply::Operation>(effects_of(context_, registry_, observer), flags_.settings(context_, ""));
  }

  Task<Diagnostics> make_plan(std::string operation) {
    Diagnostics diagnostics = operation_->load();
    if (operation_->loaded()) diagnostics.append(check_providers(operation_->graph(), registry_));
    if (diagnostics.has_errors()) co_return diagnostics;
    Diagnostics opened = co_await operation_->open(std::move(operation));
    diagnostics.append(std::move(opened));
    if (diagnostics.has_errors()) co_return diagnostics;
    planned_ = true;
    plan::PlanOptions options = flags_.plan_options();
    Diagnostics made = co_await operation_->plan(std::move(options));
    diagnostics.append(std::move(made));
    co_return diagnostics;
  }

  int show_plan(const Diagnostics& diagnostics) {
    if (planned_) {
      const plan::Plan& plan = operation_->run().plan();
      PlanView view = plan_view(plan, registry_);
      view.errored = view.errored || diagnostics.has_errors();
      if (flags_.json) {
        print_json_plan(plan);
      } else if (!diagnostics.has_errors() || plan::has_changes(plan)) {
        context_.print(plan_text(view, context_.terminal.color(), context_.terminal.width()));
      }
    }
    context_.show(diagnostics);
    return diagnostics.has_errors() ? 1 : 0;
  }

  void print_json_plan(const plan::Plan& plan) {
    auto line = [&](const char* type, const std::string& message, nlohmann::ordered_json more) {
      nlohmann::ordered_json object = {{"@level", "info"},
                                       {"@message", message},
                                       {"@module", "terraform.ui"},
                                       {"@timestamp", rfc3339_nano(context_.clock.wall())}};
      for (auto& [name, value] : more.items()) object[name] = value;
      object["type"] = type;
      context_.print(object.dump() + "\n");
    };
    line("version", "Terraform 1.11.4", {{"terraform", "1.11.4"}, {"ui", "1.2"}});
    for (const plan::ResourceChange& change : plan.changes) {
      if (change.action == plan::Action::kNoOp) continue;
      const plan::PlannedResource& resource = plan.resource_of(change);
      const char* action = plan::is_replace(change.action)          ? "replace"
                           : change.action == plan::Action::kCreate ? "create"
                           : change.action == plan::Action::kUpdate ? "update"
                           : change.action == plan::Action::kRead   ? "read"
                           : change.action == plan::Action::kForget ? "remove"
                                                                    : "delete";
      std::string address = plan.address_of(change);
      nlohmann::ordered_json key = nullptr;
      if (const auto* index = std::get_if<int64_t>(&change.key)) key = *index;
      if (const auto* name = std::get_if<std::string>(&change.key)) key = *name;
      nlohmann::ordered_json described = {
          {"addr", address},
          {"module", resource.address.module},
          {"resource", resource.address.text()},
          {"implied_provider", resource.address.type.substr(0, resource.address.type.find('_'))},
          {"resource_type", resource.address.type},
          {"resource_name", resource.address.name},
          {"resource_key", key}};
      nlohmann::ordered_json body = {{"resource", described}, {"action", action}};
      std::string reason = plan::action_reason(change.reason);
      if (!reason.empty()) body["reason"] = reason;
      line("planned_change", fmt::format("{}: Plan to {}", address, action), {{"change", body}});
    }
    plan::Counts counts = plan::count_changes(plan);
    line("change_summary",
         fmt::format("Plan: {} to add, {} to change, {} to destroy.", counts.create, counts.update, counts.destroy),
         {{"changes",
           {{"add", counts.create},
            {"change", counts.update},
            {"import", counts.import},
            {"remove", counts.destroy},
            {"operation", "plan"}}}});
  }

  int write_plan() {
    plan::SavedPlan saved = operation_->saved();
    std::string bytes = plan::encode_plan(saved, registry_);
    Status<FileError> written = context_.files.write_atomic(flags_.out, bytes, 0600);
    if (!written) return context_.fail("Failed to write plan file", written.error().message);
    if (!flags_.json) {
      context_.print(rule_text(context_.terminal.color(), context_.terminal.width()) +
                     fmt::format("\nSaved the plan to: {0}\n\nTo perform exactly these actions, run the following "
                                 "command to apply:\n    terrace apply \"{0}\"\n",
                                 flags_.out));
    }
    return 0;
  }

  int ask() {
    if (!flags_.input || flags_.json) {
      return context_.fail("Plan is not approved",
                           "Nothing can be asked with -input=false. Give -auto-approve, or save a plan with \"terrace "
                           "plan -out\" and apply that.");
    }
    bool destroy = flags_.destroy;
    bool yes = approve(
        context_, destroy ? "Do you really want to destroy all resources?" : "Do you want to perform these actions?",
        destroy ? "  terrace will destroy all your managed infrastructure, as shown above.\n  There is no undo. Only "
                  "'yes' will be accepted to confirm."
                : "  terrace will perform the actions described above.\n  Only 'yes' will be accepted to approve.");
    if (yes) return 0;
    context_.print(destroy ? "Destroy cancelled.\n" : "Apply cancelled.\n");
    return 1;
  }

  int carry_out(Signals& signals) {
    ApplyPrinter printer(context_);
    apply::Options options;
    options.parallelism = flags_.parallelism;
    options.interrupt = &signals.interrupt;
    options.observer = flags_.json ? nullptr : &printer;
    apply::ApplyResult result = context_.loop.run(operation_->apply(options));
    bool failed = result.diagnostics.has_errors() || result.interrupted;
    if (!failed && !flags_.json) {
      context_.print(context_.style("\n[bold][green]" + apply_summary(result, flags_.destroy) + "\n[reset]"));
      std::string outputs = outputs_text(operation_->session().state(), context_);
      if (!outputs.empty() && !flags_.destroy)
        context_.print(context_.style("\n[bold][green]Outputs:[reset]\n\n") + outputs);
    }
    context_.show(result.diagnostics);
    if (failed && !flags_.json) {
      context_.print(fmt::format("\n{} added, {} changed, {} destroyed before it stopped.\n", result.added,
                                 result.changed, result.destroyed));
      if (!result.skipped.empty()) {
        context_.print(fmt::format("Not begun: {}", result.skipped[0]));
        for (std::size_t i = 1; i < result.skipped.size() && i < 20; ++i) context_.print(", " + result.skipped[i]);
        context_.print(result.skipped.size() > 20 ? fmt::format(" and {} more.\n", result.skipped.size() - 20) : ".\n");
      }
      context_.print(
          "Everything that was made is in the state. Mend the cause and run the same command again: it goes on from "
          "there.\n");
    }
    return failed ? 1 : 0;
  }

  Context& context_;
  RunFlags flags_;
  Providers providers_;
  schema::ProviderRegistry& registry_;
  RefreshPrinter printer_{context_};
  std::unique_ptr<apply::Operation> operation_;
  bool planned_ = false;
};

}  // namespace

int plan_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags(
      "plan [options]",
      "Shows what an apply would change, and changes nothing. In a cluster directory: plan [options] [STACK...|all].");
  run.add_to(flags, true, false);
  flags.text("out", &run.out, "PATH", "Write the plan to this file, for apply.");
  flags.boolean("detailed-exitcode", &run.detailed_exitcode, "Exit code 2 when there are changes, 0 without.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return plan_stacks(context, run, rest);
  if (!rest.empty())
    return context.fail("Too many command line arguments",
                        "To specify a working directory for the plan, use the global -chdir flag.");
  if (!has_configuration(context)) return no_configuration(context);
  return RootRun(context, run).plan();
}

int apply_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags("apply [options] [PLAN]",
              "Makes the infrastructure as the configuration says, after showing the plan and asking. In a cluster "
              "directory: apply [options] [STACK...|all].");
  run.add_to(flags, true, true);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return apply_stacks(context, run, rest);
  if (rest.size() > 1)
    return context.fail("Too many command line arguments", "Expected at most one positional argument: a plan file.");
  if (rest.size() == 1) return RootRun(context, run).apply_file(rest[0]);
  if (!has_configuration(context)) return no_configuration(context);
  return RootRun(context, run).apply();
}

int destroy_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags("destroy [options]",
              "Destroys everything that the state holds, after showing it and asking. In a cluster directory: destroy "
              "[options] [STACK...|all].");
  run.add_to(flags, true, true);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  run.destroy = true;
  if (is_cluster_directory(context)) return apply_stacks(context, run, rest);
  if (!rest.empty()) return context.fail("Too many command line arguments", "Did you mean to use -chdir?");
  if (!has_configuration(context)) return no_configuration(context);
  return RootRun(context, run).apply();
}

int refresh_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags("refresh [options]", "Brings the state up to date with what exists: apply -refresh-only -auto-approve.");
  run.add_to(flags, true, true);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  run.refresh_only = true;
  run.auto_approve = true;
  if (is_cluster_directory(context)) return apply_stacks(context, run, rest);
  if (!has_configuration(context)) return no_configuration(context);
  return RootRun(context, run).apply();
}

int init_command(Context& context, const Arguments& arguments) {
  bool backend = true, input = true, upgrade = false, reconfigure = false, get = true;
  Flags flags("init [options]",
              "Checks that the configuration can be loaded and that every provider it needs is built in. Nothing is "
              "downloaded.");
  flags.boolean("backend", &backend, "Accepted as Terraform's; there is nothing to set up.");
  flags.boolean("input", &input, "Accepted as Terraform's; nothing is asked.");
  flags.boolean("upgrade", &upgrade, "Accepted as Terraform's; providers come with terrace.");
  flags.boolean("reconfigure", &reconfigure, "Accepted as Terraform's.");
  flags.boolean("get", &get, "Accepted as Terraform's.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!has_configuration(context)) {
    context.print(
        "terrace initialized in an empty directory!\n\nThe directory has no configuration files. Nothing is to be done "
        "until there are some.\n");
    return 0;
  }
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  RunFlags run;
  apply::Operation operation(effects_of(context, registry, nullptr), run.settings(context, ""));
  Diagnostics diagnostics = operation.load();
  if (operation.loaded()) diagnostics.append(check_providers(operation.graph(), registry));
  context.show(diagnostics);
  if (diagnostics.has_errors()) return 1;
  context.print(context.style("\n[green][bold]terrace has been successfully initialized![reset]\n") +
                "\nEvery provider of this configuration is built in; nothing was downloaded.\nTry \"terrace plan\" to "
                "see what would change.\n");
  return 0;
}

int validate_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("validate [options]", "Checks the configuration without variables, state, credentials or network.");
  flags.boolean("json", &json, "Write the result as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  RunFlags run;
  apply::Operation operation(effects_of(context, registry, nullptr), run.settings(context, ""));
  Diagnostics diagnostics = operation.load();
  if (operation.loaded() && !diagnostics.has_errors()) diagnostics.append(check_providers(operation.graph(), registry));
  if (!diagnostics.has_errors()) {
    lang::FunctionContext functions;
    functions.files = &context.files;
    functions.clock = &context.clock;
    functions.random = &context.random;
    functions.base_directory = "";
    functions.pure = true;
    diagnostics.append(plan::validate(operation.configuration(), operation.graph(), functions, registry));
  }
  if (json) {
    Diagnostics arranged = arrange(std::move(diagnostics));
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    int errors = 0, warnings = 0;
    for (const Diagnostic& diagnostic : arranged.items()) {
      (diagnostic.severity == Severity::kError ? errors : warnings) += 1;
      list.push_back(diagnostic_json(diagnostic, block_header));
    }
    nlohmann::ordered_json object = {{"format_version", "1.0"},
                                     {"valid", errors == 0},
                                     {"error_count", errors},
                                     {"warning_count", warnings},
                                     {"diagnostics", list}};
    context.print(object.dump(2) + "\n");
    return errors == 0 ? 0 : 1;
  }
  context.show(diagnostics);
  if (diagnostics.has_errors()) return 1;
  context.print(context.style("[green][bold]Success![reset] The configuration is valid") +
                (diagnostics.empty() ? ".\n\n" : ", but there were some\nvalidation warnings as shown above.\n\n"));
  return 0;
}

}  // namespace terrace::cli
