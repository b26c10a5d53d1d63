// config: the configuration of one kind of node, as it lies in the bucket and as the files would have it.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "cli/cluster_access.h"
#include "cli/cluster_commands.h"
#include "cli/cluster_run.h"
#include "cli/commands.h"
#include "cli/line_diff.h"
#include "cluster/objects.h"
#include "node/bootstrap.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kObject = "module.nodes.aws_s3_object.node_config";

std::string key_of(const std::string& role) {
  return role + "/ignition.json";
}

// What a data URL holds; nothing where it is another URL.
std::optional<std::string> inline_content(const std::string& source) {
  constexpr std::string_view kPrefix = "data:;base64,";
  if (!source.starts_with(kPrefix)) return std::nullopt;
  return aws::base64_decode(std::string_view(source).substr(kPrefix.size()));
}

// An Ignition configuration as a person reads it: each file and unit under its name, one after the other.
std::string readable(const std::string& text) {
  const Json config = Json::parse(text, nullptr, false);
  if (!config.is_object()) return text;
  std::vector<std::string> parts;
  const Json storage = config.value("storage", Json::object());
  for (const Json& file : storage.value("files", Json::array())) {
    const Json contents = file.value("contents", Json::object());
    const std::string source = contents.value("source", "");
    std::string body = inline_content(source).value_or(
        source + "\n" + contents.value("verification", Json::object()).value("hash", "") + "\n");
    parts.push_back(fmt::format("==== {} (mode {:o})\n{}", file.value("path", ""), file.value("mode", 0), body));
  }
  const Json systemd = config.value("systemd", Json::object());
  for (const Json& unit : systemd.value("units", Json::array()))
    parts.push_back(fmt::format("==== unit {}{}\n{}", unit.value("name", ""),
                                unit.value("enabled", false) ? " (enabled)" : "", unit.value("contents", "")));
  std::sort(parts.begin(), parts.end());
  std::string whole;
  for (const Json& disk : storage.value("filesystems", Json::array()))
    whole += fmt::format("==== {} is {} labelled {}\n", disk.value("device", ""), disk.value("format", ""),
                         disk.value("label", ""));
  for (const std::string& part : parts) whole += part + (part.ends_with('\n') ? "\n" : "\n\n");
  return whole;
}

// A role whose stack has such an object in its state.
class RoleConfig {
 public:
  RoleConfig(Context& context, std::string role) : context_(context), access_(context), role_(std::move(role)) {}

  // Zero where the role has a configuration; otherwise the exit code after an error was shown.
  int open() {
    if (!access_.connect()) return 1;
    const auto& stacks = access_.stacks().stacks();
    if (!stacks.contains(role_) || !context_.files.exists(stacks.at(role_).directory + "/node_variables.tf"))
      return context_.fail(
          "There is no role " + role_,
          "Roles are the stacks of nodes, such as etcd, worker and admiral: terrace config show etcd.");
    if (!access_.was_created(role_)) return access_.never_created(role_);
    return 0;
  }

  Result<std::optional<cluster::StoredObject>, aws::ApiError> stored() {
    std::string bucket = access_.bucket("cloudinit");
    std::string key = key_of(role_);
    return context_.loop.run(cluster::read_object(access_.aws(), bucket, key));
  }
  std::string url() const { return "s3://" + access_.bucket("cloudinit") + "/" + key_of(role_); }
  int fail(const aws::ApiError& error) const { return access_.fail("Reading " + url(), error); }
  ClusterAccess& access() { return access_; }

 private:
  Context& context_;
  ClusterAccess access_;
  std::string role_;
};

RunFlags only_the_object() {
  RunFlags run;
  run.only = true;
  run.targets = {kObject};
  return run;
}

int one_role(Context& context, const Arguments& rest, const char* command) {
  if (rest.size() == 1) return 0;
  return context.fail("Which role?", fmt::format("Give one: terrace config {} etcd.", command));
}

