#include "cluster/new_cluster.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/loop.h"

namespace terrace::cluster {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class NewClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/new_cluster_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    cluster = NewCluster{folder + "/harbor", "harbor", "us-west-2", {"198.51.100.7/32"}, ""};
  }
  void TearDown() override { ASSERT_EQ(std::system(("rm -r " + folder).c_str()), 0); }

  std::string read(const std::string& path) { return files.read(join_path(cluster.directory, path)).value(); }

  SystemFileSystem files;
  std::string folder;
  NewCluster cluster;
};

TEST_F(NewClusterTest, WritesTheWholePlatformWithItsValuesFilledIn) {
  Checked<std::vector<std::string>> written = write_cluster(files, cluster);
  ASSERT_TRUE(written.diagnostics.empty());
  EXPECT_THAT(written.value, Contains("stacks/vpc/main.tf"));
  EXPECT_THAT(written.value, Contains("modules/node-group/main.tf"));
  EXPECT_EQ(written.value.back(), "cluster.tfvars");
  std::string values = read("cluster.tfvars");
  EXPECT_THAT(values, HasSubstr("cluster_name = \"harbor\"\n"));
  EXPECT_THAT(values, HasSubstr("region = \"us-west-2\"\n"));
  EXPECT_THAT(values, HasSubstr("allow_ssh_cidr = [\"198.51.100.7/32\"]\n"));
  for (const std::string& path : written.value) EXPECT_THAT(read(path), Not(HasSubstr("@CLUSTER_NAME@"))) << path;
}

TEST_F(NewClusterTest, TheAgentLiesAmongTheFilesOfNodes) {
  const std::string archive("\x1f\x8b\0any bytes", 12);
  cluster.agent = folder + "/terraced.tar.gz";
  ASSERT_TRUE(files.write_atomic(cluster.agent, archive, 0644));
  ASSERT_TRUE(write_cluster(files, cluster).diagnostics.empty());
  EXPECT_EQ(read("nodes/terraced.tar.gz"), archive);
}

TEST_F(NewClusterTest, AnAgentThatCannotBeReadIsSaidAndNothingWritten) {
  cluster.agent = folder + "/gone.tar.gz";
  Checked<std::vector<std::string>> written = write_cluster(files, cluster);
  ASSERT_TRUE(written.diagnostics.has_errors());
  EXPECT_THAT(written.diagnostics.items()[0].detail, HasSubstr("gone.tar.gz"));
  EXPECT_FALSE(files.exists(cluster.directory));
}

TEST_F(NewClusterTest, WithoutAnAddressSshStaysClosed) {
  cluster.allow_ssh_cidrs.clear();
  ASSERT_TRUE(write_cluster(files, cluster).diagnostics.empty());
  EXPECT_THAT(read("cluster.tfvars"), HasSubstr("allow_ssh_cidr = []\n"));
}

TEST_F(NewClusterTest, RefusesADirectoryThatHoldsACluster) {
  ASSERT_TRUE(write_cluster(files, cluster).diagnostics.empty());
  ASSERT_TRUE(files.write_atomic(join_path(cluster.directory, "cluster.tfvars"), "mine", 0644));
  Checked<std::vector<std::string>> again = write_cluster(files, cluster);
  ASSERT_TRUE(again.diagnostics.has_errors());
  EXPECT_EQ(again.diagnostics.items()[0].summary, "Cluster already exists");
  EXPECT_EQ(read("cluster.tfvars"), "mine");
}

TEST_F(NewClusterTest, RefusesADirectoryWithSomethingElseInIt) {
  ASSERT_TRUE(files.make_directories(cluster.directory, 0777));
  ASSERT_TRUE(files.write_atomic(join_path(cluster.directory, "thesis.tex"), "text", 0644));
  Checked<std::vector<std::string>> result = write_cluster(files, cluster);
  ASSERT_TRUE(result.diagnostics.has_errors());
  EXPECT_THAT(result.diagnostics.items()[0].detail, HasSubstr("thesis.tex"));
  EXPECT_FALSE(files.exists(join_path(cluster.directory, "stacks")));
}

TEST_F(NewClusterTest, CompletesWhatAnInterruptedRunLeft) {
  ASSERT_TRUE(write_cluster(files, cluster).diagnostics.empty());
  ASSERT_TRUE(files.remove(join_path(cluster.directory, "cluster.tfvars")));
  ASSERT_TRUE(files.remove(join_path(cluster.directory, "stacks/vpc/main.tf")));
  ASSERT_TRUE(write_cluster(files, cluster).diagnostics.empty());
  EXPECT_TRUE(files.exists(join_path(cluster.directory, "stacks/vpc/main.tf")));
  EXPECT_TRUE(files.exists(join_path(cluster.directory, "cluster.tfvars")));
}

TEST(ClusterName, MustFitIntoBucketNames) {
  EXPECT_EQ(cluster_name_problem("coreos-cluster"), std::nullopt);
  EXPECT_EQ(cluster_name_problem("a2"), std::nullopt);
  for (const char* bad :
       {"", "Upper", "9lives", "under_score", "ends-", "dot.ted", "a234567890123456789012345678901234"}) {
    EXPECT_NE(cluster_name_problem(bad), std::nullopt) << bad;
  }
}

// A network that gives one answer to everything.
class OneAnswer : public Network {
 public:
  explicit OneAnswer(HttpResult answer) : answer_(std::move(answer)) {}
  Task<HttpResult> send(HttpRequest) override { co_return answer_; }

 private:
  HttpResult answer_;
};

std::optional<std::string> address_from(HttpResult answer) {
  VirtualClock clock;
  VirtualWaiter waiter(clock);
  Loop loop(clock, &waiter);
  OneAnswer network(std::move(answer));
  return loop.run(find_public_address(network));
}

TEST(PublicAddress, IsTakenOnlyWhenItIsOne) {
  EXPECT_EQ(address_from(HttpResponse{200, {}, "198.51.100.7\n"}), "198.51.100.7");
  EXPECT_EQ(address_from(HttpResponse{200, {}, "<html>log in to the hotel's network</html>"}), std::nullopt);
  EXPECT_EQ(address_from(HttpResponse{503, {}, "198.51.100.7"}), std::nullopt);
  EXPECT_EQ(address_from(Failure<NetworkError>{{"no route", true, false}}), std::nullopt);
}

}  // namespace
}  // namespace terrace::cluster
