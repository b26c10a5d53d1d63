#include "lang/value_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace terrace::lang {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

std::string heredoc(const std::string& text, int indent) {
  std::string pad(static_cast<std::size_t>(indent), ' ');
  std::string marker = "EOT";
  while (text.find(marker) != std::string::npos) marker += "_";
  std::string out = (indent > 0 ? "<<-" : "<<") + marker + "\n";
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    out += pad + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out + pad + marker;
}

std::string elements(const Value& value, int indent) {
  if (value.length() == 0) return "[]";
  std::string pad(static_cast<std::size_t>(indent) + 2, ' ');
  std::string out = "[\n";
  for (const Value& element : value.elements()) out += pad + value_text(element, indent + 2) + ",\n";
  return out + std::string(static_cast<std::size_t>(indent), ' ') + "]";
}

std::string members(const Value& value, int indent) {
  if (value.length() == 0) return "{}";
  std::string pad(static_cast<std::size_t>(indent) + 2, ' ');
  std::string out = "{\n";
  for (std::size_t i = 0; i < value.length(); ++i) {
    const std::string& name = value.type().is_object() ? value.type().attributes()[i].name : value.keys()[i];
    out += pad + quoted(name) + " = " + value_text(value.elements()[i], indent + 2) + "\n";
  }
  return out + std::string(static_cast<std::size_t>(indent), ' ') + "}";
}

}  // namespace

std::string value_text(const Value& value, int indent) {
  if (value.has(Marks::kSensitive)) return "(sensitive value)";
  if (value.has(Marks::kEphemeral)) return "(ephemeral value)";
  if (!value.is_known()) return "(known after apply)";
  const Type& type = value.type();
  if (value.is_null()) {
    switch (type.kind()) {
      case TypeKind::kString:
        return "tostring(null)";
      case TypeKind::kNumber:
        return "tonumber(null)";
      case TypeKind::kBool:
        return "tobool(null)";
      case TypeKind::kList:
        return fmt::format("tolist(null) /* of {} */", type.element().friendly_name());
      case TypeKind::kSet:
        return fmt::format("toset(null) /* of {} */", type.element().friendly_name());
      case TypeKind::kMap:
        return fmt::format("tomap(null) /* of {} */", type.element().friendly_name());
      case TypeKind::kObject:
        return "null /* object */";
      default:
        return "null";
    }
  }
  switch (type.kind()) {
    case TypeKind::kString:
      return value.as_string().find('\n') != std::string::npos ? heredoc(value.as_string(), indent)
                                                               : quoted(value.as_string());
    case TypeKind::kNumber:
      return value.as_number().text();
    case TypeKind::kBool:
      return value.as_bool() ? "true" : "false";
    case TypeKind::kList:
      return "tolist(" + elements(value, indent) + ")";
    case TypeKind::kSet:
      return "toset(" + elements(value, indent) + ")";
    case TypeKind::kMap:
      return "tomap(" + members(value, indent) + ")";
    case TypeKind::kObject:
      return members(value, indent);
    default:
      return elements(value, indent);
  }
}

}  // namespace terrace::lang
