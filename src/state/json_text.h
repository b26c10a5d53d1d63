// JSON as text, for files whose values are kept as they were written: a cursor that cuts raw values out, and a writer
// with the layout of Go's json.MarshalIndent, which Terraform's files have. State, journal and plan files include it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace terrace::state {

// Reads one JSON text from front to back. The first thing that is not as asked for stops it: failed() is true from then
// on, every further call does nothing, and error() says what was wrong and where.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  // `cursor.begin_object(); while (cursor.next_key(key)) ...value...;` the same for arrays with next_element().
  void begin_object();
  bool next_key(std::string& key);
  void begin_array();
  bool next_element();

  std::string string();
  int64_t integer();
  bool boolean();
  // True, and past it, when the next value is null.
  bool null();
  // The next value's text, checked to be well-formed; white space inside is kept.
  std::string_view raw();
  void skip() { raw(); }
  // The first character of the next value: { [ " t f n - or a digit; 0 at the end.
  char peek();
  // Fails unless only white space is left.
  void end();

  bool failed() const { return failed_; }
  const std::string& error() const { return error_; }
  void fail(std::string what);

 private:
  void space();
  bool expect(char wanted, const char* what);
  void skip_string();
  void skip_value(int depth);

  std::string_view text_;
  size_t at_ = 0;
  bool first_ = false;  // right after [ or {
  bool failed_ = false;
  std::string error_;
};

// Appends `text` as a JSON string; <, > and & as \u escapes, as Go's encoder does.
void append_json_string(std::string& out, std::string_view text);

// Builds a file with two-space indentation. Calls nest as the JSON does.
class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);
  void string(std::string_view text);
  void integer(int64_t number);
  void boolean(bool value);
  void null();
  // A whole JSON value in any layout, laid out anew; its numbers and the order of its keys stay.
  void raw(std::string_view json);

  std::string& text() { return out_; }

 private:
  void open(char bracket);
  void close(char bracket);
  void before_value();
  void line();

  std::string out_;
  int depth_ = 0;
  bool empty_ = true;  // nothing yet inside the innermost bracket
  bool after_key_ = false;
};

// `json` without white space between its parts.
std::string compact_json(std::string_view json);

}  // namespace terrace::state
