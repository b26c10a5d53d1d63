// Parameters to requests, one writer a family of protocols.
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/codec.h"
#include "aws/encoding.h"
#include "aws/timestamp.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::ordered_json;

// The first thing that does not fit; writers go on but their output is dropped.
struct Problem {
  std::string text;
  void set(std::string message) {
    if (text.empty()) text = std::move(message);
  }
};

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string number_text(const Json& value) {
  if (value.is_number_float()) {
    double number = value.get<double>();
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  }
  return value.is_string() ? value.get<std::string>() : json_text(value);
}

std::string boolean_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_boolean() && value.get<bool>() ? "true" : "false";
}

std::optional<Duration> moment_of(const Json& value) {
  if (value.is_number_integer()) return std::chrono::seconds(value.get<int64_t>());
  if (value.is_number()) return timestamp_of_seconds(value.get<double>());
  if (value.is_string()) return parse_timestamp(value.get<std::string>());
  return std::nullopt;
}

std::string timestamp_text(const Json& value, TimestampFormat format, TimestampFormat usual, Problem& problem) {
  std::optional<Duration> moment = moment_of(value);
  if (!moment) {
    problem.set(json_text(value) + " is not a time");
    return {};
  }
  if (format == TimestampFormat::kDefault) format = usual;
  if (format == TimestampFormat::kRfc822) return http_date(*moment);
  if (format == TimestampFormat::kUnix) return unix_seconds(*moment);
  return iso8601(*moment);
}

std::string blob_bytes(const Json& value, Problem& problem) {
  std::optional<std::string> bytes;
  if (value.is_string()) bytes = base64_decode(value.get_ref<const std::string&>());
  if (!bytes) problem.set("a blob must be base64 text");
  return bytes.value_or("");
}

// A scalar as text, in the protocol's usual timestamp format.
std::string scalar_text(const Reference& reference, const Json& value, TimestampFormat usual, Problem& problem) {
  switch (reference.shape->type) {
    case ShapeType::kBoolean:
      return boolean_text(value);
    case ShapeType::kTimestamp:
      return timestamp_text(value, reference.timestamp_format, usual, problem);
    case ShapeType::kBlob:
      return base64_encode(blob_bytes(value, problem));
    case ShapeType::kString:
      if (value.is_string()) return value.get<std::string>();
      return number_text(value);
    default:
      return number_text(value);
  }
}

// --- ec2 and query: a form ------------------------------------------------------------------------------------------

class FormWriter {
 public:
  FormWriter(bool ec2, std::string& out, Problem& problem) : ec2_(ec2), out_(out), problem_(problem) {}

  void pair(std::string_view key, std::string_view value) {
    if (!out_.empty()) out_ += '&';
    out_ += percent_encode(key);
    out_ += '=';
    out_ += percent_encode(value);
  }

  void write(const Reference& reference, const Json& value, const std::string& prefix) {
    if (value.is_null()) return;
    switch (reference.shape->type) {
      case ShapeType::kStructure:
        return structure(*reference.shape, value, prefix);
      case ShapeType::kList:
        return list(reference, value, prefix);
      case ShapeType::kMap:
        return map(reference, value, prefix);
      default:
        pair(prefix, scalar_text(reference, value, TimestampFormat::kIso8601, problem_));
    }
  }

  void structure(const Shape& shape, const Json& value, const std::string& prefix) {
    if (!value.is_object()) return problem_.set(fmt::format("{} must be an object", prefix));
    for (const Member& member : shape.members) {
      auto found = value.find(member.name);
      if (found == value.end()) continue;
      std::string name = wire_name(member.reference, member.name);
      write(member.reference, *found, prefix.empty() ? name : prefix + "." + name);
    }
  }

 private:
  // ec2 prefers queryName and capitalises every other name.
  std::string wire_name(const Reference& reference, const std::string& usual) const {
    if (!ec2_) return reference.location_name.empty() ? usual : reference.location_name;
    if (!reference.query_name.empty()) return reference.query_name;
    std::string name = reference.location_name.empty() ? usual : reference.location_name;
    if (name[0] >= 'a' && name[0] <= 'z') {
      name[0] = static_cast<char>(name[0] - 'a' + 'A');
    }
    return name;
  }

