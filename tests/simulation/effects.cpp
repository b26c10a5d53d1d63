#include "simulation/effects.h"

namespace terrace::simulation {

namespace {
const std::string kNoAnswer = "context deadline exceeded";
}

Effects::Fate Effects::draw_fate() {
  if (!world_.chaos.lost_answers) return Fate::kDone;
  const double draw = world_.draw();
  if (draw < 0.02) return Fate::kLostBefore;
  if (draw < 0.05) return Fate::kLostAfter;
  return draw < 0.07 ? Fate::kLate : Fate::kDone;
}

Task<Result<Cluster, std::string>> Effects::members(std::string endpoint) {
  co_await travel();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr) co_return Failure{kNoAnswer};
  Result<Cluster, std::string> answer = world_.members(*via);
  co_await travel();
  co_return answer;
}

Task<Result<EtcdStatus, std::string>> Effects::status(std::string endpoint) {
  co_await travel();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr) co_return Failure{kNoAnswer};
  Result<EtcdStatus, std::string> answer = world_.status(*via);
  co_await travel();
  co_return answer;
}

Task<Result<uint64_t, std::string>> Effects::add(std::string endpoint, std::string address, bool as_learner) {
  co_await travel();
  const Fate fate = draw_fate();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr || fate == Fate::kLostBefore) co_return Failure{kNoAnswer};
  Result<uint64_t, std::string> answer = world_.add(machine_, *via, address, as_learner);
  co_await travel();
  if (fate != Fate::kDone) co_return Failure{kNoAnswer};
  co_return answer;
}

Task<Status<std::string>> Effects::promote(std::string endpoint, uint64_t member) {
  co_await travel();
  const Fate fate = draw_fate();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr || fate == Fate::kLostBefore) co_return Failure{kNoAnswer};
  Status<std::string> answer = world_.promote(machine_, *via, member);
  co_await travel();
  if (fate != Fate::kDone) co_return Failure{kNoAnswer};
  co_return answer;
}

Task<Status<std::string>> Effects::remove(std::string endpoint, uint64_t member) {
  co_await travel();
  const Fate fate = draw_fate();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr || fate == Fate::kLostBefore) co_return Failure{kNoAnswer};
  Status<std::string> answer = world_.remove(machine_, *via, member);
  co_await travel();
  if (fate != Fate::kDone) co_return Failure{kNoAnswer};
  co_return answer;
}

Task<Result<std::optional<uint64_t>, std::string>> Effects::lock(std::string endpoint, std::string, std::string,
                                                                 int seconds) {
  co_await travel();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr || world_.leader(via->data->token, *via) == nullptr) co_return Failure{kNoAnswer};
  World::Lock& lock = world_.locks[via->data->token];
  std::optional<uint64_t> lease;
  if (lock.until <= world_.now()) {
    ++lock.lease;
    lock.until = world_.now() + std::chrono::seconds(seconds);
    lease = lock.lease;
  }
  co_await travel();
  co_return lease;
}

Task<Status<std::string>> Effects::unlock(std::string endpoint, uint64_t lease) {
  co_await travel();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr || world_.leader(via->data->token, *via) == nullptr) co_return Failure{kNoAnswer};
  World::Lock& lock = world_.locks[via->data->token];
  if (lock.lease == lease) lock.until = Duration{0};
  co_await travel();
  co_return Status<std::string>();
}

Status<std::string> Effects::write_record(const Record& record) {
  if (machine_.life == life_) machine_.record = record;
  return {};
}

Task<Status<std::string>> Effects::start(node::EtcdStart how) {
  co_await travel();
  Status<std::string> started = world_.start(machine_, how);
  co_await travel();
  co_return started;
}

Task<void> Effects::stop() {
  co_await travel();
  machine_.running = false;
  co_await travel();
}

// Data first, record after: a crash between them is one of the cases.
Task<Status<std::string>> Effects::put_aside() {
  co_await travel();
  machine_.aside = machine_.data;
  machine_.data.reset();
  co_await travel();
  machine_.record.reset();
  co_return Status<std::string>();
}

