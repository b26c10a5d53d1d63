#include "cluster/ssh_key.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "aws/encoding.h"

namespace terrace::cluster {

namespace {

constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view kMagic("openssh-key-v1\0", 15);
constexpr std::string_view kType = "ssh-ed25519";

// RFC 4251: numbers big-endian, strings behind their length.
void put_number(std::string& out, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
}

void put_string(std::string& out, std::string_view text) {
  put_number(out, static_cast<uint32_t>(text.size()));
  out += text;
}

// Takes a string off the front of `in`; nothing where it is cut short.
std::optional<std::string_view> take_string(std::string_view& in) {
  if (in.size() < 4) return std::nullopt;
  uint32_t length = 0;
  for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(in[static_cast<std::size_t>(i)]);
  if (in.size() - 4 < length) return std::nullopt;
  std::string_view text = in.substr(4, length);
  in.remove_prefix(4 + length);
  return text;
}

std::string public_line(std::string_view blob, std::string_view comment) {
  std::string line = std::string(kType) + " " + aws::base64_encode(blob);
  return comment.empty() ? line : line + " " + std::string(comment);
}

std::string armoured(std::string_view bytes) {
  std::string text = aws::base64_encode(bytes);
  std::string out = std::string(kBegin) + "\n";
  for (std::size_t at = 0; at < text.size(); at += 70) out += text.substr(at, 70) + "\n";
  return out + std::string(kEnd) + "\n";
}

std::array<char, 32> public_of(const std::array<uint8_t, 32>& seed) {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()), EVP_PKEY_free);
  std::array<char, 32> half{};
  std::size_t length = half.size();
  EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(half.data()), &length);
  return half;
}

}  // namespace

SshKey make_ssh_key(Random& random, const std::string& comment) {
  std::array<uint8_t, 32> seed{};
  random.fill(seed);
  std::array<char, 32> half = public_of(seed);
  std::string_view public_half(half.data(), half.size());

  std::string blob;
  put_string(blob, kType);
  put_string(blob, public_half);

  std::string secret;
  uint32_t check = static_cast<uint32_t>(random.next_u64());
  put_number(secret, check);
  put_number(secret, check);
  put_string(secret, kType);
  put_string(secret, public_half);
  put_string(secret, std::string(seed.begin(), seed.end()) + std::string(public_half));
  put_string(secret, comment);
  for (char pad = 1; secret.size() % 8 != 0; ++pad) secret += pad;

  std::string bytes(kMagic);
  put_string(bytes, "none");  // cipher
  put_string(bytes, "none");  // key derivation
  put_string(bytes, "");
  put_number(bytes, 1);  // keys
  put_string(bytes, blob);
  put_string(bytes, secret);
  return {armoured(bytes), public_line(blob, comment)};
}

std::optional<std::string> public_half(std::string_view text) {
  std::size_t begin = text.find(kBegin);
  std::size_t end = text.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::nullopt;
  std::string body(text.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  std::erase_if(body, [](char c) { return c == '\n' || c == '\r'; });
  std::optional<std::string> bytes = aws::base64_decode(body);
  if (!bytes || !bytes->starts_with(kMagic)) return std::nullopt;
  std::string_view rest = std::string_view(*bytes).substr(kMagic.size());
  for (int i = 0; i < 3; ++i) {
    if (!take_string(rest)) return std::nullopt;
  }
  if (rest.size() < 4) return std::nullopt;
  rest.remove_prefix(4);
  std::optional<std::string_view> blob = take_string(rest);
  if (!blob) return std::nullopt;
  return public_line(*blob, "");
}

std::string fingerprint(std::string_view public_text) {
  std::size_t begin = public_text.find(' ');
  if (begin == std::string_view::npos) return {};
  std::string_view encoded = public_text.substr(begin + 1);
  encoded = encoded.substr(0, encoded.find_first_of(" \r\n"));
  std::optional<std::string> blob = aws::base64_decode(encoded);
  if (!blob) return {};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(blob->data()), blob->size(), digest.data());
  std::string text = aws::base64_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
  return "SHA256:" + text.substr(0, text.find('='));
}

}  // namespace terrace::cluster
