// Answers to results or errors: XML for ec2, query and rest-xml, JSON for the others.
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "aws/codec.h"
#include "aws/encoding.h"
#include "aws/timestamp.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::json;

// Text on the wire as a value of `reference`'s shape; null where it does not read as one.
Json value_of_text(const Reference& reference, const std::string& text) {
  switch (reference.shape->type) {
    case ShapeType::kBoolean:
      return equal_ignoring_case(trim(text), "true") || trim(text) == "1";
    case ShapeType::kInteger: {
      std::string digits(trim(text));
      char* end = nullptr;
      errno = 0;
      long long number = std::strtoll(digits.c_str(), &end, 10);
      if (end == digits.c_str() || errno != 0) return nullptr;
      return number;
    }
    case ShapeType::kFloat: {
      std::string digits(trim(text));
      if (digits == "NaN" || digits == "Infinity" || digits == "-Infinity") return digits;
      char* end = nullptr;
      double number = std::strtod(digits.c_str(), &end);
      if (end == digits.c_str() || !std::isfinite(number)) return nullptr;
      return number;
    }
    case ShapeType::kTimestamp: {
      std::optional<Duration> moment = parse_timestamp(text);
      return moment ? Json(iso8601_exact(*moment)) : Json(text);
    }
    case ShapeType::kBlob: {
      std::optional<std::string> bytes = base64_decode(text);
      return bytes ? Json(base64_encode(*bytes)) : Json(text);
    }
    default:
      return text;
  }
}

// --- XML ------------------------------------------------------------------------------------------------------------

