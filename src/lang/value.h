// Value: an immutable value of the language with its type, known, null or unknown, perhaps marked. Copying costs a
// reference count or two. Everything above lang includes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lang/number.h"
#include "lang/type.h"

namespace terrace::lang {

// Marks that travel with a value and whatever is made from it. A set of bits.
enum class Marks : uint8_t { kNone = 0, kSensitive = 1, kEphemeral = 2 };
constexpr Marks operator|(Marks a, Marks b) {
  return static_cast<Marks>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr Marks operator&(Marks a, Marks b) {
  return static_cast<Marks>(static_cast<uint8_t>(a) & static_cast<uint8_t>(b));
}
constexpr Marks operator~(Marks a) {
  return static_cast<Marks>(~static_cast<uint8_t>(a) & 3);
}
constexpr bool any(Marks marks) {
  return marks != Marks::kNone;
}

// What is known of an unknown value.
struct Refinement {
  bool not_null = false;
  std::string prefix;  // of a string
  int64_t min_length = 0;
  std::optional<int64_t> max_length;
};

class Value {
 public:
  using Member = std::pair<std::string, Value>;

  Value() = default;  // a null of dynamic type
  static Value null(Type type);
  static Value unknown(Type type);
  static Value unknown(Type type, Refinement refinement);
  static Value dynamic() { return unknown(Type::dynamic()); }
  // The text is made NFC (Unicode normal form C), as every string of the language is.
  static Value string(std::string text);
  static Value number(Number number);
  static Value boolean(bool value);
  static Value list(Type element, std::vector<Value> elements);
  static Value tuple(std::vector<Value> elements);
  // Elements that are equal are kept once; they stand in the order in which sets are shown. With an unknown element the
  // set's length is not known. Marks of elements move to the set.
  static Value set(Type element, std::vector<Value> elements);
  // Of pairs with the same key the last one counts.
  static Value map(Type element, std::vector<Member> members);
  static Value object(std::vector<Member> members);
  // An object of a given type, with a value for each attribute in the type's order.
  static Value object(Type type, std::vector<Value> attributes);

  const Type& type() const { return type_; }
  bool is_null() const { return state_ == State::kNull; }
  bool is_known() const { return state_ != State::kUnknown; }  // nulls are known
  bool is_wholly_known() const;
  bool has_content() const { return state_ == State::kKnown; }  // known and not null
  const Refinement& refinement() const;                         // of an unknown value
  // Unknown, but surely not null.
  bool is_refined_not_null() const { return state_ == State::kUnknown && refinement().not_null; }

  Marks marks() const { return marks_; }
  bool has(Marks mark) const { return any(marks_ & mark); }
  Value with_marks(Marks marks) const;  // in addition to those it has
  Value without_marks() const;          // of this value; those inside stay
  Value without_marks_deep() const;
  Marks marks_deep() const;  // of this value and all inside

  // What follows needs has_content() and the right type.
  const std::string& as_string() const;
  const Number& as_number() const;
  bool as_bool() const { return bool_; }
  // Elements of a list, set or tuple; values of a map by key order; attributes of an object in the type's order.
  std::span<const Value> elements() const;
  std::size_t length() const { return elements().size(); }
  // Keys of a map, sorted by bytes.
  std::span<const std::string> keys() const;
  const Value* find_key(std::string_view key) const;         // of a map; null where there is none
  const Value& attribute(std::string_view name) const;       // of an object that has it
  const Value* find_attribute(std::string_view name) const;  // of an object; null where there is none
  bool set_has(const Value& element) const;

  // The same object with one attribute replaced; the type's attribute takes the value's type.
  Value with_attribute(std::string_view name, Value value) const;

  // The same in everything: type, content, unknowns, refinements aside, and marks.
  bool identical(const Value& other) const;
  // As the language's ==: unknown where an unknown part decides; marks of both. Null equals null.
  Value equals(const Value& other) const;
  std::size_t hash() const;
  // The order in which sets are shown; marks aside.
  friend int compare_for_set(const Value& a, const Value& b);

 private:
  enum class State : uint8_t { kNull, kKnown, kUnknown };
  struct Data;
  static Value known(Type type, std::shared_ptr<const Data> data);

  Type type_;
  std::shared_ptr<const Data> data_;
  State state_ = State::kNull;
  Marks marks_ = Marks::kNone;
  bool bool_ = false;
};

int compare_for_set(const Value& a, const Value& b);

// Text in NFC. ASCII is returned as it is.
std::string normalize_nfc(std::string text);

}  // namespace terrace::lang
