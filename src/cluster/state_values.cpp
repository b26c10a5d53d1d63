#include "cluster/state_values.h"

namespace terrace::cluster {

nlohmann::json output_of(const state::State& state, const std::string& name) {
  auto found = state.outputs.find(name);
  return found == state.outputs.end() ? nlohmann::json() : nlohmann::json::parse(found->second.value, nullptr, false);
}

std::vector<std::pair<std::string, nlohmann::json>> objects_of_type(const state::State& state,
                                                                    const std::string& type) {
  std::vector<std::pair<std::string, nlohmann::json>> objects;
  for (const auto& [address, resource] : state.resources) {
    if (address.mode != state::Mode::kManaged || address.type != type) continue;
    for (const auto& [key, instance] : resource.instances) {
      if (instance.current)
        objects.emplace_back(address.instance_text(key),
                             nlohmann::json::parse(instance.current->attributes, nullptr, false));
    }
  }
  return objects;
}

}  // namespace terrace::cluster
