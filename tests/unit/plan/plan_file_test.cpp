#include "plan/plan_file.h"

#include <gtest/gtest.h>

#include "support/small_world.h"

namespace terrace {
namespace {

using namespace test;

struct Fixture {
  World world;
  VirtualWaiter waiter{world.clock};
  Loop loop{world.clock, &waiter};
  providers::Registry registry;
  state::LocalStateStore store{
      world.files, loop, world.random, state::Identity{"ada", "host"}, {"terraform.tfstate", "", ""}};

  Fixture() {
    registry.add(kThingSource, [this] { return std::make_unique<ThingProvider>(world.cloud, loop); });
    registry.add("terraform.io/builtin/terraform",
                 [this] { return providers::make_terraform_provider(world.files, world.random, "", nullptr); });
  }
};

HandMade configuration() {
  HandMade desired;
  uint32_t a = desired.add("thing", "a", {},
                           constant(thing(Value::string("a"), Value::null(Type::string()),
                                          Value::string("hunter2").with_marks(lang::Marks::kSensitive))));
  desired.add("terraform_data", "b", {a},
              [a](plan::ResourceValues& values, const InstanceKey& key) {
                return terraform_data(Value::object(
                    {{"id", attribute_of(values, a, "id")}, {"key", Value::string(std::get<std::string>(key))}}));
              },
              {std::string("x"), std::string("y")});
  desired.output("id", {a},
                 [a](plan::ResourceValues& values, const InstanceKey&) { return attribute_of(values, a, "id"); });
  return desired;
}

TEST(PlanFile, HoldsEverythingThatApplyNeeds) {
  Fixture setup;
  HandMade desired = configuration();
  std::string bytes;
  {
    state::StateSession session(setup.store, setup.world.files, setup.loop, setup.world.random);
    ASSERT_FALSE(setup.loop.run(session.open()).has_errors());
    plan::PlanRun run(plan::Environment{setup.loop, setup.registry, nullptr}, desired, session);
    plan::PlanOptions options;
    options.variables["v"] = plan::Variable{Value::string("secret"), true};
    ASSERT_FALSE(setup.loop.run(run.make(options)).has_errors());
    bytes = plan::encode_plan({run.plan(), {{"main.tf", "# text"}}, {{"state", "terraform.tfstate"}}}, setup.registry);
    Checked<plan::SavedPlan> again = plan::decode_plan(bytes, "p", setup.registry);
    ASSERT_FALSE(again.diagnostics.has_errors()) << again.diagnostics.items()[0].detail;
    const plan::Plan& loaded = again.value.plan;
    ASSERT_EQ(loaded.changes.size(), run.plan().changes.size());
    for (size_t i = 0; i < loaded.changes.size(); ++i) {
      EXPECT_TRUE(loaded.changes[i].after.identical(run.plan().changes[i].after)) << i;
      EXPECT_TRUE(loaded.changes[i].before.identical(run.plan().changes[i].before)) << i;
      EXPECT_TRUE(loaded.changes[i].config.identical(run.plan().changes[i].config)) << i;
      EXPECT_EQ(loaded.changes[i].action, run.plan().changes[i].action);
      EXPECT_EQ(loaded.changes[i].key, run.plan().changes[i].key);
    }
    EXPECT_EQ(plan::print_graph(loaded), plan::print_graph(run.plan()));
    EXPECT_EQ(again.value.sources.at("main.tf"), "# text");
    EXPECT_EQ(again.value.settings.at("state"), "terraform.tfstate");
    EXPECT_TRUE(loaded.variables.at("v").sensitive);
    EXPECT_EQ(plan::encode_plan(again.value, setup.registry), bytes);
  }
  EXPECT_EQ(bytes.find("hunter2"), std::string::npos);

  state::StateSession session(setup.store, setup.world.files, setup.loop, setup.world.random);
  ASSERT_FALSE(setup.loop.run(session.open()).has_errors());
  plan::PlanRun run(plan::Environment{setup.loop, setup.registry, nullptr}, desired, session);
  Checked<plan::SavedPlan> saved = plan::decode_plan(bytes, "p", setup.registry);
  ASSERT_FALSE(run.restore(saved.value.plan).has_errors());
  apply::ApplyResult applied = setup.loop.run(apply::apply(run, session, setup.loop, setup.world.random, {}));
  EXPECT_FALSE(applied.diagnostics.has_errors());
  EXPECT_EQ(applied.added, 3);
  EXPECT_NE(setup.world.files.text("terraform.tfstate").find("\"id\": \"id-1\""), std::string::npos);

  state::StateSession later(setup.store, setup.world.files, setup.loop, setup.world.random);
  ASSERT_FALSE(setup.loop.run(later.open()).has_errors());
  plan::PlanRun stale(plan::Environment{setup.loop, setup.registry, nullptr}, desired, later);
  Diagnostics refused = stale.restore(saved.value.plan);
  ASSERT_TRUE(refused.has_errors());
  EXPECT_EQ(refused.items()[0].summary, "Saved plan is stale");
  EXPECT_FALSE(setup.world.run(desired, false).changes);
}

TEST(PlanFile, DamageIsRefused) {
  Fixture setup;
  EXPECT_TRUE(plan::decode_plan("PK\x03\x04", "p", setup.registry).diagnostics.has_errors());
  plan::SavedPlan saved;
  std::string bytes = plan::encode_plan(saved, setup.registry);
  ASSERT_FALSE(plan::decode_plan(bytes, "p", setup.registry).diagnostics.has_errors());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(plan::decode_plan(bytes.substr(0, size), "p", setup.registry).diagnostics.has_errors()) << size;
  }
}

}  // namespace
}  // namespace terrace
