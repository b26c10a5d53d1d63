// aws_eip, aws_nat_gateway
#include <algorithm>

#include <fmt/format.h>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kAddressTable = R"(
  address string o new api=-
  allocation_id string c
  arn string c api=-
  associate_with_private_ip string o api=-
  association_id string c
  carrier_ip string c
  customer_owned_ip string c
  customer_owned_ipv4_pool string o new
  domain string oc new one_of=standard|vpc
  id string oc api=-
  instance string oc api=-
  ipam_pool_id string oc new
  network_border_group string oc new
  network_interface string oc api=-
  private_dns string c api=-
  private_ip string c api=PrivateIpAddress
  ptr_record string c api=-
  public_dns string c api=-
  public_ip string c
  public_ipv4_pool string oc new
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  block timeouts single api=- {
    delete string o
    read string o
    update string o
  }
)";
constexpr const char* kGatewayTable = R"(
  allocation_id string o new api=-
  association_id string c api=-
  auto_provision_zones string c
  auto_scaling_ips string c
  availability_mode string oc new one_of=regional|zonal
  connectivity_type string o new default="public" one_of=private|public
  id string oc api=-
  network_interface_id string c api=-
  private_ip string oc new api=-
  public_ip string c api=-
  region string oc new api=-
  regional_nat_gateway_address set(object({allocation_id=string,association_id=string,availability_zone=string,availability_zone_id=string,network_interface_id=string,public_ip=string,status=string})) c api=-
  regional_nat_gateway_auto_mode string c api=-
  route_table_id string c
  secondary_allocation_ids set(string) oc api=-
  secondary_private_ip_address_count number oc api=-
  secondary_private_ip_addresses set(string) oc api=-
  subnet_id string o new
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string oc new
  block availability_zone_address set new api=- {
    allocation_ids set(string) o
    availability_zone string o
    availability_zone_id string oc
  }
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
)";

constexpr Kind kAddresses{"ec2", "DescribeAddresses", "allocation-id", "", "Addresses", "AllocationId"};
constexpr Kind kGateways{"ec2", "DescribeNatGateways", "", "NatGatewayIds", "NatGateways", "NatGatewayId"};

// --- addresses

Task<bool> associate(Context& c) {
  std::string instance = string_of(c.planned, "instance"), interface = string_of(c.planned, "network_interface");
  if (instance.empty() && interface.empty()) co_return true;
  Json params = Json::object();
  params["AllocationId"] = c.text("id");
  if (!instance.empty()) params["InstanceId"] = instance;
  if (!interface.empty()) params["NetworkInterfaceId"] = interface;
  put_if_set(params, "PrivateIpAddress", c, "associate_with_private_ip");
  // An instance that is still starting has no address to be associated with.
  ApiResult done = co_await call_while(c, "ec2", "AssociateAddress", std::move(params),
                                       "InvalidAllocationID.NotFound|pending-instance-creation|InvalidInstanceID",
                                       std::chrono::minutes(5));
  if (!done) co_return c.fail(done.error(), "associating");
  co_return true;
}

Task<bool> disassociate(Context& c) {
  std::string association = string_of(c.prior, "association_id");
  if (association.empty()) co_return true;
  Json params = Json::object();
  params["AssociationId"] = association;
  ApiResult done = co_await c.call("ec2", "DisassociateAddress", std::move(params));
  if (!done && !is_code(done.error(), {"InvalidAssociationID.NotFound"}))
    co_return c.fail(done.error(), "disassociating");
  co_return true;
}

Task<bool> create_address(Context& c) {
  if (string_of(c.planned, "domain").empty()) c.planned["domain"] = "vpc";
  if (!string_of(c.planned, "address").empty()) c.planned["public_ip"] = nullptr;
  Json made;
  Json params = to_api(c.rows, c.planned, input_shape(c, "ec2", "AllocateAddress"));
  put_if_set(params, "Address", c, "address");
  Json tags = tag_specifications(c, "elastic-ip", true);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult answer = co_await c.call("ec2", "AllocateAddress", std::move(params));
  if (!answer) co_return c.fail(answer.error(), "creating");
  c.state["id"] = (*answer)["AllocationId"];
  bool ok = co_await associate(c);
  co_return ok;
}

