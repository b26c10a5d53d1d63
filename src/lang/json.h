// Values as JSON, as jsonencode and jsondecode define it: numbers in full precision, <, > and & escaped as Go does.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "lang/value.h"

namespace terrace::lang {

// One line of JSON. The value is wholly known; marks are looked through.
std::string encode_json(const Value& value);

// A value of the type that the text implies: objects and tuples. The error says what is wrong and at which byte.
Result<Value, std::string> decode_json(std::string_view text);

// `text` as a JSON string with its quotes.
std::string json_string(std::string_view text);

}  // namespace terrace::lang
