// aws_autoscaling_group
#include <algorithm>

#include <fmt/format.h>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=AutoScalingGroupARN
  availability_zones set(string) oc
  capacity_rebalance bool o
  context string o
  default_cooldown number oc
  default_instance_warmup number o
  desired_capacity number oc
  desired_capacity_type string o
  enabled_metrics set(string) o api=-
  force_delete bool o api=-
  force_delete_warm_pool bool o api=-
  health_check_grace_period number o default=300
  health_check_type string oc
  id string oc api=-
  ignore_failed_scaling_activities bool o api=-
  launch_configuration string o api=LaunchConfigurationName
  load_balancers set(string) oc api=LoadBalancerNames
  max_instance_lifetime number o
  max_size number r
  metrics_granularity string o api=- default="1Minute"
  min_elb_capacity number o api=-
  min_size number r
  name string oc new api=AutoScalingGroupName
  name_prefix string oc new api=-
  placement_group string o
  predicted_capacity number c api=PredictedCapacity
  protect_from_scale_in bool o api=NewInstancesProtectedFromScaleIn
  region string oc new api=-
  service_linked_role_arn string oc api=ServiceLinkedRoleARN
  suspended_processes set(string) o api=-
  target_group_arns set(string) oc api=TargetGroupARNs
  termination_policies list(string) o
  vpc_zone_identifier set(string) oc api=-
  wait_for_capacity_timeout string o api=- default="10m"
  wait_for_elb_capacity number o api=-
  warm_pool_size number c api=WarmPoolSize
  block availability_zone_distribution list max=1 {
    capacity_distribution_strategy string o
  }
  block capacity_reservation_specification list max=1 {
    capacity_reservation_preference string oc
    block capacity_reservation_target list max=1 {
      capacity_reservation_ids list(string) o
      capacity_reservation_resource_group_arns list(string) o
    }
  }
  block initial_lifecycle_hook set api=- new {
    default_result string oc
    heartbeat_timeout number o
    lifecycle_transition string r
    name string r
    notification_metadata string o
    notification_target_arn string o
    role_arn string o
  }
  block instance_maintenance_policy list max=1 {
    max_healthy_percentage number r
    min_healthy_percentage number r
  }
  block instance_refresh list max=1 api=- {
    strategy string r
    triggers set(string) o
    block preferences list max=1 {
      auto_rollback bool o
      checkpoint_delay string o
      checkpoint_percentages list(number) o
      instance_warmup string o
      max_healthy_percentage number o
      min_healthy_percentage number o
      scale_in_protected_instances string o
      skip_matching bool o
      standby_instances string o
      block alarm_specification list max=1 {
        alarms list(string) o
      }
    }
  }
  block launch_template list max=1 api=- {
    id string oc
    name string oc
    version string oc
  }
  block mixed_instances_policy list max=1 {
    block instances_distribution list max=1 {
      on_demand_allocation_strategy string oc
      on_demand_base_capacity number oc
      on_demand_percentage_above_base_capacity number oc
      spot_allocation_strategy string oc
      spot_instance_pools number oc
      spot_max_price string o
    }
    block launch_template list min=1 max=1 {
      block launch_template_specification list min=1 max=1 {
        launch_template_id string oc
        launch_template_name string oc
        version string oc
      }
      block override list api=Overrides {
        instance_type string o
        weighted_capacity string o
        block instance_requirements list max=1 {
          accelerator_manufacturers set(string) o
          accelerator_names set(string) o
          accelerator_types set(string) o
          allowed_instance_types set(string) o
          bare_metal string o
          burstable_performance string o
          cpu_manufacturers set(string) o
          excluded_instance_types set(string) o
          instance_generations set(string) o
          local_storage string o
          local_storage_types set(string) o
          max_spot_price_as_percentage_of_optimal_on_demand_price number o
          on_demand_max_price_percentage_over_lowest_price number o
          require_hibernate_support bool o
          spot_max_price_percentage_over_lowest_price number o
          block accelerator_count list max=1 {
            max number o
            min number o
          }
          block accelerator_total_memory_mib list max=1 {
            max number o
            min number o
          }
          block baseline_ebs_bandwidth_mbps list max=1 {
            max number o
            min number o
          }
          block memory_gib_per_vcpu list max=1 {
            max number o
            min number o
          }
          block memory_mib list max=1 {
            max number o
            min number o
          }
          block network_bandwidth_gbps list max=1 {
            max number o
            min number o
          }
          block network_interface_count list max=1 {
            max number o
            min number o
          }
          block total_local_storage_gb list max=1 {
            max number o
            min number o
          }
          block vcpu_count list max=1 {
            max number o
            min number o
          }
        }
        block launch_template_specification list max=1 {
          launch_template_id string oc
          launch_template_name string oc
          version string oc
        }
      }
    }
  }
  block tag set api=- {
    key string r
    propagate_at_launch bool r
    value string r
  }
  block timeouts single {
    delete string o
    update string o
  }
  block traffic_source set api=- {
    identifier string r
    type string o
  }
  block warm_pool list max=1 api=- {
    max_group_prepared_capacity number o
    min_size number o
    pool_state string o
    block instance_reuse_policy list max=1 {
      reuse_on_scale_in bool o
    }
  }
)";

