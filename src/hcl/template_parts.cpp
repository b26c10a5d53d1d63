#include "hcl/template_parts.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace terrace::hcl {

namespace {

using Kind = TemplatePart::Kind;

constexpr int kDeepestDirectives = 500;

void append_utf8(std::string& text, uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xc0 | (c >> 6));
    text += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    text += static_cast<char>(0xe0 | (c >> 12));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | (c >> 18));
    text += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    text += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (c & 0x3f));
  }
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The white space, in characters, that `text` begins with: as far as `most` characters. `bytes` is its length.
std::size_t indentation(std::string_view text, std::size_t most, std::size_t& bytes) {
  std::size_t count = 0;
  int32_t at = 0;
  bytes = 0;
  while (count < most && bytes < text.size() && text[bytes] != '\n' && text[bytes] != '\r') {
    UChar32 c = 0;
    U8_NEXT(reinterpret_cast<const uint8_t*>(text.data()), at, static_cast<int32_t>(text.size()), c);
    if (c < 0 || !u_isUWhiteSpace(c)) break;
    ++count;
    bytes = static_cast<std::size_t>(at);
  }
  return count;
}

// A line of white space alone: it says nothing about indentation and keeps its own.
bool is_blank_line(std::string_view text) {
  std::size_t bytes = 0;
  indentation(text, std::numeric_limits<std::size_t>::max(), bytes);
  std::string_view rest = text.substr(bytes);
  return rest == "\n" || rest == "\r\n";
}

// Builds the expression of a run of parts up to the directive that ends it.
class Builder {
 public:
  Builder(std::vector<TemplatePart> parts, const SourceRange& end, Diagnostics& diagnostics)
      : parts_(std::move(parts)), template_end_(end), diagnostics_(diagnostics) {}

  std::vector<ExpressionPtr> run(Kind* stopped_by) {
    std::vector<ExpressionPtr> built;
    if (++depth_ > kDeepestDirectives) {
      diagnostics_.error("Nesting too deep",
                         fmt::format("Template directives may be nested {} levels deep.", kDeepestDirectives),
                         parts_[std::min(at_, parts_.size() - 1)].range);
      return built;
    }
    struct Leave {
      int& depth;
      ~Leave() { --depth; }
    } leave{depth_};
    while (at_ < parts_.size() && !diagnostics_.has_errors()) {
      TemplatePart& part = parts_[at_];
      switch (part.kind) {
        case Kind::kText:
          if (!part.text.empty())
            built.push_back(std::make_unique<Literal>(part.range, Literal::Kind::kString, std::move(part.text)));
          ++at_;
          break;
        case Kind::kInterpolation:
          built.push_back(std::move(part.expression));
          ++at_;
          break;
        case Kind::kIf:
          built.push_back(conditional());
          break;
        case Kind::kFor:
          built.push_back(loop());
          break;
        default:
          if (stopped_by == nullptr) {
            diagnostics_.error(fmt::format("Unexpected {} directive", directive_word(part.kind)),
                               "The control directives within this template are unbalanced.", part.range);
            return built;
          }
          *stopped_by = part.kind;
          return built;
      }
    }
    return built;
  }

 private:
  ExpressionPtr branch(const SourceRange& place, std::vector<ExpressionPtr> parts) {
    return std::make_unique<Template>(place, std::move(parts));
  }

  ExpressionPtr conditional() {
    TemplatePart opening = std::move(parts_[at_++]);
    Kind end = Kind::kText;
    ExpressionPtr yes = branch(opening.range, run(&end));
    ExpressionPtr no;
    bool after_else = end == Kind::kElse && at_ < parts_.size();
    if (after_else) {
      SourceRange place = parts_[at_++].range;
      end = Kind::kText;
      no = branch(place, run(&end));
    } else {
      no = branch(opening.range, {});
    }
    if (diagnostics_.has_errors()) return nullptr;
    if (end != Kind::kEndIf) {
      unclosed(opening, "if", "endif", end, after_else);
      return nullptr;
    }
    SourceRange place = between(opening.range, parts_[at_++].range);
    return std::make_unique<Conditional>(place, std::move(opening.expression), std::move(yes), std::move(no));
  }

