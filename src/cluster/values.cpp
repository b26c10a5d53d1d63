#include "cluster/values.h"

#include <nlohmann/json.hpp>

#include "config/variables.h"

namespace terrace::cluster {

std::string Values::text(const std::string& name, std::string otherwise) const {
  auto found = all.find(name);
  if (found == all.end() || !found->second.has_content() || found->second.type().kind() != lang::TypeKind::kString)
    return otherwise;
  return found->second.as_string();
}

nlohmann::json Values::provider_config() const {
  nlohmann::json config = nlohmann::json::object();
  config["region"] = region;
  if (!profile.empty()) config["profile"] = profile;
  if (!allowed_account_ids.empty()) config["allowed_account_ids"] = allowed_account_ids;
  return config;
}

Checked<Values> read_values(FileSystem& files, const stacks::StackGraph& stacks,
                            const std::map<std::string, std::string>& environment,
                            const std::vector<config::VariableOption>& options) {
  Checked<Values> result;
  std::vector<SourceFilePtr> kept;
  for (const auto& [name, stack] : stacks.stacks()) {
    const config::Module& root = *stack.configuration->root;
    config::VariableSources sources;
    sources.directory = stack.directory;
    for (const auto& [variable, value] : environment) sources.environment.emplace_back(variable, value);
    sources.options.push_back({config::VariableOption::Kind::kFile, kValuesFile});
    sources.options.insert(sources.options.end(), options.begin(), options.end());
    sources.undeclared_in_files_allowed = true;
    Checked<std::map<std::string, lang::Value>> given = config::collect_variables(files, root, sources, kept);
    // What is wrong with a value that every stack declares is said once.
    if (!result.diagnostics.has_errors()) result.diagnostics.append(std::move(given.diagnostics));
    for (auto& [variable, value] : given.value) result.value.all.emplace(variable, std::move(value));
    for (const auto& [variable, declared] : root.variables) {
      if (declared.default_value) result.value.all.emplace(variable, *declared.default_value);
    }
  }
  Values& values = result.value;
  values.name = values.text("cluster_name");
  values.region = values.text("region");
  values.profile = values.text("profile");
  auto accounts = values.all.find("allowed_account_ids");
  if (accounts != values.all.end() && accounts->second.has_content()) {
    for (const lang::Value& account : accounts->second.elements()) {
      if (account.has_content()) values.allowed_account_ids.push_back(account.as_string());
    }
  }
  if (!result.diagnostics.has_errors() && (values.name.empty() || values.region.empty())) {
    result.diagnostics.error("The cluster has no name or region",
                             "cluster.tfvars gives no cluster_name and region that a stack declares. Set both there.");
  }
  return result;
}

}  // namespace terrace::cluster
