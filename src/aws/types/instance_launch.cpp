// How instances are made, stopped, started and ended.
#include <fmt/format.h>

#include "aws/encoding.h"
#include "aws/types/instance.h"

namespace terrace::aws::types {

namespace {

// Waits until the instance is in this state. A launch that ends by itself says why.
Task<bool> wait_for_state(Context& c, std::string id, std::string wanted, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> instance = co_await c.describe(kInstances, id);
    if (!instance) co_return c.fail(instance.error(), "waiting for");
    bool there = instance->is_object();
    std::string state = there ? string_of(instance->value("State", Json::object()), "Name") : "pending";
    if (!there && wanted == "terminated") co_return true;
    if (state == wanted || (wanted == "stopped" && state == "terminated")) co_return true;
    if (wanted == "running" && (state == "terminated" || state == "shutting-down")) {
      std::string why = string_of(instance->value("StateReason", Json::object()), "Message");
      co_return c.fail("launching", fmt::format("AWS ended it again: {}", why.empty() ? "no reason given" : why));
    }
    if (loop.clock().monotonic() > end)
      co_return c.fail("waiting for", fmt::format("it is still {} after the time limit, not {}", state, wanted));
    co_await pause_before(c, attempt);
  }
}

// The root device's name belongs to the image, which a launch template may name.
Task<bool> root_device(Context& c, std::string& name) {
  std::string image = string_of(c.planned, "ami");
  if (image.empty()) {
    const Json block = only_block(c.planned, "launch_template");
    Json params = Json::object();
    for (const auto& [attribute, member] :
         {std::pair("id", "LaunchTemplateId"), std::pair("name", "LaunchTemplateName")}) {
      if (!string_of(block, attribute).empty()) params[member] = block[attribute];
    }
    params["Versions"] = Json::array();
    params["Versions"].push_back(block["version"]);
    ApiResult versions = co_await c.call("ec2", "DescribeLaunchTemplateVersions", std::move(params));
    if (!versions) co_return c.fail(versions.error(), "reading the launch template of");
    for (const Json& version : versions->value("LaunchTemplateVersions", Json::array()))
      image = string_of(version.value("LaunchTemplateData", Json::object()), "ImageId");
  }
  Json params = Json::object();
  params["ImageIds"] = Json::array();
  params["ImageIds"].push_back(image);
  ApiResult images = co_await c.call("ec2", "DescribeImages", std::move(params));
  if (!images) co_return c.fail(images.error(), "reading the image of");
  for (const Json& each : images->value("Images", Json::array())) name = string_of(each, "RootDeviceName");
  if (name.empty()) co_return c.fail("launching", "the image " + image + " has no root device for root_block_device");
  co_return true;
}

Json device_mapping(const std::string& device, const Json& block) {
  Json ebs = Json::object();
  for (const auto& [attribute, member] :
       {std::pair("delete_on_termination", "DeleteOnTermination"), std::pair("encrypted", "Encrypted"),
        std::pair("iops", "Iops"), std::pair("kms_key_id", "KmsKeyId"), std::pair("snapshot_id", "SnapshotId"),
        std::pair("throughput", "Throughput"), std::pair("volume_size", "VolumeSize"),
        std::pair("volume_type", "VolumeType")}) {
    const Json value = block.value(attribute, Json());
    bool said = !value.is_null() && value != Json("") && value != Json(0);
    if (said) ebs[member] = value;
  }
  // What is not to be encrypted follows the account's default.
  if (ebs.value("Encrypted", Json()) == Json(false)) ebs.erase("Encrypted");
  Json mapping = Json::object();
  mapping["DeviceName"] = device;
  mapping["Ebs"] = std::move(ebs);
  return mapping;
}

Task<bool> put_devices(Context& c, Json& params) {
  Json mappings = Json::array();
  if (!c.planned["root_block_device"].empty()) {
    std::string name;
    bool ok = co_await root_device(c, name);
    if (!ok) co_return false;
    mappings.push_back(device_mapping(name, only_block(c.planned, "root_block_device")));
  }
  for (const Json& block : c.planned["ebs_block_device"])
    mappings.push_back(device_mapping(string_of(block, "device_name"), block));
  for (const Json& block : c.planned["ephemeral_block_device"]) {
    Json mapping = Json::object();
    mapping["DeviceName"] = block["device_name"];
    if (!string_of(block, "virtual_name").empty()) mapping["VirtualName"] = block["virtual_name"];
    if (bool_of(block, "no_device")) mapping["NoDevice"] = "";
    mappings.push_back(std::move(mapping));
  }
  if (!mappings.empty()) params["BlockDeviceMappings"] = std::move(mappings);
  co_return true;
}

Json addresses_of(const Json& list, const char* member) {
  Json addresses = Json::array();
  if (!list.is_array()) return addresses;
  for (const Json& each : list) {
    Json address = Json::object();
    address[member] = each;
    addresses.push_back(std::move(address));
  }
  return addresses;
}

// Some settings can be told only of an interface, and then all of the network's are told there.
void put_network(const Context& c, Json& params) {
  const Json& planned = c.planned;
  Json groups = planned["vpc_security_group_ids"].is_array() ? planned["vpc_security_group_ids"] : Json::array();
  Json six = addresses_of(planned["ipv6_addresses"], "Ipv6Address");
  Json secondary = addresses_of(planned["secondary_private_ips"], "PrivateIpAddress");
  Json interfaces = Json::array();
  for (const Json& block : planned["network_interface"]) {
    Json one = Json::object();
    for (const auto& [attribute, member] :
         {std::pair("delete_on_termination", "DeleteOnTermination"), std::pair("device_index", "DeviceIndex"),
          std::pair("network_card_index", "NetworkCardIndex"), std::pair("network_interface_id", "NetworkInterfaceId")})
      one[member] = block[attribute];
    interfaces.push_back(std::move(one));
  }
  const Json primary = only_block(planned, "primary_network_interface");
  if (!primary.empty()) {
    Json one = Json::object();
    one["DeviceIndex"] = 0;
    one["NetworkInterfaceId"] = primary["network_interface_id"];
    interfaces.push_back(std::move(one));
  }
  bool apart = interfaces.empty() && (planned["associate_public_ip_address"].is_boolean() || !secondary.empty());
  if (apart) {
    Json one = Json::object();
    one["DeviceIndex"] = 0;
    one["DeleteOnTermination"] = true;
    if (planned["associate_public_ip_address"].is_boolean())
      one["AssociatePublicIpAddress"] = planned["associate_public_ip_address"];
    for (const char* member : {"SubnetId", "PrivateIpAddress", "Ipv6AddressCount"}) {
      if (!params.contains(member)) continue;
      one[member] = params[member];
      params.erase(member);
    }
    if (planned["enable_primary_ipv6"].is_boolean()) one["PrimaryIpv6"] = planned["enable_primary_ipv6"];
    params.erase("EnablePrimaryIpv6");
    if (!groups.empty()) one["Groups"] = groups;
    if (!six.empty()) one["Ipv6Addresses"] = six;
    if (!secondary.empty()) {
      if (one.contains("PrivateIpAddress")) {
        Json own = Json::object();
        own["PrivateIpAddress"] = one["PrivateIpAddress"];
        own["Primary"] = true;
        secondary.insert(secondary.begin(), std::move(own));
        one.erase("PrivateIpAddress");
        one["PrivateIpAddresses"] = secondary;
      } else {
        one["PrivateIpAddresses"] = secondary;
      }
    }
    interfaces.push_back(std::move(one));
  } else if (interfaces.empty()) {
    if (!groups.empty()) params["SecurityGroupIds"] = groups;
    if (!six.empty()) params["Ipv6Addresses"] = six;
    if (planned["security_groups"].is_array() && !planned["security_groups"].empty())
      params["SecurityGroups"] = planned["security_groups"];
  }
  if (!interfaces.empty()) params["NetworkInterfaces"] = std::move(interfaces);
}

void put_placement(const Context& c, Json& params) {
  Json placement = Json::object();
  for (const auto& [attribute, member] :
       {std::pair("availability_zone", "AvailabilityZone"), std::pair("tenancy", "Tenancy"),
        std::pair("host_id", "HostId"), std::pair("host_resource_group_arn", "HostResourceGroupArn"),
        std::pair("placement_group", "GroupName"), std::pair("placement_group_id", "GroupId"),
        std::pair("placement_partition_number", "PartitionNumber")})
    put_if_set(placement, member, c, attribute);
  if (!placement.empty()) params["Placement"] = std::move(placement);
}

void put_options(const Context& c, Json& params) {
  std::string profile = string_of(c.planned, "iam_instance_profile");
  if (!profile.empty()) params["IamInstanceProfile"]["Name"] = profile;
  if (c.planned["monitoring"].is_boolean()) params["Monitoring"]["Enabled"] = c.planned["monitoring"];
  if (c.planned["hibernation"].is_boolean()) params["HibernationOptions"]["Configured"] = c.planned["hibernation"];
  std::string data = string_of(c.planned, "user_data"), encoded = string_of(c.planned, "user_data_base64");
  if (!data.empty()) params["UserData"] = base64_encode(data);
  if (!encoded.empty()) params["UserData"] = encoded;
}

Json tag_params(const Context& c) {
  Json specifications = tag_specifications(c, "instance", true);
  const Json volume_tags = tag_list(c.planned["volume_tags"]);
  if (volume_tags.empty()) return specifications;
  Json one = Json::object();
  one["ResourceType"] = "volume";
  one["Tags"] = volume_tags;
  specifications.push_back(std::move(one));
  return specifications;
}

// Tags of devices, which RunInstances can't tell apart, and the check of sources.
Task<bool> finish(Context& c) {
  std::string id = c.text("id");
  bool tagged = !only_block(c.planned, "root_block_device").value("tags", Json()).is_null();
  for (const Json& block : c.planned["ebs_block_device"]) tagged = tagged || !block["tags"].is_null();
  if (tagged) {
    Result<Json, ApiError> instance = co_await c.describe(kInstances, id);
    if (!instance) co_return c.fail(instance.error(), "reading");
    Json defaults = Json::object();
    for (const auto& [key, value] : c.backend.default_tags) defaults[key] = value;
    std::vector<std::pair<std::string, Json>> devices;
    devices.emplace_back(string_of(*instance, "RootDeviceName"), only_block(c.planned, "root_block_device"));
    for (const Json& block : c.planned["ebs_block_device"])
      devices.emplace_back(string_of(block, "device_name"), block);
    for (const auto& [device, block] : devices) {
      const Json tags = block.value("tags", Json());
      if (!tags.is_object()) continue;
      Json all = defaults;
      all.update(tags);
      std::vector<std::string> volumes{volume_of_device(*instance, device)};
      bool ok = co_await change_tags(c, std::move(volumes), Json::object(), std::move(all));
      if (!ok) co_return false;
    }
  }
  if (c.planned["source_dest_check"] != Json(false)) co_return true;
  bool ok = co_await modify_attribute(c, "SourceDestCheck", false);
  co_return ok;
}

// An instance profile that was made a moment ago is not known to EC2 yet.
constexpr const char* kNotYet =
    "Invalid IAM Instance Profile|has no associated IAM Roles|InvalidGroup.NotFound|InvalidSubnetID.NotFound";

Task<bool> cancel_spot_request(Context& c) {
  std::string request = string_of(c.prior, "spot_instance_request_id");
  if (request.empty()) co_return true;
  // A persistent request would launch another instance in its place.
  Json params = Json::object();
  params["SpotInstanceRequestIds"] = Json::array();
  params["SpotInstanceRequestIds"].push_back(request);
  ApiResult done = co_await c.call("ec2", "CancelSpotInstanceRequests", std::move(params));
  if (!done && !is_code(done.error(), {"InvalidSpotInstanceRequestID.NotFound"}))
    co_return c.fail(done.error(), "cancelling the spot request of");
  co_return true;
}

Task<ApiResult> end_instance(Context& c, const char* operation, const std::string& id) {
  Json params = Json::object();
  params["InstanceIds"] = Json::array();
  params["InstanceIds"].push_back(id);
  ApiResult done = co_await c.call("ec2", operation, std::move(params));
  co_return done;
}

}  // namespace

