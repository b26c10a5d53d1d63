// Diagnostics are values: what is wrong, why, how to mend it, and where. Every layer above base returns them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace terrace {

// A file's text as it was read, kept for excerpts. Shared by everything parsed from it.
struct SourceFile {
  std::string path;  // as shown to the user
  std::string text;
};
using SourceFilePtr = std::shared_ptr<const SourceFile>;

// A place in a file. Lines and columns count from 1, columns in grapheme clusters; `byte` counts from 0.
struct SourcePosition {
  uint32_t line = 1;
  uint32_t column = 1;
  uint32_t byte = 0;
};

// [start, end) of one file. The file outlives the range: whoever parsed it keeps it (config::Configuration does).
struct SourceRange {
  const SourceFile* file = nullptr;
  SourcePosition start;
  SourcePosition end;
  bool valid() const { return file != nullptr; }
};

// From the start of the first to the end of the second, in the same file.
inline SourceRange between(const SourceRange& first, const SourceRange& last) {
  return SourceRange{first.file, first.start, last.end};
}

enum class Severity : uint8_t { kError, kWarning };

// One value that an expression in the excerpt used: `var.size` "is 3", already rendered without secrets.
struct ExpressionValue {
  std::string traversal;
  std::string statement;
};

// The function whose call failed: `while calling substr(str, offset, length)`.
struct FunctionCall {
  struct Parameter {
    std::string name;
    std::string type;  // as JSON: "string" or ["list","string"], quotes included
    bool is_variadic = false;
  };
  std::string called_as;  // as written in the configuration
  std::vector<Parameter> parameters;
  std::string return_type;  // as JSON
};

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string summary;  // fixed text: "Unsupported attribute"
  std::string detail;   // what, why and how to mend it; whole sentences
  SourceRange subject;  // underlined in the excerpt
  SourceRange context;  // what the excerpt shows around it; the subject's lines when it is not set
  std::vector<ExpressionValue> values;
  std::shared_ptr<const FunctionCall> call;
  std::string address;  // of the resource instance or object concerned: `with aws_vpc.main,`
};

// Diagnostics in the order they came.
class Diagnostics {
 public:
  Diagnostics() = default;
  Diagnostics(Diagnostic diagnostic) { add(std::move(diagnostic)); }

  void add(Diagnostic diagnostic) {
    has_errors_ = has_errors_ || diagnostic.severity == Severity::kError;
    items_.push_back(std::move(diagnostic));
  }
  void error(std::string summary, std::string detail, SourceRange subject = {}, SourceRange context = {}) {
    add(Diagnostic{Severity::kError, std::move(summary), std::move(detail), subject, context, {}, {}, {}});
  }
  void warning(std::string summary, std::string detail, SourceRange subject = {}) {
    add(Diagnostic{Severity::kWarning, std::move(summary), std::move(detail), subject, {}, {}, {}, {}});
  }
  void append(Diagnostics other) {
    for (Diagnostic& diagnostic : other.items_) add(std::move(diagnostic));
  }
  bool has_errors() const { return has_errors_; }
  bool empty() const { return items_.empty(); }
  const std::vector<Diagnostic>& items() const { return items_; }
  std::vector<Diagnostic>& items() { return items_; }

 private:
  std::vector<Diagnostic> items_;
  bool has_errors_ = false;
};

// A value (perhaps a partial one) and what was said while making it.
template <typename T>
struct [[nodiscard]] Checked {
  T value;
  Diagnostics diagnostics;
};

}  // namespace terrace
