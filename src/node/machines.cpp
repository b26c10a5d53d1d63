#include "node/machines.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace terrace::node {

namespace {

using Json = nlohmann::json;

constexpr int kLeaseSeconds = 60;
constexpr Duration kRenewal = std::chrono::seconds(15);
constexpr Duration kRetry = std::chrono::seconds(2);

Json json_of(const Machine& machine) {
  return Json{{"id", machine.id}, {"address", machine.address}, {"metadata", machine.metadata}};
}

Machine machine_of(const Json& json) {
  return Machine{json.at("id").get<std::string>(), json.at("address").get<std::string>(),
                 json.at("metadata").get<std::map<std::string, std::string>>()};
}

std::string role_of(const Machine& machine) {
  const auto found = machine.metadata.find("role");
  return found == machine.metadata.end() ? "" : found->second;
}

}  // namespace

Machine machine_of(const Settings& settings) {
  return Machine{settings.instance,
                 settings.address,
                 {{"env", settings.cluster},
                  {"platform", "ec2"},
                  {"provider", "aws"},
                  {"region", settings.region},
                  {"role", settings.role},
                  {"zone", settings.zone}}};
}

std::string to_text(const Machine& machine) {
  return json_of(machine).dump();
}

Result<Machine, std::string> parse_machine(const std::string& text) {
  try {
    return machine_of(Json::parse(text));
  } catch (const Json::exception& error) {
    return Failure{std::string("a machine cannot be read: ") + error.what()};
  }
}

std::string to_text(std::vector<Machine> machines) {
  std::sort(machines.begin(), machines.end(), [](const Machine& a, const Machine& b) {
    return std::pair(role_of(a), a.id) < std::pair(role_of(b), b.id);
  });
  Json list = Json::array();
  for (const Machine& each : machines) list.push_back(json_of(each));
  return Json{{"version", 1}, {"machines", std::move(list)}}.dump(2) + "\n";
}

Result<std::vector<Machine>, std::string> parse_machines(const std::string& text) {
  try {
    const Json document = Json::parse(text);
    std::vector<Machine> machines;
    for (const Json& each : document.at("machines")) machines.push_back(machine_of(each));
    return machines;
  } catch (const Json::exception& error) {
    return Failure{std::string(kMachinesObject) + " cannot be read: " + error.what()};
  }
}

Task<Status<std::string>> Registration::renew(std::string endpoint) {
  if (lease_ != 0) {
    const Result<bool, std::string> alive = co_await etcd_.keep_alive(endpoint, lease_);
    if (!alive.ok()) co_return Failure{alive.error()};
    if (*alive) co_return Status<std::string>();
    lease_ = 0;
  }
  const Result<uint64_t, std::string> lease = co_await etcd_.grant(endpoint, kLeaseSeconds);
  if (!lease.ok()) co_return Failure{lease.error()};
  const std::string key = kMachinePrefix + me_.id;
  const std::string text = to_text(me_);
  const uint64_t id = *lease;
  const Status<std::string> written = co_await etcd_.put(endpoint, key, text, id);
  if (written.ok()) lease_ = id;
  co_return written;
}

Task<void> Registration::keep() {
  std::string said;
  while (true) {
    std::string say = "etcd is not known yet";
    const std::vector<std::string> endpoints = endpoints_();
    for (const std::string& endpoint : endpoints) {
      const Status<std::string> renewed = co_await renew(endpoint);
      say = renewed.ok() ? "" : renewed.error();
      if (renewed.ok()) break;
    }
    if (say != said) log_.write(LogLevel::kInfo, say.empty() ? "registered" : "not registered: " + say);
    said = say;
    Duration pause = say.empty() ? kRenewal : kRetry;
    co_await loop_.sleep(pause);
  }
}

}  // namespace terrace::node
