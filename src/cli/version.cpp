#include "cli/version.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"

namespace terrace::cli {

int version_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("version [options]", "Displays the version of terrace and of the Terraform language that it speaks.");
  flags.boolean("json", &json, "Output the version information as a JSON object.");
  Arguments rest;
  if (const auto code = context.parse(flags, arguments, &rest)) return *code;
  if (json) {
    const nlohmann::ordered_json object{{"terraform_version", kLanguageVersion},
                                        {"terrace_version", kVersion},
                                        {"platform", "linux_amd64"},
                                        {"provider_selections", nlohmann::ordered_json::object()},
                                        {"terraform_outdated", false}};
    context.print(object.dump(2) + "\n");
  } else {
    context.print(fmt::format("terrace v{}\non linux_amd64\n+ the language, states and plans of Terraform v{}\n",
                              kVersion, kLanguageVersion));
  }
  return 0;
}

}  // namespace terrace::cli
