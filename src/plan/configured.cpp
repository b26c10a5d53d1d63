#include "plan/configured.h"

#include <fmt/format.h>

#include <algorithm>

#include "schema/decode.h"

namespace terrace::plan {

using lang::Value;

namespace {

constexpr size_t kInlineReach = 4;
// What belongs to the language rather than to the type.
const std::vector<std::string> kMetaBlocks = {"lifecycle", "connection", "provisioner"};
const std::vector<std::string> kProviderMeta = {"alias", "version"};

void unique_sorted(std::vector<uint32_t>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

lang::Path path_of(const hcl::Traversal& traversal) {
  lang::Path path{lang::PathStep::attribute(traversal.root)};
  for (const hcl::TraversalStep& step : traversal.steps) {
    if (step.kind == hcl::TraversalStep::Kind::kAttribute) {
      path.push_back(lang::PathStep::attribute(step.text));
    } else if (step.kind == hcl::TraversalStep::Kind::kStringKey) {
      path.push_back(lang::PathStep::index(Value::string(step.text)));
    } else if (std::optional<lang::Number> number = lang::Number::parse(step.text)) {
      path.push_back(lang::PathStep::index(Value::number(*number)));
    }
  }
  return path;
}

// "aws_vpc.main" or "data.aws_ami.x" of a reference, and how many of its steps that takes; empty for anything else.
std::string resource_name(const hcl::Traversal& traversal, size_t& steps) {
  size_t wanted = traversal.root == "data" ? 2 : 1;
  if (traversal.steps.size() < wanted) return {};
  std::string out = traversal.root;
  for (size_t i = 0; i < wanted; ++i) {
    if (traversal.steps[i].kind != hcl::TraversalStep::Kind::kAttribute) return {};
    out += "." + traversal.steps[i].text;
  }
  steps = wanted;
  return out;
}

std::string in_module(const std::string& module, const std::string& name) {
  return module.empty() ? name : module + "." + name;
}

}  // namespace

// Answers the evaluation with the values of the run.
class Configured::Bridge final : public config::ResourceValues {
 public:
  explicit Bridge(const Configured& owner) : owner_(owner) {}
  Value resource_value(const config::ModuleInstance& module, const config::Resource& resource) override {
    auto unit = owner_.unit_by_address_.find(in_module(module.static_address, resource.address()));
    if (unit == owner_.unit_by_address_.end()) return Value::dynamic();
    return owner_.values_->resource_value(unit->second, module.address);
  }

