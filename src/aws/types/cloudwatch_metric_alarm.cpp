// aws_cloudwatch_metric_alarm
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  actions_enabled bool o default=true
  alarm_actions set(string) o
  alarm_description string o
  alarm_name string r new
  arn string c api=AlarmArn
  comparison_operator string r one_of=GreaterThanOrEqualToThreshold|GreaterThanThreshold|LessThanThreshold|LessThanOrEqualToThreshold|LessThanLowerOrGreaterThanUpperThreshold|LessThanLowerThreshold|GreaterThanUpperThreshold
  datapoints_to_alarm number o
  dimensions map(string) o api=-
  evaluate_low_sample_count_percentiles string oc one_of=evaluate|ignore api=EvaluateLowSampleCountPercentile
  evaluation_periods number r
  extended_statistic string o
  id string oc api=-
  insufficient_data_actions set(string) o
  metric_name string o
  namespace string o
  ok_actions set(string) o api=OKActions
  period number o
  region string oc new api=-
  statistic string o one_of=SampleCount|Average|Sum|Minimum|Maximum
  tags map(string) o api=-
  tags_all map(string) oc api=-
  threshold number o
  threshold_metric_id string o
  treat_missing_data string o default="missing" one_of=breaching|notBreaching|ignore|missing
  unit string o
  block metric_query set api=- {
    account_id string o
    expression string o
    id string r
    label string o
    period number o
    return_data bool o default=false
    block metric list max=1 {
      dimensions map(string) o
      metric_name string r
      namespace string o
      period number r
      stat string r
      unit string o
    }
  }
)";

constexpr Kind kAlarms{"cloudwatch", "DescribeAlarms", "", "AlarmNames", "MetricAlarms", "AlarmName", 100};
constexpr TagCalls kTags{"cloudwatch", "TagResource", "UntagResource", "Tags", "TagKeys"};

void put(Json& params, const char* member, const Json& block, const char* attribute) {
  const Json& value = block[attribute];
  if (!value.is_null() && value != Json("")) params[member] = value;
}

Json query_of(const Json& block) {
  Json query = one_member("Id", block["id"]);
  put(query, "AccountId", block, "account_id");
  put(query, "Expression", block, "expression");
  put(query, "Label", block, "label");
  put(query, "Period", block, "period");
  query["ReturnData"] = bool_of(block, "return_data");
  for (const Json& metric : block["metric"]) {
    Json named = one_member("MetricName", metric["metric_name"]);
    put(named, "Namespace", metric, "namespace");
    Json dimensions = named_tags(metric["dimensions"], "Name", "Value");
    if (!dimensions.empty()) named["Dimensions"] = std::move(dimensions);
    Json stat = one_member("Metric", std::move(named));
    stat["Period"] = metric["period"];
    stat["Stat"] = metric["stat"];
    put(stat, "Unit", metric, "unit");
    query["MetricStat"] = std::move(stat);
  }
  return query;
}

Json alarm_params(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "cloudwatch", "PutMetricAlarm"));
  Json dimensions = named_tags(c.planned["dimensions"], "Name", "Value");
  if (!dimensions.empty()) params["Dimensions"] = std::move(dimensions);
  if (!c.planned["metric_query"].empty()) {
    params["Metrics"] = Json::array();
    for (const Json& block : c.planned["metric_query"]) params["Metrics"].push_back(query_of(block));
  }
  return params;
}

