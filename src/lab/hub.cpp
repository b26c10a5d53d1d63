#include "lab/hub.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "aws/session.h"
#include "lab/node.h"
#include "lab/wires.h"
#include "node/journal.h"
#include "node/supervisor.h"

namespace terrace::lab {

namespace {

using Json = nlohmann::json;

constexpr Duration kLook = std::chrono::milliseconds(500);
constexpr Duration kApiPatience = std::chrono::seconds(60);
constexpr Duration kRecordPatience = std::chrono::seconds(10);
// A machine that is down this long fails EC2's status checks, and its group hears of it.
constexpr Duration kUnhealthyAfter = std::chrono::seconds(60);
// What the platform's hook gives a node of etcd to leave in; moto forgets hooks that are made with their group.
constexpr Duration kLeavePatience = std::chrono::seconds(300);
constexpr size_t kEventsKept = 500;
constexpr const char* kAutoscaling = "autoscaling";

class NoProcesses final : public aws::ProcessRunner {
 public:
  Result<std::string, std::string> run(const std::string&) override {
    return Failure{std::string("the lab runs no program for its credentials")};
  }
};

const Json& list_at(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : kNone;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A group as far as its instances need it.
struct Group {
  std::string name;
  std::string role;
  std::string template_id;
  std::string template_version;
  std::map<std::string, std::string> lifecycles;  // by instance
};

Group group_of(const Json& described) {
  Group group;
  group.name = group.role = text_at(described, "AutoScalingGroupName");
  for (const Json& tag : list_at(described, "Tags")) {
    if (text_at(tag, "Key") == "Role") group.role = text_at(tag, "Value");
  }
  if (described.contains("LaunchTemplate")) {
    group.template_id = text_at(described["LaunchTemplate"], "LaunchTemplateId");
    group.template_version = text_at(described["LaunchTemplate"], "Version");
  }
  for (const Json& each : list_at(described, "Instances"))
    group.lifecycles[text_at(each, "InstanceId")] = text_at(each, "LifecycleState");
  return group;
}

struct Happening {
  uint64_t number;
  std::string time;  // RFC 3339
  std::string text;
};

// A node, and what the hub remembers of it between two looks.
struct Kept {
  std::unique_ptr<Node> node;
  bool stays_down = false;
  std::optional<Duration> down_since;
  bool reported_unhealthy = false;
  std::optional<Duration> leaves_until;  // its group has let it go
  std::optional<bool> was_well;
};

std::string etcd_text(const Node& node, const char* key) {
  if (!node.health() || !node.health()->contains("etcd")) return {};
  return text_at((*node.health())["etcd"], key);
}

bool leads(const Node& node) {
  return node.health() && node.health()->contains("etcd") && (*node.health())["etcd"].value("leader", false);
}

// Whether it has nothing left to do before its end: a node of etcd says so when it is no member any more.
bool has_left(const Node& node) {
  const std::string action = etcd_text(node, "action");
  const bool stopped = (action == "stop" || action == "wait") && etcd_text(node, "why") == "this instance goes";
  return node.instance().role != "etcd" || !node.health() || action == "release" || stopped;
}

}  // namespace

std::string record_path(const std::string& directory) {
  return directory + "/lab.json";
}

struct Hub::Impl {
 public:
  Impl(const HubEffects& effects, HubOptions options)
      : effects_(effects),
        options_(std::move(options)),
        log_(effects.clock, "lab"),
        aws_log_(effects.clock, "aws", LogLevel::kWarn),
        wires_(effects.loop),
        api_(effects.loop, {"moto_server", "-H", "0.0.0.0", "-p", "4566"}),
        controls_(effects.loop, effects.network, [this](const node::PageRequest& request) { return answer(request); }),
        stop_(effects.loop) {}

  int run() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    const int signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    effects_.network.set_wakeup(signal_fd, [this, signal_fd] {
      signalfd_siginfo received;
      while (read(signal_fd, &received, sizeof(received)) == sizeof(received)) stop_.set();
    });
    effects_.loop.spawn(begin());
    effects_.loop.run(until_stopped());
    effects_.network.set_wakeup(-1, nullptr);
    ::close(signal_fd);
    effects_.loop.drop_tasks();
    return code_;
  }

