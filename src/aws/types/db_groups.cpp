// aws_db_subnet_group, aws_db_parameter_group
#include <algorithm>

#include "aws/types/rds.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kSubnetTable = R"(
  arn string c api=DBSubnetGroupArn
  description string o default="Managed by Terraform" api=DBSubnetGroupDescription
  id string oc api=-
  name string oc new api=DBSubnetGroupName
  name_prefix string oc new api=-
  region string oc new api=-
  subnet_ids set(string) r api=SubnetIds
  supported_network_types set(string) c
  tags map(string) o api=-
  tags_all map(string) oc api=-
  vpc_id string c
)";
constexpr const char* kParameterTable = R"(
  arn string c api=DBParameterGroupArn
  description string o new default="Managed by Terraform"
  family string r new api=DBParameterGroupFamily
  id string oc api=-
  name string oc new api=DBParameterGroupName
  name_prefix string oc new api=-
  region string oc new api=-
  skip_destroy bool o default=false api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  block parameter set api=- {
    apply_method string o default="immediate"
    name string r
    value string r
  }
)";

// --- subnet groups

// By name in lower case among all of the account: the API has no filter.
Task<Result<Json, ApiError>> find_group(Context& c, const char* operation, const char* list, const char* member,
                                        std::string name) {
  Json params = Json::object();
  ApiResult all = co_await c.backend.batches().share_all("rds", operation, params, c.region);
  if (!all) co_return Failure<ApiError>{all.error()};
  Json none;
  for (const Json& one : all->value(list, Json::array())) {
    if (string_of(one, member) == name) co_return one;
  }
  co_return none;
}

std::string group_name(const Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char ch) { return std::tolower(ch); });
  return name;
}

