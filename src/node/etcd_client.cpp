#include "node/etcd_client.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"

namespace terrace::node {

namespace {

using Json = nlohmann::json;

constexpr Duration kConnectTimeout = std::chrono::seconds(1);
constexpr Duration kReadTimeout = std::chrono::seconds(4);
constexpr Duration kChangeTimeout = std::chrono::seconds(8);
constexpr Duration kLongTimeout = std::chrono::minutes(10);

std::string base64(std::string_view bytes) {
  return aws::base64_encode(bytes);
}

// The gateway writes 64-bit numbers as strings, and leaves out what is zero, empty or false.
uint64_t number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  if (found->is_number()) return found->get<uint64_t>();
  if (!found->is_string()) return 0;
  const std::string text = found->get<std::string>();
  return std::strtoull(text.c_str(), nullptr, 10);
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string bytes_at(const Json& object, const char* key) {
  return aws::base64_decode(text_at(object, key)).value_or("");
}

const Json& member_at(const Json& object, const char* key) {
  static const Json kNothing = Json::object();
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

// "https://10.10.1.5:2380" -> "10.10.1.5"
std::string host_of(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.rfind(':')));
}

Member member_of(const Json& json) {
  Member member;
  member.id = number_at(json, "ID");
  member.name = text_at(json, "name");
  const auto urls = json.find("peerURLs");
  if (urls != json.end() && !urls->empty()) member.address = host_of(urls->front().get<std::string>());
  const auto learner = json.find("isLearner");
  member.learner = learner != json.end() && learner->is_boolean() && learner->get<bool>();
  return member;
}

Json key_range(const std::string& prefix) {
  return Json{{"key", base64(prefix)}, {"range_end", base64(prefix_end(prefix))}};
}

Json put_of(const std::string& key, const std::string& value, uint64_t lease) {
  Json put{{"key", base64(key)}, {"value", base64(value)}};
  if (lease != 0) put["lease"] = std::to_string(lease);
  return put;
}

// The lines of a streamed answer, cut out of what arrives.
class Lines {
 public:
  explicit Lines(std::function<void(const Json&)> on_line) : on_line_(std::move(on_line)) {}
  void take(std::string_view bytes) {
    rest_.append(bytes);
    size_t begin = 0;
    for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      const Json line = Json::parse(rest_.begin() + static_cast<std::ptrdiff_t>(begin),
                                    rest_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      if (line.is_object()) on_line_(line);
      begin = end + 1;
    }
    rest_.erase(0, begin);
  }

 private:
  std::function<void(const Json&)> on_line_;
  std::string rest_;
};

std::string error_of(const std::string& endpoint, int status, const Json& answer) {
  std::string words = text_at(answer, "error");
  if (words.empty()) words = text_at(answer, "message");
  if (words.empty()) words = fmt::format("status {}", status);
  return endpoint + ": " + words;
}

}  // namespace

