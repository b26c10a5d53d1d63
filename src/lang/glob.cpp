#include "lang/glob.h"

#include <string>

namespace terrace::lang {

namespace {

// `[a-z]` at the start of `pattern` against `c`; `length` is what it takes of the pattern, 0 for no class at all.
bool in_class(std::string_view pattern, char c, std::size_t& length) {
  std::size_t close = pattern.find(']', 2);
  if (close == std::string_view::npos) {
    length = 0;
    return false;
  }
  length = close + 1;
  std::size_t at = 1;
  bool negated = pattern[at] == '!' || pattern[at] == '^';
  if (negated) ++at;
  bool found = false;
  for (; at < close; ++at) {
    if (at + 2 < close && pattern[at + 1] == '-') {
      found = found || (c >= pattern[at] && c <= pattern[at + 2]);
      at += 2;
    } else {
      found = found || c == pattern[at];
    }
  }
  return found != negated;
}

}  // namespace

bool glob_valid(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (++i == pattern.size()) return false;
    } else if (pattern[i] == '[') {
      i = pattern.find(']', i + 2);
      if (i == std::string_view::npos) return false;
    } else if (pattern[i] == '{') {
      i = pattern.find('}', i);
      if (i == std::string_view::npos) return false;
    }
  }
  return true;
}

bool glob_matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    char p = pattern[0];
    if (pattern.substr(0, 3) == "**/") {
      if (glob_matches(pattern.substr(3), path)) return true;
      std::size_t slash = path.find('/');
      return slash != std::string_view::npos && glob_matches(pattern, path.substr(slash + 1));
    }
    if (pattern == "**") return true;
    if (p == '*') {
      while (!pattern.empty() && pattern[0] == '*') pattern.remove_prefix(1);
      for (std::size_t i = 0; i <= path.size(); ++i) {
        if (glob_matches(pattern, path.substr(i))) return true;
        if (i < path.size() && path[i] == '/') return false;
      }
      return false;
    }
    if (p == '{') {
      std::size_t close = pattern.find('}');
      if (close != std::string_view::npos) {
        std::string_view rest = pattern.substr(close + 1);
        std::string_view choices = pattern.substr(1, close - 1);
        for (std::size_t at = 0; at <= choices.size();) {
          std::size_t comma = choices.find(',', at);
          if (comma == std::string_view::npos) comma = choices.size();
          if (glob_matches(std::string(choices.substr(at, comma - at)) + std::string(rest), path)) return true;
          at = comma + 1;
        }
        return false;
      }
    }
    if (path.empty()) return false;
    std::size_t length = 1;
    if (p == '?') {
      if (path[0] == '/') return false;
    } else if (p == '[') {
      bool matches = in_class(pattern, path[0], length);
      if (length == 0) {
        length = 1;
        matches = path[0] == '[';
      }
      if (!matches) return false;
    } else if (p == '\\' && pattern.size() > 1) {
      if (path[0] != pattern[1]) return false;
      length = 2;
    } else if (p != path[0]) {
      return false;
    }
    pattern.remove_prefix(length);
    path.remove_prefix(1);
  }
  return path.empty();
}

}  // namespace terrace::lang
