// etcd: how the cluster of etcd is, its snapshots, and going back to one. All of it goes through the cloudinit bucket,
// where the etcd nodes publish and listen: an operator needs no way into their network.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/timestamp.h"
#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/table.h"
#include "node/bucket_store.h"
#include "node/cluster_report.h"
#include "node/documents.h"
#include "node/snapshots.h"

namespace terrace::cli {

namespace {

constexpr Duration kLook = std::chrono::seconds(1);
constexpr Duration kPatience = std::chrono::minutes(2);

// A command's way to the bucket.
struct EtcdAccess {
  explicit EtcdAccess(Context& used) : context(used), cluster(used) {}
  bool open() {
    if (!cluster.connect()) return false;
    store.emplace(cluster.aws().client(), cluster.bucket("cloudinit"));
    return true;
  }
  int fail(const std::string& what, const std::string& error) const {
    return context.fail(what, "Error: " + error + ".");
  }

  Context& context;
  ClusterAccess cluster;
  std::optional<node::BucketStore> store;
};

int64_t seconds_of(Duration wall) {
  return std::chrono::duration_cast<std::chrono::seconds>(wall).count();
}

std::string size_text(uint64_t bytes) {
  constexpr double kMebi = 1024.0 * 1024.0;
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMebi);
}

// What the leader's node published last; the error says what is missing.
Task<Result<node::ClusterReport, std::string>> read_report(node::BucketStore& store) {
  const std::string key = node::kStatusObject;
  const Result<std::optional<node::StoredObject>, std::string> object = co_await store.get(key);
  if (!object.ok()) co_return Failure{object.error()};
  if (!*object)
    co_return Failure{
        std::string("the etcd nodes have published nothing yet: no cluster has formed (see their logs: ") +
        "terrace ssh etcd journalctl -u terraced)"};
  co_return node::parse_cluster_report((*object)->content);
}

std::string age_of(Context& context, const std::string& moment) {
  const std::optional<Duration> then = aws::parse_timestamp(moment);
  return age_text(then ? seconds_of(*then) : 0, seconds_of(context.clock.wall()));
}

std::string role_of(const node::ClusterReport& report, const node::MemberReport& each) {
  if (each.member.id == report.leader) return "leader";
  return each.member.learner ? "learner" : "follower";
}

std::string members_text(Context& context, const node::ClusterReport& report) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "MEMBER", "ADDRESS", "ROLE", "STATE", "VERSION", "TERM", "INDEX", "DATABASE", "IN USE"}};
  for (const node::MemberReport& each : report.members) {
    const bool up = each.member.healthy;
    const node::EtcdStatus& status = each.status;
    rows.push_back({each.member.name.empty() ? "(not started)" : each.member.name, fmt::format("{:x}", each.member.id),
                    each.member.address, role_of(report, each), up ? "healthy" : "away", up ? status.version : "-",
                    up ? std::to_string(status.term) : "-", up ? std::to_string(status.index) : "-",
                    up ? size_text(status.database_bytes) : "-", up ? size_text(status.database_bytes_in_use) : "-"});
  }
  return table_text(rows, context.terminal.color());
}

