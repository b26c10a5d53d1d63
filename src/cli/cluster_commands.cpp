#include "cli/cluster_commands.h"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_run.h"
#include "cli/commands.h"
#include "cli/state_json.h"
#include "cli/state_view.h"
#include "cluster/new_cluster.h"
#include "cluster/values.h"
#include "stacks/stacks.h"

namespace terrace::cli {

bool is_cluster_directory(Context& context) {
  Result<FileInfo, FileError> stacks = context.files.info("stacks");
  return stacks && stacks->is_directory && context.files.exists(cluster::kValuesFile);
}

int not_a_cluster(Context& context) {
  return context.fail("Not a cluster directory",
                      "This command works on a cluster: run it in a directory that \"terrace new NAME\" wrote, which "
                      "has a cluster.tfvars and a folder stacks/.");
}

int plan_stacks(Context& context, const RunFlags& flags, const Arguments& names) {
  Signals signals(context);
  if (!flags.out.empty())
    return context.fail("Plans of several stacks can't be saved",
                        "-out belongs to one root module: change to stacks/NAME, or use -chdir=stacks/NAME with "
                        "-var-file=../../cluster.tfvars.");
  ClusterAccess access(context);
  ClusterRun run(context, access, flags);
  if (!run.find(names, flags.destroy)) return 1;
  run.plan("OperationTypePlan");
  int code = run.show_plans(Listing::kFull);
  run.close();
  if (code != 0) return code;
  return flags.detailed_exitcode && run.has_changes() ? 2 : 0;
}

int apply_stacks(Context& context, const RunFlags& flags, const Arguments& names, Listing listing) {
  Signals signals(context);
  ClusterAccess access(context);
  ClusterRun run(context, access, flags);
  if (!run.find(names, flags.destroy)) return 1;
  if (!access.check_session_lock()) return 1;
  run.plan("OperationTypeApply");
  int code = run.show_plans(listing);
  if (code == 0 && run.has_changes() && !run.approved()) code = 1;
  if (code == 0 && (run.has_changes() || listing == Listing::kFull)) code = run.apply(signals);
  run.close();
  return code;
}

int up_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags(
      "up [options] [STACK...|all]",
      "Brings stacks of the cluster up, with what they need: lists what will be made or changed, asks once, and "
      "works on stacks that don't depend on each other at the same time. Interrupted, it goes on when it is run "
      "again.");
  run.add_to(flags, false, true);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!is_cluster_directory(context)) return not_a_cluster(context);
  return apply_stacks(context, run, rest, Listing::kCompact);
}

int down_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags(
      "down [options] [STACK...|all]",
      "Takes stacks of the cluster down, after those that need them: lists what goes and asks for the cluster's "
      "name.");
  run.add_to(flags, false, true);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  run.destroy = true;
  if (!is_cluster_directory(context)) return not_a_cluster(context);
  return apply_stacks(context, run, rest, Listing::kCompact);
}

namespace {

// The archive of terraced: beside the program where it was built, in share/ where it was installed. Empty where neither
// is.
std::string agent_archive(FileSystem& files) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  if (error) return {};
  const std::string folder = directory_of(program);
  for (const std::string& path :
       {join_path(folder, "terraced.tar.gz"), join_path(directory_of(folder), "share/terrace/terraced.tar.gz")}) {
    if (files.exists(path)) return path;
  }
  return {};
}

}  // namespace

