// Diagnostics as text for a person and as JSON for a program, in Terraform's shapes. The commands include it.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "diag/diagnostic.h"

namespace terrace {

// The header of the block around a byte of a file, `resource "aws_vpc" "main"`; empty outside of every block. The
// renderer knows no syntax, so whoever calls it passes this in.
using BlockHeader = std::function<std::string(const SourceFile& file, uint32_t byte)>;

struct RenderOptions {
  bool color = false;  // a red or yellow box with the subject underlined; plain text without
  int width = 78;      // columns; details are wrapped to it. 0: not wrapped
  BlockHeader block_header;
  std::string directory;  // of the configuration, where that is not the working directory: stands before places
};

// One diagnostic, newline at the end. The plain form begins with an empty line.
std::string render_diagnostic(const Diagnostic& diagnostic, const RenderOptions& options);

// Warnings first, then errors; within each those without a place first, then by file and position. Of warnings with
// the same summary only the first is kept, and says how many more there are.
Diagnostics arrange(Diagnostics diagnostics);

// arrange()d and rendered one after the other.
std::string render_diagnostics(const Diagnostics& diagnostics, const RenderOptions& options);

// Warnings as a short list (-compact-warnings); empty when there are none. Errors are not in it.
std::string render_compact_warnings(const Diagnostics& diagnostics, const RenderOptions& options);

// The object that `validate -json` and the JSON lines of plan and apply use.
nlohmann::ordered_json diagnostic_json(const Diagnostic& diagnostic, const BlockHeader& block_header);

// Lines of at most `width` characters, broken at spaces; a longer word stands alone. 0: as it is.
std::string wrap_words(std::string_view text, int width);

}  // namespace terrace
