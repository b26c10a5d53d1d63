// Conversions by name, marks, and type questions.
#include <fmt/format.h>

#include "lang/convert.h"
#include "lang/function_tables.h"

namespace terrace::lang {

namespace {

FunctionResult to(const Call& call, const Type& wanted) {
  const Value& value = call.arguments[0];
  Marks marks = value.marks();
  if (value.is_null() && value.type().is_dynamic()) return Value::null(wanted).with_marks(marks);
  Result<Value, ConvertError> converted = convert(value.without_marks(), wanted);
  if (converted) return converted->with_marks(marks);
  // What was written is not shown where it is secret.
  if (any(value.marks_deep()) || !value.has_content() || value.type().kind() != TypeKind::kString ||
      wanted.kind() == TypeKind::kString) {
    return call_error(fmt::format("cannot convert {} to {}", value.type().friendly_name(), required_name(wanted)), 0);
  }
  if (wanted.kind() == TypeKind::kNumber)
    return call_error(
        fmt::format("cannot convert \"{}\" to number; given string must be a decimal representation of a number",
                    value.as_string()),
        0);
  if (wanted.kind() == TypeKind::kBool)
    return call_error(fmt::format("cannot convert \"{}\" to bool; only the strings \"true\" or \"false\" are allowed",
                                  value.as_string()),
                      0);
  return call_error(fmt::format("cannot convert {} to {}", value.type().friendly_name(), required_name(wanted)), 0);
}

FunctionResult tobool(const Call& call) {
  return to(call, Type::boolean());
}
FunctionResult tonumber(const Call& call) {
  return to(call, Type::number());
}
FunctionResult tostring(const Call& call) {
  return to(call, Type::string());
}
FunctionResult tolist(const Call& call) {
  return to(call, Type::list(Type::dynamic()));
}
FunctionResult tomap(const Call& call) {
  return to(call, Type::map(Type::dynamic()));
}
FunctionResult toset(const Call& call) {
  return to(call, Type::set(Type::dynamic()));
}

FunctionResult sensitive(const Call& call) {
  return call.arguments[0].with_marks(Marks::kSensitive);
}

FunctionResult nonsensitive(const Call& call) {
  const Value& value = call.arguments[0];
  Marks rest = value.marks() & ~Marks::kSensitive;
  return value.without_marks().with_marks(rest);
}

FunctionResult issensitive(const Call& call) {
  const Value& value = call.arguments[0];
  if (value.has(Marks::kSensitive)) return Value::boolean(true);
  if (!value.is_known()) return Value::unknown(Type::boolean());
  return Value::boolean(false);
}

FunctionResult ephemeralasnull(const Call& call) {
  const Value& value = call.arguments[0];
  if (value.has(Marks::kEphemeral)) return Value::null(value.type()).with_marks(value.marks() & ~Marks::kEphemeral);
  return value;
}

}  // namespace

const std::vector<Function>& type_functions() {
  static const Parameter kAny{"v", Type::dynamic(), true, true, true};
  static const Parameter kValue{"value", Type::dynamic(), true, true, true};
  static const std::vector<Function> kTable = {
      {"ephemeralasnull", {kValue}, std::nullopt, Type::dynamic(), ephemeralasnull},
      {"issensitive", {kValue}, std::nullopt, Type::boolean(), issensitive},
      {"nonsensitive", {kValue}, std::nullopt, Type::dynamic(), nonsensitive},
      {"sensitive", {kValue}, std::nullopt, Type::dynamic(), sensitive},
      {"tobool", {kAny}, std::nullopt, Type::boolean(), tobool},
      {"tolist", {kAny}, std::nullopt, Type::list(Type::dynamic()), tolist},
      {"tomap", {kAny}, std::nullopt, Type::map(Type::dynamic()), tomap},
      {"tonumber", {kAny}, std::nullopt, Type::number(), tonumber},
      {"toset", {kAny}, std::nullopt, Type::set(Type::dynamic()), toset},
      {"tostring", {kAny}, std::nullopt, Type::string(), tostring},
  };
  return kTable;
}

}  // namespace terrace::lang