 private:
  Task<void> until_stopped() { co_await stop_; }

  void give_up(const std::string& why) {
    log_.write(LogLevel::kError, why);
    code_ = 1;
    stop_.set();
  }

  void tell(const std::string& text) {
    events_.push_back(Happening{++events_made_, rfc3339(effects_.clock.wall()), text});
    if (events_.size() > kEventsKept) events_.erase(events_.begin());
    log_.write(LogLevel::kInfo, text);
  }

  // A hub that nobody knows of would live on: whoever started it says so by writing its record.
  Task<bool> is_recorded() {
    const Duration end = effects_.clock.monotonic() + kRecordPatience;
    while (!effects_.files.exists(record_path(options_.directory))) {
      if (effects_.clock.monotonic() >= end) co_return false;
      co_await effects_.loop.sleep(std::chrono::milliseconds(20));
    }
    co_return true;
  }

  Task<bool> api_answers() {
    const Duration end = effects_.clock.monotonic() + kApiPatience;
    while (effects_.clock.monotonic() < end && api_.running()) {
      HttpRequest request;
      request.url = std::string(kApiUrl) + "/moto-api/data.json";
      request.timeout = std::chrono::seconds(2);
      request.use_proxy = false;
      const HttpResult answered = co_await effects_.network.send(std::move(request));
      if (answered.ok() && answered->status == 200) co_return true;
      co_await effects_.loop.sleep(std::chrono::milliseconds(50));
    }
    co_return false;
  }

  Task<void> begin() {
    const bool recorded = co_await is_recorded();
    if (!recorded) {
      give_up("nobody wrote " + record_path(options_.directory));
      co_return;
    }
    Status<std::string> done = wires_.start();
    if (done.ok()) done = api_.start();
    if (!done.ok()) {
      give_up(done.error());
      co_return;
    }
    const bool answers = co_await api_answers();
    if (!answers) {
      give_up("moto_server does not answer");
      co_return;
    }
    aws::SessionSettings settings;
    settings.config.max_retries = 1;
    const aws::SessionEffects effects{effects_.loop, effects_.network, effects_.files, effects_.random,
                                      models_,       processes_,       aws_log_};
    aws::Environment environment = aws::process_environment();
    Result<std::unique_ptr<aws::Session>, std::string> opened =
        co_await aws::Session::open(effects, std::move(settings), std::move(environment));
    if (!opened.ok()) {
      give_up(opened.error());
      co_return;
    }
    session_ = std::move(*opened);
    Json none = Json::object();
    const std::string sts = "sts";
    const std::string operation = "GetCallerIdentity";
    const aws::ApiResult identity = co_await session_->client().call(sts, operation, std::move(none));
    if (!identity.ok()) {
      give_up("who the caller is: " + identity.error().describe());
      co_return;
    }
    account_ = text_at(*identity, "Account");
    done = controls_.listen(kControlAddress);
    if (!done.ok()) {
      give_up("the controls: " + done.error());
      co_return;
    }
    tell("the lab is up");
    while (!stop_.is_set()) {
      co_await look();
      Duration pause = kLook;
      co_await effects_.loop.sleep(pause);
    }
  }

  // ---- What the API says ----------------------------------------------------------------------------------------

  Task<void> look() {
    Json none = Json::object();
    const std::string service = kAutoscaling;
    const std::string operation = "DescribeAutoScalingGroups";
    const aws::ApiResult described = co_await session_->client().call_all(service, operation, std::move(none));
    if (!described.ok()) {
      say_once("the groups: " + described.error().describe());
    } else {
      groups_.clear();
      for (const Json& each : list_at(*described, "AutoScalingGroups")) {
        Group group = group_of(each);
        std::string name = group.name;
        groups_[name] = std::move(group);
      }
      co_await take_in();
      co_await let_go();
    }
    TaskGroup looks(effects_.loop);
    for (auto& [id, kept] : nodes_) looks.add(kept.node->look());
    co_await looks.join();
    co_await report();
    tell_changes();
  }

