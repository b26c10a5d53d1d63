#include "node/client_node.h"

namespace terrace::node {

namespace {
constexpr Duration kAsking = std::chrono::seconds(2);
constexpr Duration kCertificateCheck = std::chrono::minutes(10);

// Nothing speaks against one worker less, if it is one at a time.
Task<bool> always() {
  co_return true;
}
}  // namespace

ClientNode::ClientNode(const ProgramEffects& effects, const ProgramOptions& options, const Settings& settings,
                       aws::Client& client)
    : effects_(effects),
      part_(options.part),
      settings_(settings),
      log_(effects.clock, "etcd"),
      certificate_(effects.files, effects.clock, effects.random, NodePaths(options.root).tls,
                   Holder{settings.instance, {}}),
      etcd_(effects.network, certificate_.paths()),
      store_(client, settings.bucket),
      requester_(client, store_, effects.clock, certificate_),
      members_(effects.loop, effects.random, etcd_, store_),
      forwarder_(
          effects.loop, effects.network, certificate_.paths(), [this] { return members_.addresses(); }, log_),
      registration_(
          effects.loop, etcd_, [this] { return members_.endpoints(); }, machine_of(settings), log_),
      reboot_lock_(RebootLock::Parts{effects.loop, effects.files, effects.random, etcd_, log_,
                                     [this] { return members_.endpoints(); }, [this] { return members_.reached(); },
                                     [] { return always(); }, nullptr},
                   options.root, settings.role, settings.instance, static_cast<size_t>(settings.reboot_places),
                   window_of(settings)),
      certified_(effects.loop),
      stopped_(effects.loop) {}

Task<void> ClientNode::keep_certificate() {
  std::string said;
  while (true) {
    const bool was_due = certificate_.due(nullptr);
    const Status<std::string> step = co_await requester_.step();
    const std::string say = step.ok() ? "" : step.error();
    if (!say.empty() && say != said) log_.write(LogLevel::kWarn, "no new certificate: " + say);
    said = say;
    const bool due = certificate_.due(nullptr);
    if (was_due && !due) log_.write(LogLevel::kInfo, "a new certificate for this node");
    if (certificate_.valid()) certified_.set();
    Duration pause = due ? kAsking : kCertificateCheck;
    co_await effects_.loop.sleep(pause);
  }
}

Task<void> ClientNode::run() {
  effects_.loop.spawn(keep_certificate());
  co_await certified_;
  co_await members_.refresh();
  effects_.loop.spawn(members_.follow());
  if (part_ == Part::kAll) {
    const Status<std::string> heard = forwarder_.listen(settings_.endpoint);
    log_.write(heard.ok() ? LogLevel::kInfo : LogLevel::kError,
               heard.ok() ? "etcd is at " + settings_.endpoint : "no endpoint for etcd: " + heard.error());
  }
  if (part_ != Part::kRebootLock) effects_.loop.spawn(registration_.keep());
  if (part_ != Part::kRegister) effects_.loop.spawn(reboot_lock_.keep());
  co_await stopped_;
}

Task<void> ClientNode::stop() {
  stopped_.set();
  co_return;
}

bool ClientNode::health(nlohmann::json& document) const {
  document["etcd"] = nlohmann::json{{"reached", members_.reached()},
                                    {"endpoint", settings_.endpoint},
                                    {"connections", forwarder_.connections()},
                                    {"registered", registration_.registered()}};
  document["certificate"] = nlohmann::json{{"valid", certificate_.valid()}};
  return members_.reached() && certificate_.valid() && registration_.registered();
}

void ClientNode::metrics(Metrics& metrics) const {
  metrics.gauge("etcd_reached", "Whether a member answered with a quorum.", members_.reached() ? 1 : 0);
  metrics.gauge("registered", "Whether this node is in the registry.", registration_.registered() ? 1 : 0);
  metrics.counter("endpoint_connections_total", "Connections carried to members.",
                  static_cast<double>(forwarder_.connections()));
  metrics.counter("endpoint_refused_total", "Connections for which no member could be reached.",
                  static_cast<double>(forwarder_.refused()));
  metrics.gauge("certificate_valid", "Whether this node has a certificate that is valid now.",
                certificate_.valid() ? 1 : 0);
}

}  // namespace terrace::node
