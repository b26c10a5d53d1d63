// A configuration as it is written: modules with their variables, locals, outputs, calls, providers and resources. Made
// by load_configuration; evaluation, planning and the commands read it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/file_system.h"
#include "diag/diagnostic.h"
#include "hcl/ast.h"
#include "lang/type_constraint.h"

namespace terrace::config {

enum class ResourceMode : uint8_t { kData, kManaged };

// `validation`, `precondition` and `postcondition` blocks.
struct CheckRule {
  const hcl::Expression* condition = nullptr;
  const hcl::Expression* error_message = nullptr;
  SourceRange range;
};

struct Variable {
  std::string name;
  std::string description;
  lang::TypeConstraint constraint;
  bool has_type = false;
  std::optional<lang::Value> default_value;  // converted to the type
  bool sensitive = false;
  bool nullable = true;
  bool ephemeral = false;
  std::vector<CheckRule> validations;
  SourceRange range;  // of the block's header
};

struct Local {
  std::string name;
  const hcl::Expression* expression = nullptr;
  SourceRange range;
};

struct Output {
  std::string name;
  std::string description;
  const hcl::Expression* expression = nullptr;
  bool sensitive = false;
  bool ephemeral = false;
  std::vector<hcl::Traversal> depends_on;
  std::vector<CheckRule> preconditions;
  SourceRange range;
};

// `aws` or `aws.alias`, as written.
struct ProviderReference {
  std::string name;
  std::string alias;
  SourceRange range;
  std::string text() const { return alias.empty() ? name : name + "." + alias; }
};

struct ProviderConfig {
  std::string name;
  std::string alias;
  const hcl::Body* body = nullptr;
  SourceRange range;
};

struct RequiredProvider {
  std::string name;
  std::string source;  // in full: registry.terraform.io/hashicorp/aws
  std::string version;
  SourceRange range;
};

struct Module;

struct ModuleCall {
  std::string name;
  std::string source;
  const hcl::Expression* count = nullptr;
  const hcl::Expression* for_each = nullptr;
  std::vector<hcl::Traversal> depends_on;
  std::map<std::string, ProviderReference> providers;  // the child's name or name.alias to the parent's
  std::map<std::string, hcl::Attribute> arguments;     // the child's variables
  const Module* module = nullptr;                      // null where it could not be loaded
  SourceRange range;
  SourceRange source_range;
};

struct Lifecycle {
  bool create_before_destroy = false;
  bool create_before_destroy_set = false;
  bool prevent_destroy = false;
  bool ignore_all = false;
  std::vector<hcl::Traversal> ignore_changes;  // relative to the resource: the root is an attribute
  std::vector<const hcl::Expression*> replace_triggered_by;
  std::vector<CheckRule> preconditions;
  std::vector<CheckRule> postconditions;
};

struct Resource {
  ResourceMode mode = ResourceMode::kManaged;
  std::string type;
  std::string name;
  const hcl::Expression* count = nullptr;
  const hcl::Expression* for_each = nullptr;
  std::optional<ProviderReference> provider;  // as written; otherwise the type's first word
  std::vector<hcl::Traversal> depends_on;
  Lifecycle lifecycle;
  const hcl::Body* body = nullptr;  // with the arguments above, which schema::decode_body leaves out
  SourceRange range;

  // "aws_vpc.main", "data.aws_ami.flatcar".
  std::string address() const { return (mode == ResourceMode::kData ? "data." : "") + type + "." + name; }
  // The local name of the provider: what `provider` says or what the type begins with.
  ProviderReference provider_reference() const;
};

struct Backend {
  std::string type;
  const hcl::Body* body = nullptr;
  SourceRange range;
};

// One directory of files. Shared by every call that names it.
struct Module {
  std::string directory;
  std::map<std::string, Variable> variables;
  std::map<std::string, Local> locals;
  std::map<std::string, Output> outputs;
  std::map<std::string, ModuleCall> calls;
  std::map<std::string, Resource> resources;  // by address()
  std::vector<ProviderConfig> providers;
  std::map<std::string, RequiredProvider> required_providers;
  std::optional<Backend> backend;

  std::vector<hcl::File> files;

  // The source address behind a local provider name: what required_providers says, else hashicorp/NAME, and the
  // built-in one for "terraform".
  std::string provider_source(const std::string& name) const;
};

// A whole configuration: the root module and all that it calls. Everything that points into it lives as long as it
// does.
struct Configuration {
  const Module* root = nullptr;
  std::map<std::string, std::unique_ptr<Module>> modules;  // by directory
};

// Reads the configuration in `directory`. Diagnostics hold whatever can be known to be wrong without a value.
Checked<std::shared_ptr<Configuration>> load_configuration(FileSystem& files, const std::string& directory);

// Arguments that belong to the language rather than to the resource type.
const std::vector<std::string>& resource_meta_arguments();

}  // namespace terrace::config
