// Passwords and secrets: bcrypt and rsadecrypt.
#include <array>
#include <memory>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "lang/function_tables.h"
#include "lang/hash.h"
#include "pki/openssh.h"

namespace terrace::lang {

namespace {

constexpr int64_t kLeastCost = 4;
constexpr int64_t kUsualCost = 10;
constexpr int64_t kGreatestCost = 31;

// With a salt of its own each time, so that a plan cannot know it.
FunctionResult bcrypt(const Call& call) {
  if (call.arguments.size() > 2) return call_error("bcrypt() takes no more than two arguments");
  int64_t cost = kUsualCost;
  if (call.arguments.size() == 2) {
    std::optional<int64_t> given = call.arguments[1].as_number().to_int64();
    if (!given) return call_error(kWholeNumber);
    if (*given > kGreatestCost) {
      return call_error(
          fmt::format("error occured generating password crypto/bcrypt: cost {} is outside allowed range ({},{})",
                      *given, kLeastCost, kGreatestCost));
    }
    if (*given >= kLeastCost) cost = *given;
  }
  if (call.context.pure || call.context.random == nullptr) return Value::unknown(Type::string());
  std::array<uint8_t, 16> bytes{};
  call.context.random->fill(bytes);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  auto data = std::make_unique<crypt_data>();
  const char* hashed = nullptr;
  if (crypt_gensalt_rn("$2a$", static_cast<unsigned long>(cost), reinterpret_cast<const char*>(bytes.data()),
                       bytes.size(), setting.data(), static_cast<int>(setting.size())) != nullptr) {
    hashed = crypt_r(call.arguments[0].as_string().c_str(), setting.data(), data.get());
  }
  if (hashed == nullptr || hashed[0] == '*') return call_error("this system's libcrypt has no bcrypt");
  return Value::string(hashed);
}

// PKCS #1 v1.5 (RFC 8017, 7.2), as EC2 encrypts a Windows instance's password.
FunctionResult rsadecrypt(const Call& call) {
  const std::string& encoded = call.arguments[0].as_string();
  std::optional<std::string> cipher = from_base64(encoded);
  if (!cipher)
    return call_error(fmt::format("failed to decode input \"{}\": cipher text must be base64-encoded", encoded), 0);
  Result<pki::PrivateKey, std::string> key = pki::read_openssh(call.arguments[1].as_string());
  if (!key) return call_error("invalid private key: ssh: no key found", 1);
  if (key->kind() != pki::KeyKind::kRsa) return call_error("invalid private key: it is not an RSA key", 1);
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(key->handle(), nullptr),
                                                                      EVP_PKEY_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(cipher->data());
  std::size_t length = 0;
  std::string plain;
  bool decrypted = context && EVP_PKEY_decrypt_init(context.get()) == 1 &&
                   EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                   EVP_PKEY_decrypt(context.get(), nullptr, &length, bytes, cipher->size()) == 1;
  if (decrypted) {
    plain.resize(length);
    decrypted = EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(plain.data()), &length, bytes,
                                 cipher->size()) == 1;
    plain.resize(decrypted ? length : 0);
  }
  if (!decrypted) return call_error("failed to decrypt: crypto/rsa: decryption error");
  return Value::string(std::move(plain));
}

}  // namespace

const std::vector<Function>& crypto_functions() {
  static const std::vector<Function> kTable = {
      {"bcrypt", {{"str", Type::string()}}, Parameter{"cost", Type::number()}, Type::string(), bcrypt},
      {"rsadecrypt",
       {{"ciphertext", Type::string()}, {"privatekey", Type::string()}},
       std::nullopt,
       Type::string(),
       rsadecrypt},
  };
  return kTable;
}

}  // namespace terrace::lang
