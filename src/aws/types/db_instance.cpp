// aws_db_instance
#include <algorithm>

#include <fmt/format.h>

#include "aws/types/rds.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  address string c api=-
  allocated_storage number oc
  allow_major_version_upgrade bool o api=-
  apply_immediately bool o default=false api=-
  arn string c api=DBInstanceArn
  auto_minor_version_upgrade bool o default=true
  availability_zone string oc new
  backup_retention_period number oc
  backup_target string oc new
  backup_window string oc api=PreferredBackupWindow
  ca_cert_identifier string oc api=CACertificateIdentifier
  character_set_name string oc new
  copy_tags_to_snapshot bool o default=false
  custom_iam_instance_profile string o new
  customer_owned_ip_enabled bool o api=EnableCustomerOwnedIp
  database_insights_mode string oc one_of=standard|advanced
  db_name string oc new api=DBName
  db_subnet_group_name string oc api=DBSubnetGroupName
  dedicated_log_volume bool o default=false
  delete_automated_backups bool o default=true api=-
  deletion_protection bool o
  domain string o
  domain_auth_secret_arn string o
  domain_dns_ips list(string) o
  domain_fqdn string oc
  domain_iam_role_name string o api=DomainIAMRoleName
  domain_ou string o
  enabled_cloudwatch_logs_exports set(string) o api=EnableCloudwatchLogsExports
  endpoint string c api=-
  engine string oc new
  engine_lifecycle_support string oc
  engine_version string oc
  engine_version_actual string c api=-
  final_snapshot_identifier string o api=-
  hosted_zone_id string c api=-
  iam_database_authentication_enabled bool o api=EnableIAMDatabaseAuthentication
  id string oc api=-
  identifier string oc api=DBInstanceIdentifier
  identifier_prefix string oc api=-
  instance_class string r api=DBInstanceClass
  iops number oc
  kms_key_id string oc new
  latest_restorable_time string c
  license_model string oc
  listener_endpoint list(object({address=string,hosted_zone_id=string,port=number})) c api=-
  maintenance_window string oc api=PreferredMaintenanceWindow
  manage_master_user_password bool o
  master_user_secret list(object({kms_key_id=string,secret_arn=string,secret_status=string})) c api=-
  master_user_secret_kms_key_id string oc
  max_allocated_storage number o
  monitoring_interval number o default=0
  monitoring_role_arn string oc
  multi_az bool oc api=MultiAZ
  nchar_character_set_name string oc new
  network_type string oc
  option_group_name string oc
  parameter_group_name string oc api=DBParameterGroupName
  password string o api=MasterUserPassword secret
  password_wo string o api=- wo secret
  password_wo_version number o api=-
  performance_insights_enabled bool o api=EnablePerformanceInsights default=false
  performance_insights_kms_key_id string oc api=PerformanceInsightsKMSKeyId
  performance_insights_retention_period number oc
  port number oc
  publicly_accessible bool o default=false
  region string oc new api=-
  replica_mode string oc
  replicas list(string) c api=-
  replicate_source_db string o api=SourceDBInstanceIdentifier
  resource_id string c api=DbiResourceId
  skip_final_snapshot bool o default=false api=-
  snapshot_identifier string oc new api=DBSnapshotIdentifier
  status string c api=DBInstanceStatus
  storage_encrypted bool o new
  storage_throughput number oc
  storage_type string oc
  tags map(string) o api=-
  tags_all map(string) oc api=-
  timezone string oc new
  upgrade_storage_config bool o
  username string oc new api=MasterUsername
  vpc_security_group_ids set(string) oc
  block blue_green_update list max=1 api=- {
    enabled bool o
  }
  block restore_to_point_in_time list max=1 new api=- {
    restore_time string o
    source_db_instance_automated_backups_arn string o
    source_db_instance_identifier string o
    source_dbi_resource_id string o
    use_latest_restorable_time bool o
  }
  block s3_import list max=1 new api=- {
    bucket_name string r
    bucket_prefix string o
    ingestion_role string r
    source_engine string r
    source_engine_version string r
  }
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
)";

