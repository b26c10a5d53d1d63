// aws_route
#include "aws/types/routes.h"

#include <fmt/format.h>

#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  carrier_gateway_id string o
  core_network_arn string o
  destination_cidr_block string o new
  destination_ipv6_cidr_block string o new api=DestinationIpv6CidrBlock
  destination_prefix_list_id string o new
  egress_only_gateway_id string o
  gateway_id string o
  id string oc api=-
  instance_id string c
  instance_owner_id string c
  local_gateway_id string o
  nat_gateway_id string o
  network_interface_id string oc
  origin string c
  region string oc new api=-
  route_table_id string r new
  state string c
  transit_gateway_id string o
  vpc_endpoint_id string o
  vpc_peering_connection_id string o
  block timeouts single {
    create string o
    delete string o
    update string o
  }
)";

// Arguments by the API's names: destinations and targets. Inline routes call two of the destinations otherwise.
constexpr std::pair<const char*, const char*> kDestinations[] = {
    {"destination_cidr_block", "DestinationCidrBlock"},
    {"cidr_block", "DestinationCidrBlock"},
    {"destination_ipv6_cidr_block", "DestinationIpv6CidrBlock"},
    {"ipv6_cidr_block", "DestinationIpv6CidrBlock"},
    {"destination_prefix_list_id", "DestinationPrefixListId"}};
constexpr std::pair<const char*, const char*> kTargets[] = {{"carrier_gateway_id", "CarrierGatewayId"},
                                                            {"core_network_arn", "CoreNetworkArn"},
                                                            {"egress_only_gateway_id", "EgressOnlyInternetGatewayId"},
                                                            {"gateway_id", "GatewayId"},
                                                            {"local_gateway_id", "LocalGatewayId"},
                                                            {"nat_gateway_id", "NatGatewayId"},
                                                            {"network_interface_id", "NetworkInterfaceId"},
                                                            {"transit_gateway_id", "TransitGatewayId"},
                                                            {"vpc_endpoint_id", "VpcEndpointId"},
                                                            {"vpc_peering_connection_id", "VpcPeeringConnectionId"}};

// hashicorp/aws makes the id of the table and a hash of the destination: r- + table + Go's crc32 of it.
std::string route_id(const std::string& table, const std::string& destination) {
  return fmt::format("r-{}{}", table, crc32_of(destination));
}

const Json* find_route(const Json& table, const std::string& destination) {
  for (const Json& route : table["Routes"]) {
    for (const char* member : {"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"}) {
      if (string_of(route, member) == destination) return &route;
    }
  }
  return nullptr;
}

Task<bool> create(Context& c) {
  std::string table = string_of(c.planned, "route_table_id");
  Json route = c.planned;
  bool ok = co_await put_route(c, "CreateRoute", table, route);
  if (ok) c.state["id"] = route_id(table, route_destination(route));
  co_return ok;
}

Task<bool> read(Context& c) {
  std::string table_id = string_of(c.state, "route_table_id");
  std::string destination = route_destination(c.state);
  Result<Json, ApiError> table = co_await c.describe(kRouteTables, table_id);
  if (!table) co_return c.fail(table.error(), "reading");
  const Json* route = table->is_null() || !table->contains("Routes") ? nullptr : find_route(*table, destination);
  if (route == nullptr) {
    c.state = nullptr;
    co_return true;
  }
  c.state["id"] = route_id(table_id, destination);
  c.state["origin"] = string_of(*route, "Origin");
  c.state["state"] = string_of(*route, "State");
  c.state["instance_id"] = string_of(*route, "InstanceId");
  c.state["instance_owner_id"] = string_of(*route, "InstanceOwnerId");
  for (const auto& [name, member] : kTargets) {
    std::string target = string_of(*route, member);
    // The API tells of an endpoint as a gateway.
    if (std::string(name) == "gateway_id" && target.starts_with("vpce-")) target.clear();
    if (std::string(name) == "vpc_endpoint_id" && target.empty() && string_of(*route, "GatewayId").starts_with("vpce-"))
      target = string_of(*route, "GatewayId");
    if (!target.empty() || c.state[name].is_string()) c.state[name] = target.empty() ? Json("") : Json(target);
  }
  if (c.state["network_interface_id"].is_null()) c.state["network_interface_id"] = "";
  co_return true;
}

Task<bool> update(Context& c) {
  std::string table = string_of(c.planned, "route_table_id");
  Json route = c.planned;
  bool ok = co_await put_route(c, "ReplaceRoute", table, route);
  co_return ok;
}

