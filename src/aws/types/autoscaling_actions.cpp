// What belongs to an Auto Scaling group: aws_autoscaling_policy, aws_autoscaling_schedule,
// aws_autoscaling_lifecycle_hook. Each has its name once in its group and is written by a Put that makes or overwrites.
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kMetric = R"(
    block metric list min=1 max=1 {
      metric_name string r
      namespace string r
      block dimensions set {
        name string r
        value string r
      }
    }
)";

// The metrics of predictive scaling, the same in each of its three specifications.
std::string queries() {
  return std::string(R"(
    block metric_data_queries list min=1 {
      expression string o
      id string r
      label string o
      return_data bool o default=true
      block metric_stat list max=1 {
        stat string r
        unit string o
)") + kMetric +
         R"(
      }
    }
)";
}

std::string policy_table() {
  return std::string(R"(
  adjustment_type string o
  arn string c api=PolicyARN
  autoscaling_group_name string r new api=AutoScalingGroupName
  cooldown number o
  enabled bool o default=true
  estimated_instance_warmup number o
  id string oc api=-
  metric_aggregation_type string oc
  min_adjustment_magnitude number o
  name string r new api=PolicyName
  policy_type string o default="SimpleScaling" one_of=SimpleScaling|StepScaling|TargetTrackingScaling|PredictiveScaling
  region string oc new api=-
  scaling_adjustment number o
  block predictive_scaling_configuration list max=1 {
    max_capacity_breach_behavior string o default="HonorMaxCapacity" one_of=HonorMaxCapacity|IncreaseMaxCapacity
    max_capacity_buffer string o
    mode string o default="ForecastOnly" one_of=ForecastAndScale|ForecastOnly
    scheduling_buffer_time string o
    block metric_specification list min=1 max=1 api=MetricSpecifications {
      target_value number r
      block customized_capacity_metric_specification list max=1 {
)") + queries() +
         R"(
      }
      block customized_load_metric_specification list max=1 {
)" + queries() +
         R"(
      }
      block customized_scaling_metric_specification list max=1 {
)" + queries() +
         R"(
      }
      block predefined_load_metric_specification list max=1 {
        predefined_metric_type string r
        resource_label string o
      }
      block predefined_metric_pair_specification list max=1 {
        predefined_metric_type string r
        resource_label string o
      }
      block predefined_scaling_metric_specification list max=1 {
        predefined_metric_type string r
        resource_label string o
      }
    }
  }
  block step_adjustment set api=StepAdjustments {
    metric_interval_lower_bound string o
    metric_interval_upper_bound string o
    scaling_adjustment number r
  }
  block target_tracking_configuration list max=1 {
    disable_scale_in bool o default=false
    target_value number r
    block customized_metric_specification list max=1 {
      metric_name string o
      namespace string o
      period number o
      statistic string o
      unit string o
      block metric_dimension list api=Dimensions {
        name string r
        value string r
      }
      block metrics set {
        expression string o
        id string r
        label string o
        return_data bool o default=true
        block metric_stat list max=1 {
          period number o
          stat string r
          unit string o
)" + kMetric +
         R"(
        }
      }
    }
    block predefined_metric_specification list max=1 {
      predefined_metric_type string r
      resource_label string o
    }
  }
)";
}

constexpr const char* kScheduleTable = R"(
  arn string c api=ScheduledActionARN
  autoscaling_group_name string r new api=AutoScalingGroupName
  desired_capacity number oc
  end_time string oc
  id string oc api=-
  max_size number oc
  min_size number oc
  recurrence string oc
  region string oc new api=-
  scheduled_action_name string r new
  start_time string oc
  time_zone string oc
)";
constexpr const char* kHookTable = R"(
  autoscaling_group_name string r api=AutoScalingGroupName
  default_result string oc one_of=CONTINUE|ABANDON
  heartbeat_timeout number o
  id string oc api=-
  lifecycle_transition string r one_of=autoscaling:EC2_INSTANCE_LAUNCHING|autoscaling:EC2_INSTANCE_TERMINATING
  name string r new api=LifecycleHookName
  notification_metadata string o
  notification_target_arn string o api=NotificationTargetARN
  region string oc new api=-
  role_arn string o api=RoleARN
)";

