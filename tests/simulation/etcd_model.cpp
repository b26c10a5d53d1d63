// etcd as its users see it: a log for each member, leaders by vote, changes of the members one at a time with etcd's
// own checks. Message by message detail is left out: an election and a replication happen at one instant.
#include <algorithm>

#include "simulation/world.h"

namespace terrace::simulation {

namespace {

constexpr Duration kHealthInterval = std::chrono::seconds(5);

size_t quorum(size_t voters) {
  return voters / 2 + 1;
}

const Member* find(const std::vector<Member>& members, uint64_t id) {
  for (const Member& each : members)
    if (each.id == id) return &each;
  return nullptr;
}

size_t count_voters(const std::vector<Member>& members) {
  return static_cast<size_t>(std::count_if(members.begin(), members.end(), [](const Member& m) { return !m.learner; }));
}

bool same_entry(const Entry& a, const Entry& b) {
  return a.term == b.term && a.write == b.write && a.config == b.config;
}

// Makes `log` what `leader` has.
void follow(std::vector<Entry>& log, const std::vector<Entry>& leader) {
  if (log.size() <= leader.size() && (log.empty() || same_entry(log.back(), leader[log.size() - 1]))) {
    log.insert(log.end(), leader.begin() + static_cast<std::ptrdiff_t>(log.size()), leader.end());
  } else {
    log = leader;
  }
}

}  // namespace

Config Data::config() const {
  for (auto entry = log.rbegin(); entry != log.rend(); ++entry)
    if (entry->config) return entry->config;
  return std::make_shared<const std::vector<Member>>();
}

bool World::active(const Machine& machine) const {
  return machine.alive && machine.running && machine.data && machine.frozen_until <= now();
}

bool World::connected(const Machine& a, const Machine& b) const {
  return &a == &b || a.side == b.side;
}

Machine* World::reach(const Machine& from, const std::string& endpoint) {
  for (Machine& machine : machines_) {
    if (!active(machine)) continue;
    if (endpoint == node::kPrivateEndpoint) {
      if (&machine == &from && machine.privately) return &machine;
    } else if (!machine.privately && node::client_endpoint(machine.address) == endpoint) {
      return connected(from, machine) ? &machine : nullptr;
    }
  }
  return nullptr;
}

bool World::has_quorum(const Machine& leader) const {
  const Config config = leader.data->config();
  std::set<uint64_t> answering;
  for (const Machine& each : machines_) {
    if (!active(each) || each.data->token != leader.data->token || !connected(leader, each)) continue;
    const Member* member = find(*config, each.data->member_id);
    if (member != nullptr && !member->learner) answering.insert(member->id);
  }
  return answering.size() >= quorum(count_voters(*config));
}

Machine* World::leader(const std::string& token, Machine& from) {
  if (!active(from)) return nullptr;
  Machine*& known = leaders_[token];
  if (known != nullptr && active(*known) && known->data->token == token && connected(from, *known) &&
      has_quorum(*known))
    return known;
  std::vector<Machine*> candidates;
  for (Machine& each : machines_)
    if (active(each) && each.data->token == token && connected(from, each)) candidates.push_back(&each);
  const auto behind = [](const Machine* a, const Machine* b) {
    return std::pair(a->data->last_term(), a->data->log.size()) < std::pair(b->data->last_term(), b->data->log.size());
  };
  std::stable_sort(candidates.begin(), candidates.end(), [&](Machine* a, Machine* b) { return behind(b, a); });
  // Any candidate with the votes may win, not only the best.
  const int skip = candidates.empty() ? 0 : draw_below(static_cast<int>(candidates.size()));
  for (size_t i = 0; i < candidates.size(); ++i) {
    Machine* candidate = candidates[(i + static_cast<size_t>(skip)) % candidates.size()];
    const Config config = candidate->data->config();
    const Member* self = find(*config, candidate->data->member_id);
    if (self == nullptr || self->learner) continue;
    std::set<uint64_t> votes;
    for (Machine* voter : candidates) {
      const Member* member = find(*config, voter->data->member_id);
      if (member != nullptr && !member->learner && !behind(candidate, voter)) votes.insert(member->id);
    }
    if (votes.size() < quorum(count_voters(*config))) continue;
    for (const auto& [write, index] : acknowledged_[token]) {
      if (candidate->data->log.size() <= index || candidate->data->log[index].write != write)
        violated("an acknowledged write is lost: " + std::to_string(write) + " of " + token + ", leader " +
                 candidate->id);
    }
    known = candidate;
    candidate->data->log.push_back(Entry{next_term_++, -1, nullptr});
    replicate(*candidate, 1.0);
    return candidate;
  }
  return nullptr;
}

void World::replicate(Machine& leader, double chance) {
  const Config config = leader.data->config();
  for (Machine& each : machines_) {
    if (&each == &leader || !active(each) || each.data->token != leader.data->token || !connected(leader, each))
      continue;
    const Member* member = find(*config, each.data->member_id);
    if (member == nullptr) continue;
    const bool slow = each.slow_until > now();
    if (draw() < (slow ? 0.02 : member->learner ? chance / 2 : chance)) follow(each.data->log, leader.data->log);
  }
}

// Whether the leader may change the members: the last change is stored by a quorum of those before it, too.
bool World::may_reconfigure(Machine& chief) {
  replicate(chief, 1.0);
  const std::vector<Entry>& log = chief.data->log;
  size_t last = log.size();
  while (last > 0 && !log[last - 1].config) --last;
  size_t& committed = committed_[chief.data->token];
  if (last <= committed) return true;
  Config before;
  for (size_t i = last - std::min<size_t>(last, 1); i-- > 0 && !before;) before = log[i].config;
  if (!before) return true;
  std::set<uint64_t> stored;
  for (const Machine& each : machines_) {
    if (!active(each) || each.data->token != chief.data->token || each.data->log.size() < last) continue;
    const Member* member = find(*before, each.data->member_id);
    if (member != nullptr && !member->learner && same_entry(each.data->log[last - 1], log[last - 1]))
      stored.insert(member->id);
  }
  if (stored.size() < quorum(count_voters(*before))) return false;
  committed = last;
  return true;
}

bool World::propose(Machine& via, Entry entry) {
  const std::string token = via.data->token;
  Machine* chief = leader(token, via);
  if (chief == nullptr) return false;
  if (entry.config && !may_reconfigure(*chief)) return false;
  const Config config = chief->data->config();
  entry.term = chief->data->last_term();
  chief->data->log.push_back(entry);
  const size_t length = chief->data->log.size();
  std::set<uint64_t> stored;
  for (int round = 0; round < 2; ++round) {
    replicate(*chief, 0.8);
    for (const Machine& each : machines_) {
      if (!each.data || each.data->token != token || !each.alive) continue;
      const Member* member = find(*config, each.data->member_id);
      if (member == nullptr || member->learner || each.data->log.size() < length) continue;
      if (same_entry(each.data->log[length - 1], chief->data->log[length - 1])) stored.insert(member->id);
    }
    if (stored.size() < quorum(count_voters(*config))) continue;
    committed_[token] = std::max(committed_[token], length);
    return true;
  }
  return false;
}

bool World::intact(const std::string& token, uint64_t member) const {
  return std::any_of(machines_.begin(), machines_.end(), [&](const Machine& each) {
    return each.alive && each.data && each.data->token == token && each.data->member_id == member;
  });
}

size_t World::count_intact(const std::string& token, const std::vector<Member>& members) const {
  return static_cast<size_t>(std::count_if(members.begin(), members.end(),
                                           [&](const Member& m) { return !m.learner && intact(token, m.id); }));
}

// The quorum must not be lost by what an agent did.
void World::judge_change(const std::string& token, const std::vector<Member>& before,
                         const std::vector<Member>& after) {
  const bool had = count_intact(token, before) >= quorum(count_voters(before));
  const bool has = count_intact(token, after) >= quorum(count_voters(after));
  if (had && !has)
    violated("the quorum is lost by our own hand: " + std::to_string(count_intact(token, after)) + " of " +
             std::to_string(count_voters(after)));
}

Result<Cluster, std::string> World::members(Machine& via) {
  Machine* chief = leader(via.data->token, via);
  if (chief == nullptr) return Failure{std::string("etcdserver: request timed out")};
  return Cluster{via.data->cluster_id, "", *chief->data->config()};
}

Result<EtcdStatus, std::string> World::status(Machine& via) {
  EtcdStatus status;
  status.cluster_id = via.data->cluster_id;
  status.member_id = via.data->member_id;
  if (Machine* chief = leader(via.data->token, via)) status.leader = chief->data->member_id;
  return status;
}

Result<uint64_t, std::string> World::add(Machine& caller, Machine& via, const std::string& address, bool as_learner) {
  const std::string token = via.data->token;
  Machine* chief = leader(token, via);
  if (chief == nullptr) return Failure{std::string("etcdserver: request timed out")};
  std::vector<Member> members = *chief->data->config();
  for (const Member& each : members) {
    if (each.address == address) return Failure{std::string("etcdserver: Peer URLs already exists")};
    if (each.learner && as_learner) return Failure{std::string("etcdserver: too many learner members in cluster")};
    if (each.learner || !chaos.strict_reconfiguration) continue;
    const bool healthy = std::any_of(machines_.begin(), machines_.end(), [&](const Machine& machine) {
      return active(machine) && machine.data->token == token && machine.data->member_id == each.id &&
             connected(*chief, machine) && now() - machine.running_since >= kHealthInterval;
    });
    if (!healthy) return Failure{std::string("etcdserver: unhealthy cluster")};
  }
  const std::vector<Member> before = members;
  Member member;
  member.id = next_member_++;
  member.address = address;
  member.learner = as_learner;
  members.push_back(member);
  if (!propose(via, Entry{0, -1, std::make_shared<const std::vector<Member>>(members)}))
    return Failure{std::string("etcdserver: request timed out")};
  say(caller.id + " added member " + std::to_string(member.id));
  judge_change(token, before, members);
  return member.id;
}

Status<std::string> World::promote(Machine& caller, Machine& via, uint64_t id) {
  const std::string token = via.data->token;
  Machine* chief = leader(token, via);
  if (chief == nullptr) return Failure{std::string("etcdserver: request timed out")};
  std::vector<Member> members = *chief->data->config();
  const std::vector<Member> before = members;
  auto member = std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.id == id; });
  if (member == members.end()) return Failure{std::string("etcdserver: member not found")};
  if (!member->learner) return Failure{std::string("etcdserver: can only promote a learner member")};
  const bool in_sync = std::any_of(machines_.begin(), machines_.end(), [&](const Machine& each) {
    return active(each) && each.data->token == token && each.data->member_id == id && connected(each, *chief) &&
           each.data->log.size() * 10 >= chief->data->log.size() * 9;
  });
  if (!in_sync)
    return Failure{std::string("etcdserver: can only promote a learner member which is in sync with leader")};
  member->learner = false;
  if (!propose(via, Entry{0, -1, std::make_shared<const std::vector<Member>>(members)}))
    return Failure{std::string("etcdserver: request timed out")};
  say(caller.id + " promoted member " + std::to_string(id));
  judge_change(token, before, members);
  return {};
}

