// Reads the files of a configuration into modules. What a block may hold is said here, block by block.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/module.h"
#include "hcl/json.h"
#include "hcl/native_body.h"
#include "hcl/parser.h"
#include "hcl/scanner.h"
#include "lang/convert.h"
#include "lang/evaluator.h"

namespace terrace::config {

namespace {

using hcl::Attribute;
using hcl::Block;
using hcl::BodyContent;
using hcl::BodySchema;

const BodySchema& file_schema() {
  static const BodySchema kSchema = {{},
                                     {{"terraform", {}},
                                      {"variable", {"name"}},
                                      {"locals", {}},
                                      {"output", {"name"}},
                                      {"module", {"name"}},
                                      {"provider", {"name"}},
                                      {"resource", {"type", "name"}},
                                      {"data", {"type", "name"}},
                                      {"ephemeral", {"type", "name"}},
                                      {"moved", {}},
                                      {"import", {}},
                                      {"removed", {}},
                                      {"check", {"name"}}}};
  return kSchema;
}

class Loader {
 public:
  Loader(FileSystem& files, Configuration& configuration, Diagnostics& diagnostics)
      : files_(files), configuration_(configuration), diagnostics_(diagnostics) {}

  const Module* load(const std::string& directory, const SourceRange& called_at) {
    auto known = configuration_.modules.find(directory);
    if (known != configuration_.modules.end()) return known->second.get();
    if (std::find(loading_.begin(), loading_.end(), directory) != loading_.end()) {
      diagnostics_.error("Module cycle",
                         fmt::format("The module in {} calls itself, directly or through others.", directory),
                         called_at);
      return nullptr;
    }
    loading_.push_back(directory);
    auto module = std::make_unique<Module>();
    module->directory = directory;
    bool readable = read_files(*module, called_at);
    if (readable) {
      for (auto& [name, call] : module->calls) load_call(*module, call);
    }
    loading_.pop_back();
    if (!readable) return nullptr;
    return configuration_.modules.emplace(directory, std::move(module)).first->second.get();
  }

 private:
  // --- files

  bool read_files(Module& module, const SourceRange& called_at) {
    Result<std::vector<DirectoryEntry>, FileError> entries = files_.list(module.directory);
    if (!entries) {
      diagnostics_.error(called_at.valid() ? "Unreadable module directory" : "Failed to read module directory",
                         fmt::format("Module directory {} does not exist or cannot be read: {}.", module.directory,
                                     entries.error().message),
                         called_at);
      return false;
    }
    std::vector<std::string> primary, overrides;
    for (const DirectoryEntry& entry : *entries) {
      const std::string& name = entry.name;
      bool native = name.ends_with(".tf");
      bool json = name.ends_with(".tf.json");
      if (entry.is_directory || (!native && !json) || name.starts_with(".") || name.ends_with("~")) continue;
      std::string stem = name.substr(0, name.size() - (json ? 8 : 3));
      bool override = stem == "override" || stem.ends_with("_override");
      (override ? overrides : primary).push_back(name);
    }
    for (const std::string& name : primary) read_file(module, name);
    if (!overrides.empty()) {
      diagnostics_.error(
          "Override files are not supported yet",
          fmt::format("The file {} would override parts of other files. Write its settings into those files.",
                      join_path(module.directory, overrides[0])));
    }
    return true;
  }

  void read_file(Module& module, const std::string& name) {
    std::string path = join_path(module.directory == "." ? "" : module.directory, name);
    Result<std::string, FileError> text = files_.read(path);
    if (!text) {
      diagnostics_.error("Failed to read file",
                         fmt::format("The file {} could not be read: {}.", path, text.error().message));
      return;
    }
    auto source = std::make_shared<SourceFile>(SourceFile{path, *std::move(text)});
    Checked<hcl::File> file = name.ends_with(".json") ? hcl::parse_json_file(source) : hcl::parse_file(source);
    diagnostics_.append(std::move(file.diagnostics));
    module.files.push_back(std::move(file.value));
    Checked<BodyContent> content = module.files.back().body->content(file_schema());
    diagnostics_.append(std::move(content.diagnostics));
    for (const Block& block : content.value.blocks) read_block(module, block);
  }

