#include "providers/tls_certificates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "pki/certificate.h"
#include "providers/tls_values.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

struct Use {
  const char* name;   // in the configuration
  const char* usage;  // as pki::CertificatePlan names it
  bool extended;
};

constexpr Use kUses[] = {
    {"any_extended", "anyExtendedKeyUsage", true},
    {"cert_signing", "keyCertSign", false},
    {"client_auth", "clientAuth", true},
    {"code_signing", "codeSigning", true},
    {"content_commitment", "nonRepudiation", false},
    {"crl_signing", "cRLSign", false},
    {"data_encipherment", "dataEncipherment", false},
    {"decipher_only", "decipherOnly", false},
    {"digital_signature", "digitalSignature", false},
    {"email_protection", "emailProtection", true},
    {"encipher_only", "encipherOnly", false},
    {"ipsec_end_system", "ipsecEndSystem", true},
    {"ipsec_tunnel", "ipsecTunnel", true},
    {"ipsec_user", "ipsecUser", true},
    {"key_agreement", "keyAgreement", false},
    {"key_encipherment", "keyEncipherment", false},
    {"microsoft_commercial_code_signing", "msCodeCom", true},
    {"microsoft_kernel_code_signing", "1.3.6.1.4.1.311.61.1.1", true},
    {"microsoft_server_gated_crypto", "msSGC", true},
    {"netscape_server_gated_crypto", "nsSGC", true},
    {"ocsp_signing", "OCSPSigning", true},
    {"server_auth", "serverAuth", true},
    {"timestamping", "timeStamping", true},
};

std::vector<Field> certificate_fields() {
  std::vector<Field> fields = {
      {"allowed_uses", Type::list(Type::string()), Mode::kRequired, true},
      {"early_renewal_hours", Type::number(), Mode::kOptionalComputed, false, false, Value::number(0)},
      {"is_ca_certificate", Type::boolean(), Mode::kOptionalComputed, true, false, Value::boolean(false)},
      {"max_path_length", Type::number(), Mode::kOptionalComputed, true, false, Value::number(-1)},
      {"ready_for_renewal", Type::boolean(), Mode::kComputed, false, false, Value::boolean(false)},
      {"set_subject_key_id", Type::boolean(), Mode::kOptionalComputed, true, false, Value::boolean(false)},
      {"validity_period_hours", Type::number(), Mode::kRequired, true}};
  for (const char* name : {"cert_pem", "id", "validity_end_time", "validity_start_time"}) {
    fields.push_back({name, Type::string(), Mode::kComputed});
  }
  return fields;
}

void validate_certificate(const Value& config, Diagnostics& diagnostics) {
  at_least(config, "validity_period_hours", 0, diagnostics);
  at_least(config, "early_renewal_hours", 0, diagnostics);
  at_least(config, "max_path_length", -1, diagnostics);
  for (const std::string& use : texts_of(config, "allowed_uses")) {
    bool known = std::any_of(std::begin(kUses), std::end(kUses), [&](const Use& one) { return use == one.name; });
    if (known) continue;
    std::vector<std::string> names;
    for (const Use& one : kUses) names.emplace_back(one.name);
    diagnostics.error("Invalid Attribute Value Match",
                      fmt::format("Attribute allowed_uses value must be one of: [\"{}\"], got: \"{}\"",
                                  fmt::join(names, "\" \""), use));
  }
}

// Whether the certificate of `object` has come so near to its end that a new one is due.
bool is_due(const Clock& clock, const Value& object) {
  Result<pki::Certificate, std::string> certificate = pki::read_certificate(text_of(object, "cert_pem"));
  if (!certificate) return false;
  pki::Moment now = std::chrono::duration_cast<pki::Moment>(clock.wall());
  std::chrono::hours early(number_of(object, "early_renewal_hours"));
  return certificate->validity.not_after - early <= now;
}

// Both kinds of certificate look the same to plan and read.
TableType certificate_type(Clock& clock) {
  TableType type;
  type.fields = certificate_fields();
  type.validate = validate_certificate;
  type.read = [&clock](const Value& current) -> Checked<Value> {
    return {is_due(clock, current) ? current.with_attribute("ready_for_renewal", Value::boolean(true)) : current, {}};
  };
  type.plan = [&clock](const schema::PlanRequest& request, schema::PlanResponse& response) {
    if (request.prior.is_null()) return;
    Value object =
        request.prior.with_attribute("early_renewal_hours", response.planned.attribute("early_renewal_hours"));
    if (!is_due(clock, object)) return;
    response.planned = response.planned.with_attribute("ready_for_renewal", Value::unknown(Type::boolean()));
    response.requires_replace.push_back({lang::PathStep::attribute("ready_for_renewal")});
  };
  return type;
}

// What `planned` asks for, without subject and names.
pki::CertificatePlan plan_of(const Clock& clock, const Value& planned) {
  pki::CertificatePlan plan;
  plan.validity = pki::valid_from_now(clock, std::chrono::hours(number_of(planned, "validity_period_hours")));
  plan.is_ca = truth_of(planned, "is_ca_certificate");
  plan.subject_key_id = plan.is_ca || truth_of(planned, "set_subject_key_id");
  int64_t path_length = number_of(planned, "max_path_length", -1);
  if (path_length >= 0) plan.path_length = static_cast<int>(path_length);
  for (const std::string& use : texts_of(planned, "allowed_uses")) {
    for (const Use& one : kUses) {
      if (use == one.name) (one.extended ? plan.extended_key_usages : plan.key_usages).emplace_back(one.usage);
    }
  }
  return plan;
}

