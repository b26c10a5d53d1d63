#include "hcl/ast.h"

#include <algorithm>

namespace terrace::hcl {

namespace {

// Walks an expression with the names that are bound around each part.
class Walker {
 public:
  const std::function<void(const Traversal&)>* traversal = nullptr;
  const std::function<void(const FunctionCall&)>* call = nullptr;

  void walk(const Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::kLiteral:
      case ExpressionKind::kAnonymousSymbol:
        return;
      case ExpressionKind::kTemplate:
        return walk_all(static_cast<const Template&>(expression).parts);
      case ExpressionKind::kTemplateWrap:
        return walk(*static_cast<const TemplateWrap&>(expression).wrapped);
      case ExpressionKind::kTemplateJoin:
        return walk(*static_cast<const TemplateJoin&>(expression).list);
      case ExpressionKind::kScopeTraversal: {
        const Traversal& found = static_cast<const ScopeTraversal&>(expression).traversal;
        if (traversal != nullptr && std::find(bound_.begin(), bound_.end(), found.root) == bound_.end())
          (*traversal)(found);
        return;
      }
      case ExpressionKind::kRelativeTraversal:
        return walk(*static_cast<const RelativeTraversal&>(expression).source);
      case ExpressionKind::kIndex:
        walk(*static_cast<const Index&>(expression).collection);
        return walk(*static_cast<const Index&>(expression).key);
      case ExpressionKind::kSplat:
        walk(*static_cast<const Splat&>(expression).source);
        return walk(*static_cast<const Splat&>(expression).each);
      case ExpressionKind::kFunctionCall: {
        const auto& found = static_cast<const FunctionCall&>(expression);
        if (call != nullptr) (*call)(found);
        return walk_all(found.arguments);
      }
      case ExpressionKind::kConditional: {
        const auto& conditional = static_cast<const Conditional&>(expression);
        walk(*conditional.condition);
        walk(*conditional.if_true);
        return walk(*conditional.if_false);
      }
      case ExpressionKind::kBinary:
        walk(*static_cast<const Binary&>(expression).left);
        return walk(*static_cast<const Binary&>(expression).right);
      case ExpressionKind::kUnary:
        return walk(*static_cast<const Unary&>(expression).operand);
      case ExpressionKind::kTuple:
        return walk_all(static_cast<const Tuple&>(expression).elements);
      case ExpressionKind::kObject:
        for (const ObjectItem& item : static_cast<const Object&>(expression).items) {
          walk(*item.key);
          walk(*item.value);
        }
        return;
      case ExpressionKind::kFor:
        return walk_for(static_cast<const For&>(expression));
      case ExpressionKind::kParentheses:
        return walk(*static_cast<const Parentheses&>(expression).inner);
    }
  }

 private:
  void walk_all(const std::vector<ExpressionPtr>& expressions) {
    for (const ExpressionPtr& expression : expressions) walk(*expression);
  }

  void walk_for(const For& loop) {
    walk(*loop.collection);
    std::size_t before = bound_.size();
    if (!loop.key_name.empty()) bound_.push_back(loop.key_name);
    bound_.push_back(loop.value_name);
    if (loop.key) walk(*loop.key);
    walk(*loop.value);
    if (loop.condition) walk(*loop.condition);
    bound_.resize(before);
  }

  std::vector<std::string> bound_;
};

}  // namespace

void for_each_traversal(const Expression& expression, const std::function<void(const Traversal&)>& found) {
  Walker walker;
  walker.traversal = &found;
  walker.walk(expression);
}

void for_each_call(const Expression& expression, const std::function<void(const FunctionCall&)>& found) {
  Walker walker;
  walker.call = &found;
  walker.walk(expression);
}

const Traversal* as_traversal(const Expression& expression) {
  if (expression.kind == ExpressionKind::kParentheses)
    return as_traversal(*static_cast<const Parentheses&>(expression).inner);
  if (expression.kind == ExpressionKind::kTemplateWrap)
    return as_traversal(*static_cast<const TemplateWrap&>(expression).wrapped);
  if (expression.kind != ExpressionKind::kScopeTraversal) return nullptr;
  return &static_cast<const ScopeTraversal&>(expression).traversal;
}

const std::string* as_literal_string(const Expression& expression) {
  static const std::string kEmpty;
  if (expression.kind == ExpressionKind::kLiteral) {
    const auto& literal = static_cast<const Literal&>(expression);
    return literal.literal == Literal::Kind::kString ? &literal.text : nullptr;
  }
  if (expression.kind != ExpressionKind::kTemplate) return nullptr;
  const auto& parts = static_cast<const Template&>(expression).parts;
  if (parts.empty()) return &kEmpty;
  if (parts.size() > 1 || parts[0]->kind != ExpressionKind::kLiteral) return nullptr;
  return as_literal_string(*parts[0]);
}

const Attribute* BodyContent::find(std::string_view name) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

}  // namespace terrace::hcl
