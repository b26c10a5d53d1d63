#include "config/evaluation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "hcl/native_body.h"
#include "lang/convert.h"

namespace terrace::config {

using lang::Marks;
using lang::Type;
using lang::Value;

// Resolves names for the expressions of one module, with what each, count and self mean at their place.
class ModuleScope final : public lang::Scope {
 public:
  ModuleScope(Evaluation& evaluation, ModuleInstance& module, const InstanceContext& context)
      : evaluation_(evaluation), module_(module), context_(context) {}

  const lang::FunctionContext& functions() const override { return evaluation_.functions(); }

  Value resolve(const hcl::Traversal& traversal, std::size_t& used, Diagnostics& diagnostics) override {
    used = 0;
    const std::string& root = traversal.root;
    if (root == "var" || root == "local" || root == "path" || root == "terraform" || root == "each" ||
        root == "count" || root == "module") {
      if (traversal.steps.empty() || traversal.steps[0].kind != hcl::TraversalStep::Kind::kAttribute) {
        bool bare = traversal.steps.empty();
        diagnostics.error("Invalid reference",
                          bare
                              ? fmt::format("The \"{}\" object cannot be accessed directly. Instead, access one of its "
                                            "attributes.",
                                            root)
                              : fmt::format("The \"{}\" object does not support this operation.", root),
                          bare ? traversal.root_range : traversal.steps[0].range);
        return Value::dynamic();
      }
      if (root == "module") return module_value(traversal, used, diagnostics);
      used = 1;
      return named(root, traversal.steps[0].text, traversal, diagnostics);
    }
    if (root == "self") {
      if (context_.self != nullptr) return *context_.self;
      diagnostics.error("Invalid \"self\" reference",
                        "The \"self\" object is not available in this context. This object can be used only in "
                        "resource provisioner, connection, and "
                        "postcondition blocks.",
                        traversal.root_range);
      return Value::dynamic();
    }
    return resource(traversal, used, diagnostics);
  }

 private:
  Value named(const std::string& root, const std::string& name, const hcl::Traversal& traversal,
              Diagnostics& diagnostics) {
    SourceRange range = between(traversal.root_range, traversal.steps[0].range);
    if (root == "var") return variable(name, range, diagnostics);
    if (root == "local") return local(name, range, diagnostics);
    if (root == "each" || root == "count") return repetition(root, name, range, diagnostics);
    if (root == "path") {
      if (name == "module") return Value::string(module_.module->directory);
      if (name == "root") return Value::string(evaluation_.configuration().root->directory);
      if (name == "cwd") {
        const std::string& directory = evaluation_.functions().base_directory;
        return Value::string(directory.empty() ? "." : directory);
      }
      diagnostics.error("Invalid \"path\" attribute",
                        fmt::format("The \"path\" object does not have an attribute named \"{}\".{}", name,
                                    hcl::did_you_mean(name, {"cwd", "module", "root"})),
                        range);
      return Value::dynamic();
    }
    if (name == "workspace") return Value::string(evaluation_.workspace_);
    diagnostics.error(
        "Invalid \"terraform\" attribute",
        fmt::format(
            "The \"terraform\" object does not have an attribute named \"{}\". The only supported attribute here "
            "is terraform.workspace, the name of the currently-selected workspace.",
            name),
        range);
    return Value::dynamic();
  }

  Value variable(const std::string& name, const SourceRange& range, Diagnostics& diagnostics) {
    if (module_.module->variables.count(name) != 0) return evaluation_.variable(module_, name, diagnostics);
    std::vector<std::string> names;
    for (const auto& [known, variable] : module_.module->variables) names.push_back(known);
    std::string hint = hcl::did_you_mean(name, names);
    if (hint.empty()) hint = fmt::format(" This variable can be declared with a variable \"{}\" {{}} block.", name);
    diagnostics.error("Reference to undeclared input variable",
                      fmt::format("An input variable with the name \"{}\" has not been declared.{}", name, hint),
                      range);
    return Value::dynamic();
  }

  Value local(const std::string& name, const SourceRange& range, Diagnostics& diagnostics) {
    if (module_.module->locals.count(name) != 0) return evaluation_.local(module_, name, diagnostics);
    std::vector<std::string> names;
    for (const auto& [known, local] : module_.module->locals) names.push_back(known);
    diagnostics.error("Reference to undeclared local value",
                      fmt::format("A local value with the name \"{}\" has not been declared.{}", name,
                                  hcl::did_you_mean(name, names)),
                      range);
    return Value::dynamic();
  }

