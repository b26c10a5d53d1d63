// Connections over TCP, plain or with TLS, and listening for them. The node's program serves and forwards with them;
// requests over HTTP go through base/network.h.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/network.h"
#include "base/readiness.h"

namespace terrace {

struct SocketAddress {
  std::string host;  // an IPv4 address
  int port = 0;
};
// "127.0.0.1:2379"; nothing where it is none.
std::optional<SocketAddress> parse_socket_address(std::string_view text);

// One connection. One task may read while another writes.
class Stream {
 public:
  // Takes a connected socket that does not block.
  Stream(Readiness& readiness, int fd);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // What has arrived, at most 64 KiB; empty at the end. The error says what broke, or that `timeout` passed.
  Task<Result<std::string, std::string>> read(Duration timeout);
  Task<Status<std::string>> write(std::string_view bytes, Duration timeout);  // `bytes` outlive the task
  // Tells the peer that nothing more comes.
  void finish();
  // Ends it: whoever reads or writes finds it at its end.
  void abort();

  // Speaks TLS from here on, as a client that offers `protocol` ("h2") and expects the peer to be `address`.
  Task<Status<std::string>> secure(TlsFiles files, std::string address, std::string protocol, Duration timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Task<Result<std::unique_ptr<Stream>, std::string>> connect_stream(Readiness& readiness, SocketAddress to,
                                                                  Duration timeout);
// A socket for connect_stream() that belongs to the network namespace the thread is in now; -1 where there is none.
int new_socket();
// Takes a socket of new_socket().
Task<Result<std::unique_ptr<Stream>, std::string>> connect_stream(Readiness& readiness, int socket, SocketAddress to,
                                                                  Duration timeout);

// Listens on one address.
class Listener {
 public:
  static Result<std::unique_ptr<Listener>, std::string> open(Readiness& readiness, const SocketAddress& on);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  // The next connection; null where there was none after all.
  Task<std::unique_ptr<Stream>> accept();
  // Whoever waits for a connection goes on without one.
  void end();

 private:
  Listener(Readiness& readiness, int fd) : readiness_(readiness), fd_(fd) {}
  Readiness& readiness_;
  int fd_;
};

}  // namespace terrace
