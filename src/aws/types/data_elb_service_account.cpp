// Data source aws_elb_service_account: the account from which a region's load balancers write their access logs.
#include <map>

#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c
  id string oc
  region string oc
)";

// By region, from docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html. Newer regions
// have none: there a bucket's policy names the service.
const char* account_of(const std::string& region) {
  static const std::map<std::string, const char*> kAccounts = {
      {"af-south-1", "098369216593"},     {"ap-east-1", "754344448648"},      {"ap-northeast-1", "582318560864"},
      {"ap-northeast-2", "600734575887"}, {"ap-northeast-3", "383597477331"}, {"ap-south-1", "718504428378"},
      {"ap-southeast-1", "114774131450"}, {"ap-southeast-2", "783225319266"}, {"ap-southeast-3", "589379963580"},
      {"ca-central-1", "985666609251"},   {"cn-north-1", "638102146993"},     {"cn-northwest-1", "037604701340"},
      {"eu-central-1", "054676820928"},   {"eu-north-1", "897822967062"},     {"eu-south-1", "635631232127"},
      {"eu-west-1", "156460612806"},      {"eu-west-2", "652711504416"},      {"eu-west-3", "009996457667"},
      {"me-south-1", "076674570225"},     {"sa-east-1", "507241528517"},      {"us-east-1", "127311923021"},
      {"us-east-2", "033677994240"},      {"us-gov-east-1", "190560391635"},  {"us-gov-west-1", "048591011584"},
      {"us-west-1", "027434742980"},      {"us-west-2", "797873946194"}};
  auto found = kAccounts.find(region);
  return found == kAccounts.end() ? nullptr : found->second;
}

Task<bool> read(Context& c) {
  const char* account = account_of(c.region);
  if (account == nullptr)
    co_return c.fail("reading the load balancers' account",
                     "the region " + c.region +
                         " has none; there a bucket's policy names the service logdelivery.elasticloadbalancing."
                         "amazonaws.com instead");
  c.state["id"] = account;
  c.state["arn"] = arn(c, "iam", "", account, "root");
  co_return true;
}

}  // namespace

DataSource elb_service_account() {
  return {"aws_elb_service_account", kTable, read, "", true};
}

}  // namespace terrace::aws::types
