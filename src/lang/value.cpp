#include "lang/value.h"

#include <algorithm>
#include <cassert>

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "lang/path.h"

namespace terrace::lang {

struct Value::Data {
  std::string text;               // of a string
  Number number;                  // of a number
  std::vector<Value> elements;    // of everything that has elements
  std::vector<std::string> keys;  // of a map, sorted
  Refinement refinement;          // of an unknown value
};

namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Bytes that order the elements of a set of compound values.
void append_order_key(const Value& value, std::string& key) {
  if (!value.is_known()) {
    key += '?';
    return;
  }
  if (value.is_null()) {
    key += '~';
    return;
  }
  const Type& type = value.type();
  switch (type.kind()) {
    case TypeKind::kString:
      key += '"' + value.as_string() + '"';
      return;
    case TypeKind::kNumber:
      key += value.as_number().text();
      return;
    case TypeKind::kBool:
      key += value.as_bool() ? 'T' : 'F';
      return;
    case TypeKind::kMap:
      key += '{';
      for (std::size_t i = 0; i < value.length(); ++i) {
        key += '"' + value.keys()[i] + "\":";
        append_order_key(value.elements()[i], key);
        key += ';';
      }
      key += '}';
      return;
    case TypeKind::kObject:
      key += '<';
      for (const Value& element : value.elements()) {
        append_order_key(element, key);
        key += ';';
      }
      key += '>';
      return;
    default:
      key += '[';
      for (const Value& element : value.elements()) {
        append_order_key(element, key);
        key += ';';
      }
      key += ']';
  }
}

void combine(std::size_t& seed, std::size_t more) {
  seed ^= more + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2);
}

}  // namespace

std::string normalize_nfc(std::string text) {
  if (is_ascii(text)) return text;
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return text;
  icu::UnicodeString from = icu::UnicodeString::fromUTF8(text);
  if (nfc->isNormalized(from, status) && U_SUCCESS(status)) return text;
  icu::UnicodeString to = nfc->normalize(from, status);
  std::string result;
  if (U_SUCCESS(status)) to.toUTF8String(result);
  return result;
}

Value Value::known(Type type, std::shared_ptr<const Data> data) {
  Value value;
  value.type_ = std::move(type);
  value.data_ = std::move(data);
  value.state_ = State::kKnown;
  return value;
}

Value Value::null(Type type) {
  Value value;
  value.type_ = std::move(type);
  return value;
}

Value Value::unknown(Type type) {
  Value value;
  value.type_ = std::move(type);
  value.state_ = State::kUnknown;
  return value;
}

Value Value::unknown(Type type, Refinement refinement) {
  Value value = unknown(std::move(type));
  auto data = std::make_shared<Data>();
  data->refinement = std::move(refinement);
  value.data_ = std::move(data);
  return value;
}

Value Value::string(std::string text) {
  auto data = std::make_shared<Data>();
  data->text = normalize_nfc(std::move(text));
  return known(Type::string(), std::move(data));
}

Value Value::number(Number number) {
  auto data = std::make_shared<Data>();
  data->number = std::move(number);
  return known(Type::number(), std::move(data));
}

Value Value::boolean(bool value) {
  Value result = known(Type::boolean(), nullptr);
  result.bool_ = value;
  return result;
}

Value Value::list(Type element, std::vector<Value> elements) {
  auto data = std::make_shared<Data>();
  data->elements = std::move(elements);
  return known(Type::list(std::move(element)), std::move(data));
}

Value Value::tuple(std::vector<Value> elements) {
  std::vector<Type> types;
  types.reserve(elements.size());
  for (const Value& element : elements) types.push_back(element.type());
  auto data = std::make_shared<Data>();
  data->elements = std::move(elements);
  return known(Type::tuple(std::move(types)), std::move(data));
}

Value Value::set(Type element, std::vector<Value> elements) {
  Marks marks = Marks::kNone;
  for (Value& each : elements) {
    Marks inside = each.marks_deep();
    if (any(inside)) {
      marks = marks | inside;
      each = each.without_marks_deep();
    }
  }
  std::stable_sort(elements.begin(), elements.end(),
                   [](const Value& a, const Value& b) { return compare_for_set(a, b) < 0; });
  // Unknown elements may turn out to be equal or not: they all stay.
  elements.erase(
      std::unique(elements.begin(), elements.end(),
                  [](const Value& a, const Value& b) { return a.is_wholly_known() && compare_for_set(a, b) == 0; }),
      elements.end());
  auto data = std::make_shared<Data>();
  data->elements = std::move(elements);
  return known(Type::set(std::move(element)), std::move(data)).with_marks(marks);
}

