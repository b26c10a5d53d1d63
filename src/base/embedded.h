// Files that the build put into the binary (cmake/embed.cmake): the platform that `terrace new` writes, the API models.
#pragma once

#include <span>
#include <string_view>

namespace terrace {

struct EmbeddedFile {
  std::string_view path;  // relative, as in the source tree
  std::string_view content;
};

}  // namespace terrace
