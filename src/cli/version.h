// The program's own version and the version of the Terraform language and formats that it speaks.
#pragma once

namespace terrace::cli {

inline constexpr const char* kVersion = TERRACE_VERSION;
// Written into states, plans and JSON as terraform_version, and what required_version is checked against.
inline constexpr const char* kLanguageVersion = "1.11.4";

}  // namespace terrace::cli
