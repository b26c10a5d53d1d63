#include "config/module.h"

namespace terrace::config {

ProviderReference Resource::provider_reference() const {
  if (provider) return *provider;
  ProviderReference reference;
  reference.name = type.substr(0, type.find('_'));
  reference.range = range;
  return reference;
}

std::string Module::provider_source(const std::string& name) const {
  auto required = required_providers.find(name);
  if (required != required_providers.end() && !required->second.source.empty()) return required->second.source;
  if (name == "terraform") return "terraform.io/builtin/terraform";
  return "registry.terraform.io/hashicorp/" + name;
}

const std::vector<std::string>& resource_meta_arguments() {
  static const std::vector<std::string> kNames = {"count", "depends_on", "for_each", "provider"};
  return kNames;
}

}  // namespace terrace::config
