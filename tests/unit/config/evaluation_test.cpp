// Module instances, count, for_each, variables and references, with what Terraform 1.11 says of the same files
// (tests/golden/config/instances).
#include "config/evaluation.h"

#include <gtest/gtest.h>

#include "base/file_system.h"
#include "config/object_graph.h"
#include "config/variables.h"

namespace terrace::config {
namespace {

using lang::Type;
using lang::Value;

// Every instance of a resource is an object with an unknown id.
class UnknownResources final : public ResourceValues {
 public:
  Value resource_value(const ModuleInstance&, const Resource&) override {
    return Value::object({{"id", Value::unknown(Type::string())}});
  }
};

class Instances : public testing::Test {
 protected:
  Instances()
      : loaded_(load_configuration(files_, std::string(TERRACE_SOURCE_DIR) + "/tests/golden/config/instances")) {
    VariableSources sources;
    sources.options = {{VariableOption::Kind::kValue, "req=q"}};
    Checked<std::map<std::string, Value>> variables = collect_variables(files_, *loaded_.value->root, sources, kept_);
    EXPECT_TRUE(variables.diagnostics.empty());
    lang::FunctionContext functions;
    functions.files = &files_;
    evaluation_ =
        std::make_unique<Evaluation>(*loaded_.value, std::move(variables.value), functions, resources_, "default");
  }

  Value output(const std::string& name) { return evaluation_->output(evaluation_->root(), name, diagnostics_); }

  std::string output_error(const std::string& name) {
    output(name);
    return first_error();
  }

  std::string expansion_error(const std::string& name) {
    const Resource& resource = loaded_.value->root->resources.at("terraform_data." + name);
    evaluation_->expand(resource.count, resource.for_each, evaluation_->root(), diagnostics_);
    return first_error();
  }

  std::string first_error() {
    Diagnostics taken = std::move(diagnostics_);
    diagnostics_ = Diagnostics();
    if (taken.empty()) return "";
    return taken.items()[0].summary + ": " + taken.items()[0].detail;
  }

  SystemFileSystem files_;
  Checked<std::shared_ptr<Configuration>> loaded_;
  std::vector<SourceFilePtr> kept_;
  UnknownResources resources_;
  std::unique_ptr<Evaluation> evaluation_;
  Diagnostics diagnostics_;
};

TEST_F(Instances, OutputsOfTwoModulesMayNeedOneAnother) {
  EXPECT_TRUE(loaded_.diagnostics.empty());
  EXPECT_TRUE(build_object_graph(*loaded_.value).diagnostics.empty());
  EXPECT_EQ(output("o1").as_string(), "w-y-zz");
}

TEST_F(Instances, ModuleInstancesHaveTheirOwnValues) {
  EXPECT_EQ(output("o2").as_string(), "y-1");
  Value all = output("o3");
  ASSERT_EQ(all.length(), 2U);
  EXPECT_EQ(all.elements()[0].as_string(), "y-0");
  std::vector<std::string> addresses;
  for (const ModuleInstance* each : evaluation_->all_instances(diagnostics_)) addresses.push_back(each->address);
  EXPECT_EQ(addresses, (std::vector<std::string>{"", "module.a", "module.b", "module.n[0]", "module.n[1]"}));
}

TEST_F(Instances, VariablesAreConvertedDefaultedAndValidated) {
  Value value = output("o4");
  EXPECT_EQ(value.attribute("a").type(), Type::number());
  EXPECT_EQ(value.attribute("b").elements()[0].as_string(), "z");
  evaluation_->check_variables(evaluation_->root(), diagnostics_);
  EXPECT_EQ(
      first_error().rfind("Invalid value for variable: a must be > 5, is 1.\n\nThis was checked by the validation "
                          "rule at ",
                          0),
      0U);
}

TEST_F(Instances, KeysMustFitTheResource) {
  EXPECT_EQ(
      output_error("o5"),
      "Missing resource instance key: Because terraform_data.c has \"count\" set, its attributes must be accessed "
      "on specific instances.\n\nFor example, to correlate with indices of a referring resource, use:\n    "
      "terraform_data.c[count.index]");
  EXPECT_EQ(
      output_error("o6"),
      "Missing resource instance key: Because terraform_data.f has \"for_each\" set, its attributes must be "
      "accessed on specific instances.\n\nFor example, to correlate with indices of a referring resource, use:\n   "
      " terraform_data.f[each.key]");
  EXPECT_EQ(output_error("o9"), "Unsupported attribute: This object does not have an attribute named \"nope\".");
  EXPECT_EQ(output_error("ob"), "Unsupported attribute: This object does not have an attribute named \"q\".");
}

TEST_F(Instances, CountAndForEachSayWhatTheyCannotUse) {
  const std::string each = "Invalid for_each argument: ";
  const std::string unsuitable = "The given \"for_each\" argument value is unsuitable: ";
  EXPECT_EQ(expansion_error("c"), "");
  EXPECT_EQ(expansion_error("f2"), "");
  EXPECT_EQ(expansion_error("e1"), each + unsuitable +
                                       "the \"for_each\" argument must be a map, or set of strings, and you have "
                                       "provided a value of type tuple.");
  EXPECT_EQ(
      expansion_error("e2"),
      "Invalid count argument: The given \"count\" argument value is unsuitable: must be greater than or equal to "
      "zero.");
  EXPECT_EQ(expansion_error("e3"),
            "Invalid count argument: The given \"count\" argument value is unsuitable: value must be a whole number, "
            "between -9223372036854775808 and 9223372036854775807.");
  EXPECT_EQ(expansion_error("e4"), "Incorrect value type: Invalid expression value: a number is required.");
  EXPECT_EQ(expansion_error("e5"),
            "Invalid count argument: The given \"count\" argument value is null. An integer is required.");
  EXPECT_EQ(expansion_error("e6"), each + unsuitable +
                                       "the given \"for_each\" argument value is null. A map, or set of strings is "
                                       "allowed.");
  EXPECT_EQ(expansion_error("e7"), "Invalid for_each set argument: " + unsuitable +
                                       "\"for_each\" supports maps and sets of strings, but you have provided a set "
                                       "containing type number.");
  EXPECT_EQ(expansion_error("e9"),
            each +
                "Sensitive values, or values derived from sensitive values, cannot be used as "
                "for_each arguments. If used, the sensitive value could be exposed as a resource "
                "instance key.");
}

}  // namespace
}  // namespace terrace::config
