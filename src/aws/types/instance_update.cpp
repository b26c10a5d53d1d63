// How instances are changed in place. What AWS changes only on a stopped instance is changed between a stop and a
// start.
#include "aws/encoding.h"
#include "aws/types/instance.h"

namespace terrace::aws::types {

namespace {

Task<bool> call_for(Context& c, const char* operation, Json params, const char* what) {
  ApiResult done = co_await c.call("ec2", operation, std::move(params));
  if (!done) co_return c.fail(done.error(), what);
  co_return true;
}

Json instance_params(const Context& c) {
  Json params = Json::object();
  params["InstanceId"] = c.text("id");
  return params;
}

Task<bool> change_profile(Context& c) {
  std::string profile = string_of(c.planned, "iam_instance_profile");
  Json params = Json::object();
  params["Filters"] = filters({{"instance-id", c.text("id")}});
  ApiResult found = co_await c.call("ec2", "DescribeIamInstanceProfileAssociations", std::move(params));
  if (!found) co_return c.fail(found.error(), "reading the profile of");
  std::string association;
  for (const Json& each : found->value("IamInstanceProfileAssociations", Json::array())) {
    std::string state = string_of(each, "State");
    if (state == "associated" || state == "associating") association = string_of(each, "AssociationId");
  }
  Json change = Json::object();
  const char* operation = "AssociateIamInstanceProfile";
  if (association.empty()) {
    change["InstanceId"] = c.text("id");
  } else {
    change["AssociationId"] = association;
    operation = profile.empty() ? "DisassociateIamInstanceProfile" : "ReplaceIamInstanceProfileAssociation";
  }
  if (association.empty() && profile.empty()) co_return true;
  if (!profile.empty()) change["IamInstanceProfile"]["Name"] = profile;
  ApiResult done = co_await call_while(c, "ec2", operation, std::move(change), "Invalid IAM Instance Profile",
                                       std::chrono::minutes(2));
  if (!done) co_return c.fail(done.error(), "changing the profile of");
  co_return true;
}

Task<bool> change_addresses(Context& c) {
  Json gone = difference(c.prior["secondary_private_ips"], c.planned["secondary_private_ips"]);
  Json added = difference(c.planned["secondary_private_ips"], c.prior["secondary_private_ips"]);
  Json params = Json::object();
  params["NetworkInterfaceId"] = c.prior["primary_network_interface_id"];
  params["PrivateIpAddresses"] = gone;
  bool ok = true;
  if (!gone.empty()) ok = co_await call_for(c, "UnassignPrivateIpAddresses", params, "taking addresses from");
  params["PrivateIpAddresses"] = added;
  if (ok && !added.empty()) ok = co_await call_for(c, "AssignPrivateIpAddresses", params, "giving addresses to");
  co_return ok;
}

// Attributes and options that a running instance takes.
Task<bool> change_running(Context& c) {
  bool ok = true;
  if (c.changed("iam_instance_profile") && c.planned["iam_instance_profile"].is_string())
    ok = co_await change_profile(c);
  if (ok && c.changed("secondary_private_ips") && c.planned["secondary_private_ips"].is_array())
    ok = co_await change_addresses(c);
  for (const auto& [attribute, member] : {std::pair("source_dest_check", "SourceDestCheck"),
                                          std::pair("disable_api_termination", "DisableApiTermination"),
                                          std::pair("disable_api_stop", "DisableApiStop")}) {
    if (!ok || !c.changed(attribute) || !c.planned[attribute].is_boolean()) continue;
    ok = co_await modify_attribute(c, member, c.planned[attribute]);
  }
  if (ok && c.changed("instance_initiated_shutdown_behavior") &&
      c.planned["instance_initiated_shutdown_behavior"].is_string()) {
    Json params = instance_params(c);
    params["Attribute"] = "instanceInitiatedShutdownBehavior";
    params["Value"] = c.planned["instance_initiated_shutdown_behavior"];
    ok = co_await call_for(c, "ModifyInstanceAttribute", std::move(params), "updating");
  }
  if (ok && c.changed("vpc_security_group_ids") && c.planned["vpc_security_group_ids"].is_array()) {
    Json params = instance_params(c);
    params["Groups"] = c.planned["vpc_security_group_ids"];
    ok = co_await call_for(c, "ModifyInstanceAttribute", std::move(params), "changing the groups of");
  }
  if (ok && c.changed("monitoring") && c.planned["monitoring"].is_boolean()) {
    Json params = Json::object();
    params["InstanceIds"] = Json::array();
    params["InstanceIds"].push_back(c.text("id"));
    const char* operation = bool_of(c.planned, "monitoring") ? "MonitorInstances" : "UnmonitorInstances";
    ok = co_await call_for(c, operation, std::move(params), "changing the monitoring of");
  }
  if (ok && c.changed("enable_primary_ipv6") && bool_of(c.planned, "enable_primary_ipv6")) {
    Json params = Json::object();
    params["NetworkInterfaceId"] = c.prior["primary_network_interface_id"];
    params["EnablePrimaryIpv6"] = true;
    ok = co_await call_for(c, "ModifyNetworkInterfaceAttribute", std::move(params), "updating");
  }
  co_return ok;
}

// A block whose members are an operation's own.
struct Option {
  const char* block;
  const char* operation;
};
constexpr Option kRunningOptions[] = {{"metadata_options", "ModifyInstanceMetadataOptions"},
                                      {"maintenance_options", "ModifyInstanceMaintenanceOptions"}};
constexpr Option kStoppedOptions[] = {{"cpu_options", "ModifyInstanceCpuOptions"},
                                      {"private_dns_name_options", "ModifyPrivateDnsNameOptions"}};

Task<bool> change_option(Context& c, const Option& option) {
  const Json block = only_block(c.planned, option.block);
  if (!c.changed(option.block) || block.empty()) co_return true;
  Json params = Json::object();
  for (const Row& row : c.rows) {
    if (row.name == option.block) params = to_api(row.rows, block, input_shape(c, "ec2", option.operation));
  }
  params["InstanceId"] = c.text("id");
  bool ok = co_await call_for(c, option.operation, std::move(params), "updating");
  co_return ok;
}

Task<bool> change_credits(Context& c) {
  std::string credits = string_of(only_block(c.planned, "credit_specification"), "cpu_credits");
  if (!c.changed("credit_specification") || credits.empty()) co_return true;
  Json one = instance_params(c);
  one["CpuCredits"] = credits;
  Json params = Json::object();
  params["InstanceCreditSpecifications"] = Json::array();
  params["InstanceCreditSpecifications"].push_back(std::move(one));
  bool ok = co_await call_for(c, "ModifyInstanceCreditSpecification", std::move(params), "changing the credits of");
  co_return ok;
}

std::optional<std::string> data_of(const Json& attributes) {
  std::string encoded = string_of(attributes, "user_data_base64");
  return encoded.empty() ? string_of(attributes, "user_data") : base64_decode(encoded);
}
// The same data told in the other way is no reason to stop.
bool data_changed(const Context& c) {
  return data_of(c.prior) != data_of(c.planned);
}

bool needs_stop(const Context& c) {
  bool type = c.changed("instance_type") && c.planned["instance_type"].is_string();
  bool placement = c.changed("host_resource_group_arn") && c.planned["host_resource_group_arn"].is_string();
  bool block = false;
  for (const char* name : {"cpu_options", "private_dns_name_options", "capacity_reservation_specification"})
    block = block || (c.changed(name) && !only_block(c.planned, name).empty());
  return type || data_changed(c) || placement || block;
}

Task<bool> change_stopped(Context& c) {
  std::string id = c.text("id");
  Duration limit = timeout_of(c, "update", std::chrono::minutes(10));
  bool ok = co_await stop_instance(c, id, limit);
  if (ok && c.changed("instance_type") && c.planned["instance_type"].is_string())
    ok = co_await modify_attribute(c, "InstanceType", c.planned["instance_type"]);
  if (ok && data_changed(c)) {
    std::string encoded = string_of(c.planned, "user_data_base64");
    if (encoded.empty()) encoded = base64_encode(string_of(c.planned, "user_data"));
    ok = co_await modify_attribute(c, "UserData", encoded);
  }
  for (const Option& option : kStoppedOptions) {
    if (ok) ok = co_await change_option(c, option);
  }
  const Json reservation = only_block(c.planned, "capacity_reservation_specification");
  if (ok && c.changed("capacity_reservation_specification") && !reservation.empty()) {
    Json params = Json::object();
    for (const Row& row : c.rows) {
      if (row.name != "capacity_reservation_specification") continue;
      const Shape& shape = *input_shape(c, "ec2", "ModifyInstanceCapacityReservationAttributes")
                                .member("CapacityReservationSpecification")
                                ->reference.shape;
      params["CapacityReservationSpecification"] = to_api(row.rows, reservation, shape);
    }
    params["InstanceId"] = id;
    ok = co_await call_for(c, "ModifyInstanceCapacityReservationAttributes", std::move(params), "updating");
  }
  if (ok && c.changed("host_resource_group_arn") && c.planned["host_resource_group_arn"].is_string()) {
    Json params = instance_params(c);
    params["HostResourceGroupArn"] = c.planned["host_resource_group_arn"];
    ok = co_await call_for(c, "ModifyInstancePlacement", std::move(params), "updating");
  }
  if (!ok) co_return false;
  ok = co_await start_instance(c, id, limit);
  co_return ok;
}

Task<bool> change_root(Context& c) {
  const Json before = only_block(c.prior, "root_block_device"), after = only_block(c.planned, "root_block_device");
  std::string volume = string_of(before, "volume_id"), device = string_of(before, "device_name");
  if (before == after || after.empty()) co_return true;
  std::string id = c.text("id");
  if (volume.empty()) {
    Result<Json, ApiError> instance = co_await c.describe(kInstances, id);
    if (!instance) co_return c.fail(instance.error(), "reading");
    device = string_of(*instance, "RootDeviceName");
    volume = volume_of_device(*instance, device);
  }
  Json params = Json::object();
  for (const auto& [attribute, member] : {std::pair("volume_size", "Size"), std::pair("volume_type", "VolumeType"),
                                          std::pair("iops", "Iops"), std::pair("throughput", "Throughput")}) {
    const Json value = after.value(attribute, Json());
    if (value.is_null() || value == Json("") || value == Json(0) || value == before.value(attribute, Json())) continue;
    params[member] = value;
  }
  bool ok = true;
  if (!params.empty())
    ok = co_await modify_volume(c, volume, std::move(params), timeout_of(c, "update", std::chrono::minutes(10)));
  if (ok && before.value("delete_on_termination", Json()) != after["delete_on_termination"]) {
    Json mapping = Json::object();
    mapping["DeviceName"] = device;
    mapping["Ebs"]["DeleteOnTermination"] = after["delete_on_termination"];
    Json change = instance_params(c);
    change["BlockDeviceMappings"] = Json::array();
    change["BlockDeviceMappings"].push_back(std::move(mapping));
    ok = co_await call_for(c, "ModifyInstanceAttribute", std::move(change), "updating");
  }
  if (ok && before.value("tags", Json()) != after.value("tags", Json())) {
    std::vector<std::string> volumes{volume};
    ok = co_await change_tags(c, std::move(volumes), before.value("tags", Json()), after.value("tags", Json()));
  }
  co_return ok;
}

// Tags are all that changes of the other devices without another instance.
Task<bool> change_device_tags(Context& c) {
  for (const Json& after : c.planned["ebs_block_device"]) {
    for (const Json& before : c.prior["ebs_block_device"]) {
      if (before["device_name"] != after["device_name"] || before["tags"] == after["tags"]) continue;
      std::vector<std::string> volumes{string_of(before, "volume_id")};
      bool ok = co_await change_tags(c, std::move(volumes), before["tags"], after["tags"]);
      if (!ok) co_return false;
    }
  }
  if (!c.changed("volume_tags")) co_return true;
  Result<Json, ApiError> instance = co_await c.describe(kInstances, c.text("id"));
  if (!instance) co_return c.fail(instance.error(), "reading");
  std::vector<std::string> volumes;
  for (const Json& mapping : instance->value("BlockDeviceMappings", Json::array()))
    volumes.push_back(string_of(mapping.value("Ebs", Json::object()), "VolumeId"));
  bool ok = co_await change_tags(c, std::move(volumes), c.prior["volume_tags"], c.planned["volume_tags"]);
  co_return ok;
}

}  // namespace

Task<bool> modify_attribute(Context& c, const char* member, Json value) {
  Json params = instance_params(c);
  params[member]["Value"] = std::move(value);
  bool ok = co_await call_for(c, "ModifyInstanceAttribute", std::move(params), "updating");
  co_return ok;
}

Task<bool> change_tags(Context& c, std::vector<std::string> ids, Json before, Json after) {
  Json gone = Json::array(), set = Json::object();
  if (before.is_object()) {
    for (const auto& [key, value] : before.items()) {
      if (!after.is_object() || !after.contains(key)) gone.push_back(Json{{"Key", key}});
    }
  }
  if (after.is_object()) {
    for (const auto& [key, value] : after.items()) {
      if (!before.is_object() || before.value(key, Json()) != value) set[key] = value;
    }
  }
  bool ok = true;
  if (!gone.empty()) {
    Json params = Json::object();
    params["Resources"] = ids;
    params["Tags"] = std::move(gone);
    ok = co_await call_for(c, "DeleteTags", std::move(params), "updating tags of volumes of");
  }
  if (!ok || set.empty()) co_return ok;
  Json params = Json::object();
  params["Resources"] = ids;
  params["Tags"] = tag_list(set);
  ok = co_await call_for(c, "CreateTags", std::move(params), "updating tags of volumes of");
  co_return ok;
}

Task<bool> update_instance(Context& c) {
  bool ok = co_await change_running(c);
  for (const Option& option : kRunningOptions) {
    if (ok) ok = co_await change_option(c, option);
  }
  if (ok) ok = co_await change_credits(c);
  if (ok) ok = co_await change_root(c);
  if (ok) ok = co_await change_device_tags(c);
  if (ok && needs_stop(c)) ok = co_await change_stopped(c);
  co_return ok;
}

}  // namespace terrace::aws::types
