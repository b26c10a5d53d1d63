// Turns the body of a block into a value by a schema: arguments converted to their types, nested blocks as objects,
// lists, sets and maps, dynamic blocks expanded. Plan and apply decode resources, data sources and providers with it.
#pragma once

#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "hcl/ast.h"
#include "lang/evaluator.h"
#include "lang/value.h"
#include "schema/schema.h"

namespace terrace::schema {

// The value of `body`, of the block's implied type as far as it has no errors. Names in `ignored` are not arguments of
// the schema but of the language (count, lifecycle, alias) and are left alone. Attributes of list or set of object type
// may be written as blocks.
Checked<lang::Value> decode_body(const hcl::Body& body, const Block& block, lang::Scope& scope,
                                 const std::vector<std::string>& ignored_attributes,
                                 const std::vector<std::string>& ignored_blocks);

}  // namespace terrace::schema
