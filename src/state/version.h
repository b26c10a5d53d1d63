// The Terraform release whose formats and behaviour terrace writes and follows. State, plan files and messages name it.
#pragma once

#include <string_view>

namespace terrace::state {

inline constexpr std::string_view kTerraformVersion = "1.11.4";

}  // namespace terrace::state
