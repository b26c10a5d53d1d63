#include "lang/number.h"

#include <functional>

#include <mpfr.h>

namespace terrace::lang {

namespace {
constexpr mpfr_prec_t kPrecisionBits = 512;
constexpr mpfr_prec_t kDoubleBits = 53;
constexpr mpfr_rnd_t kRound = MPFR_RNDN;
}  // namespace

struct Number::Big {
  mpfr_t value;
  explicit Big(mpfr_prec_t bits = kPrecisionBits) { mpfr_init2(value, bits); }
  ~Big() { mpfr_clear(value); }
  Big(const Big&) = delete;
  Big& operator=(const Big&) = delete;
};

Number::Number(std::shared_ptr<const Big> big) : big_(std::move(big)) {}

std::shared_ptr<Number::Big> Number::make() {
  return std::make_shared<Big>();
}

std::shared_ptr<Number::Big> Number::make(const Number& a, const Number& b) {
  bool doubles =
      a.big_ && b.big_ && mpfr_get_prec(a.big_->value) == kDoubleBits && mpfr_get_prec(b.big_->value) == kDoubleBits;
  return std::make_shared<Big>(doubles ? kDoubleBits : kPrecisionBits);
}

std::shared_ptr<const Number::Big> Number::big() const {
  if (big_) return big_;
  std::shared_ptr<Big> big = make();
  mpfr_set_sj(big->value, small_, kRound);
  return big;
}

// Integers that fit go inline, so that equal numbers have one form.
Number Number::normalized(std::shared_ptr<const Big> big) {
  if (mpfr_integer_p(big->value) != 0 && mpfr_fits_intmax_p(big->value, MPFR_RNDZ) != 0) {
    return Number(static_cast<int64_t>(mpfr_get_sj(big->value, MPFR_RNDZ)));
  }
  return Number(std::move(big));
}

Number Number::from_double(double value) {
  auto big = std::make_shared<Big>(kDoubleBits);
  mpfr_set_d(big->value, value, kRound);
  return normalized(big);
}

Number Number::infinity(bool negative) {
  std::shared_ptr<Big> big = make();
  mpfr_set_inf(big->value, negative ? -1 : 1);
  return Number(std::shared_ptr<const Big>(big));
}

std::optional<Number> Number::parse(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    std::size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - start;
  };
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  std::size_t whole = digits();
  std::size_t fraction = 0;
  bool plain = true;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = digits();
    plain = false;
  }
  if (whole + fraction == 0) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return std::nullopt;
    plain = false;
  }
  if (at != text.size()) return std::nullopt;
  if (plain && text.size() <= 18)
    return Number(static_cast<int64_t>(std::strtoll(std::string(text).c_str(), nullptr, 10)));
  std::shared_ptr<Big> big = make();
  if (mpfr_set_str(big->value, std::string(text).c_str(), 10, kRound) != 0) return std::nullopt;
  return normalized(big);
}

std::optional<Number> Number::parse_integer(std::string_view text, int base) {
  std::string_view digits = text;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  for (char c : digits) {
    // As in Go's big.Int: up to base 36 letters count without case, above it upper case letters are 36 to 61.
    int value = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'z' ? c - 'a' + 10
                : c >= 'A' && c <= 'Z' ? (base <= 36 ? c - 'A' + 10 : c - 'A' + 36)
                                       : 99;
    if (value >= base) return std::nullopt;
  }
  Number result = 0;
  Number factor = base;
  for (char c : digits) {
    int value = c <= '9' ? c - '0' : c >= 'a' ? c - 'a' + 10 : base <= 36 ? c - 'A' + 10 : c - 'A' + 36;
    result = result * factor + Number(value);
  }
  return text.front() == '-' ? -result : result;
}

bool Number::is_integer() const {
  return !big_ || mpfr_integer_p(big_->value) != 0;
}
bool Number::is_infinite() const {
  return big_ && mpfr_inf_p(big_->value) != 0;
}
int Number::sign() const {
  return big_ ? mpfr_sgn(big_->value) : (small_ > 0) - (small_ < 0);
}

std::optional<int64_t> Number::to_int64() const {
  return big_ ? std::nullopt : std::optional<int64_t>(small_);
}

double Number::to_double() const {
  return big_ ? mpfr_get_d(big_->value, kRound) : static_cast<double>(small_);
}

