// aws_security_group and aws_default_security_group, with inline rules.
#include <algorithm>
#include <map>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  description string o new default="Managed by Terraform"
  egress set(object({cidr_blocks=list(string),description=string,from_port=number,ipv6_cidr_blocks=list(string),prefix_list_ids=list(string),protocol=string,security_groups=set(string),self=bool,to_port=number})) oc api=-
  id string oc api=-
  ingress set(object({cidr_blocks=list(string),description=string,from_port=number,ipv6_cidr_blocks=list(string),prefix_list_ids=list(string),protocol=string,security_groups=set(string),self=bool,to_port=number})) oc api=-
  name string oc new api=GroupName
  name_prefix string oc new api=-
  owner_id string c
  region string oc new api=-
  revoke_rules_on_delete bool o api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string oc new
  block timeouts single {
    create string o
    delete string o
  }
)";
constexpr const char* kDefaultTable = R"(
  arn string c api=-
  description string c
  egress set(object({cidr_blocks=list(string),description=string,from_port=number,ipv6_cidr_blocks=list(string),prefix_list_ids=list(string),protocol=string,security_groups=set(string),self=bool,to_port=number})) oc api=-
  id string oc api=-
  ingress set(object({cidr_blocks=list(string),description=string,from_port=number,ipv6_cidr_blocks=list(string),prefix_list_ids=list(string),protocol=string,security_groups=set(string),self=bool,to_port=number})) oc api=-
  name string c api=GroupName
  name_prefix string c api=-
  owner_id string c
  region string oc new api=-
  revoke_rules_on_delete bool o api=- default=false
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string oc new
)";

// One inline rule as the API's IpPermission.
Json permission_of(const Json& rule) {
  Json permission = Json::object();
  std::string protocol = string_of(rule, "protocol");
  permission["IpProtocol"] = protocol == "all" ? "-1" : protocol;
  if (permission["IpProtocol"] != Json("-1")) {
    permission["FromPort"] = rule["from_port"];
    permission["ToPort"] = rule["to_port"];
  }
  std::string description = string_of(rule, "description");
  auto add = [&](const char* list, const char* member, const Json& values) {
    if (!values.is_array()) return;
    for (const Json& value : values) {
      Json one = Json::object();
      one[member] = value;
      if (!description.empty()) one["Description"] = description;
      permission[list].push_back(std::move(one));
    }
  };
  add("IpRanges", "CidrIp", rule.value("cidr_blocks", Json()));
  add("Ipv6Ranges", "CidrIpv6", rule.value("ipv6_cidr_blocks", Json()));
  add("PrefixListIds", "PrefixListId", rule.value("prefix_list_ids", Json()));
  add("UserIdGroupPairs", "GroupId", rule.value("security_groups", Json()));
  return permission;
}

Json permissions_of(const Json& rules, const std::string& group) {
  Json permissions = Json::array();
  if (!rules.is_array()) return permissions;
  for (const Json& rule : rules) {
    Json permission = permission_of(rule);
    if (bool_of(rule, "self")) {
      Json pair = Json::object();
      pair["GroupId"] = group;
      if (!string_of(rule, "description").empty()) pair["Description"] = rule["description"];
      permission["UserIdGroupPairs"].push_back(std::move(pair));
    }
    permissions.push_back(std::move(permission));
  }
  return permissions;
}

