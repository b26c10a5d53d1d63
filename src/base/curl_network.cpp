#include "base/curl_network.h"

#include <algorithm>
#include <cassert>
#include <coroutine>
#include <cstdlib>
#include <mutex>
#include <utility>

#include <curl/curl.h>

namespace terrace {

namespace {

constexpr long kIdleConnectionSeconds = 15;  // AWS closes idle connections after about 20

// One exchange under way. The coroutine that waits for it owns it.
struct Transfer {
  HttpRequest request;
  HttpResponse response;
  std::coroutine_handle<> waiting;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  CURLcode code = CURLE_OK;
  bool done = false;
  char error[CURL_ERROR_SIZE] = {};

  ~Transfer() { curl_slist_free_all(headers); }
};

// A coroutine that waits for a descriptor; it owns this.
struct Watch {
  int fd;
  short events;
  Duration end;  // monotonic
  std::coroutine_handle<> waiting;
  bool is_ready = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  long status = 0;
  if (transfer.request.on_body) curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 == 2) {
    transfer.request.on_body(std::string_view(data, size * count));
  } else {
    transfer.response.body.append(data, size * count);
  }
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& response = static_cast<Transfer*>(user)->response;
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    // A new status line: what came before was a proxy's answer or an interim one.
    response.headers.clear();
    return size * count;
  }
  std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    response.headers.emplace_back(line.substr(0, colon), value);
  }
  return size * count;
}

long milliseconds(Duration length) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(length).count());
}

std::string host_of(const std::string& url) {
  std::size_t start = url.find("://");
  start = start == std::string::npos ? 0 : start + 3;
  return url.substr(start, url.find_first_of("/?", start) - start);
}

// This machine is never spoken to through a proxy, as in Go's net/http and so in Terraform.
bool is_loopback(const std::string& url) {
  std::string host = host_of(url);
  if (host.starts_with("[::1]")) return true;
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.");
}

// Nothing reached the peer when the connection could not be made.
bool never_connected(CURLcode code, CURL* easy) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return true;
    case CURLE_OPERATION_TIMEDOUT: {
      curl_off_t sent = 0;
      curl_off_t pretransfer = 0;
      curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
      curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer);
      return sent == 0 && pretransfer == 0;
    }
    default:
      return false;
  }
}

bool worth_retrying(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_OUT_OF_MEMORY:
      return false;
    default:
      return true;
  }
}

}  // namespace

struct CurlNetwork::Impl {
  Loop& loop;
  CurlOptions options;
  CURLM* multi = nullptr;
  std::vector<CURL*> spare;  // handles for the next requests
  int wakeup_fd = -1;
  std::function<void()> on_wakeup;
  std::vector<Watch*> watches;
  int in_flight = 0;
  bool posted = false;  // since the last wait() ended

  Impl(Loop& used_loop, CurlOptions used_options) : loop(used_loop), options(std::move(used_options)) {}
  ~Impl() {
    for (CURL* easy : spare) curl_easy_cleanup(easy);
    if (multi != nullptr) curl_multi_cleanup(multi);
  }

