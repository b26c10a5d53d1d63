// How nodes that may not read the CA come by certificates: they put a request into the bucket, the leader's node signs
// what comes from the cluster's own instances (docs/node.md, Certificates).
#pragma once

#include <string>

#include "aws/client.h"
#include "node/bucket_store.h"
#include "node/certificates.h"
#include "node/settings.h"

namespace terrace::node {

inline constexpr const char* kRequestPrefix = "etcd/requests/";
std::string certificate_object(const std::string& instance);  // "etcd/certificates/i-1.pem"

// The instance that the request `key` must come from: what stands behind its last colon.
std::string requester_of(const std::string& key);

// Asks for a certificate and fetches it.
class CertificateRequester {
 public:
  CertificateRequester(aws::Client& client, BucketStore& store, const Clock& clock, NodeCertificate& certificate)
      : client_(client), store_(store), clock_(clock), certificate_(certificate) {}
  // One look: takes the answer if it is there and fits, else asks if it is time to. The error says what stands in the
  // way; it is empty while an answer is awaited.
  Task<Status<std::string>> step();

 private:
  Task<Result<bool, std::string>> take_answer();
  Task<Status<std::string>> ask();

  aws::Client& client_;
  BucketStore& store_;
  const Clock& clock_;
  NodeCertificate& certificate_;
  std::optional<Duration> asked_;  // monotonic
  std::string role_id_;
};

// Signs what others ask for. The leader's node runs it.
class CertificateSigner {
 public:
  CertificateSigner(aws::Client& client, BucketStore& store, const Clock& clock, Random& random, std::string cluster,
                    Log& log)
      : client_(client), store_(store), clock_(clock), random_(random), cluster_(std::move(cluster)), log_(log) {}
  // Answers all requests that are there, and removes them. A request that is refused is removed, too, and logged.
  Task<Status<std::string>> answer_all();
  // Whether EC2 has this instance, running, with the cluster's tag.
  Task<Result<bool, std::string>> is_ours(std::string instance);

 private:
  // What is wrong with the request, or its certificate.
  Task<Result<std::string, std::string>> judge(const Authority& authority, std::string key, std::string request);

  aws::Client& client_;
  BucketStore& store_;
  const Clock& clock_;
  Random& random_;
  std::string cluster_;
  Log& log_;
};

}  // namespace terrace::node
