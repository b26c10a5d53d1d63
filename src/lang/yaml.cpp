#include "lang/yaml.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include "lang/json.h"

namespace terrace::lang {

namespace {

void append(std::string& out, const Value& value, int depth, bool inline_first) {
  std::string pad(static_cast<std::size_t>(depth) * 2, ' ');
  const Type& type = value.type();
  bool compound = value.has_content() && !type.is_primitive();
  if (!compound) {
    if (value.is_null()) {
      out += "null\n";
    } else if (type.kind() == TypeKind::kString) {
      const std::string& text = value.as_string();
      // Lines of text stand as a block where none has a tab or ends in a space; everything else in quotes.
      bool block = text.find('\n') != std::string::npos && text.find('\r') == std::string::npos &&
                   text.find(" \n") == std::string::npos && text.find('\t') == std::string::npos && text.back() != ' ';
      if (!block) {
        std::string quoted = json_string(text);
        for (const auto& [from, to] :
             {std::pair<std::string, std::string>{"\\u003c", "<"}, {"\\u003e", ">"}, {"\\u0026", "&"}}) {
          for (std::size_t at = 0; (at = quoted.find(from, at)) != std::string::npos; at += to.size())
            quoted.replace(at, from.size(), to);
        }
        out += quoted + "\n";
        return;
      }
      std::size_t trailing = text.size() - (text.find_last_not_of('\n') + 1);
      // The lines of a text that is the whole document are indented, too.
      if (depth == 0) pad = "  ";
      out += text[0] == ' ' || text[0] == '\n' ? "|2" : "|";
      out += trailing == 0 ? "-\n" : trailing == 1 && text.size() > 1 ? "\n" : "+\n";
      std::string content = text;
      if (trailing > 0) content.pop_back();
      std::string line;
      auto emit = [&] {
        out += line.empty() ? "\n" : pad + line + "\n";
        line.clear();
      };
      for (char c : content) {
        if (c == '\n') {
          emit();
        } else {
          line += c;
        }
      }
      emit();
    } else if (type.kind() == TypeKind::kNumber) {
      out += value.as_number().text() + "\n";
    } else {
      out += value.as_bool() ? "true\n" : "false\n";
    }
    return;
  }
  bool mapping = type.is_object() || type.kind() == TypeKind::kMap;
  if (value.length() == 0) {
    out += mapping ? "{}\n" : "[]\n";
    return;
  }
  for (std::size_t i = 0; i < value.length(); ++i) {
    const Value& element = value.elements()[i];
    bool inner = element.has_content() && !element.type().is_primitive() && element.length() > 0;
    bool inner_mapping = inner && (element.type().is_object() || element.type().kind() == TypeKind::kMap);
    if (!(inline_first && i == 0)) out += pad;
    if (mapping) {
      const std::string& key = type.is_object() ? type.attributes()[i].name : value.keys()[i];
      out += json_string(key) + ":" + (inner ? "\n" : " ");
      // Sequences in mappings are not indented.
      append(out, element, inner && !inner_mapping ? depth : depth + 1, false);
    } else {
      out += "- ";
      append(out, element, depth + 1, inner);
    }
  }
}

bool one_of(const std::string& text, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text == word; });
}

