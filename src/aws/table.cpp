#include "aws/table.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "hcl/parser.h"
#include "lang/type_constraint.h"

namespace terrace::aws {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  int brackets = 0;
  bool quoted = false;
  std::size_t start = std::string_view::npos;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    char c = i < line.size() ? line[i] : ' ';
    if (c == '"') quoted = !quoted;
    if (c == '(' || c == '[' || (c == '{' && start != std::string_view::npos)) ++brackets;
    if (c == ')' || c == ']' || (c == '}' && brackets > 0)) --brackets;
    if (c == ' ' && brackets == 0 && !quoted) {
      if (start != std::string_view::npos) words.push_back(line.substr(start, i - start));
      start = std::string_view::npos;
    } else if (start == std::string_view::npos) {
      start = i;
    }
  }
  return words;
}

std::vector<std::string> split_bar(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find('|', at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

class TableReader {
 public:
  explicit TableReader(std::string_view text) : text_(text) {}

  std::vector<Row> rows(bool nested) {
    std::vector<Row> found;
    while (at_ < text_.size() && problem.empty()) {
      std::size_t end = std::min(text_.find('\n', at_), text_.size());
      std::string_view line = text_.substr(at_, end - at_);
      at_ = end + 1;
      std::vector<std::string_view> words = words_of(line);
      if (words.empty()) continue;
      if (words[0] == "}") {
        if (!nested) problem = "a closing brace too many";
        return found;
      }
      found.push_back(words[0] == "block" ? block(words) : attribute(words));
    }
    if (nested && problem.empty()) problem = "a closing brace is missing";
    return found;
  }

  std::string problem;

 private:
  Row block(const std::vector<std::string_view>& words) {
    Row row;
    row.is_block = true;
    if (words.size() < 4 || words.back() != "{") {
      problem = "block NAME NESTING ... { is expected";
      return row;
    }
    row.name = words[1];
    row.nesting = words[2] == "set"      ? schema::Nesting::kSet
                  : words[2] == "single" ? schema::Nesting::kSingle
                                         : schema::Nesting::kList;
    row.api = camel_case(row.name);
    for (std::size_t i = 3; i + 1 < words.size(); ++i) {
      std::string_view word = words[i];
      if (word.starts_with("min=")) {
        row.min_items = std::stoi(std::string(word.substr(4)));
      } else if (word.starts_with("max=")) {
        row.max_items = std::stoi(std::string(word.substr(4)));
      } else if (word.starts_with("api=")) {
        row.api = word.substr(4);
      } else if (word == "new") {
        row.force_new = true;
      } else {
        problem = fmt::format("block {}: {} means nothing", row.name, word);
      }
    }
    row.rows = rows(true);
    return row;
  }

  Row attribute(const std::vector<std::string_view>& words) {
    Row row;
    if (words.size() < 3) {
      problem = fmt::format("{}: NAME TYPE MODES is expected", words[0]);
      return row;
    }
    row.name = words[0];
    row.type = words[1];
    row.api = camel_case(row.name);
    for (char mode : words[2]) {
      row.required = row.required || mode == 'r';
      row.optional = row.optional || mode == 'o';
      row.computed = row.computed || mode == 'c';
    }
    for (std::size_t i = 3; i < words.size(); ++i) {
      std::string_view word = words[i];
      if (word == "new") {
        row.force_new = true;
      } else if (word == "secret") {
        row.secret = true;
      } else if (word == "wo") {
        row.write_only = true;
      } else if (word == "policy") {
        row.policy = true;
      } else if (word.starts_with("api=")) {
        row.api = word.substr(4);
      } else if (word.starts_with("default=")) {
        row.default_value = Json::parse(word.substr(8), nullptr, false);
      } else if (word.starts_with("one_of=")) {
        row.one_of = split_bar(word.substr(7));
      } else {
        problem = fmt::format("{}: {} means nothing", row.name, word);
      }
    }
    if (!row.required && !row.optional && !row.computed) problem = fmt::format("{}: no mode", row.name);
    return row;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

lang::Type type_of(const std::string& text) {
  auto source = std::make_shared<SourceFile>(SourceFile{"table", text});
  Checked<hcl::ExpressionPtr> expression = hcl::parse_expression(*source);
  assert(expression.value);
  Checked<lang::TypeConstraint> constraint = lang::parse_type_constraint(*expression.value);
  assert(!constraint.diagnostics.has_errors());
  return constraint.value.type;
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         ((value.is_array() || value.is_object()) && value.empty());
}

bool is_zero(const Json& value) {
  return is_empty(value) || value == Json(false) || (value.is_number() && value == Json(0));
}

// A value as the shape has it: the provider keeps some booleans and numbers as strings.
Json coerced(const Json& value, const Shape& shape) {
  switch (shape.type) {
    case ShapeType::kBoolean:
      if (value.is_string()) return value == "true" || value == "1";
      return value;
    case ShapeType::kInteger:
      if (value.is_string()) return std::strtoll(value.get_ref<const std::string&>().c_str(), nullptr, 10);
      if (value.is_number_float()) return static_cast<int64_t>(value.get<double>());
      return value;
    case ShapeType::kFloat:
      if (value.is_string()) return std::strtod(value.get_ref<const std::string&>().c_str(), nullptr);
      return value;
    case ShapeType::kString:
    case ShapeType::kTimestamp:
      if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
      if (value.is_number()) return value.dump();
      return value;
    case ShapeType::kList: {
      if (value.is_object()) {
        Json tags = Json::array();
        for (const auto& [key, text] : value.items()) {
          Json tag = Json::object();
          tag["Key"] = key;
          tag["Value"] = text;
          tags.push_back(std::move(tag));
        }
        return tags;
      }
      Json list = Json::array();
      for (const Json& element : value) list.push_back(coerced(element, *shape.element.shape));
      return list;
    }
    default:
      return value;
  }
}

// A value of the API as the row's type has it.
Json adapted(const Row& row, const Json& value) {
  if (row.type == "string" && value.is_number_float() && value.get<double>() == std::floor(value.get<double>()))
    return std::to_string(static_cast<int64_t>(value.get<double>()));
  if (row.type == "string" && !value.is_string() && !value.is_null())
    return value.is_boolean() ? Json(value.get<bool>() ? "true" : "false") : Json(value.dump());
  if (row.type == "map(string)" && value.is_array()) {
    Json map = Json::object();
    for (const Json& tag : value) {
      if (tag.contains("Key")) map[tag["Key"].get<std::string>()] = tag.value("Value", std::string());
    }
    return map;
  }
  return value;
}

// The place of the block in `blocks` that shares the most values with the API's `object`: sets come in any order.
std::size_t most_alike(const std::vector<Row>& rows, const Json& object, const Json& blocks) {
  std::size_t best = blocks.size();
  int most = -1;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    int same = 0;
    for (const Row& row : rows) {
      auto given = object.find(row.api);
      if (row.is_block || given == object.end()) continue;
      same += blocks[i].is_object() && blocks[i].value(row.name, Json()) == adapted(row, *given) ? 1 : 0;
    }
    if (same > most) {
      most = same;
      best = i;
    }
  }
  return best;
}

}  // namespace

const Row* Row::find(std::string_view wanted) const {
  for (const Row& row : rows) {
    if (row.name == wanted) return &row;
  }
  return nullptr;
}

Result<std::vector<Row>, std::string> parse_rows(std::string_view text) {
  TableReader reader(text);
  std::vector<Row> rows = reader.rows(false);
  if (!reader.problem.empty()) return Failure<std::string>{reader.problem};
  return rows;
}

schema::Block block_of(const std::vector<Row>& rows) {
  schema::Block block;
  for (const Row& row : rows) {
    if (row.is_block) {
      schema::NestedBlock nested;
      nested.name = row.name;
      nested.nesting = row.nesting;
      nested.min_items = row.min_items;
      nested.max_items = row.max_items;
      nested.block = block_of(row.rows);
      block.blocks.push_back(std::move(nested));
      continue;
    }
    schema::Attribute attribute;
    attribute.name = row.name;
    attribute.type = type_of(row.type);
    attribute.required = row.required;
    attribute.optional = row.optional;
    attribute.computed = row.computed;
    attribute.sensitive = row.secret;
    attribute.write_only = row.write_only;
    block.attributes.push_back(std::move(attribute));
  }
  auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(block.attributes.begin(), block.attributes.end(), by_name);
  std::sort(block.blocks.begin(), block.blocks.end(), by_name);
  return block;
}

std::string camel_case(std::string_view name) {
  std::string camel;
  bool upper = true;
  for (char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper ? static_cast<char>(std::toupper(c)) : c;
      upper = false;
    }
  }
  return camel;
}

Json to_api(const std::vector<Row>& rows, const Json& attributes, const Shape& shape) {
  Json params = Json::object();
  for (const Row& row : rows) {
    if (row.api == "-" || (!row.is_block && !row.required && !row.optional)) continue;
    const Member* member = shape.member(row.api);
    auto given = attributes.find(row.name);
    if (member == nullptr || given == attributes.end() || is_empty(*given)) continue;
    const Shape& target = *member->reference.shape;
    if (!row.is_block) {
      params[row.api] = coerced(*given, target);
      continue;
    }
    // A block that occurs once may be a structure in the API, one that repeats a list.
    if (target.type == ShapeType::kList) {
      Json list = Json::array();
      for (const Json& each : given->is_array() ? *given : Json::array({*given}))
        list.push_back(to_api(row.rows, each, *target.element.shape));
      params[row.api] = std::move(list);
    } else if (target.type == ShapeType::kStructure) {
      const Json& one = given->is_array() ? given->at(0) : *given;
      if (one.is_object()) params[row.api] = to_api(row.rows, one, target);
    }
  }
  return params;
}

Json from_api(const std::vector<Row>& rows, const Json& object, const Json& current, Blocks blocks) {
  Json state = current.is_object() ? current : Json::object();
  for (const Row& row : rows) {
    if (row.api == "-") continue;
    auto given = object.find(row.api);
    const Json before = state.contains(row.name) ? state[row.name] : Json(nullptr);
    if (row.is_block) {
      bool configured = before.is_array() && !before.empty();
      bool all = blocks == Blocks::kAll && row.nesting != schema::Nesting::kSingle;
      if (!all && (given == object.end() || !configured)) continue;
      std::vector<Json> objects;
      if (given != object.end() && given->is_array()) {
        objects.assign(given->begin(), given->end());
      } else if (given != object.end() && given->is_object() && (configured || !given->empty())) {
        objects.push_back(*given);
      }
      Json old = configured ? before : Json::array();
      Json list = Json::array();
      for (const Json& each : objects) {
        std::size_t like = row.nesting == schema::Nesting::kSet ? most_alike(row.rows, each, old) : 0;
        Json one = like < old.size() ? old[like] : Json::object();
        if (like < old.size()) old.erase(like);
        list.push_back(from_api(row.rows, each, one, blocks));
      }
      state[row.name] = std::move(list);
      continue;
    }
    if (given == object.end()) continue;
    Json value = adapted(row, *given);
    if (!row.computed && !row.required && before.is_null() && is_zero(value)) continue;
    state[row.name] = std::move(value);
  }
  return state;
}

bool Context::changed(std::string_view attribute) const {
  std::string name(attribute);
  Json before = prior.is_object() && prior.contains(name) ? prior[name] : Json(nullptr);
  Json after = planned.is_object() && planned.contains(name) ? planned[name] : Json(nullptr);
  return before != after;
}

std::string Context::text(std::string_view attribute) const {
  std::string name(attribute);
  for (const Json* from : {&state, &planned, &prior}) {
    if (from->is_object() && from->contains(name) && (*from)[name].is_string()) return (*from)[name].get<std::string>();
  }
  return {};
}

std::string Context::described() const {
  std::string words = type.title[0] == '\0' ? "" : std::string(" ") + type.title;
  std::string id = text("id");
  return id.empty() ? words : words + " (" + id + ")";
}

bool Context::fail(const ApiError& error, std::string what) {
  diagnostics.error(
      fmt::format("{}{}: {}", what, described(), error.describe()),
      error.maybe_done
          ? "The request may have been carried out although its answer was lost; the next plan reads what exists."
          : "");
  return false;
}

bool Context::fail(std::string what, std::string why) {
  diagnostics.error(fmt::format("{}{}: {}", what, described(), why), "");
  return false;
}

}  // namespace terrace::aws
