// terrace fmt
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/line_diff.h"
#include "hcl/format.h"
#include "hcl/parser.h"

namespace terrace::cli {

namespace {

struct FmtFlags {
  bool check = false;
  bool diff = false;
  bool list = true;
  bool write = true;
  bool recursive = false;
};

class Formatter {
 public:
  Formatter(Context& context, FmtFlags flags) : context_(context), flags_(flags) {}

  int run(const Arguments& targets) {
    if (targets.size() == 1 && targets[0] == "-") return standard_input();
    if (targets.empty()) directory(".");
    for (const std::string& target : targets) {
      Result<FileInfo, FileError> info = context_.files.info(target);
      if (!info) {
        diagnostics_.error("Invalid target",
                           fmt::format("No file or directory at {}: {}.", target, info.error().message));
      } else if (info->is_directory) {
        directory(target);
      } else {
        file(target);
      }
    }
    context_.show(diagnostics_);
    if (diagnostics_.has_errors()) return 2;
    return flags_.check && changed_ ? 3 : 0;
  }

 private:
  static bool is_formatted(const std::string& name) {
    return name.ends_with(".tf") || name.ends_with(".tfvars") || name.ends_with(".tftest.hcl");
  }

  void directory(const std::string& path) {
    Result<std::vector<DirectoryEntry>, FileError> entries = context_.files.list(path);
    if (!entries) {
      diagnostics_.error("Invalid target", entries.error().message);
      return;
    }
    for (const DirectoryEntry& entry : *entries) {
      std::string child = path == "." ? entry.name : join_path(path, entry.name);
      if (entry.is_directory) {
        if (flags_.recursive && !entry.name.starts_with(".")) directory(child);
      } else if (is_formatted(entry.name)) {
        file(child);
      }
    }
  }

  std::optional<std::string> formatted(const std::string& name, const std::string& text) {
    auto source = std::make_shared<SourceFile>(SourceFile{name, text});
    kept_.push_back(source);
    Checked<hcl::File> parsed = hcl::parse_file(source);
    bool failed = parsed.diagnostics.has_errors();
    diagnostics_.append(std::move(parsed.diagnostics));
    if (failed) return std::nullopt;
    return hcl::format(text);
  }

  void file(const std::string& path) {
    Result<std::string, FileError> text = context_.files.read(path);
    if (!text) {
      diagnostics_.error("Failed to read file", text.error().message);
      return;
    }
    std::optional<std::string> result = formatted(path, *text);
    if (!result || *result == *text) return;
    changed_ = true;
    if (flags_.list) context_.print(path + "\n");
    if (flags_.diff) print_diff(path, *text, *result);
    if (flags_.write && !flags_.check) {
      Status<FileError> written = context_.files.write_atomic(path, *result, 0644);
      if (!written) diagnostics_.error("Failed to write file", written.error().message);
    }
  }

  void print_diff(const std::string& path, const std::string& before, const std::string& after) {
    context_.print(unified_diff("old/" + path, "new/" + path, before, after, context_.terminal.color()));
  }

  int standard_input() {
    std::string text = context_.terminal.read_all();
    std::optional<std::string> result = formatted("<stdin>", text);
    context_.show(diagnostics_);
    if (!result) return 2;
    if (!flags_.check) context_.print(*result);
    return flags_.check && *result != text ? 3 : 0;
  }

  Context& context_;
  FmtFlags flags_;
  Diagnostics diagnostics_;
  std::vector<SourceFilePtr> kept_;
  bool changed_ = false;
};

}  // namespace

int fmt_command(Context& context, const Arguments& arguments) {
  FmtFlags fmt;
  Flags flags("fmt [options] [TARGET...]",
              "Rewrites configuration files in the canonical style. \"-\" formats standard input.");
  flags.boolean("check", &fmt.check, "Write nothing; exit code 3 when a file is not formatted.");
  flags.boolean("diff", &fmt.diff, "Show what changes.");
  flags.boolean("list", &fmt.list, "List the files that change. Defaults to true.");
  flags.boolean("write", &fmt.write, "Write the files. Defaults to true.");
  flags.boolean("recursive", &fmt.recursive, "Go into directories, too.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  return Formatter(context, fmt).run(rest);
}

}  // namespace terrace::cli
