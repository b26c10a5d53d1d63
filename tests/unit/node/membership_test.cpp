// The decision table of docs/node.md, a row a test; the simulation judges what follows from them together.
#include "node/membership.h"

#include <gtest/gtest.h>

#include "node/documents.h"

namespace terrace::node {
namespace {

using Kind = Action::Kind;

constexpr uint64_t kCluster = 0xc1;

Marker formed() {
  Marker marker;
  marker.token = "t1";
  marker.cluster_id = kCluster;
  marker.seed = "i-1";
  return marker;
}

Member voter(uint64_t id, const std::string& name, const std::string& address, bool healthy = true) {
  return Member{id, name, address, false, healthy};
}

// i-2 at .2, in a whole group of three, with a store that answers and knows of everybody.
View node_two() {
  View view;
  view.me = "i-2";
  view.address = "10.0.0.2";
  view.now = std::chrono::minutes(10);
  view.store_answers = true;
  view.group = GroupView{
      3, {{"i-1", "10.0.0.1", "InService"}, {"i-2", "10.0.0.2", "InService"}, {"i-3", "10.0.0.3", "InService"}}};
  view.reports = {{"i-1", "10.0.0.1", false, ""}, {"i-2", "10.0.0.2", false, ""}, {"i-3", "10.0.0.3", false, ""}};
  return view;
}

View with_data(View view) {
  view.has_data = true;
  Record record;
  record.instance = view.me;
  record.token = "t1";
  record.cluster_id = kCluster;
  record.member_id = 2;
  view.record = record;
  view.reports[1] = report_of(view);
  return view;
}

View member_two() {
  View view = with_data(node_two());
  view.marker = formed();
  view.running = view.answers = true;
  view.cluster = Cluster{kCluster,
                         "10.0.0.2:2379",
                         {voter(1, "i-1", "10.0.0.1"), voter(2, "i-2", "10.0.0.2"), voter(3, "i-3", "10.0.0.3")}};
  return view;
}

Action decided(const View& view) {
  return decide(Policy{}, view);
}

TEST(Membership, ReportsBeforeAnythingElse) {
  View view = node_two();
  view.reports.erase(view.reports.begin() + 1);
  EXPECT_EQ(decided(view).kind, Kind::kReport);
}

TEST(Membership, TheFirstOfTheWholeGroupSeeds) {
  View view = node_two();
  EXPECT_EQ(decided(view).kind, Kind::kWait);
  view.me = "i-1";
  view.address = "10.0.0.1";
  EXPECT_EQ(decided(view).kind, Kind::kSeed);
}

TEST(Membership, WaitsForALateInstanceAndForItsReport) {
  View view = node_two();
  view.me = "i-1";
  view.address = "10.0.0.1";
  view.group->instances.pop_back();
  EXPECT_EQ(decided(view), (Action{Kind::kWait, "", 0}));
  EXPECT_EQ(decided(view).why, "2 of 3 instances are there");
  view = node_two();
  view.me = "i-1";
  view.address = "10.0.0.1";
  view.reports.pop_back();
  EXPECT_EQ(decided(view).why, "i-3 has not reported");
}

TEST(Membership, NobodySeedsWhereSomebodyEverHadData) {
  View view = node_two();
  view.me = "i-1";
  view.address = "10.0.0.1";
  view.reports.push_back({"i-0", "10.0.0.9", true, "t0"});
  EXPECT_EQ(decided(view).kind, Kind::kWait);
}

TEST(Membership, ASeedServesPrivatelyUntilTheMarkerNamesIt) {
  View view = with_data(node_two());
  view.record->phase = Phase::kSeeding;
  view.reports[1] = report_of(view);
  EXPECT_EQ(decided(view).kind, Kind::kStartPrivately);
  view.running = view.serves_privately = view.answers = true;
  EXPECT_EQ(decided(view).kind, Kind::kCommit);
  view.marker = formed();
  EXPECT_EQ(decided(view).kind, Kind::kConfirm);
  view.marker->token = "t2";
  EXPECT_EQ(decided(view).kind, Kind::kStop);
  view.running = false;
  EXPECT_EQ(decided(view).kind, Kind::kPutAside);
}

TEST(Membership, JoinsAsALearnerAndIsPromoted) {
  View view = node_two();
  view.marker = formed();
  view.cluster = Cluster{kCluster, "10.0.0.1:2379", {voter(1, "i-1", "10.0.0.1")}};
  EXPECT_EQ(decided(view).kind, Kind::kAddMe);
  view.cluster->members.push_back(Member{2, "", "10.0.0.2", true, false});
  View added = with_data(view);
  added.has_data = false;
  EXPECT_EQ(decided(added).kind, Kind::kJoin);
  View learner = with_data(view);
  learner.running = learner.answers = true;
  EXPECT_EQ(decided(learner).kind, Kind::kPromoteMe);
}

TEST(Membership, ALearnerOfAnotherNodeComesFirst) {
  View view = node_two();
  view.marker = formed();
  view.cluster = Cluster{kCluster, "", {voter(1, "i-1", "10.0.0.1"), Member{3, "i-3", "10.0.0.3", true, true}}};
  EXPECT_EQ(decided(view).why, "another learner comes first: i-3");
}

TEST(Membership, WithoutAQuorumItStartsAndWaits) {
  View view = member_two();
  view.cluster.reset();
  view.running = view.answers = false;
  EXPECT_EQ(decided(view).kind, Kind::kStart);
  view.running = true;
  EXPECT_EQ(decided(view).kind, Kind::kWait);
}

TEST(Membership, WithoutAQuorumAndWithoutDataTheOperatorIsAwaited) {
  View view = node_two();
  view.marker = formed();
  EXPECT_EQ(decided(view).kind, Kind::kWait);
  EXPECT_NE(decided(view).why.find("terrace etcd restore"), std::string::npos);
}

TEST(Membership, AClusterOfAnotherIdIsNotBelieved) {
  View view = node_two();
  view.marker = formed();
  view.cluster = Cluster{kCluster + 1, "10.0.0.1:2379", {voter(1, "i-1", "10.0.0.1")}};
  EXPECT_EQ(decided(view).kind, Kind::kWait);
}

TEST(Membership, AWipedMemberRemovesItselfUnlessThatCostsTheQuorum) {
  View view = member_two();
  view.has_data = view.running = view.answers = false;
  view.record.reset();
  view.reports[1] = report_of(view);
  view.cluster->members[1].healthy = false;
  EXPECT_EQ(decided(view), (Action{Kind::kRemove, "", 2}));
  view.cluster->members[2].healthy = false;
  EXPECT_EQ(decided(view).kind, Kind::kWait);
}

TEST(Membership, TheFormerOwnerOfThisAddressIsRemoved) {
  View view = node_two();
  view.marker = formed();
  view.cluster = Cluster{
      kCluster, "", {voter(1, "i-1", "10.0.0.1"), voter(7, "i-7", "10.0.0.2", false), voter(3, "i-3", "10.0.0.3")}};
  EXPECT_EQ(decided(view), (Action{Kind::kRemove, "", 7}));
}

TEST(Membership, ADeadMemberGoesOnlyWhenItsInstanceIsGone) {
  View view = member_two();
  view.cluster->members[2].healthy = false;
  EXPECT_EQ(decided(view).kind, Kind::kWait);
  view.gone = {"i-3"};
  EXPECT_EQ(decided(view), (Action{Kind::kRemove, "", 3}));
}

TEST(Membership, LeavesBeforeItGoesAndNotBelowQuorum) {
  View view = member_two();
  view.terminating = true;
  EXPECT_EQ(decided(view), (Action{Kind::kRemove, "", 2}));
  view.cluster->members[0].healthy = false;
  EXPECT_EQ(decided(view).kind, Kind::kWait);
  view.terminating_for = Policy{}.leave_timeout;
  EXPECT_EQ(decided(view).kind, Kind::kStop);
  view.running = false;
  EXPECT_EQ(decided(view).kind, Kind::kRelease);
}

TEST(Membership, ARestoreMovesOldDataAwayAndIsMadeByTheFirst) {
  View view = member_two();
  view.marker->kind = Marker::Kind::kRestore;
  view.marker->generation = 2;
  view.marker->snapshot = "etcd/snapshots/1.db";
  view.marker->restore = "r1";
  EXPECT_EQ(decided(view).kind, Kind::kStop);
  view.running = false;
  EXPECT_EQ(decided(view).kind, Kind::kPutAside);
  view.has_data = false;
  view.record.reset();
  view.reports[1] = report_of(view);
  EXPECT_EQ(decided(view).why, "i-1 seeds the cluster");
  view.reports[0].instance = "i-9";
  EXPECT_EQ(decided(view).kind, Kind::kRestoreData);
}

TEST(Membership, AnOlderMarkerDoesNotTakeNewerData) {
  View view = member_two();
  view.record->generation = 3;
  view.record->token = "t3";
  view.reports[1] = report_of(view);
  EXPECT_EQ(decided(view).kind, Kind::kWait);
}

TEST(Membership, ALostMarkerIsWrittenAgainWhereTheClusterAnswers) {
  View view = member_two();
  view.marker.reset();
  EXPECT_EQ(decided(view).kind, Kind::kRewriteMarker);
  view.cluster.reset();
  EXPECT_EQ(decided(view).kind, Kind::kWait);
}

TEST(Membership, WithoutTheStoreAMemberStartsAndNobodyBegins) {
  View view = node_two();
  view.me = "i-1";
  view.store_answers = false;
  EXPECT_EQ(decided(view).kind, Kind::kWait);
  view = with_data(node_two());
  view.store_answers = false;
  EXPECT_EQ(decided(view).kind, Kind::kWait);
  view.store_silent_for = Policy{}.store_patience;
  EXPECT_EQ(decided(view).kind, Kind::kStart);
}

TEST(Membership, DataOfAnotherInstanceAreMovedAway) {
  View view = with_data(node_two());
  view.record->instance = "i-8";
  EXPECT_EQ(decided(view).kind, Kind::kPutAside);
}

TEST(Absences, CountFromListingsThatProveSomething) {
  const Policy policy;
  const GroupView without{3, {{"i-2", "10.0.0.2", "InService"}}};
  const GroupView with{3, {{"i-2", "10.0.0.2", "InService"}, {"i-3", "10.0.0.3", "InService"}}};
  const std::set<std::string> named{"i-2", "i-3"};
  Absences absences;
  const auto listings = [&](const GroupView& group, const std::string& me, int from, int until) {
    for (int at = from; at <= until; at += 5) absences.observe(group, me, named, policy, std::chrono::seconds(at));
  };
  listings(without, "i-2", 100, 155);
  EXPECT_FALSE(absences.gone("i-3", policy));
  listings(without, "i-2", 160, 160);
  EXPECT_TRUE(absences.gone("i-3", policy));
  EXPECT_FALSE(absences.gone("i-2", policy));
  // One listing that has it, a listing that lacks the one who looks, and a long time without any, begin it anew.
  listings(with, "i-2", 165, 165);
  EXPECT_FALSE(absences.gone("i-3", policy));
  listings(without, "i-4", 170, 300);
  EXPECT_FALSE(absences.gone("i-3", policy));
  listings(without, "i-2", 305, 310);
  listings(without, "i-2", 400, 405);
  EXPECT_FALSE(absences.gone("i-3", policy));
}

TEST(Documents, ComeBackAsTheyWere) {
  Record record;
  record.instance = "i-1";
  record.token = "t";
  record.cluster_id = 0xffffffffffffffff;
  record.member_id = 1;
  record.phase = Phase::kSeeding;
  record.restore = "r";
  EXPECT_EQ(*parse_record(to_text(record)), record);
  const Report report{"i-1", "10.0.0.1", true, "t"};
  EXPECT_EQ(*parse_report(to_text(report)), report);
  EXPECT_EQ(to_text(*parse_marker(to_text(formed()))), to_text(formed()));
  EXPECT_FALSE(parse_marker("{}").ok());
  EXPECT_FALSE(parse_marker("").ok());
  const std::vector<Member> members = parse_initial_cluster("i-1=https://10.0.0.1:2380,i-2=https://10.0.0.2:2380\n");
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].name, "i-2");
  EXPECT_EQ(members[1].address, "10.0.0.2");
  EXPECT_EQ(initial_cluster(members), "i-1=https://10.0.0.1:2380,i-2=https://10.0.0.2:2380");
}

}  // namespace
}  // namespace terrace::node
