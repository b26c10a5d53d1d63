// The cluster's nodes as AWS knows them: autoscaling groups with their instances. status, nodes, ssh, roll and machines
// read them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aws/backend.h"

namespace terrace::cluster {

struct Node {
  std::string id;  // i-...
  std::string role;
  std::string private_address;
  std::string public_address;  // empty without one
  std::string zone;
  std::string state;      // of the instance: pending, running, shutting-down, ...
  std::string lifecycle;  // in its group: InService, Pending:Wait, Terminating, ...
  bool healthy = false;   // as the group sees it
  std::string image_id;
  std::string instance_type;
  std::string template_version;  // of the launch template it was made from
  std::string launched;          // RFC 3339
  int64_t launched_s = 0;        // since 1970; 0 where AWS does not say

  bool in_service() const { return lifecycle == "InService" && healthy; }
};

struct Group {
  std::string name;  // <cluster>-<role>
  std::string role;
  int64_t min = 0;
  int64_t desired = 0;
  int64_t max = 0;
  std::string template_id;
  std::string template_version;  // that new instances are made from; "$Latest" and "$Default" are resolved
  std::string image_id;          // of that version
  std::vector<std::string> suspended;
  std::vector<Node> nodes;  // by launch, oldest first

  int64_t in_service() const;
  // Nodes that were made from another version of the launch template than new ones would be.
  std::vector<Node> outdated() const;
};

// The groups of a cluster, by role: those tagged Cluster = `cluster`, or, where `role` is given, the one of that role.
// Four requests at most, however many nodes.
Task<Result<std::vector<Group>, aws::ApiError>> read_groups(aws::Backend& backend, std::string cluster,
                                                            std::string role = {});

}  // namespace terrace::cluster