Value Value::map(Type element, std::vector<Member> members) {
  std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.first < b.first; });
  auto data = std::make_shared<Data>();
  data->keys.reserve(members.size());
  data->elements.reserve(members.size());
  for (Member& member : members) {
    if (!data->keys.empty() && data->keys.back() == member.first) {
      data->elements.back() = std::move(member.second);
      continue;
    }
    data->keys.push_back(std::move(member.first));
    data->elements.push_back(std::move(member.second));
  }
  return known(Type::map(std::move(element)), std::move(data));
}

Value Value::object(std::vector<Member> members) {
  std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.first < b.first; });
  std::vector<Type::Attribute> attributes;
  attributes.reserve(members.size());
  auto data = std::make_shared<Data>();
  data->elements.reserve(members.size());
  for (Member& member : members) {
    if (!attributes.empty() && attributes.back().name == member.first) {
      attributes.back().type = member.second.type();
      data->elements.back() = std::move(member.second);
      continue;
    }
    attributes.push_back({std::move(member.first), member.second.type(), false});
    data->elements.push_back(std::move(member.second));
  }
  return known(Type::object(std::move(attributes)), std::move(data));
}

Value Value::object(Type type, std::vector<Value> attributes) {
  assert(type.is_object() && type.attributes().size() == attributes.size());
  auto data = std::make_shared<Data>();
  data->elements = std::move(attributes);
  return known(std::move(type), std::move(data));
}

const Refinement& Value::refinement() const {
  static const Refinement kNothing;
  return data_ && state_ == State::kUnknown ? data_->refinement : kNothing;
}

bool Value::is_wholly_known() const {
  if (!is_known()) return false;
  if (!has_content() || type_.is_primitive()) return true;
  return std::all_of(data_->elements.begin(), data_->elements.end(),
                     [](const Value& v) { return v.is_wholly_known(); });
}

Value Value::with_marks(Marks marks) const {
  Value value = *this;
  value.marks_ = value.marks_ | marks;
  return value;
}

Value Value::without_marks() const {
  Value value = *this;
  value.marks_ = Marks::kNone;
  return value;
}

Marks Value::marks_deep() const {
  Marks marks = marks_;
  if (has_content() && !type_.is_primitive()) {
    for (const Value& element : data_->elements) marks = marks | element.marks_deep();
  }
  return marks;
}

Value Value::without_marks_deep() const {
  if (!any(marks_deep())) return *this;
  Value value = without_marks();
  if (has_content() && !type_.is_primitive()) {
    auto data = std::make_shared<Data>(*data_);
    for (Value& element : data->elements) element = element.without_marks_deep();
    value.data_ = std::move(data);
  }
  return value;
}

const std::string& Value::as_string() const {
  assert(has_content() && type_.kind() == TypeKind::kString);
  return data_->text;
}

const Number& Value::as_number() const {
  assert(has_content() && type_.kind() == TypeKind::kNumber);
  return data_->number;
}

std::span<const Value> Value::elements() const {
  assert(has_content());
  return data_->elements;
}

std::span<const std::string> Value::keys() const {
  assert(has_content() && type_.kind() == TypeKind::kMap);
  return data_->keys;
}

const Value* Value::find_key(std::string_view key) const {
  std::span<const std::string> all = keys();
  auto found = std::lower_bound(all.begin(), all.end(), key);
  return found != all.end() && *found == key ? &data_->elements[static_cast<std::size_t>(found - all.begin())]
                                             : nullptr;
}

const Value* Value::find_attribute(std::string_view name) const {
  assert(has_content() && type_.is_object());
  int index = type_.attribute_index(name);
  return index < 0 ? nullptr : &data_->elements[static_cast<std::size_t>(index)];
}

const Value& Value::attribute(std::string_view name) const {
  const Value* found = find_attribute(name);
  assert(found != nullptr);
  return *found;
}

bool Value::set_has(const Value& element) const {
  return std::binary_search(data_->elements.begin(), data_->elements.end(), element,
                            [](const Value& a, const Value& b) { return compare_for_set(a, b) < 0; });
}