int show(Context& context, const Arguments& arguments, bool members_only) {
  bool json = false;
  Flags flags(members_only ? "etcd members [options]" : "etcd status [options]",
              members_only ? "Lists the members of etcd as its leader's node saw them last."
                           : "Says how etcd is: its members, its newest snapshot, its alarms, as its leader's node saw "
                             "them last.");
  flags.boolean("json", &json, "Write it as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  EtcdAccess access(context);
  if (!access.open()) return 1;
  const Result<node::ClusterReport, std::string> report = context.loop.run(read_report(*access.store));
  if (!report.ok()) return access.fail("Reading the state of etcd", report.error());
  if (json) {
    context.print(to_text(*report));
    return 0;
  }
  if (members_only) {
    context.print(members_text(context, *report));
    return 0;
  }
  const auto healthy = std::count_if(report->members.begin(), report->members.end(),
                                     [](const auto& each) { return each.member.healthy; });
  context.print(fmt::format("Cluster {:x}, {} of {} members healthy, {} ago\n\n", report->cluster_id, healthy,
                            report->members.size(), age_of(context, report->time)));
  context.print(members_text(context, *report));
  const std::optional<Duration> taken = node::snapshot_time(report->newest_snapshot);
  context.print(
      taken ? fmt::format("\nNewest snapshot {}, {} ago\n", report->newest_snapshot, age_of(context, rfc3339(*taken)))
            : std::string("\nNo snapshot yet\n"));
  for (const std::string& alarm : report->alarms) context.print("Alarm " + alarm + "\n");
  const std::optional<Duration> published = aws::parse_timestamp(report->time);
  if (published && context.clock.wall() - *published > kPatience)
    context.print("\nNo leader has published since: etcd has lost its quorum, or its nodes cannot reach the bucket.\n");
  return 0;
}

int status_subcommand(Context& context, const Arguments& arguments) {
  return show(context, arguments, false);
}
int members_subcommand(Context& context, const Arguments& arguments) {
  return show(context, arguments, true);
}

Task<Result<node::BackupAnswer, std::string>> await_backup(Loop& loop, node::BucketStore& store, std::string request) {
  const std::string key = node::kBackupRequestObject;
  const std::string text = node::backup_request(request);
  const Status<std::string> asked = co_await store.put(key, text);
  if (!asked.ok()) co_return Failure{asked.error()};
  const Duration end = loop.clock().monotonic() + kPatience;
  while (loop.clock().monotonic() < end) {
    co_await loop.sleep(kLook);
    const Result<node::ClusterReport, std::string> report = co_await read_report(store);
    if (report.ok() && report->backup && report->backup->request == request) co_return *report->backup;
  }
  co_return Failure{
      std::string("no node has answered in two minutes: etcd may have no leader. The request stays and is ") +
      "carried out when it has one"};
}

int backup_subcommand(Context& context, const Arguments& arguments) {
  Flags flags("etcd backup [options]", "Takes a snapshot now, and says where it lies.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  EtcdAccess access(context);
  if (!access.open()) return 1;
  const Result<node::BackupAnswer, std::string> answer =
      context.loop.run(await_backup(context.loop, *access.store, context.random.uuid()));
  if (!answer.ok()) return access.fail("Taking a snapshot", answer.error());
  if (!answer->error.empty()) return access.fail("Taking a snapshot", answer->error);
  context.print(fmt::format("s3://{}/{}\n", access.cluster.bucket("cloudinit"), answer->snapshot));
  return 0;
}

int snapshots_subcommand(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("etcd snapshots [options]", "Lists the snapshots, the newest first.");
  flags.boolean("json", &json, "Write the list as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  EtcdAccess access(context);
  if (!access.open()) return 1;
  Result<std::vector<std::string>, std::string> keys = context.loop.run(access.store->list_keys(node::kSnapshotPrefix));
  if (!keys.ok()) return access.fail("Listing snapshots", keys.error());
  std::sort(keys->begin(), keys->end(), std::greater<>());
  if (json) {
    context.print(nlohmann::json(*keys).dump(2) + "\n");
    return 0;
  }
  for (const std::string& key : *keys) context.print(key + "\n");
  return 0;
}

// Puts the marker that asks for a restore in the place of the one that stands there.
Task<Status<std::string>> ask_for_restore(node::BucketStore& store, std::string snapshot, std::string request) {
  const std::string key = node::kMarkerKey;
  const Result<std::optional<node::StoredObject>, std::string> object = co_await store.get(key);
  if (!object.ok()) co_return Failure{object.error()};
  node::Marker marker;
  marker.kind = node::Marker::Kind::kRestore;
  marker.snapshot = std::move(snapshot);
  marker.restore = std::move(request);
  Result<bool, std::string> written = false;
  if (*object) {
    const Result<node::Marker, std::string> known = node::parse_marker((*object)->content);
    if (!known.ok()) co_return Failure{known.error()};
    marker.generation = known->generation + 1;
    const std::string text = to_text(marker);
    const std::string etag = (*object)->etag;
    written = co_await store.put_if_match(key, text, etag);
  } else {
    const std::string text = to_text(marker);
    written = co_await store.put_if_absent(key, text);
  }
  if (!written.ok()) co_return Failure{written.error()};
  if (!*written)
    co_return Failure{std::string("somebody else changed the cluster's marker meanwhile; nothing was done")};
  co_return Status<std::string>();
}

int restore_subcommand(Context& context, const Arguments& arguments) {
  bool auto_approve = false;
  Flags flags(
      "etcd restore [options] [SNAPSHOT]",
      "Goes back to a snapshot, the newest by default: every etcd node moves its data aside, the first makes a new "
      "cluster of the snapshot, and the others join it. What was written since is lost.");
  flags.boolean("auto-approve", &auto_approve, "Do not ask.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() > 1)
    return context.fail("One snapshot at a time", "Usage: terrace etcd restore [options] [SNAPSHOT].");
  EtcdAccess access(context);
  if (!access.open() || !access.cluster.check_session_lock()) return 1;
  Result<std::vector<std::string>, std::string> keys = context.loop.run(access.store->list_keys(node::kSnapshotPrefix));
  if (!keys.ok()) return access.fail("Listing snapshots", keys.error());
  if (keys->empty())
    return context.fail("There is no snapshot",
                        "Nothing lies under " + std::string(node::kSnapshotPrefix) + " in the bucket.");
  std::string snapshot = rest.empty() ? *std::max_element(keys->begin(), keys->end()) : rest[0];
  if (!snapshot.starts_with(node::kSnapshotPrefix)) snapshot = node::kSnapshotPrefix + snapshot;
  if (std::find(keys->begin(), keys->end(), snapshot) == keys->end())
    return context.fail("There is no snapshot " + snapshot, "\"terrace etcd snapshots\" lists those there are.");
  const std::string question = fmt::format("Do you want to restore etcd from {}?", snapshot);
  if (!auto_approve &&
      !approve(context, question, "  What was written since is lost. Only 'yes' will be accepted.", "yes"))
    return context.fail("Restore cancelled", "Nothing was changed.");
  const Status<std::string> asked = context.loop.run(ask_for_restore(*access.store, snapshot, context.random.uuid()));
  if (!asked.ok()) return access.fail("Asking for the restore", asked.error());
  context.print("The etcd nodes restore " + snapshot + ". \"terrace etcd status\" says when they are done.\n");
  return 0;
}

constexpr Command kSubcommands[] = {
    {"status", "Say how etcd is", status_subcommand, true},
    {"members", "List its members", members_subcommand, true},
    {"backup", "Take a snapshot now", backup_subcommand, true},
    {"snapshots", "List the snapshots", snapshots_subcommand, true},
    {"restore", "Go back to a snapshot", restore_subcommand, true},
};

}  // namespace

int etcd_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "etcd", "The cluster's etcd, as its nodes tell of it in the cloudinit bucket.",
                        kSubcommands, arguments);
}

}  // namespace terrace::cli
