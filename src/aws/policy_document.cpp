// The data source's document. What hashicorp/aws writes follows from Go: members in the order of its structures, maps
// by key, sets by the hash of their elements; a list of one value in an argument becomes the value, longer ones are
// sorted from the last to the first.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "aws/policy.h"
#include "lang/json.h"

namespace terrace::aws {

namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;
using Strings = std::vector<std::string>;
using Names = std::variant<std::string, Strings>;  // one value alone, or a list

struct Principal {
  std::string type;
  Names identifiers;
};
struct Condition {
  std::string test, variable;
  Strings values;
};
struct Statement {
  std::string sid, effect;
  Ordered actions, not_actions, resources, not_resources;  // null where there are none
  std::vector<Principal> principals, not_principals;
  std::vector<Condition> conditions;
};
struct Document {
  std::string version, id;
  std::vector<Statement> statements;
};

// The first thing that is wrong; what is made after it is thrown away.
struct Problem {
  std::string text;
  void say(std::string what) {
    if (text.empty()) text = std::move(what);
  }
};

// --- from the arguments

std::string text_of(const Json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Strings strings_of(const Json& object, const char* name) {
  Strings strings;
  auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return strings;
  for (const Json& each : *found) {
    if (each.is_string()) strings.push_back(each.get<std::string>());
  }
  return strings;
}

std::string hash_of(const std::string& text) {
  return std::to_string(crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

// A set's elements in the order in which Terraform's SDK walks them: by the text of their hashes.
template <typename Element, typename Serialized>
void sort_as_set(std::vector<Element>& elements, Serialized serialized) {
  std::stable_sort(elements.begin(), elements.end(),
                   [&](const Element& a, const Element& b) { return hash_of(serialized(a)) < hash_of(serialized(b)); });
}

Names names_of(Strings strings) {
  if (strings.size() == 1) return strings[0];
  std::sort(strings.rbegin(), strings.rend());
  return strings;
}

Ordered json_of(const Names& names) {
  if (const std::string* one = std::get_if<std::string>(&names)) return *one;
  return std::get<Strings>(names);
}

// &{...} is how a configuration writes the variables of policies: ${...} would be Terraform's.
Strings with_variables(Strings strings, const std::string& version, const char* what, Problem& problem) {
  for (std::string& text : strings) {
    std::size_t at = text.find("&{");
    if (at != std::string::npos && version == "2008-10-17") {
      problem.say(fmt::format(
          "reading {}: found &{{ sequence in ({}), which is not supported in document version 2008-10-17", what, text));
    }
    for (; at != std::string::npos; at = text.find("&{", at)) text[at] = '$';
  }
  return strings;
}

std::vector<Principal> principals_of(const Json& statement, const char* name, const std::string& version,
                                     Problem& problem) {
  struct Given {
    std::string type;
    Strings identifiers;
  };
  std::vector<Given> given;
  for (const Json& block : statement.value(name, Json::array())) {
    Given one{text_of(block, "type"), strings_of(block, "identifiers")};
    sort_as_set(one.identifiers, [](const std::string& text) { return text + ";"; });
    given.push_back(std::move(one));
  }
  sort_as_set(given, [](const Given& one) {
    std::string text = "identifiers:{";
    for (const std::string& identifier : one.identifiers) text += identifier + ";";
    return text + "};type:" + one.type + ";";
  });
  std::vector<Principal> principals;
  for (Given& one : given)
    principals.push_back({one.type, names_of(with_variables(std::move(one.identifiers), version, name, problem))});
  return principals;
}

std::vector<Condition> conditions_of(const Json& statement, const std::string& version, Problem& problem) {
  std::vector<Condition> conditions;
  for (const Json& block : statement.value("condition", Json::array()))
    conditions.push_back({text_of(block, "test"), text_of(block, "variable"), strings_of(block, "values")});
  sort_as_set(conditions, [](const Condition& one) {
    std::string text = "test:" + one.test + ";values:(";
    for (const std::string& value : one.values) text += value + ";";
    return text + ");variable:" + one.variable + ";";
  });
  for (Condition& one : conditions) one.values = with_variables(std::move(one.values), version, "condition", problem);
  return conditions;
}

Ordered listed(const Json& statement, const char* name) {
  Strings strings = strings_of(statement, name);
  return strings.empty() ? Ordered() : json_of(names_of(std::move(strings)));
}

Ordered listed_with_variables(const Json& statement, const char* name, const std::string& version, Problem& problem) {
  Strings strings = with_variables(strings_of(statement, name), version, name, problem);
  return strings.empty() ? Ordered() : json_of(names_of(std::move(strings)));
}

Document document_of(const Json& arguments, Problem& problem) {
  Document document{text_of(arguments, "version"), text_of(arguments, "policy_id"), {}};
  std::set<std::string> sids;
  for (const Json& block : arguments.value("statement", Json::array())) {
    Statement statement;
    statement.sid = text_of(block, "sid");
    statement.effect = text_of(block, "effect");
    if (!statement.sid.empty() && !sids.insert(statement.sid).second)
      problem.say(fmt::format("duplicate Sid ({}). Remove the Sid or ensure the Sid is unique.", statement.sid));
    statement.actions = listed(block, "actions");
    statement.not_actions = listed(block, "not_actions");
    statement.resources = listed_with_variables(block, "resources", document.version, problem);
    statement.not_resources = listed_with_variables(block, "not_resources", document.version, problem);
    statement.principals = principals_of(block, "principals", document.version, problem);
    statement.not_principals = principals_of(block, "not_principals", document.version, problem);
    statement.conditions = conditions_of(block, document.version, problem);
    document.statements.push_back(std::move(statement));
  }
  return document;
}

// --- from another document

// Go finds members whatever the case of their letters.
std::optional<Ordered> member(const Ordered& object, std::string_view name) {
  auto lower = [](std::string_view text) {
    std::string small(text);
    for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return small;
  };
  std::optional<Ordered> found;
  for (const auto& [key, value] : object.items()) {
    if (lower(key) == lower(name) && !value.is_null()) found = value;
  }
  return found;
}

std::string text_member(const Ordered& object, std::string_view name, Problem& problem) {
  std::optional<Ordered> found = member(object, name);
  if (!found) return {};
  if (found->is_string()) return found->get<std::string>();
  problem.say(fmt::format("{} must be a string", name));
  return {};
}

std::vector<Principal> parse_principals(const Ordered& statement, const char* name, Problem& problem) {
  std::vector<Principal> principals;
  std::optional<Ordered> found = member(statement, name);
  if (!found) return principals;
  if (found->is_string()) return {{"*", Strings{"*"}}};
  if (!found->is_object()) {
    problem.say(fmt::format("{} must be \"*\" or an object", name));
    return principals;
  }
  for (const auto& [type, value] : found->items()) {
    Names identifiers;
    if (value.is_string()) {
      identifiers = value.get<std::string>();
    } else if (value.is_array() &&
               std::all_of(value.begin(), value.end(), [](const Ordered& each) { return each.is_string(); })) {
      identifiers = value.get<Strings>();
    } else {
      problem.say(fmt::format("{}.{} must be a string or a list of strings", name, type));
    }
    principals.push_back({type, std::move(identifiers)});
  }
  return principals;
}

std::vector<Condition> parse_conditions(const Ordered& statement, Problem& problem) {
  std::vector<Condition> conditions;
  std::optional<Ordered> found = member(statement, "Condition");
  if (!found) return conditions;
  if (!found->is_object()) {
    problem.say("Condition must be an object");
    return conditions;
  }
  for (const auto& [test, variables] : found->items()) {
    if (!variables.is_object()) {
      problem.say(fmt::format("Condition.{} must be an object", test));
      continue;
    }
    for (const auto& [variable, value] : variables.items()) {
      Condition one{test, variable, {}};
      if (value.is_string()) {
        one.values.push_back(value.get<std::string>());
      } else if (value.is_boolean()) {
        one.values.push_back(value.get<bool>() ? "true" : "false");
      } else if (value.is_array()) {
        for (const Ordered& each : value) {
          if (each.is_string()) {
            one.values.push_back(each.get<std::string>());
          } else {
            problem.say(fmt::format("Condition.{}.{} must hold strings only", test, variable));
          }
        }
      } else {
        continue;  // as the provider does with numbers
      }
      conditions.push_back(std::move(one));
    }
  }
  return conditions;
}

Document parse_document(const std::string& text, Problem& problem) {
  Ordered root = Ordered::parse(text, nullptr, false);
  Document document;
  if (!root.is_object()) {
    problem.say("it is no JSON object");
    return document;
  }
  document.version = text_member(root, "Version", problem);
  document.id = text_member(root, "Id", problem);
  std::optional<Ordered> statements = member(root, "Statement");
  if (!statements) return document;
  if (!statements->is_array()) {
    problem.say("Statement must be a list");
    return document;
  }
  for (const Ordered& each : *statements) {
    if (!each.is_object()) {
      problem.say("a statement must be an object");
      continue;
    }
    Statement statement;
    statement.sid = text_member(each, "Sid", problem);
    statement.effect = text_member(each, "Effect", problem);
    statement.actions = member(each, "Action").value_or(Ordered());
    statement.not_actions = member(each, "NotAction").value_or(Ordered());
    statement.resources = member(each, "Resource").value_or(Ordered());
    statement.not_resources = member(each, "NotResource").value_or(Ordered());
    statement.principals = parse_principals(each, "Principal", problem);
    statement.not_principals = parse_principals(each, "NotPrincipal", problem);
    statement.conditions = parse_conditions(each, problem);
    document.statements.push_back(std::move(statement));
  }
  return document;
}

// The statements of `added` join; one with a Sid takes the place of the one that has it.
void merge(Document& document, Document added) {
  if (!added.id.empty()) document.id = added.id;
  document.version = std::max(document.version, added.version);
  for (Statement& statement : added.statements) {
    auto same = std::find_if(document.statements.begin(), document.statements.end(), [&](const Statement& other) {
      return !statement.sid.empty() && other.sid == statement.sid;
    });
    if (same == document.statements.end()) {
      document.statements.push_back(std::move(statement));
    } else {
      *same = std::move(statement);
    }
  }
}

// --- to JSON

Ordered principals_json(const std::vector<Principal>& principals) {
  if (principals.size() == 1 && principals[0].type == "*") {
    const Names& names = principals[0].identifiers;
    if (names == Names("*") || names == Names(Strings{"*"})) return "*";
  }
  std::map<std::string, Names> by_type;
  for (const Principal& principal : principals) {
    auto [at, is_new] = by_type.emplace(principal.type, Names());
    const std::string* one = std::get_if<std::string>(&principal.identifiers);
    if (is_new && one != nullptr) {
      at->second = *one;
      continue;
    }
    Strings all;
    if (!is_new) {
      if (const std::string* before = std::get_if<std::string>(&at->second)) all.push_back(*before);
      if (const Strings* before = std::get_if<Strings>(&at->second)) all = *before;
    }
    Strings more = one != nullptr ? Strings{*one} : std::get<Strings>(principal.identifiers);
    std::sort(more.rbegin(), more.rend());
    all.insert(all.end(), more.begin(), more.end());
    at->second = std::move(all);
  }
  Ordered json = Ordered::object();
  for (const auto& [type, names] : by_type) json[type] = json_of(names);
  return json;
}

Ordered conditions_json(const std::vector<Condition>& conditions) {
  std::map<std::string, std::map<std::string, Strings>> values;
  for (const Condition& one : conditions) {
    Strings& all = values[one.test][one.variable];
    all.insert(all.end(), one.values.begin(), one.values.end());
  }
  Ordered json = Ordered::object();
  for (const auto& [test, variables] : values) {
    for (const auto& [variable, all] : variables)
      json[test][variable] = all.size() == 1 ? Ordered(all[0]) : Ordered(all);
  }
  return json;
}

Ordered document_json(const Document& document) {
  Ordered json = Ordered::object();
  if (!document.version.empty()) json["Version"] = document.version;
  if (!document.id.empty()) json["Id"] = document.id;
  for (const Statement& statement : document.statements) {
    Ordered one = Ordered::object();
    if (!statement.sid.empty()) one["Sid"] = statement.sid;
    if (!statement.effect.empty()) one["Effect"] = statement.effect;
    if (!statement.actions.is_null()) one["Action"] = statement.actions;
    if (!statement.not_actions.is_null()) one["NotAction"] = statement.not_actions;
    if (!statement.resources.is_null()) one["Resource"] = statement.resources;
    if (!statement.not_resources.is_null()) one["NotResource"] = statement.not_resources;
    if (!statement.principals.empty()) one["Principal"] = principals_json(statement.principals);
    if (!statement.not_principals.empty()) one["NotPrincipal"] = principals_json(statement.not_principals);
    if (!statement.conditions.empty()) one["Condition"] = conditions_json(statement.conditions);
    json["Statement"].push_back(std::move(one));
  }
  return json;
}

// As Go writes it: strings with its escapes, two spaces a level, or nothing between.
void append(std::string& out, const Ordered& value, int level, bool indented) {
  auto new_line = [&](int depth) {
    if (indented) out += "\n" + std::string(static_cast<std::size_t>(depth) * 2, ' ');
  };
  if (value.is_string()) {
    out += lang::json_string(value.get<std::string>());
  } else if (value.is_array() && !value.empty()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      new_line(level + 1);
      append(out, value[i], level + 1, indented);
    }
    new_line(level);
    out += ']';
  } else if (value.is_object() && !value.empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, each] : value.items()) {
      if (!first) out += ',';
      first = false;
      new_line(level + 1);
      out += lang::json_string(key) + (indented ? ": " : ":");
      append(out, each, level + 1, indented);
    }
    new_line(level);
    out += '}';
  } else {
    out += value.dump();
  }
}

Document merged(const Json& arguments, Problem& problem) {
  Document document;
  std::set<std::string> sids;
  auto parsed = [&](const char* kind, std::size_t index, const std::string& text) {
    Problem inside;
    Document other = parse_document(text, inside);
    if (!inside.text.empty()) problem.say(fmt::format("merging {} document {}: {}", kind, index, inside.text));
    return other;
  };
  Strings sources = strings_of(arguments, "source_policy_documents");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Document source = parsed("source", i, sources[i]);
    for (std::size_t s = 0; s < source.statements.size(); ++s) {
      const std::string& sid = source.statements[s].sid;
      if (sid.empty() || sids.insert(sid).second) continue;
      problem.say(
          fmt::format("merging source document {}: duplicate Sid ({}) in source_policy_documents (statement "
                      "{}). Remove the Sid or ensure Sids are unique.",
                      i, sid, s));
    }
    merge(document, std::move(source));
  }
  merge(document, document_of(arguments, problem));
  Strings overrides = strings_of(arguments, "override_policy_documents");
  for (std::size_t i = 0; i < overrides.size(); ++i) merge(document, parsed("override", i, overrides[i]));
  return document;
}

}  // namespace

Result<PolicyDocument, std::string> write_policy_document(const Json& arguments) {
  Problem problem;
  Ordered json = document_json(merged(arguments, problem));
  if (!problem.text.empty()) return Failure<std::string>{problem.text};
  PolicyDocument written;
  append(written.json, json, 0, true);
  append(written.minified, json, 0, false);
  written.id = hash_of(written.json);
  return written;
}

}  // namespace terrace::aws