constexpr Kind kInstances{"rds", "DescribeDBInstances", "dbi-resource-id", "", "DBInstances", "DbiResourceId", 100};
constexpr Kind kByName{"rds", "DescribeDBInstances", "db-instance-id", "", "DBInstances", "DBInstanceIdentifier", 100};

Json named(const char* member, const std::string& value) {
  Json params = Json::object();
  params[member] = value;
  return params;
}

std::string identifier_for(const Context& c) {
  std::string name = name_or_generated(c, "identifier", "identifier_prefix", "terraform-");
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char ch) { return std::tolower(ch); });
  return name;
}

// Waits until the instance is usable; other ends of the way than that are errors.
Task<bool> wait_until_available(Context& c, std::string identifier, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  std::string status;
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> found = co_await c.describe(kByName, identifier);
    if (!found) co_return c.fail(found.error(), "waiting for");
    status = found->is_object() ? string_of(*found, "DBInstanceStatus") : "";
    if (status == "available" || status == "storage-optimization") co_return true;
    if (status == "failed" || status.starts_with("incompatible-") || status == "restore-error")
      co_return c.fail("waiting for", fmt::format("its status became {}", status));
    if (loop.clock().monotonic() > end) break;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for", fmt::format("it is {} after the time limit; it goes on in AWS, so run again later",
                                              status.empty() ? "not there" : status));
}

// The operation that makes the instance: from nothing, a snapshot, another instance, a point in its time, or S3.
struct Creation {
  const char* operation;
  Json more;
};

Creation creation_of(const Context& c) {
  const Json& planned = c.planned;
  if (!string_of(planned, "replicate_source_db").empty()) return {"CreateDBInstanceReadReplica", Json::object()};
  if (!string_of(planned, "snapshot_identifier").empty()) return {"RestoreDBInstanceFromDBSnapshot", Json::object()};
  Json more = Json::object();
  auto take = [&](const Json& block, std::initializer_list<std::pair<const char*, const char*>> names) {
    for (const auto& [attribute, member] : names) {
      const Json& value = block[attribute];
      if (!value.is_null() && value != Json("")) more[member] = value;
    }
  };
  for (const Json& block : planned["restore_to_point_in_time"]) {
    take(block, {{"restore_time", "RestoreTime"},
                 {"source_db_instance_automated_backups_arn", "SourceDBInstanceAutomatedBackupsArn"},
                 {"source_db_instance_identifier", "SourceDBInstanceIdentifier"},
                 {"source_dbi_resource_id", "SourceDbiResourceId"},
                 {"use_latest_restorable_time", "UseLatestRestorableTime"}});
    more["TargetDBInstanceIdentifier"] = c.state["identifier"];
    return {"RestoreDBInstanceToPointInTime", more};
  }
  for (const Json& block : planned["s3_import"]) {
    take(block, {{"bucket_name", "S3BucketName"},
                 {"bucket_prefix", "S3Prefix"},
                 {"ingestion_role", "S3IngestionRoleArn"},
                 {"source_engine", "SourceEngine"},
                 {"source_engine_version", "SourceEngineVersion"}});
    return {"RestoreDBInstanceFromS3", more};
  }
  return {"CreateDBInstance", more};
}

std::string password_of(const Context& c) {
  std::string written = c.config.is_object() ? string_of(c.config, "password_wo") : std::string();
  return written.empty() ? string_of(c.planned, "password") : written;
}

// What a restore's operation cannot say is set when the instance is there.
Task<bool> set_the_rest(Context& c, const char* operation) {
  if (std::string_view(operation) == "CreateDBInstance") co_return true;
  const Shape& made_with = input_shape(c, "rds", operation);
  const Shape& modify = input_shape(c, "rds", "ModifyDBInstance");
  Json given = to_api(c.rows, c.config.is_object() ? c.config : c.planned, modify);
  Json already = to_api(c.rows, c.planned, made_with);
  Json params = Json::object();
  for (const auto& [member, value] : given.items()) {
    bool fixed = member == "DBInstanceIdentifier" || member == "Engine";
    if (!fixed && !already.contains(member)) params[member] = value;
  }
  std::string password = password_of(c);
  if (!password.empty()) params["MasterUserPassword"] = password;
  if (params.empty()) co_return true;
  params["DBInstanceIdentifier"] = c.state["identifier"];
  params["ApplyImmediately"] = true;
  ApiResult done = co_await c.call("rds", "ModifyDBInstance", std::move(params));
  if (!done) co_return c.fail(done.error(), "setting up");
  bool ok = co_await wait_until_available(c, string_of(c.state, "identifier"),
                                          timeout_of(c, "create", std::chrono::minutes(40)));
  co_return ok;
}

