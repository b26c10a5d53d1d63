#include "cli/drawing.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

namespace terrace::cli {

namespace {

struct Look {
  const char* fill;
  const char* line;
  const char* meaning;
};

// By DrawnChange. Colours that keep apart without red and green, too: the line is darker than the fill.
constexpr std::array<Look, 7> kLooks = {{{"#ffffff", "#8a94a6", "not changed"},
                                         {"#c9efd2", "#1c7c3c", "created"},
                                         {"#d6e9fb", "#2b6cb0", "read during the apply"},
                                         {"#fdf0bf", "#a97b00", "updated in place"},
                                         {"#f3d3f7", "#8e24aa", "replaced"},
                                         {"#fbd0cd", "#c0281c", "destroyed"},
                                         {"#e4e4e4", "#555555", "forgotten"}}};

const Look& look_of(DrawnChange change) {
  return kLooks[static_cast<size_t>(change)];
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

class DotWriter {
 public:
  explicit DotWriter(const Drawing& drawing) : drawing_(drawing) {
    for (size_t i = 0; i < drawing.boxes.size(); ++i) inner_boxes_[drawing.boxes[i].parent].push_back(i);
    for (size_t i = 0; i < drawing.nodes.size(); ++i) inner_nodes_[drawing.nodes[i].box].push_back(i);
  }

  std::string text() {
    out_ =
        "digraph G {\n"
        "  rankdir = \"RL\";\n"
        "  compound = true;\n"
        "  nodesep = 0.12;\n"
        "  ranksep = 0.45;\n"
        "  fontname = \"sans-serif\";\n"
        "  node [shape = box, style = \"rounded,filled\", fillcolor = \"#ffffff\", color = \"#8a94a6\", "
        "fontname = \"sans-serif\", fontsize = 11, height = 0.3, margin = \"0.1,0.04\"];\n"
        "  edge [color = \"#5b6577\", arrowsize = 0.6];\n";
    write_inside(std::nullopt, "  ");
    for (const auto& [from, to] : drawing_.arrows)
      out_ += fmt::format("  {} -> {};\n", quoted(drawing_.nodes[from].id), quoted(drawing_.nodes[to].id));
    for (const auto& [from, to] : drawing_.box_arrows)
      out_ += fmt::format(
          "  {} -> {} [ltail = {}, lhead = {}, penwidth = 1.6, color = \"#1f3a5f\", arrowsize = 0.9];\n",
          quoted(left_door(from)), quoted(right_door(to)), quoted(cluster_id(from)), quoted(cluster_id(to)));
    if (drawing_.shows_plan) write_legend();
    return out_ + "}\n";
  }

 private:
  using Inside = std::map<std::optional<size_t>, std::vector<size_t>>;
  static const std::vector<size_t>& in(const Inside& inside, std::optional<size_t> box) {
    static const std::vector<size_t> kNothing;
    auto found = inside.find(box);
    return found == inside.end() ? kNothing : found->second;
  }
  const std::vector<size_t>& nodes_in(std::optional<size_t> box) const { return in(inner_nodes_, box); }
  const std::vector<size_t>& boxes_in(std::optional<size_t> box) const { return in(inner_boxes_, box); }

  std::string cluster_id(size_t box) const { return "cluster_" + drawing_.boxes[box].id; }

  // A stack's doors are nodes that are not seen: what it needs lies left of the one, what needs it right of the other.
  // They keep stacks apart in columns, and arrows between stacks end at them.
  std::string left_door(size_t box) const { return drawing_.boxes[box].id + ": needs"; }
  std::string right_door(size_t box) const { return drawing_.boxes[box].id + ": is needed"; }

  bool has_doors(size_t box) const { return !drawing_.box_arrows.empty() && drawing_.boxes[box].is_stack; }

  // The nodes of a box and of those inside it.
  std::vector<size_t> all_nodes_in(size_t box) const {
    std::vector<size_t> all = nodes_in(box);
    for (size_t inner : boxes_in(box)) {
      std::vector<size_t> more = all_nodes_in(inner);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  void write_doors(size_t box, const std::string& indent) {
    for (const std::string& door : {left_door(box), right_door(box)})
      out_ += fmt::format("{}{} [style = invis, label = \"\", width = 0, height = 0];\n", indent, quoted(door));
    std::set<size_t> needing;
    std::set<size_t> needed;
    for (const auto& [from, to] : drawing_.arrows) {
      needing.insert(from);
      needed.insert(to);
    }
    std::vector<size_t> nodes = all_nodes_in(box);
    for (size_t node : nodes) {
      const std::string& id = drawing_.nodes[node].id;
      if (!needing.contains(node))
        out_ += fmt::format("{}{} -> {} [style = invis];\n", indent, quoted(id), quoted(left_door(box)));
      if (!needed.contains(node))
        out_ += fmt::format("{}{} -> {} [style = invis];\n", indent, quoted(right_door(box)), quoted(id));
    }
    if (nodes.empty())
      out_ += fmt::format("{}{} -> {} [style = invis];\n", indent, quoted(right_door(box)), quoted(left_door(box)));
  }

  void write_inside(std::optional<size_t> box, const std::string& indent) {
    for (size_t node : nodes_in(box)) write_node(drawing_.nodes[node], indent);
    for (size_t inner : boxes_in(box)) {
      const Drawing::Box& drawn = drawing_.boxes[inner];
      out_ += fmt::format("{}subgraph {} {{\n", indent, quoted(cluster_id(inner)));
      out_ += fmt::format("{}  label = <{}{}{}>;\n", indent, drawn.is_stack ? "<b>" : "", escaped(drawn.label),
                          drawn.is_stack ? "</b>" : "");
      out_ += fmt::format(
          "{}  labeljust = \"r\"; style = \"rounded,filled\"; fillcolor = \"{}\"; color = \"{}\"; fontsize = {};\n",
          indent, drawn.is_stack ? "#eef2f8" : "#dfe6f0", drawn.is_stack ? "#1f3a5f" : "#b3bfd1",
          drawn.is_stack ? 16 : 11);
      if (has_doors(inner)) write_doors(inner, indent + "  ");
      write_inside(inner, indent + "  ");
      out_ += indent + "}\n";
    }
  }

  void write_node(const Drawing::Node& node, const std::string& indent) {
    std::string look;
    if (node.is_data) look += ", style = \"rounded,filled,dashed\"";
    if (node.change != DrawnChange::kNone) {
      const Look& colours = look_of(node.change);
      look += fmt::format(", fillcolor = \"{}\", color = \"{}\", penwidth = 1.5", colours.fill, colours.line);
    }
    out_ += fmt::format("{}{} [label = <<font point-size=\"9\" color=\"#5b6577\">{}</font><br/>{}>{}];\n", indent,
                        quoted(node.id), escaped((node.is_data ? "data " : "") + node.type), escaped(node.name), look);
  }

  void write_legend() {
    std::set<DrawnChange> used;
    for (const Drawing::Node& node : drawing_.nodes) used.insert(node.change);
    std::string rows;
    for (DrawnChange change : used)
      rows += fmt::format("<tr><td bgcolor=\"{0}\" color=\"{1}\" border=\"1\">   </td><td align=\"left\">{2}</td></tr>",
                          look_of(change).fill, look_of(change).line, look_of(change).meaning);
    out_ += fmt::format(
        "  legend [shape = plain, style = \"\", label = <<table border=\"0\" cellborder=\"0\" cellspacing=\"4\">{}"
        "</table>>];\n",
        rows);
  }

  const Drawing& drawing_;
  Inside inner_boxes_;
  Inside inner_nodes_;
  std::string out_;
};

}  // namespace

namespace {

using Arrows = std::vector<std::pair<size_t, size_t>>;

Arrows reduced(const Arrows& arrows, size_t count) {
  std::vector<std::vector<size_t>> needs(count);
  for (const auto& [from, to] : arrows) needs[from].push_back(to);
  // What is reached over at least two arrows: a direct one there says nothing new.
  Arrows kept;
  for (size_t from = 0; from < count; ++from) {
    std::vector<bool> seen(count);
    std::vector<size_t> waiting;
    auto follow = [&](size_t node) {
      for (size_t next : needs[node]) {
        if (seen[next]) continue;
        seen[next] = true;
        waiting.push_back(next);
      }
    };
    for (size_t direct : needs[from]) follow(direct);
    while (!waiting.empty()) {
      size_t node = waiting.back();
      waiting.pop_back();
      follow(node);
    }
    for (size_t direct : needs[from]) {
      if (!seen[direct]) kept.emplace_back(from, direct);
    }
  }
  return kept;
}

}  // namespace

void Drawing::reduce() {
  arrows = reduced(arrows, nodes.size());
  box_arrows = reduced(box_arrows, boxes.size());
}

std::string dot_text(const Drawing& drawing) {
  return DotWriter(drawing).text();
}

}  // namespace terrace::cli
