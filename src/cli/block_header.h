// Which block a place in a configuration file is in, for the excerpts of diagnostics.
#pragma once

#include <string>

#include "diag/diagnostic.h"

namespace terrace::cli {

// `resource "aws_vpc" "main"` for native syntax, `resource.aws_vpc.main` for JSON; empty outside of every block. The
// file is parsed again for it, which only an error pays for.
std::string block_header(const SourceFile& file, uint32_t byte);

}  // namespace terrace::cli
