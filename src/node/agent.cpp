#include "node/agent.h"

#include <algorithm>

#include <fmt/format.h>

#include "node/documents.h"

namespace terrace::node {

namespace {

constexpr Duration kSnapshotLasts = std::chrono::minutes(1);
constexpr int kLockSeconds = 30;
constexpr const char* kLockName = "terrace/etcd/membership";
constexpr Duration kAfterStep = std::chrono::milliseconds(200);
constexpr Duration kWaiting = std::chrono::seconds(1);
constexpr Duration kSteady = std::chrono::seconds(5);

std::string new_token(Random& random) {
  return "terrace-" + random.uuid();
}

}  // namespace

EtcdAgent::EtcdAgent(const AgentEffects& effects, Policy policy, Identity me)
    : effects_(effects), policy_(policy), me_(std::move(me)) {}

Task<void> EtcdAgent::run() {
  while (!ended_) {
    const Action action = co_await step();
    Duration pause = kAfterStep;
    if (action.kind == Action::Kind::kWait) {
      const bool steady = view_.cluster && view_.answers && !view_.terminating;
      pause = steady ? kSteady : kWaiting;
    } else if (!error_.empty()) {
      pause = kWaiting;
    }
    // Nodes that were started together do not ask together for long.
    pause += Duration(static_cast<int64_t>(static_cast<double>(pause.count()) * 0.3 * effects_.random.uniform()));
    co_await effects_.loop.sleep(pause);
  }
}

void EtcdAgent::failed(const std::string& what) {
  error_ = what;
  effects_.log.write(LogLevel::kWarn, fmt::format("{}: {}", to_string(action_.kind), what));
}

void EtcdAgent::check(const Status<std::string>& status) {
  if (!status.ok()) failed(status.error());
}

Task<Action> EtcdAgent::step() {
  error_.clear();
  co_await observe();
  action_ = decide(policy_, view_);
  if (const std::string say = fmt::format("{}: {}", to_string(action_.kind), action_.why); say != said_) {
    said_ = say;
    effects_.log.write(LogLevel::kInfo, say);
  }
  const Action action = action_;
  if (changes_membership(action)) {
    co_await perform_under_lock(action);
  } else {
    co_await perform(action);
  }
  co_await publish();
  co_return action;
}

Task<void> EtcdAgent::read_report(std::string key, bool* all) {
  const Result<std::optional<StoredObject>, std::string> object = co_await effects_.store.get(key);
  if (!object.ok()) *all = false;
  if (!object.ok() || !*object) co_return;
  const Result<Report, std::string> report = parse_report((*object)->content);
  if (report.ok()) view_.reports.push_back(*report);
}

Task<void> EtcdAgent::observe_store() {
  const std::string key = kMarkerKey;
  const Result<std::optional<StoredObject>, std::string> object = co_await effects_.store.get(key);
  if (object.ok()) {
    view_.store_answers = true;
    if (*object) {
      Result<Marker, std::string> marker = parse_marker((*object)->content);
      if (marker.ok()) {
        marker->etag = (*object)->etag;
        view_.marker = *marker;
      } else {
        // A marker that cannot be read is not one that is absent.
        view_.store_answers = false;
        effects_.log.write(LogLevel::kError, marker.error());
      }
    }
  }
  if (view_.store_answers) {
    silent_since_.reset();
  } else {
    if (!silent_since_) silent_since_ = view_.now;
    view_.store_silent_for = view_.now - *silent_since_;
  }
  if (reported_) view_.reports.push_back(*reported_);
  const bool formed = view_.marker && view_.marker->kind == Marker::Kind::kFormed;
  if (!view_.store_answers || formed) co_return;
  const std::string prefix = kReportPrefix;
  const Result<std::vector<std::string>, std::string> keys = co_await effects_.store.list_keys(prefix);
  if (!keys.ok()) {
    view_.store_answers = false;
    co_return;
  }
  bool all = true;
  TaskGroup group(effects_.loop);
  for (const std::string& each : *keys)
    if (each != report_key(me_.instance)) group.add(read_report(each, &all));
  co_await group.join();
  // What a report says matters: without one of them nothing may be begun.
  if (!all) view_.store_answers = false;
}

Task<void> EtcdAgent::ask_for_members(std::string endpoint) {
  uint64_t expected = 0;
  if (view_.record && view_.record->phase == Phase::kMember) expected = view_.record->cluster_id;
  if (view_.marker && view_.marker->kind == Marker::Kind::kFormed) expected = view_.marker->cluster_id;
  const Result<Cluster, std::string> cluster = co_await effects_.etcd.members(endpoint);
  if (!cluster.ok() || view_.cluster) co_return;
  if (policy_.marked_cluster_only && cluster->cluster_id != expected) co_return;
  view_.cluster = *cluster;
  view_.cluster->endpoint = endpoint;
}

Task<void> EtcdAgent::ask_for_health(size_t member) {
  const uint64_t id = view_.cluster->members[member].id;
  const std::string endpoint = client_endpoint(view_.cluster->members[member].address);
  const Result<EtcdStatus, std::string> status = co_await effects_.etcd.status(endpoint);
  view_.cluster->members[member].healthy = status.ok() && status->member_id == id && status->leader != 0;
}

Task<void> EtcdAgent::observe_etcd() {
  const std::string own = view_.serves_privately ? kPrivateEndpoint : client_endpoint(me_.address);
  if (view_.running) {
    const Result<EtcdStatus, std::string> status = co_await effects_.etcd.status(own);
    if (status.ok()) {
      status_ = *status;
      view_.answers = !view_.serves_privately || status->leader == status->member_id;
      view_.own_cluster_id = status->cluster_id;
      view_.own_member_id = status->member_id;
    }
  }
  if (view_.own_member_id == 0) status_ = EtcdStatus{};
  const bool formed = view_.marker && view_.marker->kind == Marker::Kind::kFormed;
  const bool member = view_.record && view_.record->phase == Phase::kMember;
  if (!formed && !member) co_return;
  if (view_.answers && !view_.serves_privately) co_await ask_for_members(own);
  if (!view_.cluster) {
    std::set<std::string> endpoints;
    if (view_.group) {
      for (const Instance& instance : view_.group->instances)
        if (!instance.address.empty()) endpoints.insert(client_endpoint(instance.address));
    }
    for (const auto& [address, endpoint] : known_) endpoints.insert(endpoint);
    endpoints.erase(own);
    TaskGroup group(effects_.loop);
    for (const std::string& endpoint : endpoints) group.add(ask_for_members(endpoint));
    co_await group.join();
  }
  if (!view_.cluster) co_return;
  known_.clear();
  TaskGroup group(effects_.loop);
  for (size_t i = 0; i < view_.cluster->members.size(); ++i) {
    const std::string& address = view_.cluster->members[i].address;
    known_[address] = client_endpoint(address);
    group.add(ask_for_health(i));
  }
  co_await group.join();
}

Task<void> EtcdAgent::observe() {
  view_ = View{};
  view_.me = me_.instance;
  view_.address = me_.address;
  view_.now = effects_.clock.monotonic();
  view_.released = released_;
  view_.has_data = effects_.process.has_data();
  view_.record = effects_.process.record();
  view_.running = effects_.process.running();
  view_.serves_privately = view_.running && effects_.process.serves_privately();

  const Result<GroupView, std::string> group = co_await effects_.group.list();
  if (group.ok()) view_.group = *group;
  if (const Instance* mine = view_.group ? view_.group->find(me_.instance) : nullptr; mine && mine->leaving()) {
    if (!terminating_since_) terminating_since_ = view_.now;
  }
  if (terminating_since_) {
    view_.terminating = true;
    view_.terminating_for = view_.now - *terminating_since_;
  }
  co_await observe_store();
  co_await observe_etcd();

  if (!view_.cluster) co_return;
  std::set<std::string> named;
  std::map<uint64_t, Duration> learners;
  for (const Member& each : view_.cluster->members) {
    named.insert(each.name.empty() ? each.address : each.name);
    if (!each.learner) continue;
    const auto known = learners_.find(each.id);
    learners.emplace(each.id, known == learners_.end() ? view_.now : known->second);
  }
  learners_ = std::move(learners);
  if (view_.group) absences_.observe(*view_.group, me_.instance, named, policy_, view_.now);
  for (const std::string& name : named)
    if (absences_.gone(name, policy_)) view_.gone.insert(name);
  for (const auto& [id, since] : learners_)
    if (view_.now - since >= policy_.learner_grace) view_.stuck.insert(id);
}

// A change that is tried again and again is preceded by one snapshot a minute, not by one a try.
Task<void> EtcdAgent::back_up(std::string endpoint, std::string why) {
  if (backed_up_ && effects_.clock.monotonic() - *backed_up_ < kSnapshotLasts) co_return;
  const Status<std::string> taken = co_await effects_.backups.take(endpoint, why);
  check(taken);
  if (taken.ok()) backed_up_ = effects_.clock.monotonic();
}

Task<void> EtcdAgent::perform_under_lock(Action action) {
  const std::string name = kLockName;
  const std::string endpoint = view_.cluster->endpoint;
  const Result<std::optional<uint64_t>, std::string> lease =
      co_await effects_.etcd.lock(endpoint, name, me_.instance, kLockSeconds);
  if (!lease.ok()) {
    failed(lease.error());
    co_return;
  }
  if (!*lease) {
    failed("another node changes the membership");
    co_return;
  }
  // What was seen before the lock was held may be what the last holder has changed since.
  co_await observe();
  const Action again = decide(policy_, view_);
  if (again == action) co_await perform(action);
  Status<std::string> unlocked = co_await effects_.etcd.unlock(endpoint, **lease);
  // A node that has removed itself is heard by the others alone; without them the lock would stand until its lease
  // ends.
  const std::map<std::string, std::string> others = known_;
  for (const auto& [address, other] : others) {
    if (unlocked.ok()) break;
    if (other != endpoint) unlocked = co_await effects_.etcd.unlock(other, **lease);
  }
  check(unlocked);
}

Task<void> EtcdAgent::start(EtcdStart how) {
  check(co_await effects_.process.start(how));
}

Task<void> EtcdAgent::perform(Action action) {
  using Kind = Action::Kind;
  EtcdStart how;
  switch (action.kind) {
    case Kind::kWait:
      break;
    case Kind::kReport: {
      const Report mine = report_of(view_);
      const std::string key = report_key(me_.instance);
      const std::string text = to_text(mine);
      const Status<std::string> status = co_await effects_.store.put(key, text);
      check(status);
      if (status.ok()) reported_ = mine;
      break;
    }
    case Kind::kSeed: {
      Record record;
      record.instance = me_.instance;
      record.token = new_token(effects_.random);
      record.phase = Phase::kSeeding;
      if (const Status<std::string> status = effects_.process.write_record(record); !status.ok()) {
        failed(status.error());
        break;
      }
      how.fresh = true;
      how.token = record.token;
      how.privately = policy_.commit_before_serving;
      co_await start(how);
      break;
    }
    case Kind::kRestoreData: {
      Record record;
      record.instance = me_.instance;
      record.token = new_token(effects_.random);
      record.generation = view_.marker->generation;
      record.phase = Phase::kSeeding;
      record.restore = view_.marker->restore;
      const std::string snapshot = view_.marker->snapshot;
      check(co_await effects_.process.restore(record, snapshot));
      break;
    }
    case Kind::kStartPrivately: {
      how.privately = true;
      co_await start(how);
      break;
    }
    case Kind::kCommit: {
      Record record = *view_.record;
      record.cluster_id = view_.own_cluster_id;
      record.member_id = view_.own_member_id;
      if (const Status<std::string> status = effects_.process.write_record(record); !status.ok()) {
        failed(status.error());
        break;
      }
      Marker marker;
      marker.token = record.token;
      marker.generation = record.generation;
      marker.cluster_id = record.cluster_id;
      marker.seed = me_.instance;
      const std::string key = kMarkerKey;
      const std::string text = to_text(marker);
      if (!policy_.conditional_marker) {
        check(co_await effects_.store.put(key, text));
        break;
      }
      if (view_.marker) {
        const Result<bool, std::string> done = co_await effects_.store.put_if_match(key, text, view_.marker->etag);
        if (!done.ok()) failed(done.error());
      } else {
        const Result<bool, std::string> done = co_await effects_.store.put_if_absent(key, text);
        if (!done.ok()) failed(done.error());
      }
      break;
    }
    case Kind::kConfirm: {
      if (view_.serves_privately) co_await effects_.process.stop();
      Record record = *view_.record;
      record.phase = Phase::kMember;
      record.cluster_id = view_.marker->cluster_id;
      record.restore.clear();
      check(effects_.process.write_record(record));
      break;
    }
    case Kind::kRewriteMarker: {
      Marker marker;
      marker.token = view_.record->token;
      marker.generation = view_.record->generation;
      marker.cluster_id = view_.record->cluster_id;
      marker.seed = me_.instance;
      const std::string key = kMarkerKey;
      const std::string text = to_text(marker);
      const Result<bool, std::string> done = co_await effects_.store.put_if_absent(key, text);
      if (!done.ok()) failed(done.error());
      break;
    }
    case Kind::kAddMe: {
      const std::string endpoint = view_.cluster->endpoint;
      const std::string why = "before " + me_.instance + " joins";
      co_await back_up(endpoint, why);
      const Result<uint64_t, std::string> id =
          co_await effects_.etcd.add(endpoint, me_.address, policy_.join_as_learner);
      if (!id.ok()) {
        failed(id.error());
        break;
      }
      ++changes_;
      backed_up_.reset();
      Record record;
      record.instance = me_.instance;
      record.token = view_.marker->token;
      record.generation = view_.marker->generation;
      record.cluster_id = view_.marker->cluster_id;
      record.member_id = *id;
      check(effects_.process.write_record(record));
      break;
    }
    case Kind::kJoin: {
      Record record = view_.record.value_or(Record{});
      if (record.member_id != action.member) {
        record.instance = me_.instance;
        record.token = view_.marker->token;
        record.generation = view_.marker->generation;
        record.cluster_id = view_.marker->cluster_id;
        record.member_id = action.member;
        check(effects_.process.write_record(record));
      }
      how.fresh = true;
      how.existing = true;
      how.token = view_.marker->token;
      how.members = view_.cluster->members;
      for (Member& each : how.members)
        if (each.id == action.member) each.name = me_.instance;
      co_await start(how);
      break;
    }
    case Kind::kStart: {
      co_await start(how);
      break;
    }
    case Kind::kPromoteMe: {
      const std::string endpoint = view_.cluster->endpoint;
      const Status<std::string> status = co_await effects_.etcd.promote(endpoint, action.member);
      check(status);
      if (status.ok()) ++changes_;
      break;
    }
    case Kind::kRemove: {
      const std::string endpoint = view_.cluster->endpoint;
      const std::string why = "before a member is removed";
      co_await back_up(endpoint, why);
      const Status<std::string> status = co_await effects_.etcd.remove(endpoint, action.member);
      check(status);
      if (status.ok()) {
        ++changes_;
        backed_up_.reset();
      }
      break;
    }
    case Kind::kStop: {
      co_await effects_.process.stop();
      break;
    }
    case Kind::kPutAside: {
      check(co_await effects_.process.put_aside());
      break;
    }
    case Kind::kRelease: {
      const Status<std::string> status = co_await effects_.group.release();
      check(status);
      if (status.ok()) released_ = true;
      break;
    }
  }
}

// The leader's node tells the other kinds of nodes where the members are.
Task<void> EtcdAgent::publish() {
  if (!view_.cluster || !view_.store_answers || !view_.answers || status_.leader != status_.member_id) co_return;
  std::vector<Member> members;
  for (const Member& each : view_.cluster->members)
    if (!each.name.empty() && !each.learner) members.push_back(each);
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.name < b.name; });
  const std::string text = initial_cluster(members) + "\n";
  if (published_ == text) co_return;
  const std::string key = kInitialClusterKey;
  const Status<std::string> status = co_await effects_.store.put(key, text);
  if (status.ok()) published_ = text;
}

}  // namespace terrace::node
