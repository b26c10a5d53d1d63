#include "aws/endpoint.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "aws/models.h"

namespace terrace::aws {

namespace {

// Services with one endpoint a partition.
bool is_global(std::string_view service) {
  return service == "iam" || service == "route53";
}

std::string global_region_of(std::string_view service, const Partition& partition) {
  return service == "iam" && partition.id == "aws-cn" ? "cn-north-1" : partition.global_region;
}

// A bucket that can be a label of a host name under a wildcard certificate: no dots.
bool fits_host(std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63) return false;
  auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return bucket.front() != '-' && bucket.back() != '-' && std::all_of(bucket.begin(), bucket.end(), is_inner);
}

std::string host_of_service(std::string_view service, const ServiceModel& model, const Partition& partition,
                            const EndpointOptions& options) {
  std::string fips = options.use_fips ? "-fips" : "";
  const std::string& suffix = options.use_dual_stack ? partition.dual_stack_dns_suffix : partition.dns_suffix;
  if (model.is_s3) {
    std::string dual = options.use_dual_stack ? ".dualstack" : "";
    return "s3" + fips + dual + "." + options.region + "." + partition.dns_suffix;
  }
  if (is_global(service) && !options.use_dual_stack) {
    bool is_china = partition.id == "aws-cn";
    bool is_government = partition.id == "aws-us-gov";
    if (service == "iam") {
      if (is_china) return "iam.cn-north-1.amazonaws.com.cn";
      if (is_government) return "iam.us-gov.amazonaws.com";
      if (partition.id == "aws") return "iam" + fips + ".amazonaws.com";
    } else {
      if (is_china) return "route53.amazonaws.com.cn";
      if (is_government) return "route53.us-gov.amazonaws.com";
      if (partition.id == "aws") return "route53" + fips + ".amazonaws.com";
    }
  }
  if (is_global(service) && partition.id == "aws") return model.endpoint_prefix + ".global." + suffix;
  return model.endpoint_prefix + fips + "." + options.region + "." + suffix;
}

}  // namespace

Partitions::Partitions() {
  nlohmann::json json = nlohmann::json::parse(built_in_model("partitions"));
  for (const nlohmann::json& entry : json.at("partitions")) {
    const nlohmann::json& outputs = entry.at("outputs");
    Partition& partition = partitions_.emplace_back();
    partition.id = entry.at("id").get<std::string>();
    partition.region_regex = entry.at("regionRegex").get<std::string>();
    partition.dns_suffix = outputs.at("dnsSuffix").get<std::string>();
    partition.dual_stack_dns_suffix = outputs.at("dualStackDnsSuffix").get<std::string>();
    partition.global_region = outputs.at("implicitGlobalRegion").get<std::string>();
    partition.supports_fips = outputs.at("supportsFIPS").get<bool>();
    partition.supports_dual_stack = outputs.at("supportsDualStack").get<bool>();
    for (const auto& [name, description] : entry.at("regions").items()) {
      partition.regions.emplace(name, description.get<std::string>());
    }
  }
}

const Partition& Partitions::of_region(std::string_view region) const {
  for (const Partition& partition : partitions_) {
    if (partition.regions.contains(region)) return partition;
  }
  for (const Partition& partition : partitions_) {
    if (RE2::FullMatch(region, partition.region_regex)) return partition;
  }
  return partitions_.front();
}

bool Partitions::known_region(std::string_view region) const {
  return std::any_of(partitions_.begin(), partitions_.end(),
                     [region](const Partition& partition) { return partition.regions.contains(region); });
}

Result<Endpoint, std::string> resolve_endpoint(std::string_view service, const ServiceModel& model,
                                               const Partitions& partitions, const EndpointOptions& options) {
  if (options.region.empty()) {
    return Failure(std::string("there is no region: set \"region\" in the provider block or AWS_REGION"));
  }
  bool well_formed = std::all_of(options.region.begin(), options.region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!well_formed) return Failure(fmt::format("\"{}\" is not the name of a region", options.region));
  const Partition& partition = partitions.of_region(options.region);
  Endpoint endpoint;
  endpoint.signing_name = model.signing_name;
  endpoint.signing_region = is_global(service) ? global_region_of(service, partition) : options.region;
  if (!options.custom_url.empty()) {
    std::string_view url = options.custom_url;
    std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos || (!url.starts_with("http://") && !url.starts_with("https://"))) {
      return Failure(fmt::format("the endpoint \"{}\" of {} is not an http or https URL", url, service));
    }
    endpoint.scheme = url.substr(0, scheme);
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("?#"));
    std::size_t slash = url.find('/');
    endpoint.host = url.substr(0, slash);
    if (slash != std::string_view::npos) endpoint.base_path = url.substr(slash);
    while (endpoint.base_path.ends_with('/')) endpoint.base_path.pop_back();
    if (endpoint.host.empty())
      return Failure(fmt::format("the endpoint \"{}\" of {} has no host", options.custom_url, service));
    return endpoint;
  }
  if (options.use_fips && !partition.supports_fips) {
    return Failure(fmt::format("the partition {} has no FIPS endpoints", partition.id));
  }
  if (options.use_dual_stack && !partition.supports_dual_stack) {
    return Failure(fmt::format("the partition {} has no dual-stack endpoints", partition.id));
  }
  endpoint.scheme = "https";
  endpoint.host = host_of_service(service, model, partition, options);
  if (model.is_s3 && !options.bucket.empty() && !options.s3_use_path_style && fits_host(options.bucket)) {
    endpoint.host = options.bucket + "." + endpoint.host;
    endpoint.bucket_in_host = true;
  }
  return endpoint;
}

}  // namespace terrace::aws