  // Of module.NAME.OUTPUT and module.NAME[KEY].OUTPUT only that output is evaluated, so that outputs of one module may
  // need, by way of others, one another.
  Value module_value(const hcl::Traversal& traversal, std::size_t& used, Diagnostics& diagnostics) {
    const std::string& name = traversal.steps[0].text;
    used = 1;
    auto found = module_.module->calls.find(name);
    if (found == module_.module->calls.end()) {
      std::vector<std::string> names;
      for (const auto& [known, each] : module_.module->calls) names.push_back(known);
      diagnostics.error("Reference to undeclared module",
                        fmt::format("No module call named \"{}\" is declared in {}.{}", name,
                                    module_.address.empty() ? "the root module" : module_.static_address,
                                    hcl::did_you_mean(name, names)),
                        traversal.range());
      return Value::dynamic();
    }
    const ModuleCall& call = found->second;
    if (call.module == nullptr) return Value::dynamic();
    ModuleInstance::Children& made = evaluation_.children(module_, call, diagnostics);
    using Step = hcl::TraversalStep::Kind;
    const std::vector<hcl::TraversalStep>& steps = traversal.steps;
    std::optional<std::size_t> instance;
    std::size_t at = 1;
    if (made.expansion.kind == Expansion::Kind::kSingle) {
      instance = 0;
    } else if (steps.size() > 1) {
      if (made.expansion.kind == Expansion::Kind::kForEach && steps[1].kind != Step::kNumberKey) {
        instance = made.expansion.find(steps[1].text);
      } else if (std::optional<lang::Number> index = lang::Number::parse(steps[1].text);
                 index && made.expansion.kind == Expansion::Kind::kCount && steps[1].kind == Step::kNumberKey) {
        if (std::optional<int64_t> whole = index->to_int64()) instance = made.expansion.find(*whole);
      }
      at = 2;
    }
    if (instance && at < steps.size() && steps[at].kind == Step::kAttribute &&
        call.module->outputs.count(steps[at].text) != 0) {
      used = at + 1;
      return evaluation_.output(*made.instances[*instance], steps[at].text, diagnostics);
    }
    return evaluation_.call_value(module_, call, diagnostics);
  }

  Value repetition(const std::string& root, const std::string& name, const SourceRange& range,
                   Diagnostics& diagnostics) {
    if (root == "count") {
      if (name != "index") {
        diagnostics.error("Invalid \"count\" attribute",
                          fmt::format("The \"count\" object does not have an attribute named \"{}\". The only "
                                      "supported attribute is count.index, which is the index of each instance of a "
                                      "resource block that has the \"count\" argument set.",
                                      name),
                          range);
        return Value::dynamic();
      }
      if (context_.key != nullptr && std::holds_alternative<int64_t>(*context_.key))
        return Value::number(std::get<int64_t>(*context_.key));
      diagnostics.error("Reference to \"count\" in non-counted context",
                        "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and "
                        "only when the \"count\" argument is set.",
                        range);
      return Value::dynamic();
    }
    if (name != "key" && name != "value") {
      diagnostics.error(
          "Invalid \"each\" attribute",
          fmt::format("The \"each\" object does not have an attribute named \"{}\". The supported attributes are "
                      "each.key and each.value, the current key and value pair of the \"for_each\" attribute set.",
                      name),
          range);
      return Value::dynamic();
    }
    if (context_.key != nullptr && context_.each_value != nullptr &&
        std::holds_alternative<std::string>(*context_.key)) {
      return name == "key" ? Value::string(std::get<std::string>(*context_.key)) : *context_.each_value;
    }
    if (name == "value") {
      diagnostics.error(
          "each.value cannot be used in this context",
          "A reference to \"each.value\" has been used in a context in which it is unavailable, such as "
          "when the configuration no longer contains the value in its \"for_each\" expression. Remove this "
          "reference to each.value in your configuration to work around this error.",
          range);
      return Value::dynamic();
    }
    diagnostics.error("Reference to \"each\" in context without for_each",
                      "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the "
                      "\"for_each\" argument is set.",
                      range);
    return Value::dynamic();
  }

