// aws_vpc
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  assign_generated_ipv6_cidr_block bool o api=AmazonProvidedIpv6CidrBlock
  cidr_block string oc new
  default_network_acl_id string c api=-
  default_route_table_id string c
  default_security_group_id string c api=-
  dhcp_options_id string c
  enable_dns_hostnames bool oc api=-
  enable_dns_support bool o default=true api=-
  enable_network_address_usage_metrics bool oc api=-
  id string oc api=-
  instance_tenancy string o default="default" one_of=default|dedicated
  ipv4_ipam_pool_id string o new
  ipv4_netmask_length number o new
  ipv6_association_id string c
  ipv6_cidr_block string oc api=-
  ipv6_cidr_block_network_border_group string oc
  ipv6_ipam_pool_id string o
  ipv6_netmask_length number o
  main_route_table_id string c
  owner_id string c
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
)";

Task<bool> set_attribute(Context& c, const char* name, bool value) {
  Json params = Json::object();
  params["VpcId"] = c.state["id"];
  params[name] = Json::object();
  params[name]["Value"] = value;
  ApiResult done =
      co_await call_while(c, "ec2", "ModifyVpcAttribute", params, "InvalidVpcID.NotFound", std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> create(Context& c) {
  Json made;
  bool ok = co_await create_ec2(c, "CreateVpc", "Vpc", "VpcId", "vpc", true, made);
  if (!ok) co_return false;
  // AWS's own defaults: DNS support on, hostnames off. Hostnames need the support.
  if (c.planned["enable_dns_hostnames"] == Json(true)) {
    ok = co_await set_attribute(c, "EnableDnsHostnames", true);
    if (!ok) co_return false;
  }
  if (c.planned["enable_dns_support"] == Json(false)) {
    ok = co_await set_attribute(c, "EnableDnsSupport", false);
    if (!ok) co_return false;
  }
  if (c.planned["enable_network_address_usage_metrics"] == Json(true))
    ok = co_await set_attribute(c, "EnableNetworkAddressUsageMetrics", true);
  co_return ok;
}

Task<bool> read_attribute(Context& c, const char* attribute, const char* member, const char* name) {
  Json params = Json::object();
  params["VpcId"] = c.state["id"];
  params["Attribute"] = attribute;
  ApiResult answer = co_await c.call("ec2", "DescribeVpcAttribute", params);
  if (!answer) co_return c.fail(answer.error(), "reading");
  c.state[name] = bool_of(answer->value(member, Json::object()), "Value");
  co_return true;
}

// The defaults that every VPC is born with: its main route table, default security group and network ACL.
constexpr Kind kMainTables{"ec2", "DescribeRouteTables", "vpc-id", "", "RouteTables", "VpcId", 200, true};
constexpr Kind kDefaultGroups{"ec2", "DescribeSecurityGroups", "vpc-id", "", "SecurityGroups", "VpcId", 200, true};
constexpr Kind kDefaultAcls{"ec2", "DescribeNetworkAcls", "vpc-id", "", "NetworkAcls", "VpcId", 200, true};

Task<bool> read_defaults(Context& c) {
  std::string id = c.text("id");
  Result<Json, ApiError> tables = co_await c.describe(kMainTables, id);
  if (!tables) co_return c.fail(tables.error(), "reading");
  for (const Json& table : *tables) {
    for (const Json& association : table.value("Associations", Json::array())) {
      if (bool_of(association, "Main")) c.state["main_route_table_id"] = string_of(table, "RouteTableId");
    }
  }
  if (c.state["default_route_table_id"].is_null()) c.state["default_route_table_id"] = c.state["main_route_table_id"];
  // The other two do not change in a VPC's life.
  if (c.state["default_security_group_id"].is_null()) {
    Result<Json, ApiError> groups = co_await c.describe(kDefaultGroups, id);
    if (!groups) co_return c.fail(groups.error(), "reading");
    for (const Json& group : *groups) {
      if (string_of(group, "GroupName") == "default")
        c.state["default_security_group_id"] = string_of(group, "GroupId");
    }
  }
  if (c.state["default_network_acl_id"].is_null()) {
    Result<Json, ApiError> acls = co_await c.describe(kDefaultAcls, id);
    if (!acls) co_return c.fail(acls.error(), "reading");
    for (const Json& acl : *acls) {
      if (bool_of(acl, "IsDefault")) c.state["default_network_acl_id"] = string_of(acl, "NetworkAclId");
    }
  }
  co_return true;
}

Task<bool> read(Context& c) {
  Json vpc;
  bool ok = co_await read_ec2(c, kVpcs, vpc);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] = ec2_arn(c, "vpc", c.text("id"));
  std::string ipv6_id, ipv6_block;
  bool amazon = false;
  for (const Json& association : vpc.value("Ipv6CidrBlockAssociationSet", Json::array())) {
    if (string_of(association.value("Ipv6CidrBlockState", Json::object()), "State") != "associated") continue;
    ipv6_id = string_of(association, "AssociationId");
    ipv6_block = string_of(association, "Ipv6CidrBlock");
    amazon = string_of(association, "Ipv6Pool") == "Amazon";
  }
  c.state["ipv6_association_id"] = ipv6_id;
  c.state["ipv6_cidr_block"] = ipv6_block;
  // An association by any other way is none of Amazon's giving; where it is gone, so is what was asked for.
  if (amazon) c.state["assign_generated_ipv6_cidr_block"] = true;
  if (ipv6_id.empty() && c.state["assign_generated_ipv6_cidr_block"] == Json(true))
    c.state["assign_generated_ipv6_cidr_block"] = false;
  if (c.state["ipv6_cidr_block_network_border_group"].is_null()) c.state["ipv6_cidr_block_network_border_group"] = "";
  ok = co_await read_attribute(c, "enableDnsSupport", "EnableDnsSupport", "enable_dns_support");
  if (!ok) co_return false;
  ok = co_await read_attribute(c, "enableDnsHostnames", "EnableDnsHostnames", "enable_dns_hostnames");
  if (!ok) co_return false;
  // A third attribute is asked for only where it was ever switched on: it is a request for each VPC.
  if (c.state["enable_network_address_usage_metrics"] == Json(true)) {
    ok = co_await read_attribute(c, "enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics",
                                 "enable_network_address_usage_metrics");
    if (!ok) co_return false;
  } else {
    c.state["enable_network_address_usage_metrics"] = false;
  }
  ok = co_await read_defaults(c);
  co_return ok;
}

// Waits until the association of an IPv6 block has reached a state, or is gone where "disassociated" is waited for.
Task<bool> wait_for_ipv6(Context& c, const std::string& association, const std::string& wanted) {
  std::string id = c.text("id");
  for (int attempt = 0; attempt < 60; ++attempt) {
    Result<Json, ApiError> vpc = co_await c.describe(kVpcs, id);
    if (!vpc) co_return c.fail(vpc.error(), "waiting for the IPv6 block of");
    std::string status = "disassociated";
    for (const Json& each : vpc->value("Ipv6CidrBlockAssociationSet", Json::array())) {
      if (string_of(each, "AssociationId") == association)
        status = string_of(each.value("Ipv6CidrBlockState", Json::object()), "State");
    }
    if (status == wanted) co_return true;
    if (status == "failed") co_return c.fail("giving an IPv6 block to", "AWS could not: the association failed");
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for the IPv6 block of", "it is not " + wanted + " after ten minutes");
}

// The IPv6 block goes and another one comes: Amazon's, or one of a pool.
Task<bool> change_ipv6(Context& c) {
  std::string old = string_of(c.prior, "ipv6_association_id");
  if (!old.empty()) {
    Json params = Json::object();
    params["AssociationId"] = old;
    ApiResult done = co_await call_while(c, "ec2", "DisassociateVpcCidrBlock", params, "DependencyViolation",
                                         std::chrono::minutes(10));
    if (!done && !is_code(done.error(), {"InvalidVpcCidrBlockAssociationID.NotFound"}))
      co_return c.fail(done.error(), "taking the IPv6 block from");
    bool gone = co_await wait_for_ipv6(c, old, "disassociated");
    if (!gone) co_return false;
  }
  Json params = Json::object();
  if (bool_of(c.planned, "assign_generated_ipv6_cidr_block")) {
    params["AmazonProvidedIpv6CidrBlock"] = true;
    put_if_set(params, "Ipv6CidrBlockNetworkBorderGroup", c, "ipv6_cidr_block_network_border_group");
  } else if (!string_of(c.planned, "ipv6_ipam_pool_id").empty()) {
    params["Ipv6IpamPoolId"] = c.planned["ipv6_ipam_pool_id"];
    put_if_set(params, "Ipv6CidrBlock", c, "ipv6_cidr_block");
    put_if_set(params, "Ipv6NetmaskLength", c, "ipv6_netmask_length");
  }
  if (params.empty()) co_return true;
  params["VpcId"] = c.state["id"];
  ApiResult made = co_await c.call("ec2", "AssociateVpcCidrBlock", params);
  if (!made) co_return c.fail(made.error(), "giving an IPv6 block to");
  std::string id = string_of(made->value("Ipv6CidrBlockAssociation", Json::object()), "AssociationId");
  bool ok = co_await wait_for_ipv6(c, id, "associated");
  co_return ok;
}

bool changes_ipv6(const Json& prior, const Json& planned) {
  // Null and false ask for the same.
  return bool_of(prior, "assign_generated_ipv6_cidr_block") != bool_of(planned, "assign_generated_ipv6_cidr_block") ||
         string_of(prior, "ipv6_ipam_pool_id") != string_of(planned, "ipv6_ipam_pool_id") ||
         (!planned["ipv6_netmask_length"].is_null() && prior["ipv6_netmask_length"] != planned["ipv6_netmask_length"]);
}

Task<bool> update(Context& c) {
  bool ok = true;
  if (changes_ipv6(c.prior, c.planned)) ok = co_await change_ipv6(c);
  if (!ok) co_return false;
  if (c.changed("enable_dns_support") && c.planned["enable_dns_support"] == Json(true))
    ok = co_await set_attribute(c, "EnableDnsSupport", true);
  if (!ok) co_return false;
  if (c.changed("enable_dns_hostnames"))
    ok = co_await set_attribute(c, "EnableDnsHostnames", c.planned["enable_dns_hostnames"] == Json(true));
  if (!ok) co_return false;
  if (c.changed("enable_dns_support") && c.planned["enable_dns_support"] == Json(false))
    ok = co_await set_attribute(c, "EnableDnsSupport", false);
  if (!ok) co_return false;
  if (c.changed("enable_network_address_usage_metrics")) {
    ok = co_await set_attribute(c, "EnableNetworkAddressUsageMetrics",
                                c.planned["enable_network_address_usage_metrics"] == Json(true));
  }
  if (!ok) co_return false;
  if (c.changed("instance_tenancy")) {
    Json params = Json::object();
    params["VpcId"] = c.state["id"];
    params["InstanceTenancy"] = c.planned["instance_tenancy"];
    ApiResult done = co_await c.call("ec2", "ModifyVpcTenancy", params);
    if (!done) co_return c.fail(done.error(), "updating");
  }
  co_return true;
}

Task<bool> remove(Context& c) {
  std::string id = c.text("id");
  bool ok = co_await remove_ec2(c, "DeleteVpc", "VpcId", id, "InvalidVpcID.NotFound", "DependencyViolation");
  co_return ok;
}

Task<bool> recover(Context& c) {
  Result<Json, ApiError> id = co_await find_by_intent(c, "DescribeVpcs", "Vpcs", "VpcId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

// AWS lets the tenancy change only from dedicated to default. Another IPv6 block is known when it is there.
void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>& replace) {
  if (prior.is_object() && changes_ipv6(prior, planned)) {
    for (const char* name : {"ipv6_association_id", "ipv6_cidr_block", "ipv6_cidr_block_network_border_group"})
      unknown.push_back(name);
  }
  if (prior.is_object() && prior["instance_tenancy"] != planned["instance_tenancy"] &&
      planned["instance_tenancy"] != Json("default"))
    replace.push_back("instance_tenancy");
}

}  // namespace

ResourceType vpc() {
  ResourceType type;
  type.name = "aws_vpc";
  type.schema_version = 1;
  type.table = kTable;
  type.title = "EC2 VPC";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.reads =
      "ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups ec2:DescribeVpcAttribute "
      "ec2:DescribeVpcs";
  type.changes =
      "ec2:AssociateVpcCidrBlock ec2:CreateVpc ec2:DeleteVpc ec2:DisassociateVpcCidrBlock "
      "ec2:ModifyVpcAttribute ec2:ModifyVpcTenancy";
  return type;
}

}  // namespace terrace::aws::types
