// What the etcd agent needs of the world: etcd's API, the process on this node, the durable store, the group,
// snapshots. The node's program makes them for real (src/node), the simulation as models (tests/simulation).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "node/membership.h"

namespace terrace::node {

// Where an etcd listens for clients: "10.10.1.5:2379".
inline std::string client_endpoint(const std::string& address) {
  return address + ":2379";
}
// Where an etcd listens that is being seeded: only this node reaches it.
inline constexpr const char* kPrivateEndpoint = "127.0.0.1:2377";

struct EtcdStatus {
  uint64_t cluster_id = 0;
  uint64_t member_id = 0;
  uint64_t leader = 0;  // 0: none known
  uint64_t term = 0;
  uint64_t index = 0;
  uint64_t database_bytes = 0;
  uint64_t database_bytes_in_use = 0;
  bool learner = false;
  std::string version;
};

// etcd's v3 API. Each call asks the one etcd at `endpoint`; errors are in etcd's words.
class EtcdCluster {
 public:
  virtual ~EtcdCluster() = default;
  // The members, as that etcd knows them after a linearizable read: an answer proves a quorum. `healthy` is left false.
  virtual Task<Result<Cluster, std::string>> members(std::string endpoint) = 0;
  virtual Task<Result<EtcdStatus, std::string>> status(std::string endpoint) = 0;
  // The new member's id.
  virtual Task<Result<uint64_t, std::string>> add(std::string endpoint, std::string address, bool as_learner) = 0;
  virtual Task<Status<std::string>> promote(std::string endpoint, uint64_t member) = 0;
  virtual Task<Status<std::string>> remove(std::string endpoint, uint64_t member) = 0;
  // Takes the lock `name` under a lease of `seconds`: the lease, or nothing where another holds it.
  virtual Task<Result<std::optional<uint64_t>, std::string>> lock(std::string endpoint, std::string name,
                                                                  std::string owner, int seconds) = 0;
  virtual Task<Status<std::string>> unlock(std::string endpoint, uint64_t lease) = 0;
};

// How to start etcd. The first three are for a disk without data.
struct EtcdStart {
  bool fresh = false;
  bool existing = false;        // joins a cluster that is there; otherwise begins one
  std::vector<Member> members;  // of the cluster to join
  std::string token;
  bool privately = false;  // clients are heard at kPrivateEndpoint only
};

// etcd on this node: its process and its data.
class EtcdProcess {
 public:
  virtual ~EtcdProcess() = default;
  virtual bool has_data() = 0;
  virtual std::optional<Record> record() = 0;
  virtual Status<std::string> write_record(const Record& record) = 0;  // synced when it returns
  // Starts etcd and returns when it has made its data directory or ended.
  virtual Task<Status<std::string>> start(EtcdStart how) = 0;
  virtual Task<void> stop() = 0;  // it has ended when this returns, if need be by force
  virtual bool running() = 0;
  virtual bool serves_privately() = 0;
  // Moves data and record away; one earlier set is kept.
  virtual Task<Status<std::string>> put_aside() = 0;
  // Makes data out of the snapshot `key` of the store for a cluster of this node alone, under `record`.
  virtual Task<Status<std::string>> restore(Record record, std::string key) = 0;
};

struct StoredObject {
  std::string content;
  std::string etag;
};

// S3. An error may mean that the request was carried out all the same.
class DurableStore {
 public:
  virtual ~DurableStore() = default;
  virtual Task<Result<std::optional<StoredObject>, std::string>> get(std::string key) = 0;  // nothing: not there
  virtual Task<Status<std::string>> put(std::string key, std::string content) = 0;
  // False: something is there already.
  virtual Task<Result<bool, std::string>> put_if_absent(std::string key, std::string content) = 0;
  // False: what is there is not `etag` any more.
  virtual Task<Result<bool, std::string>> put_if_match(std::string key, std::string content, std::string etag) = 0;
  // All keys that begin with `prefix`.
  virtual Task<Result<std::vector<std::string>, std::string>> list_keys(std::string prefix) = 0;
};

// The autoscaling group of this node.
class Group {
 public:
  virtual ~Group() = default;
  virtual Task<Result<GroupView, std::string>> list() = 0;
  // Completes the lifecycle action that holds this instance back from its termination.
  virtual Task<Status<std::string>> release() = 0;
};

// Snapshots of the cluster in the durable store.
class Backups {
 public:
  virtual ~Backups() = default;
  virtual Task<Status<std::string>> take(std::string endpoint, std::string why) = 0;
};

}  // namespace terrace::node
