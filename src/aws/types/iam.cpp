// aws_iam_role, aws_iam_role_policy, aws_iam_instance_profile
#include <algorithm>

#include "aws/encoding.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kRoleTable = R"(
  arn string c api=Arn
  assume_role_policy string r policy api=-
  create_date string c api=CreateDate
  description string o
  force_detach_policies bool o api=-
  id string oc api=-
  managed_policy_arns set(string) oc api=-
  max_session_duration number o default=3600 api=MaxSessionDuration
  name string oc new api=RoleName
  name_prefix string oc new api=-
  path string o new default="/"
  permissions_boundary string o api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  unique_id string c api=RoleId
  block inline_policy set api=- {
    name string o
    policy string o
  }
)";
constexpr const char* kRolePolicyTable = R"(
  id string oc api=-
  name string oc new api=-
  name_prefix string oc new api=-
  policy string r policy api=-
  role string r new api=-
)";
constexpr const char* kProfileTable = R"(
  arn string c api=Arn
  create_date string c api=CreateDate
  id string oc api=-
  name string oc new api=InstanceProfileName
  name_prefix string oc new api=-
  path string o new default="/"
  role string o api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  unique_id string c api=InstanceProfileId
)";

Json named(const char* member, const std::string& name) {
  Json params = Json::object();
  params[member] = name;
  return params;
}

Task<bool> write_tags(Context& c, const char* member, const char* tag, const char* untag) {
  TagChanges changes = tag_changes(c);
  if (!changes.remove.empty()) {
    Json params = named(member, c.text("id"));
    params["TagKeys"] = changes.remove;
    ApiResult done = co_await c.call("iam", untag, params);
    if (!done) co_return c.fail(done.error(), "updating tags of");
  }
  if (!changes.set.empty()) {
    Json params = named(member, c.text("id"));
    params["Tags"] = tag_list(changes.set);
    ApiResult done = co_await c.call("iam", tag, params);
    if (!done) co_return c.fail(done.error(), "updating tags of");
  }
  co_return true;
}

// --- roles

Task<bool> put_inline_policies(Context& c) {
  const Json before =
      c.prior.is_object() && c.prior["inline_policy"].is_array() ? c.prior["inline_policy"] : Json::array();
  const Json after = c.planned["inline_policy"].is_array() ? c.planned["inline_policy"] : Json::array();
  if (before == after) co_return true;
  for (const Json& policy : before) {
    bool kept = false;
    for (const Json& other : after) kept = kept || other["name"] == policy["name"];
    if (kept || string_of(policy, "name").empty()) continue;
    Json params = named("RoleName", c.text("id"));
    params["PolicyName"] = policy["name"];
    ApiResult done = co_await c.call("iam", "DeleteRolePolicy", params);
    if (!done && !is_code(done.error(), {"NoSuchEntity"}))
      co_return c.fail(done.error(), "deleting an inline policy of");
  }
  for (const Json& policy : after) {
    if (string_of(policy, "policy").empty()) continue;
    Json params = named("RoleName", c.text("id"));
    params["PolicyName"] = policy["name"];
    params["PolicyDocument"] = policy["policy"];
    ApiResult done = co_await c.call("iam", "PutRolePolicy", params);
    if (!done) co_return c.fail(done.error(), "writing an inline policy of");
  }
  co_return true;
}

Task<bool> attach_managed(Context& c) {
  const Json before =
      c.prior.is_object() && c.prior["managed_policy_arns"].is_array() ? c.prior["managed_policy_arns"] : Json::array();
  const Json after = c.planned["managed_policy_arns"];
  if (!after.is_array() || before == after) co_return true;
  for (const Json& policy : before) {
    if (std::find(after.begin(), after.end(), policy) != after.end()) continue;
    Json params = named("RoleName", c.text("id"));
    params["PolicyArn"] = policy;
    ApiResult done = co_await c.call("iam", "DetachRolePolicy", params);
    if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "detaching a policy of");
  }
  for (const Json& policy : after) {
    if (std::find(before.begin(), before.end(), policy) != before.end()) continue;
    Json params = named("RoleName", c.text("id"));
    params["PolicyArn"] = policy;
    ApiResult done = co_await c.call("iam", "AttachRolePolicy", params);
    if (!done) co_return c.fail(done.error(), "attaching a policy to");
  }
  co_return true;
}

