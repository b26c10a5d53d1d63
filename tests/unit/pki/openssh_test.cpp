#include "pki/openssh.h"

#include <gmock/gmock.h>

#include "openssl_tool.h"

namespace terrace::pki {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct OpenSsh : WithOpensslTool {
  SeededRandom random{3};
};

TEST_F(OpenSsh, SshKeygenReadsWhatIsWrittenAndAgreesOnFingerprints) {
  for (KeyKind kind :
       {KeyKind::kEd25519, KeyKind::kRsa, KeyKind::kEcdsaP256, KeyKind::kEcdsaP384, KeyKind::kEcdsaP521}) {
    PrivateKey key = *make_key(kind);
    std::string line = openssh_public(key.public_key(), "ada@tower");
    write("id", openssh_private(key, "ada@tower", random));
    write("id.pub", line + "\n");
    EXPECT_EQ(expect_run("ssh-keygen -y -f id"), line + "\n");
    EXPECT_THAT(expect_run("ssh-keygen -lf id.pub"), HasSubstr(" " + openssh_sha256(line) + " ada@tower"));
    EXPECT_THAT(expect_run("ssh-keygen -E md5 -lf id.pub"), HasSubstr(" MD5:" + openssh_md5(line) + " "));
    EXPECT_EQ(openssh_public_half(text_of("id")), openssh_public(key.public_key()));
    auto again = read_openssh(text_of("id"));
    ASSERT_TRUE(again.ok()) << again.error();
    EXPECT_EQ(again->pem(), key.pem());
  }
}

TEST_F(OpenSsh, KeysOfSshKeygenAreRead) {
  for (const char* options : {"-t ed25519", "-t rsa -b 2048", "-t ecdsa -b 384"}) {
    expect_run(std::string("rm -f k k.pub; ssh-keygen -q -N '' -C me -f k ") + options);
    auto key = read_openssh(text_of("k"));
    ASSERT_TRUE(key.ok()) << key.error();
    EXPECT_EQ(openssh_public(key->public_key(), "me") + "\n", text_of("k.pub"));
  }
}

TEST_F(OpenSsh, APassphraseHidesThePrivateHalfAlone) {
  expect_run("ssh-keygen -q -t ed25519 -N secret -C '' -f k");
  EXPECT_THAT(read_openssh(text_of("k")).error(), HasSubstr("encrypted by a passphrase"));
  EXPECT_THAT(text_of("k.pub"), StartsWith(*openssh_public_half(text_of("k"))));
}

TEST_F(OpenSsh, WhatIsNoneIsRefused) {
  EXPECT_FALSE(openssh_public_half("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"));
  EXPECT_FALSE(read_openssh("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----").ok());
  EXPECT_EQ(openssh_sha256("ssh-ed25519"), "");
  EXPECT_EQ(openssh_public(make_key(KeyKind::kEcdsaP224)->public_key()), "") << "OpenSSH has no P-224";
  PrivateKey pem = *make_key(KeyKind::kEd25519);
  EXPECT_TRUE(read_openssh(pem.pem())->public_key() == pem.public_key());
}

}  // namespace
}  // namespace terrace::pki
