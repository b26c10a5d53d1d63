// The table of commands: names, one-line summaries, and the function of each. main calls run().
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/context.h"

namespace terrace::cli {

using CommandFunction = int (*)(Context&, const Arguments&);

struct Command {
  std::string_view name;
  std::string_view summary;
  CommandFunction run;
  bool is_main;  // listed first
};

// Every command, in the order of the help text.
std::span<const Command> commands();

// Runs the command line (without the program's name): global flags, then a command. Gives the exit code.
int run(Context& context, Arguments arguments);

// The one of `names` that `word` was probably meant to be, or empty.
std::string_view similar_name(std::string_view word, const std::vector<std::string_view>& names);

// "There is no command ..." for a command with subcommands (`state`, `aws`): dispatches to the one named first.
int run_subcommand(Context& context, std::string_view parent, std::string_view description,
                   std::span<const Command> subcommands, const Arguments& arguments);

// One function a command; each stands in the file of its name.
int certs_command(Context& context, const Arguments& arguments);
int cloudtrail_command(Context& context, const Arguments& arguments);
int config_command(Context& context, const Arguments& arguments);
int console_command(Context& context, const Arguments& arguments);
int down_command(Context& context, const Arguments& arguments);
int elb_name_command(Context& context, const Arguments& arguments);
int fmt_command(Context& context, const Arguments& arguments);
int graph_command(Context& context, const Arguments& arguments);
int image_command(Context& context, const Arguments& arguments);
int import_command(Context& context, const Arguments& arguments);
int lab_command(Context& context, const Arguments& arguments);
int keys_command(Context& context, const Arguments& arguments);
int machines_command(Context& context, const Arguments& arguments);
int menu_command(Context& context, const Arguments& arguments);
int nodes_command(Context& context, const Arguments& arguments);
int output_command(Context& context, const Arguments& arguments);
int permissions_command(Context& context, const Arguments& arguments);
int providers_command(Context& context, const Arguments& arguments);
int etcd_command(Context& context, const Arguments& arguments);
int roll_command(Context& context, const Arguments& arguments);
int session_command(Context& context, const Arguments& arguments);
int show_command(Context& context, const Arguments& arguments);
int ssh_command(Context& context, const Arguments& arguments);
int state_command(Context& context, const Arguments& arguments);
int status_command(Context& context, const Arguments& arguments);
int taint_command(Context& context, const Arguments& arguments);
int untaint_command(Context& context, const Arguments& arguments);
int up_command(Context& context, const Arguments& arguments);
int version_command(Context& context, const Arguments& arguments);
int vpc_id_command(Context& context, const Arguments& arguments);

}  // namespace terrace::cli
