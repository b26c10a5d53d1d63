// aws_launch_template: every change of what instances are launched with makes a new version.
#include <fmt/format.h>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  default_version number oc api=DefaultVersionNumber
  description string o api=-
  disable_api_stop bool o
  disable_api_termination bool o
  ebs_optimized string o
  id string oc api=-
  image_id string o
  instance_initiated_shutdown_behavior string o
  instance_type string o
  kernel_id string o
  key_name string o
  latest_version number c api=LatestVersionNumber
  name string oc new api=LaunchTemplateName
  name_prefix string oc new api=-
  ram_disk_id string o api=RamDiskId
  region string oc new api=-
  security_group_names set(string) o api=SecurityGroups
  tags map(string) o api=-
  tags_all map(string) oc api=-
  update_default_version bool o api=-
  user_data string o
  vpc_security_group_ids set(string) o api=SecurityGroupIds
  block block_device_mappings list {
    device_name string o
    no_device string o
    virtual_name string o
    block ebs list max=1 {
      delete_on_termination string o
      encrypted string o
      iops number oc
      kms_key_id string o
      snapshot_id string o
      throughput number oc
      volume_initialization_rate number oc
      volume_size number oc
      volume_type string oc
    }
  }
  block capacity_reservation_specification list max=1 {
    capacity_reservation_preference string o
    block capacity_reservation_target list max=1 {
      capacity_reservation_id string o
      capacity_reservation_resource_group_arn string o
    }
  }
  block cpu_options list max=1 {
    amd_sev_snp string o api=AmdSevSnp
    core_count number o
    threads_per_core number o
  }
  block credit_specification list max=1 {
    cpu_credits string o
  }
  block enclave_options list max=1 {
    enabled bool o
  }
  block hibernation_options list max=1 {
    configured bool r
  }
  block iam_instance_profile list max=1 {
    arn string o
    name string o
  }
  block instance_market_options list max=1 {
    market_type string o
    block spot_options list max=1 {
      block_duration_minutes number o
      instance_interruption_behavior string o
      max_price string o
      spot_instance_type string o
      valid_until string oc
    }
  }
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
    block accelerator_total_memory_mib list max=1 api=AcceleratorTotalMemoryMiB {
      max number o
      min number o
    }
    block baseline_ebs_bandwidth_mbps list max=1 {
      max number o
      min number o
    }
    block memory_gib_per_vcpu list max=1 api=MemoryGiBPerVCpu {
      max number o
      min number o
    }
    block memory_mib list min=1 max=1 api=MemoryMiB {
      max number o
      min number r
    }
    block network_bandwidth_gbps list max=1 {
      max number o
      min number o
    }
    block network_interface_count list max=1 {
      max number o
      min number o
    }
    block total_local_storage_gb list max=1 api=TotalLocalStorageGB {
      max number o
      min number o
    }
    block vcpu_count list min=1 max=1 api=VCpuCount {
      max number o
      min number r
    }
  }
  block license_specification set api=LicenseSpecifications {
    license_configuration_arn string r
  }
  block maintenance_options list max=1 {
    auto_recovery string o
  }
  block metadata_options list max=1 {
    http_endpoint string oc
    http_protocol_ipv6 string oc
    http_put_response_hop_limit number oc
    http_tokens string oc
    instance_metadata_tags string oc
  }
  block monitoring list max=1 {
    enabled bool o
  }
  block network_interfaces list {
    associate_carrier_ip_address string o
    associate_public_ip_address string o
    delete_on_termination string o
    description string o
    device_index number o
    interface_type string o
    ipv4_address_count number o api=SecondaryPrivateIpAddressCount
    ipv4_addresses set(string) o api=-
    ipv4_prefix_count number o
    ipv4_prefixes set(string) o api=-
    ipv6_address_count number o api=Ipv6AddressCount
    ipv6_addresses set(string) o api=-
    ipv6_prefix_count number o
    ipv6_prefixes set(string) o api=-
    network_card_index number o
    network_interface_id string o
    primary_ipv6 string o
    private_ip_address string o
    security_groups set(string) o api=Groups
    subnet_id string o
    block connection_tracking_specification list max=1 {
      tcp_established_timeout number o
      udp_stream_timeout number o
      udp_timeout number o
    }
    block ena_srd_specification list max=1 {
      ena_srd_enabled bool o
      block ena_srd_udp_specification list max=1 {
        ena_srd_udp_enabled bool o
      }
    }
  }
  block placement list max=1 {
    affinity string o
    availability_zone string o
    group_id string o
    group_name string o
    host_id string o
    host_resource_group_arn string o
    partition_number number o
    spread_domain string o
    tenancy string o
  }
  block private_dns_name_options list max=1 {
    enable_resource_name_dns_a_record bool o
    enable_resource_name_dns_aaaa_record bool o api=EnableResourceNameDnsAAAARecord
    hostname_type string o
  }
  block tag_specifications list {
    resource_type string o
    tags map(string) o
  }
)";