Task<bool> remove(Context& c) {
  std::string table = string_of(c.prior, "route_table_id");
  Json route = c.prior;
  bool ok = co_await delete_route(c, table, route);
  co_return ok;
}

// A table has one route for a destination.
Task<bool> recover(Context& c) {
  std::string table_id = string_of(c.planned, "route_table_id");
  Result<Json, ApiError> table = co_await c.describe(kRouteTables, table_id);
  if (!table) co_return c.fail(table.error(), "looking for");
  std::string destination = route_destination(c.planned);
  if (!table->is_null() && table->contains("Routes") && find_route(*table, destination) != nullptr)
    c.state["id"] = route_id(table_id, destination);
  co_return true;
}

// ROUTETABLEID_DESTINATION
Task<bool> import(Context& c) {
  std::string id = c.text("id");
  std::size_t line = id.find('_');
  if (line == std::string::npos)
    co_return c.fail("importing", "the id must be ROUTETABLEID_DESTINATION, such as rtb-0123_10.0.0.0/16");
  std::string destination = id.substr(line + 1);
  c.state["route_table_id"] = id.substr(0, line);
  const char* name = destination.starts_with("pl-")               ? "destination_prefix_list_id"
                     : destination.find(':') != std::string::npos ? "destination_ipv6_cidr_block"
                                                                  : "destination_cidr_block";
  c.state[name] = destination;
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  int destinations = 0;
  for (const auto& [name, member] : kDestinations)
    destinations += config.contains(name) && config[name].is_string() ? 1 : 0;
  if (destinations != 1)
    problems.push_back(
        "exactly one of destination_cidr_block, destination_ipv6_cidr_block and destination_prefix_list_id must be "
        "given");
  int targets = 0;
  for (const auto& [name, member] : kTargets) targets += config.contains(name) && config[name].is_string() ? 1 : 0;
  if (targets != 1) problems.push_back("exactly one target must be given, such as gateway_id or nat_gateway_id");
  return problems;
}

}  // namespace

std::string route_destination(const Json& route) {
  for (const auto& [name, member] : kDestinations) {
    std::string text = string_of(route, name);
    if (!text.empty()) return text;
  }
  return {};
}

Json route_attributes(const Json& route) {
  Json attributes = Json::object();
  auto take = [&](const char* name, const char* member) {
    std::string text = string_of(route, member);
    attributes[name] = text.empty() ? Json(nullptr) : Json(text);
  };
  take("cidr_block", "DestinationCidrBlock");
  take("ipv6_cidr_block", "DestinationIpv6CidrBlock");
  take("destination_prefix_list_id", "DestinationPrefixListId");
  for (const auto& [name, member] : kTargets) take(name, member);
  return attributes;
}

Task<bool> put_route(Context& context, const char* operation, std::string table, Json route) {
  Json params = Json::object();
  params["RouteTableId"] = table;
  for (const auto& [name, member] : kDestinations) {
    if (!string_of(route, name).empty()) params[member] = route[name];
  }
  for (const auto& [name, member] : kTargets) {
    if (!string_of(route, name).empty()) params[member] = route[name];
  }
  ApiResult done = co_await call_while(
      context, "ec2", operation, params,
      "InvalidParameterException|InvalidRouteTableID.NotFound|InvalidGatewayID.NotFound|InvalidNatGatewayID.NotFound",
      std::chrono::minutes(2));
  if (!done) co_return context.fail(done.error(), "creating");
  co_return true;
}

Task<bool> delete_route(Context& context, std::string table, Json route) {
  Json params = Json::object();
  params["RouteTableId"] = table;
  for (const auto& [name, member] : kDestinations) {
    if (!string_of(route, name).empty()) params[member] = route[name];
  }
  ApiResult done = co_await context.call("ec2", "DeleteRoute", params);
  if (!done && !is_code(done.error(), {"InvalidRoute.NotFound", "InvalidRouteTableID.NotFound"}))
    co_return context.fail(done.error(), "deleting");
  co_return true;
}

ResourceType route() {
  ResourceType type;
  type.name = "aws_route";
  type.table = kTable;
  type.title = "EC2 Route";
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.validate = validate;
  type.reads = "ec2:DescribeRouteTables";
  type.changes = "ec2:CreateRoute ec2:DeleteRoute ec2:ReplaceRoute";
  return type;
}

}  // namespace terrace::aws::types
