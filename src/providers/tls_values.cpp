#include "providers/tls_values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "lang/hash.h"
#include "pki/openssh.h"

namespace terrace::providers {

namespace {

using lang::Type;
using lang::Value;

constexpr const char* kSubjectTexts[] = {"common_name",         "country",     "locality", "organization",
                                         "organizational_unit", "postal_code", "province", "serial_number"};

}  // namespace

std::string algorithm_name(pki::KeyKind kind) {
  switch (kind) {
    case pki::KeyKind::kRsa:
      return "RSA";
    case pki::KeyKind::kEd25519:
      return "ED25519";
    case pki::KeyKind::kOther:
      return "";
    default:
      return "ECDSA";
  }
}

std::vector<Field> public_key_fields() {
  std::vector<Field> fields;
  for (const char* name :
       {"id", "public_key_fingerprint_md5", "public_key_fingerprint_sha256", "public_key_openssh", "public_key_pem"}) {
    fields.push_back({name, Type::string(), Mode::kComputed});
  }
  return fields;
}

Value with_public_key(Value object, const pki::PublicKey& key) {
  std::string pem = key.pem();
  std::string line = pki::openssh_public(key);
  return with(std::move(object), {{"id", Value::string(pem_sha1(pem))},
                                  {"public_key_pem", Value::string(pem)},
                                  {"public_key_openssh", Value::string(line.empty() ? "" : line + "\n")},
                                  {"public_key_fingerprint_md5", Value::string(pki::openssh_md5(line))},
                                  {"public_key_fingerprint_sha256", Value::string(pki::openssh_sha256(line))}});
}

std::vector<Field> name_fields() {
  std::vector<Field> fields;
  for (const char* name : {"dns_names", "ip_addresses", "uris"}) {
    fields.push_back({name, Type::list(Type::string()), Mode::kOptional, true});
  }
  return fields;
}

pki::AlternativeNames names_of(const Value& object) {
  return {texts_of(object, "dns_names"), texts_of(object, "ip_addresses"), texts_of(object, "uris")};
}

schema::NestedBlock subject_block() {
  schema::NestedBlock subject;
  subject.name = "subject";
  subject.max_items = 1;
  auto optional = [&subject](const char* name, Type type) {
    schema::Attribute attribute;
    attribute.name = name;
    attribute.type = std::move(type);
    attribute.optional = true;
    subject.block.attributes.push_back(std::move(attribute));
  };
  for (const char* name : kSubjectTexts) optional(name, Type::string());
  optional("street_address", Type::list(Type::string()));
  return subject;
}

pki::Subject subject_of(const Value& object) {
  pki::Subject subject;
  const Value& blocks = object.attribute("subject");
  if (!blocks.has_content() || blocks.length() == 0) return subject;
  const Value& given = blocks.elements()[0];
  subject.common_name = text_of(given, "common_name");
  subject.country = text_of(given, "country");
  subject.locality = text_of(given, "locality");
  subject.organization = text_of(given, "organization");
  subject.organizational_unit = text_of(given, "organizational_unit");
  subject.postal_code = text_of(given, "postal_code");
  subject.province = text_of(given, "province");
  subject.serial_number = text_of(given, "serial_number");
  subject.street_address = texts_of(given, "street_address");
  return subject;
}

std::vector<std::string> texts_of(const Value& object, const char* attribute) {
  std::vector<std::string> texts;
  const Value& list = object.attribute(attribute);
  for (size_t i = 0; list.has_content() && i < list.length(); ++i) {
    if (list.elements()[i].has_content()) texts.push_back(list.elements()[i].as_string());
  }
  return texts;
}

std::string pem_sha1(const std::string& pem) {
  size_t begin = pem.find('\n');
  size_t end = pem.find("-----END");
  if (begin == std::string::npos || end == std::string::npos) return {};
  return lang::hex(lang::digest("sha1", lang::from_base64(pem.substr(begin, end - begin)).value_or("")));
}

void one_of(const Value& config, const char* attribute, const std::vector<std::string>& allowed,
            Diagnostics& diagnostics) {
  const Value& value = config.attribute(attribute);
  if (!value.has_content() || std::count(allowed.begin(), allowed.end(), value.as_string()) > 0) return;
  diagnostics.error("Invalid Attribute Value Match",
                    fmt::format("Attribute {} value must be one of: [\"{}\"], got: \"{}\"", attribute,
                                fmt::join(allowed, "\" \""), value.as_string()));
}

}  // namespace terrace::providers
