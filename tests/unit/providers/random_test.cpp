#include "providers/random_provider.h"

#include <algorithm>

#include "table_world.h"

namespace terrace::providers {
namespace {

using lang::Type;
using lang::Value;

struct RandomWorld : ProviderWorld {
  RandomWorld() { provider = make_random_provider(random); }
};

Value keepers(const char* value) {
  return Value::map(Type::string(), {{"k", Value::string(value)}});
}

std::vector<std::string> only(const char* name) {
  return {name};
}

TEST(RandomPassword, HoldsItsMinimaAndHashes) {
  RandomWorld world;
  Value made = world.create("random_password", {{"length", Value::number(20)},
                                                {"min_special", Value::number(5)},
                                                {"min_numeric", Value::number(5)},
                                                {"override_special", Value::string("_")},
                                                {"upper", Value::boolean(false)}});
  std::string result = made.attribute("result").as_string();
  EXPECT_EQ(result.size(), 20u);
  EXPECT_GE(std::count(result.begin(), result.end(), '_'), 5);
  EXPECT_GE(std::count_if(result.begin(), result.end(), isdigit), 5);
  EXPECT_EQ(std::count_if(result.begin(), result.end(), isupper), 0);
  EXPECT_EQ(made.attribute("id").as_string(), "none");
  EXPECT_EQ(made.attribute("bcrypt_hash").as_string().substr(0, 7), "$2a$10$");
  EXPECT_EQ(made.attribute("bcrypt_hash").as_string().size(), 60u);
  const schema::Block& block = world.type("random_password").block;
  EXPECT_TRUE(block.find_attribute("result")->sensitive);
  EXPECT_TRUE(block.find_attribute("bcrypt_hash")->sensitive);
  EXPECT_EQ(world.type("random_password").version, 3);
  EXPECT_EQ(world.invalid("random_password", {{"length", Value::number(3)}, {"min_lower", Value::number(4)}}),
            "Attribute length value must be at least sum of min_upper + min_lower + min_numeric + min_special, got: 3");
  EXPECT_NE(world.invalid("random_password", {{"length", Value::number(0)}}), "");
}

TEST(RandomPassword, ImportsAndUpgrades) {
  RandomWorld world;
  Value imported = world.import("random_password", "secret-text");
  EXPECT_EQ(imported.attribute("length").as_number().to_int64(), 11);
  Value config = world.config("random_password", {{"length", Value::number(11)}});
  schema::PlanResponse planned = world.plan("random_password", imported, config);
  EXPECT_TRUE(planned.planned.identical(imported));
  Checked<Value> upgraded = world.provider->upgrade_state(
      "random_password", 1, R"({"id":"none","length":3,"result":"abc","number":false,"bcrypt_hash":"h"})");
  ASSERT_FALSE(upgraded.diagnostics.has_errors());
  EXPECT_FALSE(upgraded.value.attribute("numeric").as_bool());
  EXPECT_TRUE(upgraded.value.attribute("upper").as_bool());
  EXPECT_EQ(upgraded.value.attribute("bcrypt_hash").as_string(), "h");
  EXPECT_TRUE(world.provider->upgrade_state("random_password", 4, "{}").diagnostics.has_errors());
}

TEST(RandomString, IsItsOwnIdAndFollowsTheOldName) {
  RandomWorld world;
  Value made = world.create("random_string", {{"length", Value::number(12)}, {"number", Value::boolean(false)}});
  EXPECT_EQ(made.attribute("id").as_string(), made.attribute("result").as_string());
  EXPECT_FALSE(made.attribute("numeric").as_bool());
  EXPECT_EQ(world.replaced_by("random_string", made, {{"length", Value::number(12)}}), only("numeric"));
  EXPECT_EQ(
      world.replaced_by("random_string", made, {{"length", Value::number(13)}, {"numeric", Value::boolean(false)}}),
      only("length"));
}

TEST(RandomInteger, StaysInRangeAndRepeatsASeed) {
  RandomWorld world;
  std::vector<Value::Member> range = {
      {"min", Value::number(-3)}, {"max", Value::number(3)}, {"seed", Value::string("s")}};
  Value first = world.create("random_integer", range);
  Value second = world.create("random_integer", range);
  EXPECT_TRUE(first.identical(second));
  int64_t result = *first.attribute("result").as_number().to_int64();
  EXPECT_GE(result, -3);
  EXPECT_LE(result, 3);
  Value imported = world.import("random_integer", "2,1,5");
  EXPECT_EQ(imported.attribute("max").as_number().to_int64(), 5);
  EXPECT_TRUE(world.import("random_integer", "2,1").is_null());
  Value wrong = world.config("random_integer", {{"min", Value::number(2)}, {"max", Value::number(1)}});
  schema::PlanResponse planned = world.plan("random_integer", Value(), wrong);
  EXPECT_TRUE(world.apply("random_integer", Value(), planned.planned, wrong).diagnostics.has_errors());
}

TEST(RandomShuffle, KeepsTheElements) {
  RandomWorld world;
  Value input = Value::list(Type::string(), {Value::string("a"), Value::string("b"), Value::string("c")});
  Value made = world.create("random_shuffle", {{"input", input}, {"result_count", Value::number(7)}});
  ASSERT_EQ(made.attribute("result").length(), 7u);
  std::string first;
  for (size_t i = 0; i < 3; ++i) first += made.attribute("result").elements()[i].as_string();
  std::sort(first.begin(), first.end());
  EXPECT_EQ(first, "abc");
  EXPECT_TRUE(world.import("random_shuffle", "x").is_null());
}

TEST(RandomPet, IsMadeOfWords) {
  RandomWorld world;
  Value made = world.create(
      "random_pet", {{"length", Value::number(3)}, {"prefix", Value::string("p")}, {"separator", Value::string("_")}});
  std::string id = made.attribute("id").as_string();
  EXPECT_EQ(id.substr(0, 2), "p_");
  EXPECT_EQ(std::count(id.begin(), id.end(), '_'), 3);
}

TEST(RandomUuidAndBytes, MakeAndImport) {
  RandomWorld world;
  Value uuid = world.create("random_uuid", {});
  EXPECT_TRUE(world.import("random_uuid", uuid.attribute("id").as_string()).identical(uuid));
  EXPECT_TRUE(world.import("random_uuid", "no").is_null());
  Value bytes = world.create("random_bytes", {{"length", Value::number(5)}});
  EXPECT_EQ(bytes.attribute("hex").as_string().size(), 10u);
  EXPECT_TRUE(world.import("random_bytes", bytes.attribute("base64").as_string()).identical(bytes));
}

TEST(Keepers, ReplaceUnlessOnlyNullsDiffer) {
  RandomWorld world;
  Value made = world.create("random_uuid", {{"keepers", keepers("a")}});
  EXPECT_EQ(world.replaced_by("random_uuid", made, {{"keepers", keepers("b")}}), only("keepers"));
  Value with_null = Value::map(Type::string(), {{"k", Value::string("a")}, {"n", Value::null(Type::string())}});
  EXPECT_TRUE(world.replaced_by("random_uuid", made, {{"keepers", with_null}}).empty());
}

}  // namespace
}  // namespace terrace::providers
