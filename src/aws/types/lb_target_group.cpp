// aws_lb_target_group
#include "aws/types/lb.h"

#include <algorithm>

#include <fmt/format.h>

#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=TargetGroupArn
  arn_suffix string c api=-
  connection_termination bool oc api=-
  deregistration_delay string o default="300" api=-
  id string oc api=-
  ip_address_type string oc new one_of=ipv4|ipv6
  lambda_multi_value_headers_enabled bool o default=false api=-
  load_balancer_arns set(string) c
  load_balancing_algorithm_type string oc one_of=round_robin|least_outstanding_requests|weighted_random api=-
  load_balancing_anomaly_mitigation string oc one_of=on|off api=-
  load_balancing_cross_zone_enabled string oc one_of=true|false|use_load_balancer_configuration api=-
  name string oc new api=-
  name_prefix string oc new api=-
  port number o new
  preserve_client_ip string oc one_of=true|false api=-
  protocol string o new one_of=HTTP|HTTPS|TCP|TLS|UDP|TCP_UDP|GENEVE|QUIC|TCP_QUIC
  protocol_version string oc new
  proxy_protocol_v2 bool o default=false api=-
  region string oc new api=-
  slow_start number o default=0 api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  target_control_port number o new
  target_type string o default="instance" one_of=instance|ip|lambda|alb new
  vpc_id string o new
  block health_check list max=1 api=- {
    enabled bool o default=true
    healthy_threshold number o default=3
    interval number o default=30
    matcher string oc
    path string oc
    port string o default="traffic-port"
    protocol string o default="HTTP"
    timeout number oc
    unhealthy_threshold number o default=3
  }
  block stickiness list max=1 api=- {
    cookie_duration number o default=86400
    cookie_name string o
    enabled bool o default=true
    type string r one_of=lb_cookie|app_cookie|source_ip|source_ip_dest_ip|source_ip_dest_ip_proto
  }
  block target_failover list api=- {
    on_deregistration string r one_of=rebalance|no_rebalance
    on_unhealthy string r one_of=rebalance|no_rebalance
  }
  block target_group_health list max=1 api=- {
    block dns_failover list max=1 {
      minimum_healthy_targets_count string o default="off"
      minimum_healthy_targets_percentage string o default="off"
    }
    block unhealthy_state_routing list max=1 {
      minimum_healthy_targets_count number o default=1
      minimum_healthy_targets_percentage string o default="off"
    }
  }
  block target_health_state list api=- {
    enable_unhealthy_connection_termination bool r
    unhealthy_draining_interval number o default=0
  }
)";

constexpr Kind kGroups{"elbv2", "DescribeTargetGroups", "", "TargetGroupArns", "TargetGroups", "TargetGroupArn", 20};
constexpr Kind kByName{"elbv2", "DescribeTargetGroups", "", "Names", "TargetGroups", "TargetGroupName", 20};

constexpr unsigned kHosts = 1, kLambda = 2, kBalancer = 4;  // by what the targets are
constexpr KeyedAttribute kAttributes[] = {
    {"connection_termination", "deregistration_delay.connection_termination.enabled", kHosts},
    {"deregistration_delay", "deregistration_delay.timeout_seconds", kHosts},
    {"lambda_multi_value_headers_enabled", "lambda.multi_value_headers.enabled", kLambda},
    {"load_balancing_algorithm_type", "load_balancing.algorithm.type", kHosts},
    {"load_balancing_anomaly_mitigation", "load_balancing.algorithm.anomaly_mitigation", kHosts},
    {"load_balancing_cross_zone_enabled", "load_balancing.cross_zone.enabled", kHosts},
    {"preserve_client_ip", "preserve_client_ip.enabled", kHosts},
    {"proxy_protocol_v2", "proxy_protocol_v2.enabled", kHosts},
    {"slow_start", "slow_start.duration_seconds", kHosts}};

// The arguments of blocks that are such attributes.
struct BlockAttribute {
  const char* argument;
  const char* key;
  enum { kText, kNumber, kFlag } form;
};
constexpr BlockAttribute kFailover[] = {
    {"on_deregistration", "target_failover.on_deregistration", BlockAttribute::kText},
    {"on_unhealthy", "target_failover.on_unhealthy", BlockAttribute::kText}};
constexpr BlockAttribute kHealthState[] = {
    {"enable_unhealthy_connection_termination", "target_health_state.unhealthy.connection_termination.enabled",
     BlockAttribute::kFlag},
    {"unhealthy_draining_interval", "target_health_state.unhealthy.draining_interval_seconds",
     BlockAttribute::kNumber}};
