// A command's flags, by the rules of Terraform's command line (docs/decisions): `-name value`, `-name=value`, two
// dashes as well as one, booleans alone or `=true|false`, and the first argument without a dash ends the flags. The
// help text is made from the same table. Every command includes it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace terrace::cli {

using Arguments = std::vector<std::string>;

class Flags {
 public:
  // `usage` is what follows the program's name, "plan [options]"; `description` one or more paragraphs.
  Flags(std::string usage, std::string description) : usage_(std::move(usage)), description_(std::move(description)) {}

  // Each names a flag, where its value goes and what help says of it; an empty help text hides the flag. `value` names
  // the value in the help text. The targets outlive parse().
  Flags& boolean(std::string name, bool* target, std::string help);
  Flags& text(std::string name, std::string* target, std::string value, std::string help);
  Flags& list(std::string name, std::vector<std::string>* target, std::string value, std::string help);
  Flags& integer(std::string name, int* target, std::string value, std::string help);
  Flags& duration(std::string name, Duration* target, std::string value, std::string help);
  // Called in the order of the command line.
  Flags& call(std::string name, std::function<void(std::string)> target, std::string value, std::string help);

  // Gives the arguments after the flags, or what is wrong. -help and -h set wants_help().
  Result<Arguments, std::string> parse(const Arguments& arguments);
  bool wants_help() const { return wants_help_; }
  std::string help() const;

  // The command's words: "plan", "state list".
  std::string command_name() const;

 private:
  struct Flag {
    std::string name;
    bool is_boolean;
    std::string value;
    std::string help;
    std::function<bool(const std::string&)> set;  // false: the value can't be read
  };
  Flags& add(Flag flag);

  std::string usage_;
  std::string description_;
  std::vector<Flag> flags_;
  bool wants_help_ = false;
};

// A length of time as Go writes it: "300ms", "1m30s", "1.5h", "0". nullopt-like false when it is none.
bool parse_duration(std::string_view text, Duration* result);

}  // namespace terrace::cli
