// certs: the cluster's certificates. They lie in certs/ of the cluster directory, keys with mode 0600 and those of CAs
// encrypted by a passphrase that only the operator has. The etcd CA is published in SSM's Parameter Store, where etcd
// nodes alone may read it, for they sign certificates for themselves.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cluster/certificates.h"
#include "cluster/parameters.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;
using cluster::CertificateReport;
using cluster::CertificateState;
using cluster::Published;

constexpr const char* kPassphraseVariable = "TERRACE_CA_PASSPHRASE";
constexpr size_t kShortestPassphrase = 8;

class Certs {
 public:
  Certs(Context& context, bool json) : context_(context), access_(context), json_(json) {}

  // Reads certs/ and what is published. Where `changing`, also takes the folder for this process. False after an error
  // was shown.
  bool open(bool changing);

  int create();
  int renew(const Arguments& names, cluster::Renewal how);
  int show();
  int remove(bool approved);

 private:
  std::string parameter() const { return cluster::etcd_ca_parameter(access_.values().name); }
  Published published() const { return cluster::compare_bundle(*certificates_, bundle_); }
  void say(const std::string& line) const {
    if (!json_) context_.print(line);
  }
  bool take_folder();
  bool may_publish();
  int bring_up();
  bool get_passphrase();
  bool publish();
  bool needs_care() const;
  void print_json();
  void print_table();
  void warn();

  Context& context_;
  ClusterAccess access_;
  bool json_;
  std::unique_ptr<FileLock> lock_;
  std::optional<cluster::Certificates> certificates_;
  std::optional<std::string> bundle_;
  std::string passphrase_;
};

bool Certs::take_folder() {
  Status<FileError> made = context_.files.make_directories(cluster::kCertificateFolder, 0755);
  if (!made) return context_.fail("The folder for certificates was not made", made.error().message) == 0;
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> lock =
      context_.files.try_lock(std::string(cluster::kCertificateFolder) + "/.lock");
  if (!lock) return context_.fail("The folder for certificates can't be locked", lock.error().message) == 0;
  if (!lock->has_value())
    return context_.fail("Another terrace is at work on the certificates",
                         "It holds certs/.lock. Nothing was changed. Wait until it is done.") == 0;
  lock_ = std::move(**lock);
  return true;
}

bool Certs::open(bool changing) {
  if (!access_.connect()) return false;
  if (changing && (!access_.check_session_lock() || !take_folder())) return false;
  const cluster::Values& values = access_.values();
  certificates_.emplace(context_.files, context_.clock, context_.random,
                        cluster::CertificateOwner{values.name, values.text("domain")});
  Status<std::string> read = certificates_->read();
  if (!read) return context_.fail("A certificate can't be read", read.error()) == 0;
  Result<std::optional<std::string>, aws::ApiError> bundle =
      context_.loop.run(cluster::read_parameter(access_.aws(), parameter()));
  if (!bundle) return access_.fail("Reading the published etcd CA", bundle.error()) == 0;
  bundle_ = std::move(*bundle);
  return true;
}

// Whether what is published may be replaced by what is here.
bool Certs::may_publish() {
  switch (published()) {
    case Published::kForeign:
      return context_.fail(
                 "The cluster has another etcd CA",
                 fmt::format(
                     "The one published as {} is not the one of certs/ here, and etcd's nodes trust it. Nothing "
                     "was changed. Copy the folder certs/ from the machine where it was made. Where it is lost "
                     "for good, \"terrace certs delete\" makes room for a new one.",
                     parameter())) == 0;
    case Published::kNewer:
      return context_.fail("The cluster has a newer etcd CA",
                           fmt::format("Another operator has renewed it: {} holds one that began later than "
                                       "certs/etcd-ca.pem here. Nothing was changed. Copy the folder certs/ from them.",
                                       parameter())) == 0;
    default:
      return true;
  }
}

