#include "hcl/scanner.h"

#include <string>

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

namespace terrace::hcl {

namespace {

bool is_ascii_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

// Decodes the character at `at`; -1 for bytes that are not UTF-8. Moves `at` past it.
int32_t decode(std::string_view text, std::size_t& at) {
  int32_t position = static_cast<int32_t>(at);
  UChar32 c = 0;
  U8_NEXT(reinterpret_cast<const uint8_t*>(text.data()), position, static_cast<int32_t>(text.size()), c);
  at = static_cast<std::size_t>(position);
  return c;
}

bool starts_identifier(int32_t c) {
  if (c < 0x80) return c >= 0 && (is_ascii_letter(static_cast<unsigned char>(c)) || c == '_');
  return u_isIDStart(c) != 0;
}
bool continues_identifier(int32_t c) {
  if (c < 0x80) {
    return c >= 0 && (is_ascii_letter(static_cast<unsigned char>(c)) || is_digit(static_cast<unsigned char>(c)) ||
                      c == '_' || c == '-');
  }
  return u_isIDPart(c) != 0;
}

uint32_t grapheme_count(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  UText utext = UTEXT_INITIALIZER;
  utext_openUTF8(&utext, text.data(), static_cast<int64_t>(text.size()), &status);
  if (U_FAILURE(status)) return static_cast<uint32_t>(text.size());
  breaks->setText(&utext, status);
  uint32_t count = 0;
  while (breaks->next() != icu::BreakIterator::DONE) ++count;
  utext_close(&utext);
  return count;
}

class Scanner {
 public:
  Scanner(std::string_view text, ScanMode mode) : text_(text) {
    frames_.push_back(Frame{mode == ScanMode::kNormal ? Frame::Kind::kNormal : Frame::Kind::kBareTemplate, 0, {}});
    tokens_.reserve(text.size() / 5 + 8);
    if (text_.substr(0, 3) == "\xef\xbb\xbf") {
      at_ = 3;
      position_.byte = 3;
    }
  }

  std::vector<Token> run() {
    while (at_ < text_.size()) {
      switch (frames_.back().kind) {
        case Frame::Kind::kNormal:
        case Frame::Kind::kInterpolation:
          normal();
          break;
        case Frame::Kind::kQuoted:
          quoted();
          break;
        case Frame::Kind::kHeredoc:
          heredoc();
          break;
        case Frame::Kind::kBareTemplate:
          template_text([](char) { return false; });
          break;
      }
    }
    tokens_.push_back(Token{TokenType::kEnd, position_, position_});
    return std::move(tokens_);
  }

 private:
  struct Frame {
    enum class Kind : uint8_t { kNormal, kInterpolation, kQuoted, kHeredoc, kBareTemplate };
    Kind kind;
    int braces;          // open { inside an interpolation
    std::string marker;  // of a heredoc
  };

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool looking_at(std::string_view what) const { return text_.substr(at_, what.size()) == what; }

  // One token of the next `length` bytes.
  void emit(TokenType type, std::size_t length) {
    SourcePosition start = position_;
    position_ = advance(position_, text_.substr(at_, length));
    at_ += length;
    tokens_.push_back(Token{type, start, position_});
  }

  void skip(std::size_t length) {
    position_ = advance(position_, text_.substr(at_, length));
    at_ += length;
  }

  void normal() {
    char c = peek();
    if (c == ' ' || c == '\t') {
      std::size_t length = 1;
      while (peek(length) == ' ' || peek(length) == '\t') ++length;
      position_.column += static_cast<uint32_t>(length);
      position_.byte += static_cast<uint32_t>(length);
      at_ += length;
      return;
    }
    if (c == '\n') return emit(TokenType::kNewline, 1);
    if (c == '\r' && peek(1) == '\n') return emit(TokenType::kNewline, 2);
    if (c == '#' || looking_at("//")) return line_comment();
    if (looking_at("/*")) return block_comment();
    if (is_digit(static_cast<unsigned char>(c))) return number();
    if (c == '"') {
      frames_.push_back(Frame{Frame::Kind::kQuoted, 0, {}});
      return emit(TokenType::kOpenQuote, 1);
    }
    if (c == '<' && peek(1) == '<' && open_heredoc()) return;
    if (symbol(c)) return;
    std::size_t after = at_;
    int32_t first = decode(text_, after);
    if (first < 0) return emit(TokenType::kBadUtf8, after - at_);
    if (!starts_identifier(first)) return emit(TokenType::kInvalid, after - at_);
    while (after < text_.size()) {
      std::size_t next = after;
      if (!continues_identifier(decode(text_, next))) break;
      after = next;
    }
    emit(TokenType::kIdentifier, after - at_);
  }

