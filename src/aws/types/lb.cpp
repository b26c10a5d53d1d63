// aws_lb: application, network and gateway load balancers
#include "aws/types/lb.h"

#include <algorithm>

#include <fmt/format.h>

#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=LoadBalancerArn
  arn_suffix string c api=-
  client_keep_alive number o default=3600 api=-
  customer_owned_ipv4_pool string o new
  desync_mitigation_mode string o default="defensive" one_of=monitor|defensive|strictest api=-
  dns_name string c api=DNSName
  dns_record_client_routing_policy string o default="any_availability_zone" one_of=availability_zone_affinity|partial_availability_zone_affinity|any_availability_zone api=-
  drop_invalid_header_fields bool o default=false api=-
  enable_cross_zone_load_balancing bool o default=false api=-
  enable_deletion_protection bool o default=false api=-
  enable_http2 bool o default=true api=-
  enable_tls_version_and_cipher_suite_headers bool o default=false api=-
  enable_waf_fail_open bool o default=false api=-
  enable_xff_client_port bool o default=false api=-
  enable_zonal_shift bool o default=false api=-
  enforce_security_group_inbound_rules_on_private_link_traffic string oc one_of=on|off
  id string oc api=-
  idle_timeout number o default=60 api=-
  internal bool oc new api=-
  ip_address_type string oc one_of=ipv4|dualstack|dualstack-without-public-ipv4
  load_balancer_type string o default="application" one_of=application|network|gateway new api=Type
  name string oc new api=-
  name_prefix string oc new api=-
  preserve_host_header bool o default=false api=-
  region string oc new api=-
  secondary_ips_auto_assigned_per_subnet number oc api=-
  security_groups set(string) oc
  subnets set(string) oc
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string c
  xff_header_processing_mode string o default="append" one_of=append|preserve|remove api=-
  zone_id string c api=CanonicalHostedZoneId
  block access_logs list max=1 api=- {
    bucket string r
    enabled bool o default=false
    prefix string o
  }
  block connection_logs list max=1 api=- {
    bucket string r
    enabled bool o default=false
    prefix string o
  }
  block health_check_logs list max=1 api=- {
    bucket string r
    enabled bool o default=false
    prefix string o
  }
  block ipam_pools list max=1 {
    ipv4_ipam_pool_id string r
  }
  block minimum_load_balancer_capacity list max=1 api=- {
    capacity_units number r
  }
  block subnet_mapping set api=SubnetMappings {
    allocation_id string o
    ipv6_address string o api=IPv6Address
    outpost_id string c
    private_ipv4_address string o api=PrivateIPv4Address
    subnet_id string r
  }
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
)";

constexpr Kind kBalancers{"elbv2",         "DescribeLoadBalancers", "", "LoadBalancerArns",
                          "LoadBalancers", "LoadBalancerArn",       20};
constexpr Kind kByName{"elbv2", "DescribeLoadBalancers", "", "Names", "LoadBalancers", "LoadBalancerName", 20};

constexpr unsigned kApplication = 1, kNetwork = 2, kGateway = 4;
constexpr KeyedAttribute kAttributes[] = {
    {"client_keep_alive", "client_keep_alive.seconds", kApplication},
    {"desync_mitigation_mode", "routing.http.desync_mitigation_mode", kApplication},
    {"dns_record_client_routing_policy", "dns_record.client_routing_policy", kNetwork},
    {"drop_invalid_header_fields", "routing.http.drop_invalid_header_fields.enabled", kApplication},
    {"enable_cross_zone_load_balancing", "load_balancing.cross_zone.enabled", kNetwork | kGateway},
    {"enable_deletion_protection", "deletion_protection.enabled", kApplication | kNetwork | kGateway},
    {"enable_http2", "routing.http2.enabled", kApplication},
    {"enable_tls_version_and_cipher_suite_headers", "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
     kApplication},
    {"enable_waf_fail_open", "waf.fail_open.enabled", kApplication},
    {"enable_xff_client_port", "routing.http.xff_client_port.enabled", kApplication},
    {"enable_zonal_shift", "zonal_shift.config.enabled", kApplication | kNetwork},
    {"idle_timeout", "idle_timeout.timeout_seconds", kApplication},
    {"preserve_host_header", "routing.http.preserve_host_header.enabled", kApplication},
    {"secondary_ips_auto_assigned_per_subnet", "secondary_ips.auto_assigned.per_subnet", kNetwork},
    {"xff_header_processing_mode", "routing.http.xff_header_processing.mode", kApplication}};

