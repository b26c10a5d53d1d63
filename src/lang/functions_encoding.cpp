// base64, JSON, YAML, CSV, URLs, and hashes.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <yaml-cpp/yaml.h>
#include <zlib.h>

#include "lang/convert.h"
#include "lang/function_tables.h"
#include "lang/hash.h"
#include "lang/json.h"
#include "lang/yaml.h"

namespace terrace::lang {

namespace {

const std::string& text(const Call& call, std::size_t i) {
  return call.arguments[i].as_string();
}

bool valid_utf8(const std::string& bytes) {
  int32_t at = 0;
  auto size = static_cast<int32_t>(bytes.size());
  while (at < size) {
    UChar32 c = 0;
    U8_NEXT(bytes.data(), at, size, c);
    if (c < 0) return false;
  }
  return true;
}

FunctionResult base64encode(const Call& call) {
  return Value::string(base64(text(call, 0)));
}

FunctionResult base64decode(const Call& call) {
  std::optional<std::string> bytes = from_base64(text(call, 0));
  if (!bytes) return call_error("failed to decode base64 data \"" + text(call, 0) + "\"");
  if (!valid_utf8(*bytes)) return call_error("the result of decoding the provided string is not valid UTF-8");
  return Value::string(*bytes);
}

FunctionResult base64gzip(const Call& call) {
  const std::string& input = text(call, 0);
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return call_error("failed to compress");
  std::string out(deflateBound(&stream, input.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  // Go's writer, flushed and closed, ends with an empty stored block; the operating system is unknown (RFC 1952).
  std::string whole("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);
  whole += out + std::string("\x01\x00\x00\xff\xff", 5);
  for (uLong number : {crc32(0, reinterpret_cast<const Bytef*>(input.data()), static_cast<uInt>(input.size())),
                       static_cast<uLong>(input.size())}) {
    for (int shift = 0; shift < 32; shift += 8) whole += static_cast<char>(number >> shift & 0xff);
  }
  return Value::string(base64(whole));
}

FunctionResult jsonencode(const Call& call) {
  const Value& value = call.arguments[0];
  if (!value.is_wholly_known()) {
    Refinement refinement;
    refinement.not_null = true;
    return Value::unknown(Type::string(), refinement);
  }
  return Value::string(encode_json(value));
}

FunctionResult jsondecode(const Call& call) {
  Result<Value, std::string> value = decode_json(text(call, 0));
  if (!value) return call_error(value.error());
  return *std::move(value);
}

FunctionResult yamlencode(const Call& call) {
  const Value& value = call.arguments[0];
  if (!value.is_wholly_known()) return Value::unknown(Type::string());
  return Value::string(encode_yaml(value));
}

FunctionResult yamldecode(const Call& call) {
  Result<Value, std::string> value = decode_yaml(text(call, 0));
  if (!value) return call_error(value.error());
  return *std::move(value);
}

// RFC 4180. A row with another number of fields than the header is an error.
FunctionResult csvdecode(const Call& call) {
  const std::string& s = text(call, 0);
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  bool any = false;
  int line = 1;
  for (std::size_t i = 0; i < s.size(); ++i) {
    char c = s[i];
    if (c == '\n') ++line;
    if (quoted) {
      if (c == '"' && i + 1 < s.size() && s[i + 1] == '"') {
        field += '"';
        ++i;
      } else if (c == '"') {
        quoted = false;
      } else {
        field += c;
      }
      continue;
    }
    if (c == '"' && field.empty()) {
      quoted = true;
      any = true;
    } else if (c == ',') {
      row.push_back(std::move(field));
      field.clear();
      any = true;
    } else if (c == '\n' || (c == '\r' && i + 1 < s.size() && s[i + 1] == '\n')) {
      if (c == '\r') ++i;
      if (any || !field.empty()) {
        row.push_back(std::move(field));
        rows.push_back(std::move(row));
      }
      field.clear();
      row.clear();
      any = false;
    } else if (c == '"') {
      return call_error(fmt::format("CSV parse error on line {}: bare \" in non-quoted-field", line));
    } else {
      field += c;
      any = true;
    }
  }
  if (quoted)
    return call_error(fmt::format("CSV parse error on line {}: extraneous or missing \" in quoted-field", line));
  if (any || !field.empty()) {
    row.push_back(std::move(field));
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return call_error("missing header line");
  const std::vector<std::string> header = rows[0];
  for (std::size_t i = 0; i < header.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (header[i] == header[j]) return call_error(fmt::format("duplicate column name \"{}\"", header[i]));
    }
  }
  std::vector<Type::Attribute> attributes;
  for (const std::string& name : header) attributes.push_back({name, Type::string(), false});
  std::vector<Value> values;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].size() != header.size())
      return call_error(fmt::format("CSV parse error on line {}: wrong number of fields", r + 1));
    std::vector<Value::Member> members;
    for (std::size_t i = 0; i < header.size(); ++i) members.emplace_back(header[i], Value::string(rows[r][i]));
    values.push_back(Value::object(std::move(members)));
  }
  return Value::list(Type::object(std::move(attributes)), std::move(values));
}

FunctionResult urlencode(const Call& call) {
  std::string result;
  for (char c : text(call, 0)) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      result += c;
    } else if (c == ' ') {
      result += '+';
    } else {
      result += fmt::format("%{:02X}", byte);
    }
  }
  return Value::string(result);
}

