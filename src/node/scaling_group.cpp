#include "node/scaling_group.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace terrace::node {

namespace {

using Json = nlohmann::json;

const std::string kAutoscaling = "autoscaling";

const Json& list_at(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : kNone;
}

}  // namespace

Task<Status<std::string>> ScalingGroup::learn_addresses(std::vector<std::string> instances) {
  // By a filter: an id that EC2 has forgotten is no error then.
  Json filter{{"Name", "instance-id"}, {"Values", instances}};
  Json params{{"Filters", Json::array({std::move(filter)})}};
  const std::string service = "ec2";
  const std::string operation = "DescribeInstances";
  const aws::ApiResult answer = co_await client_.call_all(service, operation, std::move(params));
  if (!answer.ok()) co_return Failure{answer.error().describe()};
  for (const Json& reservation : list_at(*answer, "Reservations")) {
    for (const Json& instance : list_at(reservation, "Instances")) {
      const std::string address = instance.value("PrivateIpAddress", std::string());
      if (!address.empty()) addresses_[instance.value("InstanceId", std::string())] = address;
    }
  }
  co_return Status<std::string>();
}

Task<Result<GroupView, std::string>> ScalingGroup::list() {
  Json params{{"AutoScalingGroupNames", Json::array({name_})}};
  const std::string operation = "DescribeAutoScalingGroups";
  const aws::ApiResult answer = co_await client_.call(kAutoscaling, operation, std::move(params));
  if (!answer.ok()) co_return Failure{answer.error().describe()};
  const Json& groups = list_at(*answer, "AutoScalingGroups");
  if (groups.empty()) co_return Failure{fmt::format("there is no autoscaling group {}", name_)};
  GroupView view;
  view.desired = groups.front().value("DesiredCapacity", 0);
  std::vector<std::string> unknown;
  for (const Json& each : list_at(groups.front(), "Instances")) {
    Instance instance;
    instance.id = each.value("InstanceId", std::string());
    instance.lifecycle = each.value("LifecycleState", std::string());
    if (!addresses_.contains(instance.id)) unknown.push_back(instance.id);
    view.instances.push_back(std::move(instance));
  }
  if (!unknown.empty()) {
    const Status<std::string> learned = co_await learn_addresses(std::move(unknown));
    if (!learned.ok()) co_return Failure{learned.error()};
  }
  for (Instance& instance : view.instances) {
    const auto known = addresses_.find(instance.id);
    if (known != addresses_.end()) instance.address = known->second;
  }
  std::erase_if(addresses_, [&](const auto& known) { return view.find(known.first) == nullptr; });
  // The group may have dropped this instance from its list before its end.
  const bool let_go = view.find(me_.id) == nullptr && co_await is_let_go();
  if (let_go) view.instances.push_back(Instance{me_.id, me_.address, "Terminating:Wait"});
  co_return view;
}

// What the group has decided of this instance, as instance metadata tells it (EC2 Auto Scaling User Guide, "Retrieve
// the target lifecycle state through instance metadata").
Task<bool> ScalingGroup::is_let_go() {
  const std::string path = "meta-data/autoscaling/target-lifecycle-state";
  const Result<std::optional<std::string>, std::string> state = co_await metadata_.get(path);
  co_return state.ok() && *state&&** state == "Terminated";
}

Task<Status<std::string>> ScalingGroup::release() {
  Json params{{"AutoScalingGroupName", name_}};
  const std::string describe = "DescribeLifecycleHooks";
  const aws::ApiResult hooks = co_await client_.call(kAutoscaling, describe, std::move(params));
  if (!hooks.ok()) co_return Failure{hooks.error().describe()};
  for (const Json& hook : list_at(*hooks, "LifecycleHooks")) {
    if (hook.value("LifecycleTransition", std::string()) != "autoscaling:EC2_INSTANCE_TERMINATING") continue;
    Json completion{{"AutoScalingGroupName", name_},
                    {"LifecycleHookName", hook.value("LifecycleHookName", std::string())},
                    {"InstanceId", me_.id},
                    {"LifecycleActionResult", "CONTINUE"}};
    const std::string complete = "CompleteLifecycleAction";
    const aws::ApiResult done = co_await client_.call(kAutoscaling, complete, std::move(completion));
    // "No active Lifecycle Action found": it has been completed, or has run out.
    const bool over = !done.ok() && done.error().code == "ValidationError";
    if (!done.ok() && !over) co_return Failure{done.error().describe()};
  }
  co_return Status<std::string>();
}

}  // namespace terrace::node
