// Graphviz's library as one function. It is loaded when the first picture is drawn, so that terrace starts as fast
// without it and runs where it is not installed. The command graph includes it.
#pragma once

#include <string>

#include "base/result.h"

namespace terrace::cli {

// The picture of a DOT text, laid out by Graphviz's dot: `format` is "svg" or "png". The error says what is missing.
Result<std::string, std::string> draw_picture(const std::string& dot, const std::string& format);

}  // namespace terrace::cli