bool Certs::get_passphrase() {
  if (!passphrase_.empty()) return true;
  bool is_new = !certificates_->has_key(cluster::kRootCa) && !certificates_->has_key(cluster::kEtcdCa);
  passphrase_ = context_.environment.get(kPassphraseVariable);
  if (passphrase_.empty()) {
    if (!context_.terminal.input_is_terminal())
      return context_.fail("The passphrase of the CA is missing",
                           fmt::format("The keys of the CAs are encrypted by it. Run this in a terminal, which asks "
                                       "for it, or set {}.",
                                       kPassphraseVariable)) == 0;
    std::optional<std::string> first = context_.terminal.read_secret(is_new ? "New passphrase for the keys of the CAs: "
                                                                            : "Passphrase of the CAs' keys: ");
    std::optional<std::string> again = first && is_new ? context_.terminal.read_secret("The same again: ") : first;
    if (!first || !again) return context_.fail("No passphrase was given", "Nothing was changed.") == 0;
    if (*first != *again)
      return context_.fail("The two passphrases differ", "Nothing was changed. Run this again.") == 0;
    passphrase_ = *first;
  }
  if (is_new && passphrase_.size() < kShortestPassphrase)
    return context_.fail("The passphrase is too short",
                         fmt::format("It guards the keys of the CAs wherever their files go: give at least {} "
                                     "characters. Nothing was changed.",
                                     kShortestPassphrase)) == 0;
  for (const CertificateReport& report : certificates_->reports()) {
    if (!report.is_ca || report.state == CertificateState::kForeign || !certificates_->has_key(report.name)) continue;
    Status<std::string> opens = certificates_->check_passphrase(report.name, passphrase_);
    if (!opens) return context_.fail("The passphrase does not fit", opens.error() + " Nothing was changed.") == 0;
  }
  return true;
}

bool Certs::publish() {
  Result<std::string, std::string> bundle = certificates_->etcd_ca_bundle(passphrase_, bundle_);
  if (!bundle) return context_.fail("The etcd CA can't be published", bundle.error()) == 0;
  Result<bool, aws::ApiError> written = context_.loop.run(cluster::write_parameter(
      access_.aws(), parameter(), *bundle, "The CA that the etcd nodes of this cluster sign with",
      access_.values().name, bundle_.has_value()));
  if (!written) return access_.fail("Publishing the etcd CA", written.error()) == 0;
  bundle_ = std::move(*bundle);
  say(fmt::format("Published the etcd CA for the nodes as {}, encrypted by KMS\n", parameter()));
  return true;
}

// Makes everything that is due, and publishes the etcd CA where that changed.
int Certs::bring_up() {
  if (!may_publish()) return 1;
  bool has_work = certificates_->is_due();
  if (has_work || published() != Published::kSame) {
    if (!get_passphrase()) return 1;
    // What an interrupted run has not published goes first: after two new keys nothing would tell that it is ours.
    if (published() == Published::kOlder && !publish()) return 1;
    while (certificates_->is_due()) {
      Result<std::string, std::string> name = certificates_->issue_next(passphrase_);
      if (!name) return context_.fail("A certificate was not made", name.error());
      const CertificateReport& made = certificates_->report(*name);
      say(fmt::format("Wrote {:<22} valid until {}\n", made.file,
                      pki::moment_text(made.certificate->validity.not_after)));
    }
    if (published() != Published::kSame && !publish()) return 1;
  }
  if (json_) {
    print_json();
  } else {
    if (!has_work) context_.print("Every certificate is there; nothing to make.\n");
    warn();
  }
  return 0;
}

int Certs::create() {
  return bring_up();
}

int Certs::renew(const Arguments& names, cluster::Renewal how) {
  for (const std::string& name : names) {
    if (!certificates_->knows(name)) {
      std::string known;
      for (const CertificateReport& report : certificates_->reports())
        known += (known.empty() ? "" : ", ") + report.name;
      return context_.fail("There is no such certificate", fmt::format("\"{}\" is none. There are {}.", name, known));
    }
    certificates_->renew(name, how);
  }
  if (how == cluster::Renewal::kNewKey && names.size() != 1)
    return context_.fail("Which key?",
                         "With -new-key name one certificate. A CA's new key must reach the nodes before the next one "
                         "is changed.");
  if (names.empty()) certificates_->renew_expiring();
  return bring_up();
}

