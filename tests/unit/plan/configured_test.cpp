// Configurations of files, planned and applied; states compared with what stock Terraform wrote for the same files.
#include "plan/configured.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>

#include "base/file_system.h"
#include "config/variables.h"
#include "plan/validate.h"
#include "support/small_world.h"

namespace terrace {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::IsEmpty;

// A root module in memory, and the machine that it is applied on.
struct Stack {
  World world;
  std::map<std::string, Value> variables;
  std::vector<SourceFilePtr> kept;

  void write(const std::string& text) { world.files.put("main.tf", text); }

  World::Run run(bool and_apply, plan::PlanOptions options = {}) {
    VirtualWaiter waiter(world.clock);
    Loop loop(world.clock, &waiter);
    providers::Registry registry;
    registry.add("terraform.io/builtin/terraform",
                 [this] { return providers::make_terraform_provider(world.files, world.random, "", nullptr); });
    registry.add("registry.terraform.io/hashicorp/thing",
                 [this, &loop] { return std::make_unique<ThingProvider>(world.cloud, loop); });
    World::Run result;
    Checked<std::shared_ptr<config::Configuration>> configuration = config::load_configuration(world.files, ".");
    result.diagnostics = std::move(configuration.diagnostics);
    if (result.diagnostics.has_errors()) return result;
    config::VariableSources sources;
    sources.directory = ".";
    Checked<std::map<std::string, Value>> given =
        config::collect_variables(world.files, *configuration.value->root, sources, kept);
    result.diagnostics.append(std::move(given.diagnostics));
    Checked<config::ObjectGraph> graph = config::build_object_graph(*configuration.value);
    result.diagnostics.append(std::move(graph.diagnostics));
    if (result.diagnostics.has_errors()) return result;
    lang::FunctionContext functions;
    functions.files = &world.files;
    functions.clock = &world.clock;
    functions.random = &world.random;
    plan::Configured desired(*configuration.value, graph.value, given.value, functions, "default", registry);
    state::LocalStateStore store(world.files, loop, world.random, state::Identity{"ada", "host"},
                                 {"terraform.tfstate", "", ""});
    state::StateSession session(store, world.files, loop, world.random);
    result.diagnostics.append(loop.run(session.open()));
    plan::PlanRun run(plan::Environment{loop, registry, nullptr}, desired, session);
    result.diagnostics.append(loop.run(run.make(options)));
    for (const plan::ResourceChange& change : run.plan().changes) {
      if (change.action == plan::Action::kNoOp) continue;
      result.summary.push_back(std::string(World::verb(change.action)) + " " + run.plan().address_of(change));
    }
    result.all = run.plan().changes;
    result.outputs = run.plan().outputs;
    result.changes = plan::has_changes(run.plan());
    if (and_apply && !result.diagnostics.has_errors()) {
      result.applied = loop.run(apply::apply(run, session, loop, world.random, {}));
    }
    result.state = world.files.text("terraform.tfstate");
    return result;
  }
};

std::string first_error(const World::Run& run) {
  for (const Diagnostics* diagnostics : {&run.diagnostics, &run.applied.diagnostics}) {
    for (const Diagnostic& diagnostic : diagnostics->items()) {
      if (diagnostic.severity == Severity::kError) return diagnostic.summary + ": " + diagnostic.detail;
    }
  }
  return "";
}

// UUIDs by the order in which they appear, and no serial: what two runs of different programs have in common.
std::string normal(const std::string& state) {
  std::string out;
  std::map<std::string, std::string> names;
  for (size_t i = 0; i < state.size();) {
    bool uuid = i + 36 <= state.size() && state[i + 8] == '-' && state[i + 13] == '-' && state[i + 18] == '-' &&
                state[i + 23] == '-';
    for (size_t j = 0; uuid && j < 36; ++j)
      uuid = std::isxdigit(static_cast<unsigned char>(state[i + j])) || state[i + j] == '-';
    if (uuid) {
      std::string& name = names[state.substr(i, 36)];
      if (name.empty()) name = "uuid-" + std::to_string(names.size());
      out += name;
      i += 36;
    } else {
      out += state[i++];
    }
  }
  size_t serial = out.find("\"serial\": ");
  out.erase(serial, out.find('\n', serial) - serial);
  return out;
}

std::string golden(const std::string& path) {
  SystemFileSystem files;
  Result<std::string, FileError> text = files.read(std::string(TERRACE_SOURCE_DIR) + "/tests/golden/plan/" + path);
  return text.ok() ? *text : "";
}

TEST(Configured, MakesTheStateThatTerraformMakes) {
  Stack stack;
  stack.write(golden("small/main.tf"));
  stack.world.files.put("m/main.tf", golden("small/m/main.tf"));
  World::Run run = stack.run(true);
  EXPECT_EQ(first_error(run), "");
  EXPECT_EQ(run.applied.added, 9);
  EXPECT_EQ(normal(run.state), normal(golden("small/terraform.tfstate")));
  World::Run again = stack.run(true);
  EXPECT_FALSE(again.changes);
  EXPECT_EQ(again.state, run.state);
  plan::PlanOptions destroy;
  destroy.mode = plan::Mode::kDestroy;
  World::Run gone = stack.run(true, destroy);
  EXPECT_EQ(first_error(gone), "");
  EXPECT_EQ(gone.applied.destroyed, 9);
}

TEST(Configured, GoesOnFromAStateThatTerraformMade) {
  Stack stack;
  stack.write(golden("small/main.tf"));
  stack.world.files.put("m/main.tf", golden("small/m/main.tf"));
  stack.world.files.put("terraform.tfstate", golden("small/terraform.tfstate"));
  World::Run run = stack.run(true);
  EXPECT_EQ(first_error(run), "");
  EXPECT_THAT(run.summary, IsEmpty());
  EXPECT_FALSE(run.changes);
  EXPECT_EQ(run.state, golden("small/terraform.tfstate"));
}

TEST(Configured, UnknownCountIsAnErrorAtItsPlace) {
  Stack stack;
  stack.write(R"(
resource "terraform_data" "a" {
}
resource "terraform_data" "b" {
  count = terraform_data.a.id == "x" ? 1 : 0
}
)");
  World::Run run = stack.run(false);
  EXPECT_EQ(first_error(run).substr(0, 22), "Invalid count argument");
}

TEST(Configured, LifecycleOfFiles) {
  Stack stack;
  stack.write(R"(
resource "thing" "a" {
  name = "a"
  size = "1"
}
resource "thing" "b" {
  name = "b"
  size = "1"
  lifecycle {
    ignore_changes       = [size]
    replace_triggered_by = [thing.a.size]
  }
}
)");
  World::Run first = stack.run(true);
  EXPECT_EQ(first_error(first), "");
  stack.write(R"(
resource "thing" "a" {
  name = "a"
  size = "2"
}
resource "thing" "b" {
  name = "b"
  size = "7"
  lifecycle {
    ignore_changes       = [size]
    replace_triggered_by = [thing.a.size]
    prevent_destroy      = false
  }
}
)");
  World::Run second = stack.run(true);
  EXPECT_EQ(first_error(second), "");
  EXPECT_THAT(second.summary, ElementsAre("update thing.a", "delete-create thing.b"));
  stack.write(R"(
resource "thing" "a" {
  name = "a"
  size = "2"
}
)");
  World::Run third = stack.run(true);
  EXPECT_THAT(third.summary, ElementsAre("delete thing.b"));
  stack.write(R"(
resource "thing" "a" {
  name = "z"
  size = "2"
  lifecycle {
    prevent_destroy = true
  }
}
)");
  EXPECT_EQ(first_error(stack.run(false)).substr(0, 28), "Instance cannot be destroyed");
}

TEST(Configured, RulesOfBlocksAndModulesAreChecked) {
  Stack stack;
  stack.write(R"(
resource "thing" "a" {
  name = "a"
  lifecycle {
    postcondition {
      condition     = self.id != "id-1"
      error_message = "Not that one."
    }
  }
}
resource "thing" "b" {
  name = thing.a.id
}
)");
  World::Run run = stack.run(true);
  EXPECT_EQ(first_error(run), "Resource postcondition failed: Not that one.");
  EXPECT_THAT(run.applied.skipped, ElementsAre("thing.b"));
  stack.world.files.put("m/main.tf", R"(
variable "size" {
  type = number
  validation {
    condition     = var.size > 2
    error_message = "Too small."
  }
}
)");
  stack.write("module \"m\" {\n  source = \"./m\"\n  size   = 1\n}\n");
  EXPECT_NE(first_error(stack.run(false)).find("Too small."), std::string::npos);
}

TEST(Validate, FindsWhatNeedsNoValues) {
  World world;
  VirtualWaiter waiter(world.clock);
  Loop loop(world.clock, &waiter);
  providers::Registry registry;
  registry.add("registry.terraform.io/hashicorp/thing",
               [&world, &loop] { return std::make_unique<ThingProvider>(world.cloud, loop); });
  auto check = [&world, &registry](const std::string& text) {
    world.files.put("main.tf", text);
    Checked<std::shared_ptr<config::Configuration>> configuration = config::load_configuration(world.files, ".");
    Checked<config::ObjectGraph> graph = config::build_object_graph(*configuration.value);
    Diagnostics diagnostics = plan::validate(*configuration.value, graph.value, {}, registry);
    return diagnostics.empty() ? std::string() : diagnostics.items()[0].summary;
  };
  std::string variable = "variable \"n\" {\n  type = number\n}\n";
  EXPECT_EQ(check(variable + "resource \"thing\" \"a\" {\n  count = var.n\n  name = \"x\"\n}\n"), "");
  EXPECT_EQ(
      check(variable + "resource \"thing\" \"a\" {\n  name = var.n\n}\noutput \"o\" {\n  value = thing.a.id\n}\n"), "");
  EXPECT_EQ(check("resource \"thing\" \"a\" {\n}\n"), "Missing required argument");
  EXPECT_EQ(check("resource \"thing\" \"a\" {\n  name = \"x\"\n  colour = 1\n}\n"), "Unsupported argument");
  EXPECT_EQ(check("resource \"thing_other\" \"a\" {\n}\n"), "Invalid resource type");
  EXPECT_EQ(check("resource \"google_x\" \"a\" {\n}\n"), "Provider not available");
}

TEST(Configured, AProviderThatIsNotBuiltInIsNamed) {
  Stack stack;
  stack.write("resource \"google_thing\" \"x\" {\n}\n");
  std::string error = first_error(stack.run(false));
  EXPECT_NE(error.find("registry.terraform.io/hashicorp/google"), std::string::npos) << error;
  EXPECT_NE(error.find("terraform.io/builtin/terraform"), std::string::npos) << error;
}

TEST(Configured, ManyUsersOfALocalThatUsesManyMeetInOnePlace) {
  std::string text = "locals {\n  all = [\n";
  for (int i = 0; i < 50; ++i) text += "    terraform_data.a" + std::to_string(i) + ".output,\n";
  text += "  ]\n}\n";
  for (int i = 0; i < 50; ++i) {
    text += "resource \"terraform_data\" \"a" + std::to_string(i) + "\" {\n  input = " + std::to_string(i) + "\n}\n";
    text += "resource \"terraform_data\" \"b" + std::to_string(i) + "\" {\n  input = local.all[" + std::to_string(i) +
            "]\n}\n";
  }
  Stack stack;
  stack.write(text);
  World::Run run = stack.run(true);
  EXPECT_EQ(first_error(run), "");
  EXPECT_EQ(run.applied.added, 100);
  EXPECT_FALSE(stack.run(false).changes);
}

}  // namespace
}  // namespace terrace
