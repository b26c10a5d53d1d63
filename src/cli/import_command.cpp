// terrace import
#include <fmt/format.h>

#include "apply/import.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "state/address.h"

namespace terrace::cli {

namespace {

struct Wanted {
  state::Address address;
  std::string text;
  std::string id;
};

// The provider that the configuration gives the resource; an error where the configuration does not have it.
Result<std::string, Diagnostic> provider_of(const plan::Desired& desired, const Wanted& wanted) {
  const std::string name = plan::config_address(wanted.address.resource);
  for (const plan::DesiredResource& resource : desired.resources()) {
    if (!resource.relay && resource.config_address == name) return desired.providers()[resource.provider].address;
  }
  Diagnostic missing;
  missing.summary = fmt::format("Resource address \"{}\" does not exist in the configuration", wanted.text);
  missing.detail = fmt::format(
      "Before an object can be imported, its resource must be written in the configuration. For example:\n\nresource "
      "\"{}\" \"{}\" {{\n  # (resource arguments)\n}}",
      wanted.address.resource.type, wanted.address.resource.name);
  return Failure<Diagnostic>{std::move(missing)};
}

Task<Diagnostics> open_and_import(Context& context, apply::Operation& operation, const Wanted& wanted) {
  Diagnostics diagnostics = co_await operation.open("OperationTypeImport");
  if (diagnostics.has_errors()) co_return diagnostics;
  Result<std::string, Diagnostic> provider = provider_of(operation.desired(), wanted);
  if (!provider) {
    diagnostics.add(provider.error());
    co_return diagnostics;
  }
  context.print(fmt::format("{}: Importing from ID \"{}\"...\n", wanted.text, wanted.id));
  Task<Diagnostics> importing = apply::import_object(operation.run(), operation.session(), wanted.address.resource,
                                                     wanted.address.key, *provider, wanted.id);
  Diagnostics imported = co_await importing;
  bool failed = imported.has_errors();
  diagnostics.append(std::move(imported));
  if (!failed) {
    context.print(fmt::format("{}: Import complete\n", wanted.text) +
                  context.style("\n[green][bold]Import successful![reset]\n") +
                  "\nThe object is in the state now and is managed by terrace from here on. Run \"terrace plan\" to "
                  "see\nwhether it is as the configuration says.\n");
  }
  co_return diagnostics;
}

}  // namespace

int import_command(Context& context, const Arguments& arguments) {
  RunFlags run;
  Flags flags(
      "import [options] ADDRESS ID",
      "Takes an object that exists into the state, under an address of the configuration. What the id is stands "
      "in the documentation of the resource type.");
  run.add_to(flags, false, false);
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (rest.size() != 2)
    return context.fail("Two arguments are needed",
                        "Give an address of the configuration and the id of the object: terrace import aws_vpc.main "
                        "vpc-0123456789abcdef0.");
  Result<state::Address, std::string> address = state::parse_instance_address(rest[0]);
  if (!address) return context.fail("Invalid address", address.error());
  if (address->resource.mode == state::Mode::kData)
    return context.fail("Invalid address", "Data sources are read at each plan and can't be imported.");
  Wanted wanted{std::move(*address), rest[0], rest[1]};
  Providers providers(context, nullptr);
  apply::Effects effects{context.files,  context.loop,
                         context.random, providers.registry(working_directory()),
                         nullptr,        [&context](const std::string& text) { context.print(text); }};
  apply::Operation operation(effects, run.settings(context, ""));
  Diagnostics diagnostics = operation.load();
  context.show(diagnostics);
  if (diagnostics.has_errors()) return 1;
  diagnostics = context.loop.run(open_and_import(context, operation, wanted));
  context.show(diagnostics);
  context.show(context.loop.run(operation.close()));
  return diagnostics.has_errors() ? 1 : 0;
}

}  // namespace terrace::cli
