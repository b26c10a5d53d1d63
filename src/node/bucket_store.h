// The durable store as one S3 bucket. The node's program and the operator's etcd commands make one.
#pragma once

#include <string>

#include "aws/client.h"
#include "base/file_system.h"
#include "node/effects.h"

namespace terrace::node {

class BucketStore final : public DurableStore {
 public:
  BucketStore(aws::Client& client, std::string bucket) : client_(client), bucket_(std::move(bucket)) {}

  Task<Result<std::optional<StoredObject>, std::string>> get(std::string key) override;
  Task<Status<std::string>> put(std::string key, std::string content) override;
  Task<Result<bool, std::string>> put_if_absent(std::string key, std::string content) override;
  Task<Result<bool, std::string>> put_if_match(std::string key, std::string content, std::string etag) override;
  Task<Result<std::vector<std::string>, std::string>> list_keys(std::string prefix) override;
  // One that is not there is no error.
  Task<Status<std::string>> erase(std::string key);

 private:
  Task<Result<bool, std::string>> write(std::string key, std::string content, std::string header, std::string etag);

  aws::Client& client_;
  std::string bucket_;
};

}  // namespace terrace::node
