// Strings: case, cutting, joining, formatting, regular expressions. Lengths and positions count grapheme clusters.
#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>
#include <unicode/brkiter.h>
#include <unicode/unistr.h>

#include "lang/convert.h"
#include "lang/format.h"
#include "lang/function_tables.h"
#include "lang/graphemes.h"

namespace terrace::lang {

namespace {

const std::string& text(const Call& call, std::size_t i) {
  return call.arguments[i].as_string();
}

std::string cased(const std::string& from, bool upper) {
  if (std::all_of(from.begin(), from.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    std::string to = from;
    for (char& c : to) c = static_cast<char>(upper ? std::toupper(c) : std::tolower(c));
    return to;
  }
  icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(from);
  // Without special casing, as Go does: one character for one character.
  icu::UnicodeString changed;
  for (int32_t i = 0; i < unicode.length(); i = unicode.moveIndex32(i, 1)) {
    UChar32 c = unicode.char32At(i);
    changed.append(upper ? u_toupper(c) : u_tolower(c));
  }
  std::string to;
  changed.toUTF8String(to);
  return to;
}

FunctionResult upper(const Call& call) {
  return Value::string(cased(text(call, 0), true));
}
FunctionResult lower(const Call& call) {
  return Value::string(cased(text(call, 0), false));
}

FunctionResult title(const Call& call) {
  std::string result;
  bool start = true;
  for (const std::string& cluster : graphemes(text(call, 0))) {
    result += start ? cased(cluster, true) : cluster;
    unsigned char c = static_cast<unsigned char>(cluster[0]);
    bool letter = c >= 0x80 || std::isalnum(c) != 0 || c == '_';
    start = !letter;
  }
  return Value::string(result);
}

FunctionResult strrev(const Call& call) {
  std::vector<std::string> clusters = graphemes(text(call, 0));
  std::string result;
  for (auto at = clusters.rbegin(); at != clusters.rend(); ++at) result += *at;
  return Value::string(result);
}

FunctionResult substr(const Call& call) {
  std::vector<std::string> clusters = graphemes(text(call, 0));
  auto count = static_cast<int64_t>(clusters.size());
  std::optional<int64_t> offset = call.arguments[1].as_number().to_int64();
  std::optional<int64_t> length = call.arguments[2].as_number().to_int64();
  if (!offset || !length) return call_error(kWholeNumber);
  int64_t from = *offset < 0 ? std::max<int64_t>(0, *offset + count) : *offset;
  if (from >= count) return Value::string("");
  int64_t to = *length < 0 ? count : std::min(count, from + *length);
  std::string result;
  for (int64_t i = from; i < to; ++i) result += clusters[static_cast<std::size_t>(i)];
  return Value::string(result);
}

FunctionResult chomp(const Call& call) {
  std::string s = text(call, 0);
  while (!s.empty() && (s.back() == '\n' || s.back() == '\r')) s.pop_back();
  return Value::string(s);
}

bool in_set(const std::vector<std::string>& set, const std::string& cluster) {
  return std::find(set.begin(), set.end(), cluster) != set.end();
}

// The characters of a string, code point by code point.
std::vector<std::string> code_points(const std::string& s) {
  std::vector<std::string> points;
  for (std::size_t i = 0; i < s.size();) {
    unsigned char c = static_cast<unsigned char>(s[i]);
    std::size_t length = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    points.push_back(s.substr(i, length));
    i += length;
  }
  return points;
}

FunctionResult trim(const Call& call) {
  std::vector<std::string> set = code_points(text(call, 1));
  std::vector<std::string> points = code_points(text(call, 0));
  std::size_t from = 0, to = points.size();
  while (from < to && in_set(set, points[from])) ++from;
  while (to > from && in_set(set, points[to - 1])) --to;
  std::string result;
  for (std::size_t i = from; i < to; ++i) result += points[i];
  return Value::string(result);
}

FunctionResult trimprefix(const Call& call) {
  const std::string& s = text(call, 0);
  return Value::string(s.starts_with(text(call, 1)) ? s.substr(text(call, 1).size()) : s);
}
FunctionResult trimsuffix(const Call& call) {
  const std::string& s = text(call, 0);
  return Value::string(s.ends_with(text(call, 1)) ? s.substr(0, s.size() - text(call, 1).size()) : s);
}
FunctionResult trimspace(const Call& call) {
  icu::UnicodeString s = icu::UnicodeString::fromUTF8(text(call, 0));
  int32_t from = 0, to = s.length();
  while (from < to && u_isUWhiteSpace(s.charAt(from)) != 0) ++from;
  while (to > from && u_isUWhiteSpace(s.charAt(to - 1)) != 0) --to;
  std::string result;
  s.tempSubStringBetween(from, to).toUTF8String(result);
  return Value::string(result);
}

FunctionResult startswith(const Call& call) {
  return Value::boolean(text(call, 0).starts_with(text(call, 1)));
}
FunctionResult endswith(const Call& call) {
  return Value::boolean(text(call, 0).ends_with(text(call, 1)));
}
FunctionResult strcontains(const Call& call) {
  return Value::boolean(text(call, 0).find(text(call, 1)) != std::string::npos);
}

FunctionResult indent(const Call& call) {
  std::optional<int64_t> spaces = call.arguments[0].as_number().to_int64();
  if (!spaces || *spaces < 0) return call_error("a whole number that is not negative is required", 0);
  std::string pad(static_cast<std::size_t>(*spaces), ' ');
  std::string result;
  for (char c : text(call, 1)) {
    result += c;
    if (c == '\n') result += pad;
  }
  return Value::string(result);
}

FunctionResult join(const Call& call) {
  if (call.arguments.size() < 2) return call_error("at least one list is required");
  std::string result;
  bool first = true;
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    const Value& list = call.arguments[i];
    if (!list.is_wholly_known()) return Value::unknown(Type::string());
    std::size_t at = 0;
    for (const Value& element : list.elements()) {
      if (element.is_null())
        return call_error(fmt::format("element {} is null; cannot concatenate null values", at), static_cast<int>(i));
      result += (first ? "" : text(call, 0)) + element.as_string();
      first = false;
      ++at;
    }
  }
  return Value::string(result);
}

Value strings(std::vector<std::string> parts) {
  std::vector<Value> values;
  values.reserve(parts.size());
  for (std::string& part : parts) values.push_back(Value::string(std::move(part)));
  return Value::list(Type::string(), std::move(values));
}

FunctionResult split(const Call& call) {
  const std::string& separator = text(call, 0);
  const std::string& s = text(call, 1);
  if (separator.empty()) return strings(code_points(s));
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (true) {
    std::size_t next = s.find(separator, at);
    parts.push_back(s.substr(at, next == std::string::npos ? next : next - at));
    if (next == std::string::npos) break;
    at = next + separator.size();
  }
  return strings(std::move(parts));
}

FunctionResult sort_strings(const Call& call) {
  const Value& list = call.arguments[0];
  if (!list.is_wholly_known()) return Value::unknown(Type::list(Type::string()));
  std::vector<Value> values(list.elements().begin(), list.elements().end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_null())
      return call_error(fmt::format("given list element {} is null; a null string cannot be sorted", i));
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const Value& a, const Value& b) { return a.as_string() < b.as_string(); });
  return Value::list(Type::string(), std::move(values));
}

