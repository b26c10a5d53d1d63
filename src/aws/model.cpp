#include "aws/model.h"

#include <nlohmann/json.hpp>

namespace terrace::aws {

using Json = nlohmann::ordered_json;

namespace {

std::string text_at(const Json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_at(const Json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> texts_at(const Json& json, const char* key) {
  std::vector<std::string> texts;
  auto found = json.find(key);
  if (found == json.end()) return texts;
  if (found->is_string()) texts.push_back(found->get<std::string>());
  if (found->is_array()) {
    for (const Json& text : *found) texts.push_back(text.get<std::string>());
  }
  return texts;
}

std::optional<ShapeType> type_of(std::string_view name) {
  static const std::unordered_map<std::string_view, ShapeType> kTypes = {
      {"structure", ShapeType::kStructure}, {"list", ShapeType::kList},          {"map", ShapeType::kMap},
      {"string", ShapeType::kString},       {"character", ShapeType::kString},   {"blob", ShapeType::kBlob},
      {"boolean", ShapeType::kBoolean},     {"integer", ShapeType::kInteger},    {"long", ShapeType::kInteger},
      {"short", ShapeType::kInteger},       {"byte", ShapeType::kInteger},       {"float", ShapeType::kFloat},
      {"double", ShapeType::kFloat},        {"timestamp", ShapeType::kTimestamp}};
  auto found = kTypes.find(name);
  if (found == kTypes.end()) return std::nullopt;
  return found->second;
}

// Lays the traits that `json` names over those of `reference`.
void apply_traits(const Json& json, Reference& reference) {
  for (const auto& [key, value] : json.items()) {
    if (key == "locationName") {
      reference.location_name = value.get<std::string>();
    } else if (key == "queryName") {
      reference.query_name = value.get<std::string>();
    } else if (key == "location") {
      std::string name = value.get<std::string>();
      reference.location = name == "header"        ? Location::kHeader
                           : name == "headers"     ? Location::kHeaders
                           : name == "uri"         ? Location::kUri
                           : name == "querystring" ? Location::kQueryString
                           : name == "statusCode"  ? Location::kStatusCode
                                                   : Location::kBody;
    } else if (key == "timestampFormat") {
      std::string name = value.get<std::string>();
      reference.timestamp_format = name == "iso8601"         ? TimestampFormat::kIso8601
                                   : name == "rfc822"        ? TimestampFormat::kRfc822
                                   : name == "unixTimestamp" ? TimestampFormat::kUnix
                                                             : TimestampFormat::kDefault;
    } else if (key == "payload" && value.is_string()) {
      reference.payload = value.get<std::string>();
    } else if (key == "xmlNamespace") {
      reference.namespace_uri = value.is_object() ? text_at(value, "uri") : value.get<std::string>();
      reference.namespace_prefix = value.is_object() ? text_at(value, "prefix") : std::string();
    } else if (value.is_boolean()) {
      bool set = value.get<bool>();
      if (key == "flattened") reference.flattened = set;
      if (key == "xmlAttribute") reference.xml_attribute = set;
      if (key == "streaming") reference.streaming = set;
      if (key == "eventstream") reference.event_stream = set;
      if (key == "jsonvalue") reference.json_value = set;
      if (key == "idempotencyToken") reference.idempotency_token = set;
      if (key == "sensitive") reference.sensitive = set;
    }
  }
}

}  // namespace

struct ServiceModel::Parser {
  ServiceModel& model;
  const Json& shapes;
  std::string error;
  // A shape's own traits, by its name; a use starts from them.
  std::unordered_map<std::string, Reference> own_traits;

  void fail(std::string message) {
    if (error.empty()) error = std::move(message);
  }

  void declare(const std::string& name, const Json& json) {
    std::optional<ShapeType> type = type_of(text_at(json, "type"));
    if (!type) return fail("shape " + name + " has the unknown type \"" + text_at(json, "type") + "\"");
    Shape& shape = model.shapes_.emplace_back();
    shape.name = name;
    shape.type = *type;
    shape.document = flag_at(json, "document");
    shape.sensitive = flag_at(json, "sensitive");
    shape.is_exception = flag_at(json, "exception");
    if (auto details = json.find("error"); details != json.end() && details->is_object()) {
      shape.error_code = text_at(*details, "code");
      shape.is_exception = true;
    }
    model.shapes_by_name_.emplace(name, &shape);
    Reference& traits = own_traits[name];
    traits.shape = &shape;
    apply_traits(json, traits);
  }

  Reference use(const Json& json) {
    std::string name = text_at(json, "shape");
    auto found = own_traits.find(name);
    if (found == own_traits.end()) {
      fail("there is no shape \"" + name + "\"");
      return {};
    }
    Reference reference = found->second;
    apply_traits(json, reference);
    return reference;
  }

  void fill(Shape& shape, const Json& json) {
    std::vector<std::string> required = texts_at(json, "required");
    if (auto members = json.find("members"); members != json.end()) {
      shape.members.reserve(members->size());
      for (const auto& [name, member] : members->items()) {
        bool is_required = std::find(required.begin(), required.end(), name) != required.end();
        shape.members.push_back(Member{name, use(member), is_required});
      }
    }
    if (auto element = json.find("member"); element != json.end()) shape.element = use(*element);
    if (auto key = json.find("key"); key != json.end()) shape.key = use(*key);
    if (auto value = json.find("value"); value != json.end()) shape.value = use(*value);
    bool whole = shape.type == ShapeType::kList  ? shape.element.shape != nullptr
                 : shape.type == ShapeType::kMap ? shape.key.shape != nullptr && shape.value.shape != nullptr
                                                 : true;
    if (!whole) fail("shape " + shape.name + " does not say what it holds");
  }

  void metadata(const Json& json) {
    static const std::unordered_map<std::string_view, Protocol> kProtocols = {{"ec2", Protocol::kEc2},
                                                                              {"query", Protocol::kQuery},
                                                                              {"rest-xml", Protocol::kRestXml},
                                                                              {"rest-json", Protocol::kRestJson},
                                                                              {"json", Protocol::kJson}};
    auto protocol = kProtocols.find(text_at(json, "protocol"));
    if (protocol == kProtocols.end()) return fail("the protocol \"" + text_at(json, "protocol") + "\" is not spoken");
    model.protocol = protocol->second;
    model.api_version = text_at(json, "apiVersion");
    model.endpoint_prefix = text_at(json, "endpointPrefix");
    model.signing_name = text_at(json, "signingName");
    if (model.signing_name.empty()) model.signing_name = model.endpoint_prefix;
    model.service_id = text_at(json, "serviceId");
    model.target_prefix = text_at(json, "targetPrefix");
    model.json_version = text_at(json, "jsonVersion");
    model.namespace_uri = text_at(json, "xmlNamespace");
    model.query_compatible = json.contains("awsQueryCompatible");
    model.is_s3 = model.service_id == "S3";
  }

  void operation(const std::string& name, const Json& json) {
    Operation& operation = model.operations_[name];
    operation.name = name;
    operation.method = "POST";
    operation.request_uri = "/";
    if (auto http = json.find("http"); http != json.end()) {
      operation.method = http->value("method", "POST");
      operation.request_uri = http->value("requestUri", "/");
    }
    if (auto endpoint = json.find("endpoint"); endpoint != json.end()) {
      operation.endpoint_prefix = text_at(*endpoint, "hostPrefix");
    }
    if (auto input = json.find("input"); input != json.end()) operation.input = use(*input);
    if (auto output = json.find("output"); output != json.end()) {
      operation.output = use(*output);
      operation.result_wrapper = text_at(*output, "resultWrapper");
    }
    if (auto errors = json.find("errors"); errors != json.end()) {
      for (const Json& shape : *errors) operation.errors.push_back(use(shape).shape);
    }
    operation.checksum_required = flag_at(json, "httpChecksumRequired");
    if (auto checksum = json.find("httpChecksum"); checksum != json.end()) {
      operation.checksum_required = operation.checksum_required || flag_at(*checksum, "requestChecksumRequired");
      operation.checksum_algorithm_member = text_at(*checksum, "requestAlgorithmMember");
    }
    operation.unsigned_payload = flag_at(json, "unsignedPayload") || text_at(json, "authtype") == "v4-unsigned-body";
    operation.unsigned_request = text_at(json, "authtype") == "none";
  }

  void pages(const std::string& name, const Json& json) {
    Paginator& paginator = model.paginators_[name];
    paginator.input_tokens = texts_at(json, "input_token");
    paginator.output_tokens = texts_at(json, "output_token");
    paginator.result_keys = texts_at(json, "result_key");
    paginator.more_results = text_at(json, "more_results");
  }
};

Result<std::unique_ptr<ServiceModel>, std::string> ServiceModel::parse(const Json& json) {
  auto model = std::make_unique<ServiceModel>();
  static const Json kEmpty = Json::object();
  auto section = [&json](const char* name) -> const Json& {
    auto found = json.find(name);
    return found != json.end() ? *found : kEmpty;
  };
  Parser parser{*model, section("shapes"), {}, {}};
  parser.metadata(section("metadata"));
  for (const auto& [name, shape] : parser.shapes.items()) parser.declare(name, shape);
  if (!parser.error.empty()) return Failure(parser.error);
  std::size_t index = 0;
  for (const auto& [name, shape] : parser.shapes.items()) parser.fill(model->shapes_[index++], shape);
  for (const auto& [name, operation] : section("operations").items()) parser.operation(name, operation);
  for (const auto& [name, pages] : section("pagination").items()) parser.pages(name, pages);
  if (!parser.error.empty()) return Failure(parser.error);
  return model;
}

const Member* Shape::member(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

const Operation* ServiceModel::operation(std::string_view name) const {
  auto found = operations_.find(name);
  return found == operations_.end() ? nullptr : &found->second;
}

const Paginator* ServiceModel::paginator(std::string_view operation) const {
  auto found = paginators_.find(operation);
  return found == paginators_.end() ? nullptr : &found->second;
}

const Shape* ServiceModel::shape(std::string_view name) const {
  auto found = shapes_by_name_.find(std::string(name));
  return found == shapes_by_name_.end() ? nullptr : found->second;
}

const Shape* ServiceModel::error_shape(const Operation* operation, std::string_view code) const {
  auto fits = [&](const Shape& shape) {
    return shape.is_exception && (shape.error_code.empty() ? shape.name : shape.error_code) == code;
  };
  if (operation != nullptr) {
    for (const Shape* shape : operation->errors) {
      if (fits(*shape)) return shape;
    }
  }
  for (const Shape& shape : shapes_) {
    if (fits(shape)) return &shape;
  }
  return nullptr;
}

}  // namespace terrace::aws
