#include "apply/operation.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "hcl/ast.h"
#include "plan/validate.h"

namespace terrace::apply {

namespace {

// The string that an attribute is written as, without references.
std::optional<std::string> literal_string(const hcl::Expression& expression) {
  if (expression.kind == hcl::ExpressionKind::kLiteral) {
    const hcl::Literal& literal = static_cast<const hcl::Literal&>(expression);
    if (literal.literal == hcl::Literal::Kind::kString) return literal.text;
    return std::nullopt;
  }
  if (expression.kind != hcl::ExpressionKind::kTemplate) return std::nullopt;
  const hcl::Template& text = static_cast<const hcl::Template&>(expression);
  std::string out;
  for (const hcl::ExpressionPtr& part : text.parts) {
    std::optional<std::string> one = literal_string(*part);
    if (!one) return std::nullopt;
    out += *one;
  }
  return out;
}

// The moment of 2015-08-30T12:36:00Z; zero for anything else.
Duration parse_rfc3339(const std::string& text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%dZ", &year, &month, &day, &hour, &minute, &second) != 6)
    return Duration::zero();
  std::chrono::sys_days date = std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
                               std::chrono::day(static_cast<unsigned>(day));
  return date.time_since_epoch() + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace

Operation::Operation(Effects effects, OperationSettings settings)
    : effects_(std::move(effects)), settings_(std::move(settings)), files_(effects_.files, settings_.directory) {}

Operation::~Operation() = default;

Diagnostics Operation::load_from(FileSystem& files) {
  Checked<std::shared_ptr<config::Configuration>> loaded = config::load_configuration(files, ".");
  Diagnostics diagnostics = std::move(loaded.diagnostics);
  configuration_ = std::move(loaded.value);
  if (diagnostics.has_errors()) return diagnostics;
  Checked<config::ObjectGraph> graph = config::build_object_graph(*configuration_);
  diagnostics.append(std::move(graph.diagnostics));
  if (!diagnostics.has_errors()) graph_ = std::move(graph.value);
  return diagnostics;
}

Diagnostics Operation::load() {
  return load_from(files_);
}

Diagnostics Operation::load(const plan::SavedPlan& saved) {
  saved_files_ = std::make_unique<DirectoryView>(effects_.files, settings_.directory, saved.sources);
  variables_ = saved.plan.variables;
  variables_given_ = true;
  plan_time_ = parse_rfc3339(saved.plan.timestamp);
  auto path = saved.settings.find("state");
  if (path != saved.settings.end() && settings_.state_path.empty()) settings_.state_path = path->second;
  return load_from(*saved_files_);
}

plan::SavedPlan Operation::saved() const {
  plan::SavedPlan saved;
  saved.plan = run_->plan();
  for (const auto& [directory, module] : configuration_->modules) {
    for (const hcl::File& file : module->files) saved.sources[file.source->path] = file.source->text;
  }
  saved.settings["state"] = settings_.state_path;
  saved.settings["workspace"] = settings_.workspace;
  return saved;
}

Diagnostics Operation::choose_state_path() {
  Diagnostics diagnostics;
  const std::optional<config::Backend>& backend = configuration_->root->backend;
  std::string configured = "terraform.tfstate";
  if (backend && backend->type != "local") {
    diagnostics.error(
        "Unsupported backend type",
        fmt::format("There is no backend type named \"{}\" in this release. It keeps states in files: use backend "
                    "\"local\", or leave the block out.",
                    backend->type),
        backend->range);
    return diagnostics;
  }
  if (backend && backend->body) {
    Checked<std::vector<hcl::Attribute>> attributes = backend->body->just_attributes();
    diagnostics.append(std::move(attributes.diagnostics));
    for (const hcl::Attribute& attribute : attributes.value) {
      if (attribute.name != "path") continue;
      std::optional<std::string> path = literal_string(*attribute.expression);
      if (path)
        configured = *path;
      else
        diagnostics.error("Variables not allowed", "Variables may not be used here.", attribute.expression->range);
    }
  }
  if (settings_.state_path.empty()) settings_.state_path = configured;
  return diagnostics;
}

lang::FunctionContext Operation::functions() {
  lang::FunctionContext functions;
  functions.files = &files_;
  functions.clock = &effects_.loop.clock();
  functions.random = &effects_.random;
  functions.base_directory = settings_.working_directory;
  return functions;
}

Diagnostics Operation::validate() {
  lang::FunctionContext context = functions();
  context.pure = true;
  return plan::validate(*configuration_, *graph_, std::move(context), effects_.providers);
}

Task<Diagnostics> Operation::open(std::string operation) {
  Diagnostics diagnostics = choose_state_path();
  // What is wrong in the files is said before anybody waits for a lock or a network. A saved plan has been through
  // this.
  if (!saved_files_) {
    Diagnostics invalid = validate();
    if (invalid.has_errors()) diagnostics.append(std::move(invalid));
    if (diagnostics.has_errors()) co_return diagnostics;
  }
  if (!variables_given_) {
    config::VariableSources sources = settings_.variables;
    sources.directory = ".";
    Checked<std::map<std::string, lang::Value>> given =
        config::collect_variables(files_, *configuration_->root, sources, kept_sources_);
    diagnostics.append(std::move(given.diagnostics));
    for (auto& [name, value] : given.value) {
      auto declared = configuration_->root->variables.find(name);
      bool sensitive = declared != configuration_->root->variables.end() && declared->second.sensitive;
      variables_[name] = plan::Variable{std::move(value), sensitive};
    }
  }
  if (diagnostics.has_errors()) co_return diagnostics;
  std::map<std::string, lang::Value> values;
  for (const auto& [name, variable] : variables_) values[name] = variable.value;
  lang::FunctionContext context = functions();
  if (plan_time_ == Duration::zero()) plan_time_ = effects_.loop.clock().wall();
  context.plan_time = plan_time_;
  desired_ = std::make_unique<plan::Configured>(*configuration_, *graph_, std::move(values), std::move(context),
                                                settings_.workspace, effects_.providers);
  store_ = std::make_unique<state::LocalStateStore>(
      files_, effects_.loop, effects_.random, settings_.identity,
      state::LocalStateStore::Options{settings_.state_path, settings_.state_out_path, settings_.backup_path});
  session_ = std::make_unique<state::StateSession>(*store_, files_, effects_.loop, effects_.random, "errored.tfstate",
                                                   effects_.print_state);
  if (settings_.lock) {
    Task<Diagnostics> locking = session_->lock(std::move(operation), settings_.lock_timeout);
    diagnostics.append(co_await locking);
    if (diagnostics.has_errors()) co_return diagnostics;
  }
  Task<Diagnostics> opening = session_->open();
  diagnostics.append(co_await opening);
  run_ = std::make_unique<plan::PlanRun>(plan::Environment{effects_.loop, effects_.providers, effects_.plan_observer},
                                         *desired_, *session_);
  co_return diagnostics;
}

Task<Diagnostics> Operation::plan(plan::PlanOptions options) {
  options.variables = variables_;
  Task<Diagnostics> making = run_->make(std::move(options));
  Diagnostics diagnostics = co_await making;
  run_->plan().timestamp = rfc3339(plan_time_);
  co_return diagnostics;
}

Task<ApplyResult> Operation::apply(Options options) {
  Task<ApplyResult> applying = terrace::apply::apply(*run_, *session_, effects_.loop, effects_.random, options);
  co_return co_await applying;
}

Task<Diagnostics> Operation::close() {
  if (!session_) co_return Diagnostics{};
  Task<Diagnostics> unlocking = session_->unlock();
  co_return co_await unlocking;
}

}  // namespace terrace::apply