  void read_block(Module& module, const Block& block) {
    if (block.type == "terraform") return read_terraform(module, block);
    if (block.type == "locals") return read_locals(module, block);
    if (!block.labels.empty() && block.type != "provider") {
      for (std::size_t i = 0; i < block.labels.size(); ++i) {
        if (!hcl::is_identifier(block.labels[i])) {
          bool is_name = i + 1 == block.labels.size();
          std::string what = block.type == "resource" || block.type == "data"
                                 ? (is_name ? "resource name" : "resource type")
                                 : block.type + " name";
          diagnostics_.error("Invalid " + what,
                             "A name must start with a letter or underscore and may contain only letters, digits, "
                             "underscores, and dashes.",
                             block.label_ranges[i]);
          return;
        }
      }
    }
    if (block.type == "variable") return read_variable(module, block);
    if (block.type == "output") return read_output(module, block);
    if (block.type == "module") return read_module_call(module, block);
    if (block.type == "provider") return read_provider(module, block);
    if (block.type == "resource" || block.type == "data") return read_resource(module, block);
    diagnostics_.error(
        fmt::format("Blocks of type \"{}\" are not supported yet", block.type),
        fmt::format(
            "terrace reads \"{}\" blocks, but cannot carry them out in this version. Remove the block, or run this "
            "configuration with Terraform.",
            block.type),
        block.definition_range);
  }

  template <typename Map>
  bool is_duplicate(const Map& map, const std::string& key, const char* what, const std::string& detail_name,
                    const SourceRange& range) {
    auto found = map.find(key);
    if (found == map.end()) return false;
    const SourceRange& first = found->second.range;
    diagnostics_.error(fmt::format("Duplicate {}", what),
                       fmt::format("{} was already {} at {}:{},{}-{}. {} must be unique within a module.", detail_name,
                                   std::string_view(what).ends_with("definition") ? "defined" : "declared",
                                   first.file == nullptr ? "" : first.file->path, first.start.line, first.start.column,
                                   first.end.column, unique_name(what)),
                       range);
    return true;
  }
  static std::string unique_name(std::string_view what) {
    if (what == "variable declaration") return "Variable names";
    if (what == "output definition") return "Output names";
    if (what == "module call") return "Module names";
    if (what == "local value definition") return "Local value names";
    return "Resource names";
  }

  // --- pieces of blocks

  std::optional<lang::Value> constant(const hcl::Expression& expression) {
    lang::FunctionContext context;
    lang::ValuesScope scope({}, context);
    Diagnostics problems;
    lang::Value value = lang::evaluate(expression, scope, problems);
    bool failed = problems.has_errors();
    for (Diagnostic& each : problems.items()) {
      if (each.summary == "Unknown variable") {
        each.summary = "Variables not allowed";
        each.detail = "Variables may not be used here.";
      }
    }
    diagnostics_.append(std::move(problems));
    if (failed) return std::nullopt;
    return value;
  }

  void set_string(const BodyContent& content, const char* name, std::string& out) {
    const Attribute* attribute = content.find(name);
    if (attribute == nullptr) return;
    std::optional<lang::Value> value = constant(*attribute->expression);
    if (!value) return;
    Result<lang::Value, lang::ConvertError> text = lang::convert(*value, lang::Type::string());
    if (!text || text->is_null()) {
      diagnostics_.error("Unsuitable value type", "Unsuitable value: string required", attribute->expression->range);
      return;
    }
    out = text->as_string();
  }

  bool set_bool(const BodyContent& content, const char* name, bool& out) {
    const Attribute* attribute = content.find(name);
    if (attribute == nullptr) return false;
    std::optional<lang::Value> value = constant(*attribute->expression);
    if (!value) return true;
    Result<lang::Value, lang::ConvertError> truth = lang::convert(*value, lang::Type::boolean());
    if (!truth || truth->is_null()) {
      diagnostics_.error("Unsuitable value type", "Unsuitable value: a bool is required", attribute->expression->range);
      return true;
    }
    out = truth->as_bool();
    return true;
  }

