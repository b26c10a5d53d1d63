// abs, ceil, floor, log, max, min, parseint, pow, signum.
#include <cmath>
#include <limits>

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
  if (!call.arguments[0].as_number().is_integer()) return call_error(kWholeNumber);
  return Value::number(call.arguments[0].as_number().sign());
}
// Powers and logarithms are taken in double precision, as in the reference.
FunctionResult of_double(double value) {
  if (std::isnan(value)) return call_error("the result is not a number");
  return Value::number(Number::from_double(value));
}
FunctionResult pow_of(const Call& call) {
  return of_double(std::pow(call.arguments[0].as_number().to_double(), call.arguments[1].as_number().to_double()));
}
// The natural logarithm by fdlibm's e_log.c, which Go's math package follows: the C library's differs in the last bit,
// and that shows in ceil(log(n, 2)).
double natural_log(double x) {
  if (std::isnan(x) || x < 0) return std::numeric_limits<double>::quiet_NaN();
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (std::isinf(x)) return x;
  int exponent = 0;
  double f = std::frexp(x, &exponent);
  if (f < M_SQRT1_2) {
    f *= 2;
    --exponent;
  }
  f -= 1;
  double k = exponent;
  double s = f / (2 + f);
  double z = s * s;
  double w = z * z;
  double odd = z * (6.666666666666735130e-01 +
                    w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  double half_square = 0.5 * f * f;
  return k * 6.93147180369123816490e-01 -
         ((half_square - (s * (half_square + (odd + even)) + k * 1.90821492927058770002e-10)) - f);
}
FunctionResult log_of(const Call& call) {
  return of_double(natural_log(call.arguments[0].as_number().to_double()) /
                   natural_log(call.arguments[1].as_number().to_double()));
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
