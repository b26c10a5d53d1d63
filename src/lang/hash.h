// Digests, base64 and hexadecimal text, for the functions that hash and encode.
#pragma once

#include <optional>
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

}  // namespace terrace::lang
