#include "cli/configuration_json.h"

#include <algorithm>
#include <set>

#include "lang/evaluator.h"

namespace terrace::cli {

namespace {

using Json = OrderedJson;
using Step = hcl::TraversalStep;

std::string step_text(const Step& step) {
  if (step.kind == Step::Kind::kAttribute) return "." + step.text;
  return step.kind == Step::Kind::kNumberKey ? "[" + step.text + "]" : "[\"" + step.text + "\"]";
}

std::string text_of(const hcl::Traversal& traversal, std::size_t steps) {
  std::string text = traversal.root;
  for (std::size_t i = 0; i < steps; ++i) text += step_text(traversal.steps[i]);
  return text;
}

// What a traversal refers to: an object and, where one is given, its instance.
struct Subject {
  enum class Kind : uint8_t { kResource, kModule, kModuleOutput, kOther };
  Kind kind = Kind::kOther;
  std::size_t steps = 0;    // that name it, keys included
  std::size_t unkeyed = 0;  // that name the resource or module without its key
};

Subject subject_of(const hcl::Traversal& traversal) {
  const std::vector<Step>& steps = traversal.steps;
  auto is_key = [&](std::size_t at) { return at < steps.size() && steps[at].kind != Step::Kind::kAttribute; };
  const std::string& root = traversal.root;
  Subject subject;
  if (root == "var" || root == "local" || root == "path" || root == "terraform" || root == "each" || root == "count") {
    subject.steps = subject.unkeyed = std::min<std::size_t>(1, steps.size());
    return subject;
  }
  if (root == "self") return subject;
  subject.unkeyed = std::min<std::size_t>(root == "data" ? 2 : 1, steps.size());
  subject.steps = subject.unkeyed + (is_key(subject.unkeyed) ? 1 : 0);
  subject.kind = root == "module" ? Subject::Kind::kModule : Subject::Kind::kResource;
  if (root == "module" && subject.steps < steps.size() && !is_key(subject.steps)) {
    subject.kind = Subject::Kind::kModuleOutput;
    subject.steps += 1;
  }
  return subject;
}

// The longest name first, then what contains it.
void add_references(const hcl::Traversal& traversal, Json& references) {
  Subject subject = subject_of(traversal);
  for (std::size_t steps = traversal.steps.size(); steps > subject.steps; --steps)
    references.push_back(text_of(traversal, steps));
  references.push_back(text_of(traversal, subject.steps));
  if (subject.kind == Subject::Kind::kModuleOutput) {
    references.push_back(text_of(traversal, subject.steps - 1));
  } else if (subject.steps != subject.unkeyed) {
    references.push_back(text_of(traversal, subject.unkeyed));
  }
}

Json expression_json(const hcl::Expression& expression) {
  Json references = Json::array();
  bool constant = true;
  hcl::for_each_traversal(expression, [&](const hcl::Traversal& traversal) { add_references(traversal, references); });
  hcl::for_each_call(expression, [&](const hcl::FunctionCall&) { constant = false; });
  Json json = Json::object();
  if (!references.empty()) {
    json["references"] = std::move(references);
  } else if (constant) {
    lang::FunctionContext functions;
    lang::ValuesScope nothing({}, functions);
    Diagnostics diagnostics;
    lang::Value value = lang::evaluate(expression, nothing, diagnostics);
    if (!diagnostics.has_errors() && wholly_known(value)) json["constant_value"] = known_json(value);
  }
  return json;
}

// count and for_each, where there is anything to say of them.
void put_repetition(const hcl::Expression* count, const hcl::Expression* for_each, Json& json) {
  for (const auto& [name, expression] : {std::pair("count_expression", count), {"for_each_expression", for_each}}) {
    if (expression == nullptr) continue;
    if (Json one = expression_json(*expression); !one.empty()) json[name] = std::move(one);
  }
}

Json expressions_json(const hcl::Body& body, const schema::Block& block) {
  hcl::BodySchema wanted;
  for (const schema::Attribute& attribute : block.attributes) wanted.attributes.push_back({attribute.name, false});
  for (const schema::NestedBlock& nested : block.blocks)
    wanted.blocks.push_back({nested.name, nested.nesting == schema::Nesting::kMap ? std::vector<std::string>{"key"}
                                                                                  : std::vector<std::string>{}});
  hcl::BodyContent content = body.partial_content(wanted).value;
  Json json = Json::object();
  for (const hcl::Attribute& attribute : content.attributes)
    json[attribute.name] = expression_json(*attribute.expression);
  for (const hcl::Block& one : content.blocks) {
    const schema::NestedBlock* nested = block.find_block(one.type);
    Json inner = expressions_json(*one.body, nested->block);
    if (nested->nesting == schema::Nesting::kSingle) {
      json[one.type] = std::move(inner);
    } else if (nested->nesting == schema::Nesting::kMap) {
      json[one.type][one.labels.empty() ? "" : one.labels[0]] = std::move(inner);
    } else {
      json[one.type].push_back(std::move(inner));
    }
  }
  return json;
}

Json depends_on_json(const std::vector<hcl::Traversal>& traversals) {
  Json json = Json::array();
  for (const hcl::Traversal& traversal : traversals) json.push_back(text_of(traversal, traversal.steps.size()));
  return json;
}

class Writer {
 public:
  Writer(const config::ObjectGraph& graph, schema::ProviderRegistry& registry) : graph_(graph), registry_(registry) {}

