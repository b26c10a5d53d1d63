#include "cli/table.h"

#include <algorithm>

#include <fmt/format.h>

namespace terrace::cli {

namespace {

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t columns_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string counted(int64_t number, const char* unit) {
  return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
}

}  // namespace

std::string table_text(const std::vector<std::vector<std::string>>& rows, bool color) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  std::string text;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    std::string line;
    for (std::size_t i = 0; i < rows[at].size(); ++i) {
      line += rows[at][i];
      if (i + 1 < rows[at].size()) line.append(widths[i] - columns_of(rows[at][i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += at == 0 && color ? "\x1b[1m" + line + "\x1b[0m\n" : line + "\n";
  }
  return text;
}

std::string age_text(int64_t then_s, int64_t now_s) {
  if (then_s <= 0) return "-";
  int64_t seconds = std::max<int64_t>(now_s - then_s, 0);
  if (seconds < 60) return counted(seconds, "second");
  if (seconds < 3600) return counted(seconds / 60, "minute");
  if (seconds < 2 * 86400) return counted(seconds / 3600, "hour");
  return counted(seconds / 86400, "day");
}

}  // namespace terrace::cli
