// Whole runs on root modules in their directories.
#include "apply/operation.h"

#include <gtest/gtest.h>

#include "apply/import.h"
#include "support/small_world.h"

namespace terrace {
namespace {

using namespace test;

struct Machine {
  World world;
  VirtualWaiter waiter{world.clock};
  Loop loop{world.clock, &waiter};
  providers::Registry registry;

  Machine() {
    registry.add("registry.terraform.io/hashicorp/thing",
                 [this] { return std::make_unique<ThingProvider>(world.cloud, loop); });
    registry.add("terraform.io/builtin/terraform", [this] {
      return providers::make_terraform_provider(world.files, world.random, "stacks/vpc", nullptr);
    });
    world.files.put("stacks/vpc/main.tf", R"(
variable "name" {
  type = string
}
resource "thing" "a" {
  name = var.name
  size = "9"
}
output "where" {
  value = "${path.module} ${thing.a.id}"
}
)");
    world.files.put("stacks/vpc/terraform.tfvars", "name = \"vpc\"\n");
  }

  apply::Operation make() {
    apply::OperationSettings settings;
    settings.directory = "stacks/vpc";
    settings.identity = {"ada", "host"};
    return apply::Operation(apply::Effects{world.files, loop, world.random, registry, nullptr, {}}, settings);
  }
};

std::string said(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.items()) out += diagnostic.summary + ": " + diagnostic.detail + "\n";
  return out;
}

TEST(Operation, RunsInTheDirectoryOfItsStack) {
  Machine machine;
  apply::Operation operation = machine.make();
  ASSERT_EQ(said(operation.load()), "");
  ASSERT_EQ(said(machine.loop.run(operation.open("OperationTypeApply"))), "");
  EXPECT_TRUE(machine.world.files.has("stacks/vpc/.terraform.tfstate.lock.info"));
  apply::Operation other = machine.make();
  ASSERT_EQ(said(other.load()), "");
  EXPECT_NE(said(machine.loop.run(other.open("OperationTypePlan"))).find("ada@host"), std::string::npos);
  ASSERT_EQ(said(machine.loop.run(operation.plan({}))), "");
  apply::ApplyResult applied = machine.loop.run(operation.apply({}));
  EXPECT_EQ(said(applied.diagnostics), "");
  EXPECT_EQ(said(machine.loop.run(operation.close())), "");
  EXPECT_FALSE(machine.world.files.has("stacks/vpc/.terraform.tfstate.lock.info"));
  EXPECT_EQ(machine.world.cloud.objects.at("id-1").at("size"), "9");
  EXPECT_NE(machine.world.files.text("stacks/vpc/terraform.tfstate").find("\"value\": \". id-1\""), std::string::npos);
}

TEST(Operation, AppliesASavedPlanWithTheConfigurationItWasMadeFrom) {
  Machine machine;
  std::string bytes;
  {
    apply::Operation operation = machine.make();
    ASSERT_EQ(said(operation.load()), "");
    ASSERT_EQ(said(machine.loop.run(operation.open("OperationTypePlan"))), "");
    ASSERT_EQ(said(machine.loop.run(operation.plan({}))), "");
    bytes = plan::encode_plan(operation.saved(), machine.registry);
    ASSERT_EQ(said(machine.loop.run(operation.close())), "");
  }
  machine.world.files.put("stacks/vpc/main.tf", "resource \"thing\" \"other\" {\n  name = \"other\"\n}\n");
  machine.world.files.put("stacks/vpc/terraform.tfvars", "");
  Checked<plan::SavedPlan> saved = plan::decode_plan(bytes, "p", machine.registry);
  ASSERT_EQ(said(saved.diagnostics), "");
  apply::Operation operation = machine.make();
  ASSERT_EQ(said(operation.load(saved.value)), "");
  ASSERT_EQ(said(machine.loop.run(operation.open("OperationTypeApply"))), "");
  ASSERT_EQ(said(operation.restore(saved.value.plan)), "");
  apply::ApplyResult applied = machine.loop.run(operation.apply({}));
  EXPECT_EQ(said(applied.diagnostics), "");
  EXPECT_EQ(applied.added, 1);
  EXPECT_EQ(machine.world.cloud.objects.at("id-1").at("name"), "vpc");
  EXPECT_NE(machine.world.files.text("stacks/vpc/terraform.tfstate").find("id-1"), std::string::npos);
}

TEST(Operation, ImportsAnObjectThatExists) {
  Machine machine;
  apply::Operation operation = machine.make();
  ASSERT_EQ(said(operation.load()), "");
  ASSERT_EQ(said(machine.loop.run(operation.open("OperationTypeApply"))), "");
  state::ResourceAddress address{"", state::Mode::kManaged, "thing", "a"};
  std::string provider = "provider[\"registry.terraform.io/hashicorp/thing\"]";
  std::string missing =
      said(machine.loop.run(apply::import_object(operation.run(), operation.session(), address, {}, provider, "id-7")));
  EXPECT_NE(missing.find("Cannot import non-existent remote object"), std::string::npos);
  machine.world.cloud.objects["id-7"] = {{"name", "vpc"}, {"size", "9"}, {"secret", ""}};
  ASSERT_EQ(
      said(machine.loop.run(apply::import_object(operation.run(), operation.session(), address, {}, provider, "id-7"))),
      "");
  ASSERT_EQ(said(machine.loop.run(operation.plan({}))), "");
  EXPECT_EQ(plan::count_changes(operation.run().plan()).create, 0);
  std::string again =
      said(machine.loop.run(apply::import_object(operation.run(), operation.session(), address, {}, provider, "id-7")));
  EXPECT_NE(again.find("Resource already managed by Terraform"), std::string::npos);
}

TEST(Operation, OtherBackendsAreRefusedAtTheirPlace) {
  Machine machine;
  machine.world.files.put("stacks/vpc/main.tf", "terraform {\n  backend \"gcs\" {\n  }\n}\n");
  apply::Operation operation = machine.make();
  ASSERT_EQ(said(operation.load()), "");
  Diagnostics refused = machine.loop.run(operation.open("OperationTypePlan"));
  ASSERT_TRUE(refused.has_errors());
  EXPECT_EQ(refused.items()[0].summary, "Unsupported backend type");
  EXPECT_TRUE(refused.items()[0].subject.valid());
}

}  // namespace
}  // namespace terrace
