// The provider registry.terraform.io/hashicorp/local: files on this machine, as local_file and local_sensitive_file,
// both as resources and as data sources. src/cli puts it into the registry.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kLocalSource = "registry.terraform.io/hashicorp/local";

// `working_directory` is what relative file names start from; empty means the process's own.
std::unique_ptr<schema::Provider> make_local_provider(FileSystem& files, std::string working_directory);

}  // namespace terrace::providers
