#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/block_header.h"
#include "cli/run_view.h"
#include "cli/version.h"
#include "lang/function.h"
#include "plan/planner.h"
#include "state/address.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

Json key_json(const state::InstanceKey& key) {
  if (const auto* index = std::get_if<int64_t>(&key)) return *index;
  if (const auto* name = std::get_if<std::string>(&key)) return *name;
  return nullptr;
}

Json resource_json(const state::ResourceAddress& address, const state::InstanceKey& key) {
  state::ResourceAddress inside = address;
  inside.module.clear();
  return {{"addr", address.instance_text(key)},    {"module", address.module},
          {"resource", inside.instance_text(key)}, {"implied_provider", address.type.substr(0, address.type.find('_'))},
          {"resource_type", address.type},         {"resource_name", address.name},
          {"resource_key", key_json(key)}};
}

Json resource_json(const std::string& address) {
  Result<state::Address, std::string> parsed = state::parse_instance_address(address);
  return parsed ? resource_json(parsed->resource, parsed->key) : Json({{"addr", address}});
}

const char* change_action(plan::Action action) {
  switch (action) {
    case plan::Action::kCreate:
      return "create";
    case plan::Action::kRead:
      return "read";
    case plan::Action::kUpdate:
      return "update";
    case plan::Action::kDelete:
      return "delete";
    case plan::Action::kDeleteThenCreate:
    case plan::Action::kCreateThenDelete:
      return "replace";
    case plan::Action::kForget:
      return "remove";
    case plan::Action::kNoOp:
      break;
  }
  return "noop";
}

// The reasons' names differ here from those of a plan's JSON.
std::string change_reason(plan::ActionReason reason) {
  switch (reason) {
    case plan::ActionReason::kReplaceBecauseTainted:
      return "tainted";
    case plan::ActionReason::kReplaceBecauseCannotUpdate:
      return "cannot_update";
    case plan::ActionReason::kReplaceByRequest:
      return "requested";
    case plan::ActionReason::kReplaceByTriggers:
      return "replace_triggered_by";
    default:
      return plan::action_reason(reason);
  }
}

// The words of an apply's step: what it does, while it does it, and when it is done.
struct StepWords {
  const char* action;
  const char* begin;
  const char* still;
  const char* done;
};
StepWords words_of(plan::Step step) {
  switch (step) {
    case plan::Step::kCreate:
      return {"create", "Creating...", "creating", "Creation"};
    case plan::Step::kUpdate:
      return {"update", "Modifying...", "modifying", "Modifications"};
    case plan::Step::kReadData:
      return {"read", "Refreshing...", "refreshing", "Refresh"};
    case plan::Step::kForget:
      return {"remove", "Removing...", "removing", "Removal"};
    default:
      return {"delete", "Destroying...", "destroying", "Destruction"};
  }
}

int64_t seconds_of(Duration elapsed) {
  return std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
}

void put_id(Json& hook, const std::string& id) {
  if (id.empty()) return;
  hook["id_key"] = "id";
  hook["id_value"] = id;
}

std::string id_text(const std::string& id) {
  return id.empty() ? "" : fmt::format(" [id={}]", id);
}

class JsonView final : public RunView, plan::PlanObserver, apply::Observer {
 public:
  JsonView(Context& context, std::string stack) : context_(context), stack_(std::move(stack)) {
    if (stack_.empty()) print_json_version(context_);
  }

  plan::PlanObserver& plan_observer() override { return *this; }
  apply::Observer& apply_observer() override { return *this; }

  void diagnostics(const Diagnostics& diagnostics) override {
    Diagnostics arranged = arrange(diagnostics);
    for (const Diagnostic& one : arranged.items()) {
      bool error = one.severity == Severity::kError;
      line(error ? "error" : "warn", fmt::format("{}: {}", error ? "Error" : "Warning", one.summary), "diagnostic",
           {{"diagnostic", diagnostic_json(one, block_header)}});
    }
  }

  void planned(const plan::Plan& plan, schema::ProviderRegistry&, bool errored) override {
    for (const plan::Drift& drift : plan.drift) {
      Json resource = resource_json(plan.resources[drift.resource].address, drift.key);
      const char* action = change_action(drift.action);
      std::string message = fmt::format("{}: Drift detected ({})", resource["addr"].get<std::string>(), action);
      line("info", message, "resource_drift", {{"change", {{"resource", resource}, {"action", action}}}});
    }
    loaded(plan);
    if (errored) return;
    plan::Counts counts = plan::count_changes(plan);
    std::string imports = counts.import > 0 ? fmt::format("{} to import, ", counts.import) : "";
    summary(fmt::format("Plan: {}{} to add, {} to change, {} to destroy.", imports, counts.create, counts.update,
                        counts.destroy),
            counts.create, counts.update, counts.import, counts.destroy, "plan");
    Json outputs = Json::object();
    for (const auto& [name, output] : plan.outputs)
      outputs[name] = {{"sensitive", output.sensitive}, {"action", change_action(output.action)}};
    if (!outputs.empty()) line("info", fmt::format("Outputs: {}", outputs.size()), "outputs", {{"outputs", outputs}});
  }

  void loaded(const plan::Plan& plan) override {
    for (const plan::ResourceChange& change : plan.changes) planned_change(plan, change);
  }

  void saved(const plan::Plan&, const std::string&) override {}

