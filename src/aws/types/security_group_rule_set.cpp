// aws_security_group_rule: one protocol and port range with any number of sources, which AWS keeps as a rule each.
#include <algorithm>

#include <fmt/format.h>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  cidr_blocks list(string) o new api=-
  description string o api=-
  from_port number r new api=-
  id string oc api=-
  ipv6_cidr_blocks list(string) o new api=-
  prefix_list_ids list(string) o new api=-
  protocol string r new api=-
  region string oc new api=-
  security_group_id string r new api=-
  security_group_rule_id string c api=-
  self bool o new default=false api=-
  source_security_group_id string oc new api=-
  to_port number r new api=-
  type string r new api=- one_of=ingress|egress
  block timeouts single api=- {
    create string o
  }
)";

std::string protocol_of(const Json& attributes) {
  std::string protocol = string_of(attributes, "protocol");
  std::transform(protocol.begin(), protocol.end(), protocol.begin(), [](char c) { return std::tolower(c); });
  return protocol == "all"  ? "-1"
         : protocol == "1"  ? "icmp"
         : protocol == "6"  ? "tcp"
         : protocol == "17" ? "udp"
         : protocol == "58" ? "icmpv6"
                            : protocol;
}

bool is_ingress(const Json& attributes) {
  return string_of(attributes, "type") == "ingress";
}

// Where a rule's sources stand in its attributes and in an IpPermission.
struct Sources {
  const char* attribute;
  const char* list;
  const char* member;
};
constexpr Sources kSources[] = {{"cidr_blocks", "IpRanges", "CidrIp"},
                                {"ipv6_cidr_blocks", "Ipv6Ranges", "CidrIpv6"},
                                {"prefix_list_ids", "PrefixListIds", "PrefixListId"}};

// The groups a rule names, as pairs of a UserIdGroupPair's members.
Json groups_of(const Json& attributes) {
  Json pairs = Json::array();
  std::string own = string_of(attributes, "security_group_id");
  if (bool_of(attributes, "self")) pairs.push_back(Json{{"GroupId", own}});
  std::string other = string_of(attributes, "source_security_group_id");
  if (other.empty() || (bool_of(attributes, "self") && other == own)) return pairs;
  // OWNER/GROUP where the group is another account's.
  std::size_t slash = other.find('/');
  Json pair = Json::object();
  pair["GroupId"] = slash == std::string::npos ? other : other.substr(slash + 1);
  if (slash != std::string::npos) pair["UserId"] = other.substr(0, slash);
  pairs.push_back(std::move(pair));
  return pairs;
}

Json permission_of(const Json& attributes) {
  Json permission = Json::object();
  permission["IpProtocol"] = protocol_of(attributes);
  if (permission["IpProtocol"] != Json("-1")) {
    permission["FromPort"] = attributes["from_port"];
    permission["ToPort"] = attributes["to_port"];
  }
  std::string description = string_of(attributes, "description");
  auto described = [&](Json source) {
    if (!description.empty()) source["Description"] = description;
    return source;
  };
  for (const Sources& kind : kSources) {
    const Json given = attributes.value(kind.attribute, Json());
    if (!given.is_array()) continue;
    for (const Json& value : given) {
      Json source = Json::object();
      source[kind.member] = value;
      permission[kind.list].push_back(described(std::move(source)));
    }
  }
  for (const Json& pair : groups_of(attributes)) permission["UserIdGroupPairs"].push_back(described(pair));
  return permission;
}

// The id that hashicorp/aws makes of a rule, so that a state can go from one to the other.
std::string id_of(const Json& attributes) {
  Json permission = permission_of(attributes);
  std::string text = string_of(attributes, "security_group_id") + "-";
  for (const char* port : {"FromPort", "ToPort"}) {
    if (permission.contains(port) && permission[port].get<int64_t>() > 0) text += permission[port].dump() + "-";
  }
  text += protocol_of(attributes) + "-" + string_of(attributes, "type") + "-";
  for (const Sources& kind : kSources) {
    std::vector<std::string> values;
    for (const Json& source : permission.value(kind.list, Json::array())) values.push_back(source[kind.member]);
    std::sort(values.begin(), values.end());
    for (const std::string& value : values) text += value + "-";
  }
  std::vector<std::string> groups;
  for (const Json& pair : permission.value("UserIdGroupPairs", Json::array())) groups.push_back(pair["GroupId"]);
  std::sort(groups.begin(), groups.end());
  for (const std::string& group : groups) text += group + "--";
  return fmt::format("sgrule-{}", crc32_of(text));
}

Json rule_params(const Json& attributes) {
  Json params = Json::object();
  params["GroupId"] = attributes["security_group_id"];
  params["IpPermissions"] = Json::array();
  params["IpPermissions"].push_back(permission_of(attributes));
  return params;
}

