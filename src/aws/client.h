// The AWS client: one call from parameters to a result, with endpoint, signature, retries, pages and log. Resource
// types, data sources, S3 state storage and the cluster's verbs all speak to AWS through it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "aws/codec.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/models.h"
#include "aws/profile.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/network.h"
#include "base/random.h"

namespace terrace::aws {

using ApiResult = Result<nlohmann::json, ApiError>;

// One HTTP exchange of a call, told to ClientConfig::observer when it ended.
struct Attempt {
  std::string service;
  std::string operation;
  std::string region;
  int number = 1;    // counts from 1 within the call
  int status = 0;    // 0: no answer
  std::string code;  // the error's; empty for a success
  Duration elapsed{0};
};

struct ClientConfig {
  std::string region;
  // Service (botocore's folder name) to URL. AWS_ENDPOINT_URL applies to services that have none here.
  std::map<std::string, std::string, std::less<>> endpoints;
  // The same by the service's id in lower case with "_" between words ("auto_scaling"), as AWS_ENDPOINT_URL_<SERVICE>
  // and a profile's services section name them; after `endpoints`, before endpoint_url.
  std::map<std::string, std::string, std::less<>> endpoints_by_id;
  std::string endpoint_url;
  bool use_fips = false;
  bool use_dual_stack = false;
  bool s3_use_path_style = false;
  int max_attempts = 25;                         // tries of a call in all
  Duration timeout = std::chrono::seconds(120);  // of one try
  Duration connect_timeout = std::chrono::seconds(10);
  int requests_in_flight = 50;  // a service; more wait
  std::string user_agent = "terrace";
  std::function<void(const Attempt&)> observer;  // may be empty
};

// What the provider block says about the client; what it leaves out comes from the environment and the profile.
struct ConfigSettings {
  std::string region;
  std::string profile;
  SharedFiles files;
  std::map<std::string, std::string, std::less<>> endpoints;
  std::optional<bool> use_fips;
  std::optional<bool> use_dual_stack;
  std::optional<bool> s3_use_path_style;
  std::optional<int> max_retries;
  std::optional<Duration> timeout;  // of one try
  std::optional<Duration> connect_timeout;
};

// Settles region, endpoints, FIPS, dual stack and attempts from the settings, then the environment (AWS_REGION,
// AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, AWS_MAX_ATTEMPTS, AWS_USE_FIPS_ENDPOINT,
// AWS_USE_DUALSTACK_ENDPOINT, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS), then the profile. An empty region stays empty.
Result<ClientConfig, std::string> resolve_config(const ConfigSettings& settings, const Environment& environment,
                                                 FileSystem& files);

// The URL that `config` has for a service ("sts", its id "sts"; "elbv2", "elastic_load_balancing_v2"); empty where
// AWS's own is meant.
std::string custom_endpoint(const ClientConfig& config, std::string_view service, std::string_view id);

struct CallOptions {
  std::string region;    // empty: the client's
  int max_attempts = 0;  // 0: the client's
};

class Client {
 public:
  Client(Loop& loop, Network& network, Random& random, Models& models, CredentialsProvider& credentials,
         ClientConfig config, Log& log);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Calls `operation` of `service` (botocore's folder name: "ec2", "elbv2") with `params` and gives its result. Retries
  // throttling, passing faults and lost connections; a call that may have been carried out is tried again only where
  // that can do no harm (reads, idempotent verbs, idempotency tokens), else the error says maybe_done.
  Task<ApiResult> call(std::string service, std::string operation, nlohmann::json params);
  Task<ApiResult> call(std::string service, std::string operation, nlohmann::json params, CallOptions options);
  // The same for every page, with the pages' lists put together into the first page's result.
  Task<ApiResult> call_all(std::string service, std::string operation, nlohmann::json params);
  Task<ApiResult> call_all(std::string service, std::string operation, nlohmann::json params, CallOptions options);

  const ClientConfig& config() const;
  const Partitions& partitions() const;
  Models& models() const;
  Loop& loop() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace terrace::aws
