// The syntax tree of HCL (github.com/hashicorp/hcl, hclsyntax/spec.md): expressions and bodies, with the place of
// everything. Both syntaxes, native and JSON, are read into it; the evaluator and the loader of configurations work on
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"

namespace terrace::hcl {

enum class ExpressionKind : uint8_t {
  kLiteral,
  kTemplate,
  kTemplateWrap,
  kTemplateJoin,
  kScopeTraversal,
  kRelativeTraversal,
  kIndex,
  kSplat,
  kAnonymousSymbol,
  kFunctionCall,
  kConditional,
  kBinary,
  kUnary,
  kTuple,
  kObject,
  kFor,
  kParentheses,
};

struct Expression {
  const ExpressionKind kind;
  SourceRange range;
  virtual ~Expression() = default;

 protected:
  Expression(ExpressionKind expression_kind, const SourceRange& place) : kind(expression_kind), range(place) {}
};
using ExpressionPtr = std::unique_ptr<const Expression>;

// null, true, false, a number as written, or a string without its quotes and escapes.
struct Literal final : Expression {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kString };
  Literal(const SourceRange& place, Kind literal_kind, std::string literal_text, bool truth = false)
      : Expression(ExpressionKind::kLiteral, place),
        literal(literal_kind),
        boolean(truth),
        text(std::move(literal_text)) {}
  Kind literal;
  bool boolean;
  std::string text;
};

// Parts that are joined to one string. A quoted string without interpolation has at most one literal part.
struct Template final : Expression {
  Template(const SourceRange& place, std::vector<ExpressionPtr> template_parts)
      : Expression(ExpressionKind::kTemplate, place), parts(std::move(template_parts)) {}
  std::vector<ExpressionPtr> parts;
};

// "${x}" with nothing around it: x itself, whatever its type.
struct TemplateWrap final : Expression {
  TemplateWrap(const SourceRange& place, ExpressionPtr inner)
      : Expression(ExpressionKind::kTemplateWrap, place), wrapped(std::move(inner)) {}
  ExpressionPtr wrapped;
};

// %{ for } ... %{ endfor }: the strings that `list`, a For, gives, joined.
struct TemplateJoin final : Expression {
  TemplateJoin(const SourceRange& place, ExpressionPtr strings)
      : Expression(ExpressionKind::kTemplateJoin, place), list(std::move(strings)) {}
  ExpressionPtr list;
};

// One step of a traversal: `.name`, `["key"]` or `[0]`; `text` is the name, the key or the number as written.
struct TraversalStep {
  enum class Kind : uint8_t { kAttribute, kStringKey, kNumberKey };
  Kind kind = Kind::kAttribute;
  std::string text;
  SourceRange range;
};

// A name and static steps from it.
struct Traversal {
  std::string root;
  SourceRange root_range;
  std::vector<TraversalStep> steps;
  SourceRange range() const { return steps.empty() ? root_range : between(root_range, steps.back().range); }
};

struct ScopeTraversal final : Expression {
  explicit ScopeTraversal(Traversal from)
      : Expression(ExpressionKind::kScopeTraversal, from.range()), traversal(std::move(from)) {}
  Traversal traversal;
};

struct RelativeTraversal final : Expression {
  RelativeTraversal(const SourceRange& place, ExpressionPtr from, std::vector<TraversalStep> traversal_steps)
      : Expression(ExpressionKind::kRelativeTraversal, place),
        source(std::move(from)),
        steps(std::move(traversal_steps)) {}
  ExpressionPtr source;
  std::vector<TraversalStep> steps;
};

// collection[key] with a key that has to be evaluated.
struct Index final : Expression {
  Index(const SourceRange& place, ExpressionPtr of, ExpressionPtr by)
      : Expression(ExpressionKind::kIndex, place), collection(std::move(of)), key(std::move(by)) {}
  ExpressionPtr collection;
  ExpressionPtr key;
};

// The item that a Splat is at, inside its `each`.
struct AnonymousSymbol final : Expression {
  explicit AnonymousSymbol(const SourceRange& place) : Expression(ExpressionKind::kAnonymousSymbol, place) {}
};

// source[*].rest or source.*.rest: `each` is what is done with each item, which it names by `item`.
struct Splat final : Expression {
  Splat(const SourceRange& place, ExpressionPtr from, ExpressionPtr per_item, const AnonymousSymbol* symbol,
        const SourceRange& marker)
      : Expression(ExpressionKind::kSplat, place),
        source(std::move(from)),
        each(std::move(per_item)),
        item(symbol),
        marker_range(marker) {}
  ExpressionPtr source;
  ExpressionPtr each;
  const AnonymousSymbol* item;  // inside `each`
  SourceRange marker_range;
};

struct FunctionCall final : Expression {
  FunctionCall(const SourceRange& place, std::string function, const SourceRange& name_place,
               std::vector<ExpressionPtr> args, bool expand, const SourceRange& close)
      : Expression(ExpressionKind::kFunctionCall, place),
        name(std::move(function)),
        name_range(name_place),
        arguments(std::move(args)),
        expand_final(expand),
        close_range(close) {}
  std::string name;  // "cidrsubnet", "provider::aws::arn_parse"
  SourceRange name_range;
  std::vector<ExpressionPtr> arguments;
  bool expand_final;
  SourceRange close_range;
};

