// Grapheme clusters (UAX 29): what a person counts as characters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace terrace::lang {

std::vector<std::string> graphemes(std::string_view text);

}  // namespace terrace::lang
