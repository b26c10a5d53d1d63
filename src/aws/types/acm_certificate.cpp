// aws_acm_certificate: requested from Amazon or a private authority, or imported
#include <algorithm>

#include <fmt/format.h>

#include "aws/encoding.h"
#include "aws/timestamp.h"
#include "aws/types/s3.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  arn string c api=CertificateArn
  certificate_authority_arn string o new
  certificate_body string o api=-
  certificate_chain string o api=-
  domain_name string oc new
  domain_validation_options set(object({domain_name=string,resource_record_name=string,resource_record_type=string,resource_record_value=string})) c api=-
  early_renewal_duration string o api=-
  id string oc api=-
  key_algorithm string oc new one_of=RSA_1024|RSA_2048|RSA_3072|RSA_4096|EC_prime256v1|EC_secp384r1|EC_secp521r1
  not_after string c api=-
  not_before string c api=-
  pending_renewal bool c api=-
  private_key string o secret api=-
  region string oc new api=-
  renewal_eligibility string c
  renewal_summary list(object({renewal_status=string,renewal_status_reason=string,updated_at=string})) c api=-
  status string c
  subject_alternative_names set(string) oc new
  tags map(string) o api=-
  tags_all map(string) oc api=-
  type string c
  validation_emails list(string) c api=-
  validation_method string oc new one_of=DNS|EMAIL|HTTP|NONE
  block options list max=1 {
    certificate_transparency_logging_preference string o default="ENABLED" one_of=ENABLED|DISABLED
    export string oc one_of=ENABLED|DISABLED
  }
  block validation_option set new api=DomainValidationOptions {
    domain_name string r
    validation_domain string r
  }
)";

constexpr TagCalls kTags{"acm", "AddTagsToCertificate", "RemoveTagsFromCertificate", "Tags", "Tags", true};

Json by_arn(const Context& c) {
  return one_member("CertificateArn", c.state["id"]);
}

// The certificate as AWS describes it; null where there is none. One whose validation took too long is none.
Task<bool> describe(Context& c, std::string arn, Json& found) {
  Json params = one_member("CertificateArn", std::move(arn));
  ApiResult answer = co_await c.backend.batches().share("acm", "DescribeCertificate", params, c.region);
  found = nullptr;
  if (!answer && is_code(answer.error(), {"ResourceNotFoundException"})) co_return true;
  if (!answer) co_return c.fail(answer.error(), "reading");
  Json certificate = answer->value("Certificate", Json::object());
  if (string_of(certificate, "Status") != "VALIDATION_TIMED_OUT") found = std::move(certificate);
  co_return true;
}

Json tags_with_intent(const Context& c) {
  Json tags = tag_list(c.planned["tags_all"]);
  Json own = one_member("Key", kIntentTag);
  own["Value"] = c.token;
  if (!c.token.empty()) tags.push_back(std::move(own));
  return tags;
}

// The pieces of an import, as the API takes them.
Json material_of(const Context& c) {
  Json params = one_member("Certificate", base64_encode(string_of(c.planned, "certificate_body")));
  params["PrivateKey"] = base64_encode(string_of(c.planned, "private_key"));
  std::string chain = string_of(c.planned, "certificate_chain");
  if (!chain.empty()) params["CertificateChain"] = base64_encode(chain);
  return params;
}

// ACM needs a moment until it tells the records that prove a domain.
Task<bool> wait_for_records(Context& c) {
  for (int attempt = 0; attempt < 60; ++attempt) {
    Json certificate;
    bool ok = co_await describe(c, c.text("id"), certificate);
    if (!ok) co_return false;
    bool known = certificate.is_object();
    bool asked = known && string_of(certificate, "Type") == "AMAZON_ISSUED" &&
                 string_of(certificate, "Status") == "PENDING_VALIDATION";
    const Json options = asked ? certificate.value("DomainValidationOptions", Json::array()) : Json::array();
    for (const Json& option : options) {
      bool by_mail = string_of(option, "ValidationMethod") == "EMAIL";
      known = known && (by_mail ? option.contains("ValidationEmails")
                                : option.contains("ResourceRecord") || option.contains("HttpRedirect"));
    }
    if (string_of(certificate.is_object() ? certificate : Json::object(), "Status") == "FAILED")
      co_return c.fail("requesting", "ACM refused it: " + string_of(certificate, "FailureReason"));
    if (known && (!asked || !options.empty())) co_return true;
    co_await pause_before(c, attempt);
  }
  co_return c.fail("waiting for", "ACM has not told how its domains are to be proven; run again later");
}

