#include "cli/display.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace terrace::cli {
namespace {

// Builds a Display from the parser's events, so that numbers keep the digits that were written.
class DisplayBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return put(Display{}); }
  bool boolean(bool value) override { return literal(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return literal(std::to_string(value)); }
  bool number_unsigned(number_unsigned_t value) override { return literal(std::to_string(value)); }
  bool number_float(number_float_t, const string_t& text) override { return literal(text); }
  bool string(string_t& value) override {
    Display display;
    display.kind = Display::Kind::kString;
    display.text = value;
    return put(std::move(display));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Display::Kind::kFreeObject); }
  bool end_object() override {
    auto& members = open_.back().members;
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return close();
  }
  bool start_array(std::size_t) override { return open(Display::Kind::kList); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    keys_.back() = name;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  Display take() { return std::move(result_); }

 private:
  bool literal(std::string text) {
    Display display;
    display.kind = Display::Kind::kLiteral;
    display.text = std::move(text);
    return put(std::move(display));
  }
  bool open(Display::Kind kind) {
    open_.emplace_back().kind = kind;
    keys_.emplace_back();
    return open_.size() < 1000;
  }
  bool close() {
    Display done = std::move(open_.back());
    open_.pop_back();
    keys_.pop_back();
    return put(std::move(done));
  }
  bool put(Display display) {
    if (open_.empty()) {
      result_ = std::move(display);
    } else if (open_.back().kind == Display::Kind::kList) {
      open_.back().elements.push_back(std::move(display));
    } else {
      open_.back().members.emplace_back(keys_.back(), std::move(display));
    }
    return true;
  }

  std::vector<Display> open_;
  std::vector<std::string> keys_;
  Display result_;
};

}  // namespace

bool operator==(const DisplayBlocks& a, const DisplayBlocks& b) {
  return a.name == b.name && a.is_unknown == b.is_unknown && a.blocks == b.blocks;
}

bool operator==(const Display& a, const Display& b) {
  return a.kind == b.kind && a.is_sensitive == b.is_sensitive && a.text == b.text && a.elements == b.elements &&
         a.members == b.members && a.blocks == b.blocks;
}

std::optional<Display> display_of_json(std::string_view text) {
  if (text.empty() || (text[0] != '{' && text[0] != '[')) return std::nullopt;
  DisplayBuilder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return builder.take();
}

}  // namespace terrace::cli
