// What the leader's node publishes of the cluster for operators, who need no way to etcd to read it; and their
// requests. The node's program writes it, `terrace etcd` reads it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "node/effects.h"

namespace terrace::node {

inline constexpr const char* kStatusObject = "etcd/status.json";
inline constexpr const char* kBackupRequestObject = "etcd/backup.json";

struct MemberReport {
  Member member;
  EtcdStatus status;  // where it is healthy
};

struct BackupAnswer {
  std::string request;  // the request's own id
  std::string snapshot;
  std::string error;  // instead of a snapshot
};

struct ClusterReport {
  std::string time;  // RFC 3339
  uint64_t cluster_id = 0;
  uint64_t leader = 0;
  std::vector<MemberReport> members;
  std::vector<std::string> alarms;
  std::string newest_snapshot;  // key; empty for none
  std::optional<BackupAnswer> backup;
};

std::string to_text(const ClusterReport& report);
Result<ClusterReport, std::string> parse_cluster_report(const std::string& text);

std::string backup_request(const std::string& id);
// The request's id; empty where the text is none.
std::string parse_backup_request(const std::string& text);

}  // namespace terrace::node
