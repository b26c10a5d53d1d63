#include "providers/time_provider.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "providers/table_provider.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

// A moment as a calendar shows it in a zone of fixed offset.
struct Moment {
  int64_t unix_seconds = 0;
  int offset_minutes = 0;

  struct Parts {
    int64_t year, month, day, hour, minute, second;
  };

  Parts parts() const {
    int64_t local = unix_seconds + offset_minutes * 60LL;
    int64_t days = local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
    int64_t rest = local - days * 86400;
    std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
    return {static_cast<int>(date.year()),
            static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()),
            rest / 3600,
            rest / 60 % 60,
            rest % 60};
  }

  std::string text() const {
    Parts at = parts();
    std::string zone = "Z";
    if (offset_minutes != 0) {
      int minutes = std::abs(offset_minutes);
      zone = fmt::format("{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
    }
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", at.year, at.month, at.day, at.hour, at.minute,
                       at.second, zone);
  }

  // With years and months added to the calendar's, and days that the month does not have counted on into the next one:
  // January 31 and a month is March 3.
  Moment plus_calendar(int64_t years, int64_t months, int64_t days) const {
    Parts at = parts();
    int64_t month = at.month - 1 + months;
    int64_t carried = month >= 0 ? month / 12 : -((-month + 11) / 12);
    std::chrono::year year(static_cast<int>(at.year + years + carried));
    std::chrono::sys_days first(year / std::chrono::month(static_cast<unsigned>(month - carried * 12 + 1)) / 1);
    int64_t day = first.time_since_epoch().count() + at.day - 1 + days;
    return {day * 86400 + at.hour * 3600 + at.minute * 60 + at.second - offset_minutes * 60LL, offset_minutes};
  }
};

std::optional<Moment> parse_moment(const std::string& text) {
  auto number = [&text](size_t at, size_t count) -> int {
    if (at + count > text.size()) return -1;
    int value = 0;
    for (size_t i = at; i < at + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  std::array<int, 6> parts = {number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2), number(17, 2)};
  for (int part : parts) {
    if (part < 0) return std::nullopt;
  }
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  }
  int offset = 0;
  if (at + 1 == text.size() && text[at] == 'Z') {
    ++at;
  } else {
    int hours = number(at + 1, 2);
    int minutes = number(at + 4, 2);
    if (at + 6 != text.size() || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':' || hours < 0 ||
        minutes < 0)
      return std::nullopt;
    offset = (hours * 60 + minutes) * (text[at] == '-' ? -1 : 1);
  }
  auto date = std::chrono::year(parts[0]) / std::chrono::month(static_cast<unsigned>(parts[1])) /
              std::chrono::day(static_cast<unsigned>(parts[2]));
  if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return Moment{days * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5] - offset * 60LL, offset};
}

Moment now(Clock& clock) {
  return {std::chrono::duration_cast<std::chrono::seconds>(clock.wall()).count(), 0};
}

constexpr std::array<const char*, 6> kUnits = {"years", "months", "days", "hours", "minutes", "seconds"};

// `base` and what the attributes PREFIX_years ... PREFIX_seconds of `object` add; those that it has.
Moment later(const Moment& base, const Value& object, const std::string& prefix) {
  auto amount = [&](const char* unit) -> int64_t {
    std::string name = prefix + unit;
    return object.find_attribute(name) != nullptr ? number_of(object, name.c_str()) : 0;
  };
  Moment moment = base.plus_calendar(amount("years"), amount("months"), amount("days"));
  moment.unix_seconds += amount("hours") * 3600 + amount("minutes") * 60 + amount("seconds");
  return moment;
}

std::vector<Field> clock_fields() {
  std::vector<Field> fields = {{"id", Type::string(), Mode::kComputed},
                               {"triggers", Type::map(Type::string()), Mode::kOptional, true}};
  for (const char* name : {"day", "hour", "minute", "month", "second", "unix", "year"}) {
    fields.push_back({name, Type::number(), Mode::kComputed});
  }
  return fields;
}

Value with_parts(Value object, const Moment& moment) {
  Moment::Parts at = moment.parts();
  return with(std::move(object), {{"day", Value::number(at.day)},
                                  {"hour", Value::number(at.hour)},
                                  {"minute", Value::number(at.minute)},
                                  {"month", Value::number(at.month)},
                                  {"second", Value::number(at.second)},
                                  {"unix", Value::number(moment.unix_seconds)},
                                  {"year", Value::number(at.year)}});
}

