// etcd's v3 API over its JSON gateway, one etcd a call (docs/decisions/0010). The node's program and the operator's
// commands speak to etcd through it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/network.h"
#include "node/effects.h"

namespace terrace::node {

struct KeyValue {
  std::string key;
  std::string value;
  uint64_t create_revision = 0;
  uint64_t mod_revision = 0;
  uint64_t lease = 0;
};

class EtcdClient final : public EtcdCluster {
 public:
  // With `tls.ca` empty it speaks plain HTTP, as the endpoint on a node's loopback does.
  EtcdClient(Network& network, TlsFiles tls) : network_(network), tls_(std::move(tls)) {}

  Task<Result<Cluster, std::string>> members(std::string endpoint) override;
  Task<Result<EtcdStatus, std::string>> status(std::string endpoint) override;
  Task<Result<uint64_t, std::string>> add(std::string endpoint, std::string address, bool as_learner) override;
  Task<Status<std::string>> promote(std::string endpoint, uint64_t member) override;
  Task<Status<std::string>> remove(std::string endpoint, uint64_t member) override;
  Task<Result<std::optional<uint64_t>, std::string>> lock(std::string endpoint, std::string name, std::string owner,
                                                          int seconds) override;
  Task<Status<std::string>> unlock(std::string endpoint, uint64_t lease) override;

  // The keys that begin with `prefix`, after a linearizable read.
  Task<Result<std::vector<KeyValue>, std::string>> list(std::string endpoint, std::string prefix);
  // `lease` 0 for none.
  Task<Status<std::string>> put(std::string endpoint, std::string key, std::string value, uint64_t lease);
  // Writes only where the key was last changed at `mod_revision` (0: is not there). False where it was not.
  Task<Result<bool, std::string>> put_if(std::string endpoint, std::string key, std::string value, uint64_t lease,
                                         uint64_t mod_revision);
  Task<Status<std::string>> erase(std::string endpoint, std::string key);
  // A new lease of `seconds`.
  Task<Result<uint64_t, std::string>> grant(std::string endpoint, int seconds);
  // False where the lease has ended.
  Task<Result<bool, std::string>> keep_alive(std::string endpoint, uint64_t lease);
  Task<Status<std::string>> revoke(std::string endpoint, uint64_t lease);

  Task<Status<std::string>> defragment(std::string endpoint);
  // What alarms stand, in etcd's words ("NOSPACE"); and clearing them.
  Task<Result<std::vector<std::string>, std::string>> alarms(std::string endpoint);
  Task<Status<std::string>> disarm(std::string endpoint);
  // Hands the bytes of a snapshot to `sink` as they arrive. etcd ends them with their SHA-256.
  Task<Status<std::string>> snapshot(std::string endpoint, std::function<void(std::string_view)> sink);

 private:
  using Json = nlohmann::json;
  HttpRequest request(const std::string& endpoint, const std::string& method, const Json& body) const;
  Task<Result<Json, std::string>> call(std::string endpoint, std::string method, Json body, Duration timeout);
  Task<Status<std::string>> change(std::string endpoint, std::string method, Json body);

  Network& network_;
  TlsFiles tls_;
};

// The end of the range of all keys that begin with `prefix`.
std::string prefix_end(std::string prefix);

}  // namespace terrace::node
