// aws_ebs_volume, aws_volume_attachment
#include "aws/types/types.h"
#include "aws/types/volumes.h"

namespace terrace::aws::types {

const Kind kVolumes{"ec2", "DescribeVolumes", "volume-id", "", "Volumes", "VolumeId"};

namespace {

constexpr const char* kVolumeTable = R"(
  arn string c api=-
  availability_zone string r new
  create_time string c
  encrypted bool oc new
  final_snapshot bool o default=false api=-
  id string oc api=-
  iops number oc
  kms_key_id string oc new
  multi_attach_enabled bool o new
  outpost_arn string o new
  region string oc new api=-
  size number oc
  snapshot_id string oc new
  tags map(string) o api=-
  tags_all map(string) oc api=-
  throughput number oc
  type string oc api=VolumeType one_of=standard|gp2|gp3|io1|io2|st1|sc1
  volume_initialization_rate number o
  block timeouts single api=- {
    create string o
    delete string o
    update string o
  }
)";
constexpr const char* kAttachmentTable = R"(
  device_name string r new api=-
  force_detach bool o api=-
  id string oc api=-
  instance_id string r new api=-
  region string oc new api=-
  skip_destroy bool o api=-
  stop_instance_before_detaching bool o api=-
  volume_id string r new api=-
  block timeouts single api=- {
    create string o
    delete string o
  }
)";

constexpr Kind kModifications{"ec2", "DescribeVolumesModifications", "volume-id",
                              "",    "VolumesModifications",         "VolumeId"};

// --- volumes

// Waits until the volume has this state; "deleted" where it is no more.
Task<bool> wait_for_volume(Context& c, std::string wanted, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  std::string id = c.text("id");
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> volume = co_await c.describe(kVolumes, id);
    if (!volume) co_return c.fail(volume.error(), "waiting for");
    std::string state = volume->is_object() ? string_of(*volume, "State") : "deleted";
    if (state == wanted) co_return true;
    if (state == "error") co_return c.fail("creating", "AWS could not make the volume; see its status in EC2");
    if (loop.clock().monotonic() > end)
      co_return c.fail("waiting for", "it is still " + state + " after the time limit");
    co_await pause_before(c, attempt);
  }
}

Task<bool> create_volume(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "ec2", "CreateVolume"));
  params["ClientToken"] = c.token.empty() ? c.backend.random().uuid() : c.token;
  Json tags = tag_specifications(c, "volume", true);
  if (!tags.empty()) params["TagSpecifications"] = std::move(tags);
  ApiResult made = co_await c.call("ec2", "CreateVolume", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = made->value("VolumeId", Json());
  bool ok = co_await wait_for_volume(c, "available", timeout_of(c, "create", std::chrono::minutes(5)));
  co_return ok;
}

Task<bool> read_volume(Context& c) {
  Json volume;
  bool ok = co_await read_ec2(c, kVolumes, volume);
  if (!ok || c.state.is_null()) co_return ok;
  std::string state = string_of(volume, "State");
  if (state == "deleting" || state == "deleted") {
    c.state = nullptr;
    co_return true;
  }
  c.state["arn"] = ec2_arn(c, "volume", c.text("id"));
  for (const char* name : {"kms_key_id", "snapshot_id"}) {
    if (c.state[name].is_null()) c.state[name] = "";
  }
  for (const char* name : {"iops", "throughput"}) {
    if (c.state[name].is_null()) c.state[name] = 0;
  }
  if (c.state["encrypted"].is_null()) c.state["encrypted"] = false;
  co_return true;
}

Task<bool> update_volume(Context& c) {
  Json params = Json::object();
  for (const auto& [attribute, member] :
       {std::pair("size", "Size"), std::pair("type", "VolumeType"), std::pair("iops", "Iops")}) {
    if (c.changed(attribute) && !c.planned[attribute].is_null()) params[member] = c.planned[attribute];
  }
  if (c.changed("throughput") && c.planned["throughput"].is_number()) params["Throughput"] = c.planned["throughput"];
  if (params.empty()) co_return true;
  // What is not named goes back to the type's default.
  if (string_of(c.planned, "type") == "gp3") {
    for (const auto& [attribute, member] : {std::pair("iops", "Iops"), std::pair("throughput", "Throughput")}) {
      bool set = c.planned[attribute].is_number() && c.planned[attribute] != Json(0);
      if (!params.contains(member) && set && !c.changed("type")) params[member] = c.planned[attribute];
    }
  }
  bool ok =
      co_await modify_volume(c, c.text("id"), std::move(params), timeout_of(c, "update", std::chrono::minutes(5)));
  co_return ok;
}

