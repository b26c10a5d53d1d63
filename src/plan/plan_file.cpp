#include "plan/plan_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include "state/json_text.h"
#include "state/value_json.h"

namespace terrace::plan {

namespace {

using lang::Type;
using lang::Value;
using state::JsonCursor;

constexpr std::string_view kMagic = "terrace plan 1\n";
constexpr size_t kMostBytes = size_t{4} << 30;

std::string deflate(std::string_view text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()), text.size(), 6);
  out.resize(size);
  return out;
}

// Nothing where the bytes are damaged.
std::optional<std::string> inflate_all(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  char buffer[1 << 16];
  int status = Z_OK;
  while (status == Z_OK && out.size() < kMostBytes) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    status = inflate(&stream, Z_NO_FLUSH);
    if (status == Z_OK || status == Z_STREAM_END) out.append(buffer, sizeof buffer - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END) return std::nullopt;
  return out;
}

// Builds compact JSON; the caller keeps the brackets balanced.
class Out {
 public:
  void open(char bracket) {
    comma();
    text_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    text_ += bracket;
    fresh_ = false;
  }
  void key(std::string_view name) {
    comma();
    state::append_json_string(text_, name);
    text_ += ':';
    fresh_ = true;
  }
  void string(std::string_view text) {
    comma();
    state::append_json_string(text_, text);
  }
  void number(int64_t number) { raw(std::to_string(number)); }
  void raw(std::string_view json) {
    comma();
    text_ += json;
  }
  void member(std::string_view name, std::string_view text) {
    key(name);
    string(text);
  }
  void member(std::string_view name, int64_t value) {
    key(name);
    number(value);
  }
  void instance_key(std::string_view name, const state::InstanceKey& value) {
    if (const int64_t* index = std::get_if<int64_t>(&value))
      member(name, *index);
    else if (const std::string* text = std::get_if<std::string>(&value))
      member(name, *text);
  }
  std::string& text() { return text_; }

 private:
  void comma() {
    if (!fresh_) text_ += ',';
    fresh_ = false;
  }
  std::string text_;
  bool fresh_ = true;
};

const schema::TypeSchema* type_schema(schema::ProviderRegistry& providers, const PlannedResource& resource) {
  const schema::ProviderSchema* schema = providers.schema(resource.provider_source);
  if (!schema) return nullptr;
  const auto& types = resource.address.mode == state::Mode::kData ? schema->data_sources : schema->resources;
  auto found = types.find(resource.address.type);
  return found == types.end() ? nullptr : &found->second;
}

void strings(Out& out, std::string_view name, const std::vector<std::string>& list) {
  out.key(name);
  out.open('[');
  for (const std::string& one : list) out.string(one);
  out.close(']');
}

void map(Out& out, std::string_view name, const std::map<std::string, std::string>& map) {
  out.key(name);
  out.open('{');
  for (const auto& [key, value] : map) out.member(key, value);
  out.close('}');
}

void write_resource(Out& out, const PlannedResource& resource) {
  out.open('{');
  out.member("module", resource.address.module);
  out.member("mode", static_cast<int64_t>(resource.address.mode));
  out.member("type", resource.address.type);
  out.member("name", resource.address.name);
  out.member("config", resource.config_address);
  out.member("provider", resource.provider);
  out.member("source", resource.provider_source);
  out.member("cbd", resource.create_before_destroy);
  out.member("in_config", resource.in_config);
  out.member("unit", resource.unit);
  if (resource.dependencies) {
    out.key("dependencies");
    out.open('[');
    for (const std::string* dependency : *resource.dependencies) out.string(*dependency);
    out.close(']');
  }
  out.close('}');
}

void write_change(Out& out, const ResourceChange& change, const Type& type) {
  out.open('{');
  out.member("resource", change.resource);
  out.instance_key("key", change.key);
  if (!change.deposed.empty()) out.member("deposed", change.deposed);
  out.member("action", static_cast<int64_t>(change.action));
  out.member("reason", static_cast<int64_t>(change.reason));
  out.key("before");
  out.raw(state::encode_whole(change.before, type));
  if (change.action != Action::kNoOp) {
    out.key("after");
    out.raw(state::encode_whole(change.after, type));
    if (change.config.has_content()) {
      out.key("configured");
      out.raw(state::encode_whole(change.config, type));
    }
  }
  if (!change.replace_paths.empty()) {
    out.key("replace");
    out.raw(state::encode_paths(change.replace_paths));
  }
  if (!change.private_data.empty()) out.member("private", change.private_data);
  if (!change.importing_id.empty()) out.member("importing", change.importing_id);
  if (change.moved) {
    out.member("moved", 1);
    out.instance_key("previous", change.previous_key);
  }
  out.close('}');
}

