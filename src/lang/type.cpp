#include "lang/type.h"

#include <algorithm>
#include <cassert>

namespace terrace::lang {

struct Type::Node {
  Type element;
  std::vector<Attribute> attributes;
  std::vector<Type> elements;
};

Type::Type(TypeKind kind, Type element)
    : kind_(kind), node_(std::make_shared<Node>(Node{std::move(element), {}, {}})) {}

Type Type::object(std::vector<Attribute> attributes) {
  std::sort(attributes.begin(), attributes.end(),
            [](const Attribute& a, const Attribute& b) { return a.name < b.name; });
  Type type(TypeKind::kObject);
  type.node_ = std::make_shared<Node>(Node{Type(), std::move(attributes), {}});
  return type;
}

Type Type::tuple(std::vector<Type> elements) {
  Type type(TypeKind::kTuple);
  type.node_ = std::make_shared<Node>(Node{Type(), {}, std::move(elements)});
  return type;
}

const Type& Type::element() const {
  assert(is_collection());
  return node_->element;
}

const std::vector<Type::Attribute>& Type::attributes() const {
  assert(is_object());
  return node_->attributes;
}

const std::vector<Type>& Type::elements() const {
  assert(is_tuple());
  return node_->elements;
}

int Type::attribute_index(std::string_view name) const {
  const std::vector<Attribute>& all = attributes();
  auto found = std::lower_bound(all.begin(), all.end(), name, [](const Attribute& attribute, std::string_view wanted) {
    return attribute.name < wanted;
  });
  return found != all.end() && found->name == name ? static_cast<int>(found - all.begin()) : -1;
}

const Type::Attribute* Type::find_attribute(std::string_view name) const {
  int index = attribute_index(name);
  return index < 0 ? nullptr : &attributes()[static_cast<std::size_t>(index)];
}

bool Type::has_dynamic() const {
  switch (kind_) {
    case TypeKind::kDynamic:
      return true;
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kMap:
      return element().has_dynamic();
    case TypeKind::kObject:
      return std::any_of(attributes().begin(), attributes().end(),
                         [](const Attribute& a) { return a.type.has_dynamic(); });
    case TypeKind::kTuple:
      return std::any_of(elements().begin(), elements().end(), [](const Type& t) { return t.has_dynamic(); });
    default:
      return false;
  }
}

bool operator==(const Type& a, const Type& b) {
  if (a.kind_ != b.kind_) return false;
  if (a.node_ == b.node_) return true;
  if (a.is_collection()) return a.element() == b.element();
  if (a.is_tuple()) return a.elements() == b.elements();
  const std::vector<Type::Attribute>& left = a.attributes();
  const std::vector<Type::Attribute>& right = b.attributes();
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Type::Attribute& x, const Type::Attribute& y) {
                      return x.name == y.name && x.optional == y.optional && x.type == y.type;
                    });
}

std::string Type::friendly_name() const {
  switch (kind_) {
    case TypeKind::kDynamic:
      return "dynamic";
    case TypeKind::kString:
      return "string";
    case TypeKind::kNumber:
      return "number";
    case TypeKind::kBool:
      return "bool";
    case TypeKind::kList:
      return "list of " + element().friendly_name();
    case TypeKind::kSet:
      return "set of " + element().friendly_name();
    case TypeKind::kMap:
      return "map of " + element().friendly_name();
    case TypeKind::kObject:
      return "object";
    case TypeKind::kTuple:
      return "tuple";
  }
  return "dynamic";
}

std::string Type::constraint_text() const {
  switch (kind_) {
    case TypeKind::kDynamic:
      return "any";
    case TypeKind::kList:
      return "list(" + element().constraint_text() + ")";
    case TypeKind::kSet:
      return "set(" + element().constraint_text() + ")";
    case TypeKind::kMap:
      return "map(" + element().constraint_text() + ")";
    case TypeKind::kObject: {
      std::string text;
      for (const Attribute& attribute : attributes()) {
        std::string type = attribute.type.constraint_text();
        text +=
            (text.empty() ? "" : ", ") + attribute.name + "=" + (attribute.optional ? "optional(" + type + ")" : type);
      }
      return "object({" + text + "})";
    }
    case TypeKind::kTuple: {
      std::string text;
      for (const Type& element : elements()) text += (text.empty() ? "" : ", ") + element.constraint_text();
      return "tuple([" + text + "])";
    }
    default:
      return friendly_name();
  }
}

}  // namespace terrace::lang
