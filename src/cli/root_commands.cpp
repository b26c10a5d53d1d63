// init, validate, plan, apply, destroy, refresh on one root module.
#include "cli/root_commands.h"

#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/block_header.h"
#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/run_view.h"
#include "cli/session.h"
#include "diag/render.h"
#include "lang/function.h"
#include "plan/plan_file.h"

namespace terrace::cli {

namespace {

apply::Effects effects_of(Context& context, schema::ProviderRegistry& registry, plan::PlanObserver* observer) {
  return apply::Effects{context.files, context.loop, context.random,
                        registry,      observer,     [&context](const std::string& text) { context.print(text); }};
}

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
        registry_(providers_.registry(working_directory())),
        view_(flags_.json ? make_json_view(context) : make_text_view(context, flags_.compact_warnings)) {}

  int plan() {
    Signals signals(context_);
    start();
    bool planned = make_plan("OperationTypePlan");
    if (planned && !flags_.out.empty()) planned = write_plan();
    close();
    if (!planned) return 1;
    view_->saved(operation_->run().plan(), flags_.out);
    return flags_.detailed_exitcode && plan::has_changes(operation_->run().plan()) ? 2 : 0;
  }

  int apply() {
    if (!flags_.auto_approve && (flags_.json || !flags_.input)) return refuse_to_ask();
    Signals signals(context_);
    start();
    bool good = make_plan("OperationTypeApply");
    if (good && plan::applyable(operation_->run().plan()) && !flags_.auto_approve) good = approved();
    if (good) good = carry_out(signals);
    close();
    return good ? 0 : 1;
  }

  int apply_file(const std::string& path) {
    Signals signals(context_);
    Result<std::string, FileError> bytes = context_.files.read(path);
    if (!bytes) {
      return fail("Failed to load plan file",
                  bytes.error().message + ". Give the path of a file that \"terrace plan -out\" wrote.");
    }
    Checked<plan::SavedPlan> saved = plan::decode_plan(*bytes, path, registry_);
    view_->diagnostics(saved.diagnostics);
    if (saved.diagnostics.has_errors()) return 1;
    start();
    Diagnostics diagnostics = operation_->load(saved.value);
    if (!diagnostics.has_errors()) diagnostics.append(context_.loop.run(operation_->open("OperationTypeApply")));
    if (!diagnostics.has_errors()) diagnostics.append(operation_->restore(std::move(saved.value.plan)));
    bool good = !diagnostics.has_errors();
    if (good) view_->loaded(operation_->run().plan());
    view_->diagnostics(diagnostics);
    if (good) good = carry_out(signals);
    close();
    return good ? 0 : 1;
  }

 private:
  void start() {
    operation_ = std::make_unique<apply::Operation>(effects_of(context_, registry_, &view_->plan_observer()),
                                                    flags_.settings(context_, ""));
  }

  void close() { view_->diagnostics(context_.loop.run(operation_->close())); }

  int fail(std::string summary, std::string detail) {
    Diagnostics diagnostics;
    diagnostics.error(std::move(summary), std::move(detail));
    view_->diagnostics(diagnostics);
    return 1;
  }

  // Plans and shows it. False after errors, which were shown.
  bool make_plan(const char* operation) {
    Diagnostics diagnostics = flags_.check();
    if (!diagnostics.has_errors()) diagnostics.append(operation_->load());
    if (operation_->loaded()) diagnostics.append(check_providers(operation_->graph(), registry_));
    if (!diagnostics.has_errors()) diagnostics.append(context_.loop.run(operation_->open(operation)));
    if (!diagnostics.has_errors()) {
      diagnostics.append(context_.loop.run(operation_->plan(flags_.plan_options())));
      view_->planned(operation_->run().plan(), registry_, diagnostics.has_errors());
    }
    view_->diagnostics(diagnostics);
    return !diagnostics.has_errors();
  }

