// A configuration made by hand, a provider whose objects live in a map, and everything a run needs, on virtual time.
// Unit tests of plan and apply include it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "apply/apply.h"
#include "base/random.h"
#include "plan/planner.h"
#include "providers/random_provider.h"
#include "providers/registry.h"
#include "providers/terraform_provider.h"
#include "state/session.h"
#include "support/memory_file_system.h"

namespace terrace::test {

using lang::Type;
using lang::Value;
using state::InstanceKey;

inline const std::string kThingSource = "registry.terraform.io/test/thing";
inline const std::string kThingProvider = "provider[\"" + kThingSource + "\"]";
inline const std::string kTerraformProvider = "provider[\"terraform.io/builtin/terraform\"]";

// What exists outside: the objects of `thing`, by id. Survives crashes of the process.
struct Cloud {
  std::map<std::string, std::map<std::string, std::string>> objects;  // id -> attributes
  std::map<std::string, std::string> by_token;
  std::vector<std::string> log;     // "create a", "delete a", ...
  std::set<std::string> fail;       // names whose create, update or delete fails
  std::set<std::string> fail_late;  // the object is made, then the provider reports an error
  Duration delay{0};
  int running = 0;
  int most_running = 0;
  int next = 1;
  std::function<void()> after_create;  // the object exists, the provider has not answered yet
};

// thing: name (required, replace on change), size (optional), secret (optional, sensitive), id (computed).
class ThingProvider final : public schema::Provider {
 public:
  ThingProvider(Cloud& cloud, Loop& loop) : cloud_(cloud), loop_(loop) {
    schema::Block block;
    auto attribute = [](std::string name, bool required, bool optional, bool computed, bool sensitive) {
      schema::Attribute made;
      made.name = std::move(name);
      made.type = Type::string();
      made.required = required;
      made.optional = optional;
      made.computed = computed;
      made.sensitive = sensitive;
      return made;
    };
    block.attributes = {attribute("id", false, false, true, false), attribute("name", true, false, false, false),
                        attribute("secret", false, true, false, true), attribute("size", false, true, false, false)};
    schema_.resources.emplace("thing", schema::TypeSchema(0, block));
    schema_.data_sources.emplace("thing", schema::TypeSchema(0, block));
  }
  const schema::ProviderSchema& schema() const override { return schema_; }
  Diagnostics validate_provider(const Value&) override { return {}; }
  Diagnostics validate_resource(std::string_view, const Value&) override { return {}; }
  Diagnostics validate_data(std::string_view, const Value&) override { return {}; }
  Task<Diagnostics> configure(Value) override { co_return Diagnostics{}; }
  Checked<Value> upgrade_state(std::string_view, int64_t, const std::string&) override { return {}; }

  Task<schema::ReadResponse> read_resource(schema::ReadRequest request) override {
    Loop::Idle idle = loop_.when_idle();
    co_await idle;
    schema::ReadResponse response;
    response.new_state = value(request.current.attribute("id").as_string());
    co_return response;
  }
  Task<schema::PlanResponse> plan_resource(schema::PlanRequest request) override {
    schema::PlanResponse response;
    response.planned = request.proposed;
    if (request.proposed.is_null()) co_return response;
    if (request.prior.is_null()) {
      response.planned = schema::computed_unknown(schema_.resources.at("thing").block, request.proposed);
    } else if (!request.prior.attribute("name").identical(request.proposed.attribute("name"))) {
      response.requires_replace.push_back({lang::PathStep::attribute("name")});
    }
    co_return response;
  }
  Task<schema::ApplyResponse> apply_resource(schema::ApplyRequest request) override {
    schema::ApplyResponse response;
    bool create = request.prior.is_null();
    const Value& subject = request.planned.is_null() ? request.prior : request.planned;
    std::string name = subject.attribute("name").as_string();
    cloud_.most_running = std::max(cloud_.most_running, ++cloud_.running);
    if (cloud_.delay > Duration::zero()) {
      Loop::Sleep pause = loop_.sleep(cloud_.delay);
      co_await pause;
    } else {
      Loop::Idle idle = loop_.when_idle();
      co_await idle;
    }
    --cloud_.running;
    std::string verb = create ? "create " : request.planned.is_null() ? "delete " : "update ";
    cloud_.log.push_back(verb + name);
    if (cloud_.fail.count(name) > 0) {
      response.diagnostics.error("No " + verb + name, "The cloud refused.");
      response.new_state = request.prior;
      co_return response;
    }
    std::string id = create ? "id-" + std::to_string(cloud_.next++) : request.prior.attribute("id").as_string();
    if (request.planned.is_null()) {
      cloud_.objects.erase(id);
      response.new_state = request.planned;
      co_return response;
    }
    auto text = [&request](const char* attribute) {
      const Value& value = request.planned.attribute(attribute);
      return value.has_content() ? value.as_string() : std::string();
    };
    cloud_.objects[id] = {{"name", name}, {"size", text("size")}, {"secret", text("secret")}};
    if (create) cloud_.by_token[request.intent_token] = id;
    if (create && cloud_.after_create) cloud_.after_create();
    response.new_state = value(id);
    if (cloud_.fail_late.count(name) > 0) response.diagnostics.error("Half made", "It exists, and is not well.");
    co_return response;
  }
  Task<schema::ImportResponse> import_resource(std::string type_name, std::string id) override {
    schema::ImportResponse response;
    Value none = Value::null(Type::string());
    Value found = Value::object({{"id", Value::string(id)}, {"name", none}, {"secret", none}, {"size", none}});
    response.objects.push_back({std::move(type_name), std::move(found), ""});
    co_return response;
  }
  Task<schema::DataResponse> read_data(schema::DataRequest request) override {
    Loop::Idle idle = loop_.when_idle();
    co_await idle;
    cloud_.log.push_back("read " + request.config.attribute("name").as_string());
    schema::DataResponse response;
    response.state = request.config.with_attribute("id", Value::string("data"));
    co_return response;
  }
  bool needs_intent(std::string_view) const override { return true; }
  Task<schema::ReadResponse> recover_create(schema::RecoverRequest request) override {
    schema::ReadResponse response;
    auto found = cloud_.by_token.find(request.intent_token);
    response.new_state = found == cloud_.by_token.end() ? Value::null(type()) : value(found->second);
    co_return response;
  }

