// What a configuration asks for, as the planner and apply see it: resources with what they need, and their values once
// what they need is known. plan/configured.h makes one of a configuration; tests make small ones by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "lang/path.h"
#include "lang/value.h"
#include "state/state.h"

namespace terrace::plan {

// A resource or data block of one module, for all instances of that module.
struct DesiredResource {
  // Stands for a local, a variable or the like that many resources use and that uses many: it has nothing but needs,
  // and keeps the edges from being multiplied out.
  bool relay = false;
  std::string config_address;  // "module.a.aws_vpc.main", without instance keys
  state::Mode mode = state::Mode::kManaged;
  std::string type;
  std::string name;
  uint32_t provider = 0;        // Desired::providers()
  std::vector<uint32_t> needs;  // other resources whose values or completion it uses, each once; through locals,
                                // variables, module outputs, depends_on and its provider's configuration
  std::vector<uint32_t> explicit_needs;  // those of depends_on, its modules' included
  bool create_before_destroy = false;
  bool prevent_destroy = false;
  bool ignore_all = false;
  std::vector<lang::Path> ignore_changes;
  struct Trigger {
    uint32_t resource = 0;
    lang::Path path;  // inside the instance; empty for any change
    bool has_key = false;
    state::InstanceKey key;
  };
  std::vector<Trigger> replace_triggered_by;
  bool has_result_rules = false;  // check_result() may say something
  SourceRange range;              // of the block's header
};

// A provider configuration that resources use.
struct DesiredProvider {
  std::string address;  // as the state writes it: provider["..."].alias, with its module in front
  std::string source;   // registry.terraform.io/hashicorp/aws
  std::vector<uint32_t> needs;
  SourceRange range;
};

struct DesiredOutput {
  std::string name;
  bool sensitive = false;
  std::vector<uint32_t> needs;
  SourceRange range;
};

// One instance of a resource. `module` is the index of the module instance within Desired, for evaluate().
struct DesiredInstance {
  uint32_t module = 0;
  state::InstanceKey key;
};

// The module instances of a resource with its keys.
struct Expansion {
  std::vector<DesiredInstance> instances;  // by module, then key
};

// Where values of resources come from while expressions are evaluated.
class ResourceValues {
 public:
  virtual ~ResourceValues() = default;
  // The resource in one module instance ("module.a[0]", empty for the root): an object; a tuple with count; an object
  // with for_each; unknown where that can't be told yet.
  virtual lang::Value resource_value(uint32_t resource, const std::string& module) = 0;
};

enum class Repetition : uint8_t { kSingle, kCount, kForEach };

class Desired {
 public:
  virtual ~Desired() = default;

  virtual const std::vector<DesiredResource>& resources() const = 0;
  virtual const std::vector<DesiredProvider>& providers() const = 0;
  virtual const std::vector<DesiredOutput>& outputs() const = 0;
  virtual Repetition repetition(uint32_t resource) const = 0;

  // Values are asked of `values` from now on, and nothing that was evaluated before is kept. While planning, functions
  // whose result the apply will tell are unknown.
  virtual void begin(ResourceValues& values, bool applying) = 0;
  // Rules on variables and the like that can be checked before anything is planned.
  virtual Diagnostics check_variables() { return {}; }
  // The same for the modules that are called, once everything is planned.
  virtual Diagnostics check_modules() { return {}; }
  // count and for_each, evaluated once; unknown ones are errors.
  virtual Checked<Expansion> expand(uint32_t resource) = 0;
  virtual const std::string& module_address(uint32_t module) const = 0;
  // False when the configuration calls no such module ("module.a", without keys).
  virtual bool has_module(const std::string& config_module) const = 0;
  // The block's value by the schema of its type, with marks and unknowns.
  virtual Checked<lang::Value> evaluate(uint32_t resource, const DesiredInstance& instance) = 0;
  // What the block's own rules say of the object that was planned, made or read.
  virtual Diagnostics check_result(uint32_t /*resource*/, const DesiredInstance& /*instance*/,
                                   const lang::Value& /*value*/) {
    return {};
  }
  virtual Checked<lang::Value> evaluate_provider(uint32_t provider) = 0;
  virtual Checked<lang::Value> evaluate_output(uint32_t output) = 0;
};

}  // namespace terrace::plan