constexpr BlockAttribute kDnsFailover[] = {
    {"minimum_healthy_targets_count", "target_group_health.dns_failover.minimum_healthy_targets.count",
     BlockAttribute::kText},
    {"minimum_healthy_targets_percentage", "target_group_health.dns_failover.minimum_healthy_targets.percentage",
     BlockAttribute::kText}};
constexpr BlockAttribute kUnhealthyRouting[] = {
    {"minimum_healthy_targets_count", "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
     BlockAttribute::kNumber},
    {"minimum_healthy_targets_percentage",
     "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", BlockAttribute::kText}};

unsigned kind_of(const Json& attributes) {
  std::string type = string_of(attributes, "target_type");
  return type == "lambda" ? kLambda : type == "alb" ? kBalancer : kHosts;
}

std::string name_for(const Context& c) {
  return name_or_generated(c, "name", "name_prefix", "tf-").substr(0, 32);
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char ch) { return std::toupper(ch); });
  return text;
}

void add_block(Json& list, const Json& block, std::span<const BlockAttribute> attributes) {
  if (!block.is_object()) return;
  for (const BlockAttribute& each : attributes) {
    if (!block[each.argument].is_null()) list.push_back(keyed_value(each.key, block[each.argument]));
  }
}

void add_stickiness(Json& list, const Json& block) {
  list.push_back(keyed_value("stickiness.enabled", block.is_object() && bool_of(block, "enabled")));
  if (!block.is_object()) return;
  std::string type = string_of(block, "type");
  list.push_back(keyed_value("stickiness.type", type));
  if (type == "lb_cookie") {
    list.push_back(keyed_value("stickiness.lb_cookie.duration_seconds", block["cookie_duration"]));
  } else if (type == "app_cookie") {
    list.push_back(keyed_value("stickiness.app_cookie.cookie_name", block["cookie_name"]));
    list.push_back(keyed_value("stickiness.app_cookie.duration_seconds", block["cookie_duration"]));
  }
}

Task<bool> put_attributes(Context& c) {
  unsigned kind = kind_of(c.planned);
  Json list = keyed_changes(c, kAttributes, kind);
  auto to_set = [&](const char* block) {
    return c.changed(block) && (c.prior.is_object() || !c.planned[block].empty());
  };
  if (kind == kHosts) {
    if (to_set("stickiness")) add_stickiness(list, first_block(c.planned, "stickiness"));
    if (to_set("target_failover")) add_block(list, first_block(c.planned, "target_failover"), kFailover);
    if (to_set("target_health_state")) add_block(list, first_block(c.planned, "target_health_state"), kHealthState);
  }
  if (kind != kLambda && to_set("target_group_health") && !c.planned["target_group_health"].empty()) {
    const Json health = first_block(c.planned, "target_group_health");
    if (health.is_object()) {
      add_block(list, first_block(health, "dns_failover"), kDnsFailover);
      add_block(list, first_block(health, "unhealthy_state_routing"), kUnhealthyRouting);
    }
  }
  bool ok = co_await put_keyed(c, "ModifyTargetGroupAttributes", "TargetGroupArn", std::move(list));
  co_return ok;
}

// The health check as the operations take it.
void add_health_check(const Context& c, Json& params) {
  const Json check = first_block(c.planned, "health_check");
  if (!check.is_object()) return;
  params["HealthCheckEnabled"] = bool_of(check, "enabled");
  params["HealthCheckIntervalSeconds"] = check["interval"];
  params["HealthyThresholdCount"] = check["healthy_threshold"];
  params["UnhealthyThresholdCount"] = check["unhealthy_threshold"];
  if (check["timeout"].is_number() && check["timeout"] != Json(0))
    params["HealthCheckTimeoutSeconds"] = check["timeout"];
  std::string protocol = upper(string_of(check, "protocol"));
  if (protocol != "TCP") {
    if (!string_of(check, "path").empty()) params["HealthCheckPath"] = check["path"];
    bool grpc = string_of(c.planned, "protocol_version") == "GRPC";
    if (!string_of(check, "matcher").empty())
      params["Matcher"] = one_member(grpc ? "GrpcCode" : "HttpCode", check["matcher"]);
  }
  if (kind_of(c.planned) == kLambda) return;
  params["HealthCheckPort"] = check["port"];
  params["HealthCheckProtocol"] = protocol;
}