Status<std::string> World::remove(Machine& caller, Machine& via, uint64_t id) {
  const std::string token = via.data->token;
  Machine* chief = leader(token, via);
  if (chief == nullptr) return Failure{std::string("etcdserver: request timed out")};
  std::vector<Member> members = *chief->data->config();
  const std::vector<Member> before = members;
  auto member = std::find_if(members.begin(), members.end(), [&](const Member& each) { return each.id == id; });
  if (member == members.end()) return Failure{std::string("etcdserver: member not found")};
  const Member gone = *member;
  const auto is_active = [&](uint64_t each_id) {
    return std::any_of(machines_.begin(), machines_.end(), [&](const Machine& each) {
      return active(each) && each.data->token == token && each.data->member_id == each_id && connected(each, *chief);
    });
  };
  if (chaos.strict_reconfiguration && !gone.learner && is_active(id)) {
    size_t answering = 0;
    for (const Member& each : members)
      if (!each.learner && is_active(each.id)) ++answering;
    if (answering - 1 < 1 + (count_voters(members) - 1) / 2)
      return Failure{std::string("etcdserver: unhealthy cluster")};
  }
  members.erase(member);
  if (!propose(via, Entry{0, -1, std::make_shared<const std::vector<Member>>(members)}))
    return Failure{std::string("etcdserver: request timed out")};
  say(caller.id + " removed member " + std::to_string(id) + " (" + gone.name + ")");
  judge_change(token, before, members);
  const Machine* victim = gone.name.empty() ? nullptr : machine_of(gone.name);
  if (victim != nullptr && victim != &caller && victim->alive && !gone.learner && intact(token, id)) {
    const Instance* instance = group_.find(victim->id);
    if (instance != nullptr && !instance->leaving()) violated("a live member was removed: " + gone.name);
  }
  return {};
}