std::string_view local_name(const char* name) {
  std::string_view whole = name;
  std::size_t colon = whole.find(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

pugi::xml_node child_named(pugi::xml_node node, std::string_view name) {
  for (pugi::xml_node child : node.children()) {
    if (child.type() == pugi::node_element && local_name(child.name()) == name) return child;
  }
  return {};
}

// All text directly inside, comments left out.
std::string text_of(pugi::xml_node node) {
  std::string text;
  for (pugi::xml_node child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return text;
}

std::string text_of_child(pugi::xml_node node, std::string_view name) {
  pugi::xml_node child = child_named(node, name);
  return child ? text_of(child) : std::string();
}

// Of an answer: what a request would carry in its address comes back in the body.
bool in_body(const Reference& reference) {
  return reference.location == Location::kBody || reference.location == Location::kUri ||
         reference.location == Location::kQueryString;
}

bool is_flattened(const Reference& reference) {
  return reference.flattened && (reference.shape->type == ShapeType::kList || reference.shape->type == ShapeType::kMap);
}

Json parse_xml(const Reference& reference, pugi::xml_node node);

void parse_xml_entry(const Shape& map, pugi::xml_node entry, Json& out) {
  std::string_view key_name = map.key.location_name.empty() ? "key" : std::string_view(map.key.location_name);
  std::string_view value_name = map.value.location_name.empty() ? "value" : std::string_view(map.value.location_name);
  pugi::xml_node key = child_named(entry, key_name);
  if (!key) return;
  pugi::xml_node value = child_named(entry, value_name);
  if (value) out[text_of(key)] = parse_xml(map.value, value);
}

// The element's name of a member: a flattened list may go by its element's name.
bool xml_name_fits(const Member& member, std::string_view name) {
  const Reference& reference = member.reference;
  if (reference.flattened && reference.shape->type == ShapeType::kList) {
    const std::string& element = reference.shape->element.location_name;
    if (!element.empty() && element == name) return true;
  }
  return (reference.location_name.empty() ? member.name : reference.location_name) == name;
}

void parse_xml_members(const Shape& shape, pugi::xml_node node, Json& out) {
  // Elements mostly come in the model's order, so the search goes on from the last hit.
  std::size_t next = 0;
  std::size_t count = shape.members.size();
  for (pugi::xml_node child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    std::string_view name = local_name(child.name());
    for (std::size_t step = 0; step < count; ++step) {
      std::size_t index = next + step < count ? next + step : next + step - count;
      const Member& member = shape.members[index];
      const Reference& reference = member.reference;
      if (reference.xml_attribute || !in_body(reference) || !xml_name_fits(member, name)) continue;
      next = index;
      if (!is_flattened(reference)) {
        if (!out.contains(member.name)) out[member.name] = parse_xml(reference, child);
      } else if (reference.shape->type == ShapeType::kList) {
        Json& list = out[member.name];
        if (list.is_null()) list = Json::array();
        list.push_back(parse_xml(reference.shape->element, child));
      } else {
        Json& map = out[member.name];
        if (map.is_null()) map = Json::object();
        parse_xml_entry(*reference.shape, child, map);
      }
      break;
    }
  }
  for (const Member& member : shape.members) {
    if (!member.reference.xml_attribute) continue;
    const std::string& name = member.reference.location_name.empty() ? member.name : member.reference.location_name;
    for (pugi::xml_attribute attribute : node.attributes()) {
      if (name == attribute.name() || local_name(name.c_str()) == local_name(attribute.name())) {
        out[member.name] = value_of_text(member.reference, attribute.value());
      }
    }
  }
}

Json parse_xml(const Reference& reference, pugi::xml_node node) {
  const Shape& shape = *reference.shape;
  switch (shape.type) {
    case ShapeType::kStructure: {
      Json out = Json::object();
      parse_xml_members(shape, node, out);
      return out;
    }
    case ShapeType::kList: {
      Json out = Json::array();
      for (pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_element) out.push_back(parse_xml(shape.element, child));
      }
      return out;
    }
    case ShapeType::kMap: {
      Json out = Json::object();
      for (pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_element) parse_xml_entry(shape, child, out);
      }
      return out;
    }
    default:
      return value_of_text(reference, text_of(node));
  }
}

// --- JSON -----------------------------------------------------------------------------------------------------------

Json parse_json(const Reference& reference, const Json& value) {
  if (value.is_null()) return nullptr;
  const Shape& shape = *reference.shape;
  switch (shape.type) {
    case ShapeType::kStructure: {
      if (shape.document || !value.is_object()) return value;
      Json out = Json::object();
      for (const Member& member : shape.members) {
        if (!in_body(member.reference)) continue;
        const std::string& name = member.reference.location_name.empty() ? member.name : member.reference.location_name;
        auto found = value.find(name);
        if (found != value.end() && !found->is_null()) out[member.name] = parse_json(member.reference, *found);
      }
      return out;
    }
    case ShapeType::kList: {
      if (!value.is_array()) return value;
      Json out = Json::array();
      for (const Json& item : value) out.push_back(parse_json(shape.element, item));
      return out;
    }
    case ShapeType::kMap: {
      if (!value.is_object()) return value;
      Json out = Json::object();
      for (const auto& [key, item] : value.items()) out[key] = parse_json(shape.value, item);
      return out;
    }
    case ShapeType::kTimestamp:
      if (value.is_number_integer()) return iso8601_exact(std::chrono::seconds(value.get<int64_t>()));
      if (value.is_number()) return iso8601_exact(timestamp_of_seconds(value.get<double>()));
      return value.is_string() ? value_of_text(reference, value.get_ref<const std::string&>()) : value;
    case ShapeType::kBoolean:
    case ShapeType::kInteger:
    case ShapeType::kFloat:
      return value.is_string() ? value_of_text(reference, value.get_ref<const std::string&>()) : value;
    default:
      return value;
  }
}

// --- headers --------------------------------------------------------------------------------------------------------

// Splits a header's list at commas outside quotes; an HTTP date holds one comma of its own.
std::vector<std::string> split_header_list(std::string_view text, bool dates) {
  std::vector<std::string> items;
  std::string item;
  bool quoted = false;
  bool in_quotes = false;
  bool comma_of_date = false;
  auto end_item = [&] {
    items.emplace_back(quoted ? item : std::string(trim(item)));
    item.clear();
    quoted = false;
    comma_of_date = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_quotes && c == '\\' && i + 1 < text.size()) {
      item += text[++i];
    } else if (c == '"' && (in_quotes || trim(item).empty())) {
      in_quotes = !in_quotes;
      if (in_quotes) item.clear();
      quoted = true;
    } else if (c == ',' && !in_quotes) {
      if (dates && !comma_of_date && trim(item).size() == 3) {
        comma_of_date = true;
        item += c;
      } else {
        end_item();
      }
    } else if (!(quoted && !in_quotes)) {
      item += c;
    }
  }
  end_item();
  return items;
}

Json parse_header(const Reference& reference, const std::string& text) {
  if (reference.shape->type == ShapeType::kList) {
    Json out = Json::array();
    const Reference& element = reference.shape->element;
    for (const std::string& item : split_header_list(text, element.shape->type == ShapeType::kTimestamp)) {
      out.push_back(value_of_text(element, item));
    }
    return out;
  }
  if (reference.json_value) {
    Json parsed = Json::parse(base64_decode(text).value_or(""), nullptr, false);
    return parsed.is_discarded() ? Json(text) : parsed;
  }
  return value_of_text(reference, text);
}

