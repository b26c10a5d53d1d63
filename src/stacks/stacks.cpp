#include "stacks/stacks.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/evaluation.h"
#include "hcl/native_body.h"

namespace terrace::stacks {

namespace {

// "stacks/etcd/../vpc/terraform.tfstate" as "stacks/vpc/terraform.tfstate".
std::string clean(const std::string& path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    std::size_t end = std::min(path.find('/', at), path.size());
    std::string part = path.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty()) {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "/") + part;
  return text;
}

// Nothing of AWS is needed to tell where another state lies.
class NoResources final : public config::ResourceValues {
 public:
  lang::Value resource_value(const config::ModuleInstance&, const config::Resource&) override {
    return lang::Value::dynamic();
  }
};

class Finder {
 public:
  Finder(FileSystem& files, std::map<std::string, Stack>& stacks, Diagnostics& diagnostics)
      : files_(files), stacks_(stacks), diagnostics_(diagnostics) {}

  void find() {
    Result<std::vector<DirectoryEntry>, FileError> entries = files_.list("stacks");
    if (!entries) {
      diagnostics_.error("Not a cluster directory",
                         fmt::format("{}. Change to a directory that \"terrace new\" made.", entries.error().message));
      return;
    }
    for (const DirectoryEntry& entry : *entries) {
      if (entry.is_directory && has_configuration("stacks/" + entry.name)) load(entry.name);
    }
    if (stacks_.empty())
      diagnostics_.error("No stacks", "The folder stacks/ has no folder with configuration files (*.tf) in it.");
    if (diagnostics_.has_errors()) return;
    for (auto& [name, stack] : stacks_) dependencies(stack);
  }

 private:
  bool has_configuration(const std::string& directory) {
    Result<std::vector<DirectoryEntry>, FileError> entries = files_.list(directory);
    if (!entries) return false;
    return std::any_of(entries->begin(), entries->end(), [](const DirectoryEntry& entry) {
      return entry.name.ends_with(".tf") || entry.name.ends_with(".tf.json");
    });
  }

  void load(const std::string& name) {
    Stack stack;
    stack.name = name;
    stack.directory = "stacks/" + name;
    Checked<std::shared_ptr<config::Configuration>> loaded = config::load_configuration(files_, stack.directory);
    diagnostics_.append(std::move(loaded.diagnostics));
    stack.configuration = std::move(loaded.value);
    stacks_.emplace(name, std::move(stack));
  }

  void dependencies(Stack& stack) {
    if (!stack.configuration || stack.configuration->root == nullptr) return;
    NoResources resources;
    lang::FunctionContext functions;
    functions.files = &files_;
    config::Evaluation evaluation(*stack.configuration, {}, functions, resources, "default");
    for (const auto& [address, resource] : stack.configuration->root->resources) {
      if (resource.mode != config::ResourceMode::kData || resource.type != "terraform_remote_state") continue;
      static const hcl::BodySchema kSchema = {{{"config", false}}, {}};
      Checked<hcl::BodyContent> content = resource.body->partial_content(kSchema);
      const hcl::Attribute* config = content.value.find("config");
      if (config == nullptr) continue;
      Diagnostics problems;
      lang::Value value = evaluation.evaluate(*config->expression, evaluation.root(), {}, problems);
      if (problems.has_errors()) continue;  // the plan says it at its place
      if (!value.has_content() || !value.type().is_object()) continue;
      const lang::Value* path = value.find_attribute("path");
      if (path == nullptr || path->type().kind() != lang::TypeKind::kString) continue;
      if (!path->has_content()) {
        diagnostics_.error(
            "Unknown dependency",
            fmt::format(
                "The path of {} in the stack {} can't be told before a plan, so what the stack needs is not known. "
                "Write it with path.module alone, such as \"${{path.module}}/../vpc/terraform.tfstate\".",
                address, stack.name),
            config->expression->range);
        continue;
      }
      add_need(stack, address, path->as_string(), config->expression->range);
    }
    std::sort(stack.needs.begin(), stack.needs.end());
    stack.needs.erase(std::unique(stack.needs.begin(), stack.needs.end()), stack.needs.end());
  }

