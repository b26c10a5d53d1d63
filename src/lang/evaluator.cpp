#include "lang/evaluator.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>

#include "hcl/native_body.h"
#include "hcl/parser.h"
#include "lang/convert.h"

namespace terrace::lang {

namespace {

using hcl::Expression;
using hcl::ExpressionKind;
using hcl::Operator;

constexpr int kDeepestEvaluation = 2000;

Refinement not_null() {
  Refinement refinement;
  refinement.not_null = true;
  return refinement;
}

// "is 3", "is a list of string": how a value is described beside an error. Marked values, and those of which nothing is
// known, are left out, as they are not what the error is about.
std::string statement_about(const Value& value) {
  if (any(value.marks())) return {};
  if (!value.is_known()) return value.type().is_dynamic() ? "" : fmt::format("is a {}", value.type().friendly_name());
  if (value.is_null()) return "is null";
  switch (value.type().kind()) {
    case TypeKind::kString:
      return fmt::format("is \"{}\"", value.as_string());
    case TypeKind::kNumber:
      return "is " + value.as_number().text();
    case TypeKind::kBool:
      return value.as_bool() ? "is true" : "is false";
    default:
      break;
  }
  std::size_t length = value.length();
  if (value.type().is_object()) {
    if (length == 0) return "is object with no attributes";
    if (length == 1) return fmt::format("is object with 1 attribute \"{}\"", value.type().attributes()[0].name);
    return fmt::format("is object with {} attributes", length);
  }
  std::string name = value.type().friendly_name();
  if (length == 0) return fmt::format("is empty {}", name);
  if (length == 1) return fmt::format("is {} with 1 element", name);
  return fmt::format("is {} with {} elements", name, length);
}

// The range of a traversal's last steps, as errors about it are shown.
SourceRange step_range(const hcl::TraversalStep& step) {
  return step.range;
}

class Evaluator {
 public:
  Evaluator(Scope& scope, Diagnostics& diagnostics) : scope_(scope), diagnostics_(diagnostics) {}

  Value run(const Expression& expression, const LocalNames* names) {
    if (++depth_ > kDeepestEvaluation) {
      --depth_;
      return fail("Expression too deep", "This expression is nested too deeply to be evaluated.", expression.range);
    }
    Value value = dispatch(expression, names);
    --depth_;
    return value;
  }

 private:
  Value fail(std::string summary, std::string detail, const SourceRange& subject, const SourceRange& context = {}) {
    diagnostics_.error(std::move(summary), std::move(detail), subject, context);
    return Value::dynamic();
  }

  // Runs `body` and adds the values that `expression` used to the errors that came of it.
  template <typename Body>
  Value with_values(const Expression& expression, const LocalNames* names, Body body) {
    std::size_t before = diagnostics_.items().size();
    Value value = body();
    if (diagnostics_.items().size() > before) {
      for (std::size_t i = before; i < diagnostics_.items().size(); ++i)
        explain(diagnostics_.items()[i], expression, names);
    }
    return value;
  }

  static void add_statement(Diagnostic& diagnostic, std::string name, std::string statement) {
    if (statement.empty()) return;
    for (const ExpressionValue& known : diagnostic.values) {
      if (known.traversal == name) return;
    }
    diagnostic.values.push_back({std::move(name), std::move(statement)});
  }

  void explain(Diagnostic& diagnostic, const Expression& expression, const LocalNames* names) {
    if (!diagnostic.values.empty()) return;
    hcl::for_each_traversal(expression, [&](const hcl::Traversal& traversal) {
      // What a loop binds changes from step to step and is not shown.
      for (const LocalNames* local = names; local != nullptr; local = local->outer) {
        if (local->name == traversal.root) return;
      }
      // Where the whole has no value, the longest part that has one is shown.
      hcl::Traversal part = traversal;
      while (true) {
        Diagnostics ignored;
        Value value = Evaluator(scope_, ignored).traversal_value(part, names);
        if (!ignored.has_errors()) {
          add_statement(diagnostic, traversal_text(part), statement_about(value));
          return;
        }
        if (part.steps.empty()) return;
        part.steps.pop_back();
      }
    });
    std::sort(diagnostic.values.begin(), diagnostic.values.end(),
              [](const ExpressionValue& a, const ExpressionValue& b) { return a.traversal < b.traversal; });
  }

