#include "cli/change_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "cli/line_diff.h"
#include "cli/terminal.h"

namespace terrace::cli {
namespace {

using Kind = Display::Kind;

// One element, member or block with what becomes of it.
struct Pair {
  const Display* before = nullptr;
  const Display* after = nullptr;
  Change change = Change::kNone;
};

bool is_absent(const Display* value) {
  return value == nullptr || value->kind == Kind::kNull;
}

Pair paired(const Display* before, const Display* after) {
  return Pair{before, after, change_between(before, after)};
}

// A member of a free object: one that is not there differs from one that is null.
Pair free_member(const Display* before, const Display* after) {
  if (before == nullptr) return Pair{before, after, after == nullptr ? Change::kNone : Change::kCreate};
  if (after == nullptr) return Pair{before, after, Change::kDelete};
  return Pair{before, after, *before == *after ? Change::kNone : Change::kUpdate};
}

bool is_collection(Kind kind) {
  return kind == Kind::kList || kind == Kind::kSet || kind == Kind::kMap || kind == Kind::kObject ||
         kind == Kind::kFreeObject;
}

bool is_sequence(Kind kind) {
  return kind == Kind::kList || kind == Kind::kSet;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) end = text.size();
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Lists of one length are compared index by index; others by their longest common subsequence, objects between two
// common elements as changed objects.
std::vector<Pair> list_pairs(const std::vector<Display>& before, const std::vector<Display>& after) {
  std::vector<Pair> pairs;
  if (before.size() == after.size()) {
    for (size_t i = 0; i < before.size(); ++i) pairs.push_back(free_member(&before[i], &after[i]));
    return pairs;
  }
  const auto is_object = [](const Display& value) {
    return value.kind == Kind::kMap || value.kind == Kind::kObject || value.kind == Kind::kFreeObject;
  };
  auto matches = common_parts(before.size(), after.size(), [&](size_t i, size_t j) { return before[i] == after[j]; });
  matches.emplace_back(before.size(), after.size());
  size_t i = 0;
  size_t j = 0;
  for (const auto& [match_before, match_after] : matches) {
    while (i < match_before) {
      if (j < match_after && is_object(before[i]) && is_object(after[j])) {
        pairs.push_back(free_member(&before[i++], &after[j++]));
      } else {
        pairs.push_back(free_member(&before[i++], nullptr));
      }
    }
    while (j < match_after) pairs.push_back(free_member(nullptr, &after[j++]));
    if (i < before.size() && j < after.size()) pairs.push_back(free_member(&before[i++], &after[j++]));
  }
  return pairs;
}

// What went or stayed in the order it had, then what is new.
std::vector<Pair> set_pairs(const std::vector<const Display*>& before, const std::vector<const Display*>& after) {
  const auto holds = [](const std::vector<const Display*>& set, const Display* value) {
    return std::any_of(set.begin(), set.end(), [&](const Display* element) { return *element == *value; });
  };
  std::vector<Pair> pairs;
  for (const Display* element : before) {
    pairs.push_back(holds(after, element) ? Pair{element, element, Change::kNone}
                                          : Pair{element, nullptr, Change::kDelete});
  }
  for (const Display* element : after) {
    if (!holds(before, element)) pairs.push_back(Pair{nullptr, element, Change::kCreate});
  }
  return pairs;
}

std::vector<const Display*> pointers(const std::vector<Display>& values) {
  std::vector<const Display*> result;
  for (const Display& value : values) result.push_back(&value);
  return result;
}

const std::vector<std::pair<std::string, Display>> kNoMembers;
const std::vector<DisplayBlocks> kNoBlocks;

// Calls visit(name, before or null, after or null) for each name of either, in order.
template <typename Visit>
void merge_members(const Display* before, const Display* after, const Visit& visit) {
  const auto& left = before == nullptr ? kNoMembers : before->members;
  const auto& right = after == nullptr ? kNoMembers : after->members;
  for (size_t i = 0, j = 0; i < left.size() || j < right.size();) {
    if (j == right.size() || (i < left.size() && left[i].first < right[j].first)) {
      visit(left[i].first, &left[i].second, nullptr);
      ++i;
    } else if (i == left.size() || right[j].first < left[i].first) {
      visit(right[j].first, nullptr, &right[j].second);
      ++j;
    } else {
      visit(left[i].first, &left[i].second, &right[j].second);
      ++i;
      ++j;
    }
  }
}

// How a value is written besides what it is.
struct Mode {
  bool null_suffix = false;  // a deleted value ends in `-> null`
  bool show_all = false;     // unchanged members are shown
  bool forces = false;       // `# forces replacement`
};

class Writer {
 public:
  Writer(std::string& out, bool color) : out_(out), color_(color) {}