  void list(const Reference& reference, const Json& value, const std::string& prefix) {
    if (!value.is_array()) return problem_.set(fmt::format("{} must be a list", prefix));
    const Reference& element = reference.shape->element;
    std::string base = prefix;
    if (!ec2_) {
      if (value.empty()) return pair(prefix, "");
      if (!reference.flattened) {
        base += "." + (element.location_name.empty() ? "member" : element.location_name);
      } else if (!element.location_name.empty() && reference.location_name.empty()) {
        // The element's name takes the place of the member's own.
        std::size_t dot = prefix.rfind('.');
        base = (dot == std::string::npos ? "" : prefix.substr(0, dot + 1)) + element.location_name;
      }
    }
    std::size_t index = 0;
    for (const Json& item : value) write(element, item, fmt::format("{}.{}", base, ++index));
  }

  void map(const Reference& reference, const Json& value, const std::string& prefix) {
    if (!value.is_object()) return problem_.set(fmt::format("{} must be a map", prefix));
    const Shape& shape = *reference.shape;
    std::string base = reference.flattened ? prefix : prefix + ".entry";
    std::string key_name = shape.key.location_name.empty() ? "key" : shape.key.location_name;
    std::string value_name = shape.value.location_name.empty() ? "value" : shape.value.location_name;
    std::size_t index = 0;
    for (const auto& [key, item] : value.items()) {
      ++index;
      pair(fmt::format("{}.{}.{}", base, index, key_name), key);
      write(shape.value, item, fmt::format("{}.{}.{}", base, index, value_name));
    }
  }

  bool ec2_;
  std::string& out_;
  Problem& problem_;
};

// --- json -----------------------------------------------------------------------------------------------------------

Json json_value(const Reference& reference, const Json& value, Problem& problem) {
  if (value.is_null()) return nullptr;
  const Shape& shape = *reference.shape;
  switch (shape.type) {
    case ShapeType::kStructure: {
      if (shape.document) return value;
      Json out = Json::object();
      if (!value.is_object()) {
        problem.set(fmt::format("{} must be an object", shape.name));
        return out;
      }
      for (const Member& member : shape.members) {
        auto found = value.find(member.name);
        if (found == value.end() || found->is_null() || member.reference.location != Location::kBody) continue;
        const std::string& name = member.reference.location_name.empty() ? member.name : member.reference.location_name;
        out[name] = json_value(member.reference, *found, problem);
      }
      return out;
    }
    case ShapeType::kList: {
      Json out = Json::array();
      if (!value.is_array()) problem.set(fmt::format("{} must be a list", shape.name));
      for (const Json& item : value) out.push_back(json_value(shape.element, item, problem));
      return out;
    }
    case ShapeType::kMap: {
      Json out = Json::object();
      if (!value.is_object()) problem.set(fmt::format("{} must be a map", shape.name));
      for (const auto& [key, item] : value.items()) out[key] = json_value(shape.value, item, problem);
      return out;
    }
    case ShapeType::kBlob:
      return base64_encode(blob_bytes(value, problem));
    case ShapeType::kTimestamp: {
      std::string text = timestamp_text(value, reference.timestamp_format, TimestampFormat::kUnix, problem);
      bool is_number = reference.timestamp_format == TimestampFormat::kDefault ||
                       reference.timestamp_format == TimestampFormat::kUnix;
      if (!is_number || text.empty()) return text;
      return Json::parse(text);
    }
    case ShapeType::kString:
      if (reference.json_value && !value.is_string()) return json_text(value);
      return value;
    case ShapeType::kFloat:
      if (value.is_number_float() && !std::isfinite(value.get<double>())) return number_text(value);
      return value;
    default:
      return value;
  }
}

// --- rest-xml -------------------------------------------------------------------------------------------------------

