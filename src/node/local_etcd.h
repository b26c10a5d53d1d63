// etcd on this node, for real: its configuration file, its data on the disk, its process by a supervisor.
#pragma once

#include <string>

#include "base/file_system.h"
#include "base/network.h"
#include "node/bucket_store.h"
#include "node/effects.h"
#include "node/settings.h"
#include "node/supervisor.h"

namespace terrace::node {

class LocalEtcd final : public EtcdProcess {
 public:
  // The supervisor runs etcd with `paths.etcd_config`. `tls` are the files that etcd shows and trusts.
  LocalEtcd(Loop& loop, FileSystem& files, DurableStore& store, Supervisor& supervisor, NodePaths paths, TlsFiles tls,
            std::string instance, std::string address);

  bool has_data() override;
  std::optional<Record> record() override;
  Status<std::string> write_record(const Record& record) override;
  Task<Status<std::string>> start(EtcdStart how) override;
  Task<void> stop() override { return supervisor_.stop(); }
  bool running() override { return supervisor_.running(); }
  bool serves_privately() override;
  Task<Status<std::string>> put_aside() override;
  Task<Status<std::string>> restore(Record record, std::string key) override;

 private:
  Status<std::string> write_configuration(const EtcdStart& how);

  Loop& loop_;
  FileSystem& files_;
  DurableStore& store_;
  Supervisor& supervisor_;
  NodePaths paths_;
  TlsFiles tls_;
  std::string instance_;
  std::string address_;
  std::string data_;
  std::string record_;
};

}  // namespace terrace::node
