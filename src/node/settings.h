// Who this node is: what the instance metadata service and /etc/terrace/node.json say. The node's program reads it
// once.
#pragma once

#include <string>

#include "base/file_system.h"
#include "node/instance_metadata.h"

namespace terrace::node {

struct Settings {
  std::string cluster;
  std::string role;           // "etcd", "worker", "admiral"
  std::string bucket;         // of the cluster's node configuration and membership
  std::string group;          // the autoscaling group
  std::string health;         // "127.0.0.1:9977"
  std::string endpoint;       // "127.0.0.1:2379": where nodes that are no members offer etcd
  std::string apps;           // the application repository; empty for none
  std::string apps_branch;    // "main"
  std::string apps_folder;    // "/opt/apps"
  std::string reboot_window;  // "05:30 3h"; empty for any time
  int reboot_places = 1;      // how many nodes of the role may reboot at a time
  std::string time_zone;      // of the window: "Europe/Berlin"; empty for UTC
  std::string flannel;        // flannel's network: "10.2.0.0/16"; empty for none
  std::string instance;
  std::string address;
  std::string account;
  std::string region;
  std::string zone;
};

struct SettingsError {
  std::string message;
  bool passing = false;  // the machine may answer later; otherwise somebody has to mend something
};

// What names this boot of this machine, also where several share a kernel: the kernel's id of the boot, and when the
// first process began (proc(5)).
std::string boot_identity(FileSystem& files);

// Where the files of a node lie, below the root it was given.
struct NodePaths {
  explicit NodePaths(const std::string& root);
  std::string node_file;    // etc/terrace/node.json
  std::string state;        // var/lib/terrace
  std::string tls;          // var/lib/terrace/tls
  std::string etcd;         // var/lib/etcd
  std::string etcd_config;  // var/lib/terrace/etcd.json
};

// Where the node with this node.json serves its health; the error says what is wrong with the file.
Result<std::string, SettingsError> health_address(FileSystem& files, const std::string& node_file);

Task<Result<Settings, SettingsError>> read_settings(InstanceMetadata& metadata, FileSystem& files,
                                                    std::string node_file);

}  // namespace terrace::node
