#include "node/http_server.h"

#include <cctype>

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
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 2]));
    if (!escape) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

// Takes what stands before `end` off the front of `text`; all of it where there is none.
std::string_view take(std::string_view* text, std::string_view end) {
  const size_t at = text->find(end);
  const std::string_view piece = text->substr(0, at);
  text->remove_prefix(at == std::string_view::npos ? text->size() : at + end.size());
  return piece;
}

// The head of a request, up to its empty line (RFC 9112).
PageRequest parse_head(std::string_view head) {
  PageRequest request;
  std::string_view line = take(&head, "\r\n");
  request.method = take(&line, " ");
  std::string_view target = take(&line, " ");
  request.path = percent_decoded(take(&target, "?"));
  while (!target.empty()) {
    std::string_view pair = take(&target, "&");
    const std::string name = percent_decoded(take(&pair, "="));
    request.query[name] = percent_decoded(pair);
  }
  while (!head.empty()) {
    line = take(&head, "\r\n");
    std::string name(take(&line, ":"));
    for (char& each : name) each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    while (line.starts_with(' ')) line.remove_prefix(1);
    request.headers[name] = line;
  }
  return request;
}

}  // namespace

struct HttpServer::Service {
  Loop& loop;
  Readiness& readiness;
  Answer answer;
  std::unique_ptr<Listener> listener;
  bool ended = false;
};

HttpServer::HttpServer(Loop& loop, Readiness& readiness, Answer answer)
    : service_(std::make_shared<Service>(Service{loop, readiness, std::move(answer), nullptr, false})) {}

HttpServer::~HttpServer() {
  service_->ended = true;
  if (service_->listener != nullptr) service_->listener->end();
}

Status<std::string> HttpServer::listen(const std::string& address) {
  const std::optional<SocketAddress> parsed = parse_socket_address(address);
  if (!parsed) return Failure{"\"" + address + "\" is no IPv4 address with a port"};
  Result<std::unique_ptr<Listener>, std::string> opened = Listener::open(service_->readiness, *parsed);
  if (!opened.ok()) return Failure{opened.error()};
  service_->listener = std::move(*opened);
  service_->loop.spawn(serve(service_));
  return {};
}

Task<void> HttpServer::serve(std::shared_ptr<Service> service) {
  while (!service->ended) {
    std::unique_ptr<Stream> stream = co_await service->listener->accept();
    if (service->ended) co_return;
    if (stream == nullptr) {
      // Out of descriptors, or the peer has gone.
      co_await service->loop.sleep(kAfterFailure);
      continue;
    }
    service->loop.spawn(serve_one(service, std::move(stream)));
  }
}

Task<void> HttpServer::serve_one(std::shared_ptr<Service> service, std::unique_ptr<Stream> stream) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const Result<std::string, std::string> piece = co_await stream->read(kPatience);
    if (!piece.ok() || piece->empty() || request.size() > kLongestRequest) co_return;
    request += *piece;
  }
  if (service->ended) co_return;
  const Page page = service->answer(parse_head(std::string_view(request).substr(0, request.find("\r\n\r\n"))));
  const std::string answer =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
                  page.status, reason_of(page.status), page.type, page.body.size(), page.body);
  const Status<std::string> written = co_await stream->write(answer, kPatience);
  if (written.ok()) stream->finish();
}

}  // namespace terrace::node
