// Where a state's text lies and how it is locked. Plan, apply and the state commands read and write through it; it
// knows nothing of what the text says.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/loop.h"
#include "base/random.h"
#include "diag/diagnostic.h"

namespace terrace::state {

// Who holds a lock, as the lock file says it and a contender is shown it.
struct LockInfo {
  std::string id;         // a UUID
  std::string operation;  // "OperationTypeApply", "OperationTypePlan", ...
  std::string info;
  std::string who;      // user@host
  std::string version;  // of Terraform, as the state's
  std::string created;  // RFC 3339
  std::string path;     // of the state
};

std::string lock_info_json(const LockInfo& lock);
// What could be read of a lock file; empty fields where nothing could.
LockInfo parse_lock_info(std::string_view json);

class StateStore {
 public:
  virtual ~StateStore() = default;

  // The name of the state for messages: a path or a URL.
  virtual std::string name() const = 0;
  // The local file that the journal of an apply is appended to.
  virtual std::string journal_path() const = 0;

  // The stored text; nothing where no state has been written yet.
  virtual Task<Checked<std::optional<std::string>>> read() = 0;
  // Replaces the text whole or not at all. The text that read() gave is kept as a backup where the store has one.
  virtual Task<Diagnostics> write(std::string text) = 0;

  // Tries once a second until `timeout` has passed. The error shows the holder. `operation` as in LockInfo.
  virtual Task<Diagnostics> lock(std::string operation, Duration timeout) = 0;
  // Nothing happens without a lock held.
  virtual Task<Diagnostics> unlock() = 0;
};

// The user and host of this process, for LockInfo::who.
struct Identity {
  std::string user;
  std::string host;
};

// A state file on disk with its backup (PATH.backup) and its lock: an OS lock on the file itself, as Terraform takes
// it, and the holder's description in .NAME.lock.info beside it. What a killed process left of the latter blocks
// nobody.
class LocalStateStore final : public StateStore {
 public:
  // An empty `backup_path` means path + ".backup"; "-" none. `write_path` is where write() puts the text (-state-out);
  // empty means `path`.
  struct Options {
    std::string path;
    std::string write_path;
    std::string backup_path;
  };
  LocalStateStore(FileSystem& files, Loop& loop, Random& random, Identity identity, Options options);
  ~LocalStateStore() override;

  std::string name() const override { return options_.path; }
  std::string journal_path() const override { return options_.write_path + ".journal"; }
  Task<Checked<std::optional<std::string>>> read() override;
  Task<Diagnostics> write(std::string text) override;
  Task<Diagnostics> lock(std::string operation, Duration timeout) override;
  Task<Diagnostics> unlock() override;

 private:
  std::string lock_info_path() const;
  Diagnostics try_lock(const LockInfo& info, bool& held_by_other);

  FileSystem& files_;
  Loop& loop_;
  Random& random_;
  Identity identity_;
  Options options_;
  std::optional<std::string> last_read_;
  bool backed_up_ = false;
  bool made_empty_ = false;  // the lock made the file: it goes again if nothing is written
  std::unique_ptr<FileLock> lock_;
};

}  // namespace terrace::state
