#include "aws/credentials.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/client.h"
#include "aws/encoding.h"
#include "aws/timestamp.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::json;

// What asking one source came to.
struct Outcome {
  std::optional<Credentials> credentials;
  std::string reason;   // why there are none
  bool is_set = false;  // the source was configured, so that later ones must not take its place
};

Outcome absent(std::string reason) {
  return Outcome{std::nullopt, std::move(reason), false};
}
Outcome broken(std::string reason) {
  return Outcome{std::nullopt, std::move(reason), true};
}
Outcome found(Credentials credentials) {
  return Outcome{std::move(credentials), {}, true};
}

std::string text_at(const Json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// {"AccessKeyId", "SecretAccessKey", "SessionToken" or "Token", "Expiration"}: what STS, processes, containers and the
// instance metadata service answer with.
Outcome credentials_of_json(const Json& json, std::string source) {
  if (!json.is_object()) return broken("the answer is not JSON");
  Credentials credentials;
  credentials.access_key_id = text_at(json, "AccessKeyId");
  credentials.secret_access_key = text_at(json, "SecretAccessKey");
  credentials.session_token = text_at(json, "SessionToken");
  if (credentials.session_token.empty()) credentials.session_token = text_at(json, "Token");
  credentials.source = std::move(source);
  if (std::string expiration = text_at(json, "Expiration"); !expiration.empty()) {
    credentials.expires = parse_timestamp(expiration);
    if (!credentials.expires) return broken("the answer's Expiration is not a time");
  }
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return broken("the answer holds no AccessKeyId and SecretAccessKey");
  }
  return found(std::move(credentials));
}