  Value dispatch(const Expression& expression, const LocalNames* names) {
    switch (expression.kind) {
      case ExpressionKind::kLiteral:
        return literal(static_cast<const hcl::Literal&>(expression));
      case ExpressionKind::kTemplate:
        return template_value(static_cast<const hcl::Template&>(expression), names);
      case ExpressionKind::kTemplateWrap:
        return run(*static_cast<const hcl::TemplateWrap&>(expression).wrapped, names);
      case ExpressionKind::kTemplateJoin:
        return template_join(static_cast<const hcl::TemplateJoin&>(expression), names);
      case ExpressionKind::kScopeTraversal:
        return with_values(expression, names, [&] {
          return traversal_value(static_cast<const hcl::ScopeTraversal&>(expression).traversal, names);
        });
      case ExpressionKind::kRelativeTraversal: {
        const auto& relative = static_cast<const hcl::RelativeTraversal&>(expression);
        return with_values(*relative.source, names, [&] {
          return steps(run(*relative.source, names), relative.steps, 0, relative.source->range);
        });
      }
      case ExpressionKind::kIndex: {
        const auto& index = static_cast<const hcl::Index&>(expression);
        return with_values(expression, names, [&] {
          Value collection = run(*index.collection, names);
          Value key = run(*index.key, names);
          if (diagnostics_.has_errors()) return Value::dynamic();
          SourceRange brackets{index.range.file, index.collection->range.end, index.range.end};
          return take_index(collection, key, brackets, index.range, diagnostics_);
        });
      }
      case ExpressionKind::kSplat:
        return splat(static_cast<const hcl::Splat&>(expression), names);
      case ExpressionKind::kAnonymousSymbol:
        return symbol_value(expression);
      case ExpressionKind::kFunctionCall:
        return call(static_cast<const hcl::FunctionCall&>(expression), names);
      case ExpressionKind::kConditional:
        return conditional(static_cast<const hcl::Conditional&>(expression), names);
      case ExpressionKind::kBinary:
        return binary(static_cast<const hcl::Binary&>(expression), names);
      case ExpressionKind::kUnary:
        return unary(static_cast<const hcl::Unary&>(expression), names);
      case ExpressionKind::kTuple: {
        std::vector<Value> elements;
        for (const hcl::ExpressionPtr& element : static_cast<const hcl::Tuple&>(expression).elements)
          elements.push_back(run(*element, names));
        return Value::tuple(std::move(elements));
      }
      case ExpressionKind::kObject:
        return object(static_cast<const hcl::Object&>(expression), names);
      case ExpressionKind::kFor:
        return loop(static_cast<const hcl::For&>(expression), names);
      case ExpressionKind::kParentheses:
        return run(*static_cast<const hcl::Parentheses&>(expression).inner, names);
    }
    return Value::dynamic();
  }

  Value literal(const hcl::Literal& literal) {
    switch (literal.literal) {
      case hcl::Literal::Kind::kNull:
        return Value::null(Type::dynamic());
      case hcl::Literal::Kind::kBool:
        return Value::boolean(literal.boolean);
      case hcl::Literal::Kind::kString:
        return Value::string(literal.text);
      case hcl::Literal::Kind::kNumber:
        break;
    }
    std::optional<Number> number = Number::parse(literal.text);
    if (!number)
      return fail("Invalid number literal", fmt::format("\"{}\" is not a valid number.", literal.text), literal.range);
    return Value::number(*number);
  }

  Value template_value(const hcl::Template& expression, const LocalNames* names) {
    std::string text;
    std::string prefix;
    bool known = true;
    Marks marks = Marks::kNone;
    bool failed = false;
    for (const hcl::ExpressionPtr& part : expression.parts) {
      Value value = run(*part, names);
      marks = marks | value.marks();
      if (value.is_null()) {
        Evaluator* self = this;
        with_values(*part, names, [&] {
          return self->fail("Invalid template interpolation value",
                            "The expression result is null. Cannot include a null value in a string template.",
                            part->range, expression.range);
        });
        failed = true;
        continue;
      }
      if (!value.is_known()) {
        if (known) prefix = text + value.refinement().prefix;
        known = false;
        marks = marks | value.marks();
        continue;
      }
      Result<Value, ConvertError> string = convert(value, Type::string());
      if (!string) {
        with_values(*part, names, [&] {
          return fail("Invalid template interpolation value",
                      fmt::format("Cannot include the given value in a string template: {}.", string.error().message),
                      part->range, expression.range);
        });
        failed = true;
        continue;
      }
      if (known) text += string->as_string();
    }
    if (failed) return Value::unknown(Type::string()).with_marks(marks);
    if (!known) {
      Refinement refinement = not_null();
      refinement.prefix = std::move(prefix);
      return Value::unknown(Type::string(), std::move(refinement)).with_marks(marks);
    }
    return Value::string(std::move(text)).with_marks(marks);
  }

  Value template_join(const hcl::TemplateJoin& expression, const LocalNames* names) {
    Value list = run(*expression.list, names);
    if (!list.is_known()) return Value::unknown(Type::string()).with_marks(list.marks());
    std::string text;
    Marks marks = list.marks();
    for (const Value& element : list.elements()) {
      marks = marks | element.marks();
      if (!element.is_known()) return Value::unknown(Type::string(), not_null()).with_marks(list.marks_deep());
      Result<Value, ConvertError> string = convert(element, Type::string());
      if (!string || string->is_null()) {
        return fail("Invalid template interpolation value", "An iteration result cannot be included in the string.",
                    expression.range);
      }
      text += string->as_string();
    }
    return Value::string(std::move(text)).with_marks(marks);
  }

  Value traversal_value(const hcl::Traversal& traversal, const LocalNames* names) {
    for (const LocalNames* local = names; local != nullptr; local = local->outer) {
      if (local->name == traversal.root) return steps(*local->value, traversal.steps, 0, traversal.root_range);
    }
    std::size_t used = 0;
    std::size_t before = diagnostics_.items().size();
    Value value = scope_.resolve(traversal, used, diagnostics_);
    if (diagnostics_.items().size() > before) return Value::dynamic();
    return steps(std::move(value), traversal.steps, used, traversal.root_range);
  }

  Value steps(Value value, const std::vector<hcl::TraversalStep>& all, std::size_t from, SourceRange context) {
    for (std::size_t i = from; i < all.size(); ++i) {
      std::size_t before = diagnostics_.items().size();
      value = take_step(value, all[i], context, diagnostics_);
      if (diagnostics_.items().size() > before) return Value::dynamic();
      context = between(context, step_range(all[i]));
    }
    return value;
  }

