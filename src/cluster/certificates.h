// The cluster's certificates, files in certs/ of its directory: a root CA, the CA that etcd nodes sign with, and those
// of etcd and of the site. Says how each is, and makes what is missing or due. The command certs includes it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/random.h"
#include "base/result.h"
#include "pki/certificate.h"

namespace terrace::cluster {

inline constexpr const char* kCertificateFolder = "certs";
inline constexpr const char* kRootCa = "rootCA";
inline constexpr const char* kEtcdCa = "etcd-ca";

// What the certificates are made for.
struct CertificateOwner {
  std::string cluster;
  std::string domain;  // of the site; empty where the cluster has none
};

enum class CertificateState : uint8_t {
  kMissing,
  kStale,    // ours, but not what it should be: signed by an earlier CA, for other names, with another key
  kForeign,  // somebody else issued it, or it cannot be read: never written over
  kExpired,
  kExpiring,  // soon enough to be renewed now
  kGood,
};

// "missing", "stale", "foreign", "expired", "expiring", "good".
const char* to_string(CertificateState state);

struct CertificateReport {
  std::string name;      // "etcd-server"
  std::string purpose;   // "etcd's own for its clients"
  std::string file;      // "certs/etcd-server.pem": the certificate, and the CAs between it and the root
  std::string key_file;  // "certs/etcd-server-key.pem", 0600; a CA's is encrypted by the passphrase
  bool is_ca = false;
  CertificateState state = CertificateState::kMissing;
  std::string why;  // of a stale or foreign one, a sentence's end: "is signed by an earlier rootCA"
  std::optional<pki::Certificate> certificate;
  int64_t days_left = 0;  // whole ones; negative once it has expired
};

enum class Renewal : uint8_t {
  kSameKey,  // what the old certificate vouched for stays valid
  kNewKey,   // the old key is known to others, or too old
};

class Certificates {
 public:
  // Everything given outlives this.
  Certificates(FileSystem& files, const Clock& clock, Random& random, CertificateOwner owner);

  // Looks at the files. The error names one that cannot be read.
  Status<std::string> read();
  // In the order in which they sign each other.
  const std::vector<CertificateReport>& reports() const { return reports_; }
  const CertificateReport& report(std::string_view name) const;
  bool knows(std::string_view name) const;
  bool has_key(std::string_view name) const;  // the file is there

  // Names the certificate for renewal, whatever its state. Before due().
  void renew(std::string_view name, Renewal how);
  // Names those that expire soon or have expired.
  void renew_expiring();

  // Whether something is missing, stale or named.
  bool is_due() const { return next_due() < reports_.size(); }
  // Makes the next one that is due, key first, each file atomically, and gives its name. What a new CA had signed or
  // stands in the chain of becomes due by it. Killed at any moment, a new run goes on. The error says what to do.
  Result<std::string, std::string> issue_next(std::string_view passphrase);

  // Whether the passphrase opens the key of a CA, which is there. What was opened stays open.
  Status<std::string> check_passphrase(std::string_view name, std::string_view passphrase);
  // The etcd CA as nodes read it, in one text so that they never see half of a change: its certificate, the root's,
  // that of the CA before it in the `published` text where it had another key, and its key in PEM without a passphrase.
  // Nodes trust all of them and sign with the first.
  Result<std::string, std::string> etcd_ca_bundle(std::string_view passphrase,
                                                  const std::optional<std::string>& published);

 private:
  // One certificate as it should be.
  struct Plan {
    std::string name;
    std::string purpose;
    std::string issuer;  // empty: itself
    std::string common_name;
    std::chrono::hours length;
    std::chrono::hours renew_before;
    std::optional<int> path_length;  // set for a CA
    std::vector<std::string> extended_key_usages;
    pki::AlternativeNames names;
    bool is_ca() const { return path_length.has_value(); }
  };
  void judge(size_t index);
  void judge_signature(const Plan& plan, CertificateReport& report, const std::string& text);
  size_t next_due() const;
  // The key that belongs to a CA's certificate. The error says what does not fit.
  Result<pki::PrivateKey, std::string> open_ca(std::string_view name, std::string_view passphrase);
  Result<pki::PrivateKey, std::string> decrypt(size_t index, std::string_view passphrase);
  Status<std::string> issue(size_t index, std::string_view passphrase);
  Result<pki::PrivateKey, std::string> key_for(size_t index, std::string_view passphrase);
  size_t index_of(std::string_view name) const;

  FileSystem& files_;
  const Clock& clock_;
  Random& random_;
  CertificateOwner owner_;
  std::vector<Plan> plans_;
  std::vector<CertificateReport> reports_;
  std::vector<std::optional<std::string>> texts_;  // of the certificate files
  std::vector<std::optional<std::string>> keys_;   // of the key files
  std::map<size_t, pki::PrivateKey> opened_;       // CAs' keys: decrypting is slow by design
  std::map<size_t, Renewal> named_;
};

// How a bundle that is published compares with the etcd CA in certs/.
enum class Published : uint8_t {
  kNothing,
  kSame,
  kOlder,    // this root's or this key's: may be replaced
  kNewer,    // another operator has renewed it
  kNodes,    // the nodes have made one for themselves, because there was none
  kForeign,  // not ours, or there is none in certs/
};
// "nothing", "same", "older", "newer", "nodes", "foreign".
const char* to_string(Published published);
Published compare_bundle(const Certificates& certificates, const std::optional<std::string>& bundle);

// Where the bundle is published: "/harbor/etcd/ca".
std::string etcd_ca_parameter(const std::string& cluster);

}  // namespace terrace::cluster