Task<bool> create(Context& c) {
  std::string name = name_for(c);
  // Asked for the same once more, AWS gives the group that is there: somebody else's.
  Result<Json, ApiError> there = co_await c.describe(kByName, name);
  if (!there) co_return c.fail(there.error(), "looking for");
  if (there->is_object())
    co_return c.fail("creating", fmt::format("a target group named {} exists already. Give this one another name, or "
                                             "take that one over with: terrace import ADDRESS {}",
                                             name, string_of(*there, "TargetGroupArn")));
  Json params = to_api(c.rows, c.planned, input_shape(c, "elbv2", "CreateTargetGroup"));
  params["Name"] = name;
  add_health_check(c, params);
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("elbv2", "CreateTargetGroup", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["TargetGroups"][0]["TargetGroupArn"];
  bool ok = co_await put_attributes(c);
  co_return ok;
}

void take_health_check(Context& c, const Json& group, bool imported) {
  // Left out of the configuration it is AWS's own choice.
  if (!imported && c.state["health_check"].empty()) return;
  Json check = Json::object();
  check["enabled"] = bool_of(group, "HealthCheckEnabled");
  check["healthy_threshold"] = group.value("HealthyThresholdCount", Json(3));
  check["unhealthy_threshold"] = group.value("UnhealthyThresholdCount", Json(3));
  check["interval"] = group.value("HealthCheckIntervalSeconds", Json(30));
  check["timeout"] = group.value("HealthCheckTimeoutSeconds", Json(0));
  check["path"] = string_of(group, "HealthCheckPath");
  check["port"] = string_of(group, "HealthCheckPort");
  check["protocol"] = string_of(group, "HealthCheckProtocol");
  const Json matcher = group.value("Matcher", Json::object());
  check["matcher"] = matcher.contains("GrpcCode") ? string_of(matcher, "GrpcCode") : string_of(matcher, "HttpCode");
  // A function is asked on no port.
  const Json known = first_block(c.state, "health_check");
  for (const char* absent : {"port", "protocol"}) {
    if (string_of(check, absent).empty() && known.is_object()) check[absent] = known[absent];
  }
  c.state["health_check"] = one_block(std::move(check));
}

Json block_of_values(const Json& values, std::span<const BlockAttribute> attributes, const Json& known) {
  Json block = known;
  for (const BlockAttribute& each : attributes) {
    if (!values.contains(each.key)) continue;
    std::string text = string_of(values, each.key);
    if (each.form == BlockAttribute::kFlag) {
      block[each.argument] = text == "true";
    } else if (each.form == BlockAttribute::kNumber) {
      block[each.argument] = std::strtoll(text.c_str(), nullptr, 10);
    } else {
      block[each.argument] = text;
    }
  }
  return block;
}

void take_block(Json& attributes, const char* name, const Json& values, std::span<const BlockAttribute> keys) {
  const Json known = first_block(attributes, name);
  if (known.is_object()) attributes[name] = one_block(block_of_values(values, keys, known));
}

void take_stickiness(Context& c, const Json& values) {
  const Json known = first_block(c.state, "stickiness");
  bool on = string_of(values, "stickiness.enabled") == "true";
  if (!on && known.is_null()) return;
  Json block = known.is_object() ? known : Json::object();
  block["enabled"] = on;
  std::string type = string_of(values, "stickiness.type");
  if (!type.empty()) block["type"] = type;
  std::string seconds = string_of(values, type == "app_cookie" ? "stickiness.app_cookie.duration_seconds"
                                                               : "stickiness.lb_cookie.duration_seconds");
  bool cookie = type == "app_cookie" || type == "lb_cookie";
  if (cookie && !seconds.empty()) block["cookie_duration"] = std::strtoll(seconds.c_str(), nullptr, 10);
  if (!block.contains("cookie_duration")) block["cookie_duration"] = 86400;
  if (!block.contains("cookie_name")) block["cookie_name"] = nullptr;
  std::string name = string_of(values, "stickiness.app_cookie.cookie_name");
  if (type == "app_cookie" && !name.empty()) block["cookie_name"] = name;
  c.state["stickiness"] = one_block(std::move(block));
}

Task<bool> read(Context& c) {
  bool imported = c.state["name"].is_null();
  Result<Json, ApiError> found = co_await c.describe(kGroups, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& group = *found;
  if (group.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, group, c.state);
  std::string own = string_of(group, "TargetGroupArn");
  c.state["id"] = own;
  c.state["arn_suffix"] = own.substr(own.find("targetgroup/"));
  c.state["name"] = group["TargetGroupName"];
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  for (const char* text : {"ip_address_type", "protocol_version"}) {
    if (c.state[text].is_null()) c.state[text] = "";
  }
  c.state["load_balancer_arns"] = group.value("LoadBalancerArns", Json::array());
  take_health_check(c, group, imported);
  Json params = one_member("TargetGroupArn", own);
  ApiResult attributes = co_await c.backend.batches().share("elbv2", "DescribeTargetGroupAttributes", params, c.region);
  if (!attributes) co_return c.fail(attributes.error(), "reading attributes of");
  const Json values = keyed_values(attributes->value("Attributes", Json::array()));
  take_keyed(c, kAttributes, kind_of(c.state), values);
  take_stickiness(c, values);
  take_block(c.state, "target_failover", values, kFailover);
  take_block(c.state, "target_health_state", values, kHealthState);
  if (!c.state["target_group_health"].empty() && c.state["target_group_health"][0].is_object()) {
    Json& health = c.state["target_group_health"][0];
    take_block(health, "dns_failover", values, kDnsFailover);
    take_block(health, "unhealthy_state_routing", values, kUnhealthyRouting);
  }
  for (const char* text : {"load_balancing_algorithm_type", "load_balancing_anomaly_mitigation",
                           "load_balancing_cross_zone_enabled", "preserve_client_ip"}) {
    if (c.state[text].is_null()) c.state[text] = "";
  }
  bool ok = co_await read_lb_tags(c);
  co_return ok;
}

Task<bool> update(Context& c) {
  if (c.changed("health_check") && !c.planned["health_check"].empty()) {
    Json params = one_member("TargetGroupArn", c.state["id"]);
    add_health_check(c, params);
    ApiResult done = co_await c.call("elbv2", "ModifyTargetGroup", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  bool ok = co_await put_attributes(c);
  if (ok) ok = co_await update_lb_tags(c);
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = one_member("TargetGroupArn", c.state["id"]);
  // A listener that was just deleted holds it for some moments more.
  ApiResult done =
      co_await call_while(c, "elbv2", "DeleteTargetGroup", std::move(params), "ResourceInUse", std::chrono::minutes(2));
  if (!done && !is_code(done.error(), {"TargetGroupNotFound"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// A target group's name is its own in account and region; it does not tell when it was made, so its tags must agree.
Task<bool> recover(Context& c) {
  Result<Json, ApiError> found = co_await c.describe(kByName, name_for(c));
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!found->is_object()) co_return true;
  Result<bool, ApiError> ours = co_await has_lb_tags(c, string_of(*found, "TargetGroupArn"));
  if (!ours) co_return c.fail(ours.error(), "looking for");
  if (*ours) c.state["id"] = (*found)["TargetGroupArn"];
  co_return true;
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>&, std::vector<std::string>&) {
  if (!string_of(planned, "protocol_version").empty())
    planned["protocol_version"] = upper(string_of(planned, "protocol_version"));
  unsigned kind = kind_of(planned);
  // Attributes for targets of another type say nothing here.
  for (const KeyedAttribute& each : kAttributes) {
    bool defaulted = !planned[each.attribute].is_null() && config[each.attribute].is_null();
    if ((each.kinds & kind) == 0 && defaulted)
      planned[each.attribute] = prior.is_object() ? prior[each.attribute] : Json(nullptr);
  }
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  std::string name = string_of(config, "name");
  bool plain = std::all_of(name.begin(), name.end(), [](unsigned char ch) { return std::isalnum(ch) || ch == '-'; });
  if (name.size() > 32) problems.push_back("name: a target group's name has at most 32 characters: " + name);
  if (!plain) problems.push_back("name: only letters, digits and hyphens may stand in a target group's name: " + name);
  if (name.starts_with("-") || name.ends_with("-"))
    problems.push_back("name: a target group's name can't begin or end with a hyphen: " + name);
  if (!name.empty() && !string_of(config, "name_prefix").empty())
    problems.push_back("name_prefix: conflicts with name");
  std::string prefix = string_of(config, "name_prefix");
  if (prefix.size() > 6) problems.push_back("name_prefix: a target group's prefix has at most 6 characters: " + prefix);
  if (string_of(config, "target_type") != "lambda") {
    for (const char* needed : {"port", "protocol", "vpc_id"}) {
      if (config[needed].is_null())
        problems.push_back(std::string(needed) + ": is needed unless target_type is \"lambda\"");
    }
  }
  for (const Json& block : config["stickiness"]) {
    if (string_of(block, "type") == "app_cookie" && string_of(block, "cookie_name").empty())
      problems.push_back("stickiness: the type app_cookie needs a cookie_name");
  }
  return problems;
}

}  // namespace

ResourceType lb_target_group() {
  ResourceType type;
  type.name = "aws_lb_target_group";
  type.table = kTable;
  type.service = "elbv2";
  type.title = "ELBv2 Target Group";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.validate = validate;
  type.reads = "elbv2:DescribeTags elbv2:DescribeTargetGroupAttributes elbv2:DescribeTargetGroups";
  type.changes =
      "elbv2:AddTags elbv2:CreateTargetGroup elbv2:DeleteTargetGroup elbv2:ModifyTargetGroup "
      "elbv2:ModifyTargetGroupAttributes elbv2:RemoveTags";
  return type;
}

}  // namespace terrace::aws::types
