// Conversion between types and the common type of several, as the language does them everywhere: arguments, variables,
// operators, conditionals, collections.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "lang/type.h"
#include "lang/value.h"

namespace terrace::lang {

// Why a value can't become what is wanted: `element 0: a number is required`. The place inside the value stands first.
struct ConvertError {
  std::string message;
};

// `value` as a value of `wanted`, in which dynamic parts take the value's own types (all elements of a collection then
// need a common one) and optional attributes may be absent. Marks stay. Unknown and null values change their type only.
Result<Value, ConvertError> convert(const Value& value, const Type& wanted);

// Whether some value of `from` can become `wanted`; says why not otherwise.
std::optional<std::string> conversion_problem(const Type& from, const Type& wanted);

// The type that values of all `types` can be converted to; nullopt where there is none. Dynamic where one is dynamic.
std::optional<Type> unify(std::span<const Type> types);

// "a string", "list of string": as "X required" messages name a constraint.
std::string required_name(const Type& wanted);

}  // namespace terrace::lang
