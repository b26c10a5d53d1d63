#include "hcl/parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "hcl/json.h"
#include "hcl/native_body.h"
#include "unit/hcl/dump.h"
#include "unit/hcl/golden.h"

namespace terrace::hcl {
namespace {

std::string parsed(const std::string& text) {
  SourceFile file{"x.tf", text};
  Checked<ExpressionPtr> result = parse_expression(file);
  if (!result.value) return "error: " + result.diagnostics.items().front().summary;
  return dump(*result.value);
}

std::string parsed_template(const std::string& text) {
  SourceFile file{"x.tftpl", text};
  Checked<ExpressionPtr> result = parse_template(file);
  if (!result.value) return "error: " + result.diagnostics.items().front().summary;
  return dump(*result.value);
}

TEST(Expression, Literals) {
  EXPECT_EQ(parsed("1"), "1");
  EXPECT_EQ(parsed("1.5e-3"), "1.5e-3");
  EXPECT_EQ(parsed("12E+2"), "12E+2");
  EXPECT_EQ(parsed("true"), "true");
  EXPECT_EQ(parsed("null"), "null");
  EXPECT_EQ(parsed("\"\""), "(template)");
  EXPECT_EQ(parsed("\"a\\n\\t\\\"\\\\\\u00e9\\U0001F600$${b}%%{c}$d\""),
            "(template 'a\\n\t\"\\\xc3\xa9\xf0\x9f\x98\x80${b}%{c}$d')");
}

TEST(Expression, Precedence) {
  EXPECT_EQ(parsed("1 + 2 * 3"), "(+ 1 (* 2 3))");
  EXPECT_EQ(parsed("1 - 2 - 3"), "(- (- 1 2) 3)");
  EXPECT_EQ(parsed("a || b && c == d > e + f * -g"), "(|| a (&& b (== c (> d (+ e (* f (neg g)))))))");
  EXPECT_EQ(parsed("(1 + 2) * 3"), "(* (() (+ 1 2)) 3)");
  EXPECT_EQ(parsed("!a.b == !c"), "(== (! a.b) (! c))");
  EXPECT_EQ(parsed("a ? b : c ? d : e"), "(? a b (? c d e))");
  EXPECT_EQ(parsed("a == b ? 1 : 2"), "(? (== a b) 1 2)");
}

TEST(Expression, Traversals) {
  EXPECT_EQ(parsed("a.b[\"c\"].d[0][1]"), "a.b[\"c\"].d[0][1]");
  EXPECT_EQ(parsed("a.0.b"), "a[0].b");
  EXPECT_EQ(parsed("a[b.c].d"), "(get (index a b.c) .d)");
  EXPECT_EQ(parsed("f(x)[0].y"), "(get (f x) [0].y)");
  EXPECT_EQ(parsed("a[*].b[0].c"), "(splat a (get @ .b[0].c))");
  EXPECT_EQ(parsed("a.*.b.c[0]"), "(get (splat a (get @ .b.c)) [0])");
  EXPECT_EQ(parsed("a[\n  0\n]"), "a[0]");
  EXPECT_EQ(parsed("a.0.1"), "error: Invalid legacy index syntax");
}

TEST(Expression, CallsAndCollections) {
  EXPECT_EQ(parsed("f()"), "(f)");
  EXPECT_EQ(parsed("f(1,\n 2,\n)"), "(f 1 2)");
  EXPECT_EQ(parsed("f(a...)"), "(f... a)");
  EXPECT_EQ(parsed("provider::aws::f(1)"), "(provider::aws::f 1)");
  EXPECT_EQ(parsed("[1, [2], ]"), "(tuple 1 (tuple 2))");
  EXPECT_EQ(parsed("{a = 1, \"b\" : 2\n (c) = 3\n}"), "(object 'a'=1 (template 'b')=2 (() c)=3)");
  EXPECT_EQ(parsed("[for v in l : v if v > 1]"), "(for[] v l v if (> v 1))");
  EXPECT_EQ(parsed("{for k, v in m : k => v... if v}"), "(for{} k,v m k => v ... if v)");
  EXPECT_EQ(parsed("{for = 1}"), "(object 'for'=1)");
}

TEST(Expression, Templates) {
  EXPECT_EQ(parsed("\"${a}\""), "(wrap a)");
  EXPECT_EQ(parsed("\"a${b}c\""), "(template 'a' b 'c')");
  EXPECT_EQ(parsed("\"a ${~ b ~} c\""), "(template 'a' b 'c')");
  EXPECT_EQ(parsed("\"${\"x${a}\"}\""), "(wrap (template 'x' a))");
  EXPECT_EQ(parsed("\"%{ if a }b%{ else }c%{ endif }\""), "(template (? a (template 'b') (template 'c')))");
  EXPECT_EQ(parsed("\"%{ for x in y }${x},%{ endfor }\""), "(template (join (for[] x y (template x ','))))");
  EXPECT_EQ(parsed("<<EOT\n  a\n b ${c}\nEOT\n"), "(template '  a\\n b ' c '\\n')");
  EXPECT_EQ(parsed("<<-EOT\n    a\n\n      b ${c}\n    EOT\n"), "(template 'a\\n\\n  b ' c '\\n')");
  EXPECT_EQ(parsed("<<EOT\nEOT\n"), "(template)");
  EXPECT_EQ(parsed_template("a ${b}\n\"c\" \\n $${d}"), "(template 'a ' b '\\n\"c\" \\n ${d}')");
  EXPECT_EQ(parsed_template("${b}"), "(wrap b)");
}

// What the golden templates come to, whose conditions are all true and whose loops go over ["a", "b"].
std::string rendered(const Expression& expression, const std::string& variable) {
  switch (expression.kind) {
    case ExpressionKind::kLiteral:
      return static_cast<const Literal&>(expression).text;
    case ExpressionKind::kTemplate: {
      std::string out;
      for (const ExpressionPtr& part : static_cast<const Template&>(expression).parts) out += rendered(*part, variable);
      return out;
    }
    case ExpressionKind::kTemplateWrap:
      return rendered(*static_cast<const TemplateWrap&>(expression).wrapped, variable);
    case ExpressionKind::kConditional:
      return rendered(*static_cast<const Conditional&>(expression).if_true, variable);
    case ExpressionKind::kTemplateJoin: {
      const auto& loop = static_cast<const For&>(*static_cast<const TemplateJoin&>(expression).list);
      return rendered(*loop.value, "a") + rendered(*loop.value, "b");
    }
    case ExpressionKind::kScopeTraversal:
      return variable;
    default:
      return "?";
  }
}

// The values are Terraform 1.11.4's.
TEST(Expression, TemplatesTrimAndFlushAsTerraforms) {
  std::ifstream file(std::string(TERRACE_SOURCE_DIR) + "/tests/golden/hcl/templates.json");
  nlohmann::json cases = nlohmann::json::parse(file);
  ASSERT_GT(cases.size(), 30U);
  for (const nlohmann::json& each : cases) {
    SourceFile source{"x.tf", each[0].get<std::string>()};
    Checked<ExpressionPtr> result = parse_expression(source);
    ASSERT_TRUE(result.value) << each[0];
    EXPECT_EQ(rendered(*result.value, ""), each[1].get<std::string>()) << each[0];
  }
}

TEST(Expression, ReferencesLeaveOutWhatForBinds) {
  SourceFile file{"x.tf", "[for k, v in var.m : \"${k}${v.x}${local.y}\" if each.value[a.b]]"};
  Checked<ExpressionPtr> result = parse_expression(file);
  ASSERT_TRUE(result.value);
  std::string found;
  for_each_traversal(*result.value, [&](const Traversal& each) { found += each.root + dump_steps(each.steps) + " "; });
  EXPECT_EQ(found, "var.m local.y each.value a.b ");
}

TEST(Expression, RangesCountGraphemes) {
  SourceFile file{"x.tf", "f(\"e\xcc\x81\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\", a)"};
  Checked<ExpressionPtr> result = parse_expression(file);
  ASSERT_TRUE(result.value);
  const Expression& last = *static_cast<const FunctionCall&>(*result.value).arguments[1];
  EXPECT_EQ(last.range.start.column, 9U);
  EXPECT_EQ(last.range.start.byte, 20U);
}

TEST(Traversals, AreStatic) {
  SourceFile file{"x", "module.a[\"k\"].aws_vpc.main[0]"};
  Checked<Traversal> result = parse_traversal(file);
  ASSERT_FALSE(result.diagnostics.has_errors());
  EXPECT_EQ(result.value.root + dump_steps(result.value.steps), "module.a[\"k\"].aws_vpc.main[0]");
  for (const char* bad : {"a[b]", "a.", "1", "a[*]", "a b", "a[0"}) {
    EXPECT_TRUE(parse_traversal(SourceFile{"x", bad}).diagnostics.has_errors()) << bad;
  }
}

// Inputs and the first error of each, as Terraform 1.11.4 has it: summary, detail, line.
TEST(SyntaxErrors, EqualTerraforms) {
  std::vector<GoldenCase> cases = read_golden("errors.txt");
  ASSERT_GT(cases.size(), 150U);
  for (const GoldenCase& each : cases) {
    auto source = std::make_shared<SourceFile>(SourceFile{"<stdin>", each.input});
    Checked<File> file = parse_file(source);
    ASSERT_TRUE(file.diagnostics.has_errors()) << "errors.txt:" << each.line;
    const Diagnostic& first = file.diagnostics.items().front();
    EXPECT_EQ(fmt::format("{}\n{}\nline {}\n", first.summary, first.detail, first.subject.start.line), each.expected)
        << "errors.txt:" << each.line;
  }
}

// The errors of HCL's own suite, specsuite/tests/structure.
TEST(SyntaxErrors, OfTheSpecificationSuite) {
  auto source = std::make_shared<SourceFile>(
      SourceFile{"x.hcl",
                 "a { b = \"foo\", c = \"bar\" }\na { b = \"foo\"\n}\na { b = \"foo\"\n  c = \"bar\" }\n"
                 "a { b = \"foo\"\n  c = \"bar\"\n}\na { d {} }\n"});
  Checked<File> file = parse_file(source);
  std::string lines;
  for (const Diagnostic& each : file.diagnostics.items()) lines += std::to_string(each.subject.start.line) + " ";
  EXPECT_EQ(lines, "1 2 4 6 9 ");
  source = std::make_shared<SourceFile>(SourceFile{"x.hcl", "a = \"a value\", b = \"b value\"\n"});
  file = parse_file(source);
  ASSERT_EQ(file.diagnostics.items().size(), 1U);
  EXPECT_EQ(file.diagnostics.items()[0].summary, "Unexpected comma after argument");
  source = std::make_shared<SourceFile>(SourceFile{"x.hcl", "a {\n"});
  file = parse_file(source);
  ASSERT_EQ(file.diagnostics.items().size(), 1U);
  EXPECT_EQ(file.diagnostics.items()[0].subject.start.byte, 2U);
  EXPECT_EQ(file.diagnostics.items()[0].subject.end.byte, 3U);
}

TEST(SyntaxErrors, NestingHasALimit) {
  auto repeat = [](const std::string& text) {
    std::string all;
    for (int i = 0; i < 20000; ++i) all += text;
    return all;
  };
  for (const std::string& text :
       {"a = " + repeat("["), "a = " + repeat("(") + "1", "a = " + repeat("-") + "1", "a = \"" + repeat("${\""),
        "a = 1" + repeat("+1"), "a = b" + repeat("&&c||d"), "a = b" + repeat("[c]"), "a = b" + repeat("[*].c"),
        "a = \"" + repeat("%{if x}") + repeat("%{endif}") + "\"", "a = " + repeat("b?c:") + "d", repeat("a {\n")}) {
    auto source = std::make_shared<SourceFile>(SourceFile{"x.tf", text + "\n"});
    Checked<File> file = parse_file(source);
    ASSERT_TRUE(file.diagnostics.has_errors()) << text.substr(0, 20);
    EXPECT_EQ(file.diagnostics.items().front().summary, "Nesting too deep") << text.substr(0, 20);
  }
  auto source = std::make_shared<SourceFile>(SourceFile{"x.tf", "a = b" + repeat(".c") + "\n"});
  EXPECT_FALSE(parse_file(source).diagnostics.has_errors());
}

BodySchema schema() {
  return BodySchema{{{"name", true}, {"count", false}}, {{"resource", {"type", "name"}}, {"settings", {}}}};
}

TEST(Body, GivesWhatTheSchemaNames) {
  auto source = std::make_shared<SourceFile>(
      SourceFile{"x.tf", "name = 1\nresource a \"b\" {\n  x = 2\n}\nsettings {}\nsettings { y = 3 }\n"});
  Checked<File> file = parse_file(source);
  ASSERT_FALSE(file.diagnostics.has_errors());
  Checked<BodyContent> content = file.value.body->content(schema());
  EXPECT_TRUE(content.diagnostics.empty());
  ASSERT_EQ(content.value.blocks.size(), 3U);
  EXPECT_EQ(content.value.blocks[0].labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(content.value.blocks[0].definition_range.end.column, 15U);
  EXPECT_EQ(content.value.blocks[2].body->attribute_names(), std::vector<std::string>{"y"});
  ASSERT_NE(content.value.find("name"), nullptr);
  EXPECT_EQ(content.value.find("count"), nullptr);
}

TEST(Body, RefusesTheRest) {
  auto source = std::make_shared<SourceFile>(
      SourceFile{"x.tf", "nam = 1\nresource a {\n}\nsettings x {}\nsetting {}\nname {}\n"});
  Checked<File> file = parse_file(source);
  Checked<BodyContent> content = file.value.body->content(schema());
  std::vector<std::string> summaries;
  for (const Diagnostic& each : content.diagnostics.items()) summaries.push_back(each.summary);
  EXPECT_EQ(summaries, (std::vector<std::string>{"Unsupported argument", "Missing name for resource",
                                                 "Extraneous label for settings", "Unsupported block type",
                                                 "Unsupported block type", "Missing required argument"}));
  EXPECT_EQ(content.diagnostics.items()[0].detail,
            "An argument named \"nam\" is not expected here. Did you mean \"name\"?");
  EXPECT_FALSE(file.value.body->partial_content(BodySchema{}).diagnostics.has_errors());
}

TEST(JsonBody, IsTheSameBody) {
  auto source = std::make_shared<SourceFile>(SourceFile{
      "x.tf.json",
      R"({"//": "comment", "name": "a${b}", "count": -1, "resource": {"a": {"b": {"x": 2, "//": 1}, "c": [{}, {}]}},
          "settings": [{"y": "$${z}"}, {"y": null}]})"});
  Checked<File> file = parse_json_file(source);
  ASSERT_FALSE(file.diagnostics.has_errors());
  Checked<BodyContent> content = file.value.body->content(schema());
  EXPECT_TRUE(content.diagnostics.empty());
  EXPECT_EQ(dump(*content.value.find("name")->expression), "(template 'a' b)");
  EXPECT_EQ(dump(*content.value.find("count")->expression), "(neg 1)");
  std::string blocks;
  for (const Block& block : content.value.blocks) {
    blocks += block.type;
    for (const std::string& label : block.labels) blocks += "." + label;
    Checked<std::vector<Attribute>> inside = block.body->just_attributes();
    for (const Attribute& attribute : inside.value) blocks += " " + attribute.name + "=" + dump(*attribute.expression);
    blocks += "; ";
  }
  EXPECT_EQ(blocks, "resource.a.b x=2; resource.a.c; resource.a.c; settings y=(template '${z}'); settings y=null; ");
  EXPECT_EQ(content.value.find("name")->name_range.start.column, 19U);
}

TEST(JsonBody, RefusesWhatIsNotJson) {
  for (const char* bad : {"", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "{\"a\":01}", "{\"a\":\"x}", "{} x",
                          "{'a':1}", "{\"a\":tru}", "\"text\""}) {
    auto source = std::make_shared<SourceFile>(SourceFile{"x.tf.json", bad});
    EXPECT_TRUE(parse_json_file(source).diagnostics.has_errors()) << bad;
  }
  auto source = std::make_shared<SourceFile>(SourceFile{"x.tf.json", R"({"nope": 1, "name": 2, "settings": 3})"});
  Checked<File> file = parse_json_file(source);
  EXPECT_EQ(file.value.body->content(schema()).diagnostics.items().size(), 2U);
}

}  // namespace
}  // namespace terrace::hcl
