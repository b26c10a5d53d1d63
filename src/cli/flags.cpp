#include "cli/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "diag/render.h"

namespace terrace::cli {
namespace {

std::optional<bool> parse_boolean(std::string_view text) {
  for (const std::string_view word : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == word) return false;
  }
  return std::nullopt;
}

std::string indented(std::string_view paragraphs, size_t indent, int width) {
  std::string out;
  for (size_t begin = 0; begin < paragraphs.size();) {
    size_t end = paragraphs.find('\n', begin);
    if (end == std::string_view::npos) end = paragraphs.size();
    const std::string wrapped = wrap_words(paragraphs.substr(begin, end - begin), width - static_cast<int>(indent));
    for (size_t line = 0; line <= wrapped.size();) {
      size_t line_end = wrapped.find('\n', line);
      if (line_end == std::string::npos) line_end = wrapped.size();
      if (line_end > line) out += std::string(indent, ' ') + wrapped.substr(line, line_end - line);
      out += '\n';
      line = line_end + 1;
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace

bool parse_duration(std::string_view text, Duration* result) {
  if (text == "0") {
    *result = Duration(0);
    return true;
  }
  if (text.empty()) return false;
  double nanoseconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    static constexpr std::pair<std::string_view, double> kUnits[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                                                     {"s", 1e9}, {"m", 6e10}, {"h", 3.6e12}};
    const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                    [&](const auto& candidate) { return text.starts_with(candidate.first); });
    if (unit == std::end(kUnits)) return false;
    text.remove_prefix(unit->first.size());
    nanoseconds += number * unit->second;
  }
  *result = Duration(static_cast<int64_t>(nanoseconds));
  return true;
}

Flags& Flags::add(Flag flag) {
  flags_.push_back(std::move(flag));
  return *this;
}

Flags& Flags::boolean(std::string name, bool* target, std::string help) {
  return add({std::move(name), true, "", std::move(help), [target](const std::string& value) {
                const std::optional<bool> parsed = parse_boolean(value);
                if (parsed) *target = *parsed;
                return parsed.has_value();
              }});
}

Flags& Flags::text(std::string name, std::string* target, std::string value, std::string help) {
  return add({std::move(name), false, std::move(value), std::move(help), [target](const std::string& given) {
                *target = given;
                return true;
              }});
}

Flags& Flags::list(std::string name, std::vector<std::string>* target, std::string value, std::string help) {
  return add({std::move(name), false, std::move(value), std::move(help), [target](const std::string& given) {
                target->push_back(given);
                return true;
              }});
}

Flags& Flags::integer(std::string name, int* target, std::string value, std::string help) {
  return add({std::move(name), false, std::move(value), std::move(help), [target](const std::string& given) {
                int parsed = 0;
                const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), parsed);
                if (error != std::errc() || end != given.data() + given.size()) return false;
                *target = parsed;
                return true;
              }});
}

Flags& Flags::duration(std::string name, Duration* target, std::string value, std::string help) {
  return add({std::move(name), false, std::move(value), std::move(help),
              [target](const std::string& given) { return parse_duration(given, target); }});
}

Flags& Flags::call(std::string name, std::function<void(std::string)> target, std::string value, std::string help) {
  return add({std::move(name), false, std::move(value), std::move(help), [target](const std::string& given) {
                target(given);
                return true;
              }});
}

Result<Arguments, std::string> Flags::parse(const Arguments& arguments) {
  size_t at = 0;
  for (; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument.size() < 2 || argument[0] != '-') break;
    if (argument == "--") {
      ++at;
      break;
    }
    std::string name = argument.substr(argument[1] == '-' ? 2 : 1);
    if (name.empty() || name[0] == '-' || name[0] == '=') return Failure{"bad flag syntax: " + argument};
    std::optional<std::string> value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    const auto flag = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& known) { return known.name == name; });
    if (flag == flags_.end()) {
      if (name == "help" || name == "h") {
        wants_help_ = true;
        return Arguments{};
      }
      return Failure{"flag provided but not defined: -" + name};
    }
    if (flag->is_boolean) {
      if (!flag->set(value.value_or("true"))) {
        return Failure{fmt::format("invalid boolean value \"{}\" for -{}: parse error", *value, name)};
      }
      continue;
    }
    if (!value) {
      if (++at == arguments.size()) return Failure{"flag needs an argument: -" + name};
      value = arguments[at];
    }
    if (!flag->set(*value)) return Failure{fmt::format("invalid value \"{}\" for flag -{}: parse error", *value, name)};
  }
  return Arguments(arguments.begin() + static_cast<std::ptrdiff_t>(at), arguments.end());
}

std::string Flags::help() const {
  constexpr int kWidth = 80;
  std::string out = fmt::format("Usage: terrace [global options] {}\n\n{}", usage_, indented(description_, 2, kWidth));
  size_t longest = 0;
  const auto shown = [](const Flag& flag) { return "-" + flag.name + (flag.is_boolean ? "" : "=" + flag.value); };
  for (const Flag& flag : flags_) {
    if (!flag.help.empty()) longest = std::max(longest, shown(flag).size());
  }
  if (longest == 0) return out;
  const size_t column = std::min<size_t>(longest, 22) + 4;
  out += "\nOptions:\n";
  for (const Flag& flag : flags_) {
    if (flag.help.empty()) continue;
    const std::string name = "  " + shown(flag);
    const std::string text = indented(flag.help, column, kWidth);
    out += '\n';
    if (name.size() + 2 <= column) {
      out += name + text.substr(name.size());
    } else {
      out += name + "\n" + text;
    }
  }
  return out;
}

std::string Flags::command_name() const {
  std::string name;
  for (size_t begin = 0; begin < usage_.size();) {
    size_t end = usage_.find(' ', begin);
    if (end == std::string::npos) end = usage_.size();
    const std::string word = usage_.substr(begin, end - begin);
    if (word.find_first_of("[<") != std::string::npos || (word[0] >= 'A' && word[0] <= 'Z')) break;
    name += (name.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return name;
}

}  // namespace terrace::cli