  // --- splats

  struct SymbolValue {
    const Expression* symbol;
    const Value* value;
  };

  Value symbol_value(const Expression& expression) {
    for (auto at = symbols_.rbegin(); at != symbols_.rend(); ++at) {
      if (at->symbol == &expression) return *at->value;
    }
    assert(false);
    return Value::dynamic();
  }

  Value splat(const hcl::Splat& expression, const LocalNames* names) {
    Value source = run(*expression.source, names);
    if (diagnostics_.has_errors() && source.type().is_dynamic() && !source.is_known()) return Value::dynamic();
    Marks marks = source.marks();
    source = source.without_marks();
    const Type& type = source.type();
    bool sequence = type.is_tuple() || type.kind() == TypeKind::kList || type.kind() == TypeKind::kSet;
    if (source.is_null()) {
      if (!sequence) return Value::tuple({}).with_marks(marks);
      return with_values(*expression.source, names, [&] {
        return fail("Splat of null value", "Splat expressions (with the * symbol) cannot be applied to null sequences.",
                    expression.source->range, expression.range);
      });
    }
    if (!source.is_known()) {
      // With what the steps give for an unknown element, the type is still known for collections.
      if (type.kind() == TypeKind::kList || type.kind() == TypeKind::kSet) {
        Value element = Value::unknown(type.element());
        Value each = at_item(expression, element, names);
        return Value::unknown(type.kind() == TypeKind::kList || type.kind() == TypeKind::kSet ? Type::list(each.type())
                                                                                              : Type::dynamic())
            .with_marks(marks);
      }
      return Value::dynamic().with_marks(marks);
    }
    std::vector<Value> results;
    if (!sequence) {
      results.push_back(at_item(expression, source, names));
      return Value::tuple(std::move(results)).with_marks(marks);
    }
    results.reserve(source.length());
    for (const Value& element : source.elements()) results.push_back(at_item(expression, element, names));
    if (type.is_tuple()) return Value::tuple(std::move(results)).with_marks(marks);
    if (results.empty()) {
      Value each = at_item(expression, Value::unknown(type.element()), names);
      return Value::list(each.type(), {}).with_marks(marks);
    }
    bool same =
        std::all_of(results.begin(), results.end(), [&](const Value& v) { return v.type() == results[0].type(); });
    if (!same) return Value::tuple(std::move(results)).with_marks(marks);
    Type element = results[0].type();
    return Value::list(element, std::move(results)).with_marks(marks);
  }

  Value at_item(const hcl::Splat& expression, const Value& item, const LocalNames* names) {
    symbols_.push_back({expression.item, &item});
    Value value = run(*expression.each, names);
    symbols_.pop_back();
    return value;
  }

  // --- operators

  Value operand(const Expression& expression, const Type& type, const LocalNames* names, const SourceRange& whole) {
    Value value = run(expression, names);
    if (diagnostics_.has_errors() && !value.is_known()) return value;
    Result<Value, ConvertError> converted = convert(value, type);
    if (!converted) {
      return with_values(expression, names, [&] {
        return fail("Invalid operand",
                    fmt::format("Unsuitable value for {} operand: {}.", side_, converted.error().message),
                    expression.range, whole);
      });
    }
    return *std::move(converted);
  }

  static bool is_arithmetic(Operator operation) {
    return operation >= Operator::kAdd && operation <= Operator::kModulo;
  }
  static bool is_comparison(Operator operation) {
    return operation >= Operator::kGreater && operation <= Operator::kLessOrEqual;
  }

  Value binary(const hcl::Binary& expression, const LocalNames* names) {
    Operator operation = expression.operation;
    if (operation == Operator::kEqual || operation == Operator::kNotEqual) {
      Value left = run(*expression.left, names);
      Value right = run(*expression.right, names);
      Value equal = left.equals(right);
      if (!equal.is_known() || operation == Operator::kEqual) return equal;
      return Value::boolean(!equal.as_bool()).with_marks(equal.marks());
    }
    Type type = is_arithmetic(operation) || is_comparison(operation) ? Type::number() : Type::boolean();
    std::size_t before = diagnostics_.items().size();
    side_ = "left";
    Value left = operand(*expression.left, type, names, expression.range);
    side_ = "right";
    Value right = operand(*expression.right, type, names, expression.range);
    Type result = is_arithmetic(operation) ? Type::number() : Type::boolean();
    if (diagnostics_.items().size() > before) return Value::unknown(result);
    Marks marks = left.marks() | right.marks();
    if (left.is_null() || right.is_null()) {
      return with_values(expression, names, [&] {
        return fail("Operation failed", "Error during operation: argument must not be null.", expression.range);
      });
    }
    if (operation == Operator::kAnd || operation == Operator::kOr) return logical(operation, left, right, marks);
    if (!left.is_known() || !right.is_known()) return Value::unknown(result, not_null()).with_marks(marks);
    const Number& a = left.as_number();
    const Number& b = right.as_number();
    // Terraform's quotients by zero are infinite, which no argument takes and no file can hold.
    if (operation == Operator::kDivide && b.sign() == 0) {
      return with_values(expression, names, [&] {
        if (a.sign() != 0) return fail("Division by zero", "Cannot divide by zero.", expression.range);
        return fail("Operation failed", "Error during operation: can't divide zero by zero or infinity by infinity.",
                    expression.range);
      });
    }
    if (operation == Operator::kModulo && b.sign() == 0) return Value::number(a).with_marks(marks);
    switch (operation) {
      case Operator::kAdd:
        return Value::number(a + b).with_marks(marks);
      case Operator::kSubtract:
        return Value::number(a - b).with_marks(marks);
      case Operator::kMultiply:
        return Value::number(a * b).with_marks(marks);
      case Operator::kDivide:
        return Value::number(a / b).with_marks(marks);
      case Operator::kModulo:
        return Value::number(a % b).with_marks(marks);
      case Operator::kGreater:
        return Value::boolean(a > b).with_marks(marks);
      case Operator::kGreaterOrEqual:
        return Value::boolean(a >= b).with_marks(marks);
      case Operator::kLess:
        return Value::boolean(a < b).with_marks(marks);
      default:
        return Value::boolean(a <= b).with_marks(marks);
    }
  }

