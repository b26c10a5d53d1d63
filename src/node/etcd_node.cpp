#include "node/etcd_node.h"

#include <fmt/format.h>

namespace terrace::node {

namespace {

constexpr Duration kCertificateCheck = std::chrono::minutes(10);
constexpr Duration kRetry = std::chrono::seconds(1);

Holder holder_of(const Settings& settings) {
  return Holder{settings.instance, {settings.address, "127.0.0.1"}};
}

std::unique_ptr<Supervisor> supervisor_for(const ProgramEffects& effects, const ProgramOptions& options) {
  if (options.systemd) return std::make_unique<SystemdUnit>(effects.loop, "terrace-etcd.service");
  const NodePaths paths(options.root);
  std::vector<std::string> arguments = {"etcd", "--config-file=" + paths.etcd_config};
  return std::make_unique<ChildProcess>(effects.loop, std::move(arguments));
}

}  // namespace

EtcdNode::EtcdNode(const ProgramEffects& effects, const ProgramOptions& options, const Settings& settings,
                   aws::Client& client, InstanceMetadata& metadata)
    : effects_(effects),
      options_(options),
      settings_(settings),
      client_(client),
      log_(effects.clock, "etcd"),
      certificate_(effects.files, effects.clock, effects.random, NodePaths(options.root).tls, holder_of(settings)),
      etcd_(effects.network, certificate_.paths()),
      store_(client, settings.bucket),
      group_(client, metadata, settings.group, Instance{settings.instance, settings.address, {}}),
      supervisor_(supervisor_for(effects, options)),
      process_(effects.loop, effects.files, store_, *supervisor_, NodePaths(options.root), certificate_.paths(),
               settings.instance, settings.address),
      snapshots_(etcd_, store_, effects.clock, log_),
      agent_(
          AgentEffects{effects.loop, effects.clock, effects.random, etcd_, process_, store_, group_, snapshots_, log_},
          Policy{}, Identity{settings.instance, settings.address}),
      signer_(client, store_, effects.clock, effects.random, settings.cluster, log_),
      duties_(LeaderDuties::Parts{effects.loop, effects.clock, agent_, etcd_, store_, snapshots_, signer_, log_,
                                  settings.flannel}),
      registration_(
          effects.loop, etcd_, [this] { return own_endpoint(); }, machine_of(settings), log_),
      reboot_lock_(
          RebootLock::Parts{effects.loop, effects.files, effects.random, etcd_, log_, [this] { return own_endpoint(); },
                            [this] { return !own_endpoint().empty() && agent_.status().leader != 0; },
                            [this] { return all_members_serve(); },
                            [this](std::string instance) { return is_gone(std::move(instance)); }},
          options.root, settings.role, settings.instance, static_cast<size_t>(settings.reboot_places),
          window_of(settings)),
      certified_(effects.loop) {}

Task<Status<std::string>> EtcdNode::renew_certificate() {
  const Result<Authority, std::string> authority =
      co_await read_authority(client_, settings_.cluster, true, effects_.clock, effects_.random);
  if (!authority.ok()) co_return Failure{authority.error()};
  if (!certificate_.due(&*authority)) co_return Status<std::string>();
  const Result<pki::PrivateKey, std::string> key = certificate_.key();
  if (!key.ok()) co_return Failure{key.error()};
  const Result<std::string, std::string> made =
      certify(*authority, certificate_.holder(), key->public_key(), kCertificateLife, effects_.clock, effects_.random);
  if (!made.ok()) co_return Failure{made.error()};
  const Status<std::string> written = certificate_.write(*made, authority->bundle());
  if (written.ok()) log_.write(LogLevel::kInfo, "a new certificate for this node");
  co_return written;
}

Task<void> EtcdNode::keep_certificate() {
  std::string said;
  while (!ended_) {
    const Status<std::string> renewed = co_await renew_certificate();
    const std::string say = renewed.ok() ? "" : renewed.error();
    if (!say.empty() && say != said) log_.write(LogLevel::kWarn, "no new certificate: " + say);
    said = say;
    const bool valid = certificate_.valid();
    if (valid) certified_.set();
    Duration pause = valid ? kCertificateCheck : kRetry;
    co_await effects_.loop.sleep(pause);
  }
}

Task<void> EtcdNode::run() {
  effects_.loop.spawn(keep_certificate());
  co_await certified_;
  effects_.loop.spawn(duties_.keep());
  effects_.loop.spawn(registration_.keep());
  effects_.loop.spawn(reboot_lock_.keep());
  co_await agent_.run();
}

Task<void> EtcdNode::stop() {
  ended_ = true;
  agent_.end();
  if (!options_.systemd) co_await process_.stop();
}

// While it serves as a member; a learner refuses what the registry needs.
std::vector<std::string> EtcdNode::own_endpoint() const {
  const View& view = agent_.view();
  if (!view.running || view.serves_privately || agent_.status().member_id == 0 || agent_.status().learner) return {};
  return {client_endpoint(settings_.address)};
}

// Of one member alone the cluster cannot be without any; it reboots all the same, for nothing else could help it.
Task<bool> EtcdNode::all_members_serve() {
  const std::string endpoint = client_endpoint(settings_.address);
  const Result<Cluster, std::string> cluster = co_await etcd_.members(endpoint);
  if (!cluster.ok()) co_return false;
  for (const Member& each : cluster->members) {
    if (each.learner || each.name.empty()) co_return false;
    const std::string other = client_endpoint(each.address);
    const Result<EtcdStatus, std::string> status = co_await etcd_.status(other);
    if (!status.ok() || status->leader == 0) co_return false;
  }
  co_return true;
}

Task<Result<bool, std::string>> EtcdNode::is_gone(std::string instance) {
  if (!duties_.leads()) co_return false;
  const Result<bool, std::string> ours = co_await signer_.is_ours(std::move(instance));
  if (!ours.ok()) co_return Failure{ours.error()};
  co_return !*ours;
}

bool EtcdNode::health(nlohmann::json& document) const {
  const View& view = agent_.view();
  const EtcdStatus& status = agent_.status();
  const bool serves = view.running && !view.serves_privately && status.leader != 0 && !status.learner;
  document["etcd"] = nlohmann::json{{"action", to_string(agent_.action().kind)},
                                    {"why", agent_.action().why},
                                    {"error", agent_.error()},
                                    {"running", view.running},
                                    {"learner", status.learner},
                                    {"leader", duties_.leads()},
                                    {"has_leader", status.leader != 0},
                                    {"term", status.term},
                                    {"index", status.index},
                                    {"version", status.version}};
  document["certificate"] = nlohmann::json{{"valid", certificate_.valid()}};
  return serves && certificate_.valid();
}

void EtcdNode::metrics(Metrics& metrics) const {
  const View& view = agent_.view();
  const EtcdStatus& status = agent_.status();
  metrics.gauge("etcd_running", "Whether etcd runs on this node.", view.running ? 1 : 0);
  metrics.gauge("etcd_has_leader", "Whether etcd knows a leader.", status.leader != 0 ? 1 : 0);
  metrics.gauge("etcd_is_leader", "Whether this node's etcd leads.", duties_.leads() ? 1 : 0);
  metrics.gauge("etcd_is_learner", "Whether this node's etcd is a learner.", status.learner ? 1 : 0);
  metrics.gauge("etcd_term", "Raft's term.", static_cast<double>(status.term));
  metrics.gauge("etcd_index", "Raft's index.", static_cast<double>(status.index));
  metrics.gauge("etcd_database_bytes", "Size of etcd's database.", static_cast<double>(status.database_bytes));
  metrics.gauge("etcd_database_bytes_in_use", "What of it is in use.",
                static_cast<double>(status.database_bytes_in_use));
  metrics.counter("membership_changes_total", "Changes of the membership that this node made.",
                  static_cast<double>(agent_.changes()));
  metrics.gauge("certificate_valid", "Whether this node has a certificate that is valid now.",
                certificate_.valid() ? 1 : 0);
  if (duties_.leads() && duties_.newest_snapshot()) {
    const Duration age = effects_.clock.wall() - *duties_.newest_snapshot();
    metrics.gauge("snapshot_age_seconds", "Age of the newest snapshot, on the leader's node.",
                  std::chrono::duration<double>(age).count());
  }
}

}  // namespace terrace::node
