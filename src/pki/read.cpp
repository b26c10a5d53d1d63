// Reading: certificates and requests from PEM, and the verification of chains.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <ctime>

#include "pki/certificate.h"
#include "pki/names.h"
#include "pki/openssl.h"

namespace terrace::pki {

namespace {

using StorePtr = std::unique_ptr<X509_STORE, Free<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

struct FreeStack {
  void operator()(STACK_OF(X509) * certificates) const { sk_X509_pop_free(certificates, X509_free); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

constexpr std::pair<uint32_t, const char*> kKeyUsages[] = {
    {KU_DIGITAL_SIGNATURE, "digitalSignature"},
    {KU_NON_REPUDIATION, "nonRepudiation"},
    {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
    {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
    {KU_KEY_AGREEMENT, "keyAgreement"},
    {KU_KEY_CERT_SIGN, "keyCertSign"},
    {KU_CRL_SIGN, "cRLSign"},
    {KU_ENCIPHER_ONLY, "encipherOnly"},
    {KU_DECIPHER_ONLY, "decipherOnly"},
};

std::string hexadecimal(const unsigned char* bytes, size_t length) {
  std::string text;
  for (size_t i = 0; i < length; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string digest(const X509* certificate, const EVP_MD* hash) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned length = 0;
  X509_digest(certificate, hash, bytes.data(), &length);
  return hexadecimal(bytes.data(), length);
}

Moment moment_of(const ASN1_TIME* time) {
  std::tm broken{};
  ASN1_TIME_to_tm(time, &broken);
  return Moment(timegm(&broken));
}

void read_serial(const X509* x509, Certificate& certificate) {
  BignumPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), nullptr));
  std::string bytes(static_cast<size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  certificate.serial = hexadecimal(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  char* decimal = BN_bn2dec(number.get());
  certificate.serial_decimal = decimal;
  OPENSSL_free(decimal);
}

void read_extensions(X509* x509, Certificate& certificate) {
  GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr)));
  certificate.names = names_of(names.get());
  auto* constraints = static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(x509, NID_basic_constraints, nullptr, nullptr));
  if (constraints != nullptr) {
    certificate.is_ca = constraints->ca != 0;
    if (constraints->pathlen != nullptr) {
      certificate.path_length = static_cast<int>(ASN1_INTEGER_get(constraints->pathlen));
    }
    BASIC_CONSTRAINTS_free(constraints);
  }
  if (X509_get_ext_by_NID(x509, NID_key_usage, -1) >= 0) {
    uint32_t usages = X509_get_key_usage(x509);
    for (const auto& [bit, name] : kKeyUsages) {
      if ((usages & bit) != 0) certificate.key_usages.emplace_back(name);
    }
  }
  auto* extended = static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(x509, NID_ext_key_usage, nullptr, nullptr));
  for (int i = 0; extended != nullptr && i < sk_ASN1_OBJECT_num(extended); ++i) {
    const ASN1_OBJECT* usage = sk_ASN1_OBJECT_value(extended, i);
    std::array<char, 128> oid{};
    OBJ_obj2txt(oid.data(), static_cast<int>(oid.size()), usage, 1);
    int nid = OBJ_obj2nid(usage);
    certificate.extended_key_usages.emplace_back(nid == NID_undef ? oid.data() : OBJ_nid2sn(nid));
  }
  sk_ASN1_OBJECT_pop_free(extended, ASN1_OBJECT_free);
}

Result<Certificate, std::string> values_of(X509* x509) {
  EVP_PKEY* key = X509_get_pubkey(x509);
  if (key == nullptr) return Failure<std::string>{with_reason("the certificate's public key can't be read")};
  Certificate certificate(PublicKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free)));
  BioPtr bio = writing();
  PEM_write_bio_X509(bio.get(), x509);
  certificate.pem = content(bio.get());
  certificate.version = static_cast<int>(X509_get_version(x509)) + 1;
  read_serial(x509, certificate);
  certificate.subject = subject_of(X509_get_subject_name(x509));
  certificate.issuer = subject_of(X509_get_issuer_name(x509));
  certificate.subject_text = name_text(X509_get_subject_name(x509));
  certificate.issuer_text = name_text(X509_get_issuer_name(x509));
  certificate.validity = {moment_of(X509_get0_notBefore(x509)), moment_of(X509_get0_notAfter(x509))};
  certificate.signature_algorithm = OBJ_nid2ln(X509_get_signature_nid(x509));
  certificate.sha1 = digest(x509, EVP_sha1());
  certificate.sha256 = digest(x509, EVP_sha256());
  read_extensions(x509, certificate);
  return certificate;
}

