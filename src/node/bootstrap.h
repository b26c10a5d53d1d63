// Keeping a node to its configuration: read from where its user-data says, taken up on each boot, and at once when the
// operator says so. The node's program runs it; `terraced bootstrap` does it once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/random.h"
#include "node/ignition.h"
#include "node/instance_metadata.h"
#include "node/settings.h"

namespace terrace::node {

struct BootstrapEffects {
  Loop& loop;
  Clock& clock;
  FileSystem& files;
  Random& random;
  aws::Client& client;
  InstanceMetadata& metadata;
  Log& log;
};

// What was last taken up; /var/lib/terrace/configuration/applied.json holds it.
struct Applied {
  std::string version;                       // of the configuration: node_configuration_version()
  std::string boot;                          // boot_identity() of when it was taken up
  std::string hooks;                         // the version whose hooks have run
  std::map<std::string, std::string> files;  // SHA-256 by path: what this node wrote, and may remove
};

// The version of a configuration: the first half of its SHA-256, in hex.
std::string node_configuration_version(const std::string& text);
// Beside ROLE/ignition.json: nodes take up the version that it names as soon as they see it.
std::string apply_marker_key(const std::string& configuration_key);
std::string apply_marker(const std::string& version);

class Bootstrap {
 public:
  // With `systemd` units are enabled, and those that changed restarted; otherwise they are files.
  Bootstrap(const BootstrapEffects& effects, std::string root, bool systemd);

  // Reads the configuration and makes the node as it says. Where the store does not answer, or holds one that cannot be
  // used, the last good one counts. Only what differs is written, each file whole; a file of an earlier version that
  // nobody has changed since goes with it. Then the hooks, /etc/terrace/hooks.d/*, once a version, in order, five
  // minutes each. Gives what changed. The error says why nothing could be done.
  Task<Result<std::vector<std::string>, std::string>> apply();
  // The same where this boot has not seen it yet.
  Task<void> apply_after_boot();
  // Looks for the marker again and again, every half minute or so.
  Task<void> follow();

  const Applied& applied() const { return applied_; }
  const std::string& problem() const { return problem_; }  // of the last apply; empty where it went well

 private:
  struct Source {
    std::string text;
    NodeConfiguration configuration;
  };
  Task<Result<Source, std::string>> newest();
  Task<Result<Source, std::string>> read_source();
  Task<Result<std::string, std::string>> content_of(ConfiguredFile file);
  Task<Result<std::string, std::string>> fetch(ObjectAddress object);
  // False where there was nothing to write.
  Result<bool, std::string> write(const std::string& path, const std::string& content, uint32_t mode);
  Task<Status<std::string>> keep_user(ConfiguredUser user);
  Task<int> run_tool(std::vector<std::string> arguments, Duration limit);
  Task<void> run_hooks(std::string version);
  Task<void> restart(std::vector<std::string> changed, NodeConfiguration configuration);
  // A part that went wrong, where the rest goes on.
  void note(std::string problem);
  void save();
  std::string kept_path() const { return folder_ + "/ignition.json"; }
  std::string applied_path() const { return folder_ + "/applied.json"; }

  BootstrapEffects effects_;
  std::string root_;  // without a slash at its end
  bool systemd_;
  std::string folder_;
  Applied applied_;
  std::string problem_;
  std::optional<ObjectAddress> source_;
};

}  // namespace terrace::node
