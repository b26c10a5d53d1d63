// The application repository on a node: fetched again and again, each version whole in a folder of its own, and
// switched to in one step. The node's program runs it; `terraced sync` runs it alone.
#pragma once

#include <functional>
#include <string>

#include "aws/client.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"

namespace terrace::node {

struct ApplicationSource {
  std::string url;        // https://..., git@HOST:PATH, ssh://..., or s3://BUCKET/PREFIX/
  std::string branch;     // of a git repository
  std::string folder;     // FOLDER/current is a link to the version that counts
  std::string state;      // where the repository and the deploy key are kept
  std::string parameter;  // of SSM: the deploy key of a repository that is reached by ssh
};

class ApplicationSync {
 public:
  struct Parts {
    Loop& loop;
    FileSystem& files;
    Random& random;
    aws::Client& client;
    Log& log;
  };
  ApplicationSync(const Parts& parts, ApplicationSource source) : parts_(parts), source_(std::move(source)) {}

  // Looks each minute.
  Task<void> keep();
  // One look: fetches what is new and switches to it. Gives the version that counts. On an error the one before still
  // does.
  Task<Result<std::string, std::string>> step();

  const std::string& version() const { return version_; }  // a commit, or the objects' own; empty before the first
  const std::string& problem() const { return problem_; }

 private:
  Task<Result<std::string, std::string>> newest();
  Task<Result<std::string, std::string>> newest_commit();
  Task<Result<std::string, std::string>> newest_objects();
  Task<Status<std::string>> check_out(std::string version, std::string folder);
  Task<Status<std::string>> write_key();
  Task<Status<std::string>> git(std::vector<std::string> arguments);
  Status<std::string> switch_to(const std::string& version);
  std::string release(const std::string& version) const { return source_.folder + "/releases/" + version; }
  std::string repository() const { return source_.state + "/repository.git"; }

  Parts parts_;
  ApplicationSource source_;
  std::vector<std::string> objects_;  // keys under the prefix, at the last look
  std::string version_;
  std::string problem_;
};

}  // namespace terrace::node
