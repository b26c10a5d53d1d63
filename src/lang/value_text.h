// Values as Terraform's console and outputs print them: tolist([...]), "text", heredocs for lines of text.
#pragma once

#include <string>

#include "lang/value.h"

namespace terrace::lang {

// `indent` is the column of what it stands in; sensitive parts are "(sensitive value)".
std::string value_text(const Value& value, int indent = 0);

}  // namespace terrace::lang