  void say_once(const std::string& text) {
    if (text != said_) log_.write(LogLevel::kWarn, text);
    said_ = text;
  }

  // Nodes for the instances that have none.
  Task<void> take_in() {
    std::vector<std::string> wanted;
    for (const auto& [name, group] : groups_) {
      for (const auto& [id, lifecycle] : group.lifecycles) {
        if (!nodes_.contains(id) && !broken_.contains(id)) wanted.push_back(id);
      }
    }
    if (wanted.empty()) co_return;
    Json filter{{"Name", "instance-id"}, {"Values", wanted}};
    Json params{{"Filters", Json::array({std::move(filter)})}};
    const std::string service = "ec2";
    const std::string operation = "DescribeInstances";
    const aws::ApiResult described = co_await session_->client().call_all(service, operation, std::move(params));
    if (!described.ok()) {
      say_once("the instances: " + described.error().describe());
      co_return;
    }
    for (const Json& reservation : list_at(*described, "Reservations")) {
      for (const Json& each : list_at(reservation, "Instances")) co_await add(each);
    }
  }

  const Group* group_with(const std::string& id) const {
    for (const auto& [name, group] : groups_) {
      if (group.lifecycles.contains(id)) return &group;
    }
    return nullptr;
  }

  Task<void> add(const Json& described) {
    Instance instance;
    instance.id = text_at(described, "InstanceId");
    instance.address = text_at(described, "PrivateIpAddress");
    const Group* group = group_with(instance.id);
    if (group == nullptr || instance.address.empty()) co_return;
    instance.group = group->name;
    instance.role = group->role;
    instance.image = text_at(described, "ImageId");
    instance.type = text_at(described, "InstanceType");
    if (described.contains("Placement")) instance.zone = text_at(described["Placement"], "AvailabilityZone");
    co_await read_template(*group, &instance);
    std::string id = instance.id;
    std::string name = fmt::format("{}-{}", instance.role, ++made_[instance.role]);
    tell(fmt::format("{} is launched: {} at {}", name, id, instance.address));
    const NodeEffects effects{effects_.loop, effects_.network, effects_.files, effects_.random};
    auto node = std::make_unique<Node>(effects, wires_, std::move(instance), name, options_.directory + "/nodes/" + id,
                                       options_.terraced, options_.path);
    const Status<std::string> started = node->start(account_, session_->region());
    if (!started.ok()) {
      tell(name + " cannot be made: " + started.error());
      broken_.insert(id);
      co_return;
    }
    nodes_[id].node = std::move(node);
  }

  // User-data and profile are its template's.
  Task<void> read_template(const Group& group, Instance* instance) {
    if (group.template_id.empty()) co_return;
    std::string version = group.template_version.empty() ? "$Default" : group.template_version;
    Json params{{"LaunchTemplateId", group.template_id}, {"Versions", Json::array({version})}};
    const std::string service = "ec2";
    const std::string operation = "DescribeLaunchTemplateVersions";
    const aws::ApiResult described = co_await session_->client().call(service, operation, std::move(params));
    const Json& versions = described.ok() ? list_at(*described, "LaunchTemplateVersions") : list_at(Json::object(), "");
    if (versions.empty() || !versions.front().contains("LaunchTemplateData")) co_return;
    const Json& data = versions.front()["LaunchTemplateData"];
    instance->user_data = aws::base64_decode(text_at(data, "UserData")).value_or("");
    if (data.contains("IamInstanceProfile")) instance->profile = text_at(data["IamInstanceProfile"], "Name");
  }

