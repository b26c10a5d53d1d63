// The state's file, lock, journal and what a killed run leaves.
#include <gtest/gtest.h>

#include "base/random.h"
#include "state/session.h"
#include "support/memory_file_system.h"

namespace terrace::state {
namespace {

struct World {
  test::MemoryFileSystem files;
  VirtualClock clock;
  VirtualWaiter waiter{clock};
  Loop loop{clock, &waiter};
  SeededRandom random{7};
  LocalStateStore store{files, loop, random, Identity{"ada", "host"},
                        LocalStateStore::Options{"terraform.tfstate", "", ""}};
};

const ResourceAddress kAddress{"", Mode::kManaged, "thing", "a"};

ObjectPtr object(const std::string& id) {
  auto made = std::make_shared<Object>();
  made->attributes = "{\"id\":\"" + id + "\"}";
  return made;
}

Intent intent(const std::string& token) {
  Intent made;
  made.address = kAddress;
  made.provider = "provider[\"p\"]";
  made.token = token;
  made.time_s = 1;
  made.planned = "{\"id\":null}";
  made.unknown = "[]";
  return made;
}

TEST(Session, WritesOnceWithASerialOneHigherAndNotWithoutAChange) {
  World world;
  StateSession session(world.store, world.files, world.loop, world.random);
  ASSERT_FALSE(world.loop.run(session.open()).has_errors());
  session.state().at(kAddress, {}, "provider[\"p\"]").current = object("1");
  ASSERT_FALSE(world.loop.run(session.save()).has_errors());
  EXPECT_EQ(session.state().serial, 1);
  EXPECT_EQ(world.files.mode("terraform.tfstate"), 0600u);
  EXPECT_FALSE(world.files.has("terraform.tfstate.backup"));
  int operations = world.files.operations();
  ASSERT_FALSE(world.loop.run(session.save()).has_errors());
  EXPECT_EQ(world.files.operations(), operations);

  World after;
  after.files.put("terraform.tfstate", world.files.text("terraform.tfstate"));
  StateSession next(after.store, after.files, after.loop, after.random);
  ASSERT_FALSE(after.loop.run(next.open()).has_errors());
  EXPECT_EQ(next.state().lineage, session.state().lineage);
  next.state().at(kAddress, {}, "provider[\"p\"]").current = object("2");
  ASSERT_FALSE(after.loop.run(next.save()).has_errors());
  EXPECT_EQ(next.state().serial, 2);
  EXPECT_EQ(after.files.text("terraform.tfstate.backup"), world.files.text("terraform.tfstate"));
}

TEST(Session, ATruncatedStateIsLeftAsItIs) {
  World world;
  world.files.put("terraform.tfstate", "{\"version\": 4, \"resou");
  StateSession session(world.store, world.files, world.loop, world.random);
  EXPECT_TRUE(world.loop.run(session.open()).has_errors());
  EXPECT_EQ(world.files.text("terraform.tfstate"), "{\"version\": 4, \"resou");
}

TEST(Session, AFullDiskLeavesErroredTfstateOrPrints) {
  World world;
  std::string printed;
  StateSession session(world.store, world.files, world.loop, world.random, "elsewhere/errored.tfstate",
                       [&printed](const std::string& text) { printed = text; });
  ASSERT_FALSE(world.loop.run(session.open()).has_errors());
  session.state().at(kAddress, {}, "provider[\"p\"]").current = object("1");
  world.files.fill_disk("terraform.tfstate");
  EXPECT_TRUE(world.loop.run(session.save()).has_errors());
  EXPECT_NE(world.files.text("elsewhere/errored.tfstate").find("\"id\": \"1\""), std::string::npos);
  world.files.fill_disk("errored");
  EXPECT_TRUE(world.loop.run(session.save()).has_errors());
  EXPECT_NE(printed.find("\"id\": \"1\""), std::string::npos);
}

TEST(Lock, AContenderSeesTheHolderAndWaitsItsTime) {
  World world;
  ASSERT_FALSE(world.loop.run(world.store.lock("OperationTypeApply", Duration::zero())).has_errors());
  EXPECT_EQ(world.files.mode(".terraform.tfstate.lock.info"), 0600u);
  LocalStateStore other(world.files, world.loop, world.random, Identity{"bob", "host"},
                        LocalStateStore::Options{"terraform.tfstate", "", ""});
  Duration before = world.clock.monotonic();
  Diagnostics refused = world.loop.run(other.lock("OperationTypePlan", std::chrono::milliseconds(2500)));
  ASSERT_TRUE(refused.has_errors());
  EXPECT_EQ(refused.items()[0].summary, "Error acquiring the state lock");
  EXPECT_NE(refused.items()[0].detail.find("ada@host"), std::string::npos);
  EXPECT_EQ(world.clock.monotonic() - before, std::chrono::milliseconds(2500));
  ASSERT_FALSE(world.loop.run(world.store.unlock()).has_errors());
  EXPECT_FALSE(world.files.has(".terraform.tfstate.lock.info"));
  EXPECT_FALSE(world.files.has("terraform.tfstate"));  // the lock had made it
  EXPECT_FALSE(world.loop.run(other.lock("OperationTypePlan", Duration::zero())).has_errors());
}

Task<void> intend(Journal& journal, std::string token) {
  Task<Status<FileError>> task = journal.intend(intent(token));
  Status<FileError> status = co_await task;
  EXPECT_TRUE(status.ok());
}

Task<void> intend_many(Loop& loop, Journal& journal, int count) {
  TaskGroup group(loop);
  for (int i = 0; i < count; ++i) group.add(intend(journal, "token" + std::to_string(i)));
  Task<void> joined = group.join();
  co_await joined;
}

TEST(JournalFile, IntentsOfOneTurnShareOneSync) {
  World world;
  Journal journal(world.files, world.loop, "j", "lineage", 4);
  world.loop.run(intend_many(world.loop, journal, 100));
  EXPECT_EQ(world.files.syncs(), 1);
  EXPECT_EQ(world.files.mode("j"), 0600u);
  State pool;
  Checked<JournalContent> content = parse_journal(world.files.text("j"), "j", pool);
  ASSERT_FALSE(content.diagnostics.has_errors());
  EXPECT_EQ(content.value.open.size(), 100u);
  EXPECT_EQ(content.value.serial, 4);
  EXPECT_EQ(content.value.open[3].planned, "{\"id\":null}");
}

TEST(JournalFile, ATornLastLineIsLeftOutAndATornMiddleRefused) {
  World world;
  Journal journal(world.files, world.loop, "j", "lineage", 4);
  world.loop.run(intend(journal, "t"));
  ASSERT_TRUE(journal.record({Outcome{kAddress, int64_t{1}, "", "provider[\"p\"]", object("x")}}, "t").ok());
  std::string text = world.files.text("j");
  State pool;
  size_t last = text.rfind("{\"token\"");
  for (size_t size = last; size < text.size(); ++size) {
    Checked<JournalContent> content = parse_journal(text.substr(0, size), "j", pool);
    ASSERT_FALSE(content.diagnostics.has_errors()) << size;
    EXPECT_EQ(content.value.open.size(), 1u);
    EXPECT_TRUE(content.value.outcomes.empty());
  }
  EXPECT_TRUE(parse_journal(text.substr(0, last) + "{\"to\n" + text.substr(last), "j", pool).diagnostics.has_errors());
  Checked<JournalContent> whole = parse_journal(text, "j", pool);
  EXPECT_TRUE(whole.value.open.empty());
  ASSERT_EQ(whole.value.outcomes.size(), 1u);
  EXPECT_EQ(whole.value.outcomes[0].key, InstanceKey(int64_t{1}));
}

TEST(JournalFile, WhatAKilledRunDidIsInTheNextState) {
  World world;
  {
    StateSession session(world.store, world.files, world.loop, world.random);
    ASSERT_FALSE(world.loop.run(session.open()).has_errors());
    world.loop.run(intend(session.journal(), "t1"));
    ASSERT_TRUE(session.journal().record({Outcome{kAddress, {}, "", "provider[\"p\"]", object("x")}}, "t1").ok());
    world.loop.run(intend(session.journal(), "t2"));
  }
  world.files.restart(true);
  StateSession next(world.store, world.files, world.loop, world.random);
  ASSERT_FALSE(world.loop.run(next.open()).has_errors());
  ASSERT_NE(next.state().find(kAddress, {}), nullptr);
  ASSERT_EQ(next.open_intents().size(), 1u);
  EXPECT_EQ(next.open_intents()[0].token, "t2");
  ASSERT_FALSE(world.loop.run(next.settle()).has_errors());
  EXPECT_FALSE(world.files.has("terraform.tfstate.journal"));
  EXPECT_NE(world.files.text("terraform.tfstate").find("\"id\": \"x\""), std::string::npos);
  EXPECT_EQ(next.state().serial, 1);
}

TEST(JournalFile, AStateWrittenSinceIsNotChangedByIt) {
  World world;
  State state;
  state.lineage = "l";
  state.serial = 5;
  world.files.put("terraform.tfstate", serialize_state(state));
  Journal journal(world.files, world.loop, "terraform.tfstate.journal", "l", 4);
  ASSERT_TRUE(journal.record({Outcome{kAddress, {}, "", "provider[\"p\"]", object("x")}}, "").ok());
  StateSession session(world.store, world.files, world.loop, world.random);
  ASSERT_FALSE(world.loop.run(session.open()).has_errors());
  EXPECT_TRUE(session.state().resources.empty());
  Journal foreign(world.files, world.loop, "terraform.tfstate.journal", "other", 4);
  world.files.put("terraform.tfstate.journal", "");
  ASSERT_TRUE(foreign.record({Outcome{kAddress, {}, "", "provider[\"p\"]", object("x")}}, "").ok());
  EXPECT_TRUE(world.loop.run(session.open()).has_errors());
}

}  // namespace
}  // namespace terrace::state
