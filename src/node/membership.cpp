#include "node/membership.h"

#include <algorithm>

namespace terrace::node {

bool Instance::leaving() const {
  return lifecycle.starts_with("Terminat") || lifecycle.starts_with("Detach");
}

const Instance* GroupView::find(const std::string& id) const {
  for (const Instance& instance : instances)
    if (instance.id == id) return &instance;
  return nullptr;
}

void Absences::observe(const GroupView& group, const std::string& me, const std::set<std::string>& named,
                       const Policy& policy, Duration now) {
  if (group.find(me) == nullptr) return;
  // Nobody looked for a while: an instance that was missing before may have been there since.
  if (now - last_ > policy.listing_gap) absent_.clear();
  last_ = now;
  std::set<std::string> present;
  for (const Instance& instance : group.instances) {
    present.insert(instance.id);
    if (!instance.address.empty()) present.insert(instance.address);
  }
  std::map<std::string, Absence> absent;
  for (const std::string& name : named) {
    if (present.contains(name)) continue;
    auto known = absent_.find(name);
    Absence absence = known == absent_.end() ? Absence{now, 0} : known->second;
    ++absence.listings;
    absent.emplace(name, absence);
  }
  absent_ = std::move(absent);
}

bool Absences::gone(const std::string& instance, const Policy& policy) const {
  auto found = absent_.find(instance);
  return found != absent_.end() && found->second.listings >= policy.absences &&
         last_ - found->second.since >= policy.grace;
}

bool changes_membership(const Action& action) {
  using Kind = Action::Kind;
  return action.kind == Kind::kAddMe || action.kind == Kind::kPromoteMe || action.kind == Kind::kRemove;
}

const char* to_string(Action::Kind kind) {
  using Kind = Action::Kind;
  switch (kind) {
    case Kind::kWait:
      return "wait";
    case Kind::kReport:
      return "report";
    case Kind::kSeed:
      return "seed";
    case Kind::kRestoreData:
      return "restore-data";
    case Kind::kStartPrivately:
      return "start-privately";
    case Kind::kCommit:
      return "commit";
    case Kind::kConfirm:
      return "confirm";
    case Kind::kRewriteMarker:
      return "rewrite-marker";
    case Kind::kAddMe:
      return "add-me";
    case Kind::kJoin:
      return "join";
    case Kind::kStart:
      return "start";
    case Kind::kPromoteMe:
      return "promote-me";
    case Kind::kRemove:
      return "remove";
    case Kind::kStop:
      return "stop";
    case Kind::kPutAside:
      return "put-aside";
    case Kind::kRelease:
      return "release";
  }
  return "";
}

Report report_of(const View& view) {
  const bool counts = view.record && view.record->phase == Phase::kMember;
  return Report{view.me, view.address, counts, counts ? view.record->token : std::string()};
}

namespace {

using Kind = Action::Kind;

size_t quorum(size_t voters) {
  return voters / 2 + 1;
}

// One decision over one view; the functions are the rows of the table.
class Decision {
 public:
  Decision(const Policy& policy, const View& view) : policy_(policy), view_(view) {}

  Action decide() const {
    if (view_.terminating) return leave();
    if (view_.has_data && policy_.own_data_only && (!view_.record || view_.record->instance != view_.me))
      return discard("the data on this disk are not this instance's");
    if (!view_.store_answers) return without_store();
    if (!reported()) return act(Kind::kReport, "the others wait to hear of this node");
    if (!view_.marker) return without_marker();
    if (view_.marker->kind == Marker::Kind::kRestore) return restore();
    return formed(*view_.marker);
  }

 private:
  static Action act(Kind kind, std::string why, uint64_t member = 0) { return Action{kind, std::move(why), member}; }
  static Action wait(std::string why) { return Action{Kind::kWait, std::move(why), 0}; }

  bool is_member_data() const { return view_.record && view_.record->phase == Phase::kMember; }
  bool is_seeding() const { return view_.record && view_.record->phase == Phase::kSeeding; }

  bool reported() const {
    const Report mine = report_of(view_);
    return std::any_of(view_.reports.begin(), view_.reports.end(), [&](const Report& each) { return each == mine; });
  }

  // Stop first, then move the data away.
  Action discard(std::string why) const { return act(view_.running ? Kind::kStop : Kind::kPutAside, std::move(why)); }

  // My etcd runs as a member serves; it did not if it still is as it was for seeding.
  Action serve(std::string why) const {
    if (view_.running && view_.serves_privately) return act(Kind::kStop, "it served privately until now");
    if (!view_.running) return act(Kind::kStart, std::move(why));
    return wait("etcd is starting");
  }

