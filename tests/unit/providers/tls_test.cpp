#include "providers/tls_provider.h"

#include <gmock/gmock.h>

#include "pki/certificate.h"
#include "table_world.h"

namespace terrace::providers {
namespace {

using lang::Type;
using lang::Value;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Shows what it was given.
struct FixedPeer final : TlsPeer {
  std::string pem;
  std::string asked;
  Result<std::string, std::string> certificates(const std::string& host, int port, bool verify) override {
    asked = host + ":" + std::to_string(port) + (verify ? " verified" : "");
    return pem;
  }
};

struct TlsWorld : ProviderWorld {
  FixedPeer peer;
  TlsWorld() { provider = make_tls_provider(clock, random, peer); }

  Value key() {
    return create("tls_private_key", {{"algorithm", Value::string("ECDSA")}, {"ecdsa_curve", Value::string("P256")}});
  }

  Value subject(const std::string& common_name) {
    const schema::NestedBlock& block = *type("tls_self_signed_cert").block.find_block("subject");
    Value one = schema::empty_value(block.block).with_attribute("common_name", Value::string(common_name));
    return Value::list(block.block.implied_type(), {one});
  }

  std::vector<Value::Member> authority(const Value& key) {
    return {
        {"private_key_pem", key.attribute("private_key_pem")}, {"allowed_uses", texts({"cert_signing", "crl_signing"})},
        {"validity_period_hours", Value::number(24)},          {"early_renewal_hours", Value::number(6)},
        {"is_ca_certificate", Value::boolean(true)},           {"subject", subject("root")}};
  }

  static Value texts(const std::vector<std::string>& all) {
    std::vector<Value> values;
    for (const std::string& text : all) values.push_back(Value::string(text));
    return Value::list(Type::string(), values);
  }

