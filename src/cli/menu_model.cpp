#include "cli/menu_model.h"

#include <algorithm>

#include <fmt/format.h>

namespace terrace::cli {

namespace {

constexpr const char* kYes = "yes";

std::vector<MenuAction> stack_actions(const std::string& name, const std::string& cluster) {
  return {{"plan", {"plan", name}, ""},
          {"up", {"up", "-auto-approve", name}, kYes},
          {"down", {"down", "-auto-approve", name}, cluster},
          {"show", {"show", name}, ""},
          {"output", {"output", name}, ""},
          {"refresh", {"refresh", "-auto-approve", name}, kYes},
          {"graph", {"graph", "-out=graph.svg", name}, ""}};
}

std::string status_of(const StackState& stack) {
  std::string status = stack.objects > 0   ? fmt::format("{} objects", stack.objects)
                       : stack.was_created ? std::string("taken down")
                                           : std::string("never created");
  return stack.is_locked ? status + ", locked" : status;
}

}  // namespace

std::vector<MenuRow> menu_rows(const std::string& cluster, const std::vector<StackState>& stacks) {
  std::vector<MenuRow> rows;
  std::vector<MenuAction> whole = stack_actions("all", cluster);
  whole.insert(whole.begin(), {"status", {"status"}, ""});
  const auto made =
      std::count_if(stacks.begin(), stacks.end(), [](const StackState& each) { return each.objects > 0; });
  rows.push_back({"all", fmt::format("{} of {} made", made, stacks.size()), std::move(whole)});
  for (const StackState& stack : stacks)
    rows.push_back({stack.name, status_of(stack), stack_actions(stack.name, cluster)});
  rows.push_back({"nodes",
                  "",
                  {{"nodes", {"nodes"}, ""},
                   {"machines", {"machines"}, ""},
                   {"image", {"image"}, ""},
                   {"elb-name", {"elb-name"}, ""}}});
  std::vector<MenuAction> configurations;
  for (const StackState& stack : stacks) {
    if (stack.name != "etcd" && stack.name != "worker" && stack.name != "admiral") continue;
    configurations.push_back({"diff " + stack.name, {"config", "diff", stack.name}, ""});
    configurations.push_back({"push " + stack.name, {"config", "push", "-auto-approve", stack.name}, kYes});
    configurations.push_back({"roll " + stack.name, {"roll", "-auto-approve", stack.name}, kYes});
  }
  if (!configurations.empty()) rows.push_back({"config", "", std::move(configurations)});
  rows.push_back({"etcd cluster",
                  "",
                  {{"status", {"etcd", "status"}, ""},
                   {"snapshots", {"etcd", "snapshots"}, ""},
                   {"backup", {"etcd", "backup"}, kYes}}});
  rows.push_back({"ssh key",
                  "",
                  {{"exists", {"keys", "exists"}, ""},
                   {"create", {"keys", "create"}, kYes},
                   {"add", {"keys", "add"}, ""},
                   {"delete", {"keys", "delete", "-auto-approve"}, cluster}}});
  rows.push_back({"certificates", "", {{"show", {"certs", "show"}, ""}}});
  rows.push_back(
      {"session",
       "",
       {{"show", {"session", "show"}, ""}, {"lock", {"session", "lock"}, ""}, {"unlock", {"session", "unlock"}, ""}}});
  return rows;
}

void MenuModel::set_rows(std::vector<MenuRow> rows) {
  rows_ = std::move(rows);
  row_ = rows_.empty() ? 0 : std::min(row_, rows_.size() - 1);
  action_ = rows_.empty() || rows_[row_].actions.empty() ? 0 : std::min(action_, rows_[row_].actions.size() - 1);
}

std::optional<MenuAction> MenuModel::press(Key key) {
  if (rows_.empty()) return std::nullopt;
  const std::vector<MenuAction>& actions = rows_[row_].actions;
  const bool on_rows = focus_ == Focus::kRows;
  std::size_t& chosen = on_rows ? row_ : action_;
  const std::size_t count = on_rows ? rows_.size() : actions.size();
  switch (key) {
    case Key::kUp:
      if (chosen > 0) --chosen;
      if (on_rows) action_ = 0;
      break;
    case Key::kDown:
      if (chosen + 1 < count) ++chosen;
      if (on_rows) action_ = 0;
      break;
    case Key::kLeft:
      focus_ = Focus::kRows;
      break;
    case Key::kRight:
      focus_ = Focus::kActions;
      break;
    case Key::kPageUp:
      scrolled_ = std::min(scrolled_ + kPage, log_.empty() ? 0 : log_.size() - 1);
      break;
    case Key::kPageDown:
      scrolled_ -= std::min(scrolled_, kPage);
      break;
    case Key::kEnd:
      scrolled_ = 0;
      break;
    case Key::kEnter:
      if (on_rows) {
        focus_ = Focus::kActions;
        break;
      }
      if (actions[action_].confirm.empty()) return actions[action_];
      asked_ = actions[action_];
      answer_.clear();
      break;
  }
  return std::nullopt;
}

void MenuModel::type(char letter) {
  if (asks()) answer_ += letter;
}

void MenuModel::erase() {
  if (!answer_.empty()) answer_.pop_back();
}

void MenuModel::cancel() {
  asked_.reset();
  answer_.clear();
}

std::optional<MenuAction> MenuModel::submit() {
  std::optional<MenuAction> action;
  if (asks() && answer_ == asked_->confirm) action = asked_;
  if (asks() && !action) log("Not confirmed. Nothing was changed.");
  cancel();
  return action;
}

void MenuModel::log(std::string line) {
  log_.push_back(std::move(line));
  if (log_.size() > kKeptLines) log_.pop_front();
  if (scrolled_ > 0) scrolled_ = std::min(scrolled_ + 1, log_.size() - 1);
}

std::vector<std::string> MenuModel::log_view(std::size_t height) const {
  const std::size_t end = log_.size() - std::min(scrolled_, log_.size());
  const std::size_t begin = end - std::min(end, height);
  return {log_.begin() + static_cast<std::ptrdiff_t>(begin), log_.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace terrace::cli
