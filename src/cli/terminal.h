// Where a command writes and what it asks: standard output, standard error and standard input as an effect. Commands
// and their renderers use it; main makes the one of the process.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace terrace::cli {

class Terminal {
 public:
  virtual ~Terminal() = default;

  // Standard output, shown at once.
  virtual void print(std::string_view text) = 0;
  // Standard error, shown at once and after everything printed before.
  virtual void print_error(std::string_view text) = 0;
  // One line without its line break; nullopt when the input has ended or a signal arrived.
  virtual std::optional<std::string> read_line() = 0;
  // Asks on standard error, and reads one line without an echo where the input is a terminal; nullopt on Ctrl-C, too.
  // The echo is off before the question stands there: what is typed at once shows nowhere.
  virtual std::optional<std::string> read_secret(std::string_view question) = 0;
  // Everything up to the end of the input.
  virtual std::string read_all() = 0;
  virtual bool input_is_terminal() const = 0;

  // Whether text may carry colour.
  bool color() const { return color_; }
  void set_color(bool color) { color_ = color; }
  // Whether a line may be drawn over: the output is a terminal that knows how.
  bool is_live() const { return live_; }
  // Columns: the window's, or 78 where there is none.
  int width() const { return width_; }

 protected:
  bool color_ = false;
  bool live_ = false;
  int width_ = 78;
};

// The process's own three streams. Colour is on when both outputs are a terminal that knows it (TERM is not "dumb") and
// NO_COLOR is empty.
class SystemTerminal final : public Terminal {
 public:
  SystemTerminal();
  void print(std::string_view text) override;
  void print_error(std::string_view text) override;
  std::optional<std::string> read_line() override;
  std::optional<std::string> read_secret(std::string_view question) override;
  std::string read_all() override;
  bool input_is_terminal() const override;

 private:
  std::string pending_;  // read but not yet given out
  bool ended_ = false;
};

// `text` with its colour tags ([bold], [red], [green], [yellow], [cyan], [dark_gray], [light_gray], [underline],
// [reset]) made into terminal sequences and a reset at the end; without colour the tags vanish. Only for literals: what
// users wrote is put in afterwards.
std::string colorize(std::string_view text, bool color);

}  // namespace terrace::cli
