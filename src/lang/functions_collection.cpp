// Lists, sets, maps and objects: looking up, combining, taking apart.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "lang/convert.h"
#include "lang/function_tables.h"
#include "lang/graphemes.h"

namespace terrace::lang {

namespace {

bool is_list(const Value& v) {
  return v.type().kind() == TypeKind::kList;
}
bool is_set(const Value& v) {
  return v.type().kind() == TypeKind::kSet;
}
bool is_map(const Value& v) {
  return v.type().kind() == TypeKind::kMap;
}
bool is_tuple(const Value& v) {
  return v.type().is_tuple();
}
bool is_object(const Value& v) {
  return v.type().is_object();
}
bool is_sequence(const Value& v) {
  return is_list(v) || is_tuple(v) || is_set(v);
}
bool is_keyed(const Value& v) {
  return is_map(v) || is_object(v);
}

std::string key_at(const Value& v, std::size_t i) {
  return is_object(v) ? v.type().attributes()[i].name : v.keys()[i];
}

std::vector<Value> vector_of(const Value& v) {
  return {v.elements().begin(), v.elements().end()};
}

FunctionResult length(const Call& call) {
  const Value& v = call.arguments[0];
  const Type& type = v.type();
  if (type.is_tuple()) return Value::number(static_cast<int64_t>(type.elements().size()));
  if (type.is_object()) return Value::number(static_cast<int64_t>(type.attributes().size()));
  if (!v.is_known()) {
    Refinement refinement;
    refinement.not_null = true;
    return Value::unknown(Type::number(), refinement);
  }
  if (type.kind() == TypeKind::kString) return Value::number(static_cast<int64_t>(graphemes(v.as_string()).size()));
  if (!type.is_collection()) return call_error("argument must be a string, a collection type, or a structural type");
  if (is_set(v) && !v.is_wholly_known()) return Value::unknown(Type::number());
  return Value::number(static_cast<int64_t>(v.length()));
}

FunctionResult element(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_list(list) && !is_tuple(list)) {
    return call_error(is_set(list) ? "cannot read elements from set of " + list.type().element().friendly_name()
                                   : "cannot read elements from " + list.type().friendly_name());
  }
  std::optional<int64_t> index = call.arguments[1].as_number().to_int64();
  if (!index)
    return call_error(
        "invalid index: value must be a whole number, between -9223372036854775808 and 9223372036854775807");
  std::size_t count = is_tuple(list) ? list.type().elements().size() : list.is_known() ? list.length() : 0;
  if (!list.is_known()) return Value::unknown(is_list(list) ? list.type().element() : Type::dynamic());
  if (count == 0) return call_error("cannot use element function with an empty list");
  auto size = static_cast<int64_t>(count);
  int64_t at = ((*index % size) + size) % size;
  return list.elements()[static_cast<std::size_t>(at)];
}

FunctionResult index_of(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_list(list) && !is_tuple(list)) return call_error("argument must be a list or tuple");
  if (!list.is_known()) return Value::unknown(Type::number());
  if (list.length() == 0) return call_error("cannot search an empty list");
  for (std::size_t i = 0; i < list.length(); ++i) {
    Value same = list.elements()[i].equals(call.arguments[1]);
    if (!same.is_known()) return Value::unknown(Type::number());
    if (same.as_bool()) return Value::number(static_cast<int64_t>(i));
  }
  return call_error("item not found");
}

FunctionResult contains(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_sequence(list)) return call_error("argument must be list, tuple, or set");
  if (!list.is_known()) return Value::unknown(Type::boolean());
  bool unknown = false;
  for (const Value& each : list.elements()) {
    Value wanted = call.arguments[1];
    if (list.type().is_collection()) {
      if (Result<Value, ConvertError> converted = convert(wanted, list.type().element()))
        wanted = *std::move(converted);
    }
    Value same = each.equals(wanted);
    if (!same.is_known()) {
      unknown = true;
    } else if (same.as_bool()) {
      return Value::boolean(true);
    }
  }
  return unknown ? Value::unknown(Type::boolean()) : Value::boolean(false);
}

