// Where requests go: partitions, regions and the host names of services. The client and the region data sources
// include it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/model.h"
#include "base/result.h"

namespace terrace::aws {

struct Partition {
  std::string id;  // "aws"
  std::string region_regex;
  std::string dns_suffix;             // "amazonaws.com"
  std::string dual_stack_dns_suffix;  // "api.aws"
  std::string global_region;          // where global services are signed: "us-east-1"
  bool supports_fips = false;
  bool supports_dual_stack = false;
  std::map<std::string, std::string, std::less<>> regions;  // name to description
};

// AWS's partitions, from the built-in partitions.json.
class Partitions {
 public:
  Partitions();
  // The partition that lists `region` or whose pattern it fits; AWS's own ("aws") where none does.
  const Partition& of_region(std::string_view region) const;
  // Whether some partition lists it.
  bool known_region(std::string_view region) const;
  const std::vector<Partition>& all() const { return partitions_; }

 private:
  std::vector<Partition> partitions_;
};

struct EndpointOptions {
  std::string region;
  std::string custom_url;  // empty for AWS's own
  bool use_fips = false;
  bool use_dual_stack = false;
  bool s3_use_path_style = false;
  std::string bucket;  // of an S3 request; empty for none
};

struct Endpoint {
  std::string scheme;     // "https"
  std::string host;       // with the port where it is not the scheme's
  std::string base_path;  // "" or "/prefix", no trailing slash
  std::string signing_region;
  std::string signing_name;
  bool bucket_in_host = false;  // the bucket is in `host` and is to be taken out of the path
};

// The endpoint of `service` (botocore's folder name). The error says why there is none.
Result<Endpoint, std::string> resolve_endpoint(std::string_view service, const ServiceModel& model,
                                               const Partitions& partitions, const EndpointOptions& options);

}  // namespace terrace::aws
