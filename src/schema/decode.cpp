#include "schema/decode.h"

#include <algorithm>

#include <fmt/format.h>

#include "hcl/native_body.h"
#include "lang/convert.h"

namespace terrace::schema {

namespace {

using lang::LocalNames;
using lang::Marks;
using lang::Type;
using lang::TypeKind;
using lang::Value;

// Attributes that may be written as blocks: lists and sets of objects.
bool is_block_like(const Attribute& attribute) {
  TypeKind kind = attribute.type.kind();
  return (kind == TypeKind::kList || kind == TypeKind::kSet) && attribute.type.element().is_object();
}

class Decoder {
 public:
  Decoder(lang::Scope& scope, Diagnostics& diagnostics) : scope_(scope), diagnostics_(diagnostics) {}

  Value decode(const hcl::Body& body, const Block& block, const LocalNames* names,
               const std::vector<std::string>& ignored_attributes, const std::vector<std::string>& ignored_blocks) {
    hcl::BodySchema schema;
    std::vector<std::string> written_blocks = body.block_types();
    std::vector<std::string> written_attributes = body.attribute_names();
    auto has = [](const std::vector<std::string>& list, const std::string& name) {
      return std::find(list.begin(), list.end(), name) != list.end();
    };
    for (const Attribute& attribute : block.attributes) {
      bool as_blocks = is_block_like(attribute) &&
                       (has(written_blocks, attribute.name) || dynamic_of(body, attribute.name)) &&
                       !native_attribute(body, attribute.name);
      if (as_blocks) {
        schema.blocks.push_back({attribute.name, {}});
      } else {
        schema.attributes.push_back({attribute.name, attribute.required});
      }
    }
    for (const NestedBlock& nested : block.blocks)
      schema.blocks.push_back({nested.name, nested.nesting == Nesting::kMap ? std::vector<std::string>{"key"}
                                                                            : std::vector<std::string>{}});
    for (const std::string& name : ignored_attributes) schema.attributes.push_back({name, false});
    for (const std::string& name : ignored_blocks) {
      bool own = std::any_of(schema.blocks.begin(), schema.blocks.end(),
                             [&](const hcl::BlockSchema& b) { return b.type == name; });
      if (!own)
        schema.blocks.push_back(
            {name, name == "provisioner" ? std::vector<std::string>{"type"} : std::vector<std::string>{}});
    }
    bool has_dynamic = !schema.blocks.empty() && has(written_blocks, "dynamic");
    if (has_dynamic) schema.blocks.push_back({"dynamic", {"type"}});
    Checked<hcl::BodyContent> content = body.content(schema);
    diagnostics_.append(std::move(content.diagnostics));
    return make(content.value, block, names);
  }

 private:
  static bool native_attribute(const hcl::Body& body, const std::string& name) {
    const auto* native = dynamic_cast<const hcl::NativeBody*>(&body);
    if (native == nullptr) return true;  // JSON: an argument, which a list of objects is just as well
    return std::any_of(native->attributes.begin(), native->attributes.end(),
                       [&](const hcl::NativeAttribute& a) { return a.attribute.name == name; });
  }

  static bool dynamic_of(const hcl::Body& body, const std::string& name) {
    const auto* native = dynamic_cast<const hcl::NativeBody*>(&body);
    if (native == nullptr) return false;
    return std::any_of(native->blocks.begin(), native->blocks.end(), [&](const hcl::NativeBlock& b) {
      return b.block.type == "dynamic" && b.block.labels.size() == 1 && b.block.labels[0] == name;
    });
  }

  Value make(const hcl::BodyContent& content, const Block& block, const LocalNames* names) {
    std::vector<Value::Member> members;
    for (const Attribute& attribute : block.attributes) {
      const hcl::Attribute* written = content.find(attribute.name);
      if (written != nullptr) {
        members.emplace_back(attribute.name, value_of(attribute, *written, names));
      } else if (is_block_like(attribute)) {
        members.emplace_back(attribute.name, attribute_from_blocks(attribute, content, names));
      } else {
        members.emplace_back(attribute.name, Value::null(attribute.type));
      }
    }
    for (const NestedBlock& nested : block.blocks)
      members.emplace_back(nested.name, nested_value(nested, content, names));
    return Value::object(std::move(members));
  }