std::string ip_name(const std::string& ip, const std::string& region, bool is_private) {
  std::string dashed = ip;
  std::replace(dashed.begin(), dashed.end(), '.', '-');
  if (ip.empty()) return {};
  if (is_private)
    return region == "us-east-1" ? "ip-" + dashed + ".ec2.internal"
                                 : "ip-" + dashed + "." + region + ".compute.internal";
  return region == "us-east-1" ? "ec2-" + dashed + ".compute-1.amazonaws.com"
                               : "ec2-" + dashed + "." + region + ".compute.amazonaws.com";
}

Task<bool> read_address(Context& c) {
  Json address;
  bool ok = co_await read_ec2(c, kAddresses, address);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] = ec2_arn(c, "elastic-ip", c.text("id"));
  c.state["allocation_id"] = c.state["id"];
  c.state["instance"] = string_of(address, "InstanceId");
  c.state["network_interface"] = string_of(address, "NetworkInterfaceId");
  for (const char* name : {"association_id", "carrier_ip", "customer_owned_ip", "private_ip", "public_ipv4_pool",
                           "network_border_group", "ptr_record", "public_ip"}) {
    if (c.state[name].is_null()) c.state[name] = "";
  }
  c.state["private_dns"] = ip_name(string_of(c.state, "private_ip"), c.region, true);
  c.state["public_dns"] = ip_name(string_of(c.state, "public_ip"), c.region, false);
  co_return true;
}

Task<bool> update_address(Context& c) {
  bool moved = c.changed("instance") || c.changed("network_interface") || c.changed("associate_with_private_ip");
  if (!moved) co_return true;
  bool ok = co_await disassociate(c);
  if (ok) ok = co_await associate(c);
  co_return ok;
}

Task<bool> remove_address(Context& c) {
  bool ok = co_await disassociate(c);
  if (!ok) co_return false;
  ok = co_await remove_ec2(c, "ReleaseAddress", "AllocationId", c.text("id"), "InvalidAllocationID.NotFound",
                           "AuthFailure|InvalidIPAddress.InUse");
  co_return ok;
}

Task<bool> recover_address(Context& c) {
  Result<Json, ApiError> id = co_await find_by_intent(c, "DescribeAddresses", "Addresses", "AllocationId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

// --- gateways

Task<bool> wait_for_gateway(Context& c, const char* wanted, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  std::string id = c.text("id");
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> found = co_await c.describe(kGateways, id);
    if (!found) co_return c.fail(found.error(), "waiting for");
    std::string status = found->is_object() ? string_of(*found, "State") : "deleted";
    if (status == wanted) co_return true;
    if (status == "failed")
      co_return c.fail("creating",
                       fmt::format("{}: {}", string_of(*found, "FailureCode"), string_of(*found, "FailureMessage")));
    if (loop.clock().monotonic() > end)
      co_return c.fail("waiting for", "it is still " + status + " after the time limit");
    co_await pause_before(c, attempt);
  }
}

Task<bool> create_gateway(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "ec2", "CreateNatGateway"));
  put_if_set(params, "AllocationId", c, "allocation_id");
  put_if_set(params, "PrivateIpAddress", c, "private_ip");
  put_if_set(params, "SecondaryAllocationIds", c, "secondary_allocation_ids");
  put_if_set(params, "SecondaryPrivateIpAddresses", c, "secondary_private_ip_addresses");
  if (c.config.is_object() && c.config["secondary_private_ip_address_count"].is_number())
    params["SecondaryPrivateIpAddressCount"] = c.config["secondary_private_ip_address_count"];
  for (const char* list : {"SecondaryAllocationIds", "SecondaryPrivateIpAddresses"}) {
    if (params.contains(list) && params[list].empty()) params.erase(list);
  }
  Json places = Json::array();
  for (const Json& block : c.planned["availability_zone_address"]) {
    Json one = Json::object();
    for (const auto& [attribute, member] :
         {std::pair("allocation_ids", "AllocationIds"), std::pair("availability_zone", "AvailabilityZone"),
          std::pair("availability_zone_id", "AvailabilityZoneId")}) {
      if (!block[attribute].is_null() && block[attribute] != Json("")) one[member] = block[attribute];
    }
    places.push_back(std::move(one));
  }
  if (!places.empty()) params["AvailabilityZoneAddresses"] = std::move(places);
  params["ClientToken"] = c.token.empty() ? c.backend.random().uuid() : c.token;
  Json tags = tag_specifications(c, "natgateway", true);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult made = co_await c.call("ec2", "CreateNatGateway", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["NatGateway"]["NatGatewayId"];
  bool ok = co_await wait_for_gateway(c, "available", timeout_of(c, "create", std::chrono::minutes(10)));
  co_return ok;
}