  // Nodes whose groups list them no more, and those that a group is about to end.
  Task<void> let_go() {
    std::vector<std::string> over;
    const Duration now = effects_.clock.monotonic();
    for (auto& [id, kept] : nodes_) {
      Node& node = *kept.node;
      if (const Group* group = group_with(id); group != nullptr) {
        if (group->lifecycles.at(id).starts_with("Terminating")) node.tell_of_its_end();
        continue;
      }
      if (!kept.leaves_until) {
        const Duration patience = co_await hook_patience(node.instance());
        kept.leaves_until = now + patience;
        node.tell_of_its_end();
        tell(node.name() + " is let go by its group");
      } else if (has_left(node) || now >= *kept.leaves_until) {
        over.push_back(id);
      }
    }
    for (const std::string& id : over) {
      tell(nodes_.at(id).node->name() + " is gone");
      nodes_.erase(id);
    }
  }

  // How long the group's hook holds an instance back. AWS does that by itself; an API that ends instances at once does
  // not.
  Task<Duration> hook_patience(const Instance& instance) {
    Json params{{"AutoScalingGroupName", instance.group}};
    const std::string service = kAutoscaling;
    const std::string operation = "DescribeLifecycleHooks";
    const aws::ApiResult described = co_await session_->client().call(service, operation, std::move(params));
    Duration patience = instance.role == "etcd" ? kLeavePatience : Duration(0);
    if (!described.ok()) co_return patience;
    for (const Json& hook : list_at(*described, "LifecycleHooks")) {
      if (text_at(hook, "LifecycleTransition") == "autoscaling:EC2_INSTANCE_TERMINATING")
        patience = std::chrono::seconds(hook.value("HeartbeatTimeout", 300));
    }
    co_return patience;
  }

  // Tells the groups of machines that have been down for long, and of those that are back.
  Task<void> report() {
    const Duration now = effects_.clock.monotonic();
    for (auto& [id, kept] : nodes_) {
      const bool up = kept.node->up();
      if (up) {
        kept.down_since.reset();
      } else if (!kept.down_since) {
        kept.down_since = now;
      }
      const bool unhealthy = !up && now - *kept.down_since >= kUnhealthyAfter;
      if (unhealthy == kept.reported_unhealthy || kept.leaves_until) continue;
      kept.reported_unhealthy = unhealthy;
      Json params{{"InstanceId", id}, {"HealthStatus", unhealthy ? "Unhealthy" : "Healthy"}};
      const std::string service = kAutoscaling;
      const std::string operation = "SetInstanceHealth";
      const aws::ApiResult told = co_await session_->client().call(service, operation, std::move(params));
      if (!told.ok()) say_once("reporting health: " + told.error().describe());
    }
  }

  void tell_changes() {
    std::string leader;
    for (auto& [id, kept] : nodes_) {
      Node& node = *kept.node;
      if (!node.up() && !kept.stays_down && !kept.leaves_until) {
        const Status<std::string> booted = node.boot();
        tell(booted.ok() ? node.name() + " boots again" : node.name() + " cannot boot: " + booted.error());
      }
      const bool well = node.well();
      if (kept.was_well.has_value() ? *kept.was_well != well : well) {
        tell(node.name() + (well ? " is well" : " is not well"));
      }
      kept.was_well = well;
      if (leads(node)) leader = node.name();
    }
    if (!leader.empty() && leader != leader_) {
      tell(leader + " leads etcd");
      leader_ = leader;
    }
  }

  // ---- Controls -------------------------------------------------------------------------------------------------

  static node::Page page(const Json& document, int status = 200) {
    return node::Page{status, "application/json", document.dump(2) + "\n"};
  }
  static node::Page refusal(const std::string& why) { return node::Page{400, "text/plain", why + "\n"}; }

  std::vector<Kept*> of_role(const std::string& role) {
    std::vector<Kept*> found;
    for (auto& [id, kept] : nodes_) {
      if (role == "all" || kept.node->instance().role == role) found.push_back(&kept);
    }
    return found;
  }

