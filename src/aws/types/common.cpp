#include "aws/types/common.h"

#include <zlib.h>

#include <algorithm>

#include <fmt/format.h>

#include "aws/models.h"

namespace terrace::aws::types {

const Kind kVpcs{"ec2", "DescribeVpcs", "vpc-id", "", "Vpcs", "VpcId"};
const Kind kSubnets{"ec2", "DescribeSubnets", "subnet-id", "", "Subnets", "SubnetId"};
const Kind kInternetGateways{"ec2", "DescribeInternetGateways", "internet-gateway-id",
                             "",    "InternetGateways",         "InternetGatewayId"};
const Kind kRouteTables{"ec2", "DescribeRouteTables", "route-table-id", "", "RouteTables", "RouteTableId"};
const Kind kSecurityGroups{"ec2", "DescribeSecurityGroups", "group-id", "", "SecurityGroups", "GroupId"};
const Kind kSecurityGroupRules{"ec2", "DescribeSecurityGroupRules", "security-group-rule-id",
                               "",    "SecurityGroupRules",         "SecurityGroupRuleId"};
const Kind kKeyPairs{"ec2", "DescribeKeyPairs", "key-name", "", "KeyPairs", "KeyName"};
// These take ids but have no filter by id that is served everywhere.
const Kind kVpcEndpoints{"ec2", "DescribeVpcEndpoints", "", "VpcEndpointIds", "VpcEndpoints", "VpcEndpointId"};
const Kind kLaunchTemplates{
    "ec2", "DescribeLaunchTemplates", "", "LaunchTemplateIds", "LaunchTemplates", "LaunchTemplateId"};
const Kind kAutoScalingGroups{"autoscaling",       "DescribeAutoScalingGroups", "", "AutoScalingGroupNames",
                              "AutoScalingGroups", "AutoScalingGroupName",      50};

namespace {

std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= list.size();) {
    std::size_t end = std::min(list.find('|', at), list.size());
    if (end > at) parts.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}
bool names(std::string_view list, std::string_view code) {
  std::vector<std::string_view> parts = parts_of(list);
  return std::find(parts.begin(), parts.end(), code) != parts.end();
}
bool mentions(std::string_view list, std::string_view message) {
  std::vector<std::string_view> parts = parts_of(list);
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return message.find(part) != std::string_view::npos; });
}

}  // namespace

const Shape& input_shape(Context& context, const char* service, const char* operation) {
  return *context.backend.client().models().service(service)->operation(operation)->input.shape;
}

Task<ApiResult> call_while(Context& context, std::string service, std::string operation, Json params, const char* codes,
                           Duration limit) {
  Loop& loop = context.backend.loop();
  Duration until = loop.clock().monotonic() + limit;
  for (int attempt = 0;; ++attempt) {
    Json same = params;
    ApiResult result = co_await context.call(service, operation, same);
    if (result) co_return result;
    const ApiError& error = result.error();
    bool again = names(codes, error.code) || mentions(codes, error.message);
    if (!again || loop.clock().monotonic() >= until) co_return result;
    Duration pause = std::chrono::milliseconds(500 << std::min(attempt, 4));
    co_await loop.sleep(pause);
  }
}

Task<bool> create_ec2(Context& context, const char* operation, const char* result, const char* id, const char* tag_type,
                      bool intent, Json& made) {
  Json params = to_api(context.rows, context.planned, input_shape(context, "ec2", operation));
  Json tags = tag_specifications(context, tag_type, intent);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult answer = co_await context.call("ec2", operation, params);
  if (!answer) co_return context.fail(answer.error(), "creating");
  made = result[0] == '\0' ? *answer : answer->value(result, Json::object());
  context.state["id"] = made.value(id, Json());
  co_return true;
}

Task<bool> read_ec2(Context& context, const Kind& kind, Json& object) {
  Result<Json, ApiError> found = co_await context.describe(kind, context.text("id"));
  if (!found) co_return context.fail(found.error(), "reading");
  object = *found;
  if (object.is_null()) {
    context.state = nullptr;
    co_return true;
  }
  context.state = from_api(context.rows, object, context.state);
  if (context.state.contains("tags_all")) context.state["tags_all"] = tag_map(object.value("Tags", Json::array()));
  co_return true;
}

Task<bool> remove_ec2(Context& context, const char* operation, const char* parameter, std::string id,
                      const char* absent, const char* retry) {
  Json params = Json::object();
  params[parameter] = id;
  ApiResult done = co_await call_while(context, "ec2", operation, params, retry, std::chrono::minutes(10));
  if (done) co_return true;
  if (names(absent, done.error().code)) co_return true;
  co_return context.fail(done.error(), "deleting");
}

std::string arn(const Context& context, const std::string& service, const std::string& region,
                const std::string& account, const std::string& resource) {
  return fmt::format("arn:{}:{}:{}:{}:{}", context.backend.partition().id, service, region, account, resource);
}

std::string ec2_arn(const Context& context, const std::string& kind, const std::string& id) {
  return arn(context, "ec2", context.region, context.backend.account_id, kind + "/" + id);
}

bool is_code(const ApiError& error, std::initializer_list<const char*> codes) {
  return std::any_of(codes.begin(), codes.end(), [&](const char* code) { return error.code == code; });
}