Task<bool> create(Context& c) {
  std::string identifier = identifier_for(c);
  c.state["identifier"] = identifier;
  Creation creation = creation_of(c);
  Json params = to_api(c.rows, c.planned, input_shape(c, "rds", creation.operation));
  params["DBInstanceIdentifier"] = identifier;
  if (std::string_view(creation.operation) == "RestoreDBInstanceToPointInTime") params.erase("DBInstanceIdentifier");
  bool from_nothing = std::string_view(creation.operation) == "CreateDBInstance";
  std::string password = password_of(c);
  if (from_nothing && !password.empty()) params["MasterUserPassword"] = password;
  for (const auto& [member, value] : creation.more.items()) params[member] = value;
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  // A role, a key or a subnet group that was just made may not be known to RDS yet.
  ApiResult made = co_await call_while(
      c, "rds", creation.operation, std::move(params),
      "IAM role ARN value is invalid or does not include the required permissions|ENHANCED_MONITORING",
      std::chrono::minutes(2));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["DBInstance"]["DbiResourceId"];
  bool ok = co_await wait_until_available(c, identifier, timeout_of(c, "create", std::chrono::minutes(40)));
  if (ok) ok = co_await set_the_rest(c, creation.operation);
  co_return ok;
}

std::string first_name(const Json& object, const char* list, const char* member) {
  const Json found = object.value(list, Json::array());
  return found.empty() ? std::string() : string_of(found[0], member);
}

Json endpoint_of(const Json& endpoint) {
  Json one = Json::object();
  one["address"] = string_of(endpoint, "Address");
  one["hosted_zone_id"] = string_of(endpoint, "HostedZoneId");
  one["port"] = endpoint.value("Port", 0);
  return one;
}

