#include "pki/openssh.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <vector>

#include "pki/openssl.h"

namespace terrace::pki {

namespace {

constexpr std::string_view kBegin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view kMagic("openssh-key-v1\0", 15);

using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;
using BignumContextPtr = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;

// A curve by the names of OpenSSH and of OpenSSL.
struct Curve {
  KeyKind kind;
  const char* type;
  const char* name;
  const char* group;
};

constexpr Curve kCurves[] = {
    {KeyKind::kEcdsaP256, "ecdsa-sha2-nistp256", "nistp256", "prime256v1"},
    {KeyKind::kEcdsaP384, "ecdsa-sha2-nistp384", "nistp384", "secp384r1"},
    {KeyKind::kEcdsaP521, "ecdsa-sha2-nistp521", "nistp521", "secp521r1"},
};

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                               reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

std::optional<std::string> from_base64(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size(), '\0');
  int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                               reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return std::nullopt;
  size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes.resize(static_cast<size_t>(length) - padding);
  return bytes;
}

// RFC 4251: numbers big-endian, strings behind their length.
void put_number(std::string& out, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
}

void put_string(std::string& out, std::string_view text) {
  put_number(out, static_cast<uint32_t>(text.size()));
  out += text;
}

// A positive number with a zero in front of a high first bit.
void put_big_number(std::string& out, const BIGNUM* number) {
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  if (!bytes.empty() && (bytes[0] & 0x80) != 0) bytes.insert(bytes.begin(), '\0');
  put_string(out, bytes);
}

// Takes what the put functions wrote off the front of a text; `ok` turns false where it is cut short.
struct Reader {
  std::string_view rest;
  bool ok = true;

  uint32_t number() {
    if (rest.size() < 4) {
      ok = false;
      return 0;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(rest[i]);
    rest.remove_prefix(4);
    return value;
  }

  std::string_view string() {
    uint32_t length = number();
    if (!ok || rest.size() < length) {
      ok = false;
      return {};
    }
    std::string_view text = rest.substr(0, length);
    rest.remove_prefix(length);
    return text;
  }

  BignumPtr big_number() {
    std::string_view bytes = string();
    return BignumPtr(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr));
  }
};

BignumPtr number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  return BignumPtr(number);
}

// The public half as one string: the point of a curve, or the 32 bytes of Ed25519.
std::string point_of(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
    std::string raw(32, '\0');
    size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size);
    return raw;
  }
  unsigned char* bytes = nullptr;
  size_t length = EVP_PKEY_get1_encoded_public_key(key, &bytes);
  std::string point(reinterpret_cast<const char*>(bytes), length);
  OPENSSL_free(bytes);
  return point;
}

const Curve* curve_of(KeyKind kind) {
  auto found = std::find_if(std::begin(kCurves), std::end(kCurves), [&](const Curve& c) { return c.kind == kind; });
  return found == std::end(kCurves) ? nullptr : found;
}

const char* type_of(KeyKind kind) {
  if (kind == KeyKind::kEd25519) return "ssh-ed25519";
  if (kind == KeyKind::kRsa) return "ssh-rsa";
  const Curve* curve = curve_of(kind);
  return curve == nullptr ? nullptr : curve->type;
}

// The public key as it goes over the wire; empty for a kind without a type.
std::string blob_of(const PublicKey& key) {
  const char* type = type_of(key.kind());
  if (type == nullptr) return {};
  std::string blob;
  put_string(blob, type);
  if (key.kind() == KeyKind::kRsa) {
    put_big_number(blob, number_of(key.handle(), OSSL_PKEY_PARAM_RSA_E).get());
    put_big_number(blob, number_of(key.handle(), OSSL_PKEY_PARAM_RSA_N).get());
    return blob;
  }
  if (const Curve* curve = curve_of(key.kind())) put_string(blob, curve->name);
  put_string(blob, point_of(key.handle()));
  return blob;
}

void put_private_numbers(std::string& out, const PrivateKey& key) {
  EVP_PKEY* handle = key.handle();
  if (key.kind() == KeyKind::kRsa) {
    for (const char* name :
         {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
          OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2}) {
      put_big_number(out, number_of(handle, name).get());
    }
    return;
  }
  std::string point = point_of(handle);
  if (const Curve* curve = curve_of(key.kind())) {
    put_string(out, curve->name);
    put_string(out, point);
    put_big_number(out, number_of(handle, OSSL_PKEY_PARAM_PRIV_KEY).get());
    return;
  }
  std::string seed(32, '\0');
  size_t length = seed.size();
  EVP_PKEY_get_raw_private_key(handle, reinterpret_cast<unsigned char*>(seed.data()), &length);
  put_string(out, point);
  put_string(out, seed + point);
}

