#include "node/bootstrap.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "node/bucket_store.h"
#include "node/supervisor.h"

namespace terrace::node {

namespace {

using Json = nlohmann::json;

constexpr Duration kHookLimit = std::chrono::minutes(5);
constexpr Duration kToolLimit = std::chrono::minutes(1);
constexpr Duration kMarkerPause = std::chrono::seconds(20);  // and up to as long again
constexpr Duration kRetry = std::chrono::seconds(5);
constexpr const char* kUnits = "/etc/systemd/system/";
constexpr const char* kHooks = "/etc/terrace/hooks.d";
constexpr const char* kOwnUnit = "terraced.service";
constexpr const char* kEtcdUnit = "terrace-etcd.service";
constexpr const char* kDockerUnit = "docker.service";
constexpr uint32_t kPermissions = 07777;

std::string sha256_of(const std::string& bytes) {
  return aws::hex_encode(aws::sha256(bytes));
}

std::string to_text(const Applied& applied) {
  const Json document = {
      {"version", applied.version}, {"boot", applied.boot}, {"hooks", applied.hooks}, {"files", applied.files}};
  return document.dump(2) + "\n";
}

Applied parse_applied(const std::string& text) {
  Applied applied;
  const Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) return applied;
  applied.version = document.value("version", std::string());
  applied.boot = document.value("boot", std::string());
  applied.hooks = document.value("hooks", std::string());
  if (document.contains("files") && document["files"].is_object()) {
    for (const auto& [path, hash] : document["files"].items())
      if (hash.is_string()) applied.files[path] = hash;
  }
  return applied;
}

// The unit that a file under /etc/systemd/system is of; empty for other files.
std::string unit_of(const std::string& path) {
  if (!path.starts_with(kUnits)) return {};
  std::string name = path.substr(std::string_view(kUnits).size());
  const size_t slash = name.find('/');
  if (slash == std::string::npos) return name;
  name.resize(slash);
  return name.ends_with(".d") ? name.substr(0, name.size() - 2) : std::string();
}

}  // namespace

std::string node_configuration_version(const std::string& text) {
  return sha256_of(text).substr(0, 32);
}

std::string apply_marker_key(const std::string& configuration_key) {
  return configuration_key.substr(0, configuration_key.rfind('/') + 1) + "apply.json";
}

std::string apply_marker(const std::string& version) {
  return Json{{"version", version}}.dump() + "\n";
}

Bootstrap::Bootstrap(const BootstrapEffects& effects, std::string root, bool systemd)
    : effects_(effects),
      root_(root.ends_with('/') ? root.substr(0, root.size() - 1) : std::move(root)),
      systemd_(systemd),
      folder_(NodePaths(root_.empty() ? "/" : root_).state + "/configuration") {
  const Result<std::string, FileError> text = effects_.files.read(applied_path());
  if (text.ok()) applied_ = parse_applied(*text);
}

Task<Result<std::string, std::string>> Bootstrap::fetch(ObjectAddress object) {
  BucketStore store(effects_.client, object.bucket);
  const Result<std::optional<StoredObject>, std::string> found = co_await store.get(object.key);
  if (!found.ok()) co_return Failure{found.error()};
  if (!*found) co_return Failure{fmt::format("s3://{}/{} is not there", object.bucket, object.key)};
  co_return (*found)->content;
}

Task<Result<Bootstrap::Source, std::string>> Bootstrap::read_source() {
  const std::string path = "user-data";
  const Result<std::optional<std::string>, std::string> user_data = co_await effects_.metadata.get(path);
  if (!user_data.ok()) co_return Failure{user_data.error()};
  if (!*user_data) co_return Failure{std::string("this instance has no user-data")};
  const Result<std::string, std::string> where = replacement_of(**user_data);
  if (!where.ok()) co_return Failure{"user-data: " + where.error()};
  Source source;
  source.text = **user_data;
  if (!where->empty()) {
    source_ = parse_s3_url(*where);
    if (!source_) co_return Failure{"user-data: its configuration is not in S3: " + *where};
    ObjectAddress object = *source_;
    Result<std::string, std::string> text = co_await fetch(std::move(object));
    if (!text.ok()) co_return Failure{text.error()};
    source.text = std::move(*text);
  }
  Result<NodeConfiguration, std::string> parsed = parse_ignition(source.text);
  if (!parsed.ok()) co_return Failure{"the configuration cannot be used: " + parsed.error()};
  source.configuration = std::move(*parsed);
  co_return source;
}

