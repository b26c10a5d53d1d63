// Evaluates expressions of the syntax tree to values, as the HCL and Terraform language specifications say. Plan, apply
// and the console come here through config's Evaluation.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "diag/diagnostic.h"
#include "hcl/ast.h"
#include "lang/function.h"
#include "lang/value.h"

namespace terrace::lang {

// What names mean. One for each place that expressions stand in; it must outlive the evaluation.
class Scope {
 public:
  virtual ~Scope() = default;
  // The value of `traversal` as far as the scope resolves it; `used` is how many of its steps are in that value, and
  // the evaluator takes the rest. Errors are said at the traversal's ranges.
  virtual Value resolve(const hcl::Traversal& traversal, std::size_t& used, Diagnostics& diagnostics) = 0;
  virtual const FunctionContext& functions() const = 0;
};

// A scope that knows a few names by value: templatefile's variables, the console of a test.
class ValuesScope : public Scope {
 public:
  ValuesScope(std::vector<std::pair<std::string, Value>> values, const FunctionContext& context)
      : values_(std::move(values)), context_(context) {}
  Value resolve(const hcl::Traversal& traversal, std::size_t& used, Diagnostics& diagnostics) override;
  const FunctionContext& functions() const override { return context_; }

 private:
  std::vector<std::pair<std::string, Value>> values_;
  const FunctionContext& context_;
};

// The value of `expression`. With errors it is unknown of dynamic type, so that what uses it says nothing more.
Value evaluate(const hcl::Expression& expression, Scope& scope, Diagnostics& diagnostics);

// The same with names that stand before the scope's, such as the iterator of a dynamic block: a list of (name, value)
// that grows to the right.
struct LocalNames {
  const LocalNames* outer = nullptr;
  std::string_view name;
  const Value* value = nullptr;
};
Value evaluate(const hcl::Expression& expression, Scope& scope, const LocalNames* names, Diagnostics& diagnostics);

// Takes one step from `value`, as an index or attribute access does.
Value take_step(const Value& value, const hcl::TraversalStep& step, const SourceRange& context,
                Diagnostics& diagnostics);
// The same for a key that was evaluated.
Value take_index(const Value& collection, const Value& key, const SourceRange& subject, const SourceRange& context,
                 Diagnostics& diagnostics);

// "var.x" as messages write a traversal.
std::string traversal_text(const hcl::Traversal& traversal);

}  // namespace terrace::lang
