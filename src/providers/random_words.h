// The words that random_pet makes names of. Included by the random provider.
#pragma once

#include <span>

namespace terrace::providers {

std::span<const char* const> pet_adverbs();
std::span<const char* const> pet_adjectives();
std::span<const char* const> pet_names();

}  // namespace terrace::providers