// Whether plain HTTP may carry the container's token there: this machine, or the addresses that ECS and EKS serve from.
bool is_trusted_host(std::string_view url) {
  std::string_view host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) {
    host = host.substr(0, host.find(']') + 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  return host == "localhost" || host.starts_with("127.") || host == "[::1]" || host == "169.254.170.2" ||
         host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

constexpr Duration kRefreshAhead = std::chrono::minutes(5);
constexpr Duration kFailureKept = std::chrono::seconds(10);
constexpr std::string_view kMetadataAddress = "http://169.254.169.254";

}  // namespace

std::string CredentialsError::describe() const {
  std::string text = message;
  for (const std::string& source : tried) text += "\n  - " + source;
  return text;
}

struct CredentialChain::Impl {
  Loop& loop;
  Network& network;
  FileSystem& files;
  Random& random;
  Models& models;
  ProcessRunner& processes;
  Environment environment;
  CredentialSettings settings;
  Log& log;
  std::optional<Credentials> kept;
  std::optional<CredentialsError> failure;
  Duration failed_at{0};
  std::shared_ptr<Event> refreshing;

  const std::string* variable(std::string_view name) const { return environment_value(environment, name); }

  bool is_fresh(const Credentials& credentials, Duration ahead) const {
    return !credentials.expires || *credentials.expires - ahead > loop.clock().wall();
  }

  // Ends a fetch however it ends, by an exception and by being dropped as well: the first that waited then fetches
  // itself. It touches the event alone, since the chain may be gone by the time that a task is dropped.
  struct WakesWaiters {
    std::shared_ptr<Event> event;
    explicit WakesWaiters(std::shared_ptr<Event> waited_for) : event(std::move(waited_for)) {}
    WakesWaiters(const WakesWaiters&) = delete;
    WakesWaiters& operator=(const WakesWaiters&) = delete;
    ~WakesWaiters() { event->set(); }
  };

  Task<CredentialsResult> get() {
    while (refreshing != nullptr && !refreshing->is_set()) {
      const std::shared_ptr<Event> kept_event = refreshing;
      Event& event = *kept_event;  // GCC 12 awaits a copy of what `co_await *pointer` points to
      co_await event;
    }
    if (kept && is_fresh(*kept, kRefreshAhead)) co_return *kept;
    if (failure && loop.clock().monotonic() - failed_at < kFailureKept) co_return Failure(*failure);
    const WakesWaiters fetching{std::make_shared<Event>(loop)};
    refreshing = fetching.event;
    CredentialsResult result = co_await resolve();
    if (result.ok()) {
      kept = result.value();
      failure.reset();
      log.write(LogLevel::kDebug, "aws: credentials from " + kept->source);
    } else if (kept && is_fresh(*kept, Duration{0})) {
      // What we have still works; the next call tries again.
      result = *kept;
    } else {
      failure = result.error();
      failed_at = loop.clock().monotonic();
    }
    co_return result;
  }

  Task<CredentialsResult> resolve() {
    CredentialsError error;
    Outcome outcome = co_await first_source(error);
    if (!outcome.credentials) {
      error.message =
          "No valid credential sources found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a "
          "profile of ~/.aws/credentials in AWS_PROFILE or in the provider block. What was tried:";
      co_return Failure(std::move(error));
    }
    for (const AssumeRole& role : settings.assume_roles) {
      outcome = co_await assume_role(*outcome.credentials, role);
      if (!outcome.credentials) {
        error.message = "Cannot assume IAM Role";
        error.tried.push_back(role.role_arn + ": " + outcome.reason);
        co_return Failure(std::move(error));
      }
    }
    co_return std::move(*outcome.credentials);
  }

  // The sources in order, until one has credentials or is configured and fails.
  Task<Outcome> first_source(CredentialsError& error) {
    auto settled = [&error](const char* name, const Outcome& outcome) {
      if (!outcome.credentials) error.tried.push_back(std::string(name) + ": " + outcome.reason);
      return outcome.credentials || outcome.is_set;
    };
    Outcome outcome = from_settings();
    if (settled("provider block", outcome)) co_return outcome;
    outcome = from_environment();
    if (settled("environment variables", outcome)) co_return outcome;
    outcome = co_await from_web_identity_environment();
    if (settled("web identity token", outcome)) co_return outcome;
    outcome = co_await from_shared_files();
    if (settled("shared files", outcome)) co_return outcome;
    outcome = co_await from_container();
    if (settled("container", outcome)) co_return outcome;
    outcome = co_await from_metadata();
    settled("instance metadata", outcome);
    co_return outcome;
  }

  Outcome from_settings() const {
    if (settings.access_key.empty() && settings.secret_key.empty()) return absent("access_key is not set");
    if (settings.access_key.empty()) return broken("secret_key is set without access_key");
    if (settings.secret_key.empty()) return broken("access_key is set without secret_key");
    return found({settings.access_key, settings.secret_key, settings.token, std::nullopt, "the provider block"});
  }

  Outcome from_environment() const {
    // A profile that the provider block names was asked for; keys in the environment must not shadow it.
    if (!settings.profile.empty()) return absent("passed over, as the provider block names a profile");
    const std::string* id = variable("AWS_ACCESS_KEY_ID");
    if (id == nullptr) id = variable("AWS_ACCESS_KEY");
    const std::string* secret = variable("AWS_SECRET_ACCESS_KEY");
    if (secret == nullptr) secret = variable("AWS_SECRET_KEY");
    if (id == nullptr && secret == nullptr) return absent("AWS_ACCESS_KEY_ID is not set");
    if (id == nullptr) return broken("AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID");
    if (secret == nullptr) return broken("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
    const std::string* token = variable("AWS_SESSION_TOKEN");
    if (token == nullptr) token = variable("AWS_SECURITY_TOKEN");
    return found({*id, *secret, token == nullptr ? "" : *token, std::nullopt, "environment variables"});
  }

  Task<Outcome> from_web_identity_environment() {
    if (!settings.profile.empty()) co_return absent("passed over, as the provider block names a profile");
    const std::string* file = variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    const std::string* role = variable("AWS_ROLE_ARN");
    if (file == nullptr) co_return absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    if (role == nullptr) co_return broken("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN");
    const std::string* session = variable("AWS_ROLE_SESSION_NAME");
    std::string session_name = session == nullptr ? std::string() : *session;
    Outcome outcome = co_await web_identity(*file, *role, session_name);
    co_return outcome;
  }

  // --- profiles -----------------------------------------------------------------------------------------------------

  Task<Outcome> from_shared_files() {
    auto profiles = load_profiles(settings.files, environment, files);
    if (!profiles.ok()) co_return broken(profiles.error());
    std::string name = settings.profile;
    bool is_named = !name.empty();
    for (const char* source : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
      const std::string* value = variable(source);
      if (name.empty() && value != nullptr) name = *value;
    }
    is_named = !name.empty();
    if (name.empty()) name = "default";
    if (!profiles->profiles.contains(name)) {
      std::string reason = fmt::format("there is no profile \"{}\" in the shared config and credentials files", name);
      co_return is_named ? broken(reason) : absent(reason);
    }
    std::set<std::string> visited;
    Outcome outcome = co_await from_profile(*profiles, name, visited);
    // A profile that was named must do: what comes after it is another identity.
    if (!outcome.credentials && is_named) outcome.is_set = true;
    co_return outcome;
  }

  static std::string setting(const Profiles& profiles, const std::string& name, std::string_view key) {
    const std::string* value = profiles.find(name, key);
    return value == nullptr ? std::string() : *value;
  }

  Outcome static_keys(const Profiles& profiles, const std::string& name) const {
    std::string id = setting(profiles, name, "aws_access_key_id");
    std::string secret = setting(profiles, name, "aws_secret_access_key");
    if (id.empty() && secret.empty()) {
      return absent(fmt::format("profile \"{}\" has no aws_access_key_id, role_arn or credential_process", name));
    }
    if (id.empty()) return broken(fmt::format("profile \"{}\" has no aws_access_key_id", name));
    if (secret.empty()) return broken(fmt::format("profile \"{}\" has no aws_secret_access_key", name));
    return found(
        {id, secret, setting(profiles, name, "aws_session_token"), std::nullopt, fmt::format("profile \"{}\"", name)});
  }

  Task<Outcome> from_profile(const Profiles& profiles, std::string name, std::set<std::string>& visited) {
    if (!profiles.profiles.contains(name)) co_return broken(fmt::format("there is no profile \"{}\"", name));
    bool is_first_visit = visited.insert(name).second;
    if (!is_first_visit) co_return broken(fmt::format("profile \"{}\" is its own source_profile", name));
    if (!setting(profiles, name, "role_arn").empty()) {
      Outcome outcome = co_await role_of_profile(profiles, name, visited);
      co_return outcome;
    }
    Outcome keys = static_keys(profiles, name);
    if (keys.credentials || keys.is_set) co_return keys;
    if (std::string command = setting(profiles, name, "credential_process"); !command.empty()) {
      co_return from_process(command, name);
    }
    bool is_sso = !setting(profiles, name, "sso_session").empty() || !setting(profiles, name, "sso_start_url").empty();
    if (is_sso) {
      Outcome outcome = co_await from_sso(profiles, name);
      co_return outcome;
    }
    co_return keys;
  }

  Task<Outcome> role_of_profile(const Profiles& profiles, std::string name, std::set<std::string>& visited) {
    AssumeRole role;
    role.role_arn = setting(profiles, name, "role_arn");
    role.session_name = setting(profiles, name, "role_session_name");
    role.external_id = setting(profiles, name, "external_id");
    if (std::string length = setting(profiles, name, "duration_seconds"); !length.empty()) {
      int seconds = 0;
      auto [end, fault] = std::from_chars(length.data(), length.data() + length.size(), seconds);
      if (fault != std::errc() || end != length.data() + length.size()) {
        co_return broken(fmt::format("duration_seconds of profile \"{}\" is not a whole number", name));
      }
      role.duration_seconds = seconds;
    }
    if (std::string file = setting(profiles, name, "web_identity_token_file"); !file.empty()) {
      Outcome outcome = co_await web_identity(file, role.role_arn, role.session_name);
      co_return outcome;
    }
    if (!setting(profiles, name, "mfa_serial").empty()) {
      co_return broken(
          fmt::format("profile \"{}\" asks for an MFA code, which terrace has no way to ask for: get "
                      "temporary credentials with aws sts assume-role and set them in the environment",
                      name));
    }
    Outcome base = co_await source_of_role(profiles, name, visited);
    if (!base.credentials) co_return base;
    Outcome outcome = co_await assume_role(*base.credentials, role);
    if (!outcome.credentials) {
      outcome.reason = fmt::format("profile \"{}\": cannot assume {}: {}", name, role.role_arn, outcome.reason);
    }
    co_return outcome;
  }

  Task<Outcome> source_of_role(const Profiles& profiles, std::string name, std::set<std::string>& visited) {
    std::string source = setting(profiles, name, "source_profile");
    std::string kind = setting(profiles, name, "credential_source");
    if (!source.empty() && !kind.empty()) {
      co_return broken(fmt::format("profile \"{}\" has both source_profile and credential_source", name));
    }
    if (source == name) co_return static_keys(profiles, name);
    if (!source.empty()) {
      Outcome outcome = co_await from_profile(profiles, source, visited);
      outcome.is_set = true;
      co_return outcome;
    }
    if (kind == "Environment") co_return from_environment();
    if (kind == "EcsContainer") {
      Outcome outcome = co_await from_container();
      co_return outcome;
    }
    if (kind == "Ec2InstanceMetadata") {
      Outcome outcome = co_await from_metadata();
      co_return outcome;
    }
    co_return broken(
        fmt::format("profile \"{}\" has a role_arn but no source_profile or credential_source that is "
                    "known",
                    name));
  }

  Outcome from_process(const std::string& command, const std::string& name) {
    auto output = processes.run(command);
    if (!output.ok()) return broken(fmt::format("credential_process of profile \"{}\": {}", name, output.error()));
    Json json = Json::parse(*output, nullptr, false);
    if (!json.is_object() || json.value("Version", 0) != 1) {
      return broken(fmt::format("credential_process of profile \"{}\" did not print a JSON object of version 1", name));
    }
    return credentials_of_json(json, fmt::format("credential_process of profile \"{}\"", name));
  }

  // The token that `aws sso login` left, turned into the role's credentials.
  Task<Outcome> from_sso(const Profiles& profiles, std::string name) {
    std::string session = setting(profiles, name, "sso_session");
    std::string start_url = setting(profiles, name, "sso_start_url");
    std::string region = setting(profiles, name, "sso_region");
    if (!session.empty()) {
      auto section = profiles.sso_sessions.find(session);
      if (section == profiles.sso_sessions.end()) {
        co_return broken(fmt::format("profile \"{}\": there is no [sso-session {}]", name, session));
      }
      if (auto value = section->second.find("sso_region"); value != section->second.end()) region = value->second;
    }
    const std::string* home = variable("HOME");
    std::string cache = join_path(home == nullptr ? "" : *home, ".aws/sso/cache/");
    auto text = files.read(cache + hex_encode(sha1(session.empty() ? start_url : session)) + ".json");
    std::string log_in = fmt::format("run aws sso login --profile {}", name);
    if (!text.ok()) co_return broken(fmt::format("profile \"{}\": not logged in; {}", name, log_in));
    Json token = Json::parse(*text, nullptr, false);
    std::optional<Duration> expires = parse_timestamp(token.is_object() ? text_at(token, "expiresAt") : "");
    if (!expires || *expires <= loop.clock().wall()) {
      co_return broken(fmt::format("profile \"{}\": the login has expired; {}", name, log_in));
    }
    HttpRequest request;
    request.url = fmt::format("https://portal.sso.{}.amazonaws.com/federation/credentials?role_name={}&account_id={}",
                              region, percent_encode(setting(profiles, name, "sso_role_name")),
                              percent_encode(setting(profiles, name, "sso_account_id")));
    request.headers.emplace_back("x-amz-sso_bearer_token", text_at(token, "accessToken"));
    HttpResult answer = co_await network.send(std::move(request));
    if (!answer.ok()) co_return broken(answer.error().message);
    if (answer->status != 200) {
      co_return broken(
          fmt::format("profile \"{}\": the SSO portal answered with status {}; {}", name, answer->status, log_in));
    }
    Json json = Json::parse(answer->body, nullptr, false);
    Json role = json.is_object() && json.contains("roleCredentials") ? json["roleCredentials"] : Json::object();
    Credentials credentials{text_at(role, "accessKeyId"), text_at(role, "secretAccessKey"),
                            text_at(role, "sessionToken"), std::nullopt, fmt::format("SSO profile \"{}\"", name)};
    if (credentials.access_key_id.empty()) co_return broken("the SSO portal's answer holds no credentials");
    if (role.contains("expiration") && role["expiration"].is_number()) {
      credentials.expires = std::chrono::milliseconds(role["expiration"].get<int64_t>());
    }
    co_return found(std::move(credentials));
  }

  // --- STS ----------------------------------------------------------------------------------------------------------

  Task<Outcome> call_sts(Credentials keys, std::string operation, Json params, std::string source) {
    ClientConfig config;
    config.region = settings.region.empty() ? "us-east-1" : settings.region;
    if (!settings.sts_endpoint.empty()) config.endpoints["sts"] = settings.sts_endpoint;
    constexpr int kAttempts = 5;
    config.max_attempts = kAttempts;
    StaticCredentials provider(std::move(keys));
    Client client(loop, network, random, models, provider, config, log);
    ApiResult answer = co_await client.call("sts", operation, std::move(params));
    if (!answer.ok()) co_return broken(answer.error().describe());
    if (!answer.value().contains("Credentials")) co_return broken("STS answered without credentials");
    co_return credentials_of_json(answer.value()["Credentials"], std::move(source));
  }

  std::string session_name(const std::string& given) { return given.empty() ? "terrace-" + random.uuid() : given; }

  Task<Outcome> assume_role(Credentials keys, AssumeRole role) {
    Json params = {{"RoleArn", role.role_arn}, {"RoleSessionName", session_name(role.session_name)}};
    if (!role.external_id.empty()) params["ExternalId"] = role.external_id;
    if (!role.policy.empty()) params["Policy"] = role.policy;
    if (!role.source_identity.empty()) params["SourceIdentity"] = role.source_identity;
    if (role.duration_seconds) params["DurationSeconds"] = *role.duration_seconds;
    for (const std::string& arn : role.policy_arns) params["PolicyArns"].push_back({{"arn", arn}});
    std::string source = "role " + role.role_arn;
    Outcome outcome = co_await call_sts(std::move(keys), "AssumeRole", std::move(params), source);
    co_return outcome;
  }

  Task<Outcome> web_identity(std::string file, std::string role, std::string name) {
    auto token = files.read(file);
    if (!token.ok()) co_return broken(token.error().message);
    Json params = {
        {"RoleArn", role}, {"RoleSessionName", session_name(name)}, {"WebIdentityToken", std::string(trim(*token))}};
    Credentials nobody;
    std::string source = "web identity, role " + role;
    Outcome outcome = co_await call_sts(nobody, "AssumeRoleWithWebIdentity", std::move(params), source);
    co_return outcome;
  }

  // --- container and instance ---------------------------------------------------------------------------------------

  Task<Outcome> from_container() {
    HttpRequest request;
    if (const std::string* relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      request.url = "http://169.254.170.2" + *relative;
    } else if (const std::string* full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
      request.url = *full;
      bool is_safe = full->starts_with("https://") || (full->starts_with("http://") && is_trusted_host(*full));
      if (!is_safe) {
        co_return broken(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this machine or a container "
            "host");
      }
    } else {
      co_return absent("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
    }
    std::string token;
    if (const std::string* file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      auto text = files.read(*file);
      if (!text.ok()) co_return broken(text.error().message);
      token = trim(*text);
    } else if (const std::string* value = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
      token = *value;
    }
    if (token.find_first_of("\r\n") != std::string::npos) co_return broken("the container's token has a line break");
    if (!token.empty()) request.headers.emplace_back("Authorization", token);
    request.headers.emplace_back("Accept", "application/json");
    request.connect_timeout = request.timeout = std::chrono::seconds(2);
    request.use_proxy = false;
    HttpResult answer = co_await network.send(std::move(request));
    if (!answer.ok()) co_return broken(answer.error().message);
    if (answer->status != 200)
      co_return broken(fmt::format("the container host answered with status {}", answer->status));
    co_return credentials_of_json(Json::parse(answer->body, nullptr, false), "the container");
  }

  // A request to the instance metadata service, the token with it; the body, or why there is none.
  Task<Result<std::string, std::string>> ask_metadata(std::string method, std::string path, Headers headers) {
    std::string base = settings.metadata_endpoint;
    const std::string* endpoint = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    const std::string* mode = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (base.empty() && endpoint != nullptr) base = *endpoint;
    if (base.empty() && mode != nullptr && ascii_lower(*mode) == "ipv6") base = "http://[fd00:ec2::254]";
    if (base.empty()) base = kMetadataAddress;
    while (base.ends_with('/')) base.pop_back();
    HttpRequest request;
    request.method = std::move(method);
    request.url = base + path;
    request.headers = std::move(headers);
    request.connect_timeout = request.timeout = std::chrono::seconds(1);
    request.use_proxy = false;
    HttpResult answer = co_await network.send(std::move(request));
    if (!answer.ok()) co_return Failure(answer.error().message);
    if (answer->status != 200) co_return Failure(fmt::format("{} answered with status {}", path, answer->status));
    co_return std::move(answer->body);
  }

  bool metadata_is_off() const {
    const std::string* disabled = variable("AWS_EC2_METADATA_DISABLED");
    return settings.skip_metadata_api || (disabled != nullptr && ascii_lower(*disabled) == "true");
  }

  Task<Result<std::string, std::string>> ask_with_token(std::string path) {
    Headers ask = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    auto token = co_await ask_metadata("PUT", "/latest/api/token", std::move(ask));
    if (!token.ok()) co_return token;
    Headers headers = {{"x-aws-ec2-metadata-token", token.value()}};
    auto answer = co_await ask_metadata("GET", std::move(path), std::move(headers));
    co_return answer;
  }

  Task<Outcome> from_metadata() {
    if (metadata_is_off()) co_return absent("it is switched off");
    std::string path = "/latest/meta-data/iam/security-credentials/";
    auto role = co_await ask_with_token(path);
    if (!role.ok()) co_return absent(role.error());
    std::string name(trim(role.value().substr(0, role.value().find('\n'))));
    if (name.empty()) co_return absent("the instance has no role");
    auto answer = co_await ask_with_token(path + name);
    if (!answer.ok()) co_return absent(answer.error());
    co_return credentials_of_json(Json::parse(answer.value(), nullptr, false), "instance metadata, role " + name);
  }

  Task<std::string> region_of_metadata() {
    if (metadata_is_off()) co_return std::string();
    auto region = co_await ask_with_token("/latest/meta-data/placement/region");
    co_return region.ok() ? std::string(trim(region.value())) : std::string();
  }
};

CredentialChain::CredentialChain(Loop& loop, Network& network, FileSystem& files, Random& random, Models& models,
                                 ProcessRunner& processes, Environment environment, CredentialSettings settings,
                                 Log& log)
    : impl_(new Impl{loop,
                     network,
                     files,
                     random,
                     models,
                     processes,
                     std::move(environment),
                     std::move(settings),
                     log,
                     {},
                     {},
                     {},
                     {}}) {}
CredentialChain::~CredentialChain() = default;

Task<CredentialsResult> CredentialChain::credentials() {
  return impl_->get();
}

void CredentialChain::expired() {
  if (impl_->kept && impl_->kept->expires) impl_->kept.reset();
}

Task<std::string> CredentialChain::metadata_region() {
  return impl_->region_of_metadata();
}

}  // namespace terrace::aws