  void block(const Display* before, const Display* after, Change change, int level,
             const std::vector<ReplacePath>& replaces) {
    attributes(before, after, change, level, replaces);
    nested_blocks(before, after, change, level, replaces);
  }

  void outputs(const Display& before, const Display& after) {
    std::vector<std::pair<std::string_view, Pair>> changed;
    size_t width = 0;
    merge_members(&before, &after, [&](const std::string& name, const Display* old_value, const Display* new_value) {
      const Pair pair = paired(old_value, new_value);
      width = std::max(width, name.size());
      if (pair.change != Change::kNone) changed.emplace_back(name, pair);
    });
    for (const auto& [name, pair] : changed) {
      const Mode mode{.null_suffix = true};
      member_line(name, width, pair, 0, mode);
    }
  }

 private:
  std::string paint(std::string_view tags_and_text) const {
    return color_ ? colorize(tags_and_text, true) : colorize(tags_and_text, false);
  }
  std::string arrow() const { return paint("[yellow]->[reset]"); }
  std::string null_text() const { return paint("[dark_gray]null[reset]"); }
  std::string forces_text(bool forces) const {
    return forces ? " " + paint("[red]# forces replacement[reset]") : std::string();
  }

  void line_start(Change change, int level) {
    if (change == Change::kNone) {
      out_.append(static_cast<size_t>(4 * level + 4), ' ');
    } else {
      out_.append(static_cast<size_t>(4 * level + 2), ' ');
      out_ += change_sign(change, color_);
      out_ += ' ';
    }
  }
  void close(int level, std::string_view bracket) {
    out_.append(static_cast<size_t>(4 * level + 4), ' ');
    out_ += bracket;
  }
  void hidden(size_t count, std::string_view what, int level) {
    if (count == 0) return;
    line_start(Change::kNone, level);
    out_ += paint(fmt::format("[dark_gray]# ({} unchanged {}{} hidden)[reset]", count, what, count == 1 ? "" : "s"));
    out_ += '\n';
  }

  static bool is_important(std::string_view name) { return name == "id" || name == "name" || name == "tags"; }

  void attributes(const Display* before, const Display* after, Change change, int level,
                  const std::vector<ReplacePath>& replaces) {
    std::vector<std::pair<std::string_view, Pair>> shown;
    size_t width = 0;
    size_t left_out = 0;
    merge_members(before, after, [&](const std::string& name, const Display* old_value, const Display* new_value) {
      if (is_absent(old_value) && is_absent(new_value)) return;
      width = std::max(width, name.size());
      Pair pair = paired(old_value, new_value);
      if (pair.change == Change::kNone && change == Change::kUpdate && !is_important(name)) {
        ++left_out;
      } else {
        shown.emplace_back(name, pair);
      }
    });
    for (const auto& [name, pair] : shown) {
      const bool forces = pair.change != Change::kNone &&
                          std::any_of(replaces.begin(), replaces.end(), [&name = name](const ReplacePath& path) {
                            return path.size() == 1 && path[0] == name;
                          });
      const Mode mode{.null_suffix = true, .show_all = name == "tags", .forces = forces};
      member_line(name, width, pair, level, mode);
    }
    hidden(left_out, "attribute", level);
  }

