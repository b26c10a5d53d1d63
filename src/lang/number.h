// Number: the language's only number type. Integers that fit are kept inline; everything else has a mantissa of 512
// bits, or of 53 where it came from a double, as in the reference implementation.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace terrace::lang {

class Number {
 public:
  Number() = default;  // 0
  Number(int64_t value) : small_(value) {}
  Number(int value) : small_(value) {}
  // Not a number is the caller's to refuse.
  static Number from_double(double value);
  static Number infinity(bool negative);
  // A decimal with optional sign, fraction and exponent; nullopt for anything else.
  static std::optional<Number> parse(std::string_view text);
  // Digits of `base` 2-62 with an optional sign; nullopt for anything else.
  static std::optional<Number> parse_integer(std::string_view text, int base);

  bool is_integer() const;
  bool is_infinite() const;
  int sign() const;  // -1, 0, 1
  // nullopt where it is no integer or does not fit.
  std::optional<int64_t> to_int64() const;
  double to_double() const;

  // Shortest decimal that reads back as the same number, without an exponent: "0.1", "1000000".
  std::string text() const;
  std::size_t hash() const;

  Number operator-() const;
  friend Number operator+(const Number& a, const Number& b);
  friend Number operator-(const Number& a, const Number& b);
  friend Number operator*(const Number& a, const Number& b);
  // Dividing by zero gives an infinity.
  friend Number operator/(const Number& a, const Number& b);
  // The remainder with the sign of `a`.
  friend Number operator%(const Number& a, const Number& b);
  friend std::strong_ordering operator<=>(const Number& a, const Number& b);
  friend bool operator==(const Number& a, const Number& b) { return (a <=> b) == 0; }

  Number floor() const;
  Number ceil() const;
  Number truncated() const;

 private:
  struct Big;
  explicit Number(std::shared_ptr<const Big> big);
  static Number normalized(std::shared_ptr<const Big> big);
  static std::shared_ptr<Big> make();
  // For the result of an operation: as precise as the more precise of the two.
  static std::shared_ptr<Big> make(const Number& a, const Number& b);
  std::shared_ptr<const Big> big() const;

  int64_t small_ = 0;
  std::shared_ptr<const Big> big_;  // null: small_ is the value
};

}  // namespace terrace::lang
