// aws_route53_zone, aws_route53_zone_association
#include <algorithm>

#include "aws/types/route53.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kZoneTable = R"(
  arn string c api=-
  comment string o api=- default="Managed by Terraform"
  delegation_set_id string o new api=-
  enable_accelerated_recovery bool oc api=-
  force_destroy bool o api=- default=false
  id string oc api=-
  name string r new api=-
  name_servers list(string) c api=-
  primary_name_server string c api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  zone_id string c api=-
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
  block vpc set api=- {
    vpc_id string r
    vpc_region string oc
  }
)";
constexpr const char* kAssociationTable = R"(
  id string oc api=-
  owning_account string c api=-
  vpc_id string r new api=-
  vpc_region string oc new api=-
  zone_id string r new api=-
  block timeouts single api=- {
    create string o
    delete string o
  }
)";

constexpr TagCalls kTags{"route53", "ChangeTagsForResource", "ChangeTagsForResource", "AddTags", "RemoveTagKeys"};

Json zone_params(const std::string& id) {
  Json params = Json::object();
  params["Id"] = id;
  return params;
}

Json tagged(const std::string& id) {
  Json params = Json::object();
  params["ResourceType"] = "hostedzone";
  params["ResourceId"] = id;
  return params;
}

std::string without_dot(std::string name) {
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  return name;
}

Json vpc_of(const Context& c, const Json& block) {
  Json vpc = Json::object();
  vpc["VPCId"] = block["vpc_id"];
  vpc["VPCRegion"] = string_of(block, "vpc_region").empty() ? Json(c.backend.region()) : block["vpc_region"];
  return vpc;
}

Task<bool> associate(Context& c, const char* operation, Json vpc) {
  Json params = Json::object();
  params["HostedZoneId"] = c.text("id");
  params["VPC"] = std::move(vpc);
  ApiResult done = co_await call_while(c, "route53", operation, std::move(params),
                                       "ConcurrentModification|PriorRequestNotComplete", std::chrono::minutes(5));
  if (!done && !is_code(done.error(), {"VPCAssociationNotFound", "ConflictingDomainExists"}))
    co_return c.fail(done.error(), "changing the VPCs of");
  if (!done && is_code(done.error(), {"ConflictingDomainExists"})) co_return c.fail(done.error(), "adding a VPC to");
  if (done) {
    bool synced = co_await wait_for_change(c, *done);
    co_return synced;
  }
  co_return true;
}

