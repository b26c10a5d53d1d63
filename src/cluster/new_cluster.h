// `terrace new`: writes a cluster directory from the platform that the binary carries.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/embedded.h"
#include "base/file_system.h"
#include "base/network.h"
#include "base/task.h"
#include "diag/diagnostic.h"

namespace terrace::cluster {

// The files of platform/ as the binary carries them, with paths such as "stacks/vpc/main.tf" and "cluster/Makefile".
std::span<const EmbeddedFile> platform_files();

struct NewCluster {
  std::string directory;  // where; made if it is not there
  std::string name;       // the cluster's: prefix of buckets, roles and groups
  std::string region;
  std::vector<std::string> allow_ssh_cidrs;  // empty: SSH stays closed
  std::string agent;                         // the archive of terraced that nodes get; empty for none
};

// Says what is wrong with a cluster's name: it becomes part of S3 bucket names (3-63 characters, lower case letters,
// digits and hyphens) behind the account's 12 digits and before the longest suffix.
std::optional<std::string> cluster_name_problem(std::string_view name);

// Writes stacks/, modules/, nodes/ and the cluster's own files, cluster.tfvars last; what an interrupted run left is
// completed. Refuses a directory that already holds a cluster or anything else. Gives the paths written, relative to
// the directory.
Checked<std::vector<std::string>> write_cluster(FileSystem& files, const NewCluster& cluster);

// The operator's own public IPv4 address, asked of https://checkip.amazonaws.com; nullopt where nothing answers with
// one.
Task<std::optional<std::string>> find_public_address(Network& network);

}  // namespace terrace::cluster