Task<bool> create_role(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named("RoleName", name);
  params["AssumeRolePolicyDocument"] = c.planned["assume_role_policy"];
  params["Path"] = c.planned["path"];
  params["MaxSessionDuration"] = c.planned["max_session_duration"];
  if (!string_of(c.planned, "description").empty()) params["Description"] = c.planned["description"];
  if (!string_of(c.planned, "permissions_boundary").empty())
    params["PermissionsBoundary"] = c.planned["permissions_boundary"];
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await call_while(c, "iam", "CreateRole", std::move(params),
                                       "Invalid principal in policy|ConcurrentModification", std::chrono::minutes(2));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  c.state["name"] = name;
  bool ok = co_await put_inline_policies(c);
  if (ok) ok = co_await attach_managed(c);
  co_return ok;
}

Task<bool> read_role(Context& c) {
  Json params = named("RoleName", c.text("id"));
  ApiResult found = co_await c.call("iam", "GetRole", params);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  const Json role = found->value("Role", Json::object());
  c.state = from_api(c.rows, role, c.state);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  std::string document = percent_decode(string_of(role, "AssumeRolePolicyDocument"));
  c.state["assume_role_policy"] = document;
  std::string boundary = string_of(role.value("PermissionsBoundary", Json::object()), "PermissionsBoundaryArn");
  if (!boundary.empty() || c.state["permissions_boundary"].is_string()) c.state["permissions_boundary"] = boundary;
  c.state["tags_all"] = tag_map(role.value("Tags", Json::array()));
  // Inline and attached policies belong to resources of their own unless the role's configuration names them.
  if (c.state["managed_policy_arns"].is_null()) c.state["managed_policy_arns"] = Json::array();
  co_return true;
}

Task<bool> update_role(Context& c) {
  std::string name = c.text("id");
  if (c.changed("assume_role_policy")) {
    Json params = named("RoleName", name);
    params["PolicyDocument"] = c.planned["assume_role_policy"];
    ApiResult done = co_await call_while(c, "iam", "UpdateAssumeRolePolicy", std::move(params),
                                         "Invalid principal in policy", std::chrono::minutes(2));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  if (c.changed("description") || c.changed("max_session_duration")) {
    Json params = named("RoleName", name);
    params["Description"] = c.planned["description"].is_string() ? c.planned["description"] : Json("");
    params["MaxSessionDuration"] = c.planned["max_session_duration"];
    ApiResult done = co_await c.call("iam", "UpdateRole", params);
    if (!done) co_return c.fail(done.error(), "updating");
  }
  if (c.changed("permissions_boundary")) {
    Json params = named("RoleName", name);
    std::string boundary = string_of(c.planned, "permissions_boundary");
    if (!boundary.empty()) params["PermissionsBoundary"] = boundary;
    const char* operation = boundary.empty() ? "DeleteRolePermissionsBoundary" : "PutRolePermissionsBoundary";
    ApiResult done = co_await c.call("iam", operation, params);
    if (!done) co_return c.fail(done.error(), "updating");
  }
  bool ok = co_await put_inline_policies(c);
  if (ok) ok = co_await attach_managed(c);
  if (ok && c.changed("tags_all")) ok = co_await write_tags(c, "RoleName", "TagRole", "UntagRole");
  co_return ok;
}

Task<bool> remove_role(Context& c) {
  std::string name = c.text("id");
  Json params = named("RoleName", name);
  ApiResult profiles = co_await c.backend.client().call_all("iam", "ListInstanceProfilesForRole", params);
  if (!profiles && is_code(profiles.error(), {"NoSuchEntity"})) co_return true;
  if (profiles) {
    for (const Json& profile : profiles->value("InstanceProfiles", Json::array())) {
      Json out = named("RoleName", name);
      out["InstanceProfileName"] = profile["InstanceProfileName"];
      ApiResult done = co_await c.call("iam", "RemoveRoleFromInstanceProfile", out);
      if (!done && !is_code(done.error(), {"NoSuchEntity"}))
        co_return c.fail(done.error(), "taking it out of an instance profile, deleting");
    }
  }
  if (bool_of(c.prior, "force_detach_policies")) {
    ApiResult inline_names = co_await c.backend.client().call_all("iam", "ListRolePolicies", params);
    if (inline_names) {
      for (const Json& policy : inline_names->value("PolicyNames", Json::array())) {
        Json gone = named("RoleName", name);
        gone["PolicyName"] = policy;
        ApiResult done = co_await c.call("iam", "DeleteRolePolicy", gone);
        if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting a policy of");
      }
    }
    ApiResult attached = co_await c.backend.client().call_all("iam", "ListAttachedRolePolicies", params);
    if (attached) {
      for (const Json& policy : attached->value("AttachedPolicies", Json::array())) {
        Json gone = named("RoleName", name);
        gone["PolicyArn"] = policy["PolicyArn"];
        ApiResult done = co_await c.call("iam", "DetachRolePolicy", gone);
        if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "detaching a policy of");
      }
    }
  } else {
    const Json own = c.prior["inline_policy"].is_array() ? c.prior["inline_policy"] : Json::array();
    for (const Json& policy : own) {
      if (string_of(policy, "name").empty()) continue;
      Json gone = named("RoleName", name);
      gone["PolicyName"] = policy["name"];
      ApiResult done = co_await c.call("iam", "DeleteRolePolicy", gone);
      if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting a policy of");
    }
  }
  const Json managed = c.prior["managed_policy_arns"].is_array() ? c.prior["managed_policy_arns"] : Json::array();
  for (const Json& policy : managed) {
    Json gone = named("RoleName", name);
    gone["PolicyArn"] = policy;
    ApiResult done = co_await c.call("iam", "DetachRolePolicy", gone);
    if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "detaching a policy of");
  }
  ApiResult done =
      co_await call_while(c, "iam", "DeleteRole", std::move(params), "DeleteConflict", std::chrono::minutes(1));
  if (!done && is_code(done.error(), {"DeleteConflict"})) {
    co_return c.fail("deleting", done.error().message +
                                     " Something outside of this configuration gave it a policy: take that off, or set "
                                     "force_detach_policies = true and apply first.");
  }
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover_role(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named("RoleName", name);
  ApiResult found = co_await c.call("iam", "GetRole", params);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!made_since(c, string_of(found->value("Role", Json::object()), "CreateDate"))) co_return true;
  c.state["id"] = name;
  c.state["name"] = name;
  co_return true;
}

