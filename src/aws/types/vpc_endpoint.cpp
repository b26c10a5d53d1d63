// aws_vpc_endpoint
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  auto_accept bool o api=-
  cidr_blocks list(string) c api=-
  dns_entry list(object({dns_name=string,hosted_zone_id=string})) c api=-
  id string oc api=-
  ip_address_type string oc
  network_interface_ids set(string) c
  owner_id string c
  policy string oc policy api=PolicyDocument
  prefix_list_id string c api=-
  private_dns_enabled bool oc
  region string oc new api=-
  requester_managed bool c
  resource_configuration_arn string o new
  route_table_ids set(string) oc
  security_group_ids set(string) oc api=SecurityGroupIds
  service_name string o new
  service_network_arn string o new
  service_region string oc new
  state string c
  subnet_ids set(string) oc
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_endpoint_type string o new default="Gateway" one_of=Gateway|GatewayLoadBalancer|Interface|Resource|ServiceNetwork
  vpc_id string r new
  block dns_options list max=1 {
    dns_record_ip_type string oc
    private_dns_only_for_inbound_resolver_endpoint bool o
  }
  block subnet_configuration set api=SubnetConfigurations {
    ipv4 string o
    ipv6 string o
    subnet_id string o
  }
  block timeouts single {
    create string o
    delete string o
    update string o
  }
)";

// Gateway endpoints route to a prefix list of the region, by the service's name.
constexpr Kind kPrefixLists{"ec2", "DescribePrefixLists", "prefix-list-name", "", "PrefixLists", "PrefixListName"};

Task<bool> create(Context& c) {
  Json made;
  bool ok = co_await create_ec2(c, "CreateVpcEndpoint", "VpcEndpoint", "VpcEndpointId", "vpc-endpoint", true, made);
  co_return ok;
}

Task<bool> read(Context& c) {
  Json endpoint;
  bool ok = co_await read_ec2(c, kVpcEndpoints, endpoint);
  if (!ok || c.state.is_null()) co_return ok;
  std::string status = string_of(endpoint, "State");
  if (status == "deleted" || status == "deleting" || status == "Deleted" || status == "Deleting") {
    c.state = nullptr;
    co_return true;
  }
  c.state["arn"] = ec2_arn(c, "vpc-endpoint", c.text("id"));
  Json groups = Json::array();
  for (const Json& group : endpoint.value("Groups", Json::array())) groups.push_back(string_of(group, "GroupId"));
  c.state["security_group_ids"] = groups;
  Json entries = Json::array();
  for (const Json& entry : endpoint.value("DnsEntries", Json::array())) {
    Json one = Json::object();
    one["dns_name"] = string_of(entry, "DnsName");
    one["hosted_zone_id"] = string_of(entry, "HostedZoneId");
    entries.push_back(std::move(one));
  }
  c.state["dns_entry"] = entries;
  for (const char* name : {"route_table_ids", "subnet_ids", "network_interface_ids"}) {
    if (c.state[name].is_null()) c.state[name] = Json::array();
  }
  c.state["cidr_blocks"] = Json::array();
  c.state["requester_managed"] = bool_of(endpoint, "RequesterManaged");
  if (c.state["private_dns_enabled"].is_null()) c.state["private_dns_enabled"] = false;
  if (c.state["ip_address_type"].is_null()) c.state["ip_address_type"] = "";
  if (c.state["service_region"].is_null()) c.state["service_region"] = c.region;
  if (string_of(c.state, "vpc_endpoint_type") == "Gateway") {
    Result<Json, ApiError> list = co_await c.describe(kPrefixLists, string_of(c.state, "service_name"));
    if (!list) co_return c.fail(list.error(), "reading the prefix list of");
    if (!list->is_null()) {
      c.state["prefix_list_id"] = string_of(*list, "PrefixListId");
      c.state["cidr_blocks"] = list->value("Cidrs", Json::array());
    }
  }
  co_return true;
}

Task<bool> update(Context& c) {
  Json params = Json::object();
  if (c.changed("policy")) params["PolicyDocument"] = c.planned["policy"];
  if (c.changed("private_dns_enabled")) params["PrivateDnsEnabled"] = c.planned["private_dns_enabled"];
  if (c.changed("ip_address_type")) params["IpAddressType"] = c.planned["ip_address_type"];
  for (const auto& [attribute, member] :
       {std::pair("route_table_ids", "RouteTableIds"), std::pair("subnet_ids", "SubnetIds"),
        std::pair("security_group_ids", "SecurityGroupIds")}) {
    Json add = difference(c.planned[attribute], c.prior[attribute]);
    Json remove = difference(c.prior[attribute], c.planned[attribute]);
    if (c.planned[attribute].is_null()) continue;
    if (!add.empty()) params[std::string("Add") + member] = add;
    if (!remove.empty()) params[std::string("Remove") + member] = remove;
  }
  if (params.empty()) co_return true;
  params["VpcEndpointId"] = c.state["id"];
  ApiResult done = co_await c.call("ec2", "ModifyVpcEndpoint", params);
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> remove(Context& c) {
  Json params = Json::object();
  params["VpcEndpointIds"] = Json::array();
  params["VpcEndpointIds"].push_back(c.state["id"]);
  ApiResult done = co_await c.call("ec2", "DeleteVpcEndpoints", params);
  if (!done && !is_code(done.error(), {"InvalidVpcEndpointId.NotFound"})) co_return c.fail(done.error(), "deleting");
  // It takes a while to go, and what it stands in can't be deleted before.
  Loop& loop = c.backend.loop();
  std::string id = c.text("id");
  for (int attempt = 0; attempt < 60; ++attempt) {
    Result<Json, ApiError> endpoint = co_await c.describe(kVpcEndpoints, id);
    if (!endpoint) co_return c.fail(endpoint.error(), "waiting for the deletion of");
    if (endpoint->is_null() || string_of(*endpoint, "State") == "deleted") co_return true;
    Duration pause = std::chrono::seconds(std::min(attempt + 1, 10));
    co_await loop.sleep(pause);
  }
  co_return c.fail("deleting", "it is still there after ten minutes");
}

Task<bool> recover(Context& c) {
  Result<Json, ApiError> id = co_await find_by_intent(c, "DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

}  // namespace

ResourceType vpc_endpoint() {
  ResourceType type;
  type.name = "aws_vpc_endpoint";
  type.table = kTable;
  type.title = "EC2 VPC Endpoint";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.reads = "ec2:DescribePrefixLists ec2:DescribeVpcEndpoints";
  type.changes = "ec2:CreateVpcEndpoint ec2:DeleteVpcEndpoints ec2:ModifyVpcEndpoint";
  return type;
}

}  // namespace terrace::aws::types