Value Value::with_attribute(std::string_view name, Value value) const {
  int index = type_.attribute_index(name);
  assert(index >= 0);
  auto at = static_cast<std::size_t>(index);
  auto data = std::make_shared<Data>(*data_);
  Value result = *this;
  if (!(type_.attributes()[at].type == value.type())) {
    std::vector<Type::Attribute> attributes = type_.attributes();
    attributes[at].type = value.type();
    result.type_ = Type::object(std::move(attributes));
  }
  data->elements[at] = std::move(value);
  result.data_ = std::move(data);
  return result;
}

bool Value::identical(const Value& other) const {
  if (state_ != other.state_ || marks_ != other.marks_ || !(type_ == other.type_)) return false;
  if (state_ != State::kKnown) return true;
  if (type_.kind() == TypeKind::kBool) return bool_ == other.bool_;
  if (data_ == other.data_) return true;
  if (type_.kind() == TypeKind::kString) return data_->text == other.data_->text;
  if (type_.kind() == TypeKind::kNumber) return data_->number == other.data_->number;
  return data_->keys == other.data_->keys &&
         std::equal(data_->elements.begin(), data_->elements.end(), other.data_->elements.begin(),
                    other.data_->elements.end(), [](const Value& a, const Value& b) { return a.identical(b); });
}

Value Value::equals(const Value& other) const {
  Marks marks = marks_deep() | other.marks_deep();
  auto answer = [&](bool equal) { return boolean(equal).with_marks(marks); };
  auto open = [&] {
    Refinement refinement;
    refinement.not_null = true;
    return unknown(Type::boolean(), refinement).with_marks(marks);
  };
  if (is_null() && other.is_null()) return answer(true);
  if (is_null() || other.is_null()) {
    const Value& rest = is_null() ? other : *this;
    if (rest.is_known() || rest.is_refined_not_null()) return answer(false);
    return open();
  }
  if (!type_.has_dynamic() && !other.type_.has_dynamic() && !(type_ == other.type_)) return answer(false);
  if (!is_known() || !other.is_known()) return open();
  if (!(type_.kind() == other.type_.kind())) return answer(false);
  switch (type_.kind()) {
    case TypeKind::kBool:
      return answer(bool_ == other.bool_);
    case TypeKind::kString:
      return answer(data_->text == other.data_->text);
    case TypeKind::kNumber:
      return answer(data_->number == other.data_->number);
    default:
      break;
  }
  if (type_.kind() == TypeKind::kSet && (!is_wholly_known() || !other.is_wholly_known())) return open();
  if (length() != other.length()) return answer(false);
  if (type_.kind() == TypeKind::kMap && data_->keys != other.data_->keys) return answer(false);
  bool all_known = true;
  for (std::size_t i = 0; i < length(); ++i) {
    Value each = elements()[i].equals(other.elements()[i]);
    if (!each.is_known()) {
      all_known = false;
    } else if (!each.as_bool()) {
      return answer(false);
    }
  }
  return all_known ? answer(true) : open();
}

std::size_t Value::hash() const {
  std::size_t seed = static_cast<std::size_t>(type_.kind()) * 4 + static_cast<std::size_t>(state_);
  if (state_ != State::kKnown) return seed;
  switch (type_.kind()) {
    case TypeKind::kBool:
      combine(seed, bool_ ? 1 : 2);
      break;
    case TypeKind::kString:
      combine(seed, std::hash<std::string>()(data_->text));
      break;
    case TypeKind::kNumber:
      combine(seed, data_->number.hash());
      break;
    default:
      for (const std::string& key : data_->keys) combine(seed, std::hash<std::string>()(key));
      for (const Value& element : data_->elements) combine(seed, element.hash());
  }
  return seed;
}

int compare_for_set(const Value& a, const Value& b) {
  // Nulls and unknowns stand last.
  auto rank = [](const Value& v) { return v.has_content() ? 0 : v.is_null() ? 1 : 2; };
  if (rank(a) != rank(b)) return rank(a) - rank(b);
  if (rank(a) != 0) return 0;
  if (a.type_.kind() == b.type_.kind()) {
    switch (a.type_.kind()) {
      case TypeKind::kString:
        return a.data_->text.compare(b.data_->text);
      case TypeKind::kNumber: {
        std::strong_ordering order = a.data_->number <=> b.data_->number;
        return order < 0 ? -1 : order > 0 ? 1 : 0;
      }
      case TypeKind::kBool:
        return static_cast<int>(a.bool_) - static_cast<int>(b.bool_);
      default:
        break;
    }
  }
  std::string left, right;
  append_order_key(a, left);
  append_order_key(b, right);
  return left.compare(right);
}

}  // namespace terrace::lang
