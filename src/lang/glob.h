// File name patterns as fileset has them: *, ?, [a-z], {a,b} and ** for any directories.
#pragma once

#include <string_view>

namespace terrace::lang {

bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace terrace::lang
