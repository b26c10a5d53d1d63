// Units, by a systemctl of the test's that keeps what it is asked.
#include "node/supervisor.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace terrace::node {
namespace {

class SystemdUnitTest : public testing::Test {
 protected:
  SystemdUnitTest() {
    std::string pattern = testing::TempDir() + "unit-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    setenv("PATH", (folder_ + ":" + path_).c_str(), 1);
  }
  ~SystemdUnitTest() override {
    setenv("PATH", path_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }

  // `cases` are those of a shell's `case` over the command.
  void systemctl(const std::string& cases) {
    const std::string file = folder_ + "/systemctl";
    std::ofstream(file) << "#!/bin/sh\ncd " << folder_ << "\necho \"$@\" >> asked\ncase $1 in\n" << cases << "\nesac\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  std::string asked() const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/asked").rdbuf();
    return text.str();
  }

  const std::string path_ = std::getenv("PATH");
  std::string folder_;
  VirtualClock clock_;
  VirtualWaiter waiter_{clock_};
  Loop loop_{clock_, &waiter_};
  SystemdUnit unit_{loop_, "a.service"};
};

TEST_F(SystemdUnitTest, IsStartedAskedAndStopped) {
  systemctl("start) touch on ;;\nstop) rm on ;;\nis-active) [ -e on ] || exit 3 ;;");
  EXPECT_FALSE(unit_.running());
  EXPECT_TRUE(unit_.start().ok());
  EXPECT_TRUE(unit_.running());
  loop_.run(unit_.stop());
  EXPECT_FALSE(unit_.running());
  EXPECT_EQ(asked(),
            "is-active --quiet a.service\nstart a.service\nis-active --quiet a.service\nstop a.service\n"
            "is-active --quiet a.service\n");
}

TEST_F(SystemdUnitTest, IsForgivenThatItFailedTooOften) {
  systemctl("start) [ -e forgiven ] ;;\nreset-failed) touch forgiven ;;");
  EXPECT_TRUE(unit_.start().ok());
  EXPECT_EQ(asked(), "start a.service\nreset-failed a.service\nstart a.service\n");
}

TEST_F(SystemdUnitTest, SaysThatItCannotBeStarted) {
  systemctl("start) exit 5 ;;\n*) exit 1 ;;");
  const Status<std::string> started = unit_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), "systemctl start a.service ended with status 5; systemctl status a.service tells why");
}

TEST_F(SystemdUnitTest, NeedsSystemctl) {
  setenv("PATH", folder_.c_str(), 1);
  const Status<std::string> started = unit_.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), "systemctl cannot be run: No such file or directory");
  EXPECT_FALSE(unit_.running());
  loop_.run(unit_.stop());
}

}  // namespace
}  // namespace terrace::node
