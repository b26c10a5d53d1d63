#include "state/state.h"

#include <fmt/format.h>

#include <algorithm>

#include "state/json_text.h"
#include "state/version.h"

namespace terrace::state {

namespace {

constexpr int64_t kStateVersion = 4;

std::string base64_encode(std::string_view bytes) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    size_t count = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; ++j) group = (group << 8) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out += j <= count ? kAlphabet[(group >> (18 - 6 * j)) & 63] : '=';
  }
  return out;
}

std::string base64_decode(std::string_view text) {
  auto digit = [](char c) -> int {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return -1;
  };
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int value = digit(c);
    if (value < 0) continue;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 0xFF);
    }
  }
  return out;
}

const char* status_text(CheckStatus status) {
  switch (status) {
    case CheckStatus::kPass:
      return "pass";
    case CheckStatus::kFail:
      return "fail";
    case CheckStatus::kError:
      return "error";
    case CheckStatus::kUnknown:
      break;
  }
  return "unknown";
}

CheckStatus parse_status(const std::string& text) {
  if (text == "pass") return CheckStatus::kPass;
  if (text == "fail") return CheckStatus::kFail;
  if (text == "error") return CheckStatus::kError;
  return CheckStatus::kUnknown;
}

// Reads the parts of a state file; the cursor remembers the first error.
class Reader {
 public:
  Reader(JsonCursor& cursor, State& state) : cursor_(cursor), state_(state) {}

  void outputs() {
    std::string name;
    cursor_.begin_object();
    while (cursor_.next_key(name)) {
      Output output;
      std::string key;
      cursor_.begin_object();
      while (cursor_.next_key(key)) {
        if (key == "value")
          output.value = compact_json(cursor_.raw());
        else if (key == "type")
          output.type = compact_json(cursor_.raw());
        else if (key == "sensitive")
          output.sensitive = cursor_.boolean();
        else
          cursor_.skip();
      }
      state_.outputs[name] = std::move(output);
    }
  }

  void resources() {
    cursor_.begin_array();
    while (cursor_.next_element()) resource();
  }

  void checks() {
    if (cursor_.null()) return;
    cursor_.begin_array();
    while (cursor_.next_element()) {
      CheckResult check;
      std::string key;
      cursor_.begin_object();
      while (cursor_.next_key(key)) {
        if (key == "object_kind")
          check.kind = cursor_.string();
        else if (key == "config_addr")
          check.config = cursor_.string();
        else if (key == "status")
          check.status = parse_status(cursor_.string());
        else if (key == "objects")
          check_objects(check);
        else
          cursor_.skip();
      }
      state_.checks.push_back(std::move(check));
    }
  }