void take(Context& c, const Json& instance, const Json& before) {
  Json& state = c.state;
  state["id"] = instance["DbiResourceId"];
  const Json endpoint = instance.value("Endpoint", Json());
  state["address"] = endpoint.is_object() ? string_of(endpoint, "Address") : "";
  state["hosted_zone_id"] = endpoint.is_object() ? string_of(endpoint, "HostedZoneId") : "";
  state["endpoint"] = "";
  if (endpoint.is_object() && !string_of(endpoint, "Address").empty()) {
    state["port"] = endpoint.value("Port", 0);
    state["endpoint"] = fmt::format("{}:{}", string_of(endpoint, "Address"), endpoint.value("Port", 0));
  }
  state["listener_endpoint"] = Json::array();
  if (const Json listener = instance.value("ListenerEndpoint", Json()); listener.is_object())
    state["listener_endpoint"].push_back(endpoint_of(listener));
  state["db_subnet_group_name"] = string_of(instance.value("DBSubnetGroup", Json::object()), "DBSubnetGroupName");
  state["parameter_group_name"] = first_name(instance, "DBParameterGroups", "DBParameterGroupName");
  state["option_group_name"] = first_name(instance, "OptionGroupMemberships", "OptionGroupName");
  Json groups = Json::array();
  for (const Json& group : instance.value("VpcSecurityGroups", Json::array()))
    groups.push_back(group["VpcSecurityGroupId"]);
  state["vpc_security_group_ids"] = std::move(groups);
  state["replicas"] = instance.value("ReadReplicaDBInstanceIdentifiers", Json::array());
  std::string source = string_of(instance, "ReadReplicaSourceDBInstanceIdentifier");
  state["replicate_source_db"] = source.empty() ? Json(nullptr) : Json(source);
  // The configuration may name a version by its beginning.
  std::string actual = string_of(instance, "EngineVersion"), asked = string_of(before, "engine_version");
  state["engine_version_actual"] = actual;
  state["engine_version"] = !asked.empty() && actual.starts_with(asked) ? asked : actual;
  auto flag = [&](const char* attribute, const char* member) {
    bool on = bool_of(instance, member);
    if (on || state[attribute].is_boolean()) state[attribute] = on;
  };
  flag("iam_database_authentication_enabled", "IAMDatabaseAuthenticationEnabled");
  flag("performance_insights_enabled", "PerformanceInsightsEnabled");
  flag("customer_owned_ip_enabled", "CustomerOwnedIpEnabled");
  flag("deletion_protection", "DeletionProtection");
  const Json exports = instance.value("EnabledCloudwatchLogsExports", Json::array());
  state["enabled_cloudwatch_logs_exports"] =
      exports.empty() && before["enabled_cloudwatch_logs_exports"].is_null() ? Json(nullptr) : exports;
  state["master_user_secret"] = Json::array();
  if (const Json secret = instance.value("MasterUserSecret", Json()); secret.is_object()) {
    Json one = Json::object();
    one["secret_arn"] = string_of(secret, "SecretArn");
    one["secret_status"] = string_of(secret, "SecretStatus");
    one["kms_key_id"] = string_of(secret, "KmsKeyId");
    state["master_user_secret"].push_back(std::move(one));
    state["manage_master_user_password"] = true;
    if (!string_of(secret, "KmsKeyId").empty()) state["master_user_secret_kms_key_id"] = secret["KmsKeyId"];
  } else if (bool_of(before, "manage_master_user_password")) {
    state["manage_master_user_password"] = nullptr;
  }
  state["password"] = before["password"];
  state["password_wo"] = nullptr;
  // Strings that AWS leaves out are empty, as everyone who reads the state expects.
  for (const Row& row : c.rows) {
    if (!row.is_block && row.computed && row.type == "string" && state[row.name].is_null()) state[row.name] = "";
    if (!row.is_block && row.computed && row.type == "number" && state[row.name].is_null()) state[row.name] = 0;
    if (!row.is_block && row.computed && row.type == "bool" && state[row.name].is_null()) state[row.name] = false;
  }
}

Task<bool> read(Context& c) {
  std::string id = c.text("id");
  std::string identifier = c.text("identifier");
  const bool has_resource_id = id.starts_with("db-");
  if (!has_resource_id) identifier = id;
  // By its name first, where the id agrees; under another name by the id.
  Result<Json, ApiError> found = Json();
  if (!identifier.empty()) found = co_await c.describe(kByName, identifier);
  if (!found) co_return c.fail(found.error(), "reading");
  if (has_resource_id && (found->is_null() || string_of(*found, "DbiResourceId") != id)) {
    found = co_await c.describe(kInstances, id);
    if (!found) co_return c.fail(found.error(), "reading");
  }
  if (found->is_null()) {
    c.state = nullptr;
    co_return true;
  }
  Json before = c.state;
  c.state = from_api(c.rows, *found, c.state);
  take(c, *found, before);
  if (found->contains("TagList")) {
    c.state["tags_all"] = tag_map((*found)["TagList"]);
    co_return true;
  }
  bool ok = co_await read_rds_tags(c, string_of(c.state, "arn"));
  co_return ok;
}