// --- policies of roles

Task<bool> put_role_policy(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named("RoleName", string_of(c.planned, "role"));
  params["PolicyName"] = name;
  params["PolicyDocument"] = c.planned["policy"];
  ApiResult done =
      co_await call_while(c, "iam", "PutRolePolicy", std::move(params), "NoSuchEntity", std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["id"] = string_of(c.planned, "role") + ":" + name;
  c.state["name"] = name;
  co_return true;
}

Task<bool> read_role_policy(Context& c) {
  std::string id = c.text("id");
  std::size_t colon = id.find(':');
  if (colon == std::string::npos) co_return c.fail("reading", "the id " + id + " is not ROLE:POLICY");
  Json params = named("RoleName", id.substr(0, colon));
  params["PolicyName"] = id.substr(colon + 1);
  ApiResult found = co_await c.call("iam", "GetRolePolicy", params);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  std::string document = percent_decode(string_of(*found, "PolicyDocument"));
  c.state["policy"] = document;
  c.state["role"] = id.substr(0, colon);
  c.state["name"] = id.substr(colon + 1);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  co_return true;
}

Task<bool> remove_role_policy(Context& c) {
  Json params = named("RoleName", string_of(c.prior, "role"));
  params["PolicyName"] = c.prior["name"];
  ApiResult done = co_await c.call("iam", "DeleteRolePolicy", params);
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// A role has a policy name once, and writing it again changes nothing.
Task<bool> recover_role_policy(Context& c) {
  c.state["id"] = string_of(c.planned, "role") + ":" + name_or_generated(c, "name", "name_prefix", "terraform-");
  bool ok = co_await read_role_policy(c);
  co_return ok;
}

// --- instance profiles

Task<bool> add_role(Context& c, const std::string& role) {
  Json params = named("InstanceProfileName", c.text("id"));
  params["RoleName"] = role;
  ApiResult done = co_await call_while(c, "iam", "AddRoleToInstanceProfile", std::move(params), "NoSuchEntity",
                                       std::chrono::minutes(1));
  if (!done && !is_code(done.error(), {"LimitExceeded"})) co_return c.fail(done.error(), "adding a role to");
  co_return true;
}

Task<bool> take_role(Context& c, const std::string& role) {
  Json params = named("InstanceProfileName", c.text("id"));
  params["RoleName"] = role;
  ApiResult done = co_await c.call("iam", "RemoveRoleFromInstanceProfile", params);
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "taking a role from");
  co_return true;
}

Task<bool> create_profile(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named("InstanceProfileName", name);
  params["Path"] = c.planned["path"];
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("iam", "CreateInstanceProfile", params);
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  c.state["name"] = name;
  bool ok = true;
  std::string role = string_of(c.planned, "role");
  if (!role.empty()) ok = co_await add_role(c, role);
  co_return ok;
}

Task<bool> read_profile(Context& c) {
  Json params = named("InstanceProfileName", c.text("id"));
  ApiResult found = co_await c.call("iam", "GetInstanceProfile", params);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  const Json profile = found->value("InstanceProfile", Json::object());
  c.state = from_api(c.rows, profile, c.state);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  const Json roles = profile.value("Roles", Json::array());
  std::string role = roles.empty() ? std::string() : string_of(roles[0], "RoleName");
  if (!role.empty() || c.state["role"].is_string()) c.state["role"] = role.empty() ? Json(nullptr) : Json(role);
  c.state["tags_all"] = tag_map(profile.value("Tags", Json::array()));
  co_return true;
}

Task<bool> update_profile(Context& c) {
  bool ok = true;
  if (c.changed("role")) {
    std::string before = string_of(c.prior, "role");
    std::string after = string_of(c.planned, "role");
    if (!before.empty()) ok = co_await take_role(c, before);
    if (ok && !after.empty()) ok = co_await add_role(c, after);
  }
  if (ok && c.changed("tags_all"))
    ok = co_await write_tags(c, "InstanceProfileName", "TagInstanceProfile", "UntagInstanceProfile");
  co_return ok;
}

Task<bool> remove_profile(Context& c) {
  std::string role = string_of(c.prior, "role");
  if (!role.empty()) {
    bool taken = co_await take_role(c, role);
    if (!taken) co_return false;
  }
  Json params = named("InstanceProfileName", c.text("id"));
  ApiResult done = co_await call_while(c, "iam", "DeleteInstanceProfile", std::move(params), "DeleteConflict",
                                       std::chrono::minutes(1));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover_profile(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named("InstanceProfileName", name);
  ApiResult found = co_await c.call("iam", "GetInstanceProfile", params);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!made_since(c, string_of(found->value("InstanceProfile", Json::object()), "CreateDate"))) co_return true;
  c.state["id"] = name;
  c.state["name"] = name;
  // The run may have ended before the role was in it: then the next plan puts it there.
  c.state["role"] = nullptr;
  co_return true;
}

Task<bool> import_role(Context& c) {
  c.state["name"] = c.state["id"];
  co_return true;
}

}  // namespace

