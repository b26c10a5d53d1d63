// The instance metadata service of one node, version 2 alone (EC2 User Guide, "Use the Instance Metadata Service"): a
// token first, then documents with it. A lab's node has one at 169.254.169.254 in its own network.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/random.h"
#include "node/http_server.h"

namespace terrace::lab {

class MetadataService {
 public:
  MetadataService(Loop& loop, Readiness& readiness, Random& random);

  // Serves in the network namespace at `network`.
  Status<std::string> start(const std::string& network);
  // What stands under /latest/`path`.
  void set(const std::string& path, std::string text) { documents_[path] = std::move(text); }

 private:
  node::Page answer(const node::PageRequest& request);

  Random& random_;
  node::HttpServer server_;
  std::map<std::string, std::string> documents_;
  std::set<std::string> tokens_;
};

}  // namespace terrace::lab
