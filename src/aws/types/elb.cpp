// aws_elb: the classic load balancer
#include <algorithm>

#include <fmt/format.h>

#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  availability_zones set(string) oc
  connection_draining bool o default=false api=-
  connection_draining_timeout number o default=300 api=-
  cross_zone_load_balancing bool o default=true api=-
  desync_mitigation_mode string o default="defensive" one_of=monitor|defensive|strictest api=-
  dns_name string c api=DNSName
  id string oc api=-
  idle_timeout number o default=60 api=-
  instances set(string) oc api=-
  internal bool oc new api=-
  name string oc new api=-
  name_prefix string oc new api=-
  region string oc new api=-
  security_groups set(string) oc
  source_security_group string oc api=-
  source_security_group_id string c api=-
  subnets set(string) oc
  tags map(string) o api=-
  tags_all map(string) oc api=-
  zone_id string c api=CanonicalHostedZoneNameID
  block access_logs list max=1 api=- {
    bucket string r
    bucket_prefix string o
    enabled bool o default=true
    interval number o default=60
  }
  block health_check list max=1 api=- {
    healthy_threshold number r
    interval number r
    target string r
    timeout number r
    unhealthy_threshold number r
  }
  block listener set min=1 api=- {
    instance_port number r
    instance_protocol string r
    lb_port number r
    lb_protocol string r
    ssl_certificate_id string o
  }
  block timeouts single api=- {
    create string o
    update string o
  }
)";

constexpr Kind kLoadBalancers{
    "elb", "DescribeLoadBalancers", "", "LoadBalancerNames", "LoadBalancerDescriptions", "LoadBalancerName", 100};
constexpr Kind kTagsOf{"elb", "DescribeTags", "", "LoadBalancerNames", "TagDescriptions", "LoadBalancerName", 20};
constexpr TagCalls kTags{"elb", "AddTags", "RemoveTags", "Tags", "Tags", true};

// A balancer's network interfaces and roles need a while before the API takes them.
constexpr const char* kNotYet = "CertificateNotFound|SecurityGroupNotFound";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char ch) { return std::tolower(ch); });
  return text;
}

Json of(const Context& c) {
  Json params = Json::object();
  params["LoadBalancerName"] = c.state["id"];
  return params;
}

Json listener_params(const Json& blocks) {
  Json list = Json::array();
  if (!blocks.is_array()) return list;
  for (const Json& block : blocks) {
    Json one = Json::object();
    one["InstancePort"] = block["instance_port"];
    one["InstanceProtocol"] = block["instance_protocol"];
    one["LoadBalancerPort"] = block["lb_port"];
    one["Protocol"] = block["lb_protocol"];
    if (!string_of(block, "ssl_certificate_id").empty()) one["SSLCertificateId"] = block["ssl_certificate_id"];
    list.push_back(std::move(one));
  }
  return list;
}

Task<bool> call(Context& c, const char* operation, Json more, const char* what) {
  Json params = of(c);
  params.update(more);
  ApiResult done = co_await call_while(c, "elb", operation, std::move(params), kNotYet, std::chrono::minutes(5));
  if (!done) co_return c.fail(done.error(), what);
  co_return true;
}

Json attributes_of(const Context& c) {
  Json attributes = Json::object();
  Json cross = Json::object();
  cross["Enabled"] = bool_of(c.planned, "cross_zone_load_balancing");
  attributes["CrossZoneLoadBalancing"] = std::move(cross);
  Json draining = Json::object();
  draining["Enabled"] = bool_of(c.planned, "connection_draining");
  if (bool_of(c.planned, "connection_draining")) draining["Timeout"] = c.planned["connection_draining_timeout"];
  attributes["ConnectionDraining"] = std::move(draining);
  Json settings = Json::object();
  settings["IdleTimeout"] = c.planned["idle_timeout"];
  attributes["ConnectionSettings"] = std::move(settings);
  Json logs = Json::object();
  logs["Enabled"] = false;
  for (const Json& block : c.planned["access_logs"]) {
    logs["Enabled"] = bool_of(block, "enabled");
    logs["EmitInterval"] = block["interval"];
    logs["S3BucketName"] = block["bucket"];
    if (!string_of(block, "bucket_prefix").empty()) logs["S3BucketPrefix"] = block["bucket_prefix"];
  }
  attributes["AccessLog"] = std::move(logs);
  Json desync = Json::object();
  desync["Key"] = "elb.http.desyncmitigationmode";
  desync["Value"] = c.planned["desync_mitigation_mode"];
  attributes["AdditionalAttributes"] = Json::array();
  attributes["AdditionalAttributes"].push_back(std::move(desync));
  Json params = Json::object();
  params["LoadBalancerAttributes"] = std::move(attributes);
  return params;
}