Task<bool> read_gateway(Context& c) {
  Json gateway;
  bool ok = co_await read_ec2(c, kGateways, gateway);
  if (!ok || c.state.is_null()) co_return ok;
  std::string status = string_of(gateway, "State");
  if (status == "deleted" || status == "deleting" || status == "failed") {
    c.state = nullptr;
    co_return true;
  }
  Json& state = c.state;
  for (const char* name : {"association_id", "network_interface_id", "private_ip", "public_ip", "auto_provision_zones",
                           "auto_scaling_ips", "regional_nat_gateway_auto_mode", "route_table_id", "vpc_id"}) {
    if (state[name].is_null()) state[name] = "";
  }
  if (string_of(state, "availability_mode").empty()) state["availability_mode"] = "zonal";
  Json allocations = Json::array(), addresses = Json::array();
  for (const Json& address : gateway.value("NatGatewayAddresses", Json::array())) {
    // Where AWS does not say which is the first, it is the one that the gateway was made with.
    bool primary = address.contains("IsPrimary") ? bool_of(address, "IsPrimary")
                                                 : address.value("AllocationId", Json()) == state["allocation_id"] ||
                                                       state["allocation_id"].is_null();
    if (primary) {
      if (address.contains("AllocationId")) state["allocation_id"] = address["AllocationId"];
      state["association_id"] = string_of(address, "AssociationId");
      state["network_interface_id"] = string_of(address, "NetworkInterfaceId");
      state["private_ip"] = string_of(address, "PrivateIp");
      state["public_ip"] = string_of(address, "PublicIp");
    } else {
      if (!string_of(address, "AllocationId").empty()) allocations.push_back(address["AllocationId"]);
      if (!string_of(address, "PrivateIp").empty()) addresses.push_back(address["PrivateIp"]);
    }
  }
  state["secondary_private_ip_address_count"] = addresses.size();
  state["secondary_allocation_ids"] = std::move(allocations);
  state["secondary_private_ip_addresses"] = std::move(addresses);
  state["regional_nat_gateway_address"] = Json::array();
  co_return true;
}