// The API's permissions as inline rules, cut as `wanted` cuts them: the API puts everything of one protocol and port
// range into one permission, a configuration may write it as several rules.
Json rules_of(const Json& permissions, const std::string& group, const Json& wanted) {
  struct Source {
    std::string kind, value, description;
    bool operator<(const Source& o) const {
      return std::tie(kind, value, description) < std::tie(o.kind, o.value, o.description);
    }
  };
  std::map<std::string, std::vector<Source>> sources;
  std::map<std::string, Json> heads;
  auto head_key = [](const std::string& protocol, int64_t from, int64_t to) {
    return protocol + " " + std::to_string(from) + " " + std::to_string(to);
  };
  for (const Json& permission : permissions) {
    Json head = Json::object();
    head["protocol"] = string_of(permission, "IpProtocol");
    head["from_port"] = permission.value("FromPort", 0);
    head["to_port"] = permission.value("ToPort", 0);
    std::string key = head_key(head["protocol"], head["from_port"], head["to_port"]);
    heads[key] = head;
    for (const Json& each : permission.value("IpRanges", Json::array()))
      sources[key].push_back({"cidr_blocks", string_of(each, "CidrIp"), string_of(each, "Description")});
    for (const Json& each : permission.value("Ipv6Ranges", Json::array()))
      sources[key].push_back({"ipv6_cidr_blocks", string_of(each, "CidrIpv6"), string_of(each, "Description")});
    for (const Json& each : permission.value("PrefixListIds", Json::array()))
      sources[key].push_back({"prefix_list_ids", string_of(each, "PrefixListId"), string_of(each, "Description")});
    for (const Json& each : permission.value("UserIdGroupPairs", Json::array())) {
      bool self = string_of(each, "GroupId") == group;
      sources[key].push_back(
          {self ? "self" : "security_groups", string_of(each, "GroupId"), string_of(each, "Description")});
    }
  }
  auto empty_rule = [](const Json& head, const std::string& description) {
    Json rule = head;
    for (const char* list : {"cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"})
      rule[list] = Json::array();
    rule["self"] = false;
    rule["description"] = description;
    return rule;
  };
  Json rules = Json::array();
  // Rules that are there as they are wanted.
  if (wanted.is_array()) {
    for (const Json& rule : wanted) {
      std::string protocol = string_of(rule, "protocol") == "all" ? "-1" : string_of(rule, "protocol");
      bool any = protocol == "-1";
      std::string key = head_key(protocol, any ? 0 : rule.value("from_port", int64_t{0}),
                                 any ? 0 : rule.value("to_port", int64_t{0}));
      auto found = sources.find(key);
      if (found == sources.end()) continue;
      std::vector<Source> needed;
      for (const char* list : {"cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups"}) {
        const Json values = rule.contains(list) && rule[list].is_array() ? rule[list] : Json::array();
        for (const Json& value : values)
          needed.push_back({list, value.get<std::string>(), string_of(rule, "description")});
      }
      if (bool_of(rule, "self")) needed.push_back({"self", group, string_of(rule, "description")});
      bool all = !needed.empty();
      for (const Source& source : needed) {
        all = all && std::any_of(found->second.begin(), found->second.end(),
                                 [&](const Source& s) { return !(s < source) && !(source < s); });
      }
      if (!all) continue;
      for (const Source& source : needed) {
        std::erase_if(found->second, [&](const Source& s) { return !(s < source) && !(source < s); });
      }
      rules.push_back(rule);
    }
  }
  // What is left, one rule for each description.
  for (const auto& [key, list] : sources) {
    std::map<std::string, Json> by_description;
    for (const Source& source : list) {
      auto [at, is_new] = by_description.emplace(source.description, Json());
      if (is_new) at->second = empty_rule(heads[key], source.description);
      if (source.kind == "self") {
        at->second["self"] = true;
      } else {
        at->second[source.kind].push_back(source.value);
      }
    }
    for (auto& [description, rule] : by_description) rules.push_back(rule);
  }
  return rules;
}

Task<bool> change_rules(Context& c, const char* operation, Json permissions) {
  if (permissions.empty()) co_return true;
  Json params = Json::object();
  params["GroupId"] = c.state["id"];
  params["IpPermissions"] = std::move(permissions);
  ApiResult done = co_await call_while(c, "ec2", operation, params, "InvalidGroup.NotFound|InvalidGroupId.NotFound",
                                       std::chrono::minutes(2));
  if (!done && !is_code(done.error(), {"InvalidPermission.NotFound", "InvalidPermission.Duplicate"}))
    co_return c.fail(done.error(), "changing rules of");
  co_return true;
}