class XmlWriter {
 public:
  XmlWriter(std::string& out, Problem& problem) : out_(out), problem_(problem) {}

  void write(const Reference& reference, const Json& value, const std::string& name) {
    if (value.is_null()) return;
    const Shape& shape = *reference.shape;
    switch (shape.type) {
      case ShapeType::kStructure:
        return structure(reference, value, name);
      case ShapeType::kList:
        return list(reference, value, name);
      case ShapeType::kMap:
        return map(reference, value, name);
      default:
        open(reference, name, "");
        escape(scalar_text(reference, value, TimestampFormat::kIso8601, problem_), false);
        close(name);
    }
  }

 private:
  void open(const Reference& reference, const std::string& name, const std::string& attributes) {
    out_ += "<" + name;
    if (!reference.namespace_uri.empty()) {
      out_ += reference.namespace_prefix.empty() ? " xmlns" : " xmlns:" + reference.namespace_prefix;
      out_ += "=\"";
      escape(reference.namespace_uri, true);
      out_ += '"';
    }
    out_ += attributes + ">";
  }
  void close(const std::string& name) { out_ += "</" + name + ">"; }

  void escape(std::string_view text, bool attribute) {
    for (char c : text) {
      switch (c) {
        case '&':
          out_ += "&amp;";
          break;
        case '<':
          out_ += "&lt;";
          break;
        case '>':
          out_ += "&gt;";
          break;
        case '\r':
          out_ += "&#13;";
          break;
        case '\n':
          out_ += attribute ? "&#10;" : "\n";
          break;
        case '"':
          out_ += attribute ? "&quot;" : "\"";
          break;
        default:
          out_ += c;
      }
    }
  }

  void structure(const Reference& reference, const Json& value, const std::string& name) {
    if (!value.is_object()) return problem_.set(fmt::format("{} must be an object", name));
    const Shape& shape = *reference.shape;
    std::string attributes;
    for (const Member& member : shape.members) {
      auto found = value.find(member.name);
      if (!member.reference.xml_attribute || found == value.end() || found->is_null()) continue;
      std::string outer = std::exchange(out_, {});
      escape(scalar_text(member.reference, *found, TimestampFormat::kIso8601, problem_), true);
      attributes += " " + wire_name(member) + "=\"" + out_ + "\"";
      out_ = std::move(outer);
    }
    open(reference, name, attributes);
    for (const Member& member : shape.members) {
      auto found = value.find(member.name);
      bool elsewhere = member.reference.xml_attribute || member.reference.location != Location::kBody;
      if (elsewhere || found == value.end()) continue;
      write(member.reference, *found, wire_name(member));
    }
    close(name);
  }

  void list(const Reference& reference, const Json& value, const std::string& name) {
    if (!value.is_array()) return problem_.set(fmt::format("{} must be a list", name));
    const Reference& element = reference.shape->element;
    if (reference.flattened) {
      for (const Json& item : value) write(element, item, name);
      return;
    }
    open(reference, name, "");
    for (const Json& item : value) {
      write(element, item, element.location_name.empty() ? "member" : element.location_name);
    }
    close(name);
  }

  void map(const Reference& reference, const Json& value, const std::string& name) {
    if (!value.is_object()) return problem_.set(fmt::format("{} must be a map", name));
    const Shape& shape = *reference.shape;
    std::string key_name = shape.key.location_name.empty() ? "key" : shape.key.location_name;
    std::string value_name = shape.value.location_name.empty() ? "value" : shape.value.location_name;
    std::string entry_name = reference.flattened ? name : "entry";
    Reference plain;
    if (!reference.flattened) open(reference, name, "");
    for (const auto& [key, item] : value.items()) {
      open(plain, entry_name, "");
      write(shape.key, Json(key), key_name);
      write(shape.value, item, value_name);
      close(entry_name);
    }
    if (!reference.flattened) close(name);
  }

  static const std::string& wire_name(const Member& member) {
    return member.reference.location_name.empty() ? member.name : member.reference.location_name;
  }

  std::string& out_;
  Problem& problem_;
};

