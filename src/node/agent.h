// The etcd agent of one node: looks, decides (node/membership.h), takes one step, again and again. The node's program
// and the simulation run it.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "base/loop.h"
#include "base/random.h"
#include "node/effects.h"
#include "node/membership.h"

namespace terrace::node {

struct AgentEffects {
  Loop& loop;
  Clock& clock;
  Random& random;
  EtcdCluster& etcd;
  EtcdProcess& process;
  DurableStore& store;
  Group& group;
  Backups& backups;
  Log& log;
};

struct Identity {
  std::string instance;
  std::string address;
};

class EtcdAgent {
 public:
  EtcdAgent(const AgentEffects& effects, Policy policy, Identity me);

  // Steps until end() is called.
  Task<void> run();
  void end() { ended_ = true; }
  // One look and one step. Gives what was done.
  Task<Action> step();

  // As the last step saw and decided.
  const View& view() const { return view_; }
  const Action& action() const { return action_; }
  const std::string& error() const { return error_; }   // of the last step; empty where it went well
  const EtcdStatus& status() const { return status_; }  // this node's etcd
  uint64_t changes() const { return changes_; }         // of the membership, made by this node

 private:
  Task<void> observe();
  Task<void> observe_store();
  Task<void> observe_etcd();
  Task<void> ask_for_members(std::string endpoint);
  Task<void> ask_for_health(size_t member);
  Task<void> read_report(std::string key, bool* all);
  Task<void> perform(Action action);
  Task<void> perform_under_lock(Action action);
  Task<void> publish();
  Task<void> back_up(std::string endpoint, std::string why);
  Task<void> start(EtcdStart how);
  void failed(const std::string& what);
  void check(const Status<std::string>& status);

  AgentEffects effects_;
  Policy policy_;
  Identity me_;
  bool ended_ = false;
  View view_;
  Action action_;
  std::string error_;
  EtcdStatus status_;
  uint64_t changes_ = 0;

  Absences absences_;
  std::map<uint64_t, Duration> learners_;     // since when each has been one
  std::map<std::string, std::string> known_;  // endpoints that have been members', by address
  std::optional<Report> reported_;
  std::optional<std::string> published_;
  std::optional<Duration> silent_since_;  // the store
  std::optional<Duration> terminating_since_;
  bool released_ = false;
  std::optional<Duration> backed_up_;  // before a change that has not been made yet
  std::string said_;
};

}  // namespace terrace::node
