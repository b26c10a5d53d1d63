#include "hcl/native_body.h"

#include <algorithm>

#include <fmt/format.h>

namespace terrace::hcl {

namespace {

// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

const AttributeSchema* find_attribute(const BodySchema& schema, const std::string& name) {
  for (const AttributeSchema& attribute : schema.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

const BlockSchema* find_block(const BodySchema& schema, const std::string& type) {
  for (const BlockSchema& block : schema.blocks) {
    if (block.type == type) return &block;
  }
  return nullptr;
}

std::vector<std::string> names_of(const BodySchema& schema) {
  std::vector<std::string> names;
  for (const AttributeSchema& attribute : schema.attributes) names.push_back(attribute.name);
  return names;
}

std::vector<std::string> types_of(const BodySchema& schema) {
  std::vector<std::string> types;
  for (const BlockSchema& block : schema.blocks) types.push_back(block.type);
  return types;
}

void check_labels(const Block& block, const BlockSchema& schema, Diagnostics& diagnostics) {
  if (block.labels.size() > schema.label_names.size()) {
    SourceRange extra = block.label_ranges[schema.label_names.size()];
    if (schema.label_names.empty()) {
      diagnostics.error(fmt::format("Extraneous label for {}", block.type),
                        fmt::format("No labels are expected for {} blocks.", block.type), extra,
                        block.definition_range);
    } else {
      std::string names;
      for (const std::string& name : schema.label_names) names += (names.empty() ? "" : ", ") + name;
      diagnostics.error(
          fmt::format("Extraneous label for {}", block.type),
          fmt::format("Only {} labels ({}) are expected for {} blocks.", schema.label_names.size(), names, block.type),
          extra, block.definition_range);
    }
  } else if (block.labels.size() < schema.label_names.size()) {
    const std::string& name = schema.label_names[block.labels.size()];
    diagnostics.error(fmt::format("Missing {} for {}", name, block.type),
                      fmt::format("All {} blocks must have {} labels ({}).", block.type, schema.label_names.size(),
                                  [&] {
                                    std::string names;
                                    for (const std::string& each : schema.label_names)
                                      names += (names.empty() ? "" : ", ") + each;
                                    return names;
                                  }()),
                      block.definition_range);
  }
}

}  // namespace

std::string did_you_mean(std::string_view given, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  std::size_t least = 3;
  for (const std::string& name : known) {
    std::size_t away = distance(given, name);
    if (away < least && away < std::max<std::size_t>(given.size(), 2)) {
      least = away;
      best = &name;
    }
  }
  return best == nullptr ? std::string() : fmt::format(" Did you mean \"{}\"?", *best);
}

BodyContent NativeBody::select(const BodySchema& schema, bool strict, Diagnostics& diagnostics) const {
  BodyContent content;
  content.missing_range = end_range;
  for (const NativeAttribute& each : attributes) {
    const Attribute& attribute = each.attribute;
    if (find_attribute(schema, attribute.name) != nullptr) {
      content.attributes.push_back(attribute);
    } else if (strict) {
      if (find_block(schema, attribute.name) != nullptr) {
        diagnostics.error(
            "Unsupported argument",
            fmt::format(
                "An argument named \"{0}\" is not expected here. Did you mean to define a block of type \"{0}\"?",
                attribute.name),
            attribute.name_range);
      } else {
        diagnostics.error("Unsupported argument",
                          fmt::format("An argument named \"{}\" is not expected here.{}", attribute.name,
                                      did_you_mean(attribute.name, names_of(schema))),
                          attribute.name_range);
      }
    }
  }
  for (const NativeBlock& each : blocks) {
    const Block& block = each.block;
    if (const BlockSchema* wanted = find_block(schema, block.type)) {
      std::size_t before = diagnostics.items().size();
      check_labels(block, *wanted, diagnostics);
      if (diagnostics.items().size() == before) content.blocks.push_back(block);
    } else if (strict) {
      if (find_attribute(schema, block.type) != nullptr) {
        diagnostics.error(
            "Unsupported block type",
            fmt::format(
                "Blocks of type \"{0}\" are not expected here. Did you mean to define argument \"{0}\"? If so, use the "
                "equals sign to assign it a value.",
                block.type),
            block.type_range);
      } else {
        diagnostics.error("Unsupported block type",
                          fmt::format("Blocks of type \"{}\" are not expected here.{}", block.type,
                                      did_you_mean(block.type, types_of(schema))),
                          block.type_range);
      }
    }
  }
  for (const AttributeSchema& attribute : schema.attributes) {
    if (attribute.required && content.find(attribute.name) == nullptr) {
      diagnostics.error("Missing required argument",
                        fmt::format("The argument \"{}\" is required, but no definition was found.", attribute.name),
                        end_range);
    }
  }
  return content;
}

Checked<BodyContent> NativeBody::content(const BodySchema& schema) const {
  Diagnostics diagnostics;
  BodyContent content = select(schema, true, diagnostics);
  return {std::move(content), std::move(diagnostics)};
}

Checked<BodyContent> NativeBody::partial_content(const BodySchema& schema) const {
  Diagnostics diagnostics;
  BodyContent content = select(schema, false, diagnostics);
  return {std::move(content), std::move(diagnostics)};
}

Checked<std::vector<Attribute>> NativeBody::just_attributes() const {
  Checked<std::vector<Attribute>> result;
  for (const NativeAttribute& each : attributes) result.value.push_back(each.attribute);
  if (!blocks.empty()) {
    const Block& block = blocks.front().block;
    result.diagnostics.error(fmt::format("Unexpected \"{}\" block", block.type), "Blocks are not allowed here.",
                             block.type_range);
  }
  return result;
}

std::vector<std::string> NativeBody::attribute_names() const {
  std::vector<std::string> names;
  for (const NativeAttribute& each : attributes) names.push_back(each.attribute.name);
  return names;
}

std::vector<std::string> NativeBody::block_types() const {
  std::vector<std::string> types;
  for (const NativeBlock& each : blocks) types.push_back(each.block.type);
  return types;
}

}  // namespace terrace::hcl
