// HTTP as an effect: one request, one answer. The AWS client and everything else that talks goes through it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace terrace {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the first header called `name` (compared without case), or nullptr.
const std::string* find_header(const Headers& headers, std::string_view name);

// PEM files of an exchange between machines that know each other by a CA of their own.
struct TlsFiles {
  std::string ca;           // who signed the peer's certificate; empty means whom this machine trusts
  std::string certificate;  // what to show the peer; empty for nothing
  std::string key;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // absolute: scheme://host[:port]/path?query, already escaped
  Headers headers;
  std::string body;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(120);  // of the whole exchange
  bool use_proxy = true;                         // HTTPS_PROXY and friends; never for the instance metadata service
  TlsFiles tls;
  // Takes the body of a successful answer as it arrives, in place of HttpResponse::body.
  std::function<void(std::string_view)> on_body;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

// No answer came: the name did not resolve, the connection was refused or broke, time ran out, TLS failed.
struct NetworkError {
  std::string message;         // as libcurl words it, with the host
  bool retryable = true;       // false for a malformed URL or a refused certificate
  bool maybe_received = true;  // false where the request cannot have reached the peer
};

using HttpResult = Result<HttpResponse, NetworkError>;

class Network {
 public:
  virtual ~Network() = default;
  virtual Task<HttpResult> send(HttpRequest request) = 0;
};

}  // namespace terrace
