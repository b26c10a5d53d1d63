// The autoscaling group of this node, read from AWS. The node's program makes one.
#pragma once

#include <map>
#include <string>

#include "aws/client.h"
#include "node/effects.h"
#include "node/instance_metadata.h"

namespace terrace::node {

class ScalingGroup final : public Group {
 public:
  // `me`: the instance that release() lets go.
  ScalingGroup(aws::Client& client, InstanceMetadata& metadata, std::string name, Instance me)
      : client_(client), metadata_(metadata), name_(std::move(name)), me_(std::move(me)) {}

  Task<Result<GroupView, std::string>> list() override;
  Task<Status<std::string>> release() override;

 private:
  Task<Status<std::string>> learn_addresses(std::vector<std::string> instances);

  Task<bool> is_let_go();

  aws::Client& client_;
  InstanceMetadata& metadata_;
  std::string name_;
  Instance me_;
  std::map<std::string, std::string> addresses_;  // by instance: they last as long as it does
};

}  // namespace terrace::node
