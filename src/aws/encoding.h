// Bytes as text and digests of bytes, as AWS's protocols and signatures want them. src/aws, src/cluster and src/node.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace terrace::aws {

// Escapes every byte but A-Z a-z 0-9 - . _ ~ (and "/" where `keep_slash`) as %XX, upper case.
std::string percent_encode(std::string_view text, bool keep_slash = false);
// Undoes %XX; a "%" that no two hex digits follow stands for itself. "+" is left alone.
std::string percent_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);
// Nothing where `text` is not base64; whitespace is passed over.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);

std::string sha256(std::string_view bytes);                             // 32 bytes
std::string sha512(std::string_view bytes);                             // 64 bytes
std::string sha1(std::string_view bytes);                               // 20 bytes
std::string md5(std::string_view bytes);                                // 16 bytes; for Content-MD5 only
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes
std::string crc32(std::string_view bytes);                              // 4 bytes, big endian
std::string crc32c(std::string_view bytes);                             // 4 bytes, big endian

// `text` with every byte that is not part of UTF-8 replaced by U+FFFD: results are JSON, which holds nothing else.
std::string to_utf8(std::string text);

std::string ascii_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
// `text` without blanks at both ends.
std::string_view trim(std::string_view text);

}  // namespace terrace::aws
