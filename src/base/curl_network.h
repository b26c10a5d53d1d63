// The network by libcurl, and the waiter of the loop: while nothing else is ready, the loop sleeps in curl's poll.
// src/cli makes the one CurlNetwork of a process; nothing of curl is initialised before its first request.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/loop.h"
#include "base/network.h"
#include "base/readiness.h"

namespace terrace {

struct CurlOptions {
  std::string ca_bundle;              // PEM file; empty means the system's certificates
  int max_connections_per_host = 64;  // more requests than that wait inside curl for a free connection
  std::string user_agent;             // where a request names none itself
};

// AWS_CA_BUNDLE, else CURL_CA_BUNDLE, else SSL_CERT_FILE, as `look_up` (getenv's shape) gives them, else empty.
std::string ca_bundle_from_environment(const std::function<const char*(const char*)>& look_up);

class CurlNetwork final : public Network, public Readiness, public Waiter {
 public:
  CurlNetwork(Loop& loop, CurlOptions options);
  ~CurlNetwork() override;
  CurlNetwork(const CurlNetwork&) = delete;
  CurlNetwork& operator=(const CurlNetwork&) = delete;

  // One exchange, over a connection of the pool where one is free. Redirects are not followed.
  Task<HttpResult> send(HttpRequest request) override;
  Task<bool> ready(int fd, Want want, Duration timeout) override;
  // Blocks until a transfer made progress, a descriptor that somebody waits for is ready, the wake-up descriptor is
  // readable, or `timeout` passed.
  void wait(std::optional<Duration> timeout) override;
  // `on_readable` runs inside wait() whenever `fd` (a signal pipe) is readable; it must drain it. -1 takes it away.
  void set_wakeup(int fd, std::function<void()> on_readable);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace terrace
