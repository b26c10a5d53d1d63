#include "node/leader_duties.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "node/documents.h"

namespace terrace::node {

namespace {

constexpr Duration kRound = std::chrono::seconds(3);
constexpr Duration kSnapshotEvery = std::chrono::hours(1);
constexpr Duration kSnapshotRetry = std::chrono::minutes(1);
constexpr Duration kPublishEvery = std::chrono::seconds(30);
constexpr Duration kDefragmentEvery = std::chrono::hours(1);
constexpr uint64_t kWorthDefragmenting = 64U << 20U;

}  // namespace

bool LeaderDuties::leads() const {
  const EtcdStatus& status = parts_.agent.status();
  const View& view = parts_.agent.view();
  return view.running && status.member_id != 0 && status.leader == status.member_id && !view.serves_privately;
}

void LeaderDuties::check(const std::string& what, const Status<std::string>& status) {
  if (status.ok()) return;
  const std::string say = what + ": " + status.error();
  if (say != said_) parts_.log.write(LogLevel::kWarn, say);
  said_ = say;
}

Task<void> LeaderDuties::keep() {
  while (true) {
    // A look of the agent's may be under way: its view counts when it has a cluster.
    if (leads()) {
      co_await round();
    } else {
      led_ = false;
      published_.reset();
    }
    co_await parts_.loop.sleep(kRound);
  }
}

Task<void> LeaderDuties::round() {
  if (!led_) {
    led_ = true;
    defragmented_ = parts_.clock.monotonic();
    parts_.log.write(LogLevel::kInfo, "this node's etcd leads");
    const Result<std::optional<Duration>, std::string> newest = co_await parts_.snapshots.newest();
    if (newest.ok()) newest_snapshot_ = *newest;
  }
  const Status<std::string> signed_all = co_await parts_.signer.answer_all();
  check("requests for certificates", signed_all);
  co_await answer_request();
  co_await back_up();
  if (!parts_.flannel.empty() && !flannel_configured_) co_await configure_flannel();
  co_await publish();
}

// What flanneld reads (its "etcd mode"). A configuration that somebody has put there stays.
Task<void> LeaderDuties::configure_flannel() {
  const std::string endpoint = client_endpoint(parts_.agent.view().address);
  const std::string key = "/coreos.com/network/config";
  const std::string value =
      nlohmann::json{{"Network", parts_.flannel}, {"Backend", nlohmann::json{{"Type", "vxlan"}}}}.dump();
  const Result<bool, std::string> put = co_await parts_.etcd.put_if(endpoint, key, value, 0, 0);
  flannel_configured_ = put.ok();
  if (put.ok() && *put) parts_.log.write(LogLevel::kInfo, "flannel's network is " + parts_.flannel);
  if (!put.ok()) check("flannel's configuration", Failure{put.error()});
}

Task<void> LeaderDuties::back_up() {
  const Duration now = parts_.clock.monotonic();
  const bool due = !newest_snapshot_ || parts_.clock.wall() - *newest_snapshot_ >= kSnapshotEvery;
  if (!due || (snapshot_tried_ && now - *snapshot_tried_ < kSnapshotRetry)) co_return;
  snapshot_tried_ = now;
  std::string endpoint = client_endpoint(parts_.agent.view().address);
  std::string why = "on schedule";
  const Status<std::string> taken = co_await parts_.snapshots.take(std::move(endpoint), std::move(why));
  check("snapshot", taken);
  if (!taken.ok()) co_return;
  newest_snapshot_ = parts_.clock.wall();
  const Status<std::string> trimmed = co_await parts_.snapshots.trim();
  check("old snapshots", trimmed);
}

Task<void> LeaderDuties::answer_request() {
  const std::string key = kBackupRequestObject;
  const Result<std::optional<StoredObject>, std::string> object = co_await parts_.store.get(key);
  if (!object.ok() || !*object) co_return;
  const std::string request = parse_backup_request((*object)->content);
  if (backup_ && backup_->request == request) co_return;
  std::string endpoint = client_endpoint(parts_.agent.view().address);
  std::string why = "an operator asked for it";
  const std::string snapshot = snapshot_key(parts_.clock.wall());
  const Status<std::string> taken = co_await parts_.snapshots.take(std::move(endpoint), std::move(why));
  const Result<std::optional<Duration>, std::string> newest = co_await parts_.snapshots.newest();
  backup_ = BackupAnswer{request, "", taken.ok() ? "" : taken.error()};
  if (taken.ok()) {
    newest_snapshot_ = newest.ok() && *newest ? *newest : parts_.clock.wall();
    backup_->snapshot = snapshot_key(*newest_snapshot_);
  }
  published_.reset();
  co_await publish();
  if (!published_) co_return;  // the request stays until its answer is there
  const Status<std::string> erased = co_await parts_.store.erase(key);
  check("backup request", erased);
}

Task<void> LeaderDuties::publish() {
  const std::string endpoint = client_endpoint(parts_.agent.view().address);
  const Result<std::vector<KeyValue>, std::string> registered = co_await parts_.etcd.list(endpoint, kMachinePrefix);
  std::vector<Machine> machines;
  if (registered.ok()) {
    for (const KeyValue& each : *registered) {
      Result<Machine, std::string> machine = parse_machine(each.value);
      if (machine.ok()) machines.push_back(std::move(*machine));
    }
  }
  const std::string machines_now = to_text(std::move(machines));
  const Duration now = parts_.clock.monotonic();
  const bool changed = registered.ok() && machines_now != published_members_;
  if (changed) {
    const std::string key = kMachinesObject;
    const Status<std::string> put = co_await parts_.store.put(key, machines_now);
    if (put.ok()) published_members_ = machines_now;
    check("the registry", put);
  }
  if (published_ && now - *published_ < kPublishEvery && !changed) co_return;
  const Result<Cluster, std::string> cluster = co_await parts_.etcd.members(endpoint);
  if (!cluster.ok()) co_return;
  ClusterReport report;
  report.time = rfc3339(parts_.clock.wall());
  report.cluster_id = cluster->cluster_id;
  for (const Member& member : cluster->members) {
    MemberReport each{member, {}};
    const Result<EtcdStatus, std::string> status = co_await parts_.etcd.status(client_endpoint(member.address));
    each.member.healthy = status.ok() && status->member_id == member.id && status->leader != 0;
    if (each.member.healthy) {
      each.status = *status;
      report.leader = status->leader;
    }
    report.members.push_back(std::move(each));
  }
  const Result<std::vector<std::string>, std::string> alarms = co_await parts_.etcd.alarms(endpoint);
  if (alarms.ok()) report.alarms = *alarms;
  if (newest_snapshot_) report.newest_snapshot = snapshot_key(*newest_snapshot_);
  report.backup = backup_;
  const std::string key = kStatusObject;
  const std::string text = to_text(report);
  const Status<std::string> put = co_await parts_.store.put(key, text);
  check("the cluster's state", put);
  if (put.ok()) published_ = now;
  const bool out_of_space = !report.alarms.empty();
  if (out_of_space || now - *defragmented_ >= kDefragmentEvery) {
    defragmented_ = now;
    std::vector<MemberReport> members = report.members;
    co_await look_after_space(std::move(members));
    if (out_of_space) {
      const Status<std::string> disarmed = co_await parts_.etcd.disarm(endpoint);
      check("alarms", disarmed);
    }
  }
}

// One member after the other, this one last: each stands still meanwhile.
Task<void> LeaderDuties::look_after_space(std::vector<MemberReport> members) {
  std::stable_partition(members.begin(), members.end(),
                        [&](const MemberReport& each) { return each.member.address != parts_.agent.view().address; });
  for (const MemberReport& each : members) {
    const EtcdStatus& status = each.status;
    if (!each.member.healthy || status.database_bytes < kWorthDefragmenting ||
        status.database_bytes_in_use > status.database_bytes / 2)
      continue;
    const std::string endpoint = client_endpoint(each.member.address);
    const Status<std::string> done = co_await parts_.etcd.defragment(endpoint);
    check("defragmentation", done);
    if (done.ok()) parts_.log.write(LogLevel::kInfo, "defragmented " + each.member.name);
  }
}

}  // namespace terrace::node
