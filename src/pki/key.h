// Private and public keys, made by OpenSSL's generator and read and written as PEM. Included by whoever makes, reads or
// checks certificates: the node agent, provider tls and the command certs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

namespace terrace::pki {

enum class KeyKind : uint8_t { kEcdsaP224, kEcdsaP256, kEcdsaP384, kEcdsaP521, kRsa, kEd25519, kOther };

// A public key; copies share it.
class PublicKey {
 public:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  KeyKind kind() const;
  int bits() const;
  // "-----BEGIN PUBLIC KEY-----" (SubjectPublicKeyInfo).
  std::string pem() const;
  bool operator==(const PublicKey& other) const;
  evp_pkey_st* handle() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

// A private key; copies share it.
class PrivateKey {
 public:
  explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  KeyKind kind() const;
  int bits() const;
  PublicKey public_key() const;
  // PKCS#8: "-----BEGIN PRIVATE KEY-----".
  std::string pem() const;
  // PKCS#8 encrypted by a passphrase (PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC):
  // "-----BEGIN ENCRYPTED PRIVATE KEY-----". The passphrase is not empty.
  std::string encrypted_pem(std::string_view passphrase) const;
  // "-----BEGIN EC PRIVATE KEY-----" or "-----BEGIN RSA PRIVATE KEY-----"; PKCS#8 for Ed25519, which has no older form.
  std::string traditional_pem() const;
  evp_pkey_st* handle() const { return key_.get(); }

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

// A new key. `rsa_bits` counts for RSA alone, which is refused below 1024 and above 16384 bits.
Result<PrivateKey, std::string> make_key(KeyKind kind, int rsa_bits = 2048);

// The first private key in `pem`, PKCS#8 or traditional, with the passphrase where it is encrypted.
Result<PrivateKey, std::string> read_key(std::string_view pem, std::string_view passphrase = {});

// The first "PUBLIC KEY" in `pem`.
Result<PublicKey, std::string> read_public_key(std::string_view pem);

}  // namespace terrace::pki
