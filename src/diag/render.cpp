#include "diag/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/file_system.h"

namespace terrace {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kUnderline = "\x1b[4m";
constexpr std::string_view kGrey = "\x1b[90m";

// The lines that an excerpt shows and the part of them that is underlined, as byte offsets into `code`.
struct Excerpt {
  std::string_view code;
  uint32_t start_line = 1;
  size_t highlight_start = 0;
  size_t highlight_end = 0;
};

// An empty subject stands for the one character that it points at.
SourceRange visible_subject(SourceRange subject) {
  if (subject.end.byte <= subject.start.byte) {
    subject.end = subject.start;
    ++subject.end.byte;
    ++subject.end.column;
  }
  return subject;
}

Excerpt excerpt_of(const Diagnostic& diagnostic) {
  const SourceRange subject = visible_subject(diagnostic.subject);
  const std::string_view text = subject.file->text;
  size_t first = std::min<size_t>(subject.start.byte, text.size());
  size_t last = std::min<size_t>(subject.end.byte, text.size());
  Excerpt excerpt;
  excerpt.start_line = subject.start.line;
  if (diagnostic.context.valid() && diagnostic.context.file == subject.file) {
    if (diagnostic.context.start.byte < first) {
      first = diagnostic.context.start.byte;
      excerpt.start_line = diagnostic.context.start.line;
    }
    last = std::max<size_t>(last, std::min<size_t>(diagnostic.context.end.byte, text.size()));
  }
  const size_t line_break = first == 0 ? std::string_view::npos : text.rfind('\n', first - 1);
  const size_t begin = line_break == std::string_view::npos ? 0 : line_break + 1;
  // A range that ends with a line break shows the line after it too, as its end stands there.
  size_t end = text.find('\n', last);
  if (end == std::string_view::npos) end = text.size();
  excerpt.code = text.substr(begin, end - begin);
  while (!excerpt.code.empty() && (excerpt.code.back() == '\n' || excerpt.code.back() == '\r')) {
    excerpt.code.remove_suffix(1);
  }
  excerpt.highlight_start = std::clamp<size_t>(subject.start.byte, begin, begin + excerpt.code.size()) - begin;
  excerpt.highlight_end = std::clamp<size_t>(subject.end.byte, begin, begin + excerpt.code.size()) - begin;
  excerpt.highlight_end = std::max(excerpt.highlight_end, excerpt.highlight_start);
  return excerpt;
}

std::string parameter_list(const FunctionCall& call) {
  std::string text;
  for (const FunctionCall::Parameter& parameter : call.parameters) {
    if (!text.empty()) text += ", ";
    text += parameter.name;
    if (parameter.is_variadic) text += "...";
  }
  return text;
}

void append_values(std::string& out, const Diagnostic& diagnostic, bool color) {
  if (diagnostic.values.empty() && !diagnostic.call) return;
  if (color) {
    out += fmt::format("    {}├────────────────{}\n{}", kGrey, kReset, kReset);
    if (diagnostic.call) {
      out += fmt::format("    {}│{} while calling {}{}{}({}{})\n", kGrey, kReset, kBold, diagnostic.call->called_as,
                         kReset, kReset, parameter_list(*diagnostic.call));
    }
    for (const ExpressionValue& value : diagnostic.values) {
      out += fmt::format("    {}│{} {}{}{} {}\n{}", kGrey, kReset, kBold, value.traversal, kReset, value.statement,
                         kReset);
    }
    return;
  }
  out += "    ├────────────────\n";
  if (diagnostic.call) {
    out += fmt::format("    │ while calling {}({})\n", diagnostic.call->called_as, parameter_list(*diagnostic.call));
  }
  for (const ExpressionValue& value : diagnostic.values) {
    out += fmt::format("    │ {} {}\n", value.traversal, value.statement);
  }
}

void append_source(std::string& out, const Diagnostic& diagnostic, const RenderOptions& options) {
  if (!diagnostic.address.empty()) {
    out += fmt::format("  with {}{}\n", diagnostic.address, diagnostic.subject.valid() ? "," : "");
  }
  if (!diagnostic.subject.valid()) {
    if (!diagnostic.address.empty()) out += '\n';
    return;
  }
  const SourceFile& file = *diagnostic.subject.file;
  const std::string header = options.block_header ? options.block_header(file, diagnostic.subject.start.byte) : "";
  const std::string path = options.directory.empty() ? file.path : clean_path(join_path(options.directory, file.path));
  out +=
      fmt::format("  on {} line {}{}{}:\n", path, diagnostic.subject.start.line, header.empty() ? "" : ", in ", header);
  const Excerpt excerpt = excerpt_of(diagnostic);
  std::string code(excerpt.code);
  if (options.color) {
    code = fmt::format("{}{}{}{}{}{}", excerpt.code.substr(0, excerpt.highlight_start), kUnderline,
                       excerpt.code.substr(excerpt.highlight_start, excerpt.highlight_end - excerpt.highlight_start),
                       kReset, excerpt.code.substr(excerpt.highlight_end), kReset);
  }
  uint32_t line = excerpt.start_line;
  for (size_t begin = 0; begin <= code.size(); ++line) {
    size_t end = code.find('\n', begin);
    if (end == std::string::npos) end = code.size();
    out += fmt::format("{:4d}: {}\n", line, std::string_view(code).substr(begin, end - begin));
    begin = end + 1;
  }
  append_values(out, diagnostic, options.color);
  out += '\n';
}

void append_detail(std::string& out, const std::string& detail, int width) {
  for (size_t begin = 0; begin < detail.size();) {
    size_t end = detail.find('\n', begin);
    if (end == std::string::npos) end = detail.size();
    const std::string_view line = std::string_view(detail).substr(begin, end - begin);
    out += line.starts_with(' ') ? std::string(line) : wrap_words(line, width);
    out += '\n';
    begin = end + 1;
  }
}

std::string plain(const Diagnostic& diagnostic, const RenderOptions& options) {
  std::string out =
      fmt::format("\n{}: {}\n\n", diagnostic.severity == Severity::kError ? "Error" : "Warning", diagnostic.summary);
  append_source(out, diagnostic, options);
  append_detail(out, diagnostic.detail, options.width > 1 ? options.width - 1 : 0);
  return out;
}

std::string boxed(const Diagnostic& diagnostic, const RenderOptions& options) {
  const bool is_error = diagnostic.severity == Severity::kError;
  const std::string_view rule_color = is_error ? "\x1b[31m" : "\x1b[33m";
  std::string body =
      fmt::format("{}{}{}{}{}{}{}{}\n\n{}", kBold, rule_color, is_error ? "Error: " : "Warning: ", kReset, kReset,
                  kBold, diagnostic.summary, kReset, kReset);
  append_source(body, diagnostic, options);
  append_detail(body, diagnostic.detail, options.width > 3 ? options.width - 3 : 0);
  while (!body.empty() && body.back() == '\n') body.pop_back();

  std::string out = fmt::format("{}╷{}{}\n", rule_color, kReset, kReset);
  for (size_t begin = 0; begin <= body.size();) {
    size_t end = body.find('\n', begin);
    if (end == std::string::npos) end = body.size();
    out += fmt::format("{}│{} {}{}\n", rule_color, kReset, kReset, std::string_view(body).substr(begin, end - begin));
    begin = end + 1;
  }
  return out + fmt::format("{}╵{}{}\n", rule_color, kReset, kReset);
}

auto order_of(const Diagnostic& diagnostic) {
  const SourceRange& subject = diagnostic.subject;
  return std::tuple(diagnostic.severity == Severity::kError, subject.valid(),
                    std::string_view(subject.valid() ? subject.file->path : std::string_view()),
                    subject.valid() ? subject.start.byte : 0, subject.valid() ? subject.end.byte : 0);
}

}  // namespace