X509Ptr parsed(const Certificate& certificate) {
  BioPtr bio = reading(certificate.pem);
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

}  // namespace

Result<Certificate, std::string> read_certificate(std::string_view pem) {
  BioPtr bio = reading(pem);
  X509Ptr x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!x509) return Failure<std::string>{with_reason("no certificate in PEM could be read")};
  return values_of(x509.get());
}

Result<std::vector<Certificate>, std::string> read_certificates(std::string_view pem) {
  BioPtr bio = reading(pem);
  std::vector<Certificate> found;
  while (true) {
    X509Ptr x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!x509) {
      bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      if (at_end && !found.empty()) {
        ERR_clear_error();
        return found;
      }
      return Failure<std::string>{with_reason("certificate " + std::to_string(found.size() + 1) + " can't be read")};
    }
    Result<Certificate, std::string> certificate = values_of(x509.get());
    if (!certificate) return Failure<std::string>{certificate.error()};
    found.push_back(std::move(*certificate));
  }
}

Result<CertificateRequest, std::string> read_request(std::string_view pem) {
  BioPtr bio = reading(pem);
  RequestPtr request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr));
  if (!request) return Failure<std::string>{with_reason("no certificate request in PEM could be read")};
  EVP_PKEY* key = X509_REQ_get_pubkey(request.get());
  if (key == nullptr) return Failure<std::string>{with_reason("the request's public key can't be read")};
  PublicKey owned(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
  if (X509_REQ_verify(request.get(), key) != 1) {
    ERR_clear_error();
    return Failure<std::string>{"the request's signature does not hold: it was changed after it was signed"};
  }
  STACK_OF(X509_EXTENSION)* extensions = X509_REQ_get_extensions(request.get());
  GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return CertificateRequest{subject_of(X509_REQ_get_subject_name(request.get())), names_of(names.get()), owned};
}

bool issued_by(const Certificate& certificate, const Certificate& issuer) {
  X509Ptr child = parsed(certificate);
  X509Ptr parent = parsed(issuer);
  bool is = X509_check_issued(parent.get(), child.get()) == X509_V_OK &&
            X509_verify(child.get(), issuer.public_key.handle()) == 1;
  ERR_clear_error();
  return is;
}

Status<std::string> verify(const Certificate& certificate, const Verification& against) {
  X509Ptr leaf = parsed(certificate);
  StorePtr store(X509_STORE_new());
  for (const Certificate& trusted : against.trusted) X509_STORE_add_cert(store.get(), parsed(trusted).get());
  StackPtr between(sk_X509_new_null());
  for (const Certificate& intermediate : against.intermediates) {
    sk_X509_push(between.get(), parsed(intermediate).release());
  }
  StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), between.get());
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(against.at.count()));
  if (against.purpose == Purpose::kServer) X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER);
  if (against.purpose == Purpose::kClient) X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
  if (!against.host.empty() && X509_VERIFY_PARAM_set1_ip_asc(rules, against.host.c_str()) != 1) {
    ERR_clear_error();
    X509_VERIFY_PARAM_set1_host(rules, against.host.data(), against.host.size());
  }
  if (X509_verify_cert(context.get()) == 1) return {};
  int code = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  X509* culprit = X509_STORE_CTX_get_current_cert(context.get());
  std::string whose = culprit == nullptr ? certificate.subject_text : name_text(X509_get_subject_name(culprit));
  return Failure<std::string>{whose + ": " + X509_verify_cert_error_string(code)};
}

std::string moment_text(Moment moment) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<time_t>(moment.count())));
}

}  // namespace terrace::pki