  ExpressionPtr loop() {
    TemplatePart opening = std::move(parts_[at_++]);
    Kind end = Kind::kText;
    ExpressionPtr content = branch(opening.range, run(&end));
    if (diagnostics_.has_errors()) return nullptr;
    if (end != Kind::kEndFor) {
      unclosed(opening, "for", "endfor", end);
      return nullptr;
    }
    SourceRange place = between(opening.range, parts_[at_++].range);
    auto list = std::make_unique<For>(place);
    list->key_name = std::move(opening.key_name);
    list->value_name = std::move(opening.value_name);
    list->collection = std::move(opening.expression);
    list->value = std::move(content);
    return std::make_unique<TemplateJoin>(place, std::move(list));
  }

  // Something else than `wanted` ends the directive `opening`: another directive, or the template.
  void unclosed(const TemplatePart& opening, const char* word, const char* wanted, Kind end, bool after_else = false) {
    const SourceRange& start = opening.range;
    std::string place =
        start.start.line == start.end.line
            ? fmt::format("{}:{},{}-{}", start.file->path, start.start.line, start.start.column, start.end.column)
            : fmt::format("{}:{},{}-{},{}", start.file->path, start.start.line, start.start.column, start.end.line,
                          start.end.column);
    if (end == Kind::kText) {
      diagnostics_.error(
          "Unexpected end of template",
          fmt::format("The {} directive at {} is missing its corresponding {} directive.", word, place, wanted),
          template_end_, start);
      return;
    }
    std::string detail =
        after_else && end == Kind::kElse ? fmt::format("Already in the else clause for the if started at {}.", place)
        : opening.kind == Kind::kIf
            ? fmt::format("Expecting an endif directive for the if started at {}.", place)
            : fmt::format("Expecting an endfor directive corresponding to the for directive at {}.", place);
    diagnostics_.error(fmt::format("Unexpected {} directive", directive_word(end)), std::move(detail),
                       parts_[at_].range, start);
  }

  std::vector<TemplatePart> parts_;
  SourceRange template_end_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Diagnostics& diagnostics_;
};

}  // namespace

const char* directive_word(TemplatePart::Kind kind) {
  switch (kind) {
    case Kind::kIf:
      return "if";
    case Kind::kElse:
      return "else";
    case Kind::kEndIf:
      return "endif";
    case Kind::kFor:
      return "for";
    default:
      return "endfor";
  }
}

EscapeResult unescape_template_text(std::string_view text, bool quoted) {
  EscapeResult result;
  result.text.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    char c = text[i];
    if ((c == '$' || c == '%') && text.substr(i, 3) == (c == '$' ? "$${" : "%%{")) {
      result.text += c;
      result.text += '{';
      i += 3;
      continue;
    }
    if (c != '\\' || !quoted) {
      result.text += c;
      ++i;
      continue;
    }
    char selector = i + 1 < text.size() ? text[i + 1] : '\0';
    switch (selector) {
      case 'n':
        result.text += '\n';
        i += 2;
        continue;
      case 'r':
        result.text += '\r';
        i += 2;
        continue;
      case 't':
        result.text += '\t';
        i += 2;
        continue;
      case '"':
        result.text += '"';
        i += 2;
        continue;
      case '\\':
        result.text += '\\';
        i += 2;
        continue;
      default:
        break;
    }
    std::size_t digits = selector == 'u' ? 4 : selector == 'U' ? 8 : 0;
    result.bad_at = i;
    if (digits == 0) {
      result.bad_length = std::min<std::size_t>(2, text.size() - i);
      result.message = fmt::format("The symbol \"{}\" is not a valid escape sequence selector.", text.substr(i + 1, 1));
      return result;
    }
    uint32_t code = 0;
    std::size_t read = 0;
    for (; read < digits && i + 2 + read < text.size(); ++read) {
      char d = text[i + 2 + read];
      int value = d >= '0' && d <= '9'   ? d - '0'
                  : d >= 'a' && d <= 'f' ? d - 'a' + 10
                  : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                         : -1;
      if (value < 0) break;
      code = code * 16 + static_cast<uint32_t>(value);
    }
    if (read < digits) {
      result.bad_length = 2 + read;
      result.message = fmt::format("The \\{} escape sequence must be followed by {} hexadecimal digits.", selector,
                                   digits == 4 ? "four" : "eight");
      return result;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      result.bad_length = 2 + digits;
      result.message = fmt::format("Cannot encode character U+{:04x} in UTF-8.", code);
      return result;
    }
    append_utf8(result.text, code);
    i += 2 + digits;
  }
  return result;
}

