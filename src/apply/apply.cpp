#include "apply/apply.h"

#include <fmt/format.h>

#include <deque>
#include <set>
#include <unordered_map>

#include "plan/planner.h"
#include "state/value_json.h"

namespace terrace::apply {

namespace {

using lang::Path;
using lang::Value;
using plan::Action;
using plan::Node;
using plan::PlannedResource;
using plan::ResourceChange;
using plan::Step;
using state::InstanceKey;
using state::Object;
using state::ObjectPtr;
using state::Outcome;

constexpr Duration kReportEvery = std::chrono::seconds(10);
constexpr Duration kTick = std::chrono::seconds(1);

std::string id_of(const Value& value) {
  if (!value.has_content() || !value.type().is_object()) return {};
  const Value* id = value.find_attribute("id");
  return id && id->has_content() && id->type().kind() == lang::TypeKind::kString ? id->as_string() : std::string();
}

std::vector<lang::PathMarks> marks_of(const Value& value) {
  std::vector<lang::PathMarks> marks;
  (void)lang::unmark_deep(value, marks);
  return marks;
}

std::string sensitive_json(const std::vector<lang::PathMarks>& marks) {
  std::vector<Path> paths;
  for (const lang::PathMarks& mark : marks) {
    if (any(mark.marks & lang::Marks::kSensitive)) paths.push_back(mark.path);
  }
  return paths.empty() ? std::string() : state::encode_paths(paths);
}

// A step under way, for the reports of those that take long.
struct Running {
  const ResourceChange* change = nullptr;
  const PlannedResource* resource = nullptr;
  std::string address;
  Step step = Step::kCreate;
  std::string deposed;
  std::string id;
  Duration started{0};
  int64_t reported = 0;  // tens of seconds
};

// What the ticking task sees of the executor; it may outlive it by a second.
struct Ticker {
  bool stopped = false;
  std::unordered_map<uint32_t, Running> running;  // by node
  Observer* observer = nullptr;
};

Observer::Event event_of(const Running& running, Duration now) {
  return Observer::Event{*running.change, *running.resource, running.address,      running.step,
                         running.deposed, running.id,        now - running.started};
}

Task<void> tick(Loop& loop, std::shared_ptr<Ticker> ticker) {
  while (!ticker->stopped) {
    Loop::Sleep pause = loop.sleep(kTick);
    co_await pause;
    if (ticker->stopped) co_return;
    Duration now = loop.clock().monotonic();
    for (auto& [node, running] : ticker->running) {
      int64_t tens = (now - running.started) / kReportEvery;
      if (tens <= running.reported) continue;
      running.reported = tens;
      ticker->observer->still_running(event_of(running, now));
    }
  }
}

class Executor {
 public:
  Executor(plan::PlanRun& run, state::StateSession& session, Loop& loop, Random& random, Options options)
      : run_(run),
        plan_(run.plan()),
        graph_(run.plan().graph),
        session_(session),
        state_(session.state()),
        loop_(loop),
        random_(random),
        options_(options),
        values_(run.desired()),
        group_(loop),
        finished_(loop) {}

  Task<ApplyResult> execute();

 private:
  // What one step came to.
  struct Outcomes {
    bool failed = false;
    std::string id;
  };
  // The configuration and the planned value of a change, with everything known by now.
  struct Resolved {
    bool failed = false;
    Value config;
    Value planned;
    std::vector<lang::PathMarks> marks;
    std::string private_data;
  };

  void prepare();
  void prepare_values();
  void pump();
  void release(uint32_t node);
  void skip(uint32_t node);
  Task<void> run_node(uint32_t node);
  Task<Outcomes> create(uint32_t node, const ResourceChange& change);
  Task<Outcomes> update(const ResourceChange& change);
  Task<Outcomes> destroy(const ResourceChange& change, std::string deposed);
  Task<Outcomes> read(const ResourceChange& change);
  Outcomes forget(const ResourceChange& change);
  bool check_result(const ResourceChange& change);
  Task<Resolved> resolve(const ResourceChange& change, schema::Provider* provider, const schema::TypeSchema& type,
                         Value prior);
  const plan::DesiredInstance* instance_of(const ResourceChange& change, Diagnostics& diagnostics);
  Task<schema::Provider*> provider_of(const ResourceChange& change);
  const schema::TypeSchema* type_of(const ResourceChange& change);
  Value stored_value(const ObjectPtr& object, const schema::TypeSchema& type, const std::string& address);
  ObjectPtr make_object(const ResourceChange& change, const schema::TypeSchema& type, const Value& value,
                        const std::vector<lang::PathMarks>& marks, std::string private_data);
  Value without_unknowns(Value value, const std::string& address);
  void put(const ResourceChange& change, const std::string& deposed, ObjectPtr object, const std::string& token);
  void record(const std::vector<Outcome>& outcomes, const std::string& token);
  void say(Diagnostics diagnostics, const ResourceChange& change);
  void write_outputs();
  bool stopping() const { return journal_failed_ || (options_.interrupt && options_.interrupt->requested); }