  void nested_blocks(const Display* before, const Display* after, Change change, int level,
                     const std::vector<ReplacePath>& replaces) {
    size_t left_out = 0;
    std::map<std::string_view, std::pair<const DisplayBlocks*, const DisplayBlocks*>> groups;
    if (before != nullptr) {
      for (const DisplayBlocks& group : before->blocks) groups[group.name].first = &group;
    }
    if (after != nullptr) {
      for (const DisplayBlocks& group : after->blocks) groups[group.name].second = &group;
    }
    for (const auto& [name, sides] : groups) {
      bool is_first = true;
      size_t index = 0;
      const auto start = [&] {
        if (std::exchange(is_first, false)) out_ += '\n';
      };
      if (sides.second != nullptr && sides.second->is_unknown) {
        start();
        const Change sign = sides.first == nullptr || sides.first->blocks.empty() ? Change::kCreate : Change::kUpdate;
        line_start(sign, level);
        out_ += fmt::format("{} (known after apply)\n", name);
        continue;
      }
      for (const auto& [key, pair] : block_pairs(sides.first, sides.second)) {
        const size_t place = index++;
        if (pair.change == Change::kNone && change == Change::kUpdate) {
          ++left_out;
          continue;
        }
        start();
        std::vector<ReplacePath> inside;
        bool forces = false;
        for (const ReplacePath& path : replaces) {
          if (path.empty() || path[0] != name) continue;
          const size_t skip = path.size() > 1 && (path[1] == std::to_string(place) || path[1] == key) ? 2 : 1;
          if (path.size() == skip) forces = pair.change != Change::kNone;
          if (path.size() > skip) inside.emplace_back(path.begin() + static_cast<std::ptrdiff_t>(skip), path.end());
        }
        line_start(pair.change, level);
        out_ += fmt::format("{}{} {{{}\n", name, key.empty() ? "" : " " + quoted(key), forces_text(forces));
        block(pair.before, pair.after, pair.change, level + 1, inside);
        close(level, "}\n");
      }
    }
    if (left_out > 0) {
      out_ += '\n';
      hidden(left_out, "block", level);
    }
  }

  static std::vector<std::pair<std::string, Pair>> block_pairs(const DisplayBlocks* before,
                                                               const DisplayBlocks* after) {
    static const DisplayBlocks kNone;
    const auto& left = (before == nullptr ? kNone : *before).blocks;
    const auto& right = (after == nullptr ? kNone : *after).blocks;
    const DisplayNesting nesting = (after == nullptr ? *before : *after).nesting;
    std::vector<std::pair<std::string, Pair>> pairs;
    if (nesting == DisplayNesting::kSet) {
      std::vector<const Display*> old_blocks;
      std::vector<const Display*> new_blocks;
      for (const auto& [key, block] : left) old_blocks.push_back(&block);
      for (const auto& [key, block] : right) new_blocks.push_back(&block);
      for (const Pair& pair : set_pairs(old_blocks, new_blocks)) pairs.emplace_back("", pair);
    } else if (nesting == DisplayNesting::kMap) {
      std::map<std::string, Pair> by_key;
      for (const auto& [key, block] : left) by_key[key].before = &block;
      for (const auto& [key, block] : right) by_key[key].after = &block;
      for (const auto& [key, pair] : by_key) pairs.emplace_back(key, paired(pair.before, pair.after));
    } else {
      for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        pairs.emplace_back(
            "", paired(i < left.size() ? &left[i].second : nullptr, i < right.size() ? &right[i].second : nullptr));
      }
    }
    return pairs;
  }

  // `name = value` with the name padded to `width`.
  void member_line(std::string_view name, size_t width, const Pair& pair, int level, const Mode& mode) {
    sensitivity_warning(pair, level);
    line_start(pair.change, level);
    out_ += name;
    out_.append(width - std::min(width, name.size()), ' ');
    out_ += " = ";
    value(pair, level, mode);
    out_ += '\n';
  }

  void sensitivity_warning(const Pair& pair, int level) {
    if (pair.change != Change::kUpdate || pair.before == nullptr || pair.after == nullptr) return;
    if (pair.before->is_sensitive == pair.after->is_sensitive) return;
    Display plain_before = *pair.before;
    plain_before.is_sensitive = pair.after->is_sensitive;
    const std::string_view same = plain_before == *pair.after ? " The value is unchanged." : "";
    const std::string indent(static_cast<size_t>(4 * level + 2), ' ');
    if (pair.before->is_sensitive) {
      out_ += indent + (color_ ? "# \x1b[33mWarning\x1b[0m" : "# Warning");
      out_ += fmt::format(
          ": this attribute value will no longer be marked as sensitive\n{}# after applying this change.{}{}\n", indent,
          same, color_ ? "\x1b[0m" : "");
    } else {
      out_ += indent + (color_ ? "# \x1b[33mWarning\x1b[0m" : "# Warning");
      out_ += fmt::format(
          ": this attribute value will be marked as sensitive and will not\n{}# display in UI output after "
          "applying this change.{}{}\n",
          indent, same, color_ ? "\x1b[0m" : "");
    }
  }

