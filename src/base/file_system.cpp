#include "base/file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace terrace {

namespace {

FileError file_error(std::string_view what, std::string_view path, int code) {
  return FileError{code, std::string(what) + " " + std::string(path) + ": " + std::strerror(code)};
}

// An open descriptor; closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Closes now; 0 or errno.
  int close() { return ::close(std::exchange(fd_, -1)) == 0 ? 0 : errno; }

 private:
  int fd_;
};

Descriptor open_file(const std::string& path, int flags, uint32_t mode = 0) {
  int fd;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(mode));
  } while (fd < 0 && errno == EINTR);
  return Descriptor(fd);
}

// 0 or errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Makes a rename in `directory` outlive a crash of the machine. Some file systems refuse it; that is no error.
void sync_directory(const std::string& directory) {
  Descriptor fd = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (fd.valid()) ::fsync(fd.get());
}

class SystemAppendFile final : public AppendFile {
 public:
  SystemAppendFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Status<FileError> append(std::string_view bytes) override {
    if (int code = write_all(fd_.get(), bytes)) return Failure(file_error("write", path_, code));
    return {};
  }
  Status<FileError> sync() override {
    if (::fdatasync(fd_.get()) != 0) return Failure(file_error("sync", path_, errno));
    return {};
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class SystemFileLock final : public FileLock {
 public:
  explicit SystemFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

}  // namespace

bool FileError::not_found() const {
  return code == ENOENT || code == ENOTDIR;
}
bool FileError::no_space() const {
  return code == ENOSPC || code == EDQUOT;
}

Result<std::string, FileError> SystemFileSystem::read(const std::string& path) {
  Descriptor fd = open_file(path, O_RDONLY);
  if (!fd.valid()) return Failure(file_error("open", path, errno));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Failure(file_error("stat", path, errno));
  if (S_ISDIR(status.st_mode)) return Failure(file_error("read", path, EISDIR));
  std::string content;
  std::size_t size = 0;
  content.resize(static_cast<std::size_t>(status.st_size) + 1);
  while (true) {
    if (size == content.size()) content.resize(content.size() * 2);
    ssize_t got = ::read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure(file_error("read", path, errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

Status<FileError> SystemFileSystem::write_atomic(const std::string& path, std::string_view content, uint32_t mode) {
  std::string temporary = path + ".tmp" + std::to_string(::getpid());
  Descriptor fd = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
  if (!fd.valid()) return Failure(file_error("open", temporary, errno));
  int code = write_all(fd.get(), content);
  // The umask may have taken bits away that the caller asked for, or an old file lent others.
  if (code == 0 && ::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) code = errno;
  if (code == 0 && ::fsync(fd.get()) != 0) code = errno;
  int close_code = fd.close();
  if (code == 0) code = close_code;
  if (code == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) code = errno;
  if (code != 0) {
    ::unlink(temporary.c_str());
    return Failure(file_error("write", path, code));
  }
  sync_directory(directory_of(path));
  return {};
}

Result<std::unique_ptr<AppendFile>, FileError> SystemFileSystem::open_append(const std::string& path, uint32_t mode) {
  Descriptor fd = open_file(path, O_WRONLY | O_CREAT | O_APPEND, mode);
  if (!fd.valid()) return Failure(file_error("open", path, errno));
  return std::unique_ptr<AppendFile>(std::make_unique<SystemAppendFile>(std::move(fd), path));
}

Result<FileInfo, FileError> SystemFileSystem::info(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Failure(file_error("stat", path, errno));
  return FileInfo{S_ISDIR(status.st_mode), static_cast<uint64_t>(status.st_size), status.st_mode & 07777};
}

Result<std::vector<DirectoryEntry>, FileError> SystemFileSystem::list(const std::string& path) {
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) return Failure(file_error("open", path, errno));
  std::vector<DirectoryEntry> entries;
  while (dirent* entry = ::readdir(directory)) {
    std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    bool is_directory = entry->d_type == DT_DIR;
    if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
      struct stat status {};
      is_directory = ::stat(join_path(path, name).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    entries.push_back(DirectoryEntry{std::move(name), is_directory});
  }
  ::closedir(directory);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

Status<FileError> SystemFileSystem::make_directories(const std::string& path, uint32_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    std::string part = path.substr(0, end);
    if (!part.empty() && ::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return Failure(file_error("mkdir", part, errno));
    }
    if (end == std::string::npos) break;
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Failure(file_error("stat", path, errno));
  if (!S_ISDIR(status.st_mode)) return Failure(file_error("mkdir", path, ENOTDIR));
  return {};
}

Status<FileError> SystemFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Failure(file_error("remove", path, errno));
  return {};
}

Status<FileError> SystemFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return Failure(file_error("rename", from, errno));
  sync_directory(directory_of(to));
  return {};
}

Result<std::optional<std::unique_ptr<FileLock>>, FileError> SystemFileSystem::try_lock(const std::string& path) {
  Descriptor fd = open_file(path, O_RDWR | O_CREAT, 0644);
  if (!fd.valid()) return Failure(file_error("open", path, errno));
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  // The lock of an open file description: a second open in this process does not share or lose it.
  if (::fcntl(fd.get(), F_OFD_SETLK, &range) != 0) {
    if (errno == EACCES || errno == EAGAIN) return std::optional<std::unique_ptr<FileLock>>();
    return Failure(file_error("lock", path, errno));
  }
  return std::optional<std::unique_ptr<FileLock>>(std::make_unique<SystemFileLock>(std::move(fd)));
}

std::string clean_path(std::string_view path) {
  bool absolute = !path.empty() && path[0] == '/';
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    std::size_t end = std::min(path.find('/', at), path.size());
    std::string_view part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string clean = absolute ? "/" : "";
  for (std::string_view part : parts) {
    if (!clean.empty() && clean != "/") clean += "/";
    clean += part;
  }
  return clean.empty() ? "." : clean;
}

std::string join_path(std::string_view base, std::string_view name) {
  if (base.empty() || name.starts_with('/')) return std::string(name);
  if (name.empty()) return std::string(base);
  std::string joined(base);
  if (joined.back() != '/') joined += '/';
  return joined.append(name);
}

std::string directory_of(std::string_view path) {
  std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace terrace
