// What depends on what, as boxes, nodes and arrows to be drawn: a value, and its text in Graphviz's language. The
// command graph makes one of a configuration and of what a plan changes in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace terrace::cli {

// What a plan does with a node.
enum class DrawnChange : uint8_t { kNone, kCreate, kRead, kUpdate, kReplace, kDelete, kForget };

struct Drawing {
  // A stack, or a module inside one.
  struct Box {
    std::string id;
    std::string label;
    std::optional<size_t> parent;
    bool is_stack = false;
  };
  struct Node {
    std::string id;
    std::string type;  // "aws_vpc"
    std::string name;  // "main", or "main (3)" for three instances
    std::optional<size_t> box;
    bool is_data = false;
    DrawnChange change = DrawnChange::kNone;
  };
  std::vector<Box> boxes;
  std::vector<Node> nodes;
  std::vector<std::pair<size_t, size_t>> arrows;      // from a node to one that it needs
  std::vector<std::pair<size_t, size_t>> box_arrows;  // the same between boxes
  bool shows_plan = false;                            // colours mean changes, and a legend says which

  // Leaves out every arrow that a longer way says as well.
  void reduce();
};

// The drawing in Graphviz's DOT.
std::string dot_text(const Drawing& drawing);

}  // namespace terrace::cli
