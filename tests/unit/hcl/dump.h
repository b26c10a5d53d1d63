// An expression as an S-expression, for the tests of the parser.
#pragma once

#include <string>

#include "hcl/ast.h"

namespace terrace::hcl {

inline std::string dump(const Expression& expression);

inline std::string dump_steps(const std::vector<TraversalStep>& steps) {
  std::string out;
  for (const TraversalStep& step : steps) {
    switch (step.kind) {
      case TraversalStep::Kind::kAttribute:
        out += "." + step.text;
        break;
      case TraversalStep::Kind::kStringKey:
        out += "[\"" + step.text + "\"]";
        break;
      case TraversalStep::Kind::kNumberKey:
        out += "[" + step.text + "]";
        break;
    }
  }
  return out;
}

inline std::string dump_all(const char* name, const std::vector<ExpressionPtr>& all) {
  std::string out = std::string("(") + name;
  for (const ExpressionPtr& each : all) out += " " + dump(*each);
  return out + ")";
}

inline std::string dump_for(const For& loop) {
  std::string out = loop.key ? "(for{} " : "(for[] ";
  if (!loop.key_name.empty()) out += loop.key_name + ",";
  out += loop.value_name + " " + dump(*loop.collection);
  if (loop.key) out += " " + dump(*loop.key) + " =>";
  out += " " + dump(*loop.value);
  if (loop.grouping) out += " ...";
  if (loop.condition) out += " if " + dump(*loop.condition);
  return out + ")";
}

inline std::string dump_literal(const Literal& literal) {
  switch (literal.literal) {
    case Literal::Kind::kNull:
      return "null";
    case Literal::Kind::kBool:
      return literal.boolean ? "true" : "false";
    case Literal::Kind::kNumber:
      return literal.text;
    case Literal::Kind::kString:
      break;
  }
  std::string out = "'";
  for (char c : literal.text) out += c == '\n' ? std::string("\\n") : std::string(1, c);
  return out + "'";
}

inline const char* symbol(Operator operation) {
  static constexpr const char* kSymbols[] = {
      "||", "&&", "==", "!=", ">", ">=", "<", "<=", "+", "-", "*", "/", "%", "!", "neg"};
  return kSymbols[static_cast<int>(operation)];
}

inline std::string dump(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kLiteral:
      return dump_literal(static_cast<const Literal&>(expression));
    case ExpressionKind::kTemplate:
      return dump_all("template", static_cast<const Template&>(expression).parts);
    case ExpressionKind::kTemplateWrap:
      return "(wrap " + dump(*static_cast<const TemplateWrap&>(expression).wrapped) + ")";
    case ExpressionKind::kTemplateJoin:
      return "(join " + dump(*static_cast<const TemplateJoin&>(expression).list) + ")";
    case ExpressionKind::kScopeTraversal: {
      const Traversal& traversal = static_cast<const ScopeTraversal&>(expression).traversal;
      return traversal.root + dump_steps(traversal.steps);
    }
    case ExpressionKind::kRelativeTraversal: {
      const auto& relative = static_cast<const RelativeTraversal&>(expression);
      return "(get " + dump(*relative.source) + " " + dump_steps(relative.steps) + ")";
    }
    case ExpressionKind::kIndex: {
      const auto& index = static_cast<const Index&>(expression);
      return "(index " + dump(*index.collection) + " " + dump(*index.key) + ")";
    }
    case ExpressionKind::kSplat: {
      const auto& splat = static_cast<const Splat&>(expression);
      return "(splat " + dump(*splat.source) + " " + dump(*splat.each) + ")";
    }
    case ExpressionKind::kAnonymousSymbol:
      return "@";
    case ExpressionKind::kFunctionCall: {
      const auto& call = static_cast<const FunctionCall&>(expression);
      return dump_all((call.name + (call.expand_final ? "..." : "")).c_str(), call.arguments);
    }
    case ExpressionKind::kConditional: {
      const auto& conditional = static_cast<const Conditional&>(expression);
      return "(? " + dump(*conditional.condition) + " " + dump(*conditional.if_true) + " " +
             dump(*conditional.if_false) + ")";
    }
    case ExpressionKind::kBinary: {
      const auto& binary = static_cast<const Binary&>(expression);
      return std::string("(") + symbol(binary.operation) + " " + dump(*binary.left) + " " + dump(*binary.right) + ")";
    }
    case ExpressionKind::kUnary: {
      const auto& unary = static_cast<const Unary&>(expression);
      return std::string("(") + symbol(unary.operation) + " " + dump(*unary.operand) + ")";
    }
    case ExpressionKind::kTuple:
      return dump_all("tuple", static_cast<const Tuple&>(expression).elements);
    case ExpressionKind::kObject: {
      std::string out = "(object";
      for (const ObjectItem& item : static_cast<const Object&>(expression).items) {
        out += " " + dump(*item.key) + "=" + dump(*item.value);
      }
      return out + ")";
    }
    case ExpressionKind::kFor:
      return dump_for(static_cast<const For&>(expression));
    case ExpressionKind::kParentheses:
      return "(() " + dump(*static_cast<const Parentheses&>(expression).inner) + ")";
  }
  return "?";
}

}  // namespace terrace::hcl