Task<bool> launch_instance(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "ec2", "RunInstances"));
  params["MinCount"] = 1;
  params["MaxCount"] = 1;
  params["ClientToken"] = c.token.empty() ? c.backend.random().uuid() : c.token;
  put_options(c, params);
  put_placement(c, params);
  put_network(c, params);
  bool ok = co_await put_devices(c, params);
  if (!ok) co_return false;
  Json tags = tag_params(c);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult made = co_await call_while(c, "ec2", "RunInstances", std::move(params), kNotYet, std::chrono::minutes(2));
  if (!made) co_return c.fail(made.error(), "launching");
  const Json instances = made->value("Instances", Json::array());
  if (instances.empty()) co_return c.fail("launching", "the API's answer names no instance");
  c.state["id"] = instances[0].value("InstanceId", Json());
  std::string id = c.text("id");
  ok = co_await wait_for_state(c, id, "running", timeout_of(c, "create", std::chrono::minutes(10)));
  if (ok) ok = co_await finish(c);
  co_return ok;
}

Task<bool> stop_instance(Context& c, std::string id, Duration limit) {
  Result<Json, ApiError> instance = co_await c.describe(kInstances, id);
  if (!instance) co_return c.fail(instance.error(), "stopping");
  std::string state =
      instance->is_object() ? string_of(instance->value("State", Json::object()), "Name") : "terminated";
  if (state == "stopped" || state == "terminated") co_return true;
  ApiResult done = co_await end_instance(c, "StopInstances", id);
  if (!done && is_code(done.error(), {"OperationNotPermitted", "UnsupportedOperation"}))
    co_return c.fail("stopping",
                     done.error().message +
                         " The change needs a stop and a start: set disable_api_stop = false and apply that "
                         "first");
  if (!done) co_return c.fail(done.error(), "stopping");
  bool ok = co_await wait_for_state(c, id, "stopped", limit);
  co_return ok;
}