  std::vector<hcl::Traversal> traversals(const Attribute& attribute) {
    std::vector<hcl::Traversal> found;
    if (attribute.expression->kind != hcl::ExpressionKind::kTuple) {
      diagnostics_.error("Invalid expression", "A static list expression is required.", attribute.expression->range);
      return found;
    }
    for (const hcl::ExpressionPtr& element : static_cast<const hcl::Tuple&>(*attribute.expression).elements) {
      const hcl::Traversal* traversal = hcl::as_traversal(*element);
      if (traversal != nullptr) {
        found.push_back(*traversal);
        continue;
      }
      // JSON writes references as strings.
      if (const std::string* text = hcl::as_literal_string(*element)) {
        auto source = std::make_shared<SourceFile>(SourceFile{element->range.file->path, *text});
        Checked<hcl::Traversal> parsed = hcl::parse_traversal(*source);
        if (!parsed.diagnostics.has_errors()) {
          hcl::Traversal moved = std::move(parsed.value);
          moved.root_range = element->range;
          for (hcl::TraversalStep& step : moved.steps) step.range = element->range;
          found.push_back(std::move(moved));
          continue;
        }
      }
      diagnostics_.error("Invalid expression",
                         "A single static variable reference is required: only attribute access and indexing with "
                         "constant keys. No calculations, function calls, template expressions, etc are allowed here.",
                         element->range);
    }
    return found;
  }

  std::optional<CheckRule> read_rule(const Block& block) {
    static const BodySchema kSchema = {{{"condition", true}, {"error_message", true}}, {}};
    Checked<BodyContent> content = block.body->content(kSchema);
    bool failed = content.diagnostics.has_errors();
    diagnostics_.append(std::move(content.diagnostics));
    if (failed) return std::nullopt;
    CheckRule rule;
    rule.condition = content.value.find("condition")->expression;
    rule.error_message = content.value.find("error_message")->expression;
    rule.range = block.definition_range;
    return rule;
  }

  // --- blocks

  void read_terraform(Module& module, const Block& block) {
    static const BodySchema kSchema = {
        {{"required_version", false}, {"experiments", false}, {"language", false}},
        {{"required_providers", {}}, {"backend", {"type"}}, {"cloud", {}}, {"provider_meta", {"provider"}}}};
    Checked<BodyContent> content = block.body->content(kSchema);
    diagnostics_.append(std::move(content.diagnostics));
    for (const Block& inner : content.value.blocks) {
      if (inner.type == "required_providers") {
        read_required_providers(module, inner);
      } else if (inner.type == "backend") {
        if (module.backend) {
          diagnostics_.error("Duplicate backend configuration", "A module may have only one backend configuration.",
                             inner.definition_range);
        }
        module.backend = Backend{inner.labels[0], inner.body, inner.definition_range};
      } else if (inner.type == "cloud") {
        diagnostics_.error("HCP Terraform is not supported",
                           "terrace keeps states in files. Remove the \"cloud\" block.", inner.definition_range);
      }
    }
    if (const Attribute* experiments = content.value.find("experiments")) {
      diagnostics_.error("Language experiments are not supported",
                         "Remove this argument: terrace has the stable language only.", experiments->name_range);
    }
    if (const Attribute* version = content.value.find("required_version")) check_version(*version);
  }

  // terrace answers for the language of this release.
  static constexpr int kLanguageVersion[3] = {1, 11, 4};

  void check_version(const Attribute& attribute) {
    const std::string* text = hcl::as_literal_string(*attribute.expression);
    if (text == nullptr) {
      diagnostics_.error("Invalid version constraint", "A string value is required for required_version.",
                         attribute.expression->range);
      return;
    }
    std::optional<bool> fits = version_fits(*text);
    if (!fits) {
      diagnostics_.error("Invalid version constraint", "This string does not use correct version constraint syntax.",
                         attribute.expression->range);
    } else if (!*fits) {
      diagnostics_.error("Unsupported Terraform Core version",
                         fmt::format("This configuration does not support the language version 1.11.4, which terrace "
                                     "speaks. The constraint is \"{}\".",
                                     *text),
                         attribute.expression->range);
    }
  }

