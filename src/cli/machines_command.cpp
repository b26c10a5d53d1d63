// machines: the nodes as they registered themselves in etcd; until one has, as their groups know them.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/timestamp.h"
#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/table.h"
#include "cluster/objects.h"
#include "node/machines.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string metadata_text(const node::Machine& machine) {
  std::string text;
  for (const auto& [key, value] : machine.metadata) text += fmt::format("{}{}={}", text.empty() ? "" : ",", key, value);
  return text;
}

// What the node of etcd says of itself, as far as its group knows it.
node::Machine machine_of(const cluster::Node& node, const std::string& cluster, const std::string& region) {
  return {node.id,
          node.private_address,
          {{"env", cluster},
           {"platform", "ec2"},
           {"provider", "aws"},
           {"region", region},
           {"role", node.role},
           {"zone", node.zone}}};
}

}  // namespace

int machines_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags(
      "machines [options]",
      "Lists the machines that registered themselves in etcd, with their metadata, as the leader's node published "
      "them last. Before the first has, the instances of the groups stand for them, and it says so.");
  flags.boolean("json", &json, "Write the list as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!access.connect()) return 1;
  std::string bucket = access.bucket("cloudinit");
  std::string key = node::kMachinesObject;
  Result<std::optional<cluster::StoredObject>, aws::ApiError> object =
      context.loop.run(cluster::read_object(access.aws(), bucket, key));
  if (!object) return access.fail("Reading the registry of machines", object.error());

  std::vector<node::Machine> machines;
  if (object->has_value()) {
    Result<std::vector<node::Machine>, std::string> parsed = node::parse_machines((*object)->body);
    if (!parsed.ok())
      return context.fail("The registry of machines cannot be read",
                          fmt::format("s3://{}/{}: {}. The node of etcd's leader writes it anew with the next change.",
                                      bucket, key, parsed.error()));
    machines = std::move(*parsed);
  } else {
    std::optional<std::vector<cluster::Group>> groups = groups_of(context, access, "");
    if (!groups) return 1;
    for (const cluster::Group& group : *groups) {
      for (const cluster::Node& each : group.nodes)
        machines.push_back(machine_of(each, access.values().name, access.values().region));
    }
    if (!json && groups->empty()) return no_nodes(context, access, "");
  }

  if (json) {
    Json list = Json::array();
    for (const node::Machine& machine : machines)
      list.push_back({{"id", machine.id}, {"address", machine.address}, {"metadata", machine.metadata}});
    Json whole = {{"source", object->has_value() ? "etcd" : "groups"}, {"machines", std::move(list)}};
    context.print(whole.dump(2) + "\n");
    return 0;
  }
  if (object->has_value()) {
    const std::optional<Duration> published = aws::parse_timestamp((*object)->modified);
    auto seconds = [](Duration wall) { return std::chrono::duration_cast<std::chrono::seconds>(wall).count(); };
    context.print(fmt::format("Registered in etcd, published {} ago:\n\n",
                              age_text(published ? seconds(*published) : 0, seconds(context.clock.wall()))));
  } else {
    context.print("No machine has registered in etcd yet. The instances of the groups:\n\n");
  }
  std::vector<std::vector<std::string>> rows = {{"MACHINE", "IP", "METADATA"}};
  for (const node::Machine& machine : machines) rows.push_back({machine.id, machine.address, metadata_text(machine)});
  context.print(table_text(rows, context.terminal.color()));
  return 0;
}

}  // namespace terrace::cli
