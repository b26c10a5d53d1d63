// cloudtrail: the trail of all regions. It is the stack cloudtrail, under the names of its own that operators know.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cluster_access.h"
#include "cli/cluster_commands.h"
#include "cli/commands.h"
#include "cluster/state_values.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStack = "cloudtrail";

int change(Context& context, const Arguments& arguments, const char* name, const char* description, bool destroy) {
  bool dry_run = false;
  RunFlags run;
  run.destroy = destroy;
  Flags flags(fmt::format("cloudtrail {} [options]", name), description);
  flags.boolean("dry-run", &dry_run, "Show what would be done, and do nothing.");
  flags.boolean("auto-approve", &run.auto_approve, "Skip the question.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  if (!is_cluster_directory(context)) return not_a_cluster(context);
  return dry_run ? plan_stacks(context, run, {kStack}) : apply_stacks(context, run, {kStack}, Listing::kCompact);
}

int create(Context& context, const Arguments& arguments) {
  return change(context, arguments, "create", "Makes the trail and its bucket, or brings them up to date.", false);
}

int remove(Context& context, const Arguments& arguments) {
  return change(context, arguments, "delete",
                "Deletes the trail and its bucket. A bucket with logs in it stays, unless buckets_force_destroy was "
                "applied before.",
                true);
}

int show(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("cloudtrail show [options]", "Says where the trail writes, and whether it does.");
  flags.boolean("json", &json, "Write it as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  ClusterAccess access(context);
  if (!access.connect()) return 1;
  const nlohmann::json arn = cluster::output_of(access.state(kStack), "trail_arn");
  if (!arn.is_string()) return access.never_created(kStack);
  nlohmann::json one = {{"trailNameList", nlohmann::json::array({arn})}};
  nlohmann::json named = {{"Name", arn}};
  aws::ApiResult trails = context.loop.run(access.aws().client().call(kStack, "DescribeTrails", std::move(one)));
  if (!trails) return access.fail("Reading the trail", trails.error());
  const nlohmann::json list = trails->value("trailList", nlohmann::json::array());
  if (list.empty())
    return context.fail("The trail is gone",
                        fmt::format("The state has {}, AWS does not. \"terrace up cloudtrail\" makes it again.",
                                    arn.get<std::string>()));
  aws::ApiResult status = context.loop.run(access.aws().client().call(kStack, "GetTrailStatus", std::move(named)));
  if (!status) return access.fail("Reading the trail's status", status.error());
  const nlohmann::json& trail = list[0];
  const Json answer = {{"name", trail.value("Name", "")},
                       {"arn", arn},
                       {"bucket", trail.value("S3BucketName", "")},
                       {"all_regions", trail.value("IsMultiRegionTrail", false)},
                       {"validates_files", trail.value("LogFileValidationEnabled", false)},
                       {"is_logging", status->value("IsLogging", false)},
                       {"last_error", status->value("LatestDeliveryError", "")}};
  if (json) {
    context.print(answer.dump(2) + "\n");
    return 0;
  }
  const std::string error = answer["last_error"];
  context.print(fmt::format("trail    {}\nbucket   {}\nregions  {}\nlogging  {}\n", answer["name"].get<std::string>(),
                            answer["bucket"].get<std::string>(), answer["all_regions"].get<bool>() ? "all" : "its own",
                            answer["is_logging"].get<bool>() ? "on" : "OFF"));
  if (!error.empty()) context.print("error    " + error + "\n");
  return 0;
}

constexpr Command kSubcommands[] = {
    {"create", "Make the trail, or bring it up to date", create, true},
    {"show", "Say where it writes, and whether it does", show, true},
    {"delete", "Delete the trail and its bucket", remove, true},
};

}  // namespace

int cloudtrail_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "cloudtrail", "The trail of what is done in the account, in all regions.",
                        kSubcommands, arguments);
}

}  // namespace terrace::cli