constexpr Kind kPolicies{"autoscaling",     "DescribePolicies", "", "PolicyNames",
                         "ScalingPolicies", "PolicyName",       50, true};
constexpr Kind kSchedules{"autoscaling",
                          "DescribeScheduledActions",
                          "",
                          "ScheduledActionNames",
                          "ScheduledUpdateGroupActions",
                          "ScheduledActionName",
                          50,
                          true};

// The one of `found`, which have the same name, that is of this group; null where there is none.
Json of_group(const Json& found, const std::string& group) {
  for (const Json& each : found) {
    if (string_of(each, "AutoScalingGroupName") == group) return each;
  }
  return nullptr;
}

// GROUP/NAME
Task<bool> import_named(Context& c, const char* attribute) {
  std::string id = c.text("id");
  std::size_t slash = id.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == id.size())
    co_return c.fail("importing", "the id must be GROUP/NAME");
  c.state["autoscaling_group_name"] = id.substr(0, slash);
  c.state[attribute] = id.substr(slash + 1);
  c.state["id"] = id.substr(slash + 1);
  co_return true;
}

bool is_gone(const ApiError& error) {
  return error.code == "ValidationError" && (error.message.find("not found") != std::string::npos ||
                                             error.message.find("No Lifecycle Hook found") != std::string::npos);
}

Task<bool> remove_named(Context& c, const char* operation, const char* parameter) {
  Json params = Json::object();
  params["AutoScalingGroupName"] = c.prior["autoscaling_group_name"];
  params[parameter] = c.prior["id"];
  ApiResult done = co_await call_while(c, "autoscaling", operation, std::move(params),
                                       "ResourceContention|ScalingActivityInProgress", std::chrono::minutes(5));
  if (!done && !is_gone(done.error())) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// Reads into `c.state` the object of the kind that has the planned name in the planned group.
Task<bool> read_named(Context& c, const Kind& kind, Json& object) {
  Result<Json, ApiError> found = co_await c.describe(kind, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  object = of_group(*found, string_of(c.state, "autoscaling_group_name"));
  if (object.is_null()) c.state = nullptr;
  co_return true;
}

// --- policies

Task<bool> put_policy(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "autoscaling", "PutScalingPolicy"));
  ApiResult done = co_await call_while(c, "autoscaling", "PutScalingPolicy", std::move(params), "ResourceContention",
                                       std::chrono::minutes(2));
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["id"] = c.planned["name"];
  co_return true;
}

Task<bool> read_policy(Context& c) {
  Json policy;
  bool ok = co_await read_named(c, kPolicies, policy);
  if (!ok || c.state.is_null()) co_return ok;
  c.state = from_api(c.rows, policy, c.state, Blocks::kAll);
  if (c.state["metric_aggregation_type"].is_null()) c.state["metric_aggregation_type"] = "";
  if (c.state["enabled"].is_null()) c.state["enabled"] = true;
  if (c.state["policy_type"].is_null()) c.state["policy_type"] = "SimpleScaling";
  co_return true;
}

Task<bool> remove_policy(Context& c) {
  bool ok = co_await remove_named(c, "DeletePolicy", "PolicyName");
  co_return ok;
}

Task<bool> recover_policy(Context& c) {
  c.state["id"] = c.planned["name"];
  Json policy;
  bool ok = co_await read_named(c, kPolicies, policy);
  co_return ok;
}

Task<bool> import_policy(Context& c) {
  bool ok = co_await import_named(c, "name");
  co_return ok;
}

