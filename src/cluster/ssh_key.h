// An operator's ssh key: Ed25519, in the formats of OpenSSH. keys makes and reads them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace terrace::cluster {

struct SshKey {
  std::string private_text;  // "-----BEGIN OPENSSH PRIVATE KEY-----" ..., without a passphrase (PROTOCOL.key)
  std::string public_text;   // "ssh-ed25519 AAAA... COMMENT" without a line break
};

SshKey make_ssh_key(Random& random, const std::string& comment);

// The public half that lies unencrypted inside an OpenSSH private key file; nothing where the text is none.
std::optional<std::string> public_half(std::string_view private_text);

// "SHA256:..." of a public key line, as ssh-add -l shows it and as EC2 gives it for Ed25519 keys, less its padding.
// Empty where the line is none.
std::string fingerprint(std::string_view public_text);

}  // namespace terrace::cluster
