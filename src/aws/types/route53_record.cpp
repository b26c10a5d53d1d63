// aws_route53_record
#include <algorithm>

#include "aws/types/route53.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  allow_overwrite bool oc api=-
  fqdn string c api=-
  health_check_id string o api=-
  id string oc api=-
  multivalue_answer_routing_policy bool o api=-
  name string r new api=-
  records set(string) o api=-
  set_identifier string o api=-
  ttl number o api=-
  type string r api=-
  zone_id string r new api=-
  block alias list max=1 api=- {
    evaluate_target_health bool r
    name string r
    zone_id string r
  }
  block cidr_routing_policy list max=1 api=- {
    collection_id string r
    location_name string r
  }
  block failover_routing_policy list max=1 api=- {
    type string r
  }
  block geolocation_routing_policy list max=1 api=- {
    continent string o
    country string o
    subdivision string o
  }
  block geoproximity_routing_policy list max=1 api=- {
    aws_region string o
    bias number o
    local_zone_group string o
    block coordinates set {
      latitude string r
      longitude string r
    }
  }
  block latency_routing_policy list max=1 api=- {
    region string r
  }
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
  block weighted_routing_policy list max=1 api=- {
    weight number r
  }
)";

std::string lower_without_dot(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char ch) { return std::tolower(ch); });
  if (name.size() > 1 && name.back() == '.') name.pop_back();
  return name;
}

// Route 53 answers with octal escapes for what is no letter, digit, hyphen or dot: \052 is *.
std::string unescaped(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 3 < name.size()) {
      out += static_cast<char>(std::stoi(name.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      out += name[i];
    }
  }
  return out;
}

std::string full_name(const std::string& name, const std::string& zone) {
  std::string relative = lower_without_dot(name), suffix = lower_without_dot(zone);
  if (relative.empty() || relative == suffix) return suffix;
  return relative.ends_with("." + suffix) ? relative : relative + "." + suffix;
}

// Text records are quoted strings to the API.
bool is_text(const std::string& type) {
  return type == "TXT" || type == "SPF";
}

Json first_block(const Json& attributes, const char* name) {
  auto found = attributes.find(name);
  return found != attributes.end() && found->is_array() && !found->empty() ? (*found)[0] : Json();
}

Json record_set(const Json& attributes, const std::string& fqdn) {
  Json set = Json::object();
  std::string type = string_of(attributes, "type");
  set["Name"] = fqdn;
  set["Type"] = type;
  if (attributes["ttl"].is_number() && first_block(attributes, "alias").is_null()) set["TTL"] = attributes["ttl"];
  if (attributes["records"].is_array() && !attributes["records"].empty()) {
    Json records = Json::array();
    for (const Json& value : attributes["records"]) {
      Json one = Json::object();
      one["Value"] = is_text(type) ? "\"" + value.get<std::string>() + "\"" : value.get<std::string>();
      records.push_back(std::move(one));
    }
    set["ResourceRecords"] = std::move(records);
  }
  if (Json alias = first_block(attributes, "alias"); alias.is_object()) {
    Json target = Json::object();
    target["DNSName"] = alias["name"];
    target["HostedZoneId"] = alias["zone_id"];
    target["EvaluateTargetHealth"] = alias["evaluate_target_health"];
    set["AliasTarget"] = std::move(target);
  }
  for (const auto& [attribute, member] :
       {std::pair("set_identifier", "SetIdentifier"), std::pair("health_check_id", "HealthCheckId")}) {
    if (!string_of(attributes, attribute).empty()) set[member] = attributes[attribute];
  }
  if (bool_of(attributes, "multivalue_answer_routing_policy")) set["MultiValueAnswer"] = true;
  if (Json block = first_block(attributes, "weighted_routing_policy"); block.is_object())
    set["Weight"] = block["weight"];
  if (Json block = first_block(attributes, "failover_routing_policy"); block.is_object())
    set["Failover"] = block["type"];
  if (Json block = first_block(attributes, "latency_routing_policy"); block.is_object())
    set["Region"] = block["region"];
  auto members = [&](const char* block_name, const char* member,
                     std::initializer_list<std::pair<const char*, const char*>> names) {
    Json block = first_block(attributes, block_name);
    if (!block.is_object()) return;
    Json object = Json::object();
    for (const auto& [from, to] : names) {
      bool empty =
          block[from].is_null() || (block[from].is_string() && block[from].get_ref<const std::string&>().empty());
      if (!empty) object[to] = block[from];
    }
    set[member] = std::move(object);
  };
  members("cidr_routing_policy", "CidrRoutingConfig",
          {{"collection_id", "CollectionId"}, {"location_name", "LocationName"}});
  members("geolocation_routing_policy", "GeoLocation",
          {{"continent", "ContinentCode"}, {"country", "CountryCode"}, {"subdivision", "SubdivisionCode"}});
  members("geoproximity_routing_policy", "GeoProximityLocation",
          {{"aws_region", "AWSRegion"}, {"bias", "Bias"}, {"local_zone_group", "LocalZoneGroup"}});
  if (Json block = first_block(attributes, "geoproximity_routing_policy"); block.is_object()) {
    for (const Json& point : block["coordinates"]) {
      Json coordinates = Json::object();
      coordinates["Latitude"] = point["latitude"];
      coordinates["Longitude"] = point["longitude"];
      set["GeoProximityLocation"]["Coordinates"] = std::move(coordinates);
    }
  }
  return set;
}