ResourceType iam_role() {
  ResourceType type;
  type.name = "aws_iam_role";
  type.table = kRoleTable;
  type.service = "iam";
  type.title = "IAM Role";
  type.tags = TagStyle::kIamRole;
  type.regional = false;
  type.create = create_role;
  type.read = read_role;
  type.update = update_role;
  type.remove = remove_role;
  type.recover = recover_role;
  type.import = import_role;
  type.reads = "iam:GetRole";
  type.changes =
      "iam:AttachRolePolicy iam:CreateRole iam:DeleteRole iam:DeleteRolePermissionsBoundary "
      "iam:DeleteRolePolicy iam:DetachRolePolicy iam:ListAttachedRolePolicies "
      "iam:ListInstanceProfilesForRole iam:ListRolePolicies iam:PutRolePermissionsBoundary iam:PutRolePolicy "
      "iam:RemoveRoleFromInstanceProfile iam:TagRole iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole";
  return type;
}

ResourceType iam_role_policy() {
  ResourceType type;
  type.name = "aws_iam_role_policy";
  type.table = kRolePolicyTable;
  type.service = "iam";
  type.title = "IAM Role Policy";
  type.regional = false;
  type.create = put_role_policy;
  type.read = read_role_policy;
  type.update = put_role_policy;
  type.remove = remove_role_policy;
  type.recover = recover_role_policy;
  type.reads = "iam:GetRolePolicy";
  type.changes = "iam:DeleteRolePolicy iam:PutRolePolicy";
  return type;
}

ResourceType iam_instance_profile() {
  ResourceType type;
  type.name = "aws_iam_instance_profile";
  type.table = kProfileTable;
  type.service = "iam";
  type.title = "IAM Instance Profile";
  type.tags = TagStyle::kIamInstanceProfile;
  type.regional = false;
  type.create = create_profile;
  type.read = read_profile;
  type.update = update_profile;
  type.remove = remove_profile;
  type.recover = recover_profile;
  type.import = import_role;
  type.reads = "iam:GetInstanceProfile";
  type.changes =
      "iam:AddRoleToInstanceProfile iam:CreateInstanceProfile iam:DeleteInstanceProfile "
      "iam:RemoveRoleFromInstanceProfile iam:TagInstanceProfile iam:UntagInstanceProfile";
  return type;
}

}  // namespace terrace::aws::types