// --- regular expressions (RE2, as in the reference)

// "(?<name>" as this RE2 spells it: "(?P<name>".
std::string with_spelled_names(const std::string& source) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < source.size(); ++i) {
    out += source[i];
    if (source[i] == '\\' && i + 1 < source.size()) {
      out += source[++i];
    } else if (in_class) {
      in_class = source[i] != ']';
    } else if (source[i] == '[') {
      in_class = true;
      // A bracket that comes first is itself a member.
      while (i + 1 < source.size() && (source[i + 1] == '^' || source[i + 1] == ']')) {
        out += source[++i];
        if (source[i] == ']') break;
      }
    } else if (source.compare(i, 3, "(?<") == 0 && i + 3 < source.size() && source[i + 3] != '=' &&
               source[i + 3] != '!') {
      out += "?P";
      ++i;
    }
  }
  return out;
}

// What is wrong with a pattern, in the words of Go's regexp package, and the part of it that is to blame.
std::string pattern_problem(const RE2& re, const std::string& source) {
  const std::string& part = re.error_arg();
  switch (re.error_code()) {
    case RE2::ErrorMissingParen:
      return "missing closing ) in " + source;
    case RE2::ErrorUnexpectedParen:
      return "unexpected ) in " + source;
    case RE2::ErrorMissingBracket:
      return "missing closing ] in " + part;
    case RE2::ErrorBadEscape:
      return "invalid escape sequence in " + part;
    case RE2::ErrorBadCharClass:
      return "invalid character class in " + part;
    case RE2::ErrorBadCharRange:
      return "invalid character class range in " + part;
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression in ";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator in " + part;
    case RE2::ErrorRepeatSize:
      return "invalid repeat count in " + part;
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator in " + part;
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax in " + part;
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture in " + part;
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8 in " + part;
    default:
      return re.error();
  }
}