  void add_need(Stack& stack, const std::string& address, const std::string& written, const SourceRange& range) {
    // path.module is the stack's folder as seen from here; a bare relative path starts in the stack's own.
    std::string path =
        clean(written.starts_with("stacks/") || written.starts_with("/") ? written : stack.directory + "/" + written);
    if (!path.starts_with("stacks/") || !path.ends_with("/terraform.tfstate")) return;
    std::string name = path.substr(7, path.size() - 7 - 18);
    if (name.find('/') != std::string::npos || name == stack.name) return;
    if (stacks_.count(name) == 0) {
      std::string known;
      for (const auto& [each, other] : stacks_) known += (known.empty() ? "" : ", ") + each;
      diagnostics_.error("Missing stack",
                         fmt::format("{} in the stack {} reads the state of the stack \"{}\", and there is no folder "
                                     "stacks/{} with configuration files. The stacks are: {}.",
                                     address, stack.name, name, name, known),
                         range);
      return;
    }
    stack.needs.push_back(name);
  }

  FileSystem& files_;
  std::map<std::string, Stack>& stacks_;
  Diagnostics& diagnostics_;
};

// Depth first; a circle is told by the stacks on it.
class Sorter {
 public:
  Sorter(const std::map<std::string, Stack>& stacks, std::vector<std::string>& order, Diagnostics& diagnostics)
      : stacks_(stacks), order_(order), diagnostics_(diagnostics) {}
  void visit(const std::string& name) {
    if (done_.count(name) != 0) return;
    auto open = std::find(path_.begin(), path_.end(), name);
    if (open != path_.end()) {
      std::string circle;
      for (auto at = open; at != path_.end(); ++at) circle += *at + " → ";
      diagnostics_.error("Cycle of stacks",
                         fmt::format("Each of these stacks reads the next one's state, so none could be the first: "
                                     "{}{}. Take one of the terraform_remote_state data sources out.",
                                     circle, name));
      return;
    }
    path_.push_back(name);
    for (const std::string& needed : stacks_.at(name).needs) visit(needed);
    path_.pop_back();
    if (done_.insert(name).second) order_.push_back(name);
  }

 private:
  const std::map<std::string, Stack>& stacks_;
  std::vector<std::string>& order_;
  Diagnostics& diagnostics_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
};

}  // namespace

Checked<StackGraph> find_stacks(FileSystem& files) {
  Checked<StackGraph> result;
  Finder(files, result.value.stacks_, result.diagnostics).find();
  if (result.diagnostics.has_errors()) return result;
  Sorter sorter(result.value.stacks_, result.value.order_, result.diagnostics);
  for (const auto& [name, stack] : result.value.stacks_) {
    sorter.visit(name);
    if (result.diagnostics.has_errors()) break;
  }
  return result;
}

Checked<std::vector<std::string>> StackGraph::select(const std::vector<std::string>& names, bool only,
                                                     bool dependents) const {
  Checked<std::vector<std::string>> result;
  bool all = names.empty() || std::find(names.begin(), names.end(), "all") != names.end();
  std::set<std::string> wanted;
  std::string known;
  for (const auto& [name, stack] : stacks_) known += (known.empty() ? "" : ", ") + name;
  for (const std::string& name : names) {
    if (name == "all") continue;
    if (stacks_.count(name) == 0) {
      result.diagnostics.error("Unknown stack",
                               fmt::format("There is no stack \"{}\".{} The stacks of this cluster are: {}.", name,
                                           hcl::did_you_mean(name, order_), known));
    }
    wanted.insert(name);
  }
  if (result.diagnostics.has_errors()) return result;
  if (all) wanted.insert(order_.begin(), order_.end());
  if (!only && !dependents) {
    for (auto name = order_.rbegin(); name != order_.rend(); ++name) {
      if (wanted.count(*name) != 0) wanted.insert(stacks_.at(*name).needs.begin(), stacks_.at(*name).needs.end());
    }
  }
  if (!only && dependents) {
    for (const std::string& name : order_) {
      for (const std::string& needed : stacks_.at(name).needs) {
        if (wanted.count(needed) != 0) wanted.insert(name);
      }
    }
  }
  for (const std::string& name : order_) {
    if (wanted.count(name) != 0) result.value.push_back(name);
  }
  return result;
}

}  // namespace terrace::stacks
