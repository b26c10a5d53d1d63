// resolve_config: the client's configuration from the provider block, the environment and the profile.
#include <charconv>

#include <fmt/format.h>

#include "aws/client.h"
#include "aws/encoding.h"

namespace terrace::aws {

namespace {

// Reads settings by their environment variable, then by their key in the profile.
struct Sources {
  const Environment& environment;
  const Profiles& profiles;
  std::string profile;
  std::string problem;

  std::string text(std::initializer_list<std::string_view> variables, std::string_view key) const {
    for (std::string_view variable : variables) {
      if (const std::string* value = environment_value(environment, variable)) return *value;
    }
    const std::string* value = profiles.find(profile, key);
    return value == nullptr ? std::string() : *value;
  }

  bool flag(std::string_view variable, std::string_view key) {
    std::string value = ascii_lower(text({variable}, key));
    if (value.empty() || value == "false") return false;
    if (value == "true") return true;
    problem = fmt::format("{} (or {} in the profile) is \"{}\"; it must be true or false", variable, key, value);
    return false;
  }
};

void take_service_endpoints(const Sources& sources, bool environment_has_all, ClientConfig& config) {
  constexpr std::string_view kPrefix = "AWS_ENDPOINT_URL_";
  for (const auto& [name, value] : sources.environment) {
    if (name.starts_with(kPrefix) && !value.empty()) {
      config.endpoints_by_id[ascii_lower(std::string_view(name).substr(kPrefix.size()))] = value;
    }
  }
  if (environment_has_all) return;
  const std::string* section = sources.profiles.find(sources.profile, "services");
  if (section == nullptr) return;
  auto services = sources.profiles.services.find(*section);
  if (services == sources.profiles.services.end()) return;
  for (const auto& [id, nested] : services->second) {
    Profile settings = nested_settings(nested);
    auto url = settings.find("endpoint_url");
    if (url != settings.end()) config.endpoints_by_id.emplace(id, url->second);
  }
}

}  // namespace

std::string custom_endpoint(const ClientConfig& config, std::string_view service, std::string_view id) {
  auto given = config.endpoints.find(service);
  if (given != config.endpoints.end() && !given->second.empty()) return given->second;
  auto by_id = config.endpoints_by_id.find(id);
  if (by_id != config.endpoints_by_id.end() && !by_id->second.empty()) return by_id->second;
  return config.endpoint_url;
}

Result<ClientConfig, std::string> resolve_config(const ConfigSettings& settings, const Environment& environment,
                                                 FileSystem& files) {
  auto profiles = load_profiles(settings.files, environment, files);
  if (!profiles.ok()) return Failure(profiles.error());
  Sources sources{environment, *profiles, settings.profile, {}};
  if (sources.profile.empty()) {
    const std::string* named = environment_value(environment, "AWS_PROFILE");
    if (named == nullptr) named = environment_value(environment, "AWS_DEFAULT_PROFILE");
    sources.profile = named != nullptr ? *named : "default";
  }
  ClientConfig config;
  config.region = settings.region;
  if (config.region.empty()) config.region = sources.text({"AWS_REGION", "AWS_DEFAULT_REGION"}, "region");
  config.endpoints = settings.endpoints;
  if (!sources.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) {
    bool environment_has_all = environment_value(environment, "AWS_ENDPOINT_URL") != nullptr;
    take_service_endpoints(sources, environment_has_all, config);
    config.endpoint_url = sources.text({"AWS_ENDPOINT_URL"}, "endpoint_url");
  }
  config.use_fips = settings.use_fips ? *settings.use_fips : sources.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  config.use_dual_stack = settings.use_dual_stack
                              ? *settings.use_dual_stack
                              : sources.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  if (settings.s3_use_path_style) {
    config.s3_use_path_style = *settings.s3_use_path_style;
  } else if (const std::string* s3 = sources.profiles.find(sources.profile, "s3")) {
    Profile nested = nested_settings(*s3);
    auto style = nested.find("addressing_style");
    config.s3_use_path_style = style != nested.end() && style->second == "path";
  }
  if (settings.timeout) config.timeout = *settings.timeout;
  if (settings.connect_timeout) config.connect_timeout = *settings.connect_timeout;
  if (settings.max_retries) {
    config.max_attempts = *settings.max_retries + 1;
  } else if (std::string text = sources.text({"AWS_MAX_ATTEMPTS"}, "max_attempts"); !text.empty()) {
    int attempts = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), attempts);
    bool whole = fault == std::errc() && end == text.data() + text.size();
    if (!whole || attempts < 1) {
      return Failure(
          fmt::format("AWS_MAX_ATTEMPTS (or max_attempts in the profile) is \"{}\"; it must be a whole "
                      "number of at least 1",
                      text));
    }
    config.max_attempts = attempts;
  }
  if (!sources.problem.empty()) return Failure(sources.problem);
  return config;
}

}  // namespace terrace::aws
