#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/small_world.h"

namespace terrace {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;
using Log = std::vector<std::string>;

HandMade::Make named_after(uint32_t other) {
  return [other](plan::ResourceValues& values, const InstanceKey&) {
    return thing(Value::string("b"), attribute_of(values, other, "id"));
  };
}

// a <- b <- c
HandMade chain(const std::string& a_name = "a") {
  HandMade desired;
  uint32_t a = desired.add("thing", "a", {}, constant(thing(Value::string(a_name))));
  uint32_t b = desired.add("thing", "b", {a}, named_after(a));
  desired.add("thing", "c", {b}, [b](plan::ResourceValues& values, const InstanceKey&) {
    return thing(Value::string("c"), attribute_of(values, b, "id"));
  });
  desired.output("id_of_a", {a},
                 [a](plan::ResourceValues& values, const InstanceKey&) { return attribute_of(values, a, "id"); });
  return desired;
}

TEST(Apply, CreatesInOrderUpdatesNothingTwiceAndDestroysInReverse) {
  World world;
  HandMade desired = chain();
  World::Run first = world.run(desired, true);
  EXPECT_FALSE(first.applied.diagnostics.has_errors());
  EXPECT_THAT(first.summary, ElementsAre("create thing.a", "create thing.b", "create thing.c"));
  EXPECT_EQ(world.cloud.log, (Log{"create a", "create b", "create c"}));
  EXPECT_EQ(first.applied.added, 3);
  EXPECT_FALSE(first.outputs.at("id_of_a").after.is_known());
  EXPECT_NE(first.state.find("\"value\": \"id-1\""), std::string::npos);
  EXPECT_FALSE(world.files.has("terraform.tfstate.journal"));
  World::Run again = world.run(desired, true);
  EXPECT_FALSE(again.changes);
  EXPECT_EQ(again.state, first.state);
  EXPECT_TRUE(again.graph.empty());
  plan::PlanOptions destroy;
  destroy.mode = plan::Mode::kDestroy;
  world.cloud.log.clear();
  World::Run gone = world.run(desired, true, destroy);
  EXPECT_EQ(world.cloud.log, (Log{"delete c", "delete b", "delete a"}));
  EXPECT_TRUE(world.cloud.objects.empty());
  EXPECT_NE(gone.state.find("\"resources\": []"), std::string::npos);
  EXPECT_NE(gone.state.find("\"outputs\": {}"), std::string::npos);
}

TEST(Apply, ReplacesBeforeAndAfter) {
  World world;
  HandMade desired = chain();
  world.run(desired, true);
  world.cloud.log.clear();
  HandMade renamed = chain("a2");
  World::Run replaced = world.run(renamed, true);
  EXPECT_THAT(replaced.summary, ElementsAre("delete-create thing.a", "update thing.b"));
  EXPECT_EQ(world.cloud.log, (Log{"delete a", "create a2", "update b"}));
  world.cloud.log.clear();
  HandMade careful = chain("a3");
  careful.at(0).create_before_destroy = true;
  World::Run swapped = world.run(careful, true);
  EXPECT_THAT(swapped.summary, ElementsAre("create-delete thing.a", "update thing.b"));
  EXPECT_EQ(world.cloud.log, (Log{"create a3", "update b", "delete a2"}));
  EXPECT_EQ(swapped.state.find("deposed"), std::string::npos);
}

TEST(Apply, WhatGoesWaitsForThoseThatUsedIt) {
  World world;
  HandMade desired = chain();
  world.run(desired, true);
  world.cloud.log.clear();
  HandMade without;
  without.add("thing", "b", {}, constant(thing(Value::string("b"))));
  without.add("thing", "c", {0}, [](plan::ResourceValues& values, const InstanceKey&) {
    return thing(Value::string("c"), attribute_of(values, 0, "id"));
  });
  World::Run updated = world.run(without, true);
  EXPECT_EQ(world.cloud.log, (Log{"update b", "delete a"}));

  World other;
  other.run(desired, true);
  other.cloud.log.clear();
  HandMade renamed;
  renamed.add("thing", "b", {}, constant(thing(Value::string("b2"))));
  renamed.add("thing", "c", {}, constant(thing(Value::string("c"))));
  World::Run replaced = other.run(renamed, true);
  EXPECT_FALSE(replaced.applied.diagnostics.has_errors());
  // c lets go of b, b of a.
  EXPECT_THAT(replaced.summary, ElementsAre("delete thing.a", "delete-create thing.b", "update thing.c"));
  auto at = [&other](const char* line) { return std::find(other.cloud.log.begin(), other.cloud.log.end(), line); };
  EXPECT_LT(at("delete b"), at("delete a"));
}

TEST(Apply, ReferencesThatTurnRoundAreNoCircle) {
  World world;
  HandMade desired = chain();
  world.run(desired, true);
  world.cloud.log.clear();
  HandMade turned;
  uint32_t c = turned.add("thing", "c", {}, constant(thing(Value::string("c2"))));
  turned.add("thing", "a", {c}, [c](plan::ResourceValues& values, const InstanceKey&) {
    return thing(Value::string("a2"), attribute_of(values, c, "id"));
  });
  World::Run run = world.run(turned, true);
  EXPECT_FALSE(run.applied.diagnostics.has_errors());
  EXPECT_EQ(world.cloud.log, (Log{"delete c", "create c2", "delete b", "delete a", "create a2"}));
}

TEST(Apply, KeepsAtMostTheParallelismRunning) {
  World world;
  world.cloud.delay = std::chrono::seconds(1);
  HandMade desired;
  for (int i = 0; i < 25; ++i) {
    desired.add("thing", "t" + std::to_string(i), {}, constant(thing(Value::string("t" + std::to_string(i)))));
  }
  apply::Options options;
  options.parallelism = 4;
  Duration start = world.clock.monotonic();
  World::Run run = world.run(desired, true, {}, options);
  EXPECT_EQ(run.applied.added, 25);
  EXPECT_EQ(world.cloud.most_running, 4);
  EXPECT_EQ(world.clock.monotonic() - start, std::chrono::seconds(7));
}

TEST(Apply, AFailureStopsWhatDependsOnItAndLetsTheRestFinish) {
  World world;
  HandMade desired = chain();
  desired.add("thing", "alone", {}, constant(thing(Value::string("alone"))));
  world.cloud.fail = {"b"};
  World::Run run = world.run(desired, true);
  EXPECT_TRUE(run.applied.diagnostics.has_errors());
  EXPECT_EQ(run.applied.diagnostics.items()[0].address, "thing.b");
  EXPECT_EQ(run.applied.added, 2);
  EXPECT_THAT(run.applied.skipped, ElementsAre("thing.c"));
  EXPECT_EQ(world.cloud.objects.size(), 2u);
  world.cloud.fail.clear();
  World::Run rest = world.run(desired, true);
  EXPECT_THAT(rest.summary, ElementsAre("create thing.b", "create thing.c"));
  EXPECT_FALSE(rest.applied.diagnostics.has_errors());
}

TEST(Apply, AHalfMadeObjectIsTaintedAndReplaced) {
  World world;
  HandMade desired = chain();
  world.cloud.fail_late = {"a"};
  World::Run run = world.run(desired, true);
  EXPECT_NE(run.state.find("\"status\": \"tainted\""), std::string::npos);
  world.cloud.fail_late.clear();
  world.cloud.log.clear();
  World::Run rest = world.run(desired, true);
  EXPECT_EQ(rest.all[0].reason, plan::ActionReason::kReplaceBecauseTainted);
  EXPECT_EQ(world.cloud.log, (Log{"delete a", "create a", "create b", "create c"}));
}

TEST(Apply, AFailedCreateBeforeDestroyKeepsTheOldObject) {
  World world;
  HandMade desired = chain();
  World::Run before = world.run(desired, true);
  HandMade careful = chain("bad");
  careful.at(0).create_before_destroy = true;
  world.cloud.fail = {"bad"};
  World::Run run = world.run(careful, true);
  EXPECT_TRUE(run.applied.diagnostics.has_errors());
  EXPECT_EQ(run.state.find("deposed"), std::string::npos);
  EXPECT_NE(run.state.find("\"name\": \"a\""), std::string::npos);
  EXPECT_EQ(world.cloud.objects.size(), 3u);
}

TEST(Apply, AnInterruptFinishesWhatIsInFlightAndSaves) {
  World world;
  HandMade desired = chain();
  apply::Interrupt interrupt;
  world.cloud.after_create = [&interrupt] { interrupt.requested = true; };
  apply::Options options;
  options.interrupt = &interrupt;
  World::Run run = world.run(desired, true, {}, options);
  EXPECT_TRUE(run.applied.interrupted);
  EXPECT_THAT(run.applied.skipped, ElementsAre("thing.b", "thing.c"));
  EXPECT_NE(run.state.find("id-1"), std::string::npos);
  EXPECT_EQ(world.cloud.objects.size(), 1u);
}

struct Recorder final : apply::Observer {
  std::vector<std::string> lines;
  void started(const Event& event) override { lines.push_back(event.address + " started"); }
  void still_running(const Event& event) override {
    lines.push_back(event.address + " " + std::to_string(event.elapsed / std::chrono::seconds(1)));
  }
  void completed(const Event& event) override { lines.push_back(event.address + " done " + event.id); }
};

TEST(Apply, TellsTheObserverEveryTenSeconds) {
  World world;
  world.cloud.delay = std::chrono::seconds(25);
  HandMade desired;
  desired.add("thing", "a", {}, constant(thing(Value::string("a"))));
  Recorder recorder;
  apply::Options options;
  options.observer = &recorder;
  world.run(desired, true, {}, options);
  EXPECT_THAT(recorder.lines, ElementsAre("thing.a started", "thing.a 10", "thing.a 20", "thing.a done id-1"));
}

// A dead process goes no further than the disk lets it, and the objects it made stay. With `power_lost` what was not
// synced is gone as well.
void kill_at_every_effect(bool power_lost) {
  for (int point = 1; point < 200; ++point) {
    World world;
    HandMade desired = chain();
    world.files.crash_at(point);
    world.run(desired, true);
    bool crashed = world.files.crashed();
    world.files.restart(!power_lost);
    World::Run next = world.run(desired, true);
    ASSERT_FALSE(next.diagnostics.has_errors()) << point << next.diagnostics.items()[0].detail;
    ASSERT_FALSE(next.applied.diagnostics.has_errors()) << point;
    EXPECT_EQ(world.cloud.objects.size(), 3u) << "killed at effect " << point;
    for (const auto& [id, attributes] : world.cloud.objects) {
      EXPECT_NE(next.state.find("\"" + id + "\""), std::string::npos) << "killed at effect " << point;
    }
    EXPECT_FALSE(world.files.has("terraform.tfstate.journal")) << point;
    EXPECT_FALSE(world.run(desired, false).changes) << point;
    if (!crashed) {
      EXPECT_GT(point, 8);
      return;
    }
  }
}

TEST(Apply, KilledAtAnyEffectNothingIsLostOrDoubled) {
  kill_at_every_effect(false);
}
TEST(Apply, WithoutPowerAtAnyEffectNothingIsLostOrDoubled) {
  kill_at_every_effect(true);
}

TEST(Apply, BytesWrittenGrowWithTheWork) {
  uint64_t bytes[2];
  for (int round = 0; round < 2; ++round) {
    World world;
    HandMade desired;
    std::vector<InstanceKey> keys;
    for (int64_t i = 0; i < (round == 0 ? 200 : 400); ++i) keys.push_back(i);
    desired.add(
        "terraform_data", "r", {},
        [](plan::ResourceValues&, const InstanceKey& key) {
          return terraform_data(Value::number(std::get<int64_t>(key)));
        },
        keys);
    world.run(desired, true);
    bytes[round] = world.files.bytes_written();
    EXPECT_EQ(world.files.syncs(), 0);
  }
  EXPECT_LT(bytes[1], bytes[0] * 21 / 10);
}

}  // namespace
}  // namespace terrace
