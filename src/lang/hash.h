// Digests, base64 and hexadecimal text, for the functions that hash and encode.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace terrace::lang {

// The raw bytes of a digest: "md5", "sha1", "sha256", "sha512".
std::string digest(const char* algorithm, std::string_view bytes);
std::string hex(std::string_view bytes);
// RFC 4648 with padding.
std::string base64(std::string_view bytes);
// nullopt for anything that is not padded base64; line breaks are skipped.
std::optional<std::string> from_base64(std::string_view text);

inline constexpr std::size_t kMostBcryptBytes = 72;  // of a password; the algorithm looks at no more
// $2a$COST$SALT-AND-HASH with `cost` from 4 to 31; the password holds no NUL.
std::string bcrypt(const std::string& password, int cost, std::span<const uint8_t, 16> salt);

}  // namespace terrace::lang
