// All that an etcd node runs: certificates, etcd, the agent that keeps it a member. node/program.cpp makes one.
#pragma once

#include <memory>

#include "node/agent.h"
#include "node/certificates.h"
#include "node/journal.h"
#include "node/local_etcd.h"
#include "node/program.h"
#include "node/scaling_group.h"
#include "node/snapshots.h"

namespace terrace::node {

class EtcdNode {
 public:
  EtcdNode(const ProgramEffects& effects, const ProgramOptions& options, const Settings& settings, aws::Client& client);

  // Until stop() is called.
  Task<void> run();
  // The agent takes no more steps; etcd has ended where it is a child of this process.
  Task<void> stop();

 private:
  Task<void> keep_certificate();
  Task<Status<std::string>> renew_certificate();

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
  Event certified_;
  bool ended_ = false;
};

}  // namespace terrace::node
