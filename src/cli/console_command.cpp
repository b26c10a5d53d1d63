// terrace console
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/state_view.h"
#include "config/evaluation.h"
#include "config/module.h"
#include "config/variables.h"
#include "hcl/parser.h"
#include "hcl/scanner.h"
#include "lang/evaluator.h"
#include "lang/value_text.h"

namespace terrace::cli {

namespace {

// What the console knows of resources: the objects of the state.
class StateValues final : public config::ResourceValues {
 public:
  StateValues(const state::State& state, schema::ProviderRegistry& registry) : state_(state), registry_(registry) {}
  lang::Value resource_value(const config::ModuleInstance& module, const config::Resource& resource) override {
    state::ResourceAddress address{
        module.address, resource.mode == config::ResourceMode::kData ? state::Mode::kData : state::Mode::kManaged,
        resource.type, resource.name};
    auto found = state_.resources.find(address);
    if (found == state_.resources.end()) return lang::Value::dynamic();
    const schema::TypeSchema* type = schema_of(registry_, found->second.provider, address);
    if (type == nullptr) return lang::Value::dynamic();
    std::vector<lang::Value> list;
    std::vector<lang::Value::Member> members;
    for (const auto& [key, instance] : found->second.instances) {
      if (!instance.current) continue;
      std::optional<lang::Value> value = value_of(*instance.current, *type);
      if (!value) return lang::Value::dynamic();
      if (const auto* name = std::get_if<std::string>(&key)) {
        members.emplace_back(*name, *value);
      } else if (std::holds_alternative<int64_t>(key)) {
        list.push_back(*value);
      } else {
        return *value;
      }
    }
    if (!members.empty() || resource.for_each != nullptr) return lang::Value::object(std::move(members));
    return lang::Value::tuple(std::move(list));
  }

