// AWS Signature Version 4 over OpenSSL, as headers and as query parameters. The client and the conformance program
// include it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/network.h"

namespace terrace::aws {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;        // empty for long-term keys
  std::optional<Duration> expires;  // wall time; nothing where they do not
  std::string source;               // where they came from: "environment variables"
};

// What is signed: a request as it will be sent. `headers` must include Host.
struct SignableRequest {
  std::string method;
  std::string path;   // as on the request line, before "?"
  std::string query;  // as on the request line, after "?"
  Headers headers;
  std::string body;
};

struct SigningOptions {
  std::string region;
  std::string service;
  Duration timestamp{0};                  // wall time
  bool normalize_path = true;             // "." and ".." and "//" taken out; not for S3
  bool double_encode = true;              // the path is escaped once more for the signature; not for S3
  bool sign_body = false;                 // adds x-amz-content-sha256
  bool omit_session_token = false;        // the token is added after signing
  bool unsigned_payload = false;          // UNSIGNED-PAYLOAD takes the place of the body's hash
  std::chrono::seconds expires_in{3600};  // of the query form
};

struct SignedRequest {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;  // lower-case hex
  std::string query;      // the query form's complete query; else as it was
  Headers headers;        // the header form's complete headers; else as they were
};

// Authorization, X-Amz-Date and X-Amz-Security-Token (and X-Amz-Content-Sha256 with sign_body) as headers.
SignedRequest sign_headers(const SignableRequest& request, const Credentials& credentials,
                           const SigningOptions& options);
// The same as query parameters: a link that works until expires_in has passed.
SignedRequest sign_query(const SignableRequest& request, const Credentials& credentials, const SigningOptions& options);

}  // namespace terrace::aws
