#include "providers/random_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "lang/hash.h"
#include "providers/random_words.h"
#include "providers/table_provider.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

constexpr int64_t kMostBytes = 1 << 20;

// Uniform below `limit`, which is at least 1: draws that would favour low numbers are thrown away.
uint64_t below(Random& random, uint64_t limit) {
  uint64_t most = UINT64_MAX - (UINT64_MAX % limit + 1) % limit;
  uint64_t drawn = random.next_u64();
  while (drawn > most) drawn = random.next_u64();
  return drawn % limit;
}

// The same sequence for the same seed text (FNV-1a into splitmix64): what a seed promises, not a secret.
class TextSeededRandom final : public Random {
 public:
  explicit TextSeededRandom(const std::string& seed) : numbers_(hash(seed)) {}
  void fill(std::span<uint8_t> bytes) override { numbers_.fill(bytes); }

 private:
  static uint64_t hash(const std::string& seed) {
    uint64_t value = 14695981039346656037u;
    for (char c : seed) value = (value ^ static_cast<uint8_t>(c)) * 1099511628211u;
    return value;
  }
  SeededRandom numbers_;
};

Field keepers() {
  return {"keepers", Type::map(Type::string()), Mode::kOptional, true};
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::vector<uint8_t> random_bytes(Random& random, const Value& planned, const char* length) {
  std::vector<uint8_t> bytes(static_cast<size_t>(number_of(planned, length, 1)));
  random.fill(bytes);
  return bytes;
}

void validate_length(const Value& config, const char* attribute, Diagnostics& diagnostics) {
  at_least(config, attribute, 1, diagnostics);
  const Value& length = config.attribute(attribute);
  if (!length.has_content() || number_of(config, attribute, 0) <= kMostBytes) return;
  diagnostics.error("Invalid Attribute Value", fmt::format("Attribute {} value must be at most {}, got: {}", attribute,
                                                           kMostBytes, length.as_number().text()));
}

std::string base64(const std::vector<uint8_t>& bytes, const char* last_two, bool pad) {
  std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  alphabet += last_two;
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = (group << 8) | (j < count ? bytes[i + j] : 0u);
    for (size_t j = 0; j < 4; ++j) {
      if (j <= count)
        out += alphabet[(group >> (18 - 6 * j)) & 63];
      else if (pad)
        out += '=';
    }
  }
  return out;
}

std::optional<std::vector<uint8_t>> decode_base64_url(std::string_view text) {
  std::vector<uint8_t> bytes;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '-'             ? 62
                : c == '_'             ? 63
                                       : -1;
    if (digit < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<uint8_t>(bits >> count));
    }
  }
  return bytes;
}