  // Both sides are evaluated; a known side that decides makes the result known.
  static Value logical(Operator operation, const Value& left, const Value& right, Marks marks) {
    bool deciding = operation == Operator::kOr;
    for (const Value* side : {&left, &right}) {
      if (side->is_known() && side->as_bool() == deciding) return Value::boolean(deciding).with_marks(marks);
    }
    if (!left.is_known() || !right.is_known()) return Value::unknown(Type::boolean(), not_null()).with_marks(marks);
    return Value::boolean(!deciding).with_marks(marks);
  }

  Value unary(const hcl::Unary& expression, const LocalNames* names) {
    bool negate = expression.operation == Operator::kNegate;
    Type type = negate ? Type::number() : Type::boolean();
    Value value = run(*expression.operand, names);
    if (diagnostics_.has_errors() && !value.is_known()) return Value::unknown(type);
    Result<Value, ConvertError> converted = convert(value, type);
    if (!converted) {
      return with_values(*expression.operand, names, [&] {
        return fail("Invalid operand",
                    fmt::format("Unsuitable value for unary operand: {}.", converted.error().message),
                    expression.operand->range, expression.range);
      });
    }
    if (converted->is_null()) {
      return with_values(*expression.operand, names, [&] {
        return fail("Operation failed", "Error during operation: argument must not be null.", expression.range);
      });
    }
    if (!converted->is_known()) return Value::unknown(type, not_null()).with_marks(converted->marks());
    if (negate) return Value::number(-converted->as_number()).with_marks(converted->marks());
    return Value::boolean(!converted->as_bool()).with_marks(converted->marks());
  }

  // --- conditionals

  Value conditional(const hcl::Conditional& expression, const LocalNames* names) {
    // The branch that is not taken may fail: its errors do not count.
    Diagnostics true_problems, false_problems;
    Value if_true = Evaluator(scope_, true_problems, *this).run(*expression.if_true, names);
    Value if_false = Evaluator(scope_, false_problems, *this).run(*expression.if_false, names);
    Type type = Type::dynamic();
    bool null_true = if_true.is_null() && if_true.type().is_dynamic();
    bool null_false = if_false.is_null() && if_false.type().is_dynamic();
    if (null_true && !null_false) {
      type = if_false.type();
    } else if (null_false && !null_true) {
      type = if_true.type();
    } else if (!true_problems.has_errors() && !false_problems.has_errors()) {
      std::array<Type, 2> types = {if_true.type(), if_false.type()};
      std::optional<Type> common = unify(types);
      if (!common) {
        return with_values(expression, names, [&] {
          return fail("Inconsistent conditional result types",
                      fmt::format("The true and false result expressions must have consistent types. {}",
                                  mismatch(if_true.type(), if_false.type())),
                      between(expression.if_true->range, expression.if_false->range), expression.range);
        });
      }
      type = *common;
    }
    Value condition = run(*expression.condition, names);
    if (diagnostics_.has_errors() && !condition.is_known()) return Value::unknown(type);
    Marks marks = condition.marks();
    if (condition.is_null()) {
      return with_values(*expression.condition, names, [&] {
        return fail("Null condition", "The condition value is null. Conditions must either be true or false.",
                    expression.condition->range, expression.range);
      });
    }
    Result<Value, ConvertError> truth = convert(condition, Type::boolean());
    if (!truth) {
      return with_values(*expression.condition, names, [&] {
        return fail("Incorrect condition type", "The condition expression must be of type bool.",
                    expression.condition->range, expression.range);
      });
    }
    if (!truth->is_known()) {
      diagnostics_.append(std::move(true_problems));
      diagnostics_.append(std::move(false_problems));
      marks = marks | if_true.marks() | if_false.marks();
      bool surely = [](const Value& v) { return v.has_content() || v.is_refined_not_null(); }(if_true) &&
                    (if_false.has_content() || if_false.is_refined_not_null());
      return (surely ? Value::unknown(type, not_null()) : Value::unknown(type)).with_marks(marks);
    }
    bool taken = truth->as_bool();
    diagnostics_.append(std::move(taken ? true_problems : false_problems));
    const Value& chosen = taken ? if_true : if_false;
    Result<Value, ConvertError> result = convert(chosen, type);
    if (!result) {
      return fail(
          "Inconsistent conditional result types",
          fmt::format("The {} result value has the wrong type: {}.", taken ? "true" : "false", result.error().message),
          (taken ? expression.if_true : expression.if_false)->range, expression.range);
    }
    return result->with_marks(marks);
  }

