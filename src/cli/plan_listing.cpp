#include "cli/plan_listing.h"

#include <algorithm>

#include "cli/terminal.h"

namespace terrace::cli {

namespace {

std::string sign(plan::Action action, bool color) {
  switch (action) {
    case plan::Action::kCreate:
      return colorize("  [green]+[reset] ", color);
    case plan::Action::kUpdate:
      return colorize("  [yellow]~[reset] ", color);
    case plan::Action::kDelete:
      return colorize("  [red]-[reset] ", color);
    case plan::Action::kDeleteThenCreate:
      return colorize("[red]-[reset]/[green]+[reset] ", color);
    case plan::Action::kCreateThenDelete:
      return colorize("[green]+[reset]/[red]-[reset] ", color);
    case plan::Action::kRead:
      return colorize(" [cyan]<=[reset] ", color);
    case plan::Action::kForget:
      return colorize("  [red].[reset] ", color);
    case plan::Action::kNoOp:
      break;
  }
  return "    ";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string remark(const plan::ResourceChange& change) {
  if (change.action == plan::Action::kUpdate) return joined(changed_attributes(change.before, change.after));
  if (!plan::is_replace(change.action)) return {};
  std::vector<std::string> paths;
  for (const lang::Path& path : change.replace_paths) {
    std::string text = lang::path_text(path);
    paths.push_back(text.starts_with(".") ? text.substr(1) : text);
  }
  if (!paths.empty()) return "forced by " + joined(paths);
  return change.reason == plan::ActionReason::kReplaceBecauseTainted ? "tainted" : "as asked";
}

}  // namespace

std::vector<std::string> changed_attributes(const lang::Value& before, const lang::Value& after) {
  std::vector<std::string> names;
  if (!before.has_content() || !after.has_content() || !before.type().is_object()) return names;
  for (std::size_t i = 0; i < before.length() && i < after.length(); ++i) {
    if (!before.elements()[i].identical(after.elements()[i])) names.push_back(before.type().attributes()[i].name);
  }
  // tags_all follows tags.
  if (std::find(names.begin(), names.end(), "tags") != names.end()) std::erase(names, "tags_all");
  return names;
}

std::string plan_listing(const plan::Plan& plan, bool color) {
  std::string text;
  for (const plan::ResourceChange& change : plan.changes) {
    if (change.action == plan::Action::kNoOp) continue;
    text += sign(change.action, color) + plan.address_of(change);
    if (!change.deposed.empty()) text += " (deposed object " + change.deposed + ")";
    if (!change.importing_id.empty()) text += " (imported from " + change.importing_id + ")";
    std::string more = remark(change);
    if (!more.empty()) text += "  (" + more + ")";
    text += "\n";
  }
  for (const auto& [name, output] : plan.outputs) {
    if (output.action != plan::Action::kNoOp && plan::count_changes(plan).create == 0)
      text += sign(output.action, color) + "output " + name + "\n";
  }
  return text;
}

}  // namespace terrace::cli
