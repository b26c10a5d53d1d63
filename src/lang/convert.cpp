#include "lang/convert.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace terrace::lang {

namespace {

using Converted = Result<Value, ConvertError>;

Failure<ConvertError> problem(std::string message) {
  return Failure<ConvertError>{{std::move(message)}};
}

std::string at_attribute(const std::string& name, const std::string& message) {
  return fmt::format("attribute \"{}\": {}", name, message);
}
std::string at_index(std::size_t index, const std::string& message) {
  return fmt::format("element {}: {}", index, message);
}
std::string at_key(const std::string& key, const std::string& message) {
  return fmt::format("element \"{}\": {}", key, message);
}

Converted primitive(const Value& value, const Type& wanted) {
  TypeKind from = value.type().kind();
  TypeKind to = wanted.kind();
  if (to == TypeKind::kString && from == TypeKind::kNumber) return Value::string(value.as_number().text());
  if (to == TypeKind::kString && from == TypeKind::kBool) return Value::string(value.as_bool() ? "true" : "false");
  if (to == TypeKind::kNumber && from == TypeKind::kString) {
    std::optional<Number> number = Number::parse(value.as_string());
    if (!number) return problem("a number is required");
    return Value::number(*number);
  }
  if (to == TypeKind::kBool && from == TypeKind::kString) {
    const std::string& text = value.as_string();
    if (text == "true" || text == "1") return Value::boolean(true);
    if (text == "false" || text == "0") return Value::boolean(false);
    if (text == "True" || text == "TRUE")
      return problem("a bool is required; to convert from string, use lowercase \"true\"");
    if (text == "False" || text == "FALSE")
      return problem("a bool is required; to convert from string, use lowercase \"false\"");
    return problem("a bool is required");
  }
  return problem(required_name(wanted) + " required");
}

const char* collection_word(TypeKind kind) {
  return kind == TypeKind::kList ? "list" : kind == TypeKind::kSet ? "set" : "map";
}

// The element type of a collection made of `elements`: `wanted`, or where that holds a dynamic part, what all share.
Result<Type, ConvertError> element_type(std::span<const Value> elements, const Type& wanted, TypeKind collection) {
  if (!wanted.has_dynamic()) return wanted;
  std::vector<Type> types;
  for (const Value& element : elements) {
    if (types.empty() || !(types.back() == element.type())) types.push_back(element.type());
  }
  if (types.empty()) return wanted;
  std::optional<Type> common = unify(types);
  if (!common) return problem(fmt::format("all {} elements must have the same type", collection_word(collection)));
  return *common;
}

// Converts each element to `wanted` and then, where that has dynamic parts, to the type that all of them share.
Result<std::vector<Value>, ConvertError> convert_elements(const Value& value, const Type& wanted, TypeKind collection,
                                                          Type& type) {
  std::vector<Value> elements;
  elements.reserve(value.length());
  const Type& from = value.type();
  for (std::size_t i = 0; i < value.length(); ++i) {
    Converted element = convert(value.elements()[i], wanted);
    if (!element) {
      const std::string& why = element.error().message;
      if (from.is_object()) return problem(at_key(from.attributes()[i].name, why));
      if (from.kind() == TypeKind::kMap) return problem(at_key(value.keys()[i], why));
      if (from.kind() == TypeKind::kSet) return problem(why);
      return problem(at_index(i, why));
    }
    elements.push_back(*std::move(element));
  }
  if (elements.empty()) {
    type = wanted;
    if (wanted.is_dynamic() && from.is_collection()) type = from.element();
    return elements;
  }
  Result<Type, ConvertError> common = element_type(elements, wanted, collection);
  if (!common) return Failure<ConvertError>{common.error()};
  type = *common;
  for (Value& element : elements) {
    if (element.type() == type) continue;
    Converted again = convert(element, type);
    if (!again) return Failure<ConvertError>{again.error()};
    element = *std::move(again);
  }
  return elements;
}

std::string missing_attributes(const std::vector<std::string>& names) {
  if (names.size() == 1) return fmt::format("attribute \"{}\" is required", names[0]);
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) list += i + 1 < names.size() ? ", " : names.size() == 2 ? " and " : ", and ";
    list += fmt::format("\"{}\"", names[i]);
  }
  return fmt::format("attributes {} are required", list);
}

