// Terraform's JSON syntax (developer.hashicorp.com/terraform/language/syntax/json): the same bodies and expressions as
// native syntax.
#pragma once

#include "diag/diagnostic.h"
#include "hcl/ast.h"

namespace terrace::hcl {

// A configuration file of JSON: an object. Which properties are arguments and which are blocks the schema says; strings
// are templates, and a property "//" is a comment.
Checked<File> parse_json_file(SourceFilePtr source);

}  // namespace terrace::hcl