std::unique_ptr<RE2> pattern(const std::string& source, std::string& problem) {
  RE2::Options options;
  options.set_log_errors(false);
  auto re = std::make_unique<RE2>(with_spelled_names(source), options);
  if (!re->ok()) problem = "invalid regexp pattern: " + pattern_problem(*re, source);
  return re;
}

Type match_type(const RE2& re) {
  int captures = re.NumberOfCapturingGroups();
  if (captures == 0) return Type::string();
  if (!re.NamedCapturingGroups().empty()) {
    std::vector<Type::Attribute> attributes;
    for (const auto& [name, index] : re.NamedCapturingGroups()) attributes.push_back({name, Type::string(), false});
    return Type::object(std::move(attributes));
  }
  return Type::tuple(std::vector<Type>(static_cast<std::size_t>(captures), Type::string()));
}

Value group_value(const re2::StringPiece& group) {
  return group.data() == nullptr ? Value::null(Type::string()) : Value::string(std::string(group));
}

Value match_value(const RE2& re, const std::vector<re2::StringPiece>& groups) {
  int captures = re.NumberOfCapturingGroups();
  if (captures == 0) return group_value(groups[0]);
  if (!re.NamedCapturingGroups().empty()) {
    std::vector<Value::Member> members;
    for (const auto& [name, index] : re.NamedCapturingGroups())
      members.emplace_back(name, group_value(groups[static_cast<std::size_t>(index)]));
    return Value::object(std::move(members));
  }
  std::vector<Value> elements;
  for (int i = 1; i <= captures; ++i) elements.push_back(group_value(groups[static_cast<std::size_t>(i)]));
  return Value::tuple(std::move(elements));
}

bool mixed_names(const RE2& re) {
  return !re.NamedCapturingGroups().empty() &&
         static_cast<int>(re.NamedCapturingGroups().size()) != re.NumberOfCapturingGroups();
}

FunctionResult regex(const Call& call) {
  if (!call.arguments[0].is_known()) return Value::dynamic();
  std::string problem;
  std::unique_ptr<RE2> re = pattern(text(call, 0), problem);
  if (!problem.empty()) return call_error(problem, 0);
  if (mixed_names(*re))
    return call_error("invalid regexp pattern: cannot mix both named and unnamed capture groups", 0);
  if (!call.arguments[1].is_known()) return Value::unknown(match_type(*re));
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(re->NumberOfCapturingGroups()) + 1);
  const std::string& s = text(call, 1);
  if (!re->Match(s, 0, s.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
    return call_error("pattern did not match any part of the given string");
  }
  return match_value(*re, groups);
}

