#include "state/json_text.h"

#include <fmt/format.h>

#include <charconv>

namespace terrace::state {

namespace {

constexpr int kMaxDepth = 512;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits at `at`, or -1.
int32_t hex4(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t code = 0;
  for (size_t i = 0; i < 4; ++i) {
    int digit = hex_digit(text[at + i]);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

// The text of a JSON string literal's inside, which skip_string() has checked.
std::string unescape(std::string_view body) {
  std::string out;
  out.reserve(body.size());
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    char kind = body[++i];
    switch (kind) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        uint32_t code = static_cast<uint32_t>(hex4(body, i + 1));
        i += 4;
        if (code >= 0xD800 && code < 0xDC00 && i + 2 < body.size() && body[i + 1] == '\\' && body[i + 2] == 'u') {
          int32_t low = hex4(body, i + 3);
          if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
            i += 6;
          }
        }
        if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
        append_utf8(out, code);
        break;
      }
      default:
        out += kind;
    }
  }
  return out;
}

}  // namespace

void JsonCursor::fail(std::string what) {
  if (failed_) return;
  failed_ = true;
  size_t line = 1;
  for (char c : text_.substr(0, at_)) line += c == '\n';
  error_ = at_ >= text_.size() ? fmt::format("unexpected end of the file on line {}: {}", line, what)
                               : fmt::format("line {}: {}", line, what);
}

void JsonCursor::space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool JsonCursor::expect(char wanted, const char* what) {
  if (failed_) return false;
  space();
  if (at_ >= text_.size() || text_[at_] != wanted) {
    fail(fmt::format("expected {}", what));
    return false;
  }
  ++at_;
  return true;
}

char JsonCursor::peek() {
  if (failed_) return 0;
  space();
  return at_ < text_.size() ? text_[at_] : 0;
}

void JsonCursor::begin_object() {
  expect('{', "an object");
  first_ = true;
}

bool JsonCursor::next_key(std::string& key) {
  if (failed_) return false;
  if (peek() == '}') {
    ++at_;
    first_ = false;
    return false;
  }
  if (!first_ && !expect(',', "\",\" or \"}\"")) return false;
  first_ = false;
  key = string();
  expect(':', "\":\"");
  return !failed_;
}

void JsonCursor::begin_array() {
  expect('[', "an array");
  first_ = true;
}

bool JsonCursor::next_element() {
  if (failed_) return false;
  if (peek() == ']') {
    ++at_;
    first_ = false;
    return false;
  }
  if (!first_ && !expect(',', "\",\" or \"]\"")) return false;
  first_ = false;
  return true;
}

void JsonCursor::skip_string() {
  if (!expect('"', "a string")) return;
  while (at_ < text_.size() && text_[at_] != '"') {
    if (static_cast<unsigned char>(text_[at_]) < 0x20) return fail("a control character in a string");
    if (text_[at_] == '\\') {
      ++at_;
      if (at_ >= text_.size()) break;
      if (text_[at_] == 'u') {
        if (hex4(text_, at_ + 1) < 0) return fail("a wrong \\u escape");
        at_ += 4;
      } else if (std::string_view("\"\\/bfnrt").find(text_[at_]) == std::string_view::npos) {
        return fail("a wrong escape in a string");
      }
    }
    ++at_;
  }
  if (at_ >= text_.size()) return fail("a string is not closed");
  ++at_;
}

std::string JsonCursor::string() {
  if (failed_) return {};
  space();
  size_t start = at_;
  skip_string();
  if (failed_) return {};
  std::string_view body = text_.substr(start + 1, at_ - start - 2);
  if (body.find('\\') == std::string_view::npos) return std::string(body);
  return unescape(body);
}

int64_t JsonCursor::integer() {
  std::string_view text = raw();
  if (failed_) return 0;
  int64_t number = 0;
  std::from_chars_result result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) fail("expected a whole number");
  return number;
}

bool JsonCursor::boolean() {
  std::string_view text = raw();
  if (!failed_ && text != "true" && text != "false") fail("expected true or false");
  return text == "true";
}

bool JsonCursor::null() {
  if (peek() != 'n') return false;
  skip();
  return !failed_;
}

