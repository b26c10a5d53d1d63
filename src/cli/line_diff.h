// What two sequences have in common, and the differences of two texts as patches show them. Plans, `fmt -diff` and
// `config diff` use it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrace::cli {

// The longest common subsequence of two sequences as pairs of indices. Equal ends are matched first; a middle too large
// for the table counts as wholly different.
template <typename Same>
std::vector<std::pair<size_t, size_t>> common_parts(size_t before, size_t after, const Same& same) {
  constexpr size_t kLargestTable = 4'000'000;
  size_t head = 0;
  while (head < before && head < after && same(head, head)) ++head;
  size_t tail = 0;
  while (tail < before - head && tail < after - head && same(before - 1 - tail, after - 1 - tail)) ++tail;
  std::vector<std::pair<size_t, size_t>> matches;
  for (size_t i = 0; i < head; ++i) matches.emplace_back(i, i);
  const size_t rows = before - head - tail;
  const size_t columns = after - head - tail;
  if (rows > 0 && columns > 0 && rows <= kLargestTable / columns) {
    std::vector<uint32_t> length((rows + 1) * (columns + 1), 0);
    const auto at = [&](size_t row, size_t column) -> uint32_t& { return length[row * (columns + 1) + column]; };
    for (size_t i = rows; i-- > 0;) {
      for (size_t j = columns; j-- > 0;) {
        at(i, j) = same(head + i, head + j) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
    for (size_t i = 0, j = 0; i < rows && j < columns;) {
      if (same(head + i, head + j)) {
        matches.emplace_back(head + i++, head + j++);
      } else if (at(i + 1, j) >= at(i, j + 1)) {
        ++i;
      } else {
        ++j;
      }
    }
  }
  for (size_t i = tail; i-- > 0;) matches.emplace_back(before - 1 - i, after - 1 - i);
  return matches;
}

// The differences as diff -u writes them, with three lines of context; empty where there are none. `color` makes what
// goes red and what comes green.
std::string unified_diff(std::string_view old_name, std::string_view new_name, std::string_view before,
                         std::string_view after, bool color);

}  // namespace terrace::cli