// What a version holds beside its data: the template's own.
constexpr const char* kOwn[] = {
    "arn",         "default_version", "description", "id",       "latest_version",        "name",
    "name_prefix", "region",          "tags",        "tags_all", "update_default_version"};

bool is_own(const std::string& name) {
  for (const char* own : kOwn) {
    if (name == own) return true;
  }
  return false;
}

Json data_of(Context& c) {
  Json attributes = c.planned;
  for (const char* own : kOwn) attributes.erase(own);
  const Shape& shape = *input_shape(c, "ec2", "CreateLaunchTemplate").member("LaunchTemplateData")->reference.shape;
  return to_api(c.rows, attributes, shape);
}

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = Json::object();
  params["ClientToken"] = c.token;
  params["LaunchTemplateName"] = name;
  params["LaunchTemplateData"] = data_of(c);
  if (!string_of(c.planned, "description").empty()) params["VersionDescription"] = c.planned["description"];
  Json tags = tag_specifications(c, "launch-template", false);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult made = co_await c.call("ec2", "CreateLaunchTemplate", params);
  if (!made) co_return c.fail(made.error(), "creating");
  const Json one = made->value("LaunchTemplate", Json::object());
  c.state["id"] = one.value("LaunchTemplateId", Json());
  c.state["name"] = name;
  co_return true;
}

// The latest versions of many templates come in one call, by $Latest without a template's id.
Task<bool> read_version(Context& c) {
  std::string id = c.text("id");
  Json params = Json::object();
  params["Versions"] = Json::array();
  params["Versions"].push_back("$Latest");
  ApiResult answer = co_await c.backend.batches().share("ec2", "DescribeLaunchTemplateVersions", params, c.region);
  Json version = nullptr;
  if (answer) {
    for (const Json& each : answer->value("LaunchTemplateVersions", Json::array())) {
      if (string_of(each, "LaunchTemplateId") == id) version = each;
    }
  }
  if (version.is_null()) {
    params["LaunchTemplateId"] = id;
    ApiResult own = co_await c.backend.batches().share("ec2", "DescribeLaunchTemplateVersions", params, c.region);
    if (!own) co_return c.fail(own.error(), "reading the latest version of");
    const Json list = own->value("LaunchTemplateVersions", Json::array());
    if (list.empty()) co_return c.fail("reading", "it has no latest version");
    version = list[0];
  }
  Json own = Json::object();
  for (const char* name : kOwn) {
    if (c.state.contains(name)) own[name] = c.state[name];
  }
  Json data = version.value("LaunchTemplateData", Json::object());
  // The template's own tags are no part of what it launches.
  if (data.contains("TagSpecifications")) {
    Json launched = Json::array();
    for (const Json& each : data["TagSpecifications"]) {
      if (string_of(each, "ResourceType") != "launch-template") launched.push_back(each);
    }
    data["TagSpecifications"] = std::move(launched);
  }
  // A version has no more than what was written into it.
  c.state = from_api(c.rows, data, c.state, Blocks::kAll);
  for (const auto& [name, value] : own.items()) c.state[name] = value;
  std::string description = string_of(version, "VersionDescription");
  if (!description.empty() || c.state["description"].is_string()) c.state["description"] = description;
  co_return true;
}