  Value resource(const hcl::Traversal& traversal, std::size_t& used, Diagnostics& diagnostics) {
    std::size_t at = 0;
    std::string type = traversal.root;
    ResourceMode mode = ResourceMode::kManaged;
    auto attribute = [&](std::size_t i) {
      return i < traversal.steps.size() && traversal.steps[i].kind == hcl::TraversalStep::Kind::kAttribute;
    };
    if (type == "data" || type == "resource") {
      if (!attribute(0)) {
        diagnostics.error("Invalid reference",
                          fmt::format("The \"{}\" object must be followed by two attribute names: the data source type "
                                      "and the resource name.",
                                      type),
                          traversal.range());
        return Value::dynamic();
      }
      mode = type == "data" ? ResourceMode::kData : ResourceMode::kManaged;
      type = traversal.steps[0].text;
      at = 1;
    }
    if (!attribute(at)) {
      diagnostics.error("Invalid reference",
                        "A reference to a resource type must be followed by at least one attribute access, specifying "
                        "the resource name.",
                        traversal.range());
      return Value::dynamic();
    }
    const std::string& name = traversal.steps[at].text;
    SourceRange range = between(traversal.root_range, traversal.steps[at].range);
    used = at + 1;
    std::string address = (mode == ResourceMode::kData ? "data." : "") + type + "." + name;
    auto found = module_.module->resources.find(address);
    if (found != module_.module->resources.end()) {
      if (!key_fits(found->second, traversal, used, diagnostics)) return Value::dynamic();
      return evaluation_.resources_.resource_value(module_, found->second);
    }
    std::string where = module_.address.empty() ? "the root module" : module_.static_address;
    std::string hint;
    if (mode == ResourceMode::kManaged && module_.module->resources.count("data." + address) != 0) {
      hint = fmt::format("\n\nDid you mean the data resource data.{}?", address);
    }
    diagnostics.error("Reference to undeclared resource",
                      fmt::format("A {} resource \"{}\" \"{}\" has not been declared in {}.{}",
                                  mode == ResourceMode::kData ? "data" : "managed", type, name, where, hint),
                      range);
    return Value::dynamic();
  }

  // A resource with count or for_each is followed by a key, another one is not.
  static bool key_fits(const Resource& resource, const hcl::Traversal& traversal, std::size_t at,
                       Diagnostics& diagnostics) {
    if (at >= traversal.steps.size()) return true;
    bool attribute = traversal.steps[at].kind == hcl::TraversalStep::Kind::kAttribute;
    bool repeated = resource.count != nullptr || resource.for_each != nullptr;
    std::string address = resource.address();
    SourceRange range = between(traversal.root_range, traversal.steps[at].range);
    if (!repeated && !attribute) {
      diagnostics.error("Unexpected resource instance key",
                        fmt::format("Because {} does not have \"count\" or \"for_each\" set, references to it must not "
                                    "include an index key. Remove the bracketed index to refer to the single instance "
                                    "of this resource.",
                                    address),
                        range);
      return false;
    }
    if (repeated && attribute) {
      diagnostics.error("Missing resource instance key",
                        fmt::format("Because {0} has \"{1}\" set, its attributes must be accessed on specific "
                                    "instances.\n\nFor example, to correlate with indices of a referring resource, "
                                    "use:\n    {0}[{2}]",
                                    address, resource.count != nullptr ? "count" : "for_each",
                                    resource.count != nullptr ? "count.index" : "each.key"),
                        between(traversal.root_range, traversal.steps[at - 1].range));
      return false;
    }
    return true;
  }

