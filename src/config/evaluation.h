// Evaluation: the values of a configuration's expressions. Module instances, variables, locals and outputs are
// evaluated once, when they are first asked for; resources are asked of whoever plans or applies them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "config/module.h"
#include "diag/diagnostic.h"
#include "lang/evaluator.h"
#include "lang/function.h"
#include "lang/value.h"

namespace terrace::config {

// No key, a number (count) or a string (for_each).
using InstanceKey = std::variant<std::monostate, int64_t, std::string>;

// What count or for_each makes of a resource or module call: the keys of its instances, and each.value for each of
// them.
struct Expansion {
  enum class Kind : uint8_t { kSingle, kCount, kForEach, kUnknown };
  Kind kind = Kind::kSingle;
  int64_t count = 1;                      // of kCount
  std::vector<lang::Value::Member> each;  // of kForEach: key and each.value, sorted by key

  std::size_t size() const;
  InstanceKey key(std::size_t index) const;
  bool has(const InstanceKey& key) const;
  // The index of `key`, or nothing.
  std::optional<std::size_t> find(const InstanceKey& key) const;
};

// One module as it is called, with one instance key. The root has no call. Addresses are as Terraform writes them:
// module.a["k"].module.b, empty for the root.
struct ModuleInstance {
  const Module* module = nullptr;
  const ModuleCall* call = nullptr;
  ModuleInstance* parent = nullptr;
  InstanceKey key;
  lang::Value each_value;
  std::string address;
  std::string static_address;  // without keys: module.a.module.b

  struct Children {
    Expansion expansion;
    std::vector<std::unique_ptr<ModuleInstance>>
        instances;  // one each; for an unknown expansion one that stands for all
  };
  std::map<std::string, Children> children;  // by call name, made when first asked for

  struct Memo {
    enum class State : uint8_t { kNone, kRunning, kDone };
    State state = State::kNone;
    lang::Value value;
  };
  std::unordered_map<std::string, Memo> variables;
  std::unordered_map<std::string, Memo> locals;
  std::unordered_map<std::string, Memo> outputs;
};

// What each, count and self mean where an expression stands.
struct InstanceContext {
  const InstanceKey* key = nullptr;         // null where there is neither each nor count
  const lang::Value* each_value = nullptr;  // of for_each
  const lang::Value* self = nullptr;        // of postconditions
};

// Resources as values. Plan and apply implement it; a validation answers with unknown values of the right type.
class ResourceValues {
 public:
  virtual ~ResourceValues() = default;
  // The value that `type.name` (or data.type.name) has in `module`: one object, a tuple for count, an object for
  // for_each; unknown where nothing is known yet. Asked for once for each expression that names it, so it should be
  // kept.
  virtual lang::Value resource_value(const ModuleInstance& module, const Resource& resource) = 0;
};

class Evaluation {
 public:
  // Root variables come by name, converted to their types. All references outlive the evaluation.
  Evaluation(const Configuration& configuration, std::map<std::string, lang::Value> root_variables,
             lang::FunctionContext functions, ResourceValues& resources, std::string workspace);
  ~Evaluation();

  ModuleInstance& root() { return *root_; }
  const Configuration& configuration() const { return configuration_; }
  const lang::FunctionContext& functions() const { return functions_; }
  lang::FunctionContext& functions() { return functions_; }

  // The value of `expression` in `module`.
  lang::Value evaluate(const hcl::Expression& expression, ModuleInstance& module, const InstanceContext& context,
                       Diagnostics& diagnostics);
  // The scope of such expressions, for whoever evaluates more than one, such as a body. It lives as long as its
  // arguments.
  std::unique_ptr<lang::Scope> scope(ModuleInstance& module, const InstanceContext& context);

  lang::Value variable(ModuleInstance& module, const std::string& name, Diagnostics& diagnostics);
  lang::Value local(ModuleInstance& module, const std::string& name, Diagnostics& diagnostics);
  lang::Value output(ModuleInstance& module, const std::string& name, Diagnostics& diagnostics);

  // The instances of a call, made when first asked for. For count or for_each that is not known there is an error.
  ModuleInstance::Children& children(ModuleInstance& module, const ModuleCall& call, Diagnostics& diagnostics);
  // The instances that count and for_each, one of which may be given, ask for.
  Expansion expand(const hcl::Expression* count, const hcl::Expression* for_each, ModuleInstance& module,
                   Diagnostics& diagnostics);

  // Every module instance, the root first, parents before children.
  std::vector<ModuleInstance*> all_instances(Diagnostics& diagnostics);

  // Forgets every value of locals, variables and outputs, so that they are evaluated anew: while applying, when
  // resources that were unknown have become known.
  void forget_values();

  // Checks a rule and gives its message as an error with `summary` where it does not hold; unknown conditions hold.
  void check_rule(const CheckRule& rule, const char* summary, ModuleInstance& module, const InstanceContext& context,
                  Diagnostics& diagnostics);
  // The `validation` rules of all variables of `module`.
  void check_variables(ModuleInstance& module, Diagnostics& diagnostics);

 private:
  friend class ModuleScope;
  lang::Value memoized(std::unordered_map<std::string, ModuleInstance::Memo>& memos, const std::string& name,
                       const std::function<lang::Value()>& make);
  lang::Value call_value(ModuleInstance& module, const ModuleCall& call, Diagnostics& diagnostics);

  const Configuration& configuration_;
  std::map<std::string, lang::Value> root_variables_;
  lang::FunctionContext functions_;
  ResourceValues& resources_;
  std::string workspace_;
  std::unique_ptr<ModuleInstance> root_;
};

// `[0]`, `["name"]` or nothing.
std::string key_text(const InstanceKey& key);

}  // namespace terrace::config