  const PlannedResource& resource_of(const ResourceChange& change) const { return plan_.resources[change.resource]; }

  plan::PlanRun& run_;
  plan::Plan& plan_;
  const plan::ExecutionGraph& graph_;
  state::StateSession& session_;
  state::State& state_;
  Loop& loop_;
  Random& random_;
  Options options_;
  plan::ValueTable values_;
  TaskGroup group_;
  Event finished_;
  ApplyResult result_;
  std::shared_ptr<Ticker> ticker_ = std::make_shared<Ticker>();

  enum class NodeState : uint8_t { kWaiting, kStarted, kDone, kFailed, kSkipped };
  std::vector<NodeState> states_;
  std::vector<uint32_t> waiting_;                  // by node: needs that are not done
  std::vector<std::vector<uint32_t>> dependents_;  // by node
  std::deque<uint32_t> ready_;
  int running_ = 0;
  bool journal_failed_ = false;
  std::unordered_map<const ResourceChange*, std::string> deposed_by_;  // keys made for create-then-delete
  std::map<uint32_t, std::map<std::pair<std::string, InstanceKey>, plan::DesiredInstance>> expansions_;  // by unit
};

void Executor::say(Diagnostics diagnostics, const ResourceChange& change) {
  const PlannedResource& resource = resource_of(change);
  for (Diagnostic& diagnostic : diagnostics.items()) {
    if (diagnostic.address.empty()) diagnostic.address = plan_.address_of(change);
    if (!diagnostic.subject.valid() && resource.in_config)
      diagnostic.subject = run_.desired().resources()[resource.unit].range;
  }
  result_.diagnostics.append(std::move(diagnostics));
}

// ---- before the first step ----

void Executor::prepare_values() {
  plan::Desired& desired = run_.desired();
  std::unordered_map<std::string, uint32_t> by_address;
  for (uint32_t i = 0; i < desired.resources().size(); ++i) {
    values_.begin(i);
    by_address[desired.resources()[i].config_address] = i;
  }
  // Objects that no change speaks of: data that was read while planning, what the targets left out.
  for (const auto& [address, resource] : state_.resources) {
    auto unit = by_address.find(plan::config_address(address));
    if (unit == by_address.end()) continue;
    const schema::TypeSchema* type =
        run_.providers().type_schema(plan::provider_source(resource.provider), address.mode, address.type);
    bool covered = address.mode == state::Mode::kManaged && plan_.targets.empty() && plan_.mode == plan::Mode::kNormal;
    if (!type || covered) continue;
    for (const auto& [key, instance] : resource.instances) {
      if (!instance.current) continue;
      Value value = stored_value(instance.current, *type, address.instance_text(key));
      values_.set(unit->second, address.module, key, schema::mark_sensitive(type->block, value));
    }
  }
  for (const ResourceChange& change : plan_.changes) {
    const PlannedResource& resource = resource_of(change);
    if (!resource.in_config || change.action == Action::kDelete || change.action == Action::kForget) continue;
    values_.set(resource.unit, resource.address.module, change.key, change.after);
  }
  desired.begin(values_, true);
}

void Executor::prepare() {
  std::string lineage = state_.lineage;
  int64_t serial = state_.serial;
  state_ = plan_.prior_state;
  state_.lineage = std::move(lineage);
  state_.serial = serial;
  if (plan_.mode == plan::Mode::kDestroy && plan_.targets.empty()) {
    for (auto resource = state_.resources.begin(); resource != state_.resources.end();) {
      if (resource->first.mode == state::Mode::kData)
        resource = state_.resources.erase(resource);
      else
        ++resource;
    }
  }
  // What an unchanged object depends on may have changed in the configuration.
  for (const ResourceChange& change : plan_.changes) {
    if (change.action != Action::kNoOp) continue;
    const PlannedResource& resource = resource_of(change);
    state::Instance& instance = state_.at(resource.address, change.key, resource.provider);
    if (!instance.current) continue;
    const Object& object = *instance.current;
    bool same = object.create_before_destroy == resource.create_before_destroy &&
                (object.dependencies ? object.dependencies->size() : 0) ==
                    (resource.dependencies ? resource.dependencies->size() : 0);
    for (size_t i = 0; same && object.dependencies && i < object.dependencies->size(); ++i) {
      same = *(*object.dependencies)[i] == *(*resource.dependencies)[i];
    }
    if (same) continue;
    auto updated = std::make_shared<Object>(object);
    updated->create_before_destroy = resource.create_before_destroy;
    updated->dependencies = resource.dependencies;
    instance.current = std::move(updated);
  }
  prepare_values();
  states_.assign(graph_.size(), NodeState::kWaiting);
  waiting_.assign(graph_.size(), 0);
  dependents_.resize(graph_.size());
  for (uint32_t node = 0; node < graph_.size(); ++node) {
    waiting_[node] = static_cast<uint32_t>(graph_.needs(node).size());
    if (waiting_[node] == 0) ready_.push_back(node);
    for (uint32_t needed : graph_.needs(node)) dependents_[needed].push_back(node);
  }
}

// ---- the order ----

void Executor::pump() {
  while (!ready_.empty() && running_ < options_.parallelism) {
    uint32_t node = ready_.front();
    Step step = graph_.nodes()[node].step;
    bool group = step == Step::kCreatesDone || step == Step::kDestroysDone;
    if (!group && stopping()) break;
    ready_.pop_front();
    if (group) {
      states_[node] = NodeState::kDone;
      release(node);
      continue;
    }
    states_[node] = NodeState::kStarted;
    ++running_;
    group_.add(run_node(node));
  }
  if (running_ == 0) finished_.set();
}

void Executor::release(uint32_t node) {
  for (uint32_t dependent : dependents_[node]) {
    if (--waiting_[dependent] == 0 && states_[dependent] == NodeState::kWaiting) ready_.push_back(dependent);
  }
}

void Executor::skip(uint32_t node) {
  std::vector<uint32_t> stopped{node};
  while (!stopped.empty()) {
    uint32_t one = stopped.back();
    stopped.pop_back();
    for (uint32_t dependent : dependents_[one]) {
      if (states_[dependent] != NodeState::kWaiting) continue;
      states_[dependent] = NodeState::kSkipped;
      stopped.push_back(dependent);
    }
  }
}

Task<void> Executor::run_node(uint32_t node) {
  const Node& here = graph_.nodes()[node];
  const ResourceChange& change = plan_.changes[here.subject];
  Running running;
  running.change = &change;
  running.resource = &resource_of(change);
  running.address = plan_.address_of(change);
  running.step = here.step;
  running.deposed = here.step == Step::kDeleteReplaced ? deposed_by_[&change] : change.deposed;
  running.id = id_of(change.before);
  running.started = loop_.clock().monotonic();
  if (options_.observer) {
    options_.observer->started(event_of(running, running.started));
    ticker_->running[node] = running;
  }
  Outcomes outcomes;
  if (here.step == Step::kCreate) {
    Task<Outcomes> task = create(node, change);
    outcomes = co_await task;
  } else if (here.step == Step::kUpdate) {
    Task<Outcomes> task = update(change);
    outcomes = co_await task;
  } else if (here.step == Step::kReadData) {
    Task<Outcomes> task = read(change);
    outcomes = co_await task;
  } else if (here.step == Step::kForget) {
    outcomes = forget(change);
  } else {
    Task<Outcomes> task = destroy(change, running.deposed);
    outcomes = co_await task;
  }
  bool made = here.step == Step::kCreate || here.step == Step::kUpdate || here.step == Step::kReadData;
  if (made && !outcomes.failed && !check_result(change)) outcomes.failed = true;
  if (!outcomes.id.empty()) running.id = outcomes.id;
  if (options_.observer) {
    ticker_->running.erase(node);
    Observer::Event event = event_of(running, loop_.clock().monotonic());
    if (outcomes.failed)
      options_.observer->failed(event);
    else
      options_.observer->completed(event);
  }
  states_[node] = outcomes.failed ? NodeState::kFailed : NodeState::kDone;
  if (outcomes.failed)
    skip(node);
  else
    release(node);
  --running_;
  pump();
}

// ---- what the steps share ----

Task<schema::Provider*> Executor::provider_of(const ResourceChange& change) {
  Diagnostics diagnostics;
  Task<schema::Provider*> getting = run_.providers().get(resource_of(change).provider, diagnostics);
  schema::Provider* provider = co_await getting;
  say(std::move(diagnostics), change);
  co_return provider;
}

const schema::TypeSchema* Executor::type_of(const ResourceChange& change) {
  const PlannedResource& resource = resource_of(change);
  return run_.providers().type_schema(resource.provider_source, resource.address.mode, resource.address.type);
}

Value Executor::stored_value(const ObjectPtr& object, const schema::TypeSchema& type, const std::string& address) {
  Result<Value, std::string> value = state::decode_value(object->attributes, type.implied_type);
  if (!value.ok()) {
    result_.diagnostics.error("Failed to decode resource from state", fmt::format("{}: {}.", address, value.error()));
    return Value::null(type.implied_type);
  }
  Result<std::vector<Path>, std::string> paths = state::decode_paths(object->sensitive_attributes);
  std::vector<lang::PathMarks> marks;
  if (paths.ok()) {
    for (Path& path : *paths) marks.push_back({std::move(path), lang::Marks::kSensitive});
  }
  return lang::mark_paths(*value, marks);
}

ObjectPtr Executor::make_object(const ResourceChange& change, const schema::TypeSchema& type, const Value& value,
                                const std::vector<lang::PathMarks>& marks, std::string private_data) {
  const PlannedResource& resource = resource_of(change);
  auto object = std::make_shared<Object>();
  object->schema_version = type.version;
  object->attributes = state::encode_value(value, type.implied_type);
  object->sensitive_attributes = sensitive_json(marks);
  object->private_data = std::move(private_data);
  if (resource.address.mode == state::Mode::kManaged) {
    object->dependencies = resource.dependencies;
    object->create_before_destroy = resource.create_before_destroy;
  }
  return object;
}

Value Executor::without_unknowns(Value value, const std::string& address) {
  if (value.is_wholly_known()) return value;
  result_.diagnostics.error(
      "Provider returned invalid result object after apply",
      fmt::format("After the apply operation, the provider still indicated an unknown value for {}. All "
                  "values must be known after apply, so this is always a bug in the provider. The object "
                  "was saved with what is known of it.",
                  address));
  // Stored, an unknown value is null.
  Result<Value, std::string> known = state::decode_value(state::encode_value(value, value.type()), value.type());
  return known.ok() ? *known : value;
}

void Executor::record(const std::vector<Outcome>& outcomes, const std::string& token) {
  if (journal_failed_) return;
  Status<FileError> written = session_.journal().record(outcomes, token);
  if (written.ok()) return;
  journal_failed_ = true;
  result_.diagnostics.error(
      "Journal could not be written",
      fmt::format("{}. Nothing else was begun; what is done is in the state.", written.error().message));
}

void Executor::put(const ResourceChange& change, const std::string& deposed, ObjectPtr object,
                   const std::string& token) {
  const PlannedResource& resource = resource_of(change);
  state::Instance& instance = state_.at(resource.address, change.key, resource.provider);
  if (deposed.empty())
    instance.current = object;
  else if (object)
    instance.deposed[deposed] = object;
  else
    instance.deposed.erase(deposed);
  record({Outcome{resource.address, change.key, deposed, resource.provider, std::move(object)}}, token);
  state_.prune(resource.address, change.key);
}

const plan::DesiredInstance* Executor::instance_of(const ResourceChange& change, Diagnostics& diagnostics) {
  const PlannedResource& resource = resource_of(change);
  auto [place, is_new] = expansions_.try_emplace(resource.unit);
  if (is_new) {
    Checked<plan::Expansion> expansion = run_.desired().expand(resource.unit);
    diagnostics.append(std::move(expansion.diagnostics));
    for (const plan::DesiredInstance& instance : expansion.value.instances) {
      place->second[{run_.desired().module_address(instance.module), instance.key}] = instance;
    }
  }
  auto found = place->second.find({resource.address.module, change.key});
  return found == place->second.end() ? nullptr : &found->second;
}

Task<Executor::Resolved> Executor::resolve(const ResourceChange& change, schema::Provider* provider,
                                           const schema::TypeSchema& type, Value prior) {
  Resolved resolved;
  resolved.private_data = change.private_data;
  resolved.planned = lang::unmark_deep(change.after, resolved.marks);
  resolved.config = change.config;
  if (change.config.is_wholly_known()) co_return resolved;
  Diagnostics diagnostics;
  const plan::DesiredInstance* instance = instance_of(change, diagnostics);
  if (instance) {
    Checked<Value> evaluated = run_.desired().evaluate(resource_of(change).unit, *instance);
    diagnostics.append(std::move(evaluated.diagnostics));
    resolved.marks.clear();
    resolved.config = lang::unmark_deep(evaluated.value, resolved.marks);
  } else if (!diagnostics.has_errors()) {
    diagnostics.error(
        "Provider produced inconsistent final plan",
        fmt::format(
            "{} is in the plan and, with the values that are known now, no longer in the configuration. Plan again.",
            plan_.address_of(change)));
  }
  resolved.failed = diagnostics.has_errors();
  if (!resolved.failed)
    diagnostics.append(provider->validate_resource(resource_of(change).address.type, resolved.config));
  if (!diagnostics.has_errors() && resource_of(change).address.mode == state::Mode::kManaged) {
    schema::PlanRequest request{resource_of(change).address.type, prior,
                                schema::proposed_new(type.block, prior, resolved.config), resolved.config,
                                prior.is_null() ? std::string() : resolved.private_data};
    Task<schema::PlanResponse> planning = provider->plan_resource(request);
    schema::PlanResponse response = co_await planning;
    diagnostics.append(std::move(response.diagnostics));
    resolved.planned = std::move(response.planned);
    resolved.private_data = std::move(response.private_data);
    for (const Path& path : response.requires_replace) {
      std::optional<Value> was = lang::value_at(prior, path);
      std::optional<Value> will = lang::value_at(resolved.planned, path);
      if (prior.is_null() || (was && will && was->identical(*will))) continue;
      diagnostics.error(
          "Provider produced inconsistent final plan",
          fmt::format("{} was to be updated in place, and with the values that are known now its attribute {} "
                      "forces a replacement. Plan again.",
                      plan_.address_of(change), lang::path_text(path)));
    }
  }
  resolved.failed = diagnostics.has_errors();
  say(std::move(diagnostics), change);
  co_return resolved;
}

// ---- the steps ----

Task<Executor::Outcomes> Executor::create(uint32_t, const ResourceChange& change) {
  const PlannedResource& resource = resource_of(change);
  std::string address = plan_.address_of(change);
  Outcomes failed{true, ""};
  Task<schema::Provider*> getting = provider_of(change);
  schema::Provider* provider = co_await getting;
  const schema::TypeSchema* type = type_of(change);
  if (!provider || !type) co_return failed;
  Value none = Value::null(type->implied_type);
  Task<Resolved> resolving = resolve(change, provider, *type, none);
  Resolved resolved = co_await resolving;
  if (resolved.failed) co_return failed;

  std::string deposed;
  if (change.action == Action::kCreateThenDelete) {
    state::Instance& instance = state_.at(resource.address, change.key, resource.provider);
    deposed = state::new_deposed_key(random_);
    ObjectPtr old = instance.current;
    instance.deposed[deposed] = old;
    instance.current.reset();
    deposed_by_[&change] = deposed;
    record({Outcome{resource.address, change.key, deposed, resource.provider, old},
            Outcome{resource.address, change.key, "", resource.provider, nullptr}},
           "");
  }
  schema::ApplyRequest request;
  request.type = resource.address.type;
  request.prior = none;
  request.planned = resolved.planned;
  request.config = resolved.config;
  request.private_data = resolved.private_data;
  if (provider->needs_intent(resource.address.type)) {
    request.intent_token = random_.uuid();
    state::Intent intent;
    intent.address = resource.address;
    intent.key = change.key;
    intent.provider = resource.provider;
    intent.token = request.intent_token;
    intent.time_s = std::chrono::duration_cast<std::chrono::seconds>(loop_.clock().wall()).count();
    intent.planned = state::encode_value(resolved.planned, type->implied_type);
    intent.unknown = state::encode_paths(state::unknown_paths(resolved.planned));
    intent.deposes = !deposed.empty();
    Task<Status<FileError>> writing = session_.journal().intend(std::move(intent));
    Status<FileError> written = co_await writing;
    if (!written.ok()) {
      Diagnostics diagnostics;
      diagnostics.error(
          "Journal could not be written",
          fmt::format("{} was not created: {}. Without a record of what is about to be created, a run that is "
                      "stopped could lose it.",
                      address, written.error().message));
      say(std::move(diagnostics), change);
      journal_failed_ = true;
      co_return failed;
    }
  }
  Task<schema::ApplyResponse> applying = provider->apply_resource(request);
  schema::ApplyResponse response = co_await applying;
  bool wrong = response.diagnostics.has_errors();
  say(std::move(response.diagnostics), change);
  ObjectPtr object;
  if (response.new_state.has_content()) {
    Value value = without_unknowns(response.new_state.without_marks_deep(), address);
    ObjectPtr made = make_object(change, *type, value, resolved.marks, std::move(response.private_data));
    if (wrong) {
      auto tainted = std::make_shared<Object>(*made);
      tainted->tainted = true;
      made = std::move(tainted);
    }
    object = std::move(made);
    values_.set(resource.unit, resource.address.module, change.key,
                schema::mark_sensitive(type->block, lang::mark_paths(value, resolved.marks)));
  } else if (!wrong) {
    Diagnostics diagnostics;
    diagnostics.error(
        "Provider produced inconsistent result after apply",
        fmt::format("When applying changes to {}, the provider returned no object and no error. This is a bug in "
                    "the provider.",
                    address));
    say(std::move(diagnostics), change);
    wrong = true;
  }
  if (!object && !deposed.empty()) {
    // Nothing was made, so the old object takes its place again.
    state::Instance& instance = state_.at(resource.address, change.key, resource.provider);
    ObjectPtr old = instance.deposed[deposed];
    instance.deposed.erase(deposed);
    instance.current = old;
    record({Outcome{resource.address, change.key, "", resource.provider, old},
            Outcome{resource.address, change.key, deposed, resource.provider, nullptr}},
           request.intent_token);
    co_return failed;
  }
  std::string id = response.new_state.has_content() ? id_of(response.new_state) : "";
  put(change, "", std::move(object), request.intent_token);
  if (!wrong) ++result_.added;
  co_return Outcomes{wrong, std::move(id)};
}

Task<Executor::Outcomes> Executor::update(const ResourceChange& change) {
  const PlannedResource& resource = resource_of(change);
  std::string address = plan_.address_of(change);
  Outcomes failed{true, ""};
  Task<schema::Provider*> getting = provider_of(change);
  schema::Provider* provider = co_await getting;
  const schema::TypeSchema* type = type_of(change);
  const state::Instance* stored = state_.find(resource.address, change.key);
  if (!provider || !type || !stored || !stored->current) co_return failed;
  ObjectPtr old = stored->current;
  Value prior = stored_value(old, *type, address).without_marks_deep();
  Task<Resolved> resolving = resolve(change, provider, *type, prior);
  Resolved resolved = co_await resolving;
  if (resolved.failed) co_return failed;
  schema::ApplyRequest request;
  request.type = resource.address.type;
  request.prior = prior;
  request.planned = resolved.planned;
  request.config = resolved.config;
  request.private_data = resolved.private_data;
  schema::ApplyResponse response;
  if (resolved.planned.identical(prior)) {
    // Only what is sensitive changed.
    response.new_state = prior;
    response.private_data = old->private_data;
  } else {
    Task<schema::ApplyResponse> applying = provider->apply_resource(request);
    response = co_await applying;
  }
  bool wrong = response.diagnostics.has_errors();
  say(std::move(response.diagnostics), change);
  if (!response.new_state.has_content()) co_return Outcomes{wrong, id_of(prior)};
  Value value = without_unknowns(response.new_state.without_marks_deep(), address);
  if (response.private_data.empty()) response.private_data = old->private_data;
  ObjectPtr made = make_object(change, *type, value, resolved.marks, std::move(response.private_data));
  if (old->tainted) {
    auto tainted = std::make_shared<Object>(*made);
    tainted->tainted = true;
    made = std::move(tainted);
  }
  put(change, "", std::move(made), "");
  values_.set(resource.unit, resource.address.module, change.key,
              schema::mark_sensitive(type->block, lang::mark_paths(value, resolved.marks)));
  if (!wrong) ++result_.changed;
  co_return Outcomes{wrong, id_of(value)};
}

Task<Executor::Outcomes> Executor::destroy(const ResourceChange& change, std::string deposed) {
  const PlannedResource& resource = resource_of(change);
  std::string address = plan_.address_of(change);
  Outcomes failed{true, ""};
  Task<schema::Provider*> getting = provider_of(change);
  schema::Provider* provider = co_await getting;
  const schema::TypeSchema* type = type_of(change);
  if (!provider || !type) co_return failed;
  const state::Instance* stored = state_.find(resource.address, change.key);
  ObjectPtr old;
  if (stored && deposed.empty()) old = stored->current;
  if (stored && !deposed.empty() && stored->deposed.count(deposed) > 0) old = stored->deposed.at(deposed);
  if (!old) co_return Outcomes{};
  Value prior = stored_value(old, *type, address).without_marks_deep();
  schema::ApplyRequest request;
  request.type = resource.address.type;
  request.prior = prior;
  request.planned = Value::null(type->implied_type);
  request.config = request.planned;
  request.private_data = old->private_data;
  Task<schema::ApplyResponse> applying = provider->apply_resource(request);
  schema::ApplyResponse response = co_await applying;
  bool wrong = response.diagnostics.has_errors();
  say(std::move(response.diagnostics), change);
  std::string id = id_of(prior);
  if (!wrong) {
    put(change, deposed, nullptr, "");
    ++result_.destroyed;
    co_return Outcomes{false, std::move(id)};
  }
  if (response.new_state.has_content() && !response.new_state.identical(prior)) {
    auto rest = std::make_shared<Object>(*old);
    rest->attributes = state::encode_value(response.new_state.without_marks_deep(), type->implied_type);
    put(change, deposed, std::move(rest), "");
  }
  co_return Outcomes{true, std::move(id)};
}

Task<Executor::Outcomes> Executor::read(const ResourceChange& change) {
  const PlannedResource& resource = resource_of(change);
  std::string address = plan_.address_of(change);
  Outcomes failed{true, ""};
  Task<schema::Provider*> getting = provider_of(change);
  schema::Provider* provider = co_await getting;
  const schema::TypeSchema* type = type_of(change);
  if (!provider || !type) co_return failed;
  Diagnostics diagnostics;
  Value config = change.config;
  std::vector<lang::PathMarks> marks = marks_of(change.after);
  if (!config.is_wholly_known()) {
    const plan::DesiredInstance* instance = instance_of(change, diagnostics);
    if (!instance) {
      diagnostics.error(
          "Provider produced inconsistent final plan",
          fmt::format("{} is no longer in the configuration with the values that are known now. Plan again.", address));
    } else {
      Checked<Value> evaluated = run_.desired().evaluate(resource.unit, *instance);
      diagnostics.append(std::move(evaluated.diagnostics));
      marks.clear();
      config = lang::unmark_deep(evaluated.value, marks);
    }
  }
  Value state;
  if (!diagnostics.has_errors()) {
    schema::DataRequest request{resource.address.type, config};
    Task<schema::DataResponse> reading = provider->read_data(request);
    schema::DataResponse response = co_await reading;
    diagnostics.append(std::move(response.diagnostics));
    state = std::move(response.state);
  }
  bool wrong = diagnostics.has_errors();
  say(std::move(diagnostics), change);
  if (wrong || !state.has_content()) co_return failed;
  Value value = without_unknowns(state.without_marks_deep(), address);
  put(change, "", make_object(change, *type, value, marks, ""), "");
  values_.set(resource.unit, resource.address.module, change.key,
              schema::mark_sensitive(type->block, lang::mark_paths(value, marks)));
  co_return Outcomes{false, id_of(value)};
}

Executor::Outcomes Executor::forget(const ResourceChange& change) {
  put(change, change.deposed, nullptr, "");
  ++result_.forgotten;
  return {};
}

// False where a rule of the block does not hold for the object that was made; what needs it then waits for the next
// run.
bool Executor::check_result(const ResourceChange& change) {
  const PlannedResource& resource = resource_of(change);
  if (!resource.in_config || !run_.desired().resources()[resource.unit].has_result_rules) return true;
  Diagnostics diagnostics;
  const plan::DesiredInstance* instance = instance_of(change, diagnostics);
  Value all = values_.resource_value(resource.unit, resource.address.module);
  Value value = all;
  if (const int64_t* index = std::get_if<int64_t>(&change.key)) value = all.elements()[static_cast<size_t>(*index)];
  if (const std::string* name = std::get_if<std::string>(&change.key)) value = all.attribute(*name);
  if (instance) diagnostics.append(run_.desired().check_result(resource.unit, *instance, value));
  bool holds = !diagnostics.has_errors();
  say(std::move(diagnostics), change);
  return holds;
}

// ---- after the last step ----

void Executor::write_outputs() {
  const std::vector<plan::DesiredOutput>& desired = run_.desired().outputs();
  for (const auto& [name, change] : plan_.outputs) {
    if (change.action == Action::kDelete) {
      // A destroy that failed leaves objects whose outputs are still wanted.
      if (plan_.mode != plan::Mode::kDestroy || !result_.diagnostics.has_errors()) state_.outputs.erase(name);
      continue;
    }
    Value value = change.after;
    for (uint32_t i = 0; i < desired.size() && !value.is_wholly_known(); ++i) {
      if (desired[i].name != name) continue;
      Checked<Value> evaluated = run_.desired().evaluate_output(i);
      // After a failure some of what it needs was never made; then the old output stays.
      if (evaluated.diagnostics.has_errors() && !result_.diagnostics.has_errors()) {
        result_.diagnostics.append(std::move(evaluated.diagnostics));
      }
      value = evaluated.value;
      break;
    }
    if (!value.is_wholly_known()) continue;
    Value plain = value.without_marks_deep();
    if (plain.is_null()) {
      state_.outputs.erase(name);
      continue;
    }
    state_.outputs[name] =
        state::Output{state::encode_value(plain, plain.type()), state::encode_type(plain.type()), change.sensitive};
  }
}

Task<ApplyResult> Executor::execute() {
  prepare();
  if (options_.observer && graph_.size() > 0) {
    ticker_->observer = options_.observer;
    loop_.spawn(tick(loop_, ticker_));
  }
  pump();
  Event& finished = finished_;
  co_await finished;
  Task<void> joined = group_.join();
  co_await joined;
  ticker_->stopped = true;
  std::set<std::string> named;
  for (uint32_t node = 0; node < graph_.size(); ++node) {
    Step step = graph_.nodes()[node].step;
    if (step == Step::kCreatesDone || step == Step::kDestroysDone) continue;
    if (states_[node] == NodeState::kWaiting || states_[node] == NodeState::kSkipped) {
      // A replacement has two steps of one address.
      std::string address = plan_.address_of(plan_.changes[graph_.nodes()[node].subject]);
      if (named.insert(address).second) result_.skipped.push_back(std::move(address));
    }
  }
  result_.interrupted = options_.interrupt && options_.interrupt->requested;
  write_outputs();
  state_.checks = plan_.checks;
  Task<Diagnostics> saving = session_.save();
  result_.diagnostics.append(co_await saving);
  if (result_.interrupted && !result_.skipped.empty()) {
    result_.diagnostics.error(
        "execution halted",
        fmt::format("The run was interrupted: what was being done was finished and saved, and {} of the "
                    "planned steps were not begun. Plan again to go on.",
                    result_.skipped.size()));
  }
  co_return std::move(result_);
}

}  // namespace

Task<ApplyResult> apply(plan::PlanRun& run, state::StateSession& session, Loop& loop, Random& random, Options options) {
  Executor executor(run, session, loop, random, options);
  Task<ApplyResult> executing = executor.execute();
  co_return co_await executing;
}

}  // namespace terrace::apply