  // The store is away: a member goes on with what its disk says, nobody begins anything.
  Action without_store() const {
    if (!view_.has_data || !is_member_data()) return wait("the store does not answer");
    if (!view_.running && view_.store_silent_for < policy_.store_patience)
      return wait("the store does not answer; starting without it soon");
    if (!view_.running) return act(Kind::kStart, "the store is away, and this disk holds a member's data");
    Marker known;
    known.token = view_.record->token;
    known.generation = view_.record->generation;
    known.cluster_id = view_.record->cluster_id;
    return member(known, "etcd is starting, and the store does not answer");
  }

  // Whether I am the first of those who could seed; says what is missing otherwise. With `from_nothing` the whole group
  // must be there, and nobody, not even an instance of old, may have had data of a cluster.
  std::optional<std::string> seed_must_wait(bool from_nothing) const {
    if (!view_.group) return "the group does not answer";
    if (view_.group->find(view_.me) == nullptr) return "the group does not list this instance yet";
    if (from_nothing) {
      for (const Report& report : view_.reports)
        if (report.has_data)
          return report.instance + " had data of a cluster: its marker is missing (docs/node.md, A lost marker)";
    }
    int staying = 0;
    for (const Instance& instance : view_.group->instances) {
      if (instance.leaving()) continue;
      ++staying;
      const bool heard = std::any_of(view_.reports.begin(), view_.reports.end(),
                                     [&](const Report& each) { return each.instance == instance.id; });
      if (!heard && from_nothing) return instance.id + " has not reported";
      if (heard && instance.id < view_.me) return instance.id + " seeds the cluster";
    }
    if (from_nothing && staying != view_.group->desired)
      return std::to_string(staying) + " of " + std::to_string(view_.group->desired) + " instances are there";
    return std::nullopt;
  }

  // What I have made privately: bring it up, and commit it.
  Action go_on_seeding() const {
    if (!policy_.commit_before_serving && !view_.running) return act(Kind::kStart, "seeding");
    if (!view_.running) return act(Kind::kStartPrivately, "the cluster that this node seeds");
    if (!view_.answers) return wait("the seeded etcd is starting");
    return act(Kind::kCommit, "the seeded etcd answers");
  }

  Action without_marker() const {
    if (view_.has_data && is_member_data()) {
      if (view_.cluster && view_.cluster->cluster_id == view_.record->cluster_id)
        return act(Kind::kRewriteMarker, "the marker is lost, and the cluster of this node's data answers");
      return serve("the marker is lost, and this disk holds a member's data");
    }
    if (is_seeding() && !view_.record->restore.empty()) return discard("the restore that these data are for is gone");
    if (view_.has_data && is_seeding()) return go_on_seeding();
    if (view_.running) return act(Kind::kStop, "its data are gone");
    if (view_.has_data) return discard("nothing says whose data these are");
    if (policy_.wait_for_whole_group) {
      if (std::optional<std::string> why = seed_must_wait(true)) return wait(*why);
    } else if (std::optional<std::string> why = seed_must_wait(false)) {
      return wait(*why);
    }
    return act(Kind::kSeed, "the whole group is up, has no data, and this instance is the first");
  }

  Action restore() const {
    const Marker& marker = *view_.marker;
    if (is_seeding() && view_.record->restore == marker.restore && view_.has_data) return go_on_seeding();
    if (view_.has_data) {
      if (is_member_data() && view_.record->generation > marker.generation) return older_marker();
      return discard("the cluster is restored from " + marker.snapshot);
    }
    if (view_.running) return act(Kind::kStop, "the cluster is restored from " + marker.snapshot);
    if (std::optional<std::string> why = seed_must_wait(false)) return wait(*why);
    return act(Kind::kRestoreData, "the operator asks for it: " + marker.snapshot);
  }

  Action older_marker() const {
    return wait("the marker is of an older cluster than this node's data; an operator must look");
  }

  Action formed(const Marker& marker) const {
    if (view_.has_data && view_.record && policy_.marked_cluster_only) {
      if (view_.record->token != marker.token) {
        if (is_member_data() && view_.record->generation > marker.generation) return older_marker();
        return discard("the marker names another cluster than these data");
      }
      if (is_seeding()) return act(Kind::kConfirm, "the marker names the cluster that this node seeded");
    }
    if (view_.has_data) return member(marker, "waiting for a quorum");
    if (view_.running) return act(Kind::kStop, "its data are gone");
    return join(marker);
  }

  bool answers_for(const Marker& marker) const {
    return view_.cluster && (!policy_.marked_cluster_only || view_.cluster->cluster_id == marker.cluster_id);
  }

  const Member* find(uint64_t id) const {
    for (const Member& each : view_.cluster->members)
      if (each.id == id) return &each;
    return nullptr;
  }

