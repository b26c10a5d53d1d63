// The API models: shapes, operations and paginators of one AWS service, read from JSON in botocore's form. The codec,
// the client, and the test that checks resource tables against the API include it.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"

namespace terrace::aws {

enum class ShapeType : uint8_t { kStructure, kList, kMap, kString, kBlob, kBoolean, kInteger, kFloat, kTimestamp };
enum class Location : uint8_t { kBody, kHeader, kHeaders, kUri, kQueryString, kStatusCode };
enum class Protocol : uint8_t { kEc2, kQuery, kRestXml, kRestJson, kJson };
enum class TimestampFormat : uint8_t { kDefault, kIso8601, kRfc822, kUnix };

struct Shape;

// One use of a shape: as a member, as a list's element, as a map's key or value, as an operation's input. The traits
// are the shape's own, overlaid by those that stand at the use.
struct Reference {
  const Shape* shape = nullptr;  // null where there is none
  std::string location_name;     // empty where none is modelled: the member's own name holds
  std::string query_name;
  std::string namespace_uri;
  std::string namespace_prefix;
  std::string payload;  // of a structure: the member that is the whole body; empty for none
  Location location = Location::kBody;
  TimestampFormat timestamp_format = TimestampFormat::kDefault;
  bool flattened = false;
  bool xml_attribute = false;
  bool streaming = false;
  bool event_stream = false;
  bool json_value = false;
  bool idempotency_token = false;
  bool sensitive = false;
};

struct Member {
  std::string name;
  Reference reference;
  bool required = false;
};

struct Shape {
  std::string name;
  ShapeType type = ShapeType::kStructure;
  std::vector<Member> members;  // of a structure, in the model's order
  Reference element;            // of a list
  Reference key;                // of a map
  Reference value;              // of a map
  bool document = false;
  bool sensitive = false;
  // Of exceptions.
  bool is_exception = false;
  std::string error_code;

  // The member called `name`, or null.
  const Member* member(std::string_view name) const;
};

struct Operation {
  std::string name;
  std::string method;           // POST
  std::string request_uri;      // "/{Bucket}/{Key+}?tagging"
  std::string endpoint_prefix;  // "{AccountId}." before the host; mostly empty
  Reference input;              // shape null where there is none
  Reference output;
  std::string result_wrapper;
  std::vector<const Shape*> errors;
  bool checksum_required = false;         // an MD5 or modern checksum of the body must be sent
  std::string checksum_algorithm_member;  // the input member that chooses the algorithm; empty for none
  bool unsigned_payload = false;
  bool unsigned_request = false;  // authtype none
};

// How an operation's answers continue, as in botocore's paginators-1.json. Expressions are dotted paths, `a || b`
// alternatives, `[-1]` for the last element.
struct Paginator {
  std::vector<std::string> input_tokens;
  std::vector<std::string> output_tokens;
  std::vector<std::string> result_keys;
  std::string more_results;
};

class ServiceModel {
 public:
  // Reads a botocore service-2.json (with "pagination" beside "operations", as the trimmed files have it). The error
  // says what is missing or wrong.
  static Result<std::unique_ptr<ServiceModel>, std::string> parse(const nlohmann::ordered_json& json);

  Protocol protocol = Protocol::kJson;
  std::string api_version;
  std::string endpoint_prefix;
  std::string signing_name;
  std::string service_id;     // "Auto Scaling"
  std::string target_prefix;  // of json
  std::string json_version;   // "1.0", "1.1"
  std::string namespace_uri;  // of the whole service
  bool query_compatible = false;
  bool is_s3 = false;  // buckets in paths or hosts, paths escaped once, errors without a body

  const Operation* operation(std::string_view name) const;
  const Paginator* paginator(std::string_view operation) const;
  const Shape* shape(std::string_view name) const;
  // The exception that `code` names on the wire: of the operation first, then of the service; null where none does.
  const Shape* error_shape(const Operation* operation, std::string_view code) const;
  const std::map<std::string, Operation, std::less<>>& operations() const { return operations_; }

 private:
  struct Parser;
  std::deque<Shape> shapes_;
  std::unordered_map<std::string, Shape*> shapes_by_name_;
  std::map<std::string, Operation, std::less<>> operations_;
  std::map<std::string, Paginator, std::less<>> paginators_;
};

}  // namespace terrace::aws
