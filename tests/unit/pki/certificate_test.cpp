#include "pki/certificate.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "openssl_tool.h"

namespace terrace::pki {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr hours kDay{24};

// A root, an intermediate below it, and a server of the intermediate.
struct Chain {
  VirtualClock clock{seconds(1'780'000'000)};
  SeededRandom random{7};
  PrivateKey root_key = *make_key(KeyKind::kEcdsaP256);
  PrivateKey middle_key = *make_key(KeyKind::kEcdsaP384);
  PrivateKey leaf_key = *make_key(KeyKind::kEcdsaP256);
  Certificate root = *read_certificate(*self_sign(authority("root", 1), root_key, random));
  Certificate middle = *read_certificate(*sign(authority("etcd", 0), middle_key.public_key(), root, root_key, random));
  Certificate leaf = *read_certificate(*sign(server(), leaf_key.public_key(), middle, middle_key, random));

  CertificatePlan authority(const std::string& name, int path_length) const {
    CertificatePlan plan;
    plan.subject.common_name = name;
    plan.subject.organization = "example";
    plan.validity = valid_from_now(clock, kDay * 3650);
    plan.is_ca = true;
    plan.path_length = path_length;
    plan.key_usages = {"keyCertSign", "cRLSign"};
    return plan;
  }

  CertificatePlan server() const {
    CertificatePlan plan;
    plan.subject.common_name = "node";
    plan.names = {{"node.example.com", "*.cluster.local"}, {"10.10.1.5", "2001:db8::1"}, {"spiffe://example/node"}};
    plan.validity = valid_from_now(clock, kDay * 30, std::chrono::minutes(5));
    plan.key_usages = {"digitalSignature"};
    plan.extended_key_usages = {"serverAuth"};
    return plan;
  }

  Verification against() const {
    return {{root}, {middle}, std::chrono::duration_cast<seconds>(clock.wall()), Purpose::kServer, ""};
  }
};

struct CertificateTest : WithOpensslTool {
  Chain chain;
};

TEST_F(CertificateTest, ReadsBackWhatWasAsked) {
  const Certificate& leaf = chain.leaf;
  EXPECT_EQ(leaf.subject_text, "CN=node");
  EXPECT_EQ(leaf.issuer_text, "CN=etcd,O=example");
  EXPECT_EQ(leaf.issuer.organization, "example");
  EXPECT_THAT(leaf.names.dns, ElementsAre("node.example.com", "*.cluster.local"));
  EXPECT_THAT(leaf.names.ips, ElementsAre("10.10.1.5", "2001:db8::1"));
  EXPECT_THAT(leaf.names.uris, ElementsAre("spiffe://example/node"));
  EXPECT_EQ(leaf.validity.not_before, seconds(1'780'000'000 - 300));
  EXPECT_EQ(leaf.validity.not_after, seconds(1'780'000'000) + kDay * 30);
  EXPECT_FALSE(leaf.is_ca);
  EXPECT_THAT(leaf.key_usages, ElementsAre("digitalSignature"));
  EXPECT_THAT(leaf.extended_key_usages, ElementsAre("serverAuth"));
  EXPECT_EQ(leaf.signature_algorithm, "ecdsa-with-SHA384");
  EXPECT_TRUE(leaf.public_key == chain.leaf_key.public_key());
  EXPECT_EQ(leaf.serial.size(), 32u);
  EXPECT_TRUE(chain.middle.is_ca);
  EXPECT_EQ(chain.middle.path_length, 0);
  EXPECT_EQ(moment_text(leaf.validity.not_after), "2026-06-27T20:26:40Z");
}

TEST_F(CertificateTest, TheOpensslProgramAcceptsTheChain) {
  write("root.pem", chain.root.pem);
  write("middle.pem", chain.middle.pem);
  write("leaf.pem", chain.leaf.pem);
  expect_run(
      "openssl verify -x509_strict -attime 1780000000 -purpose sslserver -verify_hostname a.cluster.local "
      "-CAfile root.pem -untrusted middle.pem leaf.pem");
  std::string fingerprint = expect_run("openssl x509 -in leaf.pem -noout -fingerprint -sha256");
  std::erase(fingerprint, ':');
  std::transform(fingerprint.begin(), fingerprint.end(), fingerprint.begin(), ::tolower);
  EXPECT_THAT(fingerprint, HasSubstr(chain.leaf.sha256));
  std::string text = expect_run("openssl x509 -in leaf.pem -noout -text");
  EXPECT_THAT(text, HasSubstr("X509v3 Key Usage: critical"));
  EXPECT_THAT(text, HasSubstr("IP Address:10.10.1.5, IP Address:2001:DB8:0:0:0:0:0:1"));
}

TEST_F(CertificateTest, ReadsWhatTheOpensslProgramMade) {
  expect_run(
      "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2900000 "
      "-subj '/C=NL/O=Acme, Inc./CN=old' -addext subjectAltName=DNS:old.example,IP:10.0.0.1");
  auto read = read_certificate("a line before\n" + text_of("cert.pem"));
  ASSERT_TRUE(read.ok()) << read.error();
  EXPECT_EQ(read->subject.organization, "Acme, Inc.");
  EXPECT_EQ(read->subject_text, "CN=old,O=Acme\\, Inc.,C=NL");
  EXPECT_THAT(read->names.ips, ElementsAre("10.0.0.1"));
  EXPECT_GT(read->validity.not_after, seconds(200'000'000'000));
  EXPECT_TRUE(read->public_key == read_key(text_of("key.pem"))->public_key());
}

TEST_F(CertificateTest, ABundleIsReadInItsOrder) {
  auto all = read_certificates(chain.leaf.pem + chain.middle.pem);
  ASSERT_TRUE(all.ok()) << all.error();
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[1].subject.common_name, "etcd");
  EXPECT_FALSE(read_certificates("nothing").ok());
  EXPECT_FALSE(read_certificates(chain.leaf.pem + chain.middle.pem.substr(0, 200)).ok());
}

TEST_F(CertificateTest, RequestsCarrySubjectNamesAndKey) {
  Subject subject;
  subject.common_name = "node";
  subject.street_address = {"1 Main St", "Back"};
  subject.country = "NL";
  auto pem = make_request(subject, {{"a.example"}, {"10.0.0.9"}, {}}, chain.leaf_key);
  ASSERT_TRUE(pem.ok()) << pem.error();
  auto request = read_request(*pem);
  ASSERT_TRUE(request.ok()) << request.error();
  EXPECT_EQ(request->subject.common_name, "node");
  EXPECT_THAT(request->subject.street_address, ElementsAre("1 Main St", "Back"));
  EXPECT_THAT(request->names.dns, ElementsAre("a.example"));
  EXPECT_TRUE(request->public_key == chain.leaf_key.public_key());
  write("request.pem", *pem);
  EXPECT_THAT(expect_run("openssl req -in request.pem -verify -noout"), HasSubstr("verify OK"));
}

TEST_F(CertificateTest, VerificationSaysWhatBreaksTheChain) {
  EXPECT_TRUE(verify(chain.leaf, chain.against()).ok());
  Verification against = chain.against();
  against.host = "10.10.1.5";
  EXPECT_TRUE(verify(chain.leaf, against).ok());
  against.host = "elsewhere.example.com";
  EXPECT_EQ(verify(chain.leaf, against).error(), "CN=node: hostname mismatch");
  against = chain.against();
  against.at += kDay * 31;
  EXPECT_EQ(verify(chain.leaf, against).error(), "CN=node: certificate has expired");
  against = chain.against();
  against.purpose = Purpose::kClient;
  EXPECT_THAT(verify(chain.leaf, against).error(), HasSubstr("purpose"));
  against = chain.against();
  against.intermediates.clear();
  EXPECT_THAT(verify(chain.leaf, against).error(), HasSubstr("unable to get local issuer"));
  against.trusted = {chain.middle};
  EXPECT_TRUE(verify(chain.leaf, against).ok()) << "what is trusted need not be a root";
  Chain other;
  against = other.against();
  EXPECT_FALSE(verify(chain.leaf, against).ok());
}

TEST_F(CertificateTest, OnlyAnAuthorityWithItsOwnKeySigns) {
  EXPECT_THAT(sign(chain.server(), chain.leaf_key.public_key(), chain.leaf, chain.leaf_key, chain.random).error(),
              HasSubstr("no certificate authority"));
  EXPECT_THAT(sign(chain.server(), chain.leaf_key.public_key(), chain.root, chain.leaf_key, chain.random).error(),
              HasSubstr("does not belong to the issuer CN=root,O=example"));
}

TEST_F(CertificateTest, BadFieldsAreNamed) {
  CertificatePlan plan = chain.server();
  plan.names.ips = {"10.10.1.500"};
  EXPECT_EQ(self_sign(plan, chain.leaf_key, chain.random).error(), "\"10.10.1.500\" is no IP address");
  plan = chain.server();
  plan.subject.country = "Holland";
  EXPECT_THAT(self_sign(plan, chain.leaf_key, chain.random).error(), HasSubstr("the country \"Holland\""));
  plan = chain.server();
  plan.names.dns = {"a,IP:1.2.3.4"};
  EXPECT_THAT(read_certificate(*self_sign(plan, chain.leaf_key, chain.random))->names.ips,
              ElementsAre("10.10.1.5", "2001:db8::1"))
      << "a name is never read as more than a name";
  plan = chain.server();
  plan.extended_key_usages = {"flyingAuth"};
  EXPECT_THAT(self_sign(plan, chain.leaf_key, chain.random).error(), HasSubstr("flyingAuth"));
}

TEST_F(CertificateTest, EachKindOfKeySigns) {
  for (KeyKind kind : {KeyKind::kEcdsaP224, KeyKind::kEcdsaP521, KeyKind::kRsa, KeyKind::kEd25519}) {
    PrivateKey key = *make_key(kind);
    auto pem = self_sign(chain.authority("self", 0), key, chain.random);
    ASSERT_TRUE(pem.ok()) << pem.error();
    Certificate made = *read_certificate(*pem);
    EXPECT_TRUE(verify(made, {{made}, {}, chain.against().at, Purpose::kAny, ""}).ok());
  }
}

TEST_F(CertificateTest, SerialsComeFromTheRandomGiven) {
  SeededRandom one(1);
  SeededRandom same(1);
  std::string first = read_certificate(*self_sign(chain.server(), chain.leaf_key, one))->serial;
  EXPECT_EQ(first, read_certificate(*self_sign(chain.server(), chain.leaf_key, same))->serial);
  EXPECT_NE(first, read_certificate(*self_sign(chain.server(), chain.leaf_key, one))->serial);
}

}  // namespace
}  // namespace terrace::pki
