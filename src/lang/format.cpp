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

// At least as many digits as the precision says.
std::string digits_of(const Verb& verb, std::string text) {
  std::size_t sign = text[0] == '-' ? 1 : 0;
  auto wanted = static_cast<std::size_t>(std::max(verb.precision, 0));
  if (text.size() - sign < wanted) text.insert(sign, wanted - (text.size() - sign), '0');
  return text;
}

// The shortest form that reads back as the same number, with an exponent from a million on and below a ten thousandth,
// as Go's %g has it.
std::string shortest(const Number& n, bool upper) {
  std::string digits = n.text();
  std::string sign = digits[0] == '-' ? "-" : "";
  digits.erase(0, sign.size());
  std::size_t point = std::min(digits.find('.'), digits.size());
  if (point < digits.size()) digits.erase(point, 1);
  std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  int exponent = static_cast<int>(point) - static_cast<int>(zeros) - 1;
  if (n.is_infinite() || zeros == digits.size() || (exponent >= -4 && exponent < 6)) return n.text();
  digits.erase(0, zeros);
  digits.erase(digits.find_last_not_of('0') + 1);
  return fmt::format("{}{}{}{}{}{}{:02}", sign, digits[0], digits.size() > 1 ? "." : "", digits.substr(1),
                     upper ? 'E' : 'e', exponent < 0 ? '-' : '+', std::abs(exponent));
}

FunctionResult integer(const Verb& verb, const Value& value) {
  Result<Value, ConvertError> number = convert(value, Type::number());
  if (!number)
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, number.error().message));
  if (number->is_null())
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at));
  const Number& n = number->as_number();
  if (!n.is_integer())
    return call_error(fmt::format("unsupported value for \"{}\" at {}: an integer is required", verb.text, verb.at));
  switch (verb.mode) {
    case 'b':
      return Value::string(padded(verb, with_sign(verb, digits_of(verb, in_base(n, 2, false)))));
    case 'o':
      return Value::string(
          padded(verb, with_sign(verb, digits_of(verb, (verb.sharp ? "0" : "") + in_base(n, 8, false)))));
    case 'x':
    case 'X': {
      std::string digits = digits_of(verb, in_base(n, 16, verb.mode == 'X'));
      if (verb.sharp)
        digits = (digits[0] == '-' ? "-0" : "0") + std::string(1, verb.mode) +
                 (digits[0] == '-' ? digits.substr(1) : digits);
      return Value::string(padded(verb, with_sign(verb, digits)));
    }
    default:
      return Value::string(padded(verb, with_sign(verb, digits_of(verb, n.text()))));
  }
}

FunctionResult floating(const Verb& verb, const Value& value) {
  Result<Value, ConvertError> number = convert(value, Type::number());
  if (!number)
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, number.error().message));
  if (number->is_null())
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at));
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
      text = verb.precision >= 0 ? fmt::format("{:.{}g}", n, precision) : shortest(number->as_number(), false);
      break;
    case 'G':
      text = verb.precision >= 0 ? fmt::format("{:.{}G}", n, precision) : shortest(number->as_number(), true);
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

FunctionResult textual(const Verb& verb, const Value& value) {
  Result<Value, ConvertError> string = convert(value, Type::string());
  if (!string)
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, string.error().message));
  if (string->is_null())
    return call_error(
        fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at));
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
    if (value.type().kind() == TypeKind::kNumber)
      return Value::string(padded(verb, shortest(value.as_number(), false)));
    Result<Value, ConvertError> string = convert(value, Type::string());
    return Value::string(padded(verb, string->as_string()));
  }
  return Value::string(padded(verb, encode_json(value)));
}

FunctionResult one(const Verb& verb, const Value& value) {
  switch (verb.mode) {
    case 'v':
      return any_value(verb, value);
    case 't': {
      Result<Value, ConvertError> truth = convert(value, Type::boolean());
      if (!truth)
        return call_error(
            fmt::format("unsupported value for \"{}\" at {}: {}", verb.text, verb.at, truth.error().message));
      if (truth->is_null())
        return call_error(
            fmt::format("unsupported value for \"{}\" at {}: null value cannot be formatted", verb.text, verb.at));
      return Value::string(padded(verb, truth->as_bool() ? "true" : "false"));
    }
    case 'b':
    case 'd':
    case 'o':
    case 'x':
    case 'X':
      return integer(verb, value);
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return floating(verb, value);
    default:
      return textual(verb, value);
  }
}

// The format string means nothing from `at` on.
FunctionResult unrecognized(const std::string& format, std::size_t at) {
  if (at >= format.size()) return call_error(fmt::format("invalid format string starting at offset {}", at));
  return call_error(fmt::format("unrecognized format character '{}' at offset {}", format[at], at));
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
      std::size_t digits_at = i;
      int given = number();
      if (given < 1 || i >= format.size() || format[i] != ']') return unrecognized(format, given < 1 ? digits_at : i);
      ++i;
      index = static_cast<std::size_t>(given - 1);
      explicit_index = true;
    }
    if (i >= format.size() || std::isalpha(static_cast<unsigned char>(format[i])) == 0) return unrecognized(format, i);
    verb.mode = format[i++];
    verb.text = format.substr(verb.at, i - verb.at);
    if (std::string_view("vtbdoxXeEfgGsq").find(verb.mode) == std::string_view::npos) {
      return call_error(
          fmt::format("unsupported format verb '{}' in \"{}\" at offset {}", verb.mode, verb.text, verb.at));
    }
    if (index >= values.size())
      return call_error(fmt::format("not enough arguments for \"{}\" at {}: need index {} but have {} total", verb.text,
                                    verb.at, index + 1, values.size()));
    FunctionResult text = one(verb, values[index]);
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