Status<std::string> World::start(Machine& machine, const node::EtcdStart& how) {
  if (machine.running) return {};
  if (!machine.data) {
    if (!how.fresh) return Failure{std::string("no data")};
    Data data;
    data.token = how.token;
    if (how.existing) {
      for (const Member& each : how.members)
        if (each.name == machine.id && each.address == machine.address) data.member_id = each.id;
      if (data.member_id == 0) return Failure{std::string("couldn't find local name in the initial cluster")};
      if (machine.record) data.cluster_id = machine.record->cluster_id;
    } else {
      data.member_id = next_member_++;
      data.cluster_id = std::hash<std::string>()(how.token);
      Member self;
      self.id = data.member_id;
      self.name = machine.id;
      self.address = machine.address;
      data.log.push_back(
          Entry{next_term_++, -1, std::make_shared<const std::vector<Member>>(std::vector<Member>{self})});
    }
    machine.data = std::move(data);
  }
  for (const Machine& each : machines_) {
    if (&each != &machine && active(each) && each.data->token == machine.data->token &&
        each.data->member_id == machine.data->member_id)
      violated("two processes are one member: " + each.id + " and " + machine.id);
  }
  machine.running = true;
  machine.privately = how.privately;
  machine.running_since = now();
  say(machine.id + " started etcd" + (how.privately ? " privately" : ""));
  if (how.privately && chaos.early && chaos.freezes && !calm_ && draw() < 0.3) freeze_seed();
  return {};
}