// The changed arguments as ModifyDBInstance takes them.
Json modification(Context& c) {
  Json all = to_api(c.rows, c.planned, input_shape(c, "rds", "ModifyDBInstance"));
  Json params = Json::object();
  for (const Row& row : c.rows) {
    if (row.is_block || row.api == "-" || !c.changed(row.name)) continue;
    std::string member = row.api.empty() ? camel_case(row.name) : row.api;
    if (all.contains(member)) params[member] = all[member];
  }
  if (c.changed("port")) params["DBPortNumber"] = c.planned["port"];
  if (c.changed("identifier")) params["NewDBInstanceIdentifier"] = c.planned["identifier"];
  if (c.changed("password") && !string_of(c.planned, "password").empty())
    params["MasterUserPassword"] = c.planned["password"];
  if (c.changed("password_wo_version") && !password_of(c).empty()) params["MasterUserPassword"] = password_of(c);
  if (c.changed("manage_master_user_password")) {
    params["ManageMasterUserPassword"] = bool_of(c.planned, "manage_master_user_password");
    if (!bool_of(c.planned, "manage_master_user_password") && !password_of(c).empty())
      params["MasterUserPassword"] = password_of(c);
  }
  for (const char* name : {"deletion_protection", "iam_database_authentication_enabled"}) {
    if (c.changed(name) && !bool_of(c.planned, name))
      params[name == std::string_view("deletion_protection") ? "DeletionProtection"
                                                             : "EnableIAMDatabaseAuthentication"] = false;
  }
  if (c.changed("enabled_cloudwatch_logs_exports")) {
    Json exports = Json::object();
    exports["EnableLogTypes"] =
        difference(c.planned["enabled_cloudwatch_logs_exports"], c.prior["enabled_cloudwatch_logs_exports"]);
    exports["DisableLogTypes"] =
        difference(c.prior["enabled_cloudwatch_logs_exports"], c.planned["enabled_cloudwatch_logs_exports"]);
    params["CloudwatchLogsExportConfiguration"] = std::move(exports);
  }
  // The kinds of storage belong together: AWS refuses some of them alone.
  if (c.changed("iops") || c.changed("storage_throughput") || c.changed("storage_type")) {
    put_if_set(params, "AllocatedStorage", c, "allocated_storage");
    put_if_set(params, "StorageType", c, "storage_type");
    if (c.planned["iops"].is_number() && c.planned["iops"] != Json(0)) params["Iops"] = c.planned["iops"];
  }
  if (c.changed("max_allocated_storage") && c.planned["max_allocated_storage"].is_null())
    params["MaxAllocatedStorage"] = c.planned["allocated_storage"];
  if (params.contains("EngineVersion") && bool_of(c.planned, "allow_major_version_upgrade"))
    params["AllowMajorVersionUpgrade"] = true;
  return params;
}

Task<bool> update(Context& c) {
  std::string identifier = string_of(c.prior, "identifier");
  Duration limit = timeout_of(c, "update", std::chrono::minutes(80));
  if (c.changed("replicate_source_db") && string_of(c.planned, "replicate_source_db").empty()) {
    Json params = named("DBInstanceIdentifier", identifier);
    put_if_set(params, "BackupRetentionPeriod", c, "backup_retention_period");
    put_if_set(params, "PreferredBackupWindow", c, "backup_window");
    ApiResult done = co_await c.call("rds", "PromoteReadReplica", std::move(params));
    if (!done) co_return c.fail(done.error(), "promoting");
    bool ok = co_await wait_until_available(c, identifier, limit);
    if (!ok) co_return false;
  }
  Json params = modification(c);
  if (!params.empty()) {
    params["DBInstanceIdentifier"] = identifier;
    params["ApplyImmediately"] = bool_of(c.planned, "apply_immediately");
    ApiResult done = co_await call_while(c, "rds", "ModifyDBInstance", std::move(params), "InvalidDBInstanceState",
                                         std::chrono::minutes(10));
    if (!done) co_return c.fail(done.error(), "updating");
    std::string now = c.changed("identifier") && bool_of(c.planned, "apply_immediately")
                          ? string_of(c.planned, "identifier")
                          : identifier;
    bool ok = co_await wait_until_available(c, now, limit);
    if (!ok) co_return false;
  }
  bool ok = co_await update_rds_tags(c, string_of(c.prior, "arn"));
  co_return ok;
}