int show(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("config show [options] ROLE",
              "Prints the configuration that nodes of a role get, as it lies in the bucket.");
  flags.boolean("json", &json, "Write the Ignition configuration itself.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (int code = one_role(context, rest, "show")) return code;
  RoleConfig config(context, rest[0]);
  if (int code = config.open()) return code;
  const auto object = config.stored();
  if (!object) return config.fail(object.error());
  if (!object->has_value())
    return context.fail(
        "The configuration is gone",
        fmt::format("{} does not exist: nodes that boot now get none. \"terrace config push {}\" puts it "
                    "back.",
                    config.url(), rest[0]));
  if (json) {
    context.print((*object)->body + "\n");
    return 0;
  }
  context.print(fmt::format("{}\nmodified {}, version {}\n\n{}", config.url(), (*object)->modified,
                            (*object)->version_id.empty() ? "none" : (*object)->version_id, readable((*object)->body)));
  return 0;
}

int diff(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags(
      "config diff [options] ROLE",
      "Shows how the configuration in the bucket differs from what the files here make of it. Exit code 2 where it "
      "does.");
  flags.boolean("json", &json, "Write both, and whether they differ, as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (int code = one_role(context, rest, "diff")) return code;
  RoleConfig config(context, rest[0]);
  if (int code = config.open()) return code;
  const auto object = config.stored();
  if (!object) return config.fail(object.error());

  Signals signals(context);
  ClusterRun run(context, config.access(), only_the_object());
  if (!run.find(rest, false)) return 1;
  run.plan("OperationTypePlan");
  const Diagnostics& errors = run.plan_errors(rest[0]);
  std::optional<std::string> wanted;
  if (!errors.has_errors()) {
    const plan::Plan& plan = *run.plan_of(rest[0]);
    for (const plan::ResourceChange& change : plan.changes) {
      if (plan.address_of(change) != kObject || change.after.is_null()) continue;
      const lang::Value content = change.after.without_marks_deep().attribute("content");
      if (content.has_content()) wanted = content.as_string();
    }
  } else {
    context.show(errors);
  }
  run.close();
  if (errors.has_errors()) return 1;
  if (!wanted)
    return context.fail(
        "The configuration cannot be told yet",
        fmt::format("It depends on something that only an apply will tell, or {} is gone from the stack. "
                    "\"terrace plan {}\" shows what.",
                    kObject, rest[0]));

  const std::string before = object->has_value() ? (*object)->body : std::string();
  const bool differs = before != *wanted;
  if (json) {
    const Json answer = {{"url", config.url()},
                         {"differs", differs},
                         {"stored", Json::parse(before, nullptr, false)},
                         {"wanted", Json::parse(*wanted, nullptr, false)}};
    context.print(answer.dump(2) + "\n");
  } else if (!differs) {
    context.print(fmt::format("{} is as the files have it.\n", config.url()));
  } else {
    context.print(
        unified_diff(config.url(), "the files", readable(before), readable(*wanted), context.terminal.color()));
  }
  return differs ? 2 : 0;
}

// Names the version that lies in the bucket, for nodes to take up.
int take_up_now(Context& context, const std::string& role) {
  RoleConfig config(context, role);
  if (int code = config.open()) return code;
  if (!config.access().check_session_lock()) return 1;
  Result<std::optional<cluster::StoredObject>, aws::ApiError> object = config.stored();
  if (!object) return config.fail(object.error());
  if (!object->has_value()) return context.fail("There is no configuration", config.url() + " is not there.");
  const std::string version = node::node_configuration_version((*object)->body);
  std::string bucket = config.access().bucket("cloudinit");
  std::string key = node::apply_marker_key(key_of(role));
  std::string text = node::apply_marker(version);
  const Result<bool, aws::ApiError> written = context.loop.run(
      cluster::write_object(config.access().aws(), bucket, key, text, cluster::Overwrite::kAlways, "application/json"));
  if (!written) return config.access().fail("Writing " + key, written.error());
  context.print(fmt::format("Nodes of {} take up configuration {} within a minute.\n", role, version));
  return 0;
}

int push(Context& context, const Arguments& arguments) {
  RunFlags run = only_the_object();
  Flags flags(
      "config push [options] ROLE",
      "Puts a role's changed configuration into its bucket, and changes nothing else: nodes that are launched or boot "
      "from now on take it up. With -now running nodes do, too; \"terrace roll ROLE\" replaces them.");
  bool now = false;
  flags.boolean("now", &now, "Have running nodes take it up within a minute.");
  flags.boolean("auto-approve", &run.auto_approve, "Skip the question.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (int code = one_role(context, rest, "push")) return code;
  {
    RoleConfig config(context, rest[0]);
    if (int code = config.open()) return code;
  }
  if (const int code = apply_stacks(context, run, rest, Listing::kCompact); code != 0 || !now) return code;
  return take_up_now(context, rest[0]);
}

constexpr Command kSubcommands[] = {
    {"show", "Print what nodes of a role get", show, true},
    {"diff", "Show how the files differ from it", diff, true},
    {"push", "Put the changed configuration into its bucket", push, true},
};

}  // namespace

int config_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "config", "The configuration of one kind of node.", kSubcommands, arguments);
}

}  // namespace terrace::cli
