#include "cluster/roll.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace terrace::cluster {
namespace {

using Kind = RollStep::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Node node(std::string id, std::string version, std::string lifecycle = "InService") {
  Node made;
  made.id = std::move(id);
  made.template_version = std::move(version);
  made.lifecycle = std::move(lifecycle);
  made.healthy = true;
  made.launched_s = 1000;
  return made;
}

RollView view(std::vector<Node> nodes) {
  RollView made;
  made.group.name = "harbor-worker";
  made.group.role = "worker";
  made.group.desired = static_cast<int64_t>(nodes.size());
  made.group.template_version = "2";
  made.group.nodes = std::move(nodes);
  return made;
}

TEST(Roll, ReplacesTheOldestFirstAndOneAtATime) {
  RollView seen = view({node("i-1", "1"), node("i-2", "1"), node("i-3", "2")});
  const RollStep step = next_roll_step(seen);
  EXPECT_EQ(step.kind, Kind::kReplace);
  EXPECT_THAT(step.instances, ElementsAre("i-1"));
}

TEST(Roll, TakesAsManyAsMayBeMissing) {
  RollView seen = view({node("i-1", "1"), node("i-2", "1"), node("i-3", "1"), node("i-4", "1")});
  seen.max_unavailable = 3;
  EXPECT_THAT(next_roll_step(seen).instances, ElementsAre("i-1", "i-2", "i-3"));
}

TEST(Roll, WaitsForTheSuccessorOfWhatItEnded) {
  RollView seen = view({node("i-1", "1"), node("i-2", "1"), node("i-3", "2")});
  seen.asked = {"i-1"};  // still listed as in service
  RollStep step = next_roll_step(seen);
  EXPECT_EQ(step.kind, Kind::kWait);
  EXPECT_THAT(step.why, HasSubstr("2 of 3 nodes are ready"));
  seen.group.nodes[0] = node("i-4", "2", "Pending");
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kWait);
  seen.group.nodes[0] = node("i-4", "2");
  EXPECT_THAT(next_roll_step(seen).instances, ElementsAre("i-2"));
}

TEST(Roll, IsDoneWhenAllAreNewAndReady) {
  RollView seen = view({node("i-1", "2"), node("i-2", "2", "Pending")});
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kWait);
  seen.group.nodes[1].lifecycle = "InService";
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kDone);
}

TEST(Roll, ANodeThatWasThereBeforeItsConfigurationChangedIsOutOfDate) {
  RollView seen = view({node("i-1", "2"), node("i-2", "2")});
  seen.config_changed_s = 1000;
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kDone);  // launched when it changed, not before
  seen.config_changed_s = 1001;
  EXPECT_THAT(next_roll_step(seen).instances, ElementsAre("i-1"));
}

TEST(Roll, AnUnhealthyNodeIsNotReady) {
  RollView seen = view({node("i-1", "1"), node("i-2", "2")});
  seen.group.nodes[1].healthy = false;
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kWait);
}

TEST(Roll, OfEtcdOnlyVotersAreReadyWhateverMayBeMissing) {
  RollView seen = view({node("i-1", "1"), node("i-2", "1"), node("i-3", "1")});
  seen.max_unavailable = 3;
  seen.voters = {"i-1", "i-2", "i-3"};
  EXPECT_THAT(next_roll_step(seen).instances, ElementsAre("i-1"));
  seen.voters = {"i-2", "i-3"};  // the first is a learner, or away
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kWait);
  seen.voters = std::vector<std::string>();
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kWait);
}

TEST(Roll, WaitsWhileEtcdCountsAMemberThatIsGone) {
  RollView seen = view({node("i-1", "1"), node("i-2", "1"), node("i-3", "1")});
  seen.voters = {"i-1", "i-2", "i-3"};
  seen.members = {"i-0", "i-1", "i-2", "i-3"};  // of four members three are a quorum: none can be spared
  const RollStep step = next_roll_step(seen);
  EXPECT_EQ(step.kind, Kind::kWait);
  EXPECT_THAT(step.why, HasSubstr("etcd still counts i-0"));
  seen.members = {"i-1", "i-2", "i-3"};
  EXPECT_THAT(next_roll_step(seen).instances, ElementsAre("i-1"));
}

TEST(Roll, RefusesAnEtcdThatWouldNotSurviveIt) {
  RollView seen = view({node("i-1", "1")});
  seen.voters = {"i-1"};
  const RollStep step = next_roll_step(seen);
  EXPECT_EQ(step.kind, Kind::kRefuse);
  EXPECT_THAT(step.why, HasSubstr("etcd has 1 member: its end"));
  seen.group.nodes[0].template_version = "2";
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kDone);
}

TEST(Roll, RefusesAGroupThatWouldNotReplaceANode) {
  RollView seen = view({node("i-1", "1"), node("i-2", "1")});
  seen.group.suspended = {"AZRebalance"};
  EXPECT_EQ(next_roll_step(seen).kind, Kind::kReplace);
  seen.group.suspended = {"AZRebalance", "Launch"};
  EXPECT_THAT(next_roll_step(seen).why, HasSubstr("the process Launch of the group harbor-worker is suspended"));
}

// Whatever the group does in between, the nodes that are ready never fall below what must stay.
TEST(Roll, FromStartToEndItNeverEndsMoreThanMayBeMissing) {
  for (int64_t missing : {1, 2, 3}) {
    RollView seen = view({node("a", "1"), node("b", "1"), node("c", "1"), node("d", "1"), node("e", "1")});
    seen.max_unavailable = missing;
    int rounds = 0;
    for (RollStep step = next_roll_step(seen); step.kind != Kind::kDone; step = next_roll_step(seen)) {
      ASSERT_LT(++rounds, 30);
      ASSERT_EQ(step.kind, Kind::kReplace);
      EXPECT_LE(static_cast<int64_t>(step.instances.size()), missing);
      for (const std::string& id : step.instances) {
        for (Node& each : seen.group.nodes) {
          if (each.id == id) each = node(id + "'", "2");
        }
      }
    }
    EXPECT_THAT(outdated_nodes(seen), IsEmpty());
  }
}

}  // namespace
}  // namespace terrace::cluster
