// aws_subnet
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  assign_ipv6_address_on_creation bool o
  availability_zone string oc new
  availability_zone_id string oc new
  cidr_block string o new
  customer_owned_ipv4_pool string o
  enable_dns64 bool o
  enable_lni_at_device_index number o
  enable_resource_name_dns_a_record_on_launch bool o api=-
  enable_resource_name_dns_aaaa_record_on_launch bool o api=-
  id string oc api=-
  ipv6_cidr_block string o
  ipv6_cidr_block_association_id string c
  ipv6_native bool o new
  map_customer_owned_ip_on_launch bool o
  map_public_ip_on_launch bool o
  outpost_arn string o new
  owner_id string c
  private_dns_hostname_type_on_launch string oc api=- one_of=ip-name|resource-name
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string r new
  block timeouts single {
    create string o
    delete string o
  }
)";

// Attributes that ModifySubnetAttribute sets, one a call, with the API's default after a create.
struct Flag {
  const char* attribute;
  const char* parameter;
};
constexpr Flag kFlags[] = {
    {"map_public_ip_on_launch", "MapPublicIpOnLaunch"},
    {"assign_ipv6_address_on_creation", "AssignIpv6AddressOnCreation"},
    {"enable_dns64", "EnableDns64"},
    {"enable_resource_name_dns_a_record_on_launch", "EnableResourceNameDnsARecordOnLaunch"},
    {"enable_resource_name_dns_aaaa_record_on_launch", "EnableResourceNameDnsAAAARecordOnLaunch"},
};

Task<bool> set_flags(Context& c, bool created) {
  for (const Flag& flag : kFlags) {
    bool wanted = bool_of(c.planned, flag.attribute);
    bool is = !created && bool_of(c.prior, flag.attribute);
    if (wanted == is) continue;
    Json params = Json::object();
    params["SubnetId"] = c.state["id"];
    params[flag.parameter] = Json::object();
    params[flag.parameter]["Value"] = wanted;
    ApiResult done = co_await call_while(c, "ec2", "ModifySubnetAttribute", params, "InvalidSubnetID.NotFound",
                                         std::chrono::minutes(1));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  std::string type = string_of(c.planned, "private_dns_hostname_type_on_launch");
  bool differs =
      created ? !type.empty() && type != "ip-name" : !type.empty() && c.changed("private_dns_hostname_type_on_launch");
  if (differs) {
    Json params = Json::object();
    params["SubnetId"] = c.state["id"];
    params["PrivateDnsHostnameTypeOnLaunch"] = type;
    ApiResult done = co_await c.call("ec2", "ModifySubnetAttribute", params);
    if (!done) co_return c.fail(done.error(), "updating");
  }
  co_return true;
}

Task<bool> create(Context& c) {
  Json made;
  bool ok = co_await create_ec2(c, "CreateSubnet", "Subnet", "SubnetId", "subnet", false, made);
  if (ok) ok = co_await set_flags(c, true);
  co_return ok;
}

// Of an association that is no more.
bool going(const std::string& status) {
  return status == "disassociating" || status == "disassociated" || status == "failing" || status == "failed";
}

Task<bool> read(Context& c) {
  Json subnet;
  bool ok = co_await read_ec2(c, kSubnets, subnet);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] =
      string_of(subnet, "SubnetArn").empty() ? ec2_arn(c, "subnet", c.text("id")) : string_of(subnet, "SubnetArn");
  c.state["ipv6_cidr_block_association_id"] = "";
  if (c.state["ipv6_cidr_block"].is_string()) c.state["ipv6_cidr_block"] = nullptr;
  for (const Json& association : subnet.value("Ipv6CidrBlockAssociationSet", Json::array())) {
    if (going(string_of(association.value("Ipv6CidrBlockState", Json::object()), "State"))) continue;
    c.state["ipv6_cidr_block_association_id"] = string_of(association, "AssociationId");
    c.state["ipv6_cidr_block"] = string_of(association, "Ipv6CidrBlock");
  }
  const Json names = subnet.value("PrivateDnsNameOptionsOnLaunch", Json::object());
  if (names.contains("HostnameType")) c.state["private_dns_hostname_type_on_launch"] = names["HostnameType"];
  for (const auto& [attribute, member] :
       {std::pair("enable_resource_name_dns_a_record_on_launch", "EnableResourceNameDnsARecord"),
        std::pair("enable_resource_name_dns_aaaa_record_on_launch", "EnableResourceNameDnsAAAARecord")}) {
    if (!c.state[attribute].is_null() || bool_of(names, member)) c.state[attribute] = bool_of(names, member);
  }
  co_return true;
}