Converted to_object(const Value& value, const Type& wanted) {
  const Type& from = value.type();
  if (!from.is_object() && from.kind() != TypeKind::kMap) return problem(required_name(wanted) + " required");
  std::vector<std::string> missing;
  std::vector<Value> attributes;
  std::vector<Type::Attribute> types;
  for (const Type::Attribute& attribute : wanted.attributes()) {
    const Value* given = from.is_object() ? value.find_attribute(attribute.name) : value.find_key(attribute.name);
    Value converted = Value::null(attribute.type);
    if (given == nullptr) {
      if (!attribute.optional) missing.push_back(attribute.name);
    } else {
      Converted result = convert(*given, attribute.type);
      if (!result) {
        const std::string& why = result.error().message;
        return problem(from.is_object() ? at_attribute(attribute.name, why) : at_key(attribute.name, why));
      }
      converted = *std::move(result);
    }
    types.push_back({attribute.name, converted.type(), false});
    attributes.push_back(std::move(converted));
  }
  if (!missing.empty()) return problem(missing_attributes(missing));
  return Value::object(Type::object(std::move(types)), std::move(attributes));
}

Converted to_tuple(const Value& value, const Type& wanted) {
  const Type& from = value.type();
  if (!from.is_tuple()) return problem(required_name(wanted) + " required");
  if (value.length() != wanted.elements().size())
    return problem(fmt::format("tuple of {} elements required", wanted.elements().size()));
  std::vector<Value> elements;
  for (std::size_t i = 0; i < value.length(); ++i) {
    Converted element = convert(value.elements()[i], wanted.elements()[i]);
    if (!element) return problem(at_index(i, element.error().message));
    elements.push_back(*std::move(element));
  }
  return Value::tuple(std::move(elements));
}

Converted to_collection(const Value& value, const Type& wanted) {
  const Type& from = value.type();
  TypeKind to = wanted.kind();
  bool sequence = from.is_tuple() || from.kind() == TypeKind::kList || from.kind() == TypeKind::kSet;
  bool keyed = from.is_object() || from.kind() == TypeKind::kMap;
  if (to == TypeKind::kMap ? !keyed : !sequence) return problem(required_name(wanted) + " required");
  Type element;
  Result<std::vector<Value>, ConvertError> elements = convert_elements(value, wanted.element(), to, element);
  if (!elements) return Failure<ConvertError>{elements.error()};
  if (to == TypeKind::kList) return Value::list(element, *std::move(elements));
  if (to == TypeKind::kSet) return Value::set(element, *std::move(elements));
  std::vector<Value::Member> members;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    members.emplace_back(from.is_object() ? from.attributes()[i].name : value.keys()[i], std::move((*elements)[i]));
  }
  return Value::map(element, std::move(members));
}

// The type of an unknown or null value of `from` once it has become `wanted`.
Type without_optional(const Type& wanted) {
  if (wanted.is_collection()) {
    Type element = without_optional(wanted.element());
    return wanted.kind() == TypeKind::kList  ? Type::list(element)
           : wanted.kind() == TypeKind::kSet ? Type::set(element)
                                             : Type::map(element);
  }
  if (wanted.is_object()) {
    std::vector<Type::Attribute> attributes = wanted.attributes();
    for (Type::Attribute& attribute : attributes) {
      attribute.optional = false;
      attribute.type = without_optional(attribute.type);
    }
    return Type::object(std::move(attributes));
  }
  if (wanted.is_tuple()) {
    std::vector<Type> elements;
    for (const Type& element : wanted.elements()) elements.push_back(without_optional(element));
    return Type::tuple(std::move(elements));
  }
  return wanted;
}

Type merged_type(const Type& from, const Type& wanted) {
  if (wanted.is_dynamic()) return from;
  if (!wanted.has_dynamic()) return without_optional(wanted);
  if (wanted.is_collection() && from.is_collection()) {
    Type element = merged_type(from.element(), wanted.element());
    return wanted.kind() == TypeKind::kList  ? Type::list(element)
           : wanted.kind() == TypeKind::kSet ? Type::set(element)
                                             : Type::map(element);
  }
  return Type::dynamic();
}

