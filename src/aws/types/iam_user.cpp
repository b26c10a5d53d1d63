// aws_iam_user, aws_iam_user_policy, aws_iam_access_key
#include <algorithm>

#include "aws/encoding.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kUserTable = R"(
  arn string c api=Arn
  force_destroy bool o default=false api=-
  id string oc api=-
  name string r api=UserName
  path string o default="/"
  permissions_boundary string o api=-
  tags map(string) o api=-
  tags_all map(string) oc api=-
  unique_id string c api=UserId
)";
constexpr const char* kPolicyTable = R"(
  id string oc api=-
  name string oc new api=-
  name_prefix string oc new api=-
  policy string r policy api=-
  user string r new api=-
)";
constexpr const char* kKeyTable = R"(
  create_date string c
  encrypted_secret string c api=-
  encrypted_ses_smtp_password_v4 string c api=-
  id string oc api=-
  key_fingerprint string c api=-
  pgp_key string o new api=-
  secret string c secret api=-
  ses_smtp_password_v4 string c secret api=-
  status string o default="Active" one_of=Active|Inactive
  user string r new api=UserName
)";

constexpr TagCalls kTags{"iam", "TagUser", "UntagUser", "Tags", "TagKeys"};

Json named(const char* member, const std::string& name) {
  Json params = Json::object();
  params[member] = name;
  return params;
}

// --- users

