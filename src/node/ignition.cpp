#include "node/ignition.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"

namespace terrace::node {

namespace {

using Json = nlohmann::json;

// What is wrong, with its place in the document.
struct Unusable {
  std::string what;
};

[[noreturn]] void refuse(const std::string& place, const std::string& why) {
  throw Unusable{place + ": " + why};
}

const Json& list_at(const Json& object, const char* key, const std::string& place) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return kNone;
  if (!found->is_array()) refuse(place + "." + key, "it must be a list");
  return *found;
}

std::string text_at(const Json& object, const char* key, const std::string& place) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  if (!found->is_string()) refuse(place + "." + key, "it must be a string");
  return *found;
}

// Every key of `object` must be one of `known`; a key whose value says nothing may stand.
void only(const Json& object, const std::set<std::string>& known, const std::string& place) {
  if (!object.is_object()) refuse(place, "it must be an object");
  for (const auto& [key, value] : object.items()) {
    const bool empty = value.is_null() || (value.is_structured() && value.empty());
    if (!known.contains(key) && !empty) refuse(place + "." + key, "a running node cannot take this up");
  }
}

std::string path_at(const Json& object, const std::string& place) {
  const std::string path = text_at(object, "path", place);
  if (!path.starts_with('/') || path.ends_with('/') || path.find("/../") != std::string::npos || path.ends_with("/.."))
    refuse(place + ".path", "\"" + path + "\" is no absolute path of a file");
  return path;
}

ConfiguredFile file_of(const Json& object, const std::string& place) {
  only(object, {"path", "mode", "overwrite", "contents"}, place);
  ConfiguredFile file;
  file.path = path_at(object, place);
  if (object.contains("mode") && !object["mode"].is_null()) {
    if (!object["mode"].is_number_unsigned() || object["mode"] > 07777) refuse(place + ".mode", "it is no file mode");
    file.mode = object["mode"];
  }
  if (!object.contains("contents") || object["contents"].is_null()) return file;
  const std::string inner = place + ".contents";
  const Json& contents = object["contents"];
  only(contents, {"source", "verification"}, inner);
  file.source = text_at(contents, "source", inner);
  if (!file.source.empty() && !file.source.starts_with("data:") && !parse_s3_url(file.source))
    refuse(inner + ".source",
           "only data: and s3: are fetched, not " + file.source.substr(0, file.source.find(':') + 1));
  if (contents.contains("verification") && contents["verification"].is_object()) {
    const std::string hash = text_at(contents["verification"], "hash", inner + ".verification");
    const std::string kind = "sha512-";
    if (!hash.empty() && !hash.starts_with(kind)) refuse(inner + ".verification.hash", "only sha512 is known");
    if (!hash.empty()) file.sha512 = hash.substr(kind.size());
  }
  return file;
}

ConfiguredUnit unit_of(const Json& object, const std::string& place) {
  only(object, {"name", "enabled", "contents", "dropins"}, place);
  ConfiguredUnit unit;
  unit.name = text_at(object, "name", place);
  if (unit.name.empty() || unit.name.find('/') != std::string::npos) refuse(place + ".name", "it is no unit's name");
  if (object.contains("enabled") && object["enabled"].is_boolean()) unit.enabled = object["enabled"].get<bool>();
  if (object.contains("contents") && object["contents"].is_string()) unit.contents = text_at(object, "contents", place);
  size_t number = 0;
  for (const Json& each : list_at(object, "dropins", place)) {
    const std::string inner = fmt::format("{}.dropins[{}]", place, number++);
    only(each, {"name", "contents"}, inner);
    const std::string name = text_at(each, "name", inner);
    if (name.empty() || name.find('/') != std::string::npos) refuse(inner + ".name", "it is no file's name");
    unit.drop_ins.push_back({name, text_at(each, "contents", inner)});
  }
  return unit;
}

