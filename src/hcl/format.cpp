#include "hcl/format.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "hcl/scanner.h"

namespace terrace::hcl {

namespace {

// A token with the space in front of it, which is all that layout changes. Line comments hold their line break.
struct Piece {
  TokenType type = TokenType::kEnd;
  std::string text;
  uint32_t spaces = 0;
};
using Pieces = std::vector<Piece>;

bool ends_line(const Piece& piece) {
  return piece.type == TokenType::kNewline || (piece.type == TokenType::kComment && piece.text.ends_with('\n'));
}

int bracket_change(TokenType type) {
  switch (type) {
    case TokenType::kOpenBrace:
    case TokenType::kOpenBracket:
    case TokenType::kOpenParen:
    case TokenType::kTemplateInterp:
    case TokenType::kTemplateControl:
      return 1;
    case TokenType::kCloseBrace:
    case TokenType::kCloseBracket:
    case TokenType::kCloseParen:
    case TokenType::kTemplateEnd:
      return -1;
    default:
      return 0;
  }
}

Pieces read_pieces(const SourceFile& file) {
  Pieces pieces;
  uint32_t line = 1;
  uint32_t column = 1;
  for (const Token& token : scan(file, ScanMode::kNormal)) {
    if (token.type == TokenType::kEnd) break;
    std::string text = file.text.substr(token.start.byte, token.end.byte - token.start.byte);
    bool line_comment = !pieces.empty() && pieces.back().type == TokenType::kComment &&
                        !pieces.back().text.starts_with("/*") && !pieces.back().text.ends_with('\n');
    if (token.type == TokenType::kNewline && line_comment) {
      pieces.back().text += text;
    } else {
      uint32_t spaces = token.start.line == line ? token.start.column - column : token.start.column - 1;
      pieces.push_back(Piece{token.type, std::move(text), spaces});
    }
    line = token.end.line;
    column = token.end.column;
  }
  return pieces;
}

// ---- Rewrites: what fmt changes besides white space ----

// `"${x}"` as a whole argument becomes x, in parentheses where it spans lines.
Pieces unwrap_template(Pieces value) {
  std::size_t count = value.size();
  if (count < 5 || value[0].type != TokenType::kOpenQuote || value[1].type != TokenType::kTemplateInterp ||
      value[count - 2].type != TokenType::kTemplateEnd || value[count - 1].type != TokenType::kCloseQuote) {
    return value;
  }
  int depth = 0;
  bool lines = false;
  for (std::size_t i = 2; i + 2 < count; ++i) {
    switch (value[i].type) {
      case TokenType::kOpenQuote:
      case TokenType::kOpenHeredoc:
        ++depth;
        break;
      case TokenType::kCloseQuote:
      case TokenType::kCloseHeredoc:
        --depth;
        break;
      case TokenType::kTemplateInterp:
      case TokenType::kTemplateControl:
      case TokenType::kTemplateText:
      case TokenType::kTemplateEnd:
        if (depth <= 0) return value;  // there is more in the template than one interpolation
        break;
      default:
        lines = lines || ends_line(value[i]);
        break;
    }
  }
  Pieces inner(std::make_move_iterator(value.begin() + 2), std::make_move_iterator(value.end() - 2));
  while (!inner.empty() && inner.front().type == TokenType::kNewline) inner.erase(inner.begin());
  while (!inner.empty() && inner.back().type == TokenType::kNewline) inner.pop_back();
  if (lines && std::any_of(inner.begin(), inner.end(), ends_line)) {
    inner.insert(inner.begin(), Piece{TokenType::kOpenParen, "(", 0});
    inner.push_back(Piece{TokenType::kCloseParen, ")", 0});
  }
  return inner;
}

// The types of old variables: "string", "list" and "map" in quotes, and collections that do not say of what.
Pieces rewrite_type(Pieces value) {
  auto word = [](const char* text) { return Piece{TokenType::kIdentifier, text, 0}; };
  auto of = [&](const char* collection, const char* element) {
    return Pieces{word(collection), {TokenType::kOpenParen, "(", 0}, word(element), {TokenType::kCloseParen, ")", 0}};
  };
  if (value.size() == 1 && value[0].type == TokenType::kIdentifier) {
    if (value[0].text == "list") return of("list", "any");
    if (value[0].text == "map") return of("map", "any");
    if (value[0].text == "set") return of("set", "any");
    return value;
  }
  if (value.size() == 3 && value[0].type == TokenType::kOpenQuote && value[1].type == TokenType::kTemplateText &&
      value[2].type == TokenType::kCloseQuote) {
    if (value[1].text == "string") return {word("string")};
    if (value[1].text == "list") return of("list", "string");
    if (value[1].text == "map") return of("map", "string");
  }
  return value;
}

// Walks bodies, rewriting their arguments and block headers on the way.
class Rewriter {
 public:
  explicit Rewriter(Pieces pieces) : in_(std::move(pieces)) { out_.reserve(in_.size()); }

