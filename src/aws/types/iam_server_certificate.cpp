// aws_iam_server_certificate
#include <algorithm>

#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=Arn
  certificate_body string r new
  certificate_chain string o new
  expiration string c
  id string oc api=-
  name string oc new api=ServerCertificateName
  name_prefix string oc new api=-
  path string o default="/"
  private_key string r new secret
  tags map(string) o api=-
  tags_all map(string) oc api=-
  upload_date string c
  block timeouts single api=- {
    delete string o
  }
)";

constexpr TagCalls kTags{"iam", "TagServerCertificate", "UntagServerCertificate", "Tags", "TagKeys"};

std::string trimmed(const std::string& text) {
  std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

Json named(const std::string& name) {
  Json params = Json::object();
  params["ServerCertificateName"] = name;
  return params;
}

Task<bool> create(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named(name);
  params["CertificateBody"] = c.planned["certificate_body"];
  params["PrivateKey"] = c.planned["private_key"];
  put_if_set(params, "CertificateChain", c, "certificate_chain");
  put_if_set(params, "Path", c, "path");
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("iam", "UploadServerCertificate", std::move(params));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["name"] = name;
  c.state["id"] = (*made)["ServerCertificateMetadata"]["ServerCertificateId"];
  co_return true;
}

Task<bool> read(Context& c) {
  Json params = named(string_of(c.state, "name"));
  ApiResult found = co_await c.backend.batches().share("iam", "GetServerCertificate", params, c.region);
  if (!found && is_code(found.error(), {"NoSuchEntity"})) {
    c.state = nullptr;
    co_return true;
  }
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& certificate = (*found)["ServerCertificate"];
  const Json& metadata = certificate["ServerCertificateMetadata"];
  Json before = c.state;
  c.state = from_api(c.rows, metadata, c.state);
  c.state["id"] = metadata["ServerCertificateId"];
  for (const auto& [attribute, member] :
       {std::pair("certificate_body", "CertificateBody"), std::pair("certificate_chain", "CertificateChain")}) {
    std::string text = string_of(certificate, member);
    // AWS trims; the configuration's own text stays where it means the same.
    bool same = trimmed(text) == trimmed(string_of(before, attribute));
    c.state[attribute] = same ? before[attribute] : text.empty() ? Json(nullptr) : Json(text);
  }
  c.state["tags_all"] = tag_map(certificate.value("Tags", Json::array()));
  co_return true;
}

Task<bool> update(Context& c) {
  if (c.changed("path")) {
    Json params = named(string_of(c.prior, "name"));
    params["NewPath"] = c.planned["path"];
    ApiResult done = co_await c.call("iam", "UpdateServerCertificate", std::move(params));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  Json object = named(string_of(c.state, "name"));
  bool ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

// A load balancer that has just gone holds it for a while.
Task<bool> remove(Context& c) {
  Json params = named(string_of(c.prior, "name"));
  ApiResult done = co_await call_while(c, "iam", "DeleteServerCertificate", std::move(params), "DeleteConflict",
                                       timeout_of(c, "delete", std::chrono::minutes(15)));
  if (!done && !is_code(done.error(), {"NoSuchEntity"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

Task<bool> recover(Context& c) {
  std::string name = name_or_generated(c, "name", "name_prefix", "terraform-");
  Json params = named(name);
  ApiResult found = co_await c.call("iam", "GetServerCertificate", std::move(params));
  if (!found && is_code(found.error(), {"NoSuchEntity"})) co_return true;
  if (!found) co_return c.fail(found.error(), "looking for");
  const Json& certificate = (*found)["ServerCertificate"];
  bool same = trimmed(string_of(certificate, "CertificateBody")) == trimmed(string_of(c.planned, "certificate_body"));
  if (same && made_since(c, string_of(certificate["ServerCertificateMetadata"], "UploadDate"))) {
    c.state["name"] = name;
    c.state["id"] = certificate["ServerCertificateMetadata"]["ServerCertificateId"];
  }
  co_return true;
}

Task<bool> import(Context& c) {
  c.state["name"] = c.state["id"];
  co_return true;
}

void plan(const Json& config, const Json&, Json& planned, std::vector<std::string>&, std::vector<std::string>&) {
  for (const char* name : {"certificate_body", "certificate_chain", "private_key"}) {
    std::string text = string_of(config, name);
    if (!text.empty()) planned[name] = trimmed(text);
  }
}

}  // namespace

ResourceType iam_server_certificate() {
  ResourceType type;
  type.name = "aws_iam_server_certificate";
  type.table = kTable;
  type.service = "iam";
  type.title = "IAM Server Certificate";
  type.tags = TagStyle::kOther;
  type.regional = false;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.import = import;
  type.plan = plan;
  type.reads = "iam:GetServerCertificate";
  type.changes =
      "iam:DeleteServerCertificate iam:TagServerCertificate iam:UntagServerCertificate "
      "iam:UpdateServerCertificate iam:UploadServerCertificate";
  return type;
}

}  // namespace terrace::aws::types
