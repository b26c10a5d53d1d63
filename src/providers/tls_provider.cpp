#include "providers/tls_provider.h"

#include <fmt/format.h>

#include "lang/hash.h"
#include "pki/openssh.h"
#include "providers/tls_certificates.h"
#include "providers/tls_values.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

const std::vector<std::string> kAlgorithms = {"RSA", "ECDSA", "ED25519"};
const std::vector<std::string> kCurves = {"P224", "P256", "P384", "P521"};

pki::KeyKind kind_of(const std::string& algorithm, const std::string& curve) {
  if (algorithm == "RSA") return pki::KeyKind::kRsa;
  if (algorithm == "ED25519") return pki::KeyKind::kEd25519;
  if (curve == "P256") return pki::KeyKind::kEcdsaP256;
  if (curve == "P384") return pki::KeyKind::kEcdsaP384;
  if (curve == "P521") return pki::KeyKind::kEcdsaP521;
  return pki::KeyKind::kEcdsaP224;
}

// What a private key tells of itself, in every form.
Value with_private_key(Value object, const pki::PrivateKey& key, Random& random) {
  object = with(std::move(object), {{"private_key_pem", Value::string(key.traditional_pem())},
                                    {"private_key_pem_pkcs8", Value::string(key.pem())},
                                    {"private_key_openssh", Value::string(pki::openssh_private(key, "", random))}});
  return with_public_key(std::move(object), key.public_key());
}

TableType private_key(Random& random) {
  TableType type;
  type.version = 1;
  type.fields = public_key_fields();
  type.fields.push_back({"algorithm", Type::string(), Mode::kRequired, true});
  type.fields.push_back({"ecdsa_curve", Type::string(), Mode::kOptionalComputed, true, false, Value::string("P224")});
  type.fields.push_back({"rsa_bits", Type::number(), Mode::kOptionalComputed, true, false, Value::number(2048)});
  for (const char* name : {"private_key_openssh", "private_key_pem", "private_key_pem_pkcs8"}) {
    type.fields.push_back({name, Type::string(), Mode::kComputed, false, true});
  }
  type.validate = [](const Value& config, Diagnostics& diagnostics) {
    one_of(config, "algorithm", kAlgorithms, diagnostics);
    one_of(config, "ecdsa_curve", kCurves, diagnostics);
  };
  type.create = [&random](Value planned) {
    pki::KeyKind kind = kind_of(text_of(planned, "algorithm"), text_of(planned, "ecdsa_curve"));
    Result<pki::PrivateKey, std::string> key =
        pki::make_key(kind, static_cast<int>(number_of(planned, "rsa_bits", 2048)));
    if (!key) return done(refusal("Unable to generate Key from configuration", key.error()));
    return done({with_private_key(std::move(planned), *key, random), {}});
  };
  // Version 0 lacked the newer forms of the key.
  type.upgrade = [&random](Value old) {
    Result<pki::PrivateKey, std::string> key = pki::read_key(text_of(old, "private_key_pem"));
    return key ? with_private_key(std::move(old), *key, random) : old;
  };
  return type;
}

TableData public_key() {
  TableData data;
  data.fields = public_key_fields();
  data.fields.push_back({"algorithm", Type::string(), Mode::kComputed});
  data.fields.push_back({"private_key_openssh", Type::string(), Mode::kOptional, false, true});
  data.fields.push_back({"private_key_pem", Type::string(), Mode::kOptional, false, true});
  data.validate = [](const Value& config, Diagnostics& diagnostics) {
    bool pem = !config.attribute("private_key_pem").is_null();
    if (pem == config.attribute("private_key_openssh").is_null()) return;
    diagnostics.error("Invalid Attribute Combination",
                      "Exactly one of these attributes must be configured: [private_key_pem,private_key_openssh]");
  };
  data.read = [](Value config) {
    bool in_pem = !config.attribute("private_key_pem").is_null();
    Result<pki::PrivateKey, std::string> key = in_pem ? pki::read_key(text_of(config, "private_key_pem"))
                                                      : pki::read_openssh(text_of(config, "private_key_openssh"));
    if (!key) return done(refusal("Unable to parse private key", key.error()));
    Value object = config.with_attribute("algorithm", Value::string(algorithm_name(key->kind())));
    return done({with_public_key(std::move(object), key->public_key()), {}});
  };
  return data;
}

// Go's names, as the data source of the provider gives them.
std::string signature_name(const std::string& name) {
  static const std::pair<const char*, const char*> kNames[] = {{"sha1WithRSAEncryption", "SHA1-RSA"},
                                                               {"sha256WithRSAEncryption", "SHA256-RSA"},
                                                               {"sha384WithRSAEncryption", "SHA384-RSA"},
                                                               {"sha512WithRSAEncryption", "SHA512-RSA"},
                                                               {"ecdsa-with-SHA1", "ECDSA-SHA1"},
                                                               {"ecdsa-with-SHA256", "ECDSA-SHA256"},
                                                               {"ecdsa-with-SHA384", "ECDSA-SHA384"},
                                                               {"ecdsa-with-SHA512", "ECDSA-SHA512"},
                                                               {"ED25519", "Ed25519"}};
  for (const auto& [openssl, go] : kNames) {
    if (name == openssl) return go;
  }
  return name;
}

