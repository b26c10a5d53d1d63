#include "lang/format.h"

#include <algorithm>

#include <fmt/format.h>

#include "lang/convert.h"
#include "lang/function_tables.h"
#include "lang/graphemes.h"
#include "lang/json.h"

namespace terrace::lang {

namespace {

struct Verb {
  char mode = 0;
  bool plus = false;
  bool minus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  int width = -1;
  int precision = -1;
  std::size_t at = 0;  // where the % stands
  std::string text;
};

std::string padded(const Verb& verb, std::string text) {
  auto length = static_cast<int>(graphemes(text).size());
  if (verb.width <= length) return text;
  std::string fill(static_cast<std::size_t>(verb.width - length), verb.zero && !verb.minus ? '0' : ' ');
  if (verb.minus) return text + std::string(fill.size(), ' ');
  bool sign = verb.zero && !text.empty() && (text[0] == '-' || text[0] == '+');
  return sign ? text.substr(0, 1) + fill + text.substr(1) : fill + text;
}

std::string with_sign(const Verb& verb, std::string text) {
  if (text.empty() || text[0] == '-') return text;
  return verb.plus ? "+" + text : verb.space ? " " + text : text;
}

std::string in_base(Number number, int base, bool upper) {
  bool negative = number.sign() < 0;
  if (negative) number = -number;
  std::string digits;
  Number factor = base;
  while (number.sign() > 0) {
    Number digit = number % factor;
    int d = static_cast<int>(*digit.to_int64());
    digits += static_cast<char>(d < 10 ? '0' + d : (upper ? 'A' : 'a') + d - 10);
    number = ((number - digit) / factor).floor();
  }
  if (digits.empty()) digits = "0";
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

FunctionResult integer(const Verb& verb, const Value& value, int argument) {
  Result<Value, ConvertError> number = convert(value, Type::number());
  if (!number)
    return call_error(fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, number.error().message),
                      argument);
  if (number->is_null())
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at),
        argument);
  const Number& n = number->as_number();
  if (!n.is_integer())
    return call_error(fmt::format("unsupported value for \"{}\" at {}: an integer is required", verb.text, verb.at),
                      argument);
  switch (verb.mode) {
    case 'b':
      return Value::string(padded(verb, with_sign(verb, in_base(n, 2, false))));
    case 'o':
      return Value::string(padded(verb, with_sign(verb, in_base(n, 8, false))));
    case 'x':
    case 'X': {
      std::string digits = in_base(n, 16, verb.mode == 'X');
      if (verb.sharp)
        digits = (digits[0] == '-' ? "-0" : "0") + std::string(1, verb.mode) +
                 (digits[0] == '-' ? digits.substr(1) : digits);
      return Value::string(padded(verb, with_sign(verb, digits)));
    }
    default:
      return Value::string(padded(verb, with_sign(verb, n.text())));
  }
}

FunctionResult floating(const Verb& verb, const Value& value, int argument) {
  Result<Value, ConvertError> number = convert(value, Type::number());
  if (!number)
    return call_error(fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, number.error().message),
                      argument);
  if (number->is_null())
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at),
        argument);
  double n = number->as_number().to_double();
  int precision = verb.precision >= 0 ? verb.precision : 6;
  std::string text;
  switch (verb.mode) {
    case 'e':
      text = fmt::format("{:.{}e}", n, precision);
      break;
    case 'E':
      text = fmt::format("{:.{}E}", n, precision);
      break;
    case 'g':
      text = verb.precision >= 0 ? fmt::format("{:.{}g}", n, precision) : fmt::format("{}", n);
      break;
    case 'G':
      text = verb.precision >= 0 ? fmt::format("{:.{}G}", n, precision) : fmt::format("{}", n);
      break;
    default:
      text = fmt::format("{:.{}f}", n, precision);
      break;
  }
  return Value::string(padded(verb, with_sign(verb, text)));
}

std::string go_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + "\"";
}

