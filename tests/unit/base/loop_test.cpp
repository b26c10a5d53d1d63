#include "base/loop.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace terrace {
namespace {

using std::chrono::seconds;

class LoopTest : public testing::Test {
 protected:
  VirtualClock clock;
  VirtualWaiter waiter{clock};
  Loop loop{clock, &waiter};
};

Task<int> add_later(Loop& loop, int a, int b, Duration delay) {
  co_await loop.sleep(delay);
  co_return a + b;
}

Task<void> record(Loop& loop, std::vector<std::string>& log, std::string name, Duration delay) {
  co_await loop.sleep(delay);
  log.push_back(name);
}

TEST_F(LoopTest, RunsOnAfterTasksWereDropped) {
  std::vector<std::string> log;
  loop.spawn(record(loop, log, "dropped", seconds(2)));
  loop.run(record(loop, log, "kept", seconds(1)));
  loop.drop_tasks();
  loop.run(record(loop, log, "after", seconds(5)));
  EXPECT_EQ(log, (std::vector<std::string>{"kept", "after"}));
}

TEST_F(LoopTest, RunGivesTheValueOfATask) {
  EXPECT_EQ(loop.run(add_later(loop, 2, 3, seconds(5))), 5);
  EXPECT_EQ(clock.monotonic(), seconds(5));
}

Task<void> three_sleepers(Loop& loop, std::vector<std::string>& log) {
  TaskGroup group(loop);
  group.add(record(loop, log, "slow", seconds(3)));
  group.add(record(loop, log, "fast", seconds(1)));
  group.add(record(loop, log, "middle", seconds(2)));
  co_await group.join();
  log.push_back("joined");
}

TEST_F(LoopTest, TimersFireInOrderOfTheirTime) {
  std::vector<std::string> log;
  loop.run(three_sleepers(loop, log));
  EXPECT_EQ(log, (std::vector<std::string>{"fast", "middle", "slow", "joined"}));
  EXPECT_EQ(clock.monotonic(), seconds(3));
}

Task<void> join_nothing(Loop& loop) {
  TaskGroup group(loop);
  co_await group.join();
}

TEST_F(LoopTest, JoiningAnEmptyGroupReturnsAtOnce) {
  loop.run(join_nothing(loop));
  EXPECT_EQ(clock.monotonic(), seconds(0));
}

Task<int> fails() {
  throw std::runtime_error("broken");
  co_return 1;
}

TEST_F(LoopTest, AnExceptionLeavesRun) {
  EXPECT_THROW(loop.run(fails()), std::runtime_error);
}

Task<void> holder(Loop& loop, Semaphore& semaphore, int& inside, int& most) {
  co_await semaphore.acquire();
  most = std::max(most, ++inside);
  co_await loop.sleep(seconds(1));
  --inside;
  semaphore.release();
}

Task<void> ten_holders(Loop& loop, int& most) {
  Semaphore semaphore(loop, 3);
  int inside = 0;
  TaskGroup group(loop);
  for (int i = 0; i < 10; ++i) group.add(holder(loop, semaphore, inside, most));
  co_await group.join();
}

TEST_F(LoopTest, ASemaphoreBoundsItsHolders) {
  int most = 0;
  loop.run(ten_holders(loop, most));
  EXPECT_EQ(most, 3);
  EXPECT_EQ(clock.monotonic(), seconds(4));
}

// The way batches are cut: every key asked for in the same turn is there when the loop falls idle.
Task<void> ask(std::vector<int>& keys, int key, Event& answered, int& answers) {
  keys.push_back(key);
  co_await answered;
  ++answers;
}

Task<void> answer_when_idle(Loop& loop, std::vector<int>& keys, std::size_t& batch, Event& answered) {
  co_await loop.when_idle();
  batch = keys.size();
  answered.set();
}

Task<void> batch_of(Loop& loop, int count, std::size_t& batch, int& answers) {
  std::vector<int> keys;
  Event answered(loop);
  TaskGroup group(loop);
  group.add(answer_when_idle(loop, keys, batch, answered));
  for (int i = 0; i < count; ++i) group.add(ask(keys, i, answered, answers));
  co_await group.join();
}

TEST_F(LoopTest, WhenIdleComesAfterAllThatIsReady) {
  std::size_t batch = 0;
  int answers = 0;
  loop.run(batch_of(loop, 50, batch, answers));
  EXPECT_EQ(batch, 50U);
  EXPECT_EQ(answers, 50);
}

Task<int> depth(int n) {
  if (n == 0) co_return 0;
  int below = co_await depth(n - 1);
  co_return below + 1;
}

Task<int> many_in_turn(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await depth(1);
  co_return sum;
}

TEST_F(LoopTest, LongChainsOfFinishedTasksDoNotGrowTheStack) {
  EXPECT_EQ(loop.run(many_in_turn(200'000)), 200'000);
}

Task<void> never(Event& event) {
  co_await event;
}

TEST_F(LoopTest, TasksLeftSuspendedAreDroppedWithTheLoop) {
  auto owned = std::make_shared<int>(1);
  {
    Loop other(clock, &waiter);
    Event event(other);
    auto keep = [](Event& e, std::shared_ptr<int> held) -> Task<void> {
      co_await never(e);
      *held = 2;
    };
    other.spawn(keep(event, owned));
    other.run(join_nothing(other));
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Clock, Rfc3339) {
  EXPECT_EQ(rfc3339(seconds(1440938160)), "2015-08-30T12:36:00Z");
  EXPECT_EQ(rfc3339_nano(seconds(1440938160) + std::chrono::milliseconds(250)), "2015-08-30T12:36:00.25Z");
  EXPECT_EQ(rfc3339_nano(seconds(1440938160)), "2015-08-30T12:36:00Z");
}

}  // namespace
}  // namespace terrace