std::optional<Type> unify_objects(std::span<const Type> types) {
  const std::vector<Type::Attribute>& first = types[0].attributes();
  bool same_names = std::all_of(types.begin(), types.end(), [&](const Type& type) {
    return std::equal(first.begin(), first.end(), type.attributes().begin(), type.attributes().end(),
                      [](const Type::Attribute& a, const Type::Attribute& b) { return a.name == b.name; });
  });
  if (same_names) {
    std::vector<Type::Attribute> attributes;
    for (std::size_t i = 0; i < first.size(); ++i) {
      std::vector<Type> each;
      for (const Type& type : types) each.push_back(type.attributes()[i].type);
      std::optional<Type> common = unify(each);
      if (!common) return std::nullopt;
      attributes.push_back({first[i].name, *common, false});
    }
    return Type::object(std::move(attributes));
  }
  std::vector<Type> each;
  for (const Type& type : types) {
    for (const Type::Attribute& attribute : type.attributes()) each.push_back(attribute.type);
  }
  std::optional<Type> common = unify(each);
  if (!common) return std::nullopt;
  return Type::map(*common);
}

std::optional<Type> unify_tuples(std::span<const Type> types) {
  std::size_t length = types[0].elements().size();
  if (std::all_of(types.begin(), types.end(), [&](const Type& type) { return type.elements().size() == length; })) {
    std::vector<Type> elements;
    bool whole = true;
    for (std::size_t i = 0; i < length && whole; ++i) {
      std::vector<Type> each;
      for (const Type& type : types) each.push_back(type.elements()[i]);
      std::optional<Type> common = unify(each);
      if (common) elements.push_back(*common);
      whole = common.has_value();
    }
    if (whole) return Type::tuple(std::move(elements));
  }
  std::vector<Type> each;
  for (const Type& type : types) each.insert(each.end(), type.elements().begin(), type.elements().end());
  std::optional<Type> common = unify(each);
  if (!common) return std::nullopt;
  return Type::list(*common);
}

}  // namespace

std::string required_name(const Type& wanted) {
  switch (wanted.kind()) {
    case TypeKind::kDynamic:
      return "any type";
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kMap:
      return std::string(collection_word(wanted.kind())) + " of " +
             (wanted.element().is_dynamic() ? "any single type" : required_name(wanted.element()));
    default:
      return wanted.friendly_name();
  }
}

std::optional<std::string> conversion_problem(const Type& from, const Type& wanted) {
  if (wanted.is_dynamic() || from.is_dynamic() || from == wanted) return std::nullopt;
  std::string required = required_name(wanted) + " required";
  auto within = [](std::string place, const std::optional<std::string>& why) -> std::optional<std::string> {
    if (!why) return std::nullopt;
    return place + *why;
  };
  if (wanted.is_primitive()) {
    if (!from.is_primitive()) return required;
    bool number_and_bool = from.kind() != TypeKind::kString && wanted.kind() != TypeKind::kString;
    return number_and_bool ? std::optional<std::string>(required) : std::nullopt;
  }
  if (wanted.is_collection()) {
    bool keyed = wanted.kind() == TypeKind::kMap;
    if (from.is_collection() && (from.kind() == TypeKind::kMap) == keyed) {
      return within("", conversion_problem(from.element(), wanted.element())) ? std::optional<std::string>(required)
                                                                              : std::nullopt;
    }
    if (keyed && from.is_object()) {
      for (const Type::Attribute& attribute : from.attributes()) {
        if (auto why = conversion_problem(attribute.type, wanted.element())) return at_key(attribute.name, *why);
      }
      return std::nullopt;
    }
    if (!keyed && from.is_tuple()) {
      for (std::size_t i = 0; i < from.elements().size(); ++i) {
        if (auto why = conversion_problem(from.elements()[i], wanted.element())) return at_index(i, *why);
      }
      return std::nullopt;
    }
    return required;
  }
  if (wanted.is_object()) {
    if (from.kind() == TypeKind::kMap) return std::nullopt;
    if (!from.is_object()) return required;
    std::vector<std::string> missing;
    for (const Type::Attribute& attribute : wanted.attributes()) {
      const Type::Attribute* given = from.find_attribute(attribute.name);
      if (given == nullptr) {
        if (!attribute.optional) missing.push_back(attribute.name);
      } else if (auto why = conversion_problem(given->type, attribute.type)) {
        return at_attribute(attribute.name, *why);
      }
    }
    return missing.empty() ? std::nullopt : std::optional<std::string>(missing_attributes(missing));
  }
  if (!from.is_tuple()) return required;
  if (from.elements().size() != wanted.elements().size()) return required;
  for (std::size_t i = 0; i < from.elements().size(); ++i) {
    if (auto why = conversion_problem(from.elements()[i], wanted.elements()[i])) return at_index(i, *why);
  }
  return std::nullopt;
}

