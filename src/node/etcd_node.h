// All that an etcd node runs: certificates, etcd, the agent that keeps it a member, the leader's duties.
// node/program.cpp makes one.
#pragma once

#include <memory>

#include "node/agent.h"
#include "node/certificates.h"
#include "node/journal.h"
#include "node/leader_duties.h"
#include "node/local_etcd.h"
#include "node/program.h"
#include "node/reboot_lock.h"
#include "node/report_page.h"
#include "node/role_node.h"
#include "node/scaling_group.h"
#include "node/snapshots.h"

namespace terrace::node {

class EtcdNode final : public RoleNode {
 public:
  EtcdNode(const ProgramEffects& effects, const ProgramOptions& options, const Settings& settings, aws::Client& client,
           InstanceMetadata& metadata);

  Task<void> run() override;
  Task<void> stop() override;
  bool health(nlohmann::json& document) const override;
  void metrics(Metrics& metrics) const override;

 private:
  Task<void> keep_certificate();
  Task<Status<std::string>> renew_certificate();
  std::vector<std::string> own_endpoint() const;
  Task<bool> all_members_serve();
  Task<Result<bool, std::string>> is_gone(std::string instance);

  const ProgramEffects& effects_;
  const ProgramOptions& options_;
  const Settings& settings_;
  aws::Client& client_;
  Journal log_;
  NodeCertificate certificate_;
  EtcdClient etcd_;
  BucketStore store_;
  ScalingGroup group_;
  std::unique_ptr<Supervisor> supervisor_;
  LocalEtcd process_;
  Snapshots snapshots_;
  EtcdAgent agent_;
  CertificateSigner signer_;
  LeaderDuties duties_;
  Registration registration_;
  RebootLock reboot_lock_;
  Event certified_;
  bool ended_ = false;
};

}  // namespace terrace::node
