// Path: where a value stands inside another one: attribute names, list indices, map keys.
#pragma once

#include <string>
#include <vector>

#include "lang/value.h"

namespace terrace::lang {

struct PathStep {
  enum class Kind : uint8_t { kAttribute, kIndex };
  Kind kind = Kind::kAttribute;
  std::string name;  // of an attribute
  Value key;         // of an index: a number, a string, or an element of a set

  static PathStep attribute(std::string name) { return PathStep{Kind::kAttribute, std::move(name), Value()}; }
  static PathStep index(Value key) { return PathStep{Kind::kIndex, {}, std::move(key)}; }
  friend bool operator==(const PathStep& a, const PathStep& b) {
    return a.kind == b.kind && a.name == b.name && (a.kind == Kind::kAttribute || a.key.identical(b.key));
  }
};

using Path = std::vector<PathStep>;

// .tags["Name"], .ingress[0].cidr_blocks; empty for the value itself.
std::string path_text(const Path& path);

// The value at `path`, or nullopt where there is none (a null or unknown value on the way, a missing key).
std::optional<Value> value_at(const Value& value, const Path& path);

struct PathMarks {
  Path path;
  Marks marks;
};

// Takes every mark off and tells where they were.
Value unmark_deep(const Value& value, std::vector<PathMarks>& marks);
// Puts marks back; paths that no longer exist are left out.
Value mark_paths(const Value& value, const std::vector<PathMarks>& marks);

}  // namespace terrace::lang
