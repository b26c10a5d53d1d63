// aws_instance: its table, and how it is read.
#include "aws/types/instance.h"

#include <algorithm>

#include "aws/encoding.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

const Kind kInstances{.service = "ec2",
                      .operation = "DescribeInstances",
                      .filter = "instance-id",
                      .parameter = "",
                      .result = "Reservations",
                      .id = "InstanceId",
                      .inside = "Instances"};

namespace {

constexpr const char* kTable = R"(
  ami string oc new api=ImageId
  arn string c api=-
  associate_public_ip_address bool oc new api=-
  availability_zone string oc new api=-
  disable_api_stop bool oc
  disable_api_termination bool oc
  ebs_optimized bool oc new
  enable_primary_ipv6 bool oc
  force_destroy bool o default=false api=-
  get_password_data bool o default=false api=-
  hibernation bool o new api=-
  host_id string oc new api=-
  host_resource_group_arn string oc api=-
  iam_instance_profile string oc api=-
  id string oc api=-
  instance_initiated_shutdown_behavior string oc
  instance_lifecycle string c
  instance_state string c api=-
  instance_type string oc
  ipv6_address_count number oc new
  ipv6_addresses list(string) oc new api=-
  key_name string oc new
  monitoring bool oc api=-
  outpost_arn string c
  password_data string c secret api=-
  placement_group string oc new api=-
  placement_group_id string oc new api=-
  placement_partition_number number oc new api=-
  primary_network_interface_id string c api=-
  private_dns string c api=PrivateDnsName
  private_ip string oc new api=PrivateIpAddress
  public_dns string c api=PublicDnsName
  public_ip string c api=PublicIpAddress
  region string oc new api=-
  secondary_private_ips set(string) oc api=-
  security_groups set(string) oc new api=-
  source_dest_check bool o default=true
  spot_instance_request_id string c
  subnet_id string oc new
  tags map(string) o api=-
  tags_all map(string) oc api=-
  tenancy string oc new api=-
  user_data string o api=-
  user_data_base64 string oc api=-
  user_data_replace_on_change bool o default=false api=-
  volume_tags map(string) o api=-
  vpc_security_group_ids set(string) oc api=-
  block capacity_reservation_specification list max=1 {
    capacity_reservation_preference string o one_of=open|none|capacity-reservations-only
    block capacity_reservation_target list max=1 {
      capacity_reservation_id string o
      capacity_reservation_resource_group_arn string o
    }
  }
  block cpu_options list max=1 {
    amd_sev_snp string oc new one_of=enabled|disabled
    core_count number oc
    threads_per_core number oc
  }
  block credit_specification list max=1 {
    cpu_credits string o one_of=standard|unlimited
  }
  block ebs_block_device set api=- {
    delete_on_termination bool o default=true
    device_name string r
    encrypted bool oc
    iops number oc
    kms_key_id string oc
    snapshot_id string oc
    tags map(string) o
    tags_all map(string) oc
    throughput number oc
    volume_id string c
    volume_size number oc
    volume_type string oc
  }
  block enclave_options list max=1 {
    enabled bool oc new
  }
  block ephemeral_block_device set new api=- {
    device_name string r
    no_device bool o
    virtual_name string o
  }
  block instance_market_options list max=1 new {
    market_type string oc one_of=spot|capacity-block
    block spot_options list max=1 {
      instance_interruption_behavior string oc one_of=hibernate|stop|terminate
      max_price string oc
      spot_instance_type string oc one_of=one-time|persistent
      valid_until string oc
    }
  }
  block launch_template list max=1 {
    id string oc new api=LaunchTemplateId
    name string oc new api=LaunchTemplateName
    version string o default="$Default"
  }
  block maintenance_options list max=1 {
    auto_recovery string oc one_of=default|disabled
  }
  block metadata_options list max=1 {
    http_endpoint string o one_of=enabled|disabled
    http_protocol_ipv6 string o default="disabled" one_of=enabled|disabled
    http_put_response_hop_limit number oc
    http_tokens string oc one_of=optional|required
    instance_metadata_tags string oc one_of=enabled|disabled
  }
  block network_interface set new api=- {
    delete_on_termination bool o default=false
    device_index number r
    network_card_index number o default=0
    network_interface_id string r
  }
  block primary_network_interface list max=1 new api=- {
    delete_on_termination bool c
    network_interface_id string r
  }
  block private_dns_name_options list max=1 {
    enable_resource_name_dns_a_record bool oc api=EnableResourceNameDnsARecord
    enable_resource_name_dns_aaaa_record bool oc api=EnableResourceNameDnsAAAARecord
    hostname_type string oc one_of=ip-name|resource-name
  }
  block root_block_device list max=1 api=- {
    delete_on_termination bool o default=true
    device_name string c
    encrypted bool oc new
    iops number oc
    kms_key_id string oc new
    tags map(string) o
    tags_all map(string) oc
    throughput number oc
    volume_id string c
    volume_size number oc
    volume_type string oc
  }
  block timeouts single api=- {
    create string o
    delete string o
    read string o
    update string o
  }
)";