// Reads the parts; the cursor remembers the first error.
class In {
 public:
  In(JsonCursor& cursor, SavedPlan& saved, schema::ProviderRegistry& providers)
      : cursor_(cursor), saved_(saved), plan_(saved.plan), providers_(providers) {}

  void all() {
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) {
      if (key == "mode")
        plan_.mode = static_cast<Mode>(cursor_.integer());
      else if (key == "timestamp")
        plan_.timestamp = cursor_.string();
      else if (key == "targets")
        plan_.targets = string_list();
      else if (key == "replaces")
        plan_.replaces = string_list();
      else if (key == "sources")
        saved_.sources = string_map();
      else if (key == "settings")
        saved_.settings = string_map();
      else if (key == "variables")
        variables();
      else if (key == "state")
        state_text();
      else if (key == "resources")
        list([this] { resource(); });
      else if (key == "changes")
        list([this] { change(); });
      else if (key == "drift")
        list([this] { drift(); });
      else if (key == "outputs")
        outputs();
      else if (key == "nodes")
        list([this] { node(); });
      else
        cursor_.skip();
    }
    cursor_.end();
  }

 private:
  template <typename Function>
  void list(Function element) {
    cursor_.begin_array();
    while (cursor_.next_element()) element();
  }
  std::vector<std::string> string_list() {
    std::vector<std::string> out;
    list([this, &out] { out.push_back(cursor_.string()); });
    return out;
  }
  std::map<std::string, std::string> string_map() {
    std::map<std::string, std::string> out;
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) out[key] = cursor_.string();
    return out;
  }
  Value whole(const Type& type) {
    Result<Value, std::string> value = state::decode_whole(cursor_.raw(), type);
    if (!value.ok()) cursor_.fail(value.error());
    return value.ok() ? *value : Value();
  }
  state::InstanceKey instance_key() {
    if (cursor_.peek() == '"') return cursor_.string();
    return cursor_.integer();
  }
  void variables() {
    std::string name;
    cursor_.begin_object();
    while (cursor_.next_key(name)) {
      Variable variable;
      std::string key;
      cursor_.begin_object();
      while (cursor_.next_key(key)) {
        if (key == "value")
          variable.value = whole(Type::dynamic());
        else
          variable.sensitive = cursor_.integer() != 0;
      }
      plan_.variables[name] = std::move(variable);
    }
  }
  void state_text() {
    Checked<state::State> state = state::parse_state(cursor_.string(), "in the plan file");
    if (state.diagnostics.has_errors()) cursor_.fail(state.diagnostics.items()[0].detail);
    plan_.prior_state = std::move(state.value);
    plan_.checks = plan_.prior_state.checks;
    plan_.initial_state.lineage = plan_.prior_state.lineage;
    plan_.initial_state.serial = plan_.prior_state.serial;
    plan_.initial_state.outputs = plan_.prior_state.outputs;
  }
  void resource() {
    PlannedResource made;
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) {
      if (key == "module")
        made.address.module = cursor_.string();
      else if (key == "mode")
        made.address.mode = static_cast<state::Mode>(cursor_.integer());
      else if (key == "type")
        made.address.type = cursor_.string();
      else if (key == "name")
        made.address.name = cursor_.string();
      else if (key == "config")
        made.config_address = cursor_.string();
      else if (key == "provider")
        made.provider = cursor_.string();
      else if (key == "source")
        made.provider_source = cursor_.string();
      else if (key == "cbd")
        made.create_before_destroy = cursor_.integer() != 0;
      else if (key == "in_config")
        made.in_config = cursor_.integer() != 0;
      else if (key == "unit")
        made.unit = static_cast<uint32_t>(cursor_.integer());
      else if (key == "dependencies")
        made.dependencies = plan_.prior_state.dependencies(string_list());
      else
        cursor_.skip();
    }
    const schema::TypeSchema* type = type_schema(providers_, made);
    if (!type && !cursor_.failed())
      cursor_.fail(fmt::format("there is no type {} in {}", made.address.type, made.provider_source));
    types_.push_back(type ? type->implied_type : Type());
    plan_.resources.push_back(std::move(made));
  }
  const Type& type_at(uint32_t resource) {
    static const Type kNone;
    if (resource < types_.size()) return types_[resource];
    cursor_.fail("a change of a resource that is not there");
    return kNone;
  }
  void change() {
    ResourceChange made;
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) {
      if (key == "resource")
        made.resource = static_cast<uint32_t>(cursor_.integer());
      else if (key == "key")
        made.key = instance_key();
      else if (key == "deposed")
        made.deposed = cursor_.string();
      else if (key == "action")
        made.action = static_cast<Action>(cursor_.integer());
      else if (key == "reason")
        made.reason = static_cast<ActionReason>(cursor_.integer());
      else if (key == "before")
        made.before = whole(type_at(made.resource));
      else if (key == "after")
        made.after = whole(type_at(made.resource));
      else if (key == "configured")
        made.config = whole(type_at(made.resource));
      else if (key == "replace")
        paths(made.replace_paths);
      else if (key == "private")
        made.private_data = cursor_.string();
      else if (key == "importing")
        made.importing_id = cursor_.string();
      else if (key == "moved")
        made.moved = cursor_.integer() != 0;
      else if (key == "previous")
        made.previous_key = instance_key();
      else
        cursor_.skip();
    }
    if (made.action == Action::kNoOp) made.after = made.before;
    (void)type_at(made.resource);
    plan_.changes.push_back(std::move(made));
  }
  void paths(std::vector<lang::Path>& out) {
    Result<std::vector<lang::Path>, std::string> decoded = state::decode_paths(cursor_.raw());
    if (decoded.ok())
      out = std::move(*decoded);
    else
      cursor_.fail(decoded.error());
  }
  void drift() {
    Drift made;
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) {
      if (key == "resource")
        made.resource = static_cast<uint32_t>(cursor_.integer());
      else if (key == "key")
        made.key = instance_key();
      else if (key == "deposed")
        made.deposed = cursor_.string();
      else if (key == "action")
        made.action = static_cast<Action>(cursor_.integer());
      else if (key == "before")
        made.before = whole(type_at(made.resource));
      else if (key == "after")
        made.after = whole(type_at(made.resource));
      else
        cursor_.skip();
    }
    (void)type_at(made.resource);
    plan_.drift.push_back(std::move(made));
  }
  void outputs() {
    std::string name;
    cursor_.begin_object();
    while (cursor_.next_key(name)) {
      OutputChange made;
      std::string key;
      cursor_.begin_object();
      while (cursor_.next_key(key)) {
        if (key == "action")
          made.action = static_cast<Action>(cursor_.integer());
        else if (key == "sensitive")
          made.sensitive = cursor_.integer() != 0;
        else if (key == "before")
          made.before = whole(Type::dynamic());
        else if (key == "after")
          made.after = whole(Type::dynamic());
        else
          cursor_.skip();
      }
      plan_.outputs[name] = std::move(made);
    }
  }
  // [step, subject, needs...]
  void node() {
    std::vector<uint32_t> numbers;
    list([this, &numbers] { numbers.push_back(static_cast<uint32_t>(cursor_.integer())); });
    if (cursor_.failed()) return;
    bool group = numbers.size() >= 2 && (numbers[0] == static_cast<uint32_t>(Step::kCreatesDone) ||
                                         numbers[0] == static_cast<uint32_t>(Step::kDestroysDone));
    size_t subjects = group ? plan_.resources.size() : plan_.changes.size();
    if (numbers.size() < 2 || numbers[0] > static_cast<uint32_t>(Step::kDestroysDone) || numbers[1] >= subjects) {
      return cursor_.fail("a node of the execution graph that means nothing");
    }
    uint32_t node = plan_.graph.add(static_cast<Step>(numbers[0]), numbers[1]);
    for (size_t i = 2; i < numbers.size(); ++i) plan_.graph.add_edge(node, numbers[i]);
  }

  JsonCursor& cursor_;
  SavedPlan& saved_;
  Plan& plan_;
  schema::ProviderRegistry& providers_;
  std::vector<Type> types_;
};

