// aws_ssm_parameter
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  allowed_pattern string o
  arn string oc api=ARN
  data_type string oc new one_of=aws:ec2:image|aws:ssm:integration|text
  description string o
  has_value_wo bool c api=-
  id string oc api=-
  insecure_value string oc api=-
  key_id string oc
  name string r new
  overwrite bool o api=-
  region string oc new api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  tier string oc one_of=Standard|Advanced|Intelligent-Tiering
  type string r one_of=String|StringList|SecureString
  value string oc secret api=-
  value_wo string o secret wo api=-
  value_wo_version number o api=-
  version number c
)";

constexpr Kind kValues{"ssm", "GetParameters", "", "Names", "Parameters", "Name", 10, false, "", "", "WithDecryption"};
constexpr Kind kDetails{"ssm", "DescribeParameters", "Name", "", "Parameters", "Name", 50,
                        false, "ParameterFilters",   "Key"};
constexpr TagCalls kTags{"ssm", "AddTagsToResource", "RemoveTagsFromResource", "Tags", "TagKeys"};

// What the configuration says; while only reading, what it said at the last apply.
const Json& said(const Context& c) {
  return c.config.is_object() ? c.config : c.state;
}
bool is_write_only(const Context& c) {
  return said(c)["value_wo_version"].is_number();
}
bool is_insecure(const Context& c) {
  return !string_of(said(c), "insecure_value").empty();
}

Json object_of(const Context& c) {
  Json object = one_member("ResourceType", "Parameter");
  object["ResourceId"] = c.state["id"];
  return object;
}

Json parameter(const Context& c) {
  Json params = one_member("Name", c.planned["name"]);
  params["Type"] = c.planned["type"];
  params["Value"] = string_of(c.planned, is_insecure(c) ? "insecure_value" : "value");
  put_if_set(params, "AllowedPattern", c, "allowed_pattern");
  put_if_set(params, "Description", c, "description");
  put_if_set(params, "DataType", c, "data_type");
  if (string_of(c.planned, "type") == "SecureString") put_if_set(params, "KeyId", c, "key_id");
  std::string tier = c.config.is_object() ? string_of(c.config, "tier") : std::string();
  if (tier.empty()) tier = string_of(c.planned, "tier");
  if (!tier.empty()) params["Tier"] = tier;
  return params;
}

// Not every region has every tier; then the region's own choice is taken.
Task<ApiResult> put(Context& c, Json params) {
  ApiResult done = co_await c.call("ssm", "PutParameter", params);
  if (!done && done.error().message.find("Tier is not supported") != std::string::npos) {
    params.erase("Tier");
    done = co_await c.call("ssm", "PutParameter", std::move(params));
  }
  co_return done;
}