Json change(const char* action, Json set) {
  Json one = Json::object();
  one["Action"] = action;
  one["ResourceRecordSet"] = std::move(set);
  return one;
}

std::string id_of(const Json& attributes) {
  std::string id = string_of(attributes, "zone_id") + "_" + lower_without_dot(string_of(attributes, "name")) + "_" +
                   string_of(attributes, "type");
  std::string identifier = string_of(attributes, "set_identifier");
  return identifier.empty() ? id : id + "_" + identifier;
}

// The record's whole name, by its zone's.
Task<bool> find_name(Context& c, const Json& attributes, std::string& fqdn) {
  Json params = Json::object();
  params["Id"] = zone_id_of(string_of(attributes, "zone_id"));
  ApiResult zone = co_await c.backend.batches().share("route53", "GetHostedZone", params, c.region);
  if (!zone && is_code(zone.error(), {"NoSuchHostedZone"})) co_return true;  // an empty name: there is no zone
  if (!zone) co_return c.fail(zone.error(), "reading the zone of");
  fqdn = full_name(string_of(attributes, "name"), string_of((*zone)["HostedZone"], "Name"));
  co_return true;
}

// The record as it is in the zone, or null.
Task<bool> find_record(Context& c, const Json& attributes, const std::string& fqdn, Json& found) {
  Json params = Json::object();
  params["HostedZoneId"] = zone_id_of(string_of(attributes, "zone_id"));
  ApiResult records = co_await c.backend.batches().share_all("route53", "ListResourceRecordSets", params, c.region);
  if (!records && is_code(records.error(), {"NoSuchHostedZone"})) co_return true;
  if (!records) co_return c.fail(records.error(), "reading");
  for (const Json& set : (*records)["ResourceRecordSets"]) {
    if (lower_without_dot(unescaped(string_of(set, "Name"))) == fqdn &&
        string_of(set, "Type") == string_of(attributes, "type") &&
        string_of(set, "SetIdentifier") == string_of(attributes, "set_identifier")) {
      found = set;
    }
  }
  co_return true;
}

Task<bool> create(Context& c) {
  std::string fqdn;
  bool named = co_await find_name(c, c.planned, fqdn);
  if (!named) co_return false;
  const char* action = bool_of(c.planned, "allow_overwrite") ? "UPSERT" : "CREATE";
  Json changes = Json::array();
  changes.push_back(change(action, record_set(c.planned, fqdn)));
  bool ok = co_await change_records(c, zone_id_of(string_of(c.planned, "zone_id")), std::move(changes), "creating");
  if (ok) c.state["id"] = id_of(c.planned);
  co_return ok;
}

Json one_block(std::initializer_list<std::pair<const char*, Json>> members) {
  Json block = Json::object();
  for (const auto& [name, value] : members) block[name] = value;
  Json list = Json::array();
  list.push_back(std::move(block));
  return list;
}

// The name of an alias's target as the configuration has it, where it means the same.
std::string alias_name(const std::string& found, const std::string& before) {
  auto plain = [](std::string name) {
    name = lower_without_dot(std::move(name));
    return name.starts_with("dualstack.") ? name.substr(10) : name;
  };
  return plain(found) == plain(before) ? before : lower_without_dot(found);
}

