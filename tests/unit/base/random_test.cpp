#include "base/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace terrace {
namespace {

TEST(Random, UuidIsVersionFour) {
  SystemRandom random;
  EXPECT_THAT(random.uuid(),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(random.uuid(), random.uuid());
}

TEST(Random, ASeedRepeatsItself) {
  SeededRandom first(7), second(7), other(8);
  std::string uuid = first.uuid();
  EXPECT_EQ(uuid, second.uuid());
  EXPECT_NE(uuid, other.uuid());
}

TEST(Random, UniformStaysBelowOne) {
  SeededRandom random(1);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    double x = random.uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

}  // namespace
}  // namespace terrace