struct Conditional final : Expression {
  Conditional(const SourceRange& place, ExpressionPtr test, ExpressionPtr yes, ExpressionPtr no)
      : Expression(ExpressionKind::kConditional, place),
        condition(std::move(test)),
        if_true(std::move(yes)),
        if_false(std::move(no)) {}
  ExpressionPtr condition;
  ExpressionPtr if_true;
  ExpressionPtr if_false;
};

enum class Operator : uint8_t {
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterOrEqual,
  kLess,
  kLessOrEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kModulo,
  kNot,
  kNegate,
};

struct Binary final : Expression {
  Binary(const SourceRange& place, Operator op, ExpressionPtr a, ExpressionPtr b)
      : Expression(ExpressionKind::kBinary, place), operation(op), left(std::move(a)), right(std::move(b)) {}
  Operator operation;
  ExpressionPtr left;
  ExpressionPtr right;
};

struct Unary final : Expression {
  Unary(const SourceRange& place, Operator op, ExpressionPtr a)
      : Expression(ExpressionKind::kUnary, place), operation(op), operand(std::move(a)) {}
  Operator operation;
  ExpressionPtr operand;
};

struct Tuple final : Expression {
  Tuple(const SourceRange& place, std::vector<ExpressionPtr> items)
      : Expression(ExpressionKind::kTuple, place), elements(std::move(items)) {}
  std::vector<ExpressionPtr> elements;
};

struct ObjectItem {
  ExpressionPtr key;  // a bare name is a string Literal
  ExpressionPtr value;
};

struct Object final : Expression {
  Object(const SourceRange& place, std::vector<ObjectItem> members)
      : Expression(ExpressionKind::kObject, place), items(std::move(members)) {}
  std::vector<ObjectItem> items;
};

// [for v in c : value if condition] or {for k, v in c : key => value... if condition}.
struct For final : Expression {
  explicit For(const SourceRange& place) : Expression(ExpressionKind::kFor, place) {}
  std::string key_name;  // empty where there is none
  std::string value_name;
  ExpressionPtr collection;
  ExpressionPtr key;  // null for a tuple
  ExpressionPtr value;
  ExpressionPtr condition;  // may be null
  bool grouping = false;
};

struct Parentheses final : Expression {
  Parentheses(const SourceRange& place, ExpressionPtr expression)
      : Expression(ExpressionKind::kParentheses, place), inner(std::move(expression)) {}
  ExpressionPtr inner;
};

// Calls `found` for each traversal in `expression` that starts outside of it: names that its `for` parts bind are left
// out.
void for_each_traversal(const Expression& expression, const std::function<void(const Traversal&)>& found);
// Calls `found` for each function call in `expression`.
void for_each_call(const Expression& expression, const std::function<void(const FunctionCall&)>& found);

// `expression` as a static traversal: a name with steps, in parentheses or not; nullptr for anything else.
const Traversal* as_traversal(const Expression& expression);
// The text of a string without interpolation; nullptr for anything else.
const std::string* as_literal_string(const Expression& expression);

struct AttributeSchema {
  std::string name;
  bool required = false;
};
struct BlockSchema {
  std::string type;
  std::vector<std::string> label_names;
};
struct BodySchema {
  std::vector<AttributeSchema> attributes;
  std::vector<BlockSchema> blocks;
};

class Body;

struct Attribute {
  std::string name;
  const Expression* expression = nullptr;
  SourceRange name_range;
  SourceRange range;
};

struct Block {
  std::string type;
  std::vector<std::string> labels;
  const Body* body = nullptr;
  SourceRange type_range;
  std::vector<SourceRange> label_ranges;
  SourceRange definition_range;  // type and labels
};

struct BodyContent {
  std::vector<Attribute> attributes;  // in source order
  std::vector<Block> blocks;          // in source order
  SourceRange missing_range;          // where something missing would stand
  const Attribute* find(std::string_view name) const;
};

// What stands between braces, or in a file. Which names are arguments and which are blocks is the schema's to say: JSON
// does not tell them apart. Bodies live as long as their File.
class Body {
 public:
  virtual ~Body() = default;
  // Everything that `schema` names; whatever else is there is an error, as is a required attribute that is missing.
  virtual Checked<BodyContent> content(const BodySchema& schema) const = 0;
  // The same, with what `schema` does not name left alone.
  virtual Checked<BodyContent> partial_content(const BodySchema& schema) const = 0;
  // Every attribute; blocks are errors.
  virtual Checked<std::vector<Attribute>> just_attributes() const = 0;
  // Names that are used as attributes, and as blocks. In JSON each property is both.
  virtual std::vector<std::string> attribute_names() const = 0;
  virtual std::vector<std::string> block_types() const = 0;
  virtual SourceRange missing_range() const = 0;
};

// A parsed file and everything in it.
struct File {
  SourceFilePtr source;
  std::unique_ptr<const Body> body;
};

}  // namespace terrace::hcl
