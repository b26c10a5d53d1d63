// The certificates that a TLS server shows, as an effect. Included by provider tls.
#pragma once

#include <string>

#include "base/result.h"

namespace terrace {

class TlsPeer {
 public:
  virtual ~TlsPeer() = default;
  // The chain of https://HOST:PORT as PEM, the server's own first. With `verify` it must lead to a CA that this machine
  // trusts and name the host. Waits for the answer, 30 seconds at most.
  virtual Result<std::string, std::string> certificates(const std::string& host, int port, bool verify) = 0;
};

// Over libcurl: through the proxies of the environment, with the CAs of the machine.
class CurlTlsPeer final : public TlsPeer {
 public:
  Result<std::string, std::string> certificates(const std::string& host, int port, bool verify) override;
};

}  // namespace terrace