  static std::string mismatch(const Type& yes, const Type& no) {
    if (yes.is_object() && no.is_object()) {
      for (const Type::Attribute& attribute : yes.attributes()) {
        if (no.find_attribute(attribute.name) == nullptr) {
          return fmt::format("The 'true' value includes object attribute \"{}\", which is absent in the 'false' value.",
                             attribute.name);
        }
      }
      for (const Type::Attribute& attribute : no.attributes()) {
        if (yes.find_attribute(attribute.name) == nullptr) {
          return fmt::format("The 'false' value includes object attribute \"{}\", which is absent in the 'true' value.",
                             attribute.name);
        }
      }
    }
    if (yes.is_tuple() && no.is_tuple() && yes.elements().size() != no.elements().size()) {
      return fmt::format("The 'true' tuple has length {}, but the 'false' tuple has length {}.", yes.elements().size(),
                         no.elements().size());
    }
    return fmt::format("The 'true' value is {}, but the 'false' value is {}.", yes.friendly_name(), no.friendly_name());
  }

  // --- objects and loops

  Value object(const hcl::Object& expression, const LocalNames* names) {
    std::vector<Value::Member> members;
    members.reserve(expression.items.size());
    Marks marks = Marks::kNone;
    bool known = true;
    for (const hcl::ObjectItem& item : expression.items) {
      Value key = run(*item.key, names);
      Value value = run(*item.value, names);
      marks = marks | key.marks();
      if (key.is_null()) {
        with_values(*item.key, names, [&] {
          return fail("Null value as key", "Can't use a null value as a key.", item.value->range, expression.range);
        });
        known = false;
        continue;
      }
      Result<Value, ConvertError> text = convert(key, Type::string());
      if (!text) {
        with_values(*item.key, names, [&] {
          return fail("Incorrect key type", fmt::format("Can't use this value as a key: {}.", text.error().message),
                      item.key->range, expression.range);
        });
        known = false;
        continue;
      }
      if (!text->is_known()) {
        known = false;
        continue;
      }
      members.emplace_back(text->as_string(), std::move(value));
    }
    if (!known) return Value::dynamic().with_marks(marks);
    return Value::object(std::move(members)).with_marks(marks);
  }

  Value loop(const hcl::For& expression, const LocalNames* names) {
    Value collection = run(*expression.collection, names);
    if (diagnostics_.has_errors() && !collection.is_known()) return Value::dynamic();
    Marks marks = collection.marks();
    collection = collection.without_marks();
    if (collection.is_null()) {
      return with_values(*expression.collection, names, [&] {
        return fail("Iteration over null value", "A null value cannot be used as the collection in a 'for' expression.",
                    expression.collection->range, expression.range);
      });
    }
    if (collection.type().is_dynamic() || !collection.is_known()) {
      if (!collection.type().is_dynamic() && collection.type().is_primitive())
        return not_iterable(expression, collection, names);
      return Value::dynamic().with_marks(marks);
    }
    if (collection.type().is_primitive()) return not_iterable(expression, collection, names);
    return expression.key ? object_loop(expression, collection, marks, names)
                          : tuple_loop(expression, collection, marks, names);
  }

  Value not_iterable(const hcl::For& expression, const Value& collection, const LocalNames* names) {
    return with_values(*expression.collection, names, [&] {
      return fail("Iteration over non-iterable value",
                  fmt::format("A value of type {} cannot be used as the collection in a 'for' expression.",
                              collection.type().friendly_name()),
                  expression.collection->range, expression.range);
    });
  }

  static Value key_of(const Value& collection, std::size_t i) {
    switch (collection.type().kind()) {
      case TypeKind::kMap:
        return Value::string(collection.keys()[i]);
      case TypeKind::kObject:
        return Value::string(collection.type().attributes()[i].name);
      case TypeKind::kSet:
        return collection.elements()[i];
      default:
        return Value::number(static_cast<int64_t>(i));
    }
  }

  // Does the condition hold for this element? nullopt when it is not known.
  std::optional<bool> included(const hcl::For& expression, const LocalNames* names, Marks& marks, bool& failed) {
    if (!expression.condition) return true;
    Value condition = run(*expression.condition, names);
    marks = marks | condition.marks();
    if (condition.is_null()) {
      with_values(*expression.condition, names, [&] {
        return fail("Condition is null", "The value of the 'if' clause must not be null.", expression.condition->range,
                    expression.range);
      });
      failed = true;
      return false;
    }
    Result<Value, ConvertError> truth = convert(condition, Type::boolean());
    if (!truth) {
      with_values(*expression.condition, names, [&] {
        return fail("Invalid 'for' condition",
                    fmt::format("The 'if' clause value is invalid: {}.", truth.error().message),
                    expression.condition->range, expression.range);
      });
      failed = true;
      return false;
    }
    if (!truth->is_known()) return std::nullopt;
    return truth->as_bool();
  }

  Value tuple_loop(const hcl::For& expression, const Value& collection, Marks marks, const LocalNames* names) {
    std::vector<Value> results;
    bool known = true;
    bool failed = false;
    for (std::size_t i = 0; i < collection.length() && !failed; ++i) {
      Value key = expression.key_name.empty() ? Value() : key_of(collection, i);
      LocalNames with_key{names, expression.key_name, &key};
      LocalNames with_value{expression.key_name.empty() ? names : &with_key, expression.value_name,
                            &collection.elements()[i]};
      std::optional<bool> include = included(expression, &with_value, marks, failed);
      if (!include) {
        known = false;
        continue;
      }
      if (!*include) continue;
      std::size_t before = diagnostics_.items().size();
      results.push_back(run(*expression.value, &with_value));
      failed = failed || diagnostics_.items().size() > before;
    }
    if (!known || failed) return Value::dynamic().with_marks(marks);
    return Value::tuple(std::move(results)).with_marks(marks);
  }