void validate_moment(const Value& config, const char* attribute, Diagnostics& diagnostics) {
  const Value& value = config.attribute(attribute);
  if (!value.has_content() || parse_moment(value.as_string())) return;
  diagnostics.error("Invalid RFC3339 Value",
                    fmt::format("Attribute {} must be a time such as 2020-02-12T06:36:13Z (RFC 3339), got: {}",
                                attribute, value.as_string()));
}

void validate_some(const Value& config, const std::vector<std::string>& names, Diagnostics& diagnostics) {
  std::string listed;
  for (const std::string& name : names) {
    if (!config.attribute(name).is_null()) return;
    listed += (listed.empty() ? "" : ",") + name;
  }
  diagnostics.error("Missing Attribute Configuration",
                    fmt::format("At least one of these attributes must be configured: [{}]", listed));
}

// The base of an object: what `attribute` says, or now.
Moment base_of(Clock& clock, const Value& object, const char* attribute) {
  std::optional<Moment> given = parse_moment(text_of(object, attribute));
  return given ? *given : now(clock);
}

// time_static

TableType time_static(Clock& clock) {
  TableType type;
  type.fields = clock_fields();
  type.fields.push_back({"rfc3339", Type::string(), Mode::kOptionalComputed, true});
  type.validate = [](const Value& config, Diagnostics& diagnostics) {
    validate_moment(config, "rfc3339", diagnostics);
  };
  auto object = [](Value planned, const Moment& moment) {
    // The text stays as it was written, fractions and all.
    Value text =
        planned.attribute("rfc3339").has_content() ? planned.attribute("rfc3339") : Value::string(moment.text());
    return with(with_parts(std::move(planned), moment), {{"rfc3339", text}, {"id", text}});
  };
  type.create = [&clock, object](Value planned) {
    Moment moment = base_of(clock, planned, "rfc3339");
    return done({object(std::move(planned), moment), {}});
  };
  type.import = [object](const std::string& id, const Value& empty) -> Checked<Value> {
    std::optional<Moment> moment = parse_moment(id);
    if (!moment) {
      return refusal("Import time static error",
                     fmt::format("The id is a time such as 2020-02-12T06:36:13Z (RFC 3339), got: {}", id));
    }
    return {object(empty.with_attribute("rfc3339", Value::string(id)), *moment), {}};
  };
  return type;
}

// time_offset and time_rotating: a base, and a second time that lies some units from it.

struct Pair {
  const char* base;    // the attribute of the base time
  const char* second;  // and of the second
  const char* prefix;  // of the units
  size_t units;        // how many of kUnits there are
  bool parts_of_second;
};

constexpr Pair kOffset = {"base_rfc3339", "rfc3339", "offset_", 6, true};
constexpr Pair kRotation = {"rfc3339", "rotation_rfc3339", "rotation_", 5, false};

std::vector<std::string> unit_names(const Pair& pair) {
  std::vector<std::string> names;
  for (size_t i = 0; i < pair.units; ++i) names.push_back(pair.prefix + std::string(kUnits[i]));
  return names;
}

// `object` with all that follows from its base and its units. A second time that is given in `config` stands.
Value pair_object(const Pair& pair, Value object, const Moment& base, const std::string& given_second) {
  Moment second = later(base, object, pair.prefix);
  std::string text = second.text();
  if (!given_second.empty()) {
    second = parse_moment(given_second).value_or(second);
    text = given_second;
  }
  Value base_text =
      object.attribute(pair.base).has_content() ? object.attribute(pair.base) : Value::string(base.text());
  object = with(std::move(object), {{pair.base, base_text}, {pair.second, Value::string(text)}, {"id", base_text}});
  return with_parts(std::move(object), pair.parts_of_second ? second : base);
}

