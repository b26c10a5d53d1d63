// aws_route_table, with inline routes.
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/routes.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  id string oc api=-
  owner_id string c
  propagating_vgws set(string) oc api=-
  region string oc new api=-
  route set(object({carrier_gateway_id=string,cidr_block=string,core_network_arn=string,destination_prefix_list_id=string,egress_only_gateway_id=string,gateway_id=string,ipv6_cidr_block=string,local_gateway_id=string,nat_gateway_id=string,network_interface_id=string,transit_gateway_id=string,vpc_endpoint_id=string,vpc_peering_connection_id=string})) oc api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string r new
  block timeouts single {
    create string o
    delete string o
    update string o
  }
)";

Task<bool> change_propagation(Context& c, const char* operation, const std::string& gateway) {
  Json params = Json::object();
  params["RouteTableId"] = c.state["id"];
  params["GatewayId"] = gateway;
  ApiResult done = co_await c.call("ec2", operation, params);
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

// Routes of the table that a configuration may hold: not the local one, not those that a gateway endpoint or a virtual
// private gateway put there.
Json inline_routes(const Json& table) {
  Json routes = Json::array();
  for (const Json& route : table.value("Routes", Json::array())) {
    std::string gateway = string_of(route, "GatewayId");
    bool own = gateway != "local" && string_of(route, "Origin") != "EnableVgwRoutePropagation" &&
               !gateway.starts_with("vpce-");
    if (own && string_of(route, "Origin") != "CreateRouteTable") routes.push_back(route_attributes(route));
  }
  return routes;
}

Task<bool> set_routes(Context& c, const Json& before, const Json& after) {
  std::string table = c.text("id");
  for (const Json& route : before) {
    bool kept = false;
    for (const Json& other : after) kept = kept || route_destination(other) == route_destination(route);
    if (kept) continue;
    bool ok = co_await delete_route(c, table, route);
    if (!ok) co_return false;
  }
  for (const Json& route : after) {
    const char* operation = "CreateRoute";
    bool same = false;
    for (const Json& other : before) {
      if (route_destination(other) != route_destination(route)) continue;
      operation = "ReplaceRoute";
      same = other == route;
    }
    if (same) continue;
    bool ok = co_await put_route(c, operation, table, route);
    if (!ok) co_return false;
  }
  co_return true;
}

Task<bool> create(Context& c) {
  Json made;
  bool ok = co_await create_ec2(c, "CreateRouteTable", "RouteTable", "RouteTableId", "route-table", true, made);
  if (!ok) co_return false;
  const Json wanted = c.planned["route"].is_array() ? c.planned["route"] : Json::array();
  const Json none = Json::array();
  ok = co_await set_routes(c, none, wanted);
  if (!ok || !c.planned["propagating_vgws"].is_array()) co_return ok;
  for (const Json& gateway : c.planned["propagating_vgws"]) {
    std::string id = gateway.get<std::string>();
    ok = co_await change_propagation(c, "EnableVgwRoutePropagation", id);
    if (!ok) co_return false;
  }
  co_return true;
}

Task<bool> read(Context& c) {
  Json table;
  bool ok = co_await read_ec2(c, kRouteTables, table);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] = ec2_arn(c, "route-table", c.text("id"));
  c.state["route"] = inline_routes(table);
  Json gateways = Json::array();
  for (const Json& each : table.value("PropagatingVgws", Json::array()))
    gateways.push_back(string_of(each, "GatewayId"));
  c.state["propagating_vgws"] = gateways;
  co_return true;
}

Task<bool> update(Context& c) {
  bool ok = true;
  if (c.changed("route")) {
    const Json before = c.prior["route"].is_array() ? c.prior["route"] : Json::array();
    const Json after = c.planned["route"].is_array() ? c.planned["route"] : Json::array();
    ok = co_await set_routes(c, before, after);
  }
  if (!ok || !c.changed("propagating_vgws")) co_return ok;
  const Json before = c.prior["propagating_vgws"].is_array() ? c.prior["propagating_vgws"] : Json::array();
  const Json after = c.planned["propagating_vgws"].is_array() ? c.planned["propagating_vgws"] : Json::array();
  for (const Json& gateway : before) {
    if (std::find(after.begin(), after.end(), gateway) != after.end()) continue;
    std::string id = gateway.get<std::string>();
    ok = co_await change_propagation(c, "DisableVgwRoutePropagation", id);
    if (!ok) co_return false;
  }
  for (const Json& gateway : after) {
    if (std::find(before.begin(), before.end(), gateway) != before.end()) continue;
    std::string id = gateway.get<std::string>();
    ok = co_await change_propagation(c, "EnableVgwRoutePropagation", id);
    if (!ok) co_return false;
  }
  co_return true;
}

// Associations that are left go first, as the API wants it.
Task<bool> remove(Context& c) {
  std::string id = c.text("id");
  Result<Json, ApiError> table = co_await c.describe(kRouteTables, id);
  if (!table) co_return c.fail(table.error(), "reading");
  if (table->is_null()) co_return true;
  for (const Json& association : table->value("Associations", Json::array())) {
    if (bool_of(association, "Main")) continue;
    Json params = Json::object();
    params["AssociationId"] = association["RouteTableAssociationId"];
    ApiResult done = co_await c.call("ec2", "DisassociateRouteTable", params);
    if (!done && !is_code(done.error(), {"InvalidAssociationID.NotFound"}))
      co_return c.fail(done.error(), "disassociating");
  }
  bool ok = co_await remove_ec2(c, "DeleteRouteTable", "RouteTableId", id, "InvalidRouteTableID.NotFound",
                                "DependencyViolation");
  co_return ok;
}

Task<bool> recover(Context& c) {
  Result<Json, ApiError> id = co_await find_by_intent(c, "DescribeRouteTables", "RouteTables", "RouteTableId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

}  // namespace

ResourceType route_table() {
  ResourceType type;
  type.name = "aws_route_table";
  type.table = kTable;
  type.title = "EC2 Route Table";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.reads = "ec2:DescribeRouteTables";
  type.changes =
      "ec2:CreateRoute ec2:CreateRouteTable ec2:DeleteRoute ec2:DeleteRouteTable "
      "ec2:DisableVgwRoutePropagation ec2:DisassociateRouteTable ec2:EnableVgwRoutePropagation "
      "ec2:ReplaceRoute";
  return type;
}

}  // namespace terrace::aws::types
