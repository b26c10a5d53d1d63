// Keys in the formats of OpenSSH: the line of authorized_keys, the private key file, fingerprints. Included by provider
// tls and by the command keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "pki/key.h"

namespace terrace::pki {

// "ssh-ed25519 AAAA... COMMENT" without a line break; empty for a kind OpenSSH does not know, such as P-224.
std::string openssh_public(const PublicKey& key, std::string_view comment = {});

// "-----BEGIN OPENSSH PRIVATE KEY-----", without a passphrase (PROTOCOL.key); empty where openssh_public is.
std::string openssh_private(const PrivateKey& key, std::string_view comment, Random& random);

// A private key file of OpenSSH; one in PEM is read, too.
Result<PrivateKey, std::string> read_openssh(std::string_view text);

// The public half that lies unencrypted inside an OpenSSH private key file; nothing where the text is none.
std::optional<std::string> openssh_public_half(std::string_view private_text);

// Of a line of openssh_public, as ssh-keygen -l shows them: "SHA256:..." and "aa:bb:...". Empty where the line is none.
std::string openssh_sha256(std::string_view public_line);
std::string openssh_md5(std::string_view public_line);

}  // namespace terrace::pki