  void value(const Pair& pair, int level, const Mode& mode) {
    const std::string end = forces_text(mode.forces);
    const std::string null_end =
        pair.change == Change::kDelete && mode.null_suffix ? " " + paint("[dark_gray]-> null[reset]") : std::string();
    const bool is_sensitive =
        (pair.before != nullptr && pair.before->is_sensitive) || (pair.after != nullptr && pair.after->is_sensitive);
    if (is_sensitive) {
      out_ += "(sensitive value)" + null_end + end;
      return;
    }
    switch (pair.change) {
      case Change::kNone:
        whole(pair.after == nullptr ? *pair.before : *pair.after, Change::kNone, level, "");
        return;
      case Change::kCreate:
        whole(*pair.after, Change::kCreate, level, end);
        return;
      case Change::kDelete:
        whole(*pair.before, Change::kDelete, level, end, null_end);
        return;
      case Change::kUpdate:
        update(*pair.before, *pair.after, level, mode);
        return;
    }
  }

  void update(const Display& before, const Display& after, int level, const Mode& mode) {
    const std::string end = forces_text(mode.forces);
    if (after.kind == Kind::kUnknown) {
      whole(before, Change::kDelete, level, "");
      out_ += " -> (known after apply)" + end;
    } else if (is_sequence(before.kind) && before.kind == after.kind) {
      sequence_change(before, after, level, mode);
    } else if (is_collection(before.kind) && before.kind == after.kind) {
      members_change(before, after, level, mode);
    } else if (before.kind == Kind::kString && after.kind == Kind::kString) {
      string_change(before, after, level, mode);
    } else {
      const bool is_block_like = is_collection(before.kind) || is_collection(after.kind);
      whole(before, Change::kDelete, level, is_block_like ? end : "");
      out_ += " " + arrow() + " ";
      whole(after, Change::kCreate, level, is_block_like ? "" : end);
    }
  }

  // A value all of which has the same sign. `end` stands behind what opens a bracket, or at the end of a plain value;
  // `null_end` always at the end.
  void whole(const Display& value, Change sign, int level, const std::string& end, const std::string& null_end = "") {
    if (value.is_sensitive) {
      out_ += "(sensitive value)" + null_end + end;
      return;
    }
    switch (value.kind) {
      case Kind::kNull:
        out_ += null_text() + null_end + end;
        return;
      case Kind::kUnknown:
        out_ += "(known after apply)" + null_end + end;
        return;
      case Kind::kLiteral:
        out_ += value.text + null_end + end;
        return;
      case Kind::kString:
        whole_string(value.text, sign, level, end, null_end);
        return;
      case Kind::kList:
      case Kind::kSet:
        if (value.elements.empty()) {
          out_ += "[]" + null_end + end;
          return;
        }
        out_ += "[" + end + "\n";
        for (const Display& element : value.elements) {
          line_start(sign, level + 1);
          whole(element, sign, level + 1, "");
          out_ += ",\n";
        }
        close(level, "]");
        out_ += null_end;
        return;
      case Kind::kMap:
      case Kind::kObject:
      case Kind::kFreeObject:
        whole_members(value, sign, level, end, null_end);
        return;
      case Kind::kBlock:
        return;
    }
  }

  void whole_members(const Display& value, Change sign, int level, const std::string& end,
                     const std::string& null_end) {
    std::vector<std::pair<std::string, const Display*>> shown;
    size_t width = 0;
    for (const auto& [name, member] : value.members) {
      if (value.kind == Kind::kObject && member.kind == Kind::kNull) continue;
      shown.emplace_back(key_text(value.kind, name), &member);
      width = std::max(width, shown.back().first.size());
    }
    if (shown.empty()) {
      out_ += "{}" + null_end + end;
      return;
    }
    out_ += "{" + end + "\n";
    for (const auto& [name, member] : shown) {
      line_start(sign, level + 1);
      out_ += name;
      out_.append(width - name.size(), ' ');
      out_ += " = ";
      whole(*member, sign, level + 1, "");
      out_ += '\n';
    }
    close(level, "}");
    out_ += null_end;
  }

  static std::string key_text(Kind kind, const std::string& name) {
    return kind != Kind::kMap && is_plain_name(name) ? name : quoted(name);
  }

