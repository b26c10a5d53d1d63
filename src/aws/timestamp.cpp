#include "aws/timestamp.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "aws/encoding.h"

namespace terrace::aws {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Takes characters off the front of a text.
struct Reader {
  std::string_view rest;
  bool ok = true;

  bool take(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void need(char c) { ok = ok && take(c); }
  int digits(std::size_t least, std::size_t most) {
    int value = 0;
    std::size_t count = 0;
    while (count < most && !rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
      ++count;
    }
    ok = ok && count >= least;
    return value;
  }
  // ".123" as nanoseconds; digits past the ninth are passed over.
  int64_t fraction() {
    if (!take('.') && !take(',')) return 0;
    int64_t value = 0;
    int count = 0;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      if (count < 9) value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
      ++count;
    }
    ok = ok && count > 0;
    for (; count < 9; ++count) value *= 10;
    return value;
  }
};

std::optional<Duration> moment(int year, int month, int day, int hour, int minute, int second, int64_t nanoseconds) {
  if (year < 1678 || year > 2261) return std::nullopt;  // more than a Duration holds
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return std::nullopt;
  std::tm utc{};
  utc.tm_year = year - 1900;
  utc.tm_mon = month - 1;
  utc.tm_mday = day;
  utc.tm_hour = hour;
  utc.tm_min = minute;
  utc.tm_sec = second;
  return std::chrono::seconds(timegm(&utc)) + std::chrono::nanoseconds(nanoseconds);
}

std::optional<Duration> parse_iso(std::string_view text) {
  Reader reader{text};
  int year = reader.digits(4, 4);
  reader.take('-');
  int month = reader.digits(2, 2);
  reader.take('-');
  int day = reader.digits(2, 2);
  if (!reader.ok) return std::nullopt;
  if (reader.rest.empty()) return moment(year, month, day, 0, 0, 0, 0);
  if (!reader.take('T') && !reader.take('t') && !reader.take(' ')) return std::nullopt;
  int hour = reader.digits(2, 2);
  reader.take(':');
  int minute = reader.digits(2, 2);
  int second = 0;
  if (reader.take(':') || (!reader.rest.empty() && reader.rest.front() >= '0' && reader.rest.front() <= '9')) {
    second = reader.digits(2, 2);
  }
  int64_t nanoseconds = reader.fraction();
  int offset = 0;
  if (!reader.take('Z') && !reader.take('z') && !reader.rest.empty()) {
    int sign = reader.take('-') ? -1 : 1;
    if (sign == 1) reader.need('+');
    offset = reader.digits(2, 2) * 60;
    reader.take(':');
    offset += reader.digits(2, 2);
    offset *= sign;
  }
  if (!reader.ok || !reader.rest.empty()) return std::nullopt;
  auto local = moment(year, month, day, hour, minute, second, nanoseconds);
  if (!local) return std::nullopt;
  return *local - std::chrono::minutes(offset);
}

// Sun, 25 Jan 2015 08:00:00.123 GMT
std::optional<Duration> parse_http_date(std::string_view text) {
  std::size_t comma = text.find(',');
  Reader reader{trim(comma == std::string_view::npos ? text : text.substr(comma + 1))};
  int day = reader.digits(1, 2);
  if (!reader.take(' ')) reader.need('-');
  int month = 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (reader.rest.substr(0, 3) == kMonths[i]) month = static_cast<int>(i) + 1;
  }
  if (!reader.ok || month == 0) return std::nullopt;
  reader.rest.remove_prefix(3);
  if (!reader.take(' ')) reader.need('-');
  int year = reader.digits(4, 4);
  reader.need(' ');
  int hour = reader.digits(2, 2);
  reader.need(':');
  int minute = reader.digits(2, 2);
  reader.need(':');
  int second = reader.digits(2, 2);
  int64_t nanoseconds = reader.fraction();
  if (!reader.ok) return std::nullopt;
  return moment(year, month, day, hour, minute, second, nanoseconds);
}

// "1398796238", "-5.25": kept to the nanosecond, without going through a floating-point number.
std::optional<Duration> parse_unix(std::string_view text) {
  if (text.find_first_not_of("0123456789.-+eE") != std::string_view::npos) return std::nullopt;
  if (text.find_first_of("eE") != std::string_view::npos) {
    return timestamp_of_seconds(std::strtod(std::string(text).c_str(), nullptr));
  }
  bool negative = !text.empty() && text.front() == '-';
  Reader reader{negative ? text.substr(1) : text};
  int64_t seconds = 0;
  std::size_t count = 0;
  while (!reader.rest.empty() && reader.rest.front() >= '0' && reader.rest.front() <= '9' && count < 11) {
    seconds = seconds * 10 + (reader.rest.front() - '0');
    reader.rest.remove_prefix(1);
    ++count;
  }
  constexpr int64_t kLatest = 9'223'372'036;  // what a Duration holds
  if (count == 0 || seconds > kLatest) return std::nullopt;
  int64_t nanoseconds = reader.fraction();
  if (!reader.ok || !reader.rest.empty()) return std::nullopt;
  Duration value = std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds);
  return negative ? -value : value;
}

std::tm utc_of(Duration moment) {
  std::time_t seconds = std::chrono::floor<std::chrono::seconds>(moment).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return utc;
}

std::string milliseconds_of(Duration moment) {
  int64_t fraction = (moment - std::chrono::floor<std::chrono::seconds>(moment)).count() / 1'000'000;
  if (fraction == 0) return {};
  std::string digits = fmt::format(".{:03}", fraction);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

}  // namespace

std::optional<Duration> parse_timestamp(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  if (auto parsed = parse_unix(text)) return parsed;
  if (auto parsed = parse_iso(text)) return parsed;
  return parse_http_date(text);
}

Duration timestamp_of_seconds(double seconds) {
  double whole = std::floor(seconds);
  auto microseconds = static_cast<int64_t>(std::llround((seconds - whole) * 1e6));
  return std::chrono::seconds(static_cast<int64_t>(whole)) + std::chrono::microseconds(microseconds);
}

std::string iso8601(Duration moment) {
  std::string text = rfc3339(moment);
  text.pop_back();
  return text + milliseconds_of(moment) + "Z";
}

std::string iso8601_exact(Duration moment) {
  return rfc3339_nano(moment);
}

std::string http_date(Duration moment) {
  std::tm utc = utc_of(moment);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[static_cast<std::size_t>(utc.tm_wday)],
                     utc.tm_mday, kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

std::string unix_seconds(Duration moment) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(moment).count()) + milliseconds_of(moment);
}

}  // namespace terrace::aws
