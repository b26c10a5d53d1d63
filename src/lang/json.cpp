#include "lang/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace terrace::lang {

namespace {

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
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
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else if (text.substr(i, 3) == "\xe2\x80\xa8" || text.substr(i, 3) == "\xe2\x80\xa9") {
          out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append(std::string& out, const Value& value) {
  if (value.is_null()) {
    out += "null";
    return;
  }
  const Type& type = value.type();
  switch (type.kind()) {
    case TypeKind::kString:
      return append_string(out, value.as_string());
    case TypeKind::kNumber:
      out += value.as_number().text();
      return;
    case TypeKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case TypeKind::kMap:
    case TypeKind::kObject: {
      out += '{';
      for (std::size_t i = 0; i < value.length(); ++i) {
        if (i > 0) out += ',';
        append_string(out, type.is_object() ? type.attributes()[i].name : value.keys()[i]);
        out += ':';
        append(out, value.elements()[i]);
      }
      out += '}';
      return;
    }
    default: {
      out += '[';
      for (std::size_t i = 0; i < value.length(); ++i) {
        if (i > 0) out += ',';
        append(out, value.elements()[i]);
      }
      out += ']';
    }
  }
}

// Builds values as the parser reads, so that numbers keep their text.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Value result;
  std::string problem;

  bool null() override { return add(Value::null(Type::dynamic())); }
  bool boolean(bool value) override { return add(Value::boolean(value)); }
  bool number_integer(number_integer_t value) override { return add(Value::number(static_cast<int64_t>(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    return add(Value::number(*Number::parse(std::to_string(value))));
  }
  bool number_float(number_float_t, const string_t& text) override {
    std::optional<Number> number = Number::parse(text);
    return add(number ? Value::number(*number) : Value::number(0));
  }
  bool string(string_t& text) override { return add(Value::string(std::move(text))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override {
    open_.push_back(Open{true, {}, {}, {}});
    return true;
  }
  bool key(string_t& name) override {
    open_.back().key = normalize_nfc(name);
    return true;
  }
  bool end_object() override {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(Value::object(std::move(done.members)));
  }
  bool start_array(std::size_t) override {
    open_.push_back(Open{false, {}, {}, {}});
    return true;
  }
  bool end_array() override {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(Value::tuple(std::move(done.elements)));
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    std::string what = error.what();
    std::size_t colon = what.rfind("; ");
    problem = fmt::format("invalid JSON at byte {}{}", position,
                          colon == std::string::npos ? "" : ": " + what.substr(colon + 2));
    return false;
  }

 private:
  struct Open {
    bool object;
    std::string key;
    std::vector<Value::Member> members;
    std::vector<Value> elements;
  };
  bool add(Value value) {
    if (open_.empty()) {
      result = std::move(value);
    } else if (open_.back().object) {
      open_.back().members.emplace_back(std::move(open_.back().key), std::move(value));
    } else {
      open_.back().elements.push_back(std::move(value));
    }
    return true;
  }
  std::vector<Open> open_;
};

}  // namespace

std::string encode_json(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

Result<Value, std::string> decode_json(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return Failure<std::string>{builder.problem.empty() ? "invalid JSON" : builder.problem};
  }
  return std::move(builder.result);
}

}  // namespace terrace::lang
