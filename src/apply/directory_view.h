// A FileSystem as a process in another directory would see it, so that a stack's files, state and functions mean the
// same whether it is run in its own directory or from the cluster's. With sources it shows a configuration as a plan
// file kept it. Operation makes them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/file_system.h"

namespace terrace::apply {

class DirectoryView final : public FileSystem {
 public:
  // Relative paths start at `directory`; empty or "." is the process's own. The files of `sources`, by relative path,
  // stand in the way of those on the disk; a directory that has some of them shows only those.
  DirectoryView(FileSystem& files, std::string directory, std::map<std::string, std::string> sources = {});

  Result<std::string, FileError> read(const std::string& path) override;
  Status<FileError> write_atomic(const std::string& path, std::string_view content, uint32_t mode) override;
  Result<std::unique_ptr<AppendFile>, FileError> open_append(const std::string& path, uint32_t mode) override;
  Result<FileInfo, FileError> info(const std::string& path) override;
  Result<std::vector<DirectoryEntry>, FileError> list(const std::string& path) override;
  Status<FileError> make_directories(const std::string& path, uint32_t mode) override;
  Status<FileError> remove(const std::string& path) override;
  Status<FileError> rename(const std::string& from, const std::string& to) override;
  Result<std::optional<std::unique_ptr<FileLock>>, FileError> try_lock(const std::string& path) override;

 private:
  std::string real(const std::string& path) const { return join_path(directory_, path); }

  FileSystem& files_;
  std::string directory_;
  std::map<std::string, std::string> sources_;
};

}  // namespace terrace::apply