  Pieces run() {
    body(true, false);
    while (at_ < in_.size()) take();
    return std::move(out_);
  }

 private:
  bool at(TokenType type) const { return at_ < in_.size() && in_[at_].type == type; }
  void take() { out_.push_back(std::move(in_[at_++])); }

  // Up to the closing brace, which is left, or the end. `variable`: of a variable block at the top.
  void body(bool top, bool variable) {
    while (at_ < in_.size() && !at(TokenType::kCloseBrace)) {
      if (!at(TokenType::kIdentifier)) {
        take();
        continue;
      }
      std::string name = in_[at_].text;
      take();
      while (at(TokenType::kComment)) take();
      if (at(TokenType::kAssign)) {
        take();
        argument(variable && name == "type");
      } else {
        block(top && name == "variable");
      }
    }
  }

  void argument(bool is_type) {
    Pieces value;
    int depth = 0;
    while (at_ < in_.size()) {
      const Piece& piece = in_[at_];
      if (depth == 0 && (ends_line(piece) || piece.type == TokenType::kCloseBrace)) break;
      if (depth == 0 && piece.type == TokenType::kComment) break;
      depth += bracket_change(piece.type);
      value.push_back(std::move(in_[at_++]));
    }
    value = is_type ? rewrite_type(std::move(value)) : unwrap_template(std::move(value));
    std::move(value.begin(), value.end(), std::back_inserter(out_));
  }

  void block(bool variable) {
    while (at_ < in_.size() && !at(TokenType::kOpenBrace)) {
      if (at(TokenType::kIdentifier)) {
        out_.push_back(Piece{TokenType::kOpenQuote, "\"", 1});
        out_.push_back(Piece{TokenType::kTemplateText, in_[at_++].text, 0});
        out_.push_back(Piece{TokenType::kCloseQuote, "\"", 0});
      } else if (ends_line(in_[at_])) {
        return;
      } else {
        take();
      }
    }
    if (at_ == in_.size()) return;
    take();
    body(false, variable);
    if (at(TokenType::kCloseBrace)) take();
  }

  Pieces in_;
  Pieces out_;
  std::size_t at_ = 0;
};

// ---- Layout ----

// The tokens of a line in cells: what leads, an assignment from its equals sign on, a comment at the end.
struct Line {
  std::span<Piece> lead;
  std::span<Piece> assign;
  std::span<Piece> comment;
};

std::vector<Line> cut_lines(Pieces& pieces) {
  std::vector<Line> lines;
  std::size_t start = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (ends_line(pieces[i]) || i + 1 == pieces.size()) {
      lines.push_back(Line{std::span(pieces).subspan(start, i + 1 - start), {}, {}});
      start = i + 1;
    }
  }
  for (Line& line : lines) {
    if (line.lead.size() > 1 && line.lead.back().type == TokenType::kComment) {
      line.comment = line.lead.last(1);
      line.lead = line.lead.first(line.lead.size() - 1);
    }
    for (std::size_t i = 1; i < line.lead.size(); ++i) {
      if (line.lead[i].type != TokenType::kAssign) continue;
      int net = 0;
      for (const Piece& piece : line.lead.subspan(i)) net += bracket_change(piece.type);
      if (net == 0) {
        line.assign = line.lead.subspan(i);
        line.lead = line.lead.first(i);
      }
      break;
    }
  }
  return lines;
}

// The open brackets of each line that opened some.
class Indentation {
 public:
  uint32_t next(int net) {
    if (net > 0) {
      uint32_t spaces = 2 * static_cast<uint32_t>(opened_.size());
      opened_.push_back(net);
      return spaces;
    }
    int closed = -net;
    while (closed > 0 && !opened_.empty()) {
      if (closed < opened_.back()) {
        opened_.back() -= closed;
        break;
      }
      closed -= opened_.back();
      opened_.pop_back();
    }
    return 2 * static_cast<uint32_t>(opened_.size());
  }