Json launch_template_of(const Json& planned) {
  const Json blocks = planned.value("launch_template", Json::array());
  if (!blocks.is_array() || blocks.empty()) return nullptr;
  Json specification = Json::object();
  if (!string_of(blocks[0], "id").empty()) {
    specification["LaunchTemplateId"] = blocks[0]["id"];
  } else {
    specification["LaunchTemplateName"] = blocks[0]["name"];
  }
  specification["Version"] = string_of(blocks[0], "version").empty() ? Json("$Default") : blocks[0]["version"];
  return specification;
}

Json tags_of(const Json& planned, const std::string& group) {
  Json tags = Json::array();
  const Json blocks = planned.value("tag", Json::array());
  for (const Json& block : blocks.is_array() ? blocks : Json::array()) {
    Json tag = Json::object();
    tag["Key"] = block["key"];
    tag["Value"] = block["value"];
    tag["PropagateAtLaunch"] = block["propagate_at_launch"];
    tag["ResourceId"] = group;
    tag["ResourceType"] = "auto-scaling-group";
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::string joined(const Json& list) {
  std::vector<std::string> parts;
  if (list.is_array()) {
    for (const Json& each : list) parts.push_back(each.get<std::string>());
  }
  std::sort(parts.begin(), parts.end());
  return fmt::format("{}", fmt::join(parts, ","));
}

Json common_params(Context& c, const char* operation, const std::string& name) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "autoscaling", operation));
  params["AutoScalingGroupName"] = name;
  // Zero is a size like any other.
  for (const auto& [attribute, member] : {std::pair("min_size", "MinSize"), std::pair("max_size", "MaxSize"),
                                          std::pair("desired_capacity", "DesiredCapacity"),
                                          std::pair("health_check_grace_period", "HealthCheckGracePeriod")}) {
    if (c.planned[attribute].is_number()) params[member] = c.planned[attribute];
  }
  std::string subnets = joined(c.planned["vpc_zone_identifier"]);
  if (!subnets.empty()) {
    params["VPCZoneIdentifier"] = subnets;
    params.erase("AvailabilityZones");
  }
  Json specification = launch_template_of(c.planned);
  if (!specification.is_null()) params["LaunchTemplate"] = std::move(specification);
  return params;
}

// An instance profile or a template may not be known to the service yet.
constexpr const char* kNotYet =
    "Invalid IamInstanceProfile|Invalid IAM Instance Profile|Authentication Failure|You are not authorized to use "
    "launch template|does not exist in the launch template|is not yet";

Task<bool> set_processes(Context& c, const char* operation, const Json& names) {
  if (!names.is_array() || names.empty()) co_return true;
  Json params = Json::object();
  params["AutoScalingGroupName"] = c.state["id"];
  params["ScalingProcesses"] = names;
  ApiResult done = co_await c.call("autoscaling", operation, params);
  if (!done) co_return c.fail(done.error(), "changing the suspended processes of");
  co_return true;
}

Task<bool> enable_metrics(Context& c, const Json& names) {
  if (!names.is_array() || names.empty()) co_return true;
  Json params = Json::object();
  params["AutoScalingGroupName"] = c.state["id"];
  params["Granularity"] = "1Minute";
  params["Metrics"] = names;
  ApiResult done = co_await c.call("autoscaling", "EnableMetricsCollection", params);
  if (!done) co_return c.fail(done.error(), "enabling metrics of");
  co_return true;
}