Task<bool> create(Context& c) {
  const char* operation = is_ingress(c.planned) ? "AuthorizeSecurityGroupIngress" : "AuthorizeSecurityGroupEgress";
  Json params = rule_params(c.planned);
  ApiResult made =
      co_await call_while(c, "ec2", operation, std::move(params), "InvalidGroup.NotFound|InvalidGroupId.NotFound",
                          timeout_of(c, "create", std::chrono::minutes(5)));
  if (!made && is_code(made.error(), {"InvalidPermission.Duplicate"}))
    co_return c.fail("creating",
                     made.error().message +
                         ". The group has a rule for one of these sources already: another resource, inline "
                         "rules of the group, or somebody else made it. Remove one of the two");
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = id_of(c.planned);
  const Json rules = made->value("SecurityGroupRules", Json::array());
  if (rules.size() == 1) c.state["security_group_rule_id"] = rules[0].value("SecurityGroupRuleId", Json());
  co_return true;
}

// The API's source in `permissions` for the same protocol, ports and value; null where there is none.
Json source_in(const Json& permissions, const Json& wanted, const char* list, const char* member, const Json& value) {
  for (const Json& permission : permissions) {
    if (string_of(permission, "IpProtocol") != string_of(wanted, "IpProtocol")) continue;
    bool ports =
        string_of(wanted, "IpProtocol") == "-1" || (permission.value("FromPort", Json()) == wanted["FromPort"] &&
                                                    permission.value("ToPort", Json()) == wanted["ToPort"]);
    if (!ports) continue;
    for (const Json& source : permission.value(list, Json::array())) {
      if (source.value(member, Json()) == value) return source;
    }
  }
  return nullptr;
}

// Takes from `state` what the group does not have: a source that was taken away is drift, and a rule without any is
// gone.
Task<bool> read(Context& c) {
  Result<Json, ApiError> group = co_await c.describe(kSecurityGroups, string_of(c.state, "security_group_id"));
  if (!group) co_return c.fail(group.error(), "reading");
  const Json permissions =
      group->is_object() ? group->value(is_ingress(c.state) ? "IpPermissions" : "IpPermissionsEgress", Json::array())
                         : Json::array();
  Json wanted = permission_of(c.state);
  std::string description;
  bool any = false;
  for (const Sources& kind : kSources) {
    if (!c.state[kind.attribute].is_array()) continue;
    Json left = Json::array();
    for (const Json& value : c.state[kind.attribute]) {
      Json source = source_in(permissions, wanted, kind.list, kind.member, value);
      if (source.is_null()) continue;
      if (description.empty()) description = string_of(source, "Description");
      left.push_back(value);
    }
    any = any || !left.empty();
    c.state[kind.attribute] = std::move(left);
  }
  std::string own = string_of(c.state, "security_group_id");
  for (const Json& pair : groups_of(c.state)) {
    Json source = source_in(permissions, wanted, "UserIdGroupPairs", "GroupId", pair["GroupId"]);
    bool self = pair["GroupId"] == Json(own) && bool_of(c.state, "self");
    if (!source.is_null()) {
      any = true;
      if (description.empty()) description = string_of(source, "Description");
    } else if (self) {
      c.state["self"] = false;
    } else {
      c.state["source_security_group_id"] = nullptr;
    }
  }
  if (!any) {
    c.state = nullptr;
    co_return true;
  }
  if (!description.empty() || c.state["description"].is_string()) c.state["description"] = description;
  if (c.state["self"].is_null()) c.state["self"] = false;
  co_return true;
}

