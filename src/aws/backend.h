// What the objects of one provider configuration share: the client, the batches, the account, default tags. Provider
// instances with the same configuration, those of other stacks included, share one backend, so that their reads meet in
// the same batches.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "aws/batch.h"
#include "aws/session.h"

namespace terrace::aws {

// Tags whose names begin with this are terrace's own and not shown: kIntentTag marks what an intent of the journal
// made.
inline constexpr const char* kOwnTags = "terrace:";
inline constexpr const char* kIntentTag = "terrace:intent";

// One way to AWS: a client and its batches. Provider configurations that differ only in tags and guards share one, so
// that the reads of stacks with tags of their own meet in the same batches.
struct Connection {
  explicit Connection(std::unique_ptr<Session> opened) : session(std::move(opened)), batches(session->client()) {}
  std::unique_ptr<Session> session;
  Batches batches;
  std::string account_id;
  nlohmann::json caller_identity;  // GetCallerIdentity's answer; null where it was not asked
};

class Backend {
 public:
  Backend(std::shared_ptr<Connection> connection, Random& random, FileSystem& files)
      : account_id(connection->account_id),
        caller_identity(connection->caller_identity),
        connection_(std::move(connection)),
        random_(random),
        files_(files) {}

  Client& client() { return connection_->session->client(); }
  Batches& batches() { return connection_->batches; }
  Random& random() { return random_; }
  // A file of the configuration's; relative names start from the directory of its root module.
  Result<std::string, FileError> read_file(const std::string& path) {
    return files_.read(join_path(working_directory, path));
  }
  Loop& loop() { return client().loop(); }
  const std::string& region() const { return connection_->session->region(); }
  const Partition& partition() const { return connection_->session->client().partitions().of_region(region()); }

  std::string account_id;
  nlohmann::json caller_identity;
  std::string working_directory;
  std::map<std::string, std::string> default_tags;
  std::set<std::string> ignored_tags;
  std::vector<std::string> ignored_tag_prefixes;

  // A name that begins with `prefix`, the same for the same intent: what follows are hexadecimal digits of the token.
  static std::string generated_name(const std::string& prefix, const std::string& token);

 private:
  std::shared_ptr<Connection> connection_;
  Random& random_;
  FileSystem& files_;
};

}  // namespace terrace::aws