  void whole_string(const std::string& text, Change sign, int level, const std::string& end,
                    const std::string& null_end) {
    if (const std::optional<Display> json = display_of_json(text)) {
      out_ += "jsonencode(";
      if (json->elements.empty() && json->members.empty()) {
        whole(*json, sign, level, "");
        out_ += ")" + null_end + end;
        return;
      }
      out_ += end + "\n";
      line_start(Change::kNone, level + 1);
      whole(*json, sign, level + 1, "");
      out_ += '\n';
      close(level, ")");
      out_ += null_end;
    } else if (text.find('\n') != std::string::npos) {
      out_ += "<<-EOT" + end + "\n";
      for (const std::string_view line : lines_of(text)) {
        line_start(Change::kNone, level + 1);
        out_ += line;
        out_ += '\n';
      }
      close(level, "EOT");
      out_ += null_end;
    } else {
      out_ += quoted(text) + null_end + end;
    }
  }

  void string_change(const Display& before, const Display& after, int level, const Mode& mode) {
    const std::string end = forces_text(mode.forces);
    const std::optional<Display> old_json = display_of_json(before.text);
    const std::optional<Display> new_json = old_json ? display_of_json(after.text) : std::nullopt;
    if (old_json && new_json) {
      json_change(*old_json, *new_json, level, mode);
    } else if (!old_json && !display_of_json(after.text) &&
               (before.text.find('\n') != std::string::npos || after.text.find('\n') != std::string::npos)) {
      lines_change(before.text, after.text, level, end);
    } else {
      whole_string(before.text, Change::kDelete, level, "", "");
      out_ += " " + arrow() + " ";
      whole_string(after.text, Change::kCreate, level, end, "");
    }
  }

  void json_change(const Display& before, const Display& after, int level, const Mode& mode) {
    const bool is_same = before == after;
    out_ += "jsonencode(";
    if (is_same) {
      out_ += mode.forces ? " # whitespace changes force replacement" : " # whitespace changes";
    } else {
      out_ += forces_text(mode.forces);
    }
    out_ += '\n';
    const Pair pair{&before, &after, is_same ? Change::kNone : Change::kUpdate};
    line_start(pair.change, level + 1);
    value(pair, level + 1, Mode{});
    out_ += '\n';
    close(level, ")");
  }

  void lines_change(std::string_view before, std::string_view after, int level, const std::string& end) {
    const std::vector<std::string_view> old_lines = lines_of(before);
    const std::vector<std::string_view> new_lines = lines_of(after);
    auto matches = common_parts(old_lines.size(), new_lines.size(),
                                [&](size_t i, size_t j) { return old_lines[i] == new_lines[j]; });
    matches.emplace_back(old_lines.size(), new_lines.size());
    out_ += "<<-EOT" + end + "\n";
    const auto line = [&](Change change, std::string_view text) {
      line_start(change, level + 1);
      out_ += text;
      out_ += '\n';
    };
    size_t i = 0;
    size_t j = 0;
    for (const auto& [match_before, match_after] : matches) {
      while (i < match_before) line(Change::kDelete, old_lines[i++]);
      while (j < match_after) line(Change::kCreate, new_lines[j++]);
      if (i < old_lines.size() && j < new_lines.size()) {
        line(Change::kNone, old_lines[i++]);
        ++j;
      }
    }
    close(level, "EOT");
  }

  void element_line(const Pair& pair, int level) {
    line_start(pair.change, level);
    value(pair, level, Mode{});
    out_ += ",\n";
  }

  void sequence_change(const Display& before, const Display& after, int level, const Mode& mode) {
    out_ += "[" + forces_text(mode.forces) + "\n";
    if (before.kind == Kind::kSet) {
      size_t left_out = 0;
      for (const Pair& pair : set_pairs(pointers(before.elements), pointers(after.elements))) {
        if (pair.change == Change::kNone && !mode.show_all) {
          ++left_out;
        } else {
          element_line(pair, level + 1);
        }
      }
      hidden(left_out, "element", level + 1);
    } else {
      list_change(list_pairs(before.elements, after.elements), level, mode);
    }
    close(level, "]");
  }