Task<bool> set_rules(Context& c, const char* attribute, const char* revoke, const char* authorize) {
  if (c.planned[attribute].is_null() || !c.changed(attribute)) co_return true;
  const Json before = c.prior.is_object() && c.prior[attribute].is_array() ? c.prior[attribute] : Json::array();
  const Json after = c.planned[attribute];
  Json gone = Json::array();
  Json added = Json::array();
  for (const Json& rule : before) {
    if (std::find(after.begin(), after.end(), rule) == after.end()) gone.push_back(rule);
  }
  for (const Json& rule : after) {
    if (std::find(before.begin(), before.end(), rule) == before.end()) added.push_back(rule);
  }
  std::string group = c.text("id");
  Json to_revoke = permissions_of(gone, group);
  bool ok = co_await change_rules(c, revoke, std::move(to_revoke));
  if (!ok) co_return false;
  Json to_authorize = permissions_of(added, group);
  ok = co_await change_rules(c, authorize, std::move(to_authorize));
  co_return ok;
}

// AWS opens a new group's egress, in a VPC with an IPv6 block by a rule for each family; the provider starts from
// nothing. One call for each: AWS takes neither of two rules away where one of them is not there.
Task<bool> revoke_default_egress(Context& c) {
  for (const auto& [list, member, everywhere] :
       {std::tuple("IpRanges", "CidrIp", "0.0.0.0/0"), std::tuple("Ipv6Ranges", "CidrIpv6", "::/0")}) {
    Json range = Json::object();
    range[member] = everywhere;
    Json rule = Json::object();
    rule["IpProtocol"] = "-1";
    rule[list] = Json::array();
    rule[list].push_back(std::move(range));
    Json permissions = Json::array();
    permissions.push_back(std::move(rule));
    bool ok = co_await change_rules(c, "RevokeSecurityGroupEgress", std::move(permissions));
    if (!ok) co_return false;
  }
  co_return true;
}

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = Json::object();
  params["GroupName"] = name;
  params["Description"] = c.planned["description"];
  if (!string_of(c.planned, "vpc_id").empty()) params["VpcId"] = c.planned["vpc_id"];
  Json tags = tag_specifications(c, "security-group", false);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult made = co_await c.call("ec2", "CreateSecurityGroup", params);
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = made->value("GroupId", Json());
  c.state["name"] = name;
  bool ok = co_await revoke_default_egress(c);
  if (ok) ok = co_await set_rules(c, "ingress", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress");
  if (ok) ok = co_await set_rules(c, "egress", "RevokeSecurityGroupEgress", "AuthorizeSecurityGroupEgress");
  co_return ok;
}

Task<bool> read(Context& c) {
  Json group;
  bool ok = co_await read_ec2(c, kSecurityGroups, group);
  if (!ok || c.state.is_null()) co_return ok;
  std::string id = c.text("id");
  c.state["arn"] = ec2_arn(c, "security-group", id);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  c.state["ingress"] = rules_of(group.value("IpPermissions", Json::array()), id, c.state["ingress"]);
  c.state["egress"] = rules_of(group.value("IpPermissionsEgress", Json::array()), id, c.state["egress"]);
  co_return true;
}

