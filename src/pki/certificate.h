// X.509 certificates and requests for them, as plain values and PEM text: made, signed, read back and verified.
// Included by the node agent, provider tls and the command certs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "pki/key.h"

namespace terrace::pki {

// Seconds since 1970-01-01T00:00:00Z. Certificates outlive what a Duration can hold.
using Moment = std::chrono::seconds;

// A distinguished name; empty fields are left out.
struct Subject {
  std::string common_name;
  std::string organization;
  std::string organizational_unit;
  std::vector<std::string> street_address;
  std::string locality;
  std::string province;
  std::string country;  // two letters
  std::string postal_code;
  std::string serial_number;
};

// What the certificate stands for (subjectAltName).
struct AlternativeNames {
  std::vector<std::string> dns;
  std::vector<std::string> ips;  // IPv4 or IPv6 in text
  std::vector<std::string> uris;
  bool empty() const { return dns.empty() && ips.empty() && uris.empty(); }
};

struct Validity {
  Moment not_before;
  Moment not_after;
};

// From now by `clock`, less `backdate` for machines whose clocks lag, for `length`.
Validity valid_from_now(const Clock& clock, std::chrono::seconds length, std::chrono::seconds backdate = {});

// What is to be certified, apart from the key and the issuer.
struct CertificatePlan {
  Subject subject;
  AlternativeNames names;
  Validity validity;
  bool is_ca = false;
  std::optional<int> path_length;  // of a CA: how many CAs may follow below it
  // By their names in RFC 5280 as OpenSSL spells them: digitalSignature, keyEncipherment, keyCertSign, cRLSign...
  std::vector<std::string> key_usages;
  // Likewise: serverAuth, clientAuth, codeSigning..., or a dotted OID.
  std::vector<std::string> extended_key_usages;
  bool subject_key_id = true;
  bool authority_key_id = true;  // where the issuer has a subject key id
};

// A certificate that was read. `pem` is this one alone, in OpenSSL's layout.
struct Certificate {
  explicit Certificate(PublicKey key) : public_key(std::move(key)) {}

  PublicKey public_key;
  std::string pem;
  int version = 3;
  std::string serial;  // hexadecimal, lower case
  std::string serial_decimal;
  Subject subject;
  Subject issuer;
  std::string subject_text;  // RFC 2253: "CN=a,O=b"
  std::string issuer_text;
  AlternativeNames names;
  Validity validity{};
  bool is_ca = false;
  std::optional<int> path_length;
  std::vector<std::string> key_usages;
  std::vector<std::string> extended_key_usages;
  std::string signature_algorithm;  // OpenSSL's long name: "ecdsa-with-SHA256", "sha256WithRSAEncryption"
  std::string sha1;                 // of the DER bytes, hexadecimal, lower case
  std::string sha256;
};

// A request that was read and whose signature holds.
struct CertificateRequest {
  Subject subject;
  AlternativeNames names;
  PublicKey public_key;
};

// Requests and certificates as PEM. Serials are 128 bits of `random`; signatures use the hash that fits the key
// (SHA-256, -384, -512; none for Ed25519).
Result<std::string, std::string> make_request(const Subject& subject, const AlternativeNames& names,
                                              const PrivateKey& key);
Result<std::string, std::string> self_sign(const CertificatePlan& plan, const PrivateKey& key, Random& random);
// `issuer_key` must belong to `issuer`, which must be a CA unless `any_issuer`.
Result<std::string, std::string> sign(const CertificatePlan& plan, const PublicKey& key, const Certificate& issuer,
                                      const PrivateKey& issuer_key, Random& random, bool any_issuer = false);

// The first certificate in `pem`.
Result<Certificate, std::string> read_certificate(std::string_view pem);
// Every certificate in `pem`, in its order; an error where there is none or one cannot be read.
Result<std::vector<Certificate>, std::string> read_certificates(std::string_view pem);
Result<CertificateRequest, std::string> read_request(std::string_view pem);

// Whether `issuer`'s key signed `certificate` and it may sign. Says nothing about the time.
bool issued_by(const Certificate& certificate, const Certificate& issuer);

enum class Purpose : uint8_t { kAny, kServer, kClient };

struct Verification {
  std::vector<Certificate> trusted;  // each is trusted by itself, root or not
  std::vector<Certificate> intermediates;
  Moment at;
  Purpose purpose = Purpose::kAny;
  std::string host;  // a DNS name or an IP the certificate must stand for; empty for any
};

// Whether a chain leads from `certificate` to a trusted one; the error says what broke it.
Status<std::string> verify(const Certificate& certificate, const Verification& against);

// "2026-11-24T06:00:00Z".
std::string moment_text(Moment moment);

}  // namespace terrace::pki