  void line_comment() {
    std::size_t length = 1;
    while (at_ + length < text_.size() && text_[at_ + length] != '\n') ++length;
    if (text_[at_ + length - 1] == '\r' && at_ + length < text_.size()) --length;
    emit(TokenType::kComment, length);
  }

  void block_comment() {
    std::size_t close = text_.find("*/", at_ + 2);
    if (close == std::string_view::npos) return emit(TokenType::kInvalid, 2);
    emit(TokenType::kComment, close + 2 - at_);
  }

  void number() {
    std::size_t length = 1;
    auto digits = [&] {
      while (is_digit(static_cast<unsigned char>(peek(length)))) ++length;
    };
    digits();
    if (peek(length) == '.' && is_digit(static_cast<unsigned char>(peek(length + 1)))) {
      ++length;
      digits();
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
      std::size_t exponent = length + 1;
      if (peek(exponent) == '+' || peek(exponent) == '-') ++exponent;
      if (is_digit(static_cast<unsigned char>(peek(exponent)))) {
        length = exponent;
        digits();
      }
    }
    emit(TokenType::kNumber, length);
  }

  bool open_heredoc() {
    std::size_t at = at_ + 2;
    if (at < text_.size() && text_[at] == '-') ++at;
    std::size_t name = at;
    std::size_t end = at;
    while (end < text_.size()) {
      std::size_t next = end;
      int32_t c = decode(text_, next);
      if (end == name ? !starts_identifier(c) : !continues_identifier(c)) break;
      end = next;
    }
    if (end == name) return false;
    std::size_t line = end;
    if (line < text_.size() && text_[line] == '\r') ++line;
    if (line >= text_.size() || text_[line] != '\n') return false;
    frames_.push_back(Frame{Frame::Kind::kHeredoc, 0, std::string(text_.substr(name, end - name))});
    emit(TokenType::kOpenHeredoc, line + 1 - at_);
    return true;
  }

  bool symbol(char c) {
    struct Symbol {
      std::string_view text;
      TokenType type;
    };
    static constexpr Symbol kSymbols[] = {
        {"...", TokenType::kEllipsis},   {"==", TokenType::kEqualOp},      {"!=", TokenType::kNotEqual},
        {"<=", TokenType::kLessEqual},   {">=", TokenType::kGreaterEqual}, {"&&", TokenType::kAnd},
        {"||", TokenType::kOr},          {"=>", TokenType::kArrow},        {"::", TokenType::kDoubleColon},
        {"(", TokenType::kOpenParen},    {")", TokenType::kCloseParen},    {"[", TokenType::kOpenBracket},
        {"]", TokenType::kCloseBracket}, {"+", TokenType::kPlus},          {"-", TokenType::kMinus},
        {"*", TokenType::kStar},         {"/", TokenType::kSlash},         {"%", TokenType::kPercent},
        {"<", TokenType::kLess},         {">", TokenType::kGreater},       {"!", TokenType::kBang},
        {"=", TokenType::kAssign},       {"?", TokenType::kQuestion},      {":", TokenType::kColon},
        {",", TokenType::kComma},        {".", TokenType::kDot},
    };
    Frame& frame = frames_.back();
    bool interpolation = frame.kind == Frame::Kind::kInterpolation;
    if (c == '{') {
      ++frame.braces;
      emit(TokenType::kOpenBrace, 1);
      return true;
    }
    if (interpolation && frame.braces == 0 && (c == '}' || looking_at("~}"))) {
      emit(TokenType::kTemplateEnd, c == '}' ? 1 : 2);
      frames_.pop_back();
      return true;
    }
    if (c == '}') {
      if (frame.braces > 0) --frame.braces;
      emit(TokenType::kCloseBrace, 1);
      return true;
    }
    for (const Symbol& each : kSymbols) {
      if (looking_at(each.text)) {
        emit(each.type, each.text.size());
        return true;
      }
    }
    return false;
  }