  Json write() {
    Json root = module_json(0);
    Json json = Json::object();
    if (!providers_.empty()) json["provider_config"] = providers_;
    json["root_module"] = std::move(root);
    return json;
  }

 private:
  // Without settings a provider belongs to the outermost module that asks for it, with none between that does not.
  uint32_t outermost_asking(uint32_t path, const std::string& name) const {
    while (path != 0) {
      const uint32_t parent = graph_.paths()[path].parent;
      const config::Module& module = *graph_.paths()[parent].module;
      bool asks = module.required_providers.contains(name);
      for (const auto& [address, resource] : module.resources)
        asks = asks || resource.provider_reference().name == name;
      if (!asks) break;
      path = parent;
    }
    return path;
  }

  // The key of a provider's settings, and their entry where this is the first that uses them.
  std::string provider_key(uint32_t path, const config::ProviderReference& reference) {
    uint32_t found_in = path;
    const config::ProviderConfig* settings = graph_.provider_of(path, reference, found_in);
    std::string name = settings == nullptr       ? reference.text()
                       : settings->alias.empty() ? settings->name
                                                 : settings->name + "." + settings->alias;
    if (settings == nullptr) found_in = outermost_asking(path, reference.name);
    const std::string& module = graph_.paths()[found_in].address;
    std::string key = module.empty() ? name : module + ":" + name;
    if (providers_.contains(key)) return key;
    std::string source = graph_.provider_source(path, reference);
    Json entry = {{"name", settings == nullptr ? reference.name : settings->name}, {"full_name", source}};
    if (settings != nullptr && !settings->alias.empty()) entry["alias"] = settings->alias;
    const config::Module& owner = *graph_.paths()[found_in].module;
    auto required = owner.required_providers.find(entry["name"]);
    if (required != owner.required_providers.end() && !required->second.version.empty())
      entry["version_constraint"] = required->second.version;
    if (!module.empty()) entry["module_address"] = module;
    const schema::ProviderSchema* schema = registry_.schema(source);
    if (settings != nullptr && schema != nullptr) {
      Json expressions = expressions_json(*settings->body, schema->provider);
      if (!expressions.empty()) entry["expressions"] = std::move(expressions);
    }
    providers_[key] = std::move(entry);
    return key;
  }

  Json resource_json(uint32_t path, const config::Resource& resource) {
    config::ProviderReference reference = resource.provider_reference();
    bool data = resource.mode == config::ResourceMode::kData;
    Json json = {{"address", resource.address()},
                 {"mode", data ? "data" : "managed"},
                 {"type", resource.type},
                 {"name", resource.name},
                 {"provider_config_key", provider_key(path, reference)}};
    const schema::ProviderSchema* schema = registry_.schema(graph_.provider_source(path, reference));
    if (schema != nullptr) {
      const auto& types = data ? schema->data_sources : schema->resources;
      auto type = types.find(resource.type);
      if (type != types.end()) {
        Json expressions = expressions_json(*resource.body, type->second.block);
        if (!expressions.empty()) json["expressions"] = std::move(expressions);
        json["schema_version"] = type->second.version;
      }
    }
    put_repetition(resource.count, resource.for_each, json);
    if (!resource.depends_on.empty()) json["depends_on"] = depends_on_json(resource.depends_on);
    return json;
  }

