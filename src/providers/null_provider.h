// The provider registry.terraform.io/hashicorp/null: null_resource, and the data source null_data_source. src/cli puts
// it into the registry.
#pragma once

#include <memory>

#include "base/random.h"
#include "schema/provider.h"

namespace terrace::providers {

inline constexpr std::string_view kNullSource = "registry.terraform.io/hashicorp/null";

std::unique_ptr<schema::Provider> make_null_provider(Random& random);

}  // namespace terrace::providers
