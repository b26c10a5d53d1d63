#include "node/certificates.h"

#include <gtest/gtest.h>

#include "support/memory_file_system.h"

namespace terrace::node {
namespace {

constexpr std::chrono::seconds kHour = std::chrono::hours(1);

class Certificates : public testing::Test {
 protected:
  Authority authority(const std::string& cluster = "harbor") {
    return *parse_authority(*make_authority(cluster, clock_, random_));
  }
  void give(NodeCertificate& node, const Authority& from) {
    const std::string made = *certify(from, node.holder(), node.key()->public_key(), kCertificateLife, clock_, random_);
    ASSERT_TRUE(node.write(made, from.bundle()).ok());
  }

  VirtualClock clock_;
  SeededRandom random_{7};
  test::MemoryFileSystem files_;
  Holder holder_{"i-1", {"10.10.1.5", "127.0.0.1"}};
  NodeCertificate node_{files_, clock_, random_, "/tls", holder_};
};

TEST_F(Certificates, AServerStandsForItsAddressesAndAClientForItsName) {
  const Authority ca = authority();
  give(node_, ca);
  const pki::Certificate server = *pki::read_certificate(files_.text("/tls/node.pem"));
  const pki::Moment now = std::chrono::duration_cast<pki::Moment>(clock_.wall());
  EXPECT_TRUE(pki::verify(server, {{ca.certificates.front()}, {}, now, pki::Purpose::kServer, "10.10.1.5"}).ok());
  EXPECT_FALSE(pki::verify(server, {{ca.certificates.front()}, {}, now, pki::Purpose::kServer, "10.10.1.6"}).ok());

  const std::string text = *certify(ca, {"i-2", {}}, node_.key()->public_key(), kCertificateLife, clock_, random_);
  const pki::Certificate client = *pki::read_certificate(text);
  EXPECT_EQ(client.subject.common_name, "i-2");
  EXPECT_TRUE(pki::verify(client, {{ca.certificates.front()}, {}, now, pki::Purpose::kClient, {}}).ok());
  EXPECT_FALSE(pki::verify(client, {{ca.certificates.front()}, {}, now, pki::Purpose::kServer, {}}).ok());
}

TEST_F(Certificates, ItIsDueAtHalfOfItsLifeAndValidToItsEnd) {
  const Authority ca = authority();
  EXPECT_TRUE(node_.due(&ca));
  EXPECT_FALSE(node_.valid());
  give(node_, ca);
  EXPECT_FALSE(node_.due(&ca));
  EXPECT_TRUE(node_.valid());
  clock_.advance(kCertificateLife / 2);
  EXPECT_TRUE(node_.due(&ca));
  EXPECT_TRUE(node_.due(nullptr));
  EXPECT_TRUE(node_.valid());
  clock_.advance(kCertificateLife / 2 + kHour);
  EXPECT_FALSE(node_.valid());
}

TEST_F(Certificates, AnotherCaAnotherNameOrAnotherAddressAsksForANewOne) {
  const Authority ca = authority();
  give(node_, ca);
  const Authority other = authority();
  EXPECT_TRUE(node_.due(&other));
  EXPECT_TRUE(NodeCertificate(files_, clock_, random_, "/tls", {"i-2", holder_.addresses}).due(&ca));
  EXPECT_TRUE(NodeCertificate(files_, clock_, random_, "/tls", {"i-1", {"10.10.1.6", "127.0.0.1"}}).due(&ca));
}

TEST_F(Certificates, TheKeyIsMadeOnceAndIsForItsOwnerAlone) {
  const std::string first = node_.key()->pem();
  EXPECT_EQ(node_.key()->pem(), first);
  EXPECT_EQ(files_.mode("/tls/node.key"), 0600U);
}

TEST_F(Certificates, AnAuthorityMayTrustAnotherWhileItIsReplaced) {
  const std::string old_text = *make_authority("harbor", clock_, random_);
  const std::string new_text = *make_authority("harbor", clock_, random_);
  const std::string old_certificate = parse_authority(old_text)->bundle();
  const Result<Authority, std::string> both = parse_authority(old_certificate + new_text);
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->certificates.size(), 2U);
  EXPECT_TRUE(both->certificates.front().public_key == both->key.public_key());
}

TEST_F(Certificates, WhatIsNoAuthorityIsSaidToBeNone) {
  EXPECT_FALSE(parse_authority("").ok());
  const std::string text = *make_authority("harbor", clock_, random_);
  EXPECT_NE(parse_authority(text.substr(0, text.find("-----BEGIN PRIVATE KEY"))).error().find("key"),
            std::string::npos);
  const std::string other = *make_authority("harbor", clock_, random_);
  const std::string mixed = parse_authority(text)->bundle() + parse_authority(other)->key.pem();
  EXPECT_EQ(parse_authority(mixed).error(), "the CA's key belongs to none of its certificates");
}

}  // namespace
}  // namespace terrace::node
