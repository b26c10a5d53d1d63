#include "node/certificates.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace terrace::node {

namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kAuthorityLife = std::chrono::hours(24 * 3650);
constexpr std::chrono::seconds kBackdate = std::chrono::hours(1);  // clocks differ

pki::Moment now_by(const Clock& clock) {
  return std::chrono::duration_cast<pki::Moment>(clock.wall());
}

}  // namespace

std::string ca_parameter(const std::string& cluster) {
  return "/" + cluster + "/etcd/ca";
}

std::string Authority::bundle() const {
  std::string text;
  for (const pki::Certificate& each : certificates) text += each.pem;
  return text;
}

Result<std::string, std::string> make_authority(const std::string& cluster, const Clock& clock, Random& random) {
  const Result<pki::PrivateKey, std::string> key = pki::make_key(pki::KeyKind::kEcdsaP256);
  if (!key.ok()) return Failure{key.error()};
  pki::CertificatePlan plan;
  plan.subject.common_name = cluster + " etcd CA";
  plan.validity = pki::valid_from_now(clock, kAuthorityLife, kBackdate);
  plan.is_ca = true;
  plan.path_length = 0;
  plan.key_usages = {"keyCertSign", "cRLSign"};
  const Result<std::string, std::string> certificate = pki::self_sign(plan, *key, random);
  if (!certificate.ok()) return certificate;
  return *certificate + key->pem();
}

Result<Authority, std::string> parse_authority(const std::string& pem) {
  Result<std::vector<pki::Certificate>, std::string> certificates = pki::read_certificates(pem);
  if (!certificates.ok()) return Failure{"the CA's certificate: " + certificates.error()};
  Result<pki::PrivateKey, std::string> key = pki::read_key(pem);
  if (!key.ok()) return Failure{"the CA's key: " + key.error()};
  const auto signing = std::find_if(certificates->begin(), certificates->end(),
                                    [&](const pki::Certificate& each) { return each.public_key == key->public_key(); });
  if (signing == certificates->end()) return Failure{std::string("the CA's key belongs to none of its certificates")};
  std::iter_swap(certificates->begin(), signing);
  return Authority{std::move(*certificates), std::move(*key)};
}

Result<std::string, std::string> certify(const Authority& authority, const Holder& holder, const pki::PublicKey& key,
                                         std::chrono::seconds life, const Clock& clock, Random& random) {
  pki::CertificatePlan plan;
  plan.subject.common_name = holder.instance;
  plan.validity = pki::valid_from_now(clock, life, kBackdate);
  plan.key_usages = {"digitalSignature"};
  plan.extended_key_usages = {"clientAuth"};
  if (!holder.addresses.empty()) {
    plan.names.dns = {holder.instance};
    plan.names.ips = holder.addresses;
    plan.extended_key_usages = {"serverAuth", "clientAuth"};
  }
  return pki::sign(plan, key, authority.certificates.front(), authority.key, random);
}

Task<Result<Authority, std::string>> read_authority(aws::Client& client, std::string cluster, bool make,
                                                    const Clock& clock, Random& random) {
  const std::string service = "ssm";
  const std::string get = "GetParameter";
  const std::string put = "PutParameter";
  const std::string name = ca_parameter(cluster);
  for (bool made = false;; made = true) {
    Json params{{"Name", name}, {"WithDecryption", true}};
    const aws::ApiResult answer = co_await client.call(service, get, std::move(params));
    if (answer.ok()) {
      Result<Authority, std::string> authority = parse_authority(answer->at("Parameter").value("Value", ""));
      if (!authority.ok()) co_return Failure{"parameter " + name + ": " + authority.error()};
      co_return authority;
    }
    if (answer.error().code != "ParameterNotFound" || !make || made) co_return Failure{answer.error().describe()};
    Result<std::string, std::string> text = make_authority(cluster, clock, random);
    if (!text.ok()) co_return Failure{text.error()};
    Json creation{{"Name", name},
                  {"Type", "SecureString"},
                  {"Overwrite", false},
                  {"Description", "CA of the etcd cluster: certificate and key"},
                  {"Value", std::move(*text)}};
    const aws::ApiResult created = co_await client.call(service, put, std::move(creation));
    // Another node may have been first: what counts is what stands there then.
    if (!created.ok() && created.error().code != "ParameterAlreadyExists")
      co_return Failure{created.error().describe()};
  }
}

