#include "cli/block_header.h"

namespace terrace::cli {

std::string block_header(const SourceFile&, uint32_t) {
  return "";
}

}  // namespace terrace::cli