const Type& certificate_type() {
  static const Type type = Type::object({{"cert_pem", Type::string()},
                                         {"is_ca", Type::boolean()},
                                         {"issuer", Type::string()},
                                         {"max_path_length", Type::number()},
                                         {"not_after", Type::string()},
                                         {"not_before", Type::string()},
                                         {"public_key_algorithm", Type::string()},
                                         {"serial_number", Type::string()},
                                         {"sha1_fingerprint", Type::string()},
                                         {"signature_algorithm", Type::string()},
                                         {"subject", Type::string()},
                                         {"version", Type::number()}});
  return type;
}

Value certificate_object(const pki::Certificate& certificate) {
  std::string algorithm = algorithm_name(certificate.public_key.kind());
  return Value::object({{"cert_pem", Value::string(certificate.pem)},
                        {"is_ca", Value::boolean(certificate.is_ca)},
                        {"issuer", Value::string(certificate.issuer_text)},
                        {"max_path_length", Value::number(certificate.path_length.value_or(-1))},
                        {"not_after", Value::string(pki::moment_text(certificate.validity.not_after))},
                        {"not_before", Value::string(pki::moment_text(certificate.validity.not_before))},
                        {"public_key_algorithm", Value::string(algorithm == "ED25519" ? "Ed25519" : algorithm)},
                        {"serial_number", Value::string(certificate.serial_decimal)},
                        {"sha1_fingerprint", Value::string(certificate.sha1)},
                        {"signature_algorithm", Value::string(signature_name(certificate.signature_algorithm))},
                        {"subject", Value::string(certificate.subject_text)},
                        {"version", Value::number(certificate.version)}});
}

struct Endpoint {
  std::string host;
  int port = 443;
};

// https://HOST[:PORT]/... and tls://HOST:PORT; nothing for another URL.
std::optional<Endpoint> endpoint_of(std::string_view url) {
  bool https = url.starts_with("https://");
  if (!https && !url.starts_with("tls://")) return std::nullopt;
  url.remove_prefix(url.find("//") + 2);
  url = url.substr(0, url.find_first_of("/?#"));
  if (size_t at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
  size_t colon = url.rfind(':');
  bool has_port = colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  if (!has_port) return https && !url.empty() ? std::optional(Endpoint{std::string(url)}) : std::nullopt;
  std::string port(url.substr(colon + 1));
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return Endpoint{std::string(url.substr(0, colon)), std::stoi(port)};
}

// The certificates of `config`, the root first where a server showed them.
Result<std::vector<pki::Certificate>, std::string> certificates_of(const Value& config, TlsPeer& peer) {
  if (!config.attribute("content").is_null()) return pki::read_certificates(text_of(config, "content"));
  std::optional<Endpoint> endpoint = endpoint_of(text_of(config, "url"));
  if (!endpoint) return Failure<std::string>{"the URL is https://HOST[:PORT] or tls://HOST:PORT"};
  bool verify = config.attribute("verify_chain").is_null() || truth_of(config, "verify_chain");
  Result<std::string, std::string> pem = peer.certificates(endpoint->host, endpoint->port, verify);
  if (!pem) return Failure<std::string>{pem.error()};
  Result<std::vector<pki::Certificate>, std::string> chain = pki::read_certificates(*pem);
  if (chain) std::reverse(chain->begin(), chain->end());
  return chain;
}

TableData certificate(TlsPeer& peer) {
  TableData data;
  data.fields = {{"certificates", Type::list(certificate_type()), Mode::kComputed},
                 {"content", Type::string(), Mode::kOptional},
                 {"id", Type::string(), Mode::kComputed},
                 {"url", Type::string(), Mode::kOptional},
                 {"verify_chain", Type::boolean(), Mode::kOptional}};
  data.validate = [](const Value& config, Diagnostics& diagnostics) {
    const Value& url = config.attribute("url");
    bool from_content = !config.attribute("content").is_null();
    if (from_content != url.is_null()) {
      diagnostics.error("Invalid Attribute Combination",
                        "Exactly one of these attributes must be configured: [content,url]");
    } else if (from_content && !config.attribute("verify_chain").is_null()) {
      diagnostics.error("Invalid Attribute Combination",
                        "Attribute \"content\" cannot be specified when \"verify_chain\" is specified");
    } else if (url.has_content() && !endpoint_of(url.as_string())) {
      diagnostics.error(
          "Invalid URL",
          fmt::format("Attribute url must be https://HOST[:PORT] or tls://HOST:PORT, got: {}", url.as_string()));
    }
  };
  data.read = [&peer](Value config) {
    Result<std::vector<pki::Certificate>, std::string> found = certificates_of(config, peer);
    if (!found) return done(refusal("Failed to read certificates", found.error()));
    std::vector<Value> objects;
    std::string fingerprints;
    for (const pki::Certificate& one : *found) {
      objects.push_back(certificate_object(one));
      fingerprints += one.sha1;
    }
    Value id = Value::string(lang::hex(lang::digest("sha1", fingerprints)));
    return done({with(std::move(config),
                      {{"certificates", Value::list(certificate_type(), std::move(objects))}, {"id", std::move(id)}}),
                 {}});
  };
  return data;
}

}  // namespace

std::unique_ptr<schema::Provider> make_tls_provider(Clock& clock, Random& random, TlsPeer& peer) {
  Tables tables;
  tables.resources = {{"tls_cert_request", tls_cert_request()},
                      {"tls_locally_signed_cert", tls_locally_signed_cert(clock, random)},
                      {"tls_private_key", private_key(random)},
                      {"tls_self_signed_cert", tls_self_signed_cert(clock, random)}};
  tables.data_sources = {{"tls_certificate", certificate(peer)}, {"tls_public_key", public_key()}};
  return make_table_provider(std::move(tables));
}

}  // namespace terrace::providers
