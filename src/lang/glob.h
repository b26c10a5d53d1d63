// File name patterns as fileset has them: *, ?, [a-z], {a,b} and ** for any directories.
#pragma once

#include <string_view>

namespace terrace::lang {

// Whether brackets and braces of `pattern` close.
bool glob_valid(std::string_view pattern);
bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace terrace::lang
