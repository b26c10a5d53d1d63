// Cuts HCL native syntax into tokens, templates and heredocs included. The parser and the formatter read them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"

namespace terrace::hcl {

enum class TokenType : uint8_t {
  kOpenBrace,
  kCloseBrace,
  kOpenBracket,
  kCloseBracket,
  kOpenParen,
  kCloseParen,
  kOpenQuote,
  kCloseQuote,
  kOpenHeredoc,
  kCloseHeredoc,
  kTemplateText,     // literal text inside a template, escapes as written
  kTemplateInterp,   // ${ or ${~
  kTemplateControl,  // %{ or %{~
  kTemplateEnd,      // } or ~} that ends one of the two
  kIdentifier,
  kNumber,
  kComment,
  kNewline,
  kEnd,
  kPlus,
  kMinus,
  kStar,
  kSlash,
  kPercent,
  kEqualOp,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnd,
  kOr,
  kBang,
  kAssign,
  kArrow,
  kQuestion,
  kColon,
  kDoubleColon,
  kComma,
  kDot,
  kEllipsis,
  kInvalid,  // a character or sequence that the language does not have
  kBadUtf8,
  kUnterminatedQuote,  // a quoted template that its line, or the file, ended in
  kUnterminatedHeredoc,
};

// A piece of the source; its text is [start.byte, end.byte). Newlines are tokens; spaces are not.
struct Token {
  TokenType type = TokenType::kEnd;
  SourcePosition start;
  SourcePosition end;
};

enum class ScanMode : uint8_t { kNormal, kTemplate };  // a file or expression; a bare template

// Always ends with a kEnd. Never fails: what is wrong becomes tokens that the parser refuses with a place.
std::vector<Token> scan(const SourceFile& file, ScanMode mode);

// The position after `text`, which starts at `from`: lines, grapheme columns, bytes.
SourcePosition advance(SourcePosition from, std::string_view text);

// Is `text` a valid identifier: letter or underscore, then letters, digits, underscores and hyphens (UAX 31 with '-')?
bool is_identifier(std::string_view text);

}  // namespace terrace::hcl
