// aws_ami: the one image that fits, or the newest of several.
#include <algorithm>

#include <re2/re2.h>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  allow_unsafe_filter bool o
  architecture string c
  arn string c api=-
  block_device_mappings set(object({device_name=string,ebs=map(string),no_device=string,virtual_name=string})) c api=-
  boot_mode string c
  creation_date string c
  deprecation_time string c
  description string c
  ena_support bool c
  executable_users list(string) o api=-
  hypervisor string c
  id string oc api=-
  image_id string c
  image_location string c
  image_owner_alias string c api=ImageOwnerAlias
  image_type string c api=ImageType
  imds_support string c
  include_deprecated bool o api=-
  kernel_id string c api=KernelId
  last_launched_time string c
  most_recent bool o api=-
  name string c
  name_regex string o api=-
  owner_id string c
  owners list(string) o api=-
  platform string c
  platform_details string c
  product_codes set(object({product_code_id=string,product_code_type=string})) c api=-
  public bool c api=Public
  ramdisk_id string c api=RamdiskId
  region string oc api=-
  root_device_name string c
  root_device_type string c
  root_snapshot_id string c
  sriov_net_support string c
  state string c
  state_reason map(string) c api=-
  tags map(string) oc api=-
  tpm_support string c
  uefi_data string o
  usage_operation string c api=UsageOperation
  virtualization_type string c
  block filter set api=- {
    name string r
    values set(string) r
  }
  block timeouts single {
    read string o
  }
)";

Json text_map(const Json& object, std::initializer_list<std::pair<const char*, const char*>> members) {
  Json map = Json::object();
  for (const auto& [name, member] : members) {
    auto found = object.find(member);
    if (found == object.end()) {
      map[name] = "";
    } else {
      map[name] = found->is_string() ? *found : Json(found->dump());
    }
  }
  return map;
}

Json devices_of(const Json& image) {
  Json devices = Json::array();
  for (const Json& mapping : image.value("BlockDeviceMappings", Json::array())) {
    Json device = Json::object();
    device["device_name"] = string_of(mapping, "DeviceName");
    device["no_device"] = string_of(mapping, "NoDevice");
    device["virtual_name"] = string_of(mapping, "VirtualName");
    Json ebs = Json::object();
    if (mapping.contains("Ebs")) {
      ebs = text_map(mapping["Ebs"], {{"delete_on_termination", "DeleteOnTermination"},
                                      {"encrypted", "Encrypted"},
                                      {"iops", "Iops"},
                                      {"snapshot_id", "SnapshotId"},
                                      {"throughput", "Throughput"},
                                      {"volume_size", "VolumeSize"},
                                      {"volume_type", "VolumeType"},
                                      {"volume_initialization_rate", "VolumeInitializationRate"}});
      for (const char* number : {"iops", "throughput", "volume_initialization_rate"}) {
        if (ebs[number] == Json("")) ebs[number] = "0";
      }
    }
    device["ebs"] = std::move(ebs);
    devices.push_back(std::move(device));
  }
  return devices;
}

Task<bool> read(Context& c) {
  Json params = Json::object();
  if (c.config["owners"].is_array() && !c.config["owners"].empty()) params["Owners"] = c.config["owners"];
  if (c.config["executable_users"].is_array() && !c.config["executable_users"].empty())
    params["ExecutableUsers"] = c.config["executable_users"];
  if (bool_of(c.config, "include_deprecated")) params["IncludeDeprecated"] = true;
  const Json given = c.config["filter"].is_array() ? c.config["filter"] : Json::array();
  Json list = Json::array();
  for (const Json& filter : given) {
    Json one = Json::object();
    one["Name"] = filter["name"];
    one["Values"] = filter["values"];
    list.push_back(std::move(one));
  }
  if (!list.empty()) params["Filters"] = std::move(list);
  ApiResult answer = co_await c.backend.batches().share("ec2", "DescribeImages", params, c.region);
  if (!answer) co_return c.fail(answer.error(), "reading images");
  std::vector<Json> images;
  std::string pattern = string_of(c.config, "name_regex");
  for (const Json& image : answer->value("Images", Json::array())) {
    if (!pattern.empty() && !RE2::PartialMatch(string_of(image, "Name"), pattern)) continue;
    images.push_back(image);
  }
  if (images.empty())
    co_return c.fail("reading images",
                     "your query returned no results. Please change your search criteria and try again.");
  if (images.size() > 1 && !bool_of(c.config, "most_recent")) {
    co_return c.fail("reading images",
                     "your query returned more than one result. Please try a more specific search criteria, or set "
                     "`most_recent` attribute to true.");
  }
  std::sort(images.begin(), images.end(), [](const Json& a, const Json& b) {
    return std::pair(string_of(a, "CreationDate"), string_of(a, "Name")) >
           std::pair(string_of(b, "CreationDate"), string_of(b, "Name"));
  });
  const Json& image = images[0];
  Json before = c.state;
  c.state = from_api(c.rows, image, c.state);
  c.state["id"] = string_of(image, "ImageId");
  c.state["arn"] = arn(c, "ec2", c.region, "", "image/" + string_of(image, "ImageId"));
  c.state["block_device_mappings"] = devices_of(image);
  c.state["product_codes"] = Json::array();
  c.state["state_reason"] =
      text_map(image.value("StateReason", Json::object()), {{"code", "Code"}, {"message", "Message"}});
  for (const char* name : {"code", "message"}) {
    if (c.state["state_reason"][name] == Json("")) c.state["state_reason"][name] = "UNSET";
  }
  c.state["tags"] = tag_map(image.value("Tags", Json::array()));
  std::string root = string_of(image, "RootDeviceName");
  c.state["root_snapshot_id"] = "";
  for (const Json& mapping : image.value("BlockDeviceMappings", Json::array())) {
    if (string_of(mapping, "DeviceName") == root && mapping.contains("Ebs"))
      c.state["root_snapshot_id"] = string_of(mapping["Ebs"], "SnapshotId");
  }
  for (const Row& row : c.rows) {
    if (!row.is_block && row.computed && row.type == "string" && c.state[row.name].is_null()) c.state[row.name] = "";
  }
  for (const char* argument : {"filter", "owners", "executable_users"}) c.state[argument] = before[argument];
  co_return true;
}

}  // namespace

DataSource ami() {
  return {"aws_ami", kTable, read, "ec2:DescribeImages", true};
}

}  // namespace terrace::aws::types