// A last snapshot is found again by its description where a run ended between it and the deletion.
Task<bool> snapshot(Context& c) {
  std::string id = c.text("id");
  std::string description = "Final snapshot of " + id;
  Json params = Json::object();
  params["Filters"] = filters({{"volume-id", id}, {"description", description}});
  ApiResult found = co_await c.call("ec2", "DescribeSnapshots", params);
  if (!found) co_return c.fail(found.error(), "looking for the last snapshot of");
  Json list = found->value("Snapshots", Json::array());
  if (list.empty()) {
    Json order = Json::object();
    order["VolumeId"] = id;
    order["Description"] = description;
    Json specification = Json::object();
    specification["ResourceType"] = "snapshot";
    specification["Tags"] = tag_list(c.prior.value("tags_all", Json()));
    if (!specification["Tags"].empty()) order["TagSpecifications"] = Json::array({specification});
    ApiResult made = co_await call_while(c, "ec2", "CreateSnapshot", std::move(order),
                                         "SnapshotCreationPerVolumeRateExceeded", std::chrono::minutes(1));
    if (!made && is_code(made.error(), {"InvalidVolume.NotFound"})) co_return true;
    if (!made) co_return c.fail(made.error(), "taking the last snapshot of");
  }
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + timeout_of(c, "delete", std::chrono::minutes(10));
  for (int attempt = 0;; ++attempt) {
    ApiResult now = co_await c.call("ec2", "DescribeSnapshots", params);
    if (!now) co_return c.fail(now.error(), "waiting for the last snapshot of");
    const Json snapshots = now->value("Snapshots", Json::array());
    std::string state = snapshots.empty() ? "pending" : string_of(snapshots[0], "State");
    if (state == "completed") co_return true;
    if (state == "error") co_return c.fail("taking the last snapshot of", "AWS could not take it; nothing was deleted");
    if (loop.clock().monotonic() > end)
      co_return c.fail("taking the last snapshot of",
                       "it is not complete after the time limit; nothing was deleted. Destroy again to wait for it "
                       "further, or set timeouts.delete");
    co_await pause_before(c, attempt);
  }
}

Task<bool> remove_volume(Context& c) {
  if (bool_of(c.prior, "final_snapshot")) {
    bool taken = co_await snapshot(c);
    if (!taken) co_return false;
  }
  Duration limit = timeout_of(c, "delete", std::chrono::minutes(10));
  Json params = Json::object();
  params["VolumeId"] = c.prior["id"];
  ApiResult done = co_await call_while(c, "ec2", "DeleteVolume", std::move(params), "VolumeInUse", limit);
  if (!done && is_code(done.error(), {"InvalidVolume.NotFound"})) co_return true;
  if (!done) co_return c.fail(done.error(), "deleting");
  bool ok = co_await wait_for_volume(c, "deleted", limit);
  co_return ok;
}