  // The nodes that a word means; none where it means none.
  std::vector<Kept*> meant_by(const std::string& word) {
    if (word == "leader" || word == "follower" || word == "majority") {
      std::vector<Kept*> members = of_role("etcd");
      std::stable_partition(members.begin(), members.end(), [](const Kept* each) { return leads(*each->node); });
      if (members.empty() || (word != "majority" && !leads(*members.front()->node))) return {};
      if (word == "leader") return {members.front()};
      if (word == "majority") {
        members.resize(members.size() / 2 + 1);
        return members;
      }
      for (Kept* each : members) {
        if (!leads(*each->node) && each->node->well()) return {each};
      }
      return {};
    }
    std::vector<Kept*> found = of_role(word);
    if (!found.empty()) return found;
    for (auto& [id, kept] : nodes_) {
      if (id == word || kept.node->name() == word) return {&kept};
    }
    return {};
  }

  std::string names_of_all() const {
    std::vector<std::string> names;
    for (const auto& [id, kept] : nodes_) names.push_back(kept.node->name());
    std::sort(names.begin(), names.end());
    return names.empty() ? "no node yet" : fmt::format("{}", fmt::join(names, ", "));
  }

  node::Page answer(const node::PageRequest& request) {
    if (request.method == "GET" && request.path == "/status") return page(status());
    if (request.method == "GET" && request.path == "/events") return page(events(request));
    if (request.method != "POST") return node::Page{405, "text/plain", "only GET and POST\n"};
    if (request.path == "/down") {
      stop_.set();
      return page(Json::object());
    }
    const auto given = request.query.find("nodes");
    std::string words = given == request.query.end() ? "" : given->second;
    std::vector<Kept*> nodes;
    bool api = false;
    for (size_t at = 0; at <= words.size() && !words.empty();) {
      const size_t comma = std::min(words.find(',', at), words.size());
      const std::string word = words.substr(at, comma - at);
      at = comma + 1;
      if (word == "api") {
        api = true;
        continue;
      }
      const std::vector<Kept*> meant = meant_by(word);
      if (meant.empty())
        return refusal(fmt::format(
            "\"{}\" means no node. There are {}; \"leader\", \"follower\", \"majority\", \"all\" and a role "
            "are understood, too.",
            word, names_of_all()));
      for (Kept* each : meant) {
        if (std::find(nodes.begin(), nodes.end(), each) == nodes.end()) nodes.push_back(each);
      }
    }
    if (nodes.empty() && !api) return refusal("Which node? There are " + names_of_all() + ".");
    return perform(request, nodes, api);
  }

  node::Page perform(const node::PageRequest& request, const std::vector<Kept*>& nodes, bool api) {
    std::vector<std::string> names;
    std::vector<std::string> ids;
    for (const Kept* each : nodes) {
      names.push_back(each->node->name());
      ids.push_back(each->node->instance().id);
    }
    const std::string who = fmt::format("{}", fmt::join(names, ", "));
    Status<std::string> done;
    if (request.path == "/cut" || request.path == "/heal") {
      const bool cutting = request.path == "/cut";
      if (api) done = wires_.set_api(!cutting);
      if (done.ok() && !ids.empty()) done = cutting ? wires_.cut(ids) : wires_.heal(ids);
      if (api) names.push_back("api");
      tell(fmt::format("{} {}", fmt::join(names, ", "), cutting ? "cut off" : "back on the wire"));
    } else if (api) {
      return refusal("The API can be cut and healed, nothing else.");
    } else if (request.path == "/kill") {
      const bool stay = request.query.contains("stay");
      for (Kept* each : nodes) {
        each->stays_down = stay;
        each->node->kill();
      }
      tell(who + (stay ? " killed, and down until it is booted" : " killed"));
    } else if (request.path == "/boot") {
      for (Kept* each : nodes) each->stays_down = false;
      tell(who + " switched on");
    } else if (request.path == "/wipe") {
      for (Kept* each : nodes) {
        each->stays_down = false;
        if (done.ok()) done = each->node->wipe();
      }
      tell(who + " killed and wiped");
    } else if (request.path == "/replace") {
      for (const std::string& id : ids) effects_.loop.spawn(replace(id));
      tell(who + " given up: the group replaces it");
    } else {
      return node::Page{};
    }
    if (!done.ok()) return node::Page{503, "text/plain", done.error() + "\n"};
    return page(Json{{"nodes", names}});
  }

