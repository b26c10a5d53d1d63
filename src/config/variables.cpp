#include "config/variables.h"

#include <algorithm>

#include <fmt/format.h>

#include "hcl/json.h"
#include "hcl/parser.h"
#include "lang/convert.h"
#include "lang/evaluator.h"

namespace terrace::config {

namespace {

using lang::Value;

struct Given {
  Value value;
  SourceRange range;
  std::string origin;  // "the TF_VAR_x environment variable", -var="x=..."; empty for files
};

class Collector {
 public:
  Collector(FileSystem& files, const Module& module, std::vector<SourceFilePtr>& kept, Diagnostics& diagnostics)
      : files_(files), module_(module), kept_(kept), diagnostics_(diagnostics) {}

  std::map<std::string, Value> run(const VariableSources& sources) {
    undeclared_allowed_ = sources.undeclared_in_files_allowed;
    for (const auto& [name, text] : sources.environment) {
      if (!name.starts_with("TF_VAR_")) continue;
      std::string variable = name.substr(7);
      if (module_.variables.count(variable) != 0)
        set_text(variable, text, fmt::format("<value for var.{} from environment variable \"{}\">", variable, name),
                 fmt::format("the {} environment variable", name));
    }
    automatic_files(sources.directory);
    for (const VariableOption& option : sources.options) {
      if (option.kind == VariableOption::Kind::kFile) {
        file(option.text, true);
      } else {
        command_line(option.text);
      }
    }
    return finish();
  }

 private:
  void automatic_files(const std::string& directory) {
    std::string prefix = directory == "." ? "" : directory;
    for (const char* name : {"terraform.tfvars", "terraform.tfvars.json"}) file(join_path(prefix, name), false);
    Result<std::vector<DirectoryEntry>, FileError> entries = files_.list(directory);
    if (!entries) return;
    for (const DirectoryEntry& entry : *entries) {
      if (!entry.is_directory && (entry.name.ends_with(".auto.tfvars") || entry.name.ends_with(".auto.tfvars.json")))
        file(join_path(prefix, entry.name), false);
    }
  }

  void file(const std::string& path, bool required) {
    Result<std::string, FileError> text = files_.read(path);
    if (!text) {
      if (!required && text.error().not_found()) return;
      diagnostics_.error("Failed to read variables file",
                         fmt::format("Given variables file {} could not be read: {}.", path, text.error().message));
      return;
    }
    auto source = std::make_shared<SourceFile>(SourceFile{path, *std::move(text)});
    kept_.push_back(source);
    Checked<hcl::File> parsed = path.ends_with(".json") ? hcl::parse_json_file(source) : hcl::parse_file(source);
    bool failed = parsed.diagnostics.has_errors();
    diagnostics_.append(std::move(parsed.diagnostics));
    if (failed) return;
    Checked<std::vector<hcl::Attribute>> attributes = parsed.value.body->just_attributes();
    diagnostics_.append(std::move(attributes.diagnostics));
    for (const hcl::Attribute& attribute : attributes.value) {
      if (module_.variables.count(attribute.name) == 0) {
        if (!undeclared_allowed_) undeclared(attribute, path);
        continue;
      }
      lang::FunctionContext context;
      lang::ValuesScope scope({}, context);
      Diagnostics problems;
      Value value = lang::evaluate(*attribute.expression, scope, problems);
      for (Diagnostic& each : problems.items()) {
        if (each.summary == "Unknown variable") {
          each.summary = "Variables not allowed";
          each.detail = "Variables may not be used here.";
        }
      }
      bool bad = problems.has_errors();
      diagnostics_.append(std::move(problems));
      if (!bad) given_[attribute.name] = Given{std::move(value), attribute.expression->range, {}};
    }
  }

  void undeclared(const hcl::Attribute& attribute, const std::string& path) {
    diagnostics_.warning(
        "Value for undeclared variable",
        fmt::format("The root module does not declare a variable named \"{0}\" but a value was found in file \"{1}\". "
                    "If you meant to use this value, add a \"variable\" block to the "
                    "configuration.\n\nTo silence these warnings, use TF_VAR_... environment variables to provide "
                    "certain \"global\" settings to all configurations in your organization.",
                    attribute.name, path),
        attribute.range);
  }

  void command_line(const std::string& text) {
    std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      diagnostics_.error("Invalid -var option",
                         fmt::format("The given -var option \"{}\" is not correctly specified. Must be a variable name "
                                     "and value separated by an equals sign, like -var=\"key=value\".",
                                     text));
      return;
    }
    std::string name = text.substr(0, equals);
    name.erase(name.find_last_not_of(' ') + 1);
    if (module_.variables.count(name) == 0) {
      diagnostics_.error(
          "Value for undeclared variable",
          fmt::format("A variable named \"{}\" was assigned on the command line, but the root module does not declare "
                      "a variable of that name. To use this value, add a \"variable\" block to the configuration.",
                      name));
      return;
    }
    set_text(name, text.substr(equals + 1), fmt::format("<value for var.{}>", name),
             fmt::format("-var=\"{}=...\"", name));
  }