FunctionResult regexall(const Call& call) {
  if (!call.arguments[0].is_known()) return Value::dynamic();
  std::string problem;
  std::unique_ptr<RE2> re = pattern(text(call, 0), problem);
  if (!problem.empty()) return call_error(problem, 0);
  if (mixed_names(*re))
    return call_error("invalid regexp pattern: cannot mix both named and unnamed capture groups", 0);
  Type type = match_type(*re);
  if (!call.arguments[1].is_known()) return Value::unknown(Type::list(type));
  const std::string& s = text(call, 1);
  std::vector<Value> found;
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(re->NumberOfCapturingGroups()) + 1);
  std::size_t at = 0;
  while (at <= s.size() &&
         re->Match(s, at, s.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
    found.push_back(match_value(*re, groups));
    std::size_t end = static_cast<std::size_t>(groups[0].data() - s.data()) + groups[0].size();
    at = groups[0].empty() ? end + 1 : end;
  }
  return Value::list(type, std::move(found));
}

// $1, ${1}, $name and ${name} in a replacement; $$ is a dollar sign.
std::string expanded(const RE2& re, const std::string& replacement, const std::vector<re2::StringPiece>& groups) {
  std::string result;
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '$' || i + 1 >= replacement.size()) {
      result += replacement[i];
      continue;
    }
    if (replacement[i + 1] == '$') {
      result += '$';
      ++i;
      continue;
    }
    bool brace = replacement[i + 1] == '{';
    std::size_t from = i + (brace ? 2 : 1);
    std::size_t to = from;
    while (to < replacement.size() &&
           (std::isalnum(static_cast<unsigned char>(replacement[to])) != 0 || replacement[to] == '_'))
      ++to;
    if (to == from || (brace && (to >= replacement.size() || replacement[to] != '}'))) {
      result += '$';
      continue;
    }
    std::string name = replacement.substr(from, to - from);
    std::size_t index = groups.size();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      index = std::stoul(name.substr(0, 6));
    } else if (auto found = re.NamedCapturingGroups().find(name); found != re.NamedCapturingGroups().end()) {
      index = static_cast<std::size_t>(found->second);
    }
    if (index < groups.size() && groups[index].data() != nullptr) result += std::string(groups[index]);
    i = brace ? to : to - 1;
  }
  return result;
}

FunctionResult replace(const Call& call) {
  const std::string& s = text(call, 0);
  const std::string& search = text(call, 1);
  const std::string& replacement = text(call, 2);
  if (search.size() > 1 && search.front() == '/' && search.back() == '/') {
    std::string problem;
    std::unique_ptr<RE2> re = pattern(search.substr(1, search.size() - 2), problem);
    if (!problem.empty()) return call_error(problem);
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(re->NumberOfCapturingGroups()) + 1);
    std::string result;
    std::size_t at = 0;
    while (at <= s.size() &&
           re->Match(s, at, s.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
      std::size_t start = static_cast<std::size_t>(groups[0].data() - s.data());
      result.append(s, at, start - at);
      result += expanded(*re, replacement, groups);
      std::size_t end = start + groups[0].size();
      if (groups[0].empty()) {
        if (end < s.size()) result += s[end];
        ++end;
      }
      at = end;
    }
    if (at < s.size()) result.append(s, at, std::string::npos);
    return Value::string(result);
  }
  if (search.empty()) {
    std::string result = replacement;
    for (const std::string& point : code_points(s)) result += point + replacement;
    return Value::string(result);
  }
  std::string result;
  std::size_t at = 0;
  for (std::size_t next; (next = s.find(search, at)) != std::string::npos; at = next + search.size()) {
    result.append(s, at, next - at);
    result += replacement;
  }
  result.append(s, at, std::string::npos);
  return Value::string(result);
}

// The word null, as opposed to a null of some type: what it would be formatted as is not known.
bool typeless_null(const Value& value) {
  return value.is_null() && value.type().is_dynamic();
}

FunctionResult format_one(const Call& call) {
  std::vector<Value> values(call.arguments.begin() + 1, call.arguments.end());
  for (const Value& value : values) {
    if (!value.is_wholly_known() || typeless_null(value)) return Value::unknown(Type::string());
  }
  return format_values(text(call, 0), values);
}