void World::snapshot(Machine& via) {
  Machine* chief = leader(via.data->token, via);
  if (chief == nullptr) return;
  // Only what a quorum has is in a snapshot; entries that nobody else has are left out.
  std::vector<Entry> writes;
  const auto& acknowledged = acknowledged_[via.data->token];
  for (const auto& [write, index] : acknowledged) writes.push_back(Entry{0, write, nullptr});
  snapshots[std::to_string(snapshots.size() + 1)] = std::move(writes);
}

Task<void> World::heartbeat() {
  while (!over_) {
    std::set<std::string> serving;
    for (Machine& each : machines_) {
      if (!active(each)) continue;
      Machine* chief = leader(each.data->token, each);
      if (chief == nullptr) continue;
      if (chief == &each) replicate(each, 0.9);
      if (!each.privately) serving.insert(each.data->token);
      const Config config = chief->data->config();
      const Member* mine = find(*config, each.data->member_id);
      if (mine == nullptr && !each.data->log.empty()) {
        // Once it has been told of its removal it ends.
        if (draw() < 0.5) each.running = false;
      } else if (mine != nullptr && mine->name != each.id && !each.data->log.empty()) {
        std::vector<Member> named = *config;
        for (Member& member : named)
          if (member.id == mine->id) member.name = each.id;
        propose(each, Entry{0, -1, std::make_shared<const std::vector<Member>>(named)});
      }
    }
    if (serving.size() > 1) violated("two clusters serve at once");
    co_await loop_.sleep(std::chrono::milliseconds(700));
  }
}

Task<void> World::clients() {
  while (!over_) {
    co_await loop_.sleep(draw_duration(0.3, 1.5));
    Machine* machine = pick();
    if (machine == nullptr || !active(*machine) || machine->privately) continue;
    const int write = next_write_++;
    const std::string token = machine->data->token;
    if (!propose(*machine, Entry{0, write, nullptr})) continue;
    const Machine* chief = leaders_[token];
    for (size_t i = chief->data->log.size(); i-- > 0;) {
      if (chief->data->log[i].write != write) continue;
      acknowledged_[token][write] = i;
      ++acknowledged_total_;
      break;
    }
  }
}

}  // namespace terrace::simulation
