#include "node/local_etcd.h"

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "node/documents.h"

namespace terrace::node {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr Duration kLook = std::chrono::milliseconds(50);
constexpr Duration kPatience = std::chrono::seconds(30);
constexpr uint32_t kOwnerOnly = 0700;

Status<std::string> plain(const Status<FileError>& status) {
  if (status.ok()) return {};
  return Failure{status.error().message};
}

}  // namespace

LocalEtcd::LocalEtcd(Loop& loop, FileSystem& files, DurableStore& store, Supervisor& supervisor, NodePaths paths,
                     TlsFiles tls, std::string instance, std::string address)
    : loop_(loop),
      files_(files),
      store_(store),
      supervisor_(supervisor),
      paths_(std::move(paths)),
      tls_(std::move(tls)),
      instance_(std::move(instance)),
      address_(std::move(address)),
      data_(join_path(paths_.etcd, "data")),
      record_(join_path(paths_.etcd, "terrace.json")) {}

bool LocalEtcd::has_data() {
  // etcd writes its log before it serves anything; a directory without one holds nothing.
  const Result<std::vector<DirectoryEntry>, FileError> log = files_.list(join_path(data_, "member/wal"));
  return log.ok() && !log->empty();
}

std::optional<Record> LocalEtcd::record() {
  const Result<std::string, FileError> text = files_.read(record_);
  if (!text.ok()) return std::nullopt;
  const Result<Record, std::string> record = parse_record(*text);
  if (!record.ok()) return std::nullopt;
  return *record;
}

Status<std::string> LocalEtcd::write_record(const Record& record) {
  const Status<FileError> made = files_.make_directories(paths_.etcd, kOwnerOnly);
  if (!made.ok()) return Failure{made.error().message};
  return plain(files_.write_atomic(record_, to_text(record), 0600));
}

bool LocalEtcd::serves_privately() {
  const Result<std::string, FileError> text = files_.read(paths_.etcd_config);
  if (!text.ok()) return false;
  const Json document = Json::parse(*text, nullptr, false);
  return document.is_object() && document.value("listen-client-urls", "") == std::string("https://") + kPrivateEndpoint;
}

Status<std::string> LocalEtcd::write_configuration(const EtcdStart& how) {
  const std::string peer = fmt::format("https://{}:2380", address_);
  const std::string client = "https://" + client_endpoint(address_);
  std::vector<Member> members = how.members;
  if (members.empty()) members.push_back(Member{0, instance_, address_, false, false});
  const Json security{{"cert-file", tls_.certificate},
                      {"key-file", tls_.key},
                      {"trusted-ca-file", tls_.ca},
                      {"client-cert-auth", true}};
  const Json document{
      {"name", instance_},
      {"data-dir", data_},
      {"listen-peer-urls", peer},
      {"initial-advertise-peer-urls", peer},
      {"listen-client-urls", how.privately ? std::string("https://") + kPrivateEndpoint : client},
      {"advertise-client-urls", client},
      {"initial-cluster", initial_cluster(members)},
      {"initial-cluster-state", how.existing ? "existing" : "new"},
      {"initial-cluster-token", how.token},
      {"client-transport-security", security},
      {"peer-transport-security", security},
      {"strict-reconfig-check", true},
      // A member that comes back from a cut network does not unseat the leader.
      {"pre-vote", true},
      {"enable-grpc-gateway", true},
      {"auto-compaction-mode", "periodic"},
      {"auto-compaction-retention", "1h"},
      {"logger", "zap"},
      {"log-level", "warn"},
      {"log-outputs", Json::array({"stderr"})},
  };
  const Status<FileError> made = files_.make_directories(paths_.state, kOwnerOnly);
  if (!made.ok()) return Failure{made.error().message};
  return plain(files_.write_atomic(paths_.etcd_config, document.dump(2) + "\n", 0600));
}

Task<Status<std::string>> LocalEtcd::start(EtcdStart how) {
  if (how.fresh) {
    // What a start that failed before the log was written may have left.
    std::error_code code;
    fs::remove_all(data_, code);
  }
  Status<std::string> status = write_configuration(how);
  if (status.ok()) status = plain(files_.make_directories(paths_.etcd, kOwnerOnly));
  if (status.ok()) status = supervisor_.start();
  if (!status.ok()) co_return status;
  const Duration end = loop_.clock().monotonic() + kPatience;
  while (!has_data()) {
    if (!supervisor_.running()) co_return Failure{std::string("etcd ended before it had made its data")};
    if (loop_.clock().monotonic() >= end) co_return Failure{std::string("etcd has not made its data in time")};
    co_await loop_.sleep(kLook);
  }
  co_return status;
}

Task<Status<std::string>> LocalEtcd::put_aside() {
  std::error_code code;
  const std::string previous = join_path(paths_.etcd, "previous");
  // The record goes first: data without one are nobody's, and are moved aside again after a crash here.
  const bool has_files = fs::exists(data_, code);
  const bool has_record = fs::exists(record_, code);
  if (has_files) {
    fs::remove_all(previous, code);
    if (code) co_return Failure{fmt::format("{} cannot be removed: {}", previous, code.message())};
  }
  const Status<FileError> made = files_.make_directories(previous, kOwnerOnly);
  if (!made.ok()) co_return Failure{made.error().message};
  if (has_record) {
    const Status<FileError> moved = files_.rename(record_, join_path(previous, "terrace.json"));
    if (!moved.ok()) co_return Failure{moved.error().message};
  }
  if (has_files) {
    const Status<FileError> moved = files_.rename(data_, join_path(previous, "data"));
    if (!moved.ok()) co_return Failure{moved.error().message};
  }
  co_return Status<std::string>();
}

Task<Status<std::string>> LocalEtcd::restore(Record record, std::string key) {
  const Result<std::optional<StoredObject>, std::string> object = co_await store_.get(key);
  if (!object.ok()) co_return Failure{object.error()};
  if (!*object) co_return Failure{"there is no snapshot " + key};
  const Status<FileError> made = files_.make_directories(paths_.state, kOwnerOnly);
  if (!made.ok()) co_return Failure{made.error().message};
  const std::string snapshot = join_path(paths_.state, "restore.db");
  const Status<FileError> written = files_.write_atomic(snapshot, (*object)->content, 0600);
  if (!written.ok()) co_return Failure{written.error().message};
  // Data first, then the record that says whose they are: data without one are moved aside.
  std::error_code code;
  fs::remove_all(data_, code);
  const Status<FileError> place = files_.make_directories(paths_.etcd, kOwnerOnly);
  if (!place.ok()) co_return Failure{place.error().message};
  const std::string peer = fmt::format("https://{}:2380", address_);
  std::vector<std::string> arguments = {"etcdctl",
                                        "snapshot",
                                        "restore",
                                        snapshot,
                                        "--name=" + instance_,
                                        "--data-dir=" + data_,
                                        "--initial-cluster=" + instance_ + "=" + peer,
                                        "--initial-advertise-peer-urls=" + peer,
                                        "--initial-cluster-token=" + record.token};
  ChildProcess restoring(loop_, std::move(arguments));
  const Status<std::string> started = restoring.start();
  if (!started.ok()) co_return started;
  const int status = co_await restoring.ended();
  const Status<FileError> removed = files_.remove(snapshot);
  if (status != 0) co_return Failure{fmt::format("etcdctl snapshot restore ended with status {}", status)};
  if (!removed.ok()) co_return Failure{removed.error().message};
  co_return write_record(record);
}

}  // namespace terrace::node
