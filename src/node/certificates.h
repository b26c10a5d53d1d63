// What the nodes of a cluster show each other: the CA in the parameter store, this node's key and certificate on its
// disk, certificates signed for others. The node's program and the operator's etcd commands include it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/network.h"
#include "base/random.h"
#include "pki/certificate.h"

namespace terrace::node {

// "/harbor/etcd/ca"
std::string ca_parameter(const std::string& cluster);

// The CA of the etcd cluster: whom to trust, and what to sign with.
struct Authority {
  std::vector<pki::Certificate> certificates;  // the signing one first; others are trusted too
  pki::PrivateKey key;
  std::string bundle() const;  // the certificates as PEM
};

// A CA for `cluster` as the parameter holds it: certificates, then the key.
Result<std::string, std::string> make_authority(const std::string& cluster, const Clock& clock, Random& random);
Result<Authority, std::string> parse_authority(const std::string& pem);

// Whom a certificate stands for. Without addresses it is for clients only.
struct Holder {
  std::string instance;
  std::vector<std::string> addresses;
};
inline constexpr std::chrono::seconds kCertificateLife = std::chrono::hours(48);
Result<std::string, std::string> certify(const Authority& authority, const Holder& holder, const pki::PublicKey& key,
                                         std::chrono::seconds life, const Clock& clock, Random& random);

// Reads the CA; where there is none and `make` is set, makes one on condition that there still is none.
Task<Result<Authority, std::string>> read_authority(aws::Client& client, std::string cluster, bool make,
                                                    const Clock& clock, Random& random);

// This node's own files: a key made once, a certificate that is made anew when half of its life is over.
class NodeCertificate {
 public:
  NodeCertificate(FileSystem& files, const Clock& clock, Random& random, std::string folder, Holder holder);

  TlsFiles paths() const;
  // Whether the files hold a certificate for the holder that is valid now.
  bool valid() const;
  // Whether it is time for another: none is valid, more than half of its life is over, or `authority` (where there is
  // one) is not what signed it.
  bool due(const Authority* authority) const;
  // The key; made where there is none.
  Result<pki::PrivateKey, std::string> key();
  // Writes what was signed for the key, and whom to trust.
  Status<std::string> write(const std::string& certificate, const std::string& trusted);
  const Holder& holder() const { return holder_; }

 private:
  std::optional<pki::Certificate> current() const;

  FileSystem& files_;
  const Clock& clock_;
  Random& random_;
  TlsFiles paths_;
  std::string folder_;
  Holder holder_;
};

}  // namespace terrace::node