FunctionResult concat(const Call& call) {
  if (call.arguments.empty()) return call_error("at least one argument is required");
  std::vector<Value> all;
  bool lists = true;
  std::vector<Type> types;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const Value& argument = call.arguments[i];
    if (argument.is_known() && !is_list(argument) && !is_tuple(argument)) {
      return call_error(fmt::format("all arguments must be lists or tuples; got {}", argument.type().friendly_name()),
                        static_cast<int>(i));
    }
    if (!argument.is_known()) return Value::dynamic();
    lists = lists && is_list(argument);
    if (is_list(argument)) types.push_back(argument.type().element());
    all.insert(all.end(), argument.elements().begin(), argument.elements().end());
  }
  if (lists) {
    if (std::optional<Type> common = unify(types)) {
      for (Value& value : all) {
        Result<Value, ConvertError> converted = convert(value, *common);
        if (converted) value = *std::move(converted);
      }
      return Value::list(*common, std::move(all));
    }
  }
  return Value::tuple(std::move(all));
}

void flatten_into(const Value& value, std::vector<Value>& out, bool& known) {
  if (is_sequence(value) && value.has_content()) {
    for (const Value& element : value.elements()) flatten_into(element, out, known);
    return;
  }
  if (!value.is_known() && (value.type().is_dynamic() || is_sequence(value))) known = false;
  out.push_back(value);
}

FunctionResult flatten(const Call& call) {
  const Value& list = call.arguments[0];
  if (!list.is_known()) return Value::dynamic();
  if (!is_sequence(list)) return call_error("can only flatten lists, sets and tuples");
  std::vector<Value> out;
  bool known = true;
  flatten_into(list, out, known);
  if (!known) return Value::dynamic();
  return Value::tuple(std::move(out));
}

FunctionResult keys(const Call& call) {
  const Value& map = call.arguments[0];
  if (!is_keyed(map)) return call_error("must have map or object type", 0);
  if (is_object(map)) {
    std::vector<Value> names;
    for (const Type::Attribute& attribute : map.type().attributes()) names.push_back(Value::string(attribute.name));
    return Value::tuple(std::move(names));
  }
  if (!map.is_known()) return Value::unknown(Type::list(Type::string()));
  std::vector<Value> names;
  for (const std::string& key : map.keys()) names.push_back(Value::string(key));
  return Value::list(Type::string(), std::move(names));
}

FunctionResult values(const Call& call) {
  const Value& map = call.arguments[0];
  if (!is_keyed(map)) return call_error("values() requires a map as the first argument");
  if (!map.is_known()) return is_map(map) ? Value::unknown(Type::list(map.type().element())) : Value::dynamic();
  std::vector<Value> all = vector_of(map);
  if (is_object(map)) return Value::tuple(std::move(all));
  return Value::list(map.type().element(), std::move(all));
}

FunctionResult lookup(const Call& call) {
  const Value& map = call.arguments[0];
  if (!is_keyed(map)) return call_error("lookup() requires a map as the first argument", 0);
  if (!map.is_known() || !call.arguments[1].is_known())
    return is_map(map) ? Value::unknown(map.type().element()) : Value::dynamic();
  const std::string& key = call.arguments[1].as_string();
  const Value* found = is_object(map) ? map.find_attribute(key) : map.find_key(key);
  if (found != nullptr) return *found;
  if (call.arguments.size() < 3) return call_error(fmt::format("the given object has no attribute \"{}\"", key), 0);
  if (is_map(map)) {
    Result<Value, ConvertError> converted = convert(call.arguments[2], map.type().element());
    if (!converted) return call_error("the default value must have the same type as the map elements", 2);
    return *std::move(converted);
  }
  return call.arguments[2];
}

FunctionResult merge(const Call& call) {
  std::vector<Value::Member> members;
  bool all_maps = true;
  std::vector<Type> types;
  Marks marks = Marks::kNone;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const Value& argument = call.arguments[i];
    marks = marks | argument.marks();
    if (argument.is_null()) {
      continue;
    }
    if (!argument.is_known()) return Value::dynamic().with_marks(marks);
    if (!is_keyed(argument))
      return call_error(fmt::format("arguments must be maps or objects, got \"{}\"", argument.type().friendly_name()));
    all_maps = all_maps && is_map(argument);
    if (is_map(argument)) types.push_back(argument.type().element());
    for (std::size_t j = 0; j < argument.length(); ++j)
      members.emplace_back(key_at(argument, j), argument.elements()[j]);
  }
  if (call.arguments.empty()) return Value::object({});
  if (all_maps && !types.empty()) {
    bool same = std::all_of(types.begin(), types.end(), [&](const Type& t) { return t == types[0]; });
    if (same) return Value::map(types[0], std::move(members)).with_marks(marks);
  }
  if (all_maps && types.empty()) return Value::null(Type::dynamic()).with_marks(marks);
  return Value::object(std::move(members)).with_marks(marks);
}

