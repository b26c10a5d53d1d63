#include "state/address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace terrace::state {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Address, std::string> read() {
    Address address;
    std::string word;
    while (true) {
      if (!name(word)) return bad("a name of letters, digits, underscores and hyphens is missing");
      if (word != "module") break;
      if (!take('.') || !name(word)) return bad("\"module.\" is followed by the module's name");
      std::string& module = address.resource.module;
      module += (module.empty() ? "module." : ".module.") + word;
      InstanceKey module_key;
      if (at('[') && !key(module_key)) return bad("the key in brackets is neither a number nor a quoted string");
      module += key_text(module_key);
      if (at_ == text_.size()) return address;
      if (!take('.')) return bad("a dot is missing");
    }
    static constexpr std::array<std::string_view, 10> kReserved = {"arg",  "count", "each",     "lazy",      "local",
                                                                   "path", "self",  "template", "terraform", "var"};
    if (std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end())
      return bad(
          fmt::format("\"{}\" is a word of the language; a resource type of that name is written with "
                      "\"resource.\" in front",
                      word));
    if (word == "resource") {
      if (!take('.') || !name(word)) return bad("\"resource.\" is followed by a type and a name");
    } else if (word == "data") {
      address.resource.mode = Mode::kData;
      if (!take('.') || !name(word)) return bad("\"data.\" is followed by a type and a name");
    }
    address.resource.type = word;
    if (!take('.') || !name(address.resource.name)) return bad("a resource is written as TYPE.NAME");
    if (at('[')) {
      address.has_key = true;
      if (!key(address.key)) return bad("the key in brackets is neither a number nor a quoted string");
    }
    if (at_ != text_.size()) return bad("nothing may follow the resource and its key");
    return address;
  }

 private:
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!at(c)) return false;
    ++at_;
    return true;
  }

  bool name(std::string& word) {
    std::size_t from = at_;
    auto letter = [](unsigned char c) { return std::isalpha(c) != 0 || c == '_' || c >= 0x80; };
    if (at_ < text_.size() && letter(static_cast<unsigned char>(text_[at_]))) {
      while (at_ < text_.size()) {
        auto c = static_cast<unsigned char>(text_[at_]);
        if (!letter(c) && std::isdigit(c) == 0 && c != '-') break;
        ++at_;
      }
    }
    word = std::string(text_.substr(from, at_ - from));
    return !word.empty();
  }

  bool key(InstanceKey& key) {
    take('[');
    if (at('"')) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
      if (end >= text_.size()) return false;
      nlohmann::json string = nlohmann::json::parse(text_.substr(at_, end + 1 - at_), nullptr, false);
      if (!string.is_string()) return false;
      key = string.get<std::string>();
      at_ = end + 1;
    } else {
      int64_t number = 0;
      auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
      if (error != std::errc() || number < 0) return false;
      key = number;
      at_ = static_cast<std::size_t>(end - text_.data());
    }
    return take(']');
  }

  Result<Address, std::string> bad(std::string_view why) const {
    return Failure<std::string>{
        fmt::format("\"{}\" is no resource address: {}{}. Addresses look like aws_vpc.main, aws_subnet.etcd[0], "
                    "aws_subnet.etcd[\"a\"] or module.network.aws_vpc.main; a shell needs quotes around brackets.",
                    text_, why, at_ < text_.size() ? fmt::format(", at \"{}\"", text_.substr(at_)) : "")};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string Address::text() const {
  return is_module() ? resource.module : resource.instance_text(key);
}

bool Address::contains(const ResourceAddress& address, const InstanceKey& instance) const {
  if (is_module()) {
    const std::string& module = resource.module;
    return address.module.starts_with(module) &&
           (address.module.size() == module.size() || address.module[module.size()] == '.' ||
            address.module[module.size()] == '[');
  }
  return address == resource && (!has_key || key == instance);
}

Result<Address, std::string> parse_address(std::string_view text) {
  return Reader(text).read();
}

Result<Address, std::string> parse_instance_address(std::string_view text) {
  Result<Address, std::string> address = parse_address(text);
  if (address && address->is_module())
    return Failure<std::string>{fmt::format("\"{}\" is a module. Give the address of one resource instance.", text)};
  return address;
}

}  // namespace terrace::state