int new_command(Context& context, const Arguments& arguments) {
  std::string region;
  std::vector<std::string> cidrs;
  Flags flags("new NAME [options]",
              "Writes a cluster directory called NAME: stacks, modules, cluster.tfvars, README and Makefile.");
  flags.text("region", &region, "REGION", "The AWS region. Defaults to AWS_REGION, or us-west-2.");
  flags.list("allow-ssh-cidr", &cidrs, "CIDR", "Who may ssh to the nodes. Defaults to this machine's public address.");
  Arguments rest;
  // The name may stand before the options.
  Arguments ordered = arguments;
  std::string name;
  if (!ordered.empty() && !ordered[0].starts_with("-")) {
    name = ordered[0];
    ordered.erase(ordered.begin());
  }
  if (auto code = context.parse(flags, ordered, &rest)) return *code;
  if (name.empty() && rest.size() == 1) {
    name = rest[0];
    rest.clear();
  }
  if (name.empty() || !rest.empty())
    return context.fail("One name is needed",
                        "Give the cluster's name: terrace new NAME [-region REGION] [-allow-ssh-cidr CIDR].");
  if (region.empty()) region = context.environment.get("AWS_REGION");
  if (region.empty()) region = context.environment.get("AWS_DEFAULT_REGION");
  if (region.empty()) region = "us-west-2";
  bool found = !cidrs.empty();
  if (!found) {
    std::optional<std::string> address = context.loop.run(cluster::find_public_address(context.network));
    if (address) cidrs.push_back(*address + "/32");
  }
  std::string directory = name;
  std::size_t slash = name.find_last_of('/');
  std::string cluster = slash == std::string::npos ? name : name.substr(slash + 1);
  const std::string agent = agent_archive(context.files);
  Checked<std::vector<std::string>> written =
      cluster::write_cluster(context.files, {directory, cluster, region, cidrs, agent});
  context.show(written.diagnostics);
  if (written.diagnostics.has_errors()) return 1;
  context.print(context.style("[bold]") +
                fmt::format("Wrote the cluster {} to {}/ ({} files).", cluster, directory, written.value.size()) +
                context.style("[reset]") + "\n\n");
  if (cidrs.empty()) {
    context.print(
        "SSH to the nodes is closed: this machine's public address was not found. To open it, set allow_ssh_cidr in "
        "cluster.tfvars.\n\n");
  } else {
    context.print(fmt::format("SSH to the nodes is open to {} only; allow_ssh_cidr in cluster.tfvars says so.\n\n",
                              fmt::join(cidrs, ", ")));
  }
  if (agent.empty()) {
    context.print(
        "Nodes will not run the agent that makes and keeps etcd: terraced.tar.gz is neither beside terrace nor in its "
        "share/terrace. Build it (./terrace-dev build) and copy it to nodes/ before etcd is made.\n\n");
  }
  context.print(
      fmt::format("Next:\n  cd {}\n  $EDITOR cluster.tfvars     # the few values to choose stand at the top\n  terrace "
                  "plan all           # everything, before anything exists\n  terrace apply all\n",
                  directory));
  return 0;
}

int output_stacks(Context& context, bool json, const Arguments& names) {
  Checked<stacks::StackGraph> found = stacks::find_stacks(context.files);
  context.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return 1;
  Checked<std::vector<std::string>> selected = found.value.select(names, true, false);
  context.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return 1;
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const std::string& name : selected.value) {
    std::optional<state::State> state = read_state(context, found.value.at(name).directory + "/terraform.tfstate");
    if (!state) return 1;
    if (json) {
      object[name] = nlohmann::ordered_json::parse(outputs_json(*state));
    } else {
      context.print(context.style("[bold]") + name + context.style("[reset]") +
                    (state->lineage.empty()   ? "  (never created)\n"
                     : state->outputs.empty() ? "  (no outputs)\n"
                                              : "\n"));
      std::string text = outputs_text(*state, context);
      for (std::size_t at = 0; at < text.size();) {
        std::size_t end = std::min(text.find('\n', at), text.size());
        context.print("  " + text.substr(at, end - at) + "\n");
        at = end + 1;
      }
    }
  }
  if (json) context.print(object.dump(2) + "\n");
  return 0;
}

int show_stacks(Context& context, bool json, const Arguments& names) {
  if (json) return context.fail("One stack at a time as JSON", "Use -chdir=stacks/NAME with show -json.");
  Checked<stacks::StackGraph> found = stacks::find_stacks(context.files);
  context.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return 1;
  Checked<std::vector<std::string>> selected = found.value.select(names, true, false);
  context.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return 1;
  for (const std::string& name : selected.value) {
    std::optional<state::State> state = read_state(context, found.value.at(name).directory + "/terraform.tfstate");
    if (!state) return 1;
    context.print(context.style("[bold]") + "──── " + name + context.style("[reset]") + "\n");
    std::string text = state_text(context, *state);
    context.print(text.empty() ? (state->lineage.empty() ? "Never created.\n\n" : "Nothing exists.\n\n") : text + "\n");
  }
  return 0;
}

}  // namespace terrace::cli
