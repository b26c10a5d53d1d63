// Time stamps (RFC 3339) and uuid, which is new each time.
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "lang/function_tables.h"

namespace terrace::lang {

namespace {

struct Stamp {
  int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int64_t nanosecond = 0;
  int offset_minutes = 0;

  std::chrono::sys_days days() const {
    return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(static_cast<unsigned>(month)) /
                                 std::chrono::day(static_cast<unsigned>(day)));
  }
  // Seconds since 1970 in UTC.
  int64_t seconds() const {
    return days().time_since_epoch().count() * 86400LL + hour * 3600LL + minute * 60LL + second - offset_minutes * 60LL;
  }
};

bool digits(const std::string& text, std::size_t at, std::size_t count, int& out) {
  if (at + count > text.size()) return false;
  out = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

// nullopt with a reason for anything that is not RFC 3339.
std::optional<Stamp> parse(const std::string& text, std::string& problem) {
  Stamp stamp;
  auto refuse = [&](const char* why) {
    problem = fmt::format("not a valid RFC3339 timestamp: {}", why);
    return std::nullopt;
  };
  auto cannot_use = [&](const std::string& whole, std::size_t at, const char* part) {
    problem = fmt::format("not a valid RFC3339 timestamp: cannot use \"{}\" as {}",
                          whole.substr(std::min(at, whole.size())), part);
    return std::nullopt;
  };
  if (!digits(text, 0, 4, stamp.year)) return cannot_use(text, 0, "year");
  if (text.size() < 5 || text[4] != '-') return refuse("missing required dash after the year");
  if (!digits(text, 5, 2, stamp.month)) return cannot_use(text, 5, "month");
  if (stamp.month < 1 || stamp.month > 12) return cannot_use(text, 7, "month");
  if (text.size() < 8 || text[7] != '-') return refuse("missing required dash after the month");
  if (!digits(text, 8, 2, stamp.day)) return cannot_use(text, 8, "day of month");
  if (text.size() < 11 || (text[10] != 'T' && text[10] != 't')) return refuse("missing required time introducer 'T'");
  if (!digits(text, 11, 2, stamp.hour) || text.size() < 14 || text[13] != ':') return refuse("hour must be two digits");
  if (!digits(text, 14, 2, stamp.minute) || text.size() < 17 || text[16] != ':')
    return refuse("minute must be two digits");
  if (!digits(text, 17, 2, stamp.second)) return refuse("second must be two digits");
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int64_t scale = 100'000'000;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      stamp.nanosecond += (text[at] - '0') * scale;
  }
  if (at >= text.size()) return refuse("missing UTC offset");
  if (text[at] == 'Z' || text[at] == 'z') {
    ++at;
  } else {
    int hours = 0, minutes = 0;
    if ((text[at] != '+' && text[at] != '-') || !digits(text, at + 1, 2, hours) || at + 3 >= text.size() ||
        text[at + 3] != ':' || !digits(text, at + 4, 2, minutes))
      return refuse("invalid UTC offset");
    stamp.offset_minutes = (hours * 60 + minutes) * (text[at] == '-' ? -1 : 1);
    at += 6;
  }
  if (at != text.size()) return refuse("extra text after it");
  auto date = std::chrono::year(stamp.year) / std::chrono::month(static_cast<unsigned>(stamp.month)) /
              std::chrono::day(static_cast<unsigned>(stamp.day));
  if (!date.ok()) return refuse("day out of range");
  if (stamp.hour > 23) return refuse("hour must be between 0 and 23 inclusive");
  if (stamp.minute > 59) return refuse("minute must be between 0 and 59 inclusive");
  if (stamp.second > 59) return refuse("second must be between 0 and 59 inclusive");
  return stamp;
}

Stamp from_seconds(int64_t seconds, int offset_minutes) {
  int64_t local = seconds + offset_minutes * 60LL;
  int64_t day = local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
  int64_t rest = local - day * 86400;
  std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  Stamp stamp;
  stamp.year = static_cast<int>(date.year());
  stamp.month = static_cast<int>(static_cast<unsigned>(date.month()));
  stamp.day = static_cast<int>(static_cast<unsigned>(date.day()));
  stamp.hour = static_cast<int>(rest / 3600);
  stamp.minute = static_cast<int>(rest / 60 % 60);
  stamp.second = static_cast<int>(rest % 60);
  stamp.offset_minutes = offset_minutes;
  return stamp;
}

std::string offset_text(const Stamp& stamp, bool colon, bool zulu) {
  if (stamp.offset_minutes == 0 && zulu) return "Z";
  int minutes = std::abs(stamp.offset_minutes);
  return fmt::format("{}{:02}{}{:02}", stamp.offset_minutes < 0 ? '-' : '+', minutes / 60, colon ? ":" : "",
                     minutes % 60);
}

// Whole seconds, as the reference prints them.
std::string rfc3339_text(const Stamp& stamp) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", stamp.year, stamp.month, stamp.day, stamp.hour,
                     stamp.minute, stamp.second, offset_text(stamp, true, true));
}