  struct StoredInstance {
    InstanceKey key;
    std::string deposed;
    ObjectPtr object;
  };
  StoredInstance instance() {
    StoredInstance stored;
    auto object = std::make_shared<Object>();
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) {
      if (key == "index_key") {
        if (cursor_.peek() == '"')
          stored.key = cursor_.string();
        else if (!cursor_.null())
          stored.key = cursor_.integer();
      } else if (key == "status")
        object->tainted = cursor_.string() == "tainted";
      else if (key == "deposed")
        stored.deposed = cursor_.string();
      else if (key == "schema_version")
        object->schema_version = cursor_.integer();
      else if (key == "attributes")
        object->attributes = compact_json(cursor_.raw());
      else if (key == "attributes_flat")
        cursor_.fail("an object of Terraform 0.11 or earlier; upgrade the state with Terraform 0.12 first");
      else if (key == "sensitive_attributes")
        object->sensitive_attributes = compact_json(cursor_.raw());
      else if (key == "identity")
        object->identity = compact_json(cursor_.raw());
      else if (key == "identity_schema_version")
        object->identity_schema_version = cursor_.integer();
      else if (key == "private")
        object->private_data = cursor_.null() ? "" : base64_decode(cursor_.string());
      else if (key == "dependencies")
        object->dependencies = dependencies();
      else if (key == "create_before_destroy")
        object->create_before_destroy = cursor_.boolean();
      else
        cursor_.skip();
    }
    if (object->sensitive_attributes == "[]" || object->sensitive_attributes == "null")
      object->sensitive_attributes.clear();
    if (object->identity == "null") object->identity.clear();
    stored.object = std::move(object);
    return stored;
  }

 private:
  void check_objects(CheckResult& check) {
    if (cursor_.null()) return;
    cursor_.begin_array();
    while (cursor_.next_element()) {
      CheckObject object;
      std::string key;
      cursor_.begin_object();
      while (cursor_.next_key(key)) {
        if (key == "object_addr")
          object.address = cursor_.string();
        else if (key == "status")
          object.status = parse_status(cursor_.string());
        else if (key == "failure_messages" && !cursor_.null())
          strings(object.failure_messages);
        else if (key != "failure_messages")
          cursor_.skip();
      }
      check.objects.push_back(std::move(object));
    }
  }

  void strings(std::vector<std::string>& out) {
    cursor_.begin_array();
    while (cursor_.next_element()) out.push_back(cursor_.string());
  }

  void resource() {
    ResourceAddress address;
    Resource resource;
    std::vector<StoredInstance> instances;
    std::string key;
    cursor_.begin_object();
    while (cursor_.next_key(key)) {
      if (key == "module")
        address.module = cursor_.string();
      else if (key == "mode")
        mode(address);
      else if (key == "type")
        address.type = cursor_.string();
      else if (key == "name")
        address.name = cursor_.string();
      else if (key == "provider")
        resource.provider = cursor_.string();
      else if (key == "instances") {
        cursor_.begin_array();
        while (cursor_.next_element()) instances.push_back(instance());
      } else
        cursor_.skip();
    }
    for (StoredInstance& stored : instances) {
      Instance& place = resource.instances[stored.key];
      if (stored.deposed.empty())
        place.current = std::move(stored.object);
      else
        place.deposed[stored.deposed] = std::move(stored.object);
    }
    if (!resource.instances.empty()) state_.resources[std::move(address)] = std::move(resource);
  }

  void mode(ResourceAddress& address) {
    std::string text = cursor_.string();
    if (text != "managed" && text != "data") cursor_.fail("the mode of a resource is \"managed\" or \"data\"");
    address.mode = text == "data" ? Mode::kData : Mode::kManaged;
  }

  Dependencies dependencies() {
    std::string_view text = cursor_.raw();
    if (cursor_.failed() || text == "null") return nullptr;
    if (last_dependencies_ && text == last_text_) return last_dependencies_;
    auto list = std::make_shared<std::vector<const std::string*>>();
    JsonCursor inner(text);
    inner.begin_array();
    while (inner.next_element()) list->push_back(state_.pool->intern(inner.string()));
    if (inner.failed()) cursor_.fail("dependencies are a list of strings");
    list->shrink_to_fit();
    last_text_ = text;
    last_dependencies_ = std::move(list);
    return last_dependencies_;
  }

  JsonCursor& cursor_;
  State& state_;
  std::string_view last_text_;
  Dependencies last_dependencies_;
};

void write_object(JsonWriter& json, const InstanceKey& key, const std::string& deposed, const Object& object) {
  json.begin_object();
  if (const int64_t* number = std::get_if<int64_t>(&key)) {
    json.key("index_key");
    json.integer(*number);
  } else if (const std::string* text = std::get_if<std::string>(&key)) {
    json.key("index_key");
    json.string(*text);
  }
  if (object.tainted) {
    json.key("status");
    json.string("tainted");
  }
  if (!deposed.empty()) {
    json.key("deposed");
    json.string(deposed);
  }
  json.key("schema_version");
  json.integer(object.schema_version);
  json.key("attributes");
  json.raw(object.attributes.empty() ? "null" : std::string_view(object.attributes));
  json.key("sensitive_attributes");
  json.raw(object.sensitive_attributes.empty() ? "[]" : std::string_view(object.sensitive_attributes));
  if (!object.identity.empty()) {
    json.key("identity_schema_version");
    json.integer(object.identity_schema_version);
    json.key("identity");
    json.raw(object.identity);
  }
  if (!object.private_data.empty()) {
    json.key("private");
    json.string(base64_encode(object.private_data));
  }
  if (object.dependencies && !object.dependencies->empty()) {
    json.key("dependencies");
    json.begin_array();
    for (const std::string* dependency : *object.dependencies) json.string(*dependency);
    json.end_array();
  }
  if (object.create_before_destroy) {
    json.key("create_before_destroy");
    json.boolean(true);
  }
  json.end_object();
}

