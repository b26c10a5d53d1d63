// Where credentials come from: the documented chain, cached and refreshed before they expire. The provider makes one;
// the client asks it before each signature.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/profile.h"
#include "aws/signer.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/network.h"
#include "base/random.h"
#include "base/result.h"

namespace terrace::aws {

class Models;

struct CredentialsError {
  std::string message;
  std::vector<std::string> tried;  // each source with why it gave nothing, in the order they were tried
  // The message and the sources, a line each.
  std::string describe() const;
};

using CredentialsResult = Result<Credentials, CredentialsError>;

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  virtual Task<CredentialsResult> credentials() = 0;
  // AWS refused the credentials as expired: the next call fetches new ones where it can.
  virtual void expired() {}
};

// Always the same keys.
class StaticCredentials final : public CredentialsProvider {
 public:
  explicit StaticCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Task<CredentialsResult> credentials() override { co_return credentials_; }

 private:
  Credentials credentials_;
};

// Runs another program for its output, for credential_process.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  // Standard output of `command` (split as a shell splits words, run without one); the error holds standard error.
  virtual Result<std::string, std::string> run(const std::string& command) = 0;
};

class SystemProcessRunner final : public ProcessRunner {
 public:
  Result<std::string, std::string> run(const std::string& command) override;
};

struct AssumeRole {
  std::string role_arn;
  std::string session_name;  // empty: one is made
  std::string external_id;
  std::string policy;
  std::vector<std::string> policy_arns;
  std::optional<int> duration_seconds;
  std::string source_identity;
};

struct CredentialSettings {
  // The provider block's own keys, tried first; both or neither are set.
  std::string access_key;
  std::string secret_key;
  std::string token;
  std::string profile;  // the provider block's; empty: AWS_PROFILE, else "default"
  SharedFiles files;
  std::vector<AssumeRole> assume_roles;  // the provider block's, one after the other
  bool skip_metadata_api = false;        // no IMDS
  std::string metadata_endpoint;         // empty: AWS_EC2_METADATA_SERVICE_ENDPOINT, else 169.254.169.254
  std::string region;                    // for STS
  std::string sts_endpoint;              // a custom one; empty for AWS's
};

// Provider block, environment, web identity, profile (static, assumed role, process), container, instance metadata.
class CredentialChain final : public CredentialsProvider {
 public:
  CredentialChain(Loop& loop, Network& network, FileSystem& files, Random& random, Models& models,
                  ProcessRunner& processes, Environment environment, CredentialSettings settings, Log& log);
  ~CredentialChain() override;
  Task<CredentialsResult> credentials() override;
  void expired() override;
  // The region that the instance metadata service tells; empty where there is none.
  Task<std::string> metadata_region();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace terrace::aws
