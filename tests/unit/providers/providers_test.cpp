#include <gtest/gtest.h>

#include "base/loop.h"
#include "providers/random_provider.h"
#include "providers/registry.h"
#include "providers/terraform_provider.h"
#include "support/memory_file_system.h"

namespace terrace::providers {
namespace {

using lang::Type;
using lang::Value;

struct World {
  test::MemoryFileSystem files;
  VirtualClock clock;
  VirtualWaiter waiter{clock};
  Loop loop{clock, &waiter};
  SeededRandom random{1};
};

// Answers with known bytes.
class FixedRandom final : public Random {
 public:
  void fill(std::span<uint8_t> bytes) override {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(0xF8 + i);
  }
};

Value random_id(Value prefix) {
  Value none = Value::null(Type::string());
  return Value::object({{"b64_std", none},
                        {"b64_url", none},
                        {"byte_length", Value::number(4)},
                        {"dec", none},
                        {"hex", none},
                        {"id", none},
                        {"keepers", Value::null(Type::map(Type::string()))},
                        {"prefix", std::move(prefix)}});
}

TEST(RandomId, GivesItsBytesInEveryForm) {
  World world;
  FixedRandom random;
  std::unique_ptr<schema::Provider> provider = make_random_provider(random);
  Type type = provider->schema().resources.at("random_id").implied_type;
  schema::PlanRequest plan{"random_id", Value::null(type), random_id(Value::string("p-")),
                           random_id(Value::string("p-")), ""};
  schema::PlanResponse planned = world.loop.run(provider->plan_resource(plan));
  EXPECT_FALSE(planned.planned.attribute("hex").is_known());
  schema::ApplyRequest apply;
  apply.type = "random_id";
  apply.prior = Value::null(type);
  apply.planned = planned.planned;
  schema::ApplyResponse made = world.loop.run(provider->apply_resource(apply));
  auto text = [&made](const char* name) { return made.new_state.attribute(name).as_string(); };
  EXPECT_EQ(text("hex"), "p-f8f9fafb");
  EXPECT_EQ(text("dec"), "p-4177132283");
  EXPECT_EQ(text("b64_std"), "p-+Pn6+w==");
  EXPECT_EQ(text("b64_url"), "p--Pn6-w");
  EXPECT_EQ(text("id"), "-Pn6-w");
  EXPECT_EQ(made.new_state.type(), type);
  schema::ImportResponse imported = world.loop.run(provider->import_resource("random_id", "p-,-Pn6-w"));
  ASSERT_EQ(imported.objects.size(), 1u);
  EXPECT_TRUE(imported.objects[0].state.identical(made.new_state));
  EXPECT_TRUE(world.loop.run(provider->import_resource("random_id", "not base64!")).diagnostics.has_errors());
  schema::PlanRequest longer{"random_id", made.new_state,
                             made.new_state.with_attribute("byte_length", Value::number(8)),
                             random_id(Value::string("p-")), ""};
  EXPECT_EQ(world.loop.run(provider->plan_resource(longer)).requires_replace.size(), 1u);
}

Value remote(const std::string& path, Value defaults = Value()) {
  return Value::object({{"backend", Value::string("local")},
                        {"config", Value::object({{"path", Value::string(path)}})},
                        {"defaults", std::move(defaults)},
                        {"outputs", Value()},
                        {"workspace", Value::null(Type::string())}});
}

struct Siblings final : SiblingOutputs {
  std::vector<std::string> asked;
  Task<std::optional<Value>> outputs_for(std::string path) override {
    asked.push_back(path);
    if (path != "stacks/vpc/terraform.tfstate") co_return std::nullopt;
    Value outputs = Value::object({{"id", Value::unknown(Type::string())}});
    co_return outputs;
  }
};

TEST(RemoteState, ReadsTheOutputsOfAFileAndOfSiblings) {
  World world;
  Siblings siblings;
  std::unique_ptr<schema::Provider> provider =
      make_terraform_provider(world.files, world.random, "stacks/iam", &siblings);
  schema::DataResponse planned =
      world.loop.run(provider->read_data({"terraform_remote_state", remote("../vpc/./terraform.tfstate")}));
  EXPECT_FALSE(planned.state.attribute("outputs").attribute("id").is_known());
  schema::DataResponse missing =
      world.loop.run(provider->read_data({"terraform_remote_state", remote("../s3/terraform.tfstate")}));
  ASSERT_TRUE(missing.diagnostics.has_errors());
  EXPECT_EQ(missing.diagnostics.items()[0].summary, "Unable to find remote state");
  world.files.put(
      "stacks/s3/terraform.tfstate",
      R"({"version":4,"serial":1,"lineage":"l","outputs":{"n":{"value":[1,"x"],"type":["tuple",["number","string"]]}},"resources":[]})");
  schema::DataResponse stored = world.loop.run(provider->read_data(
      {"terraform_remote_state", remote("../s3/terraform.tfstate", Value::object({{"other", Value::string("d")}}))}));
  ASSERT_FALSE(stored.diagnostics.has_errors());
  const Value& outputs = stored.state.attribute("outputs");
  EXPECT_TRUE(outputs.attribute("n").identical(Value::tuple({Value::number(1), Value::string("x")})));
  EXPECT_EQ(outputs.attribute("other").as_string(), "d");
  Value s3 = remote("x").with_attribute("backend", Value::string("s3"));
  EXPECT_TRUE(provider->validate_data("terraform_remote_state", s3).has_errors());
}

TEST(Registry, SaysWhatItHas) {
  World world;
  Registry registry;
  registry.add(std::string(kRandomSource), [&world] { return make_random_provider(world.random); });
  EXPECT_EQ(registry.make("registry.terraform.io/hashicorp/google"), nullptr);
  EXPECT_EQ(registry.schema("registry.terraform.io/hashicorp/google"), nullptr);
  EXPECT_EQ(registry.sources(), std::vector<std::string>{"registry.terraform.io/hashicorp/random"});
  EXPECT_NE(registry.make(kRandomSource), nullptr);
  EXPECT_EQ(registry.schema(kRandomSource)->resources.count("random_id"), 1u);
}

}  // namespace
}  // namespace terrace::providers