Task<bool> create(Context& c) {
  bool import = !string_of(c.planned, "private_key").empty();
  Json params = Json::object();
  if (import) {
    params = material_of(c);
  } else {
    params = to_api(c.rows, c.planned, input_shape(c, "acm", "RequestCertificate"));
    if (!c.token.empty()) params["IdempotencyToken"] = Backend::generated_name("tf", c.token);
  }
  Json tags = tags_with_intent(c);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await c.call("acm", import ? "ImportCertificate" : "RequestCertificate", std::move(params));
  if (!made) co_return c.fail(made.error(), import ? "importing" : "requesting");
  c.state["id"] = (*made)["CertificateArn"];
  bool ok = co_await wait_for_records(c);
  co_return ok;
}

// To the second: 2030-01-02T03:04:05Z.
std::string moment_of(const Json& certificate, const char* member) {
  std::optional<Duration> moment = parse_timestamp(string_of(certificate, member));
  return moment ? rfc3339(*moment) : std::string();
}

void take_validation(Context& c, const Json& certificate) {
  Json options = Json::array(), mails = Json::array();
  std::string method = "NONE";
  bool issued = string_of(certificate, "Type") == "AMAZON_ISSUED";
  for (const Json& validation : certificate.value("DomainValidationOptions", Json::array())) {
    if (issued && !string_of(validation, "ValidationMethod").empty())
      method = string_of(validation, "ValidationMethod");
    for (const Json& mail : validation.value("ValidationEmails", Json::array())) mails.push_back(mail);
    const Json record = validation.value("ResourceRecord", Json());
    if (!record.is_object()) continue;
    Json option = one_member("domain_name", validation["DomainName"]);
    option["resource_record_name"] = record["Name"];
    option["resource_record_type"] = record["Type"];
    option["resource_record_value"] = record["Value"];
    options.push_back(std::move(option));
  }
  c.state["domain_validation_options"] = std::move(options);
  c.state["validation_emails"] = std::move(mails);
  c.state["validation_method"] = method;
}