  static std::optional<bool> version_fits(const std::string& constraints) {
    bool all = true;
    for (std::size_t at = 0; at <= constraints.size();) {
      std::size_t end = std::min(constraints.find(',', at), constraints.size());
      std::string part = constraints.substr(at, end - at);
      at = end + 1;
      part.erase(0, part.find_first_not_of(' ') == std::string::npos ? part.size() : part.find_first_not_of(' '));
      part.erase(part.find_last_not_of(' ') + 1);
      std::size_t digits = part.find_first_of("0123456789");
      if (digits == std::string::npos) return std::nullopt;
      std::string op = part.substr(0, digits);
      op.erase(op.find_last_not_of(' ') + 1);
      int version[3] = {0, 0, 0};
      int count = 0;
      std::size_t cursor = digits;
      while (count < 3 && cursor < part.size() && part[cursor] >= '0' && part[cursor] <= '9') {
        while (cursor < part.size() && part[cursor] >= '0' && part[cursor] <= '9')
          version[count] = version[count] * 10 + (part[cursor++] - '0');
        ++count;
        if (cursor < part.size() && part[cursor] == '.') ++cursor;
      }
      int order = 0;
      for (int i = 0; i < 3 && order == 0; ++i) order = kLanguageVersion[i] - version[i];
      bool fits = false;
      if (op.empty() || op == "=") {
        fits = order == 0;
      } else if (op == "!=") {
        fits = order != 0;
      } else if (op == ">=") {
        fits = order >= 0;
      } else if (op == ">") {
        fits = order > 0;
      } else if (op == "<=") {
        fits = order <= 0;
      } else if (op == "<") {
        fits = order < 0;
      } else if (op == "~>") {
        fits = order >= 0;
        for (int i = 0; i < std::max(count - 1, 1); ++i) fits = fits && kLanguageVersion[i] == version[i];
      } else {
        return std::nullopt;
      }
      all = all && fits;
    }
    return all;
  }

  void read_required_providers(Module& module, const Block& block) {
    Checked<std::vector<Attribute>> attributes = block.body->just_attributes();
    diagnostics_.append(std::move(attributes.diagnostics));
    for (const Attribute& attribute : attributes.value) {
      RequiredProvider provider;
      provider.name = attribute.name;
      provider.range = attribute.range;
      if (const std::string* version = hcl::as_literal_string(*attribute.expression)) {
        provider.version = *version;
      } else if (attribute.expression->kind == hcl::ExpressionKind::kObject) {
        for (const hcl::ObjectItem& item : static_cast<const hcl::Object&>(*attribute.expression).items) {
          const std::string* key = hcl::as_literal_string(*item.key);
          const std::string* value = hcl::as_literal_string(*item.value);
          if (key != nullptr && *key == "configuration_aliases") continue;
          if (key == nullptr || value == nullptr || (*key != "source" && *key != "version")) {
            diagnostics_.error("Invalid required_providers object",
                               "required_providers objects can only contain \"version\", \"source\" and "
                               "\"configuration_aliases\" attributes.",
                               item.key->range);
            continue;
          }
          (*key == "source" ? provider.source : provider.version) = *value;
        }
      } else {
        diagnostics_.error("Invalid required_providers object", "Required provider entries must be strings or objects.",
                           attribute.expression->range);
      }
      if (!provider.source.empty()) {
        auto slashes = std::count(provider.source.begin(), provider.source.end(), '/');
        if (slashes == 0) provider.source = "hashicorp/" + provider.source;
        if (slashes <= 1) provider.source = "registry.terraform.io/" + provider.source;
      }
      if (provider.source == "registry.terraform.io/terraform.io/builtin/terraform")
        provider.source = "terraform.io/builtin/terraform";
      module.required_providers[provider.name] = std::move(provider);
    }
  }

  void read_locals(Module& module, const Block& block) {
    Checked<std::vector<Attribute>> attributes = block.body->just_attributes();
    diagnostics_.append(std::move(attributes.diagnostics));
    for (const Attribute& attribute : attributes.value) {
      if (is_duplicate(module.locals, attribute.name, "local value definition",
                       fmt::format("A local value named \"{}\"", attribute.name), attribute.name_range))
        continue;
      module.locals[attribute.name] = Local{attribute.name, attribute.expression, attribute.name_range};
    }
  }

