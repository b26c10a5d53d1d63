// What the node of etcd's leader does for the whole cluster: signs certificates for others, takes snapshots on schedule
// and on request, defragments, clears alarms, publishes the state of things. Each etcd node has one; it works where the
// agent says that this node leads.
#pragma once

#include <memory>
#include <string>

#include "node/agent.h"
#include "node/certificate_requests.h"
#include "node/cluster_report.h"
#include "node/machines.h"
#include "node/snapshots.h"

namespace terrace::node {

class LeaderDuties {
 public:
  struct Parts {
    Loop& loop;
    const Clock& clock;
    EtcdAgent& agent;
    EtcdClient& etcd;
    BucketStore& store;
    Snapshots& snapshots;
    CertificateSigner& signer;
    Log& log;
    std::string flannel;  // its network; empty for none
  };
  explicit LeaderDuties(const Parts& parts) : parts_(parts) {}
  Task<void> keep();
  bool leads() const;
  // Wall time of the newest snapshot that is known here.
  std::optional<Duration> newest_snapshot() const { return newest_snapshot_; }

 private:
  Task<void> round();
  Task<void> back_up();
  Task<void> answer_request();
  Task<void> publish();
  Task<void> configure_flannel();
  Task<void> look_after_space(std::vector<MemberReport> members);
  void check(const std::string& what, const Status<std::string>& status);

  Parts parts_;
  bool led_ = false;
  std::optional<Duration> newest_snapshot_;
  std::optional<Duration> snapshot_tried_;  // monotonic
  std::optional<Duration> published_;       // monotonic
  std::string published_members_;
  std::optional<Duration> defragmented_;
  bool flannel_configured_ = false;
  std::optional<BackupAnswer> backup_;
  std::string said_;
};

}  // namespace terrace::node
