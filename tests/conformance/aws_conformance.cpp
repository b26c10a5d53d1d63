// aws-conformance SUBCOMMAND: exposes the parts of the AWS client to test suites that others wrote. Reads one JSON
// object a line, answers with one JSON object a line; a case that cannot be done answers {"error": ...}.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "aws/client.h"
#include "aws/codec.h"
#include "aws/credentials.h"
#include "aws/encoding.h"
#include "aws/model.h"
#include "aws/profile.h"
#include "aws/signer.h"
#include "aws/timestamp.h"

namespace terrace::aws {
namespace {

using Json = nlohmann::ordered_json;

struct Unfit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Every byte zero: a generated token is 00000000-0000-4000-8000-000000000000.
class ZeroRandom final : public Random {
 public:
  void fill(std::span<uint8_t> bytes) override { std::fill(bytes.begin(), bytes.end(), uint8_t{0}); }
};

bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

// --- sign -----------------------------------------------------------------------------------------------------------

SignableRequest parse_request(std::string_view text) {
  SignableRequest request;
  auto line = [&text] {
    std::size_t end = text.find('\n');
    std::string_view taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (!taken.empty() && taken.back() == '\r') taken.remove_suffix(1);
    return taken;
  };
  std::string_view first = line();
  std::size_t method_end = first.find(' ');
  std::size_t target_end = first.rfind(" HTTP/");
  if (method_end == std::string_view::npos) throw Unfit("the request line does not read as one");
  request.method = first.substr(0, method_end);
  std::string_view target = first.substr(
      method_end + 1, target_end == std::string_view::npos ? std::string_view::npos : target_end - method_end - 1);
  std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  while (!text.empty()) {
    std::string_view header = line();
    if (header.empty()) break;
    if ((header.front() == ' ' || header.front() == '\t') && !request.headers.empty()) {
      request.headers.back().second += "\n" + std::string(header);
      continue;
    }
    std::size_t colon = header.find(':');
    if (colon == std::string_view::npos) throw Unfit("a header has no colon");
    request.headers.emplace_back(header.substr(0, colon), header.substr(colon + 1));
  }
  request.body = text;
  return request;
}

Json sign(const Json& input) {
  SignableRequest request = parse_request(input.at("request").get<std::string>());
  const Json& keys = input.at("credentials");
  Credentials credentials;
  credentials.access_key_id = keys.at("access_key_id").get<std::string>();
  credentials.secret_access_key = keys.at("secret_access_key").get<std::string>();
  credentials.session_token = keys.value("token", "");
  SigningOptions options;
  options.region = input.at("region").get<std::string>();
  options.service = input.at("service").get<std::string>();
  auto timestamp = parse_timestamp(input.at("timestamp").get<std::string>());
  if (!timestamp) throw Unfit("the timestamp does not read as one");
  options.timestamp = *timestamp;
  options.normalize_path = input.value("normalize", true);
  options.sign_body = input.value("sign_body", false);
  options.omit_session_token = input.value("omit_session_token", false);
  options.expires_in = std::chrono::seconds(input.value("expiration_in_seconds", 3600));
  options.double_encode = options.service != "s3";
  bool as_query = input.value("form", "header") == "query";
  SignedRequest result =
      as_query ? sign_query(request, credentials, options) : sign_headers(request, credentials, options);
  std::string text =
      request.method + " " + request.path + (result.query.empty() ? "" : "?" + result.query) + " HTTP/1.1\r\n";
  for (const auto& [name, value] : result.headers) text += name + ":" + value + "\r\n";
  text += "\r\n" + request.body;
  return {{"canonical_request", result.canonical_request},
          {"string_to_sign", result.string_to_sign},
          {"signature", result.signature},
          {"signed_request", text}};
}

// --- serialize and parse --------------------------------------------------------------------------------------------

struct Case {
  std::unique_ptr<ServiceModel> service;
  const Operation* operation;
};

Case model_of(const Json& input) {
  Json operation = input.at("operation");
  std::string name = operation.value("name", "OperationName");
  operation["name"] = name;
  Json model = {{"metadata", input.at("metadata")},
                {"shapes", input.value("shapes", Json::object())},
                {"operations", {{name, operation}}}};
  auto parsed = ServiceModel::parse(model);
  if (!parsed.ok()) throw Unfit(parsed.error());
  Case result{std::move(parsed).value(), nullptr};
  result.operation = result.service->operation(name);
  return result;
}

Json serialize_case(const Json& input) {
  Case model = model_of(input);
  ZeroRandom random;
  auto request = serialize(*model.service, *model.operation, input.value("params", Json::object()), random);
  if (!request.ok()) throw Unfit(request.error());
  Json out = {{"method", request->method},
              {"uri", request->path + (request->query.empty() ? "" : "?" + request->query)},
              {"headers", Json::object()}};
  for (const auto& [name, value] : request->headers) out["headers"][name] = value;
  if (is_utf8(request->body)) {
    out["body"] = request->body;
  } else {
    out["body_base64"] = base64_encode(request->body);
  }
  std::string endpoint = input.value("endpoint", "");
  std::size_t path = endpoint.find('/', endpoint.find("://") == std::string::npos ? 0 : endpoint.find("://") + 3);
  if (path != std::string::npos) {
    std::string base = endpoint.substr(path);
    while (base.ends_with('/')) base.pop_back();
    out["uri"] = base + out["uri"].get<std::string>();
  }
  if (!request->host_prefix.empty() && !endpoint.empty()) {
    std::size_t host = endpoint.find("://");
    std::string rest = endpoint.substr(host == std::string::npos ? 0 : host + 3);
    out["host"] = request->host_prefix + rest.substr(0, rest.find('/'));
  }
  return out;
}

Json parse_case(const Json& input) {
  Case model = model_of(input);
  const Json& given = input.at("response");
  HttpResponse response;
  response.status = given.value("status_code", 200);
  const Json headers = given.value("headers", Json::object());
  for (const auto& [name, value] : headers.items()) {
    response.headers.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  if (given.contains("body_base64")) {
    response.body = base64_decode(given.at("body_base64").get<std::string>()).value_or("");
  } else if (given.contains("body")) {
    const Json& body = given.at("body");
    response.body = body.is_string() ? body.get<std::string>() : body.dump();
  }
  auto result = parse_response(*model.service, *model.operation, response);
  if (result.ok()) return {{"result", Json(*result)}};
  const ApiError& error = result.error();
  if (error.kind != ApiError::Kind::kService) throw Unfit(error.message);
  Json out = {{"error_code", error.code}, {"error_message", error.message}};
  if (!error.shape.empty()) out["error_shape"] = error.shape;
  if (error.details != nullptr) out["result"] = Json(*error.details);
  return out;
}

// --- profiles -------------------------------------------------------------------------------------------------------

Json profiles(const Json& input) {
  auto parsed = parse_profiles(input.value("config", ""), input.value("credentials", ""));
  if (!parsed.ok()) throw Unfit(parsed.error());
  Json out = Json::object();
  for (const auto& [name, profile] : parsed->profiles) {
    out[name] = Json::object();
    for (const auto& [key, value] : profile) out[name][key] = value;
  }
  return {{"profiles", out}};
}

// --- credentials ----------------------------------------------------------------------------------------------------

// The case's files; nothing can be written.
class CaseFiles final : public FileSystem {
 public:
  CaseFiles(const Json& files, const Environment& environment) {
    const std::string* home = environment_value(environment, "HOME");
    for (const auto& [path, text] : files.items()) {
      bool expand = home != nullptr && path.starts_with("~/");
      files_[expand ? join_path(*home, path.substr(2)) : path] = text.get<std::string>();
    }
  }
  Result<std::string, FileError> read(const std::string& path) override {
    auto found = files_.find(path);
    if (found == files_.end()) return Failure(FileError{ENOENT, "open " + path + ": No such file or directory"});
    return found->second;
  }
  Status<FileError> write_atomic(const std::string&, std::string_view, uint32_t) override { return refused(); }
  Result<std::unique_ptr<AppendFile>, FileError> open_append(const std::string&, uint32_t) override {
    return refused();
  }
  Result<FileInfo, FileError> info(const std::string&) override { return refused(); }
  Result<std::vector<DirectoryEntry>, FileError> list(const std::string&) override { return refused(); }
  Status<FileError> make_directories(const std::string&, uint32_t) override { return refused(); }
  Status<FileError> remove(const std::string&) override { return refused(); }
  Status<FileError> rename(const std::string&, const std::string&) override { return refused(); }
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> try_lock(const std::string&) override {
    return refused();
  }

 private:
  static Failure<FileError> refused() { return Failure(FileError{EROFS, "the case's files are read-only"}); }
  std::map<std::string, std::string> files_;
};

// The case's exchanges, found by method and URL; each answers once, the last of its kind for ever.
class CaseNetwork final : public Network {
 public:
  explicit CaseNetwork(const Json& exchanges) : exchanges_(exchanges) {}
  Task<HttpResult> send(HttpRequest request) override {
    auto fits = [&request](const Json& exchange) {
      std::string url = exchange.value("url", "");
      bool same = url == request.url || url + "/" == request.url || url == request.url + "/";
      return same && exchange.value("method", "GET") == request.method;
    };
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
      if (!fits(exchanges_[i])) continue;
      Json exchange = exchanges_[i];
      bool has_more = std::any_of(exchanges_.begin() + static_cast<std::ptrdiff_t>(i) + 1, exchanges_.end(), fits);
      if (has_more) exchanges_.erase(i);
      HttpResponse response;
      response.status = exchange.value("status", 200);
      const Json headers = exchange.value("headers", Json::object());
      for (const auto& [name, value] : headers.items()) response.headers.emplace_back(name, value.get<std::string>());
      const Json body = exchange.value("body", Json(""));
      response.body = body.is_string() ? body.get<std::string>() : body.dump();
      co_return response;
    }
    co_return Failure(NetworkError{request.url + ": connection refused", true, false});
  }

 private:
  Json exchanges_;
};

class NoProcesses final : public ProcessRunner {
 public:
  Result<std::string, std::string> run(const std::string&) override {
    return Failure(std::string("processes are not run here"));
  }
};

Json find_credentials(const Json& input) {
  Environment environment;
  const Json variables = input.value("env", Json::object());
  for (const auto& [name, value] : variables.items()) environment[name] = value.get<std::string>();
  auto now = parse_timestamp(input.value("now", "2020-01-01T00:00:00Z"));
  if (!now) throw Unfit("now does not read as a time");
  VirtualClock clock(*now);
  VirtualWaiter waiter(clock);
  Loop loop(clock, &waiter);
  CaseNetwork network(input.value("http", Json::array()));
  CaseFiles files(input.value("files", Json::object()), environment);
  ZeroRandom random;
  Models models;
  NoProcesses processes;
  NoLog log;
  auto config = resolve_config(ConfigSettings{}, environment, files);
  CredentialSettings settings;
  if (config.ok()) {
    settings.region = config->region;
    settings.sts_endpoint = custom_endpoint(*config, "sts", "sts");
  }
  CredentialChain chain(loop, network, files, random, models, processes, environment, settings, log);
  CredentialsResult result = loop.run(chain.credentials());
  if (result.ok()) return {{"access_key_id", result->access_key_id}, {"source", result->source}};
  return {{"error", result.error().message}, {"tried", result.error().tried}};
}

int run(const std::string& subcommand) {
  static const std::map<std::string, std::function<Json(const Json&)>> kSubcommands = {
      {"sign", sign},
      {"serialize", serialize_case},
      {"parse", parse_case},
      {"profiles", profiles},
      {"credentials", find_credentials}};
  auto found = kSubcommands.find(subcommand);
  std::string line;
  while (std::getline(std::cin, line)) {
    Json answer;
    try {
      if (found == kSubcommands.end()) throw Unfit("there is no subcommand \"" + subcommand + "\"");
      answer = found->second(Json::parse(line));
    } catch (const std::exception& problem) {
      answer = {{"error", problem.what()}};
    }
    std::cout << answer.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace terrace::aws

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: aws-conformance sign|serialize|parse|profiles|credentials\n";
    return 2;
  }
  return terrace::aws::run(arguments[1]);
}