Task<bool> update_gateway(Context& c) {
  auto change = [&](const char* operation, const char* member, const Json& list) {
    Json params = Json::object();
    params["NatGatewayId"] = c.state["id"];
    params[member] = list;
    return std::pair<const char*, Json>(operation, std::move(params));
  };
  std::vector<std::pair<const char*, Json>> calls;
  if (c.changed("secondary_allocation_ids") && c.planned["secondary_allocation_ids"].is_array()) {
    Json added = difference(c.planned["secondary_allocation_ids"], c.prior["secondary_allocation_ids"]);
    Json gone = difference(c.prior["secondary_allocation_ids"], c.planned["secondary_allocation_ids"]);
    if (!added.empty()) calls.push_back(change("AssociateNatGatewayAddress", "AllocationIds", added));
    if (!gone.empty()) {
      // Associations are taken off by their own ids.
      std::string id = c.text("id");
      Result<Json, ApiError> found = co_await c.describe(kGateways, id);
      if (!found) co_return c.fail(found.error(), "reading");
      Json associations = Json::array();
      for (const Json& address : found->value("NatGatewayAddresses", Json::array())) {
        if (std::find(gone.begin(), gone.end(), address.value("AllocationId", Json())) != gone.end())
          associations.push_back(address["AssociationId"]);
      }
      calls.push_back(change("DisassociateNatGatewayAddress", "AssociationIds", associations));
    }
  }
  if (c.changed("secondary_private_ip_addresses") && c.planned["secondary_private_ip_addresses"].is_array()) {
    Json added = difference(c.planned["secondary_private_ip_addresses"], c.prior["secondary_private_ip_addresses"]);
    Json gone = difference(c.prior["secondary_private_ip_addresses"], c.planned["secondary_private_ip_addresses"]);
    if (!added.empty()) calls.push_back(change("AssignPrivateNatGatewayAddress", "PrivateIpAddresses", added));
    if (!gone.empty()) calls.push_back(change("UnassignPrivateNatGatewayAddress", "PrivateIpAddresses", gone));
  }
  for (auto& [operation, params] : calls) {
    ApiResult done = co_await c.call("ec2", operation, std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  co_return true;
}

Task<bool> remove_gateway(Context& c) {
  bool ok = co_await remove_ec2(c, "DeleteNatGateway", "NatGatewayId", c.text("id"), "NatGatewayNotFound", "");
  if (!ok) co_return false;
  ok = co_await wait_for_gateway(c, "deleted", timeout_of(c, "delete", std::chrono::minutes(30)));
  co_return ok;
}

Task<bool> recover_gateway(Context& c) {
  Result<Json, ApiError> id = co_await find_by_intent(c, "DescribeNatGateways", "NatGateways", "NatGatewayId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

std::vector<std::string> validate_gateway(const Json& config) {
  std::vector<std::string> problems;
  bool is_private = string_of(config, "connectivity_type") == "private";
  bool regional = string_of(config, "availability_mode") == "regional";
  if (is_private && !string_of(config, "allocation_id").empty())
    problems.push_back("allocation_id: a private NAT gateway has no public address");
  if (!is_private && !regional && string_of(config, "allocation_id").empty())
    problems.push_back("allocation_id: a public NAT gateway needs an Elastic IP address");
  if (!regional && string_of(config, "subnet_id").empty()) problems.push_back("subnet_id: must say where it stands");
  return problems;
}

}  // namespace

ResourceType eip() {
  ResourceType type;
  type.name = "aws_eip";
  type.table = kAddressTable;
  type.title = "EC2 EIP";
  type.tags = TagStyle::kEc2;
  type.create = create_address;
  type.read = read_address;
  type.update = update_address;
  type.remove = remove_address;
  type.recover = recover_address;
  type.reads = "ec2:DescribeAddresses";
  type.changes = "ec2:AllocateAddress ec2:AssociateAddress ec2:DisassociateAddress ec2:ReleaseAddress";
  return type;
}

ResourceType nat_gateway() {
  ResourceType type;
  type.name = "aws_nat_gateway";
  type.table = kGatewayTable;
  type.title = "EC2 NAT Gateway";
  type.tags = TagStyle::kEc2;
  type.create = create_gateway;
  type.read = read_gateway;
  type.update = update_gateway;
  type.remove = remove_gateway;
  type.recover = recover_gateway;
  type.validate = validate_gateway;
  type.reads = "ec2:DescribeNatGateways";
  type.changes =
      "ec2:AssignPrivateNatGatewayAddress ec2:AssociateNatGatewayAddress ec2:CreateNatGateway "
      "ec2:DeleteNatGateway ec2:DisassociateNatGatewayAddress ec2:UnassignPrivateNatGatewayAddress";
  return type;
}

}  // namespace terrace::aws::types
