#include "cluster/certificates.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/memory_file_system.h"

namespace terrace::cluster {
namespace {

using testing::HasSubstr;
using State = CertificateState;

constexpr const char* kPassphrase = "correct horse";
constexpr const char* kNames[] = {"rootCA", "etcd-ca", "etcd-server", "etcd-peer", "etcd-client", "site"};

struct CertificatesTest : testing::Test {
  test::MemoryFileSystem files;
  VirtualClock clock;
  SeededRandom random{7};
  std::string domain = "harbor.example";

  Certificates open() {
    Certificates certificates(files, clock, random, {"harbor", domain});
    EXPECT_TRUE(certificates.read().ok());
    return certificates;
  }
  // The names of what was made, or the error.
  std::string issue(Certificates& certificates, const char* passphrase = kPassphrase) {
    std::string made;
    while (certificates.is_due()) {
      Result<std::string, std::string> name = certificates.issue_next(passphrase);
      if (!name) return name.error();
      made += (made.empty() ? "" : " ") + *name;
    }
    return made;
  }
  std::string create() {
    Certificates certificates = open();
    return issue(certificates);
  }
  std::string renew(const char* name, Renewal how = Renewal::kSameKey) {
    Certificates certificates = open();
    certificates.renew(name, how);
    return issue(certificates);
  }
  State state(const char* name) { return open().report(name).state; }
  void pass_days(int days) { clock.advance(std::chrono::hours(24 * days)); }
  void expect_all_good() {
    Certificates certificates = open();
    for (const CertificateReport& report : certificates.reports())
      EXPECT_EQ(report.state, State::kGood) << report.name << " " << report.why;
    const pki::Certificate& root = *certificates.report("rootCA").certificate;
    for (const char* name : kNames) {
      Result<std::vector<pki::Certificate>, std::string> chain =
          pki::read_certificates(files.text(certificates.report(name).file));
      ASSERT_TRUE(chain.ok());
      pki::Verification against;
      against.trusted = {root};
      against.intermediates = {chain->begin() + 1, chain->end()};
      against.at = std::chrono::duration_cast<pki::Moment>(clock.wall());
      Status<std::string> verified = pki::verify(chain->front(), against);
      EXPECT_TRUE(verified.ok()) << (verified ? "" : verified.error());
    }
  }
};

TEST_F(CertificatesTest, MakesAllOfThemOnce) {
  EXPECT_EQ(create(), "rootCA etcd-ca etcd-server etcd-peer etcd-client site");
  expect_all_good();
  EXPECT_EQ(create(), "");
  EXPECT_EQ(files.mode("certs/site-key.pem"), 0600u);
  EXPECT_EQ(files.mode("certs/rootCA-key.pem"), 0600u);
  EXPECT_THAT(files.text("certs/rootCA-key.pem"), HasSubstr("ENCRYPTED"));
  EXPECT_THAT(files.text("certs/etcd-ca-key.pem"), HasSubstr("ENCRYPTED"));
  EXPECT_THAT(open().report("site").certificate->names.dns,
              testing::ElementsAre("harbor.example", "*.harbor.example", "cluster.local", "*.cluster.local"));
}

TEST_F(CertificatesTest, AreRenewedBeforeTheyExpireAndNeverOutliveTheirCa) {
  create();
  pass_days(366);
  EXPECT_EQ(state("site"), State::kGood);
  pass_days(2);
  EXPECT_EQ(state("site"), State::kExpiring);
  EXPECT_EQ(state("rootCA"), State::kGood);
  EXPECT_EQ(create(), "");  // what is valid still is left alone
  Certificates certificates = open();
  certificates.renew_expiring();
  EXPECT_EQ(issue(certificates), "etcd-server etcd-peer etcd-client site");
  expect_all_good();
  pass_days(398);
  EXPECT_EQ(state("site"), State::kExpired);
  EXPECT_LT(open().report("site").days_left, 0);
  pass_days(10 * 365 - 368 - 398 - 10);  // ten days before the root's end
  EXPECT_THAT(renew("site"), HasSubstr("site"));
  EXPECT_EQ(open().report("site").certificate->validity.not_after,
            open().report("rootCA").certificate->validity.not_after);
}

TEST_F(CertificatesTest, AreSignedAgainWhenTheirCaIsRenewed) {
  create();
  std::string site = files.text("certs/site.pem");
  pass_days(30);
  EXPECT_EQ(renew("rootCA"), "rootCA");  // the same key: all that it has signed holds
  expect_all_good();
  EXPECT_EQ(files.text("certs/site.pem"), site);
  EXPECT_EQ(renew("etcd-ca"), "etcd-ca etcd-server etcd-peer etcd-client");  // it stands in their chains
  expect_all_good();
  EXPECT_EQ(renew("rootCA", Renewal::kNewKey), "rootCA etcd-ca etcd-server etcd-peer etcd-client site");
  expect_all_good();
}

TEST_F(CertificatesTest, KeepTheirKeyUnlessItIsToBeNew) {
  create();
  std::string key = files.text("certs/site-key.pem");
  EXPECT_EQ(renew("site"), "site");
  EXPECT_EQ(files.text("certs/site-key.pem"), key);
  EXPECT_EQ(renew("site", Renewal::kNewKey), "site");
  EXPECT_NE(files.text("certs/site-key.pem"), key);
  expect_all_good();
}

TEST_F(CertificatesTest, FollowTheDomain) {
  create();
  domain = "port.example";
  EXPECT_EQ(state("site"), State::kStale);
  EXPECT_EQ(create(), "site");
  expect_all_good();
}

TEST_F(CertificatesTest, OfOthersAreNeverWrittenOver) {
  create();
  std::string theirs = files.text("certs/site.pem");
  files.put("certs/site.pem", "not a certificate");
  EXPECT_EQ(state("site"), State::kForeign);
  EXPECT_EQ(create(), "");
  EXPECT_THAT(renew("site"), HasSubstr("not written over"));

  test::MemoryFileSystem ours = std::move(files);
  files = test::MemoryFileSystem();
  Certificates others(files, clock, random, {"port", ""});
  ASSERT_TRUE(others.read().ok());
  issue(others);
  ours.put("certs/site.pem", files.text("certs/site.pem"));
  files = std::move(ours);
  EXPECT_EQ(state("site"), State::kForeign);
  EXPECT_THAT(open().report("site").why, HasSubstr("issued by CN=port root CA"));
  EXPECT_EQ(create(), "");
}

TEST_F(CertificatesTest, NeedTheKeyOfTheirCa) {
  create();
  ASSERT_TRUE(files.remove("certs/rootCA-key.pem").ok());
  EXPECT_EQ(create(), "");
  EXPECT_THAT(renew("site"), HasSubstr("stays with the operator who made it"));
  EXPECT_THAT(renew("rootCA"), HasSubstr("stays with the operator who made it"));
  EXPECT_EQ(renew("etcd-client"), "etcd-client");
  files.put("certs/rootCA-key.pem", files.text("certs/etcd-ca-key.pem"));
  EXPECT_THAT(renew("site"), HasSubstr("is not the key of certs/rootCA.pem"));
}

TEST_F(CertificatesTest, AreNotMadeWithAWrongPassphrase) {
  create();
  Certificates certificates = open();
  EXPECT_FALSE(certificates.check_passphrase("rootCA", "wrong").ok());
  certificates.renew("site", Renewal::kSameKey);
  EXPECT_THAT(issue(certificates, "wrong"), HasSubstr("certs/rootCA-key.pem: "));
  expect_all_good();
  EXPECT_TRUE(certificates.check_passphrase("rootCA", kPassphrase).ok());
}

TEST_F(CertificatesTest, GoOnAfterAnyCrash) {
  // Does `work` from `before` on, which dies at each of its steps in turn, and then again.
  auto crash_everywhere = [&](const test::MemoryFileSystem& before, const std::function<void()>& work) {
    bool survived = false;
    for (int at = 1; !survived; ++at) {
      files = before;
      files.crash_at(at);
      work();
      survived = !files.crashed();
      files.restart(false);
      work();
      expect_all_good();
    }
  };
  crash_everywhere(test::MemoryFileSystem(), [&] { create(); });
  files = test::MemoryFileSystem();
  create();
  test::MemoryFileSystem whole = files;
  crash_everywhere(whole, [&] { renew("rootCA", Renewal::kNewKey); });
}

TEST_F(CertificatesTest, SayHowWhatIsPublishedCompares) {
  Certificates certificates = open();
  EXPECT_EQ(compare_bundle(certificates, std::nullopt), Published::kNothing);
  EXPECT_EQ(compare_bundle(certificates, "something"), Published::kForeign);  // there is none here to compare it with
  issue(certificates);
  std::string first = *certificates.etcd_ca_bundle(kPassphrase, std::nullopt);
  EXPECT_LT(first.size(), 4096u);
  EXPECT_EQ(compare_bundle(open(), first), Published::kSame);
  EXPECT_EQ(pki::read_key(first)->public_key(), pki::read_certificate(first)->public_key);

  pass_days(1);
  renew("etcd-ca", Renewal::kNewKey);
  EXPECT_EQ(compare_bundle(open(), first), Published::kOlder);
  std::string second = *open().etcd_ca_bundle(kPassphrase, first);
  // Who was signed by the one before is trusted until the next change.
  EXPECT_EQ(pki::read_certificates(second)->back().pem, pki::read_certificate(first)->pem);
  EXPECT_EQ(compare_bundle(open(), second), Published::kSame);
  pass_days(1);
  renew("rootCA", Renewal::kNewKey);
  EXPECT_EQ(compare_bundle(open(), second), Published::kOlder);  // another root, but the etcd CA's own key
  std::string third = *open().etcd_ca_bundle(kPassphrase, second);
  EXPECT_EQ(pki::read_certificates(third)->back().pem, pki::read_certificate(first)->pem);
  EXPECT_LT(third.size(), 4096u);

  test::MemoryFileSystem before = files;
  pass_days(1);
  renew("etcd-ca");
  std::string newest = *open().etcd_ca_bundle(kPassphrase, third);
  files = before;
  EXPECT_EQ(compare_bundle(open(), newest), Published::kNewer);

  files = test::MemoryFileSystem();
  create();
  EXPECT_EQ(compare_bundle(open(), third), Published::kForeign);  // the same names, made somewhere else

  pki::CertificatePlan alone;
  alone.subject.common_name = "harbor etcd CA";
  alone.validity = pki::valid_from_now(clock, std::chrono::hours(24));
  alone.is_ca = true;
  pki::PrivateKey key = *pki::make_key(pki::KeyKind::kEcdsaP256);
  std::string nodes = *pki::self_sign(alone, key, random) + key.pem();
  EXPECT_EQ(compare_bundle(open(), nodes), Published::kNodes);
  EXPECT_EQ(pki::read_certificates(*open().etcd_ca_bundle(kPassphrase, nodes))->size(), 3u);
}

}  // namespace
}  // namespace terrace::cluster
