// aws_vpc_security_group_ingress_rule and aws_vpc_security_group_egress_rule
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kIngressTable = R"(
  arn string c api=-
  cidr_ipv4 string o
  cidr_ipv6 string o
  description string o
  from_port number o
  id string c api=-
  ip_protocol string r
  prefix_list_id string o
  referenced_security_group_id string o api=-
  region string oc new api=-
  security_group_id string r new api=GroupId
  security_group_rule_id string c api=-
  tags map(string) o api=-
  tags_all map(string) c api=-
  to_port number o
)";
constexpr const char* kEgressTable = R"(
  arn string c api=-
  cidr_ipv4 string o
  cidr_ipv6 string o
  description string o
  from_port number o
  id string c api=-
  ip_protocol string r
  prefix_list_id string o
  referenced_security_group_id string o api=-
  region string oc new api=-
  security_group_id string r new api=GroupId
  security_group_rule_id string c api=-
  tags map(string) o api=-
  tags_all map(string) c api=-
  to_port number o
)";

// "all" and -1 are the same protocol; numbers are names to the API.
std::string protocol_of(const Json& attributes) {
  std::string protocol = string_of(attributes, "ip_protocol");
  return protocol == "all"  ? "-1"
         : protocol == "6"  ? "tcp"
         : protocol == "17" ? "udp"
         : protocol == "1"  ? "icmp"
                            : protocol;
}

// A rule's request member: SecurityGroupRuleRequest.
Json rule_request(const Json& attributes) {
  Json rule = Json::object();
  rule["IpProtocol"] = protocol_of(attributes);
  if (attributes["from_port"].is_number()) rule["FromPort"] = attributes["from_port"];
  if (attributes["to_port"].is_number()) rule["ToPort"] = attributes["to_port"];
  for (const auto& [name, member] :
       {std::pair("cidr_ipv4", "CidrIpv4"), std::pair("cidr_ipv6", "CidrIpv6"),
        std::pair("prefix_list_id", "PrefixListId"), std::pair("referenced_security_group_id", "ReferencedGroupId"),
        std::pair("description", "Description")}) {
    if (attributes[name].is_string()) rule[member] = attributes[name];
  }
  return rule;
}

// The same as the IpPermission that Authorize calls take.
Json permission_of(const Json& attributes) {
  Json permission = Json::object();
  permission["IpProtocol"] = protocol_of(attributes);
  if (attributes["from_port"].is_number()) permission["FromPort"] = attributes["from_port"];
  if (attributes["to_port"].is_number()) permission["ToPort"] = attributes["to_port"];
  for (const auto& [name, list, member] :
       {std::tuple("cidr_ipv4", "IpRanges", "CidrIp"), std::tuple("cidr_ipv6", "Ipv6Ranges", "CidrIpv6"),
        std::tuple("prefix_list_id", "PrefixListIds", "PrefixListId"),
        std::tuple("referenced_security_group_id", "UserIdGroupPairs", "GroupId")}) {
    if (!attributes[name].is_string()) continue;
    Json source = Json::object();
    source[member] = attributes[name];
    if (attributes["description"].is_string()) source["Description"] = attributes["description"];
    permission[list].push_back(std::move(source));
  }
  return permission;
}

Task<bool> create_rule(Context& c, const char* operation) {
  Json params = Json::object();
  params["GroupId"] = c.planned["security_group_id"];
  params["IpPermissions"] = Json::array();
  params["IpPermissions"].push_back(permission_of(c.planned));
  Json tags = tag_specifications(c, "security-group-rule", false);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult made = co_await call_while(c, "ec2", operation, params, "InvalidGroup.NotFound|InvalidGroupId.NotFound",
                                       std::chrono::minutes(2));
  if (!made) co_return c.fail(made.error(), "creating");
  const Json rules = made->value("SecurityGroupRules", Json::array());
  if (rules.empty()) co_return c.fail("creating", "the API's answer names no rule");
  c.state["id"] = string_of(rules[0], "SecurityGroupRuleId");
  c.state["security_group_rule_id"] = c.state["id"];
  co_return true;
}
Task<bool> create_ingress(Context& c) {
  bool ok = co_await create_rule(c, "AuthorizeSecurityGroupIngress");
  co_return ok;
}
Task<bool> create_egress(Context& c) {
  bool ok = co_await create_rule(c, "AuthorizeSecurityGroupEgress");
  co_return ok;
}

Task<bool> read(Context& c) {
  Json rule;
  Json before = c.state;
  bool ok = co_await read_ec2(c, kSecurityGroupRules, rule);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] = ec2_arn(c, "security-group-rule", c.text("id"));
  c.state["security_group_rule_id"] = c.state["id"];
  if (protocol_of(before) == protocol_of(c.state) && before["ip_protocol"].is_string())
    c.state["ip_protocol"] = before["ip_protocol"];
  // All ports are -1 to the API and nothing to the configuration.
  for (const char* port : {"from_port", "to_port"}) {
    if (protocol_of(c.state) == "-1" && before[port].is_null()) c.state[port] = nullptr;
  }
  const Json referenced = rule.value("ReferencedGroupInfo", Json::object());
  if (!string_of(referenced, "GroupId").empty())
    c.state["referenced_security_group_id"] = string_of(referenced, "GroupId");
  co_return true;
}