 private:
  Type type() const { return schema_.resources.at("thing").implied_type; }
  Value value(const std::string& id) const {
    auto found = cloud_.objects.find(id);
    if (found == cloud_.objects.end()) return Value::null(type());
    auto text = [&found](const char* name) {
      const std::string& content = found->second.at(name);
      return content.empty() ? Value::null(Type::string()) : Value::string(content);
    };
    return Value::object(
        {{"id", Value::string(id)}, {"name", text("name")}, {"secret", text("secret")}, {"size", text("size")}});
  }
  Cloud& cloud_;
  Loop& loop_;
  schema::ProviderSchema schema_;
};

// A configuration whose blocks are C++ functions.
class HandMade final : public plan::Desired {
 public:
  using Make = std::function<Value(plan::ResourceValues& values, const InstanceKey& key)>;

  HandMade() {
    plan::DesiredProvider thing;
    thing.address = kThingProvider;
    thing.source = kThingSource;
    plan::DesiredProvider terraform;
    terraform.address = kTerraformProvider;
    terraform.source = "terraform.io/builtin/terraform";
    providers_ = {thing, terraform};
  }
  // Its index. `keys` empty: a single instance.
  uint32_t add(std::string type, std::string name, std::vector<uint32_t> needs, Make make,
               std::vector<InstanceKey> keys = {}) {
    plan::DesiredResource resource;
    resource.config_address = type + "." + name;
    resource.type = std::move(type);
    resource.name = std::move(name);
    resource.provider = resource.type == "thing" ? 0 : 1;
    resource.needs = std::move(needs);
    resources_.push_back(std::move(resource));
    makes_.push_back(std::move(make));
    keys_.push_back(std::move(keys));
    return static_cast<uint32_t>(resources_.size() - 1);
  }
  uint32_t data(std::string name, std::vector<uint32_t> needs, Make make) {
    uint32_t index = add("thing", std::move(name), std::move(needs), std::move(make));
    resources_[index].mode = state::Mode::kData;
    resources_[index].config_address = "data." + resources_[index].config_address;
    return index;
  }
  void output(std::string name, std::vector<uint32_t> needs, Make make, bool sensitive = false) {
    plan::DesiredOutput output;
    output.name = std::move(name);
    output.needs = std::move(needs);
    output.sensitive = sensitive;
    outputs_.push_back(std::move(output));
    output_makes_.push_back(std::move(make));
  }
  plan::DesiredResource& at(uint32_t index) { return resources_[index]; }

  const std::vector<plan::DesiredResource>& resources() const override { return resources_; }
  const std::vector<plan::DesiredProvider>& providers() const override { return providers_; }
  const std::vector<plan::DesiredOutput>& outputs() const override { return outputs_; }
  plan::Repetition repetition(uint32_t resource) const override {
    if (keys_[resource].empty()) return plan::Repetition::kSingle;
    return std::holds_alternative<int64_t>(keys_[resource][0]) ? plan::Repetition::kCount : plan::Repetition::kForEach;
  }
  void begin(plan::ResourceValues& values, bool) override { values_ = &values; }
  Checked<plan::Expansion> expand(uint32_t resource) override {
    Checked<plan::Expansion> result;
    if (keys_[resource].empty()) result.value.instances.push_back({0, {}});
    for (const InstanceKey& key : keys_[resource]) result.value.instances.push_back({0, key});
    return result;
  }
  const std::string& module_address(uint32_t) const override { return root_; }
  bool has_module(const std::string&) const override { return false; }
  Checked<Value> evaluate(uint32_t resource, const plan::DesiredInstance& instance) override {
    return {makes_[resource](*values_, instance.key), {}};
  }
  Checked<Value> evaluate_provider(uint32_t) override { return {Value::object(std::vector<Value::Member>()), {}}; }
  Checked<Value> evaluate_output(uint32_t output) override { return {output_makes_[output](*values_, {}), {}}; }

