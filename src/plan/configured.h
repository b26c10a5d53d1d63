// A configuration as what the planner and apply ask for: its resources in order, their needs without the locals,
// variables and modules between them, and their values by config::Evaluation and the providers' schemas. The commands
// make one for each run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/evaluation.h"
#include "config/object_graph.h"
#include "plan/desired.h"
#include "schema/provider.h"

namespace terrace::plan {

class Configured final : public Desired {
 public:
  // `variables` are the root's, converted to their types. Everything outlives this.
  Configured(const config::Configuration& configuration, const config::ObjectGraph& graph,
             std::map<std::string, lang::Value> variables, lang::FunctionContext functions, std::string workspace,
             schema::ProviderRegistry& providers);
  ~Configured() override;

  const std::vector<DesiredResource>& resources() const override { return resources_; }
  const std::vector<DesiredProvider>& providers() const override { return providers_; }
  const std::vector<DesiredOutput>& outputs() const override { return outputs_; }
  Repetition repetition(uint32_t resource) const override;
  void begin(ResourceValues& values, bool applying) override;
  Diagnostics check_variables() override;
  Diagnostics check_modules() override;
  Checked<Expansion> expand(uint32_t resource) override;
  const std::string& module_address(uint32_t module) const override { return modules_[module]->address; }
  bool has_module(const std::string& config_module) const override;
  Checked<lang::Value> evaluate(uint32_t resource, const DesiredInstance& instance) override;
  Diagnostics check_result(uint32_t resource, const DesiredInstance& instance, const lang::Value& value) override;
  Checked<lang::Value> evaluate_provider(uint32_t provider) override;
  Checked<lang::Value> evaluate_output(uint32_t output) override;

  // As expand(); where count or for_each of the resource or of a module around it is unknown, `unknown` is set and
  // nothing is said of it.
  Checked<Expansion> expand_known(uint32_t resource, bool& unknown);

  // The evaluation of the run in progress: of begin() until the next one.
  config::Evaluation& evaluation() { return *evaluation_; }

 private:
  class Bridge;
  struct Source {
    const config::Resource* resource = nullptr;
    uint32_t path = 0;
    const schema::TypeSchema* type = nullptr;
    std::map<std::string, config::Expansion> expansions;  // by module instance address
  };
  struct ProviderOrigin {
    const config::ProviderConfig* config = nullptr;
    uint32_t path = 0;
  };

  void collect();
  void collect_resource(uint32_t object);
  uint32_t provider_index(uint32_t path, const config::ProviderReference& reference);
  std::vector<uint32_t> needed_units(const std::vector<uint32_t>& objects);
  std::vector<uint32_t> explicit_needs(uint32_t path, const std::vector<hcl::Traversal>& depends_on);
  void replace_triggers(DesiredResource& made, uint32_t path, const config::Resource& resource);
  std::vector<config::ModuleInstance*> instances_of(uint32_t path, Diagnostics& diagnostics, bool* unknown = nullptr);
  uint32_t module_index(config::ModuleInstance* module);
  const lang::Value* each_value(const Source& source, const DesiredInstance& instance) const;

  const config::Configuration& configuration_;
  const config::ObjectGraph& graph_;
  std::map<std::string, lang::Value> variables_;
  lang::FunctionContext functions_;
  std::string workspace_;
  schema::ProviderRegistry& registry_;

  std::vector<DesiredResource> resources_;
  std::vector<Source> sources_;  // by resource
  std::vector<DesiredProvider> providers_;
  std::vector<ProviderOrigin> provider_origins_;
  std::vector<DesiredOutput> outputs_;
  std::unordered_map<std::string, uint32_t> provider_by_address_;
  std::unordered_map<std::string, uint32_t> unit_by_address_;
  std::vector<int64_t> unit_of_object_;
  std::vector<std::vector<uint32_t>> reach_;

  ResourceValues* values_ = nullptr;
  std::unique_ptr<Bridge> bridge_;
  std::unique_ptr<config::Evaluation> evaluation_;
  std::vector<config::ModuleInstance*> modules_;
  std::unordered_map<const config::ModuleInstance*, uint32_t> module_index_;
};

}  // namespace terrace::plan