const char* const kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
const char* const kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                               "July",    "August",   "September", "October", "November", "December"};

// One sequence of equal letters of a formatdate specification; empty for one that means nothing.
std::optional<std::string> date_part(const std::string& letters, const Stamp& stamp) {
  int hour12 = stamp.hour % 12 == 0 ? 12 : stamp.hour % 12;
  if (letters == "YYYY") return fmt::format("{:04}", stamp.year);
  if (letters == "YY") return fmt::format("{:02}", stamp.year % 100);
  if (letters == "MMMM") return kMonths[stamp.month - 1];
  if (letters == "MMM") return std::string(kMonths[stamp.month - 1]).substr(0, 3);
  if (letters == "MM") return fmt::format("{:02}", stamp.month);
  if (letters == "M") return fmt::format("{}", stamp.month);
  if (letters == "DD") return fmt::format("{:02}", stamp.day);
  if (letters == "D") return fmt::format("{}", stamp.day);
  if (letters == "EEEE") return kDays[std::chrono::weekday(stamp.days()).c_encoding()];
  if (letters == "EEE") return std::string(kDays[std::chrono::weekday(stamp.days()).c_encoding()]).substr(0, 3);
  if (letters == "hh") return fmt::format("{:02}", stamp.hour);
  if (letters == "h") return fmt::format("{}", stamp.hour);
  if (letters == "HH") return fmt::format("{:02}", hour12);
  if (letters == "H") return fmt::format("{}", hour12);
  if (letters == "AA") return stamp.hour < 12 ? "AM" : "PM";
  if (letters == "aa") return stamp.hour < 12 ? "am" : "pm";
  if (letters == "mm") return fmt::format("{:02}", stamp.minute);
  if (letters == "m") return fmt::format("{}", stamp.minute);
  if (letters == "ss") return fmt::format("{:02}", stamp.second);
  if (letters == "s") return fmt::format("{}", stamp.second);
  if (letters == "ZZZZZ") return offset_text(stamp, true, false);
  if (letters == "ZZZZ") return offset_text(stamp, false, false);
  if (letters == "ZZZ") return stamp.offset_minutes == 0 ? "UTC" : offset_text(stamp, false, false);
  if (letters == "Z") return offset_text(stamp, true, true);
  return std::nullopt;
}

FunctionResult formatdate(const Call& call) {
  std::string problem;
  std::optional<Stamp> stamp = parse(call.arguments[1].as_string(), problem);
  if (!stamp) return call_error(problem, 1);
  const std::string& format = call.arguments[0].as_string();
  std::string result;
  for (std::size_t i = 0; i < format.size();) {
    char c = format[i];
    if (c == '\'') {
      std::size_t at = i + 1;
      bool closed = false;
      for (; at < format.size(); ++at) {
        if (format[at] != '\'') {
          result += format[at];
        } else if (at + 1 < format.size() && format[at + 1] == '\'') {
          result += '\'';
          ++at;
        } else {
          closed = true;
          break;
        }
      }
      if (!closed) return call_error("unterminated literal '", 0);
      i = at + 1;
      continue;
    }
    if (std::isalpha(static_cast<unsigned char>(c)) == 0) {
      result += c;
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < format.size() && format[end] == c) ++end;
    std::string letters = format.substr(i, end - i);
    std::optional<std::string> part = date_part(letters, *stamp);
    if (!part)
      return call_error(fmt::format("invalid date format verb \"{}\"{}", letters,
                                    c == 'Y' ? ": year must either be \"YY\" or \"YYYY\"" : ""),
                        0);
    result += *part;
    i = end;
  }
  return Value::string(result);
}

