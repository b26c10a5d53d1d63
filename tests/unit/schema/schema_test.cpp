#include "schema/schema.h"

#include <gtest/gtest.h>

namespace terrace::schema {
namespace {

using lang::Type;
using lang::Value;

Attribute attribute(std::string name, bool required, bool optional, bool computed) {
  Attribute made;
  made.name = std::move(name);
  made.type = Type::string();
  made.required = required;
  made.optional = optional;
  made.computed = computed;
  return made;
}

// id computed, name required, zone optional and computed, and a block `rule` of port and id.
Block block(Nesting nesting) {
  Block all;
  all.attributes = {attribute("id", false, false, true), attribute("name", true, false, false),
                    attribute("zone", false, true, true)};
  NestedBlock rule;
  rule.name = "rule";
  rule.nesting = nesting;
  rule.block.attributes = {attribute("id", false, false, true), attribute("port", true, false, false)};
  all.blocks = {rule};
  return all;
}

Value none() {
  return Value::null(Type::string());
}
Value rule(Value id, const char* port) {
  return Value::object({{"id", std::move(id)}, {"port", Value::string(port)}});
}
Value object(Value id, const char* name, Value zone, Value rules) {
  return Value::object(
      {{"id", std::move(id)}, {"name", Value::string(name)}, {"rule", std::move(rules)}, {"zone", std::move(zone)}});
}
Value rules(Nesting nesting, std::vector<Value> elements) {
  Type type = Type::object({{"id", Type::string(), false}, {"port", Type::string(), false}});
  return nesting == Nesting::kSet ? Value::set(type, std::move(elements)) : Value::list(type, std::move(elements));
}

TEST(Schema, ImpliedTypeHasAttributesAndBlocks) {
  EXPECT_EQ(
      block(Nesting::kList).implied_type(),
      Type::object(
          {{"id", Type::string(), false},
           {"name", Type::string(), false},
           {"rule", Type::list(Type::object({{"id", Type::string(), false}, {"port", Type::string(), false}})), false},
           {"zone", Type::string(), false}}));
}

TEST(Schema, ProposedKeepsWhatWasComputedAndTakesWhatIsConfigured) {
  Block schema = block(Nesting::kList);
  Value prior = object(Value::string("i"), "old", Value::string("z"),
                       rules(Nesting::kList, {rule(Value::string("r0"), "80"), rule(Value::string("r1"), "81")}));
  Value config = object(none(), "new", none(), rules(Nesting::kList, {rule(none(), "90")}));
  Value proposed = proposed_new(schema, prior, config);
  EXPECT_TRUE(proposed.identical(
      object(Value::string("i"), "new", Value::string("z"), rules(Nesting::kList, {rule(Value::string("r0"), "90")}))));
  EXPECT_TRUE(proposed_new(schema, Value::null(schema.implied_type()), config).identical(config));
}

TEST(Schema, ElementsOfSetsAreFoundByWhatIsConfigured) {
  Block schema = block(Nesting::kSet);
  Value prior = object(Value::string("i"), "n", Value::string("z"),
                       rules(Nesting::kSet, {rule(Value::string("r0"), "80"), rule(Value::string("r1"), "81")}));
  Value config = object(none(), "n", none(), rules(Nesting::kSet, {rule(none(), "81"), rule(none(), "99")}));
  Value proposed = proposed_new(schema, prior, config);
  EXPECT_TRUE(proposed.attribute("rule").identical(
      rules(Nesting::kSet, {rule(Value::string("r1"), "81"), rule(none(), "99")})));
}

TEST(Schema, WhatIsComputedAndNotSetIsUnknown) {
  Block schema = block(Nesting::kList);
  Value planned =
      computed_unknown(schema, object(none(), "n", Value::string("z"), rules(Nesting::kList, {rule(none(), "1")})));
  EXPECT_FALSE(planned.attribute("id").is_known());
  EXPECT_TRUE(planned.attribute("zone").identical(Value::string("z")));
  EXPECT_FALSE(planned.attribute("rule").elements()[0].attribute("id").is_known());
}

TEST(Schema, SensitiveAttributesAreMarkedInBlocksToo) {
  Block schema = block(Nesting::kList);
  schema.blocks[0].block.attributes[1].sensitive = true;
  Value value = object(none(), "n", none(), rules(Nesting::kList, {rule(none(), "1")}));
  Value marked = mark_sensitive(schema, value);
  EXPECT_TRUE(marked.attribute("rule").elements()[0].attribute("port").has(lang::Marks::kSensitive));
  EXPECT_FALSE(marked.attribute("name").has(lang::Marks::kSensitive));
  EXPECT_TRUE(marked.without_marks_deep().identical(value));
}

}  // namespace
}  // namespace terrace::schema
