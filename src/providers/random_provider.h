// The provider registry.terraform.io/hashicorp/random: random_bytes, random_id, random_integer, random_password,
// random_pet, random_shuffle, random_string and random_uuid. A seed gives the same result each time, though not the one
// that hashicorp/random draws from it. src/cli puts it into the registry.
#pragma once

#include <memory>

#include "base/random.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kRandomSource = "registry.terraform.io/hashicorp/random";

std::unique_ptr<schema::Provider> make_random_provider(Random& random);

}  // namespace terrace::providers
