#include "lang/type_constraint.h"

#include <algorithm>

#include <fmt/format.h>

#include "lang/convert.h"
#include "lang/evaluator.h"

namespace terrace::lang {

namespace {

using hcl::ExpressionKind;

constexpr const char* kSummary = "Invalid type specification";

class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Type read(const hcl::Expression& expression, std::shared_ptr<Defaults>& defaults) {
    if (const hcl::Traversal* traversal = hcl::as_traversal(expression);
        traversal != nullptr && traversal->steps.empty()) {
      return keyword(traversal->root, expression.range);
    }
    if (expression.kind == ExpressionKind::kFunctionCall)
      return constructor(static_cast<const hcl::FunctionCall&>(expression), defaults);
    diagnostics_.error(kSummary,
                       "A type specification is either a primitive type keyword (bool, number, string) or a complex "
                       "type constructor call, like list(string).",
                       expression.range);
    return Type::dynamic();
  }

 private:
  Type keyword(const std::string& word, const SourceRange& range) {
    if (word == "string") return Type::string();
    if (word == "number") return Type::number();
    if (word == "bool") return Type::boolean();
    if (word == "any") return Type::dynamic();
    if (word == "list" || word == "map" || word == "set") {
      diagnostics_.error(
          kSummary, fmt::format("The {0} type constructor requires one argument specifying the element type.", word),
          range);
    } else if (word == "object") {
      diagnostics_.error(
          kSummary,
          "The object type constructor requires one argument specifying the attribute types and values as a map.",
          range);
    } else if (word == "tuple") {
      diagnostics_.error(
          kSummary, "The tuple type constructor requires one argument specifying the element types as a list.", range);
    } else {
      diagnostics_.error(kSummary, fmt::format("The keyword \"{}\" is not a valid type specification.", word), range);
    }
    return Type::dynamic();
  }

  Type constructor(const hcl::FunctionCall& call, std::shared_ptr<Defaults>& defaults) {
    const std::string& name = call.name;
    if (name == "optional") {
      diagnostics_.error(kSummary, "Keyword \"optional\" is valid only as a modifier for object type attributes.",
                         call.range);
      return Type::dynamic();
    }
    bool known = name == "list" || name == "set" || name == "map" || name == "object" || name == "tuple";
    if (!known) {
      bool primitive = name == "string" || name == "number" || name == "bool" || name == "any";
      diagnostics_.error(kSummary,
                         primitive ? fmt::format("Primitive type keyword \"{}\" does not expect arguments.", name)
                                   : fmt::format("Keyword \"{}\" is not a valid type constructor.", name),
                         call.name_range, call.range);
      return Type::dynamic();
    }
    if (call.arguments.size() != 1) {
      diagnostics_.error(
          kSummary,
          name == "object"
              ? "The object type constructor requires one argument specifying the attribute types and values as a map."
          : name == "tuple"
              ? "The tuple type constructor requires one argument specifying the element types as a list."
              : fmt::format("The {} type constructor requires one argument specifying the element type.", name),
          call.range);
      return Type::dynamic();
    }
    const hcl::Expression& argument = *call.arguments[0];
    if (name == "object") return object(argument, defaults);
    if (name == "tuple") return tuple(argument, defaults);
    std::shared_ptr<Defaults> inner;
    Type element = read(argument, inner);
    add_child(defaults, "", inner);
    return name == "list" ? Type::list(element) : name == "set" ? Type::set(element) : Type::map(element);
  }

  static void add_child(std::shared_ptr<Defaults>& defaults, const std::string& name,
                        const std::shared_ptr<Defaults>& child) {
    if (!child || child->empty()) return;
    if (!defaults) defaults = std::make_shared<Defaults>();
    defaults->children.emplace(name, child);
  }

  Type object(const hcl::Expression& expression, std::shared_ptr<Defaults>& defaults) {
    if (expression.kind != ExpressionKind::kObject) {
      diagnostics_.error(kSummary,
                         "Object type constructor requires a map whose keys are attribute names and whose values are "
                         "the corresponding attribute types.",
                         expression.range);
      return Type::dynamic();
    }
    std::vector<Type::Attribute> attributes;
    for (const hcl::ObjectItem& item : static_cast<const hcl::Object&>(expression).items) {
      const std::string* name = hcl::as_literal_string(*item.key);
      if (name == nullptr) {
        diagnostics_.error(kSummary, "Object constructor map keys must be attribute names.", item.key->range);
        continue;
      }
      attributes.push_back(attribute(*name, *item.value, defaults));
    }
    return Type::object(std::move(attributes));
  }

