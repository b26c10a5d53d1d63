#include "state/value_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/json_text.h"

namespace terrace::state {

namespace {

using lang::Path;
using lang::PathStep;
using lang::Type;
using lang::TypeKind;
using lang::Value;

void encode_type_to(std::string& out, const Type& type) {
  switch (type.kind()) {
    case TypeKind::kDynamic:
      out += "\"dynamic\"";
      return;
    case TypeKind::kString:
      out += "\"string\"";
      return;
    case TypeKind::kNumber:
      out += "\"number\"";
      return;
    case TypeKind::kBool:
      out += "\"bool\"";
      return;
    case TypeKind::kList:
      out += "[\"list\",";
      break;
    case TypeKind::kSet:
      out += "[\"set\",";
      break;
    case TypeKind::kMap:
      out += "[\"map\",";
      break;
    case TypeKind::kObject:
      out += "[\"object\",{";
      break;
    case TypeKind::kTuple:
      out += "[\"tuple\",[";
      break;
  }
  bool first = true;
  if (type.is_object()) {
    for (const Type::Attribute& attribute : type.attributes()) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, attribute.name);
      out += ':';
      encode_type_to(out, attribute.type);
    }
    out += "}]";
  } else if (type.is_tuple()) {
    for (const Type& element : type.elements()) {
      if (!first) out += ',';
      first = false;
      encode_type_to(out, element);
    }
    out += "]]";
  } else {
    encode_type_to(out, type.element());
    out += ']';
  }
}

void encode_to(std::string& out, const Value& value, const Type& type) {
  if (type.is_dynamic() && !(value.is_null() && value.type().is_dynamic())) {
    if (!value.is_known() && value.type().is_dynamic()) {
      out += "{\"value\":null,\"type\":\"dynamic\"}";
      return;
    }
    if (value.is_null()) {
      out += "null";
      return;
    }
    out += "{\"value\":";
    encode_to(out, value, value.type());
    out += ",\"type\":";
    encode_type_to(out, value.type());
    out += '}';
    return;
  }
  if (!value.has_content()) {
    out += "null";
    return;
  }
  switch (value.type().kind()) {
    case TypeKind::kString:
      append_json_string(out, value.as_string());
      return;
    case TypeKind::kNumber:
      out += value.as_number().text();
      return;
    case TypeKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kTuple: {
      out += '[';
      for (size_t i = 0; i < value.length(); ++i) {
        if (i > 0) out += ',';
        encode_to(out, value.elements()[i], type.is_tuple() ? type.elements()[i] : type.element());
      }
      out += ']';
      return;
    }
    case TypeKind::kMap:
    case TypeKind::kObject: {
      out += '{';
      for (size_t i = 0; i < value.length(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out,
                           value.type().kind() == TypeKind::kMap ? value.keys()[i] : value.type().attributes()[i].name);
        out += ':';
        encode_to(out, value.elements()[i], type.is_object() ? type.attributes()[i].type : type.element());
      }
      out += '}';
      return;
    }
    case TypeKind::kDynamic:
      out += "null";
      return;
  }
}

Type decode_type_from(JsonCursor& cursor) {
  if (cursor.peek() == '"') {
    std::string name = cursor.string();
    if (name == "string") return Type::string();
    if (name == "number") return Type::number();
    if (name == "bool") return Type::boolean();
    if (name != "dynamic") cursor.fail(fmt::format("there is no type \"{}\"", name));
    return Type::dynamic();
  }
  cursor.begin_array();
  if (!cursor.next_element()) {
    cursor.fail("expected a type");
    return Type();
  }
  std::string kind = cursor.string();
  if (!cursor.next_element()) cursor.fail("expected what the type is made of");
  Type type;
  if (kind == "list" || kind == "set" || kind == "map") {
    Type element = decode_type_from(cursor);
    type = kind == "list" ? Type::list(element) : kind == "set" ? Type::set(element) : Type::map(element);
  } else if (kind == "object") {
    std::vector<Type::Attribute> attributes;
    std::string name;
    cursor.begin_object();
    while (cursor.next_key(name)) attributes.push_back({name, decode_type_from(cursor), false});
    type = Type::object(std::move(attributes));
  } else if (kind == "tuple") {
    std::vector<Type> elements;
    cursor.begin_array();
    while (cursor.next_element()) elements.push_back(decode_type_from(cursor));
    type = Type::tuple(std::move(elements));
  } else {
    cursor.fail(fmt::format("there is no type \"{}\"", kind));
  }
  while (cursor.next_element()) cursor.skip();  // an object's optional attributes
  return type;
}

