// Making: requests, self-signed certificates, certificates signed by a CA.
#include "pki/certificate.h"

#include <openssl/asn1.h>

#include <array>
#include <ctime>

#include "pki/names.h"
#include "pki/openssl.h"

namespace terrace::pki {

namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

const EVP_MD* hash_for(const PrivateKey& key) {
  switch (key.kind()) {
    case KeyKind::kEd25519:
      return nullptr;
    case KeyKind::kEcdsaP384:
      return EVP_sha384();
    case KeyKind::kEcdsaP521:
      return EVP_sha512();
    default:
      return EVP_sha256();
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// Adds an extension by OpenSSL's configuration words. They hold our own words and usages alone, never names.
Status<std::string> add(X509* certificate, X509V3_CTX* context, int nid, const std::string& words) {
  ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, context, nid, words.c_str()));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return Failure<std::string>{with_reason(std::string("the extension ") + OBJ_nid2sn(nid) + " = " + words)};
  }
  return {};
}

Status<std::string> add_extensions(X509* certificate, X509* issuer, const CertificatePlan& plan) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::vector<std::pair<int, std::string>> extensions;
  if (!plan.key_usages.empty()) extensions.emplace_back(NID_key_usage, "critical," + joined(plan.key_usages));
  if (!plan.extended_key_usages.empty()) extensions.emplace_back(NID_ext_key_usage, joined(plan.extended_key_usages));
  std::string constraints = plan.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
  if (plan.is_ca && plan.path_length) constraints += ",pathlen:" + std::to_string(*plan.path_length);
  extensions.emplace_back(NID_basic_constraints, constraints);
  if (plan.subject_key_id) extensions.emplace_back(NID_subject_key_identifier, "hash");
  bool issuer_has_id = issuer == certificate ? plan.subject_key_id : X509_get0_subject_key_id(issuer) != nullptr;
  if (plan.authority_key_id && issuer_has_id) extensions.emplace_back(NID_authority_key_identifier, "keyid");
  for (const auto& [nid, words] : extensions) {
    Status<std::string> added = add(certificate, &context, nid, words);
    if (!added) return added;
  }
  if (plan.names.empty()) return {};
  Result<GeneralNamesPtr, std::string> names = general_names(plan.names);
  if (!names) return Failure<std::string>{names.error()};
  bool has_subject = X509_NAME_entry_count(X509_get_subject_name(certificate)) > 0;
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names->get(), has_subject ? 0 : 1, 0) != 1) {
    return Failure<std::string>{with_reason("the alternative names")};
  }
  return {};
}

void set_serial(X509* certificate, Random& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(bytes);
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0x7F) | 0x40);  // positive, and never zero
  BignumPtr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

// `issuer` is null for a certificate that signs itself.
Result<std::string, std::string> certify(const CertificatePlan& plan, EVP_PKEY* subject_key, X509* issuer,
                                         const PrivateKey& signer, Random& random) {
  X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  set_serial(certificate.get(), random);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), static_cast<time_t>(plan.validity.not_before.count()));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), static_cast<time_t>(plan.validity.not_after.count()));
  Result<NamePtr, std::string> subject = distinguished_name(plan.subject);
  if (!subject) return Failure<std::string>{subject.error()};
  X509_set_subject_name(certificate.get(), subject->get());
  X509* parent = issuer == nullptr ? certificate.get() : issuer;
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(parent));
  X509_set_pubkey(certificate.get(), subject_key);
  Status<std::string> extended = add_extensions(certificate.get(), parent, plan);
  if (!extended) return Failure<std::string>{extended.error()};
  if (X509_sign(certificate.get(), signer.handle(), hash_for(signer)) == 0) {
    return Failure<std::string>{with_reason("the certificate was not signed")};
  }
  BioPtr bio = writing();
  PEM_write_bio_X509(bio.get(), certificate.get());
  return content(bio.get());
}

}  // namespace

Validity valid_from_now(const Clock& clock, std::chrono::seconds length, std::chrono::seconds backdate) {
  Moment now = std::chrono::duration_cast<std::chrono::seconds>(clock.wall());
  return {now - backdate, now + length};
}

Result<std::string, std::string> make_request(const Subject& subject, const AlternativeNames& names,
                                              const PrivateKey& key) {
  RequestPtr request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  Result<NamePtr, std::string> name = distinguished_name(subject);
  if (!name) return Failure<std::string>{name.error()};
  X509_REQ_set_subject_name(request.get(), name->get());
  X509_REQ_set_pubkey(request.get(), key.handle());
  if (!names.empty()) {
    Result<GeneralNamesPtr, std::string> general = general_names(names);
    if (!general) return Failure<std::string>{general.error()};
    STACK_OF(X509_EXTENSION)* extensions = nullptr;
    X509V3_add1_i2d(&extensions, NID_subject_alt_name, general->get(), 0, 0);
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  if (X509_REQ_sign(request.get(), key.handle(), hash_for(key)) == 0) {
    return Failure<std::string>{with_reason("the request was not signed")};
  }
  BioPtr bio = writing();
  PEM_write_bio_X509_REQ(bio.get(), request.get());
  return content(bio.get());
}

Result<std::string, std::string> self_sign(const CertificatePlan& plan, const PrivateKey& key, Random& random) {
  return certify(plan, key.handle(), nullptr, key, random);
}

Result<std::string, std::string> sign(const CertificatePlan& plan, const PublicKey& key, const Certificate& issuer,
                                      const PrivateKey& issuer_key, Random& random, bool any_issuer) {
  if (!issuer.is_ca && !any_issuer) {
    return Failure<std::string>{"the issuer " + issuer.subject_text + " is no certificate authority"};
  }
  if (!(issuer_key.public_key() == issuer.public_key)) {
    return Failure<std::string>{"the key to sign with does not belong to the issuer " + issuer.subject_text};
  }
  BioPtr bio = reading(issuer.pem);
  X509Ptr parent(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  return certify(plan, key.handle(), parent.get(), issuer_key, random);
}

}  // namespace terrace::pki
