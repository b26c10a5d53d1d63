#include "providers/registry.h"

namespace terrace::providers {

void Registry::add(std::string source, Factory factory) {
  entries_[std::move(source)] = Entry{std::move(factory), nullptr};
}

std::unique_ptr<schema::Provider> Registry::make(std::string_view source) {
  auto entry = entries_.find(source);
  return entry == entries_.end() ? nullptr : entry->second.factory();
}

const schema::ProviderSchema* Registry::schema(std::string_view source) {
  auto entry = entries_.find(source);
  if (entry == entries_.end()) return nullptr;
  if (!entry->second.for_schema) entry->second.for_schema = entry->second.factory();
  return &entry->second.for_schema->schema();
}

std::vector<std::string> Registry::sources() const {
  std::vector<std::string> all;
  for (const auto& [source, entry] : entries_) all.push_back(source);
  return all;
}

}  // namespace terrace::providers
