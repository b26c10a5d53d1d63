#include "node/http_server.h"

#include <fmt/format.h>

namespace terrace::node {

namespace {

constexpr Duration kPatience = std::chrono::seconds(5);
constexpr Duration kAfterFailure = std::chrono::milliseconds(100);
constexpr size_t kLongestRequest = 8192;

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

}  // namespace

Status<std::string> HttpServer::listen(const std::string& address) {
  const std::optional<SocketAddress> parsed = parse_socket_address(address);
  if (!parsed) return Failure{"\"" + address + "\" is no IPv4 address with a port"};
  Result<std::unique_ptr<Listener>, std::string> opened = Listener::open(readiness_, *parsed);
  if (!opened.ok()) return Failure{opened.error()};
  listener_ = std::move(*opened);
  loop_.spawn(serve());
  return {};
}

Task<void> HttpServer::serve() {
  while (true) {
    std::unique_ptr<Stream> stream = co_await listener_->accept();
    if (stream == nullptr) {
      // Out of descriptors, or the peer has gone.
      co_await loop_.sleep(kAfterFailure);
      continue;
    }
    loop_.spawn(serve_one(std::move(stream)));
  }
}

Task<void> HttpServer::serve_one(std::unique_ptr<Stream> stream) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const Result<std::string, std::string> piece = co_await stream->read(kPatience);
    if (!piece.ok() || piece->empty() || request.size() > kLongestRequest) co_return;
    request += *piece;
  }
  const size_t path_begin = request.find(' ') + 1;
  const size_t path_end = request.find_first_of(" ?\r", path_begin);
  Page page;
  if (request.starts_with("GET ") && path_end != std::string::npos) {
    page = answer_(request.substr(path_begin, path_end - path_begin));
  } else {
    page = Page{405, "text/plain", "only GET\n"};
  }
  const std::string answer =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  page.status, reason_of(page.status), page.type, page.body.size(), page.body);
  const Status<std::string> written = co_await stream->write(answer, kPatience);
  if (written.ok()) stream->finish();
}

}  // namespace terrace::node