  Json module_json(uint32_t path) {
    const config::Module& module = *graph_.paths()[path].module;
    Json json = Json::object();
    for (const auto& [name, output] : module.outputs) {
      Json one = Json::object();
      if (output.sensitive) one["sensitive"] = true;
      if (output.ephemeral) one["ephemeral"] = true;
      one["expression"] = expression_json(*output.expression);
      if (!output.description.empty()) one["description"] = output.description;
      if (!output.depends_on.empty()) one["depends_on"] = depends_on_json(output.depends_on);
      json["outputs"][name] = std::move(one);
    }
    for (bool data : {false, true}) {
      for (const auto& [address, resource] : module.resources) {
        if ((resource.mode == config::ResourceMode::kData) == data)
          json["resources"].push_back(resource_json(path, resource));
      }
    }
    for (uint32_t child = 1; child < graph_.paths().size(); ++child) {
      const config::ModulePath& place = graph_.paths()[child];
      if (place.parent == path) json["module_calls"][place.call->name] = call_json(*place.call, child);
    }
    for (const auto& [name, variable] : module.variables) {
      Json one = Json::object();
      if (variable.default_value) one["default"] = known_json(*variable.default_value);
      if (!variable.description.empty()) one["description"] = variable.description;
      if (variable.sensitive) one["sensitive"] = true;
      if (variable.ephemeral) one["ephemeral"] = true;
      json["variables"][name] = std::move(one);
    }
    return json;
  }

  Json call_json(const config::ModuleCall& call, uint32_t child) {
    Json json = {{"source", call.source}};
    for (const auto& [name, argument] : call.arguments)
      json["expressions"][name] = expression_json(*argument.expression);
    put_repetition(call.count, call.for_each, json);
    json["module"] = module_json(child);
    if (!call.depends_on.empty()) json["depends_on"] = depends_on_json(call.depends_on);
    return json;
  }

  const config::ObjectGraph& graph_;
  schema::ProviderRegistry& registry_;
  Json providers_ = Json::object();
};

// A module instance: its place in the configuration and its address with keys.
struct ModuleInstance {
  uint32_t path = 0;
  std::string address;
};

class Relevant {
 public:
  explicit Relevant(const config::ObjectGraph& graph) : graph_(graph) {}

  void resource(const plan::PlannedResource& resource) {
    ModuleInstance in = module_of(resource);
    const config::Module& module = *graph_.paths()[in.path].module;
    state::ResourceAddress alone = resource.address;
    alone.module.clear();
    auto found = module.resources.find(alone.text());
    if (found == module.resources.end()) return;
    auto follow_from = [&](const hcl::Traversal& traversal) { follow(traversal, in); };
    // What orders and what names the resource's own attributes is no use of a value.
    Json no_use = depends_on_json(found->second.depends_on);
    for (const Json& ignored : depends_on_json(found->second.lifecycle.ignore_changes)) no_use.push_back(ignored);
    config::for_each_body_traversal(*found->second.body, [&](const hcl::Traversal& traversal) {
      Json whole = text_of(traversal, traversal.steps.size());
      if (std::find(no_use.begin(), no_use.end(), whole) == no_use.end()) follow_from(traversal);
    });
    if (found->second.count != nullptr) hcl::for_each_traversal(*found->second.count, follow_from);
    if (found->second.for_each != nullptr) hcl::for_each_traversal(*found->second.for_each, follow_from);
  }

  // The outputs of the module instance that the resource is in; those inside of modules are looked at whether they
  // change or not.
  void outputs_beside(const plan::PlannedResource& resource) {
    ModuleInstance in = module_of(resource);
    if (in.path == 0) return;
    for (const auto& [name, output] : graph_.paths()[in.path].module->outputs) output_of(name, in);
  }