 private:
  std::vector<int> opened_;
};

void indent(std::vector<Line>& lines) {
  Indentation indentation;
  for (Line& line : lines) {
    if (line.lead.front().type == TokenType::kNewline) {
      line.lead.front().spaces = 0;
      continue;
    }
    int net = 0;
    for (std::span<Piece> cell : {line.lead, line.assign}) {
      for (const Piece& piece : cell) {
        net += bracket_change(piece.type);
        if (piece.type == TokenType::kOpenHeredoc) break;  // what its template opens says nothing about indentation
      }
    }
    line.lead.front().spaces = indentation.next(net);
  }
}

// Behind these a minus is a sign, not a subtraction.
bool expects_operand(TokenType type) {
  switch (type) {
    case TokenType::kEnd:
    case TokenType::kOpenParen:
    case TokenType::kOpenBrace:
    case TokenType::kOpenBracket:
    case TokenType::kAssign:
    case TokenType::kColon:
    case TokenType::kComma:
    case TokenType::kQuestion:
    case TokenType::kPlus:
    case TokenType::kStar:
    case TokenType::kSlash:
    case TokenType::kPercent:
    case TokenType::kMinus:
    case TokenType::kEqualOp:
    case TokenType::kNotEqual:
    case TokenType::kGreater:
    case TokenType::kGreaterEqual:
    case TokenType::kLess:
    case TokenType::kLessEqual:
    case TokenType::kAnd:
    case TokenType::kOr:
    case TokenType::kBang:
      return true;
    default:
      return false;
  }
}

// Does a space stand between `piece` and `after`? `before` is kEnd at the start of a cell.
bool space_between(TokenType before, const Piece& piece, const Piece& after) {
  TokenType type = piece.type;
  TokenType next = after.type;
  if (next == TokenType::kNewline) return false;
  if (type == TokenType::kIdentifier && next == TokenType::kOpenParen) return false;
  if (type == TokenType::kDoubleColon || next == TokenType::kDoubleColon) return false;
  if (type == TokenType::kDot || next == TokenType::kDot) return false;
  if (next == TokenType::kComma || next == TokenType::kEllipsis) return false;
  if (type == TokenType::kComma) return true;
  if (type == TokenType::kTemplateText || type == TokenType::kOpenQuote || type == TokenType::kOpenHeredoc ||
      next == TokenType::kTemplateText || next == TokenType::kCloseQuote || next == TokenType::kCloseHeredoc) {
    return false;
  }
  if (type == TokenType::kTemplateEnd && (next == TokenType::kTemplateInterp || next == TokenType::kTemplateControl)) {
    return false;
  }
  if (type == TokenType::kIdentifier && piece.text == "in" && before == TokenType::kIdentifier) return true;
  if (next == TokenType::kOpenBracket &&
      (type == TokenType::kIdentifier || type == TokenType::kNumber || bracket_change(type) < 0)) {
    return false;
  }
  if (type == TokenType::kMinus) return !expects_operand(before);
  if (type == TokenType::kOpenBrace || next == TokenType::kCloseBrace) {
    return !(type == TokenType::kOpenBrace && next == TokenType::kCloseBrace);
  }
  if (type == TokenType::kBang) return false;
  if (bracket_change(type) > 0 || bracket_change(next) < 0) return false;
  return true;
}

void space(std::vector<Line>& lines) {
  for (Line& line : lines) {
    for (std::span<Piece> cell : {line.lead, line.assign}) {
      for (std::size_t i = 0; i + 1 < cell.size(); ++i) {
        TokenType before = i > 0 ? cell[i - 1].type : TokenType::kEnd;
        cell[i + 1].spaces = space_between(before, cell[i], cell[i + 1]) ? 1 : 0;
      }
    }
    if (!line.assign.empty()) line.assign.front().spaces = 1;
  }
}

uint32_t columns(std::span<const Piece> cell) {
  uint32_t count = 0;
  for (const Piece& piece : cell) {
    count += piece.spaces;
    std::string_view rest = piece.text;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      count += advance({}, rest.substr(0, end)).column;  // the line break is one more
      rest.remove_prefix(end + 1);
    }
    count += advance({}, rest).column - 1;
  }
  return count;
}

// Puts the cells that `cell` names of neighbouring lines under each other, behind the longest of what is before them.
template <typename Cell, typename Before>
void align(std::vector<Line>& lines, Cell cell, Before before) {
  for (std::size_t start = 0; start < lines.size();) {
    std::size_t end = start;
    uint32_t widest = 0;
    while (end < lines.size() && !cell(lines[end]).empty()) widest = std::max(widest, before(lines[end++]));
    for (std::size_t i = start; i < end; ++i) cell(lines[i]).front().spaces = widest - before(lines[i]) + 1;
    start = std::max(end, start + 1);
  }
}

}  // namespace

std::string format(std::string_view source) {
  SourceFile file{"", std::string(source)};
  Pieces pieces = Rewriter(read_pieces(file)).run();
  std::vector<Line> lines = cut_lines(pieces);
  indent(lines);
  space(lines);
  align(
      lines, [](Line& line) { return line.assign; }, [](const Line& line) { return columns(line.lead); });
  align(
      lines, [](Line& line) { return line.comment; },
      [](const Line& line) { return columns(line.lead) + columns(line.assign); });
  std::string text;
  text.reserve(source.size() + source.size() / 8);
  for (const Piece& piece : pieces) {
    text.append(piece.spaces, ' ');
    text += piece.text;
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  return text;
}

}  // namespace terrace::hcl