void flush_heredoc(std::vector<TemplatePart>& parts) {
  constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();
  std::size_t least = kAny;
  std::vector<TemplatePart*> lines;  // the texts that begin lines
  bool start_of_line = true;
  for (TemplatePart& part : parts) {
    if (part.kind != Kind::kText) {
      if (start_of_line) least = 0;
      start_of_line = false;
      continue;
    }
    if (start_of_line && !is_blank_line(part.text)) {
      std::size_t bytes = 0;
      least = std::min(least, indentation(part.text, kAny, bytes));
      lines.push_back(&part);
    }
    start_of_line = !part.text.empty() && part.text.back() == '\n';
  }
  for (TemplatePart* line : lines) {
    std::size_t bytes = 0;
    indentation(line->text, least, bytes);
    line->text.erase(0, bytes);
  }
}

void trim_template(std::vector<TemplatePart>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].trim_left && i > 0 && parts[i - 1].kind == Kind::kText) {
      std::string& text = parts[i - 1].text;
      while (!text.empty() && is_space(text.back())) text.pop_back();
    }
    if (parts[i].trim_right && i + 1 < parts.size() && parts[i + 1].kind == Kind::kText) {
      std::string& text = parts[i + 1].text;
      std::size_t keep = 0;
      while (keep < text.size() && is_space(text[keep])) ++keep;
      text.erase(0, keep);
    }
  }
}

ExpressionPtr build_template(std::vector<TemplatePart> parts, const SourceRange& place, bool heredoc,
                             Diagnostics& diagnostics) {
  bool only_interpolation = !heredoc && parts.size() == 1 && parts[0].kind == Kind::kInterpolation;
  SourceRange end = place;
  end.start = end.end;
  if (!parts.empty() && parts.back().range.end.byte < place.end.byte) end.start = parts.back().range.end;
  Builder builder(std::move(parts), end, diagnostics);
  std::vector<ExpressionPtr> built = builder.run(nullptr);
  if (diagnostics.has_errors()) return nullptr;
  if (only_interpolation) return std::make_unique<TemplateWrap>(place, std::move(built[0]));
  // Neighbouring texts, such as the lines of a heredoc, become one.
  std::vector<ExpressionPtr> joined;
  for (ExpressionPtr& part : built) {
    bool text =
        part->kind == ExpressionKind::kLiteral && static_cast<const Literal&>(*part).literal == Literal::Kind::kString;
    if (text && !joined.empty() && joined.back()->kind == ExpressionKind::kLiteral) {
      const auto& before = static_cast<const Literal&>(*joined.back());
      if (before.literal == Literal::Kind::kString) {
        joined.back() = std::make_unique<Literal>(between(before.range, part->range), Literal::Kind::kString,
                                                  before.text + static_cast<const Literal&>(*part).text);
        continue;
      }
    }
    joined.push_back(std::move(part));
  }
  return std::make_unique<Template>(place, std::move(joined));
}

}  // namespace terrace::hcl
