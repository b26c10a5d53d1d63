// elb-name, vpc-id, image: one fact about the cluster each, for a person or a script.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/table.h"
#include "cluster/images.h"
#include "cluster/state_values.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

struct LoadBalancer {
  std::string stack;
  std::string name;
  std::string dns_name;
};

std::vector<LoadBalancer> load_balancers(ClusterAccess& access, const std::string& only) {
  std::vector<LoadBalancer> found;
  for (const std::string& stack : access.stacks().order()) {
    if (!only.empty() && stack != only) continue;
    for (const char* type : {"aws_elb", "aws_lb"}) {
      for (const auto& [address, attributes] : cluster::objects_of_type(access.state(stack), type))
        found.push_back({stack, attributes.value("name", ""), attributes.value("dns_name", "")});
    }
  }
  return found;
}

}  // namespace

int elb_name_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("elb-name [options] [STACK]",
              "Prints the DNS names of the cluster's load balancers, or of one stack's, from the states.");
  flags.boolean("json", &json, "Write the list as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!access.read()) return 1;
  std::string only = rest.empty() ? "" : rest[0];
  std::vector<LoadBalancer> found = load_balancers(access, only);
  if (json) {
    Json list = Json::array();
    for (const LoadBalancer& one : found)
      list.push_back({{"stack", one.stack}, {"name", one.name}, {"dns_name", one.dns_name}});
    context.print(list.dump(2) + "\n");
    return 0;
  }
  if (found.empty() && !only.empty() && !access.was_created(only)) return access.never_created(only);
  if (found.empty())
    return context.fail("The cluster has no load balancer",
                        "No stack's state holds one. \"terrace up elb-ci\" makes the one for CI.");
  for (const LoadBalancer& one : found)
    context.print(found.size() == 1 ? one.dns_name + "\n" : fmt::format("{}  {}\n", one.name, one.dns_name));
  return 0;
}

int vpc_id_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("vpc-id [options]", "Prints the id of the cluster's VPC, from the state of the stack vpc.");
  flags.boolean("json", &json, "Write it as JSON, with the VPC's addresses.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!access.read()) return 1;
  nlohmann::json id = cluster::output_of(access.state("vpc"), "vpc_id");
  if (!id.is_string()) return access.never_created("vpc");
  if (json) {
    Json object = {{"vpc_id", id}, {"vpc_cidr", cluster::output_of(access.state("vpc"), "vpc_cidr")}};
    context.print(object.dump(2) + "\n");
  } else {
    context.print(id.get<std::string>() + "\n");
  }
  return 0;
}

int image_command(Context& context, const Arguments& arguments) {
  bool json = false;
  std::string channel;
  Flags flags("image [options]",
              "Says which image of Flatcar Container Linux is the newest of the channel, which one each group is "
              "configured with, and what its instances run.");
  flags.boolean("json", &json, "Write the answer as JSON.");
  flags.text("channel", &channel, "CHANNEL", "stable, beta, alpha or lts. Defaults to the cluster's update_channel.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!access.connect()) return 1;
  if (channel.empty()) channel = access.values().text("update_channel", "stable");
  Result<std::optional<cluster::Image>, aws::ApiError> newest =
      context.loop.run(cluster::newest_image(access.aws(), channel));
  if (!newest) return access.fail("Looking for images", newest.error());
  if (!newest->has_value())
    return context.fail(
        "No image of this channel",
        fmt::format("Flatcar publishes no image of the channel \"{}\" in {}. Channels are stable, beta, "
                    "alpha and lts.",
                    channel, access.values().region));
  std::optional<std::vector<cluster::Group>> groups = groups_of(context, access, "");
  if (!groups) return 1;
  const cluster::Image& image = **newest;
  auto running = [](const cluster::Group& group) {
    std::map<std::string, int> images;
    for (const cluster::Node& node : group.nodes) ++images[node.image_id];
    return images;
  };
  if (json) {
    Json object = {{"channel", channel},
                   {"newest", {{"id", image.id}, {"name", image.name}, {"created", image.created}}},
                   {"groups", Json::array()}};
    for (const cluster::Group& group : *groups)
      object["groups"].push_back({{"role", group.role}, {"configured", group.image_id}, {"running", running(group)}});
    context.print(object.dump(2) + "\n");
    return 0;
  }
  context.print(fmt::format("newest of {}: {}  {}  ({})\n", channel, image.id, image.name, image.created));
  if (groups->empty()) {
    context.print("No group of nodes was created yet.\n");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"GROUP", "CONFIGURED", "RUNNING", ""}};
  for (const cluster::Group& group : *groups) {
    std::string text;
    for (const auto& [id, count] : running(group))
      text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", id, count);
    rows.push_back({group.role, group.image_id, text.empty() ? "-" : text,
                    group.image_id == image.id ? "newest" : "a newer one is there"});
  }
  context.print("\n" + table_text(rows, context.terminal.color()));
  return 0;
}

}  // namespace terrace::cli
