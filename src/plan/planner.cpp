// The planner: refresh, evaluate, ask the providers, decide. src/plan/edges.cpp then makes the execution graph.
#include "plan/planner.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include "plan/edges.h"
#include "plan/units.h"
#include "state/value_json.h"

namespace terrace::plan {

using lang::Path;
using lang::Type;
using lang::Value;
using state::InstanceKey;
using state::Object;
using state::ObjectPtr;
using state::ResourceAddress;

namespace {

std::string id_of(const Value& value) {
  if (!value.has_content() || !value.type().is_object()) return {};
  const Value* id = value.find_attribute("id");
  return id && id->has_content() && id->type().kind() == lang::TypeKind::kString ? id->as_string() : std::string();
}

// `value` with what `from` has at `path` in its place.
Value copy_at(const Value& value, const Value& from, const Path& path, size_t depth) {
  if (depth == path.size()) return from;
  if (!value.has_content() || !from.has_content()) return value;
  const lang::PathStep& step = path[depth];
  if (value.type().is_object() && step.kind == lang::PathStep::Kind::kAttribute) {
    const Value* member = value.find_attribute(step.name);
    const Value* source = from.find_attribute(step.name);
    return member && source ? value.with_attribute(step.name, copy_at(*member, *source, path, depth + 1)) : value;
  }
  if (value.type().kind() == lang::TypeKind::kMap && step.kind == lang::PathStep::Kind::kIndex &&
      step.key.has_content() && step.key.type().kind() == lang::TypeKind::kString &&
      from.type().kind() == lang::TypeKind::kMap) {
    const std::string& key = step.key.as_string();
    const Value* source = from.find_key(key);
    std::vector<Value::Member> members;
    for (size_t i = 0; i < value.length(); ++i) {
      if (value.keys()[i] != key) members.emplace_back(value.keys()[i], value.elements()[i]);
    }
    if (source) members.emplace_back(key, *source);
    return Value::map(value.type().element(), std::move(members));
  }
  if (value.type().kind() == lang::TypeKind::kList && from.type().kind() == lang::TypeKind::kList &&
      step.kind == lang::PathStep::Kind::kIndex && step.key.has_content() &&
      step.key.type().kind() == lang::TypeKind::kNumber) {
    std::optional<int64_t> index = step.key.as_number().to_int64();
    if (!index || *index < 0) return value;
    size_t at = static_cast<size_t>(*index);
    if (at >= value.length() || at >= from.length()) return value;
    std::vector<Value> elements(value.elements().begin(), value.elements().end());
    elements[at] = copy_at(elements[at], from.elements()[at], path, depth + 1);
    return Value::list(value.type().element(), std::move(elements));
  }
  return value;
}

// How many modules are around a resource of the configuration: 2 for module.a.module.b.aws_vpc.main.
size_t module_depth(std::string_view config_address) {
  size_t depth = 0;
  while (config_address.starts_with("module.")) {
    config_address.remove_prefix(7);
    config_address.remove_prefix(std::min(config_address.find('.') + 1, config_address.size()));
    ++depth;
  }
  return depth;
}

// Does the target name the instance, its resource, or a module around it?
bool target_matches(const std::string& target, const std::string& address) {
  if (address.compare(0, target.size(), target) != 0) return false;
  return address.size() == target.size() || address[target.size()] == '.' || address[target.size()] == '[';
}

}  // namespace

// An object of the state as its type's value, without marks.
struct Prior {
  ObjectPtr object;
  Value value;
  std::vector<lang::PathMarks> marks;
};

class Planner {
 public:
  Planner(PlanRun& run, PlanOptions options)
      : run_(run),
        plan_(run.plan_),
        desired_(run.desired_),
        session_(run.session_),
        loop_(run.environment_.loop),
        observer_(run.environment_.observer),
        options_(std::move(options)),
        values_(run.desired_) {}

  Task<Diagnostics> make();

 private:
  struct Place {
    ResourceAddress address;
    InstanceKey key;
    std::string deposed;
  };

  // settle and refresh
  Task<void> recover();
  Task<void> recover_one(state::Intent intent);
  Task<void> refresh_all();
  Task<void> refresh_of_provider(std::string provider);
  Task<void> refresh_one(Place place, ObjectPtr object, schema::Provider* provider, std::string source);
  bool decode(const Place& place, const ObjectPtr& object, schema::Provider* provider, const schema::TypeSchema& type,
              Prior& prior);
  const Prior* prior(const ResourceAddress& address, const InstanceKey& key, const std::string& deposed) const;

  // the walk
  // A -replace without the instance key that its resource has names no instance.
  void warn_of_incomplete_replaces(uint32_t unit, const Expansion& expansion);
  void choose_targets();
  bool wanted(uint32_t unit, const std::string& instance_address) const;
  Task<void> walk();
  Task<void> plan_unit(uint32_t unit);
  Task<void> read_unit(uint32_t unit, std::vector<uint32_t>& ready, std::unique_ptr<Event>& news, size_t& running);
  Task<void> plan_managed(uint32_t unit, const Expansion& expansion, schema::Provider* provider,
                          const schema::TypeSchema& type);
  Task<void> plan_instance(uint32_t unit, uint32_t resource, const DesiredInstance& instance,
                           schema::Provider* provider, const schema::TypeSchema& type);
  Task<void> plan_data(uint32_t unit, const Expansion& expansion, schema::Provider* provider,
                       const schema::TypeSchema& type);
  Task<void> read_instance(uint32_t unit, uint32_t resource, DesiredInstance instance, bool pending,
                           schema::Provider* provider, const schema::TypeSchema& type);
  void values_from_state(uint32_t unit);
  void plan_orphans(uint32_t unit, const std::set<std::string>& kept);
  void plan_delete(uint32_t resource, const InstanceKey& key, const std::string& deposed, ActionReason reason);
  ActionReason orphan_reason(uint32_t unit, const InstanceKey& key) const;
  bool triggered(const DesiredResource& desired) const;
  bool has_pending(uint32_t unit) const;
  void plan_outputs();
  void sort_changes();
  uint32_t planned_resource(uint32_t unit, const ResourceAddress& address, const std::string& provider);
  void say(Diagnostics diagnostics, const std::string& address, SourceRange range);

