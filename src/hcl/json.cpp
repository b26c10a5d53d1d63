#include "hcl/json.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hcl/native_body.h"
#include "hcl/parser.h"
#include "hcl/scanner.h"

namespace terrace::hcl {

namespace {

constexpr int kDeepestNesting = 1000;

struct JsonValue;
struct JsonProperty {
  std::string name;
  SourceRange name_range;
  std::unique_ptr<JsonValue> value;
};
struct JsonValue {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  SourceRange range;
  SourceRange close_range;  // the bracket that ends an array or object
  bool boolean = false;
  std::string text;  // of a number or string
  std::vector<std::unique_ptr<JsonValue>> elements;
  std::vector<JsonProperty> properties;
};
using JsonPtr = std::unique_ptr<JsonValue>;

class JsonReader {
 public:
  JsonReader(const SourceFile& file, Diagnostics& diagnostics)
      : file_(file), text_(file.text), diagnostics_(diagnostics) {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") {
      at_ = 3;
      position_.byte = 3;
    }
  }

  JsonPtr document() {
    JsonPtr value = read(0);
    if (!value) return nullptr;
    space();
    if (at_ < text_.size()) {
      fail("Extraneous data after value", "Extra characters appear after the JSON value.");
      return nullptr;
    }
    return value;
  }

 private:
  SourceRange here() const {
    return SourceRange{&file_, position_, at_ < text_.size() ? advance(position_, text_.substr(at_, 1)) : position_};
  }
  SourceRange from(SourcePosition start) const { return SourceRange{&file_, start, position_}; }
  void fail(const char* summary, std::string detail) { diagnostics_.error(summary, std::move(detail), here()); }
  void take(std::size_t length) {
    position_ = advance(position_, text_.substr(at_, length));
    at_ += length;
  }
  void space() {
    std::size_t length = 0;
    while (at_ + length < text_.size() && (text_[at_ + length] == ' ' || text_[at_ + length] == '\t' ||
                                           text_[at_ + length] == '\n' || text_[at_ + length] == '\r'))
      ++length;
    if (length > 0) take(length);
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  JsonPtr read(int depth) {
    space();
    if (depth > kDeepestNesting) {
      fail("Nesting too deep", fmt::format("Values may be nested {} levels deep.", kDeepestNesting));
      return nullptr;
    }
    auto value = std::make_unique<JsonValue>();
    SourcePosition start = position_;
    char c = peek();
    if (at_ >= text_.size()) {
      fail("Missing JSON value", "The document ends where a value is expected.");
      return nullptr;
    }
    bool ok = true;
    if (c == '{') {
      ok = read_object(*value, depth);
    } else if (c == '[') {
      ok = read_array(*value, depth);
    } else if (c == '"') {
      value->kind = JsonValue::Kind::kString;
      ok = read_string(value->text);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      value->kind = JsonValue::Kind::kNumber;
      ok = read_number(value->text);
    } else {
      ok = read_word(*value);
    }
    value->range = from(start);
    return ok ? std::move(value) : nullptr;
  }

  bool read_object(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::kObject;
    take(1);
    space();
    while (peek() != '}') {
      JsonProperty property;
      SourcePosition start = position_;
      if (peek() != '"') {
        fail("Invalid object property name", "A JSON object must begin each property with a name in double quotes.");
        return false;
      }
      if (!read_string(property.name)) return false;
      property.name_range = from(start);
      space();
      if (peek() != ':') {
        fail("Missing property value colon", "A colon must appear between an object property's name and its value.");
        return false;
      }
      take(1);
      property.value = read(depth + 1);
      if (!property.value) return false;
      value.properties.push_back(std::move(property));
      space();
      if (peek() == ',') {
        take(1);
        space();
        if (peek() == '}') {
          fail("Trailing comma in object",
               "JSON does not permit a trailing comma after the final property in an object.");
          return false;
        }
      } else if (peek() != '}') {
        fail(at_ >= text_.size() ? "Unclosed object" : "Missing attribute separator comma",
             at_ >= text_.size() ? "No closing brace was found for this JSON object."
                                 : "A comma must appear between each property definition in an object.");
        return false;
      }
    }
    value.close_range = here();
    take(1);
    return true;
  }

  bool read_array(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::kArray;
    take(1);
    space();
    while (peek() != ']') {
      JsonPtr element = read(depth + 1);
      if (!element) return false;
      value.elements.push_back(std::move(element));
      space();
      if (peek() == ',') {
        take(1);
        space();
        if (peek() == ']') {
          fail("Trailing comma in array", "JSON does not permit a trailing comma after the final value in an array.");
          return false;
        }
      } else if (peek() != ']') {
        fail(at_ >= text_.size() ? "Unclosed array" : "Missing attribute separator comma",
             at_ >= text_.size() ? "No closing bracket was found for this JSON array."
                                 : "A comma must appear between each value in an array.");
        return false;
      }
    }
    value.close_range = here();
    take(1);
    return true;
  }

  bool read_string(std::string& out) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size() || text_[end] != '"') {
      fail("Unterminated JSON string", "There is no closing double quote for this string on its line.");
      return false;
    }
    std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    for (std::size_t i = 0; i < inner.size(); ++i) {
      if (inner[i] != '\\') {
        out += inner[i];
        continue;
      }
      static constexpr std::string_view kEscapes = "\"\\/bfnrt";
      static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
      char selector = inner[++i];
      std::size_t which = kEscapes.find(selector);
      if (which != std::string_view::npos) {
        out += kMeanings[which];
      } else if (selector != 'u' || !read_unicode(inner, i, out)) {
        fail("Invalid JSON string", fmt::format("The escape sequence \"\\{}\" is not valid.", selector));
        return false;
      }
    }
    take(end + 1 - at_);
    return true;
  }