// Go's durations: 1h30m, -5s, 1.5h, 100ms.
std::optional<int64_t> duration_ns(const std::string& text, std::string& problem) {
  problem = "invalid duration";
  std::size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  if (text.substr(at) == "0") return 0;
  if (at == text.size()) return std::nullopt;
  double total = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
    if (end == at) return std::nullopt;
    double amount = std::strtod(text.substr(at, end - at).c_str(), nullptr);
    std::size_t unit = end;
    while (unit < text.size() && !((text[unit] >= '0' && text[unit] <= '9') || text[unit] == '.')) ++unit;
    std::string name = text.substr(end, unit - end);
    double scale = name == "h"                    ? 3600e9
                   : name == "m"                  ? 60e9
                   : name == "s"                  ? 1e9
                   : name == "ms"                 ? 1e6
                   : name == "us" || name == "µs" ? 1e3
                   : name == "ns"                 ? 1
                                                  : 0;
    if (scale == 0) {
      problem = name.empty() ? "missing unit in duration" : fmt::format("unknown unit \"{}\" in duration", name);
      return std::nullopt;
    }
    total += amount * scale;
    at = unit;
  }
  return static_cast<int64_t>(std::llround(negative ? -total : total));
}

FunctionResult timeadd(const Call& call) {
  std::string problem;
  std::optional<Stamp> stamp = parse(call.arguments[0].as_string(), problem);
  if (!stamp) return call_error(problem);
  std::optional<int64_t> add = duration_ns(call.arguments[1].as_string(), problem);
  if (!add) return call_error(fmt::format("time: {} \"{}\"", problem, call.arguments[1].as_string()));
  int64_t nanoseconds = stamp->nanosecond + *add % 1'000'000'000;
  int64_t seconds = stamp->seconds() + *add / 1'000'000'000;
  if (nanoseconds < 0) {
    nanoseconds += 1'000'000'000;
    --seconds;
  }
  seconds += nanoseconds / 1'000'000'000;
  return Value::string(rfc3339_text(from_seconds(seconds, stamp->offset_minutes)));
}

FunctionResult timecmp(const Call& call) {
  std::string problem;
  std::optional<Stamp> a = parse(call.arguments[0].as_string(), problem);
  if (!a) return call_error(problem, 0);
  std::optional<Stamp> b = parse(call.arguments[1].as_string(), problem);
  if (!b) return call_error(problem, 1);
  auto left = std::pair(a->seconds(), a->nanosecond);
  auto right = std::pair(b->seconds(), b->nanosecond);
  return Value::number(left < right ? -1 : left > right ? 1 : 0);
}

FunctionResult timestamp(const Call& call) {
  if (call.context.pure || call.context.clock == nullptr) return Value::unknown(Type::string());
  return Value::string(rfc3339(call.context.clock->wall()));
}

FunctionResult plantimestamp(const Call& call) {
  if (call.context.plan_time == Duration{0}) return Value::unknown(Type::string());
  return Value::string(rfc3339(call.context.plan_time));
}

FunctionResult uuid(const Call& call) {
  if (call.context.pure || call.context.random == nullptr) return Value::unknown(Type::string());
  return Value::string(call.context.random->uuid());
}

}  // namespace

const std::vector<Function>& time_functions() {
  static const std::vector<Function> kTable = {
      {"formatdate", {{"format", Type::string()}, {"time", Type::string()}}, std::nullopt, Type::string(), formatdate},
      {"plantimestamp", {}, std::nullopt, Type::string(), plantimestamp},
      {"timeadd", {{"timestamp", Type::string()}, {"duration", Type::string()}}, std::nullopt, Type::string(), timeadd},
      {"timecmp",
       {{"timestamp_a", Type::string()}, {"timestamp_b", Type::string()}},
       std::nullopt,
       Type::number(),
       timecmp},
      {"timestamp", {}, std::nullopt, Type::string(), timestamp},
      {"uuid", {}, std::nullopt, Type::string(), uuid},
  };
  return kTable;
}

}  // namespace terrace::lang
