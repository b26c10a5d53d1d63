#include "cli/plan_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/terminal.h"
#include "diag/render.h"

namespace terrace::cli {
namespace {

using plan::Action;

bool is_null(const Display& value) {
  return value.kind == Display::Kind::kNull;
}

bool is_shown(const ChangeView& change) {
  return change.action != Action::kNoOp || !change.previous_address.empty() || !change.importing_id.empty();
}

// `-/+` and the like, in colour, with the columns before it that line it up.
std::string action_sign(Action action, bool color) {
  switch (action) {
    case Action::kNoOp:
      return "   ";
    case Action::kCreate:
      return "  " + change_sign(Change::kCreate, color);
    case Action::kRead:
      return " " + colorize("[cyan]<=[reset]", color);
    case Action::kUpdate:
      return "  " + change_sign(Change::kUpdate, color);
    case Action::kDelete:
      return "  " + change_sign(Change::kDelete, color);
    case Action::kDeleteThenCreate:
      return colorize("[red]-[reset]/[green]+[reset]", color);
    case Action::kCreateThenDelete:
      return colorize("[green]+[reset]/[red]-[reset]", color);
    case Action::kForget:
      return " " + colorize("[red].[reset]", color);
  }
  return "";
}

Change body_change(Action action) {
  switch (action) {
    case Action::kCreate:
    case Action::kRead:
      return Change::kCreate;
    case Action::kDelete:
      return Change::kDelete;
    default:
      return Change::kUpdate;
  }
}

std::string moved_or_imported(const ChangeView& change, bool color) {
  std::string lines;
  const std::string_view reset = color ? "\x1b[0m" : "";
  if (!change.previous_address.empty() && change.action != Action::kNoOp) {
    lines += fmt::format("  # {}(moved from {})\n", reset, change.previous_address);
  }
  if (!change.importing_id.empty()) {
    if (plan::is_replace(change.action)) {
      lines += fmt::format("  # {}[33mWarning: this will destroy the imported resource\n", color ? "\x1b" : "");
    }
    lines += fmt::format("  # {}(imported from \"{}\")\n", reset, change.importing_id);
  }
  return lines;
}

std::string delete_reason(const ChangeView& change) {
  const std::string_view reason = change.reason;
  if (reason == "delete_because_no_resource_config") {
    const std::string without_module = fmt::format("{}{}.{}", change.is_data ? "data." : "", change.type, change.name);
    return fmt::format("(because {} is not in configuration)", without_module);
  }
  if (reason == "delete_because_no_module") return fmt::format("(because {} is not in configuration)", change.module);
  if (reason == "delete_because_wrong_repetition") {
    if (change.index_key.empty()) return "(because resource uses count or for_each)";
    return change.index_key[1] == '"' ? "(because resource does not use for_each)"
                                      : "(because resource does not use count)";
  }
  if (reason == "delete_because_count_index") {
    return fmt::format("(because index {} is out of range for count)", change.index_key);
  }
  if (reason == "delete_because_each_key") {
    return fmt::format("(because key {} is not in for_each map)", change.index_key);
  }
  return "";
}

// The comment above a change: what will happen and why.
std::string heading(const ChangeView& change, bool color) {
  const std::string_view bold = color ? "\x1b[1m" : "";
  const std::string_view reset = color ? "\x1b[0m" : "";
  const std::string_view bold_red = color ? "\x1b[1m\x1b[31m" : "";
  const std::string deposed = change.deposed.empty() ? "" : fmt::format(" (deposed object {})", change.deposed);
  const std::string address = fmt::format("{}  # {}{}{}", bold, change.address, deposed, reset);
  std::string text;
  switch (change.action) {
    case Action::kNoOp:
      if (!change.previous_address.empty()) {
        text = fmt::format("{}  # {}{} has moved to {}{}{}\n", bold, change.previous_address, reset, bold,
                           change.address, reset);
      } else {
        text = fmt::format("{} will be imported\n", address);
      }
      break;
    case Action::kCreate:
      text = fmt::format("{} will be created\n", address);
      break;
    case Action::kRead:
      text = fmt::format("{} will be read during apply\n", address);
      text += change.reason == "read_because_dependency_pending"
                  ? "  # (depends on a resource or a module with changes pending)\n"
                  : "  # (config refers to values not yet known)\n";
      break;
    case Action::kUpdate:
      text = fmt::format("{} will be updated in-place\n", address);
      break;
    case Action::kDeleteThenCreate:
    case Action::kCreateThenDelete:
      if (change.reason == "replace_because_tainted") {
        text = fmt::format("{} is tainted, so must be {}replaced{}\n", address, bold_red, reset);
      } else if (change.reason == "replace_by_request") {
        text = fmt::format("{} will be {}replaced{}, as requested\n", address, bold_red, reset);
      } else if (change.reason == "replace_by_triggers") {
        text =
            fmt::format("{} will be {}replaced{} due to changes in replace_triggered_by\n", address, bold_red, reset);
      } else {
        text = fmt::format("{} must be {}replaced{}\n", address, bold_red, reset);
      }
      break;
    case Action::kDelete: {
      text = fmt::format("{} will be {}destroyed{}\n", address, bold_red, reset);
      const std::string why = !change.deposed.empty()
                                  ? "(left over from a partially-failed replacement of this instance)"
                                  : delete_reason(change);
      if (!why.empty()) text += fmt::format("  # {}\n", why);
      break;
    }
    case Action::kForget:
      text = fmt::format("{} # {}{}{} will no longer be managed by terrace, but {}will not be destroyed{}\n", bold,
                         change.address, deposed, reset, bold_red, reset);
      text += " # (destroy = false is set in the configuration)\n";
      break;
  }
  text += moved_or_imported(change, color);
  text += reset;
  return text;
}

std::string resource_header(const ChangeView& change) {
  return fmt::format("{} \"{}\" \"{}\" {{\n", change.is_data ? "data" : "resource", change.type, change.name);
}

std::string legend(const std::vector<const ChangeView*>& shown, bool color) {
  struct Entry {
    Action action;
    std::string_view text;
  };
  static constexpr Entry kEntries[] = {
      {Action::kCreate, "create"},
      {Action::kUpdate, "update in-place"},
      {Action::kDelete, "destroy"},
      {Action::kDeleteThenCreate, "destroy and then create replacement"},
      {Action::kCreateThenDelete, "create replacement and then destroy"},
      {Action::kRead, "read (data resources)"},
  };
  std::string text;
  for (const Entry& entry : kEntries) {
    if (std::none_of(shown.begin(), shown.end(),
                     [&](const ChangeView* change) { return change->action == entry.action; })) {
      continue;
    }
    std::string sign = action_sign(entry.action, color);
    // Terraform colours a legend's line as a whole: one reset behind the text instead of one behind the sign.
    if (color && sign.ends_with("\x1b[0m\x1b[0m")) sign.resize(sign.size() - 4);
    text += fmt::format("{} {}{}\n", sign, entry.text, color ? "\x1b[0m" : "");
  }
  return text;
}

struct Summary {
  int import = 0;
  int add = 0;
  int change = 0;
  int destroy = 0;
  int forget = 0;
};

Summary summarize(const PlanView& view) {
  Summary summary;
  for (const ChangeView& change : view.changes) {
    if (!change.importing_id.empty()) ++summary.import;
    if (change.is_data) continue;
    switch (change.action) {
      case Action::kCreate:
        ++summary.add;
        break;
      case Action::kUpdate:
        ++summary.change;
        break;
      case Action::kDelete:
        ++summary.destroy;
        break;
      case Action::kDeleteThenCreate:
      case Action::kCreateThenDelete:
        ++summary.add;
        ++summary.destroy;
        break;
      case Action::kForget:
        ++summary.forget;
        break;
      case Action::kNoOp:
      case Action::kRead:
        break;
    }
  }
  return summary;
}

std::string no_changes(const PlanView& view, bool color, int width) {
  const auto sentence = [&](std::string_view first, std::string_view second) {
    return fmt::format("\n{}No changes.{} {}{}\n\n{}\n", color ? "\x1b[1m\x1b[32m" : "", color ? "\x1b[0m\x1b[1m" : "",
                       first, color ? "\x1b[0m" : "", wrap_words(second, width - 1));
  };
  if (view.errored) {
    return fmt::format("\n{}Planning failed.{} terrace encountered an error while generating this plan.\n\n",
                       color ? "\x1b[1m\x1b[31m" : "", color ? "\x1b[0m" : "");
  }
  switch (view.mode) {
    case plan::Mode::kRefreshOnly:
      if (!view.drift.empty()) return "";
      return sentence("Your infrastructure still matches the configuration.",
                      "terrace has checked that the real remote objects still match the result of your most recent "
                      "changes, and found no differences.");
    case plan::Mode::kDestroy:
      return sentence(
          "No objects need to be destroyed.",
          "Either you have not created any objects yet or the existing objects were already deleted outside "
          "of terrace.");
    case plan::Mode::kNormal:
      break;
  }
  if (!view.drift.empty()) {
    return sentence("Your infrastructure matches the configuration.",
                    "Your configuration already applies the changes detected above, so applying this plan will only "
                    "update the state to include the changes detected above and won't change any real infrastructure.");
  }
  return sentence("Your infrastructure matches the configuration.",
                  "terrace has compared your real infrastructure against your configuration and found no differences, "
                  "so no changes are needed.");
}

std::string drift_text(const PlanView& view, bool has_changes, bool color, int width) {
  std::string text;
  for (const ChangeView& change : view.drift) {
    const bool is_gone = is_null(change.after);
    const std::string deposed = change.deposed.empty() ? "" : fmt::format(" (deposed object {})", change.deposed);
    text += fmt::format("{}  # {}{}{} has {}\n{}", color ? "\x1b[1m" : "", change.address, deposed,
                        color ? "\x1b[0m" : "", is_gone ? "been deleted" : "changed", color ? "\x1b[0m" : "");
    text +=
        fmt::format("{} {}{}", action_sign(is_gone ? Action::kDelete : Action::kUpdate, color), resource_header(change),
                    block_change_text(&change.before, is_gone ? nullptr : &change.after,
                                      is_gone ? Change::kDelete : Change::kUpdate, 1, {}, {color}));
    text += "    }\n\n";
  }
  if (text.empty()) return "";
  const std::string note =
      colorize("[bold][cyan]Note:[reset][bold] Objects have changed outside of terrace[reset]", color);
  text =
      fmt::format("\n{}\n\n{}\n\n{}\n", note,
                  wrap_words("terrace detected the following changes made outside of terrace since the last \"terrace "
                             "apply\" which may have affected this plan:",
                             width - 1),
                  text);
  if (view.mode == plan::Mode::kRefreshOnly) {
    return text +
           wrap_words(
               "This is a refresh-only plan, so terrace will not take any actions to undo these. If you were "
               "expecting these changes then you can apply this plan to record the updated values in the "
               "state without changing any remote objects.",
               width - 1) +
           "\n";
  }
  if (!has_changes) return text;
  return text +
         wrap_words(
             "Unless you have made equivalent changes to your configuration, or ignored the relevant attributes "
             "using ignore_changes, the following plan may include actions to undo or respond to these changes.",
             width - 1) +
         "\n" + rule_text(color, width);
}

}  // namespace

std::string rule_text(bool color, int width) {
  std::string dashes;
  for (int i = 0; i < width - 1; ++i) dashes += "─";
  return color ? fmt::format("\x1b[90m\n{}\x1b[0m\n", dashes) : fmt::format("\n{}\n", dashes);
}

std::string change_text(const ChangeView& change, bool color) {
  const Display* before = is_null(change.before) ? nullptr : &change.before;
  const Display* after = is_null(change.after) ? nullptr : &change.after;
  if (change.action == Action::kForget) after = before;
  return fmt::format("{}{} {}{}    }}\n", heading(change, color), action_sign(change.action, color),
                     resource_header(change),
                     block_change_text(change.action == Action::kRead ? nullptr : before, after,
                                       body_change(change.action), 1, change.replace_paths, {color}));
}

std::string object_text(const ChangeView& object, std::string_view note, bool color) {
  return fmt::format("# {}:{}{}\n{}{}}}", object.address, note.empty() ? "" : " ", note, resource_header(object),
                     block_change_text(&object.after, &object.after, Change::kNone, 0, {}, {color}));
}

std::string plan_text(const PlanView& view, bool color, int width) {
  std::vector<const ChangeView*> shown;
  for (const ChangeView& change : view.changes) {
    // A data source that goes out of the state is no news.
    if (is_shown(change) && !(change.is_data && change.action == Action::kDelete)) shown.push_back(&change);
  }
  const std::string outputs = members_change_text(view.outputs_before, view.outputs_after, {color});
  const bool has_changes = !shown.empty() || !outputs.empty();
  std::string text = drift_text(view, has_changes, color, width);
  if (!has_changes) return text + no_changes(view, color, width);

  if (!shown.empty()) {
    text += "\n" +
            wrap_words(
                "terrace used the selected providers to generate the following execution plan. Resource "
                "actions are indicated with the following symbols:",
                width - 1) +
            "\n" + legend(shown, color);
    text += view.errored ? "\nterrace planned the following actions, but then encountered a problem:\n"
                         : "\nterrace will perform the following actions:\n";
    for (const ChangeView* change : shown) text += "\n" + change_text(*change, color);
    const Summary summary = summarize(view);
    text += color ? "\n\x1b[1mPlan:\x1b[0m " : "\nPlan: ";
    if (summary.import > 0) text += fmt::format("{} to import, ", summary.import);
    text += fmt::format("{} to add, {} to change, {} to destroy", summary.add, summary.change, summary.destroy);
    if (summary.forget > 0) text += fmt::format(", {} to forget", summary.forget);
    text += color ? ".\n\x1b[0m" : ".\n";
  }
  if (!outputs.empty()) {
    text += "\nChanges to Outputs:\n" + outputs;
    if (shown.empty()) {
      text += "\n" +
              wrap_words(
                  "You can apply this plan to save these new output values to the state, without changing any "
                  "real infrastructure.",
                  width - 1) +
              "\n";
    }
  }
  return text;
}

}  // namespace terrace::cli
