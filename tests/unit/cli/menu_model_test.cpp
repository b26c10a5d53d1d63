#include "cli/menu_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace terrace::cli {
namespace {

using Key = MenuModel::Key;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;

MenuModel model_of(const std::vector<StackState>& stacks) {
  MenuModel model;
  model.set_rows(menu_rows("harbor", stacks));
  return model;
}

StackState stack(std::string name, std::size_t objects, bool created = true, bool locked = false) {
  return {std::move(name), objects, created, locked};
}

TEST(MenuModel, RowsSayHowTheStacksAre) {
  const auto rows =
      menu_rows("harbor", {stack("vpc", 36), stack("s3", 0), stack("etcd", 0, false), stack("iam", 2, true, true)});
  EXPECT_EQ(rows[0].status, "2 of 4 made");
  EXPECT_EQ(rows[1].status, "36 objects");
  EXPECT_EQ(rows[2].status, "taken down");
  EXPECT_EQ(rows[3].status, "never created");
  EXPECT_EQ(rows[4].status, "2 objects, locked");
  EXPECT_THAT(rows, Contains(Field(&MenuRow::name, "session")));
}

TEST(MenuModel, WhatOnlyLooksRunsAtOnce) {
  MenuModel model = model_of({stack("vpc", 0, false)});
  EXPECT_FALSE(model.press(Key::kDown));
  EXPECT_FALSE(model.press(Key::kEnter));  // to the actions
  const auto action = model.press(Key::kEnter);
  ASSERT_TRUE(action);
  EXPECT_THAT(action->arguments, ElementsAre("plan", "vpc"));
}

TEST(MenuModel, WhatChangesAsksFirstAndTakesTheRightAnswerAlone) {
  MenuModel model = model_of({stack("vpc", 0, false)});
  model.press(Key::kDown);
  model.press(Key::kRight);
  model.press(Key::kDown);
  EXPECT_FALSE(model.press(Key::kEnter));
  ASSERT_TRUE(model.asks());
  EXPECT_FALSE(model.submit());  // an empty answer
  EXPECT_FALSE(model.asks());
  model.press(Key::kEnter);
  for (char letter : std::string("yesx")) model.type(letter);
  model.erase();
  const auto action = model.submit();
  ASSERT_TRUE(action);
  EXPECT_THAT(action->arguments, ElementsAre("up", "-auto-approve", "vpc"));
}

TEST(MenuModel, TakingDownAsksForTheClustersName) {
  MenuModel model = model_of({stack("vpc", 3)});
  model.press(Key::kDown);
  model.press(Key::kRight);
  model.press(Key::kDown);
  model.press(Key::kDown);
  model.press(Key::kEnter);
  for (char letter : std::string("yes")) model.type(letter);
  EXPECT_FALSE(model.submit());
  model.press(Key::kEnter);
  model.cancel();
  EXPECT_FALSE(model.asks());
  model.press(Key::kEnter);
  for (char letter : std::string("harbor")) model.type(letter);
  EXPECT_TRUE(model.submit());
}

TEST(MenuModel, TheChoiceStaysWithinTheRowsAlsoWhenTheyBecomeFewer) {
  MenuModel model = model_of({stack("vpc", 1), stack("s3", 1)});
  model.press(Key::kUp);
  EXPECT_EQ(model.row(), 0U);
  for (int i = 0; i < 100; ++i) model.press(Key::kDown);
  EXPECT_EQ(model.row(), model.rows().size() - 1);
  model.set_rows(menu_rows("harbor", {}));
  EXPECT_EQ(model.row(), model.rows().size() - 1);
  model.set_rows({});
  EXPECT_FALSE(model.press(Key::kEnter));
}

TEST(MenuModel, TheLogShowsItsEndUnlessItWasScrolled) {
  MenuModel model = model_of({});
  for (int i = 0; i < 30; ++i) model.log(std::to_string(i));
  EXPECT_THAT(model.log_view(2), ElementsAre("28", "29"));
  model.press(Key::kPageUp);
  EXPECT_THAT(model.log_view(2), ElementsAre("18", "19"));
  model.log("30");  // what is read stays where it is
  EXPECT_THAT(model.log_view(2), ElementsAre("18", "19"));
  model.press(Key::kEnd);
  EXPECT_THAT(model.log_view(2), ElementsAre("29", "30"));
  for (int i = 0; i < 10; ++i) model.press(Key::kPageUp);
  EXPECT_THAT(model.log_view(5), ElementsAre("0"));
}

}  // namespace
}  // namespace terrace::cli
