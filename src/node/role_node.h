// What the program of a node is for its role: etcd_node.h or client_node.h.
#pragma once

#include "base/task.h"
#include "node/report_page.h"

namespace terrace::node {

class RoleNode : public Reporter {
 public:
  // Until stop() is called.
  virtual Task<void> run() = 0;
  // Nothing more is begun; what is a child of this process has ended.
  virtual Task<void> stop() = 0;
};

}  // namespace terrace::node