// The bytes as one big-endian number in decimal.
std::string decimal(const std::vector<uint8_t>& bytes) {
  std::vector<uint32_t> groups{0};  // base 10^9, least significant first
  for (uint8_t byte : bytes) {
    uint64_t carry = byte;
    for (uint32_t& group : groups) {
      carry += static_cast<uint64_t>(group) * 256;
      group = static_cast<uint32_t>(carry % 1'000'000'000);
      carry /= 1'000'000'000;
    }
    if (carry > 0) groups.push_back(static_cast<uint32_t>(carry));
  }
  std::string out = std::to_string(groups.back());
  for (size_t i = groups.size() - 1; i-- > 0;) out += fmt::format("{:09}", groups[i]);
  return out;
}

std::string hexadecimal(const std::vector<uint8_t>& bytes) {
  std::string out;
  for (uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::vector<uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

// random_id

Value id_object(Value object, const std::vector<uint8_t>& bytes) {
  std::string before = text_of(object, "prefix");
  std::string url = base64(bytes, "-_", false);
  return with(std::move(object), {{"b64_std", Value::string(before + base64(bytes, "+/", true))},
                                  {"b64_url", Value::string(before + url)},
                                  {"byte_length", Value::number(static_cast<int64_t>(bytes.size()))},
                                  {"dec", Value::string(before + decimal(bytes))},
                                  {"hex", Value::string(before + hexadecimal(bytes))},
                                  {"id", Value::string(url)}});
}

Task<Checked<Value>> create_id(Random& random, Value planned) {
  co_return Checked<Value>{id_object(planned, random_bytes(random, planned, "byte_length")), {}};
}

Checked<Value> import_id(const std::string& id, const Value& empty) {
  size_t comma = id.find(',');
  std::optional<std::vector<uint8_t>> bytes = decode_base64_url(comma == std::string::npos ? id : id.substr(comma + 1));
  if (!bytes || bytes->empty()) {
    return refusal("Import Random ID Error",
                   fmt::format("\"{}\" is no id of a random_id. Give the value of its b64_url attribute without the "
                               "prefix, or the prefix, a comma and that value.",
                               id));
  }
  Value object =
      comma == std::string::npos ? empty : empty.with_attribute("prefix", Value::string(id.substr(0, comma)));
  return {id_object(object, *bytes), {}};
}

TableType random_id(Random& random) {
  TableType type;
  type.fields = {{"b64_std", Type::string(), Mode::kComputed},
                 {"b64_url", Type::string(), Mode::kComputed},
                 {"byte_length", Type::number(), Mode::kRequired, true},
                 {"dec", Type::string(), Mode::kComputed},
                 {"hex", Type::string(), Mode::kComputed},
                 {"id", Type::string(), Mode::kComputed},
                 keepers(),
                 {"prefix", Type::string(), Mode::kOptional, true}};
  type.validate = [](const Value& config, Diagnostics& diagnostics) {
    validate_length(config, "byte_length", diagnostics);
  };
  type.create = [&random](Value planned) { return create_id(random, std::move(planned)); };
  type.import = import_id;
  return type;
}

// random_bytes

Value bytes_object(Value object, const std::vector<uint8_t>& bytes) {
  return with(std::move(object), {{"base64", Value::string(base64(bytes, "+/", true))},
                                  {"hex", Value::string(hexadecimal(bytes))},
                                  {"length", Value::number(static_cast<int64_t>(bytes.size()))}});
}

Task<Checked<Value>> create_bytes(Random& random, Value planned) {
  co_return Checked<Value>{bytes_object(planned, random_bytes(random, planned, "length")), {}};
}

TableType random_bytes_type(Random& random) {
  TableType type;
  type.fields = {{"base64", Type::string(), Mode::kComputed, false, true},
                 {"hex", Type::string(), Mode::kComputed, false, true},
                 keepers(),
                 {"length", Type::number(), Mode::kRequired, true}};
  type.validate = [](const Value& config, Diagnostics& diagnostics) { validate_length(config, "length", diagnostics); };
  type.create = [&random](Value planned) { return create_bytes(random, std::move(planned)); };
  type.import = [](const std::string& id, const Value& empty) -> Checked<Value> {
    std::optional<std::string> bytes = lang::from_base64(id);
    if (!bytes || bytes->empty()) {
      return refusal("Import Random bytes Error",
                     "The id of a random_bytes is its value in base64, with padding; this is none.");
    }
    return {bytes_object(empty, bytes_of(*bytes)), {}};
  };
  return type;
}

// random_integer

Task<Checked<Value>> create_integer(Random& random, Value planned) {
  int64_t least = number_of(planned, "min");
  int64_t most = number_of(planned, "max");
  if (most < least) {
    co_return refusal("Create Random Integer Error",
                      "The minimum (min) value needs to be smaller than or equal to maximum (max) value.");
  }
  std::string seed = text_of(planned, "seed");
  TextSeededRandom seeded(seed);
  Random& source = seed.empty() ? random : static_cast<Random&>(seeded);
  uint64_t range = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  uint64_t drawn = range == UINT64_MAX ? source.next_u64() : below(source, range + 1);
  int64_t result = static_cast<int64_t>(static_cast<uint64_t>(least) + drawn);
  co_return Checked<Value>{
      with(planned, {{"result", Value::number(result)}, {"id", Value::string(std::to_string(result))}}), {}};
}

Checked<Value> import_integer(const std::string& id, const Value& empty) {
  std::vector<std::string> parts = split(id, ',');
  if (parts.size() != 3 && parts.size() != 4) {
    return refusal("Import Random Integer Error",
                   "Invalid import usage: expecting {result},{min},{max} or {result},{min},{max},{seed}");
  }
  std::array<Value, 3> numbers;
  for (size_t i = 0; i < 3; ++i) {
    std::optional<lang::Number> number = lang::Number::parse(parts[i]);
    if (!number || !number->to_int64()) {
      return refusal("Import Random Integer Error",
                     fmt::format("The value supplied could not be parsed as an integer: \"{}\"", parts[i]));
    }
    numbers[i] = Value::number(*number);
  }
  Value object =
      with(empty, {{"id", Value::string(parts[0])}, {"result", numbers[0]}, {"min", numbers[1]}, {"max", numbers[2]}});
  if (parts.size() == 4) object = object.with_attribute("seed", Value::string(parts[3]));
  return {object, {}};
}

TableType random_integer(Random& random) {
  TableType type;
  type.fields = {{"id", Type::string(), Mode::kComputed},        keepers(),
                 {"max", Type::number(), Mode::kRequired, true}, {"min", Type::number(), Mode::kRequired, true},
                 {"result", Type::number(), Mode::kComputed},    {"seed", Type::string(), Mode::kOptional, true}};
  type.create = [&random](Value planned) { return create_integer(random, std::move(planned)); };
  type.import = import_integer;
  return type;
}

// random_uuid

Task<Checked<Value>> create_uuid(Random& random, Value planned) {
  Value uuid = Value::string(random.uuid());
  co_return Checked<Value>{with(planned, {{"id", uuid}, {"result", uuid}}), {}};
}

Checked<Value> import_uuid(const std::string& id, const Value& empty) {
  bool good = id.size() == 36;
  for (size_t i = 0; good && i < id.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    good = dash ? id[i] == '-' : isxdigit(static_cast<unsigned char>(id[i])) != 0;
  }
  if (!good) return refusal("Import Random UUID Error", fmt::format("\"{}\" could not be parsed as a UUID.", id));
  std::string lower = id;
  for (char& c : lower) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return {with(empty, {{"id", Value::string(lower)}, {"result", Value::string(lower)}}), {}};
}

TableType random_uuid(Random& random) {
  TableType type;
  type.fields = {{"id", Type::string(), Mode::kComputed}, keepers(), {"result", Type::string(), Mode::kComputed}};
  type.create = [&random](Value planned) { return create_uuid(random, std::move(planned)); };
  type.import = import_uuid;
  return type;
}

// random_shuffle

Task<Checked<Value>> create_shuffle(Random& random, Value planned) {
  std::string seed = text_of(planned, "seed");
  TextSeededRandom seeded(seed);
  Random& source = seed.empty() ? random : static_cast<Random&>(seeded);
  std::span<const Value> input = planned.attribute("input").elements();
  size_t count = static_cast<size_t>(number_of(planned, "result_count", static_cast<int64_t>(input.size())));
  std::vector<Value> result;
  // More than there are: the whole input in one order after another.
  while (result.size() < count && !input.empty()) {
    std::vector<Value> order(input.begin(), input.end());
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(source, i)]);
    for (size_t i = 0; i < order.size() && result.size() < count; ++i) result.push_back(order[i]);
  }
  co_return Checked<Value>{
      with(planned, {{"id", Value::string("-")}, {"result", Value::list(Type::string(), std::move(result))}}), {}};
}

TableType random_shuffle(Random& random) {
  TableType type;
  type.fields = {{"id", Type::string(), Mode::kComputed},
                 {"input", Type::list(Type::string()), Mode::kRequired, true},
                 keepers(),
                 {"result", Type::list(Type::string()), Mode::kComputed},
                 {"result_count", Type::number(), Mode::kOptional, true},
                 {"seed", Type::string(), Mode::kOptional, true}};
  type.validate = [](const Value& config, Diagnostics& diagnostics) {
    at_least(config, "result_count", 0, diagnostics);
  };
  type.create = [&random](Value planned) { return create_shuffle(random, std::move(planned)); };
  return type;
}

// random_pet

Task<Checked<Value>> create_pet(Random& random, Value planned) {
  auto word = [&random](std::span<const char* const> words) { return std::string(words[below(random, words.size())]); };
  int64_t length = number_of(planned, "length", 2);
  std::string separator = text_of(planned, "separator");
  std::string pet = text_of(planned, "prefix");
  // Adverbs, one adjective, and the animal last.
  for (int64_t left = length; left > 0; --left) {
    if (!pet.empty()) pet += separator;
    pet += word(left == 1 ? pet_names() : left == 2 ? pet_adjectives() : pet_adverbs());
  }
  co_return Checked<Value>{planned.with_attribute("id", Value::string(pet)), {}};
}

TableType random_pet(Random& random) {
  TableType type;
  type.fields = {{"id", Type::string(), Mode::kComputed},
                 keepers(),
                 {"length", Type::number(), Mode::kOptionalComputed, true, false, Value::number(2)},
                 {"prefix", Type::string(), Mode::kOptional, true},
                 {"separator", Type::string(), Mode::kOptionalComputed, true, false, Value::string("-")}};
  type.validate = [](const Value& config, Diagnostics& diagnostics) { at_least(config, "length", 1, diagnostics); };
  type.create = [&random](Value planned) { return create_pet(random, std::move(planned)); };
  return type;
}

// random_string and random_password

constexpr const char* kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr const char* kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr const char* kDigits = "0123456789";
constexpr const char* kSpecial = "!@#$%&*()-_=+[]{}<>:?";

std::string random_text(Random& random, const Value& planned) {
  std::string special = text_of(planned, "override_special");
  if (special.empty()) special = kSpecial;
  std::string all, text;
  auto draw = [&random, &text](const std::string& from, int64_t count) {
    for (int64_t i = 0; i < count; ++i) text += from[below(random, from.size())];
  };
  auto take = [&](const std::string& from, const char* wanted, const char* least) {
    if (truth_of(planned, wanted)) all += from;
    draw(from, number_of(planned, least));
  };
  take(kUpper, "upper", "min_upper");
  take(kLower, "lower", "min_lower");
  take(kDigits, "numeric", "min_numeric");
  take(special, "special", "min_special");
  if (!all.empty()) draw(all, number_of(planned, "length") - static_cast<int64_t>(text.size()));
  for (size_t i = text.size(); i > 1; --i) std::swap(text[i - 1], text[below(random, i)]);
  return text;
}

std::string bcrypt_hash(Random& random, const std::string& password) {
  std::array<uint8_t, 16> salt_bytes{};
  random.fill(salt_bytes);
  return lang::bcrypt(password.substr(0, lang::kMostBcryptBytes), 10, salt_bytes);
}

Value text_object(Random& random, Value object, const std::string& text, bool password) {
  object = object.with_attribute("result", Value::string(text));
  if (!password) return object.with_attribute("id", Value::string(text));
  return with(std::move(object),
              {{"id", Value::string("none")}, {"bcrypt_hash", Value::string(bcrypt_hash(random, text))}});
}

Task<Checked<Value>> create_text(Random& random, Value planned, bool password) {
  std::string text = random_text(random, planned);
  if (text.empty()) {
    co_return refusal("Random Read Error",
                      "No kind of character is left to draw from: set at least one of upper, lower, numeric and "
                      "special to true.");
  }
  co_return Checked<Value>{text_object(random, planned, text, password), {}};
}

constexpr std::array<const char*, 4> kLeast = {"min_lower", "min_numeric", "min_special", "min_upper"};
constexpr std::array<const char*, 5> kKinds = {"lower", "number", "numeric", "special", "upper"};

Value text_defaults(Value object) {
  for (const char* name : kKinds) {
    if (object.attribute(name).is_null()) object = object.with_attribute(name, Value::boolean(true));
  }
  for (const char* name : kLeast) {
    if (object.attribute(name).is_null()) object = object.with_attribute(name, Value::number(0));
  }
  if (object.attribute("length").is_null() && object.attribute("result").has_content()) {
    int64_t length = static_cast<int64_t>(object.attribute("result").as_string().size());
    object = object.with_attribute("length", Value::number(length));
  }
  return object;
}

void validate_text(const Value& config, Diagnostics& diagnostics) {
  validate_length(config, "length", diagnostics);
  int64_t sum = 0;
  for (const char* name : kLeast) {
    at_least(config, name, 0, diagnostics);
    sum += number_of(config, name);
  }
  if (config.attribute("length").has_content() && number_of(config, "length") < sum) {
    diagnostics.error(
        "Invalid Attribute Value",
        fmt::format("Attribute length value must be at least sum of min_upper + min_lower + min_numeric + "
                    "min_special, got: {}",
                    number_of(config, "length")));
  }
  const Value& number = config.attribute("number");
  const Value& numeric = config.attribute("numeric");
  if (number.has_content() && numeric.has_content() && number.as_bool() != numeric.as_bool()) {
    diagnostics.error("Invalid Attribute Combination",
                      "Number and numeric must agree: number is the old name of numeric. Leave number out.");
  }
}

TableType random_text_type(Random& random, bool password) {
  TableType type;
  type.version = password ? 3 : 2;
  type.fields = {{"id", Type::string(), Mode::kComputed},
                 keepers(),
                 {"length", Type::number(), Mode::kRequired, true},
                 {"number", Type::boolean(), Mode::kOptionalComputed, true, false, Value(),
                  "**NOTE**: This is deprecated, use `numeric` instead."},
                 {"numeric", Type::boolean(), Mode::kOptionalComputed, true},
                 {"override_special", Type::string(), Mode::kOptional, true},
                 {"result", Type::string(), Mode::kComputed, false, password}};
  for (const char* name : {"lower", "special", "upper"}) {
    type.fields.push_back({name, Type::boolean(), Mode::kOptionalComputed, true, false, Value::boolean(true)});
  }
  for (const char* name : kLeast) {
    type.fields.push_back({name, Type::number(), Mode::kOptionalComputed, true, false, Value::number(0)});
  }
  if (password) type.fields.push_back({"bcrypt_hash", Type::string(), Mode::kComputed, false, true});
  type.validate = validate_text;
  // number and numeric are one setting under two names.
  type.plan = [](const schema::PlanRequest& request, schema::PlanResponse& response) {
    const Value& number = request.config.attribute("number");
    const Value& numeric = request.config.attribute("numeric");
    Value both = !numeric.is_null() ? numeric : !number.is_null() ? number : Value::boolean(true);
    response.planned = with(response.planned, {{"number", both}, {"numeric", both}});
    std::erase_if(response.requires_replace,
                  [](const lang::Path& path) { return path[0].name == "number" || path[0].name == "numeric"; });
    if (!request.prior.is_null() && !request.prior.attribute("numeric").identical(both)) {
      response.requires_replace.push_back({lang::PathStep::attribute("numeric")});
    }
  };
  type.create = [&random, password](Value planned) { return create_text(random, std::move(planned), password); };
  type.import = [&random, password](const std::string& id, const Value& empty) -> Checked<Value> {
    Value object = text_object(random, empty, id, password);
    return {text_defaults(std::move(object)), {}};
  };
  type.upgrade = [&random, password](Value old) {
    if (old.attribute("numeric").is_null()) old = old.with_attribute("numeric", old.attribute("number"));
    old = text_defaults(std::move(old));
    if (!password || old.attribute("bcrypt_hash").has_content()) return old;
    return old.with_attribute("bcrypt_hash", Value::string(bcrypt_hash(random, text_of(old, "result"))));
  };
  return type;
}

}  // namespace

std::unique_ptr<schema::Provider> make_random_provider(Random& random) {
  Tables tables;
  tables.resources["random_bytes"] = random_bytes_type(random);
  tables.resources["random_id"] = random_id(random);
  tables.resources["random_integer"] = random_integer(random);
  tables.resources["random_password"] = random_text_type(random, true);
  tables.resources["random_pet"] = random_pet(random);
  tables.resources["random_shuffle"] = random_shuffle(random);
  tables.resources["random_string"] = random_text_type(random, false);
  tables.resources["random_uuid"] = random_uuid(random);
  return make_table_provider(std::move(tables));
}

}  // namespace terrace::providers