  Evaluation& evaluation_;
  ModuleInstance& module_;
  InstanceContext context_;
};

std::size_t Expansion::size() const {
  switch (kind) {
    case Kind::kCount:
      return static_cast<std::size_t>(count);
    case Kind::kForEach:
      return each.size();
    default:
      return 1;
  }
}

InstanceKey Expansion::key(std::size_t index) const {
  switch (kind) {
    case Kind::kCount:
      return static_cast<int64_t>(index);
    case Kind::kForEach:
      return each[index].first;
    default:
      return std::monostate{};
  }
}

std::optional<std::size_t> Expansion::find(const InstanceKey& key) const {
  if (kind == Kind::kSingle && std::holds_alternative<std::monostate>(key)) return 0;
  if (kind == Kind::kCount && std::holds_alternative<int64_t>(key)) {
    int64_t index = std::get<int64_t>(key);
    if (index >= 0 && index < count) return static_cast<std::size_t>(index);
  }
  if (kind == Kind::kForEach && std::holds_alternative<std::string>(key)) {
    const std::string& name = std::get<std::string>(key);
    auto found =
        std::lower_bound(each.begin(), each.end(), name,
                         [](const Value::Member& member, const std::string& wanted) { return member.first < wanted; });
    if (found != each.end() && found->first == name) return static_cast<std::size_t>(found - each.begin());
  }
  return std::nullopt;
}

bool Expansion::has(const InstanceKey& key) const {
  return find(key).has_value();
}

std::string key_text(const InstanceKey& key) {
  if (const auto* index = std::get_if<int64_t>(&key)) return fmt::format("[{}]", *index);
  if (const auto* name = std::get_if<std::string>(&key)) {
    std::string escaped;
    for (char c : *name) {
      if (c == '"' || c == '\\') escaped += '\\';
      escaped += c;
    }
    return fmt::format("[\"{}\"]", escaped);
  }
  return {};
}

Evaluation::Evaluation(const Configuration& configuration, std::map<std::string, Value> root_variables,
                       lang::FunctionContext functions, ResourceValues& resources, std::string workspace)
    : configuration_(configuration),
      root_variables_(std::move(root_variables)),
      functions_(std::move(functions)),
      resources_(resources),
      workspace_(std::move(workspace)),
      root_(std::make_unique<ModuleInstance>()) {
  root_->module = configuration.root;
}

Evaluation::~Evaluation() = default;

std::unique_ptr<lang::Scope> Evaluation::scope(ModuleInstance& module, const InstanceContext& context) {
  return std::make_unique<ModuleScope>(*this, module, context);
}

Value Evaluation::evaluate(const hcl::Expression& expression, ModuleInstance& module, const InstanceContext& context,
                           Diagnostics& diagnostics) {
  ModuleScope scope(*this, module, context);
  return lang::evaluate(expression, scope, diagnostics);
}

Value Evaluation::memoized(std::unordered_map<std::string, ModuleInstance::Memo>& memos, const std::string& name,
                           const std::function<Value()>& make) {
  ModuleInstance::Memo& memo = memos[name];
  // A cycle has been reported by the graph of the configuration; here it only must not run for ever.
  if (memo.state == ModuleInstance::Memo::State::kRunning) return Value::dynamic();
  if (memo.state == ModuleInstance::Memo::State::kDone) return memo.value;
  memo.state = ModuleInstance::Memo::State::kRunning;
  Value value = make();
  ModuleInstance::Memo& done = memos[name];
  done.value = value;
  done.state = ModuleInstance::Memo::State::kDone;
  return value;
}

Value Evaluation::variable(ModuleInstance& module, const std::string& name, Diagnostics& diagnostics) {
  return memoized(module.variables, name, [&]() -> Value {
    const Variable& variable = module.module->variables.at(name);
    std::optional<Value> value;
    SourceRange place = variable.range;
    if (module.call == nullptr) {
      auto given = root_variables_.find(name);
      if (given != root_variables_.end()) value = given->second;
    } else {
      auto argument = module.call->arguments.find(name);
      if (argument != module.call->arguments.end()) {
        InstanceContext context;
        context.key = &module.key;
        context.each_value = &module.each_value;
        value = evaluate(*argument->second.expression, *module.parent, context, diagnostics);
        place = argument->second.expression->range;
      }
    }
    if (value && value->is_null() && !variable.nullable && variable.default_value) value.reset();
    if (!value) {
      Value fallback = variable.default_value ? *variable.default_value : Value::unknown(variable.constraint.type);
      if (variable.sensitive) fallback = fallback.with_marks(Marks::kSensitive);
      return fallback;
    }
    if (variable.constraint.defaults && value->has_content())
      value = lang::apply_defaults(*variable.constraint.defaults, *value);
    Result<Value, lang::ConvertError> converted = lang::convert(*value, variable.constraint.type);
    if (!converted) {
      diagnostics.error("Invalid value for input variable",
                        fmt::format("The given value is not suitable for {}var.{} declared at {}:{},{}-{}: {}.",
                                    module.static_address.empty() ? "" : module.static_address + ".", name,
                                    variable.range.file->path, variable.range.start.line, variable.range.start.column,
                                    variable.range.end.column, converted.error().message),
                        place);
      return Value::unknown(variable.constraint.type);
    }
    Value result = *std::move(converted);
    if (result.is_null() && !variable.nullable) {
      diagnostics.error("Required variable not set",
                        fmt::format("The given value is not suitable for var.{}: the variable is not nullable, so its "
                                    "value must not be null.",
                                    name),
                        place);
    }
    if (variable.sensitive) result = result.with_marks(Marks::kSensitive);
    if (variable.ephemeral) result = result.with_marks(Marks::kEphemeral);
    return result;
  });
}

Value Evaluation::local(ModuleInstance& module, const std::string& name, Diagnostics& diagnostics) {
  return memoized(module.locals, name,
                  [&] { return evaluate(*module.module->locals.at(name).expression, module, {}, diagnostics); });
}

Value Evaluation::output(ModuleInstance& module, const std::string& name, Diagnostics& diagnostics) {
  return memoized(module.outputs, name, [&]() -> Value {
    const Output& output = module.module->outputs.at(name);
    for (const CheckRule& rule : output.preconditions)
      check_rule(rule, "Module output value precondition failed", module, {}, diagnostics);
    std::size_t before = diagnostics.items().size();
    Value value = evaluate(*output.expression, module, {}, diagnostics);
    if (diagnostics.items().size() > before) return Value::dynamic();
    if (!output.sensitive && module.call == nullptr && any(value.marks_deep() & Marks::kSensitive)) {
      diagnostics.error("Output refers to sensitive values",
                        "To reduce the risk of accidentally exporting sensitive data that was intended to be only "
                        "internal, Terraform requires that any root module "
                        "output containing sensitive data be explicitly marked as sensitive, to confirm your "
                        "intent.\n\nIf you do intend to export this data, annotate "
                        "the output value as sensitive by adding the following argument:\n    sensitive = true",
                        output.range);
      return Value::dynamic();
    }
    if (output.sensitive) value = value.with_marks(Marks::kSensitive);
    return value;
  });
}

Value Evaluation::call_value(ModuleInstance& module, const ModuleCall& call, Diagnostics& diagnostics) {
  if (call.module == nullptr) return Value::dynamic();
  ModuleInstance::Children& made = children(module, call, diagnostics);
  auto one = [&](ModuleInstance& child) {
    std::vector<Value::Member> members;
    for (const auto& [name, declared] : call.module->outputs)
      members.emplace_back(name, output(child, name, diagnostics));
    return Value::object(std::move(members));
  };
  switch (made.expansion.kind) {
    case Expansion::Kind::kSingle:
      return one(*made.instances[0]);
    case Expansion::Kind::kUnknown:
      return Value::dynamic();
    case Expansion::Kind::kCount: {
      std::vector<Value> elements;
      for (const std::unique_ptr<ModuleInstance>& child : made.instances) elements.push_back(one(*child));
      return Value::tuple(std::move(elements));
    }
    case Expansion::Kind::kForEach: {
      std::vector<Value::Member> members;
      for (const std::unique_ptr<ModuleInstance>& child : made.instances)
        members.emplace_back(std::get<std::string>(child->key), one(*child));
      return Value::object(std::move(members));
    }
  }
  return Value::dynamic();
}

ModuleInstance::Children& Evaluation::children(ModuleInstance& module, const ModuleCall& call,
                                               Diagnostics& diagnostics) {
  auto found = module.children.find(call.name);
  if (found != module.children.end()) return found->second;
  Expansion expansion = expand(call.count, call.for_each, module, diagnostics);
  ModuleInstance::Children& made = module.children[call.name];
  made.expansion = std::move(expansion);
  std::string dot = module.address.empty() ? "" : module.address + ".";
  std::string static_dot = module.static_address.empty() ? "" : module.static_address + ".";
  for (std::size_t i = 0; i < made.expansion.size(); ++i) {
    auto child = std::make_unique<ModuleInstance>();
    child->module = call.module;
    child->call = &call;
    child->parent = &module;
    child->key = made.expansion.key(i);
    if (made.expansion.kind == Expansion::Kind::kForEach) child->each_value = made.expansion.each[i].second;
    child->address = fmt::format("{}module.{}{}", dot, call.name, key_text(child->key));
    child->static_address = fmt::format("{}module.{}", static_dot, call.name);
    made.instances.push_back(std::move(child));
  }
  return made;
}

namespace {

Expansion unknown_expansion() {
  Expansion expansion;
  expansion.kind = Expansion::Kind::kUnknown;
  return expansion;
}

Expansion expand_count(const hcl::Expression& expression, Value value, Diagnostics& diagnostics) {
  auto refuse = [&](std::string detail) {
    diagnostics.error("Invalid count argument", std::move(detail), expression.range);
    return unknown_expansion();
  };
  if (value.has(Marks::kSensitive)) {
    return refuse(
        "Sensitive values, or values derived from sensitive values, cannot be used as count arguments. If used, the "
        "sensitive value could be exposed by the number of instances.");
  }
  value = value.without_marks();
  if (value.is_null()) return refuse("The given \"count\" argument value is null. An integer is required.");
  if (!value.is_known()) {
    return refuse(
        "The \"count\" value depends on resource attributes that cannot be determined until apply, so terrace cannot "
        "predict how many instances will be created. To work around this, use the -target argument to first apply only "
        "the resources that the count depends on.");
  }
  Result<Value, lang::ConvertError> number = lang::convert(value, Type::number());
  if (!number) {
    diagnostics.error("Incorrect value type", fmt::format("Invalid expression value: {}.", number.error().message),
                      expression.range);
    return unknown_expansion();
  }
  if (!number->as_number().is_integer())
    return refuse(
        "The given \"count\" argument value is unsuitable: value must be a whole number, between "
        "-9223372036854775808 and 9223372036854775807.");
  std::optional<int64_t> count = number->as_number().to_int64();
  if (!count || *count < 0)
    return refuse("The given \"count\" argument value is unsuitable: must be greater than or equal to zero.");
  Expansion expansion;
  expansion.kind = Expansion::Kind::kCount;
  expansion.count = *count;
  return expansion;
}

Expansion expand_for_each(const hcl::Expression& expression, Value value, Diagnostics& diagnostics) {
  auto refuse = [&](std::string detail) {
    diagnostics.error("Invalid for_each argument", std::move(detail), expression.range);
    return unknown_expansion();
  };
  const Type& type = value.type();
  if (value.has(Marks::kSensitive)) {
    return refuse(
        "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments. If used, the "
        "sensitive value could be exposed as a resource instance key.");
  }
  value = value.without_marks();
  if (value.is_null()) {
    return refuse(
        "The given \"for_each\" argument value is unsuitable: the given \"for_each\" argument value is null. A map, or "
        "set of strings is allowed.");
  }
  bool map = type.is_object() || type.kind() == lang::TypeKind::kMap;
  bool set = type.kind() == lang::TypeKind::kSet;
  if (!map && !set && !type.is_dynamic()) {
    return refuse(
        fmt::format("The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or "
                    "set of strings, and you have provided a value of type {}.",
                    type.friendly_name()));
  }
  bool unknown_keys = !value.is_known() || (set && !value.is_wholly_known());
  if (unknown_keys) {
    return refuse(fmt::format(
        "The \"for_each\" {} includes {} derived from resource attributes that cannot be determined until apply, and "
        "so terrace cannot determine the full set of keys that will identify the instances of this resource.\n\n"
        "When working with unknown values in for_each, it's better to {}.\n\nAlternatively, you could use the -target "
        "planning option to first apply only the resources that the for_each value depends on.",
        set ? "set" : "map", set ? "values" : "keys",
        set ? "use a map value where the keys are defined statically in your configuration and where only the values "
              "contain apply-time results"
            : "define the map keys statically in your configuration and place apply-time results only in the map "
              "values"));
  }
  Expansion expansion;
  expansion.kind = Expansion::Kind::kForEach;
  for (std::size_t i = 0; i < value.length(); ++i) {
    const Value& element = value.elements()[i];
    if (!set) {
      expansion.each.emplace_back(type.is_object() ? type.attributes()[i].name : value.keys()[i], element);
      continue;
    }
    if (element.is_null())
      return refuse(
          "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not contain null values.");
    if (element.type().kind() != lang::TypeKind::kString) {
      diagnostics.error(
          "Invalid for_each set argument",
          fmt::format("The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and "
                      "sets of strings, but you have provided a set containing type {}.",
                      element.type().friendly_name()),
          expression.range);
      return unknown_expansion();
    }
    expansion.each.emplace_back(element.as_string(), element);
  }
  return expansion;
}

}  // namespace

Expansion Evaluation::expand(const hcl::Expression* count, const hcl::Expression* for_each, ModuleInstance& module,
                             Diagnostics& diagnostics) {
  const hcl::Expression* expression = count != nullptr ? count : for_each;
  if (expression == nullptr) return {};
  std::size_t before = diagnostics.items().size();
  Value value = evaluate(*expression, module, {}, diagnostics);
  if (diagnostics.items().size() > before) return unknown_expansion();
  return count != nullptr ? expand_count(*expression, std::move(value), diagnostics)
                          : expand_for_each(*expression, std::move(value), diagnostics);
}

std::vector<ModuleInstance*> Evaluation::all_instances(Diagnostics& diagnostics) {
  std::vector<ModuleInstance*> all = {root_.get()};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& [name, call] : all[i]->module->calls) {
      if (call.module == nullptr) continue;
      for (const std::unique_ptr<ModuleInstance>& child : children(*all[i], call, diagnostics).instances)
        all.push_back(child.get());
    }
  }
  return all;
}