  static int hex4(std::string_view text, std::size_t at) {
    int code = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
      char d = i < text.size() ? text[i] : '?';
      int value = d >= '0' && d <= '9'   ? d - '0'
                  : d >= 'a' && d <= 'f' ? d - 'a' + 10
                  : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                         : -1;
      if (value < 0) return -1;
      code = code * 16 + value;
    }
    return code;
  }

  // `at` is at the u; afterwards at the escape's last character.
  static bool read_unicode(std::string_view text, std::size_t& at, std::string& out) {
    int high = hex4(text, at + 1);
    if (high < 0) return false;
    at += 4;
    uint32_t code = static_cast<uint32_t>(high);
    if (high >= 0xd800 && high < 0xdc00 && text.substr(at + 1, 2) == "\\u") {
      int low = hex4(text, at + 3);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
        at += 6;
      }
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0 | (code >> 6));
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xe0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      out += static_cast<char>(0xf0 | (code >> 18));
      out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
    return true;
  }

  bool read_number(std::string& out) {
    std::size_t length = 0;
    while (at_ + length < text_.size() &&
           std::string_view("+-.eE0123456789").find(text_[at_ + length]) != std::string_view::npos)
      ++length;
    out = text_.substr(at_, length);
    std::size_t digit = out[0] == '-' ? 1 : 0;
    bool leading_zero = out.size() > digit + 1 && out[digit] == '0' && out[digit + 1] >= '0' && out[digit + 1] <= '9';
    bool bad = out.size() == digit || out[digit] < '0' || out[digit] > '9' || leading_zero || out.back() < '0' ||
               out.back() > '9';
    if (bad) {
      fail("Invalid JSON number", fmt::format("\"{}\" is not a number in JSON.", out));
      return false;
    }
    take(length);
    return true;
  }

  bool read_word(JsonValue& value) {
    for (std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) == word) {
        value.kind = word == "null" ? JsonValue::Kind::kNull : JsonValue::Kind::kBool;
        value.boolean = word == "true";
        take(word.size());
        return true;
      }
    }
    fail("Invalid JSON value",
         "A JSON value must begin with a brace, a bracket, a double quote, a digit, true, false or null.");
    return false;
  }

  const SourceFile& file_;
  std::string_view text_;
  std::size_t at_ = 0;
  SourcePosition position_;
  Diagnostics& diagnostics_;
};