constexpr Kind kCredits{"ec2",         "DescribeInstanceCreditSpecifications", "",
                        "InstanceIds", "InstanceCreditSpecifications",         "InstanceId"};

// Blocks that AWS fills in where the configuration has none: what an import found there is no change.
constexpr const char* kFilledIn[] = {"capacity_reservation_specification",
                                     "cpu_options",
                                     "credit_specification",
                                     "ebs_block_device",
                                     "enclave_options",
                                     "ephemeral_block_device",
                                     "instance_market_options",
                                     "maintenance_options",
                                     "metadata_options",
                                     "network_interface",
                                     "primary_network_interface",
                                     "private_dns_name_options",
                                     "root_block_device"};

// AWS's and terrace's own tags, and in `tags` the provider's defaults, are no part of a volume's configuration.
void put_volume_tags(const Context& c, const Json& volume, Json& block) {
  Json all = Json::object(), own = Json::object();
  const Json given = block.value("tags", Json());
  Json found = tag_map(volume.value("Tags", Json::array()));
  for (const auto& [key, value] : found.items()) {
    if (key.starts_with("aws:") || key.starts_with(kOwnTags) || c.backend.ignored_tags.contains(key)) continue;
    all[key] = value;
    auto fallback = c.backend.default_tags.find(key);
    bool repeated = given.is_object() && given.contains(key);
    if (fallback == c.backend.default_tags.end() || value != Json(fallback->second) || repeated) own[key] = value;
  }
  block["tags_all"] = std::move(all);
  if (given.is_object()) block["tags"] = std::move(own);
}

// What a device's volume is, into its block.
void put_volume(const Context& c, const Json& mapping, const Json& volume, Json& block) {
  block["device_name"] = string_of(mapping, "DeviceName");
  block["volume_id"] = string_of(volume, "VolumeId");
  block["delete_on_termination"] = bool_of(mapping.value("Ebs", Json::object()), "DeleteOnTermination");
  block["encrypted"] = bool_of(volume, "Encrypted");
  block["kms_key_id"] = string_of(volume, "KmsKeyId");
  block["volume_size"] = volume.value("Size", Json(0));
  block["volume_type"] = string_of(volume, "VolumeType");
  block["iops"] = volume.value("Iops", Json(0));
  block["throughput"] = volume.value("Throughput", Json(0));
  put_volume_tags(c, volume, block);
}

