#include "pki/names.h"

#include <arpa/inet.h>

#include <array>

namespace terrace::pki {

namespace {

struct SubjectField {
  int nid;
  const char* what;
  std::string Subject::*field;  // null for the street address, a list
};

// In the order in which Go's crypto/x509 writes them, so that subjects equal those of Terraform's provider.
constexpr SubjectField kFields[] = {
    {NID_countryName, "country", &Subject::country},
    {NID_organizationName, "organization", &Subject::organization},
    {NID_organizationalUnitName, "organizational unit", &Subject::organizational_unit},
    {NID_localityName, "locality", &Subject::locality},
    {NID_stateOrProvinceName, "province", &Subject::province},
    {NID_streetAddress, "street address", nullptr},
    {NID_postalCode, "postal code", &Subject::postal_code},
    {NID_commonName, "common name", &Subject::common_name},
    {NID_serialNumber, "serial number", &Subject::serial_number},
};

std::string utf8_of(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  int length = ASN1_STRING_to_UTF8(&bytes, text);
  if (length < 0) return {};
  std::string utf8(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
  OPENSSL_free(bytes);
  return utf8;
}

std::string raw_of(const ASN1_STRING* text) {
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<size_t>(ASN1_STRING_length(text)));
}

std::string address_text(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  return inet_ntop(family, bytes.data(), text.data(), text.size());
}

bool push_text(GENERAL_NAMES* names, int type, const std::string& text) {
  ASN1_IA5STRING* value = ASN1_IA5STRING_new();
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
  GENERAL_NAME_set0_value(name, type, value);
  return sk_GENERAL_NAME_push(names, name) > 0;
}

bool is_ascii(const std::string& text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) <= 0x20) return false;
  }
  return !text.empty();
}

}  // namespace

Result<NamePtr, std::string> distinguished_name(const Subject& subject) {
  NamePtr name(X509_NAME_new());
  for (const SubjectField& field : kFields) {
    std::vector<std::string> values = subject.street_address;
    if (field.field != nullptr) values = {subject.*field.field};
    for (const std::string& value : values) {
      if (value.empty()) continue;
      if (X509_NAME_add_entry_by_NID(name.get(), field.nid, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(value.data()),
                                     static_cast<int>(value.size()), -1, 0) != 1) {
        return Failure<std::string>{
            with_reason(std::string("the ") + field.what + " \"" + value + "\" of the subject")};
      }
    }
  }
  return name;
}

Result<GeneralNamesPtr, std::string> general_names(const AlternativeNames& names) {
  GeneralNamesPtr made(GENERAL_NAMES_new());
  for (const std::string& dns : names.dns) {
    if (!is_ascii(dns)) return Failure<std::string>{"\"" + dns + "\" is no DNS name: write it in ASCII (punycode)"};
    push_text(made.get(), GEN_DNS, dns);
  }
  for (const std::string& ip : names.ips) {
    ASN1_OCTET_STRING* bytes = a2i_IPADDRESS(ip.c_str());
    ERR_clear_error();
    if (bytes == nullptr) return Failure<std::string>{"\"" + ip + "\" is no IP address"};
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, bytes);
    sk_GENERAL_NAME_push(made.get(), name);
  }
  for (const std::string& uri : names.uris) {
    if (!is_ascii(uri)) return Failure<std::string>{"\"" + uri + "\" is no URI"};
    push_text(made.get(), GEN_URI, uri);
  }
  return made;
}

Subject subject_of(const X509_NAME* name) {
  Subject subject;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    std::string value = utf8_of(X509_NAME_ENTRY_get_data(entry));
    for (const SubjectField& field : kFields) {
      if (field.nid != nid) continue;
      if (field.field == nullptr) {
        subject.street_address.push_back(value);
      } else {
        subject.*field.field = value;
      }
    }
  }
  return subject;
}

std::string name_text(const X509_NAME* name) {
  BioPtr bio = writing();
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  return content(bio.get());
}

AlternativeNames names_of(const GENERAL_NAMES* names) {
  AlternativeNames found;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    if (type != GEN_DNS && type != GEN_IPADD && type != GEN_URI) continue;
    std::string text = raw_of(static_cast<const ASN1_STRING*>(value));
    if (type == GEN_DNS) found.dns.push_back(text);
    if (type == GEN_URI) found.uris.push_back(text);
    if (type == GEN_IPADD) found.ips.push_back(address_text(text));
  }
  return found;
}

}  // namespace terrace::pki
