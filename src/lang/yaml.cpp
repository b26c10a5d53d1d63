#include "lang/yaml.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
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
      // Lines of text stand as a block; everything else in quotes.
      bool block = text.find('\n') != std::string::npos && text.find_first_not_of("\n") != std::string::npos &&
                   text.find('\r') == std::string::npos && text[0] != ' ' && text[0] != '\n';
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
      out += trailing == 0 ? "|-\n" : trailing == 1 ? "|\n" : "|+\n";
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

Value scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!" || node.Tag() == "tag:yaml.org,2002:str") return Value::string(text);
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Value::null(Type::dynamic());
  if (text == "true" || text == "True" || text == "TRUE") return Value::boolean(true);
  if (text == "false" || text == "False" || text == "FALSE") return Value::boolean(false);
  std::string digits = text;
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  if (digits.starts_with("0x")) {
    if (std::optional<Number> number = Number::parse_integer(digits.substr(2), 16)) return Value::number(*number);
  } else if (digits.starts_with("0o")) {
    if (std::optional<Number> number = Number::parse_integer(digits.substr(2), 8)) return Value::number(*number);
  } else if (std::isdigit(static_cast<unsigned char>(text[0])) != 0 || text[0] == '-' || text[0] == '+' ||
             text[0] == '.') {
    if (std::optional<Number> number = Number::parse(digits)) return Value::number(*number);
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
        if (!pair.first.IsScalar()) throw YAML::Exception(pair.first.Mark(), "mapping keys must be strings");
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
  return out;
}

Result<Value, std::string> decode_yaml(const std::string& text) {
  // yaml-cpp reports by exceptions; they end here.
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty()) return Value::null(Type::dynamic());
    if (documents.size() > 1) return Failure<std::string>{"on line 1, column 1: unexpected extra content after value"};
    return convert_node(documents[0], 0);
  } catch (const YAML::Exception& error) {
    return Failure<std::string>{
        fmt::format("on line {}, column {}: {}", error.mark.line + 1, error.mark.column + 1, error.msg)};
  }
}

}  // namespace terrace::lang