  // Of unchanged elements only the neighbours of changed ones are shown.
  void list_change(const std::vector<Pair>& pairs, int level, const Mode& mode) {
    size_t left_out = 0;
    for (size_t i = 0; i < pairs.size(); ++i) {
      const bool is_neighbour = (i > 0 && pairs[i - 1].change != Change::kNone) ||
                                (i + 1 < pairs.size() && pairs[i + 1].change != Change::kNone);
      if (pairs[i].change == Change::kNone && !is_neighbour && !mode.show_all) {
        ++left_out;
        continue;
      }
      hidden(std::exchange(left_out, 0), "element", level + 1);
      element_line(pairs[i], level + 1);
    }
    hidden(left_out, "element", level + 1);
  }

  void members_change(const Display& before, const Display& after, int level, const Mode& mode) {
    struct Shown {
      std::string name;
      Pair pair;
    };
    std::vector<Shown> shown;
    size_t width = 0;
    size_t left_out = 0;
    const Kind kind = after.kind;
    merge_members(&before, &after, [&](const std::string& name, const Display* old_value, const Display* new_value) {
      if (kind == Kind::kObject && is_absent(old_value) && is_absent(new_value)) return;
      const Pair pair = kind == Kind::kFreeObject ? free_member(old_value, new_value)
                        : kind == Kind::kMap      ? free_member(old_value, new_value)
                                                  : paired(old_value, new_value);
      std::string key = key_text(kind, name);
      width = std::max(width, key.size());
      if (pair.change == Change::kNone && !mode.show_all) {
        ++left_out;
      } else {
        shown.push_back({std::move(key), pair});
      }
    });
    out_ += "{" + forces_text(mode.forces) + "\n";
    for (const Shown& member : shown) {
      const Mode inside{.null_suffix = kind != Kind::kFreeObject};
      member_line(member.name, width, member.pair, level + 1, inside);
    }
    hidden(left_out, kind == Kind::kMap ? "element" : "attribute", level + 1);
    close(level, "}");
  }

  std::string& out_;
  bool color_;
};

}  // namespace

Change change_between(const Display* before, const Display* after) {
  if (is_absent(before)) return is_absent(after) ? Change::kNone : Change::kCreate;
  if (is_absent(after)) return Change::kDelete;
  return before == after || *before == *after ? Change::kNone : Change::kUpdate;
}

std::string block_change_text(const Display* before, const Display* after, Change change, int level,
                              const std::vector<ReplacePath>& replaces, const ChangeStyle& style) {
  std::string out;
  Writer(out, style.color).block(before, after, change, level, replaces);
  return out;
}

std::string members_change_text(const Display& before, const Display& after, const ChangeStyle& style) {
  std::string out;
  Writer(out, style.color).outputs(before, after);
  return out;
}

std::string change_sign(Change change, bool color) {
  switch (change) {
    case Change::kNone:
      return " ";
    case Change::kCreate:
      return colorize("[green]+[reset]", color);
    case Change::kUpdate:
      return colorize("[yellow]~[reset]", color);
    case Change::kDelete:
      return colorize("[red]-[reset]", color);
  }
  return " ";
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = [&](size_t ahead) {
      return at + ahead < text.size() ? static_cast<unsigned char>(text[at + ahead]) : 0U;
    };
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[at];
    } else if (byte >= 0x07 && byte <= 0x0d) {
      out += '\\';
      out += "abtnvfr"[byte - 7];
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xc2 && next(1) >= 0x80 && next(1) <= 0xa0) {  // C1 controls and the no-break space
      out += fmt::format("\\u{:04x}", next(1));
      ++at;
    } else if (byte == 0xe2 && next(1) == 0x80 &&
               ((next(2) >= 0x80 && next(2) <= 0x8f) || (next(2) >= 0xa8 && next(2) <= 0xaf))) {  // spaces, joiners
      out += fmt::format("\\u{:04x}", 0x2000 + next(2) - 0x80);
      at += 2;
    } else if (byte == 0xef && next(1) == 0xbb && next(2) == 0xbf) {
      out += "\\ufeff";
      at += 2;
    } else {
      out += text[at];
    }
  }
  return out + "\"";
}

bool is_plain_name(std::string_view text) {
  if (text.empty()) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
    const bool is_inner = (c >= '0' && c <= '9') || c == '-';
    if (!is_letter && !(at > 0 && is_inner)) return false;
  }
  return true;
}

}  // namespace terrace::cli
