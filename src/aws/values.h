// Values of the language as JSON attributes and back. The provider speaks JSON to its resource types.
#pragma once

#include <nlohmann/json.hpp>

#include "lang/type.h"
#include "lang/value.h"

namespace terrace::aws {

// Nulls and unknown values are null; sets are arrays.
nlohmann::json to_json(const lang::Value& value);
// A value of `type`; what does not fit is null.
lang::Value from_json(const nlohmann::json& json, const lang::Type& type);

}  // namespace terrace::aws
