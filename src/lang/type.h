// Type: the type of a value, or a constraint that values are converted to. Everything above lang includes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrace::lang {

enum class TypeKind : uint8_t { kDynamic, kString, kNumber, kBool, kList, kSet, kMap, kObject, kTuple };

// Immutable and shared: copying costs a reference count. Objects keep their attributes sorted by name.
class Type {
 public:
  struct Attribute;

  Type() = default;  // dynamic: any type, not yet known
  static Type dynamic() { return Type(); }
  static Type string() { return Type(TypeKind::kString); }
  static Type number() { return Type(TypeKind::kNumber); }
  static Type boolean() { return Type(TypeKind::kBool); }
  static Type list(Type element) { return Type(TypeKind::kList, std::move(element)); }
  static Type set(Type element) { return Type(TypeKind::kSet, std::move(element)); }
  static Type map(Type element) { return Type(TypeKind::kMap, std::move(element)); }
  static Type object(std::vector<Attribute> attributes);
  static Type tuple(std::vector<Type> elements);

  TypeKind kind() const { return kind_; }
  bool is_dynamic() const { return kind_ == TypeKind::kDynamic; }
  bool is_primitive() const {
    return kind_ == TypeKind::kString || kind_ == TypeKind::kNumber || kind_ == TypeKind::kBool;
  }
  bool is_collection() const { return kind_ == TypeKind::kList || kind_ == TypeKind::kSet || kind_ == TypeKind::kMap; }
  bool is_object() const { return kind_ == TypeKind::kObject; }
  bool is_tuple() const { return kind_ == TypeKind::kTuple; }
  // Of a list, set or map.
  const Type& element() const;
  // Of an object, sorted by name.
  const std::vector<Attribute>& attributes() const;
  const Attribute* find_attribute(std::string_view name) const;
  int attribute_index(std::string_view name) const;  // -1 where there is none
  // Of a tuple.
  const std::vector<Type>& elements() const;
  // Is dynamic anywhere inside?
  bool has_dynamic() const;

  friend bool operator==(const Type& a, const Type& b);

  // "list of string", "object", "number": as messages name it.
  std::string friendly_name() const;
  // list(string), object({a=string,b=optional(number)}): as written in a configuration.
  std::string constraint_text() const;

 private:
  struct Node;
  explicit Type(TypeKind kind) : kind_(kind) {}
  Type(TypeKind kind, Type element);

  TypeKind kind_ = TypeKind::kDynamic;
  std::shared_ptr<const Node> node_;
};

struct Type::Attribute {
  std::string name;
  Type type;
  bool optional = false;  // in a constraint: may be left out, and is then null
};

}  // namespace terrace::lang
