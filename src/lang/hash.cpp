#include "lang/hash.h"

#include <array>
#include <memory>
#include <stdexcept>

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/evp.h>

namespace terrace::lang {

std::string digest(const char* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> buffer{};
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), buffer.data(), &length, EVP_get_digestbyname(algorithm), nullptr);
  return std::string(reinterpret_cast<char*>(buffer.data()), length);
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                               reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string clean;
  for (char c : text) {
    if (c != '\n' && c != '\r') clean += c;
  }
  if (clean.size() % 4 != 0) return std::nullopt;
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::size_t padding = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    if (clean[i] == '=' && i + 2 >= clean.size()) {
      ++padding;
    } else if (padding > 0 || kAlphabet.find(clean[i]) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  std::string bytes(clean.size() / 4 * 3 + 1, '\0');
  int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                               reinterpret_cast<const unsigned char*>(clean.data()), static_cast<int>(clean.size()));
  if (length < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string bcrypt(const std::string& password, int cost, std::span<const uint8_t, 16> salt) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (crypt_gensalt_rn("$2a$", static_cast<unsigned long>(cost), reinterpret_cast<const char*>(salt.data()),
                       static_cast<int>(salt.size()), setting.data(), static_cast<int>(setting.size())) == nullptr) {
    throw std::runtime_error("crypt_gensalt_rn has no bcrypt");
  }
  auto state = std::make_unique<crypt_data>();
  const char* hash = crypt_rn(password.c_str(), setting.data(), state.get(), sizeof(crypt_data));
  if (hash == nullptr) throw std::runtime_error("crypt_rn has no bcrypt");
  return hash;
}

}  // namespace terrace::lang
