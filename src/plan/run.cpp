// The tables that planning and applying share.
#include <fmt/format.h>

#include "plan/planner.h"
#include "state/value_json.h"

namespace terrace::plan {

using lang::Type;
using lang::Value;

void ValueTable::set(uint32_t resource, const std::string& module, const state::InstanceKey& key, Value value) {
  resources_[resource].begun = true;
  Entry& entry = resources_[resource].modules[module];
  entry.assembled.reset();
  entry.instances[key] = std::move(value);
}

Value ValueTable::resource_value(uint32_t resource, const std::string& module) {
  Resource& known = resources_[resource];
  if (!known.begun || known.failed) return Value::dynamic();
  Repetition repetition = desired_.repetition(resource);
  auto found = known.modules.find(module);
  if (found == known.modules.end()) {
    if (repetition == Repetition::kSingle) return Value::dynamic();
    return repetition == Repetition::kCount ? Value::tuple({}) : Value::object(std::vector<Value::Member>());
  }
  Entry& entry = found->second;
  if (entry.assembled) return *entry.assembled;
  if (repetition == Repetition::kSingle) {
    auto single = entry.instances.find(state::InstanceKey());
    entry.assembled = single == entry.instances.end() ? Value::dynamic() : single->second;
  } else if (repetition == Repetition::kCount) {
    std::vector<Value> elements;
    elements.reserve(entry.instances.size());
    for (const auto& [key, value] : entry.instances) {
      const int64_t* index = std::get_if<int64_t>(&key);
      if (!index) continue;
      // Holes appear where a state is only part of what the configuration asks for.
      while (static_cast<int64_t>(elements.size()) < *index) elements.push_back(Value::dynamic());
      elements.push_back(value);
    }
    entry.assembled = Value::tuple(std::move(elements));
  } else {
    std::vector<Value::Member> members;
    members.reserve(entry.instances.size());
    for (const auto& [key, value] : entry.instances) {
      if (const std::string* name = std::get_if<std::string>(&key)) members.emplace_back(*name, value);
    }
    entry.assembled = Value::object(std::move(members));
  }
  return *entry.assembled;
}

std::string provider_source(const std::string& address) {
  size_t start = address.find("provider[\"");
  if (start == std::string::npos) return {};
  start += 10;
  size_t end = address.find("\"]", start);
  return end == std::string::npos ? std::string() : address.substr(start, end - start);
}

std::string config_address(const state::ResourceAddress& address) {
  std::string out;
  const std::string& module = address.module;
  for (size_t i = 0; i < module.size(); ++i) {
    if (module[i] != '[') {
      out += module[i];
      continue;
    }
    bool quoted = false;
    for (++i; i < module.size() && (quoted || module[i] != ']'); ++i) {
      if (quoted && module[i] == '\\')
        ++i;
      else if (module[i] == '"')
        quoted = !quoted;
    }
  }
  state::ResourceAddress plain = address;
  plain.module = std::move(out);
  return plain.text();
}

ProviderTable::ProviderTable(Environment environment, Desired& desired) : environment_(environment), desired_(desired) {
  for (size_t i = 0; i < desired.providers().size(); ++i)
    slots_[desired.providers()[i].address].desired = static_cast<int>(i);
}

bool ProviderTable::independent(const std::string& address) const {
  auto slot = slots_.find(address);
  if (slot == slots_.end() || slot->second.desired < 0) return true;
  return desired_.providers()[static_cast<size_t>(slot->second.desired)].needs.empty();
}

const schema::TypeSchema* ProviderTable::type_schema(const std::string& source, state::Mode mode,
                                                     const std::string& type) {
  const schema::ProviderSchema* schema = environment_.providers.schema(source);
  if (!schema) return nullptr;
  const auto& types = mode == state::Mode::kData ? schema->data_sources : schema->resources;
  auto found = types.find(type);
  return found == types.end() ? nullptr : &found->second;
}

Task<schema::Provider*> ProviderTable::get(std::string address, Diagnostics& diagnostics) {
  Slot& slot = slots_[address];
  while (slot.configuring) {
    Event& other = *slot.configuring;
    co_await other;
  }
  if (slot.failed) co_return nullptr;
  if (slot.configured) co_return slot.provider.get();
  const DesiredProvider* desired =
      slot.desired < 0 ? nullptr : &desired_.providers()[static_cast<size_t>(slot.desired)];
  SourceRange range = desired ? desired->range : SourceRange{};
  // A default configuration may be left out of the files; another one holds settings that nothing else knows.
  if (!desired && address != fmt::format("provider[\"{}\"]", provider_source(address))) {
    diagnostics.error(
        "Provider configuration not present",
        fmt::format("Objects of the state were made with {}, which the configuration no longer has. Without "
                    "it nobody knows where they are: write the provider block again to keep or to destroy "
                    "them; it can go once they are gone.",
                    address));
    slot.failed = true;
    co_return nullptr;
  }
  if (!slot.provider) {
    std::string source = provider_source(address);
    slot.provider = environment_.providers.make(source);
    if (!slot.provider) {
      std::string known;
      for (const std::string& one : environment_.providers.sources()) known += "\n  - " + one;
      diagnostics.error(
          "Provider not available",
          fmt::format("The provider {} is needed and is not built in. Providers are part of this program; these "
                      "are there:{}",
                      source.empty() ? address : source, known),
          range);
      slot.failed = true;
      co_return nullptr;
    }
  }
  Value config = schema::empty_value(slot.provider->schema().provider);
  if (desired) {
    Checked<Value> evaluated = desired_.evaluate_provider(static_cast<uint32_t>(slot.desired));
    bool wrong = evaluated.diagnostics.has_errors();
    diagnostics.append(std::move(evaluated.diagnostics));
    if (wrong) {
      slot.failed = true;
      co_return nullptr;
    }
    config = evaluated.value.without_marks_deep();
  }
  bool known = config.is_wholly_known();
  Diagnostics said = slot.provider->validate_provider(config);
  if (!said.has_errors()) {
    slot.configuring = std::make_unique<Event>(environment_.loop);
    Task<Diagnostics> configuring = slot.provider->configure(config);
    said.append(co_await configuring);
    std::unique_ptr<Event> done = std::move(slot.configuring);
    done->set();
    finished_.push_back(std::move(done));
  }
  bool wrong = said.has_errors();
  for (Diagnostic& diagnostic : said.items()) {
    if (!diagnostic.subject.valid()) diagnostic.subject = range;
  }
  diagnostics.append(std::move(said));
  if (wrong) {
    slot.failed = true;
    co_return nullptr;
  }
  slot.configured = known;
  co_return slot.provider.get();
}

}  // namespace terrace::plan
