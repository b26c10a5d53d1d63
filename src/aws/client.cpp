#include "aws/client.h"

#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "aws/pages.h"
#include "aws/retry.h"
#include "aws/timestamp.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::json;

bool is_skew_code(std::string_view code) {
  return code == "RequestTimeTooSkewed" || code == "RequestExpired" || code == "InvalidSignatureException" ||
         code == "SignatureDoesNotMatch" || code == "SignatureExpired" || code == "AuthFailure";
}

bool is_expired_code(std::string_view code) {
  return code == "ExpiredToken" || code == "ExpiredTokenException" || code == "RequestExpired" ||
         code == "TokenRefreshRequired";
}

// "Auto Scaling" as AWS_ENDPOINT_URL_ and services sections have it: auto_scaling.
std::string settings_id(const ServiceModel& model) {
  std::string id = ascii_lower(model.service_id);
  for (char& c : id) {
    if (c == ' ' || c == '-') c = '_';
  }
  return id;
}

// The value of the URI label "Bucket", as every S3 operation on a bucket has it.
std::string bucket_of(const ServiceModel& model, const Json& params) {
  if (!model.is_s3) return {};
  auto bucket = params.find("Bucket");
  return bucket != params.end() && bucket->is_string() ? bucket->get<std::string>() : std::string();
}

std::string shown(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Gives a slot back when it goes.
struct Slot {
  Semaphore& semaphore;
  ~Slot() { semaphore.release(); }
};

}  // namespace

struct Client::Impl {
  Loop& loop;
  Network& network;
  Random& random;
  Models& models;
  CredentialsProvider& credentials;
  ClientConfig config;
  Log& log;
  Partitions partitions;
  std::map<std::string, Semaphore, std::less<>> slots;  // by service and region
  std::map<std::string, std::string, std::less<>> bucket_regions;
  RetryQuota quota;
  Duration skew{0};  // AWS's clock less ours

  // One call on its way; lives in call()'s frame.
  struct Call {
    const ServiceModel* model = nullptr;
    const Operation* operation = nullptr;
    std::string service;
    std::string region;
    Json params;
    WireRequest wire;
    std::string bucket;
    int max_attempts = 1;
    int attempt = 0;
    int paid = 0;                          // retry tokens
    bool refreshed = false;                // the credentials, once
    bool redirected = false;               // to the bucket's region, once
    bool unskewed = false;                 // the clock, once
    std::optional<HttpResponse> response;  // the last try's
  };

  ApiError error(const Call& call, ApiError::Kind kind, std::string message) const {
    ApiError error;
    error.kind = kind;
    error.message = std::move(message);
    error.service = call.service;
    if (call.model != nullptr) error.service_id = call.model->service_id;
    error.operation = call.operation == nullptr ? std::string() : call.operation->name;
    error.attempts = std::max(call.attempt, 1);
    return error;
  }

  Semaphore& slot(const Call& call) {
    std::string key = call.service + "/" + call.region;
    return slots.try_emplace(key, loop, config.requests_in_flight).first->second;
  }

  // Finds model and operation and writes the request; what is wrong with the call, or nothing.
  std::optional<ApiError> prepare(Call& call, const std::string& operation, const CallOptions& options) {
    call.model = models.service(call.service);
    if (call.model == nullptr) {
      return error(call, ApiError::Kind::kRequest, "terrace has no model of a service called " + call.service);
    }
    call.operation = call.model->operation(operation);
    if (call.operation == nullptr) {
      return error(call, ApiError::Kind::kRequest,
                   "terrace's model of " + call.service + " has no operation called " + operation);
    }
    call.region = options.region.empty() ? config.region : options.region;
    call.max_attempts = std::max(options.max_attempts > 0 ? options.max_attempts : config.max_attempts, 1);
    if (call.params.is_null()) call.params = Json::object();
    std::vector<std::string> problems = check_parameters(*call.operation, call.params);
    if (!problems.empty()) {
      return error(call, ApiError::Kind::kRequest, fmt::format("invalid parameters: {}", fmt::join(problems, "; ")));
    }
    // Every try carries the same tokens.
    fill_idempotency_tokens(*call.operation, call.params, random);
    auto wire = serialize(*call.model, *call.operation, nlohmann::ordered_json(call.params), random);
    if (!wire.ok()) return error(call, ApiError::Kind::kRequest, wire.error());
    call.wire = std::move(wire).value();
    call.bucket = bucket_of(*call.model, call.params);
    if (auto known = bucket_regions.find(call.bucket); known != bucket_regions.end()) call.region = known->second;
    return std::nullopt;
  }

