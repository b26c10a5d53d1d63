#include "cli/plan_view.h"

#include <set>

namespace terrace::cli {

namespace {

using lang::Type;
using lang::TypeKind;
using lang::Value;

Display plain(const Value& value, bool declared) {
  Display display;
  display.is_sensitive = value.has(lang::Marks::kSensitive);
  if (value.is_null()) return display;
  if (!value.is_known()) {
    display.kind = Display::Kind::kUnknown;
    return display;
  }
  const Type& type = value.type();
  switch (type.kind()) {
    case TypeKind::kString:
      display.kind = Display::Kind::kString;
      display.text = value.as_string();
      break;
    case TypeKind::kNumber:
      display.kind = Display::Kind::kLiteral;
      display.text = value.as_number().text();
      break;
    case TypeKind::kBool:
      display.kind = Display::Kind::kLiteral;
      display.text = value.as_bool() ? "true" : "false";
      break;
    case TypeKind::kMap:
    case TypeKind::kObject:
      display.kind = type.kind() == TypeKind::kMap ? Display::Kind::kMap
                     : declared                    ? Display::Kind::kObject
                                                   : Display::Kind::kFreeObject;
      for (std::size_t i = 0; i < value.length(); ++i) {
        display.members.emplace_back(type.is_object() ? type.attributes()[i].name : value.keys()[i],
                                     plain(value.elements()[i], declared));
      }
      break;
    default:
      display.kind = type.kind() == TypeKind::kSet && declared ? Display::Kind::kSet : Display::Kind::kList;
      for (const Value& element : value.elements()) display.elements.push_back(plain(element, declared));
  }
  return display;
}

std::string module_of(const state::ResourceAddress& address) {
  return address.module;
}

std::vector<ReplacePath> replace_paths(const plan::ResourceChange& change) {
  std::vector<ReplacePath> paths;
  for (const lang::Path& path : change.replace_paths) {
    ReplacePath steps;
    for (const lang::PathStep& step : path) {
      if (step.kind == lang::PathStep::Kind::kAttribute) {
        steps.push_back(step.name);
      } else if (step.key.has_content() && step.key.type().kind() == TypeKind::kString) {
        steps.push_back(step.key.as_string());
      } else if (step.key.has_content() && step.key.type().kind() == TypeKind::kNumber) {
        steps.push_back(step.key.as_number().text());
      }
    }
    paths.push_back(std::move(steps));
  }
  return paths;
}

Display outputs_display(const std::map<std::string, plan::OutputChange>& outputs, bool before) {
  Display display;
  display.kind = Display::Kind::kFreeObject;
  for (const auto& [name, change] : outputs) {
    bool absent = before ? change.action == plan::Action::kCreate : change.action == plan::Action::kDelete;
    if (absent) continue;
    Display value = display_of(before ? change.before : change.after);
    value.is_sensitive = value.is_sensitive || change.sensitive;
    display.members.emplace_back(name, std::move(value));
  }
  return display;
}

class Viewer {
 public:
  Viewer(const plan::Plan& plan, schema::ProviderRegistry& providers) : plan_(plan), providers_(providers) {}

  ChangeView view(const plan::PlannedResource& resource, const state::InstanceKey& key) {
    ChangeView view;
    view.address = resource.address.instance_text(key);
    view.config_address = resource.config_address;
    view.is_data = resource.address.mode == state::Mode::kData;
    view.type = resource.address.type;
    view.name = resource.address.name;
    view.module = module_of(resource.address);
    view.index_key = state::key_text(key);
    return view;
  }

  Display object(const plan::PlannedResource& resource, const Value& value) {
    if (value.is_null()) return {};
    const schema::ProviderSchema* provider = providers_.schema(resource.provider_source);
    if (provider != nullptr) {
      const auto& types = resource.address.mode == state::Mode::kData ? provider->data_sources : provider->resources;
      auto type = types.find(resource.address.type);
      if (type != types.end()) return display_of(value, type->second.block);
    }
    return display_of(value);
  }