Task<Result<Bootstrap::Source, std::string>> Bootstrap::newest() {
  Result<Source, std::string> source = co_await read_source();
  problem_ = source.ok() ? "" : source.error();
  if (source.ok()) co_return source;
  const Result<std::string, FileError> kept = effects_.files.read(kept_path());
  if (!kept.ok()) co_return source;
  Result<NodeConfiguration, std::string> parsed = parse_ignition(*kept);
  if (!parsed.ok()) co_return source;
  effects_.log.write(LogLevel::kWarn, problem_ + "; the last good configuration counts");
  Source last;
  last.text = *kept;
  last.configuration = std::move(*parsed);
  co_return last;
}

Task<Result<std::string, std::string>> Bootstrap::content_of(ConfiguredFile file) {
  // What was fetched once and is still whole is not fetched again.
  if (!file.sha512.empty()) {
    Result<std::string, FileError> here = effects_.files.read(root_ + file.path);
    if (here.ok() && aws::hex_encode(aws::sha512(*here)) == file.sha512) co_return std::move(*here);
  }
  Result<std::string, std::string> content = std::string();
  if (const std::optional<ObjectAddress> object = parse_s3_url(file.source)) {
    ObjectAddress address = *object;
    content = co_await fetch(std::move(address));
  } else if (!file.source.empty()) {
    content = data_of(file.source);
  }
  if (!content.ok()) co_return Failure{file.path + ": " + content.error()};
  if (!file.sha512.empty() && aws::hex_encode(aws::sha512(*content)) != file.sha512)
    co_return Failure{fmt::format("{}: what {} holds has another SHA-512 than the configuration says", file.path,
                                  file.source.starts_with("data:") ? "the configuration" : file.source)};
  co_return content;
}

Result<bool, std::string> Bootstrap::write(const std::string& path, const std::string& content, uint32_t mode) {
  const std::string whole = root_ + path;
  applied_.files[path] = sha256_of(content);
  const Result<FileInfo, FileError> info = effects_.files.info(whole);
  if (info.ok() && (info->mode & kPermissions) == mode) {
    const Result<std::string, FileError> here = effects_.files.read(whole);
    if (here.ok() && *here == content) return false;
  }
  Status<FileError> done = effects_.files.make_directories(directory_of(whole), 0755);
  if (done.ok()) done = effects_.files.write_atomic(whole, content, mode);
  if (!done.ok()) return Failure{done.error().message};
  return true;
}

Task<int> Bootstrap::run_tool(std::vector<std::string> arguments, Duration limit) {
  const std::string name = arguments.front() + (arguments.size() > 1 ? " " + arguments[1] : "");
  ChildProcess tool(effects_.loop, std::move(arguments));
  const Status<std::string> started = tool.start();
  if (!started.ok()) {
    effects_.log.write(LogLevel::kError, started.error());
    co_return 127;
  }
  const Duration end = effects_.clock.monotonic() + limit;
  while (tool.running()) {
    if (effects_.clock.monotonic() >= end) {
      effects_.log.write(LogLevel::kError,
                         fmt::format("{} has not ended within {} s and is ended", name,
                                     std::chrono::duration_cast<std::chrono::seconds>(limit).count()));
      co_await tool.stop();
      co_return 124;
    }
    Duration pause = std::chrono::milliseconds(20);
    co_await effects_.loop.sleep(pause);
  }
  co_return co_await tool.ended();
}

Task<Status<std::string>> Bootstrap::keep_user(ConfiguredUser user) {
  const std::string home = user.name == "root" ? "/root" : "/home/" + user.name;
  if (systemd_) {
    std::vector<std::string> ask = {"id", user.name};
    const int known = co_await run_tool(std::move(ask), kToolLimit);
    std::vector<std::string> make = {"useradd", "--create-home", user.name};
    const int made = known == 0 ? 0 : co_await run_tool(std::move(make), kToolLimit);
    if (made != 0) co_return Failure{"the user " + user.name + " cannot be made"};
  }
  // Flatcar puts authorized_keys together from this folder (update-ssh-keys).
  const std::string path = home + "/.ssh/authorized_keys.d/ignition";
  const Result<bool, std::string> written = write(path, fmt::format("{}\n", fmt::join(user.ssh_keys, "\n")), 0600);
  if (!written.ok()) co_return Failure{written.error()};
  if (systemd_ && *written) {
    std::vector<std::string> own = {"chown", "-R", user.name, home + "/.ssh"};
    std::vector<std::string> update = {"update-ssh-keys", "-u", user.name};
    const int owned = co_await run_tool(std::move(own), kToolLimit);
    const int updated = owned != 0 ? owned : co_await run_tool(std::move(update), kToolLimit);
    if (updated != 0) co_return Failure{"the keys of " + user.name + " could not be put in place"};
  }
  co_return Status<std::string>();
}