std::vector<std::string> validate_policy(const Json& config) {
  std::vector<std::string> problems;
  std::string kind = string_of(config, "policy_type");
  if (kind.empty()) kind = "SimpleScaling";
  auto has = [&](const char* name) {
    return !config[name].is_null() && !(config[name].is_array() && config[name].empty());
  };
  if (has("step_adjustment") && has("scaling_adjustment"))
    problems.push_back("step_adjustment: conflicts with scaling_adjustment");
  for (const auto& [attribute, only] :
       {std::pair("cooldown", "SimpleScaling"), std::pair("scaling_adjustment", "SimpleScaling"),
        std::pair("step_adjustment", "StepScaling"), std::pair("metric_aggregation_type", "StepScaling"),
        std::pair("target_tracking_configuration", "TargetTrackingScaling"),
        std::pair("predictive_scaling_configuration", "PredictiveScaling")}) {
    if (has(attribute) && kind != only)
      problems.push_back(std::string(attribute) + ": is only supported for policy type " + only);
  }
  if (kind == "TargetTrackingScaling" && !has("target_tracking_configuration"))
    problems.push_back("target_tracking_configuration: must be set for policy type TargetTrackingScaling");
  if ((kind == "SimpleScaling" || kind == "StepScaling") && !has("adjustment_type"))
    problems.push_back("adjustment_type: must be set for policy type " + kind);
  return problems;
}

// --- scheduled actions

// A size of -1 is one that the action leaves as it is; one that nobody names is zero. Times that the configuration
// leaves out are AWS's to set, from the recurrence.
Task<bool> put_schedule(Context& c) {
  Json params = Json::object();
  params["AutoScalingGroupName"] = c.planned["autoscaling_group_name"];
  params["ScheduledActionName"] = c.planned["scheduled_action_name"];
  for (const auto& [attribute, member] : {std::pair("min_size", "MinSize"), std::pair("max_size", "MaxSize"),
                                          std::pair("desired_capacity", "DesiredCapacity")}) {
    Json size = c.planned[attribute].is_number() ? c.planned[attribute] : Json(0);
    if (size != Json(-1)) params[member] = std::move(size);
  }
  put_if_set(params, "Recurrence", c, "recurrence");
  put_if_set(params, "TimeZone", c, "time_zone");
  for (const auto& [attribute, member] : {std::pair("start_time", "StartTime"), std::pair("end_time", "EndTime")}) {
    if (c.config.is_object() && c.config[attribute].is_string()) params[member] = c.config[attribute];
  }
  ApiResult done = co_await call_while(c, "autoscaling", "PutScheduledUpdateGroupAction", std::move(params),
                                       "ResourceContention", std::chrono::minutes(2));
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["id"] = c.planned["scheduled_action_name"];
  co_return true;
}

Task<bool> read_schedule(Context& c) {
  Json action;
  bool ok = co_await read_named(c, kSchedules, action);
  if (!ok || c.state.is_null()) co_return ok;
  c.state = from_api(c.rows, action, c.state);
  for (const auto& [attribute, member] : {std::pair("min_size", "MinSize"), std::pair("max_size", "MaxSize"),
                                          std::pair("desired_capacity", "DesiredCapacity")}) {
    if (!action.contains(member)) c.state[attribute] = -1;
  }
  for (const char* name : {"arn", "end_time", "recurrence", "start_time", "time_zone"}) {
    if (c.state[name].is_null()) c.state[name] = "";
  }
  co_return true;
}

Task<bool> remove_schedule(Context& c) {
  bool ok = co_await remove_named(c, "DeleteScheduledAction", "ScheduledActionName");
  co_return ok;
}

Task<bool> recover_schedule(Context& c) {
  c.state["id"] = c.planned["scheduled_action_name"];
  Json action;
  bool ok = co_await read_named(c, kSchedules, action);
  co_return ok;
}

Task<bool> import_schedule(Context& c) {
  bool ok = co_await import_named(c, "scheduled_action_name");
  co_return ok;
}

// --- lifecycle hooks

Task<bool> put_hook(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "autoscaling", "PutLifecycleHook"));
  // A role or topic that was made a moment ago does not let the test message through yet.
  ApiResult done =
      co_await call_while(c, "autoscaling", "PutLifecycleHook", std::move(params),
                          "Unable to publish test message to notification target", std::chrono::minutes(5));
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["id"] = c.planned["name"];
  co_return true;
}

// The API answers for one group at a time; all hooks of a group share the call.
Task<Result<Json, ApiError>> find_hook(Context& c) {
  Json params = Json::object();
  params["AutoScalingGroupName"] = c.state["autoscaling_group_name"];
  ApiResult found = co_await c.backend.batches().share("autoscaling", "DescribeLifecycleHooks", params, c.region);
  Json hook = nullptr;
  if (!found && is_gone(found.error())) co_return hook;
  if (!found) co_return Failure<ApiError>{found.error()};
  for (const Json& each : found->value("LifecycleHooks", Json::array())) {
    if (string_of(each, "LifecycleHookName") == string_of(c.state, "name")) hook = each;
  }
  co_return hook;
}