// --- rest: the parts outside the body -------------------------------------------------------------------------------

std::string header_list_text(const Reference& element, const Json& value, Problem& problem) {
  std::string out;
  for (const Json& item : value) {
    if (item.is_null()) continue;
    std::string text = scalar_text(element, item, TimestampFormat::kRfc822, problem);
    bool quote = element.shape->type == ShapeType::kString && text.find_first_of(",\"") != std::string::npos;
    if (!out.empty()) out += ",";
    if (!quote) {
      out += text;
      continue;
    }
    out += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out;
}

class RestWriter {
 public:
  RestWriter(const ServiceModel& service, const Operation& operation, WireRequest& out, Problem& problem)
      : service_(service), operation_(operation), out_(out), problem_(problem) {}

  void write(const Json& params) {
    if (operation_.input.shape != nullptr) {
      for (const Member& member : operation_.input.shape->members) {
        auto found = params.find(member.name);
        if (found != params.end() && !found->is_null()) place(member, *found);
      }
    }
    uri(params);
    if (operation_.input.shape != nullptr) body(operation_.input, params);
  }

 private:
  void place(const Member& member, const Json& value) {
    const Reference& reference = member.reference;
    const std::string& name = reference.location_name.empty() ? member.name : reference.location_name;
    switch (reference.location) {
      case Location::kHeader:
        header(reference, name, value);
        break;
      case Location::kHeaders:
        for (const auto& [key, item] : value.items()) {
          out_.headers.emplace_back(name + key,
                                    scalar_text(reference.shape->value, item, TimestampFormat::kRfc822, problem_));
        }
        break;
      case Location::kQueryString:
        query(reference, name, value);
        break;
      case Location::kUri:
        labels_.emplace_back(name, scalar_text(reference, value, TimestampFormat::kIso8601, problem_));
        break;
      default:
        has_body_members_ = true;
    }
  }

  void header(const Reference& reference, const std::string& name, const Json& value) {
    std::string text;
    if (reference.shape->type == ShapeType::kList) {
      if (value.empty()) return;
      text = header_list_text(reference.shape->element, value, problem_);
    } else if (reference.json_value) {
      text = base64_encode(json_text(value));
    } else {
      text = scalar_text(reference, value, TimestampFormat::kRfc822, problem_);
    }
    if (text.find_first_of("\r\n") != std::string::npos) {
      return problem_.set(fmt::format("the header {} cannot hold a line break", name));
    }
    out_.headers.emplace_back(name, std::move(text));
  }

  void query(const Reference& reference, const std::string& name, const Json& value) {
    if (reference.shape->type == ShapeType::kMap) {
      // Entries of a map give way to members of the same name.
      for (const auto& [key, item] : value.items()) {
        if (named_in_query(key)) continue;
        if (!item.is_array()) {
          query_.emplace_back(key, scalar_text(reference.shape->value, item, TimestampFormat::kIso8601, problem_));
          continue;
        }
        for (const Json& element : item) {
          query_.emplace_back(
              key, scalar_text(reference.shape->value.shape->element, element, TimestampFormat::kIso8601, problem_));
        }
      }
    } else if (reference.shape->type == ShapeType::kList) {
      for (const Json& item : value) {
        if (item.is_null()) continue;
        query_.emplace_back(name, scalar_text(reference.shape->element, item, TimestampFormat::kIso8601, problem_));
      }
    } else {
      query_.emplace_back(name, scalar_text(reference, value, TimestampFormat::kIso8601, problem_));
    }
  }

  bool named_in_query(const std::string& key) const {
    for (const Member& member : operation_.input.shape->members) {
      const Reference& reference = member.reference;
      if (reference.location == Location::kQueryString && reference.shape->type != ShapeType::kMap &&
          (reference.location_name.empty() ? member.name : reference.location_name) == key) {
        return true;
      }
    }
    return false;
  }

  // Fills "/{Bucket}/{Key+}?tagging".
  void uri(const Json&) {
    std::string_view pattern = operation_.request_uri;
    std::string filled;
    while (!pattern.empty()) {
      std::size_t open = pattern.find('{');
      std::size_t close = pattern.find('}', open == std::string_view::npos ? 0 : open);
      if (open == std::string_view::npos || close == std::string_view::npos) {
        filled += pattern;
        break;
      }
      filled += pattern.substr(0, open);
      std::string_view label = pattern.substr(open + 1, close - open - 1);
      pattern.remove_prefix(close + 1);
      bool greedy = !label.empty() && label.back() == '+';
      if (greedy) label.remove_suffix(1);
      const std::string* value = nullptr;
      for (const auto& [name, text] : labels_) {
        if (name == label) value = &text;
      }
      if (value == nullptr || value->empty()) {
        problem_.set(fmt::format("{} is part of the request's path and must not be empty", label));
        return;
      }
      filled += percent_encode(*value, greedy);
    }
    std::size_t mark = filled.find('?');
    out_.path = filled.substr(0, mark);
    if (mark != std::string::npos) out_.query = filled.substr(mark + 1);
    if (out_.path.empty()) out_.path = "/";
    for (const auto& [key, value] : query_) {
      if (!out_.query.empty()) out_.query += '&';
      out_.query += percent_encode(key) + "=" + percent_encode(value);
    }
  }

  void body(const Reference& input, const Json& params) {
    const Shape& shape = *input.shape;
    bool json = service_.protocol == Protocol::kRestJson;
    if (!input.payload.empty()) {
      if (const Member* member = shape.member(input.payload)) payload(*member, params, json);
      return;
    }
    bool models_body = std::any_of(shape.members.begin(), shape.members.end(),
                                   [](const Member& member) { return member.reference.location == Location::kBody; });
    if (json && models_body) {
      out_.body = json_text(json_value(operation_.input, params, problem_));
      content_type("application/json");
    } else if (!json && has_body_members_) {
      const std::string& name = operation_.input.location_name;
      XmlWriter(out_.body, problem_).write(operation_.input, params, name.empty() ? shape.name : name);
      content_type("application/xml");
    }
  }

  void payload(const Member& member, const Json& params, bool json) {
    auto found = params.find(member.name);
    bool given = found != params.end() && !found->is_null();
    const Reference& reference = member.reference;
    switch (reference.shape->type) {
      case ShapeType::kBlob:
        if (!given) return;
        out_.body = blob_bytes(*found, problem_);
        return content_type("application/octet-stream");
      case ShapeType::kString:
        if (!given) return;
        out_.body = scalar_text(reference, *found, TimestampFormat::kIso8601, problem_);
        return content_type("text/plain");
      default:
        break;
    }
    if (json) {
      out_.body = given ? json_text(json_value(reference, *found, problem_)) : "{}";
      content_type("application/json");
    } else if (given) {
      const std::string& name = reference.location_name.empty() ? reference.shape->name : reference.location_name;
      XmlWriter(out_.body, problem_).write(reference, *found, name);
      content_type("application/xml");
    }
  }

  void content_type(const char* type) {
    if (find_header(out_.headers, "Content-Type") == nullptr) out_.headers.emplace_back("Content-Type", type);
  }

  const ServiceModel& service_;
  const Operation& operation_;
  WireRequest& out_;
  Problem& problem_;
  std::vector<std::pair<std::string, std::string>> labels_;
  std::vector<std::pair<std::string, std::string>> query_;
  bool has_body_members_ = false;
};

// --- what all protocols share ---------------------------------------------------------------------------------------

// "{AccountId}." with the labels that the input marks.
std::string host_prefix(const Operation& operation, const Json& params, Problem& problem) {
  std::string filled = operation.endpoint_prefix;
  if (filled.empty() || operation.input.shape == nullptr) return filled;
  for (const Member& member : operation.input.shape->members) {
    std::string label = "{" + member.name + "}";
    std::size_t at = filled.find(label);
    if (at == std::string::npos) continue;
    auto found = params.find(member.name);
    std::string value = found != params.end() && found->is_string() ? found->get<std::string>() : "";
    bool fits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    });
    if (!fits)
      problem.set(
          fmt::format("{} is part of the host's name and may hold letters, digits, \"-\" and \".\" only", member.name));
    filled.replace(at, label.size(), value);
  }
  return filled;
}