  Task<void> replace(std::string id) {
    Json params{{"InstanceId", id}, {"ShouldDecrementDesiredCapacity", false}};
    const std::string service = kAutoscaling;
    const std::string operation = "TerminateInstanceInAutoScalingGroup";
    const aws::ApiResult done = co_await session_->client().call(service, operation, std::move(params));
    if (!done.ok()) tell("replacing " + id + ": " + done.error().describe());
  }

  Json status() {
    Json nodes = Json::array();
    uint64_t highest = 0;
    for (auto& [id, kept] : nodes_) {
      if (kept.node->health() && kept.node->health()->contains("etcd"))
        highest = std::max(highest, (*kept.node->health())["etcd"].value("index", uint64_t{0}));
    }
    for (auto& [id, kept] : nodes_) {
      Node& node = *kept.node;
      const Instance& instance = node.instance();
      const std::string state = !node.up()          ? "down"
                                : kept.leaves_until ? "leaving"
                                : wires_.is_cut(id) ? "cut off"
                                : node.well()       ? "well"
                                                    : "not well";
      Json each = {{"name", node.name()},
                   {"id", id},
                   {"role", instance.role},
                   {"group", instance.group},
                   {"address", instance.address},
                   {"zone", instance.zone},
                   {"state", state},
                   {"cut", wires_.is_cut(id)},
                   {"boots", node.boots()},
                   {"disk", node.disk()},
                   {"log", node.log()},
                   {"health", node.health() ? *node.health() : Json()}};
      if (node.health() && node.health()->contains("etcd") && (*node.health())["etcd"].contains("index")) {
        const uint64_t index = (*node.health())["etcd"]["index"];
        each["lag"] = highest - index;
      }
      nodes.push_back(std::move(each));
    }
    std::sort(nodes.begin(), nodes.end(), [](const Json& a, const Json& b) {
      return std::pair(a["role"].get<std::string>(), a["name"].get<std::string>()) <
             std::pair(b["role"].get<std::string>(), b["name"].get<std::string>());
    });
    Json groups = Json::array();
    for (const auto& [name, group] : groups_)
      groups.push_back(Json{{"name", name}, {"role", group.role}, {"instances", group.lifecycles.size()}});
    Json recent = Json::array();
    const size_t first = events_.size() > 12 ? events_.size() - 12 : 0;
    for (size_t i = first; i < events_.size(); ++i) recent.push_back(event_json(events_[i]));
    return Json{{"nodes", std::move(nodes)},
                {"groups", std::move(groups)},
                {"events", std::move(recent)},
                {"api", wires_.has_api() ? "reachable" : "cut off"}};
  }

  static Json event_json(const Happening& event) {
    return Json{{"number", event.number}, {"time", event.time}, {"text", event.text}};
  }

  Json events(const node::PageRequest& request) const {
    const auto given = request.query.find("since");
    const uint64_t since = given == request.query.end() ? 0 : std::strtoull(given->second.c_str(), nullptr, 10);
    Json out = Json::array();
    for (const Happening& each : events_) {
      if (each.number > since) out.push_back(event_json(each));
    }
    return out;
  }

  HubEffects effects_;
  HubOptions options_;
  node::Journal log_;
  node::Journal aws_log_;
  Wires wires_;
  node::ChildProcess api_;
  node::HttpServer controls_;
  Event stop_;
  aws::Models models_;
  NoProcesses processes_;
  std::unique_ptr<aws::Session> session_;
  std::string account_;
  std::map<std::string, Group> groups_;  // by name, as the API listed them last
  std::map<std::string, Kept> nodes_;    // by instance
  std::set<std::string> broken_;         // instances that no node could be made for
  std::map<std::string, int> made_;      // nodes of each role so far
  std::vector<Happening> events_;
  uint64_t events_made_ = 0;
  std::string leader_;
  std::string said_;
  int code_ = 0;
};

Hub::Hub(const HubEffects& effects, HubOptions options) : impl_(std::make_unique<Impl>(effects, std::move(options))) {}
Hub::~Hub() = default;

int Hub::run() {
  return impl_->run();
}

}  // namespace terrace::lab
