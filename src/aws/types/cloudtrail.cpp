// aws_cloudtrail
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=TrailARN
  cloud_watch_logs_group_arn string o api=CloudWatchLogsLogGroupArn
  cloud_watch_logs_role_arn string o api=CloudWatchLogsRoleArn
  enable_log_file_validation bool o default=false api=-
  enable_logging bool o default=true api=-
  home_region string c
  id string oc api=-
  include_global_service_events bool o default=true api=-
  is_multi_region_trail bool o default=false api=-
  is_organization_trail bool o default=false api=-
  kms_key_id string o
  name string r new
  region string oc new api=-
  s3_bucket_name string r
  s3_key_prefix string o
  sns_topic_arn string c api=SnsTopicARN
  sns_topic_name string o
  tags map(string) o api=-
  tags_all map(string) oc api=-
  block advanced_event_selector list api=- {
    name string o
    block field_selector set min=1 {
      ends_with list(string) o
      equals list(string) o
      field string r
      not_ends_with list(string) o
      not_equals list(string) o
      not_starts_with list(string) o
      starts_with list(string) o
    }
  }
  block event_selector list api=- {
    exclude_management_event_sources set(string) o
    include_management_events bool o default=true
    read_write_type string o default="All" one_of=All|ReadOnly|WriteOnly
    block data_resource list {
      type string r
      values list(string) r
    }
  }
  block insight_selector set api=- {
    insight_type string r
  }
)";

constexpr Kind kTrails{"cloudtrail", "DescribeTrails", "", "trailNameList", "trailList", "TrailARN", 50};
constexpr Kind kTagsOf{"cloudtrail", "ListTags", "", "ResourceIdList", "ResourceTagList", "ResourceId", 20};
constexpr TagCalls kTags{"cloudtrail", "AddTags", "RemoveTags", "TagsList", "TagsList", true};

Json trail_params(const Context& c) {
  Json params = to_api(c.rows, c.planned,
                       *c.backend.client().models().service("cloudtrail")->operation("CreateTrail")->input.shape);
  for (const auto& [attribute, member] : {std::pair("enable_log_file_validation", "EnableLogFileValidation"),
                                          std::pair("include_global_service_events", "IncludeGlobalServiceEvents"),
                                          std::pair("is_multi_region_trail", "IsMultiRegionTrail"),
                                          std::pair("is_organization_trail", "IsOrganizationTrail")})
    params[member] = bool_of(c.planned, attribute);
  return params;
}

Json named(const char* member, const std::string& id) {
  Json params = Json::object();
  params[member] = id;
  return params;
}

// The name at the end of the ARN that is the trail's id.
std::string name_of(const Context& c) {
  std::string id = c.text("id");
  return id.substr(id.rfind('/') + 1);
}

Task<bool> put_logging(Context& c) {
  const char* operation = bool_of(c.planned, "enable_logging") ? "StartLogging" : "StopLogging";
  Json params = named("Name", name_of(c));
  ApiResult done = co_await c.call("cloudtrail", operation, std::move(params));
  if (!done) co_return c.fail(done.error(), "switching the logging of");
  co_return true;
}

Task<bool> put_event_selectors(Context& c) {
  Json params = named("TrailName", name_of(c));
  if (!c.planned["advanced_event_selector"].empty()) {
    Json list = Json::array();
    for (const Json& block : c.planned["advanced_event_selector"]) {
      Json one = Json::object();
      if (!string_of(block, "name").empty()) one["Name"] = block["name"];
      one["FieldSelectors"] = Json::array();
      for (const Json& field : block["field_selector"]) {
        Json selector = named("Field", string_of(field, "field"));
        for (const auto& [attribute, member] :
             {std::pair("equals", "Equals"), std::pair("not_equals", "NotEquals"),
              std::pair("starts_with", "StartsWith"), std::pair("not_starts_with", "NotStartsWith"),
              std::pair("ends_with", "EndsWith"), std::pair("not_ends_with", "NotEndsWith")}) {
          if (field[attribute].is_array() && !field[attribute].empty()) selector[member] = field[attribute];
        }
        one["FieldSelectors"].push_back(std::move(selector));
      }
      list.push_back(std::move(one));
    }
    params["AdvancedEventSelectors"] = std::move(list);
  } else {
    Json list = Json::array();
    for (const Json& block : c.planned["event_selector"]) {
      Json one = Json::object();
      one["ReadWriteType"] = block["read_write_type"];
      one["IncludeManagementEvents"] = bool_of(block, "include_management_events");
      if (block["exclude_management_event_sources"].is_array())
        one["ExcludeManagementEventSources"] = block["exclude_management_event_sources"];
      one["DataResources"] = Json::array();
      for (const Json& resource : block["data_resource"]) {
        Json data = named("Type", string_of(resource, "type"));
        data["Values"] = resource["values"];
        one["DataResources"].push_back(std::move(data));
      }
      list.push_back(std::move(one));
    }
    // Without any, a trail records management events.
    if (list.empty()) {
      Json one = named("ReadWriteType", "All");
      one["IncludeManagementEvents"] = true;
      one["DataResources"] = Json::array();
      list.push_back(std::move(one));
    }
    params["EventSelectors"] = std::move(list);
  }
  ApiResult done = co_await c.call("cloudtrail", "PutEventSelectors", std::move(params));
  if (!done) co_return c.fail(done.error(), "setting the event selectors of");
  co_return true;
}

