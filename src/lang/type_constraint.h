// Type constraints as a variable's `type` writes them: types with optional attributes and the defaults of those.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "diag/diagnostic.h"
#include "hcl/ast.h"
#include "lang/type.h"
#include "lang/value.h"

namespace terrace::lang {

// Defaults of the optional attributes of an object, at any depth. Empty where there are none.
struct Defaults {
  std::map<std::string, Value> values;                              // of this object's attributes
  std::map<std::string, std::shared_ptr<const Defaults>> children;  // of attributes; "" is a collection's element
  bool empty() const { return values.empty() && children.empty(); }
};

struct TypeConstraint {
  Type type;                                 // dynamic for `any`
  std::shared_ptr<const Defaults> defaults;  // null where there are none
};

// Reads a type expression: string, list(any), object({a = optional(string, "x")}).
Checked<TypeConstraint> parse_type_constraint(const hcl::Expression& expression);

// Fills the optional attributes that `value` leaves out or null. Done before the conversion to the type.
Value apply_defaults(const Defaults& defaults, const Value& value);

}  // namespace terrace::lang
