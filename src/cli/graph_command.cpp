// terrace graph
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/resource_graph.h"
#include "cli/session.h"

namespace terrace::cli {

namespace {

std::string dot_quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

int graph_command(Context& context, const Arguments& arguments) {
  Flags flags("graph [options]",
              "Draws what depends on what, as DOT for Graphviz. In a cluster directory: graph [STACK...|all].");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (is_cluster_directory(context)) return graph_stacks(context, rest);
  Providers providers(context, nullptr);
  RunFlags run;
  apply::Effects effects{
      context.files, context.loop, context.random, providers.registry(working_directory()), nullptr, {}};
  apply::Operation operation(effects, run.settings(context, ""));
  Diagnostics diagnostics = operation.load();
  context.show(diagnostics);
  if (diagnostics.has_errors()) return 1;
  context.print(resource_graph(operation.graph(), "", ""));
  return 0;
}

std::string resource_graph(const config::ObjectGraph& graph, const std::string& cluster, const std::string& indent) {
  // Resources only: an edge goes to every resource that is reached through locals, variables and outputs.
  const std::vector<config::Object>& objects = graph.objects();
  auto is_resource = [&](uint32_t i) { return objects[i].kind == config::ObjectKind::kResource; };
  std::string prefix = cluster.empty() ? "" : cluster + ": ";
  std::map<std::string, std::vector<uint32_t>> by_module;
  for (uint32_t i = 0; i < objects.size(); ++i) {
    if (is_resource(i)) by_module[graph.paths()[objects[i].module_path].address].push_back(i);
  }
  std::string text;
  std::string pad = indent + "  ";
  if (cluster.empty()) text += "digraph G {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n";
  for (auto& [module, members] : by_module) {
    std::sort(members.begin(), members.end(),
              [&](uint32_t a, uint32_t b) { return objects[a].text < objects[b].text; });
    std::string inner = pad;
    if (!module.empty()) {
      text += fmt::format("{}subgraph {} {{\n{}  label = {}\n{}  fontname = \"sans-serif\"\n", pad,
                          dot_quoted("cluster_" + prefix + module), pad, dot_quoted(module), pad);
      inner += "  ";
    }
    for (uint32_t i : members)
      text += fmt::format("{}{} [label={}];\n", inner, dot_quoted(prefix + objects[i].text),
                          dot_quoted(objects[i].resource().address()));
    if (!module.empty()) text += pad + "}\n";
  }
  std::vector<std::string> edges;
  for (uint32_t i = 0; i < objects.size(); ++i) {
    if (!is_resource(i)) continue;
    std::vector<uint32_t> waiting = graph.needs(i);
    std::set<uint32_t> seen(waiting.begin(), waiting.end());
    while (!waiting.empty()) {
      uint32_t next = waiting.back();
      waiting.pop_back();
      if (is_resource(next)) {
        edges.push_back(fmt::format("{}{} -> {};\n", pad, dot_quoted(prefix + objects[i].text),
                                    dot_quoted(prefix + objects[next].text)));
        continue;
      }
      for (uint32_t more : graph.needs(next)) {
        if (seen.insert(more).second) waiting.push_back(more);
      }
    }
  }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  for (const std::string& edge : edges) text += edge;
  if (cluster.empty()) text += "}\n";
  return text;
}

}  // namespace terrace::cli
