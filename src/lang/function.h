// The language's functions: a constant table, and how a call is checked. The evaluator calls them.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/random.h"
#include "base/result.h"
#include "diag/diagnostic.h"
#include "lang/type.h"
#include "lang/value.h"

namespace terrace::lang {

// What functions may use beside their arguments. Everything outlives the evaluation.
struct FunctionContext {
  FileSystem* files = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  std::string base_directory;    // of relative paths: the working directory as the user sees it; empty for "."
  Duration plan_time{0};         // plantimestamp(); 0 while nothing is planned
  bool inside_template = false;  // templatefile() and templatestring() are refused
  bool pure = false;             // planning: timestamp(), uuid() and bcrypt() are unknown until apply
};

// Why a call has no value. `argument` is the one to blame, -1 for the call as a whole.
struct FunctionError {
  std::string message;
  int argument = -1;
};

using FunctionResult = Result<Value, FunctionError>;

struct Parameter {
  const char* name;
  Type type;                   // what the argument is converted to; dynamic takes anything
  bool allow_null = false;     // otherwise a null argument is an error
  bool allow_unknown = false;  // otherwise an unknown argument makes the result unknown
  bool allow_marked = false;   // otherwise marks are taken off and put on the result
};

// Evaluates `text` as a template whose file is called `name` with the members of `variables`; given by the evaluator.
using TemplateRenderer = std::function<Result<Value, FunctionError>(const std::string& name, const std::string& text,
                                                                    const Value& variables)>;

struct Call {
  std::span<const Value> arguments;
  const FunctionContext& context;
  const TemplateRenderer& render;
};

struct Function {
  const char* name;
  std::vector<Parameter> parameters;
  std::optional<Parameter> variadic;
  Type result;  // dynamic where it depends on the arguments
  FunctionResult (*run)(const Call& call);
};

// The function `name`, also as core::name; nullptr where there is none. try, can and the like are the evaluator's own
// and not here.
const Function* find_function(std::string_view name);
// Every name, sorted, for suggestions and the metadata command; the evaluator's own included.
const std::vector<std::string>& function_names();

// Converts the arguments, handles null, unknown and marked ones as the parameters say, and runs the function.
FunctionResult call_function(const Function& function, std::vector<Value> arguments, const FunctionContext& context,
                             const TemplateRenderer& render);

}  // namespace terrace::lang