Task<bool> update(Context& c) {
  bool ok = co_await set_rules(c, "ingress", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress");
  if (ok) ok = co_await set_rules(c, "egress", "RevokeSecurityGroupEgress", "AuthorizeSecurityGroupEgress");
  co_return ok;
}

Task<bool> remove(Context& c) {
  std::string id = c.text("id");
  bool ok = true;
  if (bool_of(c.prior, "revoke_rules_on_delete")) {
    Json ingress = permissions_of(c.prior["ingress"], id);
    ok = co_await change_rules(c, "RevokeSecurityGroupIngress", std::move(ingress));
    if (!ok) co_return false;
    Json egress = permissions_of(c.prior["egress"], id);
    ok = co_await change_rules(c, "RevokeSecurityGroupEgress", std::move(egress));
    if (!ok) co_return false;
  }
  ok = co_await remove_ec2(c, "DeleteSecurityGroup", "GroupId", id, "InvalidGroup.NotFound|InvalidGroupId.NotFound",
                           "DependencyViolation|InvalidGroup.InUse");
  co_return ok;
}

// A VPC has a name once.
Task<bool> recover(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = Json::object();
  params["Filters"] = filters({{"group-name", name}, {"vpc-id", string_of(c.planned, "vpc_id")}});
  ApiResult answer = co_await c.call("ec2", "DescribeSecurityGroups", params);
  if (!answer) co_return c.fail(answer.error(), "looking for");
  const Json found = answer->value("SecurityGroups", Json::array());
  if (found.empty() || !has_planned_tags(c, found[0].value("Tags", Json::array()))) co_return true;
  c.state["id"] = string_of(found[0], "GroupId");
  c.state["name"] = name;
  // The run may have ended before the default egress was taken away.
  bool ok = co_await revoke_default_egress(c);
  co_return ok;
}

// --- the group that every VPC is born with

// The VPC of the plan, or the account's default one.
Task<Result<Json, ApiError>> find_default(Context& c) {
  Json params = Json::object();
  std::string vpc = string_of(c.planned, "vpc_id");
  if (vpc.empty()) {
    params["Filters"] = filters({{"is-default", "true"}});
    ApiResult vpcs = co_await c.call("ec2", "DescribeVpcs", params);
    if (!vpcs) co_return Failure<ApiError>{vpcs.error()};
    const Json list = vpcs->value("Vpcs", Json::array());
    if (!list.empty()) vpc = string_of(list[0], "VpcId");
  }
  params["Filters"] = filters({{"vpc-id", vpc}, {"group-name", "default"}});
  ApiResult answer = co_await c.call("ec2", "DescribeSecurityGroups", params);
  if (!answer) co_return Failure<ApiError>{answer.error()};
  const Json groups = answer->value("SecurityGroups", Json::array());
  Json found = groups.empty() ? Json(nullptr) : groups[0];
  co_return found;
}

// It is there already: creating it is making it what the configuration says. Rules that it does not name are revoked.
Task<bool> adopt_default(Context& c) {
  Result<Json, ApiError> group = co_await find_default(c);
  if (!group) co_return c.fail(group.error(), "looking for");
  if (group->is_null())
    co_return c.fail("looking for", "there is no default group in that VPC. Set vpc_id to a VPC that exists");
  std::string id = string_of(*group, "GroupId");
  c.state["id"] = id;
  Json tags = Json::object();
  Json found = tag_map(group->value("Tags", Json::array()));
  for (const auto& [key, value] : found.items()) {
    if (!key.starts_with("aws:") && !c.backend.ignored_tags.contains(key)) tags[key] = value;
  }
  c.prior = Json::object();
  c.prior["tags_all"] = std::move(tags);
  for (const auto& [attribute, member] :
       {std::pair("ingress", "IpPermissions"), std::pair("egress", "IpPermissionsEgress")}) {
    if (c.planned[attribute].is_null()) c.planned[attribute] = Json::array();
    c.prior[attribute] = rules_of(group->value(member, Json::array()), id, c.planned[attribute]);
  }
  bool ok = co_await update_ec2_tags(c);
  if (ok) ok = co_await update(c);
  co_return ok;
}

// It goes with its VPC: AWS does not delete it, and its rules stay as they are.
Task<bool> leave_default(Context&) {
  co_return true;
}

// Adopting it again changes nothing.
Task<bool> recover_default(Context&) {
  co_return true;
}

}  // namespace

ResourceType default_security_group() {
  ResourceType type;
  type.name = "aws_default_security_group";
  type.schema_version = 1;
  type.table = kDefaultTable;
  type.title = "Default Security Group";
  type.tags = TagStyle::kEc2;
  type.create = adopt_default;
  type.read = read;
  type.update = update;
  type.remove = leave_default;
  type.recover = recover_default;
  type.reads = "ec2:DescribeSecurityGroups";
  type.changes =
      "ec2:AuthorizeSecurityGroupEgress ec2:AuthorizeSecurityGroupIngress ec2:CreateTags ec2:DeleteTags "
      "ec2:DescribeVpcs ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress";
  return type;
}

ResourceType security_group() {
  ResourceType type;
  type.name = "aws_security_group";
  type.schema_version = 1;
  type.table = kTable;
  type.title = "EC2 Security Group";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.reads = "ec2:DescribeSecurityGroups";
  type.changes =
      "ec2:AuthorizeSecurityGroupEgress ec2:AuthorizeSecurityGroupIngress ec2:CreateSecurityGroup "
      "ec2:DeleteSecurityGroup ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress";
  return type;
}

}  // namespace terrace::aws::types
