// What a provider says of its types: attributes with their modes, nested blocks, versions. Included by every provider,
// by the decoder of configuration blocks, by state and by plan.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lang/type.h"
#include "lang/value.h"

namespace terrace::schema {

// One argument or result. A required attribute is never computed; one that is neither required nor optional is set by
// the provider alone (Terraform's plugin protocol, Schema.Attribute).
struct Attribute {
  std::string name;
  lang::Type type;
  bool required = false;
  bool optional = false;
  bool computed = false;
  bool sensitive = false;
  bool write_only = false;  // given to the provider, null in plan and state
  std::string deprecated;   // why, and what to use; empty when it is not
};

enum class Nesting : uint8_t { kSingle, kList, kSet, kMap };

struct NestedBlock;

// Attributes and nested blocks, each sorted by name.
struct Block {
  std::vector<Attribute> attributes;
  std::vector<NestedBlock> blocks;

  const Attribute* find_attribute(std::string_view name) const;
  const NestedBlock* find_block(std::string_view name) const;
  // The object type of a value of this block: attributes by their types; blocks as object, list, set or map of objects.
  lang::Type implied_type() const;
};

struct NestedBlock {
  std::string name;
  Nesting nesting = Nesting::kList;
  int min_items = 0;
  int max_items = 0;  // 0: no limit
  Block block;
};

// A resource type or data source: its block and the version that stored states are written with.
struct TypeSchema {
  int64_t version = 0;
  Block block;
  lang::Type implied_type;  // block.implied_type(), made once

  TypeSchema() = default;
  TypeSchema(int64_t schema_version, Block content)
      : version(schema_version), block(std::move(content)), implied_type(block.implied_type()) {}
};

// Everything a provider has. Pointers into it stay valid for the provider's life.
struct ProviderSchema {
  Block provider;
  std::map<std::string, TypeSchema, std::less<>> resources;
  std::map<std::string, TypeSchema, std::less<>> data_sources;
};

// What the provider is asked to plan from a prior value and a configuration (Terraform's "proposed new state"): the
// configuration's value where it sets one; the prior value where it is null and the attribute is computed; nested
// blocks likewise, lists by index, maps by key, sets by equal configured parts. `prior` is null for a create.
lang::Value proposed_new(const Block& block, const lang::Value& prior, const lang::Value& config);

// `value` with every null attribute that is computed made unknown, nested blocks included: the plan of a create whose
// provider adds nothing.
lang::Value computed_unknown(const Block& block, const lang::Value& value);

// `value` with the attributes that the schema calls sensitive marked.
lang::Value mark_sensitive(const Block& block, const lang::Value& value);

// An object with a value for each attribute of `type`, in its order. Where the type leaves an attribute dynamic, the
// object's own type takes that of the value.
lang::Value object_of(const lang::Type& type, std::vector<lang::Value> attributes);

// A value for each attribute and block of `block`: null, or empty collections for blocks.
lang::Value empty_value(const Block& block);

}  // namespace terrace::schema