Task<bool> put_insights(Context& c) {
  Json params = named("TrailName", name_of(c));
  params["InsightSelectors"] = Json::array();
  for (const Json& block : c.planned["insight_selector"])
    params["InsightSelectors"].push_back(named("InsightType", string_of(block, "insight_type")));
  ApiResult done = co_await c.call("cloudtrail", "PutInsightSelectors", std::move(params));
  if (!done) co_return c.fail(done.error(), "setting the insight selectors of");
  co_return true;
}

// The bucket's policy and the role for the log group need a while before CloudTrail sees them.
constexpr const char* kNotYet =
    "InsufficientS3BucketPolicy|InvalidCloudWatchLogsRoleArn|InvalidCloudWatchLogsLogGroupArn|"
    "InsufficientSnsTopicPolicy";

Task<bool> create(Context& c) {
  Json params = trail_params(c);
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["TagsList"] = std::move(tags);
  ApiResult made =
      co_await call_while(c, "cloudtrail", "CreateTrail", std::move(params), kNotYet, std::chrono::minutes(2));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["TrailARN"];
  bool ok = true;
  // AWS makes a trail that does not log.
  if (bool_of(c.planned, "enable_logging")) ok = co_await put_logging(c);
  bool selects = !c.planned["event_selector"].empty() || !c.planned["advanced_event_selector"].empty();
  if (ok && selects) ok = co_await put_event_selectors(c);
  if (ok && !c.planned["insight_selector"].empty()) ok = co_await put_insights(c);
  co_return ok;
}

Json texts(const Json& object, const char* member) {
  return object.contains(member) && !object[member].empty() ? object[member] : Json(nullptr);
}

void take_selectors(Context& c, const Json& answer) {
  Json basic = Json::array(), advanced = Json::array();
  for (const Json& selector : answer.value("EventSelectors", Json::array())) {
    Json block = Json::object();
    block["read_write_type"] = selector.value("ReadWriteType", "All");
    block["include_management_events"] = selector.value("IncludeManagementEvents", true);
    block["exclude_management_event_sources"] = texts(selector, "ExcludeManagementEventSources");
    block["data_resource"] = Json::array();
    for (const Json& resource : selector.value("DataResources", Json::array())) {
      Json data = Json::object();
      data["type"] = resource["Type"];
      data["values"] = resource["Values"];
      block["data_resource"].push_back(std::move(data));
    }
    basic.push_back(std::move(block));
  }
  for (const Json& selector : answer.value("AdvancedEventSelectors", Json::array())) {
    Json block = Json::object();
    block["name"] = selector.contains("Name") ? selector["Name"] : Json(nullptr);
    block["field_selector"] = Json::array();
    for (const Json& field : selector.value("FieldSelectors", Json::array())) {
      Json one = Json::object();
      one["field"] = field["Field"];
      for (const auto& [attribute, member] :
           {std::pair("equals", "Equals"), std::pair("not_equals", "NotEquals"), std::pair("starts_with", "StartsWith"),
            std::pair("not_starts_with", "NotStartsWith"), std::pair("ends_with", "EndsWith"),
            std::pair("not_ends_with", "NotEndsWith")})
        one[attribute] = texts(field, member);
      block["field_selector"].push_back(std::move(one));
    }
    advanced.push_back(std::move(block));
  }
  // What AWS records where nothing is asked for is no event selector of the configuration.
  bool plain = basic.size() == 1 && basic[0]["data_resource"].empty() && basic[0]["read_write_type"] == "All" &&
               basic[0]["include_management_events"] == true && basic[0]["exclude_management_event_sources"].is_null();
  if (plain && c.state["event_selector"].empty()) basic = Json::array();
  c.state["event_selector"] = std::move(basic);
  c.state["advanced_event_selector"] = std::move(advanced);
}