FunctionResult zipmap(const Call& call) {
  const Value& names = call.arguments[0];
  const Value& all = call.arguments[1];
  if (!is_list(all) && !is_tuple(all)) return call_error("values argument must be a list or tuple value", 1);
  if (!names.is_known() || !all.is_known()) return Value::dynamic();
  if (names.length() != all.length())
    return call_error(
        fmt::format("number of keys ({}) does not match number of values ({})", names.length(), all.length()));
  std::vector<Value::Member> members;
  for (std::size_t i = 0; i < names.length(); ++i) {
    if (!names.elements()[i].is_known()) return Value::dynamic();
    if (names.elements()[i].is_null()) return call_error(fmt::format("keys list has null value at index {}", i));
    members.emplace_back(names.elements()[i].as_string(), all.elements()[i]);
  }
  if (is_tuple(all)) return Value::object(std::move(members));
  return Value::map(all.type().element(), std::move(members));
}

FunctionResult transpose(const Call& call) {
  const Value& map = call.arguments[0];
  if (!map.is_wholly_known()) return Value::unknown(Type::map(Type::list(Type::string())));
  std::map<std::string, std::vector<Value>> turned;
  for (std::size_t i = 0; i < map.length(); ++i) {
    for (const Value& each : map.elements()[i].elements()) {
      if (each.is_null()) return call_error("input list must not contain null string");
      turned[each.as_string()].push_back(Value::string(map.keys()[i]));
    }
  }
  std::vector<Value::Member> members;
  for (auto& [name, list] : turned) members.emplace_back(name, Value::list(Type::string(), std::move(list)));
  return Value::map(Type::list(Type::string()), std::move(members));
}

FunctionResult distinct(const Call& call) {
  const Value& list = call.arguments[0];
  if (!list.is_wholly_known()) return Value::unknown(list.type());
  std::vector<Value> kept;
  for (const Value& each : list.elements()) {
    bool seen = std::any_of(kept.begin(), kept.end(), [&](const Value& k) { return k.identical(each); });
    if (!seen) kept.push_back(each);
  }
  return Value::list(list.type().element(), std::move(kept));
}

FunctionResult reverse(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_sequence(list))
    return call_error("can only reverse list or tuple values, not " + list.type().friendly_name(), 0);
  if (!list.is_known()) return Value::unknown(is_set(list) ? Type::list(list.type().element()) : list.type());
  std::vector<Value> turned = vector_of(list);
  std::reverse(turned.begin(), turned.end());
  if (is_tuple(list)) return Value::tuple(std::move(turned));
  return Value::list(list.type().element(), std::move(turned));
}

FunctionResult slice(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_list(list) && !is_tuple(list)) {
    return call_error(is_set(list) ? "cannot slice a set, because its elements do not have indices; explicitly convert "
                                     "to a list if the ordering of the result is not important"
                                   : "must be a list or tuple value",
                      0);
  }
  if (!list.is_known()) return is_list(list) ? Value::unknown(list.type()) : Value::dynamic();
  std::optional<int64_t> from = call.arguments[1].as_number().to_int64();
  std::optional<int64_t> to = call.arguments[2].as_number().to_int64();
  auto count = static_cast<int64_t>(list.length());
  if (!from || *from < 0) return call_error("start index must not be less than zero", 1);
  if (*from > count) return call_error("start index must not be greater than the length of the list", 1);
  if (!to || *to > count) return call_error("end index must not be greater than the length of the list", 2);
  if (*from > *to) return call_error("start index must not be greater than end index", 1);
  std::vector<Value> part(list.elements().begin() + *from, list.elements().begin() + *to);
  if (is_tuple(list)) return Value::tuple(std::move(part));
  return Value::list(list.type().element(), std::move(part));
}

FunctionResult chunklist(const Call& call) {
  const Value& list = call.arguments[0];
  std::optional<int64_t> size = call.arguments[1].as_number().to_int64();
  if (!size || *size < 0) return call_error("the size argument must be positive");
  std::vector<Value> chunks;
  std::vector<Value> chunk;
  for (const Value& each : list.elements()) {
    chunk.push_back(each);
    if (*size > 0 && static_cast<int64_t>(chunk.size()) == *size) {
      chunks.push_back(Value::list(list.type().element(), std::move(chunk)));
      chunk.clear();
    }
  }
  if (!chunk.empty()) chunks.push_back(Value::list(list.type().element(), std::move(chunk)));
  return Value::list(list.type(), std::move(chunks));
}

