#include "node/reboot_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace terrace::node {
namespace {

using ::testing::HasSubstr;

std::tm at(int day, int hour, int minute) {
  std::tm local{};
  local.tm_wday = day;
  local.tm_hour = hour;
  local.tm_min = minute;
  return local;
}

bool contains(const std::string& window, const std::tm& local) {
  return parse_reboot_window(window)->contains(local);
}

TEST(RebootWindow, HasItsLengthFromItsStart) {
  EXPECT_FALSE(contains("05:30 3h", at(2, 5, 29)));
  EXPECT_TRUE(contains("05:30 3h", at(2, 5, 30)));
  EXPECT_TRUE(contains("05:30 3h", at(6, 8, 29)));
  EXPECT_FALSE(contains("05:30 3h", at(6, 8, 30)));
  EXPECT_TRUE(contains("23:00 1h30m", at(3, 0, 29)));  // across midnight
  EXPECT_FALSE(contains("23:00 1h30m", at(3, 0, 30)));
  EXPECT_TRUE(contains("00:00 24h", at(0, 12, 0)));
}

TEST(RebootWindow, MayBeOfOneDayOfTheWeek) {
  EXPECT_TRUE(contains("Sat 23:00 2h", at(6, 23, 0)));
  EXPECT_TRUE(contains("Sat 23:00 2h", at(0, 0, 59)));  // across the end of the week
  EXPECT_FALSE(contains("Sat 23:00 2h", at(1, 0, 59)));
  EXPECT_FALSE(contains("Sat 23:00 2h", at(5, 23, 0)));
}

TEST(RebootWindow, SaysWhatIsWrong) {
  EXPECT_THAT(parse_reboot_window("05:30").error(), HasSubstr("it needs a start and a length"));
  EXPECT_THAT(parse_reboot_window("Sunday 05:30 3h").error(), HasSubstr("\"Sunday\" is none of Sun"));
  EXPECT_THAT(parse_reboot_window("25:00 3h").error(), HasSubstr("no time of the day"));
  EXPECT_THAT(parse_reboot_window("05:30 3d").error(), HasSubstr("\"3d\" is no length"));
  EXPECT_THAT(parse_reboot_window("05:30 25h").error(), HasSubstr("is no length"));
  EXPECT_THAT(parse_reboot_window("05:30 0h").error(), HasSubstr("is no length"));
}

TEST(RebootHolders, AreReadBack) {
  const std::vector<RebootHolder> holders = {{"i-1", "boot", "2026-01-01T00:00:00Z"}};
  const Result<std::vector<RebootHolder>, std::string> read = parse_reboot_holders(to_text(holders));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->at(0).instance, "i-1");
  EXPECT_FALSE(parse_reboot_holders("{}").ok());
}

RebootView view() {
  RebootView seen;
  seen.me = "i-1";
  seen.boot = "first";
  seen.wanted = true;
  return seen;
}

TEST(RebootStep, IsTakenInTurn) {
  RebootView seen = view();
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kTake);
  seen.holders = {{"i-2", "first", ""}};
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kWait);
  seen.places = 2;
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kTake);
  seen.in_window = false;
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kWait);
  seen.in_window = true;
  seen.group_well = false;
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kWait);
  seen.wanted = false;
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kNothing);
}

TEST(RebootStep, IsGivenBackAfterTheRebootWhenTheNodeIsWell) {
  RebootView seen = view();
  seen.holders = {{"i-1", "first", ""}};
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kReboot);
  seen.in_window = false;  // its turn has come, and lasts
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kReboot);
  seen.boot = "second";
  seen.well = false;
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kWait);
  seen.well = true;
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kGiveBack);
  seen.boot = "first";
  seen.wanted = false;  // nothing waits for a reboot any more
  EXPECT_EQ(next_reboot_step(seen), RebootStep::kGiveBack);
}

}  // namespace
}  // namespace terrace::node