class JsonExpressions {
 public:
  explicit JsonExpressions(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ExpressionPtr make(const JsonValue& value) {
    switch (value.kind) {
      case JsonValue::Kind::kNull:
        return std::make_unique<Literal>(value.range, Literal::Kind::kNull, std::string());
      case JsonValue::Kind::kBool:
        return std::make_unique<Literal>(value.range, Literal::Kind::kBool, std::string(), value.boolean);
      case JsonValue::Kind::kNumber:
        return number(value);
      case JsonValue::Kind::kString:
        return text(value.text, value.range);
      case JsonValue::Kind::kArray: {
        std::vector<ExpressionPtr> elements;
        for (const JsonPtr& element : value.elements) elements.push_back(make(*element));
        return std::make_unique<Tuple>(value.range, std::move(elements));
      }
      case JsonValue::Kind::kObject: {
        std::vector<ObjectItem> items;
        for (const JsonProperty& property : value.properties) {
          items.push_back(ObjectItem{text(property.name, property.name_range), make(*property.value)});
        }
        return std::make_unique<Object>(value.range, std::move(items));
      }
    }
    return nullptr;
  }

 private:
  ExpressionPtr number(const JsonValue& value) {
    if (value.text[0] != '-') return std::make_unique<Literal>(value.range, Literal::Kind::kNumber, value.text);
    auto positive = std::make_unique<Literal>(value.range, Literal::Kind::kNumber, value.text.substr(1));
    return std::make_unique<Unary>(value.range, Operator::kNegate, std::move(positive));
  }

  ExpressionPtr text(const std::string& content, const SourceRange& range) {
    if (content.find("${") == std::string::npos && content.find("%{") == std::string::npos) {
      return std::make_unique<Literal>(range, Literal::Kind::kString, content);
    }
    Checked<ExpressionPtr> parsed = parse_template_text(content, range);
    diagnostics_.append(std::move(parsed.diagnostics));
    if (parsed.value) return std::move(parsed.value);
    return std::make_unique<Literal>(range, Literal::Kind::kString, content);
  }

  Diagnostics& diagnostics_;
};

// A JSON object, or an array of objects, as a body. Expressions and nested bodies are made when they are asked for and
// kept.
class JsonBody final : public Body {
 public:
  JsonBody(std::vector<const JsonValue*> objects, JsonPtr owned, SourceRange missing)
      : objects_(std::move(objects)), owned_(std::move(owned)), missing_(missing) {}

  Checked<BodyContent> content(const BodySchema& schema) const override { return select(schema, true); }
  Checked<BodyContent> partial_content(const BodySchema& schema) const override { return select(schema, false); }

  Checked<std::vector<Attribute>> just_attributes() const override {
    Checked<std::vector<Attribute>> result;
    std::set<std::string> seen;
    for (const JsonProperty* property : properties()) {
      if (!seen.insert(property->name).second) {
        redefined(*property, result.diagnostics);
        continue;
      }
      result.value.push_back(attribute(*property, result.diagnostics));
    }
    return result;
  }

  std::vector<std::string> attribute_names() const override {
    std::vector<std::string> names;
    for (const JsonProperty* property : properties()) names.push_back(property->name);
    return names;
  }
  std::vector<std::string> block_types() const override { return attribute_names(); }
  SourceRange missing_range() const override { return missing_; }

 private:
  std::vector<const JsonProperty*> properties() const {
    std::vector<const JsonProperty*> all;
    for (const JsonValue* object : objects_) {
      for (const JsonProperty& property : object->properties) {
        if (property.name != "//") all.push_back(&property);
      }
    }
    return all;
  }

  static void redefined(const JsonProperty& property, Diagnostics& diagnostics) {
    diagnostics.error("Duplicate JSON object property",
                      fmt::format("The argument \"{}\" was already set in this object.", property.name),
                      property.name_range);
  }

  Attribute attribute(const JsonProperty& property, Diagnostics& diagnostics) const {
    expressions_.push_back(JsonExpressions(diagnostics).make(*property.value));
    return Attribute{property.name, expressions_.back().get(), property.name_range,
                     between(property.name_range, property.value->range)};
  }