std::string prefix_end(std::string prefix) {
  while (!prefix.empty()) {
    const auto last = static_cast<unsigned char>(prefix.back());
    if (last < 0xFF) {
      prefix.back() = static_cast<char>(last + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return std::string(1, '\0');  // all keys
}

HttpRequest EtcdClient::request(const std::string& endpoint, const std::string& method, const Json& body) const {
  HttpRequest request;
  request.method = "POST";
  request.url = (tls_.ca.empty() ? "http://" : "https://") + endpoint + "/v3/" + method;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = body.dump();
  request.connect_timeout = kConnectTimeout;
  request.use_proxy = false;
  request.tls = tls_;
  return request;
}

Task<Result<Json, std::string>> EtcdClient::call(std::string endpoint, std::string method, Json body,
                                                 Duration timeout) {
  HttpRequest message = request(endpoint, method, body);
  message.timeout = timeout;
  const HttpResult answer = co_await network_.send(std::move(message));
  if (!answer.ok()) co_return Failure{answer.error().message};
  Json document = Json::parse(answer->body, nullptr, false);
  if (!document.is_object()) document = Json::object();
  if (answer->status != 200) co_return Failure{error_of(endpoint, answer->status, document)};
  co_return document;
}

Task<Status<std::string>> EtcdClient::change(std::string endpoint, std::string method, Json body) {
  const Result<Json, std::string> answer =
      co_await call(std::move(endpoint), std::move(method), std::move(body), kChangeTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  co_return Status<std::string>();
}

Task<Result<Cluster, std::string>> EtcdClient::members(std::string endpoint) {
  // A member list is answered from what that etcd knows, quorum or not: the read before it proves the quorum, and that
  // this etcd has applied every change before it.
  Json read{{"key", base64("terrace/")}, {"count_only", true}};
  const std::string range = "kv/range";
  const Result<Json, std::string> proof = co_await call(endpoint, range, std::move(read), kReadTimeout);
  if (!proof.ok()) co_return Failure{proof.error()};
  const std::string list_members = "cluster/member/list";
  Json nothing = Json::object();
  const Result<Json, std::string> answer = co_await call(endpoint, list_members, std::move(nothing), kReadTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  Cluster cluster;
  cluster.cluster_id = number_at(member_at(*answer, "header"), "cluster_id");
  cluster.endpoint = endpoint;
  for (const Json& each : member_at(*answer, "members")) cluster.members.push_back(member_of(each));
  co_return cluster;
}

Task<Result<EtcdStatus, std::string>> EtcdClient::status(std::string endpoint) {
  const std::string method = "maintenance/status";
  Json nothing = Json::object();
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(nothing), kReadTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  EtcdStatus status;
  status.cluster_id = number_at(member_at(*answer, "header"), "cluster_id");
  status.member_id = number_at(member_at(*answer, "header"), "member_id");
  status.leader = number_at(*answer, "leader");
  status.term = number_at(*answer, "raftTerm");
  status.index = number_at(*answer, "raftIndex");
  status.database_bytes = number_at(*answer, "dbSize");
  status.database_bytes_in_use = number_at(*answer, "dbSizeInUse");
  const auto learner = answer->find("isLearner");
  status.learner = learner != answer->end() && learner->is_boolean() && learner->get<bool>();
  status.version = text_at(*answer, "version");
  co_return status;
}

Task<Result<uint64_t, std::string>> EtcdClient::add(std::string endpoint, std::string address, bool as_learner) {
  Json body{{"peerURLs", Json::array({"https://" + address + ":2380"})}, {"isLearner", as_learner}};
  const std::string method = "cluster/member/add";
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(body), kChangeTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  co_return number_at(member_at(*answer, "member"), "ID");
}

Task<Status<std::string>> EtcdClient::promote(std::string endpoint, uint64_t member) {
  return change(std::move(endpoint), "cluster/member/promote", Json{{"ID", std::to_string(member)}});
}

Task<Status<std::string>> EtcdClient::remove(std::string endpoint, uint64_t member) {
  return change(std::move(endpoint), "cluster/member/remove", Json{{"ID", std::to_string(member)}});
}

Task<Result<std::optional<uint64_t>, std::string>> EtcdClient::lock(std::string endpoint, std::string name,
                                                                    std::string owner, int seconds) {
  using Answer = Result<std::optional<uint64_t>, std::string>;
  const Result<uint64_t, std::string> lease = co_await grant(endpoint, seconds);
  if (!lease.ok()) co_return Answer(Failure{lease.error()});
  const Result<bool, std::string> taken =
      co_await put_if(endpoint, std::move(name), std::move(owner), lease.value(), 0);
  if (taken.ok() && *taken) co_return Answer(std::optional<uint64_t>(*lease));
  // Where the answer was lost the lock may be ours: it goes with the lease.
  const Status<std::string> revoked = co_await revoke(endpoint, lease.value());
  if (!taken.ok()) co_return Answer(Failure{taken.error()});
  if (!revoked.ok()) co_return Answer(Failure{revoked.error()});
  co_return Answer(std::optional<uint64_t>());
}

Task<Status<std::string>> EtcdClient::unlock(std::string endpoint, uint64_t lease) {
  return revoke(std::move(endpoint), lease);
}

Task<Result<std::vector<KeyValue>, std::string>> EtcdClient::list(std::string endpoint, std::string prefix) {
  Json body = key_range(prefix);
  const std::string method = "kv/range";
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(body), kReadTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  std::vector<KeyValue> found;
  for (const Json& each : member_at(*answer, "kvs")) {
    found.push_back({bytes_at(each, "key"), bytes_at(each, "value"), number_at(each, "create_revision"),
                     number_at(each, "mod_revision"), number_at(each, "lease")});
  }
  co_return found;
}

Task<Status<std::string>> EtcdClient::put(std::string endpoint, std::string key, std::string value, uint64_t lease) {
  return change(std::move(endpoint), "kv/put", put_of(key, value, lease));
}

Task<Result<bool, std::string>> EtcdClient::put_if(std::string endpoint, std::string key, std::string value,
                                                   uint64_t lease, uint64_t mod_revision) {
  Json compare{
      {"key", base64(key)}, {"target", "MOD"}, {"result", "EQUAL"}, {"mod_revision", std::to_string(mod_revision)}};
  Json body{{"compare", Json::array({std::move(compare)})},
            {"success", Json::array({Json{{"request_put", put_of(key, value, lease)}}})}};
  const std::string method = "kv/txn";
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(body), kChangeTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  co_return answer->value("succeeded", false);
}

Task<Status<std::string>> EtcdClient::erase(std::string endpoint, std::string key) {
  return change(std::move(endpoint), "kv/deleterange", Json{{"key", base64(key)}});
}

Task<Result<uint64_t, std::string>> EtcdClient::grant(std::string endpoint, int seconds) {
  Json body{{"TTL", std::to_string(seconds)}};
  const std::string method = "lease/grant";
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(body), kChangeTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  co_return number_at(*answer, "ID");
}

Task<Result<bool, std::string>> EtcdClient::keep_alive(std::string endpoint, uint64_t lease) {
  Json body{{"ID", std::to_string(lease)}};
  const std::string method = "lease/keepalive";
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(body), kChangeTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  co_return number_at(member_at(*answer, "result"), "TTL") > 0;
}

Task<Status<std::string>> EtcdClient::revoke(std::string endpoint, uint64_t lease) {
  return change(std::move(endpoint), "lease/revoke", Json{{"ID", std::to_string(lease)}});
}

Task<Status<std::string>> EtcdClient::defragment(std::string endpoint) {
  const std::string method = "maintenance/defragment";
  Json nothing = Json::object();
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(nothing), kLongTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  co_return Status<std::string>();
}

Task<Result<std::vector<std::string>, std::string>> EtcdClient::alarms(std::string endpoint) {
  const std::string method = "maintenance/alarm";
  Json body{{"action", "GET"}};
  const Result<Json, std::string> answer = co_await call(std::move(endpoint), method, std::move(body), kReadTimeout);
  if (!answer.ok()) co_return Failure{answer.error()};
  std::vector<std::string> names;
  for (const Json& each : member_at(*answer, "alarms")) names.push_back(text_at(each, "alarm"));
  co_return names;
}

Task<Status<std::string>> EtcdClient::disarm(std::string endpoint) {
  return change(std::move(endpoint), "maintenance/alarm", Json{{"action", "DEACTIVATE"}, {"alarm", "NOSPACE"}});
}

Task<Status<std::string>> EtcdClient::snapshot(std::string endpoint, std::function<void(std::string_view)> sink) {
  std::string fault;
  bool begun = false;
  uint64_t left = 0;
  Lines lines([&](const Json& line) {
    if (line.contains("error")) fault = text_at(member_at(line, "error"), "message");
    const Json& result = member_at(line, "result");
    begun = true;
    left = number_at(result, "remaining_bytes");
    sink(bytes_at(result, "blob"));
  });
  HttpRequest message = request(endpoint, "maintenance/snapshot", Json::object());
  message.timeout = kLongTimeout;
  message.on_body = [&lines](std::string_view bytes) { lines.take(bytes); };
  const HttpResult answer = co_await network_.send(std::move(message));
  if (!answer.ok()) co_return Failure{answer.error().message};
  if (answer->status != 200) {
    const Json document = Json::parse(answer->body, nullptr, false);
    co_return Failure{error_of(endpoint, answer->status, document.is_object() ? document : Json::object())};
  }
  if (!fault.empty()) co_return Failure{endpoint + ": " + fault};
  if (!begun || left != 0) co_return Failure{endpoint + ": the snapshot ended too early"};
  co_return Status<std::string>();
}

}  // namespace terrace::node