Task<bool> update(Context& c) {
  bool differs = false;
  for (const char* name : {"ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id",
                           "referenced_security_group_id", "description"})
    differs = differs || c.changed(name);
  if (!differs) co_return true;
  Json change = Json::object();
  change["SecurityGroupRuleId"] = c.state["id"];
  change["SecurityGroupRule"] = rule_request(c.planned);
  Json params = Json::object();
  params["GroupId"] = c.planned["security_group_id"];
  params["SecurityGroupRules"] = Json::array();
  params["SecurityGroupRules"].push_back(change);
  ApiResult done = co_await c.call("ec2", "ModifySecurityGroupRules", params);
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> remove_rule(Context& c, const char* operation) {
  Json params = Json::object();
  params["GroupId"] = c.prior["security_group_id"];
  params["SecurityGroupRuleIds"] = Json::array();
  params["SecurityGroupRuleIds"].push_back(c.prior["id"]);
  ApiResult done = co_await c.call("ec2", operation, params);
  if (!done && !is_code(done.error(), {"InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound",
                                       "InvalidGroupId.NotFound", "InvalidPermission.NotFound"}))
    co_return c.fail(done.error(), "deleting");
  co_return true;
}
Task<bool> remove_ingress(Context& c) {
  bool ok = co_await remove_rule(c, "RevokeSecurityGroupIngress");
  co_return ok;
}
Task<bool> remove_egress(Context& c) {
  bool ok = co_await remove_rule(c, "RevokeSecurityGroupEgress");
  co_return ok;
}

// A group has a rule once.
Task<bool> recover_rule(Context& c, bool egress) {
  Json params = Json::object();
  params["Filters"] = filters({{"group-id", string_of(c.planned, "security_group_id")}});
  CallOptions options;
  options.region = c.region;
  ApiResult answer = co_await c.backend.client().call_all("ec2", "DescribeSecurityGroupRules", params, options);
  if (!answer) co_return c.fail(answer.error(), "looking for");
  Json wanted = rule_request(c.planned);
  for (const Json& rule : answer->value("SecurityGroupRules", Json::array())) {
    bool same = bool_of(rule, "IsEgress") == egress && string_of(rule, "IpProtocol") == string_of(wanted, "IpProtocol");
    for (const char* port : {"FromPort", "ToPort"})
      same =
          same && (string_of(wanted, "IpProtocol") == "-1" || rule.value(port, Json()) == wanted.value(port, Json()));
    for (const char* source : {"CidrIpv4", "CidrIpv6", "PrefixListId"})
      same = same && string_of(rule, source) == string_of(wanted, source);
    same = same && string_of(rule.value("ReferencedGroupInfo", Json::object()), "GroupId") ==
                       string_of(wanted, "ReferencedGroupId");
    if (same && has_planned_tags(c, rule.value("Tags", Json::array())))
      c.state["id"] = string_of(rule, "SecurityGroupRuleId");
  }
  co_return true;
}
Task<bool> recover_ingress(Context& c) {
  bool ok = co_await recover_rule(c, false);
  co_return ok;
}
Task<bool> recover_egress(Context& c) {
  bool ok = co_await recover_rule(c, true);
  co_return ok;
}

// AWS changes a rule's source, but not what kind of source it is.
void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>& replace) {
  if (!prior.is_object()) return;
  auto is_set = [&](const char* name) {
    return planned[name].is_string() || std::find(unknown.begin(), unknown.end(), name) != unknown.end();
  };
  for (const char* name : {"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"}) {
    if (prior[name].is_string() != is_set(name)) replace.push_back(name);
  }
}

std::vector<std::string> validate(const Json& config) {
  int sources = 0;
  for (const char* name : {"cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"})
    sources += config[name].is_string() ? 1 : 0;
  if (sources != 1)
    return {"exactly one of cidr_ipv4, cidr_ipv6, prefix_list_id and referenced_security_group_id must be given"};
  return {};
}

ResourceType rule(const char* name, const char* table, const char* title) {
  ResourceType type;
  type.name = name;
  type.table = table;
  type.title = title;
  type.tags = TagStyle::kEc2;
  type.plan = plan;
  type.read = read;
  type.update = update;
  type.validate = validate;
  return type;
}

}  // namespace

ResourceType security_group_ingress_rule() {
  ResourceType type = rule("aws_vpc_security_group_ingress_rule", kIngressTable, "VPC Security Group Ingress Rule");
  type.create = create_ingress;
  type.remove = remove_ingress;
  type.recover = recover_ingress;
  type.reads = "ec2:DescribeSecurityGroupRules";
  type.changes = "ec2:AuthorizeSecurityGroupIngress ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupIngress";
  return type;
}

ResourceType security_group_egress_rule() {
  ResourceType type = rule("aws_vpc_security_group_egress_rule", kEgressTable, "VPC Security Group Egress Rule");
  type.create = create_egress;
  type.remove = remove_egress;
  type.recover = recover_egress;
  type.reads = "ec2:DescribeSecurityGroupRules";
  type.changes = "ec2:AuthorizeSecurityGroupEgress ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupEgress";
  return type;
}

}  // namespace terrace::aws::types
