// aws_iam_policy, aws_iam_role_policy_attachment, aws_iam_user_policy_attachment
#include <algorithm>

#include "aws/encoding.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kPolicyTable = R"(
  arn string c
  attachment_count number c
  description string o new
  id string oc api=-
  name string oc new api=PolicyName
  name_prefix string oc new api=-
  path string o new default="/"
  policy string r policy api=-
  policy_id string c
  tags map(string) o api=-
  tags_all map(string) oc api=-
)";
constexpr const char* kRoleAttachmentTable = R"(
  id string oc api=-
  policy_arn string r new
  role string r new api=RoleName
)";
constexpr const char* kUserAttachmentTable = R"(
  id string oc api=-
  policy_arn string r new
  user string r new api=UserName
)";

constexpr TagCalls kTags{"iam", "TagPolicy", "UntagPolicy", "Tags", "TagKeys"};

Json policy_params(const std::string& arn) {
  Json params = Json::object();
  params["PolicyArn"] = arn;
  return params;
}

// --- policies

Task<bool> create_policy(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = Json::object();
  params["PolicyName"] = name;
  params["Path"] = c.planned["path"];
  params["PolicyDocument"] = c.planned["policy"];
  put_if_set(params, "Description", c, "description");
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await call_while(c, "iam", "CreatePolicy", std::move(params), "ConcurrentModification",
                                       std::chrono::minutes(2));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["Policy"]["Arn"];
  c.state["name"] = name;
  co_return true;
}

Task<bool> read_policy(Context& c) {
  Json params = policy_params(c.text("id"));
  ApiResult found = co_await c.backend.batches().share("iam", "GetPolicy", params, c.region);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  const Json policy = found->value("Policy", Json::object());
  params["VersionId"] = string_of(policy, "DefaultVersionId");
  ApiResult version = co_await c.backend.batches().share("iam", "GetPolicyVersion", params, c.region);
  if (!version) co_return c.fail(version.error(), "reading the document of");
  c.state = from_api(c.rows, policy, c.state);
  if (c.state["name_prefix"].is_null()) c.state["name_prefix"] = "";
  c.state["policy"] = percent_decode(string_of(version->value("PolicyVersion", Json::object()), "Document"));
  c.state["tags_all"] = tag_map(policy.value("Tags", Json::array()));
  co_return true;
}

// The versions that are not in force, the oldest first.
Task<Result<Json, ApiError>> old_versions(Context& c) {
  Json params = policy_params(c.text("id"));
  ApiResult found = co_await c.backend.client().call_all("iam", "ListPolicyVersions", params);
  if (!found) co_return Failure<ApiError>{found.error()};
  Json old = Json::array();
  for (const Json& version : found->value("Versions", Json::array())) {
    if (!bool_of(version, "IsDefaultVersion")) old.push_back(version);
  }
  std::sort(old.begin(), old.end(),
            [](const Json& a, const Json& b) { return string_of(a, "CreateDate") < string_of(b, "CreateDate"); });
  co_return old;
}

Task<bool> delete_version(Context& c, const Json& version) {
  Json params = policy_params(c.text("id"));
  params["VersionId"] = version["VersionId"];
  ApiResult done = co_await c.call("iam", "DeletePolicyVersion", std::move(params));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting an old version of");
  co_return true;
}

