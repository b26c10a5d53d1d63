// aws_efs_file_system, aws_efs_mount_target, aws_efs_backup_policy
#include <algorithm>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kSystemTable = R"(
  arn string c api=FileSystemArn
  availability_zone_id string c
  availability_zone_name string oc new
  creation_token string oc new
  dns_name string c api=-
  encrypted bool oc new
  id string oc api=-
  kms_key_id string oc new
  name string c api=-
  number_of_mount_targets number c
  owner_id string c
  performance_mode string oc new one_of=generalPurpose|maxIO
  provisioned_throughput_in_mibps number o
  region string oc new api=-
  size_in_bytes list(object({value=number,value_in_ia=number,value_in_standard=number})) c api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  throughput_mode string o default="bursting" one_of=bursting|elastic|provisioned
  block lifecycle_policy list api=- {
    transition_to_archive string o
    transition_to_ia string o
    transition_to_primary_storage_class string o
  }
  block protection list max=1 api=- {
    replication_overwrite string oc
  }
)";
constexpr const char* kTargetTable = R"(
  availability_zone_id string c
  availability_zone_name string c
  dns_name string c api=-
  file_system_arn string c api=-
  file_system_id string r new
  id string oc api=-
  ip_address string oc new
  ip_address_type string oc new
  ipv6_address string oc new
  mount_target_dns_name string c api=-
  network_interface_id string c
  owner_id string c
  region string oc new api=-
  security_groups set(string) oc
  subnet_id string r new
  block timeouts single api=- {
    create string o
    delete string o
  }
)";
constexpr const char* kBackupTable = R"(
  file_system_id string r new api=-
  id string oc api=-
  region string oc new api=-
  block backup_policy list min=1 max=1 api=- {
    status string r
  }
)";

constexpr TagCalls kTags{"efs", "TagResource", "UntagResource", "Tags", "TagKeys"};

Json named(const char* member, const std::string& id) {
  Json params = Json::object();
  params[member] = id;
  return params;
}

// The file system as the whole account's list has it, or null.
Task<Result<Json, ApiError>> find_system(Context& c, std::string id) {
  Json params = Json::object();
  ApiResult all = co_await c.backend.batches().share_all("efs", "DescribeFileSystems", params, c.region);
  if (!all) co_return Failure<ApiError>{all.error()};
  Json none;
  for (const Json& one : all->value("FileSystems", Json::array())) {
    if (string_of(one, "FileSystemId") == id) co_return one;
  }
  co_return none;
}

std::string dns_of(const Context& c, const std::string& id) {
  return id + ".efs." + c.region + "." + c.backend.partition().dns_suffix;
}

Task<bool> wait_until_available(Context& c, std::string id) {
  for (int attempt = 0; attempt < 90; ++attempt) {
    Result<Json, ApiError> system = co_await find_system(c, id);
    if (!system) co_return c.fail(system.error(), "waiting for");
    std::string status = system->is_object() ? string_of(*system, "LifeCycleState") : "creating";
    if (status == "available") co_return true;
    if (status == "error") co_return c.fail("creating", "AWS could not make it: its state is error");
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for", "it is not available after ten minutes");
}

Task<bool> put_lifecycle(Context& c) {
  Json policies = Json::array();
  for (const Json& block : c.planned["lifecycle_policy"]) {
    Json one = Json::object();
    if (!string_of(block, "transition_to_ia").empty()) one["TransitionToIA"] = block["transition_to_ia"];
    if (!string_of(block, "transition_to_archive").empty()) one["TransitionToArchive"] = block["transition_to_archive"];
    if (!string_of(block, "transition_to_primary_storage_class").empty())
      one["TransitionToPrimaryStorageClass"] = block["transition_to_primary_storage_class"];
    if (!one.empty()) policies.push_back(std::move(one));
  }
  Json params = named("FileSystemId", c.text("id"));
  params["LifecyclePolicies"] = std::move(policies);
  ApiResult done = co_await c.call("efs", "PutLifecycleConfiguration", std::move(params));
  if (!done) co_return c.fail(done.error(), "setting the lifecycle of");
  co_return true;
}

Task<bool> put_protection(Context& c) {
  for (const Json& block : c.planned["protection"]) {
    if (string_of(block, "replication_overwrite").empty()) continue;
    Json params = named("FileSystemId", c.text("id"));
    params["ReplicationOverwriteProtection"] = block["replication_overwrite"];
    ApiResult done = co_await c.call("efs", "UpdateFileSystemProtection", std::move(params));
    if (!done) co_return c.fail(done.error(), "setting the protection of");
  }
  co_return true;
}

// Repeated with the same token, the API says that the file system is there: nothing is made twice.
std::string creation_token(const Context& c) {
  std::string given = string_of(c.planned, "creation_token");
  return given.empty() ? Backend::generated_name("terraform-", c.token) : given;
}

Task<bool> create_system(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "efs", "CreateFileSystem"));
  params["CreationToken"] = creation_token(c);
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("efs", "CreateFileSystem", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["FileSystemId"];
  bool ok = co_await wait_until_available(c, c.text("id"));
  if (ok && !c.planned["lifecycle_policy"].empty()) ok = co_await put_lifecycle(c);
  if (ok && !c.planned["protection"].empty()) ok = co_await put_protection(c);
  co_return ok;
}