  void applied(const apply::ApplyResult& result, const state::State& state, bool destroy) override {
    if (!result.diagnostics.has_errors() && !result.interrupted) {
      summary(apply_summary(result, destroy), result.added, result.changed, result.imported, result.destroyed,
              destroy ? "destroy" : "apply");
      if (!destroy) {
        Json outputs = Json::object();
        for (const auto& [name, output] : state.outputs) {
          Json one = {{"sensitive", output.sensitive}, {"type", Json::parse(output.type)}};
          if (!output.sensitive) one["value"] = Json::parse(output.value);
          outputs[name] = one;
        }
        line("info", fmt::format("Outputs: {}", outputs.size()), "outputs", {{"outputs", outputs}});
      }
    }
  }

 private:
  void line(const char* level, const std::string& message, const char* type, Json more) {
    if (!stack_.empty()) more["stack"] = stack_;
    print_json_line(context_, level, message, type, more);
  }

  void summary(const std::string& message, int add, int change, int import, int remove, const char* operation) {
    Json counts = {{"add", add}, {"change", change}, {"import", import}, {"remove", remove}, {"operation", operation}};
    line("info", message, "change_summary", {{"changes", counts}});
  }

  void planned_change(const plan::Plan& plan, const plan::ResourceChange& change) {
    if (change.action == plan::Action::kNoOp && !change.moved && change.importing_id.empty()) return;
    const plan::PlannedResource& resource = plan.resource_of(change);
    const char* action = change_action(change.action);
    Json body = {{"resource", resource_json(resource.address, change.key)}};
    if (change.moved) body["previous_resource"] = resource_json(resource.address, change.previous_key);
    body["action"] = action;
    std::string reason = change_reason(change.reason);
    if (!reason.empty()) body["reason"] = reason;
    if (!change.importing_id.empty()) body["importing"] = {{"id", change.importing_id}};
    const char* verb = change.action == plan::Action::kNoOp ? (change.moved ? "move" : "import") : action;
    line("info", fmt::format("{}: Plan to {}", plan.address_of(change), verb), "planned_change", {{"change", body}});
  }

  void refresh_started(const std::string& address, const std::string& id) override {
    Json hook = {{"resource", resource_json(address)}};
    put_id(hook, id);
    line("info", fmt::format("{}: Refreshing state...{}", address, id_text(id)), "refresh_start", {{"hook", hook}});
  }
  void refresh_completed(const std::string& address, const std::string& id) override {
    Json hook = {{"resource", resource_json(address)}};
    put_id(hook, id);
    line("info", fmt::format("{}: Refresh complete{}", address, id_text(id)), "refresh_complete", {{"hook", hook}});
  }
  void read_started(const std::string& address) override {
    line("info", fmt::format("{}: Refreshing...", address), "apply_start",
         {{"hook", {{"resource", resource_json(address)}, {"action", "read"}}}});
  }
  void read_completed(const std::string& address, const std::string& id, Duration elapsed) override {
    Json hook = {{"resource", resource_json(address)}, {"action", "read"}};
    put_id(hook, id);
    hook["elapsed_seconds"] = seconds_of(elapsed);
    line("info", fmt::format("{}: Refresh complete after {}s{}", address, seconds_of(elapsed), id_text(id)),
         "apply_complete", {{"hook", hook}});
  }

  Json hook_of(const Event& event, const StepWords& words) const {
    return {{"resource", resource_json(event.resource.address, event.change.key)}, {"action", words.action}};
  }
  void started(const Event& event) override {
    StepWords words = words_of(event.step);
    Json hook = hook_of(event, words);
    std::string id = event.step == plan::Step::kCreate ? "" : event.id;
    put_id(hook, id);
    line("info", fmt::format("{}: {}{}", event.address, words.begin, id_text(id)), "apply_start", {{"hook", hook}});
  }
  void still_running(const Event& event) override {
    StepWords words = words_of(event.step);
    Json hook = hook_of(event, words);
    hook["elapsed_seconds"] = seconds_of(event.elapsed);
    line("info", fmt::format("{}: Still {}... [{}s elapsed]", event.address, words.still, seconds_of(event.elapsed)),
         "apply_progress", {{"hook", hook}});
  }
  void completed(const Event& event) override {
    StepWords words = words_of(event.step);
    Json hook = hook_of(event, words);
    bool gone = event.step == plan::Step::kDelete || event.step == plan::Step::kDeleteReplaced;
    if (!gone) put_id(hook, event.id);
    hook["elapsed_seconds"] = seconds_of(event.elapsed);
    line("info",
         fmt::format("{}: {} complete after {}s{}", event.address, words.done, seconds_of(event.elapsed),
                     gone ? "" : id_text(event.id)),
         "apply_complete", {{"hook", hook}});
  }
  void failed(const Event& event) override {
    StepWords words = words_of(event.step);
    Json hook = hook_of(event, words);
    hook["elapsed_seconds"] = seconds_of(event.elapsed);
    line("info", fmt::format("{}: {} errored after {}s", event.address, words.done, seconds_of(event.elapsed)),
         "apply_errored", {{"hook", hook}});
  }

  Context& context_;
  std::string stack_;
};

}  // namespace

void print_json_line(Context& context, const char* level, const std::string& message, const char* type,
                     const Json& more) {
  Json object = {{"@level", level},
                 {"@message", message},
                 {"@module", "terraform.ui"},
                 {"@timestamp", rfc3339_nano(context.clock.wall())}};
  for (const auto& [name, value] : more.items()) object[name] = value;
  object["type"] = type;
  context.print(object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::unique_ptr<RunView> make_json_view(Context& context, std::string stack) {
  return std::make_unique<JsonView>(context, std::move(stack));
}

void print_json_version(Context& context) {
  print_json_line(context, "info", fmt::format("Terraform {}", kLanguageVersion), "version",
                  {{"terraform", kLanguageVersion}, {"ui", "1.2"}});
}

}  // namespace terrace::cli