Converted convert(const Value& value, const Type& wanted) {
  if (wanted.is_dynamic() || value.type() == wanted) return value;
  if (!value.has_content()) {
    if (auto why = conversion_problem(value.type(), wanted)) return problem(*why);
    Type type = merged_type(value.type(), wanted);
    if (value.is_null()) return Value::null(type).with_marks(value.marks());
    Refinement refinement = value.refinement();
    if (value.type().kind() != type.kind()) refinement = Refinement{refinement.not_null, {}, 0, std::nullopt};
    return Value::unknown(type, refinement).with_marks(value.marks());
  }
  Value plain = value.without_marks();
  Converted result = wanted.is_primitive()    ? primitive(plain, wanted)
                     : wanted.is_collection() ? to_collection(plain, wanted)
                     : wanted.is_object()     ? to_object(plain, wanted)
                                              : to_tuple(plain, wanted);
  if (!result) return result;
  return result->with_marks(value.marks());
}

std::optional<Type> unify(std::span<const Type> types) {
  if (types.empty()) return Type::dynamic();
  if (std::all_of(types.begin(), types.end(), [&](const Type& type) { return type == types[0]; })) return types[0];
  if (std::any_of(types.begin(), types.end(), [](const Type& type) { return type.is_dynamic(); })) {
    // What has no type yet, such as the word null, becomes what the simple ones beside it are.
    std::vector<Type> others;
    std::copy_if(types.begin(), types.end(), std::back_inserter(others),
                 [](const Type& type) { return !type.is_dynamic(); });
    bool simple = std::all_of(others.begin(), others.end(), [](const Type& type) { return type.is_primitive(); });
    return simple ? unify(others) : Type::dynamic();
  }
  auto all = [&](auto test) { return std::all_of(types.begin(), types.end(), test); };
  if (all([](const Type& type) { return type.is_primitive(); })) {
    bool has_string =
        std::any_of(types.begin(), types.end(), [](const Type& type) { return type.kind() == TypeKind::kString; });
    return has_string ? std::optional<Type>(Type::string()) : std::nullopt;
  }
  if (all([](const Type& type) { return type.is_object(); })) return unify_objects(types);
  if (all([](const Type& type) { return type.is_tuple(); })) return unify_tuples(types);
  // Whatever is left can only meet in a collection: keyed ones in a map, the others in a list, or a set where all are.
  bool keyed = all([](const Type& type) { return type.is_object() || type.kind() == TypeKind::kMap; });
  bool sequences = all([](const Type& type) {
    return type.is_tuple() || type.kind() == TypeKind::kList || type.kind() == TypeKind::kSet;
  });
  if (!keyed && !sequences) return std::nullopt;
  std::vector<Type> elements;
  for (const Type& type : types) {
    if (type.is_collection()) elements.push_back(type.element());
    if (type.is_object()) {
      for (const Type::Attribute& attribute : type.attributes()) elements.push_back(attribute.type);
    }
    if (type.is_tuple()) elements.insert(elements.end(), type.elements().begin(), type.elements().end());
  }
  std::optional<Type> common = unify(elements);
  if (!common) return std::nullopt;
  if (keyed) return Type::map(*common);
  return all([](const Type& type) { return type.kind() == TypeKind::kSet; }) ? Type::set(*common) : Type::list(*common);
}

}  // namespace terrace::lang