  Checked<BodyContent> select(const BodySchema& schema, bool strict) const {
    Checked<BodyContent> result;
    result.value.missing_range = missing_;
    std::set<std::string> seen;
    std::vector<std::string> known;
    for (const AttributeSchema& each : schema.attributes) known.push_back(each.name);
    for (const BlockSchema& each : schema.blocks) known.push_back(each.type);
    for (const JsonProperty* property : properties()) {
      auto block = std::find_if(schema.blocks.begin(), schema.blocks.end(),
                                [&](const BlockSchema& b) { return b.type == property->name; });
      if (block != schema.blocks.end()) {
        Block head;
        head.type = property->name;
        head.type_range = property->name_range;
        head.definition_range = property->name_range;
        add_blocks(*property->value, *block, head, result);
        continue;
      }
      bool is_attribute = std::any_of(schema.attributes.begin(), schema.attributes.end(),
                                      [&](const AttributeSchema& a) { return a.name == property->name; });
      if (is_attribute) {
        if (seen.insert(property->name).second) {
          result.value.attributes.push_back(attribute(*property, result.diagnostics));
        } else {
          redefined(*property, result.diagnostics);
        }
      } else if (strict) {
        result.diagnostics.error("Extraneous JSON object property",
                                 fmt::format("No argument or block type is named \"{}\".{}", property->name,
                                             did_you_mean(property->name, known)),
                                 property->name_range);
      }
    }
    for (const AttributeSchema& each : schema.attributes) {
      if (each.required && result.value.find(each.name) == nullptr) {
        result.diagnostics.error(
            "Missing required argument",
            fmt::format("The argument \"{}\" is required, but no definition was found.", each.name), missing_);
      }
    }
    return result;
  }

  // Labels are nested objects, repeated blocks arrays at any level.
  void add_blocks(const JsonValue& value, const BlockSchema& schema, const Block& head,
                  Checked<BodyContent>& result) const {
    if (value.kind == JsonValue::Kind::kNull) return;
    if (value.kind == JsonValue::Kind::kArray) {
      for (const JsonPtr& element : value.elements) add_blocks(*element, schema, head, result);
      return;
    }
    if (value.kind != JsonValue::Kind::kObject) {
      result.diagnostics.error("Incorrect JSON value type",
                               fmt::format("Either a JSON object or a JSON array is required, representing the "
                                           "contents of one or more \"{}\" blocks.",
                                           head.type),
                               value.range);
      return;
    }
    if (head.labels.size() < schema.label_names.size()) {
      for (const JsonProperty& property : value.properties) {
        if (property.name == "//") continue;
        Block labelled = head;
        labelled.labels.push_back(property.name);
        labelled.label_ranges.push_back(property.name_range);
        labelled.definition_range = property.name_range;
        add_blocks(*property.value, schema, labelled, result);
      }
      return;
    }
    bodies_.push_back(std::make_unique<JsonBody>(std::vector<const JsonValue*>{&value}, nullptr, value.close_range));
    Block block = head;
    block.body = bodies_.back().get();
    result.value.blocks.push_back(std::move(block));
  }

  std::vector<const JsonValue*> objects_;
  JsonPtr owned_;
  SourceRange missing_;
  mutable std::vector<ExpressionPtr> expressions_;
  mutable std::vector<std::unique_ptr<JsonBody>> bodies_;
};

}  // namespace

Checked<File> parse_json_file(SourceFilePtr source) {
  Checked<File> result;
  JsonPtr document = JsonReader(*source, result.diagnostics).document();
  std::vector<const JsonValue*> objects;
  SourceRange missing{source.get(), {}, {}};
  if (document) {
    if (document->kind == JsonValue::Kind::kObject) {
      objects.push_back(document.get());
      missing = document->close_range;
    } else if (document->kind == JsonValue::Kind::kArray) {
      missing = document->close_range;
      for (const JsonPtr& element : document->elements) {
        if (element->kind == JsonValue::Kind::kObject) objects.push_back(element.get());
      }
    } else {
      result.diagnostics.error("Incorrect JSON value type", "The document of a configuration must be a JSON object.",
                               document->range);
    }
  }
  result.value.source = std::move(source);
  result.value.body = std::make_unique<JsonBody>(std::move(objects), std::move(document), missing);
  return result;
}

}  // namespace terrace::hcl
