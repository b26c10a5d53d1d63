#include "cluster/certificates.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace terrace::cluster {

namespace {

using std::chrono::hours;

constexpr hours kDay{24};
constexpr hours kBackdate{1};  // nodes' clocks may lag

std::set<std::string> names_of(const pki::AlternativeNames& names) {
  std::set<std::string> all(names.dns.begin(), names.dns.end());
  all.insert(names.ips.begin(), names.ips.end());
  return all;
}

pki::AlternativeNames etcd_names() {
  return {{"localhost", "etcd.cluster.local", "*.etcd.cluster.local"}, {"127.0.0.1"}, {}};
}

pki::AlternativeNames site_names(const std::string& domain) {
  pki::AlternativeNames names;
  if (!domain.empty()) names.dns = {domain, "*." + domain};
  names.dns.insert(names.dns.end(), {"cluster.local", "*.cluster.local"});
  return names;
}

}  // namespace

const char* to_string(CertificateState state) {
  switch (state) {
    case CertificateState::kMissing:
      return "missing";
    case CertificateState::kStale:
      return "stale";
    case CertificateState::kForeign:
      return "foreign";
    case CertificateState::kExpired:
      return "expired";
    case CertificateState::kExpiring:
      return "expiring";
    case CertificateState::kGood:
      return "good";
  }
  return "";
}

const char* to_string(Published published) {
  switch (published) {
    case Published::kNothing:
      return "nothing";
    case Published::kSame:
      return "same";
    case Published::kOlder:
      return "older";
    case Published::kNewer:
      return "newer";
    case Published::kNodes:
      return "nodes";
    case Published::kForeign:
      return "foreign";
  }
  return "";
}

Certificates::Certificates(FileSystem& files, const Clock& clock, Random& random, CertificateOwner owner)
    : files_(files), clock_(clock), random_(random), owner_(std::move(owner)) {
  const std::string& cluster = owner_.cluster;
  const hours year = 365 * kDay;
  // Browsers take no certificate that is valid for more than 398 days.
  const hours leaf = 397 * kDay;
  plans_ = {
      {kRootCa, "signs the etcd CA and the site's", "", cluster + " root CA", 10 * year, 180 * kDay, 1, {}, {}},
      {kEtcdCa,
       "signs what etcd nodes and their clients show",
       kRootCa,
       cluster + " etcd CA",
       5 * year,
       180 * kDay,
       0,
       {},
       {}},
      {"etcd-server",
       "an etcd's for its clients",
       kEtcdCa,
       "etcd-server",
       leaf,
       30 * kDay,
       std::nullopt,
       {"serverAuth", "clientAuth"},
       etcd_names()},
      {"etcd-peer",
       "an etcd's for its peers",
       kEtcdCa,
       "etcd-peer",
       leaf,
       30 * kDay,
       std::nullopt,
       {"serverAuth", "clientAuth"},
       etcd_names()},
      {"etcd-client",
       "for etcdctl and other clients of etcd",
       kEtcdCa,
       "etcd-client",
       leaf,
       30 * kDay,
       std::nullopt,
       {"clientAuth"},
       {}},
      {"site",
       "for the load balancers",
       kRootCa,
       owner_.domain.empty() ? "cluster.local" : owner_.domain,
       leaf,
       30 * kDay,
       std::nullopt,
       {"serverAuth"},
       site_names(owner_.domain)},
  };
  for (const Plan& plan : plans_) {
    CertificateReport report;
    report.name = plan.name;
    report.purpose = plan.purpose;
    report.file = fmt::format("{}/{}.pem", kCertificateFolder, plan.name);
    report.key_file = fmt::format("{}/{}-key.pem", kCertificateFolder, plan.name);
    report.is_ca = plan.is_ca();
    reports_.push_back(std::move(report));
  }
  texts_.resize(plans_.size());
  keys_.resize(plans_.size());
}

size_t Certificates::index_of(std::string_view name) const {
  return static_cast<size_t>(std::find_if(plans_.begin(), plans_.end(), [&](auto& p) { return p.name == name; }) -
                             plans_.begin());
}

