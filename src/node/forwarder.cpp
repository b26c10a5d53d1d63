#include "node/forwarder.h"

namespace terrace::node {

namespace {

constexpr int kClientPort = 2379;
constexpr Duration kConnecting = std::chrono::seconds(1);
constexpr Duration kHandshake = std::chrono::seconds(3);
constexpr Duration kIdle = std::chrono::hours(24);  // a watch may be silent for long
constexpr Duration kWriting = std::chrono::minutes(1);
constexpr Duration kAfterFailure = std::chrono::milliseconds(100);

}  // namespace

Status<std::string> Forwarder::listen(const std::string& address) {
  const std::optional<SocketAddress> parsed = parse_socket_address(address);
  if (!parsed) return Failure{"\"" + address + "\" is no IPv4 address with a port"};
  Result<std::unique_ptr<Listener>, std::string> opened = Listener::open(readiness_, *parsed);
  if (!opened.ok()) return Failure{opened.error()};
  listener_ = std::move(*opened);
  loop_.spawn(serve());
  return {};
}

Task<void> Forwarder::serve() {
  while (true) {
    std::shared_ptr<Stream> client = co_await listener_->accept();
    if (client == nullptr) {
      co_await loop_.sleep(kAfterFailure);
      continue;
    }
    loop_.spawn(carry(std::move(client)));
  }
}

Task<std::shared_ptr<Stream>> Forwarder::reach(std::string protocol) {
  const std::vector<std::string> addresses = addresses_();
  for (const std::string& address : addresses) {
    SocketAddress to{address, kClientPort};
    Result<std::unique_ptr<Stream>, std::string> connected = co_await connect_stream(readiness_, to, kConnecting);
    if (!connected.ok()) continue;
    std::shared_ptr<Stream> stream = std::move(*connected);
    const Status<std::string> secured = co_await stream->secure(tls_, address, protocol, kHandshake);
    if (secured.ok()) co_return stream;
    log_.write(LogLevel::kWarn, "a member cannot be used: " + secured.error());
  }
  co_return nullptr;
}

Task<void> Forwarder::carry(std::shared_ptr<Stream> client) {
  // etcd's server tells gRPC from JSON by the protocol that TLS settles, and the client's first bytes say which it is.
  const Result<std::string, std::string> first = co_await client->read(kIdle);
  if (!first.ok() || first->empty()) co_return;
  std::string protocol = first->starts_with("PRI") ? "h2" : "http/1.1";
  std::shared_ptr<Stream> member = co_await reach(protocol);
  if (member == nullptr) {
    ++refused_;
    client->abort();
    co_return;
  }
  ++connections_;
  const Status<std::string> passed = co_await member->write(*first, kWriting);
  if (!passed.ok()) co_return;
  loop_.spawn(pump(member, client));
  co_await pump(client, member);
}

Task<void> Forwarder::pump(std::shared_ptr<Stream> from, std::shared_ptr<Stream> to) {
  while (true) {
    const Result<std::string, std::string> piece = co_await from->read(kIdle);
    if (!piece.ok()) break;
    if (piece->empty()) {
      to->finish();
      co_return;
    }
    const Status<std::string> passed = co_await to->write(*piece, kWriting);
    if (!passed.ok()) break;
  }
  from->abort();
  to->abort();
}

}  // namespace terrace::node