  Value object_loop(const hcl::For& expression, const Value& collection, Marks marks, const LocalNames* names) {
    std::vector<Value::Member> members;
    std::vector<std::pair<std::string, std::vector<Value>>> groups;
    std::vector<std::pair<std::string, std::size_t>> seen;
    bool known = true;
    bool failed = false;
    for (std::size_t i = 0; i < collection.length() && !failed; ++i) {
      Value key = expression.key_name.empty() ? Value() : key_of(collection, i);
      LocalNames with_key{names, expression.key_name, &key};
      LocalNames with_value{expression.key_name.empty() ? names : &with_key, expression.value_name,
                            &collection.elements()[i]};
      std::optional<bool> include = included(expression, &with_value, marks, failed);
      if (!include) {
        known = false;
        continue;
      }
      if (!*include) continue;
      std::size_t before = diagnostics_.items().size();
      Value name = run(*expression.key, &with_value);
      Value value = run(*expression.value, &with_value);
      if (diagnostics_.items().size() > before) {
        failed = true;
        break;
      }
      marks = marks | name.marks();
      if (name.is_null()) {
        with_values(*expression.key, &with_value, [&] {
          return fail("Invalid object key", "Key expression in 'for' expression must not produce a null value.",
                      expression.key->range, expression.range);
        });
        failed = true;
        break;
      }
      Result<Value, ConvertError> text = convert(name, Type::string());
      if (!text) {
        with_values(*expression.key, &with_value, [&] {
          return fail("Invalid object key",
                      fmt::format("The key expression produced an invalid result: {}.", text.error().message),
                      expression.key->range, expression.range);
        });
        failed = true;
        break;
      }
      if (!text->is_known()) {
        known = false;
        continue;
      }
      members.emplace_back(text->as_string(), std::move(value));
    }
    if (!known || failed) return Value::dynamic().with_marks(marks);
    std::stable_sort(members.begin(), members.end(),
                     [](const Value::Member& a, const Value::Member& b) { return a.first < b.first; });
    if (expression.grouping) return grouped(std::move(members)).with_marks(marks);
    for (std::size_t i = 1; i < members.size(); ++i) {
      if (members[i].first == members[i - 1].first) {
        return fail("Duplicate object key",
                    fmt::format("Two different items produced the key \"{}\" in this 'for' expression. If duplicates "
                                "are expected, use the "
                                "ellipsis (...) after the value expression to enable grouping by key.",
                                members[i].first),
                    expression.key->range, expression.range);
      }
    }
    return Value::object(std::move(members)).with_marks(marks);
  }

  static Value grouped(std::vector<Value::Member> members) {
    std::vector<Value::Member> groups;
    for (std::size_t i = 0; i < members.size();) {
      std::vector<Value> values;
      std::size_t first = i;
      for (; i < members.size() && members[i].first == members[first].first; ++i)
        values.push_back(std::move(members[i].second));
      groups.emplace_back(members[first].first, Value::tuple(std::move(values)));
    }
    return Value::object(std::move(groups));
  }

  // --- functions

  Value call(const hcl::FunctionCall& expression, const LocalNames* names) {
    std::string_view name = expression.name;
    if (name.starts_with("core::")) name.remove_prefix(6);
    if (name == "try" || name == "can") return attempt(expression, name == "can", names);
    const Function* function = find_function(expression.name);
    if (function == nullptr) return unknown_function(expression);
    if (name == "templatestring" && !expression.arguments.empty()) {
      if (const char* problem = template_reference_problem(*expression.arguments[0])) {
        return call_failed(expression, *function, {std::string("invalid template expression: ") + problem, 0},
                           {expression.arguments[0].get()}, names);
      }
    }
    std::size_t before = diagnostics_.items().size();
    std::vector<Value> arguments;
    std::vector<const Expression*> places;
    for (const hcl::ExpressionPtr& argument : expression.arguments) {
      arguments.push_back(run(*argument, names));
      places.push_back(argument.get());
    }
    if (diagnostics_.items().size() > before) return Value::unknown(function->result);
    Marks marks = Marks::kNone;
    if (expression.expand_final) {
      Value last = std::move(arguments.back());
      arguments.pop_back();
      const Expression* place = places.back();
      places.pop_back();
      marks = last.marks();
      last = last.without_marks();
      bool sequence =
          last.type().is_tuple() || last.type().kind() == TypeKind::kList || last.type().kind() == TypeKind::kSet;
      if (last.is_null()) {
        return with_values(*place, names, [&] {
          return fail("Invalid expanding argument value", "The expanding argument (indicated by ...) must not be null.",
                      place->range, expression.range);
        });
      }
      if (!last.is_known() && (last.type().is_dynamic() || sequence))
        return Value::unknown(function->result).with_marks(marks);
      if (!sequence) {
        return with_values(*place, names, [&] {
          return fail("Invalid expanding argument value",
                      "The expanding argument (indicated by ...) must be of a tuple, list, or set type.", place->range,
                      expression.range);
        });
      }
      for (const Value& element : last.elements()) {
        arguments.push_back(element);
        places.push_back(place);
      }
    }
    if (!arity_fits(expression, *function, arguments.size())) return Value::unknown(function->result);
    Scope& scope = scope_;
    TemplateRenderer render = [&scope](const std::string& file, const std::string& text, const Value& variables) {
      return render_template(scope, file, text, variables);
    };
    FunctionResult result = call_function(*function, std::move(arguments), scope_.functions(), render);
    if (!result) return call_failed(expression, *function, result.error(), places, names);
    return result->with_marks(marks);
  }