Task<bool> remove(Context& c) {
  std::string identifier = string_of(c.prior, "identifier");
  if (bool_of(c.prior, "deletion_protection"))
    co_return c.fail("deleting",
                     fmt::format("{} is protected from deletion. To lift that, set deletion_protection = false "
                                 "and apply; then destroy it",
                                 identifier));
  bool skip = bool_of(c.prior, "skip_final_snapshot");
  std::string snapshot = string_of(c.prior, "final_snapshot_identifier");
  if (!skip && snapshot.empty())
    co_return c.fail(
        "deleting",
        "a last snapshot is wanted, but has no name. Set final_snapshot_identifier, or skip_final_snapshot = "
        "true where the data may be lost, and apply; then destroy it");
  Json params = named("DBInstanceIdentifier", identifier);
  params["SkipFinalSnapshot"] = skip;
  params["DeleteAutomatedBackups"] = bool_of(c.prior, "delete_automated_backups");
  if (!skip) params["FinalDBSnapshotIdentifier"] = snapshot;
  ApiResult done = co_await call_while(c, "rds", "DeleteDBInstance", std::move(params), "InvalidDBInstanceState",
                                       std::chrono::minutes(10));
  if (!done && is_code(done.error(), {"DBInstanceNotFound", "DBInstanceNotFoundFault"})) co_return true;
  if (!done) co_return c.fail(done.error(), "deleting");
  Duration end = c.backend.loop().clock().monotonic() + timeout_of(c, "delete", std::chrono::minutes(60));
  for (int attempt = 0; c.backend.loop().clock().monotonic() < end; ++attempt) {
    Result<Json, ApiError> found = co_await c.describe(kByName, identifier);
    if (!found) co_return c.fail(found.error(), "waiting for the deletion of");
    if (found->is_null()) co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("deleting", "it is still there after the time limit");
}

Task<bool> recover(Context& c) {
  std::string identifier = identifier_for(c);
  Result<Json, ApiError> found = co_await c.describe(kByName, identifier);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!found->is_object() || string_of(*found, "DBInstanceStatus") == "deleting") co_return true;
  // One that is still being made does not say when it was.
  std::string created = string_of(*found, "InstanceCreateTime");
  if (!created.empty() && !made_since(c, created)) co_return true;
  c.state["identifier"] = identifier;
  c.state["id"] = (*found)["DbiResourceId"];
  bool ok = co_await wait_until_available(c, identifier, std::chrono::minutes(40));
  co_return ok;
}

// By identifier, as the console shows it.
Task<bool> import(Context& c) {
  c.state["identifier"] = c.state["id"];
  c.state["delete_automated_backups"] = true;
  c.state["skip_final_snapshot"] = true;
  co_return true;
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  bool managed = bool_of(config, "manage_master_user_password");
  if (managed && !string_of(config, "password").empty())
    problems.push_back("password: conflicts with manage_master_user_password");
  if (!string_of(config, "password").empty() && !string_of(config, "password_wo").empty())
    problems.push_back("password_wo: conflicts with password");
  if (!string_of(config, "identifier").empty() && !string_of(config, "identifier_prefix").empty())
    problems.push_back("identifier_prefix: conflicts with identifier");
  for (const Json& block : config["blue_green_update"]) {
    if (bool_of(block, "enabled"))
      problems.push_back(
          "blue_green_update: terrace modifies instances in place; leave the block out or set enabled = false");
  }
  std::string snapshot = string_of(config, "final_snapshot_identifier");
  bool plain =
      std::all_of(snapshot.begin(), snapshot.end(), [](unsigned char ch) { return std::isalnum(ch) || ch == '-'; });
  if (!plain || snapshot.find("--") != std::string::npos || snapshot.ends_with("-"))
    problems.push_back(
        "final_snapshot_identifier: only letters, digits and single hyphens inside may stand in a snapshot's name");
  return problems;
}

}  // namespace

ResourceType db_instance() {
  ResourceType type;
  type.name = "aws_db_instance";
  type.schema_version = 2;
  type.table = kTable;
  type.service = "rds";
  type.title = "RDS DB Instance";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.validate = validate;
  type.reads = "rds:DescribeDBInstances rds:ListTagsForResource";
  type.changes =
      "rds:AddTagsToResource rds:CreateDBInstance rds:CreateDBInstanceReadReplica rds:DeleteDBInstance "
      "rds:ModifyDBInstance rds:PromoteReadReplica rds:RemoveTagsFromResource "
      "rds:RestoreDBInstanceFromDBSnapshot rds:RestoreDBInstanceFromS3 rds:RestoreDBInstanceToPointInTime";
  return type;
}

}  // namespace terrace::aws::types
