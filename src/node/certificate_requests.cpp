#include "node/certificate_requests.h"

#include <nlohmann/json.hpp>

namespace terrace::node {

namespace {

using Json = nlohmann::json;

constexpr Duration kAskAgain = std::chrono::seconds(30);

}  // namespace

std::string certificate_object(const std::string& instance) {
  return "etcd/certificates/" + instance + ".pem";
}

std::string requester_of(const std::string& key) {
  const size_t colon = key.rfind(':');
  return colon == std::string::npos ? "" : key.substr(colon + 1);
}

Task<Result<bool, std::string>> CertificateRequester::take_answer() {
  const std::string key = certificate_object(certificate_.holder().instance);
  const Result<std::optional<StoredObject>, std::string> object = co_await store_.get(key);
  if (!object.ok()) co_return Failure{object.error()};
  if (!*object) co_return false;
  const Result<std::vector<pki::Certificate>, std::string> chain = pki::read_certificates((*object)->content);
  const Result<pki::PrivateKey, std::string> mine = certificate_.key();
  if (!mine.ok()) co_return Failure{mine.error()};
  if (!chain.ok() || chain->size() < 2 || !(chain->front().public_key == mine->public_key())) co_return false;
  std::string trusted;
  for (size_t i = 1; i < chain->size(); ++i) trusted += (*chain)[i].pem;
  // An old answer is no better than what is there.
  const pki::Validity& validity = chain->front().validity;
  const pki::Moment now = std::chrono::duration_cast<pki::Moment>(clock_.wall());
  if (now >= validity.not_before + (validity.not_after - validity.not_before) / 2) co_return false;
  const Status<std::string> written = certificate_.write(chain->front().pem, trusted);
  if (!written.ok()) co_return Failure{written.error()};
  co_return true;
}

Task<Status<std::string>> CertificateRequester::ask() {
  if (role_id_.empty()) {
    const std::string service = "sts";
    const std::string operation = "GetCallerIdentity";
    Json nothing = Json::object();
    const aws::ApiResult answer = co_await client_.call(service, operation, std::move(nothing));
    if (!answer.ok()) co_return Failure{answer.error().describe()};
    const std::string user = answer->value("UserId", std::string());
    role_id_ = user.substr(0, user.find(':'));
  }
  const Result<pki::PrivateKey, std::string> key = certificate_.key();
  if (!key.ok()) co_return Failure{key.error()};
  const std::string& instance = certificate_.holder().instance;
  pki::Subject subject;
  subject.common_name = instance;
  const Result<std::string, std::string> request = pki::make_request(subject, pki::AlternativeNames{}, *key);
  if (!request.ok()) co_return Failure{request.error()};
  const std::string object = kRequestPrefix + role_id_ + ":" + instance;
  const std::string text = *request;
  const Status<std::string> put = co_await store_.put(object, text);
  if (put.ok()) asked_ = clock_.monotonic();
  co_return put;
}

Task<Status<std::string>> CertificateRequester::step() {
  if (!certificate_.due(nullptr)) co_return Status<std::string>();
  const Result<bool, std::string> taken = co_await take_answer();
  if (!taken.ok()) co_return Failure{taken.error()};
  if (*taken || (asked_ && clock_.monotonic() - *asked_ < kAskAgain)) co_return Status<std::string>();
  co_return co_await ask();
}

Task<Result<bool, std::string>> CertificateSigner::is_ours(std::string instance) {
  Json filters = Json::array({Json{{"Name", "instance-id"}, {"Values", Json::array({instance})}},
                              Json{{"Name", "tag:Cluster"}, {"Values", Json::array({cluster_})}},
                              Json{{"Name", "instance-state-name"}, {"Values", Json::array({"pending", "running"})}}});
  Json params{{"Filters", std::move(filters)}};
  const std::string service = "ec2";
  const std::string operation = "DescribeInstances";
  const aws::ApiResult answer = co_await client_.call(service, operation, std::move(params));
  if (!answer.ok()) co_return Failure{answer.error().describe()};
  const auto found = answer->find("Reservations");
  co_return found != answer->end() && !found->empty();
}

Task<Result<std::string, std::string>> CertificateSigner::judge(const Authority& authority, std::string key,
                                                                std::string text) {
  const std::string instance = requester_of(key);
  const Result<pki::CertificateRequest, std::string> request = pki::read_request(text);
  if (!request.ok()) co_return Failure{request.error()};
  if (instance.empty() || request->subject.common_name != instance)
    co_return Failure{"it asks for the name " + request->subject.common_name};
  const Holder holder{instance, {}};
  co_return certify(authority, holder, request->public_key, kCertificateLife, clock_, random_);
}

Task<Status<std::string>> CertificateSigner::answer_all() {
  const std::string prefix = kRequestPrefix;
  const Result<std::vector<std::string>, std::string> keys = co_await store_.list_keys(prefix);
  if (!keys.ok()) co_return Failure{keys.error()};
  if (keys->empty()) co_return Status<std::string>();
  const Result<Authority, std::string> authority = co_await read_authority(client_, cluster_, false, clock_, random_);
  if (!authority.ok()) co_return Failure{authority.error()};
  for (const std::string& key : *keys) {
    const std::string instance = requester_of(key);
    const Result<std::optional<StoredObject>, std::string> object = co_await store_.get(key);
    if (!object.ok()) co_return Failure{object.error()};
    if (!*object) continue;
    const Result<bool, std::string> ours = co_await is_ours(instance);
    if (!ours.ok()) co_return Failure{ours.error()};
    Result<std::string, std::string> made = Failure{std::string("no running instance of this cluster has that id")};
    if (*ours) made = co_await judge(*authority, key, (*object)->content);
    if (made.ok()) {
      std::string answer = *made + authority->bundle();
      const std::string answer_key = certificate_object(instance);
      const Status<std::string> put = co_await store_.put(answer_key, std::move(answer));
      if (!put.ok()) co_return put;
      log_.write(LogLevel::kInfo, "signed a certificate for " + instance);
    } else {
      log_.write(LogLevel::kWarn, "the request " + key + " is refused: " + made.error());
    }
    const Status<std::string> erased = co_await store_.erase(key);
    if (!erased.ok()) co_return erased;
  }
  co_return Status<std::string>();
}

}  // namespace terrace::node
