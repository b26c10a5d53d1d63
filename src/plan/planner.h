// Makes a plan from a configuration, its variables and a state: reads what exists, evaluates, asks the providers what
// would change, and writes the execution graph. A PlanRun lives until its plan has been applied or dropped: apply
// resolves the values that were unknown with the run's own evaluation and providers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/loop.h"
#include "base/random.h"
#include "diag/diagnostic.h"
#include "plan/plan.h"
#include "schema/provider.h"
#include "state/session.h"

namespace terrace::plan {

struct PlanOptions {
  Mode mode = Mode::kNormal;
  bool refresh = true;
  std::vector<std::string> targets;   // addresses of resources, instances or modules
  std::vector<std::string> replaces;  // addresses of instances
};

// Told of the objects that are read, in order.
class PlanObserver {
 public:
  virtual ~PlanObserver() = default;
  virtual void refresh_started(const std::string& /*address*/, const std::string& /*id*/) {}
  virtual void refresh_completed(const std::string& /*address*/, const std::string& /*id*/) {}
  virtual void read_started(const std::string& /*address*/) {}  // of a data source
  virtual void read_completed(const std::string& /*address*/, const std::string& /*id*/, Duration /*elapsed*/) {}
};

// What a run needs from outside; all of it outlives the run.
struct Environment {
  Loop& loop;
  FileSystem& files;
  Random& random;
  schema::ProviderRegistry& providers;
  PlanObserver* observer = nullptr;  // may be null
  std::string working_directory;     // path.cwd and the base of relative paths
  std::string workspace = "default";
};

}  // namespace terrace::plan