  void read_variable(Module& module, const Block& block) {
    static const BodySchema kSchema = {{{"description", false},
                                        {"default", false},
                                        {"type", false},
                                        {"sensitive", false},
                                        {"ephemeral", false},
                                        {"nullable", false},
                                        {"deprecated", false}},
                                       {{"validation", {}}}};
    Checked<BodyContent> content = block.body->content(kSchema);
    diagnostics_.append(std::move(content.diagnostics));
    Variable variable;
    variable.name = block.labels[0];
    variable.range = block.definition_range;
    static const std::set<std::string> kReserved = {"source",   "version",   "providers",  "count",
                                                    "for_each", "lifecycle", "depends_on", "locals"};
    if (kReserved.count(variable.name) != 0) {
      diagnostics_.error(
          "Invalid variable name",
          fmt::format("The variable name \"{}\" is reserved due to its special meaning inside module blocks.",
                      variable.name),
          block.label_ranges[0]);
      return;
    }
    if (is_duplicate(module.variables, variable.name, "variable declaration",
                     fmt::format("A variable named \"{}\"", variable.name), block.definition_range))
      return;
    set_string(content.value, "description", variable.description);
    set_bool(content.value, "sensitive", variable.sensitive);
    set_bool(content.value, "ephemeral", variable.ephemeral);
    set_bool(content.value, "nullable", variable.nullable);
    if (const Attribute* type = content.value.find("type")) {
      variable.has_type = true;
      if (const std::string* quoted = hcl::as_literal_string(*type->expression)) {
        legacy_type(*quoted, type->expression->range, variable);
      } else {
        Checked<lang::TypeConstraint> constraint = lang::parse_type_constraint(*type->expression);
        diagnostics_.append(std::move(constraint.diagnostics));
        variable.constraint = std::move(constraint.value);
      }
    }
    if (const Attribute* fallback = content.value.find("default")) read_default(variable, *fallback);
    for (const Block& inner : content.value.blocks) {
      if (std::optional<CheckRule> rule = read_rule(inner)) variable.validations.push_back(*rule);
    }
    module.variables[variable.name] = std::move(variable);
  }

  // "string", "list" and "map" in quotes are of old configurations.
  void legacy_type(const std::string& word, const SourceRange& range, Variable& variable) {
    if (word == "string") {
      variable.constraint.type = lang::Type::string();
    } else if (word == "list") {
      variable.constraint.type = lang::Type::list(lang::Type::dynamic());
    } else if (word == "map") {
      variable.constraint.type = lang::Type::map(lang::Type::dynamic());
    } else {
      diagnostics_.error(
          "Invalid legacy variable type hint",
          "To provide a full type expression, remove the surrounding quotes and give the type expression directly.",
          range);
      return;
    }
    diagnostics_.error(
        "Invalid quoted type constraints",
        fmt::format("Terraform 0.11 and earlier required type constraints to be given in quotes, but that form is now "
                    "deprecated and will be removed in a future version of Terraform. Remove the quotes around \"{}\".",
                    word),
        range);
  }

  void read_default(Variable& variable, const Attribute& attribute) {
    std::optional<lang::Value> value = constant(*attribute.expression);
    if (!value) return;
    if (variable.has_type) {
      if (variable.constraint.defaults && !value->is_null())
        *value = lang::apply_defaults(*variable.constraint.defaults, *value);
      Result<lang::Value, lang::ConvertError> converted = lang::convert(*value, variable.constraint.type);
      if (!converted) {
        diagnostics_.error("Invalid default value for variable",
                           fmt::format("This default value is not compatible with the variable's type constraint: {}.",
                                       converted.error().message),
                           attribute.expression->range);
        return;
      }
      *value = *std::move(converted);
    }
    if (!variable.nullable && value->is_null()) {
      diagnostics_.error("Invalid default value for variable", "A null default value is not valid when nullable=false.",
                         attribute.expression->range);
      return;
    }
    variable.default_value = std::move(value);
  }

  void read_output(Module& module, const Block& block) {
    static const BodySchema kSchema = {{{"description", false},
                                        {"value", true},
                                        {"depends_on", false},
                                        {"sensitive", false},
                                        {"ephemeral", false},
                                        {"deprecated", false}},
                                       {{"precondition", {}}}};
    Checked<BodyContent> content = block.body->content(kSchema);
    diagnostics_.append(std::move(content.diagnostics));
    Output output;
    output.name = block.labels[0];
    output.range = block.definition_range;
    if (is_duplicate(module.outputs, output.name, "output definition",
                     fmt::format("An output named \"{}\"", output.name), block.definition_range))
      return;
    set_string(content.value, "description", output.description);
    set_bool(content.value, "sensitive", output.sensitive);
    set_bool(content.value, "ephemeral", output.ephemeral);
    if (const Attribute* value = content.value.find("value")) output.expression = value->expression;
    if (const Attribute* depends_on = content.value.find("depends_on")) output.depends_on = traversals(*depends_on);
    for (const Block& inner : content.value.blocks) {
      if (std::optional<CheckRule> rule = read_rule(inner)) output.preconditions.push_back(*rule);
    }
    if (output.expression != nullptr) module.outputs[output.name] = std::move(output);
  }

