#include "hcl/format.h"

#include <gtest/gtest.h>

#include "hcl/parser.h"
#include "unit/hcl/golden.h"

namespace terrace::hcl {
namespace {

// The expectations are what Terraform 1.11.4's fmt makes of the inputs.
TEST(Format, EqualsTerraformFmt) {
  std::vector<GoldenCase> cases = read_golden("format.txt");
  ASSERT_GT(cases.size(), 100U);
  for (const GoldenCase& each : cases) {
    EXPECT_EQ(format(each.input), each.expected) << "format.txt:" << each.line;
  }
}

TEST(Format, IsIdempotentAndStillParses) {
  for (const GoldenCase& each : read_golden("format.txt")) {
    std::string once = format(each.expected);
    EXPECT_EQ(format(once), once) << "format.txt:" << each.line;
    auto source = std::make_shared<SourceFile>(SourceFile{"x.tf", once});
    EXPECT_FALSE(parse_file(source).diagnostics.has_errors()) << "format.txt:" << each.line;
  }
}

TEST(Format, KeepsLineEndingsAndByteOrderMarkButEndsTheLastLine) {
  EXPECT_EQ(format("a = 1\r\nbb = 2 # c\r\nr {\r\nx=1\r\n}\r\n"), "a  = 1\r\nbb = 2 # c\r\nr {\r\n  x = 1\r\n}\r\n");
  EXPECT_EQ(format("a=1"), "a = 1\n");
  EXPECT_EQ(format("a=1 # c"), "a = 1 # c\n");
  EXPECT_EQ(format(""), "");
}

// Terraform's fmt breaks these three: it loses the comment, the label and the parentheses that the line break needs.
TEST(Format, LosesNothing) {
  EXPECT_EQ(format("r /* x */ \"b\" {\n}\n"), "r /* x */ \"b\" {\n}\n");
  EXPECT_EQ(format("r \"a$${b\" {}\n"), "r \"a$${b\" {}\n");
  EXPECT_EQ(format("x = \"${a # c\n}\"\n"), "x = (a # c\n)\n");
}

}  // namespace
}  // namespace terrace::hcl