 private:
  std::vector<plan::DesiredResource> resources_;
  std::vector<plan::DesiredProvider> providers_;
  std::vector<plan::DesiredOutput> outputs_;
  std::vector<Make> makes_;
  std::vector<Make> output_makes_;
  std::vector<std::vector<InstanceKey>> keys_;
  plan::ResourceValues* values_ = nullptr;
  std::string root_;
};

inline Value thing(Value name, Value size = Value::null(Type::string()), Value secret = Value::null(Type::string())) {
  return Value::object({{"id", Value::null(Type::string())},
                        {"name", std::move(name)},
                        {"secret", std::move(secret)},
                        {"size", std::move(size)}});
}
inline HandMade::Make constant(Value value) {
  return [value](plan::ResourceValues&, const InstanceKey&) { return value; };
}
inline Value terraform_data(Value input, Value triggers = Value()) {
  return Value::object({{"id", Value::null(Type::string())},
                        {"input", std::move(input)},
                        {"output", Value()},
                        {"triggers_replace", std::move(triggers)}});
}
// resource.attribute of a single instance.
inline Value attribute_of(plan::ResourceValues& values, uint32_t resource, const char* name) {
  Value object = values.resource_value(resource, "");
  return object.has_content() ? object.attribute(name) : Value::unknown(Type::string());
}

// A machine: disk, clock, loop, and the cloud that outlives it.
struct World {
  MemoryFileSystem files;
  VirtualClock clock;
  SeededRandom random{42};
  Cloud cloud;

  struct Run {
    std::vector<std::string> summary;  // "create thing.a"
    Diagnostics diagnostics;
    apply::ApplyResult applied;
    std::string state;
    std::string graph;
    plan::Counts counts;
    bool changes = false;
    std::map<std::string, plan::OutputChange> outputs;
    std::vector<plan::ResourceChange> all;
    size_t drift = 0;
  };

  static const char* verb(plan::Action action) {
    switch (action) {
      case plan::Action::kNoOp:
        return "no-op";
      case plan::Action::kCreate:
        return "create";
      case plan::Action::kRead:
        return "read";
      case plan::Action::kUpdate:
        return "update";
      case plan::Action::kDelete:
        return "delete";
      case plan::Action::kDeleteThenCreate:
        return "delete-create";
      case plan::Action::kCreateThenDelete:
        return "create-delete";
      case plan::Action::kForget:
        return "forget";
    }
    return "";
  }

  // Plans, and applies where `and_apply` and nothing is wrong.
  Run run(HandMade& desired, bool and_apply, plan::PlanOptions options = {}, apply::Options apply_options = {}) {
    VirtualWaiter waiter(clock);
    Loop loop(clock, &waiter);
    providers::Registry registry;
    registry.add(kThingSource, [this, &loop] { return std::make_unique<ThingProvider>(cloud, loop); });
    registry.add("terraform.io/builtin/terraform",
                 [this] { return providers::make_terraform_provider(files, random, "", nullptr); });
    state::LocalStateStore store(files, loop, random, state::Identity{"ada", "host"}, {"terraform.tfstate", "", ""});
    state::StateSession session(store, files, loop, random);
    Run result;
    result.diagnostics = loop.run(session.open());
    if (result.diagnostics.has_errors()) return result;
    plan::PlanRun run(plan::Environment{loop, registry, nullptr}, desired, session);
    result.diagnostics = loop.run(run.make(options));
    for (const plan::ResourceChange& change : run.plan().changes) {
      if (change.action == plan::Action::kNoOp) continue;
      result.summary.push_back(std::string(verb(change.action)) + " " + run.plan().address_of(change) +
                               (change.deposed.empty() ? "" : " deposed"));
    }
    result.all = run.plan().changes;
    result.counts = plan::count_changes(run.plan());
    result.changes = plan::has_changes(run.plan());
    result.outputs = run.plan().outputs;
    result.drift = run.plan().drift.size();
    result.graph = plan::print_graph(run.plan());
    if (and_apply && !result.diagnostics.has_errors()) {
      result.applied = loop.run(apply::apply(run, session, loop, random, apply_options));
    }
    result.state = files.text("terraform.tfstate");
    return result;
  }
};

}  // namespace terrace::test