  void read_module_call(Module& module, const Block& block) {
    static const BodySchema kSchema = {{{"source", true},
                                        {"version", false},
                                        {"count", false},
                                        {"for_each", false},
                                        {"depends_on", false},
                                        {"providers", false}},
                                       {}};
    Checked<BodyContent> content = block.body->partial_content(kSchema);
    diagnostics_.append(std::move(content.diagnostics));
    ModuleCall call;
    call.name = block.labels[0];
    call.range = block.definition_range;
    if (is_duplicate(module.calls, call.name, "module call", fmt::format("A module call named \"{}\"", call.name),
                     block.definition_range))
      return;
    static const std::set<std::string> kMeta = {"source", "version", "count", "for_each", "depends_on", "providers"};
    if (const Attribute* source = content.value.find("source")) {
      const std::string* text = hcl::as_literal_string(*source->expression);
      if (text == nullptr) {
        diagnostics_.error("Invalid module source",
                           "The module source must be a literal string: it is read before anything is evaluated.",
                           source->expression->range);
      } else {
        call.source = *text;
      }
      call.source_range = source->expression->range;
    }
    if (const Attribute* count = content.value.find("count")) call.count = count->expression;
    if (const Attribute* for_each = content.value.find("for_each")) call.for_each = for_each->expression;
    if (const Attribute* both = content.value.find("for_each"); both != nullptr && call.count != nullptr) {
      diagnostics_.error("Invalid combination of \"count\" and \"for_each\"",
                         "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one should be "
                         "used to be explicit about the number of resources to be created.",
                         both->name_range);
    }
    if (const Attribute* depends_on = content.value.find("depends_on")) call.depends_on = traversals(*depends_on);
    if (const Attribute* providers = content.value.find("providers")) read_providers_map(call, *providers);
    if (const auto* native = dynamic_cast<const hcl::NativeBody*>(block.body)) {
      for (const hcl::NativeAttribute& each : native->attributes) {
        if (kMeta.count(each.attribute.name) == 0) call.arguments[each.attribute.name] = each.attribute;
      }
      for (const hcl::NativeBlock& each : native->blocks) {
        diagnostics_.error("Unsupported block type",
                           fmt::format("Blocks of type \"{}\" are not expected here.", each.block.type),
                           each.block.type_range);
      }
    } else {
      Checked<std::vector<Attribute>> attributes = block.body->just_attributes();
      diagnostics_.append(std::move(attributes.diagnostics));
      for (const Attribute& attribute : attributes.value) {
        if (kMeta.count(attribute.name) == 0) call.arguments[attribute.name] = attribute;
      }
    }
    module.calls[call.name] = std::move(call);
  }

  void read_providers_map(ModuleCall& call, const Attribute& attribute) {
    if (attribute.expression->kind != hcl::ExpressionKind::kObject) {
      diagnostics_.error("Invalid expression", "A static map expression is required.", attribute.expression->range);
      return;
    }
    for (const hcl::ObjectItem& item : static_cast<const hcl::Object&>(*attribute.expression).items) {
      std::string child;
      if (const std::string* name = hcl::as_literal_string(*item.key)) {
        child = *name;
      } else if (const hcl::Traversal* traversal = hcl::as_traversal(*item.key)) {
        child = lang::traversal_text(*traversal);
      }
      std::optional<ProviderReference> parent = provider_reference(*item.value);
      if (parent) call.providers[child] = *parent;
    }
  }