uint32_t crc32_of(const std::string& text) {
  return crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
}

std::string string_of(const Json& object, const char* member) {
  auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool bool_of(const Json& object, const char* member) {
  auto found = object.find(member);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

Json filters(std::initializer_list<std::pair<const char*, std::string>> pairs) {
  Json list = Json::array();
  for (const auto& [name, value] : pairs) {
    Json filter = Json::object();
    filter["Name"] = name;
    filter["Values"] = Json::array();
    filter["Values"].push_back(value);
    list.push_back(std::move(filter));
  }
  return list;
}

std::string name_or_generated(const Context& context, const char* name, const char* prefix,
                              const char* fallback_prefix) {
  std::string given = string_of(context.planned, name);
  if (!given.empty()) return given;
  std::string start = string_of(context.planned, prefix);
  return Backend::generated_name(start.empty() ? fallback_prefix : start, context.token);
}

Task<void> pause_before(Context& context, int attempt) {
  Loop& loop = context.backend.loop();
  Duration pause = std::chrono::seconds(std::min(attempt + 1, 10));
  co_await loop.sleep(pause);
}

Duration timeout_of(const Context& context, const char* operation, Duration otherwise) {
  const Json& attributes = context.planned.is_object() ? context.planned : context.prior;
  const Json block = attributes.is_object() ? attributes.value("timeouts", Json()) : Json();
  std::string text = block.is_object() ? string_of(block, operation) : std::string();
  // A number and a unit, once or more: 1h30m.
  Duration total{0};
  for (std::size_t at = 0; at < text.size();) {
    std::size_t digits = 0;
    double number = 0;
    try {
      number = std::stod(text.substr(at), &digits);
    } catch (const std::exception&) {
      return otherwise;
    }
    at += digits;
    double seconds = text.compare(at, 2, "ms") == 0 ? 0.001
                     : at >= text.size()            ? 0
                     : text[at] == 'h'              ? 3600
                     : text[at] == 'm'              ? 60
                     : text[at] == 's'              ? 1
                                                    : 0;
    if (seconds == 0) return otherwise;
    at += seconds == 0.001 ? 2 : 1;
    total += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number * seconds));
  }
  return text.empty() ? otherwise : total;
}

Task<bool> update_tags(Context& context, const TagCalls& calls, Json object) {
  TagChanges changes = tag_changes(context);
  if (!changes.remove.empty()) {
    Json params = object;
    params[calls.keys] = Json::array();
    for (const std::string& name : changes.remove) {
      Json keyed = Json::object();
      keyed["Key"] = name;
      params[calls.keys].push_back(calls.keyed ? std::move(keyed) : Json(name));
    }
    ApiResult done = co_await context.call(calls.service, calls.untag, std::move(params));
    if (!done) co_return context.fail(done.error(), "updating tags of");
  }
  if (!changes.set.empty()) {
    Json params = object;
    params[calls.tags] = calls.mapped ? changes.set : named_tags(changes.set, calls.key, calls.value);
    ApiResult done = co_await context.call(calls.service, calls.tag, std::move(params));
    if (!done) co_return context.fail(done.error(), "updating tags of");
  }
  co_return true;
}

Json difference(const Json& from, const Json& without) {
  Json rest = Json::array();
  if (!from.is_array()) return rest;
  for (const Json& each : from) {
    if (!without.is_array() || std::find(without.begin(), without.end(), each) == without.end()) rest.push_back(each);
  }
  return rest;
}

void put_if_set(Json& params, const char* member, const Context& context, const char* attribute) {
  auto found = context.planned.find(attribute);
  if (found == context.planned.end() || found->is_null()) return;
  if (found->is_string() && found->get_ref<const std::string&>().empty()) return;
  params[member] = *found;
}

Json one_member(const char* member, Json value) {
  Json object = Json::object();
  object[member] = std::move(value);
  return object;
}

Json one_block(Json object) {
  Json list = Json::array();
  list.push_back(std::move(object));
  return list;
}

Json first_block(const Json& attributes, const char* block) {
  auto found = attributes.find(block);
  if (found == attributes.end() || !found->is_array() || found->empty()) return nullptr;
  return found->front();
}

void take_text(Context& context, const char* attribute, const std::string& text) {
  Json& value = context.state[attribute];
  bool computed = std::any_of(context.rows.begin(), context.rows.end(),
                              [&](const Row& row) { return row.name == attribute && row.computed; });
  if (text.empty() && !computed && value.is_null()) return;
  value = text;
}

Json named_tags(const Json& tags, const char* key, const char* value) {
  Json list = Json::array();
  if (!tags.is_object()) return list;
  for (const auto& [name, text] : tags.items()) {
    Json tag = one_member(key, name);
    tag[value] = text.is_string() ? text : Json("");
    list.push_back(std::move(tag));
  }
  return list;
}

Json tags_of(const Json& list, const char* key, const char* value) {
  Json tags = Json::object();
  if (!list.is_array()) return tags;
  for (const Json& tag : list) tags[string_of(tag, key)] = string_of(tag, value);
  return tags;
}

}  // namespace terrace::aws::types