std::string wrap_words(std::string_view text, int width) {
  if (width <= 0) return std::string(text);
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  std::string out;
  std::string spaces;
  int column = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ' ' || text[at] == '\t') {
      spaces += text[at++];
      continue;
    }
    size_t end = at;
    int length = 0;
    while (end < text.size() && text[end] != ' ' && text[end] != '\t') length += is_start(text[end++]) ? 1 : 0;
    if (column > 0 && length <= width && column + static_cast<int>(spaces.size()) + length > width) {
      out += '\n';
      column = 0;
      spaces.clear();
    }
    out += spaces;
    out += text.substr(at, end - at);
    column += static_cast<int>(spaces.size()) + length;
    spaces.clear();
    at = end;
  }
  return out + spaces;
}

std::string render_diagnostic(const Diagnostic& diagnostic, const RenderOptions& options) {
  return options.color ? boxed(diagnostic, options) : plain(diagnostic, options);
}

Diagnostics arrange(Diagnostics diagnostics) {
  std::stable_sort(diagnostics.items().begin(), diagnostics.items().end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return order_of(a) < order_of(b); });
  std::map<std::string, std::pair<size_t, size_t>> groups;  // summary -> place of the first, how many
  Diagnostics kept;
  for (Diagnostic& diagnostic : diagnostics.items()) {
    if (diagnostic.severity == Severity::kWarning && diagnostic.subject.valid()) {
      auto [group, is_first] = groups.try_emplace(diagnostic.summary, kept.items().size(), 0);
      ++group->second.second;
      if (!is_first) continue;
    }
    kept.add(std::move(diagnostic));
  }
  for (const auto& [summary, group] : groups) {
    const size_t more = group.second - 1;
    if (more == 0) continue;
    kept.items()[group.first].detail += more == 1 ? "\n\n(and one more similar warning elsewhere)"
                                                  : fmt::format("\n\n(and {} more similar warnings elsewhere)", more);
  }
  return kept;
}

