// What the menu shows and what its keys do, without a screen: rows to choose from, the actions of the chosen row, the
// question before an action that changes something, and the log. menu_command.cpp draws it.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace terrace::cli {

struct MenuAction {
  std::string label;
  std::vector<std::string> arguments;  // of terrace
  std::string confirm;                 // what must be typed first; empty for nothing
};

struct MenuRow {
  std::string name;    // "all", a stack, "nodes", ...
  std::string status;  // of a stack: "made, 36 objects"
  std::vector<MenuAction> actions;
};

struct StackState {
  std::string name;
  std::size_t objects = 0;
  bool was_created = false;
  bool is_locked = false;
};

// The rows of a cluster: all, its stacks in the order in which they are made, and what is done to the cluster as a
// whole.
std::vector<MenuRow> menu_rows(const std::string& cluster, const std::vector<StackState>& stacks);

class MenuModel {
 public:
  enum class Focus : uint8_t { kRows, kActions };
  enum class Key : uint8_t { kUp, kDown, kLeft, kRight, kEnter, kPageUp, kPageDown, kEnd };

  void set_rows(std::vector<MenuRow> rows);
  const std::vector<MenuRow>& rows() const { return rows_; }
  std::size_t row() const { return row_; }
  std::size_t action() const { return action_; }
  Focus focus() const { return focus_; }

  // An action that is to be run now.
  std::optional<MenuAction> press(Key key);

  // The question of a chosen action. While there is one, keys are letters of its answer.
  bool asks() const { return asked_.has_value(); }
  const MenuAction& asked() const { return *asked_; }
  const std::string& answer() const { return answer_; }
  void type(char letter);
  void erase();
  void cancel();
  std::optional<MenuAction> submit();  // the action, where the answer was the right one

  void log(std::string line);
  // The lines of the log that fit into `height`, as far up as it was scrolled.
  std::vector<std::string> log_view(std::size_t height) const;
  std::size_t scrolled() const { return scrolled_; }

 private:
  static constexpr std::size_t kKeptLines = 20000;
  static constexpr std::size_t kPage = 10;

  std::vector<MenuRow> rows_;
  std::size_t row_ = 0;
  std::size_t action_ = 0;
  Focus focus_ = Focus::kRows;
  std::optional<MenuAction> asked_;
  std::string answer_;
  std::deque<std::string> log_;
  std::size_t scrolled_ = 0;  // lines from the end
};

}  // namespace terrace::cli