// A policy has at most five versions: the oldest makes room.
Task<bool> update_policy(Context& c) {
  if (c.changed("policy")) {
    Result<Json, ApiError> old = co_await old_versions(c);
    if (!old) co_return c.fail(old.error(), "reading the versions of");
    if (old->size() >= 4) {
      bool ok = co_await delete_version(c, old->at(0));
      if (!ok) co_return false;
    }
    Json params = policy_params(c.text("id"));
    params["PolicyDocument"] = c.planned["policy"];
    params["SetAsDefault"] = true;
    ApiResult done = co_await call_while(c, "iam", "CreatePolicyVersion", std::move(params), "ConcurrentModification",
                                         std::chrono::minutes(2));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  Json object = policy_params(c.text("id"));
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove_policy(Context& c) {
  Result<Json, ApiError> old = co_await old_versions(c);
  if (!old && is_code(old.error(), {"NoSuchEntity"})) co_return true;
  if (!old) co_return c.fail(old.error(), "reading the versions of");
  for (const Json& version : *old) {
    bool ok = co_await delete_version(c, version);
    if (!ok) co_return false;
  }
  Json params = policy_params(c.text("id"));
  ApiResult done =
      co_await call_while(c, "iam", "DeletePolicy", std::move(params), "DeleteConflict", std::chrono::minutes(1));
  if (done || is_code(done.error(), {"NoSuchEntity"})) co_return true;
  if (is_code(done.error(), {"DeleteConflict"}))
    co_return c.fail("deleting",
                     "something outside of this configuration is attached to it. See `aws iam "
                     "list-entities-for-policy`, detach what it names, and destroy again");
  co_return c.fail(done.error(), "deleting");
}

// An account has a path and name once, and the ARN is made of them.
Task<bool> recover_policy(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  std::string id = arn(c, "iam", "", c.backend.account_id, "policy" + string_of(c.planned, "path") + name);
  Json params = policy_params(id);
  ApiResult found = co_await c.call("iam", "GetPolicy", std::move(params));
  if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  if (!made_since(c, string_of(found->value("Policy", Json::object()), "CreateDate"))) co_return true;
  c.state["id"] = id;
  c.state["name"] = name;
  co_return true;
}

// --- attachments

struct Attachment {
  const char* attribute;  // whose policy it is
  const char* parameter;
  const char* attach;
  const char* detach;
  const char* list;
};
constexpr Attachment kToRole{"role", "RoleName", "AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"};
constexpr Attachment kToUser{"user", "UserName", "AttachUserPolicy", "DetachUserPolicy", "ListAttachedUserPolicies"};

Json attachment_params(const Attachment& kind, const Json& attributes) {
  Json params = Json::object();
  params[kind.parameter] = attributes[kind.attribute];
  params["PolicyArn"] = attributes["policy_arn"];
  return params;
}

template <const Attachment& kind>
Task<bool> attach(Context& c) {
  Json params = attachment_params(kind, c.planned);
  // A role, user or policy that was made a moment ago may not be known everywhere.
  ApiResult done = co_await call_while(c, "iam", kind.attach, std::move(params), "NoSuchEntity|ConcurrentModification",
                                       std::chrono::minutes(1));
  if (!done) co_return c.fail(done.error(), "attaching");
  c.state["id"] = string_of(c.planned, kind.attribute) + "-" + string_of(c.planned, "policy_arn");
  co_return true;
}

template <const Attachment& kind>
Task<bool> read_attachment(Context& c) {
  Json params = Json::object();
  params[kind.parameter] = c.state[kind.attribute];
  ApiResult found = co_await c.backend.batches().share_all("iam", kind.list, std::move(params), c.region);
  if (!found && !is_code(found.error(), {"NoSuchEntity"})) co_return c.fail(found.error(), "reading");
  const Json policies = found ? found->value("AttachedPolicies", Json::array()) : Json::array();
  bool attached = std::any_of(policies.begin(), policies.end(), [&](const Json& policy) {
    return policy.value("PolicyArn", Json()) == c.state["policy_arn"];
  });
  if (!attached) c.state = nullptr;
  co_return true;
}

template <const Attachment& kind>
Task<bool> detach(Context& c) {
  Json params = attachment_params(kind, c.prior);
  ApiResult done =
      co_await call_while(c, "iam", kind.detach, std::move(params), "ConcurrentModification", std::chrono::minutes(1));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "detaching");
  co_return true;
}

// Attaching twice is attaching once.
template <const Attachment& kind>
Task<bool> recover_attachment(Context& c) {
  bool ok = co_await read_attachment<kind>(c);
  if (ok && c.state.is_object())
    c.state["id"] = string_of(c.planned, kind.attribute) + "-" + string_of(c.planned, "policy_arn");
  co_return ok;
}

// OWNER/POLICY ARN
template <const Attachment& kind>
Task<bool> import_attachment(Context& c) {
  std::string id = c.text("id");
  std::size_t slash = id.find('/');
  if (slash == std::string::npos || id.compare(slash + 1, 4, "arn:") != 0)
    co_return c.fail("importing", std::string("the id must be ") + kind.attribute + "/POLICY_ARN");
  c.state[kind.attribute] = id.substr(0, slash);
  c.state["policy_arn"] = id.substr(slash + 1);
  c.state["id"] = id.substr(0, slash) + "-" + id.substr(slash + 1);
  co_return true;
}

template <const Attachment& kind>
ResourceType attachment(const char* name, const char* table, const char* title) {
  ResourceType type;
  type.name = name;
  type.table = table;
  type.service = "iam";
  type.title = title;
  type.regional = false;
  type.create = attach<kind>;
  type.read = read_attachment<kind>;
  type.remove = detach<kind>;
  type.recover = recover_attachment<kind>;
  type.import = import_attachment<kind>;
  return type;
}

}  // namespace

ResourceType iam_policy() {
  ResourceType type;
  type.name = "aws_iam_policy";
  type.table = kPolicyTable;
  type.service = "iam";
  type.title = "IAM Policy";
  type.tags = TagStyle::kOther;
  type.regional = false;
  type.create = create_policy;
  type.read = read_policy;
  type.update = update_policy;
  type.remove = remove_policy;
  type.recover = recover_policy;
  type.reads = "iam:GetPolicy iam:GetPolicyVersion";
  type.changes =
      "iam:CreatePolicy iam:CreatePolicyVersion iam:DeletePolicy iam:DeletePolicyVersion "
      "iam:ListPolicyVersions iam:TagPolicy iam:UntagPolicy";
  return type;
}

ResourceType iam_role_policy_attachment() {
  ResourceType type =
      attachment<kToRole>("aws_iam_role_policy_attachment", kRoleAttachmentTable, "IAM Role Policy Attachment");
  type.reads = "iam:ListAttachedRolePolicies";
  type.changes = "iam:AttachRolePolicy iam:DetachRolePolicy";
  return type;
}

ResourceType iam_user_policy_attachment() {
  ResourceType type =
      attachment<kToUser>("aws_iam_user_policy_attachment", kUserAttachmentTable, "IAM User Policy Attachment");
  type.reads = "iam:ListAttachedUserPolicies";
  type.changes = "iam:AttachUserPolicy iam:DetachUserPolicy";
  return type;
}

}  // namespace terrace::aws::types