void parse_headers(const Shape& shape, const HttpResponse& response, Json& out) {
  for (const Member& member : shape.members) {
    const Reference& reference = member.reference;
    const std::string& name = reference.location_name.empty() ? member.name : reference.location_name;
    if (reference.location == Location::kStatusCode) {
      out[member.name] = response.status;
    } else if (reference.location == Location::kHeader) {
      const std::string* text = find_header(response.headers, name);
      if (text != nullptr) out[member.name] = parse_header(reference, to_utf8(*text));
    } else if (reference.location == Location::kHeaders) {
      Json map = Json::object();
      for (const auto& [header, text] : response.headers) {
        const std::string& prefix = reference.location_name;
        if (header.size() < prefix.size() ||
            !equal_ignoring_case(std::string_view(header).substr(0, prefix.size()), prefix)) {
          continue;
        }
        map[to_utf8(header.substr(prefix.size()))] = to_utf8(text);
      }
      out[member.name] = std::move(map);
    }
  }
}

// --- whole answers --------------------------------------------------------------------------------------------------

bool speaks_xml(Protocol protocol) {
  return protocol == Protocol::kEc2 || protocol == Protocol::kQuery || protocol == Protocol::kRestXml;
}

// The body as a tree; what it cannot be read as is empty.
struct Body {
  pugi::xml_document xml;
  Json json;
  bool readable = true;
  pugi::xml_node root() const { return xml.document_element(); }
};

void read_body(const ServiceModel& service, const std::string& text, Body& body) {
  if (trim(text).empty()) return;
  if (speaks_xml(service.protocol)) {
    constexpr unsigned int kOptions = pugi::parse_default | pugi::parse_ws_pcdata_single;
    std::string valid = to_utf8(text);
    body.readable = body.xml.load_buffer(valid.data(), valid.size(), kOptions, pugi::encoding_utf8);
    // What was read before the fault is no answer.
    if (!body.readable) body.xml.reset();
    return;
  }
  body.json = Json::parse(text, nullptr, false);
  body.readable = !body.json.is_discarded();
  if (!body.readable) body.json = nullptr;
}

// Fills `out` with the members of `output` that stand in the body, from `from` (XML) or the JSON document.
void parse_body(const ServiceModel& service, const Reference& output, const HttpResponse& response, const Body& body,
                pugi::xml_node from, Json& out) {
  const Shape& shape = *output.shape;
  const Member* payload = output.payload.empty() ? nullptr : shape.member(output.payload);
  if (payload == nullptr) {
    if (speaks_xml(service.protocol)) {
      parse_xml_members(shape, from, out);
    } else if (body.json.is_object()) {
      out.update(parse_json(output, body.json));
    }
    return;
  }
  const Reference& reference = payload->reference;
  ShapeType type = reference.shape->type;
  if (reference.event_stream) return;
  if (type == ShapeType::kBlob || type == ShapeType::kString) {
    if (response.body.empty() && !reference.streaming) return;
    out[payload->name] = type == ShapeType::kBlob ? Json(base64_encode(response.body)) : Json(to_utf8(response.body));
  } else if (speaks_xml(service.protocol)) {
    if (from) out[payload->name] = parse_xml(reference, from);
  } else if (!body.json.is_null()) {
    out[payload->name] = parse_json(reference, body.json);
  }
}

std::string request_id_of(const HttpResponse& response) {
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id", "x-amz-requestid"}) {
    if (const std::string* id = find_header(response.headers, name)) return *id;
  }
  return {};
}

