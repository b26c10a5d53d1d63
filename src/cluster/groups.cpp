#include "cluster/groups.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "aws/timestamp.h"

namespace terrace::cluster {

namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* member) {
  auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t number_of(const Json& object, const char* member) {
  auto found = object.find(member);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : 0;
}

std::string tag_of(const Json& object, std::string_view key) {
  for (const Json& tag : object.value("Tags", Json::array())) {
    if (text_of(tag, "Key") == key) return text_of(tag, "Value");
  }
  return {};
}

Group group_of(const Json& described, const std::string& cluster) {
  Group group;
  group.name = text_of(described, "AutoScalingGroupName");
  group.role = tag_of(described, "Role");
  if (group.role.empty() && group.name.starts_with(cluster + "-")) group.role = group.name.substr(cluster.size() + 1);
  group.min = number_of(described, "MinSize");
  group.desired = number_of(described, "DesiredCapacity");
  group.max = number_of(described, "MaxSize");
  Json source = described.value("LaunchTemplate", Json());
  if (source.is_null() && described.contains("MixedInstancesPolicy"))
    source = described["MixedInstancesPolicy"]["LaunchTemplate"].value("LaunchTemplateSpecification", Json::object());
  if (source.is_object()) {
    group.template_id = text_of(source, "LaunchTemplateId");
    group.template_version = text_of(source, "Version");
  }
  for (const Json& process : described.value("SuspendedProcesses", Json::array()))
    group.suspended.push_back(text_of(process, "ProcessName"));
  for (const Json& member : described.value("Instances", Json::array())) {
    Node node;
    node.id = text_of(member, "InstanceId");
    node.role = group.role;
    node.zone = text_of(member, "AvailabilityZone");
    node.lifecycle = text_of(member, "LifecycleState");
    node.healthy = text_of(member, "HealthStatus") == "Healthy" || text_of(member, "HealthStatus") == "HEALTHY";
    node.instance_type = text_of(member, "InstanceType");
    if (member.contains("LaunchTemplate")) node.template_version = text_of(member["LaunchTemplate"], "Version");
    group.nodes.push_back(std::move(node));
  }
  return group;
}

void add_instance(Node& node, const Json& instance) {
  node.private_address = text_of(instance, "PrivateIpAddress");
  node.public_address = text_of(instance, "PublicIpAddress");
  node.image_id = text_of(instance, "ImageId");
  if (node.instance_type.empty()) node.instance_type = text_of(instance, "InstanceType");
  if (instance.contains("State")) node.state = text_of(instance["State"], "Name");
  if (instance.contains("Placement")) node.zone = text_of(instance["Placement"], "AvailabilityZone");
  node.launched = text_of(instance, "LaunchTime");
  if (std::optional<Duration> moment = aws::parse_timestamp(node.launched))
    node.launched_s = std::chrono::duration_cast<std::chrono::seconds>(*moment).count();
}

Task<Result<bool, aws::ApiError>> describe_instances(aws::Backend& backend, std::vector<Group>& groups) {
  std::map<std::string, Node*> nodes;
  Json params = Json::object();
  Json filter = Json::object();
  filter["Name"] = "instance-id";
  filter["Values"] = Json::array();
  for (Group& group : groups) {
    for (Node& node : group.nodes) {
      nodes[node.id] = &node;
      filter["Values"].push_back(node.id);
    }
  }
  if (nodes.empty()) co_return true;
  params["Filters"] = Json::array();
  params["Filters"].push_back(std::move(filter));
  aws::ApiResult answer = co_await backend.client().call_all("ec2", "DescribeInstances", std::move(params));
  if (!answer) co_return Failure<aws::ApiError>{answer.error()};
  for (const Json& reservation : answer->value("Reservations", Json::array())) {
    for (const Json& instance : reservation.value("Instances", Json::array())) {
      auto node = nodes.find(text_of(instance, "InstanceId"));
      if (node != nodes.end()) add_instance(*node->second, instance);
    }
  }
  co_return true;
}

// Resolves $Latest and $Default, and finds the image of the version.
Task<Result<bool, aws::ApiError>> describe_templates(aws::Backend& backend, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.template_id.empty()) continue;
    Json params = Json::object();
    params["LaunchTemplateId"] = group.template_id;
    params["Versions"] = Json::array();
    params["Versions"].push_back(group.template_version.empty() ? "$Default" : group.template_version);
    aws::ApiResult answer = co_await backend.client().call("ec2", "DescribeLaunchTemplateVersions", std::move(params));
    if (!answer) co_return Failure<aws::ApiError>{answer.error()};
    Json versions = answer->value("LaunchTemplateVersions", Json::array());
    if (versions.empty()) continue;
    group.template_version = std::to_string(number_of(versions[0], "VersionNumber"));
    if (versions[0].contains("LaunchTemplateData"))
      group.image_id = text_of(versions[0]["LaunchTemplateData"], "ImageId");
  }
  co_return true;
}

}  // namespace

int64_t Group::in_service() const {
  return std::count_if(nodes.begin(), nodes.end(), [](const Node& node) { return node.in_service(); });
}

std::vector<Node> Group::outdated() const {
  std::vector<Node> old;
  for (const Node& node : nodes) {
    if (!node.template_version.empty() && node.template_version != template_version) old.push_back(node);
  }
  return old;
}

Task<Result<std::vector<Group>, aws::ApiError>> read_groups(aws::Backend& backend, std::string cluster,
                                                            std::string role) {
  Json params = Json::object();
  if (role.empty()) {
    Json filter = Json::object();
    filter["Name"] = "tag:Cluster";
    filter["Values"] = Json::array();
    filter["Values"].push_back(cluster);
    params["Filters"] = Json::array();
    params["Filters"].push_back(std::move(filter));
  } else {
    params["AutoScalingGroupNames"] = Json::array();
    params["AutoScalingGroupNames"].push_back(cluster + "-" + role);
  }
  aws::ApiResult answer =
      co_await backend.client().call_all("autoscaling", "DescribeAutoScalingGroups", std::move(params));
  if (!answer) co_return Failure<aws::ApiError>{answer.error()};
  std::vector<Group> groups;
  for (const Json& described : answer->value("AutoScalingGroups", Json::array())) {
    if (text_of(described, "Status").empty()) groups.push_back(group_of(described, cluster));
  }
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.role < b.role; });
  Result<bool, aws::ApiError> instances = co_await describe_instances(backend, groups);
  if (!instances) co_return Failure<aws::ApiError>{instances.error()};
  Result<bool, aws::ApiError> templates = co_await describe_templates(backend, groups);
  if (!templates) co_return Failure<aws::ApiError>{templates.error()};
  for (Group& group : groups) {
    std::sort(group.nodes.begin(), group.nodes.end(), [](const Node& a, const Node& b) {
      return a.launched_s != b.launched_s ? a.launched_s < b.launched_s : a.id < b.id;
    });
  }
  co_return groups;
}

}  // namespace terrace::cluster
