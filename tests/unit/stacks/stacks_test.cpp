#include "stacks/stacks.h"

#include <unistd.h>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace terrace::stacks {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A cluster directory in a folder of its own, which is the working directory while the test runs.
class StacksTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/stacks_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    ASSERT_EQ(chdir(name), 0);
  }
  void TearDown() override {
    ASSERT_EQ(chdir("/"), 0);
    ASSERT_EQ(std::system(("rm -r " + folder).c_str()), 0);
  }

  void stack(const std::string& name, const std::vector<std::string>& needs) {
    std::string text = "resource \"terraform_data\" \"x\" {}\n";
    for (const std::string& need : needs) {
      text += "data \"terraform_remote_state\" \"" + need +
              "\" {\n  backend = \"local\"\n  config = {\n    path = \"${path.module}/../" + need +
              "/terraform.tfstate\"\n  }\n}\n";
    }
    ASSERT_TRUE(files.make_directories("stacks/" + name, 0777));
    ASSERT_TRUE(files.write_atomic("stacks/" + name + "/main.tf", text, 0644));
  }

  SystemFileSystem files;
  std::string folder;
};

TEST_F(StacksTest, OrderAndSelectionFollowTheRemoteStates) {
  stack("worker", {"vpc", "etcd"});
  stack("etcd", {"vpc", "s3"});
  stack("vpc", {});
  stack("s3", {});
  Checked<StackGraph> graph = find_stacks(files);
  ASSERT_FALSE(graph.diagnostics.has_errors());
  EXPECT_THAT(graph.value.at("worker").needs, ElementsAre("etcd", "vpc"));
  EXPECT_THAT(graph.value.select({}, false, false).value, ElementsAre("s3", "vpc", "etcd", "worker"));
  EXPECT_THAT(graph.value.select({"etcd"}, false, false).value, ElementsAre("s3", "vpc", "etcd"));
  EXPECT_THAT(graph.value.select({"etcd"}, true, false).value, ElementsAre("etcd"));
  EXPECT_THAT(graph.value.select({"vpc"}, false, true).value, ElementsAre("vpc", "etcd", "worker"));
}

TEST_F(StacksTest, AnUnknownNameIsRefusedWithWhatThereIs) {
  stack("vpc", {});
  Checked<std::vector<std::string>> selected = find_stacks(files).value.select({"vpx"}, false, false);
  ASSERT_TRUE(selected.diagnostics.has_errors());
  EXPECT_THAT(selected.diagnostics.items()[0].detail, HasSubstr("Did you mean \"vpc\"?"));
}

TEST_F(StacksTest, AMissingStackIsToldAtItsPlace) {
  stack("etcd", {"vpc"});
  Checked<StackGraph> graph = find_stacks(files);
  ASSERT_TRUE(graph.diagnostics.has_errors());
  EXPECT_EQ(graph.diagnostics.items()[0].summary, "Missing stack");
  EXPECT_TRUE(graph.diagnostics.items()[0].subject.valid());
}

TEST_F(StacksTest, ACircleIsShownAsAPath) {
  stack("a", {"b"});
  stack("b", {"c"});
  stack("c", {"a"});
  Checked<StackGraph> graph = find_stacks(files);
  ASSERT_TRUE(graph.diagnostics.has_errors());
  EXPECT_THAT(graph.diagnostics.items()[0].detail, HasSubstr("a → b → c → a"));
}

}  // namespace
}  // namespace terrace::stacks
