// A body of native syntax: the parser fills it, everyone else sees a Body.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hcl/ast.h"

namespace terrace::hcl {

class NativeBody;

struct NativeAttribute {
  Attribute attribute;
  ExpressionPtr expression;
};
struct NativeBlock {
  Block block;
  std::unique_ptr<NativeBody> body;
};

class NativeBody final : public Body {
 public:
  Checked<BodyContent> content(const BodySchema& schema) const override;
  Checked<BodyContent> partial_content(const BodySchema& schema) const override;
  Checked<std::vector<Attribute>> just_attributes() const override;
  std::vector<std::string> attribute_names() const override;
  std::vector<std::string> block_types() const override;
  SourceRange missing_range() const override { return end_range; }

  std::vector<NativeAttribute> attributes;
  std::vector<NativeBlock> blocks;
  SourceRange end_range;  // the closing brace, or the end of the file

 private:
  BodyContent select(const BodySchema& schema, bool strict, Diagnostics& diagnostics) const;
};

// " Did you mean "x"?" with the name of `known` that is nearest to `given`, or nothing.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& known);

}  // namespace terrace::hcl
