// Makes a plan from what a configuration asks for and a state: reads what exists, asks the providers what would change,
// and writes the execution graph. A PlanRun lives until its plan has been applied or dropped: apply resolves the values
// that were unknown with the run's own evaluation and providers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"
#include "base/loop.h"
#include "base/random.h"
#include "diag/diagnostic.h"
#include "plan/desired.h"
#include "plan/plan.h"
#include "schema/provider.h"
#include "state/session.h"

namespace terrace::plan {

struct PlanOptions {
  Mode mode = Mode::kNormal;
  bool refresh = true;
  std::vector<std::string> targets;   // addresses of resources, instances or modules
  std::vector<std::string> replaces;  // addresses of instances
  std::map<std::string, Variable> variables;
};

// Told of the objects that are read, in order.
class PlanObserver {
 public:
  virtual ~PlanObserver() = default;
  virtual void refresh_started(const std::string& /*address*/, const std::string& /*id*/) {}
  virtual void refresh_completed(const std::string& /*address*/, const std::string& /*id*/) {}
  virtual void read_started(const std::string& /*address*/) {}  // of a data source
  virtual void read_completed(const std::string& /*address*/, const std::string& /*id*/, Duration /*elapsed*/) {}
};

// What a run needs from outside; all of it outlives the run.
struct Environment {
  Loop& loop;
  schema::ProviderRegistry& providers;
  PlanObserver* observer = nullptr;  // may be null
};

// The values of resources while planning or applying, by resource, module instance and key.
class ValueTable final : public ResourceValues {
 public:
  explicit ValueTable(const Desired& desired) : desired_(desired), resources_(desired.resources().size()) {}
  // From now on the resource has exactly the instances that are set.
  void begin(uint32_t resource) { resources_[resource].begun = true; }
  void set(uint32_t resource, const std::string& module, const state::InstanceKey& key, lang::Value value);
  // Everything of the resource is unknown: it could not be planned.
  void fail(uint32_t resource) { resources_[resource].failed = true; }
  lang::Value resource_value(uint32_t resource, const std::string& module) override;

 private:
  struct Entry {
    std::map<state::InstanceKey, lang::Value> instances;
    std::optional<lang::Value> assembled;
  };
  struct Resource {
    bool begun = false;
    bool failed = false;
    std::map<std::string, Entry> modules;
  };
  const Desired& desired_;
  std::vector<Resource> resources_;
};

// The providers of a run by their address in the state, made and configured when first needed.
class ProviderTable {
 public:
  ProviderTable(Environment environment, Desired& desired);
  // Configures by what the provider's block says now; one whose block is not wholly known is configured again when
  // asked for again, until it is. nullptr with an error in `diagnostics`.
  Task<schema::Provider*> get(std::string address, Diagnostics& diagnostics);
  // True when nothing in the block depends on a resource.
  bool independent(const std::string& address) const;
  // False while something in the block is unknown: then objects can be planned, and not yet read.
  bool configured(const std::string& address) const {
    auto slot = slots_.find(address);
    return slot != slots_.end() && slot->second.configured;
  }
  const schema::TypeSchema* type_schema(const std::string& source, state::Mode mode, const std::string& type);

 private:
  struct Slot {
    std::unique_ptr<schema::Provider> provider;
    int desired = -1;
    bool configured = false;
    bool failed = false;
    std::unique_ptr<Event> configuring;  // set when the one who configures it is done
  };
  Environment environment_;
  Desired& desired_;
  std::map<std::string, Slot> slots_;
  std::vector<std::unique_ptr<Event>> finished_;  // kept for those who still wake up from them
};

// `registry.terraform.io/hashicorp/aws` of `provider["registry.terraform.io/hashicorp/aws"].west`.
std::string provider_source(const std::string& address);
// "module.a.aws_vpc.main" of an address with instance keys.
std::string config_address(const state::ResourceAddress& address);

class PlanRun {
 public:
  PlanRun(Environment environment, Desired& desired, state::StateSession& session);
  ~PlanRun();

  // Settles what a killed run left, then plans. With errors the plan holds what was found up to them and is marked so.
  Task<Diagnostics> make(PlanOptions options);
  // Takes a plan from a file instead; "Saved plan is stale" unless the state is the one it was made for.
  Diagnostics restore(Plan plan);

  Plan& plan() { return plan_; }
  const Plan& plan() const { return plan_; }
  Environment& environment() { return environment_; }
  Desired& desired() { return desired_; }
  ProviderTable& providers() { return providers_; }

 private:
  friend class Planner;
  Environment environment_;
  Desired& desired_;
  state::StateSession& session_;
  ProviderTable providers_;
  Plan plan_;
};

}  // namespace terrace::plan
