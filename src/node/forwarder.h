// etcd on a node's loopback: what connects to it is carried to a member over TLS with this node's certificate. Nodes
// that are no members run it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/loop.h"
#include "base/stream.h"

namespace terrace::node {

class Forwarder {
 public:
  // `addresses` gives the members of now, the one to try first first; `tls` the files to show and trust.
  Forwarder(Loop& loop, Readiness& readiness, TlsFiles tls, std::function<std::vector<std::string>()> addresses,
            Log& log)
      : loop_(loop), readiness_(readiness), tls_(std::move(tls)), addresses_(std::move(addresses)), log_(log) {}
  // Serves from now on, for as long as this lives.
  Status<std::string> listen(const std::string& address);
  uint64_t connections() const { return connections_; }  // ever carried
  uint64_t refused() const { return refused_; }          // no member could be reached

 private:
  Task<void> serve();
  Task<void> carry(std::shared_ptr<Stream> client);
  Task<std::shared_ptr<Stream>> reach(std::string protocol);
  Task<void> pump(std::shared_ptr<Stream> from, std::shared_ptr<Stream> to);

  Loop& loop_;
  Readiness& readiness_;
  TlsFiles tls_;
  std::function<std::vector<std::string>()> addresses_;
  Log& log_;
  std::unique_ptr<Listener> listener_;
  uint64_t connections_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace terrace::node