Task<bool> recover_volume(Context& c) {
  Result<Json, ApiError> id = co_await find_by_intent(c, "DescribeVolumes", "Volumes", "VolumeId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

std::vector<std::string> validate_volume(const Json& config) {
  std::vector<std::string> problems;
  std::string type = string_of(config, "type");
  bool provisioned = type == "io1" || type == "io2";
  auto positive = [&](const char* name) { return config[name].is_number() && config[name].get<double>() > 0; };
  if (config["size"].is_null() && string_of(config, "snapshot_id").empty())
    problems.push_back("size: must be set where no snapshot_id is");
  if (provisioned && !positive("iops")) problems.push_back("iops: must be set when type is " + type);
  if (!provisioned && type != "gp3" && positive("iops"))
    problems.push_back("iops: must not be set when type is " + (type.empty() ? std::string("gp2") : type));
  if (type != "gp3" && positive("throughput"))
    problems.push_back("throughput: must not be set when type is " + (type.empty() ? std::string("gp2") : type));
  if (!provisioned && bool_of(config, "multi_attach_enabled"))
    problems.push_back("multi_attach_enabled: only io1 and io2 volumes can be attached more than once");
  if (!config["volume_initialization_rate"].is_null() && string_of(config, "snapshot_id").empty())
    problems.push_back("volume_initialization_rate: must not be set unless snapshot_id is");
  return problems;
}

// Another type or size brings other IOPS and throughput.
void plan_volume(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown,
                 std::vector<std::string>&) {
  if (!prior.is_object() || (prior["type"] == planned["type"] && prior["size"] == planned["size"])) return;
  unknown.push_back("iops");
  unknown.push_back("throughput");
}

// --- attachments

std::string attachment_id(const Json& attributes) {
  std::string text = string_of(attributes, "device_name") + "-" + string_of(attributes, "instance_id") + "-" +
                     string_of(attributes, "volume_id") + "-";
  return "vai-" + std::to_string(crc32_of(text));
}

// This attachment of the volume as the API has it; null where there is none.
Json attachment_in(const Json& volume, const Json& attributes) {
  if (!volume.is_object()) return nullptr;
  for (const Json& each : volume.value("Attachments", Json::array())) {
    if (each.value("InstanceId", Json()) == attributes["instance_id"] && string_of(each, "State") != "detached")
      return each;
  }
  return nullptr;
}

Task<bool> wait_for_attachment(Context& c, const Json& attributes, std::string wanted, Duration limit) {
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> volume = co_await c.describe(kVolumes, string_of(attributes, "volume_id"));
    if (!volume) co_return c.fail(volume.error(), "waiting for");
    Json found = attachment_in(*volume, attributes);
    std::string state = found.is_null() ? "detached" : string_of(found, "State");
    if (state == wanted) co_return true;
    if (loop.clock().monotonic() > end)
      co_return c.fail("waiting for", "it is still " + state +
                                          " after the time limit. Unmount it on the instance, or set force_detach or "
                                          "stop_instance_before_detaching");
    co_await pause_before(c, attempt);
  }
}

Task<bool> create_attachment(Context& c) {
  Result<Json, ApiError> volume = co_await c.describe(kVolumes, string_of(c.planned, "volume_id"));
  if (!volume) co_return c.fail(volume.error(), "attaching");
  Duration limit = timeout_of(c, "create", std::chrono::minutes(5));
  if (attachment_in(*volume, c.planned).is_null()) {
    Json params = Json::object();
    params["Device"] = c.planned["device_name"];
    params["InstanceId"] = c.planned["instance_id"];
    params["VolumeId"] = c.planned["volume_id"];
    // An instance that is still starting takes no volume.
    ApiResult done = co_await call_while(c, "ec2", "AttachVolume", std::move(params),
                                         "IncorrectState|is not 'running'|InvalidInstanceID.NotFound", limit);
    if (!done) co_return c.fail(done.error(), "attaching");
  }
  c.state["id"] = attachment_id(c.planned);
  bool ok = co_await wait_for_attachment(c, c.planned, "attached", limit);
  co_return ok;
}

Task<bool> read_attachment(Context& c) {
  Result<Json, ApiError> volume = co_await c.describe(kVolumes, string_of(c.state, "volume_id"));
  if (!volume) co_return c.fail(volume.error(), "reading");
  Json found = attachment_in(*volume, c.state);
  if (found.is_null() || string_of(found, "Device") != string_of(c.state, "device_name")) c.state = nullptr;
  co_return true;
}

// Only how it will be detached: nothing to tell AWS.
Task<bool> update_attachment(Context&) {
  co_return true;
}

Task<bool> remove_attachment(Context& c) {
  if (bool_of(c.prior, "skip_destroy")) co_return true;
  Duration limit = timeout_of(c, "delete", std::chrono::minutes(5));
  if (bool_of(c.prior, "stop_instance_before_detaching")) {
    bool stopped = co_await stop_instance(c, string_of(c.prior, "instance_id"), std::chrono::minutes(10));
    if (!stopped) co_return false;
  }
  Json params = Json::object();
  params["Device"] = c.prior["device_name"];
  params["InstanceId"] = c.prior["instance_id"];
  params["VolumeId"] = c.prior["volume_id"];
  params["Force"] = bool_of(c.prior, "force_detach");
  ApiResult done = co_await c.call("ec2", "DetachVolume", std::move(params));
  if (!done && is_code(done.error(), {"IncorrectState", "InvalidVolume.NotFound", "InvalidAttachment.NotFound",
                                      "InvalidInstanceID.NotFound"})) {
    // Detached, or on its way.
  } else if (!done) {
    co_return c.fail(done.error(), "detaching");
  }
  bool ok = co_await wait_for_attachment(c, c.prior, "detached", limit);
  co_return ok;
}

Task<bool> recover_attachment(Context& c) {
  bool ok = co_await read_attachment(c);
  if (ok && c.state.is_object()) c.state["id"] = attachment_id(c.planned);
  co_return ok;
}

// DEVICE:VOLUME:INSTANCE
Task<bool> import_attachment(Context& c) {
  std::string id = c.text("id");
  std::size_t first = id.find(':'), last = id.rfind(':');
  if (first == std::string::npos || first == last)
    co_return c.fail("importing", "the id must be DEVICE:VOLUME:INSTANCE");
  c.state["device_name"] = id.substr(0, first);
  c.state["volume_id"] = id.substr(first + 1, last - first - 1);
  c.state["instance_id"] = id.substr(last + 1);
  c.state["id"] = attachment_id(c.state);
  co_return true;
}

}  // namespace