// The blocks of devices that the configuration has, from the volumes behind them. With `every`, those that it has not.
Task<bool> read_devices(Context& c, const Json& instance, bool every) {
  std::string root = string_of(instance, "RootDeviceName");
  bool wants_root = every || !c.state["root_block_device"].empty();
  bool wants_tags = c.state["volume_tags"].is_object();
  Json roots = Json::array(), devices = Json::array();
  const Json before_root = only_block(c.state, "root_block_device");
  const Json before = c.state["ebs_block_device"].is_array() ? c.state["ebs_block_device"] : Json::array();
  Json tags = nullptr;
  for (const Json& mapping : instance.value("BlockDeviceMappings", Json::array())) {
    std::string name = string_of(mapping, "DeviceName");
    bool is_root = name == root;
    Json block = is_root ? before_root : Json::object();
    bool named = is_root;
    for (const Json& device : before) {
      if (is_root || device.value("device_name", Json()) != Json(name)) continue;
      block = device;
      named = true;
    }
    if (is_root ? !wants_root && !wants_tags : !named && !every) continue;
    std::string id = string_of(mapping.value("Ebs", Json::object()), "VolumeId");
    Result<Json, ApiError> volume = co_await c.describe(kVolumes, id);
    if (!volume) co_return c.fail(volume.error(), "reading the volumes of");
    if (volume->is_null()) continue;
    put_volume(c, mapping, *volume, block);
    if (is_root) tags = block["tags_all"];
    if (is_root && wants_root) roots.push_back(block);
    if (is_root) continue;
    block["snapshot_id"] = string_of(*volume, "SnapshotId");
    devices.push_back(std::move(block));
  }
  if (wants_root) c.state["root_block_device"] = std::move(roots);
  if (every || !before.empty()) c.state["ebs_block_device"] = std::move(devices);
  if (wants_tags && tags.is_object()) c.state["volume_tags"] = std::move(tags);
  co_return true;
}

// An attribute that DescribeInstances does not tell. AWS answers for one instance and attribute at a time, so only
// those are asked for that the configuration or an import wants.
Task<bool> read_attribute(Context& c, const char* attribute, const char* member, Json& value) {
  Json params = Json::object();
  params["InstanceId"] = c.text("id");
  params["Attribute"] = attribute;
  ApiResult found = co_await c.backend.batches().share("ec2", "DescribeInstanceAttribute", std::move(params), c.region);
  if (!found) co_return c.fail(found.error(), "reading an attribute of");
  value = found->value(member, Json::object()).value("Value", Json());
  co_return true;
}

Task<bool> read_attributes(Context& c, bool every) {
  Json value;
  for (const auto& [name, attribute, member] :
       {std::tuple("disable_api_termination", "disableApiTermination", "DisableApiTermination"),
        std::tuple("disable_api_stop", "disableApiStop", "DisableApiStop")}) {
    if (!every && !bool_of(c.state, name)) {
      c.state[name] = false;
      continue;
    }
    bool ok = co_await read_attribute(c, attribute, member, value);
    if (!ok) co_return false;
    c.state[name] = value.is_boolean() ? value : Json(false);
  }
  std::string behavior = string_of(c.state, "instance_initiated_shutdown_behavior");
  if (every || (!behavior.empty() && behavior != "stop")) {
    bool ok =
        co_await read_attribute(c, "instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior", value);
    if (!ok) co_return false;
    c.state["instance_initiated_shutdown_behavior"] = value.is_string() ? value : Json("stop");
  } else {
    c.state["instance_initiated_shutdown_behavior"] = "stop";
  }
  bool encoded = !string_of(c.state, "user_data_base64").empty();
  if (!every && !encoded && string_of(c.state, "user_data").empty()) co_return true;
  bool ok = co_await read_attribute(c, "userData", "UserData", value);
  if (!ok) co_return false;
  std::string now = value.is_string() ? value.get<std::string>() : std::string();
  if (encoded) {
    if (base64_decode(now) != base64_decode(string_of(c.state, "user_data_base64"))) c.state["user_data_base64"] = now;
  } else if (!now.empty() || c.state["user_data"].is_string()) {
    c.state["user_data"] = base64_decode(now).value_or(now);
  }
  co_return true;
}

void put_placement(Context& c, const Json& placement) {
  for (const auto& [name, member] :
       {std::pair("availability_zone", "AvailabilityZone"), std::pair("tenancy", "Tenancy"),
        std::pair("host_id", "HostId"), std::pair("host_resource_group_arn", "HostResourceGroupArn"),
        std::pair("placement_group", "GroupName"), std::pair("placement_group_id", "GroupId")}) {
    c.state[name] = string_of(placement, member);
  }
  if (string_of(c.state, "tenancy").empty()) c.state["tenancy"] = "default";
  c.state["placement_partition_number"] = placement.value("PartitionNumber", Json(0));
}

