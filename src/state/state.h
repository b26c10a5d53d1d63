// The state: what Terraform's state file, version 4, holds, as a value. Plan reads it, apply changes it, the state
// commands show it. Attributes stay the JSON text they were read as until somebody asks for them with a schema, so that
// reading a large state costs little more than its bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.h"
#include "diag/diagnostic.h"

namespace terrace::state {

enum class Mode : uint8_t { kData, kManaged };  // in the order of the file

// No key, a number (count) or a string (for_each).
using InstanceKey = std::variant<std::monostate, int64_t, std::string>;
// `[0]`, `["name"]` or nothing.
std::string key_text(const InstanceKey& key);

// A resource as a whole. Ordered as the file is.
struct ResourceAddress {
  std::string module;  // of the module instance: "module.a[0].module.b"; empty for the root
  Mode mode = Mode::kManaged;
  std::string type;
  std::string name;

  auto operator<=>(const ResourceAddress&) const = default;
  // module.a.data.aws_ami.main
  std::string text() const;
  std::string instance_text(const InstanceKey& key) const { return text() + key_text(key); }
};

// Resources that an object depends on, as configuration addresses ("module.a.aws_vpc.main"), sorted; shared by the
// instances of a resource.
using Dependencies = std::shared_ptr<const std::vector<const std::string*>>;

// One stored object; never changed once made.
struct Object {
  int64_t schema_version = 0;
  std::string attributes;            // JSON object, as stored
  std::string sensitive_attributes;  // JSON array of paths, as stored; empty means none
  std::string private_data;          // decoded
  std::string identity;              // JSON object of a newer Terraform, kept as it is; empty means none
  int64_t identity_schema_version = 0;
  Dependencies dependencies;  // may be null
  bool create_before_destroy = false;
  bool tainted = false;
};
using ObjectPtr = std::shared_ptr<const Object>;

struct Instance {
  ObjectPtr current;                         // may be null
  std::map<std::string, ObjectPtr> deposed;  // by key, eight hex digits
  bool empty() const { return !current && deposed.empty(); }
};

struct Resource {
  std::string provider;  // provider["registry.terraform.io/hashicorp/aws"].alias, with a module in front of it
  std::map<InstanceKey, Instance> instances;
};

// A root output; value and type as JSON text.
struct Output {
  std::string value;
  std::string type;
  bool sensitive = false;
  bool operator==(const Output&) const = default;
};

enum class CheckStatus : uint8_t { kPass, kFail, kError, kUnknown };
struct CheckObject {
  std::string address;
  CheckStatus status = CheckStatus::kUnknown;
  std::vector<std::string> failure_messages;
  bool operator==(const CheckObject&) const = default;
};
struct CheckResult {
  std::string kind;    // resource, output, check, var
  std::string config;  // address without instance keys
  CheckStatus status = CheckStatus::kUnknown;
  std::vector<CheckObject> objects;
  bool operator==(const CheckResult&) const = default;
};

// Strings kept once, at fixed places.
class StringPool {
 public:
  const std::string* intern(std::string_view text) { return &*strings_.emplace(text).first; }

 private:
  std::set<std::string, std::less<>> strings_;
};

struct State {
  std::string terraform_version;
  int64_t serial = 0;
  std::string lineage;  // empty until the state is first written
  std::map<std::string, Output> outputs;
  std::map<ResourceAddress, Resource> resources;
  std::vector<CheckResult> checks;
  std::shared_ptr<StringPool> pool = std::make_shared<StringPool>();

  bool empty() const { return resources.empty() && outputs.empty(); }
  const Instance* find(const ResourceAddress& address, const InstanceKey& key) const;
  // Made where it is not there yet, with its resource.
  Instance& at(const ResourceAddress& address, const InstanceKey& key, const std::string& provider);
  // Takes the instance away when it holds no object any more, and the resource with its last instance.
  void prune(const ResourceAddress& address, const InstanceKey& key);
  Dependencies dependencies(const std::vector<std::string>& addresses);
};

// Reads a state file's text. `name` is for the messages. Refuses newer versions and whatever is not whole.
Checked<State> parse_state(std::string_view text, const std::string& name);

// The file's text, byte for byte as Terraform lays it out, with the state's own serial and lineage.
std::string serialize_state(const State& state);

// One object as an element of a resource's "instances", in one line, and back. Parsing gives false for anything else.
std::string instance_json(const InstanceKey& key, const std::string& deposed, const Object& object);
bool parse_instance_json(std::string_view json, State& pool_of, InstanceKey& key, std::string& deposed,
                         ObjectPtr& object);

// True when the two hold the same resources, outputs and checks; serial, lineage and version aside.
bool same_content(const State& left, const State& right);

// Deposed keys: eight hex digits.
std::string new_deposed_key(Random& random);

}  // namespace terrace::state
