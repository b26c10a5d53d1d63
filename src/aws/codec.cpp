#include "aws/codec.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::json;

// Members that hold secrets though not every model says so. Compared without case.
constexpr std::array<std::string_view, 16> kSecretMembers = {
    "SecretString",   "SecretBinary",     "UserData",        "Password",      "MasterUserPassword", "PrivateKey",
    "KeyMaterial",    "Plaintext",        "SecretAccessKey", "SessionToken",  "PublicKeyMaterial",  "Passphrase",
    "SSECustomerKey", "WebIdentityToken", "EncodedMessage",  "CiphertextBlob"};

constexpr std::string_view kHidden = "(sensitive)";

bool holds_secret(const Member& member) {
  if (member.reference.sensitive || member.reference.shape->sensitive) return true;
  for (std::string_view name : kSecretMembers) {
    if (equal_ignoring_case(name, member.name)) return true;
  }
  return false;
}

const char* kind_name(ShapeType type) {
  switch (type) {
    case ShapeType::kStructure:
      return "an object";
    case ShapeType::kList:
      return "a list";
    case ShapeType::kMap:
      return "a map";
    case ShapeType::kBoolean:
      return "true or false";
    case ShapeType::kInteger:
      return "a whole number";
    case ShapeType::kFloat:
      return "a number";
    case ShapeType::kTimestamp:
      return "a time";
    case ShapeType::kBlob:
      return "base64 text";
    case ShapeType::kString:
      return "a string";
  }
  return "";
}

bool kind_fits(const Reference& reference, const Json& value) {
  switch (reference.shape->type) {
    case ShapeType::kStructure:
      return value.is_object() || reference.shape->document;
    case ShapeType::kList:
      return value.is_array();
    case ShapeType::kMap:
      return value.is_object();
    case ShapeType::kBoolean:
      return value.is_boolean();
    case ShapeType::kInteger:
      return value.is_number_integer();
    case ShapeType::kFloat:
      return value.is_number() || value.is_string();
    case ShapeType::kTimestamp:
      return value.is_number() || value.is_string();
    case ShapeType::kBlob:
      return value.is_string();
    case ShapeType::kString:
      return value.is_string() || reference.json_value;
  }
  return false;
}

void check(const Reference& reference, const Json& value, const std::string& path, std::vector<std::string>& problems) {
  if (!kind_fits(reference, value)) {
    problems.push_back(fmt::format("{}: {} is needed", path, kind_name(reference.shape->type)));
    return;
  }
  const Shape& shape = *reference.shape;
  if (shape.type == ShapeType::kStructure && !shape.document) {
    auto inner = [&path](const std::string& name) { return path.empty() ? name : path + "." + name; };
    for (const auto& [name, item] : value.items()) {
      const Member* member = shape.member(name);
      if (member == nullptr) {
        problems.push_back(fmt::format("{}: there is no such member in {}", inner(name), shape.name));
      } else if (!item.is_null()) {
        check(member->reference, item, inner(name), problems);
      }
    }
    for (const Member& member : shape.members) {
      auto found = value.find(member.name);
      bool missing = found == value.end() || found->is_null();
      if (member.required && missing) problems.push_back(fmt::format("{}: it must be set", inner(member.name)));
    }
  } else if (shape.type == ShapeType::kList) {
    std::size_t index = 0;
    for (const Json& item : value) check(shape.element, item, fmt::format("{}[{}]", path, index++), problems);
  } else if (shape.type == ShapeType::kMap) {
    for (const auto& [key, item] : value.items()) check(shape.value, item, fmt::format("{}[{}]", path, key), problems);
  }
}

}  // namespace

std::vector<std::string> check_parameters(const Operation& operation, const Json& params) {
  std::vector<std::string> problems;
  if (operation.input.shape == nullptr) {
    if (!params.empty()) problems.push_back(operation.name + " takes no parameters");
    return problems;
  }
  static const Json kNothing = Json::object();
  check(operation.input, params.is_null() ? kNothing : params, "", problems);
  return problems;
}

Json redact(const Reference& reference, const Json& value) {
  if (reference.shape == nullptr) return value;
  if (reference.sensitive || reference.shape->sensitive) return kHidden;
  const Shape& shape = *reference.shape;
  if (shape.type == ShapeType::kStructure && value.is_object()) {
    Json out = Json::object();
    for (const auto& [name, item] : value.items()) {
      const Member* member = shape.member(name);
      out[name] = member == nullptr || holds_secret(*member) ? Json(kHidden) : redact(member->reference, item);
    }
    return out;
  }
  if (shape.type == ShapeType::kList && value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(redact(shape.element, item));
    return out;
  }
  if (shape.type == ShapeType::kMap && value.is_object()) {
    Json out = Json::object();
    for (const auto& [key, item] : value.items()) out[key] = redact(shape.value, item);
    return out;
  }
  if (shape.type == ShapeType::kBlob && value.is_string()) {
    return fmt::format("({} bytes)", value.get_ref<const std::string&>().size() / 4 * 3);
  }
  return value;
}

std::string ApiError::describe() const {
  std::string text = "operation error";
  if (!service.empty()) text += " " + (service_id.empty() ? service : service_id) + ": " + operation;
  if (attempts > 1) text += fmt::format(", exceeded maximum number of attempts, {}", attempts);
  if (status != 0) {
    text += fmt::format(", https response error StatusCode: {}", status);
    if (!request_id.empty()) text += ", RequestID: " + request_id;
  }
  if (kind == Kind::kService) {
    text += ", api error " + code + ": " + message;
  } else {
    text += ", " + message;
  }
  if (maybe_done) text += " (AWS may have carried out the request all the same)";
  return text;
}

}  // namespace terrace::aws
