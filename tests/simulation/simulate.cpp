// simulate: runs the etcd agent's decisions in simulated groups, a seed a scenario.
//   simulate [SEEDS [FIRST]]     runs SEEDS scenarios (3000) from the seed FIRST (1)
//   simulate -seed N             runs one scenario and tells what happens in it
//   simulate -mutations [SEEDS]  turns one rule off at a time; each must be noticed within SEEDS scenarios (4000)
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "simulation/world.h"

namespace {

using terrace::node::Policy;
using terrace::simulation::Chaos;
using terrace::simulation::World;

struct Mutation {
  const char* name;
  void (*apply)(Policy&);
  void (*focus)(Chaos&);  // where the rule matters
};

void much_at_once(Chaos& chaos) {
  chaos.early = chaos.terminations = chaos.freezes = chaos.glitches = chaos.lost_answers = true;
  chaos.size = 3;
}

void lost_disks(Chaos& chaos) {
  chaos.wipes = chaos.cuts = chaos.slow_disks = true;
  chaos.size = 3;
}

const Mutation kMutations[] = {
    {"a dead member is removed without a grace period",
     [](Policy& policy) {
       policy.grace = terrace::Duration{0};
       policy.absences = 1;
     },
     [](Chaos& chaos) { chaos.glitches = true; }},
    {"a node seeds without waiting for the whole group", [](Policy& policy) { policy.wait_for_whole_group = false; },
     [](Chaos& chaos) { chaos.marker_losses = chaos.terminations = true; }},
    {"the marker is written without a condition", [](Policy& policy) { policy.conditional_marker = false; },
     much_at_once},
    {"a seed serves before the marker is written", [](Policy& policy) { policy.commit_before_serving = false; },
     much_at_once},
    {"a node without a quorum forms a cluster again", [](Policy& policy) { policy.never_form_again = false; },
     lost_disks},
    {"nobody counts the quorum before a removal", [](Policy& policy) { policy.check_quorum = false; },
     [](Chaos& chaos) { chaos.departures = chaos.terminations = chaos.wipes = true; }},
    {"a node trusts whatever data lie on its disk", [](Policy& policy) { policy.own_data_only = false; },
     [](Chaos& chaos) { chaos.copied_disks = chaos.terminations = true; }},
    {"a node believes any cluster, not the marked one", [](Policy& policy) { policy.marked_cluster_only = false; },
     much_at_once},
    {"a wiped member starts again under its old id", [](Policy& policy) { policy.rejoin_after_wipe = false; },
     lost_disks},
    {"a node is added as a voter at once", [](Policy& policy) { policy.join_as_learner = false; }, nullptr},
    {"a member at this node's address stays", [](Policy& policy) { policy.check_address = false; },
     [](Chaos& chaos) { chaos.terminations = chaos.wipes = true; }},
};

int run_seeds(uint64_t count, uint64_t first) {
  uint64_t writes = 0;
  uint64_t faults = 0;
  uint64_t restores = 0;
  uint64_t failed = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    World world(seed, Policy{}, false);
    const std::vector<std::string> violations = world.run();
    writes += static_cast<uint64_t>(world.acknowledged());
    faults += static_cast<uint64_t>(world.faults());
    restores += static_cast<uint64_t>(world.restores());
    for (const std::string& violation : violations)
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violation.c_str());
    if (!violations.empty() && ++failed == 10) break;
  }
  std::printf("%llu seeds from %llu: %llu faults, %llu acknowledged writes, %llu restores; %llu seeds failed\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(faults), static_cast<unsigned long long>(writes),
              static_cast<unsigned long long>(restores), static_cast<unsigned long long>(failed));
  if (failed > 0) std::printf("See one happen: simulate -seed N\n");
  return failed == 0 && faults > count && writes > count ? 0 : 1;
}

int run_mutations(uint64_t count) {
  int unnoticed = 0;
  for (const Mutation& mutation : kMutations) {
    Policy policy;
    mutation.apply(policy);
    std::vector<std::string> violations;
    uint64_t seed = 1;
    for (; seed <= count && violations.empty(); ++seed) violations = World(seed, policy, false, mutation.focus).run();
    if (violations.empty()) {
      ++unnoticed;
      std::printf("NOT NOTICED  %s\n", mutation.name);
    } else {
      std::printf("seed %-6llu %s\n             -> %s\n", static_cast<unsigned long long>(seed - 1), mutation.name,
                  violations.front().substr(0, 160).c_str());
    }
  }
  return unnoticed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index, uint64_t otherwise) {
    return argc > index ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  if (argc > 2 && std::strcmp(argv[1], "-seed") == 0) {
    World world(number(2, 1), Policy{}, true);
    return world.run().empty() ? 0 : 1;
  }
  if (argc > 1 && std::strcmp(argv[1], "-mutations") == 0) return run_mutations(number(2, 4000));
  return run_seeds(number(1, 3000), number(2, 1));
}