void put_network(Context& c, const Json& instance) {
  Json interface = first_interface(instance);
  c.state["primary_network_interface_id"] = string_of(interface, "NetworkInterfaceId");
  if (c.state["associate_public_ip_address"].is_null())
    c.state["associate_public_ip_address"] = !string_of(instance, "PublicIpAddress").empty();
  Json secondary = Json::array(), six = Json::array();
  for (const Json& address : interface.value("PrivateIpAddresses", Json::array())) {
    if (!bool_of(address, "Primary")) secondary.push_back(string_of(address, "PrivateIpAddress"));
  }
  bool primary = false;
  for (const Json& address : interface.value("Ipv6Addresses", Json::array())) {
    six.push_back(string_of(address, "Ipv6Address"));
    primary = primary || bool_of(address, "IsPrimaryIpv6");
  }
  c.state["secondary_private_ips"] = std::move(secondary);
  c.state["ipv6_address_count"] = six.size();
  c.state["ipv6_addresses"] = std::move(six);
  c.state["enable_primary_ipv6"] = primary;
  Json groups = Json::array();
  for (const Json& group : instance.value("SecurityGroups", Json::array())) groups.push_back(group["GroupId"]);
  if (groups.empty()) {
    for (const Json& group : interface.value("Groups", Json::array())) groups.push_back(group["GroupId"]);
  }
  c.state["vpc_security_group_ids"] = std::move(groups);
  if (c.state["security_groups"].is_null()) c.state["security_groups"] = Json::array();
  if (c.state["network_interface"].empty() && c.state["primary_network_interface"].empty()) return;
  Json blocks = Json::array(), first = Json::array();
  for (const Json& each : instance.value("NetworkInterfaces", Json::array())) {
    const Json attachment = each.value("Attachment", Json::object());
    Json block = Json::object();
    block["network_interface_id"] = string_of(each, "NetworkInterfaceId");
    block["delete_on_termination"] = bool_of(attachment, "DeleteOnTermination");
    if (attachment.value("DeviceIndex", Json()) == Json(0)) first.push_back(block);
    block["device_index"] = attachment.value("DeviceIndex", Json(0));
    block["network_card_index"] = attachment.value("NetworkCardIndex", Json(0));
    blocks.push_back(std::move(block));
  }
  if (!c.state["network_interface"].empty()) c.state["network_interface"] = std::move(blocks);
  if (!c.state["primary_network_interface"].empty()) c.state["primary_network_interface"] = std::move(first);
}

Task<bool> read_password(Context& c) {
  if (string_of(c.state, "password_data").empty()) c.state["password_data"] = "";
  if (!bool_of(c.state, "get_password_data") || !string_of(c.state, "password_data").empty()) co_return true;
  Json params = Json::object();
  params["InstanceId"] = c.state["id"];
  ApiResult found = co_await c.call("ec2", "GetPasswordData", std::move(params));
  if (!found) co_return c.fail(found.error(), "reading the password of");
  c.state["password_data"] = string_of(*found, "PasswordData");
  co_return true;
}