void write_resource(JsonWriter& json, const ResourceAddress& address, const Resource& resource) {
  json.begin_object();
  if (!address.module.empty()) {
    json.key("module");
    json.string(address.module);
  }
  json.key("mode");
  json.string(address.mode == Mode::kData ? "data" : "managed");
  json.key("type");
  json.string(address.type);
  json.key("name");
  json.string(address.name);
  json.key("provider");
  json.string(resource.provider);
  json.key("instances");
  json.begin_array();
  for (const auto& [key, instance] : resource.instances) {
    if (instance.current) write_object(json, key, "", *instance.current);
    for (const auto& [deposed, object] : instance.deposed) write_object(json, key, deposed, *object);
  }
  json.end_array();
  json.end_object();
}

void write_checks(JsonWriter& json, const std::vector<CheckResult>& checks) {
  json.key("check_results");
  if (checks.empty()) return json.null();
  json.begin_array();
  for (const CheckResult& check : checks) {
    json.begin_object();
    json.key("object_kind");
    json.string(check.kind);
    json.key("config_addr");
    json.string(check.config);
    json.key("status");
    json.string(status_text(check.status));
    json.key("objects");
    if (check.objects.empty()) {
      json.null();
    } else {
      json.begin_array();
      for (const CheckObject& object : check.objects) {
        json.begin_object();
        json.key("object_addr");
        json.string(object.address);
        json.key("status");
        json.string(status_text(object.status));
        if (!object.failure_messages.empty()) {
          json.key("failure_messages");
          json.begin_array();
          for (const std::string& message : object.failure_messages) json.string(message);
          json.end_array();
        }
        json.end_object();
      }
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
}

bool same_dependencies(const Dependencies& left, const Dependencies& right) {
  size_t left_size = left ? left->size() : 0;
  size_t right_size = right ? right->size() : 0;
  if (left_size != right_size) return false;
  for (size_t i = 0; i < left_size; ++i) {
    if ((*left)[i] != (*right)[i] && *(*left)[i] != *(*right)[i]) return false;
  }
  return true;
}

bool same_object(const ObjectPtr& left, const ObjectPtr& right) {
  if (left == right) return true;
  if (!left || !right) return false;
  return left->schema_version == right->schema_version && left->attributes == right->attributes &&
         left->sensitive_attributes == right->sensitive_attributes && left->private_data == right->private_data &&
         left->identity == right->identity && left->create_before_destroy == right->create_before_destroy &&
         left->tainted == right->tainted && same_dependencies(left->dependencies, right->dependencies);
}

bool same_instance(const Instance& left, const Instance& right) {
  return same_object(left.current, right.current) &&
         std::equal(left.deposed.begin(), left.deposed.end(), right.deposed.begin(), right.deposed.end(),
                    [](const auto& a, const auto& b) { return a.first == b.first && same_object(a.second, b.second); });
}

bool same_resource(const Resource& left, const Resource& right) {
  return left.provider == right.provider &&
         std::equal(
             left.instances.begin(), left.instances.end(), right.instances.begin(), right.instances.end(),
             [](const auto& a, const auto& b) { return a.first == b.first && same_instance(a.second, b.second); });
}

}  // namespace

std::string key_text(const InstanceKey& key) {
  if (const int64_t* number = std::get_if<int64_t>(&key)) return fmt::format("[{}]", *number);
  const std::string* text = std::get_if<std::string>(&key);
  if (!text) return {};
  std::string out = "[\"";
  for (size_t i = 0; i < text->size(); ++i) {
    char c = (*text)[i];
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
    if ((c == '$' || c == '%') && i + 1 < text->size() && (*text)[i + 1] == '{') out += c;
  }
  return out + "\"]";
}

std::string ResourceAddress::text() const {
  std::string out = module;
  if (!out.empty()) out += '.';
  if (mode == Mode::kData) out += "data.";
  out += type;
  out += '.';
  out += name;
  return out;
}

const Instance* State::find(const ResourceAddress& address, const InstanceKey& key) const {
  auto resource = resources.find(address);
  if (resource == resources.end()) return nullptr;
  auto instance = resource->second.instances.find(key);
  return instance == resource->second.instances.end() ? nullptr : &instance->second;
}

Instance& State::at(const ResourceAddress& address, const InstanceKey& key, const std::string& provider) {
  Resource& resource = resources[address];
  resource.provider = provider;
  return resource.instances[key];
}

void State::prune(const ResourceAddress& address, const InstanceKey& key) {
  auto resource = resources.find(address);
  if (resource == resources.end()) return;
  auto instance = resource->second.instances.find(key);
  if (instance != resource->second.instances.end() && instance->second.empty())
    resource->second.instances.erase(instance);
  if (resource->second.instances.empty()) resources.erase(resource);
}

Dependencies State::dependencies(const std::vector<std::string>& addresses) {
  auto list = std::make_shared<std::vector<const std::string*>>();
  list->reserve(addresses.size());
  for (const std::string& address : addresses) list->push_back(pool->intern(address));
  return list;
}

Checked<State> parse_state(std::string_view text, const std::string& name) {
  Checked<State> result;
  State& state = result.value;
  JsonCursor cursor(text);
  Reader reader(cursor, state);
  int64_t version = -1;
  std::string key;
  cursor.begin_object();
  while (cursor.next_key(key)) {
    if (key == "version") {
      version = cursor.integer();
      if (!cursor.failed() && version != kStateVersion) break;
    } else if (key == "terraform_version")
      state.terraform_version = cursor.string();
    else if (key == "serial")
      state.serial = cursor.integer();
    else if (key == "lineage")
      state.lineage = cursor.string();
    else if (key == "outputs")
      reader.outputs();
    else if (key == "resources")
      reader.resources();
    else if (key == "check_results")
      reader.checks();
    else
      cursor.skip();
  }
  if (!cursor.failed() && version > kStateVersion) {
    result.diagnostics.error(
        "Unsupported state file format",
        fmt::format(
            "The state {} has format version {}, and this release reads version 4. A newer program wrote it; use "
            "that one, or go back to an older backup. The state was left as it is.",
            name, version));
    return result;
  }
  if (!cursor.failed() && version != kStateVersion) {
    result.diagnostics.error(
        "Unsupported state file format",
        version < 0
            ? fmt::format(
                  "{} does not say which format version it has, so it is not a state file. It was left as it is.", name)
            : fmt::format("The state {} has format version {}, which only old releases of Terraform read. Upgrade it "
                          "with Terraform 0.13 to 1.x first. The state was left as it is.",
                          name, version));
    return result;
  }
  cursor.end();
  if (cursor.failed()) {
    result.diagnostics.error(
        "Unsupported state file format",
        fmt::format("The state {} could not be read: {}. The file was left as it is; {}.backup may hold the "
                    "state before the last change.",
                    name, cursor.error(), name));
  }
  return result;
}

std::string serialize_state(const State& state) {
  JsonWriter json;
  json.begin_object();
  json.key("version");
  json.integer(kStateVersion);
  json.key("terraform_version");
  json.string(kTerraformVersion);
  json.key("serial");
  json.integer(state.serial);
  json.key("lineage");
  json.string(state.lineage);
  json.key("outputs");
  json.begin_object();
  for (const auto& [name, output] : state.outputs) {
    json.key(name);
    json.begin_object();
    json.key("value");
    json.raw(output.value);
    json.key("type");
    json.raw(output.type);
    if (output.sensitive) {
      json.key("sensitive");
      json.boolean(true);
    }
    json.end_object();
  }
  json.end_object();
  json.key("resources");
  json.begin_array();
  for (const auto& [address, resource] : state.resources) write_resource(json, address, resource);
  json.end_array();
  write_checks(json, state.checks);
  json.end_object();
  return std::move(json.text()) + "\n";
}

std::string instance_json(const InstanceKey& key, const std::string& deposed, const Object& object) {
  JsonWriter json;
  write_object(json, key, deposed, object);
  return compact_json(json.text());
}

bool parse_instance_json(std::string_view json, State& pool_of, InstanceKey& key, std::string& deposed,
                         ObjectPtr& object) {
  JsonCursor cursor(json);
  Reader::StoredInstance stored = Reader(cursor, pool_of).instance();
  cursor.end();
  key = std::move(stored.key);
  deposed = std::move(stored.deposed);
  object = std::move(stored.object);
  return !cursor.failed();
}

bool same_content(const State& left, const State& right) {
  return left.outputs == right.outputs && left.checks == right.checks &&
         std::equal(
             left.resources.begin(), left.resources.end(), right.resources.begin(), right.resources.end(),
             [](const auto& a, const auto& b) { return a.first == b.first && same_resource(a.second, b.second); });
}

std::string new_deposed_key(Random& random) {
  return fmt::format("{:08x}", static_cast<uint32_t>(random.next_u64()));
}

}  // namespace terrace::state
