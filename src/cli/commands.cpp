#include "cli/commands.h"

#include "cli/cluster_commands.h"
#include "cli/root_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace terrace::cli {
namespace {

constexpr Command kCommands[] = {
    {"new", "Write a cluster directory", new_command, true},
    {"init", "Check the configuration and its providers", init_command, true},
    {"validate", "Check whether the configuration is valid", validate_command, true},
    {"plan", "Show what an apply would change", plan_command, true},
    {"apply", "Create or update infrastructure", apply_command, true},
    {"destroy", "Destroy previously-created infrastructure", destroy_command, true},
    {"up", "Bring stacks of the cluster up, with what they need", up_command, true},
    {"down", "Take stacks of the cluster down, after what needs them", down_command, true},
    {"status", "Say how every stack and node group is", status_command, true},
    {"nodes", "List the instances of the groups", nodes_command, true},
    {"ssh", "Open a shell on a node", ssh_command, true},
    {"menu", "All of it on one screen", menu_command, true},
    {"certs", "Make, show or renew the cluster's certificates", certs_command, false},
    {"cloudtrail", "Make, show or delete the trail of all regions", cloudtrail_command, false},
    {"config", "Show, compare or push a role's node configuration", config_command, false},
    {"console", "Try expressions", console_command, false},
    {"elb-name", "Print the DNS names of the load balancers", elb_name_command, false},
    {"etcd", "Say how etcd is, take a snapshot, go back to one", etcd_command, false},
    {"fmt", "Reformat configuration files", fmt_command, false},
    {"force-unlock", "Take a lock on the state away", force_unlock_command, false},
    {"graph", "Draw what depends on what", graph_command, false},
    {"image", "Say which image is the newest, configured and running", image_command, false},
    {"import", "Take what exists into the state", import_command, false},
    {"lab", "A cluster on this machine, with real etcd", lab_command, false},
    {"keys", "Make, find, add or delete the cluster's ssh key", keys_command, false},
    {"machines", "List the machines that registered in etcd", machines_command, false},
    {"output", "Show output values", output_command, false},
    {"permissions", "Print the IAM policy that the operator needs", permissions_command, false},
    {"providers", "Show which providers a configuration needs", providers_command, false},
    {"refresh", "Bring the state up to date with what exists", refresh_command, false},
    {"roll", "Replace the nodes of a role in turn", roll_command, false},
    {"session", "Lock the whole cluster for yourself", session_command, false},
    {"show", "Show the state or a saved plan", show_command, false},
    {"state", "Look at the objects of the state, and mend it", state_command, false},
    {"taint", "Mark an object to be replaced", taint_command, false},
    {"untaint", "Take that mark away", untaint_command, false},
    {"vpc-id", "Print the id of the VPC", vpc_id_command, false},
    {"version", "Show the current terrace version", version_command, false},
};

std::string list_of(std::span<const Command> commands, bool main_ones) {
  std::string text;
  for (const Command& command : commands) {
    if (command.is_main == main_ones) text += fmt::format("  {:<14}{}\n", command.name, command.summary);
  }
  return text;
}

std::string help_text() {
  return "Usage: terrace [global options] <subcommand> [args]\n\n"
         "The available commands for execution are listed below.\n"
         "The primary workflow commands are given first, followed by\n"
         "less common or more advanced commands.\n\n"
         "Main commands:\n" +
         list_of(commands(), true) + "\nAll other commands:\n" + list_of(commands(), false) +
         "\nGlobal options (use these before the subcommand, if any):\n"
         "  -chdir=DIR    Switch to a different working directory before executing the\n"
         "                given subcommand.\n"
         "  -help         Show this help output, or the help for a specified subcommand.\n"
         "  -version      An alias for the \"version\" subcommand.\n";
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

bool is_help(std::string_view argument) {
  return argument == "-help" || argument == "--help" || argument == "-h" || argument == "help";
}

// The words of TF_CLI_ARGS, split as a shell would: quotes and backslashes.
Arguments shell_words(std::string_view text) {
  Arguments words;
  std::string word;
  bool has_word = false;
  char quote = '\0';
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
      word += text[++at];
      has_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      has_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (has_word) words.push_back(std::exchange(word, {}));
      has_word = false;
    } else {
      word += c;
      has_word = true;
    }
  }
  if (has_word) words.push_back(std::move(word));
  return words;
}

