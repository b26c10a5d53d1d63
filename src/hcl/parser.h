// Parses HCL native syntax: files, expressions, templates, traversals. Errors have the reference implementation's
// summaries.
#pragma once

#include "diag/diagnostic.h"
#include "hcl/ast.h"

namespace terrace::hcl {

// A configuration file. With errors the file holds what could be read around them.
Checked<File> parse_file(SourceFilePtr source);

// A whole text that is one expression, such as a -var value or a line of the console. Null with errors.
Checked<ExpressionPtr> parse_expression(const SourceFile& source);

// A template without quotes around it, as templatefile reads. Null with errors.
Checked<ExpressionPtr> parse_template(const SourceFile& source);
// The same for a text that stands at `place` in another form, such as a string of JSON: every range is `place`, which
// must be valid.
Checked<ExpressionPtr> parse_template_text(std::string text, const SourceRange& place);

// A static traversal such as module.a["k"].aws_vpc.main[0].
Checked<Traversal> parse_traversal(const SourceFile& source);

}  // namespace terrace::hcl