Task<bool> create_subnet_group(Context& c) {
  std::string name = group_name(c);
  Json params = Json::object();
  params["DBSubnetGroupName"] = name;
  params["DBSubnetGroupDescription"] = c.planned["description"];
  params["SubnetIds"] = c.planned["subnet_ids"];
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("rds", "CreateDBSubnetGroup", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  co_return true;
}

Task<bool> read_subnet_group(Context& c) {
  Result<Json, ApiError> found =
      co_await find_group(c, "DescribeDBSubnetGroups", "DBSubnetGroups", "DBSubnetGroupName", c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  if (found->is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, *found, c.state);
  Json subnets = Json::array();
  for (const Json& subnet : found->value("Subnets", Json::array())) subnets.push_back(subnet["SubnetIdentifier"]);
  c.state["subnet_ids"] = std::move(subnets);
  if (c.state["supported_network_types"].is_null()) c.state["supported_network_types"] = Json::array();
  bool ok = co_await read_rds_tags(c, string_of(c.state, "arn"));
  co_return ok;
}

Task<bool> update_subnet_group(Context& c) {
  if (c.changed("description") || c.changed("subnet_ids")) {
    Json params = Json::object();
    params["DBSubnetGroupName"] = c.text("id");
    params["DBSubnetGroupDescription"] = c.planned["description"];
    params["SubnetIds"] = c.planned["subnet_ids"];
    ApiResult done = co_await c.call("rds", "ModifyDBSubnetGroup", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  bool ok = co_await update_rds_tags(c, string_of(c.prior, "arn"));
  co_return ok;
}

// An instance that has just gone may still count as a member.
Task<bool> remove_subnet_group(Context& c) {
  Json params = Json::object();
  params["DBSubnetGroupName"] = c.text("id");
  ApiResult done = co_await call_while(c, "rds", "DeleteDBSubnetGroup", std::move(params),
                                       "InvalidDBSubnetGroupStateFault", std::chrono::minutes(3));
  if (!done && !is_code(done.error(), {"DBSubnetGroupNotFoundFault"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover_subnet_group(Context& c) {
  std::string name = group_name(c);
  Result<Json, ApiError> found =
      co_await find_group(c, "DescribeDBSubnetGroups", "DBSubnetGroups", "DBSubnetGroupName", name);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (found->is_null()) co_return true;
  Json before = c.state;
  c.state["id"] = name;
  bool ok = co_await read_rds_tags(c, string_of(*found, "DBSubnetGroupArn"));
  bool own = ok && c.state["tags_all"] == c.planned["tags_all"];
  c.state = std::move(before);
  if (own) c.state["id"] = name;
  co_return ok;
}

// --- parameter groups

Task<bool> put_parameters(Context& c, const char* operation, const Json& blocks) {
  for (std::size_t from = 0; from < blocks.size(); from += 20) {
    Json params = Json::object();
    params["DBParameterGroupName"] = c.text("id");
    params["Parameters"] = Json::array();
    for (std::size_t i = from; i < std::min(from + 20, blocks.size()); ++i) {
      Json one = Json::object();
      one["ParameterName"] = blocks[i]["name"];
      one["ApplyMethod"] = blocks[i]["apply_method"];
      if (std::string_view(operation) == "ModifyDBParameterGroup") one["ParameterValue"] = blocks[i]["value"];
      params["Parameters"].push_back(std::move(one));
    }
    ApiResult done = co_await call_while(c, "rds", operation, std::move(params), "InvalidDBParameterGroupState",
                                         std::chrono::minutes(3));
    if (!done) co_return c.fail(done.error(), "setting parameters of");
  }
  co_return true;
}

Task<bool> create_parameter_group(Context& c) {
  std::string name = group_name(c);
  Json params = Json::object();
  params["DBParameterGroupName"] = name;
  params["DBParameterGroupFamily"] = c.planned["family"];
  params["Description"] = c.planned["description"];
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("rds", "CreateDBParameterGroup", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  Json blocks = c.planned["parameter"];
  bool ok = co_await put_parameters(c, "ModifyDBParameterGroup", blocks);
  co_return ok;
}

Task<bool> read_parameter_group(Context& c) {
  Result<Json, ApiError> found =
      co_await find_group(c, "DescribeDBParameterGroups", "DBParameterGroups", "DBParameterGroupName", c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  if (found->is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, *found, c.state);
  Json params = Json::object();
  params["DBParameterGroupName"] = c.text("id");
  params["Source"] = "user";
  ApiResult parameters = co_await c.backend.batches().share_all("rds", "DescribeDBParameters", params, c.region);
  if (!parameters) co_return c.fail(parameters.error(), "reading parameters of");
  const Json before = c.state["parameter"];
  Json blocks = Json::array();
  for (const Json& parameter : parameters->value("Parameters", Json::array())) {
    if (!parameter.contains("ParameterValue")) continue;
    Json one = Json::object();
    one["name"] = parameter["ParameterName"];
    one["value"] = parameter["ParameterValue"];
    one["apply_method"] = parameter.value("ApplyMethod", "immediate");
    // A static parameter is applied with the next reboot, whatever was asked for.
    for (const Json& known : before) {
      if (known["name"] == one["name"] && known["value"] == one["value"]) one["apply_method"] = known["apply_method"];
    }
    blocks.push_back(std::move(one));
  }
  c.state["parameter"] = std::move(blocks);
  bool ok = co_await read_rds_tags(c, string_of(c.state, "arn"));
  co_return ok;
}

Task<bool> update_parameter_group(Context& c) {
  if (c.changed("parameter")) {
    Json set = difference(c.planned["parameter"], c.prior["parameter"]);
    Json gone = Json::array();
    for (const Json& old : c.prior["parameter"]) {
      bool kept = false;
      for (const Json& now : c.planned["parameter"]) kept = kept || now["name"] == old["name"];
      if (!kept) gone.push_back(old);
    }
    bool ok = co_await put_parameters(c, "ModifyDBParameterGroup", set);
    if (ok) ok = co_await put_parameters(c, "ResetDBParameterGroup", gone);
    if (!ok) co_return false;
  }
  bool ok = co_await update_rds_tags(c, string_of(c.prior, "arn"));
  co_return ok;
}

Task<bool> remove_parameter_group(Context& c) {
  if (bool_of(c.prior, "skip_destroy")) co_return true;
  Json params = Json::object();
  params["DBParameterGroupName"] = c.text("id");
  ApiResult done = co_await call_while(c, "rds", "DeleteDBParameterGroup", std::move(params),
                                       "InvalidDBParameterGroupState", std::chrono::minutes(3));
  if (!done && !is_code(done.error(), {"DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"}))
    co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover_parameter_group(Context& c) {
  std::string name = group_name(c);
  Result<Json, ApiError> found =
      co_await find_group(c, "DescribeDBParameterGroups", "DBParameterGroups", "DBParameterGroupName", name);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (found->is_object() && (*found)["DBParameterGroupFamily"] == c.planned["family"]) c.state["id"] = name;
  co_return true;
}

}  // namespace

Task<bool> read_rds_tags(Context& c, std::string arn) {
  Json params = Json::object();
  params["ResourceName"] = std::move(arn);
  ApiResult tags = co_await c.backend.batches().share("rds", "ListTagsForResource", params, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tag_map(tags->value("TagList", Json::array()));
  co_return true;
}

Task<bool> update_rds_tags(Context& c, std::string arn) {
  static constexpr TagCalls kTags{"rds", "AddTagsToResource", "RemoveTagsFromResource", "Tags", "TagKeys"};
  Json object = Json::object();
  object["ResourceName"] = std::move(arn);
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

ResourceType db_subnet_group() {
  ResourceType type;
  type.name = "aws_db_subnet_group";
  type.table = kSubnetTable;
  type.service = "rds";
  type.title = "RDS DB Subnet Group";
  type.tags = TagStyle::kOther;
  type.create = create_subnet_group;
  type.read = read_subnet_group;
  type.update = update_subnet_group;
  type.remove = remove_subnet_group;
  type.recover = recover_subnet_group;
  type.reads = "rds:DescribeDBSubnetGroups rds:ListTagsForResource";
  type.changes =
      "rds:AddTagsToResource rds:CreateDBSubnetGroup rds:DeleteDBSubnetGroup rds:ModifyDBSubnetGroup "
      "rds:RemoveTagsFromResource";
  return type;
}

ResourceType db_parameter_group() {
  ResourceType type;
  type.name = "aws_db_parameter_group";
  type.table = kParameterTable;
  type.service = "rds";
  type.title = "RDS DB Parameter Group";
  type.tags = TagStyle::kOther;
  type.create = create_parameter_group;
  type.read = read_parameter_group;
  type.update = update_parameter_group;
  type.remove = remove_parameter_group;
  type.recover = recover_parameter_group;
  type.reads = "rds:DescribeDBParameterGroups rds:DescribeDBParameters rds:ListTagsForResource";
  type.changes =
      "rds:AddTagsToResource rds:CreateDBParameterGroup rds:DeleteDBParameterGroup "
      "rds:ModifyDBParameterGroup rds:RemoveTagsFromResource rds:ResetDBParameterGroup";
  return type;
}

}  // namespace terrace::aws::types
