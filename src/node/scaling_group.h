// The autoscaling group of this node, read from AWS. The node's program makes one.
#pragma once

#include <map>
#include <string>

#include "aws/client.h"
#include "node/effects.h"

namespace terrace::node {

class ScalingGroup final : public Group {
 public:
  // `me`: the instance that release() lets go.
  ScalingGroup(aws::Client& client, std::string name, std::string me)
      : client_(client), name_(std::move(name)), me_(std::move(me)) {}

  Task<Result<GroupView, std::string>> list() override;
  Task<Status<std::string>> release() override;

 private:
  Task<Status<std::string>> learn_addresses(std::vector<std::string> instances);

  aws::Client& client_;
  std::string name_;
  std::string me_;
  std::map<std::string, std::string> addresses_;  // by instance: they last as long as it does
};

}  // namespace terrace::node
