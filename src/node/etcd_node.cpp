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
  const NodePaths paths(options.root);
  std::vector<std::string> arguments = {"etcd", "--config-file=" + paths.etcd_config};
  return std::make_unique<ChildProcess>(effects.loop, std::move(arguments));
}

}  // namespace

EtcdNode::EtcdNode(const ProgramEffects& effects, const ProgramOptions& options, const Settings& settings,
                   aws::Client& client)
    : effects_(effects),
      options_(options),
      settings_(settings),
      client_(client),
      log_(effects.clock, "etcd"),
      certificate_(effects.files, effects.clock, effects.random, NodePaths(options.root).tls, holder_of(settings)),
      etcd_(effects.network, certificate_.paths()),
      store_(client, settings.bucket),
      group_(client, settings.group, settings.instance),
      supervisor_(supervisor_for(effects, options)),
      process_(effects.loop, effects.files, store_, *supervisor_, NodePaths(options.root), certificate_.paths(),
               settings.instance, settings.address),
      snapshots_(etcd_, store_, effects.clock, log_),
      agent_(
          AgentEffects{effects.loop, effects.clock, effects.random, etcd_, process_, store_, group_, snapshots_, log_},
          Policy{}, Identity{settings.instance, settings.address}),
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
  co_await agent_.run();
}

Task<void> EtcdNode::stop() {
  ended_ = true;
  agent_.end();
  if (!options_.systemd) co_await process_.stop();
}

}  // namespace terrace::node
