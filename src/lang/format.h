// The verbs of format(): %s, %d, %v, %q, %t, %f, %x and the like, as Terraform's format function documents them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lang/function.h"

namespace terrace::lang {

FunctionResult format_values(const std::string& format, std::span<const Value> values);

}  // namespace terrace::lang
