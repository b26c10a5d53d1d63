#include "node/program.h"

#include <fmt/format.h>

#include "node/application_sync.h"
#include "node/bootstrap.h"
#include "node/client_node.h"
#include "node/etcd_node.h"
#include "node/http_server.h"
#include "node/reboot_lock.h"
#include "node/settings.h"

namespace terrace::node {

namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kRequestTimeout = std::chrono::seconds(10);
constexpr Duration kConnectTimeout =
    std::chrono::seconds(3);  // AWS is near; a node that cannot reach it has other work to do
constexpr const char* kMetadataEndpoint = "http://169.254.169.254";

// Where instance metadata is, by AWS_EC2_METADATA_SERVICE_ENDPOINT as the SDKs know it.
std::string metadata_endpoint(const aws::Environment& environment) {
  const std::string* given = aws::environment_value(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  return given == nullptr ? kMetadataEndpoint : *given;
}

// credential_process and the like are for people's machines.
class NoProcesses final : public aws::ProcessRunner {
 public:
  Result<std::string, std::string> run(const std::string&) override {
    return Failure{std::string("a node runs no program for its credentials")};
  }
};

}  // namespace

struct Program::Impl {
 public:
  Impl(const ProgramEffects& effects, ProgramOptions options, aws::Environment environment)
      : effects_(effects),
        options_(std::move(options)),
        environment_(std::move(environment)),
        metadata_(effects.network, effects.clock, metadata_endpoint(environment_)),
        stop_(effects.loop),
        log_(effects.clock, "node"),
        aws_log_(effects.clock, "aws", LogLevel::kWarn),
        bootstrap_log_(effects.clock, "configuration"),
        apps_log_(effects.clock, "applications"),
        server_(effects.loop, effects.network, [this](const PageRequest& request) { return page(request); }) {}

  Task<int> run(Event& stop) {
    effects_.loop.spawn(begin());
    effects_.loop.spawn(pass_on(stop));
    co_await stop_;
    if (role_) co_await role_->stop();
    co_return code_;
  }

 private:
  Task<void> pass_on(Event& stop) {
    co_await stop;
    stop_.set();
  }

  void give_up(const std::string& why) {
    log_.write(LogLevel::kError, why);
    code_ = 1;
    stop_.set();
  }

  Task<bool> learn_settings() {
    const std::string node_file = NodePaths(options_.root).node_file;
    std::string said;
    while (!stop_.is_set()) {
      Result<Settings, SettingsError> read = co_await read_settings(metadata_, effects_.files, node_file);
      if (read.ok()) {
        settings_ = std::move(*read);
        co_return true;
      }
      if (!read.error().passing) {
        give_up(read.error().message);
        co_return false;
      }
      if (read.error().message != said) log_.write(LogLevel::kWarn, read.error().message);
      said = read.error().message;
      co_await effects_.loop.sleep(kRetry);
    }
    co_return false;
  }

  Task<bool> open_session(std::string region) {
    aws::SessionSettings session;
    const std::string* given = aws::environment_value(environment_, "AWS_REGION");
    session.config.region = given == nullptr ? region : *given;
    session.config.max_retries = 1;
    session.config.timeout = kRequestTimeout;
    session.config.connect_timeout = kConnectTimeout;
    const aws::SessionEffects effects{effects_.loop, effects_.network, effects_.files, effects_.random,
                                      models_,       processes_,       aws_log_};
    Result<std::unique_ptr<aws::Session>, std::string> opened =
        co_await aws::Session::open(effects, std::move(session), environment_);
    if (!opened.ok()) {
      give_up(opened.error());
      co_return false;
    }
    session_ = std::move(*opened);
    const BootstrapEffects bootstrap{effects_.loop,      effects_.clock, effects_.files, effects_.random,
                                     session_->client(), metadata_,      bootstrap_log_};
    bootstrap_.emplace(bootstrap, options_.root, options_.systemd);
    co_return true;
  }

  Task<void> bootstrap_once() {
    const std::string path = "meta-data/placement/region";
    const Result<std::optional<std::string>, std::string> region = co_await metadata_.get(path);
    if (!region.ok() || !*region) {
      give_up(region.ok() ? "instance metadata does not know the region" : region.error());
      co_return;
    }
    const bool opened = co_await open_session(**region);
    if (!opened) co_return;
    const Result<std::vector<std::string>, std::string> done = co_await bootstrap_->apply();
    const std::string problem = done.ok() ? bootstrap_->problem() : done.error();
    if (!done.ok()) {
      give_up(problem);
    } else {
      stop_.set();
    }
  }

  // False after it was said why this part does not run here.
  bool may_run() {
    const bool is_etcd = settings_.role == "etcd";
    if (options_.part == Part::kEtcd && !is_etcd) {
      give_up("this is a node of role " + settings_.role + ": \"terraced run\" runs what it asks for");
    } else if ((options_.part == Part::kRebootLock || options_.part == Part::kRegister) && is_etcd) {
      give_up("a member of etcd does that within \"terraced etcd\"");
    } else if (options_.part == Part::kSync && settings_.apps.empty()) {
      give_up("there is no application repository: \"apps\" in node.json names one");
    } else if (!settings_.apps_folder.starts_with('/')) {
      give_up("\"apps_folder\" in node.json must be an absolute path");
    } else if (!settings_.reboot_window.empty() && !parse_reboot_window(settings_.reboot_window).ok()) {
      give_up(parse_reboot_window(settings_.reboot_window).error());
    } else {
      return true;
    }
    return false;
  }