  Type::Attribute attribute(const std::string& name, const hcl::Expression& expression,
                            std::shared_ptr<Defaults>& defaults) {
    const hcl::Expression* type_expression = &expression;
    const hcl::Expression* default_expression = nullptr;
    bool optional = false;
    if (expression.kind == ExpressionKind::kFunctionCall) {
      const auto& call = static_cast<const hcl::FunctionCall&>(expression);
      if (call.name == "optional") {
        optional = true;
        if (call.arguments.empty() || call.arguments.size() > 2) {
          diagnostics_.error(kSummary,
                             call.arguments.empty()
                                 ? "Optional attribute modifier requires the attribute type as its argument."
                                 : "Optional attribute modifier expects at most two arguments: the attribute type, and "
                                   "a default value.",
                             call.range);
          return {name, Type::dynamic(), true};
        }
        type_expression = call.arguments[0].get();
        if (call.arguments.size() == 2) default_expression = call.arguments[1].get();
      }
    }
    std::shared_ptr<Defaults> inner;
    Type type = read(*type_expression, inner);
    add_child(defaults, name, inner);
    if (default_expression != nullptr) add_default(name, type, *default_expression, defaults);
    return {name, type, optional};
  }

  void add_default(const std::string& name, const Type& type, const hcl::Expression& expression,
                   std::shared_ptr<Defaults>& defaults) {
    FunctionContext context;
    ValuesScope scope({}, context);
    Diagnostics problems;
    Value value = evaluate(expression, scope, problems);
    if (problems.has_errors()) {
      diagnostics_.append(std::move(problems));
      return;
    }
    Result<Value, ConvertError> converted = convert(value, type);
    if (!converted) {
      diagnostics_.error("Invalid default value for optional attribute",
                         fmt::format("This default value is not compatible with the attribute's type constraint: {}.",
                                     converted.error().message),
                         expression.range);
      return;
    }
    if (!defaults) defaults = std::make_shared<Defaults>();
    defaults->values.emplace(name, *std::move(converted));
  }

  Type tuple(const hcl::Expression& expression, std::shared_ptr<Defaults>& defaults) {
    if (expression.kind != ExpressionKind::kTuple) {
      diagnostics_.error(kSummary, "Tuple type constructor requires a list of element types.", expression.range);
      return Type::dynamic();
    }
    std::vector<Type> elements;
    for (const hcl::ExpressionPtr& element : static_cast<const hcl::Tuple&>(expression).elements) {
      std::shared_ptr<Defaults> inner;
      elements.push_back(read(*element, inner));
      add_child(defaults, std::to_string(elements.size() - 1), inner);
    }
    return Type::tuple(std::move(elements));
  }

  Diagnostics& diagnostics_;
};

}  // namespace

Checked<TypeConstraint> parse_type_constraint(const hcl::Expression& expression) {
  Checked<TypeConstraint> result;
  std::shared_ptr<Defaults> defaults;
  result.value.type = Reader(result.diagnostics).read(expression, defaults);
  result.value.defaults = defaults;
  return result;
}

Value apply_defaults(const Defaults& defaults, const Value& value) {
  if (!value.has_content() || value.type().is_primitive()) return value;
  auto child = [&](const std::string& name) -> const Defaults* {
    auto found = defaults.children.find(name);
    return found == defaults.children.end() ? nullptr : found->second.get();
  };
  const Type& type = value.type();
  if (type.is_object() || type.kind() == TypeKind::kMap) {
    std::vector<Value::Member> members;
    const Defaults* element = child("");
    for (std::size_t i = 0; i < value.length(); ++i) {
      const std::string& name = type.is_object() ? type.attributes()[i].name : value.keys()[i];
      const Defaults* inner = child(name) != nullptr ? child(name) : element;
      members.emplace_back(name, inner != nullptr ? apply_defaults(*inner, value.elements()[i]) : value.elements()[i]);
    }
    for (const auto& [name, fallback] : defaults.values) {
      auto given = std::find_if(members.begin(), members.end(),
                                [&, wanted = &name](const Value::Member& m) { return m.first == *wanted; });
      const Defaults* inner = child(name);
      Value filled = inner != nullptr ? apply_defaults(*inner, fallback) : fallback;
      if (given == members.end()) {
        members.emplace_back(name, filled);
      } else if (given->second.is_null()) {
        given->second = filled;
      }
    }
    return Value::object(std::move(members)).with_marks(value.marks());
  }
  std::vector<Value> elements;
  const Defaults* element = child("");
  for (std::size_t i = 0; i < value.length(); ++i) {
    const Defaults* inner = element != nullptr ? element : child(std::to_string(i));
    elements.push_back(inner != nullptr ? apply_defaults(*inner, value.elements()[i]) : value.elements()[i]);
  }
  return Value::tuple(std::move(elements)).with_marks(value.marks());
}

}  // namespace terrace::lang
