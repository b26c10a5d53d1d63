#include "aws/profile.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "aws/encoding.h"

namespace terrace::aws {

namespace {

using Sections = std::map<std::string, Profile, std::less<>>;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// What the shared files allow in the names of profiles and settings.
bool is_identifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-/.%@:+").find(c) != std::string_view::npos;
  });
}

// `text` up to a comment, which a blank must stand before.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool starts = text[i] == '#' || text[i] == ';';
    if (starts && (i == 0 || is_blank(text[i - 1]))) return text.substr(0, i);
  }
  return text;
}

struct FileParser {
  bool is_config;
  Profiles& out;
  std::string error;
  int line_number = 0;
  Sections from_prefix;        // config: [profile default] takes the place of [default]
  Profile* section = nullptr;  // null inside a section that is passed over
  bool seen_section = false;
  std::string* value = nullptr;  // the last setting's, for lines that go on; null where it is passed over
  bool seen_property = false;
  bool is_nested = false;  // the last setting began empty: its lines are settings themselves
  Profile dropped;

  void fail(std::string_view message) {
    if (error.empty()) error = fmt::format("line {}: {}", line_number, message);
  }

  void run(std::string_view text) {
    while (!text.empty() && error.empty()) {
      std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      ++line_number;
      if (trim(line).empty() || line.front() == '#' || line.front() == ';') continue;
      if (line.front() == '[') {
        open_section(line);
      } else if (is_blank(line.front())) {
        go_on(line);
      } else {
        property(line);
      }
    }
    if (auto prefixed = from_prefix.find("default"); prefixed != from_prefix.end()) {
      out.profiles["default"] = prefixed->second;
    }
  }

  void open_section(std::string_view line) {
    std::size_t close = line.find(']');
    if (close == std::string_view::npos) return fail("a section's name must end with \"]\"");
    std::string_view after = trim(line.substr(close + 1));
    if (!after.empty() && after.front() != '#' && after.front() != ';') {
      return fail("nothing but a comment may stand after a section's name");
    }
    std::string_view inside = trim(line.substr(1, close - 1));
    std::size_t gap = inside.find_first_of(" \t");
    std::string_view kind = gap == std::string_view::npos ? std::string_view() : inside.substr(0, gap);
    std::string_view name = gap == std::string_view::npos ? inside : trim(inside.substr(gap));
    seen_section = true;
    seen_property = false;
    value = nullptr;
    section = nullptr;
    if (!is_identifier(name)) return;
    if (!is_config) {
      if (kind.empty()) section = &out.profiles[std::string(name)];
    } else if (kind == "profile") {
      section = name == "default" ? &from_prefix["default"] : &out.profiles[std::string(name)];
    } else if (kind == "sso-session") {
      section = &out.sso_sessions[std::string(name)];
    } else if (kind == "services") {
      section = &out.services[std::string(name)];
    } else if (kind.empty() && name == "default") {
      section = &out.profiles["default"];
    }
  }

  void property(std::string_view line) {
    if (!seen_section)
      return fail("a setting must stand in a section: [default] or [profile NAME] is needed before it");
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return fail("a setting needs a \"=\"");
    std::string_view key = trim(line.substr(0, equals));
    if (key.empty()) return fail("a setting needs a name before the \"=\"");
    std::string_view text = trim(without_comment(line.substr(equals + 1)));
    seen_property = true;
    is_nested = text.empty();
    bool kept = section != nullptr && is_identifier(key);
    value = &(kept ? *section : dropped)[ascii_lower(key)];
    *value = text;
  }

  void go_on(std::string_view line) {
    if (!seen_section) return fail("an indented line must stand in a section");
    if (!seen_property) return fail("an indented line must follow a setting");
    std::string_view text = trim(line);
    if (is_nested) {
      std::size_t equals = text.find('=');
      if (equals == std::string_view::npos) return fail("a nested setting needs a \"=\"");
      if (trim(text.substr(0, equals)).empty()) return fail("a nested setting needs a name before the \"=\"");
    }
    *value += "\n" + std::string(text);
  }
};

std::string expand_home(const std::string& path, const Environment& environment) {
  const std::string* home = environment_value(environment, "HOME");
  if (home != nullptr && path.starts_with("~/")) return join_path(*home, path.substr(2));
  return path;
}

std::vector<std::string> file_paths(const std::vector<std::string>& given, std::string_view variable, const char* usual,
                                    const Environment& environment) {
  std::vector<std::string> paths = given;
  if (paths.empty()) {
    const std::string* named = environment_value(environment, variable);
    paths.push_back(named != nullptr ? *named : usual);
  }
  for (std::string& path : paths) path = expand_home(path, environment);
  return paths;
}

void merge(const Sections& from, Sections& into) {
  for (const auto& [name, section] : from) {
    for (const auto& [key, value] : section) into[name][key] = value;
    into.try_emplace(name);
  }
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

const std::string* environment_value(const Environment& environment, std::string_view name) {
  auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? nullptr : &found->second;
}

const std::string* Profiles::find(std::string_view name, std::string_view key) const {
  auto profile = profiles.find(name);
  if (profile == profiles.end()) return nullptr;
  auto found = profile->second.find(key);
  return found == profile->second.end() ? nullptr : &found->second;
}

Result<Profiles, std::string> parse_profiles(std::string_view config, std::string_view credentials) {
  Profiles out;
  FileParser config_parser{true, out, {}, 0, {}, nullptr, false, nullptr, false, false, {}};
  config_parser.run(config);
  if (!config_parser.error.empty()) return Failure("config file, " + config_parser.error);
  FileParser credentials_parser{false, out, {}, 0, {}, nullptr, false, nullptr, false, false, {}};
  credentials_parser.run(credentials);
  if (!credentials_parser.error.empty()) return Failure("credentials file, " + credentials_parser.error);
  return out;
}

Profile nested_settings(std::string_view value) {
  Profile settings;
  while (!value.empty()) {
    std::size_t end = value.find('\n');
    std::string_view line = value.substr(0, end);
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
    std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    settings[ascii_lower(trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
  }
  return settings;
}

Result<Profiles, std::string> load_profiles(const SharedFiles& files, const Environment& environment,
                                            FileSystem& file_system) {
  Profiles all;
  std::string problem;
  auto load = [&](const std::string& path, bool is_config) {
    auto text = file_system.read(path);
    if (!text.ok()) {
      if (!text.error().not_found() && problem.empty()) problem = text.error().message;
      return;
    }
    auto parsed = is_config ? parse_profiles(*text, "") : parse_profiles("", *text);
    if (!parsed.ok()) {
      if (problem.empty()) problem = path + ": " + parsed.error();
      return;
    }
    merge(parsed->profiles, all.profiles);
    merge(parsed->sso_sessions, all.sso_sessions);
    merge(parsed->services, all.services);
  };
  for (const std::string& path : file_paths(files.config_files, "AWS_CONFIG_FILE", "~/.aws/config", environment)) {
    load(path, true);
  }
  for (const std::string& path :
       file_paths(files.credentials_files, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", environment)) {
    load(path, false);
  }
  if (!problem.empty()) return Failure(problem);
  return all;
}

}  // namespace terrace::aws