Task<void> Bootstrap::run_hooks(std::string version) {
  if (applied_.hooks == version) co_return;
  const std::string folder = root_ + kHooks;
  const Result<std::vector<DirectoryEntry>, FileError> hooks = effects_.files.list(folder);
  if (hooks.ok()) {
    for (const DirectoryEntry& hook : *hooks) {
      if (hook.is_directory) continue;
      effects_.log.write(LogLevel::kInfo, "hook " + hook.name);
      std::vector<std::string> arguments = {"/bin/sh", folder + "/" + hook.name};
      const int code = co_await run_tool(std::move(arguments), kHookLimit);
      if (code != 0) note(fmt::format("the hook {} ended with {}", hook.name, code));
    }
  }
  applied_.hooks = version;
  save();
}

// Units that changed, and those of whose files one did; this agent's own last, for it ends this process.
Task<void> Bootstrap::restart(std::vector<std::string> changed, NodeConfiguration configuration) {
  std::vector<std::string> reload = {"systemctl", "daemon-reload"};
  (void)co_await run_tool(std::move(reload), kToolLimit);
  std::set<std::string> units;
  bool own = false;
  for (const std::string& path : changed) {
    const std::string unit = unit_of(path);
    if (!unit.empty() && unit != kOwnUnit) units.insert(unit);
    own = own || unit == kOwnUnit || path.starts_with("/etc/terrace/") || path.starts_with("/opt/terrace/");
  }
  for (const ConfiguredUnit& unit : configuration.units) {
    if (!unit.enabled) continue;
    std::vector<std::string> enable = {"systemctl", *unit.enabled ? "enable" : "disable", unit.name};
    (void)co_await run_tool(std::move(enable), kToolLimit);
  }
  // Every member takes up a configuration within the same minute: restarted by it, etcd could lose its quorum.
  const bool is_member = std::any_of(configuration.units.begin(), configuration.units.end(),
                                     [](const ConfiguredUnit& unit) { return unit.name == kEtcdUnit; });
  for (const std::string& unit : units) {
    if (is_member && (unit == kEtcdUnit || unit == kDockerUnit)) {
      effects_.log.write(LogLevel::kInfo, unit + " has changed and waits for the next reboot: etcd runs in it");
      continue;
    }
    effects_.log.write(LogLevel::kInfo, "restarting " + unit);
    std::vector<std::string> again = {"systemctl", "restart", unit};
    const int code = co_await run_tool(std::move(again), kToolLimit);
    if (code != 0) note(unit + " could not be restarted");
  }
  if (!own) co_return;
  effects_.log.write(LogLevel::kInfo, "restarting the agent itself");
  std::vector<std::string> myself = {"systemctl", "restart", "--no-block", kOwnUnit};
  (void)co_await run_tool(std::move(myself), kToolLimit);
}

void Bootstrap::note(std::string problem) {
  effects_.log.write(LogLevel::kError, problem);
  problem_ = std::move(problem);
}

void Bootstrap::save() {
  const Status<FileError> written = effects_.files.write_atomic(applied_path(), to_text(applied_), 0600);
  if (!written.ok()) effects_.log.write(LogLevel::kError, written.error().message);
}

