#include "providers/random_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "lang/path.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

constexpr int64_t kMostBytes = 1 << 20;

schema::Attribute attribute(std::string name, Type type, bool required, bool optional, bool computed) {
  schema::Attribute made;
  made.name = std::move(name);
  made.type = std::move(type);
  made.required = required;
  made.optional = optional;
  made.computed = computed;
  return made;
}

schema::ProviderSchema make_schema() {
  schema::ProviderSchema all;
  schema::Block block;
  block.attributes = {
      attribute("b64_std", Type::string(), false, false, true),
      attribute("b64_url", Type::string(), false, false, true),
      attribute("byte_length", Type::number(), true, false, false),
      attribute("dec", Type::string(), false, false, true),
      attribute("hex", Type::string(), false, false, true),
      attribute("id", Type::string(), false, false, true),
      attribute("keepers", Type::map(Type::string()), false, true, false),
      attribute("prefix", Type::string(), false, true, false),
  };
  all.resources.emplace("random_id", schema::TypeSchema(0, std::move(block)));
  return all;
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

Value object(const std::vector<uint8_t>& bytes, const Value& keepers, const Value& prefix) {
  std::string before = prefix.has_content() ? prefix.as_string() : "";
  std::string url = base64(bytes, "-_", false);
  return Value::object({
      {"b64_std", Value::string(before + base64(bytes, "+/", true))},
      {"b64_url", Value::string(before + url)},
      {"byte_length", Value::number(static_cast<int64_t>(bytes.size()))},
      {"dec", Value::string(before + decimal(bytes))},
      {"hex", Value::string(before + hexadecimal(bytes))},
      {"id", Value::string(url)},
      {"keepers", keepers},
      {"prefix", prefix},
  });
}

class RandomProvider final : public schema::Provider {
 public:
  explicit RandomProvider(Random& random) : random_(random), schema_(make_schema()) {}

  const schema::ProviderSchema& schema() const override { return schema_; }
  Diagnostics validate_provider(const Value&) override { return {}; }
  Diagnostics validate_data(std::string_view, const Value&) override { return {}; }

  Diagnostics validate_resource(std::string_view, const Value& config) override {
    Diagnostics diagnostics;
    const Value& length = config.attribute("byte_length");
    if (!length.has_content()) return diagnostics;
    std::optional<int64_t> number = length.as_number().to_int64();
    if (!number || *number < 1 || *number > kMostBytes) {
      diagnostics.error("Invalid Attribute Value",
                        fmt::format("Attribute byte_length value must be a whole number from 1 to {}, got: {}",
                                    kMostBytes, length.as_number().text()));
    }
    return diagnostics;
  }

  Task<Diagnostics> configure(Value) override { co_return Diagnostics{}; }

  Checked<Value> upgrade_state(std::string_view, int64_t version, const std::string&) override {
    Checked<Value> result;
    result.diagnostics.error(
        "Unsupported state version",
        fmt::format("The state has a random_id of schema version {}, and this release knows version 0. "
                    "A newer provider wrote it.",
                    version));
    return result;
  }

  Task<schema::ReadResponse> read_resource(schema::ReadRequest request) override {
    schema::ReadResponse response;
    response.new_state = request.current;
    co_return response;
  }

  Task<schema::PlanResponse> plan_resource(schema::PlanRequest request) override {
    schema::PlanResponse response;
    response.planned = request.proposed;
    if (request.proposed.is_null()) co_return response;
    const schema::Block& block = schema_.resources.at("random_id").block;
    if (request.prior.is_null()) {
      response.planned = schema::computed_unknown(block, request.proposed);
      co_return response;
    }
    for (const char* name : {"byte_length", "keepers", "prefix"}) {
      if (!request.prior.attribute(name).identical(request.proposed.attribute(name)))
        response.requires_replace.push_back({lang::PathStep::attribute(name)});
    }
    co_return response;
  }

  Task<schema::ApplyResponse> apply_resource(schema::ApplyRequest request) override {
    schema::ApplyResponse response;
    response.new_state = request.planned;
    if (request.planned.is_null() || !request.prior.is_null()) co_return response;
    std::optional<int64_t> length = request.planned.attribute("byte_length").as_number().to_int64();
    if (!length || *length < 1 || *length > kMostBytes) {
      response.diagnostics.error("Create Random bytes error",
                                 fmt::format("byte_length must be a whole number from 1 to {}.", kMostBytes));
      response.new_state = request.prior;
      co_return response;
    }
    std::vector<uint8_t> bytes(static_cast<size_t>(*length));
    random_.fill(bytes);
    response.new_state = object(bytes, request.planned.attribute("keepers"), request.planned.attribute("prefix"));
    co_return response;
  }

  Task<schema::ImportResponse> import_resource(std::string type, std::string id) override {
    schema::ImportResponse response;
    size_t comma = id.find(',');
    Value prefix = comma == std::string::npos ? Value::null(Type::string()) : Value::string(id.substr(0, comma));
    std::optional<std::vector<uint8_t>> bytes =
        decode_base64_url(comma == std::string::npos ? id : id.substr(comma + 1));
    if (!bytes || bytes->empty()) {
      response.diagnostics.error(
          "Import Random ID Error",
          fmt::format("\"{}\" is no id of a random_id. Give the value of its b64_url attribute without the "
                      "prefix, or the prefix, a comma and that value.",
                      id));
      co_return response;
    }
    response.objects.push_back({std::move(type), object(*bytes, Value::null(Type::map(Type::string())), prefix), ""});
    co_return response;
  }

  Task<schema::DataResponse> read_data(schema::DataRequest) override { co_return schema::DataResponse{}; }
  bool needs_intent(std::string_view) const override { return false; }
  Task<schema::ReadResponse> recover_create(schema::RecoverRequest request) override {
    schema::ReadResponse response;
    response.new_state = Value::null(request.planned.type());
    co_return response;
  }

 private:
  Random& random_;
  schema::ProviderSchema schema_;
};

}  // namespace

std::unique_ptr<schema::Provider> make_random_provider(Random& random) {
  return std::make_unique<RandomProvider>(random);
}

}  // namespace terrace::providers
