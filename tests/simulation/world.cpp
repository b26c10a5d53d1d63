#include "simulation/world.h"

#include <algorithm>
#include <cstdio>

#include "node/documents.h"
#include "simulation/effects.h"

namespace terrace::simulation {

namespace {
constexpr Duration kChaosLasts = std::chrono::minutes(6);
constexpr Duration kCalmLasts = std::chrono::minutes(25);
}  // namespace

// A machine's own clock: it is off by a fixed amount.
class SkewedClock final : public Clock {
 public:
  SkewedClock(const Clock& clock, Duration skew) : clock_(clock), skew_(skew) {}
  Duration wall() const override { return clock_.wall() + skew_; }
  Duration monotonic() const override { return clock_.monotonic() + skew_; }

 private:
  const Clock& clock_;
  Duration skew_;
};

struct World::Agent {
  Agent(World& world, Machine& machine, Policy policy)
      : effects(world, machine),
        clock(world.clock_, machine.skew),
        agent(node::AgentEffects{world.loop_, clock, world.random_, effects, effects, effects, effects, effects,
                                 world.no_log_},
              policy, node::Identity{machine.id, machine.address}) {}
  Effects effects;
  SkewedClock clock;
  node::EtcdAgent agent;
};

World::World(uint64_t seed, Policy policy, bool trace, void (*focus)(Chaos&))
    : random_(seed), policy_(policy), trace_(trace) {
  policy_.grace = std::max(Duration{0}, std::min<Duration>(policy_.grace, std::chrono::seconds(45)));
  policy_.learner_grace = std::chrono::minutes(3);
  policy_.leave_timeout = std::chrono::minutes(2);
  draw_chaos();
  if (focus != nullptr) focus(chaos);
}

World::~World() = default;

// Each seed goes wrong in its own few ways: faults that hide each other are then met apart, too.
void World::draw_chaos() {
  const auto maybe = [&](double chance) { return draw() < chance; };
  const int sizes[] = {1, 3, 3, 3, 5, 5};
  chaos.size = sizes[draw_below(6)];
  chaos.strict_reconfiguration = maybe(0.5);
  chaos.agent_crashes = maybe(0.6);
  chaos.reboots = maybe(0.5);
  chaos.terminations = maybe(0.4);
  chaos.departures = maybe(0.4);
  chaos.wipes = maybe(0.4);
  chaos.freezes = maybe(0.4);
  chaos.slow_disks = maybe(0.4);
  chaos.cuts = maybe(0.4);
  chaos.store_outages = maybe(0.3);
  chaos.lost_answers = maybe(0.5);
  chaos.group_outages = maybe(0.3);
  chaos.stale_lists = maybe(0.4);
  chaos.glitches = maybe(0.3);
  chaos.copied_disks = maybe(0.1);
  chaos.marker_losses = maybe(0.15);
  chaos.resizes = maybe(0.2);
  chaos.disasters = maybe(0.1);
  chaos.early = maybe(0.4);
}

Duration World::draw_duration(double from_s, double to_s) {
  return Duration(static_cast<int64_t>((from_s + (to_s - from_s) * draw()) * 1e9));
}

void World::say(const std::string& what) {
  if (trace_) std::printf("%9.3f  %s\n", static_cast<double>(now().count()) / 1e9, what.c_str());
}

void World::violated(const std::string& what) {
  if (violations_.size() < 5) violations_.push_back(what);
  say("VIOLATION " + what);
  over_ = true;
}

Task<void> World::travel(Machine& machine, uint64_t life) {
  Duration length = draw_duration(0.001, 0.04);
  if (chaos.lost_answers && draw() < 0.01) length = draw_duration(0.5, 4);
  co_await loop_.sleep(length);
  if (chaos.agent_crashes && !calm_ && machine.life == life && draw() < 0.0007) {
    // It dies between any two steps. Its etcd may go on.
    ++faults_;
    say("the agent of " + machine.id + " crashes");
    ++machine.life;
    if (draw() < 0.3) machine.running = false;
    loop_.spawn(mend(machine, machine.life, draw_duration(1, 20)));
  }
  while (machine.life == life && machine.frozen_until > now()) co_await loop_.sleep(machine.frozen_until - now());
  if (machine.life != life || !machine.alive) co_await never_;
}

Task<void> World::mend(Machine& machine, uint64_t life, Duration after) {
  co_await loop_.sleep(after);
  if (machine.alive && machine.life == life) boot(machine);
}

bool World::store_answers(const Machine& machine) const {
  return machine.side == 0 && store_down_until_ <= clock_.monotonic();
}

Machine* World::machine_of(const std::string& id) {
  for (Machine& each : machines_)
    if (each.id == id) return &each;
  return nullptr;
}

// A machine that is alive; the network does not matter.
Machine* World::pick() {
  std::vector<Machine*> alive;
  for (Machine& each : machines_)
    if (each.alive) alive.push_back(&each);
  return alive.empty() ? nullptr : alive[static_cast<size_t>(draw_below(static_cast<int>(alive.size())))];
}

Machine& World::launch() {
  Machine& machine = machines_.emplace_back();
  machine.id = "i-" + std::to_string(1000 - draw_below(900)) + "-" + std::to_string(next_instance_++);
  for (int host = 4;; ++host) {
    machine.address = "10.10.1." + std::to_string(host);
    const bool taken = std::any_of(machines_.begin(), machines_.end(), [&](const Machine& each) {
      return &each != &machine && each.alive && each.address == machine.address;
    });
    if (!taken) break;
  }
  machine.skew = draw_duration(0, 100000);
  if (chaos.copied_disks && draw() < 0.5) {
    if (const Machine* other = pick(); other != nullptr && other != &machine && other->data) {
      say(machine.id + " has a copy of the disk of " + other->id);
      machine.data = other->data;
      machine.record = other->record;
    }
  }
  group_.instances.push_back(Instance{machine.id, machine.address, "InService"});
  say("launched " + machine.id + " at " + machine.address);
  boot(machine);
  return machine;
}

void World::boot(Machine& machine) {
  ++machine.life;
  Agent& agent = *agents_.emplace_back(std::make_unique<Agent>(*this, machine, policy_));
  machine.agent = &agent.agent;
  loop_.spawn(agent.agent.run());
}

// The instance is gone at once, with its disk.
void World::terminate(Machine& machine) {
  say("terminated " + machine.id);
  machine.alive = false;
  machine.running = false;
  machine.data.reset();
  machine.record.reset();
  ++machine.life;
  std::erase_if(group_.instances, [&](const Instance& each) { return each.id == machine.id; });
}

std::optional<GroupView> World::listing(const Machine& machine) {
  if (machine.side != 0 || group_down_until_ > now()) return std::nullopt;
  GroupView view = group_;
  if (stale_until_ > now() && !group_history_.empty()) view = group_history_.front().second;
  if (glitch_until_ > now()) std::erase_if(view.instances, [&](const Instance& each) { return each.id == glitch_; });
  return view;
}

void World::release(Machine& machine) {
  for (const Instance& instance : group_.instances) {
    if (instance.id != machine.id || !instance.leaving()) continue;
    loop_.spawn(close(instance, draw_duration(1, 8)));
    return;
  }
}

// Ends an instance that was held back by its lifecycle hook.
Task<void> World::close(Instance instance, Duration after) {
  co_await loop_.sleep(after);
  Machine* machine = machine_of(instance.id);
  if (machine != nullptr && machine->alive) terminate(*machine);
}

void World::make_restored(Machine& machine, const Record& record, const std::vector<Entry>& writes) {
  Data data;
  data.token = record.token;
  data.cluster_id = std::hash<std::string>()(record.token);
  data.member_id = next_member_++;
  data.log = writes;
  std::map<int, size_t> acknowledged;
  for (size_t i = 0; i < writes.size(); ++i) acknowledged[writes[i].write] = i;
  acknowledged_[record.token] = acknowledged;
  Member self;
  self.id = data.member_id;
  self.name = machine.id;
  self.address = machine.address;
  data.log.push_back(Entry{next_term_++, -1, std::make_shared<const std::vector<Member>>(std::vector<Member>{self})});
  machine.record = record;
  machine.data = std::move(data);
  say(machine.id + " restored a snapshot");
}

Task<void> World::autoscale() {
  for (int i = 0; i < chaos.size; ++i) {
    if (draw() < 0.3) co_await loop_.sleep(draw_duration(0, 60));
    launch();
  }
  while (!over_) {
    co_await loop_.sleep(draw_duration(2, 4));
    group_history_.emplace_back(now(), group_);
    while (group_history_.front().first + std::chrono::seconds(12) < now()) group_history_.pop_front();
    int staying = 0;
    for (const Instance& each : group_.instances) staying += each.leaving() ? 0 : 1;
    if (staying < group_.desired) {
      co_await loop_.sleep(draw_duration(1, 20));
      launch();
    } else if (staying > group_.desired) {
      for (Instance& each : group_.instances) {
        if (each.leaving()) continue;
        each.lifecycle = "Terminating:Wait";
        say(each.id + " is to go");
        loop_.spawn(close(each, std::chrono::minutes(4)));
        break;
      }
    }
  }
}

Config World::newest_config(const std::string& token) const {
  const Machine* best = nullptr;
  for (const Machine& each : machines_) {
    if (!each.alive || !each.data || each.data->token != token) continue;
    if (best == nullptr || std::pair(best->data->last_term(), best->data->log.size()) <
                               std::pair(each.data->last_term(), each.data->log.size()))
      best = &each;
  }
  return best == nullptr ? std::make_shared<const std::vector<Member>>() : best->data->config();
}

// Whether the loss of this disk would be the loss of the cluster.
bool World::endangered(const Machine& victim) const {
  if (!victim.data) return false;
  const Config config = newest_config(victim.data->token);
  size_t voters = 0;
  size_t left = 0;
  for (const Member& each : *config) {
    if (each.learner) continue;
    ++voters;
    if (each.id != victim.data->member_id && intact(victim.data->token, each.id)) ++left;
  }
  return left < voters / 2 + 1;
}

void World::wipe(Machine& machine, Duration away) {
  ++machine.life;
  machine.running = false;
  machine.data.reset();
  machine.record.reset();
  loop_.spawn(mend(machine, machine.life, away));
}

// A member lags behind, another loses its disk, and when that one is back the leader is cut off.
Task<void> World::lose_disk_and_leader() {
  std::vector<Machine*> followers;
  for (Machine& each : machines_) {
    if (!active(each)) continue;
    const Machine* chief = leader(each.data->token, each);
    if (chief != nullptr && chief != &each) followers.push_back(&each);
  }
  if (followers.size() != 2) co_return;
  say(followers[0]->id + " lags");
  followers[0]->slow_until = now() + std::chrono::seconds(50);
  co_await loop_.sleep(std::chrono::seconds(12));
  Machine& victim = *followers[1];
  if (calm_ || !victim.alive || endangered(victim)) co_return;
  say("wiped " + victim.id);
  victim.slow_until = followers[0]->slow_until;
  wipe(victim, std::chrono::seconds(1));
  co_await loop_.sleep(draw_duration(5, 20));
  if (calm_) co_return;
  for (Machine& each : machines_) each.side = &each == followers[0] || &each == &victim ? 0 : 1;
  say("cut the leader off");
}

// Whoever seeds stands still before the marker is written, and the group gets a new instance.
void World::freeze_seed() {
  Machine* seed = nullptr;
  for (Machine& each : machines_)
    if (each.alive && each.record && each.record->phase == node::Phase::kSeeding) seed = &each;
  if (seed == nullptr) return;
  say("froze " + seed->id + ", which seeds");
  seed->frozen_until = now() + draw_duration(20, 60);
  for (Machine& each : machines_) {
    if (!each.alive || &each == seed) continue;
    terminate(each);
    break;
  }
}

void World::harm() {
  Machine* victim = pick();
  if (victim == nullptr) return;
  switch (draw_below(15)) {
    case 0:
      if (!chaos.reboots) return;
      say("reboot of " + victim->id);
      ++victim->life;
      victim->running = false;
      loop_.spawn(mend(*victim, victim->life, draw_duration(2, 60)));
      break;
    case 1:
      if (!chaos.terminations || endangered(*victim)) return;
      terminate(*victim);
      break;
    case 2: {
      if (!chaos.departures) return;
      for (Instance& each : group_.instances) {
        if (each.id != victim->id || each.leaving()) continue;
        each.lifecycle = "Terminating:Wait";
        say(each.id + " is to go");
        loop_.spawn(close(each, std::chrono::minutes(4)));
      }
      break;
    }
    case 3:
      if (!chaos.wipes || endangered(*victim)) return;
      say("wiped " + victim->id);
      wipe(*victim, draw_duration(1, 30));
      break;
    case 4:
      if (!chaos.freezes) return;
      victim->frozen_until = now() + draw_duration(1, 90);
      say("froze " + victim->id);
      break;
    case 5:
      if (!chaos.cuts) return;
      for (Machine& each : machines_) each.side = draw() < 0.3 ? 1 : 0;
      say("cut the network");
      break;
    case 6:
      for (Machine& each : machines_) each.side = 0;
      say("healed the network");
      break;
    case 7:
      if (!chaos.store_outages) return;
      store_down_until_ = now() + draw_duration(5, 90);
      say("the store is away");
      break;
    case 8:
      if (!chaos.group_outages) return;
      group_down_until_ = now() + draw_duration(5, 90);
      break;
    case 9:
      if (!chaos.stale_lists) return;
      stale_until_ = now() + draw_duration(5, 60);
      break;
    case 10:
      if (!chaos.glitches) return;
      glitch_ = victim->id;
      glitch_until_ = now() + draw_duration(2, 15);
      say("listings lack " + victim->id);
      break;
    case 11:
      if (chaos.marker_losses && draw() < 0.5) {
        if (store.erase(node::kMarkerKey) > 0) say("the marker is lost");
      } else if (chaos.resizes) {
        const int sizes[] = {1, 3, 5};
        group_.desired = sizes[draw_below(3)];
        say("the group's size is " + std::to_string(group_.desired));
      } else {
        return;
      }
      break;
    case 12:
      if (!chaos.disasters || draw() > 0.3) return;
      say("a disaster");
      for (Machine& each : machines_)
        if (each.alive && draw() < 0.7) terminate(each);
      break;
    case 13:
      if (!chaos.slow_disks) return;
      victim->slow_until = now() + draw_duration(5, 60);
      say("the disk of " + victim->id + " is slow");
      break;
    case 14:
      if (!chaos.wipes || !chaos.cuts) return;
      loop_.spawn(lose_disk_and_leader());
      break;
  }
  ++faults_;
}

Task<void> World::do_harm() {
  if (!chaos.early) co_await loop_.sleep(std::chrono::seconds(100));
  while (now() < kChaosLasts && !over_) {
    co_await loop_.sleep(draw_duration(0.5, 25));
    harm();
  }
  say("calm");
  calm_ = true;
  for (Machine& each : machines_) {
    each.side = 0;
    each.slow_until = Duration{0};
  }
  store_down_until_ = group_down_until_ = stale_until_ = glitch_until_ = Duration{0};
}

// The operator takes snapshots, and restores one when the data of a quorum are lost.
Task<void> World::operate() {
  Duration lost_since{0};
  while (!over_) {
    co_await loop_.sleep(std::chrono::seconds(10));
    std::string token;
    uint64_t newest = 0;
    for (Machine& each : machines_) {
      if (!each.alive || !each.record || each.record->phase != node::Phase::kMember) continue;
      if (each.record->generation >= newest) token = each.record->token;
      newest = std::max(newest, each.record->generation);
      if (each.data && active(each) && draw() < 0.3) snapshot(each);
    }
    const auto object = store.find(node::kMarkerKey);
    if (object != store.end()) {
      const Result<node::Marker, std::string> marker = node::parse_marker(object->second.content);
      if (marker->kind == node::Marker::Kind::kRestore) continue;
      token = marker->token;
    } else if (next_write_ == 0 || acknowledged_.empty()) {
      continue;
    }
    const Config config = newest_config(token);
    size_t voters = 0;
    for (const Member& each : *config) voters += each.learner ? 0 : 1;
    if (voters > 0 && count_intact(token, *config) >= voters / 2 + 1) {
      lost_since = Duration{0};
      continue;
    }
    if (lost_since == Duration{0}) lost_since = now();
    if (now() - lost_since < std::chrono::seconds(60)) continue;
    if (snapshots.empty()) {
      doomed_ = true;
      continue;
    }
    ++generation_;
    node::Marker marker;
    marker.kind = node::Marker::Kind::kRestore;
    marker.generation = generation_;
    marker.snapshot = std::to_string(snapshots.size());
    marker.restore = "request-" + std::to_string(generation_);
    store[node::kMarkerKey] = node::StoredObject{node::to_text(marker), std::to_string(++etag)};
    say("the operator restores snapshot " + marker.snapshot);
    lost_since = Duration{0};
  }
}

bool World::settled() {
  std::set<std::string> wanted;
  for (const Instance& each : group_.instances) {
    if (each.leaving()) return false;
    wanted.insert(each.id);
  }
  if (static_cast<int>(wanted.size()) != group_.desired) return false;
  std::set<std::string> voters;
  std::string token;
  for (Machine& each : machines_) {
    if (!each.alive) continue;
    if (!active(each) || each.privately) return false;
    Machine* chief = leader(each.data->token, each);
    if (chief == nullptr || (!token.empty() && token != each.data->token)) return false;
    token = each.data->token;
    const Config config = chief->data->config();
    if (config->size() != wanted.size()) return false;
    for (const Member& member : *config) {
      if (member.learner) return false;
      voters.insert(member.name);
    }
  }
  return voters == wanted;
}

std::string World::picture() {
  std::string text;
  for (const Machine& each : machines_) {
    if (!each.alive) continue;
    text += "\n    " + each.id + (each.running ? " runs" : " stands still");
    if (each.data) text += ", member " + std::to_string(each.data->member_id) + " of " + each.data->token;
    if (each.agent != nullptr)
      text += ", " + std::string(node::to_string(each.agent->action().kind)) + ": " + each.agent->action().why + " " +
              each.agent->error();
  }
  return text;
}

Task<void> World::play() {
  group_.desired = chaos.size;
  loop_.spawn(autoscale());
  loop_.spawn(heartbeat());
  loop_.spawn(clients());
  loop_.spawn(do_harm());
  loop_.spawn(operate());
  const Duration end = kChaosLasts + kCalmLasts;
  bool done = false;
  while (!over_ && now() < end) {
    co_await loop_.sleep(std::chrono::seconds(3));
    if (!calm_ || !settled()) continue;
    done = true;
    break;
  }
  if (!over_ && !done && !doomed_)
    violated("not every live instance is a voter in the end; the group's size is " + std::to_string(group_.desired) +
             picture());
  over_ = true;
}

std::vector<std::string> World::run() {
  loop_.run(play());
  return violations_;
}

}  // namespace terrace::simulation