  const plan::Plan& plan_;
  schema::ProviderRegistry& providers_;
};

}  // namespace

Display display_of(const Value& value) {
  return plain(value, false);
}

Display display_of(const Value& value, const schema::Block& block) {
  Display display;
  display.is_sensitive = value.has(lang::Marks::kSensitive);
  if (value.is_null()) return display;
  if (!value.is_known()) {
    display.kind = Display::Kind::kUnknown;
    return display;
  }
  display.kind = Display::Kind::kBlock;
  for (const schema::Attribute& attribute : block.attributes) {
    Display member = plain(value.attribute(attribute.name), !attribute.type.is_dynamic());
    member.is_sensitive = member.is_sensitive || attribute.sensitive;
    display.members.emplace_back(attribute.name, std::move(member));
  }
  for (const schema::NestedBlock& nested : block.blocks) {
    const Value& content = value.attribute(nested.name);
    DisplayBlocks blocks;
    blocks.name = nested.name;
    blocks.nesting = nested.nesting == schema::Nesting::kSet   ? DisplayNesting::kSet
                     : nested.nesting == schema::Nesting::kMap ? DisplayNesting::kMap
                                                               : DisplayNesting::kSequence;
    blocks.is_unknown = !content.is_known();
    if (content.has_content()) {
      if (nested.nesting == schema::Nesting::kSingle) {
        blocks.blocks.emplace_back("", display_of(content, nested.block));
      } else {
        for (std::size_t i = 0; i < content.length(); ++i) {
          blocks.blocks.emplace_back(nested.nesting == schema::Nesting::kMap ? content.keys()[i] : std::string(),
                                     display_of(content.elements()[i], nested.block));
        }
      }
    }
    display.blocks.push_back(std::move(blocks));
  }
  return display;
}

PlanView plan_view(const plan::Plan& plan, schema::ProviderRegistry& providers) {
  Viewer viewer(plan, providers);
  PlanView view;
  view.mode = plan.mode;
  view.errored = plan.errored;
  for (const plan::ResourceChange& change : plan.changes) {
    const plan::PlannedResource& resource = plan.resource_of(change);
    ChangeView one = viewer.view(resource, change.key);
    one.deposed = change.deposed;
    one.importing_id = change.importing_id;
    one.action = change.action;
    one.reason = plan::action_reason(change.reason);
    if (change.moved) one.previous_address = resource.address.instance_text(change.previous_key);
    if (change.action != plan::Action::kNoOp) {
      one.before = viewer.object(resource, change.before);
      one.after = viewer.object(resource, change.after);
    }
    one.replace_paths = replace_paths(change);
    view.changes.push_back(std::move(one));
  }
  // Drift that the plan does nothing about is shown where it was asked for, by -refresh-only; what is gone always is.
  std::set<std::string> changing;
  for (const plan::ResourceChange& change : plan.changes) {
    if (change.action != plan::Action::kNoOp) changing.insert(plan.address_of(change));
  }
  for (const plan::Drift& drift : plan.drift) {
    const plan::PlannedResource& resource = plan.resources[drift.resource];
    bool gone = drift.action == plan::Action::kDelete;
    if (plan.mode != plan::Mode::kRefreshOnly && !gone &&
        changing.count(resource.address.instance_text(drift.key)) == 0)
      continue;
    ChangeView one = viewer.view(resource, drift.key);
    one.deposed = drift.deposed;
    one.action = drift.action;
    one.before = viewer.object(resource, drift.before);
    one.after = viewer.object(resource, drift.after);
    view.drift.push_back(std::move(one));
  }
  view.outputs_before = outputs_display(plan.outputs, true);
  view.outputs_after = outputs_display(plan.outputs, false);
  return view;
}

}  // namespace terrace::cli