// Minutes and seconds of "10m", "1h30m", "0".
Duration wait_limit(const std::string& text) {
  int64_t seconds = 0, number = 0;
  for (char ch : text) {
    if (ch >= '0' && ch <= '9') number = number * 10 + (ch - '0');
    if (ch == 'h') seconds += std::exchange(number, 0) * 3600;
    if (ch == 'm') seconds += std::exchange(number, 0) * 60;
    if (ch == 's') seconds += std::exchange(number, 0);
  }
  return std::chrono::seconds(seconds);
}

// Waits until as many instances are in service as are wanted.
Task<bool> wait_for_capacity(Context& c) {
  int64_t wanted = c.planned["desired_capacity"].is_number() ? c.planned["desired_capacity"].get<int64_t>()
                                                             : c.planned["min_size"].get<int64_t>();
  Duration limit = wait_limit(string_of(c.planned, "wait_for_capacity_timeout"));
  if (limit == Duration{0} || wanted == 0) co_return true;
  Loop& loop = c.backend.loop();
  Duration until = loop.clock().monotonic() + limit;
  std::string name = c.text("id");
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> group = co_await c.describe(kAutoScalingGroups, name);
    if (!group) co_return c.fail(group.error(), "waiting for the capacity of");
    int64_t ready = 0;
    if (group->is_object()) {
      for (const Json& instance : group->value("Instances", Json::array())) {
        ready +=
            string_of(instance, "LifecycleState") == "InService" && string_of(instance, "HealthStatus") == "Healthy"
                ? 1
                : 0;
      }
    }
    if (ready >= wanted) co_return true;
    if (loop.clock().monotonic() >= until) {
      co_return c.fail("waiting for the capacity of",
                       fmt::format("{} of {} instances are in service after {}. Look at the group's scaling "
                                   "activities; set wait_for_capacity_timeout to wait longer, or to \"0\" not to wait.",
                                   ready, wanted, string_of(c.planned, "wait_for_capacity_timeout")));
    }
    Duration pause = std::chrono::seconds(std::min(1 << std::min(attempt, 4), 10));
    co_await loop.sleep(pause);
  }
}

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = common_params(c, "CreateAutoScalingGroup", name);
  Json tags = tags_of(c.planned, name);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  const Json hooks =
      c.planned["initial_lifecycle_hook"].is_array() ? c.planned["initial_lifecycle_hook"] : Json::array();
  for (const Json& hook : hooks) {
    Json one = Json::object();
    one["LifecycleHookName"] = hook["name"];
    one["LifecycleTransition"] = hook["lifecycle_transition"];
    for (const auto& [attribute, member] :
         {std::pair("default_result", "DefaultResult"), std::pair("heartbeat_timeout", "HeartbeatTimeout"),
          std::pair("notification_metadata", "NotificationMetadata"),
          std::pair("notification_target_arn", "NotificationTargetARN"), std::pair("role_arn", "RoleARN")}) {
      if (!hook[attribute].is_null()) one[member] = hook[attribute];
    }
    params["LifecycleHookSpecificationList"].push_back(std::move(one));
  }
  ApiResult made =
      co_await call_while(c, "autoscaling", "CreateAutoScalingGroup", params, kNotYet, std::chrono::minutes(3));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  c.state["name"] = name;
  bool ok = co_await set_processes(c, "SuspendProcesses", c.planned["suspended_processes"]);
  if (ok) ok = co_await enable_metrics(c, c.planned["enabled_metrics"]);
  if (ok) ok = co_await wait_for_capacity(c);
  co_return ok;
}

Json strings_from(const Json& list, const char* member) {
  Json names = Json::array();
  for (const Json& each : list) names.push_back(string_of(each, member));
  return names;
}

