// The parts of a template between reading and building: text, interpolations and directives in a row. Only the parser
// uses it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hcl/ast.h"

namespace terrace::hcl {

struct TemplatePart {
  enum class Kind : uint8_t { kText, kInterpolation, kIf, kElse, kEndIf, kFor, kEndFor };
  Kind kind = Kind::kText;
  SourceRange range;
  std::string text;          // of a text
  ExpressionPtr expression;  // interpolated, the condition of an if, the collection of a for
  std::string key_name;      // of a for
  std::string value_name;
  bool trim_left = false;   // ${~ or %{~
  bool trim_right = false;  // ~}
};

// The keyword of a directive: "if", "endfor".
const char* directive_word(TemplatePart::Kind kind);

// Text with its escapes resolved: $${ and %%{ everywhere, backslashes in quoted strings. With bad_length above 0 there
// is an invalid escape at bad_at, which `message` describes.
struct EscapeResult {
  std::string text;
  std::size_t bad_at = 0;
  std::size_t bad_length = 0;
  std::string message;
};
EscapeResult unescape_template_text(std::string_view text, bool quoted);

// Takes the indentation that all lines of a <<- heredoc share off each. What ~ marks took away is no indentation.
void flush_heredoc(std::vector<TemplatePart>& parts);

// Takes the white space away that ~ marks ask for: of the text beside them, which in a heredoc ends with its line.
void trim_template(std::vector<TemplatePart>& parts);

// The expression: a Template, or a TemplateWrap where the only part is an interpolation and it is no heredoc.
ExpressionPtr build_template(std::vector<TemplatePart> parts, const SourceRange& place, bool heredoc,
                             Diagnostics& diagnostics);

}  // namespace terrace::hcl