Task<bool> read_system(Context& c) {
  bool imported = c.state["arn"].is_null() && c.state["throughput_mode"].is_null();
  Result<Json, ApiError> found = co_await find_system(c, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& system = *found;
  if (system.is_null() || string_of(system, "LifeCycleState") == "deleted") {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, system, c.state);
  c.state["dns_name"] = dns_of(c, c.text("id"));
  Json tags = tag_map(system.value("Tags", Json::array()));
  c.state["name"] = string_of(tags, "Name");
  c.state["tags_all"] = std::move(tags);
  for (const char* name : {"availability_zone_id", "availability_zone_name", "kms_key_id"}) {
    if (c.state[name].is_null()) c.state[name] = "";
  }
  if (c.state["encrypted"].is_null()) c.state["encrypted"] = false;
  if (c.state["number_of_mount_targets"].is_null()) c.state["number_of_mount_targets"] = 0;
  const Json size = system.value("SizeInBytes", Json::object());
  Json bytes = Json::object();
  bytes["value"] = size.value("Value", 0);
  bytes["value_in_ia"] = size.value("ValueInIA", 0);
  bytes["value_in_standard"] = size.value("ValueInStandard", 0);
  c.state["size_in_bytes"] = Json::array();
  c.state["size_in_bytes"].push_back(std::move(bytes));
  const Json protection = system.value("FileSystemProtection", Json::object());
  if ((imported || !c.state["protection"].empty()) && protection.contains("ReplicationOverwriteProtection")) {
    Json block = Json::object();
    block["replication_overwrite"] = protection["ReplicationOverwriteProtection"];
    c.state["protection"] = Json::array();
    c.state["protection"].push_back(std::move(block));
  }
  Json params = named("FileSystemId", c.text("id"));
  ApiResult lifecycle = co_await c.backend.batches().share("efs", "DescribeLifecycleConfiguration", params, c.region);
  if (!lifecycle) co_return c.fail(lifecycle.error(), "reading the lifecycle of");
  Json policies = Json::array();
  for (const Json& policy : lifecycle->value("LifecyclePolicies", Json::array())) {
    Json one = Json::object();
    auto take = [&](const char* attribute, const char* member) {
      one[attribute] = policy.contains(member) ? policy[member] : Json(nullptr);
    };
    take("transition_to_ia", "TransitionToIA");
    take("transition_to_archive", "TransitionToArchive");
    take("transition_to_primary_storage_class", "TransitionToPrimaryStorageClass");
    policies.push_back(std::move(one));
  }
  c.state["lifecycle_policy"] = std::move(policies);
  co_return true;
}

Task<bool> update_system(Context& c) {
  bool ok = true;
  if (c.changed("throughput_mode") || c.changed("provisioned_throughput_in_mibps")) {
    Json params = named("FileSystemId", c.text("id"));
    params["ThroughputMode"] = c.planned["throughput_mode"];
    put_if_set(params, "ProvisionedThroughputInMibps", c, "provisioned_throughput_in_mibps");
    ApiResult done = co_await c.call("efs", "UpdateFileSystem", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
    ok = co_await wait_until_available(c, c.text("id"));
  }
  if (ok && c.changed("lifecycle_policy")) ok = co_await put_lifecycle(c);
  if (ok && c.changed("protection")) ok = co_await put_protection(c);
  if (!ok) co_return false;
  Json object = named("ResourceId", c.text("id"));
  ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove_system(Context& c) {
  Json params = named("FileSystemId", c.text("id"));
  ApiResult done =
      co_await call_while(c, "efs", "DeleteFileSystem", std::move(params), "FileSystemInUse", std::chrono::minutes(10));
  if (!done && is_code(done.error(), {"FileSystemNotFound"})) co_return true;
  if (!done) co_return c.fail(done.error(), "deleting");
  std::string id = c.text("id");
  for (int attempt = 0; attempt < 90; ++attempt) {
    Result<Json, ApiError> system = co_await find_system(c, id);
    if (!system) co_return c.fail(system.error(), "waiting for the deletion of");
    if (system->is_null() || string_of(*system, "LifeCycleState") == "deleted") co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "it is still there after ten minutes");
}

Task<bool> recover_system(Context& c) {
  Json params = named("CreationToken", creation_token(c));
  ApiResult found = co_await c.call("efs", "DescribeFileSystems", std::move(params));
  if (!found) co_return c.fail(found.error(), "looking for");
  for (const Json& one : found->value("FileSystems", Json::array())) c.state["id"] = one["FileSystemId"];
  co_return true;
}

// --- mount targets

// The target among those of its file system, or null.
Task<Result<Json, ApiError>> find_target(Context& c, std::string system, std::string id) {
  Json params = named(system.empty() ? "MountTargetId" : "FileSystemId", system.empty() ? id : system);
  ApiResult all = co_await c.backend.batches().share_all("efs", "DescribeMountTargets", params, c.region);
  Json none;
  if (!all && is_code(all.error(), {"FileSystemNotFound", "MountTargetNotFound"})) co_return none;
  if (!all) co_return Failure<ApiError>{all.error()};
  for (const Json& one : all->value("MountTargets", Json::array())) {
    if (string_of(one, "MountTargetId") == id) co_return one;
  }
  co_return none;
}

Task<bool> create_target(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "efs", "CreateMountTarget"));
  ApiResult made = co_await call_while(c, "efs", "CreateMountTarget", std::move(params),
                                       "IncorrectFileSystemLifeCycleState", std::chrono::minutes(5));
  if (!made) co_return c.fail(made.error(), "creating");
  std::string id = string_of(*made, "MountTargetId"), system = string_of(c.planned, "file_system_id");
  c.state["id"] = id;
  Duration end = c.backend.loop().clock().monotonic() + timeout_of(c, "create", std::chrono::minutes(30));
  for (int attempt = 0; c.backend.loop().clock().monotonic() < end; ++attempt) {
    Result<Json, ApiError> target = co_await find_target(c, system, id);
    if (!target) co_return c.fail(target.error(), "waiting for");
    if (target->is_object() && string_of(*target, "LifeCycleState") == "available") co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for", "it is not available within the time limit");
}

Task<bool> read_target(Context& c) {
  std::string id = c.text("id");
  Result<Json, ApiError> found = co_await find_target(c, string_of(c.state, "file_system_id"), id);
  if (!found) co_return c.fail(found.error(), "reading");
  if (found->is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, *found, c.state);
  std::string system = string_of(c.state, "file_system_id");
  c.state["file_system_arn"] = arn(c, "elasticfilesystem", c.region, c.backend.account_id, "file-system/" + system);
  c.state["dns_name"] = dns_of(c, system);
  c.state["mount_target_dns_name"] = string_of(c.state, "availability_zone_name") + "." + dns_of(c, system);
  bool six = !string_of(c.state, "ipv6_address").empty(), four = !string_of(c.state, "ip_address").empty();
  c.state["ip_address_type"] = six && four ? "DUAL_STACK" : six ? "IPV6_ONLY" : "IPV4_ONLY";
  for (const char* name : {"ipv6_address", "ip_address"}) {
    if (c.state[name].is_null()) c.state[name] = "";
  }
  Json params = named("MountTargetId", id);
  ApiResult groups = co_await c.backend.batches().share("efs", "DescribeMountTargetSecurityGroups", params, c.region);
  if (!groups) co_return c.fail(groups.error(), "reading the security groups of");
  c.state["security_groups"] = groups->value("SecurityGroups", Json::array());
  co_return true;
}

Task<bool> update_target(Context& c) {
  if (!c.changed("security_groups")) co_return true;
  Json params = named("MountTargetId", c.text("id"));
  params["SecurityGroups"] = c.planned["security_groups"];
  ApiResult done = co_await c.call("efs", "ModifyMountTargetSecurityGroups", std::move(params));
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> remove_target(Context& c) {
  std::string id = c.text("id"), system = string_of(c.prior, "file_system_id");
  Json params = named("MountTargetId", id);
  ApiResult done = co_await c.call("efs", "DeleteMountTarget", std::move(params));
  if (!done && is_code(done.error(), {"MountTargetNotFound"})) co_return true;
  if (!done) co_return c.fail(done.error(), "deleting");
  Duration end = c.backend.loop().clock().monotonic() + timeout_of(c, "delete", std::chrono::minutes(10));
  for (int attempt = 0; c.backend.loop().clock().monotonic() < end; ++attempt) {
    Result<Json, ApiError> target = co_await find_target(c, system, id);
    if (!target) co_return c.fail(target.error(), "waiting for the deletion of");
    if (target->is_null()) co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "it is still there after the time limit");
}

// A file system has one target a subnet.
Task<bool> recover_target(Context& c) {
  Json params = named("FileSystemId", string_of(c.planned, "file_system_id"));
  ApiResult all = co_await c.call("efs", "DescribeMountTargets", std::move(params));
  if (!all && is_code(all.error(), {"FileSystemNotFound"})) co_return true;
  if (!all) co_return c.fail(all.error(), "looking for");
  for (const Json& one : all->value("MountTargets", Json::array())) {
    if (one["SubnetId"] == c.planned["subnet_id"]) c.state["id"] = one["MountTargetId"];
  }
  co_return true;
}

// --- backups

Task<bool> put_backup(Context& c, std::string status) {
  Json params = named("FileSystemId", string_of(c.state, "file_system_id"));
  params["BackupPolicy"] = Json::object();
  params["BackupPolicy"]["Status"] = status;
  ApiResult done = co_await c.call("efs", "PutBackupPolicy", std::move(params));
  if (!done && status == "DISABLED" && is_code(done.error(), {"FileSystemNotFound"})) co_return true;
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["id"] = c.state["file_system_id"];
  co_return true;
}

Task<bool> write_backup(Context& c) {
  std::string status = string_of(c.planned["backup_policy"][0], "status");
  bool ok = co_await put_backup(c, std::move(status));
  co_return ok;
}

Task<bool> read_backup(Context& c) {
  Json params = named("FileSystemId", c.text("id"));
  ApiResult found = co_await c.backend.batches().share("efs", "DescribeBackupPolicy", params, c.region);
  if (!found && is_code(found.error(), {"FileSystemNotFound", "PolicyNotFound"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  std::string status = string_of(found->value("BackupPolicy", Json::object()), "Status");
  if (status == "ENABLING") status = "ENABLED";
  if (status == "DISABLING") status = "DISABLED";
  c.state["file_system_id"] = c.state["id"];
  Json block = Json::object();
  block["status"] = status;
  c.state["backup_policy"] = Json::array();
  c.state["backup_policy"].push_back(std::move(block));
  co_return true;
}

Task<bool> remove_backup(Context& c) {
  bool ok = co_await put_backup(c, "DISABLED");
  co_return ok;
}

Task<bool> recover_backup(Context& c) {
  c.state["id"] = c.planned["file_system_id"];
  co_return true;
}

}  // namespace

ResourceType efs_file_system() {
  ResourceType type;
  type.name = "aws_efs_file_system";
  type.table = kSystemTable;
  type.service = "efs";
  type.title = "EFS File System";
  type.tags = TagStyle::kOther;
  type.create = create_system;
  type.read = read_system;
  type.update = update_system;
  type.remove = remove_system;
  type.recover = recover_system;
  type.reads = "efs:DescribeFileSystems efs:DescribeLifecycleConfiguration";
  type.changes =
      "efs:CreateFileSystem efs:DeleteFileSystem efs:PutLifecycleConfiguration efs:TagResource "
      "efs:UntagResource efs:UpdateFileSystem efs:UpdateFileSystemProtection";
  return type;
}

ResourceType efs_mount_target() {
  ResourceType type;
  type.name = "aws_efs_mount_target";
  type.table = kTargetTable;
  type.service = "efs";
  type.title = "EFS Mount Target";
  type.create = create_target;
  type.read = read_target;
  type.update = update_target;
  type.remove = remove_target;
  type.recover = recover_target;
  type.reads = "efs:DescribeMountTargetSecurityGroups efs:DescribeMountTargets";
  type.changes = "efs:CreateMountTarget efs:DeleteMountTarget efs:ModifyMountTargetSecurityGroups";
  return type;
}

ResourceType efs_backup_policy() {
  ResourceType type;
  type.name = "aws_efs_backup_policy";
  type.table = kBackupTable;
  type.service = "efs";
  type.title = "EFS Backup Policy";
  type.create = write_backup;
  type.read = read_backup;
  type.update = write_backup;
  type.remove = remove_backup;
  type.recover = recover_backup;
  type.reads = "efs:DescribeBackupPolicy";
  type.changes = "efs:PutBackupPolicy";
  return type;
}

}  // namespace terrace::aws::types