struct Logs {
  const char* block;
  const char* enabled;
  const char* bucket;
  const char* prefix;
  unsigned kinds;
};
constexpr Logs kLogs[] = {{"access_logs", "access_logs.s3.enabled", "access_logs.s3.bucket", "access_logs.s3.prefix",
                           kApplication | kNetwork},
                          {"connection_logs", "connection_logs.s3.enabled", "connection_logs.s3.bucket",
                           "connection_logs.s3.prefix", kApplication},
                          {"health_check_logs", "health_check_logs.s3.enabled", "health_check_logs.s3.bucket",
                           "health_check_logs.s3.prefix", kApplication}};

unsigned kind_of(const Json& attributes) {
  std::string type = string_of(attributes, "load_balancer_type");
  return type == "network" ? kNetwork : type == "gateway" ? kGateway : kApplication;
}

std::string name_for(const Context& c) {
  return name_or_generated(c, "name", "name_prefix", "tf-lb-").substr(0, 32);
}

Json by_arn(const Context& c) {
  return one_member("LoadBalancerArn", c.state["id"]);
}

Task<bool> call(Context& c, const char* operation, Json params, const char* what) {
  params["LoadBalancerArn"] = c.state["id"];
  ApiResult done = co_await c.call("elbv2", operation, std::move(params));
  if (!done) co_return c.fail(done.error(), what);
  co_return true;
}

Task<bool> wait_until_active(Context& c, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> found = co_await c.describe(kBalancers, c.text("id"));
    if (!found) co_return c.fail(found.error(), "waiting for");
    const Json state = found->is_object() ? found->value("State", Json::object()) : Json::object();
    std::string code = string_of(state, "Code");
    if (code == "active" || code == "active_impaired") co_return true;
    if (code == "failed") co_return c.fail("waiting for", "it failed: " + string_of(state, "Reason"));
    if (loop.clock().monotonic() > end)
      co_return c.fail("waiting for", "it is " + (code.empty() ? "not there" : code) +
                                          " after the time limit; it goes on in AWS, so run again later");
    co_await pause_before(c, attempt);
  }
}

// What of the logs is to be set.
void add_logs(const Context& c, unsigned kind, Json& list) {
  for (const Logs& logs : kLogs) {
    if ((logs.kinds & kind) == 0 || !c.changed(logs.block)) continue;
    const Json block = first_block(c.planned, logs.block);
    if (block.is_null() && c.prior.is_null()) continue;
    bool on = block.is_object() && bool_of(block, "enabled");
    list.push_back(keyed_value(logs.enabled, on));
    if (!on) continue;
    list.push_back(keyed_value(logs.bucket, block["bucket"]));
    if (!block["prefix"].is_null() || c.prior.is_object()) list.push_back(keyed_value(logs.prefix, block["prefix"]));
  }
}

Task<bool> put_attributes(Context& c) {
  unsigned kind = kind_of(c.planned);
  Json list = keyed_changes(c, kAttributes, kind);
  add_logs(c, kind, list);
  bool ok = co_await put_keyed(c, "ModifyLoadBalancerAttributes", "LoadBalancerArn", std::move(list));
  co_return ok;
}

Task<bool> put_security_groups(Context& c) {
  Json params = one_member("SecurityGroups",
                           c.planned["security_groups"].is_array() ? c.planned["security_groups"] : Json::array());
  if (kind_of(c.planned) == kNetwork)
    put_if_set(params, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", c,
               "enforce_security_group_inbound_rules_on_private_link_traffic");
  bool ok = co_await call(c, "SetSecurityGroups", std::move(params), "setting the security groups of");
  co_return ok;
}

Task<bool> put_capacity(Context& c, Duration limit) {
  Json params = Json::object();
  const Json block = first_block(c.planned, "minimum_load_balancer_capacity");
  if (block.is_object()) {
    params["MinimumLoadBalancerCapacity"] = one_member("CapacityUnits", block["capacity_units"]);
  } else {
    params["ResetCapacityReservation"] = true;
  }
  bool ok = co_await call(c, "ModifyCapacityReservation", std::move(params), "reserving capacity for");
  if (!ok) co_return false;
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  Json object = by_arn(c);
  for (int attempt = 0;; ++attempt) {
    ApiResult now = co_await c.call("elbv2", "DescribeCapacityReservation", object);
    if (!now) co_return c.fail(now.error(), "waiting for the capacity of");
    bool ready = true;
    for (const Json& zone : now->value("CapacityReservationState", Json::array())) {
      std::string code = string_of(zone.value("State", Json::object()), "Code");
      if (code == "failed") co_return c.fail("reserving capacity for", string_of(zone["State"], "Reason"));
      ready = ready && (code == "provisioned" || code.empty());
    }
    if (ready) co_return true;
    if (loop.clock().monotonic() > end)
      co_return c.fail("reserving capacity for", "it is not there after the time limit");
    co_await pause_before(c, attempt);
  }
}