  bool write_plan() {
    plan::SavedPlan saved = operation_->saved();
    std::string bytes = plan::encode_plan(saved, registry_);
    Status<FileError> written = context_.files.write_atomic(flags_.out, bytes, 0600);
    if (!written) fail("Failed to write plan file", written.error().message);
    return written.ok();
  }

  int refuse_to_ask() {
    return fail("Plan file or auto-approve required",
                fmt::format("terrace cannot ask for interactive approval when {} is set. You can either apply a saved "
                            "plan file, or enable the -auto-approve option.",
                            flags_.json ? "-json" : "-input=false"));
  }

  bool approved() {
    bool destroy = flags_.destroy;
    bool yes = approve(
        context_, destroy ? "Do you really want to destroy all resources?" : "Do you want to perform these actions?",
        destroy ? "  terrace will destroy all your managed infrastructure, as shown above.\n  There is no undo. Only "
                  "'yes' will be accepted to confirm."
                : "  terrace will perform the actions described above.\n  Only 'yes' will be accepted to approve.");
    if (!yes) context_.print(destroy ? "Destroy cancelled.\n" : "Apply cancelled.\n");
    return yes;
  }

  bool carry_out(Signals& signals) {
    apply::Options options;
    options.parallelism = flags_.parallelism;
    options.interrupt = &signals.interrupt;
    options.observer = &view_->apply_observer();
    apply::ApplyResult result = context_.loop.run(operation_->apply(options));
    if (!operation_->run().plan().targets.empty()) {
      result.diagnostics.warning(
          "Applied changes may be incomplete",
          "The plan was created with the -target option in effect, so some changes requested in the configuration may "
          "have "
          "been ignored and the output values may not be fully updated. Run the following command to verify that no "
          "other "
          "changes are pending:\n    terrace plan\n\nNote that the -target option is not suitable for routine use, and "
          "is "
          "provided only for exceptional situations such as recovering from errors or mistakes, or when terrace "
          "specifically suggests to use it as part of an error message.");
    }
    view_->diagnostics(result.diagnostics);
    view_->applied(result, operation_->session().state(), flags_.destroy);
    return !result.diagnostics.has_errors() && !result.interrupted;
  }