  Value value_of(const Attribute& attribute, const hcl::Attribute& written, const LocalNames* names) {
    std::size_t before = diagnostics_.items().size();
    Value value = lang::evaluate(*written.expression, scope_, names, diagnostics_);
    if (diagnostics_.items().size() > before && diagnostics_.has_errors()) return Value::unknown(attribute.type);
    Result<Value, lang::ConvertError> converted = lang::convert(value, attribute.type);
    if (!converted) {
      diagnostics_.error(
          "Incorrect attribute value type",
          fmt::format("Inappropriate value for attribute \"{}\": {}.", attribute.name, converted.error().message),
          written.expression->range, written.range);
      return Value::unknown(attribute.type);
    }
    if (attribute.required && converted->is_null()) {
      diagnostics_.error("Missing required argument",
                         fmt::format("The argument \"{}\" is required, but no definition was found.", attribute.name),
                         written.range);
      return Value::unknown(attribute.type);
    }
    return *std::move(converted);
  }

  // The blocks of one type, with dynamic ones expanded in their place. `unknown` is set when their number is not known.
  struct Instance {
    Value value;
    std::string key;
    SourceRange range;
  };
  std::vector<Instance> instances(const std::string& type, const Block& schema, const hcl::BodyContent& content,
                                  const LocalNames* names, bool& unknown, Marks& marks) {
    std::vector<Instance> found;
    for (const hcl::Block& block : content.blocks) {
      if (block.type == type) {
        Instance instance;
        instance.value = decode(*block.body, schema, names, {}, {});
        instance.key = block.labels.empty() ? "" : block.labels[0];
        instance.range = block.definition_range;
        found.push_back(std::move(instance));
      } else if (block.type == "dynamic" && block.labels[0] == type) {
        expand(block, schema, names, found, unknown, marks);
      }
    }
    return found;
  }

  void expand(const hcl::Block& block, const Block& schema, const LocalNames* names, std::vector<Instance>& found,
              bool& unknown, Marks& marks) {
    static const hcl::BodySchema kSchema = {{{"for_each", true}, {"iterator", false}, {"labels", false}},
                                            {{"content", {}}}};
    Checked<hcl::BodyContent> parts = block.body->content(kSchema);
    bool failed = parts.diagnostics.has_errors();
    diagnostics_.append(std::move(parts.diagnostics));
    if (failed) return;
    std::vector<const hcl::Block*> contents;
    for (const hcl::Block& each : parts.value.blocks) contents.push_back(&each);
    if (contents.size() != 1) {
      diagnostics_.error(contents.empty() ? "Missing dynamic content block" : "Extraneous dynamic content block",
                         contents.empty() ? "A dynamic block must have a nested block of type \"content\" to describe "
                                            "the body of each generated block."
                                          : "Only one nested content block is allowed for each dynamic block.",
                         block.definition_range);
      return;
    }
    std::string iterator = block.labels[0];
    if (const hcl::Attribute* named = parts.value.find("iterator")) {
      const hcl::Traversal* traversal = hcl::as_traversal(*named->expression);
      if (traversal == nullptr || !traversal->steps.empty()) {
        diagnostics_.error("Invalid expression",
                           "A single static variable reference is required: the name of the iterator.",
                           named->expression->range);
        return;
      }
      iterator = traversal->root;
    }
    const hcl::Attribute& for_each = *parts.value.find("for_each");
    std::size_t before = diagnostics_.items().size();
    Value collection = lang::evaluate(*for_each.expression, scope_, names, diagnostics_);
    if (diagnostics_.items().size() > before) return;
    marks = marks | collection.marks();
    collection = collection.without_marks();
    if (!collection.is_known()) {
      unknown = true;
      Value element = Value::dynamic();
      expand_one(*contents[0], schema, names, iterator, Value::dynamic(), element, found);
      return;
    }
    if (collection.is_null() || collection.type().is_primitive()) {
      diagnostics_.error("Invalid dynamic for_each value",
                         collection.is_null()
                             ? "Cannot use a null value in for_each."
                             : fmt::format("Cannot use a {} value in for_each. An iterable collection is required.",
                                           collection.type().friendly_name()),
                         for_each.expression->range);
      return;
    }
    for (std::size_t i = 0; i < collection.length(); ++i) {
      const Type& type = collection.type();
      const Value& element = collection.elements()[i];
      Value key = type.is_object()                ? Value::string(type.attributes()[i].name)
                  : type.kind() == TypeKind::kMap ? Value::string(collection.keys()[i])
                  : type.kind() == TypeKind::kSet ? element
                                                  : Value::number(static_cast<int64_t>(i));
      expand_one(*contents[0], schema, names, iterator, key, element, found);
    }
  }

