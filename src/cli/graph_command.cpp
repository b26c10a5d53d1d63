// graph: what depends on what, as DOT or drawn: of one root module, or of the stacks of a cluster in a box each.
#include <fmt/format.h>
#include <unistd.h>

#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/picture.h"
#include "cli/resource_graph.h"
#include "cli/session.h"
#include "plan/plan_file.h"

namespace terrace::cli {

namespace {

struct GraphFlags {
  std::string format;
  std::string out;
  std::vector<std::string> plans;
};

// The drawing's resources need each other in one direction; the format follows from the file's name where none is
// given.
class GraphRun {
 public:
  GraphRun(Context& context, GraphFlags flags)
      : context_(context), flags_(std::move(flags)), providers_(context, nullptr) {}

  // False after an error was shown.
  bool choose_format();
  bool read_plans();
  bool draw_root();
  bool draw_stacks(const Arguments& names);
  int write();

 private:
  bool read_plan(const std::string& path);
  static std::string stack_of(const std::string& plan_path);

  Context& context_;
  GraphFlags flags_;
  Providers providers_;
  std::map<std::string, plan::SavedPlan> plans_;  // by stack; "" in a root module
  Drawing drawing_;
};

bool GraphRun::choose_format() {
  size_t dot = flags_.out.rfind('.');
  if (flags_.format.empty()) flags_.format = dot == std::string::npos ? "dot" : flags_.out.substr(dot + 1);
  if (flags_.format == "gv") flags_.format = "dot";
  if (flags_.format != "dot" && flags_.format != "svg" && flags_.format != "png")
    return context_.fail(
               "Unknown format of a graph",
               fmt::format("\"{}\" is none of dot, svg and png. Give one of them with -format.", flags_.format)) == 0;
  if (flags_.format == "png" && flags_.out.empty() && isatty(STDOUT_FILENO))
    return context_.fail("A picture can't be shown in the terminal",
                         "Give a file with -out=FILE.png, or send the output to another program.") == 0;
  return true;
}

// The stack in whose folder a plan lies: "stacks/vpc/tfplan" is one of vpc. Empty where it lies elsewhere.
std::string GraphRun::stack_of(const std::string& plan_path) {
  std::string folder = directory_of(plan_path);
  if (folder.starts_with("./")) folder = folder.substr(2);
  return folder.starts_with("stacks/") ? folder.substr(7) : "";
}

bool GraphRun::read_plan(const std::string& path) {
  bool is_cluster = is_cluster_directory(context_);
  std::string stack = is_cluster ? stack_of(path) : "";
  if (is_cluster && stack.empty())
    return context_.fail("Whose plan is this?",
                         fmt::format("{} lies in no stack's folder. A stack's plan is written by \"terrace "
                                     "-chdir=stacks/NAME plan -var-file=../../cluster.tfvars -out=tfplan\"; then give "
                                     "-plan=stacks/NAME/tfplan.",
                                     path)) == 0;
  Result<std::string, FileError> bytes = context_.files.read(path);
  if (!bytes) return context_.fail("Failed to load plan", bytes.error().message) == 0;
  if (!plan::is_plan_file(*bytes))
    return context_.fail("This is no plan file", path + " was not written by \"terrace plan -out\".") == 0;
  std::string directory = is_cluster ? directory_of(path) : working_directory();
  Checked<plan::SavedPlan> saved = plan::decode_plan(*bytes, path, providers_.registry(directory));
  context_.show(saved.diagnostics);
  if (saved.diagnostics.has_errors()) return false;
  plans_.insert_or_assign(stack, std::move(saved.value));
  return true;
}

bool GraphRun::read_plans() {
  for (const std::string& path : flags_.plans) {
    if (!read_plan(path)) return false;
  }
  return true;
}

bool GraphRun::draw_root() {
  RunFlags run;
  apply::Effects effects{
      context_.files, context_.loop, context_.random, providers_.registry(working_directory()), nullptr, {}};
  apply::Operation operation(effects, run.settings(context_, ""));
  auto plan = plans_.find("");
  Diagnostics diagnostics = plan == plans_.end() ? operation.load() : operation.load(plan->second);
  context_.show(diagnostics);
  if (diagnostics.has_errors()) return false;
  ResourceGraphOptions options;
  if (plan != plans_.end()) options.plan = &plan->second.plan;
  add_resources(drawing_, operation.graph(), options);
  return true;
}

bool GraphRun::draw_stacks(const Arguments& names) {
  Checked<stacks::StackGraph> found = stacks::find_stacks(context_.files);
  context_.show(found.diagnostics);
  if (found.diagnostics.has_errors()) return false;
  Checked<std::vector<std::string>> selected = found.value.select(names, false, false);
  context_.show(selected.diagnostics);
  if (selected.diagnostics.has_errors()) return false;
  for (const auto& [stack, plan] : plans_) {
    if (std::find(selected.value.begin(), selected.value.end(), stack) == selected.value.end())
      return context_.fail("This plan's stack is not drawn",
                           fmt::format("-plan names a plan of {}, which is none of the stacks that are drawn. Name it, "
                                       "too.",
                                       stack)) == 0;
  }
  std::map<std::string, size_t> boxes;
  for (const std::string& name : selected.value) {
    Checked<config::ObjectGraph> graph = config::build_object_graph(*found.value.at(name).configuration);
    context_.show(graph.diagnostics);
    if (graph.diagnostics.has_errors()) return false;
    ResourceGraphOptions options{name, true, nullptr};
    auto plan = plans_.find(name);
    if (plan != plans_.end()) options.plan = &plan->second.plan;
    boxes[name] = *add_resources(drawing_, graph.value, options);
  }
  for (const std::string& name : selected.value) {
    for (const std::string& needed : found.value.at(name).needs) {
      if (boxes.contains(needed)) drawing_.box_arrows.emplace_back(boxes[name], boxes[needed]);
    }
  }
  return true;
}

int GraphRun::write() {
  drawing_.reduce();
  std::string text = dot_text(drawing_);
  if (flags_.format != "dot") {
    Result<std::string, std::string> picture = draw_picture(text, flags_.format);
    if (!picture) return context_.fail("The picture was not drawn", picture.error());
    text = std::move(*picture);
  }
  if (flags_.out.empty()) {
    context_.print(text);
    return 0;
  }
  Status<FileError> written = context_.files.write_atomic(flags_.out, text, 0644);
  if (!written) return context_.fail("The graph was not written", written.error().message);
  context_.terminal.print_error(fmt::format("Wrote {}\n", flags_.out));
  return 0;
}

}  // namespace

int graph_command(Context& context, const Arguments& arguments) {
  GraphFlags given;
  Flags flags(
      "graph [options]",
      "Draws what depends on what, as DOT or as a picture, from the configuration alone. In a cluster directory: "
      "graph [STACK...|all], every stack in a box.");
  flags.text("format", &given.format, "FORMAT", "dot, svg or png. Defaults to what -out ends with, or dot.");
  flags.text("out", &given.out, "FILE", "Write there instead of to standard output.");
  flags.list("plan", &given.plans, "FILE",
             "Colour what this plan creates, changes and destroys. In a cluster directory: stacks/NAME/FILE.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  GraphRun run(context, std::move(given));
  if (!run.choose_format() || !run.read_plans()) return 1;
  bool drawn = is_cluster_directory(context) ? run.draw_stacks(rest) : run.draw_root();
  return drawn ? run.write() : 1;
}

}  // namespace terrace::cli