// Takes the flag that every command knows, wherever it stands.
void take_no_color(Context& context, Arguments& arguments) {
  const auto is_no_color = [](const std::string& argument) {
    return argument == "-no-color" || argument == "--no-color" || argument == "-no-color=true";
  };
  if (std::erase_if(arguments, is_no_color) > 0) context.terminal.set_color(false);
}

int unknown_command(const Context& context, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Command& command : commands()) names.push_back(command.name);
  const std::string_view meant = similar_name(name, names);
  context.terminal.print_error(
      fmt::format("terrace has no command named \"{}\".{}\n\n"
                  "To see all of terrace's top-level commands, run:\n  terrace -help\n\n",
                  name, meant.empty() ? "" : fmt::format(" Did you mean \"{}\"?", meant)));
  return 1;
}

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

std::string_view similar_name(std::string_view word, const std::vector<std::string_view>& names) {
  for (const std::string_view name : names) {
    if (edit_distance(word, name) < 3) return name;
  }
  return "";
}

int run_subcommand(Context& context, std::string_view parent, std::string_view description,
                   std::span<const Command> subcommands, const Arguments& arguments) {
  const std::string help =
      fmt::format("Usage: terrace [global options] {} <subcommand> [options] [args]\n\n{}\n\nSubcommands:\n{}{}",
                  parent, description, list_of(subcommands, true), list_of(subcommands, false));
  if (!arguments.empty()) {
    for (const Command& command : subcommands) {
      if (command.name == arguments[0]) return command.run(context, Arguments(arguments.begin() + 1, arguments.end()));
    }
    if (is_help(arguments[0])) {
      context.print(help);
      return 0;
    }
  }
  context.terminal.print_error(help);
  return 127;
}

int run(Context& context, Arguments arguments) {
  take_no_color(context, arguments);
  size_t at = 0;
  for (; at < arguments.size() && arguments[at].starts_with('-'); ++at) {
    std::string_view flag = arguments[at];
    if (flag.starts_with("--")) flag.remove_prefix(1);
    if (flag.starts_with("-chdir=")) {
      const std::string directory(flag.substr(7));
      if (chdir(directory.c_str()) != 0) {
        context.terminal.print_error(
            fmt::format("Error handling -chdir option: chdir {}: {}\n", directory, std::strerror(errno)));
        return 1;
      }
    } else if (flag == "-chdir") {
      context.terminal.print_error(
          "Invalid -chdir option: must include an equals sign followed by a directory path, like -chdir=example\n");
      return 1;
    } else if (flag == "-version" || flag == "-v") {
      return version_command(context,
                             Arguments(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end()));
    } else if (is_help(flag)) {
      break;
    } else {
      context.terminal.print_error(
          fmt::format("terrace has no global option {}.\n\nTo see them all, run:\n  terrace -help\n", flag));
      return 1;
    }
  }
  arguments.erase(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(at));
  if (arguments.empty() || is_help(arguments[0])) {
    if (arguments.size() > 1 && !arguments[1].starts_with('-')) {
      for (const Command& command : commands()) {
        if (command.name == arguments[1]) return command.run(context, {"-help"});
      }
      return unknown_command(context, arguments[1]);
    }
    context.print(help_text());
    return arguments.empty() ? 127 : 0;
  }
  const std::string name = arguments[0];
  Arguments extra = shell_words(context.environment.get("TF_CLI_ARGS_" + name));
  Arguments general = shell_words(context.environment.get("TF_CLI_ARGS"));
  extra.insert(extra.begin(), general.begin(), general.end());
  extra.insert(extra.end(), arguments.begin() + 1, arguments.end());
  take_no_color(context, extra);
  for (const Command& command : commands()) {
    if (command.name == name) return command.run(context, extra);
  }
  return unknown_command(context, name);
}

}  // namespace terrace::cli
