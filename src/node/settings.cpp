#include "node/settings.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace terrace::node {

using nlohmann::json;

namespace {

constexpr const char* kKeys[] = {"cluster",       "role",      "bucket",      "group",       "health",
                                 "endpoint",      "apps",      "apps_branch", "apps_folder", "reboot_window",
                                 "reboot_places", "time_zone", "flannel"};

using Parsed = Result<json, SettingsError>;

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

SettingsError to_mend(std::string message) {
  return SettingsError{std::move(message), false};
}

// node.json as an object of strings; empty where there is no such file.
Parsed read_node_file(FileSystem& files, const std::string& path) {
  const Result<std::string, FileError> text = files.read(path);
  if (!text.ok()) {
    if (text.error().not_found()) return json::object();
    return Failure{to_mend(text.error().message)};
  }
  json document;
  try {
    document = json::parse(*text);
  } catch (const json::parse_error& error) {
    return Failure{to_mend(fmt::format("{}: not JSON: {}", path, error.what()))};
  }
  if (!document.is_object()) return Failure{to_mend(path + ": it must hold one JSON object")};
  for (const auto& [key, value] : document.items()) {
    const bool known = std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
    if (!known)
      return Failure{to_mend(fmt::format("{}: \"{}\" is no setting; known are {}", path, key, fmt::join(kKeys, ", ")))};
    if (!value.is_string() || value.get<std::string>().empty())
      return Failure{to_mend(fmt::format("{}: \"{}\" must be a string that is not empty", path, key))};
  }
  return document;
}

std::string health_of(const json& given) {
  const std::string address = text_at(given, "health");
  return address.empty() ? "127.0.0.1:9977" : address;
}

}  // namespace

Result<std::string, SettingsError> health_address(FileSystem& files, const std::string& node_file) {
  const Parsed given = read_node_file(files, node_file);
  if (!given.ok()) return Failure{given.error()};
  return health_of(*given);
}

NodePaths::NodePaths(const std::string& root)
    : node_file(join_path(root, "etc/terrace/node.json")),
      state(join_path(root, "var/lib/terrace")),
      tls(join_path(root, "var/lib/terrace/tls")),
      etcd(join_path(root, "var/lib/etcd")),
      etcd_config(join_path(root, "var/lib/terrace/etcd.json")) {}

Task<Result<Settings, SettingsError>> read_settings(InstanceMetadata& metadata, FileSystem& files,
                                                    std::string node_file) {
  using Answer = Result<Settings, SettingsError>;
  const Parsed given = read_node_file(files, node_file);
  if (!given.ok()) co_return Answer(Failure{given.error()});
  const std::string document_path = "dynamic/instance-identity/document";
  const Result<std::optional<std::string>, std::string> document = co_await metadata.get(document_path);
  if (!document.ok()) co_return Answer(Failure{SettingsError{document.error(), true}});
  const json identity = json::parse(document->value_or(""), nullptr, false);
  if (!identity.is_object())
    co_return Answer(Failure{SettingsError{"instance metadata: the identity document is not JSON", true}});

  Settings settings;
  settings.instance = text_at(identity, "instanceId");
  settings.address = text_at(identity, "privateIp");
  settings.account = text_at(identity, "accountId");
  settings.region = text_at(identity, "region");
  settings.zone = text_at(identity, "availabilityZone");
  if (settings.instance.empty() || settings.address.empty())
    co_return Answer(
        Failure{SettingsError{"instance metadata: the identity document names no instanceId or privateIp", true}});
  settings.cluster = text_at(*given, "cluster");
  settings.role = text_at(*given, "role");
  struct Wanted {
    const char* tag;
    const char* setting;
    std::string* value;
  };
  const Wanted wanted[] = {{"Cluster", "cluster", &settings.cluster}, {"Role", "role", &settings.role}};
  for (const Wanted& each : wanted) {
    if (!each.value->empty()) continue;
    const std::string path = std::string("meta-data/tags/instance/") + each.tag;
    const Result<std::optional<std::string>, std::string> answer = co_await metadata.get(path);
    if (!answer.ok()) co_return Answer(Failure{SettingsError{answer.error(), true}});
    if (!*answer)
      co_return Answer(Failure{to_mend(fmt::format(
          "nothing says what this node's {} is: {} does not, and the instance's metadata have no tag {} (the launch "
          "template must allow tags in metadata)",
          each.setting, node_file, each.tag))});
    *each.value = **answer;
  }
  if (settings.role != "etcd" && settings.role != "worker" && settings.role != "admiral")
    co_return Answer(Failure{
        to_mend(fmt::format("the role \"{}\" is not known: it must be etcd, worker or admiral", settings.role))});
  settings.bucket = text_at(*given, "bucket");
  if (settings.bucket.empty()) settings.bucket = fmt::format("{}-{}-cloudinit", settings.account, settings.cluster);
  settings.group = text_at(*given, "group");
  if (settings.group.empty()) settings.group = fmt::format("{}-{}", settings.cluster, settings.role);
  settings.health = health_of(*given);
  settings.endpoint = text_at(*given, "endpoint");
  if (settings.endpoint.empty()) settings.endpoint = "127.0.0.1:2379";
  const auto or_else = [&](const char* key, const char* otherwise) {
    const std::string value = text_at(*given, key);
    return value.empty() ? std::string(otherwise) : value;
  };
  settings.apps = text_at(*given, "apps");
  settings.apps_branch = or_else("apps_branch", "main");
  settings.apps_folder = or_else("apps_folder", "/opt/apps");
  settings.reboot_window = text_at(*given, "reboot_window");
  settings.time_zone = or_else("time_zone", "UTC");
  settings.flannel = text_at(*given, "flannel");
  settings.reboot_places = std::atoi(or_else("reboot_places", "1").c_str());
  if (settings.reboot_places < 1)
    co_return Answer(Failure{to_mend(node_file + ": \"reboot_places\" must be a number of nodes, 1 or more")});
  co_return Answer(std::move(settings));
}

std::string boot_identity(FileSystem& files) {
  const Result<std::string, FileError> boot = files.read("/proc/sys/kernel/random/boot_id");
  const Result<std::string, FileError> first = files.read("/proc/1/stat");
  std::string identity = boot.ok() ? boot->substr(0, boot->find('\n')) : "";
  if (!first.ok()) return identity;
  // Field 22, counted behind the name, which may hold anything.
  std::istringstream fields(first->substr(first->rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) fields >> field;
  return identity + "/" + field;
}

}  // namespace terrace::node
