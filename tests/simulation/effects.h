// One simulated node's effects: each request travels, may find nobody, may be carried out without its answer arriving.
// tests/simulation only.
#pragma once

#include "simulation/world.h"

namespace terrace::simulation {

class Effects final : public node::EtcdCluster,
                      public node::EtcdProcess,
                      public node::DurableStore,
                      public node::Group,
                      public node::Backups {
 public:
  Effects(World& world, Machine& machine) : world_(world), machine_(machine), life_(machine.life) {}

  Task<Result<Cluster, std::string>> members(std::string endpoint) override;
  Task<Result<EtcdStatus, std::string>> status(std::string endpoint) override;
  Task<Result<uint64_t, std::string>> add(std::string endpoint, std::string address, bool as_learner) override;
  Task<Status<std::string>> promote(std::string endpoint, uint64_t member) override;
  Task<Status<std::string>> remove(std::string endpoint, uint64_t member) override;
  Task<Result<std::optional<uint64_t>, std::string>> lock(std::string endpoint, std::string name, std::string owner,
                                                          int seconds) override;
  Task<Status<std::string>> unlock(std::string endpoint, uint64_t lease) override;

  bool has_data() override { return machine_.data.has_value(); }
  std::optional<Record> record() override { return machine_.record; }
  Status<std::string> write_record(const Record& record) override;
  Task<Status<std::string>> start(node::EtcdStart how) override;
  Task<void> stop() override;
  bool running() override { return machine_.running; }
  bool serves_privately() override { return machine_.privately; }
  Task<Status<std::string>> put_aside() override;
  Task<Status<std::string>> restore(Record record, std::string key) override;

  Task<Result<std::optional<node::StoredObject>, std::string>> get(std::string key) override;
  Task<Status<std::string>> put(std::string key, std::string content) override;
  Task<Result<bool, std::string>> put_if_absent(std::string key, std::string content) override;
  Task<Result<bool, std::string>> put_if_match(std::string key, std::string content, std::string etag) override;
  Task<Result<std::vector<std::string>, std::string>> list_keys(std::string prefix) override;

  Task<Result<GroupView, std::string>> list() override;
  Task<Status<std::string>> release() override;
  Task<Status<std::string>> take(std::string endpoint, std::string why) override;

 private:
  enum class Fate : uint8_t { kDone, kLostBefore, kLostAfter, kLate };
  Fate draw_fate();
  enum class Condition : uint8_t { kNone, kAbsent, kMatch };
  bool write(const std::string& key, const std::string& content, Condition condition, const std::string& etag);
  static Task<void> write_later(World& world, Effects& effects, std::string key, std::string content,
                                Condition condition, std::string etag);
  Task<Result<bool, std::string>> write_remotely(std::string key, std::string content, Condition condition,
                                                 std::string etag);
  Task<void> travel() { return world_.travel(machine_, life_); }

  World& world_;
  Machine& machine_;
  uint64_t life_;
};

}  // namespace terrace::simulation