  // Literal text up to where a template sequence starts, `stop` says so, or the source ends.
  template <typename Stop>
  void template_text(Stop stop) {
    std::size_t length = 0;
    while (at_ + length < text_.size()) {
      char c = text_[at_ + length];
      if (stop(c)) break;
      if ((c == '$' || c == '%') && peek(length + 1) == c && peek(length + 2) == '{') {
        length += 3;
        continue;
      }
      if ((c == '$' || c == '%') && peek(length + 1) == '{') break;
      if (c == '\\' && frames_.back().kind == Frame::Kind::kQuoted && at_ + length + 1 < text_.size() &&
          peek(length + 1) != '\n') {
        length += 2;
        continue;
      }
      ++length;
      // A heredoc's text is cut at its lines, which may end it and are indented each.
      if (c == '\n' && frames_.back().kind == Frame::Kind::kHeredoc) break;
    }
    if (length > 0) emit(TokenType::kTemplateText, length);
    char c = peek();
    if (at_ < text_.size() && (c == '$' || c == '%') && peek(1) == '{' && (length == 0 || !line_start()))
      open_sequence(c);
  }

  bool line_start() const {
    return frames_.back().kind == Frame::Kind::kHeredoc && !tokens_.empty() && at_ > 0 && text_[at_ - 1] == '\n';
  }

  void open_sequence(char c) {
    emit(c == '$' ? TokenType::kTemplateInterp : TokenType::kTemplateControl, peek(2) == '~' ? 3 : 2);
    frames_.push_back(Frame{Frame::Kind::kInterpolation, 0, {}});
  }

  void quoted() {
    char c = peek();
    if (c == '"') {
      emit(TokenType::kCloseQuote, 1);
      frames_.pop_back();
      return;
    }
    if (c == '\n' || (c == '\r' && peek(1) == '\n')) {
      tokens_.push_back(Token{TokenType::kUnterminatedQuote, position_, advance(position_, text_.substr(at_, 1))});
      frames_.pop_back();
      return;
    }
    template_text([](char next) { return next == '"' || next == '\n'; });
    if (at_ == text_.size()) {
      tokens_.push_back(Token{TokenType::kUnterminatedQuote, position_, position_});
      frames_.clear();
      frames_.push_back(Frame{Frame::Kind::kNormal, 0, {}});
    }
  }

  void heredoc() {
    bool new_line = tokens_.back().type == TokenType::kOpenHeredoc || text_[at_ - 1] == '\n';
    if (new_line) {
      std::size_t start = at_;
      while (start < text_.size() && (text_[start] == ' ' || text_[start] == '\t')) ++start;
      const std::string& marker = frames_.back().marker;
      std::size_t end = start + marker.size();
      if (text_.substr(start, marker.size()) == marker) {
        std::size_t rest = end;
        if (rest < text_.size() && text_[rest] == '\r') ++rest;
        if (rest < text_.size() && text_[rest] == '\n') {
          emit(TokenType::kCloseHeredoc, end - at_);
          frames_.pop_back();
          return;
        }
      }
    }
    template_text([](char) { return false; });
    if (at_ == text_.size() && frames_.back().kind == Frame::Kind::kHeredoc) {
      tokens_.push_back(Token{TokenType::kUnterminatedHeredoc, position_, position_});
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  SourcePosition position_;
  std::vector<Frame> frames_;
  std::vector<Token> tokens_;
};

}  // namespace

SourcePosition advance(SourcePosition from, std::string_view text) {
  std::size_t line = 0;
  bool ascii = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    if (c == '\n') {
      ++from.line;
      from.column = 1;
      line = i + 1;
      ascii = true;
    } else if (c >= 0x80) {
      ascii = false;
    }
  }
  std::string_view last = text.substr(line);
  from.column += ascii ? static_cast<uint32_t>(last.size()) : grapheme_count(last);
  from.byte += static_cast<uint32_t>(text.size());
  return from;
}

bool is_identifier(std::string_view text) {
  if (text.empty()) return false;
  std::size_t at = 0;
  if (!starts_identifier(decode(text, at))) return false;
  while (at < text.size()) {
    if (!continues_identifier(decode(text, at))) return false;
  }
  return true;
}

std::vector<Token> scan(const SourceFile& file, ScanMode mode) {
  return Scanner(file.text, mode).run();
}

}  // namespace terrace::hcl