  std::optional<ProviderReference> provider_reference(const hcl::Expression& expression) {
    ProviderReference reference;
    reference.range = expression.range;
    if (const std::string* text = hcl::as_literal_string(expression)) {
      std::size_t dot = text->find('.');
      reference.name = text->substr(0, dot);
      if (dot != std::string::npos) reference.alias = text->substr(dot + 1);
      return reference;
    }
    const hcl::Traversal* traversal = hcl::as_traversal(expression);
    if (traversal == nullptr || traversal->steps.size() > 1) {
      diagnostics_.error("Invalid provider configuration reference",
                         "The provider argument requires a provider type name, optionally followed by a period and "
                         "then a configuration alias.",
                         expression.range);
      return std::nullopt;
    }
    reference.name = traversal->root;
    if (!traversal->steps.empty()) reference.alias = traversal->steps[0].text;
    return reference;
  }

  void read_provider(Module& module, const Block& block) {
    static const BodySchema kSchema = {{{"alias", false}, {"version", false}}, {}};
    Checked<BodyContent> content = block.body->partial_content(kSchema);
    diagnostics_.append(std::move(content.diagnostics));
    ProviderConfig provider;
    provider.name = block.labels[0];
    provider.body = block.body;
    provider.range = block.definition_range;
    set_string(content.value, "alias", provider.alias);
    for (const ProviderConfig& other : module.providers) {
      if (other.name == provider.name && other.alias == provider.alias) {
        diagnostics_.error(
            "Duplicate provider configuration",
            provider.alias.empty()
                ? fmt::format("A default (non-aliased) provider configuration for \"{}\" was already given at "
                              "{}:{},{}-{}. If multiple configurations are required, set the \"alias\" argument for "
                              "alternative configurations.",
                              provider.name, other.range.file->path, other.range.start.line, other.range.start.column,
                              other.range.end.column)
                : fmt::format("A provider configuration for \"{}\" with alias \"{}\" was already given at {}:{},{}-{}. "
                              "Each configuration for the same provider must have a distinct alias.",
                              provider.name, provider.alias, other.range.file->path, other.range.start.line,
                              other.range.start.column, other.range.end.column),
            provider.range);
        return;
      }
    }
    module.providers.push_back(std::move(provider));
  }

  void read_resource(Module& module, const Block& block) {
    static const BodySchema kSchema = {
        {{"count", false}, {"for_each", false}, {"provider", false}, {"depends_on", false}},
        {{"lifecycle", {}}, {"connection", {}}, {"provisioner", {"type"}}}};
    Checked<BodyContent> content = block.body->partial_content(kSchema);
    diagnostics_.append(std::move(content.diagnostics));
    Resource resource;
    resource.mode = block.type == "data" ? ResourceMode::kData : ResourceMode::kManaged;
    resource.type = block.labels[0];
    resource.name = block.labels[1];
    resource.body = block.body;
    resource.range = block.definition_range;
    auto found = module.resources.find(resource.address());
    if (found != module.resources.end()) {
      const SourceRange& first = found->second.range;
      const char* kind = resource.mode == ResourceMode::kData ? "data" : "resource";
      diagnostics_.error(
          fmt::format("Duplicate {} \"{}\" configuration", kind, resource.type),
          fmt::format("A {} {} named \"{}\" was already declared at {}:{},{}-{}. Resource names must be unique per "
                      "type in each module.",
                      resource.type, resource.mode == ResourceMode::kData ? "data resource" : "resource", resource.name,
                      first.file->path, first.start.line, first.start.column, first.end.column),
          resource.range);
      return;
    }
    if (const Attribute* count = content.value.find("count")) resource.count = count->expression;
    if (const Attribute* for_each = content.value.find("for_each")) {
      resource.for_each = for_each->expression;
      if (resource.count != nullptr) {
        diagnostics_.error("Invalid combination of \"count\" and \"for_each\"",
                           "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one should be "
                           "used to be explicit about the number of resources to be created.",
                           for_each->name_range);
      }
    }
    if (const Attribute* provider = content.value.find("provider"))
      resource.provider = provider_reference(*provider->expression);
    if (const Attribute* depends_on = content.value.find("depends_on")) resource.depends_on = traversals(*depends_on);
    bool seen_lifecycle = false;
    for (const Block& inner : content.value.blocks) {
      if (inner.type == "lifecycle") {
        if (seen_lifecycle)
          diagnostics_.error("Duplicate lifecycle block", "This resource already has a lifecycle block.",
                             inner.definition_range);
        seen_lifecycle = true;
        read_lifecycle(resource, inner);
      } else {
        diagnostics_.error(fmt::format("Blocks of type \"{}\" are not supported", inner.type),
                           "terrace does not run provisioners: instances configure themselves from their user data. "
                           "Remove this block.",
                           inner.definition_range);
      }
    }
    module.resources.emplace(resource.address(), std::move(resource));
  }

