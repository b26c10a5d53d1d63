#include "apply/directory_view.h"

namespace terrace::apply {

DirectoryView::DirectoryView(FileSystem& files, std::string directory, std::map<std::string, std::string> sources)
    : files_(files),
      directory_(directory == "." ? std::string() : std::move(directory)),
      sources_(std::move(sources)) {}

Result<std::string, FileError> DirectoryView::read(const std::string& path) {
  auto source = sources_.find(path);
  if (source != sources_.end()) return source->second;
  return files_.read(real(path));
}

Result<std::vector<DirectoryEntry>, FileError> DirectoryView::list(const std::string& path) {
  std::string prefix = path.empty() || path == "." ? "" : path + "/";
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, text] : sources_) {
    bool inside = name.compare(0, prefix.size(), prefix) == 0 && name.find('/', prefix.size()) == std::string::npos;
    if (inside) entries.push_back({name.substr(prefix.size()), false});
  }
  if (!entries.empty()) return entries;
  return files_.list(path.empty() || path == "." ? (directory_.empty() ? "." : directory_) : real(path));
}

Result<FileInfo, FileError> DirectoryView::info(const std::string& path) {
  auto source = sources_.find(path);
  if (source != sources_.end()) return FileInfo{false, source->second.size(), 0600};
  return files_.info(real(path));
}

Status<FileError> DirectoryView::write_atomic(const std::string& path, std::string_view content, uint32_t mode) {
  return files_.write_atomic(real(path), content, mode);
}
Result<std::unique_ptr<AppendFile>, FileError> DirectoryView::open_append(const std::string& path, uint32_t mode) {
  return files_.open_append(real(path), mode);
}
Status<FileError> DirectoryView::make_directories(const std::string& path, uint32_t mode) {
  return files_.make_directories(real(path), mode);
}
Status<FileError> DirectoryView::remove(const std::string& path) {
  return files_.remove(real(path));
}
Status<FileError> DirectoryView::rename(const std::string& from, const std::string& to) {
  return files_.rename(real(from), real(to));
}
Result<std::optional<std::unique_ptr<FileLock>>, FileError> DirectoryView::try_lock(const std::string& path) {
  return files_.try_lock(real(path));
}

}  // namespace terrace::apply
