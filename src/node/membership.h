// What a node knows of its etcd cluster, and the one next step that follows from it: the decision table of docs/node.md
// as a pure function. The agent and the simulation of it include this; nothing here waits, reads or writes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"

namespace terrace::node {

// How far the data on a disk have come.
enum class Phase : uint8_t {
  kSeeding,  // made here for a cluster that the marker does not name yet; no client may see them
  kMember,   // of the cluster that the marker names
};

// Lies beside etcd's data and is lost with them: whose they are.
struct Record {
  std::string instance;
  std::string token;        // the cluster's, drawn when it was seeded
  uint64_t generation = 1;  // counts restores
  uint64_t cluster_id = 0;  // 0 while not known
  uint64_t member_id = 0;
  Phase phase = Phase::kMember;
  std::string restore;  // the restore request that these data were made for; empty for none
  bool operator==(const Record&) const = default;
};

// The durable object that says which cluster there is. Absent before the first one; replaced by a restore alone.
struct Marker {
  enum class Kind : uint8_t { kFormed, kRestore };
  Kind kind = Kind::kFormed;
  std::string token;
  uint64_t generation = 1;
  uint64_t cluster_id = 0;
  std::string seed;      // the instance that formed it
  std::string snapshot;  // of a restore: the key of what to restore
  std::string restore;   // the request's own id
  std::string etag;      // as the store told it; not part of the content
};

// What a node says of itself in the store before it does anything else.
struct Report {
  std::string instance;
  std::string address;
  bool has_data = false;
  std::string token;  // of its data
  bool operator==(const Report&) const = default;
};

struct Member {
  uint64_t id = 0;
  std::string name;     // the instance id; empty until the member has started once
  std::string address;  // of its peer URL
  bool learner = false;
  bool healthy = false;  // its etcd answered just now
};

// The members as an etcd answered that had a quorum at that moment.
struct Cluster {
  uint64_t cluster_id = 0;
  std::string endpoint;  // which answered
  std::vector<Member> members;
};

struct Instance {
  std::string id;
  std::string address;    // empty where it has none yet
  std::string lifecycle;  // "InService", "Pending:Wait", "Terminating:Wait"
  bool leaving() const;   // on its way out, or gone
};

struct GroupView {
  int desired = 0;
  std::vector<Instance> instances;
  const Instance* find(const std::string& id) const;
};

// The rules' numbers, and the rules themselves. A node never turns a rule off: the simulation does, to show that each
// is needed.
struct Policy {
  Duration grace = std::chrono::seconds(60);          // how long an instance is gone before its member is removed
  int absences = 3;                                   // and in how many listings at least
  Duration listing_gap = std::chrono::seconds(12);    // without a listing for longer, counting begins anew
  Duration learner_grace = std::chrono::minutes(10);  // how long a learner may hold the one place for learners
  Duration leave_timeout = std::chrono::minutes(5);   // how long a node tries to leave before it ends anyway
  Duration store_patience =
      std::chrono::seconds(30);  // how long a member waits for the marker before it starts without

  bool wait_for_whole_group = true;
  bool conditional_marker = true;
  bool commit_before_serving = true;
  bool never_form_again = true;
  bool check_quorum = true;
  bool own_data_only = true;
  bool marked_cluster_only = true;
  bool rejoin_after_wipe = true;
  bool join_as_learner = true;
  bool check_address = true;
};

// Counts how long each instance has been missing from the group's listing.
class Absences {
 public:
  // Takes a listing made at `now`. One that lacks `me` proves nothing, for I am here: it is passed over.
  void observe(const GroupView& group, const std::string& me, const std::set<std::string>& named, const Policy& policy,
               Duration now);
  // Whether `instance` had been missing for the policy's grace at the last listing.
  bool gone(const std::string& instance, const Policy& policy) const;

 private:
  struct Absence {
    Duration since{0};
    int listings = 0;
  };
  std::map<std::string, Absence> absent_;
  Duration last_{0};
};

// Everything the decision looks at. What could not be learned is absent.
struct View {
  std::string me;       // my instance id
  std::string address;  // my address
  Duration now{0};      // monotonic

  bool store_answers = false;
  Duration store_silent_for{0};
  std::optional<Marker> marker;
  std::vector<Report> reports;  // mine once it is written; all there are while no marker says formed

  bool has_data = false;
  std::optional<Record> record;
  bool running = false;           // my etcd process
  bool serves_privately = false;  // it was started for this node's own eyes
  bool answers = false;           // it answered, with itself as the leader while seeding
  uint64_t own_cluster_id = 0;    // as it answered
  uint64_t own_member_id = 0;

  std::optional<Cluster> cluster;  // none: no quorum answered
  std::optional<GroupView> group;
  std::set<std::string> gone;  // instances and addresses of members that are gone for the grace period
  std::set<uint64_t> stuck;    // learners that have held their place for too long

  bool terminating = false;  // my instance is about to be terminated
  Duration terminating_for{0};
  bool released = false;  // the group has been told that it may
};

struct Action {
  enum class Kind : uint8_t {
    kWait,         // nothing to do now; `why` says for what
    kReport,       // write my report
    kSeed,         // record and start a new cluster, privately
    kRestoreData,  // make data from the marker's snapshot
    kStartPrivately,
    kCommit,         // write the marker for what I seeded
    kConfirm,        // the marker names what I seeded: record it, and stop the private etcd
    kRewriteMarker,  // it is lost; write it from my record
    kAddMe,          // as a learner
    kJoin,           // start etcd on an empty disk as the member that was added
    kStart,          // start etcd on the data there are
    kPromoteMe,
    kRemove,  // `member`
    kStop,
    kPutAside,  // move the data out of etcd's way
    kRelease,   // tell the group that this instance may go
  };
  Kind kind = Kind::kWait;
  std::string why;
  uint64_t member = 0;
  bool operator==(const Action& other) const { return kind == other.kind && member == other.member; }
};

// Whether it is a change of the cluster's membership, made one at a time under the cluster's lock.
bool changes_membership(const Action& action);
// "add-me", for logs and metrics.
const char* to_string(Action::Kind kind);

// My report as it should stand in the store.
Report report_of(const View& view);

// The one next step.
Action decide(const Policy& policy, const View& view);

}  // namespace terrace::node
