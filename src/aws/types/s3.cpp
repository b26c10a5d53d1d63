#include "aws/types/s3.h"

#include <map>

#include <fmt/format.h>

#include "aws/timestamp.h"

namespace terrace::aws::types {

bool made_since(const Context& context, const std::string& created) {
  constexpr Duration kClockDifference = std::chrono::minutes(5);
  std::optional<Duration> moment = parse_timestamp(created);
  return !moment || *moment + kClockDifference >= std::chrono::seconds(context.intent_time_s);
}

Json versions_of(const Json& listing, const std::string* key) {
  Json objects = Json::array();
  for (const char* kind : {"Versions", "DeleteMarkers"}) {
    for (const Json& version : listing.value(kind, Json::array())) {
      if (key != nullptr && string_of(version, "Key") != *key) continue;
      Json one = Json::object();
      one["Key"] = version["Key"];
      if (version.contains("VersionId")) one["VersionId"] = version["VersionId"];
      objects.push_back(std::move(one));
    }
  }
  return objects;
}

Task<bool> delete_objects(Context& context, std::string bucket, Json objects, bool bypass_governance) {
  if (objects.empty()) co_return true;
  Json params = Json::object();
  params["Bucket"] = bucket;
  params["Delete"] = Json::object();
  params["Delete"]["Objects"] = std::move(objects);
  params["Delete"]["Quiet"] = true;
  if (bypass_governance) params["BypassGovernanceRetention"] = true;
  ApiResult done = co_await context.call("s3", "DeleteObjects", std::move(params));
  if (!done && is_code(done.error(), {"NoSuchBucket"})) co_return true;
  if (!done) co_return context.fail(done.error(), "deleting objects of");
  for (const Json& error : done->value("Errors", Json::array())) {
    std::string code = string_of(error, "Code");
    if (code == "NoSuchKey" || code == "NoSuchVersion") continue;
    co_return context.fail("deleting objects of",
                           fmt::format("S3 kept {} of {}, first {}: {}: {}", (*done)["Errors"].size(), bucket,
                                       string_of(error, "Key"), code, string_of(error, "Message")));
  }
  co_return true;
}

// Route 53's hosted zones of S3's website endpoints, by region (docs.aws.amazon.com/general/latest/gr/s3.html).
std::string website_zone(const std::string& region) {
  static const std::map<std::string, std::string> kZones = {
      {"us-east-1", "Z3AQBSTGFYJSTF"},      {"us-east-2", "Z2O1EMRO9K5GLX"},
      {"us-west-1", "Z2F56UZL2M1ACD"},      {"us-west-2", "Z3BJ6K6RIION7M"},
      {"af-south-1", "Z83WF9RJE8B12"},      {"ap-east-1", "ZNB98KWMFR0R6"},
      {"ap-south-1", "Z11RGJOFQNVJUP"},     {"ap-northeast-3", "Z2YQB5RD63NC85"},
      {"ap-northeast-2", "Z3W03O7B5YMIYP"}, {"ap-southeast-1", "Z3O0J2DXBE1FTB"},
      {"ap-southeast-2", "Z1WCIGYICN2BYD"}, {"ap-northeast-1", "Z2M4EHUR26P7ZW"},
      {"ca-central-1", "Z1QDHH18159H29"},   {"eu-central-1", "Z21DNDUVLTQW6Q"},
      {"eu-west-1", "Z1BKCTXD74EZPE"},      {"eu-west-2", "Z3GKZC51ZF0DB4"},
      {"eu-south-1", "Z30OZKI7KPW7MI"},     {"eu-west-3", "Z3R1K369G5AVDG"},
      {"eu-north-1", "Z3BAZG2TWCNX0D"},     {"me-south-1", "Z1MPMWCPA7YB62"},
      {"sa-east-1", "Z7KQH4QJS55SO"},       {"us-gov-east-1", "Z2NIFVYYW2VKV1"},
      {"us-gov-west-1", "Z31GFT0UA1I2HV"},  {"ap-southeast-3", "Z01846753K324LI26A3VV"}};
  auto found = kZones.find(region);
  return found == kZones.end() ? std::string() : found->second;
}

}  // namespace terrace::aws::types
