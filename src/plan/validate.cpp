#include "plan/validate.h"

#include <fmt/format.h>

#include "plan/configured.h"
#include "plan/planner.h"

namespace terrace::plan {

namespace {

using lang::Value;

std::map<std::string, Value> unknown_variables(const config::Module& root) {
  std::map<std::string, Value> values;
  for (const auto& [name, variable] : root.variables) {
    Value value = Value::unknown(variable.constraint.type);
    values[name] = variable.sensitive ? value.with_marks(lang::Marks::kSensitive) : value;
  }
  return values;
}

void place(Diagnostics& into, Diagnostics said, const SourceRange& range) {
  for (Diagnostic& diagnostic : said.items()) {
    if (!diagnostic.subject.valid()) diagnostic.subject = range;
  }
  into.append(std::move(said));
}

}  // namespace

Diagnostics validate(const config::Configuration& configuration, const config::ObjectGraph& graph,
                     lang::FunctionContext functions, schema::ProviderRegistry& registry) {
  Diagnostics diagnostics;
  Configured desired(configuration, graph, unknown_variables(*configuration.root), std::move(functions), "default",
                     registry);
  ValueTable nothing(desired);
  desired.begin(nothing, false);
  std::map<std::string, std::unique_ptr<schema::Provider>> providers;
  for (uint32_t i = 0; i < desired.providers().size(); ++i) {
    const DesiredProvider& used = desired.providers()[i];
    std::unique_ptr<schema::Provider>& provider = providers[used.source];
    if (!provider) provider = registry.make(used.source);
    if (!provider) {
      std::string known;
      for (const std::string& one : registry.sources()) known += "\n  - " + one;
      diagnostics.error(
          "Provider not available",
          fmt::format("The provider {} is needed and is not built in. Providers are part of this program; these "
                      "are there:{}",
                      used.source, known),
          used.range);
      continue;
    }
    Checked<Value> config = desired.evaluate_provider(i);
    if (!config.diagnostics.has_errors()) {
      config.diagnostics.append(provider->validate_provider(config.value.without_marks_deep()));
    }
    place(diagnostics, std::move(config.diagnostics), used.range);
  }
  for (uint32_t unit = 0; unit < desired.resources().size(); ++unit) {
    const DesiredResource& resource = desired.resources()[unit];
    if (resource.relay) continue;
    const std::string& source = desired.providers()[resource.provider].source;
    const std::unique_ptr<schema::Provider>& provider = providers[source];
    if (!provider) continue;
    bool data = resource.mode == state::Mode::kData;
    const auto& types = data ? provider->schema().data_sources : provider->schema().resources;
    if (types.find(resource.type) == types.end()) {
      diagnostics.error(data ? "Invalid data source" : "Invalid resource type",
                        fmt::format("The provider {} does not support {} type \"{}\".", source,
                                    data ? "data source" : "resource", resource.type),
                        resource.range);
      continue;
    }
    bool unknown = false;
    Checked<Expansion> expansion = desired.expand_known(unit, unknown);
    if (unknown) continue;
    place(diagnostics, std::move(expansion.diagnostics), resource.range);
    if (expansion.value.instances.empty()) continue;
    Checked<Value> config = desired.evaluate(unit, expansion.value.instances[0]);
    if (!config.diagnostics.has_errors()) {
      Value plain = config.value.without_marks_deep();
      config.diagnostics.append(data ? provider->validate_data(resource.type, plain)
                                     : provider->validate_resource(resource.type, plain));
    }
    place(diagnostics, std::move(config.diagnostics), resource.range);
  }
  for (uint32_t i = 0; i < desired.outputs().size(); ++i) {
    place(diagnostics, desired.evaluate_output(i).diagnostics, desired.outputs()[i].range);
  }
  return diagnostics;
}

}  // namespace terrace::plan
