#include "pki/key.h"

#include <openssl/pkcs12.h>
#include <openssl/rsa.h>

#include <array>
#include <cstring>

#include "pki/openssl.h"

namespace terrace::pki {

namespace {

// What OWASP asks of PBKDF2 with SHA-256; it costs an operator a fraction of a second.
constexpr int kPassphraseRounds = 600'000;
constexpr int kSaltBytes = 16;

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, Free<X509_ALGOR_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using SealedPtr = std::unique_ptr<X509_SIG, Free<X509_SIG_free>>;

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  return std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free);
}

KeyKind kind_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return KeyKind::kRsa;
    case EVP_PKEY_ED25519:
      return KeyKind::kEd25519;
    case EVP_PKEY_EC:
      break;
    default:
      return KeyKind::kOther;
  }
  std::array<char, 64> group{};
  size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) return KeyKind::kOther;
  switch (OBJ_txt2nid(group.data())) {
    case NID_secp224r1:
      return KeyKind::kEcdsaP224;
    case NID_X9_62_prime256v1:
      return KeyKind::kEcdsaP256;
    case NID_secp384r1:
      return KeyKind::kEcdsaP384;
    case NID_secp521r1:
      return KeyKind::kEcdsaP521;
    default:
      return KeyKind::kOther;
  }
}

// What the passphrase callback was given and whether it was asked at all.
struct Passphrase {
  std::string_view text;
  bool asked = false;
};

int give_passphrase(char* buffer, int size, int, void* user) {
  auto* passphrase = static_cast<Passphrase*>(user);
  passphrase->asked = true;
  if (passphrase->text.empty() || passphrase->text.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, passphrase->text.data(), passphrase->text.size());
  return static_cast<int>(passphrase->text.size());
}

}  // namespace

KeyKind PublicKey::kind() const {
  return kind_of(key_.get());
}

int PublicKey::bits() const {
  return EVP_PKEY_get_bits(key_.get());
}

std::string PublicKey::pem() const {
  BioPtr bio = writing();
  PEM_write_bio_PUBKEY(bio.get(), key_.get());
  return content(bio.get());
}

bool PublicKey::operator==(const PublicKey& other) const {
  return EVP_PKEY_eq(key_.get(), other.key_.get()) == 1;
}

KeyKind PrivateKey::kind() const {
  return kind_of(key_.get());
}

int PrivateKey::bits() const {
  return EVP_PKEY_get_bits(key_.get());
}

PublicKey PrivateKey::public_key() const {
  unsigned char* bytes = nullptr;
  int length = i2d_PUBKEY(key_.get(), &bytes);
  const unsigned char* at = bytes;
  PublicKey half(own(d2i_PUBKEY(nullptr, &at, length)));
  OPENSSL_free(bytes);
  return half;
}

std::string PrivateKey::pem() const {
  BioPtr bio = writing();
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return content(bio.get());
}

std::string PrivateKey::encrypted_pem(std::string_view passphrase) const {
  Pkcs8Ptr plain(EVP_PKEY2PKCS8(key_.get()));
  AlgorithmPtr algorithm(
      PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPassphraseRounds, nullptr, kSaltBytes, nullptr, NID_hmacWithSHA256));
  SealedPtr sealed(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), plain.get(), algorithm.get()));
  if (sealed) (void)algorithm.release();  // the sealed key owns it now
  BioPtr bio = writing();
  if (sealed) PEM_write_bio_PKCS8(bio.get(), sealed.get());
  return content(bio.get());
}

std::string PrivateKey::traditional_pem() const {
  if (kind() == KeyKind::kEd25519) return pem();
  BioPtr bio = writing();
  PEM_write_bio_PrivateKey_traditional(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return content(bio.get());
}

Result<PrivateKey, std::string> make_key(KeyKind kind, int rsa_bits) {
  EVP_PKEY* key = nullptr;
  switch (kind) {
    case KeyKind::kRsa:
      if (rsa_bits < 1024 || rsa_bits > OPENSSL_RSA_MAX_MODULUS_BITS) {
        return Failure<std::string>{"an RSA key has from 1024 to 16384 bits, not " + std::to_string(rsa_bits)};
      }
      key = EVP_RSA_gen(static_cast<unsigned>(rsa_bits));
      break;
    case KeyKind::kEd25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
    case KeyKind::kEcdsaP224:
      key = EVP_EC_gen("P-224");
      break;
    case KeyKind::kEcdsaP256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyKind::kEcdsaP384:
      key = EVP_EC_gen("P-384");
      break;
    case KeyKind::kEcdsaP521:
      key = EVP_EC_gen("P-521");
      break;
    case KeyKind::kOther:
      break;
  }
  if (key == nullptr) return Failure<std::string>{with_reason("the key was not made")};
  return PrivateKey(own(key));
}

Result<PrivateKey, std::string> read_key(std::string_view pem, std::string_view passphrase) {
  BioPtr bio = reading(pem);
  Passphrase given{passphrase};
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &given);
  if (key != nullptr) {
    ERR_clear_error();
    return PrivateKey(own(key));
  }
  if (given.asked) {
    ERR_clear_error();
    if (passphrase.empty()) return Failure<std::string>{"the private key is encrypted, and no passphrase was given"};
    return Failure<std::string>{"the passphrase does not open the private key"};
  }
  return Failure<std::string>{with_reason("no private key in PEM could be read")};
}

Result<PublicKey, std::string> read_public_key(std::string_view pem) {
  BioPtr bio = reading(pem);
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  if (key == nullptr) return Failure<std::string>{with_reason("no public key in PEM could be read")};
  return PublicKey(own(key));
}

}  // namespace terrace::pki