Value decode_from(JsonCursor& cursor, const Type& type);

Value decode_dynamic(JsonCursor& cursor) {
  std::string_view value;
  Type type;
  std::string key;
  cursor.begin_object();
  while (cursor.next_key(key)) {
    if (key == "value")
      value = cursor.raw();
    else if (key == "type")
      type = decode_type_from(cursor);
    else
      cursor.skip();
  }
  if (cursor.failed() || type.is_dynamic()) return Value();
  JsonCursor inner(value);
  Value decoded = decode_from(inner, type);
  if (inner.failed()) cursor.fail(inner.error());
  return decoded;
}

Value decode_primitive(JsonCursor& cursor, const Type& type) {
  if (type.kind() == TypeKind::kBool) {
    if (cursor.peek() == '"') return Value::boolean(cursor.string() == "true");
    return Value::boolean(cursor.boolean());
  }
  bool quoted = cursor.peek() == '"';
  std::string text = quoted ? cursor.string() : std::string(cursor.raw());
  if (type.kind() == TypeKind::kString) {
    if (!quoted && !text.empty() && (text[0] == '{' || text[0] == '[')) cursor.fail("expected a string");
    return Value::string(std::move(text));
  }
  std::optional<lang::Number> number = lang::Number::parse(text);
  if (!number) cursor.fail("expected a number");
  return number ? Value::number(*number) : Value();
}

Value decode_object(JsonCursor& cursor, const Type& type) {
  std::vector<Value> members;
  std::vector<bool> seen(type.attributes().size());
  members.reserve(seen.size());
  for (const Type::Attribute& attribute : type.attributes()) members.push_back(Value::null(attribute.type));
  std::string key;
  cursor.begin_object();
  while (cursor.next_key(key)) {
    int index = type.attribute_index(key);
    if (index < 0)
      cursor.skip();
    else
      members[static_cast<size_t>(index)] = decode_from(cursor, type.attributes()[static_cast<size_t>(index)].type);
  }
  if (cursor.failed()) return Value();
  if (!type.has_dynamic()) return Value::object(type, std::move(members));
  std::vector<Value::Member> named;
  for (size_t i = 0; i < members.size(); ++i) named.emplace_back(type.attributes()[i].name, std::move(members[i]));
  return Value::object(std::move(named));
}

Value decode_from(JsonCursor& cursor, const Type& type) {
  if (cursor.failed()) return Value();
  if (cursor.peek() == 'n') {
    cursor.null();
    return Value::null(type);
  }
  switch (type.kind()) {
    case TypeKind::kDynamic:
      return decode_dynamic(cursor);
    case TypeKind::kString:
    case TypeKind::kNumber:
    case TypeKind::kBool:
      return decode_primitive(cursor, type);
    case TypeKind::kObject:
      return decode_object(cursor, type);
    case TypeKind::kMap: {
      std::vector<Value::Member> members;
      std::string key;
      cursor.begin_object();
      while (cursor.next_key(key)) members.emplace_back(key, decode_from(cursor, type.element()));
      return cursor.failed() ? Value() : Value::map(type.element(), std::move(members));
    }
    case TypeKind::kTuple: {
      std::vector<Value> elements;
      cursor.begin_array();
      while (cursor.next_element()) {
        if (elements.size() == type.elements().size())
          cursor.fail("a tuple has too many elements");
        else
          elements.push_back(decode_from(cursor, type.elements()[elements.size()]));
      }
      if (!cursor.failed() && elements.size() < type.elements().size()) cursor.fail("a tuple has too few elements");
      return cursor.failed() ? Value() : Value::tuple(std::move(elements));
    }
    default:
      break;
  }
  std::vector<Value> elements;
  cursor.begin_array();
  while (cursor.next_element()) elements.push_back(decode_from(cursor, type.element()));
  if (cursor.failed()) return Value();
  return type.kind() == TypeKind::kSet ? Value::set(type.element(), std::move(elements))
                                       : Value::list(type.element(), std::move(elements));
}

