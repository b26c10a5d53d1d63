// Rows with aligned columns, as the commands that list things print them.
#pragma once

#include <string>
#include <vector>

namespace terrace::cli {

// The first row is the heading, in bold where `color`. Columns are two spaces apart; cells are plain text in UTF-8.
std::string table_text(const std::vector<std::vector<std::string>>& rows, bool color);

// "3 days", "5 hours", "12 minutes", "8 seconds": how long ago `then_s` is at `now_s`, both since 1970. "-" for none.
std::string age_text(int64_t then_s, int64_t now_s);

}  // namespace terrace::cli