Json health_check_of(const Json& block) {
  Json check = Json::object();
  check["HealthyThreshold"] = block["healthy_threshold"];
  check["UnhealthyThreshold"] = block["unhealthy_threshold"];
  check["Interval"] = block["interval"];
  check["Target"] = block["target"];
  check["Timeout"] = block["timeout"];
  Json params = Json::object();
  params["HealthCheck"] = std::move(check);
  return params;
}

Json instances_of(const Json& ids) {
  Json list = Json::array();
  for (const Json& id : ids) {
    Json one = Json::object();
    one["InstanceId"] = id;
    list.push_back(std::move(one));
  }
  Json params = Json::object();
  params["Instances"] = std::move(list);
  return params;
}

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "tf-lb-").substr(0, 32);
  Json params = Json::object();
  params["LoadBalancerName"] = name;
  params["Listeners"] = listener_params(c.planned["listener"]);
  put_if_set(params, "AvailabilityZones", c, "availability_zones");
  put_if_set(params, "Subnets", c, "subnets");
  put_if_set(params, "SecurityGroups", c, "security_groups");
  if (params.contains("Subnets")) params.erase("AvailabilityZones");
  if (bool_of(c.planned, "internal")) params["Scheme"] = "internal";
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made =
      co_await call_while(c, "elb", "CreateLoadBalancer", std::move(params), kNotYet, std::chrono::minutes(5));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  c.state["name"] = name;
  Json attributes = attributes_of(c);
  bool ok = co_await call(c, "ModifyLoadBalancerAttributes", std::move(attributes), "setting attributes of");
  if (!ok) co_return false;
  for (const Json& block : c.planned["health_check"]) {
    Json check = health_check_of(block);
    ok = co_await call(c, "ConfigureHealthCheck", std::move(check), "setting the health check of");
    if (!ok) co_return false;
  }
  if (c.planned["instances"].is_array() && !c.planned["instances"].empty()) {
    Json instances = instances_of(c.planned["instances"]);
    ok = co_await call(c, "RegisterInstancesWithLoadBalancer", std::move(instances), "registering instances with");
  }
  co_return ok;
}

// Listeners as AWS has them, in the configuration's spelling of protocols.
Json listeners_of(const Json& balancer, const Json& before) {
  Json list = Json::array();
  for (const Json& description : balancer.value("ListenerDescriptions", Json::array())) {
    const Json& listener = description["Listener"];
    Json one = Json::object();
    one["instance_port"] = listener["InstancePort"];
    one["lb_port"] = listener["LoadBalancerPort"];
    one["instance_protocol"] = lower(string_of(listener, "InstanceProtocol"));
    one["lb_protocol"] = lower(string_of(listener, "Protocol"));
    one["ssl_certificate_id"] = string_of(listener, "SSLCertificateId");
    if (before.is_array()) {
      for (const Json& known : before) {
        if (known["lb_port"] != one["lb_port"]) continue;
        for (const char* protocol : {"instance_protocol", "lb_protocol"}) {
          if (lower(string_of(known, protocol)) == string_of(one, protocol)) one[protocol] = known[protocol];
        }
        if (known["ssl_certificate_id"].is_null() && string_of(one, "ssl_certificate_id").empty())
          one["ssl_certificate_id"] = nullptr;
      }
    }
    list.push_back(std::move(one));
  }
  return list;
}