  // A value as text: as it is for strings and for variables without a type, otherwise an expression.
  void set_text(const std::string& name, const std::string& text, const std::string& file, const std::string& origin) {
    const Variable& variable = module_.variables.at(name);
    auto source = std::make_shared<SourceFile>(SourceFile{file, text});
    kept_.push_back(source);
    SourcePosition end{1, static_cast<uint32_t>(text.size() + 1), static_cast<uint32_t>(text.size())};
    SourceRange whole{source.get(), {}, end};
    bool literal = !variable.has_type || variable.constraint.type.is_primitive();
    if (literal) {
      given_[name] = Given{Value::string(text), whole, origin};
      return;
    }
    Checked<hcl::ExpressionPtr> expression = hcl::parse_expression(*source);
    bool failed = expression.diagnostics.has_errors();
    diagnostics_.append(std::move(expression.diagnostics));
    if (failed) return;
    lang::FunctionContext context;
    lang::ValuesScope scope({}, context);
    Diagnostics problems;
    Value value = lang::evaluate(*expression.value, scope, problems);
    for (Diagnostic& each : problems.items()) {
      if (each.summary == "Unknown variable") {
        each.summary = "Variables not allowed";
        each.detail = "Variables may not be used here.";
      }
    }
    failed = problems.has_errors();
    diagnostics_.append(std::move(problems));
    if (!failed) given_[name] = Given{std::move(value), whole, origin};
  }

  // Values of the command line, of the environment and of sensitive variables are not shown: the declaration is.
  void unsuitable(const Variable& variable, const Given& given, const std::string& why) {
    const SourceRange& place = given.range;
    if (!given.origin.empty()) {
      diagnostics_.error("Invalid value for input variable",
                         fmt::format("Unsuitable value for var.{} set using {}: {}.", variable.name, given.origin, why),
                         variable.range);
    } else if (variable.sensitive) {
      diagnostics_.error(
          "Invalid value for input variable",
          fmt::format("The given value is not suitable for var.{}, which is sensitive: {}. Invalid value "
                      "defined at {}:{},{}-{}.",
                      variable.name, why, place.file->path, place.start.line, place.start.column, place.end.column),
          variable.range);
    } else {
      diagnostics_.error("Invalid value for input variable",
                         fmt::format("The given value is not suitable for var.{} declared at {}:{},{}-{}: {}.",
                                     variable.name, variable.range.file->path, variable.range.start.line,
                                     variable.range.start.column, variable.range.end.column, why),
                         place);
    }
  }

  std::map<std::string, Value> finish() {
    std::map<std::string, Value> values;
    for (const auto& [name, variable] : module_.variables) {
      auto found = given_.find(name);
      if (found == given_.end()) {
        if (!variable.default_value) {
          diagnostics_.error(
              "No value for required variable",
              fmt::format("The root module input variable \"{}\" is not set, and has no default value. Use a -var or "
                          "-var-file command line argument to provide a value for this variable.",
                          name),
              variable.range);
        }
        continue;
      }
      Value value = found->second.value;
      if (variable.constraint.defaults && value.has_content())
        value = lang::apply_defaults(*variable.constraint.defaults, value);
      Result<Value, lang::ConvertError> converted = lang::convert(value, variable.constraint.type);
      if (!converted) {
        unsuitable(variable, found->second, converted.error().message);
        continue;
      }
      if (converted->is_null() && !variable.nullable && !variable.default_value) {
        diagnostics_.error("Required variable not set",
                           fmt::format("The given value is not suitable for var.{}: the variable is not nullable, so "
                                       "its value must not be null.",
                                       name),
                           found->second.range);
        continue;
      }
      values.emplace(name, *std::move(converted));
    }
    return values;
  }

  FileSystem& files_;
  const Module& module_;
  std::vector<SourceFilePtr>& kept_;
  Diagnostics& diagnostics_;
  std::map<std::string, Given> given_;
  bool undeclared_allowed_ = false;
};

}  // namespace

Checked<std::map<std::string, Value>> collect_variables(FileSystem& files, const Module& module,
                                                        const VariableSources& sources,
                                                        std::vector<SourceFilePtr>& sources_kept) {
  Checked<std::map<std::string, Value>> result;
  result.value = Collector(files, module, sources_kept, result.diagnostics).run(sources);
  return result;
}

}  // namespace terrace::config