Checked<Value> finished(Value planned, const Result<std::string, std::string>& pem) {
  if (!pem) return refusal("Failed to create certificate", pem.error());
  Result<pki::Certificate, std::string> made = pki::read_certificate(*pem);
  if (!made) return refusal("Failed to create certificate", made.error());
  return {with(std::move(planned), {{"cert_pem", Value::string(*pem)},
                                    {"id", Value::string(made->serial_decimal)},
                                    {"validity_start_time", Value::string(pki::moment_text(made->validity.not_before))},
                                    {"validity_end_time", Value::string(pki::moment_text(made->validity.not_after))}}),
          {}};
}

Checked<Value> self_signed(const Clock& clock, Random& random, Value planned) {
  Result<pki::PrivateKey, std::string> key = pki::read_key(text_of(planned, "private_key_pem"));
  if (!key) return refusal("Failed to parse private key PEM", key.error());
  pki::CertificatePlan plan = plan_of(clock, planned);
  plan.subject = subject_of(planned);
  plan.names = names_of(planned);
  plan.authority_key_id = truth_of(planned, "set_authority_key_id");
  if (plan.authority_key_id && !plan.subject_key_id) {
    return refusal("Invalid Certificate Authority",
                   "Could not determine Authority Key Identifier: set_authority_key_id needs set_subject_key_id or "
                   "is_ca_certificate.");
  }
  if (plan.is_ca && planned.attribute("subject").length() == 0) {
    return refusal("Invalid Certificate Subject",
                   "Must contain at least one Distinguished Name when creating Certificate Authority (CA)");
  }
  planned = planned.with_attribute("key_algorithm", Value::string(algorithm_name(key->kind())));
  return finished(std::move(planned), pki::self_sign(plan, *key, random));
}

Checked<Value> locally_signed(const Clock& clock, Random& random, Value planned) {
  Result<pki::CertificateRequest, std::string> request = pki::read_request(text_of(planned, "cert_request_pem"));
  if (!request) return refusal("Failed to parse certificate request PEM", request.error());
  Result<pki::PrivateKey, std::string> key = pki::read_key(text_of(planned, "ca_private_key_pem"));
  if (!key) return refusal("Failed to parse CA private key PEM", key.error());
  Result<pki::Certificate, std::string> issuer = pki::read_certificate(text_of(planned, "ca_cert_pem"));
  if (!issuer) return refusal("Failed to parse CA certificate PEM", issuer.error());
  pki::CertificatePlan plan = plan_of(clock, planned);
  plan.subject = request->subject;
  plan.names = request->names;
  planned = planned.with_attribute("ca_key_algorithm", Value::string(algorithm_name(key->kind())));
  Checked<Value> made = finished(std::move(planned), pki::sign(plan, request->public_key, *issuer, *key, random, true));
  if (!issuer->is_ca) {
    made.diagnostics.warning("Potentially Invalid Certificate Authority",
                             "Certificate provided as Authority does not appear to be a valid Certificate Authority. "
                             "The resulting certificate might fail certificate validation.");
  }
  return made;
}

}  // namespace

TableType tls_cert_request() {
  TableType type;
  type.fields = name_fields();
  type.fields.push_back({"private_key_pem", Type::string(), Mode::kRequired, true, true});
  for (const char* name : {"cert_request_pem", "id", "key_algorithm"}) {
    type.fields.push_back({name, Type::string(), Mode::kComputed});
  }
  type.blocks = {subject_block()};
  type.replace_on_blocks = true;
  type.create = [](Value planned) {
    Result<pki::PrivateKey, std::string> key = pki::read_key(text_of(planned, "private_key_pem"));
    if (!key) return done(refusal("Failed to parse private key PEM", key.error()));
    Result<std::string, std::string> pem = pki::make_request(subject_of(planned), names_of(planned), *key);
    if (!pem) return done(refusal("Error creating certificate request", pem.error()));
    return done({with(std::move(planned), {{"cert_request_pem", Value::string(*pem)},
                                           {"id", Value::string(pem_sha1(*pem))},
                                           {"key_algorithm", Value::string(algorithm_name(key->kind()))}}),
                 {}});
  };
  return type;
}

TableType tls_self_signed_cert(Clock& clock, Random& random) {
  TableType type = certificate_type(clock);
  for (Field& field : name_fields()) type.fields.push_back(std::move(field));
  type.fields.push_back({"key_algorithm", Type::string(), Mode::kComputed});
  type.fields.push_back({"private_key_pem", Type::string(), Mode::kRequired, true, true});
  type.fields.push_back(
      {"set_authority_key_id", Type::boolean(), Mode::kOptionalComputed, true, false, Value::boolean(false)});
  type.blocks = {subject_block()};
  type.replace_on_blocks = true;
  type.create = [&clock, &random](Value planned) { return done(self_signed(clock, random, std::move(planned))); };
  return type;
}

TableType tls_locally_signed_cert(Clock& clock, Random& random) {
  TableType type = certificate_type(clock);
  type.fields.push_back({"ca_cert_pem", Type::string(), Mode::kRequired, true});
  type.fields.push_back({"ca_key_algorithm", Type::string(), Mode::kComputed});
  type.fields.push_back({"ca_private_key_pem", Type::string(), Mode::kRequired, true, true});
  type.fields.push_back({"cert_request_pem", Type::string(), Mode::kRequired, true});
  type.create = [&clock, &random](Value planned) { return done(locally_signed(clock, random, std::move(planned))); };
  return type;
}

}  // namespace terrace::providers