Checked<Value> import_pair(const Pair& pair, const std::string& id, const Value& empty) {
  std::vector<std::string> parts(1);
  for (char c : id) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  std::optional<Moment> base = parse_moment(parts[0]);
  std::string units = pair.units == 6 ? "YEARS,MONTHS,DAYS,HOURS,MINUTES,SECONDS" : "YEARS,MONTHS,DAYS,HOURS,MINUTES";
  std::string expected =
      fmt::format("Unexpected format of ID (\"{}\"), expected BASETIMESTAMP,{} or BASETIMESTAMP,{}TIMESTAMP", id, units,
                  pair.units == 6 ? "OFFSET" : "ROTATION");
  if (!base) return refusal("Unexpected Format of ID", expected);
  Value object = empty.with_attribute(pair.base, Value::string(parts[0]));
  if (parts.size() == 2) {
    std::optional<Moment> second = parse_moment(parts[1]);
    if (!second) return refusal("Unexpected Format of ID", expected);
    // An offset has no argument for the second time: the seconds between them say the same.
    if (pair.units == 6) {
      object = object.with_attribute("offset_seconds", Value::number(second->unix_seconds - base->unix_seconds));
    }
    return {pair_object(pair, std::move(object), *base, parts[1]), {}};
  }
  if (parts.size() != pair.units + 1) return refusal("Unexpected Format of ID", expected);
  std::vector<std::string> names = unit_names(pair);
  for (size_t i = 0; i < pair.units; ++i) {
    if (parts[i + 1].empty()) continue;
    std::optional<lang::Number> number = lang::Number::parse(parts[i + 1]);
    if (!number || !number->to_int64()) return refusal("Unexpected Format of ID", expected);
    if (*number->to_int64() != 0) object = object.with_attribute(names[i], Value::number(*number));
  }
  return {pair_object(pair, std::move(object), *base, ""), {}};
}

// An update tells already in the plan what it comes to.
void plan_pair(const Pair& pair, const schema::PlanRequest& request, schema::PlanResponse& response) {
  if (request.prior.is_null()) return;
  bool known = true, changed = false;
  std::vector<std::string> names = unit_names(pair);
  if (!pair.parts_of_second) names.push_back(pair.second);
  for (const std::string& name : names) {
    const Value& planned = response.planned.attribute(name);
    known = known && planned.is_known();
    changed = changed || !planned.identical(request.prior.attribute(name));
  }
  // A rotation time that the configuration no longer gives follows from the units again.
  std::string given = pair.parts_of_second ? "" : text_of(request.config, pair.second);
  std::optional<Moment> base = parse_moment(text_of(response.planned, pair.base));
  if (!changed || !base) return;
  if (known) response.planned = pair_object(pair, response.planned, *base, given);
}

TableType pair_type(Clock& clock, const Pair& pair) {
  TableType type;
  type.fields = clock_fields();
  type.fields.push_back({pair.base, Type::string(), Mode::kOptionalComputed, true});
  type.fields.push_back(
      {pair.second, Type::string(), pair.parts_of_second ? Mode::kComputed : Mode::kOptionalComputed});
  for (const std::string& name : unit_names(pair)) type.fields.push_back({name, Type::number(), Mode::kOptional});
  type.validate = [pair](const Value& config, Diagnostics& diagnostics) {
    std::vector<std::string> names = unit_names(pair);
    validate_moment(config, pair.base, diagnostics);
    if (!pair.parts_of_second) {
      for (const std::string& name : names) at_least(config, name.c_str(), 1, diagnostics);
      validate_moment(config, pair.second, diagnostics);
      names.push_back(pair.second);
    }
    validate_some(config, names, diagnostics);
  };
  type.plan = [pair](const schema::PlanRequest& request, schema::PlanResponse& response) {
    plan_pair(pair, request, response);
  };
  type.create = [&clock, pair](Value planned) {
    Moment base = base_of(clock, planned, pair.base);
    std::string given = text_of(planned, pair.second);
    return done({pair_object(pair, std::move(planned), base, given), {}});
  };
  type.update = [pair](Value prior, Value planned) {
    std::optional<Moment> base = parse_moment(text_of(prior, pair.base));
    if (!base) return done(refusal("Update time error", fmt::format("The state's {} is no RFC 3339 time.", pair.base)));
    bool follows = planned.attribute(pair.second).identical(prior.attribute(pair.second));
    std::string given = pair.parts_of_second || follows ? "" : text_of(planned, pair.second);
    return done({pair_object(pair, std::move(planned), *base, given), {}});
  };
  type.import = [pair](const std::string& id, const Value& empty) { return import_pair(pair, id, empty); };
  return type;
}