FunctionResult textual(const Verb& verb, const Value& value, int argument) {
  Result<Value, ConvertError> string = convert(value, Type::string());
  if (!string)
    return call_error(fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, string.error().message),
                      argument);
  if (string->is_null())
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at),
        argument);
  std::string text = string->as_string();
  if (verb.precision >= 0) {
    std::vector<std::string> clusters = graphemes(text);
    text.clear();
    for (int i = 0; i < verb.precision && static_cast<std::size_t>(i) < clusters.size(); ++i)
      text += clusters[static_cast<std::size_t>(i)];
  }
  if (verb.mode == 'q') text = go_quoted(text);
  return Value::string(padded(verb, text));
}

FunctionResult any_value(const Verb& verb, const Value& value) {
  if (!verb.sharp && value.has_content() && value.type().is_primitive()) {
    Result<Value, ConvertError> string = convert(value, Type::string());
    return Value::string(padded(verb, string->as_string()));
  }
  return Value::string(padded(verb, encode_json(value)));
}

FunctionResult one(const Verb& verb, const Value& value, int argument) {
  switch (verb.mode) {
    case 'v':
      return any_value(verb, value);
    case 't': {
      Result<Value, ConvertError> truth = convert(value, Type::boolean());
      if (!truth)
        return call_error(
            fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, truth.error().message), argument);
      if (truth->is_null())
        return call_error(
            fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at),
            argument);
      return Value::string(padded(verb, truth->as_bool() ? "true" : "false"));
    }
    case 'b':
    case 'd':
    case 'o':
    case 'x':
    case 'X':
      return integer(verb, value, argument);
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return floating(verb, value, argument);
    default:
      return textual(verb, value, argument);
  }
}

}  // namespace

FunctionResult format_values(const std::string& format, std::span<const Value> values) {
  std::string result;
  std::size_t next = 0;
  std::size_t highest = 0;
  bool explicit_index = false;
  for (std::size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      result += format[i++];
      continue;
    }
    Verb verb;
    verb.at = i++;
    if (i < format.size() && format[i] == '%') {
      result += '%';
      ++i;
      continue;
    }
    for (; i < format.size() && std::string_view("+-# 0").find(format[i]) != std::string_view::npos; ++i) {
      verb.plus = verb.plus || format[i] == '+';
      verb.minus = verb.minus || format[i] == '-';
      verb.sharp = verb.sharp || format[i] == '#';
      verb.space = verb.space || format[i] == ' ';
      verb.zero = verb.zero || format[i] == '0';
    }
    auto number = [&] {
      int n = 0;
      while (i < format.size() && format[i] >= '0' && format[i] <= '9' && n < 100'000) n = n * 10 + (format[i++] - '0');
      return n;
    };
    if (i < format.size() && format[i] >= '1' && format[i] <= '9') verb.width = number();
    if (i < format.size() && format[i] == '.') {
      ++i;
      verb.precision = number();
    }
    std::size_t index = next;
    if (i < format.size() && format[i] == '[') {
      ++i;
      int given = number();
      if (given < 1 || i >= format.size() || format[i] != ']')
        return call_error(fmt::format("invalid argument index at offset {}", verb.at), 0);
      ++i;
      index = static_cast<std::size_t>(given - 1);
      explicit_index = true;
    }
    if (i >= format.size()) return call_error(fmt::format("unrecognized format character U+0000 at offset {}", i), 0);
    verb.mode = format[i++];
    verb.text = format.substr(verb.at, i - verb.at);
    if (std::string_view("vtbdoxXeEfgGsq").find(verb.mode) == std::string_view::npos) {
      return call_error(
          fmt::format("unsupported format verb '{}' in \"{}\" at offset {}", verb.mode, verb.text, verb.at), 0);
    }
    if (index >= values.size())
      return call_error(fmt::format("not enough arguments for \"{}\" at {}: need index {} but have {} total", verb.text,
                                    verb.at, index + 1, values.size()),
                        0);
    FunctionResult text = one(verb, values[index], static_cast<int>(index) + 1);
    if (!text) return text;
    result += text->as_string();
    next = index + 1;
    highest = std::max(highest, next);
  }
  if (!explicit_index && highest < values.size())
    return call_error(fmt::format("too many arguments; only {} used by format string", highest),
                      static_cast<int>(highest) + 1);
  return Value::string(result);
}

}  // namespace terrace::lang