Task<bool> create_user(Context& c) {
  std::string name = string_of(c.planned, "name");
  Json params = named("UserName", name);
  params["Path"] = c.planned["path"];
  put_if_set(params, "PermissionsBoundary", c, "permissions_boundary");
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("iam", "CreateUser", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = name;
  co_return true;
}

Task<bool> read_user(Context& c) {
  Json params = named("UserName", c.text("id"));
  ApiResult found = co_await c.backend.batches().share("iam", "GetUser", params, c.region);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& user = (*found)["User"];
  c.state = from_api(c.rows, user, c.state);
  std::string boundary = string_of(user.value("PermissionsBoundary", Json::object()), "PermissionsBoundaryArn");
  c.state["permissions_boundary"] = boundary.empty() ? Json(nullptr) : Json(boundary);
  c.state["tags_all"] = tag_map(user.value("Tags", Json::array()));
  co_return true;
}

Task<bool> update_user(Context& c) {
  std::string name = string_of(c.prior, "name");
  if (c.changed("name") || c.changed("path")) {
    Json params = named("UserName", name);
    if (c.changed("name")) params["NewUserName"] = c.planned["name"];
    if (c.changed("path")) params["NewPath"] = c.planned["path"];
    ApiResult done = co_await c.call("iam", "UpdateUser", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
    name = string_of(c.planned, "name");
    c.state["id"] = name;
  }
  if (c.changed("permissions_boundary")) {
    bool gone = string_of(c.planned, "permissions_boundary").empty();
    Json params = named("UserName", name);
    if (!gone) params["PermissionsBoundary"] = c.planned["permissions_boundary"];
    ApiResult done = co_await c.call("iam", gone ? "DeleteUserPermissionsBoundary" : "PutUserPermissionsBoundary",
                                     std::move(params));
    if (!done) co_return c.fail(done.error(), "updating the boundary of");
  }
  Json object = named("UserName", name);
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

// Takes off what keeps a user from being deleted and was not made here: keys, policies, groups, devices, the console's
// password.
Task<bool> empty_user(Context& c, std::string name) {
  struct Part {
    const char* list;
    const char* result;
    const char* member;  // of an element; empty where elements are names
    const char* remove;
    const char* parameter;
  };
  static constexpr Part kParts[] = {
      {"ListAccessKeys", "AccessKeyMetadata", "AccessKeyId", "DeleteAccessKey", "AccessKeyId"},
      {"ListAttachedUserPolicies", "AttachedPolicies", "PolicyArn", "DetachUserPolicy", "PolicyArn"},
      {"ListUserPolicies", "PolicyNames", "", "DeleteUserPolicy", "PolicyName"},
      {"ListGroupsForUser", "Groups", "GroupName", "RemoveUserFromGroup", "GroupName"},
      {"ListMFADevices", "MFADevices", "SerialNumber", "DeactivateMFADevice", "SerialNumber"}};
  for (const Part& part : kParts) {
    Json params = named("UserName", name);
    ApiResult found = co_await c.backend.client().call_all("iam", part.list, params);
    if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
    if (!found) co_return c.fail(found.error(), "emptying");
    Json elements = found->value(part.result, Json::array());
    for (const Json& element : elements) {
      Json one = named("UserName", name);
      one[part.parameter] = part.member[0] == '\0' ? element : element[part.member];
      ApiResult done = co_await c.call("iam", part.remove, std::move(one));
      if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "emptying");
    }
  }
  Json params = named("UserName", name);
  ApiResult done = co_await c.call("iam", "DeleteLoginProfile", std::move(params));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "emptying");
  co_return true;
}

Task<bool> remove_user(Context& c) {
  std::string name = c.text("id");
  if (bool_of(c.prior, "force_destroy")) {
    bool ok = co_await empty_user(c, name);
    if (!ok) co_return false;
  }
  Json params = named("UserName", name);
  ApiResult done = co_await c.call("iam", "DeleteUser", std::move(params));
  if (done || is_code(done.error(), {"NoSuchEntity"})) co_return true;
  if (is_code(done.error(), {"DeleteConflict"}))
    co_return c.fail("deleting",
                     "the user has keys, policies or groups that terrace did not make. Take them off, or set "
                     "force_destroy = true, apply, and destroy again");
  co_return c.fail(done.error(), "deleting");
}

Task<bool> recover_user(Context& c) {
  std::string name = string_of(c.planned, "name");
  Json params = named("UserName", name);
  ApiResult found = co_await c.call("iam", "GetUser", std::move(params));
  if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  if (made_since(c, string_of((*found)["User"], "CreateDate"))) c.state["id"] = name;
  co_return true;
}

// --- policies

Task<bool> put_policy(Context& c) {
  std::string name = string_of(c.prior.is_object() ? c.prior : Json::object(), "name");
  if (name.empty()) name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named("UserName", string_of(c.planned, "user"));
  params["PolicyName"] = name;
  params["PolicyDocument"] = c.planned["policy"];
  ApiResult done = co_await c.call("iam", "PutUserPolicy", std::move(params));
  if (!done) co_return c.fail(done.error(), "writing");
  c.state["name"] = name;
  c.state["id"] = string_of(c.planned, "user") + ":" + name;
  co_return true;
}

Task<bool> read_policy(Context& c) {
  std::string id = c.text("id");
  std::size_t colon = id.find(':');
  Json params = named("UserName", id.substr(0, colon));
  params["PolicyName"] = colon == std::string::npos ? "" : id.substr(colon + 1);
  ApiResult found = co_await c.backend.batches().share("iam", "GetUserPolicy", params, c.region);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  c.state["user"] = params["UserName"];
  c.state["name"] = params["PolicyName"];
  std::string document = percent_decode(string_of(*found, "PolicyDocument"));
  c.state["policy"] = document;
  co_return true;
}

Task<bool> remove_policy(Context& c) {
  Json params = named("UserName", string_of(c.prior, "user"));
  params["PolicyName"] = c.prior["name"];
  ApiResult done = co_await c.call("iam", "DeleteUserPolicy", std::move(params));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// Writing it again changes nothing.
Task<bool> recover_policy(Context& c) {
  c.state["id"] = string_of(c.planned, "user") + ":" + name_or_generated(c, "name", "name_prefix", "terraform-");
  Json before = c.state;
  bool ok = co_await read_policy(c);
  bool found = c.state.is_object();
  c.state = std::move(before);
  if (!found) c.state["id"] = nullptr;
  co_return ok;
}

// --- access keys

// The password of Amazon SES's SMTP endpoint that belongs to a secret key
// (https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html).
std::string smtp_password(const std::string& secret, const std::string& region) {
  std::string key = "AWS4" + secret;
  for (const std::string& part :
       {std::string("11111111"), region, std::string("ses"), std::string("aws4_request"), std::string("SendRawEmail")})
    key = hmac_sha256(key, part);
  return base64_encode("\x04" + key);
}

Task<bool> create_key(Context& c) {
  Json params = named("UserName", string_of(c.planned, "user"));
  ApiResult made = co_await c.call("iam", "CreateAccessKey", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  const Json& key = (*made)["AccessKey"];
  c.state["id"] = key["AccessKeyId"];
  c.state["secret"] = key["SecretAccessKey"];
  c.state["ses_smtp_password_v4"] = smtp_password(string_of(key, "SecretAccessKey"), c.backend.region());
  c.state["create_date"] = string_of(key, "CreateDate");
  if (string_of(c.planned, "status") == "Active") co_return true;
  params = named("UserName", string_of(c.planned, "user"));
  params["AccessKeyId"] = c.state["id"];
  params["Status"] = c.planned["status"];
  ApiResult done = co_await c.call("iam", "UpdateAccessKey", std::move(params));
  if (!done) co_return c.fail(done.error(), "deactivating");
  co_return true;
}

Task<bool> read_key(Context& c) {
  Json params = named("UserName", string_of(c.state, "user"));
  ApiResult found = co_await c.backend.batches().share_all("iam", "ListAccessKeys", params, c.region);
  if (!found && !is_code(found.error(), {"NoSuchEntity"})) co_return c.fail(found.error(), "reading");
  std::string id = c.text("id");
  if (found) {
    for (const Json& key : found->value("AccessKeyMetadata", Json::array())) {
      if (string_of(key, "AccessKeyId") != id) continue;
      c.state["status"] = key["Status"];
      if (key.contains("CreateDate")) c.state["create_date"] = key["CreateDate"];
      co_return true;
    }
  }
  c.state = nullptr;
  co_return true;
}

Task<bool> update_key(Context& c) {
  Json params = named("UserName", string_of(c.planned, "user"));
  params["AccessKeyId"] = c.text("id");
  params["Status"] = c.planned["status"];
  ApiResult done = co_await c.call("iam", "UpdateAccessKey", std::move(params));
  if (!done) co_return c.fail(done.error(), "updating");
  co_return true;
}

Task<bool> remove_key(Context& c) {
  Json params = named("UserName", string_of(c.prior, "user"));
  params["AccessKeyId"] = c.text("id");
  ApiResult done = co_await c.call("iam", "DeleteAccessKey", std::move(params));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// A secret is told once, so a key whose answer was lost is of no use: it is deleted, and another one made.
Task<bool> recover_key(Context& c) {
  Json params = named("UserName", string_of(c.planned, "user"));
  ApiResult found = co_await c.backend.client().call_all("iam", "ListAccessKeys", params);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  Json keys = found->value("AccessKeyMetadata", Json::array());
  for (const Json& key : keys) {
    if (!made_since(c, string_of(key, "CreateDate"))) continue;
    Json one = named("UserName", string_of(c.planned, "user"));
    one["AccessKeyId"] = key["AccessKeyId"];
    ApiResult done = co_await c.call("iam", "DeleteAccessKey", std::move(one));
    if (!done) co_return c.fail(done.error(), "deleting the useless key of");
  }
  co_return true;
}

// The API tells a key's user, but not by which call it could be asked for: USER:KEY is more than the provider's id.
Task<bool> import_key(Context& c) {
  Json params = named("AccessKeyId", c.text("id"));
  ApiResult used = co_await c.call("iam", "GetAccessKeyLastUsed", std::move(params));
  if (!used) co_return c.fail(used.error(), "importing");
  c.state["user"] = string_of(*used, "UserName");
  co_return true;
}

std::vector<std::string> validate_key(const Json& config) {
  std::vector<std::string> problems;
  if (!string_of(config, "pgp_key").empty())
    problems.push_back(
        "pgp_key: terrace keeps the secret marked as sensitive in the state and has no PGP; leave it out");
  return problems;
}

}  // namespace

ResourceType iam_user() {
  ResourceType type;
  type.name = "aws_iam_user";
  type.table = kUserTable;
  type.service = "iam";
  type.title = "IAM User";
  type.tags = TagStyle::kOther;
  type.regional = false;
  type.create = create_user;
  type.read = read_user;
  type.update = update_user;
  type.remove = remove_user;
  type.recover = recover_user;
  type.reads = "iam:GetUser";
  type.changes =
      "iam:CreateUser iam:DeactivateMFADevice iam:DeleteAccessKey iam:DeleteLoginProfile iam:DeleteUser "
      "iam:DeleteUserPermissionsBoundary iam:DeleteUserPolicy iam:DetachUserPolicy iam:ListAccessKeys "
      "iam:ListAttachedUserPolicies iam:ListGroupsForUser iam:ListMFADevices iam:ListUserPolicies "
      "iam:PutUserPermissionsBoundary iam:RemoveUserFromGroup iam:TagUser iam:UntagUser iam:UpdateUser";
  return type;
}

ResourceType iam_user_policy() {
  ResourceType type;
  type.name = "aws_iam_user_policy";
  type.table = kPolicyTable;
  type.service = "iam";
  type.title = "IAM User Policy";
  type.regional = false;
  type.create = put_policy;
  type.read = read_policy;
  type.update = put_policy;
  type.remove = remove_policy;
  type.recover = recover_policy;
  type.reads = "iam:GetUserPolicy";
  type.changes = "iam:DeleteUserPolicy iam:PutUserPolicy";
  return type;
}

ResourceType iam_access_key() {
  ResourceType type;
  type.name = "aws_iam_access_key";
  type.table = kKeyTable;
  type.service = "iam";
  type.title = "IAM Access Key";
  type.regional = false;
  type.create = create_key;
  type.read = read_key;
  type.update = update_key;
  type.remove = remove_key;
  type.recover = recover_key;
  type.import = import_key;
  type.validate = validate_key;
  type.reads = "iam:GetAccessKeyLastUsed iam:ListAccessKeys";
  type.changes = "iam:CreateAccessKey iam:DeleteAccessKey iam:UpdateAccessKey";
  return type;
}

}  // namespace terrace::aws::types