Task<Result<std::vector<std::string>, std::string>> Bootstrap::apply() {
  using Answer = Result<std::vector<std::string>, std::string>;
  Result<Source, std::string> source = co_await newest();
  if (!source.ok()) co_return Answer(Failure{source.error()});
  const NodeConfiguration& configuration = source->configuration;

  // Everything is at hand before anything is written.
  std::vector<std::string> contents;
  for (const ConfiguredFile& file : configuration.files) {
    ConfiguredFile copy = file;
    Result<std::string, std::string> content = co_await content_of(std::move(copy));
    if (!content.ok()) {
      problem_ = content.error();
      co_return Answer(Failure{content.error()});
    }
    contents.push_back(std::move(*content));
  }

  const std::map<std::string, std::string> before = std::move(applied_.files);
  applied_.files.clear();
  std::vector<std::string> changed;
  const auto put = [&](const std::string& path, const std::string& content, uint32_t mode) {
    const Result<bool, std::string> written = write(path, content, mode);
    if (!written.ok()) {
      note(written.error());
    } else if (*written) {
      changed.push_back(path);
    }
  };
  for (const std::string& directory : configuration.directories) {
    const Status<FileError> made = effects_.files.make_directories(root_ + directory, 0755);
    if (!made.ok()) note(made.error().message);
  }
  for (size_t i = 0; i < configuration.files.size(); ++i)
    put(configuration.files[i].path, contents[i], configuration.files[i].mode);
  for (const ConfiguredUnit& unit : configuration.units) {
    if (unit.contents) put(kUnits + unit.name, *unit.contents, 0644);
    for (const ConfiguredUnit::DropIn& drop_in : unit.drop_ins)
      put(kUnits + unit.name + ".d/" + drop_in.name, drop_in.contents, 0644);
  }
  for (const ConfiguredUser& user : configuration.users) {
    ConfiguredUser copy = user;
    const Status<std::string> kept = co_await keep_user(std::move(copy));
    if (!kept.ok()) note(kept.error());
  }
  for (const auto& [path, hash] : before) {
    if (applied_.files.contains(path)) continue;
    const Result<std::string, FileError> here = effects_.files.read(root_ + path);
    if (!here.ok() || sha256_of(*here) != hash) continue;
    if (effects_.files.remove(root_ + path).ok()) changed.push_back(path);
  }

  const std::string version = node_configuration_version(source->text);
  applied_.boot = boot_identity(effects_.files);
  applied_.version = version;
  Status<FileError> kept = effects_.files.make_directories(folder_, 0700);
  if (kept.ok()) kept = effects_.files.write_atomic(kept_path(), source->text, 0600);
  if (!kept.ok()) note(kept.error().message);
  save();
  effects_.log.write(LogLevel::kInfo, changed.empty()
                                          ? "the node is as configuration " + version + " says"
                                          : fmt::format("configuration {}: {}", version, fmt::join(changed, ", ")));
  co_await run_hooks(version);
  if (systemd_ && !changed.empty()) {
    std::vector<std::string> paths = changed;
    NodeConfiguration copy = configuration;
    co_await restart(std::move(paths), std::move(copy));
  }
  co_return Answer(std::move(changed));
}

Task<void> Bootstrap::apply_after_boot() {
  if (applied_.boot == boot_identity(effects_.files) && !applied_.version.empty()) co_return;
  const Result<std::vector<std::string>, std::string> done = co_await apply();
  if (!done.ok()) effects_.log.write(LogLevel::kWarn, "no configuration: " + done.error());
}

Task<void> Bootstrap::follow() {
  std::string said;
  while (true) {
    Duration pause = kMarkerPause + std::chrono::duration_cast<Duration>(kMarkerPause * effects_.random.uniform());
    co_await effects_.loop.sleep(pause);
    if (!source_) {
      (void)co_await read_source();  // learns where the configuration is
      if (!source_) continue;
    }
    BucketStore store(effects_.client, source_->bucket);
    std::string key = apply_marker_key(source_->key);
    const Result<std::optional<StoredObject>, std::string> marker = co_await store.get(key);
    if (!marker.ok() || !*marker) continue;
    const Json document = Json::parse((*marker)->content, nullptr, false);
    const std::string wanted = document.is_object() ? document.value("version", std::string()) : std::string();
    if (wanted.empty() || wanted == applied_.version || wanted == said) continue;
    effects_.log.write(LogLevel::kInfo, "the operator asks for configuration " + wanted);
    const Result<std::vector<std::string>, std::string> done = co_await apply();
    if (!done.ok()) {
      effects_.log.write(LogLevel::kWarn, "it cannot be had: " + done.error());
      co_await effects_.loop.sleep(kRetry);
      continue;
    }
    // The bucket holds another version than the marker names: somebody pushed again, and will ask again.
    if (applied_.version != wanted) said = wanted;
  }
}

}  // namespace terrace::node