  Result<HttpRequest, ApiError> address_and_sign(const Call& call, const Credentials& keys) {
    EndpointOptions options;
    options.region = call.region;
    options.custom_url = custom_endpoint(config, call.service, settings_id(*call.model));
    options.use_fips = config.use_fips;
    options.use_dual_stack = config.use_dual_stack;
    options.s3_use_path_style = config.s3_use_path_style;
    options.bucket = call.bucket;
    auto endpoint = resolve_endpoint(call.service, *call.model, partitions, options);
    if (!endpoint.ok()) return Failure(error(call, ApiError::Kind::kRequest, endpoint.error()));
    SignableRequest request;
    request.method = call.wire.method;
    request.path = call.wire.path;
    if (endpoint->bucket_in_host) {
      request.path = request.path.substr(std::min(request.path.size(), percent_encode(call.bucket).size() + 1));
    }
    if (request.path.empty()) request.path = "/";
    request.path = endpoint->base_path + request.path;
    request.query = call.wire.query;
    request.headers = call.wire.headers;
    bool prefixed = options.custom_url.empty() && !call.wire.host_prefix.empty();
    std::string host = (prefixed ? call.wire.host_prefix : std::string()) + endpoint->host;
    request.headers.emplace_back("Host", host);
    request.headers.emplace_back("User-Agent", config.user_agent);
    request.body = call.wire.body;
    Headers headers = request.headers;
    if (!call.operation->unsigned_request) {
      SigningOptions signing;
      signing.region = endpoint->signing_region;
      signing.service = endpoint->signing_name;
      signing.timestamp = loop.clock().wall() + skew;
      signing.normalize_path = !call.model->is_s3;
      signing.double_encode = !call.model->is_s3;
      signing.unsigned_payload = call.operation->unsigned_payload && endpoint->scheme == "https";
      signing.sign_body = call.model->is_s3 || signing.unsigned_payload;
      headers = sign_headers(request, keys, signing).headers;
    }
    HttpRequest out;
    out.method = request.method;
    out.url = endpoint->scheme + "://" + host + request.path + (request.query.empty() ? "" : "?" + request.query);
    out.headers = std::move(headers);
    out.body = std::move(request.body);
    out.timeout = config.timeout;
    out.connect_timeout = std::min(config.connect_timeout, config.timeout);
    return out;
  }

  void log_request(const Call& call, const HttpRequest& request) {
    if (!log.enabled(LogLevel::kDebug)) return;
    std::string text = fmt::format("aws: {} {} ({}), try {}: {} {}", call.service, call.operation->name, call.region,
                                   call.attempt, request.method, request.url);
    if (log.enabled(LogLevel::kTrace)) text += " " + shown(redact(call.operation->input, call.params));
    log.write(LogLevel::kDebug, text);
  }

  void log_answer(const Call& call, const ApiResult& result, Duration elapsed) {
    if (!log.enabled(LogLevel::kDebug)) return;
    auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    std::string text = fmt::format("aws: {} {}, try {}: ", call.service, call.operation->name, call.attempt);
    if (!result.ok()) {
      text += fmt::format("{} after {} ms", result.error().describe(), milliseconds);
    } else {
      text += fmt::format("status {} after {} ms", call.response->status, milliseconds);
      if (log.enabled(LogLevel::kTrace)) text += " " + shown(redact(call.operation->output, result.value()));
    }
    log.write(LogLevel::kDebug, text);
  }

  void tell_observer(const Call& call, const ApiResult& result, Duration elapsed) {
    if (!config.observer) return;
    Attempt attempt;
    attempt.service = call.service;
    attempt.operation = call.operation->name;
    attempt.region = call.region;
    attempt.number = call.attempt;
    attempt.status = call.response ? call.response->status : 0;
    if (!result.ok()) attempt.code = result.error().code;
    attempt.elapsed = elapsed;
    config.observer(attempt);
  }

  // One try. `network_error` is set where no answer came.
  Task<ApiResult> exchange(Call& call, std::optional<NetworkError>& network_error) {
    call.response.reset();
    Credentials keys;
    if (!call.operation->unsigned_request) {
      auto given = co_await credentials.credentials();
      if (!given.ok()) co_return Failure(error(call, ApiError::Kind::kCredentials, given.error().describe()));
      keys = std::move(given).value();
    }
    auto request = address_and_sign(call, keys);
    if (!request.ok()) co_return Failure(request.error());
    Semaphore& free_slots = slot(call);
    Semaphore::Acquire acquire = free_slots.acquire();
    co_await acquire;
    Slot held{free_slots};
    log_request(call, request.value());
    Duration start = loop.clock().monotonic();
    HttpRequest to_send = std::move(request).value();
    HttpResult answer = co_await network.send(std::move(to_send));
    Duration elapsed = loop.clock().monotonic() - start;
    std::optional<ApiResult> result;
    if (!answer.ok()) {
      network_error = answer.error();
      result = Failure(error(call, ApiError::Kind::kNetwork, answer.error().message));
    } else {
      call.response = std::move(answer).value();
      result = parse_response(*call.model, *call.operation, *call.response);
      if (!result->ok()) {
        ApiError& failed = result->error();
        failed.service = call.service;
        failed.service_id = call.model->service_id;
        failed.operation = call.operation->name;
        failed.attempts = call.attempt;
      }
    }
    log_answer(call, *result, elapsed);
    tell_observer(call, *result, elapsed);
    co_return std::move(*result);
  }

