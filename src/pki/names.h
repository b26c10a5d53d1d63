// Subjects and alternative names between our values and OpenSSL's. Included by the files of pki only.
#pragma once

#include <string>

#include "base/result.h"
#include "pki/certificate.h"
#include "pki/openssl.h"

namespace terrace::pki {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

// The error names the field that does not fit.
Result<NamePtr, std::string> distinguished_name(const Subject& subject);
Result<GeneralNamesPtr, std::string> general_names(const AlternativeNames& names);

Subject subject_of(const X509_NAME* name);
std::string name_text(const X509_NAME* name);
// `names` may be null. Kinds that AlternativeNames lacks are left out.
AlternativeNames names_of(const GENERAL_NAMES* names);

}  // namespace terrace::pki
