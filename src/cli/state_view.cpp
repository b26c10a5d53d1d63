#include "cli/state_view.h"

#include <sstream>

#include <fmt/format.h>

#include "cli/plan_text.h"
#include "cli/plan_view.h"
#include "cli/session.h"
#include "state/session.h"
#include "state/value_json.h"

namespace terrace::cli {

const schema::TypeSchema* schema_of(schema::ProviderRegistry& registry, const std::string& provider,
                                    const state::ResourceAddress& address) {
  const schema::ProviderSchema* schema = registry.schema(plan::provider_source(provider));
  if (schema == nullptr) return nullptr;
  const auto& types = address.mode == state::Mode::kData ? schema->data_sources : schema->resources;
  auto found = types.find(address.type);
  return found == types.end() ? nullptr : &found->second;
}

std::optional<lang::Value> value_of(const state::Object& object, const schema::TypeSchema& type) {
  Result<lang::Value, std::string> value = state::decode_value(object.attributes, type.implied_type);
  if (!value) return std::nullopt;
  lang::Value marked = schema::mark_sensitive(type.block, *value);
  if (!object.sensitive_attributes.empty()) {
    Result<std::vector<lang::Path>, std::string> paths = state::decode_paths(object.sensitive_attributes);
    if (paths) {
      std::vector<lang::PathMarks> marks;
      for (lang::Path& path : *paths) marks.push_back({std::move(path), lang::Marks::kSensitive});
      marked = lang::mark_paths(marked, marks);
    }
  }
  return marked;
}

std::string object_listing(schema::ProviderRegistry& registry, const state::ResourceAddress& address,
                           const state::Resource& resource, const state::InstanceKey& key, const std::string& deposed,
                           const state::Object& object, bool color) {
  const schema::TypeSchema* type = schema_of(registry, resource.provider, address);
  if (type == nullptr)
    return fmt::format("# {}: the provider {} is not built in\n", address.instance_text(key),
                       plan::provider_source(resource.provider));
  std::optional<lang::Value> value = value_of(object, *type);
  if (!value) return fmt::format("# {}: the stored object can't be read by its schema\n", address.instance_text(key));
  ChangeView view;
  view.address = address.instance_text(key);
  view.type = address.type;
  view.name = address.name;
  view.module = address.module;
  view.is_data = address.mode == state::Mode::kData;
  view.index_key = state::key_text(key);
  view.deposed = deposed;
  view.after = display_of(*value, type->block);
  return object_text(view, object.tainted ? "tainted" : "", color);
}

std::optional<state::State> read_state(Context& context, const std::string& path) {
  state::LocalStateStore::Options options;
  options.path = path;
  options.write_path = path;
  state::LocalStateStore store(context.files, context.loop, context.random, {}, options);
  state::StateSession session(store, context.files, context.loop, context.random);
  Diagnostics diagnostics = context.loop.run(session.open());
  context.show(diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return session.state();
}

// The members of objects that are null are not shown.
Display without_nulls(Display value) {
  if (value.kind == Display::Kind::kFreeObject) value.kind = Display::Kind::kObject;
  for (Display& element : value.elements) element = without_nulls(std::move(element));
  for (auto& [name, member] : value.members) member = without_nulls(std::move(member));
  return value;
}

// `name = value` with the value as in a listing of an object.
std::string output_listing(const std::string& name, const state::Output& output, bool color) {
  if (output.sensitive) return name + " = (sensitive value)\n";
  Result<lang::Type, std::string> type = state::decode_type(output.type);
  Result<lang::Value, std::string> value =
      type ? state::decode_value(output.value, *type) : Result<lang::Value, std::string>(lang::Value());
  if (!value) return name + " = (unreadable)\n";
  Display block;
  block.kind = Display::Kind::kBlock;
  block.members.emplace_back(name, without_nulls(display_of(*value)));
  std::istringstream lines(block_change_text(&block, &block, Change::kNone, 0, {}, {color}));
  std::string text;
  // A block's members stand four columns to the right.
  for (std::string line; std::getline(lines, line);)
    text += line.substr(std::min<std::size_t>(line.find_first_not_of(' '), 4)) + "\n";
  return text;
}

std::string state_text(Context& context, const state::State& state) {
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  std::string text;
  for (const auto& [address, resource] : state.resources) {
    for (const auto& [key, instance] : resource.instances) {
      if (instance.current)
        text +=
            object_listing(registry, address, resource, key, "", *instance.current, context.terminal.color()) + "\n\n";
      for (const auto& [deposed, object] : instance.deposed)
        text += object_listing(registry, address, resource, key, deposed, *object, context.terminal.color()) + "\n\n";
    }
  }
  if (!state.outputs.empty()) text += "\nOutputs:\n\n";
  for (const auto& [name, output] : state.outputs) text += output_listing(name, output, context.terminal.color());
  return text;
}

}  // namespace terrace::cli