NodeCertificate::NodeCertificate(FileSystem& files, const Clock& clock, Random& random, std::string folder,
                                 Holder holder)
    : files_(files), clock_(clock), random_(random), folder_(std::move(folder)), holder_(std::move(holder)) {
  paths_ = TlsFiles{join_path(folder_, "ca.pem"), join_path(folder_, "node.pem"), join_path(folder_, "node.key")};
}

TlsFiles NodeCertificate::paths() const {
  return paths_;
}

std::optional<pki::Certificate> NodeCertificate::current() const {
  const Result<std::string, FileError> certificate_text = files_.read(paths_.certificate);
  const Result<std::string, FileError> key_text = files_.read(paths_.key);
  if (!certificate_text.ok() || !key_text.ok() || !files_.exists(paths_.ca)) return std::nullopt;
  Result<pki::Certificate, std::string> certificate = pki::read_certificate(*certificate_text);
  const Result<pki::PrivateKey, std::string> key = pki::read_key(*key_text);
  if (!certificate.ok() || !key.ok() || !(key->public_key() == certificate->public_key)) return std::nullopt;
  const bool mine = certificate->subject.common_name == holder_.instance && certificate->names.ips == holder_.addresses;
  if (!mine) return std::nullopt;
  return *certificate;
}

bool NodeCertificate::valid() const {
  const std::optional<pki::Certificate> certificate = current();
  const pki::Moment now = now_by(clock_);
  return certificate && certificate->validity.not_before <= now && now < certificate->validity.not_after;
}

bool NodeCertificate::due(const Authority* authority) const {
  const std::optional<pki::Certificate> certificate = current();
  if (!certificate) return true;
  const pki::Moment now = now_by(clock_);
  const pki::Validity& validity = certificate->validity;
  if (now < validity.not_before || now >= validity.not_before + (validity.not_after - validity.not_before) / 2)
    return true;
  if (authority == nullptr) return false;
  const Result<std::string, FileError> trusted = files_.read(paths_.ca);
  if (!trusted.ok() || *trusted != authority->bundle()) return true;
  pki::Verification against{{authority->certificates.front()}, {}, now, pki::Purpose::kClient, {}};
  return !pki::verify(*certificate, against).ok();
}

Result<pki::PrivateKey, std::string> NodeCertificate::key() {
  const Result<std::string, FileError> text = files_.read(paths_.key);
  if (text.ok()) {
    Result<pki::PrivateKey, std::string> known = pki::read_key(*text);
    if (known.ok()) return known;
  }
  Result<pki::PrivateKey, std::string> made = pki::make_key(pki::KeyKind::kEcdsaP256);
  if (!made.ok()) return made;
  const Status<FileError> folder = files_.make_directories(folder_, 0700);
  if (!folder.ok()) return Failure{folder.error().message};
  const Status<FileError> written = files_.write_atomic(paths_.key, made->pem(), 0600);
  if (!written.ok()) return Failure{written.error().message};
  return made;
}

Status<std::string> NodeCertificate::write(const std::string& certificate, const std::string& trusted) {
  const Status<FileError> folder = files_.make_directories(folder_, 0700);
  if (!folder.ok()) return Failure{folder.error().message};
  // Trust first: a new certificate is never shown by a node that would refuse its own kind.
  const Status<FileError> ca = files_.write_atomic(paths_.ca, trusted, 0644);
  if (!ca.ok()) return Failure{ca.error().message};
  const Status<FileError> written = files_.write_atomic(paths_.certificate, certificate, 0644);
  if (!written.ok()) return Failure{written.error().message};
  return {};
}

}  // namespace terrace::node