Task<bool> start_instance(Context& c, std::string id, Duration limit) {
  ApiResult done = co_await end_instance(c, "StartInstances", id);
  if (!done) co_return c.fail(done.error(), "the change is made, but the instance did not start again: starting");
  bool ok = co_await wait_for_state(c, id, "running", limit);
  co_return ok;
}

Task<bool> terminate_instance(Context& c) {
  std::string id = c.text("id");
  bool ok = co_await cancel_spot_request(c);
  if (!ok) co_return false;
  if (bool_of(c.prior, "force_destroy")) {
    for (const auto& [attribute, member] : {std::pair("disable_api_termination", "DisableApiTermination"),
                                            std::pair("disable_api_stop", "DisableApiStop")}) {
      if (!bool_of(c.prior, attribute)) continue;
      ok = co_await modify_attribute(c, member, false);
      if (!ok) co_return false;
    }
  }
  ApiResult done = co_await end_instance(c, "TerminateInstances", id);
  if (!done && is_code(done.error(), {"InvalidInstanceID.NotFound"})) co_return true;
  if (!done && is_code(done.error(), {"OperationNotPermitted"}))
    co_return c.fail(
        "terminating",
        "it is protected. Set disable_api_termination = false (or force_destroy = true), apply, and destroy "
        "again. " +
            done.error().message);
  if (!done) co_return c.fail(done.error(), "terminating");
  ok = co_await wait_for_state(c, id, "terminated", timeout_of(c, "delete", std::chrono::minutes(20)));
  co_return ok;
}

Task<bool> recover_instance(Context& c) {
  Json params = Json::object();
  std::string filter = std::string("tag:") + kIntentTag;
  params["Filters"] = filters({{filter.c_str(), c.token}});
  ApiResult answer = co_await c.call("ec2", "DescribeInstances", std::move(params));
  if (!answer) co_return c.fail(answer.error(), "looking for");
  for (const Json& reservation : answer->value("Reservations", Json::array())) {
    for (const Json& instance : reservation.value("Instances", Json::array())) {
      std::string state = string_of(instance.value("State", Json::object()), "Name");
      if (state != "terminated" && state != "shutting-down") c.state["id"] = instance["InstanceId"];
    }
  }
  co_return true;
}

}  // namespace terrace::aws::types