std::string Number::text() const {
  if (!big_) return std::to_string(small_);
  if (is_infinite()) return sign() < 0 ? "-Inf" : "+Inf";
  // A decimal that rounds back exactly, with its trailing zeros gone, is the shortest one.
  std::string digits;
  mpfr_exp_t exponent = 0;
  for (std::size_t count : {15U, 16U, 17U, 40U, 154U, 155U, 156U, 0U}) {
    char* raw = mpfr_get_str(nullptr, &exponent, 10, count, big_->value, kRound);
    digits = raw;
    mpfr_free_str(raw);
    if (count == 0) break;
    Big back(mpfr_get_prec(big_->value));
    std::string scientific =
        (digits.front() == '-' ? "-0." + digits.substr(1) : "0." + digits) + "e" + std::to_string(exponent);
    mpfr_set_str(back.value, scientific.c_str(), 10, kRound);
    if (mpfr_equal_p(back.value, big_->value) != 0) break;
  }
  std::string sign;
  if (digits.front() == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  long point = exponent;
  if (point <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (static_cast<std::size_t>(point) >= digits.size()) {
    return sign + digits + std::string(static_cast<std::size_t>(point) - digits.size(), '0');
  }
  return sign + digits.substr(0, static_cast<std::size_t>(point)) + "." +
         digits.substr(static_cast<std::size_t>(point));
}

std::size_t Number::hash() const {
  return big_ ? std::hash<double>()(to_double()) : std::hash<int64_t>()(small_);
}

Number Number::operator-() const {
  if (!big_ && small_ != INT64_MIN) return Number(-small_);
  std::shared_ptr<Big> result = big_ ? make(*this, *this) : make();
  mpfr_neg(result->value, big()->value, kRound);
  return normalized(result);
}

Number operator+(const Number& a, const Number& b) {
  int64_t sum = 0;
  if (!a.big_ && !b.big_ && !__builtin_add_overflow(a.small_, b.small_, &sum)) return Number(sum);
  auto result = Number::make(a, b);
  mpfr_add(result->value, a.big()->value, b.big()->value, kRound);
  return Number::normalized(result);
}

Number operator-(const Number& a, const Number& b) {
  int64_t difference = 0;
  if (!a.big_ && !b.big_ && !__builtin_sub_overflow(a.small_, b.small_, &difference)) return Number(difference);
  auto result = Number::make(a, b);
  mpfr_sub(result->value, a.big()->value, b.big()->value, kRound);
  return Number::normalized(result);
}

Number operator*(const Number& a, const Number& b) {
  int64_t product = 0;
  if (!a.big_ && !b.big_ && !__builtin_mul_overflow(a.small_, b.small_, &product)) return Number(product);
  auto result = Number::make();
  mpfr_mul(result->value, a.big()->value, b.big()->value, kRound);
  return Number::normalized(result);
}

Number operator/(const Number& a, const Number& b) {
  if (!a.big_ && !b.big_ && b.small_ != 0 && b.small_ != -1 && a.small_ % b.small_ == 0)
    return Number(a.small_ / b.small_);
  auto result = Number::make(a, b);
  mpfr_div(result->value, a.big()->value, b.big()->value, kRound);
  return Number::normalized(result);
}

Number operator%(const Number& a, const Number& b) {
  if (!a.big_ && !b.big_ && b.small_ != 0 && b.small_ != -1) return Number(a.small_ % b.small_);
  auto result = Number::make(a, b);
  mpfr_fmod(result->value, a.big()->value, b.big()->value, kRound);
  return Number::normalized(result);
}

std::strong_ordering operator<=>(const Number& a, const Number& b) {
  if (!a.big_ && !b.big_) return a.small_ <=> b.small_;
  return mpfr_cmp(a.big()->value, b.big()->value) <=> 0;
}

Number Number::floor() const {
  if (!big_) return *this;
  auto result = make();
  mpfr_floor(result->value, big_->value);
  return normalized(result);
}

Number Number::ceil() const {
  if (!big_) return *this;
  auto result = make();
  mpfr_ceil(result->value, big_->value);
  return normalized(result);
}

Number Number::truncated() const {
  return sign() < 0 ? ceil() : floor();
}

}  // namespace terrace::lang