PathStep decode_step(JsonCursor& cursor) {
  std::string kind;
  std::string key;
  std::string_view value;
  cursor.begin_object();
  while (cursor.next_key(key)) {
    if (key == "type")
      kind = cursor.string();
    else if (key == "value")
      value = cursor.raw();
    else
      cursor.skip();
  }
  if (cursor.failed()) return {};
  JsonCursor inner(value);
  PathStep step;
  if (kind == "get_attr")
    step = PathStep::attribute(inner.string());
  else if (kind == "index")
    step = PathStep::index(decode_dynamic(inner));
  else
    cursor.fail("expected get_attr or index");
  if (inner.failed()) cursor.fail(inner.error());
  return step;
}

void collect_unknown(const Value& value, Path& path, std::vector<Path>& out) {
  if (!value.is_known()) {
    out.push_back(path);
    return;
  }
  if (!value.has_content() || value.type().is_primitive() || value.is_wholly_known()) return;
  TypeKind kind = value.type().kind();
  if (kind == TypeKind::kSet) {
    out.push_back(path);
    return;
  }
  for (size_t i = 0; i < value.length(); ++i) {
    if (kind == TypeKind::kObject)
      path.push_back(PathStep::attribute(value.type().attributes()[i].name));
    else if (kind == TypeKind::kMap)
      path.push_back(PathStep::index(Value::string(value.keys()[i])));
    else
      path.push_back(PathStep::index(Value::number(static_cast<int64_t>(i))));
    collect_unknown(value.elements()[i], path, out);
    path.pop_back();
  }
}

// The position of a step among the value's elements, or -1.
int64_t position(const Value& value, const PathStep& step) {
  if (!value.has_content()) return -1;
  if (value.type().is_object())
    return step.kind == PathStep::Kind::kAttribute ? value.type().attribute_index(step.name) : -1;
  if (step.kind != PathStep::Kind::kIndex || !step.key.has_content()) return -1;
  if (value.type().kind() == TypeKind::kMap) {
    if (step.key.type().kind() != TypeKind::kString) return -1;
    auto place = std::find(value.keys().begin(), value.keys().end(), step.key.as_string());
    return place == value.keys().end() ? -1 : place - value.keys().begin();
  }
  if (step.key.type().kind() != TypeKind::kNumber || value.type().is_primitive()) return -1;
  std::optional<int64_t> index = step.key.as_number().to_int64();
  return index && *index >= 0 && static_cast<size_t>(*index) < value.length() ? *index : -1;
}

Value with_elements(const Value& like, std::vector<Value> elements) {
  switch (like.type().kind()) {
    case TypeKind::kList:
      return Value::list(like.type().element(), std::move(elements));
    case TypeKind::kTuple:
      return Value::tuple(std::move(elements));
    default:
      break;
  }
  std::vector<Value::Member> members;
  for (size_t i = 0; i < elements.size(); ++i) {
    members.emplace_back(like.type().is_object() ? like.type().attributes()[i].name : like.keys()[i],
                         std::move(elements[i]));
  }
  return like.type().is_object() ? Value::object(std::move(members))
                                 : Value::map(like.type().element(), std::move(members));
}

Value make_unknown_at(const Value& value, const Path& path, size_t depth) {
  if (depth == path.size()) return Value::unknown(value.type());
  int64_t index = position(value, path[depth]);
  if (index < 0 || value.type().kind() == TypeKind::kSet) return value;
  std::vector<Value> elements(value.elements().begin(), value.elements().end());
  elements[static_cast<size_t>(index)] = make_unknown_at(elements[static_cast<size_t>(index)], path, depth + 1);
  return with_elements(value, std::move(elements));
}

}  // namespace

std::string encode_value(const Value& value, const Type& type) {
  std::string out;
  encode_to(out, value, type);
  return out;
}

Result<Value, std::string> decode_value(std::string_view json, const Type& type) {
  JsonCursor cursor(json);
  Value value = decode_from(cursor, type);
  cursor.end();
  if (cursor.failed()) return Failure<std::string>{cursor.error()};
  return value;
}

