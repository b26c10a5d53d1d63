#include "aws/signer.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "aws/encoding.h"

namespace terrace::aws {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// Headers that proxies and clients change on the way.
constexpr std::array<std::string_view, 7> kNeverSigned = {
    "authorization", "connection", "expect", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id"};

std::string basic_time(Duration wall) {
  std::string text = rfc3339(wall);
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

// Takes out "." and ".." and doubled slashes; a slash at the end stays.
std::string normalize_path(std::string_view path) {
  std::vector<std::string_view> kept;
  bool slash_at_end = false;
  while (!path.empty()) {
    std::size_t slash = path.find('/');
    std::string_view segment = path.substr(0, slash);
    slash_at_end = slash != std::string_view::npos || segment == "." || segment == "..";
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (std::string_view segment : kept) out.append("/").append(segment);
  if (out.empty() || slash_at_end) out += '/';
  return out;
}

std::string canonical_path(std::string_view path, const SigningOptions& options) {
  std::string text = options.normalize_path ? normalize_path(path) : std::string(path);
  if (text.empty()) text = "/";
  return options.double_encode ? percent_encode(text, true) : text;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    std::size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    std::size_t equals = pair.find('=');
    std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    pairs.emplace_back(percent_encode(percent_decode(pair.substr(0, equals))), percent_encode(percent_decode(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [key, value] : pairs) {
    if (!out.empty()) out += '&';
    out += key + "=" + value;
  }
  return out;
}

// Blanks at the ends taken off and runs of blanks inside made one space; lines that go on count as further values.
std::string canonical_header_value(std::string_view value) {
  std::string out;
  bool blank = false;
  for (char c : trim(value)) {
    if (c == '\n') {
      out += ',';
      blank = false;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      blank = !out.empty() && out.back() != ',';
    } else {
      if (blank) out += ' ';
      blank = false;
      out += c;
    }
  }
  return out;
}

struct CanonicalHeaders {
  std::string lines;         // "host:example.com\n..."
  std::string signed_names;  // "host;x-amz-date"
};

CanonicalHeaders canonical_headers(const Headers& headers) {
  std::map<std::string, std::string> by_name;
  for (const auto& [name, value] : headers) {
    std::string lower = ascii_lower(trim(name));
    if (std::find(kNeverSigned.begin(), kNeverSigned.end(), lower) != kNeverSigned.end()) continue;
    auto [place, is_new] = by_name.try_emplace(lower);
    if (!is_new) place->second += ',';
    place->second += canonical_header_value(value);
  }
  CanonicalHeaders out;
  for (const auto& [name, value] : by_name) {
    out.lines += name + ":" + value + "\n";
    if (!out.signed_names.empty()) out.signed_names += ';';
    out.signed_names += name;
  }
  return out;
}

void remove_header(Headers& headers, std::string_view name) {
  std::erase_if(headers, [name](const auto& header) { return equal_ignoring_case(header.first, name); });
}

std::string payload_hash(const SignableRequest& request, const SigningOptions& options) {
  if (options.unsigned_payload) return "UNSIGNED-PAYLOAD";
  if (const std::string* given = find_header(request.headers, "x-amz-content-sha256")) return *given;
  return hex_encode(sha256(request.body));
}

std::string scope_of(const SigningOptions& options, const std::string& time) {
  return time.substr(0, 8) + "/" + options.region + "/" + options.service + "/aws4_request";
}

// Fills canonical request, string to sign and signature from the parts that are settled.
void compute(const SignableRequest& request, const CanonicalHeaders& headers, const std::string& query,
             const std::string& hash, const Credentials& credentials, const SigningOptions& options,
             SignedRequest& out) {
  std::string time = basic_time(options.timestamp);
  std::string scope = scope_of(options, time);
  out.canonical_request = request.method + "\n" + canonical_path(request.path, options) + "\n" +
                          canonical_query(query) + "\n" + headers.lines + "\n" + headers.signed_names + "\n" + hash;
  out.string_to_sign =
      std::string(kAlgorithm) + "\n" + time + "\n" + scope + "\n" + hex_encode(sha256(out.canonical_request));
  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, time.substr(0, 8));
  key = hmac_sha256(key, options.region);
  key = hmac_sha256(key, options.service);
  key = hmac_sha256(key, "aws4_request");
  out.signature = hex_encode(hmac_sha256(key, out.string_to_sign));
}

}  // namespace

SignedRequest sign_headers(const SignableRequest& request, const Credentials& credentials,
                           const SigningOptions& options) {
  SignedRequest out;
  out.query = request.query;
  out.headers = request.headers;
  std::string hash = payload_hash(request, options);
  for (const char* name : {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"}) remove_header(out.headers, name);
  if (options.sign_body && find_header(out.headers, "x-amz-content-sha256") == nullptr) {
    out.headers.emplace_back("x-amz-content-sha256", hash);
  }
  std::string time = basic_time(options.timestamp);
  Headers to_sign = out.headers;
  to_sign.emplace_back("X-Amz-Date", time);
  bool has_token = !credentials.session_token.empty();
  if (has_token && !options.omit_session_token) {
    to_sign.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  CanonicalHeaders headers = canonical_headers(to_sign);
  compute(request, headers, request.query, hash, credentials, options, out);
  out.headers.emplace_back("Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + "/" +
                                                scope_of(options, time) + ", SignedHeaders=" + headers.signed_names +
                                                ", Signature=" + out.signature);
  out.headers.emplace_back("X-Amz-Date", time);
  if (has_token) out.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);
  return out;
}

SignedRequest sign_query(const SignableRequest& request, const Credentials& credentials,
                         const SigningOptions& options) {
  SignedRequest out;
  out.headers = request.headers;
  std::string hash = payload_hash(request, options);
  std::string time = basic_time(options.timestamp);
  Headers to_sign = request.headers;
  remove_header(to_sign, "X-Amz-Date");
  if (options.sign_body && find_header(to_sign, "x-amz-content-sha256") == nullptr) {
    to_sign.emplace_back("x-amz-content-sha256", hash);
    out.headers.emplace_back("x-amz-content-sha256", hash);
  }
  CanonicalHeaders headers = canonical_headers(to_sign);
  auto add = [&out](std::string_view key, std::string_view value) {
    if (!out.query.empty()) out.query += '&';
    out.query += std::string(key) + "=" + percent_encode(value);
  };
  out.query = request.query;
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential", credentials.access_key_id + "/" + scope_of(options, time));
  add("X-Amz-Date", time);
  add("X-Amz-SignedHeaders", headers.signed_names);
  add("X-Amz-Expires", std::to_string(options.expires_in.count()));
  bool has_token = !credentials.session_token.empty();
  if (has_token && !options.omit_session_token) add("X-Amz-Security-Token", credentials.session_token);
  compute(request, headers, out.query, hash, credentials, options, out);
  add("X-Amz-Signature", out.signature);
  if (has_token && options.omit_session_token) add("X-Amz-Security-Token", credentials.session_token);
  return out;
}

}  // namespace terrace::aws