// Operations that must not lose a byte on the way say how the body's sum is sent.
void add_checksum(const Operation& operation, const Json& params, WireRequest& request) {
  std::string algorithm;
  if (!operation.checksum_algorithm_member.empty()) {
    auto chosen = params.find(operation.checksum_algorithm_member);
    if (chosen != params.end() && chosen->is_string()) algorithm = ascii_lower(chosen->get<std::string>());
  }
  if (!operation.checksum_required && algorithm.empty()) return;
  for (const auto& [name, value] : request.headers) {
    std::string lower = ascii_lower(name);
    bool is_sum = lower == "content-md5" || (lower.starts_with("x-amz-checksum-") &&
                                             lower != "x-amz-checksum-algorithm" && lower != "x-amz-checksum-type");
    if (is_sum) return;
  }
  if (operation.checksum_algorithm_member.empty()) {
    request.headers.emplace_back("Content-MD5", base64_encode(md5(request.body)));
    return;
  }
  std::string sum;
  if (algorithm == "sha256") {
    sum = sha256(request.body);
  } else if (algorithm == "sha1") {
    sum = sha1(request.body);
  } else if (algorithm == "crc32c") {
    sum = crc32c(request.body);
  } else if (algorithm == "crc32" || algorithm.empty()) {
    algorithm = "crc32";
    sum = crc32(request.body);
  } else {
    return;  // the caller sends the sum of an algorithm of its own choice
  }
  request.headers.emplace_back("x-amz-checksum-" + algorithm, base64_encode(sum));
}