  void read_lifecycle(Resource& resource, const Block& block) {
    static const BodySchema kManaged = {{{"create_before_destroy", false},
                                         {"prevent_destroy", false},
                                         {"ignore_changes", false},
                                         {"replace_triggered_by", false}},
                                        {{"precondition", {}}, {"postcondition", {}}}};
    static const BodySchema kData = {{}, {{"precondition", {}}, {"postcondition", {}}}};
    Checked<BodyContent> content = block.body->content(resource.mode == ResourceMode::kManaged ? kManaged : kData);
    diagnostics_.append(std::move(content.diagnostics));
    Lifecycle& lifecycle = resource.lifecycle;
    lifecycle.create_before_destroy_set =
        set_bool(content.value, "create_before_destroy", lifecycle.create_before_destroy);
    set_bool(content.value, "prevent_destroy", lifecycle.prevent_destroy);
    if (const Attribute* ignored = content.value.find("ignore_changes")) {
      const hcl::Traversal* all = hcl::as_traversal(*ignored->expression);
      const std::string* quoted = hcl::as_literal_string(*ignored->expression);
      if ((all != nullptr && all->root == "all" && all->steps.empty()) || (quoted != nullptr && *quoted == "all")) {
        lifecycle.ignore_all = true;
      } else {
        lifecycle.ignore_changes = traversals(*ignored);
      }
    }
    if (const Attribute* triggers = content.value.find("replace_triggered_by")) {
      if (triggers->expression->kind == hcl::ExpressionKind::kTuple) {
        for (const hcl::ExpressionPtr& element : static_cast<const hcl::Tuple&>(*triggers->expression).elements)
          lifecycle.replace_triggered_by.push_back(element.get());
      } else {
        diagnostics_.error("Invalid expression", "A static list expression is required.", triggers->expression->range);
      }
    }
    for (const Block& inner : content.value.blocks) {
      if (std::optional<CheckRule> rule = read_rule(inner))
        (inner.type == "precondition" ? lifecycle.preconditions : lifecycle.postconditions).push_back(*rule);
    }
  }

  void load_call(const Module& module, ModuleCall& call) {
    if (call.source.empty()) return;
    if (!call.source.starts_with("./") && !call.source.starts_with("../")) {
      diagnostics_.error(
          "Module source is not supported",
          fmt::format(
              "The module source \"{}\" is not a local path. terrace reads modules from local directories only: copy "
              "the module beside the configuration and name it with a path that begins with \"./\" or \"../\".",
              call.source),
          call.source_range);
      return;
    }
    call.module =
        load(clean_path(join_path(module.directory == "." ? "" : module.directory, call.source)), call.source_range);
    if (call.module == nullptr) return;
    for (const auto& [name, argument] : call.arguments) {
      if (call.module->variables.count(name) != 0) continue;
      std::vector<std::string> names;
      for (const auto& [known, variable] : call.module->variables) names.push_back(known);
      diagnostics_.error(
          "Unsupported argument",
          fmt::format("An argument named \"{}\" is not expected here.{}", name, hcl::did_you_mean(name, names)),
          argument.name_range);
    }
    for (const auto& [name, variable] : call.module->variables) {
      if (!variable.default_value && call.arguments.count(name) == 0) {
        diagnostics_.error("Missing required argument",
                           fmt::format("The argument \"{}\" is required, but no definition was found.", name),
                           call.range);
      }
    }
  }

  FileSystem& files_;
  Configuration& configuration_;
  Diagnostics& diagnostics_;
  std::vector<std::string> loading_;
};

}  // namespace

Checked<std::shared_ptr<Configuration>> load_configuration(FileSystem& files, const std::string& directory) {
  Checked<std::shared_ptr<Configuration>> result;
  result.value = std::make_shared<Configuration>();
  Loader loader(files, *result.value, result.diagnostics);
  result.value->root = loader.load(clean_path(directory), {});
  return result;
}

}  // namespace terrace::config
