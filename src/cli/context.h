// What every command is given: the process's effects, its environment and its terminal. main makes the one of a run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/curl_network.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "cli/flags.h"
#include "cli/terminal.h"
#include "diag/diagnostic.h"
#include "diag/render.h"

namespace terrace::cli {

// The environment variables of the process.
class Environment {
 public:
  explicit Environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}
  // Empty where the variable is not set.
  const std::string& get(const std::string& name) const;
  bool is_set(const std::string& name) const { return variables_.contains(name); }
  const std::map<std::string, std::string>& all() const { return variables_; }
  // getenv's shape, for those who look variables up themselves.
  std::function<const char*(const char*)> look_up() const;

 private:
  std::map<std::string, std::string> variables_;
};

struct Context {
  Terminal& terminal;
  const Environment& environment;
  Clock& clock;
  FileSystem& files;
  Random& random;
  Loop& loop;
  CurlNetwork& network;
  Log& log;

  // Diagnostics on standard error; warnings alone go to standard output, as Terraform's do.
  // `directory` is the configuration's, where it is not the working directory.
  void show(const Diagnostics& diagnostics, const std::string& directory = {}) const;
  // One error without a place in a file; gives exit code 1.
  int fail(std::string summary, std::string detail) const;
  RenderOptions render_options() const;

  // Parses `arguments`. An exit code means that the command is over: the help was shown, or what was wrong.
  std::optional<int> parse(Flags& flags, const Arguments& arguments, Arguments* rest) const;

  void print(std::string_view text) const { terminal.print(text); }
  // A literal with colour tags.
  std::string style(std::string_view tagged) const { return colorize(tagged, terminal.color()); }
};

}  // namespace terrace::cli