Task<bool> create(Context& c) {
  std::string name = name_for(c);
  // Asked for the same once more, AWS gives the balancer that is there: somebody else's.
  Result<Json, ApiError> there = co_await c.describe(kByName, name);
  if (!there) co_return c.fail(there.error(), "looking for");
  if (there->is_object())
    co_return c.fail("creating", fmt::format("a load balancer named {} exists already. Give this one another name, or "
                                             "take that one over with: terrace import ADDRESS {}",
                                             name, string_of(*there, "LoadBalancerArn")));
  Json params = to_api(c.rows, c.planned, input_shape(c, "elbv2", "CreateLoadBalancer"));
  params["Name"] = name;
  if (bool_of(c.planned, "internal")) params["Scheme"] = "internal";
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("elbv2", "CreateLoadBalancer", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["LoadBalancers"][0]["LoadBalancerArn"];
  Duration limit = timeout_of(c, "create", std::chrono::minutes(10));
  bool ok = co_await wait_until_active(c, limit);
  if (ok && !c.planned["minimum_load_balancer_capacity"].empty()) ok = co_await put_capacity(c, limit);
  if (ok) ok = co_await put_attributes(c);
  bool enforces = !string_of(c.planned, "enforce_security_group_inbound_rules_on_private_link_traffic").empty();
  if (ok && enforces && kind_of(c.planned) == kNetwork) ok = co_await put_security_groups(c);
  co_return ok;
}

void take_zones(Context& c, const Json& balancer, const Json& before) {
  Json subnets = Json::array(), mappings = Json::array();
  bool mapped = !before["subnet_mapping"].empty();
  for (const Json& zone : balancer.value("AvailabilityZones", Json::array())) {
    subnets.push_back(zone["SubnetId"]);
    Json mapping = one_member("subnet_id", zone["SubnetId"]);
    for (const Json& known : before["subnet_mapping"]) {
      if (known["subnet_id"] == zone["SubnetId"]) mapping = known;
    }
    for (const char* optional : {"allocation_id", "ipv6_address", "private_ipv4_address"}) {
      if (!mapping.contains(optional)) mapping[optional] = nullptr;
    }
    mapping["outpost_id"] = string_of(zone, "OutpostId");
    for (const Json& address : zone.value("LoadBalancerAddresses", Json::array())) {
      for (const auto& [attribute, member] :
           {std::pair("allocation_id", "AllocationId"), std::pair("ipv6_address", "IPv6Address"),
            std::pair("private_ipv4_address", "PrivateIPv4Address")}) {
        if (!string_of(address, member).empty()) mapping[attribute] = address[member];
      }
      // An import can't tell how it was written: only addresses of one's own need a mapping.
      mapped = mapped || (before["subnets"].is_null() && !string_of(address, "AllocationId").empty());
    }
    mappings.push_back(std::move(mapping));
  }
  c.state["subnets"] = std::move(subnets);
  c.state["subnet_mapping"] = mapped ? std::move(mappings) : Json::array();
}

void take_logs(Context& c, unsigned kind, const Json& values, const Json& before) {
  for (const Logs& logs : kLogs) {
    if ((logs.kinds & kind) == 0) continue;
    const Json known = first_block(before, logs.block);
    bool on = string_of(values, logs.enabled) == "true";
    Json block = known.is_object() ? known : Json::object();
    c.state[logs.block] = Json::array();
    if (!on && known.is_null()) continue;
    block["enabled"] = on;
    if (on || !block.contains("bucket")) block["bucket"] = string_of(values, logs.bucket);
    std::string prefix = string_of(values, logs.prefix);
    if (!block.contains("prefix")) block["prefix"] = nullptr;
    if (on && (!prefix.empty() || !block["prefix"].is_null())) block["prefix"] = prefix;
    c.state[logs.block].push_back(std::move(block));
  }
}

Task<bool> read(Context& c) {
  Json before = c.state;
  Result<Json, ApiError> found = co_await c.describe(kBalancers, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& balancer = *found;
  if (balancer.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, balancer, c.state);
  std::string own = string_of(balancer, "LoadBalancerArn");
  c.state["id"] = own;
  c.state["arn_suffix"] = own.substr(own.find("loadbalancer/") + std::string_view("loadbalancer/").size());
  c.state["name"] = balancer["LoadBalancerName"];
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  c.state["internal"] = string_of(balancer, "Scheme") == "internal";
  if (c.state["security_groups"].is_null()) c.state["security_groups"] = Json::array();
  if (c.state["enforce_security_group_inbound_rules_on_private_link_traffic"].is_null())
    c.state["enforce_security_group_inbound_rules_on_private_link_traffic"] = "";
  take_zones(c, balancer, before);
  Json object = by_arn(c);
  ApiResult attributes =
      co_await c.backend.batches().share("elbv2", "DescribeLoadBalancerAttributes", object, c.region);
  if (!attributes) co_return c.fail(attributes.error(), "reading attributes of");
  const Json values = keyed_values(attributes->value("Attributes", Json::array()));
  unsigned kind = kind_of(c.state);
  take_keyed(c, kAttributes, kind, values);
  take_logs(c, kind, values, before);
  if (c.state["secondary_ips_auto_assigned_per_subnet"].is_null())
    c.state["secondary_ips_auto_assigned_per_subnet"] = 0;
  if (!before["minimum_load_balancer_capacity"].empty()) {
    ApiResult capacity = co_await c.backend.batches().share("elbv2", "DescribeCapacityReservation", object, c.region);
    if (!capacity) co_return c.fail(capacity.error(), "reading the capacity of");
    const Json least = capacity->value("MinimumLoadBalancerCapacity", Json::object());
    c.state["minimum_load_balancer_capacity"] = Json::array();
    if (least.contains("CapacityUnits"))
      c.state["minimum_load_balancer_capacity"].push_back(one_member("capacity_units", least["CapacityUnits"]));
  }
  bool ok = co_await read_lb_tags(c);
  co_return ok;
}

Task<bool> put_subnets(Context& c) {
  Json params = Json::object();
  Json all = to_api(c.rows, c.planned, input_shape(c, "elbv2", "SetSubnets"));
  const char* member = c.planned["subnet_mapping"].empty() ? "Subnets" : "SubnetMappings";
  params[member] = all[member];
  bool ok = co_await call(c, "SetSubnets", std::move(params), "setting the subnets of");
  co_return ok;
}

Task<bool> update(Context& c) {
  Duration limit = timeout_of(c, "update", std::chrono::minutes(10));
  bool ok = co_await put_attributes(c);
  if (ok && (c.changed("security_groups") || c.changed("enforce_security_group_inbound_rules_on_private_link_traffic")))
    ok = co_await put_security_groups(c);
  bool mapped = !c.planned["subnet_mapping"].empty();
  if (ok && (c.changed("subnet_mapping") || (!mapped && c.changed("subnets")))) ok = co_await put_subnets(c);
  if (ok && c.changed("ip_address_type")) {
    Json params = one_member("IpAddressType", c.planned["ip_address_type"]);
    ok = co_await call(c, "SetIpAddressType", std::move(params), "setting the address type of");
  }
  if (ok && c.changed("ipam_pools")) {
    const Json block = first_block(c.planned, "ipam_pools");
    Json params = Json::object();
    if (block.is_object()) {
      params["IpamPools"] = one_member("Ipv4IpamPoolId", block["ipv4_ipam_pool_id"]);
    } else {
      params["RemoveIpamPools"] = Json::array({"ipv4"});
    }
    ok = co_await call(c, "ModifyIpPools", std::move(params), "setting the address pools of");
  }
  if (ok && c.changed("minimum_load_balancer_capacity")) ok = co_await put_capacity(c, limit);
  if (ok) ok = co_await update_lb_tags(c);
  if (ok) ok = co_await wait_until_active(c, limit);
  co_return ok;
}

Task<bool> remove(Context& c) {
  if (bool_of(c.prior, "enable_deletion_protection"))
    co_return c.fail("deleting",
                     "it is protected from deletion. To lift that, set enable_deletion_protection = false and apply; "
                     "then destroy it");
  Json object = by_arn(c);
  ApiResult done = co_await c.call("elbv2", "DeleteLoadBalancer", std::move(object));
  if (!done && !is_code(done.error(), {"LoadBalancerNotFound"})) co_return c.fail(done.error(), "deleting");
  // Its network interfaces go after it; what they stand in can't be deleted before.
  Json query = Json::object();
  query["Filters"] = filters({{"description", "ELB " + string_of(c.prior, "arn_suffix")}});
  Duration end = c.backend.loop().clock().monotonic() + timeout_of(c, "delete", std::chrono::minutes(10));
  for (int attempt = 0; c.backend.loop().clock().monotonic() < end; ++attempt) {
    ApiResult left = co_await c.call("ec2", "DescribeNetworkInterfaces", query);
    if (!left) co_return c.fail(left.error(), "waiting for the network interfaces of");
    if (left->value("NetworkInterfaces", Json::array()).empty()) co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "its network interfaces are still there after the time limit");
}

Task<bool> recover(Context& c) {
  Result<Json, ApiError> found = co_await c.describe(kByName, name_for(c));
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!found->is_object() || !made_since(c, string_of(*found, "CreatedTime"))) co_return true;
  c.state["id"] = (*found)["LoadBalancerArn"];
  bool ok = co_await wait_until_active(c, std::chrono::minutes(10));
  co_return ok;
}

bool is_empty(const Json& value) {
  return !value.is_array() || value.empty();
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>& replace) {
  unsigned kind = kind_of(planned);
  // Attributes of balancers of another type say nothing here.
  for (const KeyedAttribute& each : kAttributes) {
    if ((each.kinds & kind) == 0 && config[each.attribute].is_null())
      planned[each.attribute] = prior.is_object() ? prior[each.attribute] : Json(nullptr);
  }
  if (!prior.is_object()) return;
  bool mappings = prior["subnet_mapping"] != planned["subnet_mapping"];
  if (mappings && config["subnets"].is_null()) unknown.push_back("subnets");
  if (kind == kNetwork) {
    // A network load balancer is made with security groups or without.
    if (planned["security_groups"].is_array() &&
        is_empty(prior["security_groups"]) != is_empty(planned["security_groups"]))
      replace.push_back("security_groups");
    // Addresses can't be changed where they are.
    for (const Json& before : prior["subnet_mapping"]) {
      for (const Json& after : planned["subnet_mapping"]) {
        if (before["subnet_id"] != after["subnet_id"]) continue;
        for (const char* address : {"allocation_id", "private_ipv4_address"}) {
          if (!after[address].is_null() && before[address] != after[address]) replace.push_back("subnet_mapping");
        }
      }
    }
  }
  if (kind == kGateway && planned["subnets"].is_array() && !difference(prior["subnets"], planned["subnets"]).empty())
    replace.push_back("subnets");
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  std::string name = string_of(config, "name");
  bool plain = std::all_of(name.begin(), name.end(), [](unsigned char ch) { return std::isalnum(ch) || ch == '-'; });
  if (name.size() > 32) problems.push_back("name: a load balancer's name has at most 32 characters: " + name);
  if (!plain) problems.push_back("name: only letters, digits and hyphens may stand in a load balancer's name: " + name);
  if (name.starts_with("-") || name.ends_with("-"))
    problems.push_back("name: a load balancer's name can't begin or end with a hyphen: " + name);
  if (name.starts_with("internal-"))
    problems.push_back("name: names that begin with \"internal-\" are AWS's own: " + name);
  if (!name.empty() && !string_of(config, "name_prefix").empty())
    problems.push_back("name_prefix: conflicts with name");
  bool subnets = !is_empty(config["subnets"]), mappings = !is_empty(config["subnet_mapping"]);
  if (subnets == mappings)
    problems.push_back("subnets: either \"subnets\" or \"subnet_mapping\" must say where it stands");
  return problems;
}

}  // namespace

ResourceType lb() {
  ResourceType type;
  type.name = "aws_lb";
  type.table = kTable;
  type.service = "elbv2";
  type.title = "ELBv2 Load Balancer";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.validate = validate;
  type.reads =
      "elbv2:DescribeCapacityReservation elbv2:DescribeLoadBalancerAttributes elbv2:DescribeLoadBalancers "
      "elbv2:DescribeTags";
  type.changes =
      "ec2:DescribeNetworkInterfaces elbv2:AddTags elbv2:CreateLoadBalancer elbv2:DeleteLoadBalancer "
      "elbv2:ModifyCapacityReservation elbv2:ModifyIpPools elbv2:ModifyLoadBalancerAttributes "
      "elbv2:RemoveTags elbv2:SetIpAddressType elbv2:SetSecurityGroups elbv2:SetSubnets";
  return type;
}

}  // namespace terrace::aws::types