// 240h30m, or P90D: the two ways to write how long before its end a certificate is renewed.
std::optional<Duration> duration_of(const std::string& text) {
  bool iso = text.starts_with("P");
  double seconds = 0;
  bool time = false;
  std::size_t at = iso ? 1 : 0;
  while (at < text.size()) {
    if (iso && text[at] == 'T') {
      time = true;
      ++at;
      continue;
    }
    std::size_t end = text.find_first_not_of("0123456789.", at);
    if (end == at || end == std::string::npos) return std::nullopt;
    double number = std::strtod(text.substr(at, end - at).c_str(), nullptr);
    char unit = static_cast<char>(std::tolower(text[end]));
    constexpr double kDay = 86400;
    double each = unit == 'h'   ? 3600
                  : unit == 's' ? 1
                  : unit == 'd' ? kDay
                  : unit == 'w' ? 7 * kDay
                  : unit == 'y' ? 365 * kDay
                  : unit == 'm' ? (iso && !time ? 30 * kDay : 60)
                                : 0;
    if (each == 0) return std::nullopt;
    seconds += number * each;
    at = end + 1;
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

bool is_renewal_due(Context& c) {
  std::optional<Duration> early = duration_of(string_of(c.state, "early_renewal_duration"));
  std::optional<Duration> end = parse_timestamp(string_of(c.state, "not_after"));
  bool renews =
      string_of(c.state, "renewal_eligibility") == "ELIGIBLE" && !string_of(c.state, "early_renewal_duration").empty();
  return renews && early && end && c.backend.loop().clock().wall() >= *end - *early;
}

Task<bool> read(Context& c) {
  Json certificate;
  bool imported = c.state["arn"].is_null() && c.planned.is_null();
  bool ok = co_await describe(c, c.text("id"), certificate);
  if (!ok) co_return false;
  if (certificate.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  const Json validation = c.state["validation_option"];
  c.state = from_api(c.rows, certificate, c.state);
  // Where mails went is not told again.
  c.state["validation_option"] = validation;
  c.state["id"] = certificate["CertificateArn"];
  std::string algorithm = string_of(certificate, "KeyAlgorithm");
  std::replace(algorithm.begin(), algorithm.end(), '-', '_');
  c.state["key_algorithm"] = algorithm;
  c.state["subject_alternative_names"] = certificate.value("SubjectAlternativeNames", Json::array());
  c.state["not_after"] = moment_of(certificate, "NotAfter");
  c.state["not_before"] = moment_of(certificate, "NotBefore");
  if (c.state["renewal_eligibility"].is_null()) c.state["renewal_eligibility"] = "";
  take_validation(c, certificate);
  const Json options = certificate.value("Options", Json());
  if (imported && options.is_object() && string_of(certificate, "Type") != "IMPORTED") {
    Json block = one_member("certificate_transparency_logging_preference",
                            string_of(options, "CertificateTransparencyLoggingPreference"));
    block["export"] = string_of(options, "Export");
    c.state["options"] = one_block(std::move(block));
  }
  c.state["renewal_summary"] = Json::array();
  if (const Json summary = certificate.value("RenewalSummary", Json()); summary.is_object()) {
    Json one = one_member("renewal_status", string_of(summary, "RenewalStatus"));
    one["renewal_status_reason"] = string_of(summary, "RenewalStatusReason");
    one["updated_at"] = moment_of(summary, "UpdatedAt");
    c.state["renewal_summary"].push_back(std::move(one));
  }
  c.state["pending_renewal"] = is_renewal_due(c);
  Json params = by_arn(c);
  ApiResult tags = co_await c.backend.batches().share("acm", "ListTagsForCertificate", params, c.region);
  if (!tags) co_return c.fail(tags.error(), "reading tags of");
  c.state["tags_all"] = tag_map(tags->value("Tags", Json::array()));
  co_return true;
}

Task<bool> renew(Context& c) {
  Json params = by_arn(c);
  ApiResult done = co_await c.call("acm", "RenewCertificate", std::move(params));
  if (!done) co_return c.fail(done.error(), "renewing");
  for (int attempt = 0; attempt < 20; ++attempt) {
    Json certificate;
    bool ok = co_await describe(c, c.text("id"), certificate);
    if (!ok) co_return false;
    const Json summary = certificate.is_object() ? certificate.value("RenewalSummary", Json()) : Json();
    std::string status = summary.is_object() ? string_of(summary, "RenewalStatus") : "";
    if (status == "SUCCESS") co_return true;
    if (status == "FAILED") co_return c.fail("renewing", string_of(summary, "RenewalStatusReason"));
    co_await pause_before(c, attempt);
  }
  co_return c.fail("renewing", "it is not renewed yet; it goes on in AWS, so run again later");
}

Task<bool> update(Context& c) {
  if (c.changed("certificate_body") || c.changed("certificate_chain") || c.changed("private_key")) {
    Json params = material_of(c);
    params["CertificateArn"] = c.state["id"];
    ApiResult done = co_await c.call("acm", "ImportCertificate", std::move(params));
    if (!done) co_return c.fail(done.error(), "importing");
  }
  const Json options = first_block(c.planned, "options");
  if (c.changed("options") && options.is_object()) {
    Json params = by_arn(c);
    Json wanted =
        one_member("CertificateTransparencyLoggingPreference", options["certificate_transparency_logging_preference"]);
    if (!string_of(options, "export").empty()) wanted["Export"] = options["export"];
    params["Options"] = std::move(wanted);
    ApiResult done = co_await c.call("acm", "UpdateCertificateOptions", std::move(params));
    if (!done) co_return c.fail(done.error(), "setting the options of");
  }
  bool ok = true;
  if (is_renewal_due(c)) ok = co_await renew(c);
  if (!ok) co_return false;
  Json object = by_arn(c);
  ok = co_await update_tags(c, kTags, std::move(object));
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = by_arn(c);
  // What used it may hold it for a long time more.
  ApiResult done = co_await call_while(c, "acm", "DeleteCertificate", std::move(params), "ResourceInUseException",
                                       std::chrono::minutes(20));
  if (!done && !is_code(done.error(), {"ResourceNotFoundException"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// The one with the tag of this intent, among those of its domain.
Task<bool> recover(Context& c) {
  if (c.token.empty()) co_return true;
  Json params = Json::object();
  // Without these ACM lists only certificates with RSA keys of 1024 and 2048 bits.
  params["Includes"] = one_member("keyTypes", Json::array({"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096",
                                                           "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"}));
  ApiResult all = co_await c.backend.batches().share_all("acm", "ListCertificates", params, c.region);
  if (!all) co_return c.fail(all.error(), "looking for");
  std::string domain = string_of(c.planned, "domain_name");
  for (const Json& summary : all->value("CertificateSummaryList", Json::array())) {
    if (!domain.empty() && string_of(summary, "DomainName") != domain) continue;
    Json object = one_member("CertificateArn", summary["CertificateArn"]);
    ApiResult tags = co_await c.backend.batches().share("acm", "ListTagsForCertificate", object, c.region);
    if (!tags && is_code(tags.error(), {"ResourceNotFoundException"})) continue;
    if (!tags) co_return c.fail(tags.error(), "looking for");
    const Json found = tag_map(tags->value("Tags", Json::array()));
    if (string_of(found, kIntentTag) == c.token) c.state["id"] = summary["CertificateArn"];
  }
  if (!c.state["id"].is_string()) co_return true;
  bool ok = co_await wait_for_records(c);
  co_return ok;
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>&) {
  // ACM counts the domain itself among the names.
  Json& names = planned["subject_alternative_names"];
  std::string domain = string_of(planned, "domain_name");
  bool known = config["subject_alternative_names"].is_array() &&
               std::none_of(names.begin(), names.end(), [](const Json& name) { return name.is_null(); });
  if (known && !domain.empty() && std::find(names.begin(), names.end(), Json(domain)) == names.end())
    names.push_back(domain);
  if (!prior.is_object()) return;
  if (prior["certificate_body"] != planned["certificate_body"] || prior["private_key"] != planned["private_key"]) {
    for (const char* told : {"domain_name", "key_algorithm", "not_after", "not_before", "status",
                             "subject_alternative_names", "renewal_eligibility"})
      unknown.push_back(told);
  }
  // A renewal that is due is a change.
  bool due = bool_of(prior, "pending_renewal") && !string_of(planned, "early_renewal_duration").empty();
  if (due || prior["early_renewal_duration"] != planned["early_renewal_duration"]) unknown.push_back("pending_renewal");
  if (due) {
    for (const char* told : {"not_after", "not_before", "renewal_summary"}) unknown.push_back(told);
  }
}

std::vector<std::string> validate(const Json& config) {
  std::vector<std::string> problems;
  bool domain = !config["domain_name"].is_null(), key = !config["private_key"].is_null();
  if (domain == key)
    problems.push_back(
        "domain_name: either a domain_name, to request a certificate, or a private_key, to import one, must be set");
  if (key && config["certificate_body"].is_null())
    problems.push_back("certificate_body: a private_key is imported together with its certificate");
  bool authority = !config["certificate_authority_arn"].is_null(), method = !config["validation_method"].is_null();
  if (domain && authority == method)
    problems.push_back(
        "validation_method: either a validation_method or a certificate_authority_arn must be set for a request");
  if (key) {
    for (const char* other : {"key_algorithm", "subject_alternative_names", "validation_method",
                              "early_renewal_duration", "certificate_authority_arn"}) {
      if (!config[other].is_null()) problems.push_back(std::string(other) + ": conflicts with private_key");
    }
  }
  for (const char* name : {"domain_name"}) {
    if (string_of(config, name).ends_with(".")) problems.push_back(std::string(name) + ": can't end with a period");
  }
  std::string early = string_of(config, "early_renewal_duration");
  if (!early.empty() && !duration_of(early))
    problems.push_back("early_renewal_duration: a duration such as 2160h or P90D is expected: " + early);
  return problems;
}

}  // namespace

ResourceType acm_certificate() {
  ResourceType type;
  type.name = "aws_acm_certificate";
  type.table = kTable;
  type.service = "acm";
  type.title = "ACM Certificate";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.validate = validate;
  type.reads = "acm:DescribeCertificate acm:ListCertificates acm:ListTagsForCertificate";
  type.changes =
      "acm:AddTagsToCertificate acm:DeleteCertificate acm:ImportCertificate acm:RemoveTagsFromCertificate "
      "acm:RenewCertificate acm:RequestCertificate acm:UpdateCertificateOptions";
  return type;
}

}  // namespace terrace::aws::types
