// Values as YAML, as yamlencode and yamldecode define it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lang/value.h"

namespace terrace::lang {

// Block style, strings in double quotes, keys sorted. The value is wholly known.
std::string encode_yaml(const Value& value);
// One document (YAML 1.2 core schema, << merges, aliases). The error says what is wrong and where.
Result<Value, std::string> decode_yaml(const std::string& text);

}  // namespace terrace::lang