FunctionResult urldecode(const Call& call) {
  std::string result;
  const std::string& s = text(call, 0);
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '+') {
      result += ' ';
    } else if (s[i] == '%') {
      if (i + 2 >= s.size() || std::isxdigit(static_cast<unsigned char>(s[i + 1])) == 0 ||
          std::isxdigit(static_cast<unsigned char>(s[i + 2])) == 0) {
        return call_error(fmt::format("invalid URL escape \"{}\"", s.substr(i, 3)), 0);
      }
      result += static_cast<char>(std::stoi(s.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      result += s[i];
    }
  }
  return Value::string(result);
}

struct Converter {
  UConverter* handle = nullptr;
  explicit Converter(const std::string& name) {
    UErrorCode status = U_ZERO_ERROR;
    handle = ucnv_open(name.c_str(), &status);
    if (U_FAILURE(status)) handle = nullptr;
  }
  ~Converter() {
    if (handle != nullptr) ucnv_close(handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
};

FunctionResult textencodebase64(const Call& call) {
  Converter converter(text(call, 1));
  if (converter.handle == nullptr)
    return call_error(
        fmt::format("\"{}\" is not a supported IANA encoding name or alias in this Terraform version", text(call, 1)),
        1);
  icu::UnicodeString unicode = icu::UnicodeString::fromUTF8(text(call, 0));
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setFromUCallBack(converter.handle, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  std::string bytes(static_cast<std::size_t>(unicode.length()) * 4 + 8, '\0');
  int32_t length = ucnv_fromUChars(converter.handle, bytes.data(), static_cast<int32_t>(bytes.size()),
                                   unicode.getBuffer(), unicode.length(), &status);
  if (U_FAILURE(status))
    return call_error(
        fmt::format("the given string contains characters that cannot be represented in {}", text(call, 1)), 0);
  bytes.resize(static_cast<std::size_t>(length));
  return Value::string(base64(bytes));
}

FunctionResult textdecodebase64(const Call& call) {
  Converter converter(text(call, 1));
  if (converter.handle == nullptr)
    return call_error(
        fmt::format("\"{}\" is not a supported IANA encoding name or alias in this Terraform version", text(call, 1)),
        1);
  std::optional<std::string> bytes = from_base64(text(call, 0));
  if (!bytes) {
    auto outside = std::find_if(text(call, 0).begin(), text(call, 0).end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '+' && c != '/' && c != '=';
    });
    return call_error(fmt::format("the given value is has an invalid base64 symbol at offset {}",
                                  outside == text(call, 0).end() ? 0 : outside - text(call, 0).begin()),
                      0);
  }
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter.handle, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  std::vector<UChar> unicode(bytes->size() * 2 + 8);
  int32_t length = ucnv_toUChars(converter.handle, unicode.data(), static_cast<int32_t>(unicode.size()), bytes->data(),
                                 static_cast<int32_t>(bytes->size()), &status);
  if (U_FAILURE(status))
    return call_error(fmt::format("the given string contains symbols that are not defined for {}", text(call, 1)), 0);
  std::string result;
  icu::UnicodeString(unicode.data(), length).toUTF8String(result);
  return Value::string(result);
}

template <const char* kAlgorithm, bool kBase64>
FunctionResult hash_of(const Call& call) {
  std::string bytes = digest(kAlgorithm, text(call, 0));
  return Value::string(kBase64 ? base64(bytes) : hex(bytes));
}

constexpr char kMd5[] = "md5";
constexpr char kSha1[] = "sha1";
constexpr char kSha256[] = "sha256";
constexpr char kSha512[] = "sha512";

FunctionResult uuidv5(const Call& call) {
  static const std::array<std::pair<const char*, const char*>, 4> kKnown = {
      {{"dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
       {"url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"},
       {"oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"},
       {"x500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"}}};
  std::string space = text(call, 0);
  for (const auto& [name, uuid] : kKnown) {
    if (space == name) space = uuid;
  }
  std::string bytes;
  std::string digits;
  for (char c : space) {
    if (c != '-') digits += c;
  }
  bool valid = digits.size() == 32 && std::all_of(digits.begin(), digits.end(), [](char c) {
                 return std::isxdigit(static_cast<unsigned char>(c)) != 0;
               });
  if (!valid)
    return call_error(fmt::format("uuidv5() doesn't support namespace {} (invalid UUID length: {})", text(call, 0),
                                  text(call, 0).size()));
  for (std::size_t i = 0; i < 32; i += 2) bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  std::string hashed = digest("sha1", bytes + text(call, 1)).substr(0, 16);
  hashed[6] = static_cast<char>((hashed[6] & 0x0f) | 0x50);
  hashed[8] = static_cast<char>((hashed[8] & 0x3f) | 0x80);
  std::string h = hex(hashed);
  return Value::string(h.substr(0, 8) + "-" + h.substr(8, 4) + "-" + h.substr(12, 4) + "-" + h.substr(16, 4) + "-" +
                       h.substr(20));
}

}  // namespace

const std::vector<Function>& encoding_functions() {
  static const Parameter kStr{"str", Type::string()};
  static const std::vector<Function> kTable = {
      {"base64decode", {kStr}, std::nullopt, Type::string(), base64decode},
      {"base64encode", {kStr}, std::nullopt, Type::string(), base64encode},
      {"base64gzip", {kStr}, std::nullopt, Type::string(), base64gzip},
      {"base64sha256", {kStr}, std::nullopt, Type::string(), hash_of<kSha256, true>},
      {"base64sha512", {kStr}, std::nullopt, Type::string(), hash_of<kSha512, true>},
      {"csvdecode", {kStr}, std::nullopt, Type::dynamic(), csvdecode},
      {"jsondecode", {kStr}, std::nullopt, Type::dynamic(), jsondecode},
      {"jsonencode", {{"val", Type::dynamic(), true, true}}, std::nullopt, Type::string(), jsonencode},
      {"md5", {kStr}, std::nullopt, Type::string(), hash_of<kMd5, false>},
      {"sha1", {kStr}, std::nullopt, Type::string(), hash_of<kSha1, false>},
      {"sha256", {kStr}, std::nullopt, Type::string(), hash_of<kSha256, false>},
      {"sha512", {kStr}, std::nullopt, Type::string(), hash_of<kSha512, false>},
      {"textdecodebase64",
       {{"source", Type::string()}, {"encoding", Type::string()}},
       std::nullopt,
       Type::string(),
       textdecodebase64},
      {"textencodebase64",
       {{"string", Type::string()}, {"encoding", Type::string()}},
       std::nullopt,
       Type::string(),
       textencodebase64},
      {"urldecode", {kStr}, std::nullopt, Type::string(), urldecode},
      {"urlencode", {kStr}, std::nullopt, Type::string(), urlencode},
      {"uuidv5", {{"namespace", Type::string()}, {"name", Type::string()}}, std::nullopt, Type::string(), uuidv5},
      {"yamldecode", {{"src", Type::string()}}, std::nullopt, Type::dynamic(), yamldecode},
      {"yamlencode", {{"value", Type::dynamic(), true, true}}, std::nullopt, Type::string(), yamlencode},
  };
  return kTable;
}

}  // namespace terrace::lang