  // templatestring renders a string that comes from elsewhere; nullptr for an expression that can name one.
  static const char* template_reference_problem(const Expression& expression) {
    switch (expression.kind) {
      case hcl::ExpressionKind::kScopeTraversal:
      case hcl::ExpressionKind::kIndex:
      case hcl::ExpressionKind::kRelativeTraversal:
        return nullptr;
      case hcl::ExpressionKind::kTemplateWrap:
        return "templatestring is only for rendering templates retrieved dynamically from elsewhere; to treat the "
               "inner "
               "expression as template syntax, write the reference expression directly without any template "
               "interpolation syntax";
      case hcl::ExpressionKind::kTemplate:
      case hcl::ExpressionKind::kLiteral:
        return "templatestring is only for rendering templates retrieved dynamically from elsewhere, and so does not "
               "support providing a literal template; consider using a template string expression instead";
      default:
        return "must be a direct reference to a single string from elsewhere, containing valid Terraform template "
               "syntax";
    }
  }

  bool arity_fits(const hcl::FunctionCall& expression, const Function& function, std::size_t count) {
    std::size_t wanted = function.parameters.size();
    if (count < wanted) {
      diagnostics_.error(
          "Not enough function arguments",
          fmt::format("Function \"{}\" expects {}{} argument(s). Missing value for \"{}\".", expression.name,
                      function.variadic ? "at least " : "", wanted, function.parameters[count].name),
          expression.close_range, expression.range);
      return false;
    }
    if (count > wanted && !function.variadic) {
      const SourceRange& extra = expression.arguments[std::min(wanted, expression.arguments.size() - 1)]->range;
      diagnostics_.error("Too many function arguments",
                         fmt::format("Function \"{}\" expects only {} argument(s).", expression.name, wanted),
                         between(extra, expression.arguments.back()->range), expression.range);
      return false;
    }
    return true;
  }

  Value call_failed(const hcl::FunctionCall& expression, const Function& function, const FunctionError& error,
                    const std::vector<const Expression*>& places, const LocalNames* names) {
    if (error.argument < 0 || static_cast<std::size_t>(error.argument) >= places.size()) {
      return with_values(expression, names, [&] {
        return fail("Error in function call",
                    fmt::format("Call to function \"{}\" failed: {}.", expression.name, error.message),
                    opening(expression), expression.range);
      });
    }
    auto index = static_cast<std::size_t>(error.argument);
    const char* parameter = index < function.parameters.size() ? function.parameters[index].name
                            : function.variadic                ? function.variadic->name
                                                               : "";
    const Expression& place = *places[index];
    return with_values(place, names, [&] {
      return fail("Invalid function argument",
                  fmt::format("Invalid value for \"{}\" parameter: {}.", parameter, error.message), place.range,
                  expression.range);
    });
  }

  Value unknown_function(const hcl::FunctionCall& expression) {
    if (expression.name.starts_with("provider::")) {
      return fail(
          "Unknown provider function",
          fmt::format("There is no function named \"{}\": the built-in providers have no functions of their own.",
                      expression.name),
          expression.name_range, expression.range);
    }
    if (std::size_t colons = expression.name.find("::"); colons != std::string::npos) {
      return fail("Unknown provider function",
                  fmt::format("The function namespace \"{}\" is not valid. Provider function calls must use the "
                              "\"provider::\" namespace prefix.",
                              expression.name.substr(0, colons)),
                  expression.name_range, expression.range);
    }
    return fail("Call to unknown function",
                fmt::format("There is no function named \"{}\".{}", expression.name,
                            hcl::did_you_mean(expression.name, function_names())),
                expression.name_range, expression.range);
  }

  // The name of a call and its parenthesis.
  static SourceRange opening(const hcl::FunctionCall& expression) {
    SourceRange range = expression.name_range;
    ++range.end.column;
    ++range.end.byte;
    return range;
  }