Task<Status<std::string>> Effects::restore(Record record, std::string key) {
  co_await travel();
  if (!world_.store_answers(machine_)) co_return Failure{kNoAnswer};
  const auto found = world_.snapshots.find(key);
  if (found == world_.snapshots.end()) co_return Failure{std::string("no such snapshot")};
  world_.make_restored(machine_, record, found->second);
  co_await travel();
  co_return Status<std::string>();
}

Task<Result<std::optional<node::StoredObject>, std::string>> Effects::get(std::string key) {
  co_await travel();
  if (!world_.store_answers(machine_)) co_return Failure{kNoAnswer};
  std::optional<node::StoredObject> object;
  if (const auto found = world_.store.find(key); found != world_.store.end()) object = found->second;
  co_await travel();
  co_return object;
}

bool Effects::write(const std::string& key, const std::string& content, Condition condition, const std::string& etag) {
  const auto found = world_.store.find(key);
  if (condition == Condition::kAbsent && found != world_.store.end()) return false;
  if (condition == Condition::kMatch && (found == world_.store.end() || found->second.etag != etag)) return false;
  world_.store[key] = node::StoredObject{content, std::to_string(++world_.etag)};
  return true;
}

// A request that was given up arrives all the same.
Task<void> Effects::write_later(World& world, Effects& effects, std::string key, std::string content,
                                Condition condition, std::string etag) {
  co_await world.loop().sleep(world.draw_duration(1, 40));
  effects.write(key, content, condition, etag);
}

Task<Result<bool, std::string>> Effects::write_remotely(std::string key, std::string content, Condition condition,
                                                        std::string etag) {
  co_await travel();
  const Fate fate = draw_fate();
  if (!world_.store_answers(machine_) || fate == Fate::kLostBefore) co_return Failure{kNoAnswer};
  if (fate == Fate::kLate && condition != Condition::kNone) {
    world_.loop().spawn(write_later(world_, *this, key, content, condition, etag));
    co_return Failure{kNoAnswer};
  }
  const bool done = write(key, content, condition, etag);
  co_await travel();
  if (fate == Fate::kLostAfter) co_return Failure{kNoAnswer};
  co_return done;
}

Task<Status<std::string>> Effects::put(std::string key, std::string content) {
  const std::string none;
  const Result<bool, std::string> done = co_await write_remotely(key, content, Condition::kNone, none);
  if (!done.ok()) co_return Failure{done.error()};
  co_return Status<std::string>();
}

Task<Result<bool, std::string>> Effects::put_if_absent(std::string key, std::string content) {
  const std::string none;
  Result<bool, std::string> done = co_await write_remotely(key, content, Condition::kAbsent, none);
  co_return done;
}

Task<Result<bool, std::string>> Effects::put_if_match(std::string key, std::string content, std::string etag) {
  Result<bool, std::string> done = co_await write_remotely(key, content, Condition::kMatch, etag);
  co_return done;
}

Task<Result<std::vector<std::string>, std::string>> Effects::list_keys(std::string prefix) {
  co_await travel();
  if (!world_.store_answers(machine_)) co_return Failure{kNoAnswer};
  std::vector<std::string> keys;
  for (const auto& [key, object] : world_.store)
    if (key.starts_with(prefix)) keys.push_back(key);
  co_await travel();
  co_return keys;
}

Task<Result<GroupView, std::string>> Effects::list() {
  co_await travel();
  std::optional<GroupView> view = world_.listing(machine_);
  co_await travel();
  if (!view) co_return Failure{kNoAnswer};
  co_return *view;
}

Task<Status<std::string>> Effects::release() {
  co_await travel();
  world_.release(machine_);
  co_return Status<std::string>();
}

Task<Status<std::string>> Effects::take(std::string endpoint, std::string) {
  co_await travel();
  Machine* via = world_.reach(machine_, endpoint);
  if (via == nullptr || !world_.store_answers(machine_)) co_return Failure{kNoAnswer};
  world_.snapshot(*via);
  co_await travel();
  co_return Status<std::string>();
}

}  // namespace terrace::simulation