// What the configuration does not say and the API does not tell is settled: nothing stays unknown.
void settle(const std::vector<Row>& rows, Json& attributes) {
  for (const Row& row : rows) {
    if (row.is_block) {
      if (!attributes.contains(row.name) || !attributes[row.name].is_array()) continue;
      for (Json& each : attributes[row.name]) settle(row.rows, each);
    } else if (row.computed && row.optional && attributes.is_object() &&
               (!attributes.contains(row.name) || attributes[row.name].is_null())) {
      if (row.type == "number") attributes[row.name] = 0;
      if (row.type == "string") attributes[row.name] = "";
    }
  }
}

Task<bool> read(Context& c) {
  Json found;
  bool ok = co_await read_ec2(c, kLaunchTemplates, found);
  if (!ok) {
    // This describe takes ids, not a filter: one that is gone fails the call for all that were asked for with it.
    co_return false;
  }
  if (c.state.is_null()) co_return true;
  c.state["arn"] = ec2_arn(c, "launch-template", c.text("id"));
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  ok = co_await read_version(c);
  if (!ok) co_return false;
  for (const Row& row : c.rows) {
    if (!row.is_block || !c.state.contains(row.name) || !c.state[row.name].is_array()) continue;
    for (Json& each : c.state[row.name]) settle(row.rows, each);
  }
  co_return true;
}

bool data_changed(const Json& prior, const Json& planned) {
  for (const auto& [name, value] : planned.items()) {
    if (!is_own(name) && (!prior.contains(name) || prior[name] != value)) return true;
  }
  return prior["description"] != planned["description"];
}

Task<bool> update(Context& c) {
  std::string version;
  if (data_changed(c.prior, c.planned)) {
    Json params = Json::object();
    params["ClientToken"] = c.backend.random().uuid();
    params["LaunchTemplateId"] = c.prior["id"];
    params["LaunchTemplateData"] = data_of(c);
    if (!string_of(c.planned, "description").empty()) params["VersionDescription"] = c.planned["description"];
    ApiResult made = co_await c.call("ec2", "CreateLaunchTemplateVersion", params);
    if (!made) co_return c.fail(made.error(), "updating");
    const Json number = made->value("LaunchTemplateVersion", Json::object()).value("VersionNumber", Json());
    if (number.is_number() && bool_of(c.planned, "update_default_version")) version = number.dump();
  }
  if (c.changed("default_version") && c.planned["default_version"].is_number())
    version = c.planned["default_version"].dump();
  if (version.empty()) co_return true;
  Json params = Json::object();
  params["LaunchTemplateId"] = c.prior["id"];
  params["DefaultVersion"] = version;
  ApiResult done = co_await c.call("ec2", "ModifyLaunchTemplate", params);
  if (!done) co_return c.fail(done.error(), "updating the default version of");
  co_return true;
}

Task<bool> remove(Context& c) {
  std::string id = c.text("id");
  bool ok = co_await remove_ec2(c, "DeleteLaunchTemplate", "LaunchTemplateId", id,
                                "InvalidLaunchTemplateId.NotFound|InvalidLaunchTemplateId.NotFoundException|"
                                "InvalidLaunchTemplateName.NotFoundException",
                                "");
  co_return ok;
}

Task<bool> recover(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = Json::object();
  params["Filters"] = filters({{"launch-template-name", name}});
  ApiResult answer = co_await c.call("ec2", "DescribeLaunchTemplates", params);
  if (!answer) co_return c.fail(answer.error(), "looking for");
  const Json found = answer->value("LaunchTemplates", Json::array());
  if (found.empty()) co_return true;
  c.state["id"] = string_of(found[0], "LaunchTemplateId");
  c.state["name"] = name;
  co_return true;
}

void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown, std::vector<std::string>&) {
  if (!prior.is_object() || !data_changed(prior, planned)) return;
  unknown.push_back("latest_version");
  if (bool_of(planned, "update_default_version")) unknown.push_back("default_version");
}

}  // namespace

ResourceType launch_template() {
  ResourceType type;
  type.name = "aws_launch_template";
  type.table = kTable;
  type.title = "EC2 Launch Template";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.reads = "ec2:DescribeLaunchTemplateVersions ec2:DescribeLaunchTemplates";
  type.changes =
      "ec2:CreateLaunchTemplate ec2:CreateLaunchTemplateVersion ec2:DeleteLaunchTemplate "
      "ec2:ModifyLaunchTemplate";
  return type;
}

}  // namespace terrace::aws::types
