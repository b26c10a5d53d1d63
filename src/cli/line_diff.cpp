#include "cli/line_diff.h"

#include <fmt/format.h>

namespace terrace::cli {

namespace {

constexpr std::size_t kContext = 3;

// A text that does not end with a line break has a last line all the same.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Line {
  char sign;  // ' ', '-' or '+'
  std::string_view text;
  std::size_t before;  // lines of each text above it
  std::size_t after;
};

// "12,5", as patches number lines: from one, but for an empty range the line above it.
std::string range(std::size_t above, std::size_t count) {
  const std::size_t first = count == 0 ? above : above + 1;
  return count == 1 ? std::to_string(first) : fmt::format("{},{}", first, count);
}

std::vector<Line> script(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after) {
  auto matches = common_parts(before.size(), after.size(), [&](size_t i, size_t j) { return before[i] == after[j]; });
  matches.emplace_back(before.size(), after.size());
  std::vector<Line> lines;
  std::size_t i = 0;
  std::size_t j = 0;
  for (const auto& [match_before, match_after] : matches) {
    for (; i < match_before; ++i) lines.push_back({'-', before[i], i, j});
    for (; j < match_after; ++j) lines.push_back({'+', after[j], i, j});
    if (i < before.size() && j < after.size()) {
      lines.push_back({' ', before[i], i, j});
      ++i;
      ++j;
    }
  }
  return lines;
}

std::string painted(const Line& line, bool color) {
  const char* start = !color || line.sign == ' ' ? "" : line.sign == '-' ? "\x1b[31m" : "\x1b[32m";
  return fmt::format("{}{}{}{}\n", start, line.sign, line.text, *start == '\0' ? "" : "\x1b[0m");
}

}  // namespace

std::string unified_diff(std::string_view old_name, std::string_view new_name, std::string_view before,
                         std::string_view after, bool color) {
  if (before == after) return {};
  const std::vector<Line> lines = script(lines_of(before), lines_of(after));
  std::string text = fmt::format("--- {}\n+++ {}\n", old_name, new_name);
  for (std::size_t at = 0; at < lines.size();) {
    while (at < lines.size() && lines[at].sign == ' ') ++at;
    if (at == lines.size()) break;
    const std::size_t begin = at - std::min(at, kContext);
    std::size_t end = at;  // behind the last changed line of the hunk
    for (std::size_t next = at; next < lines.size() && next <= end + 2 * kContext; ++next) {
      if (lines[next].sign != ' ') end = next + 1;
    }
    at = end;
    end = std::min(end + kContext, lines.size());
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    std::string body;
    for (std::size_t i = begin; i < end; ++i) {
      old_count += lines[i].sign == '+' ? 0 : 1;
      new_count += lines[i].sign == '-' ? 0 : 1;
      body += painted(lines[i], color);
    }
    text += fmt::format("@@ -{} +{} @@\n", range(lines[begin].before, old_count), range(lines[begin].after, new_count));
    text += body;
  }
  return text;
}

}  // namespace terrace::cli