bool whole_graph(const ExecutionGraph& graph) {
  for (uint32_t node = 0; node < graph.size(); ++node) {
    for (uint32_t needed : graph.needs(node)) {
      if (needed >= graph.size()) return false;
    }
  }
  return graph.find_cycle() < 0;
}

}  // namespace

bool is_plan_file(std::string_view bytes) {
  return bytes.substr(0, 13) == kMagic.substr(0, 13);
}

std::string encode_plan(const SavedPlan& saved, schema::ProviderRegistry& providers) {
  const Plan& plan = saved.plan;
  Out out;
  out.open('{');
  out.member("mode", static_cast<int64_t>(plan.mode));
  out.member("timestamp", plan.timestamp);
  strings(out, "targets", plan.targets);
  strings(out, "replaces", plan.replaces);
  map(out, "sources", saved.sources);
  map(out, "settings", saved.settings);
  out.key("variables");
  out.open('{');
  for (const auto& [name, variable] : plan.variables) {
    out.key(name);
    out.open('{');
    out.key("value");
    out.raw(state::encode_whole(variable.value, Type::dynamic()));
    out.member("sensitive", variable.sensitive);
    out.close('}');
  }
  out.close('}');
  state::State state = plan.prior_state;
  state.outputs = plan.initial_state.outputs;
  state.checks = plan.checks;
  out.member("state", state::serialize_state(state));
  out.key("resources");
  out.open('[');
  std::vector<Type> types;
  for (const PlannedResource& resource : plan.resources) {
    const schema::TypeSchema* type = type_schema(providers, resource);
    types.push_back(type ? type->implied_type : Type());
    write_resource(out, resource);
  }
  out.close(']');
  out.key("changes");
  out.open('[');
  for (const ResourceChange& change : plan.changes) write_change(out, change, types[change.resource]);
  out.close(']');
  out.key("drift");
  out.open('[');
  for (const Drift& drift : plan.drift) {
    out.open('{');
    out.member("resource", drift.resource);
    out.instance_key("key", drift.key);
    if (!drift.deposed.empty()) out.member("deposed", drift.deposed);
    out.member("action", static_cast<int64_t>(drift.action));
    out.key("before");
    out.raw(state::encode_whole(drift.before, types[drift.resource]));
    out.key("after");
    out.raw(state::encode_whole(drift.after, types[drift.resource]));
    out.close('}');
  }
  out.close(']');
  out.key("outputs");
  out.open('{');
  for (const auto& [name, output] : plan.outputs) {
    out.key(name);
    out.open('{');
    out.member("action", static_cast<int64_t>(output.action));
    out.member("sensitive", output.sensitive);
    out.key("before");
    out.raw(state::encode_whole(output.before, Type::dynamic()));
    out.key("after");
    out.raw(state::encode_whole(output.after, Type::dynamic()));
    out.close('}');
  }
  out.close('}');
  out.key("nodes");
  out.open('[');
  for (uint32_t node = 0; node < plan.graph.size(); ++node) {
    out.open('[');
    out.number(static_cast<int64_t>(plan.graph.nodes()[node].step));
    out.number(plan.graph.nodes()[node].subject);
    for (uint32_t needed : plan.graph.needs(node)) out.number(needed);
    out.close(']');
  }
  out.close(']');
  out.close('}');
  return std::string(kMagic) + deflate(out.text());
}

Checked<SavedPlan> decode_plan(std::string_view bytes, const std::string& name, schema::ProviderRegistry& providers) {
  Checked<SavedPlan> result;
  auto refuse = [&result, &name](const std::string& why) {
    result.diagnostics.error(
        "Failed to load plan file",
        fmt::format("{} can't be used as a plan: {}. Make a new one with \"terrace plan -out={}\".", name, why, name));
  };
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    refuse(is_plan_file(bytes) ? "another release wrote it" : "it is no plan file");
    return result;
  }
  std::optional<std::string> text = inflate_all(bytes.substr(kMagic.size()));
  if (!text) {
    refuse("it is damaged or not whole");
    return result;
  }
  JsonCursor cursor(*text);
  In(cursor, result.value, providers).all();
  if (cursor.failed())
    refuse(cursor.error());
  else if (!whole_graph(result.value.plan.graph))
    refuse("its execution graph is damaged");
  return result;
}

}  // namespace terrace::plan
