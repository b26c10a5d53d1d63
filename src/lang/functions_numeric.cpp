// abs, ceil, floor, log, max, min, parseint, pow, signum.
#include <fmt/format.h>

#include "lang/function_tables.h"

namespace terrace::lang {

namespace {

FunctionResult abs_of(const Call& call) {
  const Number& n = call.arguments[0].as_number();
  return Value::number(n.sign() < 0 ? -n : n);
}
FunctionResult ceil_of(const Call& call) {
  return Value::number(call.arguments[0].as_number().ceil());
}
FunctionResult floor_of(const Call& call) {
  return Value::number(call.arguments[0].as_number().floor());
}
FunctionResult signum(const Call& call) {
  return Value::number(call.arguments[0].as_number().sign());
}
FunctionResult pow_of(const Call& call) {
  return Value::number(call.arguments[0].as_number().pow(call.arguments[1].as_number()));
}
FunctionResult log_of(const Call& call) {
  return Value::number(call.arguments[0].as_number().log(call.arguments[1].as_number()));
}

FunctionResult extreme(const Call& call, bool want_greater) {
  if (call.arguments.empty()) return call_error("must pass at least one number");
  const Value* best = &call.arguments[0];
  for (const Value& value : call.arguments) {
    bool greater = value.as_number() > best->as_number();
    bool less = value.as_number() < best->as_number();
    if (want_greater ? greater : less) best = &value;
  }
  return *best;
}
FunctionResult max_of(const Call& call) {
  return extreme(call, true);
}
FunctionResult min_of(const Call& call) {
  return extreme(call, false);
}

FunctionResult parseint(const Call& call) {
  if (call.arguments[0].type().kind() != TypeKind::kString) {
    return call_error("first argument must be a string, not " + call.arguments[0].type().friendly_name(), 0);
  }
  std::optional<int64_t> base = call.arguments[1].as_number().to_int64();
  if (!base || *base < 2 || *base > 62) return call_error("base must be a whole number between 2 and 62 inclusive", 1);
  std::optional<Number> number = Number::parse_integer(call.arguments[0].as_string(), static_cast<int>(*base));
  if (!number)
    return call_error(fmt::format("cannot parse \"{}\" as a base {} integer", call.arguments[0].as_string(), *base), 0);
  return Value::number(*number);
}

}  // namespace

const std::vector<Function>& numeric_functions() {
  static const std::vector<Function> kTable = {
      {"abs", {{"num", Type::number()}}, std::nullopt, Type::number(), abs_of},
      {"ceil", {{"num", Type::number()}}, std::nullopt, Type::number(), ceil_of},
      {"floor", {{"num", Type::number()}}, std::nullopt, Type::number(), floor_of},
      {"log", {{"num", Type::number()}, {"base", Type::number()}}, std::nullopt, Type::number(), log_of},
      {"max", {}, Parameter{"numbers", Type::number()}, Type::number(), max_of},
      {"min", {}, Parameter{"numbers", Type::number()}, Type::number(), min_of},
      {"parseint", {{"number", Type::dynamic()}, {"base", Type::number()}}, std::nullopt, Type::number(), parseint},
      {"pow", {{"num", Type::number()}, {"power", Type::number()}}, std::nullopt, Type::number(), pow_of},
      {"signum", {{"num", Type::number()}}, std::nullopt, Type::number(), signum},
  };
  return kTable;
}

}  // namespace terrace::lang
