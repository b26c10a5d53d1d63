// The resources of configuration and state together, each once whatever its module and instances: what the planner
// walks and the execution graph is drawn between. Internal to src/plan.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/desired.h"
#include "state/state.h"

namespace terrace::plan {

struct Unit {
  std::string config_address;
  std::string module;    // the module part of it
  std::string provider;  // address of the provider configuration; empty for what only the state knows
  bool in_config = false;
  bool is_data = false;
  bool relay = false;  // DesiredResource::relay
  bool create_before_destroy = false;
  bool targeted = false;
  bool needed_by_target = false;
  std::vector<uint32_t> needs;       // by the configuration; by the state where it is not in the configuration
  std::vector<uint32_t> dependents;  // the other way round
  // What its existing objects were made with, which is what the order of destruction follows, and the other way round.
  std::vector<uint32_t> destroy_needs;
  std::vector<uint32_t> destroy_dependents;
  size_t config_needs = 0;  // how many of the needs the walk waits for
  std::vector<state::ResourceAddress> in_state;
  state::Dependencies dependencies;  // every managed resource it needs, directly or not, for the state
};

class Units {
 public:
  const Unit& operator[](uint32_t index) const { return units_[index]; }
  Unit& at(uint32_t index) { return units_[index]; }
  uint32_t size() const { return static_cast<uint32_t>(units_.size()); }
  // The unit of a resource in the state that the units were made from.
  uint32_t of(const state::ResourceAddress& address) const;
  // Needs before dependents; the configuration's come in its own order.
  const std::vector<uint32_t>& order() const { return order_; }
  // Existing objects before what they were made with.
  const std::vector<uint32_t>& destroy_order() const { return destroy_order_; }
  static std::string without_keys(const std::string& address);

 private:
  friend Units make_units(Desired& desired, state::State& state);
  std::vector<Unit> units_;  // those of Desired::resources() first, by the same index
  std::unordered_map<std::string, uint32_t> by_address_;
  std::vector<uint32_t> order_;
  std::vector<uint32_t> destroy_order_;
};

// `state` gives the strings of Unit::dependencies their home.
Units make_units(Desired& desired, state::State& state);

}  // namespace terrace::plan