  // Whether the cluster keeps a quorum of members that answer when `leaver` goes.
  bool may_go(const Member& leaver) const {
    if (leaver.learner || !policy_.check_quorum) return true;
    size_t voters = 0;
    size_t healthy = 0;
    for (const Member& each : view_.cluster->members) {
      if (each.learner || each.id == leaver.id) continue;
      ++voters;
      if (each.healthy) ++healthy;
    }
    return voters > 0 && healthy >= quorum(voters);
  }

  Action remove(const Member& member, std::string why) const {
    if (!may_go(member)) return wait("removing " + name_of(member) + " would cost the quorum: " + why);
    return act(Kind::kRemove, std::move(why), member.id);
  }

  static std::string name_of(const Member& member) { return member.name.empty() ? member.address : member.name; }

  // The first member that should be removed, whoever does it.
  std::optional<Action> tidy() const {
    for (const Member& each : view_.cluster->members) {
      if (each.id == view_.record.value_or(Record{}).member_id && each.name == view_.me) continue;
      if (view_.gone.contains(name_of(each))) return remove(each, name_of(each) + " is gone from the group");
      if (each.learner && view_.stuck.contains(each.id))
        return act(Kind::kRemove, name_of(each) + " has not become a voter for too long", each.id);
    }
    return std::nullopt;
  }

  // I have data of the marker's cluster.
  Action member(const Marker& marker, std::string waiting) const {
    if (!answers_for(marker)) {
      if (!policy_.never_form_again && view_.running && view_.record)
        return view_.gone.empty() ? wait(std::move(waiting)) : discard("nobody answers: forming a new cluster");
      if (!view_.running || view_.serves_privately) return serve("this disk holds a member's data");
      return wait(std::move(waiting));
    }
    const Member* mine = view_.record ? find(view_.record->member_id) : nullptr;
    if (mine == nullptr) return discard("the cluster does not count this node's data among its members");
    if (!view_.running || view_.serves_privately) return serve("this disk holds a member's data");
    if (mine->learner) {
      if (!view_.answers) return wait("etcd is starting");
      return act(Kind::kPromoteMe, "this node is a learner", mine->id);
    }
    if (std::optional<Action> action = tidy()) return *action;
    return wait("everything is as it should be");
  }

  // The cluster is formed and I have no data.
  Action join(const Marker& marker) const {
    if (!answers_for(marker)) {
      if (!policy_.never_form_again) return act(Kind::kSeed, "nobody answers");
      return wait(
          "no quorum answers and this node has no data: if the data are lost, restore a snapshot with "
          "`terrace etcd restore`");
    }
    const bool recorded = view_.record && view_.record->token == marker.token;
    for (const Member& each : view_.cluster->members) {
      const bool unstarted = each.name.empty();
      const bool by_name = each.name == view_.me;
      const bool by_address = each.address == view_.address;
      if (!by_name && !by_address) continue;
      if (recorded && each.id == view_.record->member_id && unstarted)
        return act(Kind::kJoin, "this node has been added as a learner", each.id);
      if (by_name && !policy_.rejoin_after_wipe) return act(Kind::kJoin, "this node is a member", each.id);
      if (by_name) return remove(each, "the data of this node's membership are lost");
      if (policy_.check_address) return remove(each, name_of(each) + " had the address that is now this node's");
    }
    if (std::optional<Action> action = tidy()) return *action;
    for (const Member& each : view_.cluster->members)
      if (each.learner) return wait("another learner comes first: " + name_of(each));
    if (view_.record) return act(Kind::kPutAside, "the record is of a membership that ended");
    return act(Kind::kAddMe, "the cluster answers, and this node is not a member");
  }

  Action leave() const {
    if (view_.released) return view_.running ? act(Kind::kStop, "this instance goes") : wait("this instance goes");
    const bool has_membership = view_.has_data && is_member_data();
    if (!has_membership) return view_.running ? act(Kind::kStop, "this instance goes") : release("it holds nothing");
    if (view_.terminating_for >= policy_.leave_timeout)
      return view_.running ? act(Kind::kStop, "it could not leave in time") : release("it could not leave in time");
    if (!view_.cluster || view_.cluster->cluster_id != view_.record->cluster_id) {
      if (!view_.running) return act(Kind::kStart, "it must answer to leave");
      return wait("it cannot leave while no quorum answers");
    }
    const Member* mine = find(view_.record->member_id);
    if (mine == nullptr) return view_.running ? act(Kind::kStop, "it has left") : release("it has left");
    if (view_.cluster->members.size() == 1) return release("it is the last member");
    return remove(*mine, "this instance goes");
  }

  static Action release(std::string why) { return act(Kind::kRelease, std::move(why)); }

  const Policy& policy_;
  const View& view_;
};

}  // namespace

Action decide(const Policy& policy, const View& view) {
  return Decision(policy, view).decide();
}

}  // namespace terrace::node