FunctionResult formatlist(const Call& call) {
  std::size_t length = 1;
  bool any_list = false;
  int first_list = -1;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const Value& argument = call.arguments[i];
    const Type& type = argument.type();
    if (!argument.is_known() || typeless_null(argument)) return Value::unknown(Type::list(Type::string()));
    bool list = type.is_tuple() || type.kind() == TypeKind::kList || type.kind() == TypeKind::kSet;
    if (!list || argument.is_null()) continue;
    if (any_list && argument.length() != length) {
      return call_error(fmt::format("argument {} has length {}, which is inconsistent with argument {} of length {}", i,
                                    argument.length(), first_list, length),
                        static_cast<int>(i));
    }
    any_list = true;
    first_list = static_cast<int>(i);
    length = argument.length();
  }
  std::vector<Value> results;
  for (std::size_t i = 0; i < length; ++i) {
    std::vector<Value> values;
    bool known = true;
    for (const Value& argument : call.arguments) {
      const Type& type = argument.type();
      bool list =
          !argument.is_null() && (type.is_tuple() || type.kind() == TypeKind::kList || type.kind() == TypeKind::kSet);
      values.push_back(list ? argument.elements()[i] : argument);
      known = known && values.back().is_wholly_known();
    }
    if (!known) {
      results.push_back(Value::unknown(Type::string()));
      continue;
    }
    std::vector<Value> rest(values.begin() + 1, values.end());
    FunctionResult one = format_values(values[0].as_string(), rest);
    if (!one)
      return call_error(fmt::format("error on format iteration {}: {}", i, one.error().message), one.error().argument);
    results.push_back(*std::move(one));
  }
  return Value::list(Type::string(), std::move(results));
}

}  // namespace

const std::vector<Function>& string_functions() {
  static const Parameter kStr{"str", Type::string()};
  static const std::vector<Function> kTable = {
      {"chomp", {kStr}, std::nullopt, Type::string(), chomp},
      {"endswith", {kStr, {"suffix", Type::string()}}, std::nullopt, Type::boolean(), endswith},
      {"format",
       {{"format", Type::string()}},
       Parameter{"args", Type::dynamic(), true, true},
       Type::string(),
       format_one},
      {"formatlist",
       {{"format", Type::string()}},
       Parameter{"args", Type::dynamic(), true, true},
       Type::list(Type::string()),
       formatlist},
      {"indent", {{"spaces", Type::number()}, kStr}, std::nullopt, Type::string(), indent},
      {"join", {{"separator", Type::string()}}, Parameter{"lists", Type::list(Type::string())}, Type::string(), join},
      {"lower", {kStr}, std::nullopt, Type::string(), lower},
      {"regex",
       {{"pattern", Type::string(), false, true}, {"string", Type::string(), false, true}},
       std::nullopt,
       Type::dynamic(),
       regex},
      {"regexall",
       {{"pattern", Type::string(), false, true}, {"string", Type::string(), false, true}},
       std::nullopt,
       Type::dynamic(),
       regexall},
      {"replace",
       {kStr, {"substr", Type::string()}, {"replace", Type::string()}},
       std::nullopt,
       Type::string(),
       replace},
      {"sort", {{"list", Type::list(Type::string())}}, std::nullopt, Type::list(Type::string()), sort_strings},
      {"split", {{"separator", Type::string()}, kStr}, std::nullopt, Type::list(Type::string()), split},
      {"startswith", {kStr, {"prefix", Type::string()}}, std::nullopt, Type::boolean(), startswith},
      {"strcontains", {kStr, {"substr", Type::string()}}, std::nullopt, Type::boolean(), strcontains},
      {"strrev", {kStr}, std::nullopt, Type::string(), strrev},
      {"substr", {kStr, {"offset", Type::number()}, {"length", Type::number()}}, std::nullopt, Type::string(), substr},
      {"title", {kStr}, std::nullopt, Type::string(), title},
      {"trim", {kStr, {"cutset", Type::string()}}, std::nullopt, Type::string(), trim},
      {"trimprefix", {kStr, {"prefix", Type::string()}}, std::nullopt, Type::string(), trimprefix},
      {"trimspace", {kStr}, std::nullopt, Type::string(), trimspace},
      {"trimsuffix", {kStr, {"suffix", Type::string()}}, std::nullopt, Type::string(), trimsuffix},
      {"upper", {kStr}, std::nullopt, Type::string(), upper},
  };
  return kTable;
}

}  // namespace terrace::lang
