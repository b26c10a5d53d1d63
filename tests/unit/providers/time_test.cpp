#include "providers/time_provider.h"

#include "table_world.h"

namespace terrace::providers {
namespace {

using lang::Value;

struct TimeWorld : ProviderWorld {
  TimeWorld() { provider = make_time_provider(clock, loop); }  // 2023-11-14T22:13:20Z
};

std::string text(const Value& object, const char* name) {
  return object.attribute(name).as_string();
}

int64_t number(const Value& object, const char* name) {
  return *object.attribute(name).as_number().to_int64();
}

TEST(TimeStatic, KeepsAMoment) {
  TimeWorld world;
  Value made = world.create("time_static", {});
  EXPECT_EQ(text(made, "rfc3339"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(number(made, "unix"), 1'700'000'000);
  EXPECT_EQ(number(made, "day"), 14);
  Value zoned = world.create("time_static", {{"rfc3339", Value::string("2020-02-12T06:36:13+02:00")}});
  EXPECT_EQ(number(zoned, "hour"), 6);
  EXPECT_EQ(number(zoned, "unix"), 1581482173);
  EXPECT_TRUE(world.import("time_static", "2023-11-14T22:13:20Z").identical(made));
  EXPECT_TRUE(world.import("time_static", "yesterday").is_null());
  EXPECT_NE(world.invalid("time_static", {{"rfc3339", Value::string("2020-02-30T00:00:00Z")}}), "");
}

TEST(TimeOffset, AddsCalendarUnits) {
  TimeWorld world;
  Value base = Value::string("2024-01-31T10:00:00Z");
  Value made = world.create("time_offset", {{"base_rfc3339", base}, {"offset_months", Value::number(1)}});
  EXPECT_EQ(text(made, "rfc3339"), "2024-03-02T10:00:00Z");
  EXPECT_EQ(text(made, "id"), "2024-01-31T10:00:00Z");
  Value config = world.config("time_offset", {{"base_rfc3339", base}, {"offset_hours", Value::number(-11)}});
  schema::PlanResponse planned = world.plan("time_offset", made, config);
  EXPECT_TRUE(planned.requires_replace.empty());
  EXPECT_EQ(text(planned.planned, "rfc3339"), "2024-01-30T23:00:00Z");
  EXPECT_TRUE(world.apply("time_offset", made, planned.planned, config).new_state.identical(planned.planned));
  EXPECT_NE(world.invalid("time_offset", {}), "");
  Value imported = world.import("time_offset", "2024-01-31T10:00:00Z,0,1,0,0,0,0");
  EXPECT_TRUE(imported.identical(made));
  EXPECT_TRUE(world.import("time_offset", "2024-01-31T10:00:00Z,1").is_null());
}

TEST(TimeRotating, IsGoneWhenItsTimeHasCome) {
  TimeWorld world;
  Value made = world.create("time_rotating", {{"rotation_days", Value::number(2)}});
  EXPECT_EQ(text(made, "rotation_rfc3339"), "2023-11-16T22:13:20Z");
  EXPECT_EQ(number(made, "day"), 14);
  EXPECT_TRUE(world.read("time_rotating", made).identical(made));
  Value config = world.config("time_rotating", {{"rotation_days", Value::number(3)}});
  EXPECT_EQ(text(world.plan("time_rotating", made, config).planned, "rotation_rfc3339"), "2023-11-17T22:13:20Z");
  world.clock.advance(std::chrono::hours(49));
  EXPECT_TRUE(world.read("time_rotating", made).is_null());
  EXPECT_NE(world.invalid("time_rotating", {{"rotation_days", Value::number(0)}}), "");
  EXPECT_TRUE(world.import("time_rotating", "2023-11-14T22:13:20Z,,,2,,").identical(made));
}

TEST(TimeSleep, SleepsOnTheLoop) {
  TimeWorld world;
  Duration start = world.clock.monotonic();
  Value made = world.create("time_sleep",
                            {{"create_duration", Value::string("1.5h")}, {"destroy_duration", Value::string("30s")}});
  EXPECT_GE(world.clock.monotonic() - start, std::chrono::minutes(90));
  EXPECT_EQ(text(made, "id"), "2023-11-14T23:43:20Z");
  Value none = Value::null(made.type());
  start = world.clock.monotonic();
  world.apply("time_sleep", made, none, none);
  EXPECT_GE(world.clock.monotonic() - start, std::chrono::seconds(30));
  EXPECT_NE(world.invalid("time_sleep", {{"create_duration", Value::string("5 s")}}), "");
  EXPECT_EQ(text(world.import("time_sleep", "1s,"), "create_duration"), "1s");
  EXPECT_TRUE(world.import("time_sleep", "x").is_null());
}

}  // namespace
}  // namespace terrace::providers
