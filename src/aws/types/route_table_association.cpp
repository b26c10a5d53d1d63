// aws_route_table_association
#include "aws/types/common.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  gateway_id string o new
  id string oc api=-
  region string oc new api=-
  route_table_id string r
  subnet_id string o new
  block timeouts single {
    create string o
    delete string o
    update string o
  }
)";

// An association by its id, or by what it joins; found in the table it belongs to.
const Json* find_association(const Json& table, const Json& state) {
  if (!table.is_object() || !table.contains("Associations")) return nullptr;
  for (const Json& association : table["Associations"]) {
    std::string status = string_of(association.value("AssociationState", Json::object()), "State");
    if (status == "disassociating" || status == "disassociated") continue;
    bool by_id =
        !string_of(state, "id").empty() && string_of(association, "RouteTableAssociationId") == string_of(state, "id");
    bool by_subnet =
        !string_of(state, "subnet_id").empty() && string_of(association, "SubnetId") == string_of(state, "subnet_id");
    bool by_gateway = !string_of(state, "gateway_id").empty() &&
                      string_of(association, "GatewayId") == string_of(state, "gateway_id");
    if (string_of(state, "id").empty() ? by_subnet || by_gateway : by_id) return &association;
  }
  return nullptr;
}

Task<bool> create(Context& c) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "ec2", "AssociateRouteTable"));
  ApiResult done =
      co_await call_while(c, "ec2", "AssociateRouteTable", params,
                          "InvalidRouteTableID.NotFound|InvalidSubnetID.NotFound", std::chrono::minutes(2));
  if (!done) co_return c.fail(done.error(), "creating");
  c.state["id"] = done->value("AssociationId", Json());
  co_return true;
}

Task<bool> read(Context& c) {
  Result<Json, ApiError> table = co_await c.describe(kRouteTables, string_of(c.state, "route_table_id"));
  if (!table) co_return c.fail(table.error(), "reading");
  const Json* association = find_association(*table, c.state);
  if (association == nullptr) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, *association, c.state);
  co_return true;
}

Task<bool> update(Context& c) {
  Json params = Json::object();
  params["AssociationId"] = c.prior["id"];
  params["RouteTableId"] = c.planned["route_table_id"];
  ApiResult done = co_await c.call("ec2", "ReplaceRouteTableAssociation", params);
  if (!done) co_return c.fail(done.error(), "updating");
  c.state["id"] = done->value("NewAssociationId", Json());
  co_return true;
}

Task<bool> remove(Context& c) {
  std::string id = c.text("id");
  bool ok = co_await remove_ec2(c, "DisassociateRouteTable", "AssociationId", id, "InvalidAssociationID.NotFound", "");
  co_return ok;
}

Task<bool> recover(Context& c) {
  Result<Json, ApiError> table = co_await c.describe(kRouteTables, string_of(c.planned, "route_table_id"));
  if (!table) co_return c.fail(table.error(), "looking for");
  const Json* association = find_association(*table, c.state);
  if (association != nullptr) c.state["id"] = string_of(*association, "RouteTableAssociationId");
  co_return true;
}

// SUBNETID/ROUTETABLEID or GATEWAYID/ROUTETABLEID
Task<bool> import(Context& c) {
  std::string id = c.text("id");
  std::size_t slash = id.find('/');
  if (slash == std::string::npos)
    co_return c.fail("importing", "the id must be SUBNETID/ROUTETABLEID or GATEWAYID/ROUTETABLEID");
  c.state["id"] = nullptr;
  c.state[id.starts_with("subnet-") ? "subnet_id" : "gateway_id"] = id.substr(0, slash);
  c.state["route_table_id"] = id.substr(slash + 1);
  Result<Json, ApiError> table = co_await c.describe(kRouteTables, id.substr(slash + 1));
  if (!table) co_return c.fail(table.error(), "importing");
  const Json* association = find_association(*table, c.state);
  if (association == nullptr)
    co_return c.fail("importing",
                     "there is no association of " + id.substr(0, slash) + " with " + id.substr(slash + 1));
  c.state["id"] = string_of(*association, "RouteTableAssociationId");
  co_return true;
}

// A new table gives the association a new id.
void plan(const Json&, const Json& prior, Json& planned, std::vector<std::string>& unknown, std::vector<std::string>&) {
  if (prior.is_object() && prior["route_table_id"] != planned["route_table_id"]) unknown.push_back("id");
}

std::vector<std::string> validate(const Json& config) {
  bool subnet = config["subnet_id"].is_string();
  bool gateway = config["gateway_id"].is_string();
  if (subnet == gateway) return {"exactly one of subnet_id and gateway_id must be given"};
  return {};
}

}  // namespace

ResourceType route_table_association() {
  ResourceType type;
  type.name = "aws_route_table_association";
  type.table = kTable;
  type.title = "EC2 Route Table Association";
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.plan = plan;
  type.validate = validate;
  type.reads = "ec2:DescribeRouteTables";
  type.changes = "ec2:AssociateRouteTable ec2:DisassociateRouteTable ec2:ReplaceRouteTableAssociation";
  return type;
}

}  // namespace terrace::aws::types