Task<bool> update(Context& c) {
  if (!c.changed("description")) co_return true;
  Json params = rule_params(c.planned);
  ApiResult done = co_await c.call("ec2",
                                   is_ingress(c.planned) ? "UpdateSecurityGroupRuleDescriptionsIngress"
                                                         : "UpdateSecurityGroupRuleDescriptionsEgress",
                                   std::move(params));
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> remove(Context& c) {
  Json params = rule_params(c.prior);
  const char* operation = is_ingress(c.prior) ? "RevokeSecurityGroupIngress" : "RevokeSecurityGroupEgress";
  ApiResult done = co_await c.call("ec2", operation, std::move(params));
  if (!done && !is_code(done.error(), {"InvalidPermission.NotFound", "InvalidGroup.NotFound", "InvalidGroupId.NotFound",
                                       "InvalidSecurityGroupRuleId.NotFound"}))
    co_return c.fail(done.error(), "deleting");
  co_return true;
}

// A group has a source once for a protocol and ports, and all of a rule's are made by one call.
Task<bool> recover(Context& c) {
  Json whole = c.state;
  bool ok = co_await read(c);
  bool found = ok && c.state.is_object();
  for (const Sources& kind : kSources) found = found && c.state[kind.attribute] == whole[kind.attribute];
  found = found && c.state["self"] == whole["self"];
  c.state = std::move(whole);
  if (found) c.state["id"] = id_of(c.planned);
  co_return ok;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789", text[0] == '-' ? 1 : 0) == std::string::npos;
}

// GROUP_TYPE_PROTOCOL_FROM_TO_SOURCE[_SOURCE...]
Task<bool> import(Context& c) {
  std::string id = c.text("id");
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= id.size();) {
    std::size_t end = std::min(id.find('_', at), id.size());
    parts.push_back(id.substr(at, end - at));
    at = end + 1;
  }
  bool well = parts.size() >= 6 && parts[0].starts_with("sg-") && (parts[1] == "ingress" || parts[1] == "egress") &&
              is_number(parts[3]) && is_number(parts[4]);
  if (!well)
    co_return c.fail("importing", "the id must be GROUP_ingress|egress_PROTOCOL_FROMPORT_TOPORT_SOURCE[_SOURCE...]");
  Json& state = c.state;
  state["security_group_id"] = parts[0];
  state["type"] = parts[1];
  state["protocol"] = parts[2];
  state["protocol"] = protocol_of(state);
  state["from_port"] = std::stoll(parts[3]);
  state["to_port"] = std::stoll(parts[4]);
  state["self"] = false;
  for (std::size_t i = 5; i < parts.size(); ++i) {
    const std::string& source = parts[i];
    auto add = [&](const char* attribute) {
      if (!state[attribute].is_array()) state[attribute] = Json::array();
      state[attribute].push_back(source);
    };
    if (source == "self") {
      state["self"] = true;
    } else if (source.find("sg-") != std::string::npos) {
      state["source_security_group_id"] = source;
    } else if (source.find(':') != std::string::npos) {
      add("ipv6_cidr_blocks");
    } else if (source.starts_with("pl-")) {
      add("prefix_list_ids");
    } else {
      add("cidr_blocks");
    }
  }
  state["id"] = id_of(state);
  int64_t sources = groups_of(state).size();
  for (const Sources& kind : kSources) sources += state[kind.attribute].is_array() ? state[kind.attribute].size() : 0;
  if (sources != 1) co_return true;
  Json params = Json::object();
  params["Filters"] = filters({{"group-id", parts[0]}});
  CallOptions options;
  options.region = c.region;
  ApiResult rules =
      co_await c.backend.client().call_all("ec2", "DescribeSecurityGroupRules", std::move(params), options);
  if (!rules) co_return c.fail(rules.error(), "importing");
  Json wanted = permission_of(state);
  for (const Json& rule : rules->value("SecurityGroupRules", Json::array())) {
    const Json other = rule.value("ReferencedGroupInfo", Json::object()).value("GroupId", Json());
    bool same = bool_of(rule, "IsEgress") == (parts[1] == "egress") &&
                string_of(rule, "IpProtocol") == string_of(wanted, "IpProtocol") &&
                (wanted["IpProtocol"] == Json("-1") || (rule.value("FromPort", Json()) == wanted["FromPort"] &&
                                                        rule.value("ToPort", Json()) == wanted["ToPort"]));
    bool here = false;
    for (const char* member : {"CidrIpv4", "CidrIpv6", "PrefixListId"})
      here = here || rule.value(member, Json()) == Json(parts[5]);
    here = here || (!groups_of(state).empty() && other == groups_of(state)[0]["GroupId"]);
    if (same && here) state["security_group_rule_id"] = rule["SecurityGroupRuleId"];
  }
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  bool blocks = false, any = bool_of(config, "self") || !string_of(config, "source_security_group_id").empty();
  for (const Sources& kind : kSources) {
    bool given = config[kind.attribute].is_array() && !config[kind.attribute].empty();
    any = any || given;
    blocks = blocks || (given && kind.attribute != std::string_view("prefix_list_ids"));
  }
  if (!any)
    problems.push_back(
        "one of cidr_blocks, ipv6_cidr_blocks, prefix_list_ids, self and source_security_group_id must be given");
  if (blocks && !string_of(config, "source_security_group_id").empty())
    problems.push_back("source_security_group_id: conflicts with cidr_blocks and ipv6_cidr_blocks");
  if (blocks && bool_of(config, "self")) problems.push_back("self: conflicts with cidr_blocks and ipv6_cidr_blocks");
  if (bool_of(config, "self") && !string_of(config, "source_security_group_id").empty())
    problems.push_back("self: conflicts with source_security_group_id");
  return problems;
}

// Another name of the same protocol is no change, nor are ports where all protocols are meant.
void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>&, std::vector<std::string>&) {
  if (!prior.is_object() || !planned["protocol"].is_string() || protocol_of(prior) != protocol_of(planned)) return;
  planned["protocol"] = prior["protocol"];
  if (protocol_of(planned) != "-1") return;
  planned["from_port"] = prior["from_port"];
  planned["to_port"] = prior["to_port"];
}

}  // namespace

ResourceType security_group_rule() {
  ResourceType type;
  type.name = "aws_security_group_rule";
  type.schema_version = 2;
  type.table = kTable;
  type.title = "Security Group Rule";
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.validate = validate;
  type.plan = plan;
  type.reads = "ec2:DescribeSecurityGroupRules ec2:DescribeSecurityGroups";
  type.changes =
      "ec2:AuthorizeSecurityGroupEgress ec2:AuthorizeSecurityGroupIngress ec2:RevokeSecurityGroupEgress "
      "ec2:RevokeSecurityGroupIngress ec2:UpdateSecurityGroupRuleDescriptionsEgress "
      "ec2:UpdateSecurityGroupRuleDescriptionsIngress";
  return type;
}

}  // namespace terrace::aws::types