Task<bool> modify_volume(Context& c, std::string id, Json params, Duration limit) {
  params["VolumeId"] = id;
  ApiResult done = co_await c.call("ec2", "ModifyVolume", std::move(params));
  if (!done && is_code(done.error(), {"VolumeModificationRateExceeded"}))
    co_return c.fail("updating", done.error().message + " AWS changes a volume once in six hours; apply again then");
  if (!done) co_return c.fail(done.error(), "updating");
  Loop& loop = c.backend.loop();
  Duration end = loop.clock().monotonic() + limit;
  for (int attempt = 0;; ++attempt) {
    Result<Json, ApiError> change = co_await c.describe(kModifications, id);
    if (!change) co_return c.fail(change.error(), "waiting for the change of");
    std::string state = change->is_object() ? string_of(*change, "ModificationState") : "completed";
    // While it optimizes, the volume has its new size and serves.
    if (state == "completed" || state == "optimizing") co_return true;
    if (state == "failed") co_return c.fail("updating", string_of(*change, "StatusMessage"));
    if (loop.clock().monotonic() > end)
      co_return c.fail("updating", "the volume is still " + state + " after the time limit");
    co_await pause_before(c, attempt);
  }
}

ResourceType ebs_volume() {
  ResourceType type;
  type.name = "aws_ebs_volume";
  type.table = kVolumeTable;
  type.title = "EBS Volume";
  type.tags = TagStyle::kEc2;
  type.create = create_volume;
  type.read = read_volume;
  type.update = update_volume;
  type.remove = remove_volume;
  type.recover = recover_volume;
  type.validate = validate_volume;
  type.plan = plan_volume;
  type.reads = "ec2:DescribeVolumes";
  type.changes =
      "ec2:CreateSnapshot ec2:CreateVolume ec2:DeleteVolume ec2:DescribeSnapshots "
      "ec2:DescribeVolumesModifications ec2:ModifyVolume";
  return type;
}

ResourceType volume_attachment() {
  ResourceType type;
  type.name = "aws_volume_attachment";
  type.schema_version = 0;
  type.table = kAttachmentTable;
  type.title = "EBS Volume Attachment";
  type.create = create_attachment;
  type.read = read_attachment;
  type.update = update_attachment;
  type.remove = remove_attachment;
  type.recover = recover_attachment;
  type.import = import_attachment;
  type.reads = "ec2:DescribeVolumes";
  type.changes = "ec2:AttachVolume ec2:DescribeInstances ec2:DetachVolume ec2:StopInstances";
  return type;
}

}  // namespace terrace::aws::types
