// The client against answers as etcd 3.4's gateway writes them.
#include "node/etcd_client.h"

#include <gtest/gtest.h>

#include "base/loop.h"
#include "node/journal.h"
#include "support/scripted_network.h"

namespace terrace::node {
namespace {

const std::string kEndpoint = "10.0.0.1:2379";

class EtcdClientTest : public testing::Test {
 protected:
  VirtualClock clock_;
  VirtualWaiter waiter_{clock_};
  Loop loop_{clock_, &waiter_};
  test::ScriptedNetwork network_;
  EtcdClient etcd_{network_, {"ca.pem", "node.pem", "node.key"}};
};

TEST_F(EtcdClientTest, MembersAreReadAfterAProofOfTheQuorum) {
  network_.answer(200, R"({"header":{"cluster_id":"17237436991929493444"}})");
  network_.answer(200, R"({"header":{"cluster_id":"17237436991929493444"},"members":[
    {"ID":"10276657743932975437","name":"i-1","peerURLs":["https://10.0.0.1:2380"]},
    {"ID":"2","peerURLs":["https://10.0.0.2:2380"],"isLearner":true}]})");
  const Result<Cluster, std::string> cluster = loop_.run(etcd_.members(kEndpoint));
  ASSERT_TRUE(cluster.ok());
  EXPECT_EQ(cluster->cluster_id, 17237436991929493444U);
  ASSERT_EQ(cluster->members.size(), 2U);
  EXPECT_EQ(cluster->members[0].id, 10276657743932975437U);
  EXPECT_EQ(cluster->members[0].address, "10.0.0.1");
  EXPECT_FALSE(cluster->members[0].learner);
  EXPECT_TRUE(cluster->members[1].learner);
  EXPECT_EQ(cluster->members[1].name, "");
  EXPECT_EQ(network_.requests()[0].url, "https://10.0.0.1:2379/v3/kv/range");
  EXPECT_EQ(network_.requests()[0].tls.key, "node.key");
}

TEST_F(EtcdClientTest, WithoutAQuorumThereAreNoMembers) {
  network_.answer(503, R"({"error":"etcdserver: request timed out","code":14})");
  const Result<Cluster, std::string> cluster = loop_.run(etcd_.members(kEndpoint));
  ASSERT_FALSE(cluster.ok());
  EXPECT_EQ(cluster.error(), "10.0.0.1:2379: etcdserver: request timed out");
}

TEST_F(EtcdClientTest, ALockThatAnotherHoldsGivesItsLeaseBack) {
  network_.answer(200, R"({"ID":"77","TTL":"30"})");
  network_.answer(200, R"({"header":{}})");
  network_.answer(200, R"({})");
  const auto lock = loop_.run(etcd_.lock(kEndpoint, "lock", "i-1", 30));
  ASSERT_TRUE(lock.ok());
  EXPECT_FALSE(lock->has_value());
  EXPECT_EQ(network_.requests().back().url, "https://10.0.0.1:2379/v3/lease/revoke");
  EXPECT_EQ(network_.requests().back().body, R"({"ID":"77"})");
}

TEST_F(EtcdClientTest, ASnapshotThatEndsTooEarlyIsNone) {
  std::string bytes;
  network_.otherwise([&](const HttpRequest& request) {
    // Cut anywhere.
    const std::string body =
        "{\"result\":{\"remaining_bytes\":\"3\",\"blob\":\"YWJj\"}}\n{\"result\":{\"blob\":\"ZGVm\"}}\n";
    for (char c : body.substr(0, bytes.empty() ? body.size() : 50)) request.on_body(std::string_view(&c, 1));
    return HttpResult(HttpResponse{200, {}, ""});
  });
  const auto take = [&](std::string_view part) { bytes += part; };
  EXPECT_TRUE(loop_.run(etcd_.snapshot(kEndpoint, take)).ok());
  EXPECT_EQ(bytes, "abcdef");
  EXPECT_FALSE(loop_.run(etcd_.snapshot(kEndpoint, take)).ok());
}

TEST(PrefixEnd, IsTheFirstKeyBehindAllOfThem) {
  EXPECT_EQ(prefix_end("ab"), "ac");
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end(""), std::string(1, '\0'));
}

TEST(Journal, AnEntryIsOneLineWhateverOthersSent) {
  EXPECT_EQ(journal_line(std::chrono::seconds(0), "etcd", LogLevel::kWarn, "a \"b\"\nc\td\\"),
            "time=1970-01-01T00:00:00Z level=warn part=etcd msg=\"a \\\"b\\\"\\nc d\\\\\"\n");
}

}  // namespace
}  // namespace terrace::node
