// The provider registry.terraform.io/hashicorp/time: time_static, time_offset, time_rotating and time_sleep. src/cli
// puts it into the registry.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/loop.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kTimeSource = "registry.terraform.io/hashicorp/time";

// `loop` is what time_sleep sleeps on.
std::unique_ptr<schema::Provider> make_time_provider(Clock& clock, Loop& loop);

}  // namespace terrace::providers
