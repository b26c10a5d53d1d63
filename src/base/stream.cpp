#include "base/stream.h"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace terrace {

namespace {

constexpr size_t kPiece = 65536;

std::string text_of(int code) {
  return std::strerror(code);
}

std::string tls_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "TLS failed" : reason;
}

bool fill(const SocketAddress& address, sockaddr_in* out) {
  *out = {};
  out->sin_family = AF_INET;
  out->sin_port = htons(static_cast<uint16_t>(address.port));
  return inet_pton(AF_INET, address.host.c_str(), &out->sin_addr) == 1;
}

const std::string kTimedOut = "time ran out";

}  // namespace

std::optional<SocketAddress> parse_socket_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  SocketAddress address{std::string(text.substr(0, colon)), 0};
  const std::string_view port = text.substr(colon + 1);
  const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  sockaddr_in checked;
  const bool whole = fault == std::errc() && end == port.data() + port.size();
  if (!whole || address.port < 1 || address.port > 65535 || !fill(address, &checked)) return std::nullopt;
  return address;
}

struct Stream::Impl {
  Readiness& readiness;
  int fd;
  SSL_CTX* context = nullptr;
  SSL* tls = nullptr;

  Impl(Readiness& used, int socket) : readiness(used), fd(socket) {}
  ~Impl() {
    SSL_free(tls);
    SSL_CTX_free(context);
    ::close(fd);
  }

  // Waits for what a TLS call that ended with `result` needs; false where it has failed or time ran out.
  Task<bool> wait_for_tls(int result, Duration timeout) {
    const int error = SSL_get_error(tls, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) co_return false;
    const Want want = error == SSL_ERROR_WANT_READ ? Want::kRead : Want::kWrite;
    co_return co_await readiness.ready(fd, want, timeout);
  }
};

Stream::Stream(Readiness& readiness, int fd) : impl_(std::make_unique<Impl>(readiness, fd)) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}
Stream::~Stream() = default;

Task<Result<std::string, std::string>> Stream::read(Duration timeout) {
  std::string piece(kPiece, '\0');
  while (true) {
    if (impl_->tls != nullptr) {
      ERR_clear_error();  // SSL_get_error() looks at what others left, too
      const int got = SSL_read(impl_->tls, piece.data(), static_cast<int>(piece.size()));
      if (got > 0) {
        piece.resize(static_cast<size_t>(got));
        co_return piece;
      }
      const int error = SSL_get_error(impl_->tls, got);
      const bool ended = error == SSL_ERROR_ZERO_RETURN;
      if (ended) co_return std::string();
      const bool again = co_await impl_->wait_for_tls(got, timeout);
      if (!again) co_return Failure{error == SSL_ERROR_WANT_READ ? kTimedOut : tls_reason()};
      continue;
    }
    const ssize_t got = ::recv(impl_->fd, piece.data(), piece.size(), 0);
    if (got >= 0) {
      piece.resize(static_cast<size_t>(got));
      co_return piece;
    }
    const int code = errno;
    if (code == EINTR) continue;
    if (code != EAGAIN) co_return Failure{text_of(code)};
    const bool ready = co_await impl_->readiness.ready(impl_->fd, Want::kRead, timeout);
    if (!ready) co_return Failure{kTimedOut};
  }
}

Task<Status<std::string>> Stream::write(std::string_view bytes, Duration timeout) {
  while (!bytes.empty()) {
    if (impl_->tls != nullptr) {
      ERR_clear_error();
      const int put = SSL_write(impl_->tls, bytes.data(), static_cast<int>(bytes.size()));
      if (put > 0) {
        bytes.remove_prefix(static_cast<size_t>(put));
        continue;
      }
      const bool again = co_await impl_->wait_for_tls(put, timeout);
      if (!again) co_return Failure{tls_reason()};
      continue;
    }
    const ssize_t put = ::send(impl_->fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put >= 0) {
      bytes.remove_prefix(static_cast<size_t>(put));
      continue;
    }
    const int code = errno;
    if (code == EINTR) continue;
    if (code != EAGAIN) co_return Failure{text_of(code)};
    const bool ready = co_await impl_->readiness.ready(impl_->fd, Want::kWrite, timeout);
    if (!ready) co_return Failure{kTimedOut};
  }
  co_return Status<std::string>();
}

void Stream::finish() {
  if (impl_->tls != nullptr) SSL_shutdown(impl_->tls);
  ::shutdown(impl_->fd, SHUT_WR);
}

void Stream::abort() {
  ::shutdown(impl_->fd, SHUT_RDWR);
}

Task<Status<std::string>> Stream::secure(TlsFiles files, std::string address, std::string protocol, Duration timeout) {
  impl_->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX* context = impl_->context;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool loaded = SSL_CTX_load_verify_file(context, files.ca.c_str()) == 1 &&
                      SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) == 1 &&
                      SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1;
  if (!loaded) co_return Failure{"the certificates cannot be used: " + tls_reason()};
  impl_->tls = SSL_new(context);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(impl_->tls), address.c_str());
  std::string offered = protocol;
  offered.insert(offered.begin(), static_cast<char>(protocol.size()));
  SSL_set_alpn_protos(impl_->tls, reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  SSL_set_fd(impl_->tls, impl_->fd);
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(impl_->tls);
    if (result == 1) co_return Status<std::string>();
    const bool again = co_await impl_->wait_for_tls(result, timeout);
    if (!again) co_return Failure{address + ": " + tls_reason()};
  }
}

int new_socket() {
  return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

Task<Result<std::unique_ptr<Stream>, std::string>> connect_stream(Readiness& readiness, SocketAddress to,
                                                                  Duration timeout) {
  co_return co_await connect_stream(readiness, new_socket(), to, timeout);
}

Task<Result<std::unique_ptr<Stream>, std::string>> connect_stream(Readiness& readiness, int fd, SocketAddress to,
                                                                  Duration timeout) {
  if (fd < 0) co_return Failure{text_of(errno)};
  auto stream = std::make_unique<Stream>(readiness, fd);
  sockaddr_in address;
  if (!fill(to, &address)) co_return Failure{to.host + " is no IPv4 address"};
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (result != 0 && errno != EINPROGRESS) co_return Failure{text_of(errno)};
  const bool ready = co_await readiness.ready(fd, Want::kWrite, timeout);
  if (!ready) co_return Failure{kTimedOut};
  int code = 0;
  socklen_t length = sizeof(code);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length);
  if (code != 0) co_return Failure{text_of(code)};
  co_return std::move(stream);
}

Result<std::unique_ptr<Listener>, std::string> Listener::open(Readiness& readiness, const SocketAddress& on) {
  sockaddr_in address;
  if (!fill(on, &address)) return Failure{on.host + " is no IPv4 address"};
  const int fd = new_socket();
  if (fd < 0) return Failure{text_of(errno)};
  std::unique_ptr<Listener> listener(new Listener(readiness, fd));
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const bool heard =
      ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 && ::listen(fd, SOMAXCONN) == 0;
  if (!heard) return Failure{on.host + ":" + std::to_string(on.port) + ": " + text_of(errno)};
  return listener;
}

Listener::~Listener() {
  ::close(fd_);
}

void Listener::end() {
  ::shutdown(fd_, SHUT_RDWR);
}

Task<std::unique_ptr<Stream>> Listener::accept() {
  constexpr Duration kLong = std::chrono::hours(24);
  const bool ready = co_await readiness_.ready(fd_, Want::kRead, kLong);
  if (!ready) co_return nullptr;
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) co_return nullptr;
  co_return std::make_unique<Stream>(readiness_, fd);
}

}  // namespace terrace
