// A plan as the text that an operator reads, in the shapes of Terraform's. Free of schemas and evaluation: plan_view.h
// makes the PlanView from a plan; plan, apply, destroy, refresh and show print it, and so do the commands across
// stacks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/change_text.h"
#include "cli/display.h"
#include "plan/plan.h"

namespace terrace::cli {

// One object's change. `reason` is as the JSON output names it.
struct ChangeView {
  std::string address;           // of the instance
  std::string config_address;    // without instance keys
  std::string previous_address;  // empty where the object did not move
  std::string deposed;           // key of a deposed object
  std::string importing_id;
  bool is_data = false;
  std::string type;
  std::string name;
  std::string module;     // of the instance; empty for the root
  std::string index_key;  // `[1]`, `["a"]` or empty
  plan::Action action = plan::Action::kNoOp;
  std::string_view reason;
  Display before;  // kBlock, or kNull where there is no object
  Display after;
  std::vector<ReplacePath> replace_paths;
};

struct PlanView {
  plan::Mode mode = plan::Mode::kNormal;
  bool errored = false;
  std::vector<ChangeView> changes;  // in the order they are shown; no-ops among them
  std::vector<ChangeView> drift;
  Display outputs_before;  // kFreeObject
  Display outputs_after;
};

// The legend, the changes, the summary and the outputs; or the words for a plan without changes. Begins with an empty
// line, as Terraform's.
std::string plan_text(const PlanView& view, bool color, int width);

// One change with its heading.
std::string change_text(const ChangeView& change, bool color);

// An object of a state, as `show` and `state show` list it.
std::string object_text(const ChangeView& object, std::string_view note, bool color);

// A line of dashes across the screen.
std::string rule_text(bool color, int width);

}  // namespace terrace::cli
