// Expressions with what Terraform 1.11 makes of them: tests/golden/lang/evaluation.txt holds its recorded answers.
#include "lang/evaluator.h"

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hcl/parser.h"
#include "lang/convert.h"

namespace terrace::lang {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Compact JSON with object keys sorted; "?" for what is unknown.
std::string shown(const Value& value) {
  if (!value.is_known()) return "\"?\"";
  if (value.is_null()) return "null";
  switch (value.type().kind()) {
    case TypeKind::kString:
      return quoted(value.as_string());
    case TypeKind::kNumber:
      return value.as_number().text();
    case TypeKind::kBool:
      return value.as_bool() ? "true" : "false";
    default:
      break;
  }
  bool keyed = value.type().is_object() || value.type().kind() == TypeKind::kMap;
  std::string out;
  for (std::size_t i = 0; i < value.length(); ++i) {
    if (i > 0) out += ",";
    if (keyed) out += quoted(value.type().is_object() ? value.type().attributes()[i].name : value.keys()[i]) + ":";
    out += shown(value.elements()[i]);
  }
  return (keyed ? "{" : "[") + out + (keyed ? "}" : "]");
}

Value strings(std::initializer_list<const char*> texts) {
  std::vector<Value> values;
  for (const char* text : texts) values.push_back(Value::string(text));
  return Value::list(Type::string(), std::move(values));
}

Value text(const char* content) {
  return Value::string(content);
}

Value number(int64_t content) {
  return Value::number(Number(content));
}

// What the recordings were made with: the same variables, locals and an unknown id.
class Names {
 public:
  Names() : scope_(values(), context_) {}
  Scope& scope() { return scope_; }

 private:
  static std::vector<std::pair<std::string, Value>> values() {
    Refinement set;
    set.not_null = true;
    Value id = Value::unknown(Type::string(), set);
    Type item = Type::object({{"id", Type::string()}, {"n", Type::number()}});
    Value items =
        Value::list(item, {Value::object(item, {text("i1"), number(7)}), Value::object(item, {text("i2"), number(2)})});
    Value variables = Value::object(
        {{"s", text("abc")},
         {"n", number(3)},
         {"b", Value::boolean(true)},
         {"l", Value::tuple({text("a"), text("b"), text("c")})},
         {"lt", strings({"a", "b"})},
         {"el", strings({})},
         {"st", Value::set(Type::string(), {text("z"), text("a")})},
         {"m", Value::map(Type::number(), {{"x", number(1)}, {"y", number(2)}})},
         {"o", Value::object({{"a", text("q")}, {"b", number(5)}, {"c", Value::null(Type::list(Type::string()))}})},
         {"lo", items},
         {"nul", Value::null(Type::string())},
         {"nulist", Value::null(Type::list(Type::string()))},
         {"sec", text("hush").with_marks(Marks::kSensitive)},
         {"secl", strings({"h", "i"}).with_marks(Marks::kSensitive)}});
    Value locals = Value::object({{"obj", Value::object({{"a", number(1)},
                                                         {"b c", Value::tuple({number(1), number(2)})},
                                                         {"d", Value::object({{"e", text("f")}})}})},
                                  {"u", id},
                                  {"uout", Value::dynamic()},
                                  {"mixed", Value::tuple({number(1), text("two"), Value::boolean(true)})}});
    Value data = Value::object({{"id", id},
                                {"input", text("known")},
                                {"output", Value::dynamic()},
                                {"triggers_replace", Value::null(Type::dynamic())}});
    return {{"var", variables}, {"local", locals}, {"terraform_data", Value::object({{"u", data}})}};
  }