const CertificateReport& Certificates::report(std::string_view name) const {
  return reports_[index_of(name)];
}

bool Certificates::knows(std::string_view name) const {
  return index_of(name) < plans_.size();
}

bool Certificates::has_key(std::string_view name) const {
  return keys_[index_of(name)].has_value();
}

Status<std::string> Certificates::read() {
  auto take = [&](const std::string& path, std::optional<std::string>& text) -> Status<std::string> {
    Result<std::string, FileError> content = files_.read(path);
    if (!content && !content.error().not_found()) return Failure<std::string>{content.error().message};
    text = content ? std::optional(std::move(*content)) : std::nullopt;
    return {};
  };
  for (size_t i = 0; i < plans_.size(); ++i) {
    Status<std::string> taken = take(reports_[i].file, texts_[i]);
    if (taken) taken = take(reports_[i].key_file, keys_[i]);
    if (!taken) return taken;
    judge(i);
  }
  return {};
}

// How the certificate is, from its files' texts. Those that sign it are judged before.
void Certificates::judge(size_t index) {
  const Plan& plan = plans_[index];
  CertificateReport& report = reports_[index];
  report.certificate.reset();
  report.why.clear();
  report.days_left = 0;
  report.state = CertificateState::kMissing;
  if (!texts_[index]) return;
  Result<pki::Certificate, std::string> certificate = pki::read_certificate(*texts_[index]);
  if (!certificate) {
    report.state = CertificateState::kForeign;
    report.why = "cannot be read: " + certificate.error();
    return;
  }
  report.certificate = std::move(*certificate);
  auto now = std::chrono::duration_cast<pki::Moment>(clock_.wall());
  pki::Moment left = report.certificate->validity.not_after - now;
  report.days_left = std::chrono::floor<std::chrono::duration<int64_t, std::ratio<86400>>>(left).count();
  report.state = left <= pki::Moment(0)      ? CertificateState::kExpired
                 : left <= plan.renew_before ? CertificateState::kExpiring
                                             : CertificateState::kGood;
  judge_signature(plan, report, *texts_[index]);
}

void Certificates::judge_signature(const Plan& plan, CertificateReport& report, const std::string& text) {
  const pki::Certificate& certificate = *report.certificate;
  auto is = [&](CertificateState state, std::string why) {
    report.state = state;
    report.why = std::move(why);
  };
  size_t index = index_of(plan.name);
  if (plan.issuer.empty()) {
    if (!pki::issued_by(certificate, certificate)) is(CertificateState::kForeign, "is not signed by itself");
    return;
  }
  const CertificateReport& issuer = this->report(plan.issuer);
  const std::string& issuer_name = plans_[index_of(plan.issuer)].common_name;
  if (certificate.issuer.common_name != issuer_name)
    return is(CertificateState::kForeign, "was issued by " + certificate.issuer_text);
  if (!issuer.certificate || !pki::issued_by(certificate, *issuer.certificate))
    return is(CertificateState::kStale, "is signed by an earlier " + plan.issuer);
  // A chain up to the root goes with it, where there is something between.
  std::string chain = plan.issuer == kRootCa ? "" : issuer.certificate->pem;
  if (text != certificate.pem + chain) return is(CertificateState::kStale, "carries an earlier " + plan.issuer);
  if (names_of(certificate.names) != names_of(plan.names))
    return is(CertificateState::kStale, "does not stand for the names of this cluster");
  if (plan.is_ca()) return;
  if (!keys_[index]) return is(CertificateState::kStale, "has lost its key");
  Result<pki::PrivateKey, std::string> key = pki::read_key(*keys_[index]);
  if (!key || !(key->public_key() == certificate.public_key))
    is(CertificateState::kStale, "does not belong to the key in " + report.key_file);
}

void Certificates::renew(std::string_view name, Renewal how) {
  named_[index_of(name)] = how;
}

void Certificates::renew_expiring() {
  for (size_t i = 0; i < reports_.size(); ++i) {
    CertificateState state = reports_[i].state;
    if (state == CertificateState::kExpiring || state == CertificateState::kExpired)
      named_.try_emplace(i, Renewal::kSameKey);
  }
}

