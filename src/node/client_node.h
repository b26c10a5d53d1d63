// All that a node runs which is no member of etcd: a certificate that it asked for, etcd on its loopback, its place in
// the registry. node/program.cpp makes one for workers and admiral.
#pragma once

#include "node/certificate_requests.h"
#include "node/forwarder.h"
#include "node/journal.h"
#include "node/machines.h"
#include "node/member_list.h"
#include "node/program.h"
#include "node/reboot_lock.h"
#include "node/role_node.h"

namespace terrace::node {

class ClientNode final : public RoleNode {
 public:
  ClientNode(const ProgramEffects& effects, const ProgramOptions& options, const Settings& settings,
             aws::Client& client);

  Task<void> run() override;
  Task<void> stop() override;
  bool health(nlohmann::json& document) const override;
  void metrics(Metrics& metrics) const override;

 private:
  Task<void> keep_certificate();

  const ProgramEffects& effects_;
  const Part part_;
  const Settings& settings_;
  Journal log_;
  NodeCertificate certificate_;
  EtcdClient etcd_;
  BucketStore store_;
  CertificateRequester requester_;
  MemberList members_;
  Forwarder forwarder_;
  Registration registration_;
  RebootLock reboot_lock_;
  Event certified_;
  Event stopped_;
};

}  // namespace terrace::node