TableType time_rotating(Clock& clock) {
  TableType type = pair_type(clock, kRotation);
  // An object whose time has come is gone: the plan makes a new one.
  type.read = [&clock](const Value& current) -> Checked<Value> {
    std::optional<Moment> rotation = parse_moment(text_of(current, kRotation.second));
    bool over = rotation && now(clock).unix_seconds > rotation->unix_seconds;
    return {over ? Value() : current, {}};
  };
  return type;
}

// time_sleep

// "30s", "1.5h": nullopt for anything else.
std::optional<Duration> parse_length(const std::string& text) {
  size_t digits = text.find_first_not_of("0123456789.");
  if (digits == 0 || digits == std::string::npos || text[0] == '.' || text[digits - 1] == '.') return std::nullopt;
  if (text.find('.') != text.substr(0, digits).rfind('.') && text.find('.') != std::string::npos) return std::nullopt;
  std::string unit = text.substr(digits);
  double scale = unit == "ms" ? 1e6 : unit == "s" ? 1e9 : unit == "m" ? 60e9 : unit == "h" ? 3600e9 : 0;
  if (scale == 0) return std::nullopt;
  double length = std::stod(text.substr(0, digits)) * scale;
  if (length > 9e18) return std::nullopt;
  return Duration(static_cast<int64_t>(length));
}

Task<Checked<Value>> sleep_create(Clock& clock, Loop& loop, Value planned) {
  std::optional<Duration> length = parse_length(text_of(planned, "create_duration"));
  if (length) co_await loop.sleep(*length);
  co_return Checked<Value>{planned.with_attribute("id", Value::string(now(clock).text())), {}};
}

Task<Diagnostics> sleep_destroy(Loop& loop, Value prior) {
  std::optional<Duration> length = parse_length(text_of(prior, "destroy_duration"));
  if (length) co_await loop.sleep(*length);
  co_return Diagnostics{};
}

TableType time_sleep(Clock& clock, Loop& loop) {
  TableType type;
  type.fields = {{"create_duration", Type::string(), Mode::kOptional},
                 {"destroy_duration", Type::string(), Mode::kOptional},
                 {"id", Type::string(), Mode::kComputed},
                 {"triggers", Type::map(Type::string()), Mode::kOptional, true}};
  type.validate = [](const Value& config, Diagnostics& diagnostics) {
    validate_some(config, {"create_duration", "destroy_duration"}, diagnostics);
    for (const char* name : {"create_duration", "destroy_duration"}) {
      const Value& value = config.attribute(name);
      if (!value.has_content() || parse_length(value.as_string())) continue;
      diagnostics.error(
          "Invalid Attribute Value Match",
          fmt::format("Attribute {} must be a number immediately followed by ms (milliseconds), s "
                      "(seconds), m (minutes), or h (hours). For example, \"30s\" for 30 seconds., got: {}",
                      name, value.as_string()));
    }
  };
  type.create = [&clock, &loop](Value planned) { return sleep_create(clock, loop, std::move(planned)); };
  type.destroy = [&loop](Value prior) { return sleep_destroy(loop, std::move(prior)); };
  type.import = [&clock](const std::string& id, const Value& empty) -> Checked<Value> {
    size_t comma = id.find(',');
    std::string create = id.substr(0, comma);
    std::string destroy = comma == std::string::npos ? "" : id.substr(comma + 1);
    bool good = comma != std::string::npos && (!create.empty() || !destroy.empty()) &&
                (create.empty() || parse_length(create)) && (destroy.empty() || parse_length(destroy));
    if (!good) {
      return refusal("Unexpected Format of ID",
                     fmt::format("Unexpected format of ID (\"{}\"), expected CREATEDURATION,DESTROYDURATION where at "
                                 "least one value is non-empty",
                                 id));
    }
    Value object = empty.with_attribute("id", Value::string(now(clock).text()));
    if (!create.empty()) object = object.with_attribute("create_duration", Value::string(create));
    if (!destroy.empty()) object = object.with_attribute("destroy_duration", Value::string(destroy));
    return {object, {}};
  };
  return type;
}

}  // namespace

std::unique_ptr<schema::Provider> make_time_provider(Clock& clock, Loop& loop) {
  Tables tables;
  tables.resources["time_offset"] = pair_type(clock, kOffset);
  tables.resources["time_rotating"] = time_rotating(clock);
  tables.resources["time_sleep"] = time_sleep(clock, loop);
  tables.resources["time_static"] = time_static(clock);
  return make_table_provider(std::move(tables));
}

}  // namespace terrace::providers
