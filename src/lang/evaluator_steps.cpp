// Attribute and index access on values: the errors that a wrong step gives.
#include <fmt/format.h>

#include "hcl/native_body.h"
#include "lang/convert.h"
#include "lang/evaluator.h"

namespace terrace::lang {

namespace {

Value fail(Diagnostics& diagnostics, std::string summary, std::string detail, const SourceRange& subject,
           const SourceRange& context = {}) {
  diagnostics.error(std::move(summary), std::move(detail), subject, context);
  return Value::dynamic();
}

const char* kNullAttribute = "This value is null, so it does not have any attributes.";

Value attribute_of(const Value& value, const std::string& name, const SourceRange& subject, const SourceRange& context,
                   Diagnostics& diagnostics) {
  const Type& type = value.type();
  if (value.is_null())
    return fail(diagnostics, "Attempt to get attribute from null value", kNullAttribute, subject, context);
  if (type.is_dynamic()) return Value::dynamic().with_marks(value.marks());
  if (type.is_object()) {
    const Type::Attribute* attribute = type.find_attribute(name);
    if (attribute == nullptr) {
      return fail(diagnostics, "Unsupported attribute",
                  fmt::format("This object does not have an attribute named \"{}\".", name), subject, context);
    }
    if (!value.is_known()) return Value::unknown(attribute->type).with_marks(value.marks());
    return value.attribute(name).with_marks(value.marks());
  }
  if (type.kind() == TypeKind::kMap) {
    if (!value.is_known()) return Value::unknown(type.element()).with_marks(value.marks());
    const Value* found = value.find_key(name);
    if (found == nullptr) {
      return fail(diagnostics, "Missing map element",
                  fmt::format("This map does not have an element with the key \"{}\".", name), subject, context);
    }
    return found->with_marks(value.marks());
  }
  if (type.kind() == TypeKind::kList && type.element().is_object()) {
    return fail(diagnostics, "Unsupported attribute",
                fmt::format("Can't access attributes on a list of objects. Did you mean to access attribute \"{0}\" "
                            "for a specific element of "
                            "the list, or across all elements of the list?",
                            name),
                subject, context);
  }
  if (type.kind() == TypeKind::kSet && type.element().is_object()) {
    return fail(diagnostics, "Unsupported attribute",
                fmt::format("Can't access attributes on a set of objects. Did you mean to access an attribute across "
                            "all elements of the set?"),
                subject, context);
  }
  if (type.is_primitive()) {
    return fail(diagnostics, "Unsupported attribute",
                fmt::format("Can't access attributes on a primitive-typed value ({}).", type.friendly_name()), subject,
                context);
  }
  return fail(diagnostics, "Unsupported attribute", "This value does not have any attributes.", subject, context);
}

Value sequence_element(const Value& collection, const Number& index, const SourceRange& subject,
                       const SourceRange& context, Diagnostics& diagnostics) {
  std::optional<int64_t> at = index.to_int64();
  if (!at && index.is_integer()) at = -1;
  const Type& type = collection.type();
  std::size_t length = type.is_tuple() ? type.elements().size() : collection.is_known() ? collection.length() : 0;
  if (index.is_integer() && !type.is_tuple() && !collection.is_known())
    return Value::unknown(type.element()).with_marks(collection.marks());
  if (!index.is_integer()) {
    return fail(diagnostics, "Invalid index",
                "The given key does not identify an element in this collection value: indexing a sequence requires a "
                "whole number, but the given index has a fractional part.",
                subject, context);
  }
  if (*at < 0) {
    return fail(diagnostics, "Invalid index",
                "The given key does not identify an element in this collection value: a negative number is not a valid "
                "index for a sequence.",
                subject, context);
  }
  if (static_cast<std::size_t>(*at) >= length) {
    // Only the first index past the end is explained, as HCL does.
    const char* why = length == 0 ? ": the collection has no elements."
                      : static_cast<std::size_t>(*at) == length
                          ? ": the given index is greater than or equal to the length of the collection."
                          : ".";
    return fail(diagnostics, "Invalid index",
                fmt::format("The given key does not identify an element in this collection value{}", why), subject,
                context);
  }
  auto place = static_cast<std::size_t>(*at);
  if (!collection.is_known()) return Value::unknown(type.elements()[place]).with_marks(collection.marks());
  return collection.elements()[place].with_marks(collection.marks());
}

Value index_of(const Value& collection, const Value& key, const SourceRange& subject, const SourceRange& context,
               Diagnostics& diagnostics) {
  Marks marks = collection.marks() | key.marks();
  if (collection.is_null()) {
    return fail(diagnostics, "Attempt to index null value", "This value is null, so it does not have any indices.",
                subject, context);
  }
  if (key.is_null()) {
    return fail(diagnostics, "Invalid index", "Can't use a null value as an indexing key.", subject, context);
  }
  const Type& type = collection.type();
  if (type.is_dynamic() || (key.type().is_dynamic() && !key.is_known())) return Value::dynamic().with_marks(marks);
  bool keyed = type.is_object() || type.kind() == TypeKind::kMap;
  bool sequence = type.is_tuple() || type.kind() == TypeKind::kList;
  if (type.kind() == TypeKind::kSet) {
    return fail(diagnostics, "Invalid index",
                "Elements of a set are identified only by their value and don't have any separate index or key to "
                "select with, so it's only "
                "possible to perform operations across all elements of the set.",
                subject, context);
  }
  if (!keyed && !sequence) {
    return fail(diagnostics, "Invalid index", "This value does not have any indices.", subject, context);
  }
  Result<Value, ConvertError> converted = convert(key.without_marks(), keyed ? Type::string() : Type::number());
  if (!converted) {
    return fail(diagnostics, "Invalid index",
                fmt::format("The given key does not identify an element in this collection value: {}.",
                            keyed ? "string required" : converted.error().message),
                subject, context);
  }
  if (!converted->is_known()) {
    if (type.is_collection()) return Value::unknown(type.element()).with_marks(marks);
    return Value::dynamic().with_marks(marks);
  }
  if (sequence)
    return sequence_element(collection.without_marks(), converted->as_number(), subject, context, diagnostics)
        .with_marks(marks);
  const std::string& name = converted->as_string();
  if (type.is_object()) {
    if (type.find_attribute(name) == nullptr) {
      return fail(diagnostics, "Invalid index", "The given key does not identify an element in this collection value.",
                  subject, context);
    }
    return attribute_of(collection, name, subject, context, diagnostics).with_marks(marks);
  }
  if (!collection.is_known()) return Value::unknown(type.element()).with_marks(marks);
  const Value* found = collection.find_key(name);
  if (found == nullptr) {
    return fail(diagnostics, "Invalid index", "The given key does not identify an element in this collection value.",
                subject, context);
  }
  return found->with_marks(marks);
}

}  // namespace

Value take_step(const Value& value, const hcl::TraversalStep& step, const SourceRange& context,
                Diagnostics& diagnostics) {
  SourceRange around = context.valid() && step.range.valid() ? between(context, step.range) : SourceRange{};
  switch (step.kind) {
    case hcl::TraversalStep::Kind::kAttribute:
      return attribute_of(value, step.text, step.range, around, diagnostics);
    case hcl::TraversalStep::Kind::kStringKey:
      return index_of(value, Value::string(step.text), step.range, around, diagnostics);
    case hcl::TraversalStep::Kind::kNumberKey: {
      std::optional<Number> number = Number::parse(step.text);
      return index_of(value, number ? Value::number(*number) : Value::string(step.text), step.range, around,
                      diagnostics);
    }
  }
  return Value::dynamic();
}

Value take_index(const Value& collection, const Value& key, const SourceRange& subject, const SourceRange& context,
                 Diagnostics& diagnostics) {
  return index_of(collection, key, subject, context, diagnostics);
}

}  // namespace terrace::lang