void Evaluation::forget_values() {
  std::vector<ModuleInstance*> all = {root_.get()};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->variables.clear();
    all[i]->locals.clear();
    all[i]->outputs.clear();
    for (auto& [name, made] : all[i]->children) {
      for (const std::unique_ptr<ModuleInstance>& child : made.instances) all.push_back(child.get());
    }
  }
}

void Evaluation::check_rule(const CheckRule& rule, const char* summary, ModuleInstance& module,
                            const InstanceContext& context, Diagnostics& diagnostics) {
  std::size_t before = diagnostics.items().size();
  Value condition = evaluate(*rule.condition, module, context, diagnostics);
  if (diagnostics.items().size() > before || !condition.is_known()) return;
  Result<Value, lang::ConvertError> truth = lang::convert(condition, Type::boolean());
  if (!truth || truth->is_null()) {
    diagnostics.error(
        "Invalid condition result",
        fmt::format("Condition expression must return either true or false{}.", truth ? ", not null" : ""),
        rule.condition->range);
    return;
  }
  if (truth->as_bool()) return;
  Value message = evaluate(*rule.error_message, module, context, diagnostics);
  std::string text = "This check failed, but has an invalid error message.";
  Result<Value, lang::ConvertError> string = lang::convert(message, Type::string());
  if (any(message.marks_deep() & Marks::kSensitive)) {
    text = "This check failed, but its error message refers to sensitive values, so it is not shown.";
  } else if (string && string->has_content()) {
    text = string->as_string();
  }
  Diagnostic failed;
  failed.summary = summary;
  failed.detail = text;
  failed.subject = rule.condition->range;
  failed.address = module.address;
  hcl::for_each_traversal(*rule.condition, [&](const hcl::Traversal& traversal) {
    Diagnostics ignored;
    hcl::ScopeTraversal again(traversal);
    Value value = evaluate(again, module, context, ignored);
    if (!ignored.has_errors() && value.has_content() && value.type().is_primitive() && !any(value.marks())) {
      Result<Value, lang::ConvertError> shown = lang::convert(value, Type::string());
      if (!shown) return;
      bool quoted = value.type().kind() == lang::TypeKind::kString;
      failed.values.push_back({lang::traversal_text(traversal),
                               quoted ? fmt::format("is \"{}\"", shown->as_string()) : "is " + shown->as_string()});
    }
  });
  diagnostics.add(std::move(failed));
}

void Evaluation::check_variables(ModuleInstance& module, Diagnostics& diagnostics) {
  for (const auto& [name, declared] : module.module->variables) {
    std::size_t before = diagnostics.items().size();
    variable(module, name, diagnostics);
    if (diagnostics.items().size() > before) continue;
    for (const CheckRule& rule : declared.validations) {
      std::size_t first = diagnostics.items().size();
      check_rule(rule, "Invalid value for variable", module, {}, diagnostics);
      for (std::size_t i = first; i < diagnostics.items().size(); ++i) {
        Diagnostic& failed = diagnostics.items()[i];
        if (failed.summary != "Invalid value for variable") continue;
        failed.detail +=
            fmt::format("\n\nThis was checked by the validation rule at {}:{},{}-{}.", rule.range.file->path,
                        rule.range.start.line, rule.range.start.column, rule.range.end.column);
        failed.subject = module.call != nullptr && module.call->arguments.count(name) != 0
                             ? module.call->arguments.at(name).expression->range
                             : declared.range;
        failed.context = {};
      }
    }
  }
}

}  // namespace terrace::config