  void output(const std::string& name) { output_of(name, {0, ""}); }

  Json json() const {
    Json list = Json::array();
    for (const std::string& one : found_) list.push_back(Json::parse(one));
    return list;
  }

 private:
  ModuleInstance module_of(const plan::PlannedResource& resource) const {
    ModuleInstance in{0, resource.address.module};
    for (uint32_t path = 1; path < graph_.paths().size(); ++path) {
      const std::string& place = graph_.paths()[path].address;
      if (resource.config_address.starts_with(place + ".") && place.size() > graph_.paths()[in.path].address.size())
        in.path = path;
    }
    return in;
  }

  void output_of(const std::string& name, const ModuleInstance& in) {
    if (!visited_.insert(in.address + " output " + name).second) return;
    auto output = graph_.paths()[in.path].module->outputs.find(name);
    if (output == graph_.paths()[in.path].module->outputs.end()) return;
    hcl::for_each_traversal(*output->second.expression, [&](const hcl::Traversal& t) { follow(t, in); });
  }

  void follow(const hcl::Traversal& traversal, const ModuleInstance& in) {
    Subject subject = subject_of(traversal);
    const std::vector<Step>& steps = traversal.steps;
    if (subject.kind == Subject::Kind::kResource) {
      Json attribute = Json::array();
      for (std::size_t i = subject.steps; i < steps.size(); ++i)
        attribute.push_back(steps[i].kind == Step::Kind::kNumberKey ? Json::parse(steps[i].text) : Json(steps[i].text));
      std::string address = (in.address.empty() ? "" : in.address + ".") + text_of(traversal, subject.steps);
      found_.insert(Json({{"resource", address}, {"attribute", attribute}}).dump());
    } else if (subject.kind == Subject::Kind::kModuleOutput) {
      for (uint32_t child = 1; child < graph_.paths().size(); ++child) {
        const config::ModulePath& place = graph_.paths()[child];
        if (place.parent != in.path || place.call->name != steps[0].text) continue;
        std::string address = (in.address.empty() ? "" : in.address + ".") + text_of(traversal, subject.steps - 1);
        output_of(steps[subject.steps - 1].text, {child, address});
      }
    } else if (traversal.root == "local" && !steps.empty()) {
      if (!visited_.insert(in.address + " local " + steps[0].text).second) return;
      const config::Module& module = *graph_.paths()[in.path].module;
      auto local = module.locals.find(steps[0].text);
      if (local == module.locals.end()) return;
      hcl::for_each_traversal(*local->second.expression, [&](const hcl::Traversal& t) { follow(t, in); });
    } else if (traversal.root == "var" && !steps.empty() && in.path != 0) {
      if (!visited_.insert(in.address + " var " + steps[0].text).second) return;
      const config::ModulePath& place = graph_.paths()[in.path];
      auto argument = place.call->arguments.find(steps[0].text);
      if (argument == place.call->arguments.end()) return;
      ModuleInstance caller{place.parent, in.address.substr(0, in.address.rfind("module." + place.call->name))};
      if (caller.address.ends_with('.')) caller.address.pop_back();
      hcl::for_each_traversal(*argument->second.expression, [&](const hcl::Traversal& t) { follow(t, caller); });
    }
  }

  const config::ObjectGraph& graph_;
  std::set<std::string> visited_;
  std::set<std::string> found_;
};

}  // namespace

Json configuration_json(const config::ObjectGraph& graph, schema::ProviderRegistry& registry) {
  return Writer(graph, registry).write();
}

Json relevant_attributes_json(const config::ObjectGraph& graph, const plan::Plan& plan) {
  Relevant relevant(graph);
  std::set<uint32_t> changed;
  for (const plan::ResourceChange& change : plan.changes) {
    if (change.action != plan::Action::kNoOp) changed.insert(change.resource);
    if (plan.mode != plan::Mode::kDestroy) relevant.outputs_beside(plan.resource_of(change));
  }
  for (uint32_t resource : changed) relevant.resource(plan.resources[resource]);
  for (const auto& [name, output] : plan.outputs) {
    if (output.action != plan::Action::kNoOp) relevant.output(name);
  }
  return relevant.json();
}

}  // namespace terrace::cli