Task<bool> read_hook(Context& c) {
  Result<Json, ApiError> hook = co_await find_hook(c);
  if (!hook) co_return c.fail(hook.error(), "reading");
  if (hook->is_null()) {
    c.state = nullptr;
    co_return true;
  }
  bool asked = c.state["heartbeat_timeout"].is_number();
  c.state = from_api(c.rows, *hook, c.state);
  // An hour is what AWS waits where nothing is said.
  if (!asked && c.state["heartbeat_timeout"] == Json(3600)) c.state["heartbeat_timeout"] = nullptr;
  if (c.state["default_result"].is_null()) c.state["default_result"] = "";
  co_return true;
}

Task<bool> remove_hook(Context& c) {
  bool ok = co_await remove_named(c, "DeleteLifecycleHook", "LifecycleHookName");
  co_return ok;
}

// Of another group it is another hook: the old one goes when the new one is there. What is left out of the
// configuration takes its default again, which only a new hook has.
Task<bool> update_hook(Context& c) {
  bool dropped = false;
  for (const char* name : {"heartbeat_timeout", "notification_metadata", "notification_target_arn", "role_arn"})
    dropped = dropped || (!c.prior[name].is_null() && c.planned[name].is_null());
  if (dropped && !c.changed("autoscaling_group_name")) {
    bool ok = co_await remove_hook(c);
    if (!ok) co_return false;
  }
  bool ok = co_await put_hook(c);
  if (ok && c.changed("autoscaling_group_name")) ok = co_await remove_hook(c);
  co_return ok;
}

Task<bool> recover_hook(Context& c) {
  Result<Json, ApiError> hook = co_await find_hook(c);
  if (!hook) co_return c.fail(hook.error(), "looking for");
  if (hook->is_object()) c.state["id"] = c.planned["name"];
  co_return true;
}

Task<bool> import_hook(Context& c) {
  bool ok = co_await import_named(c, "name");
  co_return ok;
}

}  // namespace

ResourceType autoscaling_policy() {
  static const std::string kPolicyTable = policy_table();
  ResourceType type;
  type.name = "aws_autoscaling_policy";
  type.table = kPolicyTable.c_str();
  type.service = "autoscaling";
  type.title = "Auto Scaling Policy";
  type.create = put_policy;
  type.read = read_policy;
  type.update = put_policy;
  type.remove = remove_policy;
  type.recover = recover_policy;
  type.import = import_policy;
  type.validate = validate_policy;
  type.reads = "autoscaling:DescribePolicies";
  type.changes = "autoscaling:DeletePolicy autoscaling:PutScalingPolicy";
  return type;
}

ResourceType autoscaling_schedule() {
  ResourceType type;
  type.name = "aws_autoscaling_schedule";
  type.table = kScheduleTable;
  type.service = "autoscaling";
  type.title = "Auto Scaling Scheduled Action";
  type.create = put_schedule;
  type.read = read_schedule;
  type.update = put_schedule;
  type.remove = remove_schedule;
  type.recover = recover_schedule;
  type.import = import_schedule;
  type.reads = "autoscaling:DescribeScheduledActions";
  type.changes = "autoscaling:DeleteScheduledAction autoscaling:PutScheduledUpdateGroupAction";
  return type;
}

ResourceType autoscaling_lifecycle_hook() {
  ResourceType type;
  type.name = "aws_autoscaling_lifecycle_hook";
  type.table = kHookTable;
  type.service = "autoscaling";
  type.title = "Auto Scaling Lifecycle Hook";
  type.create = put_hook;
  type.read = read_hook;
  type.update = update_hook;
  type.remove = remove_hook;
  type.recover = recover_hook;
  type.import = import_hook;
  type.reads = "autoscaling:DescribeLifecycleHooks";
  type.changes = "autoscaling:DeleteLifecycleHook autoscaling:PutLifecycleHook";
  return type;
}

}  // namespace terrace::aws::types
