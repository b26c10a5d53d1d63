// Data sources about the account and the region: aws_caller_identity, aws_region, aws_partition,
// aws_availability_zones.
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kIdentityTable = R"(
  account_id string c
  arn string c api=-
  id string oc api=-
  user_id string c
)";
constexpr const char* kRegionTable = R"(
  description string c
  endpoint string oc
  id string oc api=-
  name string oc
  region string oc api=-
)";
constexpr const char* kPartitionTable = R"(
  dns_suffix string c
  id string oc api=-
  partition string c
  reverse_dns_prefix string c
)";
constexpr const char* kZonesTable = R"(
  all_availability_zones bool o
  exclude_names set(string) o
  exclude_zone_ids set(string) o
  group_names set(string) c
  id string oc api=-
  names list(string) c
  region string oc api=-
  state string o
  zone_ids list(string) c
  block filter set {
    name string r
    values set(string) r
  }
  block timeouts single {
    read string o
  }
)";

Task<bool> read_identity(Context& c) {
  Json identity = c.backend.caller_identity;
  if (identity.is_null()) {
    Json nothing = Json::object();
    ApiResult answer = co_await c.backend.batches().share("sts", "GetCallerIdentity", nothing, c.region);
    if (!answer) co_return c.fail(answer.error(), "reading the caller's identity");
    identity = *answer;
  }
  c.state["account_id"] = string_of(identity, "Account");
  c.state["id"] = string_of(identity, "Account");
  c.state["arn"] = string_of(identity, "Arn");
  c.state["user_id"] = string_of(identity, "UserId");
  co_return true;
}

Task<bool> read_region(Context& c) {
  std::string wanted = string_of(c.config, "region");
  if (wanted.empty() && c.config.contains("name")) wanted = string_of(c.config, "name");
  if (wanted.empty() && c.config.contains("endpoint") && !string_of(c.config, "endpoint").empty()) {
    std::string endpoint = string_of(c.config, "endpoint");
    std::size_t dot = endpoint.find('.');
    wanted = endpoint.substr(dot + 1, endpoint.find('.', dot + 1) - dot - 1);
  }
  if (wanted.empty()) wanted = c.backend.region();
  const Partition& partition = c.backend.client().partitions().of_region(wanted);
  auto described = partition.regions.find(wanted);
  if (described == partition.regions.end()) co_return c.fail("reading the region", "there is no region " + wanted);
  c.state["id"] = wanted;
  c.state["region"] = wanted;
  c.state["name"] = wanted;
  c.state["description"] = described->second;
  c.state["endpoint"] = "ec2." + wanted + "." + partition.dns_suffix;
  co_return true;
}

Task<bool> read_partition(Context& c) {
  const Partition& partition = c.backend.partition();
  c.state["id"] = partition.id;
  c.state["partition"] = partition.id;
  c.state["dns_suffix"] = partition.dns_suffix;
  std::string reversed;
  for (std::size_t end = partition.dns_suffix.size(); end != std::string::npos && end > 0;) {
    std::size_t dot = partition.dns_suffix.rfind('.', end - 1);
    std::size_t from = dot == std::string::npos ? 0 : dot + 1;
    reversed += (reversed.empty() ? "" : ".") + partition.dns_suffix.substr(from, end - from);
    end = dot;
  }
  c.state["reverse_dns_prefix"] = reversed;
  co_return true;
}

bool listed(const Json& names, const std::string& name) {
  return names.is_array() && std::find(names.begin(), names.end(), Json(name)) != names.end();
}

Task<bool> read_zones(Context& c) {
  Json params = Json::object();
  if (c.config["all_availability_zones"].is_boolean())
    params["AllAvailabilityZones"] = c.config["all_availability_zones"];
  Json all = Json::array();
  if (!string_of(c.config, "state").empty()) all = filters({{"state", string_of(c.config, "state")}});
  const Json given = c.config["filter"].is_array() ? c.config["filter"] : Json::array();
  for (const Json& filter : given) {
    Json one = Json::object();
    one["Name"] = filter["name"];
    one["Values"] = filter["values"];
    all.push_back(std::move(one));
  }
  if (!all.empty()) params["Filters"] = std::move(all);
  ApiResult answer = co_await c.backend.batches().share("ec2", "DescribeAvailabilityZones", params, c.region);
  if (!answer) co_return c.fail(answer.error(), "reading the availability zones");
  Json zones = answer->value("AvailabilityZones", Json::array());
  std::sort(zones.begin(), zones.end(),
            [](const Json& a, const Json& b) { return string_of(a, "ZoneName") < string_of(b, "ZoneName"); });
  Json names = Json::array(), ids = Json::array(), groups = Json::array();
  for (const Json& zone : zones) {
    std::string name = string_of(zone, "ZoneName");
    std::string id = string_of(zone, "ZoneId");
    if (listed(c.config["exclude_names"], name) || listed(c.config["exclude_zone_ids"], id)) continue;
    names.push_back(name);
    ids.push_back(id);
    std::string group = string_of(zone, "GroupName");
    if (!group.empty() && !listed(groups, group)) groups.push_back(group);
  }
  c.state["names"] = names;
  c.state["zone_ids"] = ids;
  c.state["group_names"] = groups;
  c.state["id"] = c.region;
  co_return true;
}

}  // namespace

DataSource caller_identity() {
  return {"aws_caller_identity", kIdentityTable, read_identity, "sts:GetCallerIdentity", false};
}
DataSource region() {
  return {"aws_region", kRegionTable, read_region, "", false};
}
DataSource partition() {
  return {"aws_partition", kPartitionTable, read_partition, "", false};
}
DataSource availability_zones() {
  return {"aws_availability_zones", kZonesTable, read_zones, "ec2:DescribeAvailabilityZones", true};
}

}  // namespace terrace::aws::types