std::string render_diagnostics(const Diagnostics& diagnostics, const RenderOptions& options) {
  std::string out;
  const Diagnostics arranged = arrange(diagnostics);
  for (const Diagnostic& diagnostic : arranged.items()) out += render_diagnostic(diagnostic, options);
  return out;
}

std::string render_compact_warnings(const Diagnostics& diagnostics, const RenderOptions& options) {
  std::map<std::string, size_t> counts;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    if (diagnostic.severity == Severity::kWarning && diagnostic.subject.valid()) ++counts[diagnostic.summary];
  }
  std::string list;
  const Diagnostics arranged = arrange(diagnostics);
  for (const Diagnostic& diagnostic : arranged.items()) {
    if (diagnostic.severity != Severity::kWarning) continue;
    list += fmt::format("- {}\n", diagnostic.summary);
    if (!diagnostic.subject.valid()) continue;
    list += fmt::format("  on {} line {}", diagnostic.subject.file->path, diagnostic.subject.start.line);
    if (const size_t more = counts[diagnostic.summary] - 1; more > 0) list += fmt::format(" (and {} more)", more);
    list += '\n';
  }
  if (list.empty()) return "";
  const std::string heading =
      options.color ? fmt::format("\x1b[1m\x1b[33mWarnings:{}\n\n{}", kReset, kReset) : std::string("Warnings:\n\n");
  return "\n" + heading + list + "\nTo see the full warning notes, run terrace without -compact-warnings.\n";
}

nlohmann::ordered_json diagnostic_json(const Diagnostic& diagnostic, const BlockHeader& block_header) {
  using Json = nlohmann::ordered_json;
  const auto position = [](const SourcePosition& at) {
    return Json{{"line", at.line}, {"column", at.column}, {"byte", at.byte}};
  };
  Json json{{"severity", diagnostic.severity == Severity::kError ? "error" : "warning"},
            {"summary", diagnostic.summary},
            {"detail", diagnostic.detail}};
  if (!diagnostic.address.empty()) json["address"] = diagnostic.address;
  if (!diagnostic.subject.valid()) return json;

  const SourceRange subject = visible_subject(diagnostic.subject);
  json["range"] =
      Json{{"filename", subject.file->path}, {"start", position(subject.start)}, {"end", position(subject.end)}};
  const Excerpt excerpt = excerpt_of(diagnostic);
  const std::string header = block_header ? block_header(*subject.file, subject.start.byte) : "";
  Json snippet{{"context", header.empty() ? Json(nullptr) : Json(header)},
               {"code", excerpt.code},
               {"start_line", excerpt.start_line},
               {"highlight_start_offset", excerpt.highlight_start},
               {"highlight_end_offset", excerpt.highlight_end},
               {"values", Json::array()}};
  for (const ExpressionValue& value : diagnostic.values) {
    snippet["values"].push_back(Json{{"traversal", value.traversal}, {"statement", value.statement}});
  }
  if (diagnostic.call) {
    Json signature{{"name", diagnostic.call->called_as}, {"params", Json::array()}};
    for (const FunctionCall::Parameter& parameter : diagnostic.call->parameters) {
      Json entry{{"name", parameter.name}, {"type", Json::parse(parameter.type, nullptr, false)}};
      if (parameter.is_variadic) {
        signature["variadic_param"] = std::move(entry);
      } else {
        signature["params"].push_back(std::move(entry));
      }
    }
    signature["return_type"] = Json::parse(diagnostic.call->return_type, nullptr, false);
    snippet["function_call"] = Json{{"called_as", diagnostic.call->called_as}, {"signature", std::move(signature)}};
  }
  json["snippet"] = std::move(snippet);
  return json;
}

}  // namespace terrace