  schema::DataResponse data(const std::string& name, std::vector<Value::Member> members) {
    schema::DataRequest request;
    request.type = name;
    request.config = schema::empty_value(provider->schema().data_sources.at(name).block);
    for (auto& [attribute, value] : members) request.config = request.config.with_attribute(attribute, value);
    return loop.run(provider->read_data(request));
  }
};

std::string text(const Value& object, const char* name) {
  return object.attribute(name).as_string();
}

TEST(TlsPrivateKey, ComesInEveryFormAndIsSensitive) {
  TlsWorld world;
  Value made = world.key();
  EXPECT_THAT(text(made, "private_key_pem"), StartsWith("-----BEGIN EC PRIVATE KEY-----"));
  EXPECT_THAT(text(made, "private_key_pem_pkcs8"), StartsWith("-----BEGIN PRIVATE KEY-----"));
  EXPECT_THAT(text(made, "private_key_openssh"), StartsWith("-----BEGIN OPENSSH PRIVATE KEY-----"));
  EXPECT_THAT(text(made, "public_key_openssh"), StartsWith("ecdsa-sha2-nistp256 "));
  EXPECT_THAT(text(made, "public_key_fingerprint_sha256"), StartsWith("SHA256:"));
  EXPECT_EQ(text(made, "id").size(), 40u);
  for (const char* name : {"private_key_pem", "private_key_pem_pkcs8", "private_key_openssh"}) {
    EXPECT_TRUE(world.type("tls_private_key").block.find_attribute(name)->sensitive) << name;
  }
  EXPECT_THAT(world.replaced_by("tls_private_key", made, {{"algorithm", Value::string("ED25519")}}),
              ElementsAre("algorithm", "ecdsa_curve"));
}

TEST(TlsPrivateKey, HasTheDefaultsOfTheRegistrysProvider) {
  TlsWorld world;
  Value curve = world.create("tls_private_key", {{"algorithm", Value::string("ECDSA")}});
  EXPECT_EQ(text(curve, "ecdsa_curve"), "P224");
  EXPECT_EQ(text(curve, "public_key_openssh"), "") << "OpenSSH has no P-224";
  Value rsa = world.create("tls_private_key", {{"algorithm", Value::string("RSA")}});
  EXPECT_EQ(rsa.attribute("rsa_bits").as_number().to_int64(), 2048);
  EXPECT_THAT(text(rsa, "private_key_pem"), StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
  EXPECT_THAT(world.invalid("tls_private_key", {{"algorithm", Value::string("DSA")}}), HasSubstr("got: \"DSA\""));
}

TEST(TlsPrivateKey, AStateOfVersionZeroIsFilled) {
  TlsWorld world;
  Value made = world.key();
  std::string pem = text(made, "private_key_pem");
  for (size_t at = 0; (at = pem.find('\n', at)) != std::string::npos; at += 2) pem.replace(at, 1, "\\n");
  Checked<Value> today = world.provider->upgrade_state(
      "tls_private_key", 0, R"({"algorithm":"ECDSA","ecdsa_curve":"P256","private_key_pem":")" + pem + "\"}");
  ASSERT_FALSE(today.diagnostics.has_errors()) << today.diagnostics.items()[0].detail;
  EXPECT_EQ(text(today.value, "public_key_openssh"), text(made, "public_key_openssh"));
  EXPECT_EQ(text(today.value, "private_key_pem_pkcs8"), text(made, "private_key_pem_pkcs8"));
}

TEST(TlsCertificates, AnAuthoritySignsARequest) {
  TlsWorld world;
  Value root_key = world.key(), node_key = world.key();
  Value root = world.create("tls_self_signed_cert", world.authority(root_key));
  EXPECT_EQ(text(root, "validity_start_time"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(text(root, "validity_end_time"), "2023-11-15T22:13:20Z");
  EXPECT_EQ(text(root, "key_algorithm"), "ECDSA");
  Value request = world.create("tls_cert_request", {{"private_key_pem", node_key.attribute("private_key_pem")},
                                                    {"dns_names", TlsWorld::texts({"node.example.com"})},
                                                    {"ip_addresses", TlsWorld::texts({"10.0.0.1"})},
                                                    {"subject", world.subject("node")}});
  Value made =
      world.create("tls_locally_signed_cert", {{"ca_cert_pem", root.attribute("cert_pem")},
                                               {"ca_private_key_pem", root_key.attribute("private_key_pem")},
                                               {"cert_request_pem", request.attribute("cert_request_pem")},
                                               {"allowed_uses", TlsWorld::texts({"digital_signature", "server_auth"})},
                                               {"validity_period_hours", Value::number(12)}});
  pki::Certificate leaf = *pki::read_certificate(text(made, "cert_pem"));
  EXPECT_EQ(leaf.serial_decimal, text(made, "id"));
  EXPECT_THAT(leaf.names.dns, ElementsAre("node.example.com"));
  EXPECT_THAT(leaf.extended_key_usages, ElementsAre("serverAuth"));
  pki::Verification against{{*pki::read_certificate(text(root, "cert_pem"))},
                            {},
                            std::chrono::duration_cast<pki::Moment>(world.clock.wall()),
                            pki::Purpose::kServer,
                            "10.0.0.1"};
  EXPECT_TRUE(pki::verify(leaf, against).ok()) << pki::verify(leaf, against).error();
}

TEST(TlsCertificates, AreReplacedWhenTheirTimeIsNear) {
  TlsWorld world;
  Value key = world.key();
  Value made = world.create("tls_self_signed_cert", world.authority(key));
  EXPECT_FALSE(made.attribute("ready_for_renewal").as_bool());
  world.clock.advance(std::chrono::hours(17));
  EXPECT_TRUE(world.read("tls_self_signed_cert", made).identical(made));
  EXPECT_THAT(world.replaced_by("tls_self_signed_cert", made, world.authority(key)), IsEmpty());
  world.clock.advance(std::chrono::hours(1));
  Value read = world.read("tls_self_signed_cert", made);
  EXPECT_TRUE(read.attribute("ready_for_renewal").as_bool());
  EXPECT_THAT(world.replaced_by("tls_self_signed_cert", read, world.authority(key)), ElementsAre("ready_for_renewal"));
}

TEST(TlsCertificates, OnlyTheHoursOfRenewalChangeInPlace) {
  TlsWorld world;
  Value key = world.key();
  Value made = world.create("tls_self_signed_cert", world.authority(key));
  std::vector<Value::Member> other = world.authority(key);
  other[3].second = Value::number(1);
  EXPECT_THAT(world.replaced_by("tls_self_signed_cert", made, other), IsEmpty());
  other[5].second = world.subject("other");
  EXPECT_THAT(world.replaced_by("tls_self_signed_cert", made, other), ElementsAre("subject"));
}

TEST(TlsCertificates, WhatCannotBeMadeIsNamed) {
  TlsWorld world;
  std::vector<Value::Member> bad = world.authority(world.key());
  bad[1].second = TlsWorld::texts({"flying"});
  EXPECT_THAT(world.invalid("tls_self_signed_cert", bad), HasSubstr("got: \"flying\""));
  Value config = world.config("tls_cert_request", {{"private_key_pem", Value::string("no key")}});
  schema::ApplyResponse made = world.apply("tls_cert_request", Value(), config, config);
  EXPECT_EQ(made.diagnostics.items()[0].summary, "Failed to parse private key PEM");
  EXPECT_TRUE(made.new_state.is_null());
}

TEST(TlsPublicKey, IsReadFromEitherForm) {
  TlsWorld world;
  Value key = world.key();
  for (const auto& [argument, source] : {std::pair{"private_key_pem", "private_key_pem_pkcs8"},
                                         std::pair{"private_key_openssh", "private_key_openssh"}}) {
    schema::DataResponse read = world.data("tls_public_key", {{argument, key.attribute(source)}});
    ASSERT_FALSE(read.diagnostics.has_errors()) << read.diagnostics.items()[0].detail;
    EXPECT_EQ(text(read.state, "algorithm"), "ECDSA");
    EXPECT_EQ(text(read.state, "id"), text(key, "id"));
    EXPECT_EQ(text(read.state, "public_key_openssh"), text(key, "public_key_openssh"));
  }
}

TEST(TlsCertificateData, ReadsAFileAndAServer) {
  TlsWorld world;
  Value key = world.key();
  Value root = world.create("tls_self_signed_cert", world.authority(key));
  schema::DataResponse read = world.data("tls_certificate", {{"content", root.attribute("cert_pem")}});
  ASSERT_FALSE(read.diagnostics.has_errors()) << read.diagnostics.items()[0].detail;
  Value one = read.state.attribute("certificates").elements()[0];
  EXPECT_EQ(text(one, "subject"), "CN=root");
  EXPECT_EQ(text(one, "signature_algorithm"), "ECDSA-SHA256");
  EXPECT_EQ(text(one, "serial_number"), text(root, "id"));
  world.peer.pem = text(root, "cert_pem");
  read = world.data("tls_certificate", {{"url", Value::string("https://user@[::1]:8443/path")}});
  EXPECT_EQ(world.peer.asked, "[::1]:8443 verified");
  EXPECT_EQ(read.state.attribute("certificates").length(), 1u);
  world.data("tls_certificate",
             {{"url", Value::string("https://example.com/")}, {"verify_chain", Value::boolean(false)}});
  EXPECT_EQ(world.peer.asked, "example.com:443");
}

}  // namespace
}  // namespace terrace::providers