Task<bool> create(Context& c) {
  Json params = parameter(c);
  if (is_write_only(c)) params["Value"] = string_of(c.config, "value_wo");
  // Tags can't be given to one that is overwritten.
  bool over = bool_of(c.planned, "overwrite");
  Json tags = tag_list(c.planned["tags_all"]);
  params["Overwrite"] = over;
  if (!over && !tags.empty()) params["Tags"] = tags;
  ApiResult made = co_await put(c, std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = c.planned["name"];
  if (over && !tags.empty()) {
    Json object = object_of(c);
    object["Tags"] = std::move(tags);
    ApiResult tagged = co_await c.call("ssm", "AddTagsToResource", std::move(object));
    if (!tagged) co_return c.fail(tagged.error(), "setting tags of");
  }
  co_return true;
}

Task<bool> read(Context& c) {
  std::string name = c.text("id");
  Result<Json, ApiError> value = co_await c.describe(kValues, name);
  if (!value) co_return c.fail(value.error(), "reading");
  Result<Json, ApiError> details = co_await c.describe(kDetails, name);
  if (!details) co_return c.fail(details.error(), "reading");
  if (value->is_null() || details->is_null()) {
    c.state = nullptr;
    co_return true;
  }
  bool write_only = is_write_only(c);
  bool insecure = is_insecure(c) && string_of(*value, "Type") != "SecureString";
  for (const char* text : {"allowed_pattern", "description", "key_id", "data_type", "tier"}) {
    for (const Row& row : c.rows) {
      if (row.name == text) take_text(c, text, string_of(*details, row.api.c_str()));
    }
  }
  c.state["name"] = name;
  c.state["arn"] = (*value)["ARN"];
  c.state["type"] = (*value)["Type"];
  c.state["version"] = (*value)["Version"];
  Json text = value->value("Value", Json());
  c.state["insecure_value"] = insecure ? text : Json(nullptr);
  c.state["value"] = insecure || write_only ? Json(nullptr) : text;
  c.state["has_value_wo"] = write_only ? Json(true) : Json(nullptr);
  c.state["value_wo"] = nullptr;
  Json object = object_of(c);
  ApiResult tags = co_await c.backend.batches().share("ssm", "ListTagsForResource", object, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tag_map(tags->value("TagList", Json::array()));
  co_return true;
}

Task<bool> update(Context& c) {
  bool own = false;
  for (const char* name : {"allowed_pattern", "data_type", "description", "insecure_value", "key_id", "tier", "type",
                           "value", "value_wo_version"})
    own = own || c.changed(name);
  if (own) {
    Json params = parameter(c);
    params["AllowedPattern"] = string_of(c.planned, "allowed_pattern");
    params["Description"] = string_of(c.planned, "description");
    if (is_write_only(c) && c.changed("value_wo_version")) {
      params["Value"] = string_of(c.config, "value_wo");
    } else if (is_write_only(c)) {
      // Only its version says that a write-only value is another one.
      Result<Json, ApiError> now = co_await c.describe(kValues, c.text("id"));
      if (!now) co_return c.fail(now.error(), "reading");
      params["Value"] = now->is_object() ? now->value("Value", Json("")) : Json("");
    }
    params["Overwrite"] = c.config["overwrite"] != Json(false);
    ApiResult done = co_await put(c, std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  Json object = object_of(c);
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = one_member("Name", c.state["id"]);
  ApiResult done = co_await c.call("ssm", "DeleteParameter", std::move(params));
  if (!done && !is_code(done.error(), {"ParameterNotFound"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover(Context& c) {
  std::string name = string_of(c.planned, "name");
  Result<Json, ApiError> found = co_await c.describe(kDetails, name);
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!found->is_object() || !made_since(c, string_of(*found, "LastModifiedDate"))) co_return true;
  // A later version is somebody else's, unless this create was to write over it.
  if (found->value("Version", 0) == 1 || bool_of(c.planned, "overwrite")) c.state["id"] = name;
  co_return true;
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>& replace) {
  if (!prior.is_object()) return;
  // AWS chose one; it stays.
  if (string_of(planned, "tier") == "Intelligent-Tiering") planned["tier"] = prior["tier"];
  if (string_of(prior, "tier") == "Advanced" && string_of(planned, "tier") == "Standard") replace.push_back("tier");
  bool own = false;
  for (const char* name : {"allowed_pattern", "data_type", "description", "insecure_value", "key_id", "tier", "type",
                           "value", "value_wo_version"})
    own = own || prior[name] != planned[name];
  if (!own) return;
  unknown.push_back("version");
  if (prior["value_wo_version"] != planned["value_wo_version"]) unknown.push_back("has_value_wo");
  // The argument that the configuration no longer uses.
  for (const char* name : {"insecure_value", "value"}) {
    if (config[name].is_null() && !string_of(prior, name).empty()) unknown.push_back(name);
  }
  if (prior["type"] != planned["type"]) unknown.push_back("key_id");
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  int given = 0;
  for (const char* name : {"insecure_value", "value", "value_wo"}) given += config[name].is_null() ? 0 : 1;
  if (given != 1)
    problems.push_back("value: exactly one of \"value\", \"insecure_value\" and \"value_wo\" must be set");
  if (config["value_wo"].is_null() != config["value_wo_version"].is_null())
    problems.push_back("value_wo_version: value_wo and value_wo_version go together");
  if (string_of(config, "type") == "SecureString" && !string_of(config, "insecure_value").empty())
    problems.push_back("insecure_value: is shown in plans, so a SecureString can't have it; use value");
  return problems;
}

}  // namespace

ResourceType ssm_parameter() {
  ResourceType type;
  type.name = "aws_ssm_parameter";
  type.table = kTable;
  type.service = "ssm";
  type.title = "SSM Parameter";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.validate = validate;
  type.reads = "ssm:DescribeParameters ssm:GetParameters ssm:ListTagsForResource";
  type.changes = "ssm:AddTagsToResource ssm:DeleteParameter ssm:PutParameter ssm:RemoveTagsFromResource";
  return type;
}

}  // namespace terrace::aws::types