void take_attributes(Context& c, const Json& attributes, bool imported) {
  const Json cross = attributes.value("CrossZoneLoadBalancing", Json::object());
  c.state["cross_zone_load_balancing"] = bool_of(cross, "Enabled");
  const Json draining = attributes.value("ConnectionDraining", Json::object());
  c.state["connection_draining"] = bool_of(draining, "Enabled");
  if (bool_of(draining, "Enabled") && draining.contains("Timeout")) {
    c.state["connection_draining_timeout"] = draining["Timeout"];
  } else if (imported) {
    c.state["connection_draining_timeout"] = 300;
  }
  const Json settings = attributes.value("ConnectionSettings", Json::object());
  if (settings.contains("IdleTimeout")) c.state["idle_timeout"] = settings["IdleTimeout"];
  const Json logs = attributes.value("AccessLog", Json::object());
  bool wanted = c.state["access_logs"].is_array() && !c.state["access_logs"].empty();
  if (bool_of(logs, "Enabled") || (wanted && !string_of(logs, "S3BucketName").empty())) {
    Json block = Json::object();
    block["bucket"] = logs["S3BucketName"];
    block["bucket_prefix"] = logs.contains("S3BucketPrefix") ? logs["S3BucketPrefix"] : Json(nullptr);
    block["enabled"] = bool_of(logs, "Enabled");
    block["interval"] = logs.value("EmitInterval", 60);
    c.state["access_logs"] = Json::array();
    c.state["access_logs"].push_back(std::move(block));
  } else {
    c.state["access_logs"] = Json::array();
  }
  std::string mode;
  for (const Json& more : attributes.value("AdditionalAttributes", Json::array())) {
    if (string_of(more, "Key") == "elb.http.desyncmitigationmode") mode = string_of(more, "Value");
  }
  if (!mode.empty()) c.state["desync_mitigation_mode"] = mode;
  if (c.state["desync_mitigation_mode"].is_null()) c.state["desync_mitigation_mode"] = "defensive";
}

Task<bool> take_source_group(Context& c, const Json& balancer) {
  const Json group = balancer.value("SourceSecurityGroup", Json::object());
  std::string owner = string_of(group, "OwnerAlias"), name = string_of(group, "GroupName");
  c.state["source_security_group"] = owner.empty() ? name : owner + "/" + name;
  c.state["source_security_group_id"] = "";
  if (name.empty()) co_return true;
  Json params = Json::object();
  params["Filters"] = filters({{"group-name", name}});
  if (!string_of(balancer, "VPCId").empty())
    params["Filters"] = filters({{"group-name", name}, {"vpc-id", string_of(balancer, "VPCId")}});
  ApiResult found = co_await c.backend.batches().share("ec2", "DescribeSecurityGroups", params, c.region);
  if (!found) co_return c.fail(found.error(), "reading the security group of");
  for (const Json& one : found->value("SecurityGroups", Json::array()))
    c.state["source_security_group_id"] = one["GroupId"];
  co_return true;
}

