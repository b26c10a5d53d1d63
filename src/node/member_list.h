// The members of the cluster, as a node that is none of them follows them.
#pragma once

#include <string>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "node/bucket_store.h"
#include "node/etcd_client.h"

namespace terrace::node {

class MemberList {
 public:
  MemberList(Loop& loop, Random& random, EtcdClient& etcd, DurableStore& store)
      : loop_(loop), random_(random), etcd_(etcd), store_(store) {}
  // Looks again and again.
  Task<void> follow();
  // One look: asks the members that are known, and the bucket where none of them answers.
  Task<void> refresh();

  // Addresses of the voters, in another order each time.
  std::vector<std::string> addresses();
  std::vector<std::string> endpoints();
  // Whether a member answered with a quorum at the last look.
  bool reached() const { return reached_; }

 private:
  Loop& loop_;
  Random& random_;
  EtcdClient& etcd_;
  DurableStore& store_;
  std::vector<std::string> addresses_;
  bool reached_ = false;
};

}  // namespace terrace::node