// The idempotency tokens of the input's top level, as the API has them nowhere else.
template <typename AnyJson>
void fill_tokens(const Operation& operation, AnyJson& params, Random& random) {
  if (operation.input.shape == nullptr) return;
  for (const Member& member : operation.input.shape->members) {
    if (!member.reference.idempotency_token) continue;
    auto found = params.find(member.name);
    if (found == params.end() || found->is_null()) params[member.name] = random.uuid();
  }
}

}  // namespace

void fill_idempotency_tokens(const Operation& operation, nlohmann::json& params, Random& random) {
  if (params.is_null()) params = nlohmann::json::object();
  fill_tokens(operation, params, random);
}

Result<WireRequest, std::string> serialize(const ServiceModel& service, const Operation& operation,
                                           const nlohmann::ordered_json& given, Random& random) {
  Problem problem;
  WireRequest request;
  request.method = operation.method;
  request.path = "/";
  Json params = given.is_null() ? Json::object() : given;
  if (!params.is_object()) return Failure(std::string("the parameters must be an object"));
  fill_tokens(operation, params, random);
  request.host_prefix = host_prefix(operation, params, problem);
  switch (service.protocol) {
    case Protocol::kEc2:
    case Protocol::kQuery: {
      FormWriter writer(service.protocol == Protocol::kEc2, request.body, problem);
      writer.pair("Action", operation.name);
      writer.pair("Version", service.api_version);
      if (operation.input.shape != nullptr) writer.structure(*operation.input.shape, params, "");
      request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
      break;
    }
    case Protocol::kJson: {
      request.body = operation.input.shape == nullptr ? "{}" : json_text(json_value(operation.input, params, problem));
      request.headers.emplace_back("X-Amz-Target", service.target_prefix + "." + operation.name);
      request.headers.emplace_back("Content-Type", "application/x-amz-json-" + service.json_version);
      if (service.query_compatible) request.headers.emplace_back("x-amzn-query-mode", "true");
      break;
    }
    case Protocol::kRestJson:
    case Protocol::kRestXml:
      RestWriter(service, operation, request, problem).write(params);
      break;
  }
  if (!problem.text.empty()) return Failure(problem.text);
  add_checksum(operation, params, request);
  return request;
}

}  // namespace terrace::aws
