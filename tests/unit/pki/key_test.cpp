#include "pki/key.h"

#include <gmock/gmock.h>

#include "openssl_tool.h"

namespace terrace::pki {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Key : WithOpensslTool {};

TEST_F(Key, EveryKindIsMadeAsAsked) {
  const std::pair<KeyKind, int> kinds[] = {{KeyKind::kEcdsaP224, 224}, {KeyKind::kEcdsaP256, 256},
                                           {KeyKind::kEcdsaP384, 384}, {KeyKind::kEcdsaP521, 521},
                                           {KeyKind::kRsa, 2048},      {KeyKind::kEd25519, 256}};
  for (const auto& [kind, bits] : kinds) {
    auto key = make_key(kind);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->kind(), kind);
    EXPECT_EQ(key->public_key().kind(), kind);
    EXPECT_EQ(key->bits(), bits);
    for (const std::string& pem : {key->pem(), key->traditional_pem()}) {
      auto again = read_key(pem);
      ASSERT_TRUE(again.ok()) << again.error();
      EXPECT_TRUE(again->public_key() == key->public_key());
    }
    write("key.pem", key->pem());
    EXPECT_EQ(expect_run("openssl pkey -in key.pem -pubout"), key->public_key().pem());
    EXPECT_EQ(read_public_key(key->public_key().pem())->pem(), key->public_key().pem());
  }
}

TEST_F(Key, TraditionalPemIsTheOldLayout) {
  EXPECT_THAT(make_key(KeyKind::kEcdsaP256)->traditional_pem(), StartsWith("-----BEGIN EC PRIVATE KEY-----"));
  EXPECT_THAT(make_key(KeyKind::kRsa)->traditional_pem(), StartsWith("-----BEGIN RSA PRIVATE KEY-----"));
  EXPECT_THAT(make_key(KeyKind::kEd25519)->traditional_pem(), StartsWith("-----BEGIN PRIVATE KEY-----"));
}

TEST_F(Key, RsaSizesAreHeld) {
  EXPECT_EQ(make_key(KeyKind::kRsa, 3072)->bits(), 3072);
  EXPECT_THAT(make_key(KeyKind::kRsa, 512).error(), HasSubstr("not 512"));
}

TEST_F(Key, APassphraseSealsItByPbes2AndAes256) {
  auto key = make_key(KeyKind::kEcdsaP256);
  std::string sealed = key->encrypted_pem("correct horse");
  EXPECT_THAT(sealed, StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  EXPECT_TRUE(read_key(sealed, "correct horse")->public_key() == key->public_key());
  EXPECT_EQ(read_key(sealed, "battery staple").error(), "the passphrase does not open the private key");
  EXPECT_EQ(read_key(sealed).error(), "the private key is encrypted, and no passphrase was given");
  write("sealed.pem", sealed);
  std::string parsed = expect_run("openssl asn1parse -in sealed.pem");
  EXPECT_THAT(parsed, HasSubstr(":PBES2"));
  EXPECT_THAT(parsed, HasSubstr(":aes-256-cbc"));
  EXPECT_EQ(expect_run("openssl pkey -in sealed.pem -passin pass:'correct horse' -pubout"), key->public_key().pem());
}

TEST_F(Key, FilesOfTheOpensslProgramAreRead) {
  expect_run("openssl ecparam -name secp384r1 -genkey -noout -out ec.pem");
  EXPECT_EQ(read_key(text_of("ec.pem"))->kind(), KeyKind::kEcdsaP384);
  expect_run("openssl genrsa -traditional -aes256 -passout pass:secret -out rsa.pem 2048");
  EXPECT_THAT(text_of("rsa.pem"), HasSubstr("Proc-Type: 4,ENCRYPTED"));
  EXPECT_EQ(read_key(text_of("rsa.pem"), "secret")->kind(), KeyKind::kRsa);
  expect_run("openssl genpkey -algorithm ed25519 -out ed.pem");
  EXPECT_EQ(read_key(text_of("ed.pem"))->kind(), KeyKind::kEd25519);
}

TEST_F(Key, WhatIsNoKeyIsRefused) {
  EXPECT_THAT(read_key("").error(), HasSubstr("no private key in PEM"));
  std::string pem = make_key(KeyKind::kEcdsaP256)->pem();
  EXPECT_THAT(read_key(pem.substr(0, 90)).error(), HasSubstr("no private key in PEM"));
  EXPECT_THAT(read_public_key(pem).error(), HasSubstr("no public key in PEM"));
}

}  // namespace
}  // namespace terrace::pki