bool Certs::needs_care() const {
  for (const CertificateReport& report : certificates_->reports()) {
    if (report.state == CertificateState::kMissing || report.state == CertificateState::kStale ||
        report.state == CertificateState::kExpired)
      return true;
  }
  return published() != Published::kSame;
}

void Certs::print_json() {
  Json list = Json::array();
  for (const CertificateReport& report : certificates_->reports()) {
    Json one = {{"name", report.name},         {"purpose", report.purpose}, {"file", report.file},
                {"key_file", report.key_file}, {"is_ca", report.is_ca},     {"state", to_string(report.state)}};
    if (!report.why.empty()) one["why"] = report.why;
    if (report.certificate) {
      const pki::Certificate& certificate = *report.certificate;
      one["subject"] = certificate.subject_text;
      one["issuer"] = certificate.issuer_text;
      one["dns_names"] = certificate.names.dns;
      one["ip_addresses"] = certificate.names.ips;
      one["not_before"] = pki::moment_text(certificate.validity.not_before);
      one["not_after"] = pki::moment_text(certificate.validity.not_after);
      one["days_left"] = report.days_left;
      one["serial"] = certificate.serial;
      one["sha256"] = certificate.sha256;
    }
    list.push_back(std::move(one));
  }
  Json report = {{"cluster", access_.values().name},
                 {"certificates", std::move(list)},
                 {"etcd_ca", {{"parameter", parameter()}, {"published", to_string(published())}}}};
  context_.print(report.dump(2) + "\n");
}

void Certs::print_table() {
  std::vector<std::vector<std::string>> rows = {{"CERTIFICATE", "IS", "EXPIRES", "STATE"}};
  for (const CertificateReport& report : certificates_->reports()) {
    std::string expires = "-";
    if (report.certificate)
      expires = fmt::format("{} ({} days)", pki::moment_text(report.certificate->validity.not_after).substr(0, 10),
                            report.days_left);
    rows.push_back({report.file, report.purpose, expires, to_string(report.state)});
  }
  context_.print(table_text(rows, context_.terminal.color()) + "\n");
  for (const CertificateReport& report : certificates_->reports()) {
    if (!report.certificate || report.certificate->names.empty()) continue;
    std::string names;
    for (const auto* list : {&report.certificate->names.dns, &report.certificate->names.ips}) {
      for (const std::string& name : *list) names += (names.empty() ? "" : ", ") + name;
    }
    context_.print(fmt::format("{} stands for {}\n", report.file, names));
  }
  static const std::map<Published, std::string> kSentences = {
      {Published::kNothing, "is not published yet: \"terrace certs create\" does it"},
      {Published::kSame, "is published as "},
      {Published::kOlder, "is published in an older form: \"terrace certs create\" renews it"},
      {Published::kNewer, "is older here than what is published: another operator has renewed it"},
      {Published::kNodes,
       "is one that the nodes made for themselves: \"terrace certs create\" puts yours in its place"},
      {Published::kForeign, "is another one than what is published"}};
  context_.print("The etcd CA " + kSentences.at(published()) + (published() == Published::kSame ? parameter() : "") +
                 ".\n");
}

void Certs::warn() {
  Diagnostics warnings;
  for (const CertificateReport& report : certificates_->reports()) {
    std::string renew = fmt::format("\"terrace certs renew {}\" makes a new one.", report.name);
    if (report.state == CertificateState::kExpired) {
      warnings.warning("A certificate has expired",
                       fmt::format("{} is not valid any more since {}. {}", report.file,
                                   pki::moment_text(report.certificate->validity.not_after), renew));
    } else if (report.state == CertificateState::kExpiring) {
      warnings.warning("A certificate expires soon",
                       fmt::format("{} is valid for {} more days. {}", report.file, report.days_left, renew));
    } else if (report.state == CertificateState::kStale) {
      warnings.warning("A certificate does not fit",
                       fmt::format("{} {}. \"terrace certs create\" makes a new one.", report.file, report.why));
    } else if (report.state == CertificateState::kForeign) {
      warnings.warning("A certificate is not of this cluster's CA",
                       fmt::format("{} {}. It is left alone.", report.file, report.why));
    }
  }
  context_.show(warnings);
}

