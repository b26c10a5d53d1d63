// Pages of an answer: the next page's tokens, and putting pages together. src/aws only.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "aws/model.h"

namespace terrace::aws {

// Puts the tokens of the page after `page` into `params`; false where `page` is the last.
bool next_page(const Paginator& paginator, const nlohmann::json& page, nlohmann::json& params);

// Appends the lists of `page` to those of `all`, adds its numbers to those of `all`.
void append_page(const Paginator& paginator, nlohmann::json page, nlohmann::json& all);

// Takes the tokens out of a result that is whole.
void drop_tokens(const Paginator& paginator, nlohmann::json& all);

}  // namespace terrace::aws