  Context& context_;
  RunFlags flags_;
  Providers providers_;
  schema::ProviderRegistry& registry_;
  std::unique_ptr<RunView> view_;
  std::unique_ptr<apply::Operation> operation_;
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

namespace {

// What Terraform's `init -json` says, message code by message code; a tool that follows it finds the same milestones.
void print_init_line(Context& context, const char* code, const std::string& message) {
  print_json_line(context, "info", message, "init_output",
                  {{"@timestamp", rfc3339(context.clock.wall())}, {"message_code", code}});
}

void begin_json_init(Context& context) {
  print_json_version(context);
  print_init_line(context, "initializing_backend_message", "Initializing the backend...");
  print_init_line(context, "initializing_modules_message", "Initializing modules...");
}

int end_json_init(Context& context, Diagnostics diagnostics, const apply::Operation& operation) {
  const Diagnostics arranged = arrange(std::move(diagnostics));
  for (const Diagnostic& each : arranged.items()) {
    const bool error = each.severity == Severity::kError;
    print_json_line(context, error ? "error" : "warn", (error ? "Error: " : "Warning: ") + each.summary, "diagnostic",
                    {{"diagnostic", diagnostic_json(each, block_header)}});
  }
  if (arranged.has_errors()) return 1;
  print_init_line(context, "initializing_provider_plugin_message", "Initializing provider plugins...");
  std::set<std::string> sources;
  for (const config::ModulePath& path : operation.graph().paths()) {
    for (const auto& [address, resource] : path.module->resources)
      sources.insert(path.module->provider_source(resource.provider_reference().name));
    for (const auto& [name, required] : path.module->required_providers) sources.insert(required.source);
  }
  for (const std::string& source : sources)
    print_json_line(context, "info", source + " is built in to terrace", "log", nlohmann::ordered_json::object());
  print_init_line(context, "output_init_success_message", "terrace has been successfully initialized!");
  print_init_line(context, "output_init_success_cli_message",
                  "Every provider of this configuration is built in; nothing was downloaded. Try \"terrace plan\" to "
                  "see what would "
                  "change.");
  return 0;
}

}  // namespace

int init_command(Context& context, const Arguments& arguments) {
  bool backend = true, input = true, upgrade = false, reconfigure = false, get = true, migrate = false, copy = false;
  bool lock = true;
  Duration lock_timeout{0};
  std::vector<std::string> backend_config;
  std::string lockfile;
  Flags flags("init [options]",
              "Checks that the configuration can be loaded and that every provider it needs is built in. Nothing is "
              "downloaded.");
  flags.boolean("backend", &backend, "Accepted as Terraform's; there is nothing to set up.");
  flags.boolean("input", &input, "Accepted as Terraform's; nothing is asked.");
  flags.boolean("upgrade", &upgrade, "Accepted as Terraform's; providers come with terrace.");
  flags.boolean("reconfigure", &reconfigure, "Accepted as Terraform's.");
  flags.boolean("get", &get, "Accepted as Terraform's.");
  flags.boolean("migrate-state", &migrate, "Accepted as Terraform's; a state stays where it is.");
  flags.boolean("force-copy", &copy, "Accepted as Terraform's; nothing is copied.");
  flags.boolean("lock", &lock, "Accepted as Terraform's; no state is written.");
  flags.duration("lock-timeout", &lock_timeout, "DURATION", "Accepted as Terraform's.");
  flags.text("lockfile", &lockfile, "MODE", "Accepted as Terraform's: readonly. There is no lock file to write.");
  bool json = false;
  flags.boolean("json", &json, "Write what is done as JSON, a line each.");
  flags.list("backend-config", &backend_config, "FILE|NAME=VALUE", "Not supported: states are local files.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!lockfile.empty() && lockfile != "readonly")
    return context.fail("Invalid value for -lockfile", "The only mode is readonly: -lockfile=readonly.");
  if (!backend_config.empty())
    return context.fail("Backend settings cannot be given here",
                        fmt::format("-backend-config={}: states are local files, and where one lies stands in the "
                                    "configuration: backend \"local\" {{ path = ... }}. Write it there.",
                                    backend_config.front()));
  if (!has_configuration(context)) {
    if (json) {
      print_json_version(context);
      print_init_line(context, "output_init_empty_message", "terrace initialized in an empty directory!");
      return 0;
    }
    context.print(
        "terrace initialized in an empty directory!\n\nThe directory has no configuration files. Nothing is to be done "
        "until there are some.\n");
    return 0;
  }
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  RunFlags run;
  apply::Operation operation(effects_of(context, registry, nullptr), run.settings(context, ""));
  if (json) begin_json_init(context);
  Diagnostics diagnostics = operation.load();
  if (operation.loaded()) diagnostics.append(check_providers(operation.graph(), registry));
  if (json) return end_json_init(context, std::move(diagnostics), operation);
  context.show(diagnostics);
  if (diagnostics.has_errors()) return 1;
  context.print(context.style("\n[green][bold]terrace has been successfully initialized![reset]\n") +
                "\nEvery provider of this configuration is built in; nothing was downloaded.\nTry \"terrace plan\" to "
                "see what would change.\n");
  return 0;
}

int force_unlock_command(Context& context, const Arguments& arguments) {
  bool force = false;
  Flags flags("force-unlock [options] LOCK_ID", "Takes a lock on the state away, where its holder is gone.");
  flags.boolean("force", &force, "Skip the question.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 1)
    return context.fail("Which lock?",
                        "Give the id that the message about the lock shows: terrace force-unlock LOCK_ID.");
  return context.fail(
      "Local state cannot be unlocked by another process",
      "The lock of a local state belongs to the process that holds it and ends with it, however it ends. "
      "End that process, or wait for it (-lock-timeout=5m); a lock of a process that is gone is no lock.");
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
  if (!diagnostics.has_errors()) diagnostics.append(operation.validate());
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
