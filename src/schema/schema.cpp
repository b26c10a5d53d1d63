#include "schema/schema.h"

#include <algorithm>

namespace terrace::schema {

namespace {

using lang::Type;
using lang::TypeKind;
using lang::Value;

template <typename T>
const T* find_by_name(const std::vector<T>& sorted, std::string_view name) {
  auto place = std::lower_bound(sorted.begin(), sorted.end(), name,
                                [](const T& item, std::string_view wanted) { return item.name < wanted; });
  return place != sorted.end() && place->name == name ? &*place : nullptr;
}

// Calls `member(name, attribute or nullptr, block or nullptr)` for everything of the block, in the order of its object
// type.
template <typename Function>
void for_each_member(const Block& block, Function member) {
  auto attribute = block.attributes.begin();
  auto nested = block.blocks.begin();
  while (attribute != block.attributes.end() || nested != block.blocks.end()) {
    bool is_attribute =
        nested == block.blocks.end() || (attribute != block.attributes.end() && attribute->name < nested->name);
    if (is_attribute) {
      member(attribute->name, &*attribute, static_cast<const NestedBlock*>(nullptr));
      ++attribute;
    } else {
      member(nested->name, static_cast<const Attribute*>(nullptr), &*nested);
      ++nested;
    }
  }
}

Type nested_type(const NestedBlock& nested, Type object) {
  switch (nested.nesting) {
    case Nesting::kSingle:
      return object;
    case Nesting::kList:
      return Type::list(std::move(object));
    case Nesting::kSet:
      return Type::set(std::move(object));
    case Nesting::kMap:
      return Type::map(std::move(object));
  }
  return object;
}

// The same collection of other elements; `like` has content.
Value rebuild(const Value& like, std::vector<Value> elements) {
  switch (like.type().kind()) {
    case TypeKind::kList:
      return Value::list(like.type().element(), std::move(elements));
    case TypeKind::kSet:
      return Value::set(like.type().element(), std::move(elements));
    case TypeKind::kTuple:
      return Value::tuple(std::move(elements));
    default:
      break;
  }
  std::vector<Value::Member> members;
  members.reserve(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) members.emplace_back(like.keys()[i], std::move(elements[i]));
  return Value::map(like.type().element(), std::move(members));
}

// `value` with `change(element's block value)` in place of each nested object.
template <typename Function>
Value map_nested(const NestedBlock& nested, const Value& value, Function change) {
  if (!value.has_content()) return value;
  if (nested.nesting == Nesting::kSingle) return change(value);
  std::vector<Value> elements;
  elements.reserve(value.length());
  for (const Value& element : value.elements()) elements.push_back(change(element));
  return rebuild(value, std::move(elements)).with_marks(value.marks());
}

// Could `prior` have come from `config`: are they equal wherever the configuration decides?
bool came_from(const Block& block, const Value& prior, const Value& config) {
  if (!prior.has_content() || !config.has_content()) return prior.is_null() && config.is_null();
  for (const Attribute& attribute : block.attributes) {
    const Value* before = prior.find_attribute(attribute.name);
    const Value* wanted = config.find_attribute(attribute.name);
    if (!before || !wanted) return false;
    if (attribute.computed && wanted->is_null()) continue;
    if (!before->identical(*wanted)) return false;
  }
  for (const NestedBlock& nested : block.blocks) {
    const Value* before = prior.find_attribute(nested.name);
    const Value* wanted = config.find_attribute(nested.name);
    if (!before || !wanted) return false;
    if (nested.nesting == Nesting::kSingle || !before->has_content() || !wanted->has_content()) {
      if (nested.nesting == Nesting::kSingle ? !came_from(nested.block, *before, *wanted) : !before->identical(*wanted))
        return false;
      continue;
    }
    if (before->length() != wanted->length()) return false;
    for (size_t i = 0; i < before->length(); ++i) {
      if (!came_from(nested.block, before->elements()[i], wanted->elements()[i])) return false;
    }
  }
  return true;
}

Value proposed_nested(const NestedBlock& nested, const Value& prior, const Value& config) {
  if (!config.has_content()) return config;
  Type object = nested.nesting == Nesting::kSingle ? config.type() : config.type().element();
  const Value none = Value::null(object);
  if (nested.nesting == Nesting::kSingle) return proposed_new(nested.block, prior.has_content() ? prior : none, config);
  bool has_prior = prior.has_content();
  std::vector<Value> elements;
  elements.reserve(config.length());
  std::vector<bool> used(has_prior ? prior.length() : 0);
  for (size_t i = 0; i < config.length(); ++i) {
    const Value& wanted = config.elements()[i];
    const Value* before = nullptr;
    if (has_prior && nested.nesting == Nesting::kList && i < prior.length()) before = &prior.elements()[i];
    if (has_prior && nested.nesting == Nesting::kMap) before = prior.find_key(config.keys()[i]);
    for (size_t j = 0; has_prior && nested.nesting == Nesting::kSet && j < prior.length() && !before; ++j) {
      if (used[j] || !came_from(nested.block, prior.elements()[j], wanted)) continue;
      used[j] = true;
      before = &prior.elements()[j];
    }
    elements.push_back(proposed_new(nested.block, before ? *before : none, wanted));
  }
  return rebuild(config, std::move(elements));
}

}  // namespace

const Attribute* Block::find_attribute(std::string_view name) const {
  return find_by_name(attributes, name);
}
const NestedBlock* Block::find_block(std::string_view name) const {
  return find_by_name(blocks, name);
}

Type Block::implied_type() const {
  std::vector<Type::Attribute> members;
  for (const Attribute& attribute : attributes) members.push_back({attribute.name, attribute.type, false});
  for (const NestedBlock& nested : blocks) {
    members.push_back({nested.name, nested_type(nested, nested.block.implied_type()), false});
  }
  return Type::object(std::move(members));
}

Value object_of(const Type& type, std::vector<Value> attributes) {
  if (!type.has_dynamic()) return Value::object(type, std::move(attributes));
  std::vector<Value::Member> members;
  members.reserve(attributes.size());
  for (size_t i = 0; i < attributes.size(); ++i)
    members.emplace_back(type.attributes()[i].name, std::move(attributes[i]));
  return Value::object(std::move(members));
}

Value proposed_new(const Block& block, const Value& prior, const Value& config) {
  if (!config.has_content()) return config.is_null() ? prior : config;
  std::vector<Value> members;
  members.reserve(config.length());
  for_each_member(block, [&](const std::string& name, const Attribute* attribute, const NestedBlock* nested) {
    const Value& wanted = config.attribute(name);
    const Value* found = prior.has_content() ? prior.find_attribute(name) : nullptr;
    Value before = found ? *found : Value::null(attribute ? attribute->type : wanted.type());
    if (nested) {
      members.push_back(proposed_nested(*nested, before, wanted));
    } else if (attribute->write_only) {
      members.push_back(Value::null(attribute->type));
    } else if (attribute->computed && (wanted.is_null() || !attribute->optional)) {
      members.push_back(std::move(before));
    } else {
      members.push_back(wanted);
    }
  });
  return object_of(config.type(), std::move(members));
}

Value computed_unknown(const Block& block, const Value& value) {
  if (!value.has_content()) return value;
  std::vector<Value> members;
  members.reserve(value.length());
  for_each_member(block, [&](const std::string& name, const Attribute* attribute, const NestedBlock* nested) {
    const Value& member = value.attribute(name);
    if (nested) {
      members.push_back(
          map_nested(*nested, member, [&](const Value& object) { return computed_unknown(nested->block, object); }));
    } else if (attribute->computed && member.is_null()) {
      members.push_back(Value::unknown(attribute->type));
    } else {
      members.push_back(member);
    }
  });
  return object_of(value.type(), std::move(members)).with_marks(value.marks());
}

Value mark_sensitive(const Block& block, const Value& value) {
  if (!value.has_content()) return value;
  std::vector<Value> members(value.elements().begin(), value.elements().end());
  bool changed = false;
  size_t index = 0;
  for_each_member(block, [&](const std::string&, const Attribute* attribute, const NestedBlock* nested) {
    Value& member = members[index++];
    if (attribute && attribute->sensitive) {
      member = member.with_marks(lang::Marks::kSensitive);
      changed = true;
    } else if (nested) {
      Value marked =
          map_nested(*nested, member, [&](const Value& object) { return mark_sensitive(nested->block, object); });
      changed = changed || marked.marks_deep() != member.marks_deep();
      member = std::move(marked);
    }
  });
  if (!changed) return value;
  return object_of(value.type(), std::move(members)).with_marks(value.marks());
}

Value empty_value(const Block& block) {
  std::vector<Value::Member> members;
  for_each_member(block, [&](const std::string& name, const Attribute* attribute, const NestedBlock* nested) {
    if (attribute) {
      members.emplace_back(name, Value::null(attribute->type));
      return;
    }
    Type object = nested->block.implied_type();
    switch (nested->nesting) {
      case Nesting::kSingle:
        members.emplace_back(name, Value::null(object));
        break;
      case Nesting::kList:
        members.emplace_back(name, Value::list(object, {}));
        break;
      case Nesting::kSet:
        members.emplace_back(name, Value::set(object, {}));
        break;
      case Nesting::kMap:
        members.emplace_back(name, Value::map(object, {}));
        break;
    }
  });
  return Value::object(std::move(members));
}

}  // namespace terrace::schema
