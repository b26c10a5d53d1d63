#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/small_world.h"

namespace terrace {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

HandMade two(Value size = Value::null(Type::string())) {
  HandMade desired;
  uint32_t a = desired.add("thing", "a", {}, constant(thing(Value::string("a"), size)));
  desired.add("thing", "b", {a}, [a](plan::ResourceValues& values, const InstanceKey&) {
    return thing(Value::string("b"), attribute_of(values, a, "id"));
  });
  return desired;
}

TEST(Plan, RefreshFindsDriftAndWhatIsGone) {
  World world;
  HandMade desired = two(Value::string("1"));
  world.run(desired, true);
  world.cloud.objects["id-1"]["size"] = "7";
  World::Run drifted = world.run(desired, false);
  EXPECT_EQ(drifted.drift, 1u);
  EXPECT_THAT(drifted.summary, ElementsAre("update thing.a"));
  plan::PlanOptions only;
  only.mode = plan::Mode::kRefreshOnly;
  World::Run refreshed = world.run(desired, true, only);
  EXPECT_THAT(refreshed.summary, IsEmpty());
  EXPECT_TRUE(refreshed.changes);
  EXPECT_NE(refreshed.state.find("\"size\": \"7\""), std::string::npos);
  world.cloud.objects.erase("id-1");
  World::Run gone = world.run(desired, false);
  EXPECT_THAT(gone.summary, ElementsAre("create thing.a", "update thing.b"));
  plan::PlanOptions blind;
  blind.refresh = false;
  EXPECT_THAT(world.run(desired, false, blind).summary, ElementsAre("update thing.a"));
}

TEST(Plan, IgnoreChangesPreventDestroyReplaceAndTarget) {
  World world;
  HandMade desired = two(Value::string("1"));
  world.run(desired, true);
  HandMade ignoring = two(Value::string("2"));
  ignoring.at(0).ignore_changes = {{lang::PathStep::attribute("size")}};
  EXPECT_FALSE(world.run(ignoring, false).changes);
  plan::PlanOptions replace;
  replace.replaces = {"thing.b"};
  World::Run replaced = world.run(desired, false, replace);
  EXPECT_THAT(replaced.summary, ElementsAre("delete-create thing.b"));
  EXPECT_EQ(replaced.all[1].reason, plan::ActionReason::kReplaceByRequest);
  HandMade kept = two(Value::string("1"));
  kept.at(1).prevent_destroy = true;
  World::Run prevented = world.run(kept, false, replace);
  ASSERT_TRUE(prevented.diagnostics.has_errors());
  EXPECT_EQ(prevented.diagnostics.items()[0].summary, "Instance cannot be destroyed");
  HandMade bigger = two(Value::string("3"));
  plan::PlanOptions target;
  target.targets = {"thing.a"};
  EXPECT_THAT(world.run(bigger, false, target).summary, ElementsAre("update thing.a"));
  target.mode = plan::Mode::kDestroy;
  EXPECT_THAT(world.run(desired, false, target).summary, ElementsAre("delete thing.a", "delete thing.b"));
  target.targets = {"thing.b"};
  EXPECT_THAT(world.run(desired, false, target).summary, ElementsAre("delete thing.b"));
}

TEST(Plan, IgnoreChangesDoesNotHoldForAnObjectInThePlaceOfAnother) {
  World world;
  HandMade desired = two(Value::string("1"));
  world.run(desired, true);
  HandMade ignoring = two(Value::string("2"));
  ignoring.at(0).ignore_changes = {{lang::PathStep::attribute("size")}};
  plan::PlanOptions replace;
  replace.replaces = {"thing.a"};
  World::Run replaced = world.run(ignoring, true, replace);
  EXPECT_EQ(replaced.all[0].reason, plan::ActionReason::kReplaceByRequest);
  EXPECT_NE(replaced.state.find("\"size\": \"2\""), std::string::npos) << replaced.state;
}

TEST(Plan, OrphansAndKeysThatGo) {
  World world;
  HandMade desired;
  desired.add("thing", "many", {},
              [](plan::ResourceValues&, const InstanceKey& key) {
                return thing(Value::string("m" + std::to_string(std::get<int64_t>(key))));
              },
              {int64_t{0}, int64_t{1}, int64_t{2}});
  desired.add("thing", "extra", {}, constant(thing(Value::string("x"))));
  world.run(desired, true);
  HandMade fewer;
  fewer.add("thing", "many", {},
            [](plan::ResourceValues&, const InstanceKey& key) {
              return thing(Value::string("m" + std::to_string(std::get<int64_t>(key))));
            },
            {int64_t{0}, int64_t{1}});
  World::Run run = world.run(fewer, true);
  EXPECT_THAT(run.summary, ElementsAre("delete thing.extra", "delete thing.many[2]"));
  EXPECT_EQ(run.all[0].reason, plan::ActionReason::kDeleteBecauseNoResourceConfig);
  EXPECT_EQ(run.all[3].reason, plan::ActionReason::kDeleteBecauseCountIndex);
  EXPECT_EQ(world.cloud.objects.size(), 2u);
}

TEST(Plan, DataIsReadWhenItsConfigurationIsKnown) {
  World world;
  HandMade desired;
  uint32_t a = desired.add("thing", "a", {}, constant(thing(Value::string("a"))));
  uint32_t known = desired.data("known", {}, constant(thing(Value::string("k"))));
  uint32_t later = desired.data("later", {a}, [a](plan::ResourceValues& values, const InstanceKey&) {
    return thing(attribute_of(values, a, "id"));
  });
  desired.output("d", {later}, [later](plan::ResourceValues& values, const InstanceKey&) {
    return attribute_of(values, later, "name");
  });
  desired.output("k", {known}, [known](plan::ResourceValues& values, const InstanceKey&) {
    return attribute_of(values, known, "id");
  });
  World::Run run = world.run(desired, true);
  EXPECT_THAT(run.summary, ElementsAre("read data.thing.later", "create thing.a"));
  EXPECT_EQ(run.all[0].reason, plan::ActionReason::kReadBecauseConfigUnknown);
  EXPECT_TRUE(run.outputs.at("k").after.identical(Value::string("data")));
  EXPECT_EQ(world.cloud.log, (std::vector<std::string>{"read k", "create a", "read id-1"}));
  EXPECT_NE(run.state.find("\"mode\": \"data\""), std::string::npos);
  EXPECT_FALSE(world.run(desired, false).changes);
}

TEST(Plan, SensitiveMarksAreKeptApartAndPutBack) {
  World world;
  HandMade desired;
  uint32_t a = desired.add(
      "thing", "a", {},
      constant(thing(Value::string("a"), Value::string("s").with_marks(lang::Marks::kSensitive), Value::string("pw"))));
  desired.output("leak", {a},
                 [a](plan::ResourceValues& values, const InstanceKey&) { return attribute_of(values, a, "size"); });
  World::Run refused = world.run(desired, false);
  ASSERT_TRUE(refused.diagnostics.has_errors());
  EXPECT_EQ(refused.diagnostics.items()[0].summary, "Output refers to sensitive values");
  HandMade marked;
  marked.add(
      "thing", "a", {},
      constant(thing(Value::string("a"), Value::string("s").with_marks(lang::Marks::kSensitive), Value::string("pw"))));
  World::Run run = world.run(marked, true);
  EXPECT_TRUE(run.all[0].after.attribute("size").has(lang::Marks::kSensitive));
  EXPECT_TRUE(run.all[0].after.attribute("secret").has(lang::Marks::kSensitive));
  EXPECT_FALSE(world.run(marked, false).changes);
}

TEST(Plan, ReplaceTriggeredByAndPropagatedCreateBeforeDestroy) {
  World world;
  HandMade desired = two(Value::string("1"));
  world.run(desired, true);
  HandMade triggered = two(Value::string("2"));
  plan::DesiredResource::Trigger trigger;
  trigger.resource = 0;
  triggered.at(1).replace_triggered_by = {trigger};
  triggered.at(1).create_before_destroy = true;
  World::Run run = world.run(triggered, false);
  EXPECT_THAT(run.summary, ElementsAre("update thing.a", "create-delete thing.b"));
  EXPECT_EQ(run.all[1].reason, plan::ActionReason::kReplaceByTriggers);
}

TEST(Graph, InstancesOfTwoResourcesMeetInGroups) {
  World world;
  std::vector<InstanceKey> keys;
  for (int64_t i = 0; i < 100; ++i) keys.push_back(i);
  HandMade desired;
  auto make = [](plan::ResourceValues&, const InstanceKey& key) {
    return terraform_data(Value::number(std::get<int64_t>(key)));
  };
  uint32_t a = desired.add("terraform_data", "a", {}, make, keys);
  desired.add("terraform_data", "b", {a}, make, keys);
  World::Run run = world.run(desired, false);
  size_t arrows =
      std::count(run.graph.begin(), run.graph.end(), ',') + std::count(run.graph.begin(), run.graph.end(), '<');
  EXPECT_EQ(arrows, 300u);
}

}  // namespace
}  // namespace terrace