// A date, or a date and a time (https://yaml.org/type/timestamp.html), as RFC 3339 writes it to the second.
std::optional<std::string> timestamp(const std::string& text) {
  static const RE2 kDate("(\\d{4})-(\\d{2})-(\\d{2})");
  static const RE2 kTime(
      "(\\d{4})-(\\d{1,2})-(\\d{1,2})(?:[Tt]|[ \\t]+)(\\d{1,2}):(\\d{2}):(\\d{2})(?:\\.\\d*)?[ "
      "\\t]*(Z|[-+]\\d{1,2}(?::\\d{2})?)?");
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::string zone;
  if (RE2::FullMatch(text, kDate, &year, &month, &day)) {
    return fmt::format("{:04}-{:02}-{:02}T00:00:00Z", year, month, day);
  }
  if (!RE2::FullMatch(text, kTime, &year, &month, &day, &hour, &minute, &second, &zone)) return std::nullopt;
  if (zone.empty()) zone = "Z";
  if (zone != "Z") {
    std::size_t colon = zone.find(':');
    int hours = std::abs(std::atoi(zone.c_str()));
    zone = fmt::format("{}{:02}:{}", zone[0], hours, colon == std::string::npos ? "00" : zone.substr(colon + 1));
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", year, month, day, hour, minute, second, zone);
}

Value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  std::string tag = node.Tag();
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "!") return Value::string(text);
  if (tag.starts_with(kCore)) {
    std::string kind = tag.substr(kCore.size());
    if (kind == "str" || kind == "binary") return Value::string(text);
    if (kind == "null") return Value::null(Type::dynamic());
    if (kind != "int" && kind != "float" && kind != "bool" && kind != "timestamp")
      throw YAML::Exception(node.Mark(), fmt::format("unsupported tag \"!!{}\"", kind));
  } else if (!tag.empty() && tag != "?") {
    throw YAML::Exception(node.Mark(), fmt::format("unsupported tag \"{}\"", tag));
  }
  if (text.empty() || one_of(text, {"~", "null", "Null", "NULL"})) return Value::null(Type::dynamic());
  // The words of YAML 1.1 as well.
  if (one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}))
    return Value::boolean(true);
  if (one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"}))
    return Value::boolean(false);
  if (one_of(text, {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"})) return Value::number(Number::infinity(false));
  if (one_of(text, {"-.inf", "-.Inf", "-.INF"})) return Value::number(Number::infinity(true));
  if (one_of(text, {".nan", ".NaN", ".NAN"})) throw YAML::Exception(node.Mark(), "floating point NaN is not supported");
  if (text.starts_with("0x")) {
    if (std::optional<Number> number = Number::parse_integer(text.substr(2), 16)) return Value::number(*number);
  } else if (text.starts_with("0o")) {
    if (std::optional<Number> number = Number::parse_integer(text.substr(2), 8)) return Value::number(*number);
  } else if (std::isdigit(static_cast<unsigned char>(text[0])) != 0 || text[0] == '-' || text[0] == '+' ||
             text[0] == '.') {
    if (std::optional<Number> number = Number::parse(text)) return Value::number(*number);
    if (std::optional<std::string> time = timestamp(text)) return Value::string(*time);
  }
  return Value::string(text);
}

Value convert_node(const YAML::Node& node, int depth) {
  if (depth > 500) throw YAML::Exception(node.Mark(), "nested too deeply");
  switch (node.Type()) {
    case YAML::NodeType::Scalar:
      return scalar(node);
    case YAML::NodeType::Sequence: {
      std::vector<Value> elements;
      for (const YAML::Node& element : node) elements.push_back(convert_node(element, depth + 1));
      return Value::tuple(std::move(elements));
    }
    case YAML::NodeType::Map: {
      std::vector<Value::Member> merged, members;
      for (const auto& pair : node) {
        if (pair.first.IsScalar() && pair.first.Scalar() == "<<" && pair.first.Tag() != "!") {
          auto merge = [&](const YAML::Node& from) {
            Value value = convert_node(from, depth + 1);
            if (!value.has_content() || !value.type().is_object())
              throw YAML::Exception(from.Mark(), "cannot merge a value that is no mapping");
            for (std::size_t i = 0; i < value.length(); ++i)
              merged.emplace_back(value.type().attributes()[i].name, value.elements()[i]);
          };
          if (pair.second.IsSequence()) {
            for (const YAML::Node& each : pair.second) merge(each);
          } else {
            merge(pair.second);
          }
          continue;
        }
        if (pair.first.IsNull() || (pair.first.IsScalar() && scalar(pair.first).is_null()))
          throw YAML::Exception(pair.first.Mark(), "mapping key cannot be null");
        if (!pair.first.IsScalar())
          throw YAML::Exception(pair.first.Mark(), "only strings are allowed as mapping keys");
        members.emplace_back(pair.first.Scalar(), convert_node(pair.second, depth + 1));
      }
      merged.insert(merged.end(), std::make_move_iterator(members.begin()), std::make_move_iterator(members.end()));
      return Value::object(std::move(merged));
    }
    default:
      return Value::null(Type::dynamic());
  }
}

}  // namespace

std::string encode_yaml(const Value& value) {
  std::string out;
  append(out, value, 0, false);
  // A bare word that is the whole document is closed, so that nothing after it is taken for its going on.
  if (!value.has_content() || value.type().kind() == TypeKind::kNumber || value.type().kind() == TypeKind::kBool)
    out += "...\n";
  return out;
}

Result<Value, std::string> decode_yaml(const std::string& text) {
  // yaml-cpp reports by exceptions; they end here.
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty()) return Failure<std::string>{"on line 1, column 1: missing start of document"};
    if (documents.size() > 1) return Failure<std::string>{"on line 1, column 1: unexpected extra content after value"};
    return convert_node(documents[0], 0);
  } catch (const YAML::Exception& error) {
    return Failure<std::string>{
        fmt::format("on line {}, column {}: {}", error.mark.line + 1, error.mark.column + 1, error.msg)};
  }
}

}  // namespace terrace::lang