  void expand_one(const hcl::Block& content, const Block& schema, const LocalNames* names, const std::string& iterator,
                  const Value& key, const Value& element, std::vector<Instance>& found) {
    std::vector<Value::Member> members;
    members.emplace_back("key", key);
    members.emplace_back("value", element);
    Value item = Value::object(std::move(members));
    LocalNames local{names, iterator, &item};
    found.push_back(Instance{decode(*content.body, schema, &local, {}, {}), "", content.definition_range});
  }

  Value nested_value(const NestedBlock& nested, const hcl::BodyContent& content, const LocalNames* names) {
    bool unknown = false;
    Marks marks = Marks::kNone;
    std::vector<Instance> found = instances(nested.name, nested.block, content, names, unknown, marks);
    Type type = nested.block.implied_type();
    if (!unknown) check_count(nested, content, found);
    switch (nested.nesting) {
      case Nesting::kSingle:
        if (unknown) return Value::unknown(type);
        return found.empty() ? Value::null(type) : found[0].value;
      case Nesting::kMap: {
        std::vector<Value::Member> members;
        for (Instance& instance : found) members.emplace_back(instance.key, std::move(instance.value));
        return Value::map(type, std::move(members)).with_marks(marks);
      }
      default:
        break;
    }
    bool set = nested.nesting == Nesting::kSet;
    if (unknown) return Value::unknown(set ? Type::set(type) : Type::list(type)).with_marks(marks);
    std::vector<Value> values;
    for (Instance& instance : found) values.push_back(std::move(instance.value));
    return (set ? Value::set(type, std::move(values)) : Value::list(type, std::move(values))).with_marks(marks);
  }

  void check_count(const NestedBlock& nested, const hcl::BodyContent& content, const std::vector<Instance>& found) {
    int count = static_cast<int>(found.size());
    int most = nested.nesting == Nesting::kSingle ? 1 : nested.max_items;
    if (count < nested.min_items) {
      diagnostics_.error(fmt::format("Insufficient {} blocks", nested.name),
                         fmt::format("At least {} \"{}\" blocks are required.", nested.min_items, nested.name),
                         content.missing_range);
    }
    if (most > 0 && count > most) {
      diagnostics_.error(fmt::format("Too many {} blocks", nested.name),
                         most == 1 && nested.nesting == Nesting::kSingle
                             ? fmt::format("Only one \"{}\" block is allowed.", nested.name)
                             : fmt::format("No more than {} \"{}\" blocks are allowed", most, nested.name),
                         found[static_cast<std::size_t>(most)].range);
    }
  }

  // An attribute of objects that was written as blocks; null where nothing was written.
  Value attribute_from_blocks(const Attribute& attribute, const hcl::BodyContent& content, const LocalNames* names) {
    Block block;
    for (const Type::Attribute& member : attribute.type.element().attributes()) {
      Attribute inner;
      inner.name = member.name;
      inner.type = member.type;
      inner.optional = true;
      block.attributes.push_back(std::move(inner));
    }
    bool unknown = false;
    Marks marks = Marks::kNone;
    std::vector<Instance> found = instances(attribute.name, block, content, names, unknown, marks);
    if (unknown) return Value::unknown(attribute.type).with_marks(marks);
    if (found.empty()) return Value::null(attribute.type);
    std::vector<Value> values;
    for (Instance& instance : found) {
      Result<Value, lang::ConvertError> converted = lang::convert(instance.value, attribute.type.element());
      values.push_back(converted ? *std::move(converted) : Value::unknown(attribute.type.element()));
    }
    bool set = attribute.type.kind() == TypeKind::kSet;
    const Type& element = attribute.type.element();
    return (set ? Value::set(element, std::move(values)) : Value::list(element, std::move(values))).with_marks(marks);
  }

  lang::Scope& scope_;
  Diagnostics& diagnostics_;
};

}  // namespace

Checked<Value> decode_body(const hcl::Body& body, const Block& block, lang::Scope& scope,
                           const std::vector<std::string>& ignored_attributes,
                           const std::vector<std::string>& ignored_blocks) {
  Checked<Value> result;
  result.value = Decoder(scope, result.diagnostics).decode(body, block, nullptr, ignored_attributes, ignored_blocks);
  return result;
}

}  // namespace terrace::schema
