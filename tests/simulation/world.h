// The world that the agents of a simulated group live in, on virtual time: etcd with its logs, terms and data disks,
// S3, the autoscaling group, the network between them, and what goes wrong. tests/simulation only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "node/agent.h"

namespace terrace::simulation {

using node::Cluster;
using node::EtcdStatus;
using node::GroupView;
using node::Instance;
using node::Member;
using node::Policy;
using node::Record;

using Config = std::shared_ptr<const std::vector<Member>>;

// One entry of etcd's log: a write, a change of the members, or a new leader's first.
struct Entry {
  uint64_t term = 0;
  int write = -1;
  Config config;
};

// etcd's data on a disk.
struct Data {
  std::string token;
  uint64_t cluster_id = 0;
  uint64_t member_id = 0;
  std::vector<Entry> log;
  uint64_t last_term() const { return log.empty() ? 0 : log.back().term; }
  Config config() const;
};

// One instance: its machine, disk, etcd and agent.
struct Machine {
  std::string id;
  std::string address;
  bool alive = true;
  uint64_t life = 0;  // counts agents: an agent of an earlier life never acts again
  std::optional<Data> data;
  std::optional<Record> record;
  std::optional<Data> aside;
  bool running = false;
  bool privately = false;
  Duration running_since{0};
  Duration frozen_until{0};
  Duration slow_until{0};  // its disk
  int side = 0;            // of a cut network
  Duration skew{0};
  node::EtcdAgent* agent = nullptr;
};

// The rules of a scenario that the seed draws.
struct Chaos {
  int size = 3;
  bool strict_reconfiguration = true;  // etcd's own check of quorum
  bool agent_crashes = false;
  bool reboots = false;
  bool terminations = false;
  bool departures = false;  // through the lifecycle hook
  bool wipes = false;
  bool freezes = false;
  bool slow_disks = false;
  bool cuts = false;
  bool store_outages = false;
  bool lost_answers = false;
  bool group_outages = false;
  bool stale_lists = false;
  bool glitches = false;  // listings that lack a live instance
  bool copied_disks = false;
  bool marker_losses = false;
  bool resizes = false;
  bool disasters = false;  // a majority of the disks at once
  bool early = false;      // faults begin before there is a cluster
};

class World {
 public:
  // `focus` changes what the seed drew; null for nothing.
  World(uint64_t seed, Policy policy, bool trace, void (*focus)(Chaos&) = nullptr);
  ~World();

  // Runs the whole scenario; the sentences say which invariants did not hold.
  std::vector<std::string> run();
  int acknowledged() const { return acknowledged_total_; }
  int faults() const { return faults_; }
  int restores() const { return generation_ > 1 ? static_cast<int>(generation_ - 1) : 0; }

  // What the models of the effects use (effects.cpp).
  Loop& loop() { return loop_; }
  Duration now() const { return clock_.monotonic(); }
  double draw() { return random_.uniform(); }
  int draw_below(int n) { return static_cast<int>(random_.next_u64() % static_cast<uint64_t>(n)); }
  Duration draw_duration(double from_s, double to_s);
  // One leg of an agent's request; never ends for an agent that was killed meanwhile.
  Task<void> travel(Machine& machine, uint64_t life);
  bool store_answers(const Machine& machine) const;
  void say(const std::string& what);
  void violated(const std::string& what);

  // etcd (etcd_model.cpp).
  Machine* reach(const Machine& from, const std::string& endpoint);
  Machine* leader(const std::string& token, Machine& from);
  bool propose(Machine& via, Entry entry);
  Result<Cluster, std::string> members(Machine& via);
  Result<EtcdStatus, std::string> status(Machine& via);
  Result<uint64_t, std::string> add(Machine& caller, Machine& via, const std::string& address, bool as_learner);
  Status<std::string> promote(Machine& caller, Machine& via, uint64_t member);
  Status<std::string> remove(Machine& caller, Machine& via, uint64_t member);
  Status<std::string> start(Machine& machine, const node::EtcdStart& how);
  void snapshot(Machine& via);

  struct Lock {
    uint64_t lease = 0;
    Duration until{0};
  };
  std::map<std::string, Lock> locks;  // by token
  std::map<std::string, node::StoredObject> store;
  uint64_t etag = 0;
  std::map<std::string, std::vector<Entry>> snapshots;
  std::optional<GroupView> listing(const Machine& machine);
  void release(Machine& machine);
  void make_restored(Machine& machine, const Record& record, const std::vector<Entry>& writes);
  Chaos chaos;

 private:
  struct Agent;
  void draw_chaos();
  Machine& launch();
  void boot(Machine& machine);
  void terminate(Machine& machine);
  bool active(const Machine& machine) const;
  bool connected(const Machine& a, const Machine& b) const;
  bool intact(const std::string& token, uint64_t member) const;
  size_t count_intact(const std::string& token, const std::vector<Member>& members) const;
  void judge_change(const std::string& token, const std::vector<Member>& before, const std::vector<Member>& after);
  void replicate(Machine& leader, double chance);
  bool may_reconfigure(Machine& leader);
  bool has_quorum(const Machine& leader) const;
  Config newest_config(const std::string& token) const;
  Machine* pick();
  Machine* machine_of(const std::string& id);
  bool endangered(const Machine& victim) const;

  Task<void> play();
  Task<void> heartbeat();
  Task<void> clients();
  Task<void> autoscale();
  Task<void> do_harm();
  Task<void> operate();
  Task<void> live(Agent& agent);
  Task<void> mend(Machine& machine, uint64_t life, Duration after);
  Task<void> close(Instance instance, Duration after);
  void wipe(Machine& machine, Duration away);
  Task<void> lose_disk_and_leader();
  void freeze_seed();
  void harm();
  bool settled();
  std::string picture();

  VirtualClock clock_;
  VirtualWaiter waiter_{clock_};
  Loop loop_{clock_, &waiter_};
  SeededRandom random_;
  Policy policy_;
  bool trace_;
  Event never_{loop_};
  NoLog no_log_;
  bool over_ = false;
  bool calm_ = false;

  std::deque<Machine> machines_;
  std::deque<std::unique_ptr<Agent>> agents_;
  std::map<std::string, Machine*> leaders_;
  std::map<std::string, std::map<int, size_t>> acknowledged_;  // by token: the write and its index
  std::map<std::string, size_t> committed_;                    // by token: how many entries a quorum is known to have
  int next_write_ = 0;
  int acknowledged_total_ = 0;
  uint64_t next_term_ = 1;
  uint64_t next_member_ = 1;
  uint64_t next_lease_ = 1;
  int next_instance_ = 1;
  uint64_t generation_ = 1;
  bool doomed_ = false;  // the data are lost and there is no snapshot
  int faults_ = 0;

  GroupView group_;
  std::deque<std::pair<Duration, GroupView>> group_history_;
  Duration store_down_until_{0};
  Duration group_down_until_{0};
  Duration stale_until_{0};
  Duration glitch_until_{0};
  std::string glitch_;
  std::vector<std::string> violations_;

  friend class Effects;
};

}  // namespace terrace::simulation