  // try(a, b, ...): the first that evaluates without errors. can(a): whether it does.
  Value attempt(const hcl::FunctionCall& expression, bool can, const LocalNames* names) {
    if (expression.arguments.empty()) {
      if (can) {
        return fail("Not enough function arguments",
                    "Function \"can\" expects 1 argument(s). Missing value for \"expression\".", expression.close_range,
                    expression.range);
      }
      return fail("Error in function call", "Call to function \"try\" failed: at least one argument is required.",
                  opening(expression), expression.range);
    }
    if (can && expression.arguments.size() > 1) {
      return fail("Too many function arguments", "Function \"can\" expects only 1 argument(s).",
                  between(expression.arguments[1]->range, expression.arguments.back()->range), expression.range);
    }
    Diagnostics all;
    for (const hcl::ExpressionPtr& argument : expression.arguments) {
      Diagnostics problems;
      Value value = Evaluator(scope_, problems, *this).run(*argument, names);
      if (!problems.has_errors()) {
        if (!can) return value;
        if (!value.is_wholly_known()) return Value::unknown(Type::boolean(), not_null()).with_marks(value.marks_deep());
        return Value::boolean(true);
      }
      // A name that nothing declares is a mistake in the file, whatever the values are.
      if (std::any_of(problems.items().begin(), problems.items().end(), [](const Diagnostic& problem) {
            return problem.summary.starts_with("Reference to undeclared ");
          })) {
        diagnostics_.append(std::move(problems));
        return Value::dynamic();
      }
      all.append(std::move(problems));
    }
    if (can) return Value::boolean(false);
    std::string list;
    for (const Diagnostic& diagnostic : all.items()) {
      const SourceRange& at = diagnostic.subject;
      list += at.valid() ? fmt::format("\n- {} (at {}:{},{}-{})\n  {}", diagnostic.summary, at.file->path,
                                       at.start.line, at.start.column, at.end.column, diagnostic.detail)
                         : fmt::format("\n- {}\n  {}", diagnostic.summary, diagnostic.detail);
    }
    return with_values(expression, names, [&] {
      return fail("Error in function call",
                  fmt::format("Call to function \"{}\" failed: no expression succeeded:{}\n\nAt least one expression "
                              "must produce a successful result.",
                              expression.name, list),
                  opening(expression), expression.range);
    });
  }

  static Result<Value, FunctionError> render_template(Scope& scope, const std::string& file, const std::string& text,
                                                      const Value& variables) {
    auto source = std::make_shared<SourceFile>(SourceFile{file, text});
    Checked<hcl::ExpressionPtr> parsed = hcl::parse_template(*source);
    auto first_error = [](const Diagnostics& diagnostics) {
      for (const Diagnostic& diagnostic : diagnostics.items()) {
        if (diagnostic.severity != Severity::kError) continue;
        const SourceRange& at = diagnostic.subject;
        std::string place =
            at.valid() ? fmt::format("{}:{},{}-{}: ", at.file->path, at.start.line, at.start.column, at.end.column)
                       : "";
        return fmt::format("{}{}; {}", place, diagnostic.summary, diagnostic.detail);
      }
      return std::string("invalid template");
    };
    if (!parsed.value) return Failure<FunctionError>{{first_error(parsed.diagnostics), -1}};
    std::vector<std::pair<std::string, Value>> values;
    for (std::size_t i = 0; i < variables.length(); ++i) {
      std::string name = variables.type().is_object() ? variables.type().attributes()[i].name : variables.keys()[i];
      values.emplace_back(std::move(name), variables.elements()[i]);
    }
    // A name that the template uses and the caller does not give is the caller's mistake.
    std::string missing;
    hcl::for_each_traversal(*parsed.value, [&](const hcl::Traversal& traversal) {
      bool given =
          std::any_of(values.begin(), values.end(), [&](const auto& value) { return value.first == traversal.root; });
      if (!given && missing.empty()) {
        missing = fmt::format("vars map does not contain key \"{}\", referenced at {}:{},{}-{}", traversal.root, file,
                              traversal.root_range.start.line, traversal.root_range.start.column,
                              traversal.root_range.end.column);
      }
    });
    if (!missing.empty()) return Failure<FunctionError>{{missing, 1}};
    FunctionContext functions = scope.functions();
    functions.inside_template = true;
    ValuesScope inner(std::move(values), functions);
    Diagnostics diagnostics;
    Value value = lang::evaluate(*parsed.value, inner, diagnostics);
    if (diagnostics.has_errors()) return Failure<FunctionError>{{first_error(diagnostics), -1}};
    return value;
  }

  Evaluator(Scope& scope, Diagnostics& diagnostics, const Evaluator& around)
      : scope_(scope), diagnostics_(diagnostics), symbols_(around.symbols_), depth_(around.depth_) {}

  Scope& scope_;
  Diagnostics& diagnostics_;
  std::vector<SymbolValue> symbols_;
  const char* side_ = "left";
  int depth_ = 0;
};

}  // namespace

Value ValuesScope::resolve(const hcl::Traversal& traversal, std::size_t& used, Diagnostics& diagnostics) {
  used = 0;
  for (const auto& [name, value] : values_) {
    if (name == traversal.root) return value;
  }
  diagnostics.error("Unknown variable", fmt::format("There is no variable named \"{}\".", traversal.root),
                    traversal.root_range);
  return Value::dynamic();
}

Value evaluate(const Expression& expression, Scope& scope, Diagnostics& diagnostics) {
  return evaluate(expression, scope, nullptr, diagnostics);
}

Value evaluate(const Expression& expression, Scope& scope, const LocalNames* names, Diagnostics& diagnostics) {
  Diagnostics own;
  Value value = Evaluator(scope, own).run(expression, names);
  bool failed = own.has_errors();
  diagnostics.append(std::move(own));
  return failed ? Value::dynamic() : value;
}

std::string traversal_text(const hcl::Traversal& traversal) {
  std::string text = traversal.root;
  for (const hcl::TraversalStep& step : traversal.steps) {
    switch (step.kind) {
      case hcl::TraversalStep::Kind::kAttribute:
        text += "." + step.text;
        break;
      case hcl::TraversalStep::Kind::kStringKey:
        text += "[\"" + step.text + "\"]";
        break;
      case hcl::TraversalStep::Kind::kNumberKey:
        text += "[" + step.text + "]";
        break;
    }
  }
  return text;
}

}  // namespace terrace::lang
