#include "node/instance_metadata.h"

#include <fmt/format.h>

namespace terrace::node {

namespace {

constexpr int kTokenSeconds = 21600;
constexpr Duration kTimeout = std::chrono::seconds(2);

HttpRequest request_to(std::string url) {
  HttpRequest request;
  request.url = std::move(url);
  request.connect_timeout = request.timeout = kTimeout;
  request.use_proxy = false;
  return request;
}

}  // namespace

InstanceMetadata::InstanceMetadata(Network& network, const Clock& clock, std::string endpoint)
    : network_(network), clock_(clock), endpoint_(std::move(endpoint)) {
  while (endpoint_.ends_with('/')) endpoint_.pop_back();
}

Task<Status<std::string>> InstanceMetadata::renew_token() {
  HttpRequest request = request_to(endpoint_ + "/latest/api/token");
  request.method = "PUT";
  request.headers.emplace_back("X-aws-ec2-metadata-token-ttl-seconds", std::to_string(kTokenSeconds));
  const HttpResult answer = co_await network_.send(std::move(request));
  if (!answer.ok()) co_return Failure{"instance metadata: " + answer.error().message};
  if (answer->status != 200)
    co_return Failure{fmt::format("instance metadata: a token was refused with status {}", answer->status)};
  token_ = answer->body;
  token_ends_ = clock_.monotonic() + std::chrono::seconds(kTokenSeconds / 2);
  co_return Status<std::string>();
}

Task<Result<std::optional<std::string>, std::string>> InstanceMetadata::get(std::string path) {
  using Answer = Result<std::optional<std::string>, std::string>;
  for (bool retried = false;; retried = true) {
    if (token_.empty() || clock_.monotonic() >= token_ends_) {
      const Status<std::string> renewed = co_await renew_token();
      if (!renewed.ok()) co_return Answer(Failure{renewed.error()});
    }
    HttpRequest request = request_to(endpoint_ + "/latest/" + path);
    request.headers.emplace_back("X-aws-ec2-metadata-token", token_);
    HttpResult answer = co_await network_.send(std::move(request));
    if (!answer.ok()) co_return Answer(Failure{"instance metadata: " + answer.error().message});
    if (answer->status == 200) co_return Answer(std::optional<std::string>(std::move(answer->body)));
    if (answer->status == 404) co_return Answer(std::optional<std::string>());
    token_.clear();
    if (answer->status != 401 || retried)
      co_return Answer(Failure{fmt::format("instance metadata: {} answered with status {}", path, answer->status)});
  }
}

}  // namespace terrace::node
