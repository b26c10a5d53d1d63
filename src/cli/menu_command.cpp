// menu: the cluster on one screen. The left column chooses a stack or a part of the cluster, the middle an action, the
// rest is the log of what was run: terrace's own commands, as one would type them.
#include <algorithm>
#include <clocale>
#include <cstdlib>

#include <fmt/format.h>
#include <ncurses.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/cluster_access.h"
#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cli/menu_model.h"

namespace terrace::cli {

namespace {

constexpr int kRowsWidth = 30;
constexpr int kActionsWidth = 14;
constexpr int kLookMs = 50;
constexpr int kCtrlC = 3;
constexpr int kEscape = 27;

std::vector<StackState> stack_states(Context& context) {
  ClusterAccess access(context);
  std::vector<StackState> states;
  if (!access.read()) return states;
  for (const std::string& name : access.stacks().order()) {
    const std::string directory = access.stacks().at(name).directory;
    StackState one;
    one.name = name;
    one.was_created = context.files.exists(directory + "/terraform.tfstate");
    one.is_locked = context.files.exists(directory + "/.terraform.tfstate.lock.info");
    for (const auto& [address, resource] : access.state(name).resources) {
      if (address.mode == state::Mode::kManaged) one.objects += resource.instances.size();
    }
    states.push_back(std::move(one));
  }
  return states;
}

// The terminal as ncurses has it, from construction to destruction.
class Screen {
 public:
  Screen() {
    std::setlocale(LC_ALL, "");
    initscr();
    raw();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    timeout(kLookMs);
  }
  ~Screen() { endwin(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void draw(const MenuModel& model, const std::string& cluster, const std::string& running) {
    erase();
    const int height = LINES;
    const int width = COLS;
    text(0, 0, width, fmt::format(" terrace: {} ", cluster), A_REVERSE);
    rows(model, height);
    actions(model, height);
    const int left = std::min(kRowsWidth + kActionsWidth, width);
    const std::vector<std::string> lines = model.log_view(static_cast<std::size_t>(std::max(height - 3, 1)));
    for (std::size_t i = 0; i < lines.size(); ++i)
      text(1 + static_cast<int>(i), left, width - left, lines[i], A_NORMAL);
    std::string state = running.empty() ? "" : " running: terrace " + running + " (Ctrl-C interrupts)";
    if (model.scrolled() > 0) state += fmt::format(" [{} lines below]", model.scrolled());
    text(height - 2, 0, width, state, A_BOLD);
    text(height - 1, 0, width, " arrows choose  Enter runs  PgUp PgDn End scroll  q leaves", A_DIM);
    if (model.asks()) question(model, height, width);
    refresh();
  }

 private:
  // Cut at `width`, for what is too long would go on in the next line.
  void text(int y, int x, int width, const std::string& words, int attribute) {
    width = std::min(width, COLS - x);
    if (y < 0 || y >= LINES || width <= 0) return;
    std::wstring wide(words.size(), L'\0');
    const std::size_t length = std::mbstowcs(wide.data(), words.c_str(), words.size());
    if (length == static_cast<std::size_t>(-1)) return;
    attron(attribute);
    mvaddnwstr(y, x, wide.c_str(), static_cast<int>(std::min(length, static_cast<std::size_t>(width))));
    attroff(attribute);
  }

  // Keeps the chosen line in sight.
  static int first_line(std::size_t chosen, int visible) { return std::max(0, static_cast<int>(chosen) - visible + 1); }

  void rows(const MenuModel& model, int height) {
    const int visible = std::max(height - 3, 1);
    const int first = first_line(model.row(), visible);
    for (int i = 0; i < visible && first + i < static_cast<int>(model.rows().size()); ++i) {
      const MenuRow& row = model.rows()[static_cast<std::size_t>(first + i)];
      const bool chosen = first + i == static_cast<int>(model.row());
      const int attribute = !chosen ? A_NORMAL : model.focus() == MenuModel::Focus::kRows ? A_REVERSE : A_BOLD;
      text(1 + i, 0, kRowsWidth, fmt::format(" {:<13} {:<14}", row.name, row.status), attribute);
    }
  }

  void actions(const MenuModel& model, int height) {
    if (model.rows().empty()) return;
    const auto& actions = model.rows()[model.row()].actions;
    const int visible = std::max(height - 3, 1);
    const int first = first_line(model.action(), visible);
    for (int i = 0; i < visible && first + i < static_cast<int>(actions.size()); ++i) {
      const bool chosen = first + i == static_cast<int>(model.action()) && model.focus() == MenuModel::Focus::kActions;
      text(1 + i, kRowsWidth, kActionsWidth, fmt::format(" {:<12}", actions[static_cast<std::size_t>(first + i)].label),
           chosen ? A_REVERSE : A_NORMAL);
    }
  }

  void question(const MenuModel& model, int height, int width) {
    std::string command = "terrace";
    for (const std::string& word : model.asked().arguments) command += " " + word;
    const std::string lines[] = {
        " " + command, fmt::format(" Type \"{}\" and Enter to run it, Esc to leave it.", model.asked().confirm),
        " > " + model.answer() + "_"};
    int y = std::max(height / 2 - 2, 0);
    for (const std::string& line : lines) {
      text(y, 2, width - 4, fmt::format("{:<{}}", line, std::max(width - 4, 1)), A_REVERSE);
      ++y;
    }
  }
};

std::optional<MenuModel::Key> key_of(int code) {
  using Key = MenuModel::Key;
  switch (code) {
    case KEY_UP:
    case 'k':
      return Key::kUp;
    case KEY_DOWN:
    case 'j':
      return Key::kDown;
    case KEY_LEFT:
    case 'h':
      return Key::kLeft;
    case KEY_RIGHT:
    case 'l':
    case '\t':
      return Key::kRight;
    case KEY_PPAGE:
      return Key::kPageUp;
    case KEY_NPAGE:
      return Key::kPageDown;
    case KEY_END:
      return Key::kEnd;
    case '\n':
    case '\r':
    case KEY_ENTER:
      return Key::kEnter;
    default:
      return std::nullopt;
  }
}

class Menu {
 public:
  Menu(Context& context, std::string cluster) : context_(context), cluster_(std::move(cluster)) {}

  int run() {
    look();
    model_.log("Choose with the arrows. What you run stands here as the command that it is.");
    Screen screen;
    while (true) {
      screen.draw(model_, cluster_, running_);
      take_output();
      const int code = getch();
      if (code == ERR || code == KEY_RESIZE) continue;
      if (!handle(code)) return 0;
    }
  }

 private:
  void look() { model_.set_rows(menu_rows(cluster_, stack_states(context_))); }

  // False when the menu is over.
  bool handle(int code) {
    if (model_.asks()) {
      answer(code);
      return true;
    }
    if (code == kCtrlC) {
      if (!child_.running()) return false;
      child_.interrupt();
      model_.log("Ctrl-C: it finishes what is in flight.");
      return true;
    }
    if (code == 'q') {
      if (!child_.running()) return false;
      model_.log("It still runs. Ctrl-C interrupts it; then q leaves.");
      return true;
    }
    const std::optional<MenuModel::Key> key = key_of(code);
    if (key) start(model_.press(*key));
    return true;
  }

  void answer(int code) {
    if (code == kEscape || code == kCtrlC) {
      model_.cancel();
    } else if (code == '\n' || code == '\r' || code == KEY_ENTER) {
      start(model_.submit());
    } else if (code == KEY_BACKSPACE || code == 127 || code == '\b') {
      model_.erase();
    } else if (code >= ' ' && code < 127) {
      model_.type(static_cast<char>(code));
    }
  }

  void start(const std::optional<MenuAction>& action) {
    if (!action) return;
    if (child_.running()) {
      model_.log("One at a time: wait, or interrupt it with Ctrl-C.");
      return;
    }
    running_.clear();
    for (const std::string& word : action->arguments) running_ += (running_.empty() ? "" : " ") + word;
    model_.log("");
    model_.log("$ terrace " + running_);
    if (child_.start(action->arguments)) return;
    model_.log("No process could be made. Is the machine out of memory, or of processes?");
    running_.clear();
  }

  void take_output() {
    if (!child_.running()) return;
    std::deque<std::string> lines;
    const std::optional<int> code = child_.read(lines, 0);
    for (std::string& line : lines) model_.log(std::move(line));
    if (!code) return;
    model_.log(*code == 0 ? "(done)" : fmt::format("(exit code {})", *code));
    running_.clear();
    look();
  }

  Context& context_;
  std::string cluster_;
  MenuModel model_;
  Child child_;
  std::string running_;
};

}  // namespace

int menu_command(Context& context, const Arguments& arguments) {
  Flags flags("menu",
              "The cluster on one screen: its stacks and parts, what can be done with them, and what that prints.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!is_cluster_directory(context)) return not_a_cluster(context);
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    return context.fail("The menu needs a terminal",
                        "Standard input and output must be one. Elsewhere use the commands: terrace -help lists them.");
  ClusterAccess access(context);
  if (!access.read()) return 1;
  return Menu(context, access.values().name).run();
}

}  // namespace terrace::cli