 private:
  const state::State& state_;
  schema::ProviderRegistry& registry_;
};

// Whether `text` can't be a whole expression yet: brackets, a template's ${ among them, wait for their other half, or a
// heredoc for its last line.
bool goes_on(const std::string& text) {
  int open = 0;
  for (const hcl::Token& token : hcl::scan(SourceFile{"", text}, hcl::ScanMode::kNormal)) {
    switch (token.type) {
      case hcl::TokenType::kOpenBrace:
      case hcl::TokenType::kOpenBracket:
      case hcl::TokenType::kOpenParen:
      case hcl::TokenType::kOpenHeredoc:
      case hcl::TokenType::kTemplateInterp:
      case hcl::TokenType::kTemplateControl:
        ++open;
        break;
      case hcl::TokenType::kCloseBrace:
      case hcl::TokenType::kCloseBracket:
      case hcl::TokenType::kCloseParen:
      case hcl::TokenType::kCloseHeredoc:
      case hcl::TokenType::kTemplateEnd:
        --open;
        break;
      default:
        break;
    }
  }
  return open > 0;
}

// What the console's own type(x) asks about: x; nullptr where `expression` is no such call.
const hcl::Expression* type_question(const hcl::Expression& expression) {
  if (expression.kind != hcl::ExpressionKind::kFunctionCall) return nullptr;
  const auto& call = static_cast<const hcl::FunctionCall&>(expression);
  return call.name == "type" && call.arguments.size() == 1 ? call.arguments[0].get() : nullptr;
}

// A type as type(x) shows it.
std::string type_text(const lang::Type& type, int depth) {
  std::string pad(static_cast<std::size_t>(depth) * 4, ' ');
  if (type.is_object()) {
    if (type.attributes().empty()) return "object({})";
    std::string text = "object({\n";
    for (const lang::Type::Attribute& attribute : type.attributes())
      text += fmt::format("{}    {}: {},\n", pad, attribute.name, type_text(attribute.type, depth + 1));
    return text + pad + "})";
  }
  if (type.is_tuple()) {
    if (type.elements().empty()) return "tuple([])";
    std::string text = "tuple([\n";
    for (const lang::Type& element : type.elements())
      text += fmt::format("{}    {},\n", pad, type_text(element, depth + 1));
    return text + pad + "])";
  }
  if (!type.is_collection()) return type.friendly_name();
  const char* word = type.kind() == lang::TypeKind::kList  ? "list"
                     : type.kind() == lang::TypeKind::kSet ? "set"
                                                           : "map";
  const lang::Type& element = type.element();
  if (element.is_primitive() || element.is_dynamic()) return fmt::format("{}({})", word, type_text(element, depth));
  return fmt::format("{}(\n{}    {},\n{})", word, pad, type_text(element, depth + 1), pad);
}

}  // namespace

int console_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags("console [options]",
              "Evaluates expressions, a line each. One whose brackets or heredoc are open goes on over lines; an empty "
              "line ends it.");
  run.add_to(flags, false, false);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Providers providers(context, nullptr);
  schema::ProviderRegistry& registry = providers.registry(working_directory());
  Checked<std::shared_ptr<config::Configuration>> loaded = config::load_configuration(context.files, ".");
  context.show(loaded.diagnostics);
  if (loaded.diagnostics.has_errors()) return 1;
  std::vector<SourceFilePtr> kept;
  config::VariableSources sources = run.settings(context, "").variables;
  sources.directory = ".";
  Checked<std::map<std::string, lang::Value>> variables =
      config::collect_variables(context.files, *loaded.value->root, sources, kept);
  // A variable without a value is unknown here, as in Terraform's console.
  Diagnostics shown;
  for (const Diagnostic& diagnostic : variables.diagnostics.items()) {
    if (diagnostic.summary != "No value for required variable") shown.add(diagnostic);
  }
  context.show(shown);
  if (shown.has_errors()) return 1;
  std::optional<state::State> state = read_state(context, run.state.empty() ? "terraform.tfstate" : run.state);
  if (!state) return 1;
  lang::FunctionContext functions;
  functions.files = &context.files;
  functions.clock = &context.clock;
  functions.random = &context.random;
  functions.plan_time = context.clock.wall();
  StateValues resources(*state, registry);
  config::Evaluation evaluation(*loaded.value, variables.value, functions, resources, "default");
  // Without a terminal only the last result is printed, as Terraform's console does with piped input.
  bool interactive = context.terminal.input_is_terminal();
  std::string last;
  while (true) {
    if (interactive) context.print("> ");
    std::optional<std::string> line = context.terminal.read_line();
    if (!line) break;
    std::string text = *line;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (text == "exit") break;
    // As in Terraform's console an empty line gives up on what is open. Piped input goes on over lines, too, where
    // Terraform takes each line for itself.
    while (goes_on(text + "\n")) {
      if (interactive) context.print(": ");
      line = context.terminal.read_line();
      if (!line) break;
      text += "\n" + *line;
      if (interactive && line->find_first_not_of(" \t\r") == std::string::npos) break;
    }
    // A heredoc ends with a line, not with the last character of the input.
    if (text.find('\n') != std::string::npos) text += "\n";
    auto source = std::make_shared<SourceFile>(SourceFile{"<console-input>", text});
    kept.push_back(source);
    Checked<hcl::ExpressionPtr> expression = hcl::parse_expression(*source);
    Diagnostics diagnostics = std::move(expression.diagnostics);
    std::string printed;
    if (expression.value) {
      const hcl::Expression* asked = type_question(*expression.value);
      const hcl::Expression& wanted = asked != nullptr ? *asked : *expression.value;
      lang::Value value = evaluation.evaluate(wanted, evaluation.root(), {}, diagnostics);
      if (!diagnostics.has_errors())
        printed = (asked != nullptr ? type_text(value.type(), 0) : lang::value_text(value)) + "\n";
    }
    context.show(diagnostics);
    if (diagnostics.has_errors()) {
      if (!interactive) return 1;
      continue;
    }
    if (interactive) {
      context.print(printed);
    } else {
      last = std::move(printed);
    }
  }
  if (!last.empty()) context.print(last);
  return 0;
}

}  // namespace terrace::cli