Task<bool> read(Context& c) {
  std::string id = c.text("id");
  Result<Json, ApiError> found = co_await c.describe(kTrails, id);
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& trail = *found;
  if (trail.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  Json before = c.state;
  c.state = from_api(c.rows, trail, c.state);
  for (const auto& [attribute, member] : {std::pair("enable_log_file_validation", "LogFileValidationEnabled"),
                                          std::pair("include_global_service_events", "IncludeGlobalServiceEvents"),
                                          std::pair("is_multi_region_trail", "IsMultiRegionTrail"),
                                          std::pair("is_organization_trail", "IsOrganizationTrail")})
    c.state[attribute] = bool_of(trail, member);
  if (c.state["sns_topic_arn"].is_null()) c.state["sns_topic_arn"] = "";
  // An ARN given as the topic's name is kept.
  if (string_of(before, "sns_topic_name") == string_of(trail, "SnsTopicARN") &&
      !string_of(before, "sns_topic_name").empty())
    c.state["sns_topic_name"] = before["sns_topic_name"];
  Json params = named("Name", name_of(c));
  ApiResult status = co_await c.backend.batches().share("cloudtrail", "GetTrailStatus", params, c.region);
  if (!status) co_return c.fail(status.error(), "reading the status of");
  c.state["enable_logging"] = bool_of(*status, "IsLogging");
  params = named("TrailName", name_of(c));
  ApiResult selectors = co_await c.backend.batches().share("cloudtrail", "GetEventSelectors", params, c.region);
  if (!selectors) co_return c.fail(selectors.error(), "reading the event selectors of");
  take_selectors(c, *selectors);
  Json insights = Json::array();
  if (bool_of(trail, "HasInsightSelectors")) {
    ApiResult answer = co_await c.backend.batches().share("cloudtrail", "GetInsightSelectors", params, c.region);
    if (!answer && !is_code(answer.error(), {"InsightNotEnabledException"}))
      co_return c.fail(answer.error(), "reading the insight selectors of");
    if (answer) {
      for (const Json& one : answer->value("InsightSelectors", Json::array()))
        insights.push_back(named("insight_type", string_of(one, "InsightType")));
    }
  }
  c.state["insight_selector"] = std::move(insights);
  Result<Json, ApiError> tags = co_await c.describe(kTagsOf, id);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tags->is_null() ? Json::object() : tag_map(tags->value("TagsList", Json::array()));
  co_return true;
}

Task<bool> update(Context& c) {
  bool own = false;
  for (const char* name : {"cloud_watch_logs_group_arn", "cloud_watch_logs_role_arn", "enable_log_file_validation",
                           "include_global_service_events", "is_multi_region_trail", "is_organization_trail",
                           "kms_key_id", "s3_bucket_name", "s3_key_prefix", "sns_topic_name"})
    own = own || c.changed(name);
  if (own) {
    Json params = trail_params(c);
    params["Name"] = name_of(c);
    // What was taken out of the configuration is taken off the trail.
    for (const auto& [attribute, member] :
         {std::pair("s3_key_prefix", "S3KeyPrefix"), std::pair("sns_topic_name", "SnsTopicName"),
          std::pair("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn"),
          std::pair("cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn"), std::pair("kms_key_id", "KmsKeyId")}) {
      if (c.changed(attribute) && string_of(c.planned, attribute).empty()) params[member] = "";
    }
    ApiResult done =
        co_await call_while(c, "cloudtrail", "UpdateTrail", std::move(params), kNotYet, std::chrono::minutes(2));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  bool ok = true;
  if (c.changed("enable_logging")) ok = co_await put_logging(c);
  if (ok && (c.changed("event_selector") || c.changed("advanced_event_selector"))) ok = co_await put_event_selectors(c);
  if (ok && c.changed("insight_selector")) ok = co_await put_insights(c);
  if (!ok) co_return false;
  Json object = named("ResourceId", c.text("id"));
  ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = named("Name", name_of(c));
  ApiResult done = co_await c.call("cloudtrail", "DeleteTrail", std::move(params));
  if (!done && !is_code(done.error(), {"TrailNotFoundException"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// A trail's name is its own in account and region; it says nothing of when it was made, so its bucket must agree.
Task<bool> recover(Context& c) {
  std::string id = arn(c, "cloudtrail", c.region, c.backend.account_id, "trail/" + string_of(c.planned, "name"));
  Result<Json, ApiError> found = co_await c.describe(kTrails, id);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (found->is_object() && (*found)["S3BucketName"] == c.planned["s3_bucket_name"]) c.state["id"] = id;
  co_return true;
}

}  // namespace

ResourceType cloudtrail() {
  ResourceType type;
  type.name = "aws_cloudtrail";
  type.schema_version = 1;
  type.table = kTable;
  type.service = "cloudtrail";
  type.title = "CloudTrail Trail";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.reads =
      "cloudtrail:DescribeTrails cloudtrail:GetEventSelectors cloudtrail:GetInsightSelectors "
      "cloudtrail:GetTrailStatus cloudtrail:ListTags";
  type.changes =
      "cloudtrail:AddTags cloudtrail:CreateTrail cloudtrail:DeleteTrail cloudtrail:PutEventSelectors "
      "cloudtrail:PutInsightSelectors cloudtrail:RemoveTags cloudtrail:StartLogging cloudtrail:StopLogging "
      "cloudtrail:UpdateTrail";
  return type;
}

}  // namespace terrace::aws::types