Task<bool> create_zone(Context& c) {
  Json params = Json::object();
  params["Name"] = c.planned["name"];
  params["CallerReference"] = c.token.empty() ? c.backend.random().uuid() : c.token;
  Json config = Json::object();
  config["Comment"] = c.planned["comment"].is_null() ? Json("") : c.planned["comment"];
  const Json vpcs = c.planned["vpc"].is_array() ? c.planned["vpc"] : Json::array();
  if (!vpcs.empty()) {
    config["PrivateZone"] = true;
    params["VPC"] = vpc_of(c, vpcs[0]);
  }
  params["HostedZoneConfig"] = std::move(config);
  put_if_set(params, "DelegationSetId", c, "delegation_set_id");
  ApiResult made = co_await c.call("route53", "CreateHostedZone", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = zone_id_of(string_of((*made)["HostedZone"], "Id"));
  bool synced = co_await wait_for_change(c, *made);
  if (!synced) co_return false;
  for (std::size_t i = 1; i < vpcs.size(); ++i) {
    Json vpc = vpc_of(c, vpcs[i]);
    bool ok = co_await associate(c, "AssociateVPCWithHostedZone", std::move(vpc));
    if (!ok) co_return false;
  }
  Json object = tagged(c.text("id"));
  bool tagged_too = co_await update_tags(c, kTags, std::move(object));
  co_return tagged_too;
}

// Of a private zone, which has no delegation set: what its own NS record says.
Task<bool> find_name_servers(Context& c, const std::string& name, Json& servers) {
  Json params = Json::object();
  params["HostedZoneId"] = c.text("id");
  ApiResult records = co_await c.backend.batches().share_all("route53", "ListResourceRecordSets", params, c.region);
  if (!records) co_return c.fail(records.error(), "reading the name servers of");
  for (const Json& set : records->value("ResourceRecordSets", Json::array())) {
    if (string_of(set, "Type") != "NS" || without_dot(string_of(set, "Name")) != name) continue;
    for (const Json& record : set.value("ResourceRecords", Json::array())) servers.push_back(record["Value"]);
  }
  co_return true;
}

Task<bool> read_zone(Context& c) {
  std::string id = c.text("id");
  Json params = zone_params(id);
  ApiResult found = co_await c.backend.batches().share("route53", "GetHostedZone", params, c.region);
  if (!found && is_code(found.error(), {"NoSuchHostedZone"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& zone = (*found)["HostedZone"];
  const Json config = zone.value("Config", Json::object());
  c.state["zone_id"] = id;
  c.state["arn"] = arn(c, "route53", "", "", "hostedzone/" + id);
  c.state["name"] = without_dot(string_of(zone, "Name"));
  c.state["comment"] = string_of(config, "Comment");
  c.state["enable_accelerated_recovery"] = false;
  Json servers = Json::array();
  if (bool_of(config, "PrivateZone")) {
    bool ok = co_await find_name_servers(c, string_of(c.state, "name"), servers);
    if (!ok) co_return false;
  } else {
    const Json set = found->value("DelegationSet", Json::object());
    servers = set.value("NameServers", Json::array());
    std::string set_id = string_of(set, "Id");
    if (!set_id.empty()) c.state["delegation_set_id"] = set_id.substr(set_id.rfind('/') + 1);
  }
  c.state["primary_name_server"] = servers.empty() ? Json("") : servers[0];
  std::sort(servers.begin(), servers.end());
  c.state["name_servers"] = std::move(servers);
  Json vpcs = Json::array();
  for (const Json& vpc : found->value("VPCs", Json::array())) {
    Json one = Json::object();
    one["vpc_id"] = vpc["VPCId"];
    one["vpc_region"] = vpc["VPCRegion"];
    vpcs.push_back(std::move(one));
  }
  c.state["vpc"] = std::move(vpcs);
  Json object = tagged(id);
  ApiResult tags = co_await c.backend.batches().share("route53", "ListTagsForResource", object, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tag_map((*tags)["ResourceTagSet"].value("Tags", Json::array()));
  co_return true;
}

Task<bool> update_zone(Context& c) {
  if (c.changed("comment")) {
    Json params = zone_params(c.text("id"));
    params["Comment"] = c.planned["comment"].is_null() ? Json("") : c.planned["comment"];
    ApiResult done = co_await c.call("route53", "UpdateHostedZoneComment", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  Json before = Json::array(), after = Json::array();
  for (const Json& block : c.prior["vpc"]) before.push_back(vpc_of(c, block));
  for (const Json& block : c.planned["vpc"]) after.push_back(vpc_of(c, block));
  // A private zone keeps one VPC at least: new ones come before old ones go.
  Json added = difference(after, before), removed = difference(before, after);
  for (const Json& vpc : added) {
    Json one = vpc;
    bool ok = co_await associate(c, "AssociateVPCWithHostedZone", std::move(one));
    if (!ok) co_return false;
  }
  for (const Json& vpc : removed) {
    Json one = vpc;
    bool ok = co_await associate(c, "DisassociateVPCFromHostedZone", std::move(one));
    if (!ok) co_return false;
  }
  Json object = tagged(c.text("id"));
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

// Deletes every record but the zone's own.
Task<bool> empty_zone(Context& c) {
  Json params = Json::object();
  params["HostedZoneId"] = c.text("id");
  ApiResult records = co_await c.backend.client().call_all("route53", "ListResourceRecordSets", params);
  if (!records) co_return c.fail(records.error(), "listing the records of");
  std::string name = string_of(c.state, "name");
  Json sets = records->value("ResourceRecordSets", Json::array());
  for (const Json& set : sets) {
    bool own = without_dot(string_of(set, "Name")) == name &&
               (string_of(set, "Type") == "NS" || string_of(set, "Type") == "SOA");
    if (own) continue;
    Json changes = Json::array();
    Json one = Json::object();
    one["Action"] = "DELETE";
    one["ResourceRecordSet"] = set;
    changes.push_back(std::move(one));
    bool ok = co_await change_records(c, c.text("id"), std::move(changes), "deleting the records of");
    if (!ok) co_return false;
  }
  co_return true;
}

Task<bool> remove_zone(Context& c) {
  if (bool_of(c.state, "force_destroy")) {
    bool ok = co_await empty_zone(c);
    if (!ok) co_return false;
  }
  Json params = zone_params(c.text("id"));
  ApiResult done = co_await call_while(c, "route53", "DeleteHostedZone", std::move(params), "PriorRequestNotComplete",
                                       std::chrono::minutes(5));
  if (done || is_code(done.error(), {"NoSuchHostedZone"})) co_return true;
  if (is_code(done.error(), {"HostedZoneNotEmpty"}))
    co_return c.fail(
        "deleting",
        "the zone holds records that terrace did not make. Delete them, or set force_destroy = true, apply, "
        "and destroy again");
  co_return c.fail(done.error(), "deleting");
}

Task<bool> recover_zone(Context& c) {
  Json params = Json::object();
  params["DNSName"] = c.planned["name"];
  ApiResult found = co_await c.call("route53", "ListHostedZonesByName", std::move(params));
  if (!found) co_return c.fail(found.error(), "looking for");
  for (const Json& zone : found->value("HostedZones", Json::array())) {
    if (string_of(zone, "CallerReference") == c.token) c.state["id"] = zone_id_of(string_of(zone, "Id"));
  }
  co_return true;
}

void plan_zone(const Json& config, const Json&, Json& planned, std::vector<std::string>&, std::vector<std::string>&) {
  std::string name = string_of(config, "name");
  if (!name.empty()) planned["name"] = without_dot(name);
}

// --- associations

Task<bool> create_association(Context& c) {
  if (string_of(c.planned, "vpc_region").empty()) c.planned["vpc_region"] = c.backend.region();
  c.state["vpc_region"] = c.planned["vpc_region"];
  c.state["id"] = string_of(c.planned, "zone_id") + ":" + string_of(c.planned, "vpc_id");
  Json params = Json::object();
  params["HostedZoneId"] = c.planned["zone_id"];
  params["VPC"] = vpc_of(c, c.planned);
  params["Comment"] = "Managed by Terraform";
  ApiResult done = co_await call_while(c, "route53", "AssociateVPCWithHostedZone", std::move(params),
                                       "ConcurrentModification|PriorRequestNotComplete", std::chrono::minutes(5));
  if (!done) co_return c.fail(done.error(), "creating");
  bool synced = co_await wait_for_change(c, *done);
  co_return synced;
}

Task<bool> read_association(Context& c) {
  Json params = zone_params(string_of(c.state, "zone_id"));
  ApiResult found = co_await c.backend.batches().share("route53", "GetHostedZone", params, c.region);
  if (!found && !is_code(found.error(), {"NoSuchHostedZone"})) co_return c.fail(found.error(), "reading");
  std::string vpc = string_of(c.state, "vpc_id");
  if (found) {
    for (const Json& each : found->value("VPCs", Json::array())) {
      if (string_of(each, "VPCId") != vpc) continue;
      c.state["vpc_region"] = each["VPCRegion"];
      c.state["owning_account"] = c.backend.account_id;
      co_return true;
    }
  }
  c.state = nullptr;
  co_return true;
}

Task<bool> remove_association(Context& c) {
  Json params = Json::object();
  params["HostedZoneId"] = c.state["zone_id"];
  params["VPC"] = vpc_of(c, c.state);
  ApiResult done = co_await call_while(c, "route53", "DisassociateVPCFromHostedZone", std::move(params),
                                       "ConcurrentModification|PriorRequestNotComplete", std::chrono::minutes(5));
  if (!done && !is_code(done.error(), {"VPCAssociationNotFound", "NoSuchHostedZone"}))
    co_return c.fail(done.error(), "deleting");
  co_return true;
}

// ZONE:VPC or ZONE:VPC:REGION
Task<bool> import_association(Context& c) {
  std::string id = c.text("id");
  std::size_t colon = id.find(':');
  if (colon == std::string::npos)
    co_return c.fail("importing", "the id must be ZONE_ID:VPC_ID or ZONE_ID:VPC_ID:REGION");
  c.state["zone_id"] = id.substr(0, colon);
  std::string rest = id.substr(colon + 1);
  std::size_t second = rest.find(':');
  c.state["vpc_id"] = rest.substr(0, second);
  if (second != std::string::npos) c.state["vpc_region"] = rest.substr(second + 1);
  co_return true;
}

Task<bool> recover_association(Context& c) {
  c.state["id"] = string_of(c.planned, "zone_id") + ":" + string_of(c.planned, "vpc_id");
  co_return true;
}

}  // namespace

std::string zone_id_of(const std::string& id) {
  return id.substr(id.rfind('/') + 1);
}

Task<bool> wait_for_change(Context& c, const Json& answer) {
  std::string id = zone_id_of(string_of(answer.value("ChangeInfo", Json::object()), "Id"));
  if (id.empty()) co_return true;
  Duration limit = timeout_of(c, c.prior.is_null() ? "create" : "update", std::chrono::minutes(30));
  Duration end = c.backend.loop().clock().monotonic() + limit;
  for (int attempt = 0;; ++attempt) {
    Json params = zone_params(id);
    ApiResult change = co_await c.call("route53", "GetChange", std::move(params));
    if (!change) co_return c.fail(change.error(), "waiting for the change of");
    if (string_of((*change)["ChangeInfo"], "Status") == "INSYNC") co_return true;
    if (c.backend.loop().clock().monotonic() > end)
      co_return c.fail("waiting for the change of", "its servers do not agree within the time limit");
    co_await pause_before(c, attempt);
  }
}

Task<bool> change_records(Context& c, std::string zone, Json changes, const char* what) {
  Json params = Json::object();
  params["HostedZoneId"] = std::move(zone);
  params["ChangeBatch"] = Json::object();
  params["ChangeBatch"]["Comment"] = "Managed by Terraform";
  params["ChangeBatch"]["Changes"] = std::move(changes);
  ApiResult done = co_await call_while(c, "route53", "ChangeResourceRecordSets", std::move(params),
                                       "PriorRequestNotComplete|NoSuchHostedZone", std::chrono::minutes(5));
  if (!done) co_return c.fail(done.error(), what);
  bool synced = co_await wait_for_change(c, *done);
  co_return synced;
}

ResourceType route53_zone() {
  ResourceType type;
  type.name = "aws_route53_zone";
  type.table = kZoneTable;
  type.service = "route53";
  type.title = "Route 53 Hosted Zone";
  type.tags = TagStyle::kOther;
  type.regional = false;
  type.create = create_zone;
  type.read = read_zone;
  type.update = update_zone;
  type.remove = remove_zone;
  type.recover = recover_zone;
  type.plan = plan_zone;
  type.reads =
      "route53:GetHostedZone route53:ListHostedZonesByName route53:ListResourceRecordSets "
      "route53:ListTagsForResource";
  type.changes =
      "route53:AssociateVPCWithHostedZone route53:ChangeResourceRecordSets route53:ChangeTagsForResource "
      "route53:CreateHostedZone route53:DeleteHostedZone route53:DisassociateVPCFromHostedZone "
      "route53:GetChange route53:UpdateHostedZoneComment";
  return type;
}

ResourceType route53_zone_association() {
  ResourceType type;
  type.name = "aws_route53_zone_association";
  type.table = kAssociationTable;
  type.service = "route53";
  type.title = "Route 53 Hosted Zone Association";
  type.regional = false;
  type.create = create_association;
  type.read = read_association;
  type.remove = remove_association;
  type.recover = recover_association;
  type.import = import_association;
  type.reads = "route53:GetHostedZone";
  type.changes = "route53:AssociateVPCWithHostedZone route53:DisassociateVPCFromHostedZone route53:GetChange";
  return type;
}

}  // namespace terrace::aws::types