size_t Certificates::next_due() const {
  size_t i = 0;
  for (; i < reports_.size(); ++i) {
    CertificateState state = reports_[i].state;
    if (named_.contains(i) || state == CertificateState::kMissing || state == CertificateState::kStale) break;
  }
  return i;
}

Result<std::string, std::string> Certificates::issue_next(std::string_view passphrase) {
  size_t index = next_due();
  Status<std::string> issued = issue(index, passphrase);
  if (!issued) return Failure<std::string>{issued.error()};
  named_.erase(index);
  for (size_t i = index; i < plans_.size(); ++i) judge(i);
  return plans_[index].name;
}

Result<pki::PrivateKey, std::string> Certificates::decrypt(size_t index, std::string_view passphrase) {
  auto known = opened_.find(index);
  if (known != opened_.end()) return known->second;
  Result<pki::PrivateKey, std::string> key = pki::read_key(*keys_[index], passphrase);
  if (!key) return Failure<std::string>{fmt::format("{}: {}.", reports_[index].key_file, key.error())};
  opened_.emplace(index, *key);
  return key;
}

Status<std::string> Certificates::check_passphrase(std::string_view name, std::string_view passphrase) {
  Result<pki::PrivateKey, std::string> key = decrypt(index_of(name), passphrase);
  if (!key) return Failure<std::string>{key.error()};
  return {};
}

Result<pki::PrivateKey, std::string> Certificates::open_ca(std::string_view name, std::string_view passphrase) {
  size_t index = index_of(name);
  const CertificateReport& report = reports_[index];
  if (!keys_[index])
    return Failure<std::string>{
        fmt::format("{} is not here, and without it nothing can be signed. It stays with the operator who made it: run "
                    "this on that "
                    "machine, or copy the folder {}/ from there.",
                    report.key_file, kCertificateFolder)};
  Result<pki::PrivateKey, std::string> key = decrypt(index, passphrase);
  if (!key) return key;
  if (report.certificate && !(key->public_key() == report.certificate->public_key))
    return Failure<std::string>{fmt::format(
        "{} is not the key of {}. Put the right one back, or make both anew with \"terrace certs renew -new-key {}\".",
        report.key_file, report.file, report.name)};
  return key;
}

// The key that the certificate gets: the one it has, or a new one, which is then on disk.
Result<pki::PrivateKey, std::string> Certificates::key_for(size_t index, std::string_view passphrase) {
  const Plan& plan = plans_[index];
  auto renewal = named_.find(index);
  bool anew = renewal != named_.end() && renewal->second == Renewal::kNewKey;
  if (keys_[index] && !anew) {
    if (plan.is_ca()) return open_ca(plan.name, passphrase);
    Result<pki::PrivateKey, std::string> kept = pki::read_key(*keys_[index]);
    if (kept) return kept;
  }
  if (plan.is_ca() && !anew && reports_[index].certificate) return open_ca(plan.name, passphrase);  // says what to do
  Result<pki::PrivateKey, std::string> key = pki::make_key(pki::KeyKind::kEcdsaP256);
  if (!key) return Failure<std::string>{"The key was not made: " + key.error()};
  std::string text = plan.is_ca() ? key->encrypted_pem(passphrase) : key->pem();
  Status<FileError> written = files_.make_directories(kCertificateFolder, 0755);
  if (written) written = files_.write_atomic(reports_[index].key_file, text, 0600);
  if (!written) return Failure<std::string>{"The key was not written: " + written.error().message};
  keys_[index] = std::move(text);
  if (plan.is_ca()) opened_.insert_or_assign(index, *key);
  return key;
}

