#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace terrace::cli {
namespace {

void write_all(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

bool environment_is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

int window_width() {
  winsize size{};
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(descriptor) && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 78;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kTags = {{
    {"[bold]", "\x1b[1m"},
    {"[underline]", "\x1b[4m"},
    {"[red]", "\x1b[31m"},
    {"[green]", "\x1b[32m"},
    {"[yellow]", "\x1b[33m"},
    {"[cyan]", "\x1b[36m"},
    {"[light_gray]", "\x1b[37m"},
    {"[dark_gray]", "\x1b[90m"},
    {"[light_red]", "\x1b[91m"},
    {"[reset]", "\x1b[0m"},
}};

}  // namespace

SystemTerminal::SystemTerminal() {
  width_ = window_width();
  const char* kind = std::getenv("TERM");
  const bool knows_color = kind != nullptr && std::string_view(kind) != "dumb";
  live_ = isatty(STDOUT_FILENO) && knows_color;
  color_ = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO) && knows_color && !environment_is_set("NO_COLOR");
}

void SystemTerminal::print(std::string_view text) {
  write_all(stdout, text);
}

void SystemTerminal::print_error(std::string_view text) {
  write_all(stderr, text);
}

std::optional<std::string> SystemTerminal::read_line() {
  while (true) {
    const size_t end = pending_.find('\n');
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    if (ended_) break;
    char buffer[4096];
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return std::nullopt;
    if (count <= 0) {
      ended_ = true;
    } else {
      pending_.append(buffer, static_cast<size_t>(count));
    }
  }
  if (pending_.empty()) return std::nullopt;
  return std::exchange(pending_, {});
}

std::optional<std::string> SystemTerminal::read_secret(std::string_view question) {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) {
    print_error(question);
    std::optional<std::string> line = read_line();
    print_error("\n");
    return line;
  }
  // Ctrl-C arrives as a character that ends the line, so that the terminal is never left without its echo.
  constexpr char kInterrupt = '\x03';
  termios silent = before;
  silent.c_lflag &= static_cast<tcflag_t>(~(ECHO | ISIG));
  silent.c_cc[VEOL] = static_cast<cc_t>(kInterrupt);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  print_error(question);
  char buffer[1024];
  ssize_t count = 0;
  do {
    count = ::read(STDIN_FILENO, buffer, sizeof buffer);
  } while (count < 0 && errno == EINTR);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  print_error("\n");
  std::string line(buffer, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  explicit_bzero(buffer, sizeof buffer);
  if (line.empty() || line.find(kInterrupt) != std::string::npos) return std::nullopt;
  if (line.back() == '\n') line.pop_back();
  return line;
}

std::string SystemTerminal::read_all() {
  std::string text = std::exchange(pending_, {});
  char buffer[65536];
  while (!ended_) {
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      ended_ = true;
    } else {
      text.append(buffer, static_cast<size_t>(count));
    }
  }
  return text;
}

bool SystemTerminal::input_is_terminal() const {
  return isatty(STDIN_FILENO) != 0;
}

std::string colorize(std::string_view text, bool color) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    bool is_tag = false;
    if (text[at] == '[') {
      for (const auto& [tag, sequence] : kTags) {
        if (!text.substr(at).starts_with(tag)) continue;
        if (color) out += sequence;
        at += tag.size();
        is_tag = true;
        break;
      }
    }
    if (!is_tag) out += text[at++];
  }
  if (color) out += "\x1b[0m";
  return out;
}

}  // namespace terrace::cli
