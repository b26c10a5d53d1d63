// One provider configuration's way to AWS: settings settled, credentials found, a client to call with. The provider,
// the S3 state storage and `terrace aws call` open one each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/client.h"

namespace terrace::aws {

// What every session of the process shares; all of it outlives them.
struct SessionEffects {
  Loop& loop;
  Network& network;
  FileSystem& files;
  Random& random;
  Models& models;
  ProcessRunner& processes;
  Log& log;
};

// The provider block, as far as it concerns the way to AWS; what it leaves out comes from the environment and profiles.
struct SessionSettings {
  ConfigSettings config;
  std::string access_key;
  std::string secret_key;
  std::string token;
  std::vector<AssumeRole> assume_roles;
  bool skip_metadata_api = false;
  std::string metadata_endpoint;
  std::function<void(const Attempt&)> observer;
};

class Session {
 public:
  // Settles the configuration; a region that nothing names is asked of the instance metadata service. Credentials are
  // looked for at the first call. The error says which setting is wrong. `effects` must outlive the task.
  static Task<Result<std::unique_ptr<Session>, std::string>> open(const SessionEffects& effects,
                                                                  SessionSettings settings, Environment environment);

  Client& client() { return *client_; }
  CredentialChain& credentials() { return *credentials_; }
  const std::string& region() const { return client_->config().region; }  // empty where none is known

 private:
  Session() = default;
  std::unique_ptr<CredentialChain> credentials_;
  std::unique_ptr<Client> client_;
};

}  // namespace terrace::aws