void take(Context& c, const Json& set) {
  Json& state = c.state;
  std::string before =
      string_of(first_block(state, "alias").is_object() ? first_block(state, "alias") : Json::object(), "name");
  std::string type = string_of(set, "Type");
  state["ttl"] = set.contains("TTL") && !set.contains("AliasTarget") ? set["TTL"] : Json(nullptr);
  Json records = Json::array();
  for (const Json& record : set.value("ResourceRecords", Json::array())) {
    std::string value = string_of(record, "Value");
    if (is_text(type) && value.size() >= 2) value = value.substr(1, value.size() - 2);
    records.push_back(value);
  }
  state["records"] = records.empty() ? Json(nullptr) : std::move(records);
  state["set_identifier"] = set.contains("SetIdentifier") ? set["SetIdentifier"] : Json(nullptr);
  state["health_check_id"] = set.contains("HealthCheckId") ? set["HealthCheckId"] : Json(nullptr);
  state["multivalue_answer_routing_policy"] = bool_of(set, "MultiValueAnswer") ? Json(true) : Json(nullptr);
  for (const char* block : {"alias", "weighted_routing_policy", "failover_routing_policy", "latency_routing_policy",
                            "cidr_routing_policy", "geolocation_routing_policy", "geoproximity_routing_policy"})
    state[block] = Json::array();
  if (set.contains("AliasTarget")) {
    const Json& target = set["AliasTarget"];
    state["alias"] = one_block({{"name", alias_name(string_of(target, "DNSName"), before)},
                                {"zone_id", target["HostedZoneId"]},
                                {"evaluate_target_health", bool_of(target, "EvaluateTargetHealth")}});
  }
  if (set.contains("Weight")) state["weighted_routing_policy"] = one_block({{"weight", set["Weight"]}});
  if (set.contains("Failover")) state["failover_routing_policy"] = one_block({{"type", set["Failover"]}});
  if (set.contains("Region")) state["latency_routing_policy"] = one_block({{"region", set["Region"]}});
  if (set.contains("CidrRoutingConfig")) {
    const Json& cidr = set["CidrRoutingConfig"];
    state["cidr_routing_policy"] = one_block(
        {{"collection_id", string_of(cidr, "CollectionId")}, {"location_name", string_of(cidr, "LocationName")}});
  }
  if (set.contains("GeoLocation")) {
    const Json& place = set["GeoLocation"];
    state["geolocation_routing_policy"] = one_block({{"continent", string_of(place, "ContinentCode")},
                                                     {"country", string_of(place, "CountryCode")},
                                                     {"subdivision", string_of(place, "SubdivisionCode")}});
  }
  if (set.contains("GeoProximityLocation")) {
    const Json& place = set["GeoProximityLocation"];
    Json coordinates = Json::array();
    if (place.contains("Coordinates"))
      coordinates = one_block({{"latitude", string_of(place["Coordinates"], "Latitude")},
                               {"longitude", string_of(place["Coordinates"], "Longitude")}});
    state["geoproximity_routing_policy"] = one_block({{"aws_region", string_of(place, "AWSRegion")},
                                                      {"bias", place.value("Bias", 0)},
                                                      {"local_zone_group", string_of(place, "LocalZoneGroup")},
                                                      {"coordinates", coordinates}});
  }
}

