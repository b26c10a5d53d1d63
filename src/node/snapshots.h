// Snapshots of etcd in the durable store, each checked before it counts. The agent takes one before it changes the
// membership, the node's program on a schedule; the operator's etcd commands list and take them, too.
#pragma once

#include <string>
#include <vector>

#include "node/bucket_store.h"
#include "node/etcd_client.h"

namespace terrace::node {

inline constexpr const char* kSnapshotPrefix = "etcd/snapshots/";

// "etcd/snapshots/2026-11-26T16-35-51Z.db"
std::string snapshot_key(Duration wall);
// When a snapshot was taken; nothing where the key is none of ours.
std::optional<Duration> snapshot_time(const std::string& key);

// Which of `keys` may go: all of the last day stay, the last one of each of the last 14 days, and the newest ever.
std::vector<std::string> expired_snapshots(std::vector<std::string> keys, Duration now);

// etcd ends a snapshot with the SHA-256 of all before it.
bool is_whole_snapshot(std::string_view bytes);

class Snapshots final : public Backups {
 public:
  Snapshots(EtcdClient& etcd, BucketStore& store, const Clock& clock, Log& log)
      : etcd_(etcd), store_(store), clock_(clock), log_(log) {}

  Task<Status<std::string>> take(std::string endpoint, std::string why) override;
  // When the newest one in the store was taken; nothing where there is none.
  Task<Result<std::optional<Duration>, std::string>> newest();
  // Removes those that are expired.
  Task<Status<std::string>> trim();

 private:
  EtcdClient& etcd_;
  BucketStore& store_;
  const Clock& clock_;
  Log& log_;
};

}  // namespace terrace::node