Status<std::string> Certificates::issue(size_t index, std::string_view passphrase) {
  const Plan& plan = plans_[index];
  CertificateReport& report = reports_[index];
  if (report.state == CertificateState::kForeign)
    return Failure<std::string>{
        fmt::format("{} {}, so it is not written over. Move it and {} away to get one of this cluster's CA.",
                    report.file, report.why, report.key_file)};
  bool is_root = plan.issuer.empty();
  Result<pki::PrivateKey, std::string> issuer_key =
      is_root ? key_for(index, passphrase) : open_ca(plan.issuer, passphrase);
  if (!issuer_key) return Failure<std::string>{issuer_key.error()};
  Result<pki::PrivateKey, std::string> key = is_root ? issuer_key : key_for(index, passphrase);
  if (!key) return Failure<std::string>{key.error()};

  pki::CertificatePlan wanted;
  wanted.subject.common_name = plan.common_name;
  wanted.subject.organization = owner_.cluster;
  wanted.names = plan.names;
  wanted.validity = pki::valid_from_now(clock_, plan.length, kBackdate);
  wanted.is_ca = plan.is_ca();
  wanted.path_length = plan.path_length;
  wanted.key_usages =
      plan.is_ca() ? std::vector<std::string>{"keyCertSign", "cRLSign"} : std::vector<std::string>{"digitalSignature"};
  wanted.extended_key_usages = plan.extended_key_usages;
  std::string chain;
  Result<std::string, std::string> pem = Failure<std::string>{""};
  if (is_root) {
    pem = pki::self_sign(wanted, *key, random_);
  } else {
    const pki::Certificate& issuer = *this->report(plan.issuer).certificate;
    wanted.validity.not_after = std::min(wanted.validity.not_after, issuer.validity.not_after);
    if (plan.issuer != kRootCa) chain = issuer.pem;
    pem = pki::sign(wanted, key->public_key(), issuer, *issuer_key, random_);
  }
  if (!pem) return Failure<std::string>{fmt::format("{} was not signed: {}", report.file, pem.error())};
  std::string text = *pem + chain;
  Status<FileError> written = files_.write_atomic(report.file, text, 0644);
  if (!written) return Failure<std::string>{"The certificate was not written: " + written.error().message};
  texts_[index] = std::move(text);
  return {};
}

Result<std::string, std::string> Certificates::etcd_ca_bundle(std::string_view passphrase,
                                                              const std::optional<std::string>& published) {
  Result<pki::PrivateKey, std::string> key = open_ca(kEtcdCa, passphrase);
  if (!key) return Failure<std::string>{key.error()};
  const pki::Certificate& ca = *report(kEtcdCa).certificate;
  const pki::Certificate& root = *report(kRootCa).certificate;
  std::string text = ca.pem + root.pem;
  Result<std::vector<pki::Certificate>, std::string> before = pki::read_certificates(published.value_or(""));
  if (before) {
    // The one that signed before, or else the one that it had itself taken the place of.
    bool has_changed = !(before->front().public_key == ca.public_key);
    if (has_changed || before->size() > 2) text += (has_changed ? before->front() : before->back()).pem;
  }
  return text + key->pem();
}

Published compare_bundle(const Certificates& certificates, const std::optional<std::string>& bundle) {
  if (!bundle) return Published::kNothing;
  Result<std::vector<pki::Certificate>, std::string> theirs = pki::read_certificates(*bundle);
  if (!theirs) return Published::kForeign;
  const pki::Certificate& published = theirs->front();
  if (theirs->size() == 1 && pki::issued_by(published, published)) return Published::kNodes;
  const std::optional<pki::Certificate>& ca = certificates.report(kEtcdCa).certificate;
  const std::optional<pki::Certificate>& root = certificates.report(kRootCa).certificate;
  if (!ca || !root) return Published::kForeign;
  if (theirs->size() > 1 && published.pem == ca->pem && (*theirs)[1].pem == root->pem) {
    Result<pki::PrivateKey, std::string> key = pki::read_key(*bundle);
    return key && key->public_key() == ca->public_key ? Published::kSame : Published::kOlder;
  }
  // Of a root with a new key only the etcd CA's own key tells that it is the same.
  bool is_ours = pki::issued_by(published, *root) || published.public_key == ca->public_key;
  if (!is_ours) return Published::kForeign;
  return published.validity.not_before > ca->validity.not_before ? Published::kNewer : Published::kOlder;
}

std::string etcd_ca_parameter(const std::string& cluster) {
  return "/" + cluster + "/etcd/ca";
}

}  // namespace terrace::cluster