FunctionResult coalesce(const Call& call) {
  if (call.arguments.empty()) return call_error("all arguments must have the same type");
  std::vector<Type> types;
  for (const Value& argument : call.arguments) {
    if (!(argument.is_null() && argument.type().is_dynamic())) types.push_back(argument.type());
  }
  std::optional<Type> common = unify(types);
  if (!common) return call_error("all arguments must have the same type");
  for (const Value& argument : call.arguments) {
    Result<Value, ConvertError> value = convert(argument, *common);
    if (!value) return call_error(value.error().message);
    if (!value->is_known()) return Value::unknown(*common);
    if (value->is_null()) continue;
    if (value->type().kind() == TypeKind::kString && value->as_string().empty()) continue;
    return *std::move(value);
  }
  return call_error("no non-null, non-empty-string arguments");
}

FunctionResult coalescelist(const Call& call) {
  if (call.arguments.empty()) return call_error("at least one argument is required");
  for (const Value& argument : call.arguments) {
    if (!argument.is_known()) return Value::dynamic();
    if (!is_list(argument) && !is_tuple(argument)) return call_error("coalescelist arguments must be lists or tuples");
    if (!argument.is_null() && argument.length() > 0) return argument;
  }
  return call_error("no non-null arguments");
}

FunctionResult compact(const Call& call) {
  const Value& list = call.arguments[0];
  if (!list.is_wholly_known()) return Value::unknown(Type::list(Type::string()));
  std::vector<Value> kept;
  for (const Value& each : list.elements()) {
    if (!each.is_null() && !each.as_string().empty()) kept.push_back(each);
  }
  return Value::list(Type::string(), std::move(kept));
}

FunctionResult matchkeys(const Call& call) {
  const Value& all = call.arguments[0];
  const Value& names = call.arguments[1];
  const Value& wanted = call.arguments[2];
  if (!all.is_known() || !names.is_wholly_known() || !wanted.is_wholly_known()) return Value::unknown(all.type());
  if (all.length() != names.length()) return call_error("length of keys and values should be equal");
  std::vector<Value> kept;
  for (std::size_t i = 0; i < all.length(); ++i) {
    bool match = std::any_of(wanted.elements().begin(), wanted.elements().end(), [&](const Value& w) {
      // Numbers and their texts are the same key.
      Result<Value, ConvertError> wanted_as_key = convert(w, names.elements()[i].type());
      Value same = names.elements()[i].equals(wanted_as_key ? *wanted_as_key : w);
      return same.is_known() && same.as_bool();
    });
    if (match) kept.push_back(all.elements()[i]);
  }
  return Value::list(all.type().element(), std::move(kept));
}

FunctionResult one(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_sequence(list)) return call_error("must be a list, set, or tuple value with either zero or one elements", 0);
  if (!list.is_known()) return list.type().is_collection() ? Value::unknown(list.type().element()) : Value::dynamic();
  if (list.length() == 0) return Value::null(list.type().is_collection() ? list.type().element() : Type::dynamic());
  if (list.length() > 1) return call_error("must be a list, set, or tuple value with either zero or one elements", 0);
  return list.elements()[0];
}

FunctionResult range(const Call& call) {
  if (call.arguments.empty()) return call_error("must have one, two, or three arguments");
  if (call.arguments.size() > 3) return call_error("must have one, two, or three arguments");
  Number start = 0, end = 0, step = 1;
  if (call.arguments.size() == 1) {
    end = call.arguments[0].as_number();
  } else {
    start = call.arguments[0].as_number();
    end = call.arguments[1].as_number();
  }
  if (call.arguments.size() == 3) {
    step = call.arguments[2].as_number();
  } else if (end < start) {
    step = -1;
  }
  if (call.arguments.size() == 3 && step.sign() < 0 && end > start)
    return call_error("end must be less than start when step is negative", 2);
  if (call.arguments.size() == 3 && step.sign() > 0 && end < start)
    return call_error("must use a negative step when start is greater than end", 2);
  std::vector<Value> numbers;
  for (Number at = start; step.sign() < 0 ? at > end : at < end; at = at + step) {
    if (numbers.size() >= 1024)
      return call_error(
          "more than 1024 values were generated; either decrease the difference between start and end or use a smaller "
          "step");
    numbers.push_back(Value::number(at));
  }
  return Value::list(Type::number(), std::move(numbers));
}