 private:
  const Configured& owner_;
};

Configured::Configured(const config::Configuration& configuration, const config::ObjectGraph& graph,
                       std::map<std::string, Value> variables, lang::FunctionContext functions, std::string workspace,
                       schema::ProviderRegistry& providers)
    : configuration_(configuration),
      graph_(graph),
      variables_(std::move(variables)),
      functions_(std::move(functions)),
      workspace_(std::move(workspace)),
      registry_(providers),
      bridge_(std::make_unique<Bridge>(*this)) {
  collect();
}

Configured::~Configured() = default;

// ---- the shape ----

void Configured::collect() {
  const std::vector<config::Object>& objects = graph_.objects();
  unit_of_object_.assign(objects.size(), -1);
  reach_.resize(objects.size());
  // In the graph's order everything that an object needs has been seen before it.
  for (uint32_t object : graph_.order()) {
    if (objects[object].kind == config::ObjectKind::kResource) {
      collect_resource(object);
      continue;
    }
    // Also one that no resource uses any more: objects of the state may still need its settings.
    if (objects[object].kind == config::ObjectKind::kProvider) {
      const auto& config = *static_cast<const config::ProviderConfig*>(objects[object].subject);
      provider_index(objects[object].module_path, {config.name, config.alias, config.range});
    }
    std::vector<uint32_t> units = needed_units(graph_.needs(object));
    if (units.size() > kInlineReach) {
      DesiredResource relay;
      relay.relay = true;
      relay.config_address = fmt::format("{} #{}", objects[object].text, object);
      relay.needs = std::move(units);
      units = {static_cast<uint32_t>(resources_.size())};
      resources_.push_back(std::move(relay));
      sources_.emplace_back();
    }
    reach_[object] = std::move(units);
    if (objects[object].kind == config::ObjectKind::kOutput && objects[object].module_path == 0) {
      const config::Output& output = *static_cast<const config::Output*>(objects[object].subject);
      DesiredOutput made;
      made.name = output.name;
      made.sensitive = output.sensitive;
      made.needs = reach_[object];
      made.range = output.range;
      outputs_.push_back(std::move(made));
    }
  }
  // These may name resources that come later in the order, so they wait until all are there.
  for (uint32_t unit = 0; unit < resources_.size(); ++unit) {
    if (sources_[unit].resource) replace_triggers(resources_[unit], sources_[unit].path, *sources_[unit].resource);
  }
}

std::vector<uint32_t> Configured::needed_units(const std::vector<uint32_t>& objects) {
  std::vector<uint32_t> units;
  for (uint32_t object : objects) {
    if (unit_of_object_[object] >= 0)
      units.push_back(static_cast<uint32_t>(unit_of_object_[object]));
    else
      units.insert(units.end(), reach_[object].begin(), reach_[object].end());
  }
  unique_sorted(units);
  return units;
}

void Configured::collect_resource(uint32_t object) {
  const config::Object& here = graph_.objects()[object];
  const config::Resource& resource = here.resource();
  uint32_t unit = static_cast<uint32_t>(resources_.size());
  DesiredResource made;
  made.config_address = in_module(graph_.paths()[here.module_path].address, resource.address());
  made.mode = resource.mode == config::ResourceMode::kData ? state::Mode::kData : state::Mode::kManaged;
  made.type = resource.type;
  made.name = resource.name;
  made.provider = provider_index(here.module_path, resource.provider_reference());
  made.needs = needed_units(graph_.needs(object));
  const std::vector<uint32_t>& configured_by = providers_[made.provider].needs;
  made.needs.insert(made.needs.end(), configured_by.begin(), configured_by.end());
  unique_sorted(made.needs);
  made.explicit_needs = explicit_needs(here.module_path, resource.depends_on);
  for (uint32_t path = here.module_path; path != 0; path = graph_.paths()[path].parent) {
    std::vector<uint32_t> around = explicit_needs(graph_.paths()[path].parent, graph_.paths()[path].call->depends_on);
    made.explicit_needs.insert(made.explicit_needs.end(), around.begin(), around.end());
  }
  unique_sorted(made.explicit_needs);
  made.needs.insert(made.needs.end(), made.explicit_needs.begin(), made.explicit_needs.end());
  unique_sorted(made.needs);
  made.create_before_destroy = resource.lifecycle.create_before_destroy;
  made.prevent_destroy = resource.lifecycle.prevent_destroy;
  made.ignore_all = resource.lifecycle.ignore_all;
  for (const hcl::Traversal& traversal : resource.lifecycle.ignore_changes)
    made.ignore_changes.push_back(path_of(traversal));
  made.range = resource.range;
  made.has_result_rules = !resource.lifecycle.postconditions.empty();
  Source source;
  source.resource = &resource;
  source.path = here.module_path;
  if (const schema::ProviderSchema* schema = registry_.schema(providers_[made.provider].source)) {
    const auto& types = made.mode == state::Mode::kData ? schema->data_sources : schema->resources;
    auto type = types.find(resource.type);
    if (type != types.end()) source.type = &type->second;
  }
  unit_of_object_[object] = unit;
  unit_by_address_[made.config_address] = unit;
  resources_.push_back(std::move(made));
  sources_.push_back(std::move(source));
}

uint32_t Configured::provider_index(uint32_t path, const config::ProviderReference& reference) {
  uint32_t found_in = 0;
  const config::ProviderConfig* config = graph_.provider_of(path, reference, found_in);
  std::string source = graph_.provider_source(path, reference);
  std::string address = fmt::format("provider[\"{}\"]", source);
  if (config) {
    address = in_module(graph_.paths()[found_in].address, address);
    if (!config->alias.empty()) address += "." + config->alias;
  }
  auto [place, is_new] = provider_by_address_.try_emplace(address, static_cast<uint32_t>(providers_.size()));
  if (!is_new) return place->second;
  DesiredProvider made;
  made.address = std::move(address);
  made.source = std::move(source);
  if (config) {
    made.range = config->range;
    int64_t object = graph_.find(found_in, config);
    if (object >= 0) made.needs = needed_units(graph_.needs(static_cast<uint32_t>(object)));
  }
  providers_.push_back(std::move(made));
  provider_origins_.push_back({config, found_in});
  return place->second;
}

std::vector<uint32_t> Configured::explicit_needs(uint32_t path, const std::vector<hcl::Traversal>& depends_on) {
  std::vector<uint32_t> units;
  const std::string& module = graph_.paths()[path].address;
  for (const hcl::Traversal& traversal : depends_on) {
    if (traversal.root == "module" && !traversal.steps.empty()) {
      std::string called = in_module(module, "module." + traversal.steps[0].text);
      for (uint32_t object = 0; object < graph_.objects().size(); ++object) {
        const config::Object& here = graph_.objects()[object];
        const std::string& place = graph_.paths()[here.module_path].address;
        bool inside = place.compare(0, called.size(), called) == 0 &&
                      (place.size() == called.size() || place[called.size()] == '.');
        if (inside && unit_of_object_[object] >= 0) units.push_back(static_cast<uint32_t>(unit_of_object_[object]));
      }
      continue;
    }
    size_t steps = 0;
    auto unit = unit_by_address_.find(in_module(module, resource_name(traversal, steps)));
    if (unit != unit_by_address_.end()) units.push_back(unit->second);
  }
  unique_sorted(units);
  return units;
}

void Configured::replace_triggers(DesiredResource& made, uint32_t path, const config::Resource& resource) {
  for (const hcl::Expression* expression : resource.lifecycle.replace_triggered_by) {
    if (expression->kind != hcl::ExpressionKind::kScopeTraversal) continue;
    const hcl::Traversal& traversal = static_cast<const hcl::ScopeTraversal*>(expression)->traversal;
    size_t used = 0;
    auto unit = unit_by_address_.find(in_module(graph_.paths()[path].address, resource_name(traversal, used)));
    if (unit == unit_by_address_.end()) continue;
    DesiredResource::Trigger trigger;
    trigger.resource = unit->second;
    if (used < traversal.steps.size() && traversal.steps[used].kind != hcl::TraversalStep::Kind::kAttribute) {
      const hcl::TraversalStep& step = traversal.steps[used++];
      trigger.has_key = true;
      if (step.kind == hcl::TraversalStep::Kind::kStringKey)
        trigger.key = step.text;
      else if (std::optional<lang::Number> number = lang::Number::parse(step.text))
        trigger.key = number->to_int64().value_or(0);
    }
    if (used < traversal.steps.size()) {
      hcl::Traversal rest;
      rest.root = traversal.steps[used].text;
      rest.steps.assign(traversal.steps.begin() + static_cast<int64_t>(used) + 1, traversal.steps.end());
      trigger.path = path_of(rest);
    }
    made.replace_triggered_by.push_back(std::move(trigger));
  }
}

Repetition Configured::repetition(uint32_t resource) const {
  const config::Resource* source = sources_[resource].resource;
  if (source && source->count) return Repetition::kCount;
  if (source && source->for_each) return Repetition::kForEach;
  return Repetition::kSingle;
}

bool Configured::has_module(const std::string& config_module) const {
  for (const config::ModulePath& path : graph_.paths()) {
    if (path.address == config_module) return true;
  }
  return false;
}

// ---- the values ----

void Configured::begin(ResourceValues& values, bool applying) {
  values_ = &values;
  functions_.pure = !applying;
  evaluation_ = std::make_unique<config::Evaluation>(configuration_, variables_, functions_, *bridge_, workspace_);
  modules_.clear();
  module_index_.clear();
  for (Source& source : sources_) source.expansions.clear();
}

Diagnostics Configured::check_variables() {
  Diagnostics diagnostics;
  evaluation_->check_variables(evaluation_->root(), diagnostics);
  return diagnostics;
}

Diagnostics Configured::check_modules() {
  Diagnostics diagnostics;
  for (uint32_t path = 1; path < graph_.paths().size(); ++path) {
    bool rules = false;
    for (const auto& [name, variable] : graph_.paths()[path].module->variables)
      rules = rules || !variable.validations.empty();
    if (!rules) continue;
    for (config::ModuleInstance* module : instances_of(path, diagnostics))
      evaluation_->check_variables(*module, diagnostics);
  }
  return diagnostics;
}

std::vector<config::ModuleInstance*> Configured::instances_of(uint32_t path, Diagnostics& diagnostics, bool* unknown) {
  if (path == 0) return {&evaluation_->root()};
  const config::ModulePath& here = graph_.paths()[path];
  std::vector<config::ModuleInstance*> instances;
  for (config::ModuleInstance* parent : instances_of(here.parent, diagnostics, unknown)) {
    config::ModuleInstance::Children& children = evaluation_->children(*parent, *here.call, diagnostics);
    if (children.expansion.kind == config::Expansion::Kind::kUnknown) {
      if (unknown) *unknown = true;
      continue;
    }
    for (const std::unique_ptr<config::ModuleInstance>& child : children.instances) instances.push_back(child.get());
  }
  return instances;
}

uint32_t Configured::module_index(config::ModuleInstance* module) {
  auto [place, is_new] = module_index_.try_emplace(module, static_cast<uint32_t>(modules_.size()));
  if (is_new) modules_.push_back(module);
  return place->second;
}

Checked<Expansion> Configured::expand(uint32_t resource) {
  bool unknown = false;
  return expand_known(resource, unknown);
}

Checked<Expansion> Configured::expand_known(uint32_t resource, bool& unknown) {
  Checked<Expansion> result;
  Source& source = sources_[resource];
  if (!source.resource) return result;
  for (config::ModuleInstance* module : instances_of(source.path, result.diagnostics, &unknown)) {
    config::Expansion expansion =
        evaluation_->expand(source.resource->count, source.resource->for_each, *module, result.diagnostics);
    unknown = unknown || expansion.kind == config::Expansion::Kind::kUnknown;
    if (result.diagnostics.has_errors() || unknown) continue;
    uint32_t index = module_index(module);
    for (size_t i = 0; i < expansion.size(); ++i) result.value.instances.push_back({index, expansion.key(i)});
    source.expansions[module->address] = std::move(expansion);
  }
  return result;
}

const Value* Configured::each_value(const Source& source, const DesiredInstance& instance) const {
  auto expansion = source.expansions.find(modules_[instance.module]->address);
  if (expansion == source.expansions.end() || expansion->second.kind != config::Expansion::Kind::kForEach)
    return nullptr;
  std::optional<size_t> index = expansion->second.find(instance.key);
  return index ? &expansion->second.each[*index].second : nullptr;
}

Checked<Value> Configured::evaluate(uint32_t resource, const DesiredInstance& instance) {
  Checked<Value> result;
  const Source& source = sources_[resource];
  config::ModuleInstance& module = *modules_[instance.module];
  config::InstanceContext context;
  if (repetition(resource) != Repetition::kSingle) context.key = &instance.key;
  context.each_value = each_value(source, instance);
  for (const config::CheckRule& rule : source.resource->lifecycle.preconditions) {
    evaluation_->check_rule(rule, "Resource precondition failed", module, context, result.diagnostics);
  }
  std::unique_ptr<lang::Scope> scope = evaluation_->scope(module, context);
  Checked<Value> decoded = schema::decode_body(*source.resource->body, source.type->block, *scope,
                                               config::resource_meta_arguments(), kMetaBlocks);
  result.diagnostics.append(std::move(decoded.diagnostics));
  result.value = std::move(decoded.value);
  return result;
}

Diagnostics Configured::check_result(uint32_t resource, const DesiredInstance& instance, const Value& value) {
  Diagnostics diagnostics;
  const Source& source = sources_[resource];
  if (source.resource->lifecycle.postconditions.empty()) return diagnostics;
  config::InstanceContext context;
  if (repetition(resource) != Repetition::kSingle) context.key = &instance.key;
  context.each_value = each_value(source, instance);
  context.self = &value;
  for (const config::CheckRule& rule : source.resource->lifecycle.postconditions) {
    evaluation_->check_rule(rule, "Resource postcondition failed", *modules_[instance.module], context, diagnostics);
  }
  return diagnostics;
}

Checked<Value> Configured::evaluate_provider(uint32_t provider) {
  Checked<Value> result;
  const ProviderOrigin& origin = provider_origins_[provider];
  const schema::ProviderSchema* schema = registry_.schema(providers_[provider].source);
  if (!schema) return result;
  result.value = schema::empty_value(schema->provider);
  if (!origin.config) return result;
  std::vector<config::ModuleInstance*> modules = instances_of(origin.path, result.diagnostics);
  if (modules.empty()) return result;
  config::InstanceContext context;
  std::unique_ptr<lang::Scope> scope = evaluation_->scope(*modules[0], context);
  Checked<Value> decoded = schema::decode_body(*origin.config->body, schema->provider, *scope, kProviderMeta, {});
  result.diagnostics.append(std::move(decoded.diagnostics));
  result.value = std::move(decoded.value);
  return result;
}

Checked<Value> Configured::evaluate_output(uint32_t output) {
  Checked<Value> result;
  result.value = evaluation_->output(evaluation_->root(), outputs_[output].name, result.diagnostics);
  return result;
}

}  // namespace terrace::plan