Task<bool> read_as(Context& c, bool every) {
  Result<Json, ApiError> found = co_await c.describe(kInstances, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& instance = *found;
  std::string lifecycle = instance.is_object() ? string_of(instance.value("State", Json::object()), "Name") : "";
  if (instance.is_null() || lifecycle == "terminated" || lifecycle == "shutting-down") {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, instance, c.state, every ? Blocks::kAll : Blocks::kConfigured);
  c.state["tags_all"] = tag_map(instance.value("Tags", Json::array()));
  c.state["arn"] = ec2_arn(c, "instance", c.text("id"));
  c.state["instance_state"] = lifecycle;
  put_placement(c, instance.value("Placement", Json::object()));
  put_network(c, instance);
  std::string monitoring = string_of(instance.value("Monitoring", Json::object()), "State");
  c.state["monitoring"] = monitoring == "enabled" || monitoring == "pending";
  std::string profile = string_of(instance.value("IamInstanceProfile", Json::object()), "Arn");
  c.state["iam_instance_profile"] = profile.substr(profile.rfind('/') + 1);
  bool hibernates = bool_of(instance.value("HibernationOptions", Json::object()), "Configured");
  if (hibernates || c.state["hibernation"].is_boolean()) c.state["hibernation"] = hibernates;
  for (const char* name : {"ami", "instance_lifecycle", "instance_type", "key_name", "outpost_arn", "private_dns",
                           "private_ip", "public_dns", "public_ip", "spot_instance_request_id", "subnet_id"}) {
    if (c.state[name].is_null()) c.state[name] = "";
  }
  // A stopped instance has no public address.
  if (!instance.contains("PublicIpAddress")) c.state["public_ip"] = c.state["public_dns"] = "";
  if (c.state["ebs_optimized"].is_null()) c.state["ebs_optimized"] = false;
  bool ok = co_await read_devices(c, instance, every);
  if (ok) ok = co_await read_attributes(c, every);
  if (ok && !c.state["credit_specification"].empty()) {
    Result<Json, ApiError> credits = co_await c.describe(kCredits, c.text("id"));
    if (!credits) co_return c.fail(credits.error(), "reading the credits of");
    if (credits->is_object()) c.state["credit_specification"][0]["cpu_credits"] = string_of(*credits, "CpuCredits");
  }
  if (ok) ok = co_await read_password(c);
  co_return ok;
}

Task<bool> read(Context& c) {
  bool ok = co_await read_as(c, false);
  co_return ok;
}

// Everything AWS tells, blocks that nobody wrote included.
Task<bool> import(Context& c) {
  bool ok = co_await read_as(c, true);
  if (ok && c.state.is_null()) co_return c.fail("importing", "there is no such instance");
  c.state["region"] = c.region;
  co_return ok;
}

// A device that is new, gone, or another kind of volume means another instance.
bool other_devices(const Json& before, const Json& after) {
  if (before.size() != after.size()) return true;
  for (const Json& device : after) {
    const Json* old = nullptr;
    for (const Json& each : before) {
      if (each["device_name"] == device["device_name"]) old = &each;
    }
    if (old == nullptr) return true;
    for (const char* name : {"delete_on_termination", "encrypted", "iops", "kms_key_id", "snapshot_id", "throughput",
                             "volume_size", "volume_type"}) {
      if (!device[name].is_null() && device[name] != (*old)[name]) return true;
    }
  }
  return false;
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>& replace) {
  if (!prior.is_object()) return;
  for (const char* name : kFilledIn) {
    if (planned[name].is_array() && planned[name].empty() && prior[name].is_array() && !prior[name].empty())
      planned[name] = prior[name];
  }
  if (config["user_data"].is_string() && prior["user_data_base64"].is_string()) planned["user_data_base64"] = nullptr;
  bool data = prior["user_data"] != planned["user_data"] || prior["user_data_base64"] != planned["user_data_base64"];
  if (data && bool_of(planned, "user_data_replace_on_change")) {
    for (const char* name : {"user_data", "user_data_base64"}) {
      if (prior[name] != planned[name]) replace.push_back(name);
    }
  }
  if (other_devices(prior["ebs_block_device"], planned["ebs_block_device"])) replace.push_back("ebs_block_device");
  if (bool_of(prior, "enable_primary_ipv6") && planned["enable_primary_ipv6"] == Json(false))
    replace.push_back("enable_primary_ipv6");
  // Starting again brings another public address.
  if (data || prior["instance_type"] != planned["instance_type"]) {
    unknown.push_back("public_ip");
    unknown.push_back("public_dns");
  }
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  auto has = [&](const char* name) {
    auto found = config.find(name);
    return found != config.end() && !found->is_null() && !(found->is_array() && found->empty());
  };
  if (!has("ami") && !has("launch_template")) problems.push_back("ami: must be set where no launch_template is");
  if (!has("instance_type") && !has("launch_template"))
    problems.push_back("instance_type: must be set where no launch_template is");
  for (const auto& [one, other] :
       {std::pair("user_data", "user_data_base64"), std::pair("ipv6_address_count", "ipv6_addresses"),
        std::pair("placement_group", "placement_group_id"), std::pair("placement_group", "host_resource_group_arn"),
        std::pair("network_interface", "primary_network_interface")}) {
    if (has(one) && has(other)) problems.push_back(std::string(one) + ": conflicts with " + other);
  }
  for (const char* block : {"network_interface", "primary_network_interface"}) {
    for (const char* name : {"associate_public_ip_address", "subnet_id", "private_ip", "secondary_private_ips",
                             "vpc_security_group_ids", "security_groups", "ipv6_addresses", "ipv6_address_count"}) {
      if (has(block) && has(name)) problems.push_back(std::string(name) + ": conflicts with " + block);
    }
  }
  for (const char* block : {"root_block_device", "ebs_block_device"}) {
    const Json blocks = config.value(block, Json::array());
    for (const Json& each : blocks.is_array() ? blocks : Json::array()) {
      if (has("volume_tags") && each.is_object() && !each.value("tags", Json()).is_null())
        problems.push_back(std::string("volume_tags: conflicts with tags of ") + block);
    }
  }
  return problems;
}

}  // namespace

