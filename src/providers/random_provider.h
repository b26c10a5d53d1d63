// The provider registry.terraform.io/hashicorp/random: random_id. src/cli puts it into the registry.
#pragma once

#include <memory>

#include "base/random.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kRandomSource = "registry.terraform.io/hashicorp/random";

std::unique_ptr<schema::Provider> make_random_provider(Random& random);

}  // namespace terrace::providers
