#include "lang/path.h"

namespace terrace::lang {

namespace {

Value unmark(const Value& value, Path& path, std::vector<PathMarks>& marks) {
  if (any(value.marks())) marks.push_back({path, value.marks()});
  Value plain = value.without_marks();
  if (!plain.has_content() || plain.type().is_primitive() || !any(plain.marks_deep())) return plain;
  const Type& type = plain.type();
  std::vector<Value> elements;
  elements.reserve(plain.length());
  for (std::size_t i = 0; i < plain.length(); ++i) {
    const Value& element = plain.elements()[i];
    if (type.is_object()) {
      path.push_back(PathStep::attribute(type.attributes()[i].name));
    } else if (type.kind() == TypeKind::kMap) {
      path.push_back(PathStep::index(Value::string(plain.keys()[i])));
    } else {
      path.push_back(PathStep::index(Value::number(static_cast<int64_t>(i))));
    }
    elements.push_back(unmark(element, path, marks));
    path.pop_back();
  }
  switch (type.kind()) {
    case TypeKind::kObject:
      return Value::object(type, std::move(elements));
    case TypeKind::kTuple:
      return Value::tuple(std::move(elements));
    case TypeKind::kMap: {
      std::vector<Value::Member> members;
      for (std::size_t i = 0; i < elements.size(); ++i) members.emplace_back(plain.keys()[i], std::move(elements[i]));
      return Value::map(type.element(), std::move(members));
    }
    case TypeKind::kSet:
      return Value::set(type.element(), std::move(elements));
    default:
      return Value::list(type.element(), std::move(elements));
  }
}

Value mark_at(const Value& value, const Path& path, std::size_t depth, Marks marks) {
  if (depth == path.size()) return value.with_marks(marks);
  if (!value.has_content() || value.type().is_primitive()) return value;
  const PathStep& step = path[depth];
  const Type& type = value.type();
  // A set's elements have no places of their own: the mark goes to the set.
  if (type.kind() == TypeKind::kSet) return value.with_marks(marks);
  std::span<const Value> elements = value.elements();
  std::size_t at = elements.size();
  if (step.kind == PathStep::Kind::kAttribute || (step.key.type().kind() == TypeKind::kString)) {
    const std::string& name = step.kind == PathStep::Kind::kAttribute ? step.name : step.key.as_string();
    if (type.is_object()) {
      int index = type.attribute_index(name);
      if (index < 0) return value;
      at = static_cast<std::size_t>(index);
    } else if (type.kind() == TypeKind::kMap) {
      const Value* found = value.find_key(name);
      if (found == nullptr) return value;
      at = static_cast<std::size_t>(found - elements.data());
    }
  } else if (step.key.type().kind() == TypeKind::kNumber) {
    std::optional<int64_t> index = step.key.as_number().to_int64();
    if (!index || *index < 0) return value;
    at = static_cast<std::size_t>(*index);
  }
  if (at >= elements.size()) return value;
  std::vector<Value> changed(elements.begin(), elements.end());
  changed[at] = mark_at(changed[at], path, depth + 1, marks);
  Value result;
  if (type.is_object()) {
    result = Value::object(type, std::move(changed));
  } else if (type.is_tuple()) {
    result = Value::tuple(std::move(changed));
  } else if (type.kind() == TypeKind::kMap) {
    std::vector<Value::Member> members;
    for (std::size_t i = 0; i < changed.size(); ++i) members.emplace_back(value.keys()[i], std::move(changed[i]));
    result = Value::map(type.element(), std::move(members));
  } else {
    result = Value::list(type.element(), std::move(changed));
  }
  return result.with_marks(value.marks());
}

}  // namespace

std::string path_text(const Path& path) {
  std::string text;
  for (const PathStep& step : path) {
    if (step.kind == PathStep::Kind::kAttribute) {
      text += "." + step.name;
    } else if (step.key.has_content() && step.key.type().kind() == TypeKind::kString) {
      text += "[\"" + step.key.as_string() + "\"]";
    } else if (step.key.has_content() && step.key.type().kind() == TypeKind::kNumber) {
      text += "[" + step.key.as_number().text() + "]";
    } else {
      text += "[...]";
    }
  }
  return text;
}

std::optional<Value> value_at(const Value& value, const Path& path) {
  Value current = value;
  for (const PathStep& step : path) {
    if (!current.has_content()) return std::nullopt;
    const Type& type = current.type();
    const Value* next = nullptr;
    if (step.kind == PathStep::Kind::kAttribute && type.is_object()) {
      next = current.find_attribute(step.name);
    } else if (step.kind == PathStep::Kind::kIndex && type.kind() == TypeKind::kMap &&
               step.key.type().kind() == TypeKind::kString) {
      next = current.find_key(step.key.as_string());
    } else if (step.kind == PathStep::Kind::kIndex && step.key.type().kind() == TypeKind::kNumber &&
               !type.is_primitive()) {
      std::optional<int64_t> index = step.key.as_number().to_int64();
      if (index && *index >= 0 && static_cast<std::size_t>(*index) < current.length()) {
        next = &current.elements()[static_cast<std::size_t>(*index)];
      }
    }
    if (next == nullptr) return std::nullopt;
    Value copy = *next;
    current = std::move(copy);
  }
  return current;
}

Value unmark_deep(const Value& value, std::vector<PathMarks>& marks) {
  Path path;
  return unmark(value, path, marks);
}

Value mark_paths(const Value& value, const std::vector<PathMarks>& marks) {
  Value result = value;
  for (const PathMarks& each : marks) result = mark_at(result, each.path, 0, each.marks);
  return result;
}

}  // namespace terrace::lang
