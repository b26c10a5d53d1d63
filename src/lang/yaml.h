// Values as YAML, as yamlencode and yamldecode define it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lang/value.h"

namespace terrace::lang {

// Block style, strings in double quotes, keys sorted. The value is wholly known.
std::string encode_yaml(const Value& value);
// One document: the words and numbers of YAML 1.1 and 1.2 that the reference knows, << merges, aliases. The error says
// what is wrong and where.
Result<Value, std::string> decode_yaml(const std::string& text);

}  // namespace terrace::lang
