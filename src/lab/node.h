// One instance of the lab: its wire, its metadata service, its disk, and the processes that a machine would run. The
// hub makes one for each instance that the groups list.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/curl_network.h"
#include "base/file_system.h"
#include "lab/metadata_service.h"
#include "lab/wires.h"

namespace terrace::lab {

// What the API says of it.
struct Instance {
  std::string id;
  std::string group;
  std::string role;  // the group's tag Role, else the group's name
  std::string address;
  std::string zone;
  std::string image;
  std::string type;
  std::string profile;    // of IAM; empty for none
  std::string user_data;  // as IMDS gives it: decoded
};

struct NodeEffects {
  Loop& loop;
  CurlNetwork& network;
  FileSystem& files;
  Random& random;
};

class Node {
 public:
  // `name` is the lab's own, "etcd-1". `folder` is made; `terraced` and `path` are the program and PATH of its
  // processes.
  Node(const NodeEffects& effects, Wires& wires, Instance instance, std::string name, std::string folder,
       std::string terraced, std::string path);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Wires it up and boots it.
  Status<std::string> start(const std::string& account, const std::string& region);
  // Starts its processes: the first stage by its user-data, then the agent, again where that ends.
  Status<std::string> boot();
  // As a power cut: everything on it ends at once. Its disk stays.
  void kill();
  // The same, and the disk is empty.
  Status<std::string> wipe();
  bool up();
  // Tells it, as instance metadata does, that its group lets it go.
  void tell_of_its_end() { metadata_.set("meta-data/autoscaling/target-lifecycle-state", "Terminated"); }

  // Asks its agent how it is. What it said stays until the next look; nothing where it does not answer.
  Task<void> look();
  const std::optional<nlohmann::json>& health() const { return health_; }
  bool well() const { return health_ && health_->value("healthy", false); }

  const Instance& instance() const { return instance_; }
  const std::string& name() const { return name_; }
  int boots() const { return boots_; }
  std::string disk() const { return folder_ + "/disk"; }
  std::string log() const { return folder_ + "/log"; }

 private:
  Task<std::optional<nlohmann::json>> ask();

  NodeEffects effects_;
  Wires& wires_;
  Instance instance_;
  std::string name_;
  std::string folder_;
  std::string terraced_;
  std::string path_;
  MetadataService metadata_;
  pid_t pid_ = 0;
  int boots_ = 0;
  std::optional<nlohmann::json> health_;
};

}  // namespace terrace::lab
