#include "lab/node.h"

#include <filesystem>

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include "lab/namespaces.h"

namespace terrace::lab {

using Json = nlohmann::json;

namespace {

constexpr Duration kPatience = std::chrono::seconds(2);
constexpr const char* kHealthRequest = "GET /health HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n";

// What systemd does on a machine: the first stage, and the agent for as long as the machine is up.
constexpr const char* kInit = R"(
trap 'exit 0' TERM
until "$TERRACED" bootstrap -root="$ROOT" -supervisor=process; do sleep 1; done
while :; do
  "$TERRACED" run -root="$ROOT" -supervisor=process &
  wait $!
  sleep 1
done
)";

// All that a node of the lab can ask of systemd: a reboot, with which what is under /run goes.
constexpr const char* kSystemctl = R"(#!/bin/sh
[ "$1" = reboot ] || exit 1
rm -rf "{}/run"
kill -TERM 1
)";

}  // namespace

Node::Node(const NodeEffects& effects, Wires& wires, Instance instance, std::string name, std::string folder,
           std::string terraced, std::string path)
    : effects_(effects),
      wires_(wires),
      instance_(std::move(instance)),
      name_(std::move(name)),
      folder_(std::move(folder)),
      terraced_(std::move(terraced)),
      path_(std::move(path)),
      metadata_(effects.loop, effects.network, effects.random) {}

Node::~Node() {
  kill();
  wires_.remove(instance_.id);
}

Status<std::string> Node::start(const std::string& account, const std::string& region) {
  const Status<std::string> wired = wires_.add(instance_.id, instance_.address);
  if (!wired.ok()) return wired;
  const Json identity = {{"accountId", account},
                         {"architecture", "x86_64"},
                         {"availabilityZone", instance_.zone},
                         {"imageId", instance_.image},
                         {"instanceId", instance_.id},
                         {"instanceType", instance_.type},
                         {"privateIp", instance_.address},
                         {"region", region}};
  metadata_.set("dynamic/instance-identity/document", identity.dump(2));
  metadata_.set("meta-data/instance-id", instance_.id);
  metadata_.set("meta-data/instance-type", instance_.type);
  metadata_.set("meta-data/ami-id", instance_.image);
  metadata_.set("meta-data/local-ipv4", instance_.address);
  metadata_.set("meta-data/placement/availability-zone", instance_.zone);
  metadata_.set("meta-data/placement/region", region);
  metadata_.set("meta-data/autoscaling/target-lifecycle-state", "InService");
  if (!instance_.user_data.empty()) metadata_.set("user-data", instance_.user_data);
  if (!instance_.profile.empty()) {
    // The lab's API takes any credentials: these differ by instance, so that its log tells who asked.
    std::string key = effects_.random.uuid();
    std::erase(key, '-');
    for (char& each : key) each = static_cast<char>(std::toupper(static_cast<unsigned char>(each)));
    const Json credentials = {{"Code", "Success"},
                              {"Type", "AWS-HMAC"},
                              {"AccessKeyId", "ASIA" + key.substr(0, 16)},
                              {"SecretAccessKey", effects_.random.uuid()},
                              {"Token", effects_.random.uuid()},
                              {"Expiration", "2099-01-01T00:00:00Z"}};
    metadata_.set("meta-data/iam/security-credentials/", instance_.profile);
    metadata_.set("meta-data/iam/security-credentials/" + instance_.profile, credentials.dump(2));
  }
  const Status<std::string> served = metadata_.start(Wires::path_of(instance_.id));
  if (!served.ok()) return served;
  return boot();
}

Status<std::string> Node::boot() {
  if (up()) return {};
  std::error_code error;
  std::filesystem::create_directories(disk(), error);
  if (error) return Failure{disk() + ": " + error.message()};
  const std::string tools = folder_ + "/bin";
  std::filesystem::create_directories(tools, error);
  const Status<FileError> written =
      effects_.files.write_atomic(tools + "/systemctl", fmt::format(kSystemctl, disk()), 0755);
  if (error || !written.ok()) return Failure{tools + ": it cannot be written"};
  Contained contained;
  contained.arguments = {"/bin/sh", "-c", kInit};
  contained.environment = {"PATH=" + tools + ":" + path_, "TERRACED=" + terraced_, "ROOT=" + disk(),
                           fmt::format("AWS_ENDPOINT_URL=http://{}:4566", kHubAddress)};
  contained.directory = folder_;
  contained.log = log();
  contained.network = Wires::path_of(instance_.id);
  contained.with_caller = true;
  const Result<pid_t, std::string> started = start_contained(contained);
  if (!started.ok()) return Failure{started.error()};
  pid_ = *started;
  ++boots_;
  return {};
}

bool Node::up() {
  if (pid_ != 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = 0;
  return pid_ != 0;
}

void Node::kill() {
  if (up()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  health_.reset();
}

Status<std::string> Node::wipe() {
  kill();
  std::error_code error;
  std::filesystem::remove_all(disk(), error);
  if (error) return Failure{disk() + ": " + error.message()};
  return boot();
}

Task<std::optional<Json>> Node::ask() {
  int socket = -1;
  const Status<std::string> entered = inside_network(Wires::path_of(instance_.id), [&] { socket = new_socket(); });
  if (!entered.ok()) co_return std::nullopt;
  SocketAddress to{"127.0.0.1", 9977};
  Result<std::unique_ptr<Stream>, std::string> stream =
      co_await connect_stream(effects_.network, socket, to, kPatience);
  if (!stream.ok()) co_return std::nullopt;
  const std::string request = kHealthRequest;
  const Status<std::string> written = co_await (*stream)->write(request, kPatience);
  if (!written.ok()) co_return std::nullopt;
  std::string answer;
  while (true) {
    const Result<std::string, std::string> piece = co_await (*stream)->read(kPatience);
    if (!piece.ok()) co_return std::nullopt;
    if (piece->empty()) break;
    answer += *piece;
  }
  const size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) co_return std::nullopt;
  Json document = Json::parse(answer.substr(body + 4), nullptr, false);
  if (!document.is_object()) co_return std::nullopt;
  co_return document;
}

Task<void> Node::look() {
  if (!up()) {
    health_.reset();
    co_return;
  }
  std::optional<Json> said = co_await ask();
  health_ = std::move(said);
}

}  // namespace terrace::lab
