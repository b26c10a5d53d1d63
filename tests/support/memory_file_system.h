// A disk in memory that can lose power: every operation counts, a chosen one and all after it fail, and what was not
// synced is gone when the disk is started again. Unit tests of state and apply include it.
#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/file_system.h"

namespace terrace::test {

class MemoryFileSystem final : public FileSystem {
 public:
  // From the n-th changing operation on (1 is the next one), nothing happens any more: the process is dead.
  void crash_at(int operation) { crash_at_ = operations_ + operation; }
  bool crashed() const { return crash_at_ > 0 && operations_ >= crash_at_; }
  int operations() const { return operations_; }
  // The machine comes up again: appends that were not synced are lost, locks are free. With `keep_unsynced` only the
  // process died, and what it wrote is there.
  void restart(bool keep_unsynced) {
    crash_at_ = 0;
    locked_.clear();
    for (auto& [path, file] : files_) {
      if (!keep_unsynced) file.text.resize(file.synced);
      file.synced = file.text.size();
    }
  }
  // Writes that would make `path` fail with ENOSPC while set.
  void fill_disk(std::string path_part) { full_.insert(std::move(path_part)); }
  void free_disk() { full_.clear(); }
  int syncs() const { return syncs_; }
  uint64_t bytes_written() const { return bytes_; }
  bool has(const std::string& path) const { return files_.count(path) > 0; }
  std::string text(const std::string& path) const { return has(path) ? files_.at(path).text : ""; }
  uint32_t mode(const std::string& path) const { return files_.at(path).mode; }
  void put(const std::string& path, std::string text) {
    File& file = files_[path];
    file.text = std::move(text);
    file.synced = file.text.size();
  }

  Result<std::string, FileError> read(const std::string& path) override {
    if (!has(path)) return Failure<FileError>{missing(path)};
    return files_[path].text;
  }
  Status<FileError> write_atomic(const std::string& path, std::string_view content, uint32_t mode) override {
    if (!step()) return dead();
    if (is_full(path)) return Failure<FileError>{FileError{ENOSPC, "write " + path + ": No space left on device"}};
    bytes_ += content.size();
    File& file = files_[path];
    file.text = std::string(content);
    file.synced = file.text.size();
    file.mode = mode;
    return {};
  }
  Result<std::unique_ptr<AppendFile>, FileError> open_append(const std::string& path, uint32_t mode) override {
    if (!step()) return Failure<FileError>{dead().error()};
    if (is_full(path)) return Failure<FileError>{FileError{ENOSPC, "open " + path + ": No space left on device"}};
    if (!has(path)) files_[path].mode = mode;
    return std::unique_ptr<AppendFile>(new Append(*this, path));
  }
  Result<FileInfo, FileError> info(const std::string& path) override {
    if (!has(path)) return Failure<FileError>{missing(path)};
    return FileInfo{false, files_[path].text.size(), files_[path].mode};
  }
  Result<std::vector<DirectoryEntry>, FileError> list(const std::string& path) override {
    std::string prefix = path.empty() || path == "." ? "" : path + "/";
    std::set<std::string> names;
    for (const auto& [name, file] : files_) {
      if (name.compare(0, prefix.size(), prefix) == 0 && name.find('/', prefix.size()) == std::string::npos)
        names.insert(name.substr(prefix.size()));
    }
    std::vector<DirectoryEntry> entries;
    for (const std::string& name : names) entries.push_back({name, false});
    return entries;
  }
  Status<FileError> make_directories(const std::string&, uint32_t) override {
    return step() ? Status<FileError>{} : dead();
  }
  Status<FileError> remove(const std::string& path) override {
    if (!step()) return dead();
    files_.erase(path);
    return {};
  }
  Status<FileError> rename(const std::string& from, const std::string& to) override {
    if (!step()) return dead();
    if (!has(from)) return Failure<FileError>{missing(from)};
    files_[to] = files_[from];
    files_.erase(from);
    return {};
  }
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> try_lock(const std::string& path) override {
    if (!has(path)) put(path, "");
    if (locked_.count(path) > 0) return std::optional<std::unique_ptr<FileLock>>();
    locked_.insert(path);
    return std::optional<std::unique_ptr<FileLock>>(new Lock(*this, path));
  }
  // As if another process took or released the lock.
  void hold(const std::string& path) { locked_.insert(path); }
  void let_go(const std::string& path) { locked_.erase(path); }

 private:
  struct File {
    std::string text;
    size_t synced = 0;
    uint32_t mode = 0644;
  };
  class Append final : public AppendFile {
   public:
    Append(MemoryFileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
    Status<FileError> append(std::string_view bytes) override {
      if (!files_.step()) {
        // Half of what was being written may be on the disk.
        if (files_.operations_ == files_.crash_at_) files_.files_[path_].text += bytes.substr(0, bytes.size() / 2);
        return dead();
      }
      if (files_.is_full(path_))
        return Failure<FileError>{FileError{ENOSPC, "write " + path_ + ": No space left on device"}};
      files_.bytes_ += bytes.size();
      files_.files_[path_].text += bytes;
      return {};
    }
    Status<FileError> sync() override {
      if (!files_.step()) return dead();
      ++files_.syncs_;
      files_.files_[path_].synced = files_.files_[path_].text.size();
      return {};
    }

   private:
    MemoryFileSystem& files_;
    std::string path_;
  };
  class Lock final : public FileLock {
   public:
    Lock(MemoryFileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
    ~Lock() override { files_.locked_.erase(path_); }

   private:
    MemoryFileSystem& files_;
    std::string path_;
  };

  bool step() {
    ++operations_;
    return crash_at_ == 0 || operations_ < crash_at_;
  }
  bool is_full(const std::string& path) const {
    for (const std::string& part : full_) {
      if (path.find(part) != std::string::npos) return true;
    }
    return false;
  }
  static Status<FileError> dead() { return Failure<FileError>{FileError{EIO, "the machine is off"}}; }
  static FileError missing(const std::string& path) {
    return FileError{ENOENT, "open " + path + ": No such file or directory"};
  }

  std::map<std::string, File> files_;
  std::set<std::string> locked_;
  std::set<std::string> full_;
  int operations_ = 0;
  int crash_at_ = 0;
  int syncs_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace terrace::test
