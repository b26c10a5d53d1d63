#include "state/value_json.h"

#include <gtest/gtest.h>

namespace terrace::state {
namespace {

using lang::Marks;
using lang::Type;
using lang::Value;

TEST(ValueJson, ComesBackWholeByItsType) {
  Value value = Value::object({
      {"big", Value::number(*lang::Number::parse("123456789012345678901234567890.5"))},
      {"list", Value::list(Type::string(), {Value::string("<a>"), Value::unknown(Type::string())})},
      {"map", Value::map(Type::boolean(), {{"k", Value::boolean(true).with_marks(Marks::kSensitive)}})},
      {"none", Value::null(Type::number())},
      {"set", Value::set(Type::number(), {Value::number(2), Value::number(1)})},
      {"tuple", Value::tuple({Value::string("x"), Value::unknown(Type::boolean())})},
  });
  for (const Type& type : {value.type(), Type::dynamic()}) {
    Result<Value, std::string> again = decode_whole(encode_whole(value, type), type);
    ASSERT_TRUE(again.ok()) << again.error();
    EXPECT_TRUE(again->identical(value)) << encode_whole(*again, type);
  }
}

TEST(ValueJson, DynamicAttributesCarryTheirType) {
  Type type = Type::object({{"input", Type::dynamic(), false}});
  Value value = Value::object({{"input", Value::tuple({Value::number(1)})}});
  EXPECT_EQ(encode_value(value, type), R"({"input":{"value":[1],"type":["tuple",["number"]]}})");
  EXPECT_EQ(encode_value(Value::object({{"input", Value()}}), type), R"({"input":null})");
  EXPECT_TRUE(decode_value(R"({"input": {"type": ["tuple",["number"]], "value": [1]}})", type)->identical(value));
}

TEST(ValueJson, TakesWhatIsMissingAsNullAndRefusesWhatDoesNotFit) {
  Type type = Type::object({{"a", Type::string(), false}, {"b", Type::number(), false}});
  Result<Value, std::string> partial = decode_value(R"({"a":"x","gone":{}})", type);
  ASSERT_TRUE(partial.ok());
  EXPECT_TRUE(partial->attribute("b").is_null());
  EXPECT_FALSE(decode_value(R"({"b":"many"})", type).ok());
  EXPECT_FALSE(decode_value(R"({"a":[]})", type).ok());
  EXPECT_FALSE(decode_value(R"([])", type).ok());
  EXPECT_FALSE(decode_type(R"(["heap","string"])").ok());
}

TEST(ValueJson, AStringThatHoldsJsonIsAString) {
  Result<Value, std::string> value = decode_value(R"("{\"Statement\":[]}")", Type::string());
  ASSERT_TRUE(value.ok()) << value.error();
  EXPECT_EQ(value->as_string(), R"({"Statement":[]})");
  EXPECT_FALSE(decode_value(R"({"Statement":[]})", Type::string()).ok());
}

TEST(ValueJson, PathsAreWrittenAsTerraformDoes) {
  std::string text =
      R"([[{"type":"get_attr","value":"input"},{"type":"index","value":{"value":0,"type":"number"}},{"type":"get_attr","value":"x"}]])";
  Result<std::vector<lang::Path>, std::string> paths = decode_paths(text);
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(encode_paths(*paths), text);
  EXPECT_EQ((*paths)[0].size(), 3u);
}

}  // namespace
}  // namespace terrace::state
