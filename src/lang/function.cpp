#include "lang/function.h"

#include <algorithm>
#include <unordered_map>

#include "lang/convert.h"
#include "lang/function_tables.h"

namespace terrace::lang {

namespace {

const std::unordered_map<std::string_view, const Function*>& table() {
  static const std::unordered_map<std::string_view, const Function*> kByName = [] {
    std::unordered_map<std::string_view, const Function*> by_name;
    for (const std::vector<Function>* part :
         {&numeric_functions(), &string_functions(), &collection_functions(), &encoding_functions(), &file_functions(),
          &time_functions(), &network_functions(), &type_functions(), &crypto_functions()}) {
      for (const Function& function : *part) by_name.emplace(function.name, &function);
    }
    return by_name;
  }();
  return kByName;
}

const Parameter& parameter_of(const Function& function, std::size_t index) {
  return index < function.parameters.size() ? function.parameters[index] : *function.variadic;
}

}  // namespace

const Function* find_function(std::string_view name) {
  if (name.starts_with("core::")) name.remove_prefix(6);
  auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

const std::vector<std::string>& function_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names = {"can", "try"};
    for (const auto& [name, function] : table()) names.emplace_back(name);
    std::sort(names.begin(), names.end());
    return names;
  }();
  return kNames;
}

FunctionResult call_function(const Function& function, std::vector<Value> arguments, const FunctionContext& context,
                             const TemplateRenderer& render) {
  Marks marks = Marks::kNone;
  bool unknown = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = parameter_of(function, i);
    Value& argument = arguments[i];
    if (!parameter.allow_marked) {
      marks = marks | argument.marks_deep();
      argument = argument.without_marks_deep();
    }
    if (argument.is_null() && !parameter.allow_null) {
      return Failure<FunctionError>{{"argument must not be null", static_cast<int>(i)}};
    }
    Result<Value, ConvertError> converted = convert(argument, parameter.type);
    if (!converted) return Failure<FunctionError>{{converted.error().message, static_cast<int>(i)}};
    argument = *std::move(converted);
    // Of what has no type yet even a function that looks into unknown values can say nothing, unless it takes anything.
    bool shapeless = argument.type().is_dynamic() && !parameter.allow_null && !parameter.allow_marked;
    if (!argument.is_known() && (!parameter.allow_unknown || shapeless)) unknown = true;
    if (!parameter.allow_unknown && argument.has_content() && !argument.type().is_primitive() &&
        !argument.is_wholly_known() && !parameter.type.is_dynamic() && !parameter.type.has_dynamic()) {
      unknown = true;
    }
  }
  if (unknown) {
    Refinement refinement;
    refinement.not_null = !function.result.is_dynamic();
    return Value::unknown(function.result, refinement).with_marks(marks);
  }
  FunctionResult result = function.run(Call{arguments, context, render});
  if (!result) return result;
  return result->with_marks(marks);
}

}  // namespace terrace::lang