Task<bool> read(Context& c) {
  bool imported = c.state["name"].is_null();
  Json before = c.state;
  Result<Json, ApiError> found = co_await c.describe(kLoadBalancers, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& balancer = *found;
  if (balancer.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, balancer, c.state);
  c.state["name"] = c.state["id"];
  c.state["arn"] = arn(c, "elasticloadbalancing", c.region, c.backend.account_id, "loadbalancer/" + c.text("id"));
  c.state["internal"] = string_of(balancer, "Scheme") == "internal";
  c.state["listener"] = listeners_of(balancer, before["listener"]);
  Json instances = Json::array();
  for (const Json& one : balancer.value("Instances", Json::array())) instances.push_back(one["InstanceId"]);
  c.state["instances"] = std::move(instances);
  for (const char* list : {"security_groups", "subnets", "availability_zones"}) {
    if (c.state[list].is_null()) c.state[list] = Json::array();
  }
  // Left out of the configuration it is AWS's own choice.
  if (imported || !before["health_check"].empty()) {
    const Json check = balancer.value("HealthCheck", Json::object());
    Json block = Json::object();
    block["healthy_threshold"] = check.value("HealthyThreshold", Json());
    block["unhealthy_threshold"] = check.value("UnhealthyThreshold", Json());
    block["interval"] = check.value("Interval", Json());
    block["target"] = check.value("Target", Json());
    block["timeout"] = check.value("Timeout", Json());
    c.state["health_check"] = Json::array();
    if (!string_of(block, "target").empty()) c.state["health_check"].push_back(std::move(block));
  }
  Json params = of(c);
  ApiResult attributes = co_await c.backend.batches().share("elb", "DescribeLoadBalancerAttributes", params, c.region);
  if (!attributes) co_return c.fail(attributes.error(), "reading attributes of");
  take_attributes(c, (*attributes)["LoadBalancerAttributes"], imported);
  bool ok = co_await take_source_group(c, balancer);
  if (!ok) co_return false;
  Result<Json, ApiError> tags = co_await c.describe(kTagsOf, c.text("id"));
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tags->is_null() ? Json::object() : tag_map(tags->value("Tags", Json::array()));
  co_return true;
}

Task<bool> update_listeners(Context& c) {
  Json before = listener_params(c.prior["listener"]), after = listener_params(c.planned["listener"]);
  Json gone = difference(before, after), added = difference(after, before);
  if (!gone.empty()) {
    Json params = Json::object();
    params["LoadBalancerPorts"] = Json::array();
    for (const Json& listener : gone) params["LoadBalancerPorts"].push_back(listener["LoadBalancerPort"]);
    bool ok = co_await call(c, "DeleteLoadBalancerListeners", std::move(params), "removing listeners of");
    if (!ok) co_return false;
  }
  if (!added.empty()) {
    Json params = Json::object();
    params["Listeners"] = added;
    bool ok = co_await call(c, "CreateLoadBalancerListeners", std::move(params), "adding listeners to");
    if (!ok) co_return false;
  }
  co_return true;
}

struct ListCalls {
  const char* attribute;
  const char* member;
  const char* add;
  const char* remove;
};

Task<bool> update_list(Context& c, const ListCalls& calls) {
  if (!c.planned[calls.attribute].is_array()) co_return true;
  Json added = difference(c.planned[calls.attribute], c.prior[calls.attribute]);
  Json gone = difference(c.prior[calls.attribute], c.planned[calls.attribute]);
  bool instances = std::string_view(calls.member) == "Instances";
  for (const auto& [list, operation] : {std::pair(&added, calls.add), std::pair(&gone, calls.remove)}) {
    if (list->empty()) continue;
    Json params = Json::object();
    if (instances) {
      params = instances_of(*list);
    } else {
      params[calls.member] = *list;
    }
    bool ok = co_await call(c, operation, std::move(params), "updating");
    if (!ok) co_return false;
  }
  co_return true;
}

Task<bool> update(Context& c) {
  static constexpr ListCalls kLists[] = {
      {"instances", "Instances", "RegisterInstancesWithLoadBalancer", "DeregisterInstancesFromLoadBalancer"},
      {"subnets", "Subnets", "AttachLoadBalancerToSubnets", "DetachLoadBalancerFromSubnets"},
      {"availability_zones", "AvailabilityZones", "EnableAvailabilityZonesForLoadBalancer",
       "DisableAvailabilityZonesForLoadBalancer"}};
  bool ok = true;
  if (c.changed("listener")) ok = co_await update_listeners(c);
  for (const ListCalls& calls : kLists) {
    // In a VPC the zones follow the subnets.
    bool follows = std::string_view(calls.attribute) == "availability_zones" && c.changed("subnets");
    if (ok && !follows && c.changed(calls.attribute)) ok = co_await update_list(c, calls);
  }
  bool attributes = false;
  for (const char* name : {"cross_zone_load_balancing", "connection_draining", "connection_draining_timeout",
                           "idle_timeout", "access_logs", "desync_mitigation_mode"})
    attributes = attributes || c.changed(name);
  if (ok && attributes) {
    Json params = attributes_of(c);
    ok = co_await call(c, "ModifyLoadBalancerAttributes", std::move(params), "setting attributes of");
  }
  if (ok && c.changed("health_check") && !c.planned["health_check"].empty()) {
    Json check = health_check_of(c.planned["health_check"][0]);
    ok = co_await call(c, "ConfigureHealthCheck", std::move(check), "setting the health check of");
  }
  if (ok && c.changed("security_groups") && c.planned["security_groups"].is_array()) {
    Json groups = Json::object();
    groups["SecurityGroups"] = c.planned["security_groups"];
    ok = co_await call(c, "ApplySecurityGroupsToLoadBalancer", std::move(groups), "setting the security groups of");
  }
  if (!ok) co_return false;
  Json object = Json::object();
  object["LoadBalancerNames"] = Json::array();
  object["LoadBalancerNames"].push_back(c.state["id"]);
  ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = of(c);
  ApiResult done = co_await c.call("elb", "DeleteLoadBalancer", std::move(params));
  if (!done && !is_code(done.error(), {"LoadBalancerNotFound"})) co_return c.fail(done.error(), "deleting");
  // Its network interfaces go after it; what they stand in can't be deleted before.
  std::string description = "ELB " + c.text("id");
  for (int attempt = 0; attempt < 60; ++attempt) {
    Json query = Json::object();
    query["Filters"] = filters({{"description", description}});
    ApiResult left = co_await c.call("ec2", "DescribeNetworkInterfaces", std::move(query));
    if (!left) co_return c.fail(left.error(), "waiting for the network interfaces of");
    if (left->value("NetworkInterfaces", Json::array()).empty()) co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "its network interfaces are still there after ten minutes");
}

Task<bool> recover(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "tf-lb-").substr(0, 32);
  Result<Json, ApiError> found = co_await c.describe(kLoadBalancers, name);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (found->is_object() && made_since(c, string_of(*found, "CreatedTime"))) c.state["id"] = name;
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  std::string name = string_of(config, "name");
  bool plain = std::all_of(name.begin(), name.end(), [](unsigned char ch) { return std::isalnum(ch) || ch == '-'; });
  if (name.size() > 32) problems.push_back("name: a load balancer's name has at most 32 characters: " + name);
  if (!plain) problems.push_back("name: only letters, digits and hyphens may stand in a load balancer's name: " + name);
  if (name.starts_with("-") || name.ends_with("-"))
    problems.push_back("name: a load balancer's name can't begin or end with a hyphen: " + name);
  if (!config["subnets"].is_array() && !config["availability_zones"].is_array())
    problems.push_back("subnets: one of \"subnets\" and \"availability_zones\" must say where it stands");
  return problems;
}

}  // namespace

ResourceType elb() {
  ResourceType type;
  type.name = "aws_elb";
  type.table = kTable;
  type.service = "elb";
  type.title = "ELB Classic Load Balancer";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.validate = validate;
  type.reads =
      "ec2:DescribeSecurityGroups elb:DescribeLoadBalancerAttributes elb:DescribeLoadBalancers "
      "elb:DescribeTags";
  type.changes =
      "ec2:DescribeNetworkInterfaces elb:AddTags elb:ApplySecurityGroupsToLoadBalancer "
      "elb:AttachLoadBalancerToSubnets elb:ConfigureHealthCheck elb:CreateLoadBalancer "
      "elb:CreateLoadBalancerListeners elb:DeleteLoadBalancer elb:DeleteLoadBalancerListeners "
      "elb:DeregisterInstancesFromLoadBalancer elb:DetachLoadBalancerFromSubnets "
      "elb:DisableAvailabilityZonesForLoadBalancer elb:EnableAvailabilityZonesForLoadBalancer "
      "elb:ModifyLoadBalancerAttributes elb:RegisterInstancesWithLoadBalancer elb:RemoveTags";
  return type;
}

}  // namespace terrace::aws::types
