#include "state/state_store.h"

#include <fmt/format.h>

#include "state/json_text.h"
#include "state/version.h"

namespace terrace::state {

namespace {

Diagnostics file_error(const char* summary, const FileError& error, const char* advice) {
  Diagnostics diagnostics;
  diagnostics.error(summary, fmt::format("{}. {}", error.message, advice));
  return diagnostics;
}

Diagnostic lock_held(const LockInfo& holder) {
  Diagnostic diagnostic;
  diagnostic.summary = "Error acquiring the state lock";
  diagnostic.detail = fmt::format(
      "Error message: resource temporarily unavailable\n"
      "Lock Info:\n"
      "  ID:        {}\n"
      "  Path:      {}\n"
      "  Operation: {}\n"
      "  Who:       {}\n"
      "  Version:   {}\n"
      "  Created:   {}\n"
      "  Info:      {}\n\n"
      "Another run holds the lock that keeps two of them from writing this state at once. Wait until it has ended, or "
      "let "
      "this one wait with -lock-timeout=5m. -lock=false goes on without a lock; then nothing protects the state.",
      holder.id, holder.path, holder.operation, holder.who, holder.version, holder.created, holder.info);
  return diagnostic;
}

}  // namespace

std::string lock_info_json(const LockInfo& lock) {
  std::string out = "{";
  auto member = [&out](const char* name, const std::string& value) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  };
  member("ID", lock.id);
  member("Operation", lock.operation);
  member("Info", lock.info);
  member("Who", lock.who);
  member("Version", lock.version);
  member("Created", lock.created);
  member("Path", lock.path);
  return out + "}";
}

LockInfo parse_lock_info(std::string_view json) {
  LockInfo lock;
  JsonCursor cursor(json);
  std::string key;
  cursor.begin_object();
  while (cursor.next_key(key)) {
    if (cursor.peek() != '"') {
      cursor.skip();
      continue;
    }
    std::string value = cursor.string();
    if (key == "ID") lock.id = value;
    if (key == "Operation") lock.operation = value;
    if (key == "Info") lock.info = value;
    if (key == "Who") lock.who = value;
    if (key == "Version") lock.version = value;
    if (key == "Created") lock.created = value;
    if (key == "Path") lock.path = value;
  }
  return lock;
}

LocalStateStore::LocalStateStore(FileSystem& files, Loop& loop, Random& random, Identity identity, Options options)
    : files_(files), loop_(loop), random_(random), identity_(std::move(identity)), options_(std::move(options)) {
  if (options_.write_path.empty()) options_.write_path = options_.path;
  if (options_.backup_path.empty()) options_.backup_path = options_.write_path + ".backup";
}

LocalStateStore::~LocalStateStore() = default;

std::string LocalStateStore::lock_info_path() const {
  size_t slash = options_.path.rfind('/');
  std::string directory = slash == std::string::npos ? "" : options_.path.substr(0, slash + 1);
  std::string name = slash == std::string::npos ? options_.path : options_.path.substr(slash + 1);
  return directory + "." + name + ".lock.info";
}

Task<Checked<std::optional<std::string>>> LocalStateStore::read() {
  Checked<std::optional<std::string>> result;
  Result<std::string, FileError> text = files_.read(options_.path);
  if (text.ok()) {
    // An empty file is what a lock leaves where nothing was written.
    if (text->find_first_not_of(" \t\r\n") != std::string::npos) result.value = std::move(*text);
  } else if (!text.error().not_found()) {
    result.diagnostics = file_error("Error loading state", text.error(), "The state file was left as it is.");
  }
  last_read_ = result.value;
  co_return result;
}

Task<Diagnostics> LocalStateStore::write(std::string text) {
  bool backup = !backed_up_ && options_.backup_path != "-" && last_read_ && *last_read_ != text;
  if (backup) {
    Status<FileError> kept = files_.write_atomic(options_.backup_path, *last_read_, 0600);
    if (!kept.ok()) co_return file_error("Failed to write state backup", kept.error(), "The state was not changed.");
    backed_up_ = true;
  }
  Status<FileError> written = files_.write_atomic(options_.write_path, text, 0600);
  if (!written.ok()) {
    co_return file_error("Failed to save state", written.error(), "The state file was left as it was before.");
  }
  made_empty_ = false;
  if (lock_ && options_.write_path == options_.path) {
    // The file has a new inode, so the lock moves to it.
    Result<std::optional<std::unique_ptr<FileLock>>, FileError> again = files_.try_lock(options_.path);
    if (again.ok() && again->has_value()) lock_ = std::move(**again);
  }
  co_return Diagnostics{};
}

Diagnostics LocalStateStore::try_lock(const LockInfo& info, bool& held_by_other) {
  held_by_other = false;
  bool existed = files_.exists(options_.path);
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> lock = files_.try_lock(options_.path);
  if (!lock.ok()) {
    return file_error("Error acquiring the state lock", lock.error(),
                      "Make the directory writable, or go on without a lock with -lock=false.");
  }
  if (!lock->has_value()) {
    held_by_other = true;
    Result<std::string, FileError> holder = files_.read(lock_info_path());
    return Diagnostics(lock_held(holder.ok() ? parse_lock_info(*holder) : LockInfo{}));
  }
  Status<FileError> written = files_.write_atomic(lock_info_path(), lock_info_json(info), 0600);
  if (!written.ok()) {
    return file_error("Error acquiring the state lock", written.error(),
                      "Make the directory writable, or go on without a lock with -lock=false.");
  }
  lock_ = std::move(**lock);
  made_empty_ = !existed;
  return {};
}

Task<Diagnostics> LocalStateStore::lock(std::string operation, Duration timeout) {
  LockInfo info;
  info.id = random_.uuid();
  info.operation = std::move(operation);
  info.who = identity_.user + "@" + identity_.host;
  info.version = kTerraformVersion;
  info.created = rfc3339_nano(loop_.clock().wall());
  info.path = options_.path;
  Duration end = loop_.clock().monotonic() + timeout;
  while (true) {
    bool held_by_other = false;
    Diagnostics diagnostics = try_lock(info, held_by_other);
    Duration left = end - loop_.clock().monotonic();
    if (!diagnostics.has_errors() || !held_by_other || left <= Duration::zero()) co_return diagnostics;
    Loop::Sleep pause = loop_.sleep(std::min<Duration>(left, std::chrono::seconds(1)));
    co_await pause;
  }
}

Task<Diagnostics> LocalStateStore::unlock() {
  if (!lock_) co_return Diagnostics{};
  Diagnostics diagnostics;
  Status<FileError> removed = files_.remove(lock_info_path());
  if (!removed.ok()) {
    diagnostics =
        file_error("Error releasing the state lock", removed.error(), "The lock itself ends with this process.");
  }
  if (made_empty_) {
    Result<FileInfo, FileError> info = files_.info(options_.path);
    if (info.ok() && info->size == 0) (void)files_.remove(options_.path);
    made_empty_ = false;
  }
  lock_.reset();
  co_return diagnostics;
}

}  // namespace terrace::state