Task<bool> create(Context& c) {
  std::string name = string_of(c.planned, "alarm_name");
  // PutMetricAlarm would quietly take over an alarm of this name.
  Result<Json, ApiError> there = co_await c.describe(kAlarms, name);
  if (!there) co_return c.fail(there.error(), "looking for");
  if (there->is_object())
    co_return c.fail("creating", "an alarm named " + name +
                                     " exists already. Give this one another name, or take that one over with: "
                                     "terrace import ADDRESS " +
                                     name);
  Json params = alarm_params(c);
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("cloudwatch", "PutMetricAlarm", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  co_return true;
}

Json or_null(const Json& object, const char* member) {
  auto found = object.find(member);
  return found == object.end() || *found == Json("") ? Json(nullptr) : *found;
}

Json dimensions_of(const Json& object) {
  Json dimensions = tags_of(object.value("Dimensions", Json::array()), "Name", "Value");
  return dimensions.empty() ? Json(nullptr) : dimensions;
}

Json queries_of(const Json& alarm) {
  Json queries = Json::array();
  for (const Json& query : alarm.value("Metrics", Json::array())) {
    Json block = one_member("id", query["Id"]);
    block["account_id"] = or_null(query, "AccountId");
    block["expression"] = or_null(query, "Expression");
    block["label"] = or_null(query, "Label");
    block["period"] = or_null(query, "Period");
    block["return_data"] = bool_of(query, "ReturnData");
    block["metric"] = Json::array();
    if (const Json stat = query.value("MetricStat", Json()); stat.is_object()) {
      const Json named = stat.value("Metric", Json::object());
      Json metric = one_member("metric_name", named["MetricName"]);
      metric["namespace"] = or_null(named, "Namespace");
      metric["dimensions"] = dimensions_of(named);
      metric["period"] = stat["Period"];
      metric["stat"] = stat["Stat"];
      metric["unit"] = or_null(stat, "Unit");
      block["metric"].push_back(std::move(metric));
    }
    queries.push_back(std::move(block));
  }
  return queries;
}

Task<bool> read(Context& c) {
  Result<Json, ApiError> found = co_await c.describe(kAlarms, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& alarm = *found;
  if (alarm.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  // What was taken off the alarm is not in the answer at all.
  for (const char* optional : {"alarm_description", "datapoints_to_alarm", "extended_statistic", "metric_name",
                               "namespace", "period", "statistic", "threshold_metric_id", "unit"}) {
    const Row* row = nullptr;
    for (const Row& each : c.rows) row = each.name == optional ? &each : row;
    if (!alarm.contains(row->api)) c.state[optional] = nullptr;
  }
  c.state = from_api(c.rows, alarm, c.state);
  c.state["threshold"] = or_null(alarm, "Threshold");
  if (!c.state["threshold_metric_id"].is_null()) c.state["threshold"] = nullptr;
  c.state["dimensions"] = dimensions_of(alarm);
  c.state["metric_query"] = queries_of(alarm);
  if (string_of(alarm, "TreatMissingData").empty()) c.state["treat_missing_data"] = "missing";
  if (c.state["evaluate_low_sample_count_percentiles"].is_null()) c.state["evaluate_low_sample_count_percentiles"] = "";
  Json params = one_member("ResourceARN", alarm["AlarmArn"]);
  ApiResult tags = co_await c.backend.batches().share("cloudwatch", "ListTagsForResource", params, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tag_map(tags->value("Tags", Json::array()));
  co_return true;
}

Task<bool> update(Context& c) {
  bool own = false;
  for (const Row& row : c.rows) own = own || (row.name != "tags" && row.name != "tags_all" && c.changed(row.name));
  if (own) {
    Json params = alarm_params(c);
    ApiResult done = co_await c.call("cloudwatch", "PutMetricAlarm", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  Json object = one_member("ResourceARN", c.prior["arn"]);
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = one_member("AlarmNames", Json::array({c.state["id"]}));
  ApiResult done = co_await c.call("cloudwatch", "DeleteAlarms", std::move(params));
  if (!done && !is_code(done.error(), {"ResourceNotFound", "ResourceNotFoundException"}))
    co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover(Context& c) {
  std::string name = string_of(c.planned, "alarm_name");
  Result<Json, ApiError> found = co_await c.describe(kAlarms, name);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (found->is_object() && made_since(c, string_of(*found, "AlarmConfigurationUpdatedTimestamp")))
    c.state["id"] = name;
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  bool statistic = !string_of(config, "statistic").empty();
  bool extended = !string_of(config, "extended_statistic").empty();
  bool metric = !string_of(config, "metric_name").empty();
  bool queries = config["metric_query"].is_array() && !config["metric_query"].empty();
  if (metric && statistic == extended)
    problems.push_back(
        "statistic: one of \"statistic\" and \"extended_statistic\" must say what of the metric is meant");
  if (metric && queries) problems.push_back("metric_query: conflicts with metric_name");
  if (!metric && !queries) problems.push_back("metric_name: one of \"metric_name\" and \"metric_query\" is needed");
  if (config["threshold"].is_number() && !string_of(config, "threshold_metric_id").empty())
    problems.push_back("threshold_metric_id: conflicts with threshold");
  for (const Json& query : queries ? config["metric_query"] : Json::array()) {
    if (!string_of(query, "expression").empty() && !query["metric"].empty())
      problems.push_back("metric_query: a query has an expression or a metric, not both: " + string_of(query, "id"));
  }
  return problems;
}

}  // namespace

ResourceType cloudwatch_metric_alarm() {
  ResourceType type;
  type.name = "aws_cloudwatch_metric_alarm";
  type.schema_version = 1;
  type.table = kTable;
  type.service = "cloudwatch";
  type.title = "CloudWatch Metric Alarm";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.validate = validate;
  type.reads = "cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource";
  type.changes = "cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:UntagResource";
  return type;
}

}  // namespace terrace::aws::types
