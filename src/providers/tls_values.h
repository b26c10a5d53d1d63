// What the types of provider tls have in common: fields, and our values from and to those of pki. Included by its
// files.
#pragma once

#include <string>
#include <vector>

#include "pki/certificate.h"
#include "pki/key.h"
#include "providers/table_provider.h"

namespace terrace::providers {

// "RSA", "ECDSA" or "ED25519"; empty for others.
std::string algorithm_name(pki::KeyKind kind);

// The computed attributes of a public key: id, PEM, OpenSSH and fingerprints.
std::vector<Field> public_key_fields();
lang::Value with_public_key(lang::Value object, const pki::PublicKey& key);

// dns_names, ip_addresses and uris.
std::vector<Field> name_fields();
pki::AlternativeNames names_of(const lang::Value& object);
// The block "subject", at most one.
schema::NestedBlock subject_block();
pki::Subject subject_of(const lang::Value& object);

// The texts of a list of strings; empty for null and unknown.
std::vector<std::string> texts_of(const lang::Value& object, const char* attribute);

// SHA-1 of what is between the lines of a PEM, in hexadecimal: what ids are made of.
std::string pem_sha1(const std::string& pem);

// Reports an `attribute` whose text is none of `allowed`, in the words of Terraform's providers.
void one_of(const lang::Value& config, const char* attribute, const std::vector<std::string>& allowed,
            Diagnostics& diagnostics);

}  // namespace terrace::providers