FunctionResult sum(const Call& call) {
  const Value& list = call.arguments[0];
  if (!is_sequence(list))
    return call_error(fmt::format("argument must be list, set, or tuple. Received {}", list.type().friendly_name()), 0);
  if (!list.is_wholly_known()) return Value::unknown(Type::number());
  if (list.length() == 0) return call_error("cannot sum an empty list", 0);
  Number total = 0;
  for (const Value& each : list.elements()) {
    Result<Value, ConvertError> number = convert(each, Type::number());
    if (!number || number->is_null()) return call_error("argument must be list, set, or tuple of number values", 0);
    total = total + number->as_number();
  }
  return Value::number(total);
}

FunctionResult all_or_any(const Call& call, bool all) {
  const Value& list = call.arguments[0];
  if (!list.is_known()) return Value::unknown(Type::boolean());
  bool unknown = false;
  for (const Value& each : list.elements()) {
    if (!each.is_known()) {
      unknown = true;
    } else if (each.is_null() ? all : each.as_bool() != all) {
      return Value::boolean(!all);
    }
  }
  return unknown ? Value::unknown(Type::boolean()) : Value::boolean(all);
}
FunctionResult alltrue(const Call& call) {
  return all_or_any(call, true);
}
FunctionResult anytrue(const Call& call) {
  return all_or_any(call, false);
}

// --- sets

FunctionResult set_operation(const Call& call,
                             bool (*keep)(std::size_t in_first, std::size_t in_rest, std::size_t rest)) {
  std::vector<Type> types;
  for (const Value& set : call.arguments) {
    if (!set.is_wholly_known()) return Value::unknown(Type::set(set.type().element()));
    if (set.length() > 0) types.push_back(set.type().element());
  }
  std::optional<Type> common = unify(types);
  if (!common) return call_error("given sets must all have compatible element types");
  std::vector<Value> sets;
  for (const Value& set : call.arguments) {
    Result<Value, ConvertError> converted = convert(set, Type::set(*common));
    if (!converted) return call_error(converted.error().message);
    sets.push_back(*std::move(converted));
  }
  std::vector<Value> all, kept;
  for (const Value& set : sets) all.insert(all.end(), set.elements().begin(), set.elements().end());
  for (const Value& each : all) {
    std::size_t rest = 0;
    for (std::size_t i = 1; i < sets.size(); ++i) rest += sets[i].set_has(each) ? 1 : 0;
    if (keep(sets[0].set_has(each) ? 1 : 0, rest, sets.size() - 1)) kept.push_back(each);
  }
  return Value::set(*common, std::move(kept));
}

FunctionResult setunion(const Call& call) {
  return set_operation(call, [](std::size_t, std::size_t, std::size_t) { return true; });
}
FunctionResult setintersection(const Call& call) {
  return set_operation(
      call, [](std::size_t first, std::size_t in_rest, std::size_t rest) { return first == 1 && in_rest == rest; });
}
FunctionResult setsubtract(const Call& call) {
  return set_operation(call,
                       [](std::size_t first, std::size_t in_rest, std::size_t) { return first == 1 && in_rest == 0; });
}

FunctionResult setproduct(const Call& call) {
  if (call.arguments.size() < 2) return call_error("at least two arguments are required");
  bool sets = true;
  std::vector<Type> types;
  std::size_t total = 1;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const Value& argument = call.arguments[i];
    if (!is_sequence(argument)) return call_error("a set or a list is required", static_cast<int>(i));
    if (!argument.is_known()) return Value::dynamic();
    sets = sets && is_set(argument);
    total *= argument.length();
    if (argument.type().is_collection()) {
      types.push_back(argument.type().element());
    } else {
      std::optional<Type> common = unify(argument.type().elements());
      if (!common) return call_error("all elements must be of the same type", static_cast<int>(i));
      types.push_back(*common);
    }
  }
  Type tuple = Type::tuple(types);
  std::vector<Value> product;
  for (std::size_t n = 0; n < total; ++n) {
    std::vector<Value> elements(call.arguments.size());
    std::size_t rest = n;
    for (std::size_t i = call.arguments.size(); i-- > 0;) {
      const Value& argument = call.arguments[i];
      Result<Value, ConvertError> converted = convert(argument.elements()[rest % argument.length()], types[i]);
      if (!converted) return call_error(converted.error().message, static_cast<int>(i));
      elements[i] = *std::move(converted);
      rest /= argument.length();
    }
    product.push_back(Value::tuple(std::move(elements)));
  }
  return sets ? Value::set(tuple, std::move(product)) : Value::list(tuple, std::move(product));
}

}  // namespace

