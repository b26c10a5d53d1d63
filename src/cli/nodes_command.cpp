// nodes: the instances of the cluster's groups, with their addresses. ssh: a shell on one of them.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/table.h"

namespace terrace::cli {

namespace {

std::string roles_of(const std::vector<cluster::Group>& groups) {
  std::string roles;
  for (const cluster::Group& group : groups) roles += (roles.empty() ? "" : ", ") + group.role;
  return roles;
}

bool is_reachable(const cluster::Node& node) {
  return node.state == "running" || (node.state.empty() && node.in_service());
}

// The node that `wanted` means: an instance id or address, or the oldest running node of a role.
const cluster::Node* choose(const std::vector<cluster::Group>& groups, const std::string& wanted) {
  for (const cluster::Group& group : groups) {
    for (const cluster::Node& node : group.nodes) {
      bool named = node.id == wanted || node.private_address == wanted || node.public_address == wanted;
      if (named || (group.role == wanted && is_reachable(node))) return &node;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<std::vector<cluster::Group>> groups_of(Context& context, ClusterAccess& access, const std::string& role) {
  Result<std::vector<cluster::Group>, aws::ApiError> groups =
      context.loop.run(cluster::read_groups(access.aws(), access.values().name, role));
  if (groups) return std::move(*groups);
  access.fail("Reading the cluster's groups", groups.error());
  return std::nullopt;
}

nlohmann::ordered_json node_json(const cluster::Node& node) {
  return {{"id", node.id},
          {"role", node.role},
          {"private_address", node.private_address},
          {"public_address", node.public_address},
          {"zone", node.zone},
          {"state", node.state},
          {"lifecycle", node.lifecycle},
          {"healthy", node.healthy},
          {"image_id", node.image_id},
          {"instance_type", node.instance_type},
          {"template_version", node.template_version},
          {"launched", node.launched}};
}

int no_nodes(Context& context, ClusterAccess& access, const std::string& role) {
  if (!role.empty() && access.stacks().stacks().contains(role) && !access.was_created(role))
    return access.never_created(role);
  return context.fail(role.empty() ? "The cluster has no nodes" : "There is no group of role " + role,
                      role.empty() ? "None of its groups was ever created. \"terrace up\" makes them."
                                   : fmt::format("AWS knows no autoscaling group {}-{}. \"terrace nodes\" lists all.",
                                                 access.values().name, role));
}

int nodes_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("nodes [options] [ROLE]", "Lists the instances of the cluster's groups, or of one role's.");
  flags.boolean("json", &json, "Write the list as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() > 1) return context.fail("One role at a time", "Usage: terrace nodes [-json] [ROLE].");
  ClusterAccess access(context);
  if (!access.connect()) return 1;
  std::string role = rest.empty() ? "" : rest[0];
  std::optional<std::vector<cluster::Group>> groups = groups_of(context, access, role);
  if (!groups) return 1;
  if (json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const cluster::Group& group : *groups) {
      for (const cluster::Node& node : group.nodes) list.push_back(node_json(node));
    }
    context.print(list.dump(2) + "\n");
    return 0;
  }
  if (groups->empty()) return no_nodes(context, access, role);
  std::vector<std::vector<std::string>> rows = {
      {"ID", "ROLE", "PRIVATE", "PUBLIC", "ZONE", "TYPE", "STATE", "AGE", "IMAGE"}};
  int64_t now = std::chrono::duration_cast<std::chrono::seconds>(context.clock.wall()).count();
  for (const cluster::Group& group : *groups) {
    for (const cluster::Node& node : group.nodes) {
      rows.push_back({node.id, node.role, node.private_address.empty() ? "-" : node.private_address,
                      node.public_address.empty() ? "-" : node.public_address, node.zone, node.instance_type,
                      node.in_service() ? node.lifecycle : node.lifecycle + (node.healthy ? "" : ", unhealthy"),
                      age_text(node.launched_s, now), node.image_id});
    }
  }
  if (rows.size() == 1) {
    context.print(fmt::format("No instances in {}.\n", roles_of(*groups)));
    return 0;
  }
  context.print(table_text(rows, context.terminal.color()));
  return 0;
}

int ssh_command(Context& context, const Arguments& arguments) {
  std::string user = "core";
  std::string identity;
  Flags flags("ssh [options] ROLE|ID [COMMAND...]",
              "Opens a shell on a node, or runs a command there: the instance with this id or address, or the oldest "
              "running one of a role. ssh is the system's own, with its agent and configuration.");
  flags.text("user", &user, "NAME", "Who to log in as. Defaults to core.");
  flags.text("identity", &identity, "FILE",
             "The private key. Defaults to the cluster's (terrace keys), if it is there.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.empty())
    return context.fail("Which node?", "Give a role or an instance id: terrace ssh etcd, terrace ssh i-0123 uptime.");
  ClusterAccess access(context);
  if (!access.connect()) return 1;
  std::optional<std::vector<cluster::Group>> groups = groups_of(context, access, "");
  if (!groups) return 1;
  const cluster::Node* node = choose(*groups, rest[0]);
  if (node == nullptr) {
    bool is_role =
        std::any_of(groups->begin(), groups->end(), [&](const auto& group) { return group.role == rest[0]; });
    if (groups->empty() || (!is_role && access.stacks().stacks().contains(rest[0])))
      return no_nodes(context, access, rest[0]);
    return context.fail(is_role ? "No node of " + rest[0] + " is running" : "There is no node " + rest[0],
                        fmt::format("\"terrace nodes\" lists them; roles: {}.", roles_of(*groups)));
  }
  std::string address = node->public_address.empty() ? node->private_address : node->public_address;
  if (address.empty())
    return context.fail("The node has no address", node->id + " is " + node->state + ". Wait until it runs.");
  if (identity.empty() && context.files.exists(key_path(access.values().name)))
    identity = key_path(access.values().name);

  std::vector<std::string> words = {"ssh", "-A"};
  if (!identity.empty()) words.insert(words.end(), {"-i", identity});
  words.push_back(user + "@" + address);
  words.insert(words.end(), rest.begin() + 1, rest.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  return context.fail("ssh did not start",
                      fmt::format("{}. Install an ssh client; the command would have been: ssh {}@{}",
                                  std::strerror(errno), user, address));
}

}  // namespace terrace::cli
