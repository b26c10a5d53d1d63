#include "plan/units.h"

#include <algorithm>
#include <set>

#include "plan/planner.h"

namespace terrace::plan {

namespace {

using Links = std::vector<uint32_t> Unit::*;

// Every unit after its `needs`; `dependents` is the other way round.
std::vector<uint32_t> topological(const std::vector<Unit>& units, Links needs, Links dependents) {
  std::vector<uint32_t> order;
  std::vector<uint32_t> waiting(units.size());
  for (uint32_t unit = 0; unit < units.size(); ++unit) {
    waiting[unit] = static_cast<uint32_t>((units[unit].*needs).size());
    if (waiting[unit] == 0) order.push_back(unit);
  }
  for (size_t i = 0; i < order.size(); ++i) {
    for (uint32_t dependent : units[order[i]].*dependents) {
      if (--waiting[dependent] == 0) order.push_back(dependent);
    }
  }
  // What a damaged state says in a circle still gets its turn.
  for (uint32_t unit = 0; unit < units.size(); ++unit) {
    if (waiting[unit] > 0) order.push_back(unit);
  }
  return order;
}

// Each unit's managed needs, direct or not, as sorted ranks; units with the same ones share the list.
void set_dependencies(std::vector<Unit>& units, const std::vector<uint32_t>& order, state::StringPool& pool) {
  std::vector<uint32_t> by_text(units.size());
  for (uint32_t i = 0; i < by_text.size(); ++i) by_text[i] = i;
  std::sort(by_text.begin(), by_text.end(),
            [&units](uint32_t a, uint32_t b) { return units[a].config_address < units[b].config_address; });
  std::vector<uint32_t> rank(units.size());
  for (uint32_t i = 0; i < by_text.size(); ++i) rank[by_text[i]] = i;
  using Ranks = std::shared_ptr<const std::vector<uint32_t>>;
  std::vector<Ranks> all(units.size());
  std::vector<state::Dependencies> lists(units.size());
  for (uint32_t unit : order) {
    if (!units[unit].in_config || units[unit].needs.empty()) continue;
    uint32_t first = units[unit].needs[0];
    if (units[unit].needs.size() == 1 && (units[first].is_data || units[first].relay)) {
      all[unit] = all[first];
      lists[unit] = lists[first];
    } else {
      std::vector<uint32_t> ranks;
      for (uint32_t need : units[unit].needs) {
        if (!units[need].is_data && !units[need].relay) ranks.push_back(rank[need]);
        if (all[need]) ranks.insert(ranks.end(), all[need]->begin(), all[need]->end());
      }
      std::sort(ranks.begin(), ranks.end());
      ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
      if (ranks.empty()) continue;
      auto list = std::make_shared<std::vector<const std::string*>>();
      list->reserve(ranks.size());
      for (uint32_t one : ranks) list->push_back(pool.intern(units[by_text[one]].config_address));
      all[unit] = std::make_shared<const std::vector<uint32_t>>(std::move(ranks));
      lists[unit] = std::move(list);
    }
    if (!units[unit].is_data && !units[unit].relay) units[unit].dependencies = lists[unit];
  }
}

// Where the state and the configuration agree on what a resource needs, directly or not, the configuration's few direct
// needs say the same as the state's long list.
void set_destroy_needs(std::vector<Unit>& units, const state::State& state,
                       const std::unordered_map<std::string, uint32_t>& by_address) {
  for (uint32_t index = 0; index < units.size(); ++index) {
    Unit& unit = units[index];
    std::set<uint32_t> former;
    bool agree = true;
    state::Dependencies last = unit.dependencies;
    for (const state::ResourceAddress& address : unit.in_state) {
      if (!unit.in_config || unit.is_data) break;
      for (const auto& [key, instance] : state.resources.at(address).instances) {
        if (!instance.current || instance.current->dependencies == last) continue;
        last = instance.current->dependencies;
        if (last && unit.dependencies && *last == *unit.dependencies) continue;
        agree = false;
        if (!last) continue;
        for (const std::string* dependency : *last) {
          auto need = by_address.find(*dependency);
          if (need != by_address.end() && need->second != index) former.insert(need->second);
        }
      }
    }
    bool no_objects = unit.in_config && !unit.is_data && !unit.relay && unit.in_state.empty();
    if (!agree)
      unit.destroy_needs.assign(former.begin(), former.end());
    else if (!no_objects)
      unit.destroy_needs = unit.needs;
  }
  for (uint32_t unit = 0; unit < units.size(); ++unit) {
    for (uint32_t need : units[unit].destroy_needs) units[need].destroy_dependents.push_back(unit);
  }
}

}  // namespace

std::string Units::without_keys(const std::string& address) {
  state::ResourceAddress plain;
  plain.module = address;
  std::string text = config_address(plain);
  // An address of a module alone has the dots of its empty type and name behind it.
  while (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

uint32_t Units::of(const state::ResourceAddress& address) const {
  return by_address_.at(config_address(address));
}

Units make_units(Desired& desired, state::State& state) {
  Units result;
  std::vector<Unit>& units = result.units_;
  const std::vector<DesiredResource>& resources = desired.resources();
  units.reserve(resources.size());
  for (const DesiredResource& resource : resources) {
    Unit unit;
    unit.config_address = resource.config_address;
    unit.relay = resource.relay;
    if (!unit.relay) unit.provider = desired.providers()[resource.provider].address;
    unit.in_config = true;
    unit.is_data = resource.mode == state::Mode::kData;
    unit.create_before_destroy = resource.create_before_destroy;
    unit.needs = resource.needs;
    unit.config_needs = resource.needs.size();
    result.by_address_[unit.config_address] = static_cast<uint32_t>(units.size());
    units.push_back(std::move(unit));
  }
  for (const auto& [address, resource] : state.resources) {
    std::string text = config_address(address);
    auto [place, is_new] = result.by_address_.try_emplace(text, static_cast<uint32_t>(units.size()));
    if (is_new) {
      Unit unit;
      unit.config_address = std::move(text);
      state::ResourceAddress plain = address;
      plain.module.clear();
      std::string own = plain.text();
      if (unit.config_address.size() > own.size()) {
        unit.module = unit.config_address.substr(0, unit.config_address.size() - own.size() - 1);
      }
      unit.is_data = address.mode == state::Mode::kData;
      units.push_back(std::move(unit));
    }
    Unit& unit = units[place->second];
    unit.in_state.push_back(address);
    if (unit.in_config) continue;
    // Only the state can tell what an object without a configuration needs.
    for (const auto& [key, instance] : resource.instances) {
      if (instance.current && instance.current->create_before_destroy) unit.create_before_destroy = true;
    }
  }
  for (const auto& [address, resource] : state.resources) {
    uint32_t index = result.by_address_.at(config_address(address));
    if (units[index].in_config) continue;
    state::Dependencies last;
    for (const auto& [key, instance] : resource.instances) {
      if (!instance.current || !instance.current->dependencies || instance.current->dependencies == last) continue;
      last = instance.current->dependencies;
      for (const std::string* dependency : *last) {
        auto need = result.by_address_.find(*dependency);
        if (need != result.by_address_.end() && need->second != index) units[index].needs.push_back(need->second);
      }
    }
    std::vector<uint32_t>& needs = units[index].needs;
    std::sort(needs.begin(), needs.end());
    needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  }
  for (uint32_t unit = 0; unit < units.size(); ++unit) {
    for (uint32_t need : units[unit].needs) units[need].dependents.push_back(unit);
  }
  result.order_ = topological(units, &Unit::needs, &Unit::dependents);
  // What a create-before-destroy resource needs must be replaced in the same order, or the orders would contradict.
  for (size_t i = result.order_.size(); i-- > 0;) {
    const Unit& unit = units[result.order_[i]];
    if (!unit.create_before_destroy || !unit.in_config) continue;
    for (uint32_t need : unit.needs) units[need].create_before_destroy = true;
  }
  set_dependencies(units, result.order_, *state.pool);
  set_destroy_needs(units, state, result.by_address_);
  result.destroy_order_ = topological(units, &Unit::destroy_needs, &Unit::destroy_dependents);
  std::reverse(result.destroy_order_.begin(), result.destroy_order_.end());
  return result;
}

}  // namespace terrace::plan
