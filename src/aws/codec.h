// The wire codec: parameters to an HTTP request and an HTTP answer to a result, for the protocols ec2, query, rest-xml,
// rest-json and json, driven by the models. The client and the conformance program include it.
//
// Parameters and results are JSON in the API's own member names. Timestamps are ISO 8601 strings in UTC with a fraction
// only where there is one (numbers are taken as seconds since 1970 on the way in), blobs are base64, floats that JSON
// has no number for are "NaN", "Infinity" and "-Infinity".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "aws/model.h"
#include "base/network.h"
#include "base/random.h"

namespace terrace::aws {

// A request without its host: what an endpoint, a signature and a connection are still to be added to.
struct WireRequest {
  std::string method;
  std::string path;   // escaped, starting with "/"
  std::string query;  // escaped, without "?"; empty for none
  Headers headers;
  std::string body;
  std::string host_prefix;  // "123456789012." before the endpoint's host; mostly empty
};

// What went wrong on the way to a result. A service's error has a code and a status; the others have none or no status.
struct ApiError {
  enum class Kind : uint8_t {
    kService,      // AWS answered with an error
    kNetwork,      // no answer came
    kCredentials,  // nothing to sign with
    kRequest,      // the parameters do not fit the model, or there is no such operation or endpoint
    kResponse,     // an answer that could not be read
  };
  Kind kind = Kind::kService;
  std::string code;     // "InvalidVpcID.NotFound"
  std::string message;  // as AWS words it
  std::string request_id;
  std::string service;     // "ec2"
  std::string service_id;  // "EC2", as AWS's SDKs show it
  std::string operation;
  int status = 0;                                 // HTTP; 0 where no answer came
  int attempts = 1;                               // how often it was tried
  std::string shape;                              // the modelled exception's name, where there is one
  std::shared_ptr<const nlohmann::json> details;  // the modelled exception's members; null where there are none
  // The request may have been carried out though its answer was lost.
  bool maybe_done = false;

  // "operation error EC2: CreateVpc, https response error StatusCode: 400, RequestID: 1234, api error
  // VpcLimitExceeded: The maximum number of VPCs has been reached." in AWS SDK words, less what is not there.
  std::string describe() const;
};

// Writes the request. Members of structures are written in the model's order, entries of maps in that of `params`;
// members that the model lacks are left out. Missing idempotency tokens are drawn from `random`. The error names the
// member at fault.
Result<WireRequest, std::string> serialize(const ServiceModel& service, const Operation& operation,
                                           const nlohmann::ordered_json& params, Random& random);

// Reads an answer: a result, or the error it carries. `service` and `operation` of the error are left to the caller.
Result<nlohmann::json, ApiError> parse_response(const ServiceModel& service, const Operation& operation,
                                                const HttpResponse& response);

// What in `params` the operation's input does not allow: members it lacks, required ones missing, wrong kinds; each as
// "Filters[0].Name: a string is needed".
std::vector<std::string> check_parameters(const Operation& operation, const nlohmann::json& params);

// Fills the idempotency tokens that `params` leaves out, so that every try of one call carries the same ones.
void fill_idempotency_tokens(const Operation& operation, nlohmann::json& params, Random& random);

// `params` or a result with the members that the model marks sensitive, and those known to hold secrets (user data,
// passwords, key material), replaced by "(sensitive)". For logs.
nlohmann::json redact(const Reference& reference, const nlohmann::json& value);

}  // namespace terrace::aws
