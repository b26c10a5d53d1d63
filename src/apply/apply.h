// Runs a plan's execution graph: the only place that changes anything outside. The commands and stacks call it; it
// decides nothing that the plan has not decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/loop.h"
#include "base/random.h"
#include "diag/diagnostic.h"
#include "plan/plan.h"
#include "plan/planner.h"
#include "state/session.h"

namespace terrace::plan {
class PlanRun;
}

namespace terrace::apply {

// Told of what happens, in order; renders nothing itself.
class Observer {
 public:
  // One running change. References stay valid for the call.
  struct Event {
    const plan::ResourceChange& change;
    const plan::PlannedResource& resource;
    std::string address;  // instance address, "(deposed object 1a2b3c4d)" not included
    plan::Step step;      // kCreate, kUpdate, kDelete, kDeleteReplaced, kReadData, kForget
    std::string deposed;  // of the object that is deleted; empty for the current one
    std::string id;       // the object's id attribute where it has one, before or after the step
    Duration elapsed{0};
  };
  virtual ~Observer() = default;
  virtual void started(const Event&) {}
  virtual void still_running(const Event&) {}  // every ten seconds
  virtual void completed(const Event&) {}
  virtual void failed(const Event&) {}
};

// Set by a signal; looked at before each step begins.
struct Interrupt {
  bool requested = false;
};

struct Options {
  int parallelism = 10;
  const Interrupt* interrupt = nullptr;  // may be null
  Observer* observer = nullptr;          // may be null
};

struct ApplyResult {
  Diagnostics diagnostics;
  int added = 0;
  int changed = 0;
  int destroyed = 0;
  int imported = 0;
  int forgotten = 0;
  bool interrupted = false;
  std::vector<std::string> skipped;  // addresses of changes that were not begun because others failed or Ctrl-C came
};

// Carries the plan out. `evaluation` is the planner's own for this plan (Planned::run, or one restored from a plan
// file); the state of `session` becomes what was made, is journaled on the way and is written once at the end, also
// after errors.
Task<ApplyResult> apply(plan::PlanRun& run, state::StateSession& session, Loop& loop, Random& random, Options options);

}  // namespace terrace::apply
