// Policies in documents of the size that AWS takes.
#include "cluster/operator_policy.h"

#include <set>

#include <gtest/gtest.h>

namespace terrace::cluster {
namespace {

OrderedJson statement(const std::string& sid, int actions) {
  OrderedJson made{{"Sid", sid}, {"Effect", "Allow"}, {"Action", OrderedJson::array()}, {"Resource", "*"}};
  for (int i = 0; i < actions; ++i) made["Action"].push_back("ec2:Operation" + std::to_string(i) + sid);
  return made;
}

OrderedJson policy(std::vector<OrderedJson> statements) {
  return OrderedJson{{"Version", "2012-10-17"}, {"Statement", std::move(statements)}};
}

std::multiset<std::string> actions_of(const OrderedJson& document) {
  std::multiset<std::string> actions;
  for (const OrderedJson& each : document["Statement"]) {
    for (const OrderedJson& action : each["Action"]) actions.insert(action.get<std::string>());
  }
  return actions;
}

TEST(SplitPolicy, OneThatFitsStaysWhole) {
  OrderedJson whole = policy({statement("A", 3), statement("B", 4)});
  EXPECT_EQ(split_policy(whole), std::vector<OrderedJson>{whole});
}

TEST(SplitPolicy, StatementsStayWholeWhereTheyFitAndNothingIsLost) {
  OrderedJson whole = policy({statement("A", 10), statement("B", 10), statement("C", 200), statement("D", 1)});
  std::vector<OrderedJson> documents = split_policy(whole, 1000);
  std::multiset<std::string> together;
  std::set<std::string> sids;
  for (const OrderedJson& document : documents) {
    EXPECT_LE(policy_size(document), 1000U);
    EXPECT_EQ(document["Version"], "2012-10-17");
    std::multiset<std::string> actions = actions_of(document);
    together.insert(actions.begin(), actions.end());
    for (const OrderedJson& each : document["Statement"]) {
      EXPECT_TRUE(sids.insert(each["Sid"].get<std::string>()).second) << each["Sid"];
      EXPECT_EQ(each["Effect"], "Allow");
    }
  }
  EXPECT_EQ(together, actions_of(whole));
  EXPECT_EQ(documents.front()["Statement"].size(), 2U);
}

TEST(SplitPolicy, TheSizeIsThatWithoutWhiteSpace) {
  EXPECT_EQ(policy_size(OrderedJson::parse(R"({ "Version": "2012-10-17",
                                                "Statement": [ ] })")),
            std::string(R"({"Version":"2012-10-17","Statement":[]})").size());
}

}  // namespace
}  // namespace terrace::cluster