Task<bool> read(Context& c) {
  std::string fqdn;
  Json attributes = c.state;
  bool named = co_await find_name(c, attributes, fqdn);
  if (!named) co_return false;
  Json found;
  if (!fqdn.empty()) {
    bool ok = co_await find_record(c, attributes, fqdn, found);
    if (!ok) co_return false;
  }
  if (found.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  take(c, found);
  c.state["fqdn"] = fqdn;
  co_return true;
}

// One batch: the zone has the old record or the new one, never neither.
Task<bool> update(Context& c) {
  std::string fqdn;
  bool named = co_await find_name(c, c.planned, fqdn);
  if (!named) co_return false;
  Json changes = Json::array();
  bool other = c.changed("type") || c.changed("set_identifier");
  if (other) {
    Json old;
    Json attributes = c.prior;
    bool ok = co_await find_record(c, attributes, fqdn, old);
    if (!ok) co_return false;
    if (old.is_object()) changes.push_back(change("DELETE", old));
    changes.push_back(change("CREATE", record_set(c.planned, fqdn)));
  } else {
    changes.push_back(change("UPSERT", record_set(c.planned, fqdn)));
  }
  bool ok = co_await change_records(c, zone_id_of(string_of(c.planned, "zone_id")), std::move(changes), "updating");
  if (ok) c.state["id"] = id_of(c.planned);
  co_return ok;
}

Task<bool> remove(Context& c) {
  std::string fqdn;
  Json attributes = c.prior;
  bool named = co_await find_name(c, attributes, fqdn);
  if (!named || fqdn.empty()) co_return named;
  Json found;
  bool ok = co_await find_record(c, attributes, fqdn, found);
  if (!ok || found.is_null()) co_return ok;
  Json changes = Json::array();
  changes.push_back(change("DELETE", found));
  std::string zone = zone_id_of(string_of(attributes, "zone_id"));
  bool done = co_await change_records(c, std::move(zone), std::move(changes), "deleting");
  co_return done;
}

// A record of this name that says what was asked for is what the create made: it can exist only once.
Task<bool> recover(Context& c) {
  std::string fqdn;
  bool named = co_await find_name(c, c.planned, fqdn);
  if (!named || fqdn.empty()) co_return named;
  Json found;
  bool ok = co_await find_record(c, c.planned, fqdn, found);
  if (!ok || found.is_null()) co_return ok;
  Json wanted = record_set(c.planned, fqdn);
  bool same = found.value("TTL", Json()) == wanted.value("TTL", Json()) &&
              difference(wanted.value("ResourceRecords", Json()), found.value("ResourceRecords", Json())).empty();
  if (same) c.state["id"] = id_of(c.planned);
  co_return true;
}

// ZONE_NAME_TYPE or ZONE_NAME_TYPE_SET; names may hold underscores, types do not.
Task<bool> import(Context& c) {
  static constexpr std::string_view kTypes[] = {"SOA", "A",    "TXT", "NS", "CNAME", "MX",    "NAPTR", "PTR",  "SRV",
                                                "SPF", "AAAA", "CAA", "DS", "TLSA",  "SSHFP", "SVCB",  "HTTPS"};
  std::string id = c.text("id");
  std::size_t first = id.find('_');
  for (std::size_t at = first; at != std::string::npos; at = id.find('_', at + 1)) {
    if (at == first) continue;
    std::size_t end = std::min(id.find('_', at + 1), id.size());
    std::string type = id.substr(at + 1, end - at - 1);
    if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) continue;
    c.state["zone_id"] = id.substr(0, first);
    c.state["name"] = id.substr(first + 1, at - first - 1);
    c.state["type"] = type;
    if (end < id.size()) c.state["set_identifier"] = id.substr(end + 1);
    co_return true;
  }
  co_return c.fail("importing", "the id must be ZONE-ID_NAME_TYPE or ZONE-ID_NAME_TYPE_SET-IDENTIFIER");
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>&) {
  std::string name = string_of(config, "name");
  if (!name.empty()) planned["name"] = lower_without_dot(name);
  if (prior.is_object() && (prior["type"] != planned["type"] || prior["set_identifier"] != planned["set_identifier"]))
    unknown.push_back("id");
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  bool alias = config["alias"].is_array() && !config["alias"].empty();
  if (!alias && !config["records"].is_array())
    problems.push_back("records: one of \"alias\" and \"records\" must say what the record answers");
  if (alias && config["records"].is_array()) problems.push_back("records: conflicts with alias");
  if (alias && !config["ttl"].is_null()) problems.push_back("ttl: conflicts with alias, which has the target's");
  if (!alias && config["ttl"].is_null()) problems.push_back("ttl: must be set with records");
  bool policy = bool_of(config, "multivalue_answer_routing_policy");
  for (const char* block : {"weighted_routing_policy", "failover_routing_policy", "latency_routing_policy",
                            "cidr_routing_policy", "geolocation_routing_policy", "geoproximity_routing_policy"})
    policy = policy || (config[block].is_array() && !config[block].empty());
  if (policy && string_of(config, "set_identifier").empty())
    problems.push_back("set_identifier: must be set with a routing policy");
  return problems;
}

}  // namespace

ResourceType route53_record() {
  ResourceType type;
  type.name = "aws_route53_record";
  type.schema_version = 2;
  type.table = kTable;
  type.service = "route53";
  type.title = "Route 53 Record";
  type.regional = false;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.plan = plan;
  type.validate = validate;
  type.reads = "route53:GetHostedZone route53:ListResourceRecordSets";
  type.changes = "route53:ChangeResourceRecordSets route53:GetChange";
  return type;
}

}  // namespace terrace::aws::types
