#include "aws/signer.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "aws/timestamp.h"

namespace terrace::aws {
namespace {

Credentials example_keys() {
  Credentials keys;
  keys.access_key_id = "AKIDEXAMPLE";
  keys.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  return keys;
}

SignableRequest request_of(const std::string& text) {
  SignableRequest request;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  std::size_t method_end = line.find(' ');
  std::string target = line.substr(method_end + 1, line.rfind(" HTTP/") - method_end - 1);
  request.method = line.substr(0, method_end);
  request.path = target.substr(0, target.find('?'));
  if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
  while (std::getline(lines, line) && !line.empty()) {
    if (line[0] == ' ') {
      request.headers.back().second += "\n" + line;
    } else {
      request.headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  std::getline(lines, request.body, '\0');
  return request;
}

// The official vectors: both forms, normalised and not, tokens, bodies, duplicates, folded and multi-byte input.
TEST(Signer, SignsAsTheOfficialVectors) {
  std::ifstream file(TERRACE_SOURCE_DIR "/tests/golden/aws/signatures.jsonl");
  std::string line;
  int count = 0;
  while (std::getline(file, line)) {
    auto vector = nlohmann::json::parse(line);
    Credentials keys = example_keys();
    keys.session_token = vector["credentials"].value("token", "");
    SigningOptions options;
    options.region = vector["region"];
    options.service = vector["service"];
    options.timestamp = *parse_timestamp(vector["timestamp"].get<std::string>());
    options.normalize_path = vector["normalize"];
    options.sign_body = vector["sign_body"];
    options.omit_session_token = vector["omit_session_token"];
    options.expires_in = std::chrono::seconds(vector["expiration_in_seconds"].get<int>());
    SignableRequest request = request_of(vector["request"]);
    SignedRequest result =
        vector["form"] == "query" ? sign_query(request, keys, options) : sign_headers(request, keys, options);
    EXPECT_EQ(result.signature, vector["signature"]) << vector["name"] << "\n" << result.canonical_request;
    ++count;
  }
  EXPECT_EQ(count, 23);
}

SigningOptions s3_options() {
  SigningOptions options;
  options.region = "us-east-1";
  options.service = "s3";
  options.normalize_path = false;
  options.double_encode = false;
  options.sign_body = true;
  return options;
}

TEST(Signer, EscapesPathsOfS3OnceOnly) {
  SignableRequest request{"GET", "/bucket/a%20b//../c", "", {{"Host", "h"}}, ""};
  SignedRequest result = sign_headers(request, example_keys(), s3_options());
  EXPECT_TRUE(result.canonical_request.starts_with("GET\n/bucket/a%20b//../c\n")) << result.canonical_request;
  request.path = "/a%20b";
  SigningOptions other = s3_options();
  other.double_encode = true;
  result = sign_headers(request, example_keys(), other);
  EXPECT_TRUE(result.canonical_request.starts_with("GET\n/a%2520b\n")) << result.canonical_request;
}

TEST(Signer, SendsTheBodysHashAndTheToken) {
  Credentials keys = example_keys();
  keys.session_token = "TOKEN";
  SignableRequest request{"PUT", "/k", "", {{"Host", "h"}, {"User-Agent", "u"}}, "body"};
  SignedRequest result = sign_headers(request, keys, s3_options());
  ASSERT_NE(find_header(result.headers, "x-amz-content-sha256"), nullptr);
  EXPECT_EQ(*find_header(result.headers, "x-amz-content-sha256"),
            "230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5");
  EXPECT_EQ(*find_header(result.headers, "X-Amz-Security-Token"), "TOKEN");
  EXPECT_NE(find_header(result.headers, "Authorization")
                ->find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"),
            std::string::npos);
}

TEST(Signer, LeavesPayloadsUnsignedWhereAsked) {
  SigningOptions options = s3_options();
  options.unsigned_payload = true;
  SignableRequest request{"PUT", "/k", "", {{"Host", "h"}}, "body"};
  SignedRequest result = sign_headers(request, example_keys(), options);
  EXPECT_EQ(*find_header(result.headers, "x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_TRUE(result.canonical_request.ends_with("\nUNSIGNED-PAYLOAD"));
}

}  // namespace
}  // namespace terrace::aws