  PlanRun& run_;
  Plan& plan_;
  Desired& desired_;
  state::StateSession& session_;
  Loop& loop_;
  PlanObserver* observer_;
  PlanOptions options_;
  ValueTable values_;
  Diagnostics diagnostics_;
  Units units_;
  std::vector<bool> active_;                       // by unit; all without targets
  std::vector<bool> failed_;                       // by unit
  std::vector<std::vector<uint32_t>> changes_of_;  // by unit: Plan::changes
  std::map<ResourceAddress, uint32_t> resource_index_;
  std::map<std::string, std::vector<std::pair<Place, ObjectPtr>>> waiting_refresh_;  // by provider
  std::unordered_map<const Object*, Prior> priors_;
};

void Planner::say(Diagnostics diagnostics, const std::string& address, SourceRange range) {
  for (Diagnostic& diagnostic : diagnostics.items()) {
    if (diagnostic.address.empty()) diagnostic.address = address;
    if (!diagnostic.subject.valid()) diagnostic.subject = range;
  }
  diagnostics_.append(std::move(diagnostics));
}

uint32_t Planner::planned_resource(uint32_t unit, const ResourceAddress& address, const std::string& provider) {
  auto [place, is_new] = resource_index_.try_emplace(address, static_cast<uint32_t>(plan_.resources.size()));
  if (!is_new) return place->second;
  PlannedResource made;
  made.address = address;
  made.config_address = units_[unit].config_address;
  made.provider = provider;
  made.provider_source = provider_source(provider);
  made.dependencies = units_[unit].dependencies;
  made.create_before_destroy = units_[unit].create_before_destroy;
  made.in_config = units_[unit].in_config;
  made.unit = unit;
  plan_.resources.push_back(std::move(made));
  return place->second;
}

// ---- what a killed run left ----

Task<void> Planner::recover() {
  if (!session_.has_leftovers()) co_return;
  std::vector<state::Intent> intents = session_.open_intents();
  TaskGroup group(loop_);
  for (const state::Intent& intent : intents) group.add(recover_one(intent));
  Task<void> joined = group.join();
  co_await joined;
  if (diagnostics_.has_errors()) co_return;
  Task<Diagnostics> settling = session_.settle();
  diagnostics_.append(co_await settling);
}

Task<void> Planner::recover_one(state::Intent intent) {
  std::string address = intent.address.instance_text(intent.key);
  std::string source = provider_source(intent.provider);
  Diagnostics diagnostics;
  Task<schema::Provider*> getting = run_.providers_.get(intent.provider, diagnostics);
  schema::Provider* provider = co_await getting;
  const schema::TypeSchema* type = run_.providers_.type_schema(source, state::Mode::kManaged, intent.address.type);
  say(std::move(diagnostics), address, {});
  if (!provider || !type) {
    Diagnostics wrong;
    wrong.error(
        "Interrupted create not settled",
        fmt::format("An earlier run was stopped while it created {}, and its provider can't be asked now whether the "
                    "object exists. Put the provider's configuration back and plan again; the journal stays.",
                    address));
    say(std::move(wrong), address, {});
    co_return;
  }
  schema::RecoverRequest request;
  request.type = intent.address.type;
  request.intent_token = intent.token;
  request.intent_time_s = intent.time_s;
  Result<Value, std::string> planned = state::decode_value(intent.planned, type->implied_type);
  Result<std::vector<Path>, std::string> unknown = state::decode_paths(intent.unknown);
  if (planned.ok() && unknown.ok())
    request.planned = state::make_unknown(*planned, *unknown);
  else
    request.planned = Value::null(type->implied_type);
  Task<schema::ReadResponse> recovering = provider->recover_create(request);
  schema::ReadResponse found = co_await recovering;
  bool wrong = found.diagnostics.has_errors();
  say(std::move(found.diagnostics), address, {});
  if (wrong || !found.new_state.has_content()) co_return;
  auto object = std::make_shared<Object>();
  object->schema_version = type->version;
  object->attributes = state::encode_value(found.new_state.without_marks_deep(), type->implied_type);
  object->private_data = found.private_data;
  // Whether the create was finished is not known, so the object is read, compared and mended like any other.
  session_.state().at(intent.address, intent.key, intent.provider).current = std::move(object);
}

// ---- refresh ----

const Prior* Planner::prior(const ResourceAddress& address, const InstanceKey& key, const std::string& deposed) const {
  const state::Instance* instance = plan_.prior_state.find(address, key);
  if (!instance) return nullptr;
  const Object* object = nullptr;
  if (deposed.empty()) {
    object = instance->current.get();
  } else if (auto found = instance->deposed.find(deposed); found != instance->deposed.end()) {
    object = found->second.get();
  }
  auto found = priors_.find(object);
  return object && found != priors_.end() ? &found->second : nullptr;
}

bool Planner::decode(const Place& place, const ObjectPtr& object, schema::Provider* provider,
                     const schema::TypeSchema& type, Prior& prior) {
  std::string address = place.address.instance_text(place.key);
  prior.object = object;
  if (object->schema_version != type.version) {
    Checked<Value> upgraded = provider->upgrade_state(place.address.type, object->schema_version, object->attributes);
    bool wrong = upgraded.diagnostics.has_errors();
    say(std::move(upgraded.diagnostics), address, {});
    if (wrong) return false;
    prior.value = std::move(upgraded.value);
    auto today = std::make_shared<Object>(*object);
    today->schema_version = type.version;
    today->attributes = state::encode_value(prior.value, type.implied_type);
    prior.object = std::move(today);
  } else {
    Result<Value, std::string> value = state::decode_value(object->attributes, type.implied_type);
    if (!value.ok()) {
      Diagnostics wrong;
      wrong.error(
          "Failed to decode resource from state",
          fmt::format("The object of {} in the state does not fit the type {}: {}. Restore it from a backup, or remove "
                      "it from the state and import it.",
                      address, place.address.type, value.error()));
      say(std::move(wrong), address, {});
      return false;
    }
    prior.value = std::move(*value);
  }
  if (!object->sensitive_attributes.empty()) {
    Result<std::vector<Path>, std::string> paths = state::decode_paths(object->sensitive_attributes);
    if (paths.ok()) {
      for (Path& path : *paths) prior.marks.push_back({std::move(path), lang::Marks::kSensitive});
    }
  }
  return true;
}

Task<void> Planner::refresh_one(Place place, ObjectPtr object, schema::Provider* provider, std::string source) {
  const schema::TypeSchema* type = run_.providers_.type_schema(source, place.address.mode, place.address.type);
  std::string address = place.address.instance_text(place.key);
  auto resource = plan_.prior_state.resources.find(place.address);
  if (resource == plan_.prior_state.resources.end()) co_return;  // a data source that has been read anew meanwhile
  state::Instance& instance = resource->second.instances.at(place.key);
  ObjectPtr& slot = place.deposed.empty() ? instance.current : instance.deposed.at(place.deposed);
  if (!type) {
    Diagnostics wrong;
    wrong.error(
        "Unsupported resource type",
        fmt::format(
            "The state has {}, and the provider {} has no type {} in this release. Manage it with Terraform, or "
            "take it out of the state with \"terrace state rm\".",
            address, source, place.address.type));
    say(std::move(wrong), address, {});
    co_return;
  }
  Prior found;
  if (!decode(place, object, provider, *type, found)) co_return;
  Value before = found.value;
  bool read = options_.refresh && place.address.mode == state::Mode::kManaged;
  if (read) {
    std::string id = id_of(found.value);
    if (observer_) observer_->refresh_started(address, id);
    schema::ReadRequest request{place.address.type, found.value, found.object->private_data};
    Task<schema::ReadResponse> reading = provider->read_resource(request);
    schema::ReadResponse response = co_await reading;
    bool wrong = response.diagnostics.has_errors();
    say(std::move(response.diagnostics), address, {});
    if (wrong) co_return;
    if (observer_) observer_->refresh_completed(address, id);
    bool gone = !response.new_state.has_content();
    if (gone || !response.new_state.identical(before)) {
      Value shown = schema::mark_sensitive(type->block, lang::mark_paths(before, found.marks));
      Drift drift;
      drift.resource = planned_resource(units_.of(place.address), place.address, resource->second.provider);
      drift.key = place.key;
      drift.deposed = place.deposed;
      drift.action = gone ? Action::kDelete : Action::kUpdate;
      drift.before = std::move(shown);
      drift.after = gone ? Value::null(type->implied_type)
                         : schema::mark_sensitive(type->block, lang::mark_paths(response.new_state, found.marks));
      plan_.drift.push_back(std::move(drift));
    }
    if (gone) {
      slot.reset();
      co_return;
    }
    // A provider that keeps nothing private leaves what another one stored there.
    if (response.private_data.empty()) response.private_data = found.object->private_data;
    if (!response.new_state.identical(before) || response.private_data != found.object->private_data) {
      auto changed = std::make_shared<Object>(*found.object);
      changed->attributes = state::encode_value(response.new_state, type->implied_type);
      changed->private_data = std::move(response.private_data);
      found.object = std::move(changed);
      found.value = std::move(response.new_state);
    }
  }
  slot = found.object;
  priors_.emplace(slot.get(), std::move(found));
}

Task<void> Planner::refresh_of_provider(std::string provider_address) {
  auto waiting = waiting_refresh_.find(provider_address);
  if (waiting == waiting_refresh_.end()) co_return;
  std::vector<std::pair<Place, ObjectPtr>> objects = std::move(waiting->second);
  waiting_refresh_.erase(waiting);
  Diagnostics said;
  Task<schema::Provider*> getting = run_.providers_.get(provider_address, said);
  schema::Provider* provider = co_await getting;
  say(std::move(said), "", {});
  if (!provider) co_return;
  std::string source = provider_source(provider_address);
  TaskGroup group(loop_);
  for (auto& [place, object] : objects) group.add(refresh_one(std::move(place), std::move(object), provider, source));
  Task<void> joined = group.join();
  co_await joined;
}

Task<void> Planner::refresh_all() {
  for (const auto& [address, resource] : plan_.prior_state.resources) {
    uint32_t unit = units_.of(address);
    // What data sources said is read anew, except where only their stored values are wanted.
    bool data = address.mode == state::Mode::kData;
    if (!active_[unit] || (data && options_.mode != Mode::kDestroy)) continue;
    for (const auto& [key, instance] : resource.instances) {
      std::vector<std::pair<Place, ObjectPtr>>& waiting = waiting_refresh_[resource.provider];
      if (instance.current) waiting.push_back({Place{address, key, ""}, instance.current});
      for (const auto& [deposed, object] : instance.deposed) waiting.push_back({Place{address, key, deposed}, object});
    }
  }
  std::vector<std::string> independent;
  for (const auto& [provider, objects] : waiting_refresh_) {
    if (run_.providers_.independent(provider)) independent.push_back(provider);
  }
  TaskGroup group(loop_);
  for (const std::string& provider : independent) group.add(refresh_of_provider(provider));
  Task<void> joined = group.join();
  co_await joined;
}

// ---- targets ----

bool Planner::wanted(uint32_t unit, const std::string& instance_address) const {
  if (options_.targets.empty() || !units_[unit].targeted) return active_[unit];
  for (const std::string& target : options_.targets) {
    if (target_matches(target, instance_address) || target_matches(target, units_[unit].config_address)) return true;
  }
  // Not named itself, but something that is named needs the resource.
  return units_[unit].needed_by_target;
}

void Planner::choose_targets() {
  active_.assign(units_.size(), options_.targets.empty());
  if (options_.targets.empty()) return;
  std::vector<uint32_t> waiting;
  for (uint32_t unit = 0; unit < units_.size(); ++unit) {
    for (const std::string& target : options_.targets) {
      ResourceAddress plain;
      bool named = target_matches(target, units_[unit].config_address);
      // A target with instance keys: compared without them here, and with them for each instance.
      if (!named) named = target_matches(units_.without_keys(target), units_[unit].config_address);
      if (named) units_.at(unit).targeted = true;
    }
    if (units_[unit].targeted) waiting.push_back(unit);
  }
  for (uint32_t unit : waiting) active_[unit] = true;
  while (!waiting.empty()) {
    uint32_t unit = waiting.back();
    waiting.pop_back();
    const std::vector<uint32_t>& next = options_.mode == Mode::kDestroy ? units_[unit].dependents : units_[unit].needs;
    for (uint32_t other : next) {
      units_.at(other).needed_by_target = true;
      if (active_[other]) continue;
      active_[other] = true;
      waiting.push_back(other);
    }
  }
}

// ---- the walk ----

Task<void> Planner::walk() {
  std::vector<uint32_t> pending(units_.size());
  std::vector<uint32_t> ready;
  for (uint32_t unit = units_.size(); unit-- > 0;) {
    pending[unit] = static_cast<uint32_t>(units_[unit].config_needs);
    if (units_[unit].in_config && pending[unit] == 0) ready.push_back(unit);
  }
  std::unique_ptr<Event> news;
  size_t running = 0;
  std::vector<uint32_t> done;
  TaskGroup reads(loop_);
  while (!ready.empty() || running > 0 || !done.empty()) {
    for (uint32_t unit : done) {
      for (uint32_t dependent : units_[unit].dependents) {
        if (units_[dependent].in_config && --pending[dependent] == 0) ready.push_back(dependent);
      }
    }
    done.clear();
    if (ready.empty()) {
      if (running == 0) break;
      news = std::make_unique<Event>(loop_);
      Event& wake = *news;
      co_await wake;
      continue;
    }
    uint32_t unit = ready.back();
    ready.pop_back();
    if (units_[unit].is_data && active_[unit]) {
      ++running;
      reads.add(read_unit(unit, done, news, running));
      continue;
    }
    Task<void> planning = plan_unit(unit);
    co_await planning;
    done.push_back(unit);
  }
  Task<void> joined = reads.join();
  co_await joined;
  // What only the state knows comes last, when every provider can be configured.
  while (!waiting_refresh_.empty()) {
    std::string provider = waiting_refresh_.begin()->first;
    Task<void> refreshing = refresh_of_provider(provider);
    co_await refreshing;
  }
  for (uint32_t unit = 0; unit < units_.size(); ++unit) {
    if (units_[unit].in_config || !active_[unit]) continue;
    if (!units_[unit].is_data && options_.mode != Mode::kRefreshOnly) plan_orphans(unit, {});
    if (!units_[unit].is_data || options_.mode == Mode::kDestroy) continue;
    for (const ResourceAddress& address : units_[unit].in_state) plan_.prior_state.resources.erase(address);
  }
}

Task<void> Planner::read_unit(uint32_t unit, std::vector<uint32_t>& done, std::unique_ptr<Event>& news,
                              size_t& running) {
  Task<void> planning = plan_unit(unit);
  co_await planning;
  done.push_back(unit);
  --running;
  if (news) news->set();
}

void Planner::values_from_state(uint32_t unit) {
  values_.begin(unit);
  for (const ResourceAddress& address : units_[unit].in_state) {
    auto resource = plan_.prior_state.resources.find(address);
    if (resource == plan_.prior_state.resources.end()) continue;
    const schema::TypeSchema* type =
        run_.providers_.type_schema(provider_source(resource->second.provider), address.mode, address.type);
    for (const auto& [key, instance] : resource->second.instances) {
      const Prior* known = prior(address, key, "");
      if (!known || !type) continue;
      values_.set(unit, address.module, key,
                  schema::mark_sensitive(type->block, lang::mark_paths(known->value, known->marks)));
    }
  }
}

Task<void> Planner::plan_unit(uint32_t unit) {
  const Unit& here = units_[unit];
  if (here.relay) co_return;
  bool managed = !here.is_data;
  if (waiting_refresh_.count(here.provider) > 0) {
    Task<void> refreshing = refresh_of_provider(here.provider);
    co_await refreshing;
  }
  if (!active_[unit]) {
    values_from_state(unit);
    co_return;
  }
  if (options_.mode == Mode::kDestroy || (options_.mode == Mode::kRefreshOnly && managed)) {
    values_from_state(unit);
    if (managed && options_.mode != Mode::kRefreshOnly) plan_orphans(unit, {});
    co_return;
  }
  const DesiredResource& desired = desired_.resources()[unit];
  Checked<Expansion> expansion = desired_.expand(unit);
  bool wrong = expansion.diagnostics.has_errors();
  say(std::move(expansion.diagnostics), "", desired.range);
  const schema::TypeSchema* type =
      run_.providers_.type_schema(desired_.providers()[desired.provider].source, desired.mode, desired.type);
  schema::Provider* provider = nullptr;
  if (!wrong && !expansion.value.instances.empty()) {
    Diagnostics said;
    Task<schema::Provider*> getting = run_.providers_.get(here.provider, said);
    provider = co_await getting;
    say(std::move(said), "", desired.range);
    if (provider && !type) {
      Diagnostics none;
      none.error(
          managed ? "Invalid resource type" : "Invalid data source",
          fmt::format("The provider {} does not support {} type \"{}\".", desired_.providers()[desired.provider].source,
                      managed ? "resource" : "data source", desired.type));
      say(std::move(none), "", desired.range);
    }
    wrong = !provider || !type;
  }
  if (wrong) {
    values_.fail(unit);
    failed_[unit] = true;
    co_return;
  }
  values_.begin(unit);
  if (managed) {
    Task<void> planning = plan_managed(unit, expansion.value, provider, *type);
    co_await planning;
  } else {
    Task<void> reading = plan_data(unit, expansion.value, provider, *type);
    co_await reading;
  }
}

Task<void> Planner::plan_managed(uint32_t unit, const Expansion& expansion, schema::Provider* provider,
                                 const schema::TypeSchema& type) {
  const DesiredResource& desired = desired_.resources()[unit];
  std::set<std::string> kept;
  bool stored = !units_[unit].in_state.empty();
  for (const DesiredInstance& instance : expansion.instances) {
    ResourceAddress address{desired_.module_address(instance.module), desired.mode, desired.type, desired.name};
    uint32_t resource = planned_resource(unit, address, units_[unit].provider);
    if (stored) kept.insert(address.instance_text(instance.key));
    Task<void> planning = plan_instance(unit, resource, instance, provider, type);
    co_await planning;
  }
  warn_of_incomplete_replaces(unit, expansion);
  if (stored) plan_orphans(unit, kept);
}

void Planner::warn_of_incomplete_replaces(uint32_t unit, const Expansion& expansion) {
  if (desired_.repetition(unit) == Repetition::kSingle) return;
  const DesiredResource& desired = desired_.resources()[unit];
  for (const std::string& replace : options_.replaces) {
    std::vector<std::string> meant;
    for (const DesiredInstance& instance : expansion.instances) {
      ResourceAddress address{desired_.module_address(instance.module), desired.mode, desired.type, desired.name};
      if (address.instance_text({}) == replace)
        meant.push_back(fmt::format("\n  -replace={}", nlohmann::json(address.instance_text(instance.key)).dump()));
    }
    std::string detail =
        fmt::format("Your force-replace request for {} doesn't match any resource instances because ", replace);
    if (!meant.empty()) {
      detail += fmt::format("it lacks an instance key.\n\nTo force replacement of {} instead:{}",
                            meant.size() == 1 ? "the single declared instance, use the following option"
                                              : "particular instances, use one or more of the following options",
                            fmt::join(meant, ""));
    } else if (expansion.instances.empty() && replace == desired.config_address) {
      detail += "this resource doesn't have any instances.";
    } else {
      continue;
    }
    diagnostics_.warning("Incompletely-matched force-replace resource instance", std::move(detail));
  }
}

bool Planner::triggered(const DesiredResource& desired) const {
  for (const DesiredResource::Trigger& trigger : desired.replace_triggered_by) {
    for (uint32_t index : changes_of_[trigger.resource]) {
      const ResourceChange& change = plan_.changes[index];
      if (change.action == Action::kNoOp || (trigger.has_key && change.key != trigger.key)) continue;
      if (trigger.path.empty()) {
        if (change.action == Action::kUpdate || is_replace(change.action)) return true;
        continue;
      }
      if (!change.before.has_content()) continue;
      std::optional<Value> before = lang::value_at(change.before, trigger.path);
      std::optional<Value> after = lang::value_at(change.after, trigger.path);
      if (before.has_value() != after.has_value() || (before && !before->identical(*after))) return true;
    }
  }
  return false;
}

Task<void> Planner::plan_instance(uint32_t unit, uint32_t resource, const DesiredInstance& instance,
                                  schema::Provider* provider, const schema::TypeSchema& type) {
  const DesiredResource& desired = desired_.resources()[unit];
  // A copy: the resources grow while this waits.
  const ResourceAddress address = plan_.resources[resource].address;
  std::string name = address.instance_text(instance.key);
  const Prior* before = prior(address, instance.key, "");
  Value none = Value::null(type.implied_type);
  if (!wanted(unit, name)) {
    if (before)
      values_.set(unit, address.module, instance.key,
                  schema::mark_sensitive(type.block, lang::mark_paths(before->value, before->marks)));
    co_return;
  }
  Checked<Value> evaluated = desired_.evaluate(unit, instance);
  bool wrong = evaluated.diagnostics.has_errors();
  say(std::move(evaluated.diagnostics), name, desired.range);
  if (wrong) {
    values_.fail(unit);
    failed_[unit] = true;
    co_return;
  }
  std::vector<lang::PathMarks> marks;
  const Value written = lang::unmark_deep(evaluated.value, marks);
  Value config = written;
  if (before && desired.ignore_all) {
    for (const schema::Attribute& attribute : type.block.attributes) {
      if (attribute.required || attribute.optional)
        config = config.with_attribute(attribute.name, before->value.attribute(attribute.name));
    }
    for (const schema::NestedBlock& nested : type.block.blocks)
      config = config.with_attribute(nested.name, before->value.attribute(nested.name));
  } else if (before) {
    for (const Path& path : desired.ignore_changes) config = copy_at(config, before->value, path, 0);
  }
  Diagnostics said = provider->validate_resource(desired.type, config);
  wrong = said.has_errors();
  say(std::move(said), name, desired.range);
  if (wrong) {
    values_.fail(unit);
    failed_[unit] = true;
    co_return;
  }

  ResourceChange change;
  change.resource = resource;
  change.key = instance.key;
  change.before = none;
  bool replace = false;
  if (before) {
    change.before = schema::mark_sensitive(type.block, lang::mark_paths(before->value, before->marks));
    if (before->object->tainted) {
      replace = true;
      change.reason = ActionReason::kReplaceBecauseTainted;
    } else if (std::find(options_.replaces.begin(), options_.replaces.end(), name) != options_.replaces.end()) {
      replace = true;
      change.reason = ActionReason::kReplaceByRequest;
    } else if (triggered(desired)) {
      replace = true;
      change.reason = ActionReason::kReplaceByTriggers;
    }
  }
  schema::PlanResponse response;
  if (before && !before->object->tainted) {
    schema::PlanRequest request{desired.type, before->value, schema::proposed_new(type.block, before->value, config),
                                config, before->object->private_data};
    Task<schema::PlanResponse> planning = provider->plan_resource(request);
    response = co_await planning;
    for (Path& path : response.requires_replace) {
      std::optional<Value> was = lang::value_at(before->value, path);
      std::optional<Value> will = lang::value_at(response.planned, path);
      if (was.has_value() == will.has_value() && (!was || was->identical(*will))) continue;
      change.replace_paths.push_back(std::move(path));
    }
    if (!replace && !change.replace_paths.empty()) {
      replace = true;
      change.reason = ActionReason::kReplaceBecauseCannotUpdate;
    }
  }
  if ((!before || replace) && !response.diagnostics.has_errors()) {
    // ignore_changes holds for an object that goes on, not for the one in its place.
    config = written;
    schema::PlanRequest request{desired.type, none, schema::proposed_new(type.block, none, config), config, ""};
    Task<schema::PlanResponse> planning = provider->plan_resource(request);
    schema::PlanResponse created = co_await planning;
    created.diagnostics.append(std::move(response.diagnostics));
    response = std::move(created);
  }
  wrong = response.diagnostics.has_errors();
  say(std::move(response.diagnostics), name, desired.range);
  if (!wrong && !response.planned.has_content()) {
    Diagnostics bug;
    bug.error("Provider produced invalid plan",
              fmt::format("The provider planned no value for {}. This is a bug in the provider.", name));
    say(std::move(bug), name, desired.range);
    wrong = true;
  }
  if (wrong) {
    values_.fail(unit);
    failed_[unit] = true;
    co_return;
  }
  change.after = schema::mark_sensitive(type.block, lang::mark_paths(response.planned, marks));
  change.private_data = std::move(response.private_data);
  if (replace) {
    change.action = units_[unit].create_before_destroy ? Action::kCreateThenDelete : Action::kDeleteThenCreate;
    if (desired.prevent_destroy) {
      Diagnostics prevented;
      prevented.error(
          "Instance cannot be destroyed",
          fmt::format("Resource {} has lifecycle.prevent_destroy set, but the plan calls for this resource to be "
                      "destroyed. To avoid this error and continue with the plan, either disable "
                      "lifecycle.prevent_destroy or reduce the scope of the plan using the -target option.",
                      name));
      say(std::move(prevented), name, desired.range);
    }
  } else if (!before) {
    change.action = Action::kCreate;
  } else if (change.after.identical(change.before)) {
    change.action = Action::kNoOp;
    change.after = change.before;
  } else {
    change.action = Action::kUpdate;
  }
  if (change.action != Action::kNoOp) change.config = std::move(config);
  say(desired_.check_result(unit, instance, change.after), name, desired.range);
  values_.set(unit, address.module, instance.key, change.after);
  changes_of_[unit].push_back(static_cast<uint32_t>(plan_.changes.size()));
  plan_.changes.push_back(std::move(change));
  // Deposed objects of an interrupted create-before-destroy go.
  const state::Instance* stored = plan_.prior_state.find(address, instance.key);
  if (!stored) co_return;
  std::vector<std::string> deposed;
  for (const auto& [key, object] : stored->deposed) deposed.push_back(key);
  for (const std::string& key : deposed) plan_delete(resource, instance.key, key, ActionReason::kNone);
}

bool Planner::has_pending(uint32_t unit) const {
  // Relays are seen through.
  std::vector<uint32_t> waiting = desired_.resources()[unit].explicit_needs;
  std::set<uint32_t> seen;
  while (!waiting.empty()) {
    uint32_t need = waiting.back();
    waiting.pop_back();
    if (!seen.insert(need).second) continue;
    if (units_[need].relay) waiting.insert(waiting.end(), units_[need].needs.begin(), units_[need].needs.end());
    for (uint32_t index : changes_of_[need]) {
      if (plan_.changes[index].action != Action::kNoOp) return true;
    }
  }
  return false;
}

Task<void> Planner::plan_data(uint32_t unit, const Expansion& expansion, schema::Provider* provider,
                              const schema::TypeSchema& type) {
  const DesiredResource& desired = desired_.resources()[unit];
  for (const ResourceAddress& address : units_[unit].in_state) plan_.prior_state.resources.erase(address);
  bool pending = has_pending(unit);
  TaskGroup group(loop_);
  for (const DesiredInstance& instance : expansion.instances) {
    ResourceAddress address{desired_.module_address(instance.module), desired.mode, desired.type, desired.name};
    uint32_t resource = planned_resource(unit, address, units_[unit].provider);
    group.add(read_instance(unit, resource, instance, pending, provider, type));
  }
  Task<void> joined = group.join();
  co_await joined;
}

Task<void> Planner::read_instance(uint32_t unit, uint32_t resource, DesiredInstance instance, bool pending,
                                  schema::Provider* provider, const schema::TypeSchema& type) {
  const DesiredResource& desired = desired_.resources()[unit];
  const ResourceAddress address = plan_.resources[resource].address;
  std::string name = address.instance_text(instance.key);
  Checked<Value> evaluated = desired_.evaluate(unit, instance);
  std::vector<lang::PathMarks> marks;
  Value config = lang::unmark_deep(evaluated.value, marks);
  if (!evaluated.diagnostics.has_errors()) evaluated.diagnostics.append(provider->validate_data(desired.type, config));
  bool wrong = evaluated.diagnostics.has_errors();
  say(std::move(evaluated.diagnostics), name, desired.range);
  if (wrong) {
    values_.fail(unit);
    failed_[unit] = true;
    co_return;
  }
  bool known = config.is_wholly_known() && run_.providers_.configured(units_[unit].provider);
  if (!known || pending) {
    ResourceChange change;
    change.resource = resource;
    change.key = instance.key;
    change.action = Action::kRead;
    change.reason = known ? ActionReason::kReadBecauseDependencyPending : ActionReason::kReadBecauseConfigUnknown;
    change.before = Value::null(type.implied_type);
    Value unknown = schema::computed_unknown(type.block, schema::proposed_new(type.block, change.before, config));
    change.after = schema::mark_sensitive(type.block, lang::mark_paths(unknown, marks));
    change.config = std::move(config);
    values_.set(unit, address.module, instance.key, change.after);
    changes_of_[unit].push_back(static_cast<uint32_t>(plan_.changes.size()));
    plan_.changes.push_back(std::move(change));
    co_return;
  }
  if (observer_) observer_->read_started(name);
  Duration start = loop_.clock().monotonic();
  schema::DataRequest request{desired.type, config};
  Task<schema::DataResponse> reading = provider->read_data(request);
  schema::DataResponse response = co_await reading;
  wrong = response.diagnostics.has_errors();
  say(std::move(response.diagnostics), name, desired.range);
  if (wrong) {
    values_.fail(unit);
    failed_[unit] = true;
    co_return;
  }
  if (observer_) observer_->read_completed(name, id_of(response.state), loop_.clock().monotonic() - start);
  values_.set(unit, address.module, instance.key,
              schema::mark_sensitive(type.block, lang::mark_paths(response.state, marks)));
  say(desired_.check_result(unit, instance, response.state), name, desired.range);
  // A sibling stack's planned outputs can be unknown: then there is nothing to store yet.
  if (!response.state.is_wholly_known()) {
    ResourceChange change;
    change.resource = resource;
    change.key = instance.key;
    change.action = Action::kRead;
    change.reason = ActionReason::kReadBecauseConfigUnknown;
    change.before = Value::null(type.implied_type);
    change.after = schema::mark_sensitive(type.block, lang::mark_paths(response.state, marks));
    change.config = std::move(config);
    changes_of_[unit].push_back(static_cast<uint32_t>(plan_.changes.size()));
    plan_.changes.push_back(std::move(change));
    co_return;
  }
  auto object = std::make_shared<Object>();
  object->schema_version = type.version;
  object->attributes = state::encode_value(response.state.without_marks_deep(), type.implied_type);
  std::vector<Path> sensitive;
  for (const lang::PathMarks& mark : marks) {
    if (any(mark.marks & lang::Marks::kSensitive)) sensitive.push_back(mark.path);
  }
  if (!sensitive.empty()) object->sensitive_attributes = state::encode_paths(sensitive);
  plan_.prior_state.at(address, instance.key, units_[unit].provider).current = std::move(object);
}

// ---- what goes ----

ActionReason Planner::orphan_reason(uint32_t unit, const InstanceKey& key) const {
  if (options_.mode == Mode::kDestroy) return ActionReason::kNone;
  if (!units_[unit].in_config) {
    bool module_gone = !units_[unit].module.empty() && !desired_.has_module(units_[unit].module);
    return module_gone ? ActionReason::kDeleteBecauseNoModule : ActionReason::kDeleteBecauseNoResourceConfig;
  }
  Repetition repetition = desired_.repetition(unit);
  if (repetition == Repetition::kCount && std::holds_alternative<int64_t>(key))
    return ActionReason::kDeleteBecauseCountIndex;
  if (repetition == Repetition::kForEach && std::holds_alternative<std::string>(key))
    return ActionReason::kDeleteBecauseEachKey;
  bool single = repetition == Repetition::kSingle && std::holds_alternative<std::monostate>(key);
  return single ? ActionReason::kDeleteBecauseNoModule : ActionReason::kDeleteBecauseWrongRepetition;
}

void Planner::plan_delete(uint32_t resource, const InstanceKey& key, const std::string& deposed, ActionReason reason) {
  const PlannedResource& planned = plan_.resources[resource];
  const Prior* before = prior(planned.address, key, deposed);
  const schema::TypeSchema* type =
      run_.providers_.type_schema(planned.provider_source, planned.address.mode, planned.address.type);
  if (!before || !type) return;
  uint32_t unit = planned.unit;
  if (units_[unit].in_config && desired_.resources()[unit].prevent_destroy && deposed.empty()) {
    Diagnostics prevented;
    std::string name = planned.address.instance_text(key);
    prevented.error(
        "Instance cannot be destroyed",
        fmt::format("Resource {} has lifecycle.prevent_destroy set, but the plan calls for this resource to be "
                    "destroyed. To avoid this error and continue with the plan, either disable "
                    "lifecycle.prevent_destroy or reduce the scope of the plan using the -target option.",
                    name));
    say(std::move(prevented), name, desired_.resources()[unit].range);
    return;
  }
  ResourceChange change;
  change.resource = resource;
  change.key = key;
  change.deposed = deposed;
  change.action = Action::kDelete;
  change.reason = reason;
  change.before = schema::mark_sensitive(type->block, lang::mark_paths(before->value, before->marks));
  change.after = Value::null(type->implied_type);
  changes_of_[unit].push_back(static_cast<uint32_t>(plan_.changes.size()));
  plan_.changes.push_back(std::move(change));
}

void Planner::plan_orphans(uint32_t unit, const std::set<std::string>& kept) {
  for (const ResourceAddress& address : units_[unit].in_state) {
    auto resource = plan_.prior_state.resources.find(address);
    if (resource == plan_.prior_state.resources.end()) continue;
    for (const auto& [key, instance] : resource->second.instances) {
      std::string name = address.instance_text(key);
      if (kept.count(name) > 0 || !wanted(unit, name)) continue;
      uint32_t index = planned_resource(unit, address, resource->second.provider);
      if (instance.current) plan_delete(index, key, "", orphan_reason(unit, key));
      for (const auto& [deposed, object] : instance.deposed) plan_delete(index, key, deposed, ActionReason::kNone);
    }
  }
}

// ---- outputs ----

void Planner::plan_outputs() {
  std::map<std::string, OutputChange>& outputs = plan_.outputs;
  for (const auto& [name, stored] : plan_.initial_state.outputs) {
    OutputChange change;
    Result<Type, std::string> type = state::decode_type(stored.type);
    if (type.ok()) {
      Result<Value, std::string> value = state::decode_value(stored.value, *type);
      if (value.ok()) change.before = std::move(*value);
    }
    change.sensitive = stored.sensitive;
    if (stored.sensitive) change.before = change.before.with_marks(lang::Marks::kSensitive);
    change.action = options_.targets.empty() ? Action::kDelete : Action::kNoOp;
    if (!options_.targets.empty()) change.after = change.before;
    outputs[name] = std::move(change);
  }
  if (options_.mode == Mode::kDestroy) return;
  const std::vector<DesiredOutput>& desired = desired_.outputs();
  for (uint32_t i = 0; i < desired.size(); ++i) {
    // With targets, only what they alone decide.
    bool needed = options_.targets.empty() || !desired[i].needs.empty();
    bool broken = false;
    for (uint32_t need : desired[i].needs) {
      needed = needed && active_[need];
      broken = broken || failed_[need];
    }
    if (!needed || broken) continue;
    Checked<Value> value = desired_.evaluate_output(i);
    bool wrong = value.diagnostics.has_errors();
    say(std::move(value.diagnostics), "", desired[i].range);
    if (wrong) continue;
    if (!desired[i].sensitive && any(value.value.marks_deep() & lang::Marks::kSensitive)) {
      Diagnostics exposed;
      exposed.error(
          "Output refers to sensitive values",
          "To reduce the risk of accidentally exporting sensitive data that was intended to be only internal, "
          "Terraform requires that any root module output containing sensitive data be explicitly marked as "
          "sensitive, to confirm your intent.\n\nIf you do intend to export this data, annotate the output value as "
          "sensitive by adding the following argument:\n    sensitive = true");
      say(std::move(exposed), "", desired[i].range);
      continue;
    }
    auto [place, is_new] = outputs.try_emplace(desired[i].name);
    OutputChange& change = place->second;
    Value plain = value.value.without_marks_deep();
    if (is_new && plain.is_null()) {
      outputs.erase(place);
      continue;
    }
    bool same =
        !is_new && change.before.without_marks_deep().identical(plain) && change.sensitive == desired[i].sensitive;
    change.action = same              ? Action::kNoOp
                    : is_new          ? Action::kCreate
                    : plain.is_null() ? Action::kDelete
                                      : Action::kUpdate;
    change.sensitive = desired[i].sensitive;
    change.after = change.sensitive ? value.value.with_marks(lang::Marks::kSensitive) : value.value;
  }
}

void Planner::sort_changes() {
  std::vector<uint32_t> order(plan_.changes.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  // Those of outer modules come first.
  std::vector<std::pair<size_t, const ResourceAddress*>> places;
  for (const PlannedResource& resource : plan_.resources)
    places.emplace_back(module_depth(resource.config_address), &resource.address);
  std::sort(order.begin(), order.end(), [this, &places](uint32_t a, uint32_t b) {
    const ResourceChange& left = plan_.changes[a];
    const ResourceChange& right = plan_.changes[b];
    if (left.resource != right.resource) {
      const auto& [left_depth, left_address] = places[left.resource];
      const auto& [right_depth, right_address] = places[right.resource];
      return left_depth != right_depth ? left_depth < right_depth : *left_address < *right_address;
    }
    if (left.key != right.key) return left.key < right.key;
    return left.deposed < right.deposed;
  });
  std::vector<uint32_t> now_at(order.size());
  std::vector<ResourceChange> sorted;
  sorted.reserve(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    now_at[order[i]] = i;
    sorted.push_back(std::move(plan_.changes[order[i]]));
  }
  plan_.changes = std::move(sorted);
  for (std::vector<uint32_t>& changes : changes_of_) {
    for (uint32_t& change : changes) change = now_at[change];
    std::sort(changes.begin(), changes.end());
  }
}

Task<Diagnostics> Planner::make() {
  plan_.mode = options_.mode;
  plan_.targets = options_.targets;
  plan_.replaces = options_.replaces;
  plan_.variables = options_.variables;
  plan_.timestamp = rfc3339(loop_.clock().wall());
  desired_.begin(values_, false);
  diagnostics_.append(desired_.check_variables());
  Task<void> recovering = recover();
  co_await recovering;
  plan_.initial_state.lineage = session_.state().lineage;
  plan_.initial_state.serial = session_.state().serial;
  plan_.initial_state.outputs = session_.state().outputs;
  plan_.prior_state = session_.state();
  if (diagnostics_.has_errors()) {
    plan_.errored = true;
    co_return std::move(diagnostics_);
  }
  units_ = make_units(desired_, plan_.prior_state);
  failed_.assign(units_.size(), false);
  changes_of_.resize(units_.size());
  choose_targets();
  Task<void> refreshing = refresh_all();
  co_await refreshing;
  Task<void> walking = walk();
  co_await walking;
  for (auto resource = plan_.prior_state.resources.begin(); resource != plan_.prior_state.resources.end();) {
    for (auto instance = resource->second.instances.begin(); instance != resource->second.instances.end();) {
      if (instance->second.empty())
        instance = resource->second.instances.erase(instance);
      else
        ++instance;
    }
    if (resource->second.instances.empty())
      resource = plan_.prior_state.resources.erase(resource);
    else
      ++resource;
  }
  if (options_.mode == Mode::kNormal && !diagnostics_.has_errors()) diagnostics_.append(desired_.check_modules());
  plan_outputs();
  plan_.checks = plan_.prior_state.checks;
  sort_changes();
  if (!options_.targets.empty()) {
    diagnostics_.warning(
        "Resource targeting is in effect",
        "You are creating a plan with the -target option, which means that the result of this plan may not "
        "represent all of the changes requested by the current configuration.\n\nThe -target option is "
        "not for routine use, and is provided only for exceptional situations such as recovering from "
        "errors or mistakes, or when terrace specifically suggests to use it as part of an error "
        "message.");
  }
  plan_.errored = diagnostics_.has_errors();
  if (!plan_.errored) make_edges(plan_, units_, changes_of_);
  co_return std::move(diagnostics_);
}

PlanRun::PlanRun(Environment environment, Desired& desired, state::StateSession& session)
    : environment_(environment), desired_(desired), session_(session), providers_(environment, desired) {}
PlanRun::~PlanRun() = default;

Task<Diagnostics> PlanRun::make(PlanOptions options) {
  Planner planner(*this, std::move(options));
  Task<Diagnostics> making = planner.make();
  co_return co_await making;
}

Diagnostics PlanRun::restore(Plan plan) {
  Diagnostics diagnostics;
  const state::State& now = session_.state();
  bool changed = plan.initial_state.lineage != now.lineage || plan.initial_state.serial != now.serial;
  if (changed || session_.has_leftovers()) {
    diagnostics.error(
        "Saved plan is stale",
        "The given plan file can no longer be applied because the state was changed by another operation after "
        "the plan was created.");
    return diagnostics;
  }
  plan_ = std::move(plan);
  return diagnostics;
}

}  // namespace terrace::plan
