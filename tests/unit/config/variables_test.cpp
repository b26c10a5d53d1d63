// Where values of root variables come from, and what is said of those that do not fit.
#include "config/variables.h"

#include <gtest/gtest.h>

#include "base/file_system.h"

namespace terrace::config {
namespace {

class Variables : public testing::Test {
 protected:
  Variables()
      : directory_(std::string(TERRACE_SOURCE_DIR) + "/tests/golden/config/variables"),
        loaded_(load_configuration(files_, directory_)) {}

  Checked<std::map<std::string, lang::Value>> collect(std::vector<VariableOption> options) {
    VariableSources sources;
    sources.directory = directory_;
    sources.environment = {{"TF_VAR_any", "[\"x\"]"}, {"TF_VAR_n", "9"}, {"TF_VAR_o", "{a=\"e\"}"}, {"HOME", "/"}};
    sources.options = std::move(options);
    return collect_variables(files_, *loaded_.value->root, sources, kept_);
  }

  // The first error with these -var options.
  std::string error(const std::string& option) {
    Checked<std::map<std::string, lang::Value>> collected = collect({{VariableOption::Kind::kValue, option}});
    for (const Diagnostic& each : collected.diagnostics.items()) {
      if (each.severity == Severity::kError) return each.summary + ": " + each.detail;
    }
    return "";
  }

  SystemFileSystem files_;
  std::string directory_;
  Checked<std::shared_ptr<Configuration>> loaded_;
  std::vector<SourceFilePtr> kept_;
};

TEST_F(Variables, LaterSourcesWin) {
  Checked<std::map<std::string, lang::Value>> collected =
      collect({{VariableOption::Kind::kFile, directory_ + "/x.tfvars"}, {VariableOption::Kind::kValue, "t=cli"}});
  EXPECT_FALSE(collected.diagnostics.has_errors());
  EXPECT_EQ(collected.value.at("n").as_number().text(), "1");                 // terraform.tfvars over the environment
  EXPECT_EQ(collected.value.at("l").elements()[0].as_string(), "b");          // b.auto.tfvars over a.auto.tfvars.json
  EXPECT_EQ(collected.value.at("s").as_string(), "file");                     // -var-file over those
  EXPECT_EQ(collected.value.at("t").as_string(), "cli");                      // -var
  EXPECT_EQ(collected.value.at("any").as_string(), "[\"x\"]");                // without a type: the text itself
  EXPECT_EQ(collected.value.at("o").attribute("b").as_number().text(), "3");  // a default of the type
  ASSERT_EQ(collected.diagnostics.items().size(), 1U);
  EXPECT_EQ(collected.diagnostics.items()[0].summary, "Value for undeclared variable");
}

TEST_F(Variables, ErrorsNeverShowTheValue) {
  EXPECT_EQ(error("n=hush"),
            "Invalid value for input variable: Unsuitable value for var.n set using -var=\"n=...\": a number is "
            "required.");
  EXPECT_EQ(error("o={b=1}"),
            "Invalid value for input variable: Unsuitable value for var.o set using -var=\"o=...\": attribute \"a\" is "
            "required.");
  EXPECT_EQ(error("zz=1"),
            "Value for undeclared variable: A variable named \"zz\" was assigned on the command line, but the root "
            "module does not declare a variable of that name. To use this value, add a \"variable\" block to the "
            "configuration.");
  EXPECT_EQ(error("novalue").rfind("Invalid -var option: ", 0), 0U);
}

}  // namespace
}  // namespace terrace::config