void JsonCursor::skip_value(int depth) {
  if (depth > kMaxDepth) return fail("values are nested too deeply");
  switch (peek()) {
    case '{': {
      begin_object();
      while (!failed_) {
        if (peek() == '}') {
          ++at_;
          break;
        }
        if (!first_ && !expect(',', "\",\" or \"}\"")) return;
        first_ = false;
        space();
        skip_string();
        expect(':', "\":\"");
        skip_value(depth + 1);
      }
      break;
    }
    case '[':
      begin_array();
      while (next_element()) skip_value(depth + 1);
      break;
    case '"':
      skip_string();
      break;
    default: {
      size_t start = at_;
      while (at_ < text_.size() && (is_digit(text_[at_]) || (text_[at_] >= 'a' && text_[at_] <= 'z') ||
                                    text_[at_] == '-' || text_[at_] == '+' || text_[at_] == '.' || text_[at_] == 'E'))
        ++at_;
      std::string_view word = text_.substr(start, at_ - start);
      bool number = !word.empty() && (is_digit(word[0]) || (word[0] == '-' && word.size() > 1 && is_digit(word[1]))) &&
                    word.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
      if (!number && word != "true" && word != "false" && word != "null") {
        at_ = start;
        return fail("expected a value");
      }
    }
  }
  first_ = false;
}

std::string_view JsonCursor::raw() {
  if (failed_) return {};
  space();
  size_t start = at_;
  skip_value(0);
  if (failed_) return {};
  return text_.substr(start, at_ - start);
}

void JsonCursor::end() {
  if (failed_) return;
  space();
  if (at_ != text_.size()) fail("something follows the end of the JSON value");
}

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
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
      default:
        if (c < 0x20 || c == '<' || c == '>' || c == '&') {
          out += "\\u00";
          out += kHex[c >> 4];
          out += kHex[c & 15];
        } else if (c == 0xE2 && text.substr(i, 3) == "\u2028") {
          out += "\\u2028";
          i += 2;
        } else if (c == 0xE2 && text.substr(i, 3) == "\u2029") {
          out += "\\u2029";
          i += 2;
        } else {
          out += static_cast<char>(c);
        }
    }
  }
  out += '"';
}

void JsonWriter::line() {
  out_ += '\n';
  out_.append(static_cast<size_t>(depth_) * 2, ' ');
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!empty_) out_ += ',';
  empty_ = false;
  line();
}

void JsonWriter::open(char bracket) {
  before_value();
  out_ += bracket;
  ++depth_;
  empty_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!empty_) line();
  out_ += bracket;
  empty_ = false;
}

void JsonWriter::key(std::string_view name) {
  before_value();
  append_json_string(out_, name);
  out_ += ": ";
  after_key_ = true;
}

void JsonWriter::string(std::string_view text) {
  before_value();
  append_json_string(out_, text);
}

void JsonWriter::integer(int64_t number) {
  before_value();
  out_ += std::to_string(number);
}

void JsonWriter::boolean(bool value) {
  before_value();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  before_value();
  out_ += "null";
}

void JsonWriter::raw(std::string_view json) {
  size_t i = 0;
  while (i < json.size()) {
    char c = json[i];
    if (is_space(c) || c == ',') {
      ++i;
    } else if (c == '{' || c == '[') {
      open(c);
      ++i;
    } else if (c == '}' || c == ']') {
      close(c);
      ++i;
    } else if (c == ':') {
      out_ += ": ";
      after_key_ = true;
      ++i;
    } else {
      before_value();
      size_t start = i;
      if (c == '"') {
        for (++i; json[i] != '"'; ++i) i += json[i] == '\\';
        ++i;
        for (char text : json.substr(start, i - start)) {
          if (text == '<')
            out_ += "\\u003c";
          else if (text == '>')
            out_ += "\\u003e";
          else if (text == '&')
            out_ += "\\u0026";
          else
            out_ += text;
        }
      } else {
        while (i < json.size() && !is_space(json[i]) && json[i] != ',' && json[i] != '}' && json[i] != ']') ++i;
        out_.append(json.substr(start, i - start));
      }
    }
  }
}

std::string compact_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < json.size())
        out += json[++i];
      else if (c == '"')
        in_string = false;
    } else if (!is_space(c)) {
      in_string = c == '"';
      out += c;
    }
  }
  return out;
}

}  // namespace terrace::state
