// Address ranges (RFC 4632), IPv4 and IPv6.
#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "lang/function_tables.h"

namespace terrace::lang {

namespace {

using U128 = unsigned __int128;

struct Range {
  bool v6 = false;
  int prefix = 0;
  U128 address = 0;  // the network's, host bits cleared
  int bits() const { return v6 ? 128 : 32; }
  U128 mask() const { return prefix == 0 ? 0 : ~U128{0} << (bits() - prefix); }
};

// An octet with zeros before it is decimal all the same.
std::string without_leading_zeros(const std::string& v4) {
  std::string out;
  for (std::size_t i = 0; i < v4.size(); ++i) {
    bool leading = v4[i] == '0' && (out.empty() || out.back() == '.') && i + 1 < v4.size() && v4[i + 1] != '.';
    if (!leading) out += v4[i];
  }
  return out;
}

std::optional<U128> parse_address(const std::string& text, bool& v6) {
  std::array<unsigned char, 16> bytes{};
  v6 = text.find(':') != std::string::npos;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, (v6 ? text : without_leading_zeros(text)).c_str(), bytes.data()) != 1)
    return std::nullopt;
  U128 address = 0;
  for (int i = 0; i < (v6 ? 16 : 4); ++i) address = address << 8 | bytes[static_cast<std::size_t>(i)];
  return address;
}

