#include "cli/context.h"

#include <fmt/format.h>

#include "cli/block_header.h"

namespace terrace::cli {

const std::string& Environment::get(const std::string& name) const {
  static const std::string kUnset;
  const auto found = variables_.find(name);
  return found == variables_.end() ? kUnset : found->second;
}

std::function<const char*(const char*)> Environment::look_up() const {
  return [this](const char* name) -> const char* {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : found->second.c_str();
  };
}

RenderOptions Context::render_options() const {
  return RenderOptions{terminal.color(), terminal.width(), block_header, ""};
}

void Context::show(const Diagnostics& diagnostics, const std::string& directory) const {
  RenderOptions options = render_options();
  options.directory = directory;
  const Diagnostics arranged = arrange(diagnostics);
  for (const Diagnostic& diagnostic : arranged.items()) {
    const std::string text = render_diagnostic(diagnostic, options);
    if (diagnostic.severity == Severity::kError) {
      terminal.print_error(text);
    } else {
      terminal.print(text);
    }
  }
}

int Context::fail(std::string summary, std::string detail) const {
  Diagnostics diagnostics;
  diagnostics.error(std::move(summary), std::move(detail));
  show(diagnostics);
  return 1;
}

std::optional<int> Context::parse(Flags& flags, const Arguments& arguments, Arguments* rest) const {
  Result<Arguments, std::string> parsed = flags.parse(arguments);
  if (!parsed) {
    fail("Failed to parse command-line flags", parsed.error());
    terminal.print_error(
        fmt::format("\nFor more help on using this command, run:\n  terrace {} -help\n", flags.command_name()));
    return 1;
  }
  if (flags.wants_help()) {
    terminal.print(flags.help());
    return 0;
  }
  *rest = std::move(*parsed);
  return std::nullopt;
}

}  // namespace terrace::cli