std::string encode_type(const Type& type) {
  std::string out;
  encode_type_to(out, type);
  return out;
}

Result<Type, std::string> decode_type(std::string_view json) {
  JsonCursor cursor(json);
  Type type = decode_type_from(cursor);
  cursor.end();
  if (cursor.failed()) return Failure<std::string>{cursor.error()};
  return type;
}

std::string encode_paths(const std::vector<Path>& paths) {
  std::string out = "[";
  for (const Path& path : paths) {
    if (out.size() > 1) out += ',';
    out += '[';
    for (size_t i = 0; i < path.size(); ++i) {
      if (i > 0) out += ',';
      if (path[i].kind == PathStep::Kind::kAttribute) {
        out += "{\"type\":\"get_attr\",\"value\":";
        append_json_string(out, path[i].name);
      } else {
        out += "{\"type\":\"index\",\"value\":";
        encode_to(out, path[i].key, Type::dynamic());
      }
      out += '}';
    }
    out += ']';
  }
  return out + "]";
}

Result<std::vector<Path>, std::string> decode_paths(std::string_view json) {
  std::vector<Path> paths;
  if (json.empty() || json == "null") return paths;
  JsonCursor cursor(json);
  cursor.begin_array();
  while (cursor.next_element()) {
    Path path;
    cursor.begin_array();
    while (cursor.next_element()) path.push_back(decode_step(cursor));
    paths.push_back(std::move(path));
  }
  cursor.end();
  if (cursor.failed()) return Failure<std::string>{cursor.error()};
  return paths;
}

std::vector<Path> unknown_paths(const Value& value) {
  std::vector<Path> paths;
  Path path;
  collect_unknown(value, path, paths);
  return paths;
}

Value make_unknown(const Value& value, const std::vector<Path>& paths) {
  Value result = value;
  for (const Path& path : paths) result = make_unknown_at(result, path, 0);
  return result;
}

std::string encode_whole(const Value& value, const Type& type) {
  std::vector<lang::PathMarks> marks;
  Value plain = lang::unmark_deep(value, marks);
  std::vector<Path> sensitive;
  std::vector<Path> ephemeral;
  for (const lang::PathMarks& mark : marks) {
    if (any(mark.marks & lang::Marks::kSensitive)) sensitive.push_back(mark.path);
    if (any(mark.marks & lang::Marks::kEphemeral)) ephemeral.push_back(mark.path);
  }
  std::string out = "{\"value\":" + encode_value(plain, type);
  std::vector<Path> unknown = unknown_paths(plain);
  if (!unknown.empty()) out += ",\"unknown\":" + encode_paths(unknown);
  if (!sensitive.empty()) out += ",\"sensitive\":" + encode_paths(sensitive);
  if (!ephemeral.empty()) out += ",\"ephemeral\":" + encode_paths(ephemeral);
  return out + "}";
}

Result<Value, std::string> decode_whole(std::string_view json, const Type& type) {
  JsonCursor cursor(json);
  std::string key;
  std::string_view parts[4];
  cursor.begin_object();
  while (cursor.next_key(key)) {
    int part = key == "value" ? 0 : key == "unknown" ? 1 : key == "sensitive" ? 2 : key == "ephemeral" ? 3 : -1;
    std::string_view raw = cursor.raw();
    if (part >= 0) parts[part] = raw;
  }
  cursor.end();
  if (cursor.failed()) return Failure<std::string>{cursor.error()};
  Result<Value, std::string> value = decode_value(parts[0], type);
  if (!value.ok()) return value;
  std::vector<Path> paths[3];
  for (int i = 0; i < 3; ++i) {
    Result<std::vector<Path>, std::string> decoded = decode_paths(parts[i + 1]);
    if (!decoded.ok()) return Failure<std::string>{decoded.error()};
    paths[i] = std::move(*decoded);
  }
  std::vector<lang::PathMarks> marks;
  for (Path& path : paths[1]) marks.push_back({std::move(path), lang::Marks::kSensitive});
  for (Path& path : paths[2]) marks.push_back({std::move(path), lang::Marks::kEphemeral});
  return lang::mark_paths(make_unknown(*value, paths[0]), marks);
}

}  // namespace terrace::state
