// aws_internet_gateway
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=-
  id string oc api=-
  owner_id string c
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string oc api=-
  block timeouts single {
    create string o
    delete string o
    update string o
  }
)";

Task<bool> attach(Context& c, const std::string& vpc) {
  Json params = Json::object();
  params["InternetGatewayId"] = c.state["id"];
  params["VpcId"] = vpc;
  ApiResult done = co_await call_while(c, "ec2", "AttachInternetGateway", params, "InvalidInternetGatewayID.NotFound",
                                       std::chrono::minutes(4));
  if (!done) co_return c.fail(done.error(), "attaching");
  co_return true;
}

// Addresses of the VPC that are still in use go away with what uses them.
Task<bool> detach(Context& c, const std::string& vpc) {
  Json params = Json::object();
  params["InternetGatewayId"] = c.state["id"];
  params["VpcId"] = vpc;
  ApiResult done =
      co_await call_while(c, "ec2", "DetachInternetGateway", params, "DependencyViolation", std::chrono::minutes(20));
  if (!done && !is_code(done.error(), {"Gateway.NotAttached", "InvalidInternetGatewayID.NotFound"}))
    co_return c.fail(done.error(), "detaching");
  co_return true;
}

Task<bool> create(Context& c) {
  Json made;
  bool ok = co_await create_ec2(c, "CreateInternetGateway", "InternetGateway", "InternetGatewayId", "internet-gateway",
                                true, made);
  std::string vpc = string_of(c.planned, "vpc_id");
  if (ok && !vpc.empty()) ok = co_await attach(c, vpc);
  co_return ok;
}

Task<bool> read(Context& c) {
  Json gateway;
  bool ok = co_await read_ec2(c, kInternetGateways, gateway);
  if (!ok || c.state.is_null()) co_return ok;
  c.state["arn"] = ec2_arn(c, "internet-gateway", c.text("id"));
  const Json attachments = gateway.value("Attachments", Json::array());
  c.state["vpc_id"] = attachments.empty() ? "" : string_of(attachments[0], "VpcId");
  co_return true;
}

Task<bool> update(Context& c) {
  if (!c.changed("vpc_id")) co_return true;
  std::string before = string_of(c.prior, "vpc_id");
  std::string after = string_of(c.planned, "vpc_id");
  bool ok = true;
  if (!before.empty()) ok = co_await detach(c, before);
  if (ok && !after.empty()) ok = co_await attach(c, after);
  co_return ok;
}

Task<bool> remove(Context& c) {
  std::string vpc = string_of(c.prior, "vpc_id");
  if (!vpc.empty()) {
    bool detached = co_await detach(c, vpc);
    if (!detached) co_return false;
  }
  std::string id = c.text("id");
  bool ok = co_await remove_ec2(c, "DeleteInternetGateway", "InternetGatewayId", id,
                                "InvalidInternetGatewayID.NotFound", "DependencyViolation");
  co_return ok;
}

Task<bool> recover(Context& c) {
  Result<Json, ApiError> id =
      co_await find_by_intent(c, "DescribeInternetGateways", "InternetGateways", "InternetGatewayId");
  if (!id) co_return c.fail(id.error(), "looking for");
  c.state["id"] = *id;
  co_return true;
}

}  // namespace

ResourceType internet_gateway() {
  ResourceType type;
  type.name = "aws_internet_gateway";
  type.table = kTable;
  type.title = "EC2 Internet Gateway";
  type.tags = TagStyle::kEc2;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.reads = "ec2:DescribeInternetGateways";
  type.changes =
      "ec2:AttachInternetGateway ec2:CreateInternetGateway ec2:DeleteInternetGateway "
      "ec2:DetachInternetGateway";
  return type;
}

}  // namespace terrace::aws::types