ConfiguredUser user_of(const Json& object, const std::string& place) {
  only(object, {"name", "sshAuthorizedKeys"}, place);
  ConfiguredUser user;
  user.name = text_at(object, "name", place);
  const bool plain = !user.name.empty() && std::all_of(user.name.begin(), user.name.end(), [](unsigned char each) {
    return std::isalnum(each) != 0 || each == '_' || each == '-';
  });
  if (!plain) refuse(place + ".name", "it is no user's name");
  for (const Json& key : list_at(object, "sshAuthorizedKeys", place)) {
    if (!key.is_string()) refuse(place + ".sshAuthorizedKeys", "each must be a string");
    user.ssh_keys.push_back(key);
  }
  return user;
}

Json parse_document(const std::string& text) {
  Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) throw Unusable{"it is not a JSON object"};
  const Json none = Json::object();
  const Json& ignition = document.contains("ignition") ? document["ignition"] : none;
  const std::string version = ignition.is_object() ? text_at(ignition, "version", "ignition") : "";
  if (!version.starts_with("3.")) refuse("ignition.version", "\"" + version + "\" is not 3.x");
  return document;
}

}  // namespace

Result<NodeConfiguration, std::string> parse_ignition(const std::string& text) {
  NodeConfiguration configuration;
  try {
    const Json document = parse_document(text);
    only(document, {"ignition", "storage", "systemd", "passwd"}, "configuration");
    only(document["ignition"], {"version"}, "ignition");
    const Json none = Json::object();
    const auto section = [&](const char* name, const std::set<std::string>& known) -> const Json& {
      const auto found = document.find(name);
      if (found == document.end() || found->is_null()) return none;
      only(*found, known, name);
      return *found;
    };
    const Json& storage = section("storage", {"disks", "filesystems", "raid", "luks", "directories", "files"});
    size_t number = 0;
    for (const Json& each : list_at(storage, "directories", "storage")) {
      const std::string place = fmt::format("storage.directories[{}]", number++);
      only(each, {"path", "mode", "overwrite"}, place);
      configuration.directories.push_back(path_at(each, place));
    }
    number = 0;
    for (const Json& each : list_at(storage, "files", "storage"))
      configuration.files.push_back(file_of(each, fmt::format("storage.files[{}]", number++)));
    number = 0;
    for (const Json& each : list_at(section("systemd", {"units"}), "units", "systemd"))
      configuration.units.push_back(unit_of(each, fmt::format("systemd.units[{}]", number++)));
    number = 0;
    for (const Json& each : list_at(section("passwd", {"users"}), "users", "passwd"))
      configuration.users.push_back(user_of(each, fmt::format("passwd.users[{}]", number++)));
  } catch (const Unusable& unusable) {
    return Failure{unusable.what};
  }
  return configuration;
}

Result<std::string, std::string> replacement_of(const std::string& user_data) {
  try {
    const Json document = parse_document(user_data);
    const Json::json_pointer source("/ignition/config/replace/source");
    if (!document.contains(source)) return std::string();
    if (!document[source].is_string()) refuse("ignition.config.replace.source", "it must be a string");
    return document[source].get<std::string>();
  } catch (const Unusable& unusable) {
    return Failure{unusable.what};
  }
}

Result<std::string, std::string> data_of(const std::string& url) {
  const std::string scheme = "data:";
  const size_t comma = url.find(',');
  if (!url.starts_with(scheme) || comma == std::string::npos) return Failure{std::string("it is no data URL")};
  const std::string_view kind = std::string_view(url).substr(scheme.size(), comma - scheme.size());
  std::string bytes = aws::percent_decode(std::string_view(url).substr(comma + 1));
  if (!kind.ends_with(";base64")) return bytes;
  std::optional<std::string> decoded = aws::base64_decode(bytes);
  if (!decoded) return Failure{std::string("its base64 is broken")};
  return std::move(*decoded);
}

std::optional<ObjectAddress> parse_s3_url(const std::string& url) {
  const std::string scheme = "s3://";
  const size_t slash = url.find('/', scheme.size());
  if (!url.starts_with(scheme) || slash == std::string::npos || slash + 1 == url.size()) return std::nullopt;
  return ObjectAddress{url.substr(scheme.size(), slash - scheme.size()), url.substr(slash + 1)};
}

}  // namespace terrace::node