int Certs::show() {
  if (json_) {
    print_json();
  } else {
    print_table();
    warn();
  }
  return needs_care() ? 1 : 0;
}

int Certs::remove(bool approved) {
  std::vector<std::string> files;
  for (const CertificateReport& report : certificates_->reports()) {
    if (report.state == CertificateState::kForeign) continue;
    for (const std::string& file : {report.file, report.key_file}) {
      if (context_.files.exists(file)) files.push_back(file);
    }
  }
  if (files.empty() && !bundle_) {
    context_.print("There are no certificates of this cluster.\n");
    return 0;
  }
  if (!approved &&
      !approve(
          context_, "Do you really want to delete the cluster's certificates?",
          fmt::format("  {} files in certs/ go, the CAs' keys among them, and {} in SSM. An etcd that runs\n  keeps "
                      "what it has, but none of its nodes can renew its certificate.\n  Only 'yes' will be "
                      "accepted to confirm.",
                      files.size(), parameter()))) {
    context_.print("Nothing was deleted.\n");
    return 1;
  }
  Result<bool, aws::ApiError> removed = context_.loop.run(cluster::remove_parameter(access_.aws(), parameter()));
  if (!removed) return access_.fail("Deleting the published etcd CA", removed.error());
  for (const std::string& file : files) {
    Status<FileError> gone = context_.files.remove(file);
    if (!gone) return context_.fail("A file was not deleted", gone.error().message);
  }
  context_.print("The cluster's certificates are deleted: files and published etcd CA.\n");
  return 0;
}

int create_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags(
      "certs create [options]",
      "Makes the cluster's certificates: its root CA, the CA that etcd nodes sign with, those of etcd's server, "
      "peers and clients, and the site's. Publishes the etcd CA for the nodes. What is there already is left "
      "alone; what does not fit any more is made anew.\n\nThe keys of the CAs are encrypted by a passphrase, "
      "which is asked for or taken from TERRACE_CA_PASSPHRASE.");
  flags.boolean("json", &json, "Write the certificates as JSON when all is done.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Certs certs(context, json);
  return certs.open(true) ? certs.create() : 1;
}

int renew_command(Context& context, const Arguments& arguments) {
  bool json = false;
  bool new_key = false;
  Flags flags("certs renew [options] [NAME...]",
              "Renews the named certificates, or those that expire soon (within 30 days; CAs within 180). A renewed "
              "certificate keeps its key, so that what trusts it goes on.");
  flags.boolean("json", &json, "Write the certificates as JSON when all is done.");
  flags.boolean("new-key", &new_key, "Make a new key, too: where the old one is known to others.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Certs certs(context, json);
  return certs.open(true) ? certs.renew(rest, new_key ? cluster::Renewal::kNewKey : cluster::Renewal::kSameKey) : 1;
}

int show_certs_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("certs show [options]",
              "Says how every certificate is, when it expires, and whether the nodes' copy of the etcd CA is the same. "
              "Exit code 1 where one is missing, does not fit or has expired.");
  flags.boolean("json", &json, "Write the answer as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Certs certs(context, json);
  return certs.open(false) ? certs.show() : 1;
}

int delete_command(Context& context, const Arguments& arguments) {
  bool approved = false;
  Flags flags("certs delete [options]",
              "Deletes the cluster's certificates and keys, and the published etcd CA: when the cluster is gone.");
  flags.boolean("auto-approve", &approved, "Skip the question.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Certs certs(context, false);
  return certs.open(true) ? certs.remove(approved) : 1;
}

constexpr Command kSubcommands[] = {
    {"create", "Make what is missing and publish the etcd CA", create_command, true},
    {"show", "Say how every certificate is", show_certs_command, true},
    {"renew", "Renew what expires soon, or what is named", renew_command, true},
    {"delete", "Delete all of them", delete_command, true},
};

}  // namespace

int certs_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "certs",
                        "The cluster's certificates: root CA, etcd CA, etcd's server, peer and client, site.",
                        kSubcommands, arguments);
}

}  // namespace terrace::cli