  FunctionContext context_;
  ValuesScope scope_;
};

struct Evaluated {
  Value value;
  Diagnostics diagnostics;
  SourceFilePtr source;
};

Evaluated run(const std::string& expression) {
  Evaluated result;
  result.source = std::make_shared<SourceFile>(SourceFile{"test", expression});
  Checked<hcl::ExpressionPtr> parsed = hcl::parse_expression(*result.source);
  result.diagnostics = std::move(parsed.diagnostics);
  if (!parsed.value || result.diagnostics.has_errors()) return result;
  Names names;
  result.value = evaluate(*parsed.value, names.scope(), result.diagnostics);
  return result;
}

// As the recordings show an expression's outcome.
std::string outcome(const Evaluated& result) {
  if (!result.diagnostics.has_errors()) return "=> " + shown(result.value) + "\n";
  const Diagnostic& first = result.diagnostics.items()[0];
  std::string detail;
  for (char c : first.detail) detail += c == '\n' ? "\\n" : std::string(1, c);
  std::string out = fmt::format("! {}: {}\n! at {}-{}\n", first.summary, detail, first.subject.start.column,
                                first.subject.end.column);
  for (const ExpressionValue& value : first.values) out += fmt::format("! {} {}\n", value.traversal, value.statement);
  return out;
}

TEST(Evaluator, DoesWhatTerraformDoes) {
  std::ifstream file(std::string(TERRACE_SOURCE_DIR) + "/tests/golden/lang/evaluation.txt");
  ASSERT_TRUE(file);
  std::size_t cases = 0;
  std::string line, expression, expected;
  auto check = [&] {
    if (expression.empty()) return;
    EXPECT_EQ(outcome(run(expression)), expected) << expression;
    ++cases;
    expression.clear();
    expected.clear();
  };
  while (std::getline(file, line)) {
    if (line.empty()) {
      check();
    } else if (expression.empty()) {
      expression = line;
    } else {
      expected += line + "\n";
    }
  }
  check();
  EXPECT_GT(cases, 150U);
}

TEST(Evaluator, MarksTravel) {
  for (const char* expression :
       {"\"x${var.sec}\"", "var.secl[0]", "[for x in var.secl : x]", "{for x in var.secl : x => 1}", "var.secl[*]",
        "var.sec == \"x\"", "var.sec == \"x\" ? 1 : 2", "upper(var.sec)", "\"%{ for x in var.secl }${x}%{ endfor }\"",
        "{(var.sec) = 1}", "try(var.sec, 1)"}) {
    Evaluated result = run(expression);
    EXPECT_FALSE(result.diagnostics.has_errors()) << expression;
    EXPECT_TRUE(any(result.value.marks_deep() & Marks::kSensitive)) << expression;
  }
  // An error never says what a sensitive value is.
  Evaluated failed = run("var.sec + 1");
  ASSERT_TRUE(failed.diagnostics.has_errors());
  EXPECT_EQ(outcome(failed).find("hush"), std::string::npos);
}

TEST(Evaluator, UnknownValuesKeepWhatIsSure) {
  EXPECT_EQ(run("\"id-${local.u}\"").value.refinement().prefix, "id-");
  EXPECT_TRUE(run("\"id-${local.u}\"").value.is_refined_not_null());
  EXPECT_EQ(run("local.u == \"q\" ? 1 : 2").value.type(), Type::number());
  EXPECT_TRUE(run("local.u == \"q\" ? 1 : 2").value.is_refined_not_null());
  EXPECT_FALSE(run("local.u == \"q\" ? 1 : null").value.is_refined_not_null());
  EXPECT_EQ(run("false && local.u == \"q\"").value.is_known(), true);
  EXPECT_EQ(run("can(local.u.x)").value.as_bool(), false);
}

// A module's output, a resource with an unknown count: not even the type is known.
TEST(Evaluator, FunctionsTakeWhatHasNoTypeYet) {
  for (const char* expression : {"one(local.uout)",
                                 "one(local.uout[*].x)",
                                 "length(local.uout)",
                                 "element(local.uout, 0)",
                                 "keys(local.uout)",
                                 "values(local.uout)",
                                 "reverse(local.uout)",
                                 "slice(local.uout, 0, 1)",
                                 "zipmap([\"a\"], local.uout)",
                                 "setproduct(local.uout, [1])",
                                 "concat(local.uout, [1])",
                                 "flatten(local.uout)",
                                 "sum(local.uout)",
                                 "contains(local.uout, 1)",
                                 "lookup(local.uout, \"a\", 1)",
                                 "merge(local.uout, { a = 1 })",
                                 "coalescelist(local.uout, [1])",
                                 "distinct(local.uout)",
                                 "join(\",\", local.uout)",
                                 "toset(local.uout)",
                                 "tomap(local.uout)",
                                 "jsonencode(local.uout)",
                                 "format(\"%s\", local.uout)",
                                 "coalesce(local.uout, 1)",
                                 "index(local.uout, 1)",
                                 "matchkeys(local.uout, local.uout, [1])",
                                 "setunion(local.uout, [1])",
                                 "sensitive(local.uout)",
                                 "templatefile(\"x\", local.uout)",
                                 "range(local.uout)",
                                 "cidrsubnets(local.uout, 1)",
                                 "alltrue(local.uout)"}) {
    auto result = run(expression);
    EXPECT_FALSE(result.diagnostics.has_errors()) << expression;
    EXPECT_FALSE(result.value.is_known()) << expression;
  }
}

// Each level doubles the work of an evaluator that tries both branches of a conditional more than once.
TEST(Evaluator, NestedConditionalsCostLinearTime) {
  std::string expression = "1";
  for (int i = 0; i < 200; ++i) expression = fmt::format("var.b ? ({}) : 0", expression);
  EXPECT_EQ(shown(run(expression).value), "1");
}

}  // namespace
}  // namespace terrace::lang