  // Errors that are mended at once rather than waited out: our clock, the bucket's region, expired credentials.
  bool mend(Call& call, const ApiError& failed) {
    if (is_skew_code(failed.code) && !call.unskewed) {
      const std::string* date = find_header(call.response->headers, "Date");
      std::optional<Duration> theirs = date == nullptr ? std::nullopt : parse_timestamp(*date);
      constexpr Duration kTolerated = std::chrono::minutes(4);
      if (theirs) {
        Duration found = *theirs - loop.clock().wall();
        Duration change = found - skew;
        if (change > kTolerated || change < -kTolerated) {
          call.unskewed = true;
          skew = found;
          return true;
        }
      }
    }
    if (call.model->is_s3 && !call.bucket.empty() && !call.redirected &&
        (failed.status == 301 || failed.status == 307 || failed.status == 400)) {
      const std::string* region = find_header(call.response->headers, "x-amz-bucket-region");
      if (region != nullptr && !region->empty() && *region != call.region) {
        call.redirected = true;
        call.region = *region;
        bucket_regions[call.bucket] = *region;
        return true;
      }
    }
    if (is_expired_code(failed.code) && !call.refreshed) {
      call.refreshed = true;
      credentials.expired();
      return true;
    }
    return false;
  }

  Task<ApiResult> run(std::string service, std::string operation, Json params, CallOptions options) {
    Call call;
    call.service = std::move(service);
    call.params = std::move(params);
    if (auto problem = prepare(call, operation, options)) co_return Failure(std::move(*problem));
    while (true) {
      ++call.attempt;
      std::optional<NetworkError> network_error;
      ApiResult result = co_await exchange(call, network_error);
      if (result.ok()) {
        quota.give_back(call.paid);
        co_return result;
      }
      ApiError& failed = result.error();
      bool answered = call.response.has_value();
      if (!answered && !network_error) co_return result;
      if (answered && call.attempt < call.max_attempts && mend(call, failed)) continue;
      RetryKind kind = network_error ? classify(*network_error) : classify(failed);
      bool unclear =
          kind == RetryKind::kLost || kind == RetryKind::kForeign || (network_error && network_error->maybe_received);
      if (unclear && !is_repeatable(*call.operation, call.params)) {
        failed.maybe_done = true;
        co_return result;
      }
      if (kind == RetryKind::kNone || call.attempt >= attempts_allowed(kind, call.max_attempts)) co_return result;
      int cost = quota.take(kind);
      if (cost == 0) {
        failed.message += " (not tried again: too many requests have failed)";
        co_return result;
      }
      call.paid += cost;
      Duration delay = retry_delay(call.attempt - 1, answered ? &*call.response : nullptr, random);
      co_await loop.sleep(delay);
    }
  }

  Task<ApiResult> run_all(std::string service, std::string operation, Json params, CallOptions options) {
    const ServiceModel* model = models.service(service);
    const Paginator* paginator = model == nullptr ? nullptr : model->paginator(operation);
    if (params.is_null()) params = Json::object();
    Json all;
    for (bool first = true;; first = false) {
      ApiResult page = co_await run(service, operation, params, options);
      if (!page.ok() || paginator == nullptr) co_return page;
      bool more = next_page(*paginator, page.value(), params);
      if (first) {
        all = std::move(page).value();
      } else {
        append_page(*paginator, std::move(page).value(), all);
      }
      if (!more) break;
    }
    drop_tokens(*paginator, all);
    co_return all;
  }
};

Client::Client(Loop& loop, Network& network, Random& random, Models& models, CredentialsProvider& credentials,
               ClientConfig config, Log& log)
    : impl_(new Impl{loop, network, random, models, credentials, std::move(config), log, {}, {}, {}, {}, {}}) {}
Client::~Client() = default;

Task<ApiResult> Client::call(std::string service, std::string operation, Json params) {
  return impl_->run(std::move(service), std::move(operation), std::move(params), CallOptions{});
}

Task<ApiResult> Client::call(std::string service, std::string operation, Json params, CallOptions options) {
  return impl_->run(std::move(service), std::move(operation), std::move(params), std::move(options));
}

Task<ApiResult> Client::call_all(std::string service, std::string operation, Json params) {
  return impl_->run_all(std::move(service), std::move(operation), std::move(params), CallOptions{});
}

Task<ApiResult> Client::call_all(std::string service, std::string operation, Json params, CallOptions options) {
  return impl_->run_all(std::move(service), std::move(operation), std::move(params), std::move(options));
}

const ClientConfig& Client::config() const {
  return impl_->config;
}
const Partitions& Client::partitions() const {
  return impl_->partitions;
}
Models& Client::models() const {
  return impl_->models;
}
Loop& Client::loop() const {
  return impl_->loop;
}

}  // namespace terrace::aws