  void start_up() {
    if (multi != nullptr) return;
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.max_connections_per_host));
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 4L * options.max_connections_per_host);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  }

  void configure(Transfer& transfer) {
    CURL* easy = transfer.easy;
    const HttpRequest& request = transfer.request;
    bool plain = request.url.starts_with("http://");
    curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    // The path is signed as it stands.
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, plain ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connect_timeout));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(request.timeout));
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kIdleConnectionSeconds);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    if (!options.user_agent.empty()) curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
    if (!options.ca_bundle.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_bundle.c_str());
    if (!request.use_proxy || is_loopback(request.url)) {
      curl_easy_setopt(easy, CURLOPT_PROXY, "");
      curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    }
    set_tls(easy, request.tls);
    set_method(easy, request);
    set_headers(transfer);
  }

  static void set_tls(CURL* easy, const TlsFiles& files) {
    if (!files.ca.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, files.ca.c_str());
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
      curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);  // the file may change
    }
    if (files.certificate.empty()) return;
    curl_easy_setopt(easy, CURLOPT_SSLCERT, files.certificate.c_str());
    curl_easy_setopt(easy, CURLOPT_SSLKEY, files.key.c_str());
  }

  static void set_method(CURL* easy, const HttpRequest& request) {
    if (request.method == "HEAD") {
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
      return;
    }
    bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
    if (has_body) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  static void set_headers(Transfer& transfer) {
    auto add = [&transfer](const std::string& line) {
      transfer.headers = curl_slist_append(transfer.headers, line.c_str());
    };
    // What curl would add by itself.
    add("Expect:");
    if (find_header(transfer.request.headers, "Content-Type") == nullptr) add("Content-Type:");
    if (find_header(transfer.request.headers, "Accept") == nullptr) add("Accept:");
    for (const auto& [name, value] : transfer.request.headers) {
      // curl writes the length itself. A header without a value is written "Name;".
      if (name.size() == 14 && curl_strequal(name.c_str(), "Content-Length")) continue;
      add(value.empty() ? name + ";" : name + ": " + value);
    }
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.headers);
  }

  void start(Transfer& transfer) {
    start_up();
    if (spare.empty()) {
      transfer.easy = curl_easy_init();
    } else {
      transfer.easy = spare.back();
      spare.pop_back();
    }
    configure(transfer);
    ++in_flight;
    curl_multi_add_handle(multi, transfer.easy);
  }

  // Lets curl work and posts who waits for what ended.
  void perform() {
    if (multi == nullptr) return;
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      transfer->code = message->data.result;
      transfer->done = true;
      loop.post(transfer->waiting);
      posted = true;
    }
  }

  void finish(Transfer& transfer) {
    curl_multi_remove_handle(multi, transfer.easy);
    curl_easy_reset(transfer.easy);
    constexpr std::size_t kKept = 64;
    if (spare.size() < kKept) {
      spare.push_back(transfer.easy);
    } else {
      curl_easy_cleanup(transfer.easy);
    }
    transfer.easy = nullptr;
    --in_flight;
  }

  NetworkError error_of(const Transfer& transfer) {
    NetworkError error;
    error.message = host_of(transfer.request.url) + ": " +
                    (transfer.error[0] != '\0' ? transfer.error : curl_easy_strerror(transfer.code));
    error.retryable = worth_retrying(transfer.code);
    error.maybe_received = !never_connected(transfer.code, transfer.easy);
    return error;
  }

  struct Exchange {
    Impl& impl;
    Transfer& transfer;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      transfer.waiting = handle;
      impl.start(transfer);
    }
    void await_resume() const noexcept {}
  };

  struct Watching {
    std::shared_ptr<Impl> impl;
    Watch& watch;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      watch.waiting = handle;
      impl->watches.push_back(&watch);
    }
    void await_resume() const noexcept {}
    // Takes back a watch whose coroutine is dropped while it waits, too.
    ~Watching() { std::erase(impl->watches, &watch); }
  };

  // Posts who waits for a descriptor that is ready now, or has waited long enough. `polled` are those of the watches,
  // in their order.
  void wake_watchers(const curl_waitfd* polled) {
    const Duration now = loop.clock().monotonic();
    std::vector<Watch*> rest;
    for (std::size_t i = 0; i < watches.size(); ++i) {
      Watch* watch = watches[i];
      watch->is_ready = (polled[i].revents & watch->events) != 0;
      if (watch->is_ready || watch->end <= now) {
        loop.post(watch->waiting);
      } else {
        rest.push_back(watch);
      }
    }
    watches = std::move(rest);
  }

  // Ends a transfer whose coroutine is dropped in mid-flight, too.
  struct Guard {
    std::shared_ptr<Impl> impl;  // tasks may outlive the network: the loop drops its own last
    Transfer& transfer;
    ~Guard() {
      if (transfer.easy != nullptr) impl->finish(transfer);
    }
  };
};

CurlNetwork::CurlNetwork(Loop& loop, CurlOptions options) : impl_(std::make_shared<Impl>(loop, std::move(options))) {}
CurlNetwork::~CurlNetwork() = default;

Task<HttpResult> CurlNetwork::send(HttpRequest request) {
  Transfer transfer;
  transfer.request = std::move(request);
  Impl::Guard guard{impl_, transfer};
  Impl::Exchange exchange{*guard.impl, transfer};
  co_await exchange;
  if (transfer.code != CURLE_OK) co_return Failure(guard.impl->error_of(transfer));
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  co_return std::move(transfer.response);
}

Task<bool> CurlNetwork::ready(int fd, Want want, Duration timeout) {
  const short events = want == Want::kRead ? CURL_WAIT_POLLIN : CURL_WAIT_POLLOUT;
  Watch watch{fd, events, impl_->loop.clock().monotonic() + timeout, {}};
  Impl::Watching watching{impl_, watch};
  co_await watching;
  co_return watch.is_ready;
}

void CurlNetwork::wait(std::optional<Duration> timeout) {
  impl_->start_up();
  impl_->perform();
  const std::vector<Watch*>& watches = impl_->watches;
  // Otherwise nothing could ever end the wait.
  assert(timeout || impl_->in_flight > 0 || impl_->wakeup_fd >= 0 || !watches.empty());
  constexpr Duration kLongest = std::chrono::minutes(1);
  const Duration now = impl_->loop.clock().monotonic();
  Duration limit = std::min(timeout.value_or(kLongest), kLongest);
  for (const Watch* watch : watches) limit = std::clamp(watch->end - now, Duration{0}, limit);
  // What perform() just ended is waiting in the loop already.
  if (impl_->posted) limit = Duration{0};
  std::vector<curl_waitfd> polled;
  for (const Watch* watch : watches) polled.push_back(curl_waitfd{watch->fd, watch->events, 0});
  const bool wakes = impl_->wakeup_fd >= 0;
  if (wakes) polled.push_back(curl_waitfd{impl_->wakeup_fd, CURL_WAIT_POLLIN, 0});
  curl_multi_poll(impl_->multi, polled.empty() ? nullptr : polled.data(), static_cast<unsigned>(polled.size()),
                  static_cast<int>(milliseconds(limit)), nullptr);
  impl_->perform();
  impl_->posted = false;
  impl_->wake_watchers(polled.data());
  if (wakes && (polled.back().revents & CURL_WAIT_POLLIN) != 0 && impl_->on_wakeup) impl_->on_wakeup();
}

void CurlNetwork::set_wakeup(int fd, std::function<void()> on_readable) {
  impl_->wakeup_fd = fd;
  impl_->on_wakeup = std::move(on_readable);
}

std::string ca_bundle_from_environment(const std::function<const char*(const char*)>& look_up) {
  for (const char* name : {"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* value = look_up(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace terrace