const char* reason_phrase(int status) {
  switch (status) {
    case 301:
      return "Moved Permanently";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Request Entity Too Large";
    case 416:
      return "Requested Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

// The <Error> of the several envelopes: <ErrorResponse><Error>, <Response><Errors><Error>, S3's bare <Error>.
pugi::xml_node error_element(pugi::xml_node root) {
  if (local_name(root.name()) == "Error") return root;
  if (pugi::xml_node error = child_named(root, "Error")) return error;
  if (pugi::xml_node errors = child_named(root, "Errors")) {
    if (pugi::xml_node error = child_named(errors, "Error")) return error;
  }
  return {};
}

// "com.amazonaws#FooError:http://..." is FooError.
std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  std::size_t hash = code.rfind('#');
  return std::string(hash == std::string_view::npos ? code : code.substr(hash + 1));
}

std::string json_text_at(const Json& json, std::initializer_list<const char*> keys) {
  if (!json.is_object()) return {};
  for (const char* key : keys) {
    auto found = json.find(key);
    if (found == json.end()) continue;
    if (found->is_string()) return found->get<std::string>();
    if (found->is_number()) return found->dump();
  }
  return {};
}

void read_json_error(const ServiceModel& service, const HttpResponse& response, const Body& body, ApiError& error) {
  const std::string* header = find_header(response.headers, "x-amzn-errortype");
  std::string in_body = json_text_at(body.json, {"__type", "code", "Code"});
  bool header_first = service.protocol == Protocol::kRestJson;
  std::string code = header_first && header != nullptr ? *header : in_body;
  if (code.empty() && header != nullptr) code = *header;
  error.code = bare_code(code);
  error.message = json_text_at(body.json, {"message", "Message", "errorMessage", "error_message"});
}

ApiError read_error(const ServiceModel& service, const Operation& operation, const HttpResponse& response,
                    const Body& body) {
  ApiError error;
  error.status = response.status;
  error.request_id = request_id_of(response);
  pugi::xml_node element;
  if (speaks_xml(service.protocol)) {
    element = error_element(body.root());
    error.code = trim(text_of_child(element, "Code"));
    error.message = text_of_child(element, "Message");
    for (pugi::xml_node node : {body.root(), element}) {
      for (const char* name : {"RequestId", "RequestID", "requestId"}) {
        if (error.request_id.empty()) error.request_id = trim(text_of_child(node, name));
      }
    }
  } else {
    read_json_error(service, response, body, error);
  }
  const Shape* shape = error.code.empty() ? nullptr : service.error_shape(&operation, error.code);
  const std::string* query_error = find_header(response.headers, "x-amzn-query-error");
  if (query_error != nullptr && service.query_compatible) {
    std::string code = query_error->substr(0, query_error->find(';'));
    if (!code.empty()) error.code = code;
    if (shape == nullptr) shape = service.error_shape(&operation, error.code);
  }
  if (shape != nullptr) {
    error.shape = shape->name;
    Reference reference;
    reference.shape = shape;
    auto details = std::make_shared<Json>(Json::object());
    parse_headers(*shape, response, *details);
    parse_body(service, reference, response, body, element ? element : body.root(), *details);
    error.details = std::move(details);
  }
  if (error.code.empty()) {
    error.code = std::to_string(response.status);
    if (error.message.empty()) error.message = reason_phrase(response.status);
  }
  return error;
}

// Where the members of a query answer stand: <OpResponse><OpResult>.
pugi::xml_node result_element(const ServiceModel& service, const Operation& operation, pugi::xml_node root) {
  if (service.protocol != Protocol::kQuery) return root;
  std::string name = operation.result_wrapper.empty() ? operation.name + "Result" : operation.result_wrapper;
  if (pugi::xml_node wrapped = child_named(root, name)) return wrapped;
  return root;
}

}  // namespace

Result<nlohmann::json, ApiError> parse_response(const ServiceModel& service, const Operation& operation,
                                                const HttpResponse& response) {
  const Reference& output = operation.output;
  const Member* payload = output.shape == nullptr ? nullptr : output.shape->member(output.payload);
  bool is_error = response.status >= 300 || response.status < 200;
  ShapeType payload_type = payload == nullptr ? ShapeType::kStructure : payload->reference.shape->type;
  bool is_raw = !is_error && (payload_type == ShapeType::kBlob || payload_type == ShapeType::kString);
  Body body;
  if (!is_raw) read_body(service, response.body, body);
  // S3 begins some answers before it knows how they end.
  if (service.is_s3 && !is_error && local_name(body.root().name()) == "Error") is_error = true;
  if (is_error) {
    ApiError error = read_error(service, operation, response, body);
    if (response.status < 300) error.status = 500;
    return Failure(std::move(error));
  }
  if (!body.readable && output.shape != nullptr) {
    ApiError error;
    error.kind = ApiError::Kind::kResponse;
    error.status = response.status;
    error.request_id = request_id_of(response);
    error.message = "the answer is not what the API promises: it does not read as " +
                    std::string(speaks_xml(service.protocol) ? "XML" : "JSON");
    return Failure(std::move(error));
  }
  Json result = Json::object();
  if (output.shape == nullptr) return result;
  bool is_rest = service.protocol == Protocol::kRestXml || service.protocol == Protocol::kRestJson;
  if (is_rest) parse_headers(*output.shape, response, result);
  parse_body(service, output, response, body, result_element(service, operation, body.root()), result);
  return result;
}

}  // namespace terrace::aws