  Task<void> begin() {
    if (options_.part == Part::kBootstrap) {
      co_await bootstrap_once();
      co_return;
    }
    if (!co_await learn_settings()) co_return;
    log_.write(LogLevel::kInfo, fmt::format("{} at {}, {} of cluster {}", settings_.instance, settings_.address,
                                            settings_.role, settings_.cluster));
    if (!may_run()) co_return;
    // The reboot window is in this zone.
    ::setenv("TZ", settings_.time_zone.c_str(), 1);
    ::tzset();
    std::string region = settings_.region;
    const bool opened = co_await open_session(std::move(region));
    if (!opened) co_return;
    if (options_.part == Part::kAll) {
      co_await bootstrap_->apply_after_boot();
      effects_.loop.spawn(bootstrap_->follow());
    }
    const bool with_apps = options_.part == Part::kAll || options_.part == Part::kSync;
    if (with_apps && !settings_.apps.empty()) {
      const std::string parameter = "/" + settings_.cluster + "/apps/deploy-key";
      ApplicationSource source{settings_.apps, settings_.apps_branch,
                               join_path(options_.root, settings_.apps_folder.substr(1)),
                               NodePaths(options_.root).state + "/apps", parameter};
      const ApplicationSync::Parts parts{effects_.loop, effects_.files, effects_.random, session_->client(), apps_log_};
      apps_.emplace(parts, std::move(source));
      effects_.loop.spawn(apps_->keep());
    }
    if (options_.part == Part::kSync) co_return;
    if (settings_.role == "etcd") {
      role_ = std::make_unique<EtcdNode>(effects_, options_, settings_, session_->client(), metadata_);
    } else {
      role_ = std::make_unique<ClientNode>(effects_, options_, settings_, session_->client());
    }
    if (options_.part == Part::kRebootLock || options_.part == Part::kRegister) {
      co_await role_->run();
      co_return;
    }
    const Status<std::string> heard = server_.listen(settings_.health);
    if (!heard.ok()) log_.write(LogLevel::kError, "no health and no metrics: " + heard.error());
    co_await role_->run();
  }

  Page page(const PageRequest& request) const {
    if (request.method != "GET") return Page{405, "text/plain", "only GET\n"};
    if (request.path == "/health") {
      nlohmann::json document{
          {"instance", settings_.instance}, {"cluster", settings_.cluster}, {"role", settings_.role}};
      const bool well = role_->health(document);
      document["configuration"] =
          nlohmann::json{{"version", bootstrap_->applied().version}, {"problem", bootstrap_->problem()}};
      if (apps_)
        document["applications"] = nlohmann::json{{"version", apps_->version()}, {"problem", apps_->problem()}};
      document["healthy"] = well;
      return Page{well ? 200 : 503, "application/json", document.dump(2) + "\n"};
    }
    if (request.path == "/metrics") {
      Metrics metrics;
      nlohmann::json unused;
      metrics.gauge("healthy", "Whether all of this node is well.", role_->health(unused) ? 1 : 0);
      role_->metrics(metrics);
      return Page{200, "text/plain; version=0.0.4", metrics.text()};
    }
    return Page{};
  }

  const ProgramEffects& effects_;
  ProgramOptions options_;
  aws::Environment environment_;
  InstanceMetadata metadata_;
  Event stop_;  // asked for, or nothing can go on
  Journal log_;
  Journal aws_log_;
  Journal bootstrap_log_;
  Journal apps_log_;
  aws::Models models_;
  NoProcesses processes_;
  Settings settings_;
  std::unique_ptr<aws::Session> session_;
  std::optional<Bootstrap> bootstrap_;
  std::optional<ApplicationSync> apps_;
  std::unique_ptr<RoleNode> role_;
  HttpServer server_;
  int code_ = 0;
};

Task<int> print_status(const ProgramEffects& effects, std::string root) {
  const Result<std::string, SettingsError> address = health_address(effects.files, NodePaths(root).node_file);
  if (!address.ok()) {
    fmt::print(stderr, "terraced: {}\n", address.error().message);
    co_return 1;
  }
  HttpRequest request;
  request.url = "http://" + *address + "/health";
  request.timeout = kRequestTimeout;
  request.use_proxy = false;
  const HttpResult answer = co_await effects.network.send(std::move(request));
  if (!answer.ok()) {
    fmt::print(stderr, "terraced: nothing answers at {}: does \"terraced run\" run? {}\n", *address,
               answer.error().message);
    co_return 1;
  }
  fmt::print("{}", answer->body);
  co_return answer->status == 200 ? 0 : 1;
}

Program::Program(const ProgramEffects& effects, ProgramOptions options, aws::Environment environment)
    : impl_(std::make_unique<Impl>(effects, std::move(options), std::move(environment))) {}
Program::~Program() = default;

Task<int> Program::run(Event& stop) {
  return impl_->run(stop);
}

}  // namespace terrace::node
