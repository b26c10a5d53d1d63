#include "apply/import.h"

#include <fmt/format.h>

#include "state/value_json.h"

namespace terrace::apply {

using lang::Value;

namespace {

Diagnostics refuse(std::string summary, std::string detail, const std::string& address) {
  Diagnostic diagnostic;
  diagnostic.summary = std::move(summary);
  diagnostic.detail = std::move(detail);
  diagnostic.address = address;
  return Diagnostics(std::move(diagnostic));
}

}  // namespace

Task<Diagnostics> import_object(plan::PlanRun& run, state::StateSession& session, state::ResourceAddress address,
                                state::InstanceKey key, std::string provider_address, std::string id) {
  std::string name = address.instance_text(key);
  const state::Instance* there = session.state().find(address, key);
  if (there && there->current) {
    co_return refuse(
        "Resource already managed by Terraform",
        fmt::format("Terraform is already managing a remote object for {}. To import to this address you must first "
                    "remove the existing object from the state.",
                    name),
        name);
  }
  plan::ValueTable nothing(run.desired());
  run.desired().begin(nothing, false);
  Diagnostics diagnostics;
  Task<schema::Provider*> getting = run.providers().get(provider_address, diagnostics);
  schema::Provider* provider = co_await getting;
  const schema::TypeSchema* type =
      run.providers().type_schema(plan::provider_source(provider_address), state::Mode::kManaged, address.type);
  if (!provider) co_return diagnostics;
  if (!type) {
    co_return refuse("Invalid resource type",
                     fmt::format("The provider {} does not support resource type \"{}\".",
                                 plan::provider_source(provider_address), address.type),
                     name);
  }
  Task<schema::ImportResponse> importing = provider->import_resource(address.type, id);
  schema::ImportResponse imported = co_await importing;
  diagnostics.append(std::move(imported.diagnostics));
  if (diagnostics.has_errors()) co_return diagnostics;
  for (schema::ImportedObject& found : imported.objects) {
    if (found.type != address.type) continue;
    schema::ReadRequest request{found.type, found.state, found.private_data};
    Task<schema::ReadResponse> reading = provider->read_resource(request);
    schema::ReadResponse read = co_await reading;
    diagnostics.append(std::move(read.diagnostics));
    if (diagnostics.has_errors()) co_return diagnostics;
    if (!read.new_state.has_content()) break;
    auto object = std::make_shared<state::Object>();
    object->schema_version = type->version;
    object->attributes = state::encode_value(read.new_state.without_marks_deep(), type->implied_type);
    object->private_data = std::move(read.private_data);
    session.state().at(address, key, provider_address).current = std::move(object);
    Task<Diagnostics> saving = session.save();
    diagnostics.append(co_await saving);
    co_return diagnostics;
  }
  diagnostics.append(
      refuse("Cannot import non-existent remote object",
             fmt::format("While attempting to import an existing object to \"{}\", the provider detected that no "
                         "object exists with the id \"{}\". Check the id and the region.",
                         name, id),
             name));
  co_return diagnostics;
}

}  // namespace terrace::apply
