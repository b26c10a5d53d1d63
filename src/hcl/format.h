// The canonical style of the language, as `terraform fmt` writes it. The command fmt uses it, and whatever writes
// configuration for people.
#pragma once

#include <string>
#include <string_view>

namespace terrace::hcl {

// `source` in canonical style: indentation, spaces, aligned equals signs and comments; "${x}" alone as an argument
// becomes x, quoted types of variables lose their quotes. The source must parse without errors; templates, comments and
// line breaks stay as written.
std::string format(std::string_view source);

}  // namespace terrace::hcl