Json only_block(const Json& attributes, const char* name) {
  auto found = attributes.find(name);
  bool given = found != attributes.end() && found->is_array() && !found->empty() && found->at(0).is_object();
  return given ? found->at(0) : Json::object();
}

std::string volume_of_device(const Json& instance, const std::string& device) {
  for (const Json& mapping : instance.value("BlockDeviceMappings", Json::array())) {
    if (string_of(mapping, "DeviceName") == device) return string_of(mapping.value("Ebs", Json::object()), "VolumeId");
  }
  return {};
}

Json first_interface(const Json& instance) {
  for (const Json& each : instance.value("NetworkInterfaces", Json::array())) {
    if (each.value("Attachment", Json::object()).value("DeviceIndex", Json()) == Json(0)) return each;
  }
  return Json::object();
}

ResourceType instance() {
  ResourceType type;
  type.name = "aws_instance";
  type.schema_version = 2;
  type.table = kTable;
  type.title = "EC2 Instance";
  type.tags = TagStyle::kEc2;
  type.create = launch_instance;
  type.read = read;
  type.update = update_instance;
  type.remove = terminate_instance;
  type.recover = recover_instance;
  type.import = import;
  type.plan = plan;
  type.validate = validate;
  type.reads =
      "ec2:DescribeInstanceAttribute ec2:DescribeInstanceCreditSpecifications ec2:DescribeInstances "
      "ec2:DescribeVolumes ec2:GetPasswordData";
  type.changes =
      "ec2:AssignPrivateIpAddresses ec2:AssociateIamInstanceProfile ec2:CancelSpotInstanceRequests "
      "ec2:CreateTags ec2:DeleteTags ec2:DescribeIamInstanceProfileAssociations ec2:DescribeImages "
      "ec2:DescribeLaunchTemplateVersions ec2:DescribeVolumesModifications "
      "ec2:DisassociateIamInstanceProfile ec2:ModifyInstanceAttribute "
      "ec2:ModifyInstanceCapacityReservationAttributes ec2:ModifyInstanceCpuOptions "
      "ec2:ModifyInstanceCreditSpecification ec2:ModifyInstanceMaintenanceOptions "
      "ec2:ModifyInstanceMetadataOptions ec2:ModifyInstancePlacement ec2:ModifyNetworkInterfaceAttribute "
      "ec2:ModifyPrivateDnsNameOptions ec2:ModifyVolume ec2:MonitorInstances "
      "ec2:ReplaceIamInstanceProfileAssociation ec2:RunInstances ec2:StartInstances ec2:StopInstances "
      "ec2:TerminateInstances ec2:UnassignPrivateIpAddresses ec2:UnmonitorInstances";
  return type;
}

}  // namespace terrace::aws::types