std::string address_text(U128 address, bool v6) {
  std::array<unsigned char, 16> bytes{};
  int count = v6 ? 16 : 4;
  for (int i = count - 1; i >= 0; --i) {
    bytes[static_cast<std::size_t>(i)] = static_cast<unsigned char>(address & 0xff);
    address >>= 8;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
  return text.data();
}

std::optional<Range> parse_range(const std::string& text, std::string& problem) {
  Range range;
  std::size_t slash = text.find('/');
  std::optional<U128> address;
  if (slash != std::string::npos) address = parse_address(text.substr(0, slash), range.v6);
  std::string length = slash == std::string::npos ? "" : text.substr(slash + 1);
  bool numeric = !length.empty() && length.size() <= 3 &&
                 std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
  range.prefix = numeric ? std::stoi(length) : -1;
  if (!address || range.prefix < 0 || range.prefix > range.bits()) {
    problem = fmt::format("invalid CIDR expression: invalid CIDR address: {}", text);
    return std::nullopt;
  }
  range.address = *address & range.mask();
  if (!range.v6) range.address &= 0xffffffffU;
  return range;
}

// What counts hosts and networks: a whole number of up to 128 bits and its sign.
struct Count {
  U128 amount = 0;
  bool negative = false;
};
std::optional<Count> count_of(const Number& number) {
  if (!number.is_integer() || number.is_infinite()) return std::nullopt;
  std::string digits = number.text();
  Count count;
  count.negative = digits[0] == '-';
  if (count.negative) digits.erase(0, 1);
  if (digits.size() > 38) return std::nullopt;
  for (char c : digits) count.amount = count.amount * 10 + static_cast<unsigned>(c - '0');
  return count;
}

// The place of `count` among `size` (0: 2^128) places, from the end where it is negative.
std::optional<U128> place_among(const Count& count, U128 size) {
  bool fits = size == 0 || (count.negative ? count.amount <= size : count.amount < size);
  if (!fits) return std::nullopt;
  return count.negative ? size - count.amount : count.amount;
}

U128 power_of_two(int bits) {
  return bits >= 128 ? 0 : U128{1} << bits;
}

std::string range_text(U128 address, int prefix, bool v6) {
  return fmt::format("{}/{}", address_text(address, v6), prefix);
}

FunctionResult cidrhost(const Call& call) {
  std::string problem;
  std::optional<Range> range = parse_range(call.arguments[0].as_string(), problem);
  if (!range) return call_error(problem);
  const Number& wanted = call.arguments[1].as_number();
  std::optional<Count> number = count_of(wanted);
  if (!number) return call_error("value must be a whole number");
  std::optional<U128> offset = place_among(*number, power_of_two(range->bits() - range->prefix));
  if (!offset)
    return call_error(
        fmt::format("prefix of {} does not accommodate a host numbered {}", range->prefix, wanted.text()));
  return Value::string(address_text(range->address + *offset, range->v6));
}

FunctionResult cidrnetmask(const Call& call) {
  std::string problem;
  std::optional<Range> range = parse_range(call.arguments[0].as_string(), problem);
  if (!range) return call_error(problem);
  if (range->v6) return call_error("IPv6 addresses cannot have a netmask: " + call.arguments[0].as_string());
  return Value::string(address_text(range->mask() & 0xffffffffU, false));
}

FunctionResult cidrsubnet(const Call& call) {
  std::string problem;
  std::optional<Range> range = parse_range(call.arguments[0].as_string(), problem);
  if (!range) return call_error(problem);
  std::optional<int64_t> more = call.arguments[1].as_number().to_int64();
  const Number& wanted = call.arguments[2].as_number();
  std::optional<Count> number = count_of(wanted);
  if (!more) return call_error(kWholeNumber);
  if (!number) return call_error("value must be a whole number");
  if (*more < 0) return call_error("must not be negative", 1);
  if (*more > range->bits() - range->prefix) {
    return call_error(fmt::format("insufficient address space to extend prefix of {} by {}", range->prefix, *more));
  }
  auto extra = static_cast<int>(*more);
  std::optional<U128> index = place_among(*number, power_of_two(extra));
  if (!index)
    return call_error(
        fmt::format("prefix extension of {} does not accommodate a subnet numbered {}", *more, wanted.text()));
  int prefix = range->prefix + extra;
  int shift = range->bits() - prefix;
  U128 address = range->address | (shift >= 128 ? 0 : *index << shift);
  return Value::string(range_text(address, prefix, range->v6));
}

// Subnets one after the other, each at the next address that its size allows.
FunctionResult cidrsubnets(const Call& call) {
  std::string problem;
  std::optional<Range> range = parse_range(call.arguments[0].as_string(), problem);
  if (!range) return call_error(problem);
  std::vector<Value> found;
  U128 next = range->address;
  bool exhausted = false;
  U128 end = range->prefix == 0 ? 0 : range->address + (U128{1} << (range->bits() - range->prefix));
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    std::optional<int64_t> more = call.arguments[i].as_number().to_int64();
    auto argument = static_cast<int>(i);
    if (!more || *more < 1) return call_error("must extend prefix by at least one bit", argument);
    int64_t prefix = range->prefix + *more;
    if (prefix > range->bits())
      return call_error(fmt::format("would extend prefix to {} bits, which is too long for an IPv{} address", prefix,
                                    range->v6 ? 6 : 4),
                        argument);
    U128 size = U128{1} << (range->bits() - static_cast<int>(prefix));
    U128 start = (next + size - 1) & ~(size - 1);
    bool beyond = exhausted || (end != 0 && start + size > end) || (i > 1 && start < next);
    if (beyond)
      return call_error(fmt::format("not enough remaining address space for a subnet with a prefix of {} bits after {}",
                                    prefix, found.empty() ? "" : found.back().as_string()),
                        argument);
    found.push_back(Value::string(range_text(start, static_cast<int>(prefix), range->v6)));
    next = start + size;
    exhausted = next == 0;
  }
  return Value::list(Type::string(), std::move(found));
}

}  // namespace

const std::vector<Function>& network_functions() {
  static const Parameter kPrefix{"prefix", Type::string()};
  static const std::vector<Function> kTable = {
      {"cidrhost", {kPrefix, {"hostnum", Type::number()}}, std::nullopt, Type::string(), cidrhost},
      {"cidrnetmask", {kPrefix}, std::nullopt, Type::string(), cidrnetmask},
      {"cidrsubnet",
       {kPrefix, {"newbits", Type::number()}, {"netnum", Type::number()}},
       std::nullopt,
       Type::string(),
       cidrsubnet},
      {"cidrsubnets", {kPrefix}, Parameter{"newbits", Type::number()}, Type::list(Type::string()), cidrsubnets},
  };
  return kTable;
}

}  // namespace terrace::lang
