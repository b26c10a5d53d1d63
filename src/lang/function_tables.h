// The functions by theme, one table a file; function.cpp joins them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lang/function.h"

namespace terrace::lang {

const std::vector<Function>& numeric_functions();
const std::vector<Function>& string_functions();
const std::vector<Function>& collection_functions();
const std::vector<Function>& encoding_functions();
const std::vector<Function>& file_functions();
const std::vector<Function>& time_functions();
const std::vector<Function>& network_functions();
const std::vector<Function>& type_functions();
const std::vector<Function>& crypto_functions();

// Of arguments that count something.
inline constexpr const char* kWholeNumber =
    "value must be a whole number, between -9223372036854775808 and 9223372036854775807";

// An error of the call, or of its argument with this index.
inline Failure<FunctionError> call_error(std::string message, int argument = -1) {
  return Failure<FunctionError>{{std::move(message), argument}};
}

}  // namespace terrace::lang