const std::vector<Function>& collection_functions() {
  static const Type kAny = Type::dynamic();
  static const Parameter kOpen{"value", kAny, false, true};
  static const Parameter kSets{"sets", Type::set(kAny)};
  static const std::vector<Function> kTable = {
      {"alltrue", {{"list", Type::list(Type::boolean()), false, true}}, std::nullopt, Type::boolean(), alltrue},
      {"anytrue", {{"list", Type::list(Type::boolean()), false, true}}, std::nullopt, Type::boolean(), anytrue},
      {"chunklist", {{"list", Type::list(kAny)}, {"size", Type::number()}}, std::nullopt, kAny, chunklist},
      {"coalesce", {}, Parameter{"vals", kAny, true, true}, kAny, coalesce},
      {"coalescelist", {}, Parameter{"vals", kAny, true, true}, kAny, coalescelist},
      {"compact", {{"list", Type::list(Type::string())}}, std::nullopt, Type::list(Type::string()), compact},
      {"concat", {}, Parameter{"seqs", kAny, false, true}, kAny, concat},
      {"contains", {{"list", kAny, false, true}, {"value", kAny, true, true}}, std::nullopt, Type::boolean(), contains},
      {"distinct", {{"list", Type::list(kAny), false, true}}, std::nullopt, kAny, distinct},
      {"element", {{"list", kAny, false, true}, {"index", Type::number()}}, std::nullopt, kAny, element},
      {"flatten", {{"list", kAny, false, true}}, std::nullopt, kAny, flatten},
      {"index", {{"list", kAny}, {"value", kAny}}, std::nullopt, Type::number(), index_of},
      {"keys", {{"inputMap", kAny, false, true}}, std::nullopt, kAny, keys},
      {"length", {{"value", kAny, false, true}}, std::nullopt, Type::number(), length},
      {"lookup",
       {{"inputMap", kAny, false, true}, {"key", Type::string(), false, true}},
       Parameter{"default", kAny, true, true},
       kAny,
       lookup},
      {"matchkeys",
       {{"values", Type::list(kAny), false, true},
        {"keys", Type::list(kAny), false, true},
        {"searchset", Type::list(kAny), false, true}},
       std::nullopt,
       kAny,
       matchkeys},
      {"merge", {}, Parameter{"maps", kAny, true, true, true}, kAny, merge},
      {"one", {{"list", kAny, false, true}}, std::nullopt, kAny, one},
      {"range", {}, Parameter{"params", Type::number()}, Type::list(Type::number()), range},
      {"reverse", {{"list", kAny, false, true}}, std::nullopt, kAny, reverse},
      {"setintersection",
       {{"first_set", Type::set(kAny), false, true}},
       Parameter{"other_sets", Type::set(kAny), false, true},
       kAny,
       setintersection},
      {"setproduct", {}, Parameter{"sets", kAny, false, true}, kAny, setproduct},
      {"setsubtract",
       {{"a", Type::set(kAny), false, true}, {"b", Type::set(kAny), false, true}},
       std::nullopt,
       kAny,
       setsubtract},
      {"setunion",
       {{"first_set", Type::set(kAny), false, true}},
       Parameter{"other_sets", Type::set(kAny), false, true},
       kAny,
       setunion},
      {"slice",
       {{"list", kAny, false, true}, {"start_index", Type::number()}, {"end_index", Type::number()}},
       std::nullopt,
       kAny,
       slice},
      {"sum", {{"list", kAny, false, true}}, std::nullopt, Type::number(), sum},
      {"transpose",
       {{"values", Type::map(Type::list(Type::string()))}},
       std::nullopt,
       Type::map(Type::list(Type::string())),
       transpose},
      {"values", {{"mapping", kAny, false, true}}, std::nullopt, kAny, values},
      {"zipmap",
       {{"keys", Type::list(Type::string()), false, true}, {"values", kAny, false, true}},
       std::nullopt,
       kAny,
       zipmap},
  };
  return kTable;
}

}  // namespace terrace::lang
