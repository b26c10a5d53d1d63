// The disk as an effect: whole files, atomic replacement, synced appends, locks. Paths are as the caller's process sees
// them (relative ones from its working directory).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace terrace {

struct FileError {
  int code = 0;         // errno
  std::string message;  // "open stacks/vpc/terraform.tfstate: No such file or directory"
  bool not_found() const;
  bool no_space() const;
};

struct FileInfo {
  bool is_directory = false;
  uint64_t size = 0;
  uint32_t mode = 0;  // permission bits
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

// A file that grows by synced records.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Status<FileError> append(std::string_view bytes) = 0;  // written, not yet synced
  virtual Status<FileError> sync() = 0;                          // fdatasync: on disk when it returns
};

// An advisory lock of this process on a file; released when it is destroyed or the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::string, FileError> read(const std::string& path) = 0;
  // Replaces `path` by a synced temporary file beside it and a rename; the old content stays on any error.
  virtual Status<FileError> write_atomic(const std::string& path, std::string_view content, uint32_t mode = 0644) = 0;
  virtual Result<std::unique_ptr<AppendFile>, FileError> open_append(const std::string& path, uint32_t mode = 0600) = 0;
  virtual Result<FileInfo, FileError> info(const std::string& path) = 0;
  // Names in the directory, sorted.
  virtual Result<std::vector<DirectoryEntry>, FileError> list(const std::string& path) = 0;
  virtual Status<FileError> make_directories(const std::string& path, uint32_t mode = 0777) = 0;  // less the umask
  virtual Status<FileError> remove(const std::string& path) = 0;  // a file; one that is not there is no error
  virtual Status<FileError> rename(const std::string& from, const std::string& to) = 0;
  // An exclusive fcntl lock on `path` (made if it is not there), or nullopt when another process holds it.
  virtual Result<std::optional<std::unique_ptr<FileLock>>, FileError> try_lock(const std::string& path) = 0;

  bool exists(const std::string& path) { return info(path).ok(); }
};

// The machine's disk.
class SystemFileSystem final : public FileSystem {
 public:
  Result<std::string, FileError> read(const std::string& path) override;
  Status<FileError> write_atomic(const std::string& path, std::string_view content, uint32_t mode) override;
  Result<std::unique_ptr<AppendFile>, FileError> open_append(const std::string& path, uint32_t mode) override;
  Result<FileInfo, FileError> info(const std::string& path) override;
  Result<std::vector<DirectoryEntry>, FileError> list(const std::string& path) override;
  Status<FileError> make_directories(const std::string& path, uint32_t mode) override;
  Status<FileError> remove(const std::string& path) override;
  Status<FileError> rename(const std::string& from, const std::string& to) override;
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> try_lock(const std::string& path) override;
};

// Without "." parts, and with ".." resolved where it can be; "." for what is then empty.
std::string clean_path(std::string_view path);
// "a/b" joined with "c"; an absolute second part stands alone. "" joined with "c" is "c".
std::string join_path(std::string_view base, std::string_view name);
// The directory part, "." when there is none.
std::string directory_of(std::string_view path);

}  // namespace terrace
