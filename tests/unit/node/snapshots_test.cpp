#include "node/snapshots.h"

#include <gtest/gtest.h>

#include "aws/encoding.h"

namespace terrace::node {
namespace {

constexpr Duration kHour = std::chrono::hours(1);
constexpr Duration kNow = std::chrono::seconds(1'700'000'000);

TEST(Snapshots, KeysTellWhenTheyWereTaken) {
  EXPECT_EQ(snapshot_key(kNow), "etcd/snapshots/2023-11-14T22-13-20Z.db");
  EXPECT_EQ(snapshot_time(snapshot_key(kNow)), kNow);
  EXPECT_FALSE(snapshot_time("etcd/snapshots/mine.db"));
  EXPECT_FALSE(snapshot_time("etcd/cluster.json"));
}

TEST(Snapshots, AWholeDayADayEachForTwoWeeksAndTheNewestStay) {
  std::vector<std::string> keys;
  for (int hour = 0; hour < 24 * 30; ++hour) keys.push_back(snapshot_key(kNow - hour * kHour));
  const std::vector<std::string> expired = expired_snapshots(keys, kNow);
  EXPECT_EQ(keys.size() - expired.size(), 24U + 13U);
  EXPECT_TRUE(expired_snapshots({snapshot_key(kNow - 24 * 365 * kHour)}, kNow).empty());
  EXPECT_TRUE(expired_snapshots({"etcd/snapshots/by-hand.db", snapshot_key(kNow)}, kNow).empty());
}

TEST(Snapshots, OneThatWasCutIsNotWhole) {
  const std::string content(5000, 'x');
  const std::string whole = content + aws::sha256(content);
  EXPECT_TRUE(is_whole_snapshot(whole));
  EXPECT_FALSE(is_whole_snapshot(whole.substr(1)));
  EXPECT_FALSE(is_whole_snapshot(whole.substr(0, whole.size() - 1)));
  EXPECT_FALSE(is_whole_snapshot(""));
}

}  // namespace
}  // namespace terrace::node
