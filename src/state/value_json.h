// Values as the JSON that state, journal and plan files store: by a type, dynamic parts with their own type beside
// them; paths of marks and unknowns as Terraform writes those of sensitive attributes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "diag/diagnostic.h"
#include "lang/path.h"
#include "lang/type.h"
#include "lang/value.h"

namespace terrace::state {

// Compact JSON. Marks are left out; unknown values are null. `type` is the one that the value will be read back by.
std::string encode_value(const lang::Value& value, const lang::Type& type);
// Attributes that an object's type has and the text has not are null; what only the text has is left out. The error
// says what and where.
Result<lang::Value, std::string> decode_value(std::string_view json, const lang::Type& type);

// "string", ["list","string"], ["object",{"a":"number"}]
std::string encode_type(const lang::Type& type);
Result<lang::Type, std::string> decode_type(std::string_view json);

// [[{"type":"get_attr","value":"a"},{"type":"index","value":{"value":0,"type":"number"}}]]
std::string encode_paths(const std::vector<lang::Path>& paths);
Result<std::vector<lang::Path>, std::string> decode_paths(std::string_view json);

// Paths of the unknown values inside `value`, sets as a whole.
std::vector<lang::Path> unknown_paths(const lang::Value& value);
// `value` with the parts at `paths` made unknown.
lang::Value make_unknown(const lang::Value& value, const std::vector<lang::Path>& paths);

// Everything of a value in one JSON object: {"value":...,"unknown":[...],"sensitive":[...],"ephemeral":[...]}.
std::string encode_whole(const lang::Value& value, const lang::Type& type);
Result<lang::Value, std::string> decode_whole(std::string_view json, const lang::Type& type);

}  // namespace terrace::state
