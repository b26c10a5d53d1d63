#include "aws/values.h"

#include "lang/convert.h"

namespace terrace::aws {

using lang::Type;
using lang::TypeKind;
using lang::Value;
using nlohmann::json;

json to_json(const Value& value) {
  if (!value.has_content()) return nullptr;
  const Type& type = value.type();
  switch (type.kind()) {
    case TypeKind::kString:
      return value.as_string();
    case TypeKind::kBool:
      return value.as_bool();
    case TypeKind::kNumber: {
      std::optional<int64_t> integer = value.as_number().to_int64();
      return integer ? json(*integer) : json(value.as_number().to_double());
    }
    case TypeKind::kMap:
    case TypeKind::kObject: {
      json object = json::object();
      for (std::size_t i = 0; i < value.length(); ++i)
        object[type.is_object() ? type.attributes()[i].name : value.keys()[i]] = to_json(value.elements()[i]);
      return object;
    }
    default: {
      json array = json::array();
      for (const Value& element : value.elements()) array.push_back(to_json(element));
      return array;
    }
  }
}

Value from_json(const json& from, const Type& type) {
  if (from.is_null()) return Value::null(type);
  switch (type.kind()) {
    case TypeKind::kObject: {
      if (!from.is_object()) return Value::null(type);
      std::vector<Value> attributes;
      for (const Type::Attribute& attribute : type.attributes()) {
        auto found = from.find(attribute.name);
        attributes.push_back(from_json(found == from.end() ? json(nullptr) : *found, attribute.type));
      }
      return Value::object(type, std::move(attributes));
    }
    case TypeKind::kMap: {
      if (!from.is_object()) return Value::null(type);
      std::vector<Value::Member> members;
      for (const auto& [key, each] : from.items()) members.emplace_back(key, from_json(each, type.element()));
      return Value::map(type.element(), std::move(members));
    }
    case TypeKind::kList:
    case TypeKind::kSet: {
      if (!from.is_array()) return Value::null(type);
      std::vector<Value> elements;
      for (const json& each : from) elements.push_back(from_json(each, type.element()));
      return type.kind() == TypeKind::kSet ? Value::set(type.element(), std::move(elements))
                                           : Value::list(type.element(), std::move(elements));
    }
    default:
      break;
  }
  Value value;
  if (from.is_string()) value = Value::string(from.get<std::string>());
  if (from.is_boolean()) value = Value::boolean(from.get<bool>());
  if (from.is_number()) value = Value::number(*lang::Number::parse(from.dump()));
  Result<Value, lang::ConvertError> converted = lang::convert(value, type);
  return converted ? *std::move(converted) : Value::null(type);
}

}  // namespace terrace::aws
