#include "base/file_system.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"

namespace terrace {
namespace {

using testing::HasSubstr;

struct FileSystemTest : testing::Test {
  std::string folder;
  SystemFileSystem files;

  FileSystemTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "terrace-files-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~FileSystemTest() override { std::filesystem::remove_all(folder); }
  std::string path(const std::string& name) { return join_path(folder, name); }
  std::size_t count() { return files.list(folder)->size(); }
};

TEST_F(FileSystemTest, ReplacesFilesWhole) {
  ASSERT_TRUE(files.write_atomic(path("a"), "one", 0600).ok());
  ASSERT_TRUE(files.write_atomic(path("a"), "two", 0640).ok());
  EXPECT_EQ(*files.read(path("a")), "two");
  EXPECT_EQ(files.info(path("a"))->mode, 0640u);
  EXPECT_EQ(files.info(path("a"))->size, 3u);
  EXPECT_EQ(count(), 1u) << "no temporary file is left";
}

TEST_F(FileSystemTest, KeepsTheOldFileWhenTheDiskIsFull) {
  ASSERT_TRUE(files.write_atomic(path("a"), "old", 0644).ok());
  // A limit on file sizes stands in for a full disk: the write fails part way.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small{1000, before.rlim_max};
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  auto status = files.write_atomic(path("a"), std::string(5000, 'x'), 0644);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr(path("a")));
  EXPECT_EQ(*files.read(path("a")), "old");
  EXPECT_EQ(count(), 1u);
  EXPECT_TRUE((FileError{ENOSPC, ""}).no_space());
}

TEST_F(FileSystemTest, NamesWhatIsMissing) {
  auto content = files.read(path("none"));
  ASSERT_FALSE(content.ok());
  EXPECT_TRUE(content.error().not_found());
  EXPECT_EQ(content.error().message, "open " + path("none") + ": No such file or directory");
  EXPECT_FALSE(files.write_atomic(path("no/such/folder"), "x", 0644).ok());
  EXPECT_FALSE(files.exists(path("none")));
  EXPECT_TRUE(files.remove(path("none")).ok());
  EXPECT_FALSE(files.read(folder).ok()) << "a directory is no file";
}

TEST_F(FileSystemTest, AppendsAndSyncs) {
  {
    auto file = files.open_append(path("log"), 0600);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->append("one\n").ok());
    ASSERT_TRUE((*file)->sync().ok());
  }
  auto again = files.open_append(path("log"), 0600);
  ASSERT_TRUE((*again)->append("two\n").ok());
  EXPECT_EQ(*files.read(path("log")), "one\ntwo\n");
  EXPECT_EQ(files.info(path("log"))->mode, 0600u);
}

TEST_F(FileSystemTest, ListsMakesAndMoves) {
  ASSERT_TRUE(files.make_directories(path("x/y/z"), 0777).ok());
  ASSERT_TRUE(files.make_directories(path("x/y/z"), 0777).ok());
  ASSERT_TRUE(files.write_atomic(path("x/b"), "", 0644).ok());
  ASSERT_TRUE(files.write_atomic(path("x/a"), "", 0644).ok());
  auto entries = *files.list(path("x"));
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[2].name, "y");
  EXPECT_TRUE(entries[2].is_directory);
  ASSERT_TRUE(files.rename(path("x/a"), path("c")).ok());
  EXPECT_TRUE(files.exists(path("c")));
  EXPECT_FALSE(files.make_directories(path("c/d"), 0777).ok());
}

TEST_F(FileSystemTest, LocksOutASecondHolder) {
  auto first = files.try_lock(path("lock"));
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(first->has_value());
  auto second = files.try_lock(path("lock"));
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->has_value());
  first->reset();
  EXPECT_TRUE(files.try_lock(path("lock"))->has_value());
}

TEST(Paths, JoinAndPart) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("a", "/b"), "/b");
  EXPECT_EQ(join_path("", "b"), "b");
  EXPECT_EQ(directory_of("a/b"), "a");
  EXPECT_EQ(directory_of("/b"), "/");
  EXPECT_EQ(directory_of("b"), ".");
}

TEST_F(FileSystemTest, LogsAtItsLevelIntoAPrivateFile) {
  VirtualClock clock;
  auto log = open_log(parse_log_level("debug"), path("trace.log"), clock, files);
  log->write(LogLevel::kTrace, "too fine");
  log->write(LogLevel::kDebug, "said");
  EXPECT_FALSE(log->enabled(LogLevel::kTrace));
  EXPECT_EQ(*files.read(path("trace.log")), "2023-11-14T22:13:20Z [DEBUG] said\n");
  EXPECT_EQ(files.info(path("trace.log"))->mode, 0600u);
  EXPECT_EQ(parse_log_level(""), LogLevel::kOff);
  EXPECT_EQ(parse_log_level("off"), LogLevel::kOff);
  EXPECT_EQ(parse_log_level("JSON"), LogLevel::kTrace);
  EXPECT_EQ(parse_log_level("WARN"), LogLevel::kWarn);
}

}  // namespace
}  // namespace terrace