// The file's bytes behind the magic; nothing where it is none.
std::optional<std::string> unarmoured(std::string_view text) {
  size_t begin = text.find(kBegin);
  size_t end = text.find(kEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return std::nullopt;
  begin += kBegin.size();
  std::optional<std::string> bytes = from_base64(std::string(text.substr(begin, end - begin)));
  if (!bytes || !bytes->starts_with(kMagic)) return std::nullopt;
  return bytes->substr(kMagic.size());
}

std::string public_line(std::string_view blob, std::string_view comment) {
  Reader reader{blob};
  std::string line = std::string(reader.string()) + " " + base64(blob);
  return comment.empty() ? line : line + " " + std::string(comment);
}

std::string blob_of_line(std::string_view line) {
  size_t begin = line.find(' ');
  if (begin == std::string_view::npos) return {};
  std::string_view encoded = line.substr(begin + 1);
  encoded = encoded.substr(0, encoded.find_first_of(" \r\n"));
  return from_base64(std::string(encoded)).value_or("");
}

std::string digest(std::string_view bytes, const EVP_MD* hash) {
  std::string out(static_cast<size_t>(EVP_MD_get_size(hash)), '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, hash, nullptr);
  return out;
}

EVP_PKEY* key_from(const char* algorithm, OSSL_PARAM_BLD* builder) {
  ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
  PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get());
  return key;
}

EVP_PKEY* rsa_from(Reader& reader) {
  BignumPtr n = reader.big_number(), e = reader.big_number(), d = reader.big_number(),
            coefficient = reader.big_number(), p = reader.big_number(), q = reader.big_number();
  if (!reader.ok) return nullptr;
  BignumContextPtr scratch(BN_CTX_new());
  auto exponent = [&](const BIGNUM* prime) {
    BignumPtr less(BN_dup(prime)), out(BN_new());
    BN_sub_word(less.get(), 1);
    BN_mod(out.get(), d.get(), less.get(), scratch.get());
    return out;
  };
  BignumPtr first = exponent(p.get()), second = exponent(q.get());
  ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  const std::pair<const char*, BIGNUM*> numbers[] = {{OSSL_PKEY_PARAM_RSA_N, n.get()},
                                                     {OSSL_PKEY_PARAM_RSA_E, e.get()},
                                                     {OSSL_PKEY_PARAM_RSA_D, d.get()},
                                                     {OSSL_PKEY_PARAM_RSA_FACTOR1, p.get()},
                                                     {OSSL_PKEY_PARAM_RSA_FACTOR2, q.get()},
                                                     {OSSL_PKEY_PARAM_RSA_EXPONENT1, first.get()},
                                                     {OSSL_PKEY_PARAM_RSA_EXPONENT2, second.get()},
                                                     {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, coefficient.get()}};
  for (const auto& [name, number] : numbers) OSSL_PARAM_BLD_push_BN(builder.get(), name, number);
  return key_from("RSA", builder.get());
}

EVP_PKEY* ecdsa_from(Reader& reader, const Curve& curve) {
  reader.string();  // the curve's name once more
  std::string_view point = reader.string();
  BignumPtr secret = reader.big_number();
  if (!reader.ok) return nullptr;
  ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  return key_from("EC", builder.get());
}

EVP_PKEY* ed25519_from(Reader& reader) {
  reader.string();
  std::string_view both = reader.string();
  if (!reader.ok || both.size() != 64) return nullptr;
  return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(both.data()),
                                      32);
}

}  // namespace

std::string openssh_public(const PublicKey& key, std::string_view comment) {
  std::string blob = blob_of(key);
  return blob.empty() ? "" : public_line(blob, comment);
}

std::string openssh_private(const PrivateKey& key, std::string_view comment, Random& random) {
  std::string blob = blob_of(key.public_key());
  if (blob.empty()) return {};
  std::string secret;
  uint32_t check = static_cast<uint32_t>(random.next_u64());
  put_number(secret, check);
  put_number(secret, check);
  put_string(secret, type_of(key.kind()));
  put_private_numbers(secret, key);
  put_string(secret, comment);
  for (char pad = 1; secret.size() % 8 != 0; ++pad) secret += pad;

  std::string bytes(kMagic);
  put_string(bytes, "none");  // cipher
  put_string(bytes, "none");  // key derivation
  put_string(bytes, "");
  put_number(bytes, 1);  // keys
  put_string(bytes, blob);
  put_string(bytes, secret);
  std::string text = base64(bytes);
  std::string out = std::string(kBegin) + "\n";
  for (size_t at = 0; at < text.size(); at += 70) out += text.substr(at, 70) + "\n";
  return out + std::string(kEnd) + "\n";
}

Result<PrivateKey, std::string> read_openssh(std::string_view text) {
  std::optional<std::string> bytes = unarmoured(text);
  if (!bytes) return read_key(text);
  Reader outer{*bytes};
  std::string_view cipher = outer.string();
  outer.string();
  outer.string();
  outer.number();
  outer.string();
  if (outer.ok && cipher != "none") {
    return Failure<std::string>{"the private key is encrypted by a passphrase: give one without"};
  }
  Reader reader{outer.string()};
  if (reader.number() != reader.number()) reader.ok = false;
  std::string_view type = reader.string();
  EVP_PKEY* key = nullptr;
  if (outer.ok && reader.ok) {
    if (type == "ssh-ed25519") key = ed25519_from(reader);
    if (type == "ssh-rsa") key = rsa_from(reader);
    for (const Curve& curve : kCurves) {
      if (type == curve.type) key = ecdsa_from(reader, curve);
    }
  }
  if (key == nullptr) return Failure<std::string>{with_reason("the OpenSSH private key can't be read")};
  return PrivateKey(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

std::optional<std::string> openssh_public_half(std::string_view private_text) {
  std::optional<std::string> bytes = unarmoured(private_text);
  if (!bytes) return std::nullopt;
  Reader reader{*bytes};
  for (int i = 0; i < 3; ++i) reader.string();
  reader.number();
  std::string_view blob = reader.string();
  if (!reader.ok) return std::nullopt;
  return public_line(blob, "");
}

std::string openssh_sha256(std::string_view line) {
  std::string blob = blob_of_line(line);
  if (blob.empty()) return {};
  std::string text = base64(digest(blob, EVP_sha256()));
  return "SHA256:" + text.substr(0, text.find('='));
}

std::string openssh_md5(std::string_view line) {
  std::string blob = blob_of_line(line);
  if (blob.empty()) return {};
  std::string text;
  for (char byte : digest(blob, EVP_md5())) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", static_cast<uint8_t>(byte));
  }
  return text;
}

}  // namespace terrace::pki