Task<bool> read(Context& c) {
  Result<Json, ApiError> found = co_await c.describe(kAutoScalingGroups, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  if (found->is_null() || string_of(*found, "Status") == "Delete in progress") {
    c.state = nullptr;
    co_return true;
  }
  Json group = *found;
  // The API spells the absence of policies as its default.
  if (c.state["termination_policies"].is_null() &&
      group.value("TerminationPolicies", Json()) == Json::array({"Default"})) {
    group.erase("TerminationPolicies");
  }
  c.state = from_api(c.rows, group, c.state);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  Json subnets = Json::array();
  std::string list = string_of(group, "VPCZoneIdentifier");
  for (std::size_t at = 0; at < list.size();) {
    std::size_t end = std::min(list.find(',', at), list.size());
    if (end > at) subnets.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  c.state["vpc_zone_identifier"] = subnets;
  const Json specification = group.value("LaunchTemplate", Json::object());
  if (!specification.empty()) {
    const Json before = c.state["launch_template"].is_array() && !c.state["launch_template"].empty()
                            ? c.state["launch_template"][0]
                            : Json::object();
    Json block = Json::object();
    block["id"] = specification.value("LaunchTemplateId", before.value("id", Json("")));
    block["name"] = specification.value("LaunchTemplateName", before.value("name", Json("")));
    block["version"] = specification.value("Version", before.value("version", Json("")));
    c.state["launch_template"] = Json::array();
    c.state["launch_template"].push_back(std::move(block));
  }
  const Json wanted = c.state["tag"].is_array() ? c.state["tag"] : Json::array();
  Json tags = Json::array();
  for (const Json& tag : group.value("Tags", Json::array())) {
    std::string key = string_of(tag, "Key");
    bool own = std::any_of(wanted.begin(), wanted.end(), [&](const Json& w) { return string_of(w, "key") == key; });
    bool fallback =
        c.backend.default_tags.contains(key) || key.starts_with("aws:") || c.backend.ignored_tags.contains(key);
    if (!own && fallback) continue;
    Json block = Json::object();
    block["key"] = key;
    block["value"] = string_of(tag, "Value");
    block["propagate_at_launch"] = bool_of(tag, "PropagateAtLaunch");
    tags.push_back(std::move(block));
  }
  c.state["tag"] = tags;
  Json suspended = strings_from(group.value("SuspendedProcesses", Json::array()), "ProcessName");
  if (!suspended.empty() || c.state["suspended_processes"].is_array()) c.state["suspended_processes"] = suspended;
  Json metrics = strings_from(group.value("EnabledMetrics", Json::array()), "Metric");
  if (!metrics.empty() || c.state["enabled_metrics"].is_array()) c.state["enabled_metrics"] = metrics;
  for (const char* name : {"load_balancers", "target_group_arns"}) {
    if (c.state[name].is_null()) c.state[name] = Json::array();
  }
  for (const char* name : {"predicted_capacity", "warm_pool_size"}) {
    if (c.state[name].is_null()) c.state[name] = 0;
  }
  if (c.state["service_linked_role_arn"].is_null()) c.state["service_linked_role_arn"] = "";
  co_return true;
}

Task<bool> update_tags(Context& c) {
  std::string name = c.text("id");
  Json before = tags_of(c.prior, name);
  Json after = tags_of(c.planned, name);
  Json gone = Json::array();
  for (const Json& tag : before) {
    bool kept = std::any_of(after.begin(), after.end(), [&](const Json& other) { return other["Key"] == tag["Key"]; });
    if (!kept) gone.push_back(tag);
  }
  if (!gone.empty()) {
    Json params = Json::object();
    params["Tags"] = std::move(gone);
    ApiResult done = co_await c.call("autoscaling", "DeleteTags", params);
    if (!done) co_return c.fail(done.error(), "updating tags of");
  }
  if (after.empty() || after == before) co_return true;
  Json params = Json::object();
  params["Tags"] = std::move(after);
  ApiResult done = co_await c.call("autoscaling", "CreateOrUpdateTags", params);
  if (!done) co_return c.fail(done.error(), "updating tags of");
  co_return true;
}

Json without(const Json& list, const Json& other) {
  Json rest = Json::array();
  if (!list.is_array()) return rest;
  for (const Json& each : list) {
    if (!other.is_array() || std::find(other.begin(), other.end(), each) == other.end()) rest.push_back(each);
  }
  return rest;
}

Task<bool> update(Context& c) {
  Json params = common_params(c, "UpdateAutoScalingGroup", c.text("id"));
  if (c.changed("capacity_rebalance")) params["CapacityRebalance"] = bool_of(c.planned, "capacity_rebalance");
  if (c.changed("protect_from_scale_in"))
    params["NewInstancesProtectedFromScaleIn"] = bool_of(c.planned, "protect_from_scale_in");
  ApiResult done =
      co_await call_while(c, "autoscaling", "UpdateAutoScalingGroup", params, kNotYet, std::chrono::minutes(3));
  if (!done) co_return c.fail(done.error(), "updating");
  bool ok = true;
  if (c.changed("tag")) ok = co_await update_tags(c);
  if (ok && c.changed("suspended_processes")) {
    Json resumed = without(c.prior["suspended_processes"], c.planned["suspended_processes"]);
    ok = co_await set_processes(c, "ResumeProcesses", resumed);
    if (!ok) co_return false;
    Json suspended = without(c.planned["suspended_processes"], c.prior["suspended_processes"]);
    ok = co_await set_processes(c, "SuspendProcesses", suspended);
  }
  if (ok && c.changed("enabled_metrics")) {
    Json disabled = without(c.prior["enabled_metrics"], c.planned["enabled_metrics"]);
    if (!disabled.empty()) {
      Json names = Json::object();
      names["AutoScalingGroupName"] = c.state["id"];
      names["Metrics"] = disabled;
      ApiResult off = co_await c.call("autoscaling", "DisableMetricsCollection", names);
      if (!off) co_return c.fail(off.error(), "disabling metrics of");
    }
    Json enabled = without(c.planned["enabled_metrics"], c.prior["enabled_metrics"]);
    ok = co_await enable_metrics(c, enabled);
  }
  if (ok && (c.changed("desired_capacity") || c.changed("min_size"))) ok = co_await wait_for_capacity(c);
  co_return ok;
}

// Sizes to zero first, so that the instances go; then the group, when the last one is gone.
Task<bool> remove(Context& c) {
  std::string name = c.text("id");
  Loop& loop = c.backend.loop();
  bool force = bool_of(c.prior, "force_delete");
  if (!force) {
    Json params = Json::object();
    params["AutoScalingGroupName"] = name;
    params["MinSize"] = 0;
    params["MaxSize"] = 0;
    params["DesiredCapacity"] = 0;
    ApiResult done = co_await c.call("autoscaling", "UpdateAutoScalingGroup", params);
    bool gone = !done && done.error().message.find("not found") != std::string::npos;
    if (gone) co_return true;
    if (!done) co_return c.fail(done.error(), "draining");
    for (int attempt = 0;; ++attempt) {
      Result<Json, ApiError> group = co_await c.describe(kAutoScalingGroups, name);
      if (!group) co_return c.fail(group.error(), "draining");
      if (group->is_null()) co_return true;
      if (group->value("Instances", Json::array()).empty()) break;
      if (attempt > 90) co_return c.fail("draining", "its instances are still there after fifteen minutes");
      Duration pause = std::chrono::seconds(std::min(attempt + 1, 10));
      co_await loop.sleep(pause);
    }
  }
  Json params = Json::object();
  params["AutoScalingGroupName"] = name;
  params["ForceDelete"] = force;
  ApiResult done = co_await call_while(c, "autoscaling", "DeleteAutoScalingGroup", params,
                                       "ResourceInUse|ScalingActivityInProgress", std::chrono::minutes(10));
  if (!done && done.error().message.find("not found") == std::string::npos) co_return c.fail(done.error(), "deleting");
  for (int attempt = 0; attempt < 90; ++attempt) {
    Result<Json, ApiError> group = co_await c.describe(kAutoScalingGroups, name);
    if (!group) co_return c.fail(group.error(), "waiting for the deletion of");
    if (group->is_null()) co_return true;
    Duration pause = std::chrono::seconds(std::min(attempt + 1, 10));
    co_await loop.sleep(pause);
  }
  co_return c.fail("deleting", "it is still there after fifteen minutes");
}

Task<bool> recover(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Result<Json, ApiError> group = co_await c.describe(kAutoScalingGroups, name);
  if (!group) co_return c.fail(group.error(), "looking for");
  if (group->is_null()) co_return true;
  c.state["id"] = name;
  c.state["name"] = name;
  co_return true;
}

}  // namespace

ResourceType autoscaling_group() {
  ResourceType type;
  type.name = "aws_autoscaling_group";
  type.schema_version = 1;
  type.table = kTable;
  type.service = "autoscaling";
  type.title = "Auto Scaling Group";
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.reads = "autoscaling:DescribeAutoScalingGroups";
  type.changes =
      "autoscaling:CreateAutoScalingGroup autoscaling:CreateOrUpdateTags autoscaling:DeleteAutoScalingGroup "
      "autoscaling:DeleteTags autoscaling:DisableMetricsCollection autoscaling:EnableMetricsCollection "
      "autoscaling:ResumeProcesses autoscaling:SuspendProcesses autoscaling:UpdateAutoScalingGroup";
  return type;
}

}  // namespace terrace::aws::types