// Waits until the association of an IPv6 block is made, or taken away.
Task<bool> wait_for_ipv6(Context& c, const std::string& association, bool made) {
  std::string id = c.text("id");
  for (int attempt = 0; attempt < 60; ++attempt) {
    Result<Json, ApiError> subnet = co_await c.describe(kSubnets, id);
    if (!subnet) co_return c.fail(subnet.error(), "waiting for the IPv6 block of");
    std::string status = "disassociated";
    for (const Json& each : subnet->value("Ipv6CidrBlockAssociationSet", Json::array())) {
      if (string_of(each, "AssociationId") == association)
        status = string_of(each.value("Ipv6CidrBlockState", Json::object()), "State");
    }
    if (made && status == "failed")
      co_return c.fail("giving an IPv6 block to", "AWS could not: the association failed");
    if (made ? status != "associating" && !going(status) : status == "disassociated") co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for the IPv6 block of", "it has not come or gone after ten minutes");
}

// A subnet has one IPv6 block: the old one goes before the new one comes.
Task<bool> change_ipv6(Context& c) {
  std::string old = string_of(c.prior, "ipv6_cidr_block_association_id");
  if (!old.empty()) {
    Json params = Json::object();
    params["AssociationId"] = old;
    ApiResult done = co_await c.call("ec2", "DisassociateSubnetCidrBlock", params);
    if (!done && !is_code(done.error(), {"InvalidSubnetCidrBlockAssociationID.NotFound"}))
      co_return c.fail(done.error(), "taking the IPv6 block from");
    bool gone = co_await wait_for_ipv6(c, old, false);
    if (!gone) co_return false;
  }
  if (string_of(c.planned, "ipv6_cidr_block").empty()) co_return true;
  Json params = Json::object();
  params["SubnetId"] = c.state["id"];
  params["Ipv6CidrBlock"] = c.planned["ipv6_cidr_block"];
  ApiResult made = co_await c.call("ec2", "AssociateSubnetCidrBlock", params);
  if (!made) co_return c.fail(made.error(), "giving an IPv6 block to");
  std::string id = string_of(made->value("Ipv6CidrBlockAssociation", Json::object()), "AssociationId");
  bool ok = co_await wait_for_ipv6(c, id, true);
  co_return ok;
}

// Instances get addresses of an IPv6 block only while there is one.
Task<bool> update(Context& c) {
  bool block = c.changed("ipv6_cidr_block");
  bool assigns = bool_of(c.planned, "assign_ipv6_address_on_creation");
  bool ok = true;
  if (block && !assigns) ok = co_await set_flags(c, false);
  if (ok && block) ok = co_await change_ipv6(c);
  if (ok && (!block || assigns)) ok = co_await set_flags(c, false);
  co_return ok;
}

// Another IPv6 block is another association.
void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown, std::vector<std::string>&) {
  if (prior.is_object() && prior["ipv6_cidr_block"] != planned["ipv6_cidr_block"])
    unknown.push_back("ipv6_cidr_block_association_id");
}

Task<bool> remove(Context& c) {
  std::string id = c.text("id");
  bool ok = co_await remove_ec2(c, "DeleteSubnet", "SubnetId", id, "InvalidSubnetID.NotFound", "DependencyViolation");
  co_return ok;
}

// A VPC has a block of addresses in one subnet only.
Task<bool> recover(Context& c) {
  Json params = Json::object();
  params["Filters"] =
      filters({{"vpc-id", string_of(c.planned, "vpc_id")}, {"cidr-block", string_of(c.planned, "cidr_block")}});
  ApiResult answer = co_await c.call("ec2", "DescribeSubnets", params);
  if (!answer) co_return c.fail(answer.error(), "looking for");
  const Json found = answer->value("Subnets", Json::array());
  if (!found.empty() && has_planned_tags(c, found[0].value("Tags", Json::array())))
    c.state["id"] = string_of(found[0], "SubnetId");
  co_return true;
}

}  // namespace

ResourceType subnet() {
  ResourceType type;
  type.name = "aws_subnet";
  type.schema_version = 1;
  type.table = kTable;
  type.title = "EC2 Subnet";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.reads = "ec2:DescribeSubnets";
  type.changes =
      "ec2:AssociateSubnetCidrBlock ec2:CreateSubnet ec2:DeleteSubnet ec2:DisassociateSubnetCidrBlock "
      "ec2:ModifySubnetAttribute";
  return type;
}

}  // namespace terrace::aws::types
